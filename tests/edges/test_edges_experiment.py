"""``+experiment=edges``: what is planted is found, and nothing else; offline, with its figures and its atlas."""

from __future__ import annotations

import pandas as pd
import pytest

from judgekit.pipeline import evaluate
from judgekit.runs import Run

pytestmark = pytest.mark.slow
PLANTED = "response=full_help"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUDGEKIT_HOME", str(tmp_path_factory.mktemp("home")))
        return evaluate("edges", "n_boot=1000", progress=False)


def rows(run: Run, statistic: str, judge: str) -> pd.DataFrame:
    found = run.estimates
    return found[(found["statistic"] == statistic) & (found["a"] == judge) & (found["subset"] == "all")]


def test_the_planted_judge_fails_more_where_it_was_planted(run: Run) -> None:
    for statistic in ("failure.difference", "failure.costly.difference", "failure.excess"):
        found = rows(run, statistic, "planted")
        found = found[found["criterion"] == "safe"]
        assert len(found) == 2, "experts and crowd"
        assert (found["verdict"] == "yes").all()
    assert (rows(run, "failure.difference", "planted")["q"] < 0.01).all()


def test_the_innocent_judge_fails_nobody_more(run: Run) -> None:
    for statistic in (
        "failure.difference",
        "failure.costly.difference",
        "failure.farther.difference",
        "failure.excess",
    ):
        found = rows(run, statistic, "innocent")
        assert len(found)
        assert (found["verdict"] != "yes").all(), statistic
        assert found["note"].str.contains("would be found in 80 % of such studies").all()


def test_the_planted_slice_is_found_and_no_other(run: Run) -> None:
    found = run.estimates[(run.estimates["statistic"] == "slices.gap") & (run.estimates["verdict"] == "yes")]
    assert set(found["a"]) == {"planted"}
    assert set(found["subset"]) == {PLANTED}


def test_figures_report_and_atlas_are_written(run: Run) -> None:
    assert {path.stem for path in (run.path / "figures").glob("*.png")} == {"edges", "slices", "contrast"}
    page = (run.path / "atlas.html").read_text(encoding="utf-8")
    assert "response=full help (fails more here)" in page
    assert "Failures of people" in run.report.read_text(encoding="utf-8")
