"""What was found wrong with the ratings stands first: in the manifest, in the report and in the terminal."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figures.fabricate import fabricate

import judgekit as jk
from judgekit.report.html import write
from judgekit.report.terminal import summary
from judgekit.runs import Run

EVIL = "<script>alert('rater')</script> [bold]x[/bold] uses the scale the other way round."


def told(folder: Path, *texts: str) -> Run:
    """Return a made-up run whose manifest holds findings of these texts."""
    run = fabricate(folder, n_criteria=1)
    findings = [
        {"kind": "polarity", "criterion": "c", "text": text, "severity": "high", "items": ["i1", "i2"]}
        for text in texts
    ]
    file = run.path / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8")) | {"findings": findings}
    file.write_text(json.dumps(manifest), encoding="utf-8")
    return Run(run.path)


def test_the_report_tells_findings_before_the_verdict(tmp_path: Path) -> None:
    page = write(told(tmp_path / "run", "A judge is inverted.", EVIL), {}).read_text(encoding="utf-8")
    assert page.index('<h2 id="told">') < page.index("A judge is inverted.") < page.index('<h2 id="verdict">')
    assert '<a href="#told">' in page
    assert "2 findings" in page
    assert "Items: i1, i2" in page
    assert "<script" not in page
    assert "&lt;script&gt;alert" in page


def test_a_report_without_findings_says_nothing_of_them(tmp_path: Path) -> None:
    page = write(fabricate(tmp_path, n_criteria=1), {}).read_text(encoding="utf-8")
    assert 'id="told"' not in page
    assert "#told" not in page


def test_the_terminal_prints_each_finding_as_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    long = "A judge is inverted; " + "this goes on and on, " * 12 + "so recode it."
    summary(told(tmp_path / "run", long, EVIL))
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert [line for line in lines if line.startswith("! ")] == [f"! {long}", f"! {EVIL}"]
    assert lines[0].startswith("! ")


def test_a_run_of_a_file_with_an_inverted_judge_says_so(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    trait = rng.standard_normal(80)
    rows = []
    for rater, kind, sign in (("anna", "human", 1), ("ben", "human", 1), ("cleo", "human", 1), ("bot", "judge", -1)):
        level = np.searchsorted([-0.8, 0, 0.8], sign * trait + 0.5 * rng.standard_normal(80)) + 1
        rows += [{"item": f"i{i}", "rater": rater, "kind": kind, "value": int(v)} for i, v in enumerate(level)]
    file = tmp_path / "ratings.csv"
    pd.DataFrame(rows).to_csv(file, index=False)
    run = jk.evaluate(
        "from_file", f"task.source.path={file}", "task.source.scale=ordinal", "stats=[percent]", "figures=[]",
        "n_boot=0", progress=False,
    )  # fmt: skip
    (found,) = run.manifest["findings"]
    assert (found["kind"], found["raters"], found["criterion"]) == ("polarity", ["bot"], "value")
    assert found["text"] in html.unescape(run.report.read_text(encoding="utf-8"))
    summary(run)
    assert f"! {found['text']}" in capsys.readouterr().out
