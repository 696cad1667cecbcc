"""Bias on published studies: whose judge it is, stable but wrong, and one scale of severity, as the experiments say."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd
import pytest

from judgekit import config
from judgekit.config import Plan
from judgekit.stats.battery import estimate
from judgekit.studies.basicness import basicness
from judgekit.studies.crehate import crehate
from judgekit.studies.kumar2025 import kumar2025
from judgekit.study import Study


def plan(experiment: str) -> Plan:
    return config.build(config.compose([f"+experiment={experiment}"]))


@lru_cache
def words(mirror: Path) -> Study:
    return basicness(plan("basicness").task, mirror=mirror)


def of(table: pd.DataFrame, statistic: str) -> pd.DataFrame:
    return table[(table["statistic"] == statistic) & (table["subset"] == "all")]


def test_judges_of_basicness_are_stable_but_wrong(mirror: Path) -> None:
    """Two models agree with themselves (alpha .82 and .83) and with no community beyond kappa .32."""
    assert {"retest", "groups", "drift", "dif"} <= set(plan("basicness").stats)
    stable = of(estimate(words(mirror), "retest", n_boot=0), "retest").set_index("a")["value"]
    assert stable[["Claude-3.7-Sonnet", "DeepSeek-R1", "GPT-4o"]].to_dict() == pytest.approx(
        {"Claude-3.7-Sonnet": 0.829, "DeepSeek-R1": 0.822, "GPT-4o": 0.771}, abs=0.0005
    )
    table = estimate(words(mirror), "groups", n_boot=300)
    valid = of(table, "groups.judge").groupby("a")["value"].max()
    assert valid[["Claude-3.7-Sonnet", "DeepSeek-R1"]].to_dict() == pytest.approx(
        {"Claude-3.7-Sonnet": 0.316, "DeepSeek-R1": 0.251}, abs=0.0005
    )
    assert (stable - valid > 0.25).all()
    below = of(table, "groups.difference")
    below = below[below["high"] < 0].groupby("a")["b"].agg(set)
    assert len(below) >= 7  # of nine judges, surely below what the people of some community reach among themselves
    assert below["DeepSeek-R1"] == {"language=en", "language=it", "language=nb"}


def test_ceilings_of_four_communities(mirror: Path) -> None:
    table = estimate(words(mirror), "groups", n_boot=300)
    ceilings = of(table, "groups.ceiling").set_index("b")["value"]
    assert ceilings.to_dict() == pytest.approx(
        {"language=en": 0.421, "language=es": 0.125, "language=it": 0.463, "language=nb": 0.487}, abs=0.0005
    )


@pytest.mark.slow
def test_ceilings_of_five_countries(mirror: Path) -> None:
    """No judge is recorded: people's ceilings stand beside one another."""
    assert {"groups", "dif"} <= set(plan("crehate").stats)
    study = crehate(plan("crehate").task, mirror=mirror)
    table = estimate(study, "groups", n_boot=100, attributes=["country", "gender"], intersections=["country", "gender"])
    ceilings = of(table, "groups.ceiling").set_index("b")["value"]
    countries = {country: ceilings[f"country={country}"] for country in ("AU", "GB", "SG", "US", "ZA")}
    assert countries == pytest.approx({"AU": 0.408, "GB": 0.425, "SG": 0.343, "US": 0.462, "ZA": 0.351}, abs=0.0005)
    gap = of(table, "groups.ceiling_gap").set_index("a").loc["country"]
    assert gap["value"] == pytest.approx(0.120, abs=0.0005)
    assert "best country=US, worst country=SG" in gap["method"]
    assert gap["low"] > 0
    assert sum("&" in label for label in ceilings.index) >= 10


def test_one_scale_of_severity_for_experts_crowd_and_judges(mirror: Path) -> None:
    """All three judges find far more brushing aside of feelings, and advice, than the experts do."""
    chosen = plan("lend_an_ear_severity")
    assert list(chosen.figures) == ["severity"]
    study = kumar2025(chosen.task, mirror=mirror)
    table = estimate(study, "severity", n_boot=10)
    rows = of(table, "severity")
    rows = rows[rows["b"] == "expert"].set_index(["criterion", "a"])
    judges = ["gpt-4o", "claude-3.7-sonnet", "gemini-2.5-pro"]
    for criterion, values in {
        "dismissing_emotions": (-3.31, -3.23, -3.67),
        "advice_giving": (-2.00, -4.38, -2.59),
        "encouraging_elaboration": (-0.41, 0.05, -0.42),
    }.items():
        found = rows.loc[criterion].loc[judges]
        assert found["value"].tolist() == pytest.approx(values, abs=0.01)
        assert (found["verdict"] == "yes").all() == (criterion != "encouraging_elaboration")
    assert set(rows.loc["advice_giving"].index) == {"expert1", "expert2", "expert3", "crowd", *judges}
    one_more = of(table, "severity.one_more")
    one_more = one_more[one_more["b"] == "expert"]
    assert one_more["value"].isna().all()
    assert set(one_more["note"]) == {"not estimable: 3 people, 4 are needed to tell of one more"}
