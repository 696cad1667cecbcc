"""What a paper takes from a run: figures at column width and LaTeX tables, made again by one command."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from judgekit.errors import InputError
from judgekit.runs import Run, write_text


def export(run: Run, folder: Path) -> list[Path]:
    """Write a run's figures (PDF, one column wide) and its tables (LaTeX) into ``folder/<experiment>/``.

    Files of an earlier export are replaced, so that the folder holds this run and no other. Returns what was written,
    in order; raises InputError where the run has nothing to show.
    """
    from judgekit.figures import draw_each
    from judgekit.figures.style import COLUMN, save
    from judgekit.report import latex

    name = re.sub(r"[^\w.-]+", "-", str(run.manifest.get("experiment") or run.path.name)).strip(".-") or "run"
    command = f"python -m judgekit.paper {shlex.quote(name)}"
    drawn = draw_each(run, width=COLUMN)
    texts = {f"table-{key}.tex": text for key, text in latex.tables(run, command).items()}
    if not drawn and not texts:
        raise InputError("the run has no estimates to show", where=run.path.name, fix="run it with some statistics")
    for key, figure in drawn.items():
        shown = f"{folder.name}/{name}/{key}.pdf"  # as seen from the folder that holds the paper's text
        texts[f"figure-{key}.tex"] = latex.figure(run, key, shown, str(figure.get_label()), command)
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    for old in [*target.glob("*.pdf"), *target.glob("*.tex")]:
        old.unlink()
    made = [path for key, figure in drawn.items() for path in save(figure, target, key, formats=("pdf",))]
    for file, text in texts.items():
        write_text(target / file, text)
        made.append(target / file)
    return sorted(made)
