"""The main door: whole studies, sweeps, the same numbers twice, and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from doors import QUICK, door, one_line

pytestmark = pytest.mark.door


def runs(home: Path, name: str) -> list[Path]:
    return sorted(path.parent for path in (home / "data" / "runs" / name).glob("**/manifest.json"))


@pytest.mark.parametrize("experiment", ["empathy", "culture", "safety"])
def test_a_bundled_experiment_from_items_to_report(experiment: str, home: Path) -> None:
    done = door("run", f"+experiment={experiment}", "n_boot=300", home=home)
    assert done.returncode == 0, done.stderr
    (folder,) = runs(home, experiment)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["status"] == "finished"
    assert manifest["seed"] == 0
    assert set(manifest["digests"]) >= {"items", "raters", "ratings", "estimates", "truth"}
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "not evidence" in report
    assert f"data/runs/{experiment}" in done.stdout
    assert "report.html" in done.stdout
    for figure in ("forest", "pairs", "levels", "contrast"):
        assert (folder / "figures" / f"{figure}.pdf").read_bytes().startswith(b"%PDF")
        assert (folder / "figures" / f"{figure}.png").read_bytes().startswith(b"\x89PNG")
    estimates = pd.read_parquet(folder / "estimates.parquet")
    assert set(estimates["kind"]) <= {"simulated", ""}
    everybody = estimates[estimates["a"] != "lexical"]
    assert (everybody["kind"] == "simulated").all()
    named = estimates["value"].notna() | (estimates["note"] != "")
    assert named.all(), "a missing value without a reason"
    bounded = estimates["low"].notna()
    assert (estimates["low"] <= estimates["value"])[bounded & estimates["value"].notna()].all()
    assert (estimates["high"] > estimates["low"])[bounded].all(), "an interval of zero width"


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(home: Path) -> None:
    for seed in (7, 7, 8):
        assert door("run", "+experiment=safety", f"seed={seed}", *QUICK, home=home).returncode == 0
    one, two, three = [(folder / "estimates.parquet").read_bytes() for folder in runs(home, "safety")]
    assert one == two
    assert one != three


def test_a_sweep_runs_every_seed(home: Path) -> None:
    done = door("run", "-m", "+experiment=empathy", "seed=1,2,3", "stats=[status]", *QUICK, home=home)
    assert done.returncode == 0, done.stderr
    seeds = [json.loads((f / "manifest.json").read_text(encoding="utf-8"))["seed"] for f in runs(home, "empathy")]
    assert sorted(seeds) == [1, 2, 3]


def test_the_newest_finished_run_is_loaded_by_name(home: Path) -> None:
    import judgekit as jk

    for seed in (1, 2):
        assert door("run", "+experiment=safety", f"seed={seed}", "stats=[status]", *QUICK, home=home).returncode == 0
    assert jk.load("safety").manifest["seed"] == 2
    with pytest.raises(jk.InputError, match="no finished run is called 'nothing'"):
        jk.load("nothing")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["+experiment=empathy", "sed=1"], ["no key 'sed'", "--help"]),
        (["+experiment=empaty"], ["no experiment is called 'empaty'", "empathy"]),
        (["+experiment=empathy", "judges=[gpt]"], ["gpt"]),
        (["+experiment=empathy", "judges=[llm]"], ["OPENAI_API_KEY"]),
        (["+experiment=empathy", "judges=[llm]", "judges.llm.base_url=http://127.0.0.1:9/v1"], ["is down"]),
        (["+experiment=empathy", "judges=[llm]", "judges.llm.base_url=http://127.0.0.1:9/v1", "ledger.mode=replay"],
         ["ledger"]),
        (["+experiment=from_file", "task.source.path=nowhere.csv"], ["nowhere.csv"]),
        (["+experiment=empathy", "task.criteria.0.levels.0.code=2"], ["task.criteria.0"]),
        (["+experiment=empathy", "judges.lexical._target_=subprocess.run"], ["not allowed"]),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_leaves_nothing(arguments: list[str], says: list[str], home: Path) -> None:
    one_line(door("run", *arguments, *QUICK, home=home), *says)
    assert not list((home / "data").glob("**/*.parquet"))
    assert not list((home / "data").glob("**/manifest.json"))


def test_help_is_complete_and_quick_to_make(home: Path) -> None:
    done = door("run", "--help", home=home)
    assert done.returncode == 0
    assert "weighted_kappa" in done.stdout
    assert "n_boot" in done.stdout
