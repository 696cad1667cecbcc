"""Real files: slices and routes that the published studies must show."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

from judgekit import config
from judgekit.stats.battery import estimate
from judgekit.study import Study
from judgekit.tasks.load import load


@lru_cache
def study(name: str, mirror: Path) -> Study:
    assert mirror.is_dir()  # the loader reads the original files there
    import os

    os.environ["JUDGEKIT_MIRROR"] = str(mirror)  # where the loader finds the original files
    return load(config.build(config.compose([f"+experiment={name}"])).task)


def found(rows: pd.DataFrame, judge: str) -> list[str]:
    """Return the confirmed slices of a judge."""
    mine = rows[(rows["statistic"] == "slices.gap") & (rows["a"] == judge) & (rows["verdict"] == "yes")]
    return mine["subset"].tolist()


def test_crehate_a_judge_that_answers_as_the_us_majority_fails_other_countries(mirror: Path) -> None:
    told = study("crehate", mirror)
    raters = told.raters[(told.raters["kind"] != "gold") | (told.raters["rater"] == "majority(US)")].copy()
    us = raters["rater"] == "majority(US)"
    raters.loc[us, ["kind", "role", "pool", "aggregate"]] = ["judge", "judge", "judges", "none"]
    ratings = told.ratings[told.ratings["rater"].isin(raters["rater"])]
    as_judge = Study.build(told.task, told.items, raters, ratings)
    rows = estimate(as_judge, "slices", n_boot=0, clusters=0, pool="everyone", attributes=["country"], most=3)
    assert set(found(rows, "majority(US)")) == {"country=SG", "country=ZA", "country=AU"}
    gaps = rows[rows["statistic"] == "slices.gap"].set_index("subset")["value"]
    assert gaps.between(0.03, 0.1).all()


def test_xstest_gpt4_fails_on_mistralinstruct_and_the_look_alike_prompts_are_a_slice_of_their_own(mirror: Path) -> None:
    told = study("xstest", mirror)
    rows = estimate(told, "slices", n_boot=0, clusters=0, pool="annotators")
    assert "system=mistralinstruct & prompt=unsafe" in found(rows, "gpt-4")
    rows = estimate(told, "route", n_boot=0, signal="jury", by=["prompt"], pool="annotators", alpha=0.2)
    safe = rows[(rows["statistic"] == "route.threshold") & (rows["subset"] == "prompt=safe")].set_index("a")
    assert set(safe.index) == {"gpt-4", "string-match"}
    assert safe["method"].str.contains("in each of 2 slices at once").all()
    assert (safe["n_items"] == 1250).all()


def test_llmbar_the_adversarial_sets_are_left_to_people(mirror: Path) -> None:
    told = study("llmbar", mirror)
    rows = estimate(told, "route", n_boot=0, signal="jury", by=["subset"], alpha=0.2, delta=0.2)
    thresholds = rows[rows["statistic"] == "route.threshold"]
    natural = thresholds[thresholds["subset"] == "subset=Natural"]
    assert (natural["verdict"] == "yes").all()
    assert len(natural) == 6
    others = thresholds[(thresholds["subset"] != "subset=Natural") & (thresholds["a"] != "GPT-4")]
    assert (others["verdict"] == "undecided").all()
    assert len(others) == 20
    slices = estimate(told, "slices", n_boot=0, clusters=0, most=3)
    for judge in ("ChatGPT", "LLaMA2"):
        assert "subset=Neighbor" in found(slices, judge)
