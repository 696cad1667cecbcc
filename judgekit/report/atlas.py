"""The atlas: one page to browse, filter and sort a run's failures, and to choose items for people from."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from judgekit.edges.mine import mine
from judgekit.edges.outcome import WAYS
from judgekit.edges.signals import SIGNALS
from judgekit.errors import InputError
from judgekit.figures.rows import spoken
from judgekit.report import numbers
from judgekit.report.cards import cards, choices, slices_of
from judgekit.runs import Run, write_text

#: The page's name in a run's folder.
NAME = "atlas.html"
HERE = Path(__file__).parent


def atlas(run: Run, path: str | Path | None = None, *, most: int = 200) -> Path:
    """Write the page of a run's failures and return its path: ``atlas.html`` in the run's folder, or ``path``.

    A card for each item and criterion on which a judge answers outside people's spread, refuses or is unstable: the
    item, what people said, what each judge said and why, its signals and slices; the ``most`` gravest. The page needs
    nothing beside it, and reads without scripts; with them it filters, sorts, and hands the chosen items on as a queue
    for the label page (CSV: item, variant, probability, purpose).
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    if most < 1:
        raise InputError(f"most must be 1 or more, not {most}", where="atlas", fix="use 200")
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,  # texts, reasons and names are data, never markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(spoken=spoken, number=numbers.number, share=numbers.share, plural=numbers.plural)
    page = environment.get_template("atlas.html.j2").render(**_facts(run, most))
    target = run.path / NAME if path is None else Path(path)
    write_text(target, page)
    return target


def _facts(run: Run, most: int) -> dict[str, Any]:
    study = run.study
    seed = int(run.manifest.get("seed") or 0)
    every = cards(study, mine(study), slices_of(run.estimates), seed)
    shown = every[:most]
    style, script = _whole("report.css") + _whole("atlas.css"), _whole("atlas.js")
    items = int((study.items["variant"] == "original").sum())
    return {
        "title": study.task.title or spoken(study.task.name),
        "experiment": str(run.manifest.get("experiment", run.path.name)),
        "task": study.task,
        "simulated": run.simulated,
        "cards": shown,
        "found": len(every),
        "counts": [
            ("Items", str(items)),
            ("with a failure", str(len({card.item.item for card in every}))),
            ("Judges", str(len(study.judges()))),
            ("Criteria", str(len(study.task.criteria))),
        ],
        "judges": [judge for judge in study.judges() if any(judge in card.failing for card in shown)],
        "ways": choices(card.ways for card in shown),
        "criteria": [one.key for one in study.task.criteria if any(c.criterion.key == one.key for c in shown)],
        "slices": choices([*card.slices, *card.strata] for card in shown),
        "definitions": [(one.name, one.definition, one.source) for one in SIGNALS.values()],
        "meanings": list(WAYS.items()),
        "style": style,
        "script": script,
        "policy": f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; "
        "base-uri 'none'; form-action 'none'",
    }


def _whole(name: str) -> str:
    """Return a file that is set into the page as it is; it must not be able to end its own tag."""
    text = (HERE / name).read_text(encoding="utf-8")
    if "</" in text:
        raise ValueError(f"{name} holds '</'")
    return text


def digest(text: str) -> str:
    """Return the source expression that allows just this inline text (Content Security Policy)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
