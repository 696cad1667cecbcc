"""Cost per label: calls and cards are counted once, people cluster by rater, dollars are those declared or recorded."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from stats.arms import TASK, armed, unarmed

from judgekit.stats.cost import cost
from judgekit.stats.resample import Bootstrap
from judgekit.stats.spent import spent
from judgekit.study import Study
from judgekit.tables import estimates_frame


def rows(study: Study) -> pd.DataFrame:
    return estimates_frame(list(cost(study, boot=Bootstrap()))).set_index(["statistic", "a"])


def test_people_and_judges_side_by_side() -> None:
    found = rows(armed(saved=10.0))
    people, judge = found.loc[("cost.seconds", "people")], found.loc[("cost.seconds", "judge")]
    assert people["low"] < 30 < people["high"]
    assert judge["value"] == pytest.approx(1.5)
    assert found.loc[("cost.usd", "people"), "value"] == pytest.approx(people["value"] * 12 / 3600)
    assert found.loc[("cost.usd", "judge"), "value"] == pytest.approx(0.002)
    assert "every card has the same" in found.loc[("cost.usd", "judge"), "note"]
    assert people["n_ratings"] == 4 * 80


def test_people_are_as_many_as_raters() -> None:
    """A hundred cards of two people say little of people's pace."""
    few, many = rows(armed(blind=2)), rows(armed(blind=12))
    width = [
        found.loc[("cost.seconds", "people"), "high"] - found.loc[("cost.seconds", "people"), "low"]
        for found in (few, many)
    ]
    assert width[0] > 3 * width[1]
    assert "CR2 over raters" in few.loc[("cost.seconds", "people"), "method"]


def test_a_call_is_paid_once_however_many_cards_it_answers() -> None:
    ratings = pd.DataFrame(
        {
            "item": ["a", "b", "c", "c"],
            "criterion": "warmth",
            "rater": ["judge"] * 4,
            "rep": [0, 0, 0, 1],
            "value": 1.0,
            "call": ["list", "list", "own", "again"],
            "seconds": [6.0, 6.0, 2.0, 3.0],
            "usd": [0.4, 0.4, 0.1, 0.1],
        }
    )
    raters = pd.DataFrame({"rater": ["judge"], "kind": ["judge"]})
    study = Study.build(TASK, pd.DataFrame({"item": list("abc")}), raters, ratings)
    cards = spent(study, ["judge"]).set_index(["item", "rep"])
    assert cards["seconds"].to_dict() == {("a", 0): 3.0, ("b", 0): 3.0, ("c", 0): 2.0, ("c", 1): 3.0}
    assert cards["usd"].sum() == pytest.approx(0.6)


def test_a_persons_card_counts_once_however_many_criteria_it_has() -> None:
    two = TASK.model_copy(update={"criteria": (TASK.criteria[0], TASK.criteria[0].model_copy(update={"key": "calm"}))})
    ratings = pd.DataFrame({"item": ["a", "a", "b", "b"], "criterion": ["warmth", "calm"] * 2, "rater": "ann",
                            "value": 1.0, "seconds": [9.0, 9.0, 4.0, 5.0]})  # fmt: skip
    raters = pd.DataFrame({"rater": ["ann"], "usd_per_label": [0.5]})
    study = Study.build(two, pd.DataFrame({"item": ["a", "b"]}), raters, ratings)
    cards = spent(study, ["ann"]).set_index("item")
    assert cards["seconds"].to_dict() == {"a": 9.0, "b": 9.0}
    assert cards["usd"].to_dict() == {"a": 0.5, "b": 0.5}


def test_what_was_not_recorded_says_so() -> None:
    found = rows(unarmed())
    assert found["value"].isna().all()
    assert "no times were recorded" in found.loc[("cost.seconds", "people"), "note"]
    assert "usd_per_hour" in found.loc[("cost.usd", "people"), "note"]
    assert np.isnan(found.loc[("cost.usd", "judge"), "value"])
