"""Disagreements come back anonymised, decisions stand apart, and the original labels stay."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from humans.labels.desked import FIVE, design
from hypothesis import given
from hypothesis import strategies as st

from judgekit.humans.labels.adjudicate import disagreements, gap
from judgekit.schema import Criterion


def rows(*labels: tuple[str, str, str, float], **more: object) -> pd.DataFrame:
    frame = pd.DataFrame(labels, columns=["item", "criterion", "rater", "value"])
    return frame.assign(**{"variant": "original", "rep": 0, "status": "ok", "purpose": "item", "arm": "blind",
                           "pool": "crowd", "comment": None, **more})  # fmt: skip


NAMED = {"adjudication": {"names": ["Dr Lee"], "gap": 2}}


def test_only_gaps_as_declared_come_back() -> None:
    labels = rows(("i1", "warmth", "a", 1), ("i1", "warmth", "b", 3), ("i2", "warmth", "a", 1),
                  ("i2", "warmth", "b", 2),
                  ("i3", "topic", "a", 1), ("i3", "topic", "b", 2), ("i4", "warmth", "a", 5))  # fmt: skip
    found = disagreements(design(exclusion={}, **NAMED), labels)
    assert found[["item", "criterion", "gap", "n"]].to_numpy().tolist() == [
        ["i1", "warmth", 2, 2],
        ["i3", "topic", 1, 2],
    ]
    assert disagreements(design(), labels).empty  # nobody is named


def test_what_comes_back_names_nobody() -> None:
    labels = rows(("i1", "warmth", "zoe", 5), ("i1", "warmth", "adam", 1))
    labels.loc[0, "comment"] = "so warm"
    (told,) = disagreements(design(**NAMED), labels)["labels"]
    assert json.loads(told) == [{"value": 1.0, "comment": None}, {"value": 5.0, "comment": "so warm"}]
    assert disagreements(design(**NAMED), labels.iloc[::-1])["labels"].tolist() == [told]


def test_repeats_reviews_skips_and_gold_are_no_disagreement() -> None:
    labels = pd.concat(
        [
            rows(("i1", "warmth", "a", 1)),
            rows(("i1", "warmth", "a", 5), rep=1, purpose="repeat"),
            rows(("i1", "warmth", "b", 5), arm="review"),
            rows(("i1", "warmth", "c", 5), purpose="gold"),
            rows(("i1", "warmth", "d", np.nan), status="skipped"),
        ],
        ignore_index=True,
    )
    assert disagreements(design(**NAMED), labels).empty


def test_two_orders_of_a_pair_are_one_item() -> None:
    labels = pd.concat([rows(("i1", "topic", "a", 1)), rows(("i1", "topic", "b", 2), variant="swapped")])
    found = disagreements(design(**NAMED), labels)
    assert found[["item", "variant"]].to_numpy().tolist() == [["i1", "original"]]


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0]), min_size=1, max_size=6))
def test_the_gap_is_counted_in_levels(values: list[float]) -> None:
    found = np.array(values)
    levels = tuple(level.model_copy(update={"code": level.code * 10}) for level in FIVE)
    assert (
        gap(Criterion(key="q", question="?", scale="ordinal", levels=levels), found * 10) == found.max() - found.min()
    )
    assert gap(Criterion(key="q", question="?", scale="nominal", levels=levels), found * 10) == (len(set(values)) > 1)
    assert gap(Criterion(key="q", question="?", scale="interval"), found) == pytest.approx(found.max() - found.min())
