"""Calderon et al. (2025): what the loader makes of the nine sets, and the published table."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from judgekit import config, paths
from judgekit.errors import InputError
from judgekit.reproduce import main
from judgekit.schema import Source, Task
from judgekit.stats.alt_test import EPSILON, metric_of
from judgekit.stats.battery import estimate
from judgekit.stats.multiple import bh
from judgekit.studies.alttest import alttest
from judgekit.studies.alttest.cells import recompute, reproduce
from judgekit.studies.alttest.files import COMMIT, PINS, REPO, SETS
from judgekit.studies.reproduction import published
from judgekit.study import Study

COUNTS = {  # set: items, people, judges, people's ratings, clusters
    "10k_prompts": (1698, 13, 6, 3844, 1698),
    "cebab_aspects": (1008, 10, 6, 4032, None),
    "cebab_stars": (711, 10, 6, 2193, None),
    "framing": (2552, 4, 6, 7656, 116),
    "lesion": (500, 6, 4, 2980, 100),
    "lgbteen": (880, 4, 6, 2560, 22),
    "mtbench": (120, 3, 6, 246, 42),
    "summeval": (6400, 3, 6, 19200, 100),
    "wax": (246, 8, 6, 1380, 159),
}
everywhere = pytest.mark.parametrize("name", list(SETS))


@lru_cache
def load(name: str, mirror: Path) -> Study:
    return alttest(Task(name="alttest", source=Source(kind="alttest")), dataset=name, mirror=mirror)


def original(name: str, mirror: Path, who: str) -> dict[str, dict[str, object]]:
    return json.loads((mirror / REPO / COMMIT / "data" / name / f"{who}_annotations.json").read_text(encoding="utf-8"))


@everywhere
def test_counts(name: str, mirror: Path) -> None:
    study = load(name, mirror)
    items, people, judges, ratings, clusters = COUNTS[name]
    given = study.ratings["rater"].isin(study.people())
    assert (len(study.items), len(study.people()), len(study.judges())) == (items, people, judges)
    assert int(given.sum()) == ratings
    assert len(study.ratings) == ratings + items * judges
    if clusters:
        assert study.items["group"].nunique() == clusters
    else:
        assert 1 < study.items["group"].nunique() < items
    assert list(study.task.strata) == list(SETS[name].strata)
    assert len(list(study.subsets())) <= 16


@everywhere
def test_every_rating_is_the_originals(name: str, mirror: Path) -> None:
    study, chosen = load(name, mirror), SETS[name]
    label = {float(level.code): level.label for level in study.task.criteria[0].levels}
    cells = study.matrix("label")
    for who, raters in (("human", study.people()), ("llm", study.judges())):
        for (_, theirs), rater in zip(original(name, mirror, who).items(), raters, strict=True):
            ours = {item: label[value] for item, value in cells[rater].dropna().items()}
            assert ours == {chosen.parse(item)["item"]: str(value) for item, value in theirs.items()}


@everywhere
def test_no_id_of_a_person_is_left(name: str, mirror: Path) -> None:
    study = load(name, mirror)
    assert not set(original(name, mirror, "human")) & set(study.raters["rater"])
    assert all(re.fullmatch(rf"{name}-[0-9a-f]{{10}}", person) for person in study.people())
    written = " ".join([*study.items["item"], *study.items["group"]])
    if name in ("lgbteen", "framing"):
        for item in original(name, mirror, "llm")["gpt-4o"]:
            assert item.split("__")[0] not in written
    if name == "wax":
        assert set(study.items["item"].str.fullmatch(r"item-[0-9a-f]{10}")) == {True}


@everywhere
def test_the_pool_gives_the_published_epsilon_and_the_scale_the_metric(name: str, mirror: Path) -> None:
    table, _ = published("alttest", ())
    mine = table[table["dataset"] == name]
    assert set(mine["epsilon"].astype(float)) == {EPSILON[SETS[name].pool]}
    assert set(mine["metric"]) == {metric_of(load(name, mirror).task.criteria[0])}
    assert set(mine["judge"]) == set(load(name, mirror).judges())


def test_the_stated_checksums_are_those_of_the_mirror(mirror: Path) -> None:
    sums = dict(
        reversed(line.split()) for line in (mirror / "SHA256SUMS").read_text().splitlines() if "AltTest" in line
    )
    for name, pins in PINS.items():
        for who, sha in zip(("human", "llm"), pins, strict=True):
            assert sums[f"{REPO}/{COMMIT}/data/{name}/{who}_annotations.json"] == sha
    assert len(sums) == 2 * len(PINS)


def test_the_whole_table_comes_out(mirror: Path) -> None:
    done = reproduce(mirror=mirror)
    assert done.missed.empty
    assert len(done.cells) == 104
    assert done.lines[0] == "52/52 winning rates, 52/52 advantage probabilities"
    assert done.lines[1].startswith("52/52 verdicts")


@pytest.mark.door
def test_the_door(mirror: Path, tmp_path: Path) -> None:
    env = {**os.environ, "JUDGEKIT_HOME": str(tmp_path), "JUDGEKIT_MIRROR": str(mirror)}
    command = [sys.executable, "-W", "error", "-m", "judgekit.reproduce", "alttest"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=tmp_path, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert "52/52 winning rates, 52/52 advantage probabilities" in done.stdout.splitlines()
    assert len(pd.read_csv(tmp_path / "data" / "runs" / "reproduce" / "alttest.csv")) == 104


def test_the_committed_cells_are_the_authors(reference: Path) -> None:
    lines = json.loads((reference / "py_reference.json").read_text())["alt_test_published_table"]["lines"]
    table, _ = published("alttest", ())
    ours = [
        f"{r['dataset']} {r['judge']} [{r['verdict']}]:\tWinning Rate={r['winning_rate']}"
        f"\tAdvantage Probability={r['advantage_probability']}"
        for r in table.to_dict("records")
    ]
    assert ours == lines
    theirs = pd.read_csv(reference / "studies" / "alttest.csv")
    np.testing.assert_array_equal(theirs["epsilon"], table["epsilon"].astype(float))
    assert list(theirs["scoring"]) == list(table["metric"])


def test_the_option_says_what_the_table_says(mirror: Path) -> None:
    study = load("mtbench", mirror)
    found = estimate(study, "alt_test", n_boot=0)
    summary = found[(found["subset"] == "all") & (found["b"] == "expert")].set_index(["a", "statistic"])["value"]
    table, _ = published("alttest", ())
    for cell in table[table["dataset"] == "mtbench"].to_dict("records"):
        straight = recompute(study, cell["judge"], "accuracy", 0.2)
        assert summary[cell["judge"], "alt_test.omega"] == straight.omega
        assert summary[cell["judge"], "alt_test.rho"] == pytest.approx(straight.advantage)


def test_traps_of_the_definition(mirror: Path) -> None:
    """Ties win for both sides, rho is a mean over people, the step-up is Benjamini–Yekutieli: else cells are missed."""
    table, _ = published("alttest", ())
    missed = dict.fromkeys(("ties lose", "mean over ratings", "Benjamini–Hochberg"), 0)
    for cell in table[table["dataset"].isin(["10k_prompts", "wax", "lesion"])].to_dict("records"):
        found = recompute(load(cell["dataset"], mirror), cell["judge"], cell["metric"], float(cell["epsilon"]))
        rho, omega = cell["advantage_probability"], cell["winning_rate"]
        strict = np.mean([np.mean(column[np.isfinite(column)] > 0) for column in found.ahead.T])
        missed["ties lose"] += f"{strict:.2f}" != rho
        missed["mean over ratings"] += f"{np.average(found.rho, weights=found.n_items):.2f}" != rho
        missed["Benjamini–Hochberg"] += f"{np.mean(bh(found.p) <= 0.05):.2f}" != omega
    assert all(missed.values()), missed


def test_a_failed_verdict_is_mostly_a_lack_of_labels(mirror: Path) -> None:
    study = load("mtbench", mirror)
    found = estimate(study, "alt_test", n_boot=400)
    omega = found[(found["statistic"] == "alt_test.omega") & (found["subset"] == "all")]
    assert omega["note"].str.contains("published rule: failed").all()
    assert (omega["verdict"] == "undecided").sum() >= 5
    assert omega["note"].str.contains("for independent, as published").all()


def test_the_task_composes_and_every_set_can_be_chosen(home: Path) -> None:
    for name in SETS:
        plan = config.build(config.compose(["+experiment=alttest", f"task.source.dataset={name}"]))
        assert plan.task.source.options == {"dataset": name}
    listed = (paths.shipped("conf") / "task" / "alttest.yaml").read_text(encoding="utf-8")
    assert all(name in listed for name in SETS)


def test_an_unknown_set_or_a_task_with_criteria_is_one_line(mirror: Path) -> None:
    task = Task(name="alttest", source=Source(kind="alttest"))
    with pytest.raises(InputError, match=r"no set 'hanna'.*lgbteen"):
        alttest(task, dataset="hanna", mirror=mirror)
    with pytest.raises(InputError, match="leave criteria and strata empty"):
        alttest(task.model_copy(update={"strata": ("aspect",)}), mirror=mirror)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("wax,gpt-4o,", "wax,gpt-5,", "no such cell: wax, gpt-5"),
        ("0.50,0.73,PASSED", "half,0.73,PASSED", "'half' is not a number"),
        ("wax,gpt-4o,accuracy,0.1,0.50,0.73,PASSED\n", "", "missing or doubled: 51"),
    ],
)
def test_damaged_published_cells(mirror: Path, tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (paths.shipped("experiments") / "reproduce" / "alttest.csv").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "alttest.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=says):
        reproduce(published_in=tmp_path, mirror=mirror)


def test_a_missed_cell_is_named(mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (paths.shipped("experiments") / "reproduce" / "alttest.csv").read_text(encoding="utf-8")
    (tmp_path / "alttest.csv").write_text(text.replace("0.50,0.73", "0.50,0.79", 1), encoding="utf-8")
    given = ["alttest", "--published", str(tmp_path), "--mirror", str(mirror), "--out", str(tmp_path / "side.csv")]
    assert main(given) == 1
    told = capsys.readouterr().out
    assert "52/52 winning rates, 51/52 advantage probabilities" in told
    assert "missed: advantage_probability of wax/gpt-4o: published 0.79" in told
