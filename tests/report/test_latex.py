"""LaTeX tables and the paper's folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from figures.fabricate import fabricate

from judgekit import paper
from judgekit.errors import InputError
from judgekit.figures import draw_each
from judgekit.report.latex import escape, tables
from judgekit.report.paper import export
from judgekit.runs import Run, write_table


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return fabricate(tmp_path_factory.mktemp("run"), n_criteria=2, judges=["a_b & 100%", "[x]", "c"])


@pytest.fixture(scope="module")
def made(run: Run) -> dict[str, str]:
    return tables(run, "python -m judgekit.paper empathy")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("50% & more_of #1", r"50\% \& more\_of \#1"),
        (r"C:\x{y}~^$", r"C:\textbackslash{}x\{y\}\textasciitilde{}\textasciicircum{}\$"),
        ("a\n  b", "a b"),
        ("−.08 – κ", r"$-$.08 -- $\kappa$"),
        ("<b>", r"\textless{}b\textgreater{}"),
    ],
)
def test_escapes_what_latex_reads(text: str, told: str) -> None:
    assert escape(text) == told


def test_every_table_is_there_and_says_its_command(made: dict[str, str]) -> None:
    assert set(made) == {"agreement", "contrast", "status"}
    for text in made.values():
        assert text.startswith("% Made by `python -m judgekit.paper empathy`")
        assert "Simulated raters: for trying the pipeline, not evidence." in text


@pytest.mark.parametrize("name", ["agreement", "contrast", "status"])
def test_tables_are_well_formed(made: dict[str, str], name: str) -> None:
    text = made[name]
    bare = re.sub(r"\\[{}]", "", text)
    depth = 0
    for letter in bare:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0
    opened = re.findall(r"\\begin\{([a-z*]+)\}", text)
    closed = re.findall(r"\\end\{([a-z*]+)\}", text)
    assert opened == closed[::-1]
    spec = re.search(r"\\begin\{tabular\}\{(.+)\}\n", text)
    assert spec is not None
    columns = len(re.findall("[lr]", spec[1].replace("@{~}", "")))
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(rows) > 5
    for line in rows:
        spans = [int(n) for n in re.findall(r"\\multicolumn\{(\d+)\}", line)]
        cells = len(re.findall(r"(?<!\\)&", line)) + 1 - len(spans) + sum(spans)
        assert cells == columns, line
    assert [text.count(rule) for rule in (r"\toprule", r"\bottomrule")] == [1, 1]
    assert not re.search(r"\d−|−\d|−\.", text), "a minus is set in math"


def test_a_name_in_brackets_is_no_argument_of_the_row_before(made: dict[str, str]) -> None:
    assert not re.search(r"\\\\\n[\[*]", made["status"])
    assert "\n{}[x] &" in made["status"]


def test_numbers_are_those_of_the_estimates(run: Run, made: dict[str, str]) -> None:
    rows = run.estimates
    row = rows[(rows["statistic"] == "weighted_kappa") & (rows["a"] == "c") & (rows["b"] == "crowd")].iloc[0]
    value, low, high = (f"{row[name]:.2f}".removeprefix("0") for name in ("value", "low", "high"))
    line = next(line for line in made["agreement"].splitlines() if line.startswith("c and crowd"))
    assert line.startswith(f"c and crowd & {value} & [{low}, {high}] &".replace("-", "$-$"))
    assert r"& 24 & 93~\% & too few labels \\" in line


def test_export_writes_figures_and_tables(run: Run, tmp_path: Path) -> None:
    written = export(run, tmp_path / "generated")
    folder = tmp_path / "generated" / "empathy"
    drawn = set(draw_each(run))
    assert {"contrast", "edges", "forest", "levels", "pairs", "probes", "severity"} <= drawn
    assert {path.name for path in written} == {
        *(f"{name}.pdf" for name in drawn),
        *(f"figure-{name}.tex" for name in drawn),
        *(f"table-{name}.tex" for name in ("agreement", "contrast", "status")),
    }
    assert all(path.parent == folder for path in written)
    box = re.search(rb"/MediaBox \[\s*0 0 ([\d.]+)", (folder / "forest.pdf").read_bytes())
    assert box is not None
    assert float(box[1]) == pytest.approx(3.35 * 72, abs=0.1)
    assert r"\includegraphics[width=\linewidth]{generated/empathy/forest.pdf}" in (
        folder / "figure-forest.tex"
    ).read_text(encoding="utf-8")
    first = {path.name: path.read_bytes() for path in written}
    (folder / "table-old.tex").write_text("stale")
    (folder / "notes.md").write_text("mine")
    assert {path.name: path.read_bytes() for path in export(run, tmp_path / "generated")} == first
    assert not (folder / "table-old.tex").exists()
    assert (folder / "notes.md").exists()


def test_door(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert paper.main([str(run.path), "--to", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out.split()
    assert str(tmp_path / "out" / "empathy" / "table-agreement.tex") in printed
    assert all(Path(path).is_file() for path in printed)


def test_a_run_without_estimates_writes_nothing(tmp_path: Path) -> None:
    run = fabricate(tmp_path / "run", n_criteria=1)
    write_table(run.path, "estimates", run.estimates.iloc[:0])
    write_table(run.path, "ratings", run.ratings.iloc[:0])
    with pytest.raises(InputError, match="no estimates to show"):
        export(Run(run.path), tmp_path / "generated")
    assert not (tmp_path / "generated").exists()
