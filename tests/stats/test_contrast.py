"""Contrast pairs: direction with ties explicit, both sides right, by phenomenon, for judges and people."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from edges.failing import expect, failing

from judgekit.registry import find
from judgekit.stats.battery import estimate
from judgekit.stats.contrast import expected_moves
from judgekit.stats.phenomena import phenomena
from judgekit.study import Study


def pairs_study(n: int = 6) -> Study:
    """Return n pairs (items i000 … are edits of the next n): the judge moves down on half, ties on a third."""
    moves = [-1, -1, -1, 0, 0, 1]
    before = [3.0] * n
    after = [3.0 + moves[k % 6] for k in range(n)]
    people_after, people_before = [2.0] * n, [3.0] * n
    expects = [expect(f"i{n + k:03d}", "lower", phenomenon="negation" if k < 5 else "other") for k in range(n)]
    return failing(
        {"Ana": people_after + people_before, "Ben": people_after + people_before},
        {"bot": after + before},
        columns={"expect": [*expects, *[None] * n], "group": [f"g{k}" for k in range(n)] * 2},
    )


def value(rows: pd.DataFrame, statistic: str, a: str, b: str = "", subset: str = "all") -> float:
    chosen = rows[(rows["statistic"] == statistic) & (rows["a"] == a) & (rows["b"] == b) & (rows["subset"] == subset)]
    assert len(chosen) == 1, (statistic, a, b, subset)
    return float(chosen["value"].iloc[0])


def test_direction_ties_and_the_other_way_add_up() -> None:
    rows = estimate(pairs_study(12), "contrast", n_boot=200)
    shares = [value(rows, name, "bot") for name in ("contrast", "contrast.tied", "contrast.against")]
    assert shares == pytest.approx([1 / 2, 1 / 3, 1 / 6])
    assert value(rows, "contrast", "people") == 1.0
    found = rows[(rows["statistic"] == "contrast") & (rows["a"] == "bot")].iloc[0]
    assert found["low"] < 0.5 < found["high"]


def test_both_sides_right_is_by_hand() -> None:
    rows = estimate(pairs_study(12), "contrast", n_boot=0)
    # the judge's 3 before is right; after, people say 2: right where it moved down
    assert value(rows, "contrast.consistent", "bot", "people") == pytest.approx(1 / 2)
    assert value(rows, "contrast.consistent", "people", "people") == 1.0


def test_an_answer_right_on_one_side_only_is_not_consistent() -> None:
    """A judge that says the same of everything is right on one side of every pair and consistent on none."""
    study = failing(
        {"Ana": [1, 1, 5, 5], "Ben": [1, 1, 5, 5]},
        {"bot": [1, 1, 1, 1]},
        columns={"expect": [expect("i002", "lower"), expect("i003", "lower"), None, None]},
    )
    rows = estimate(study, "contrast", n_boot=0)
    assert value(rows, "contrast.consistent", "bot", "people") == 0.0
    assert value(rows, "contrast.tied", "bot") == 1.0


def test_phenomena_have_rows_of_their_own_from_five_pairs_on() -> None:
    study = pairs_study(6)
    rows = estimate(study, "contrast", n_boot=0)
    assert set(rows["subset"]) == {"all", "phenomenon=negation"}
    assert value(rows, "contrast", "bot", subset="phenomenon=negation") == pytest.approx(3 / 5)
    assert set(estimate(study, "contrast", n_boot=0, phenomena=False)["subset"]) == {"all"}


@pytest.mark.parametrize(
    ("change", "item", "about"),
    [
        ("warm sentence negated", {}, ("negation",)),
        ("place changed: an ordinary thing there is rude here", {}, ("country_swapped",)),
        ("the warm sentence removed", {}, ("validation_removed",)),
        ("the belittling first sentence removed", {}, ("hurtful_sentence",)),
        ("needless refusal replaced by help", {"appearance": "looks_unsafe"}, ("needless_refusal", "looks_unsafe")),
        ("a comma moved", {}, ()),
    ],
)
def test_what_a_pair_is_about(change: str, item: dict[str, str], about: tuple[str, ...]) -> None:
    assert phenomena({"change": change}, item) == about


def test_a_pairs_own_word_comes_first() -> None:
    assert phenomena({"change": "negated", "phenomenon": "irony"}, {}) == ("irony",)
    assert phenomena({"phenomenon": ["irony", "doubt"]}, {}) == ("irony", "doubt")
    assert phenomena({}, {}, "swapped_country") == ("country_swapped",)
    assert phenomena({}, {}, "my_probe") == ("my_probe",)


@pytest.mark.parametrize("name", ["empathy", "safety", "culture"])
def test_most_bundled_pairs_are_about_something(name: str) -> None:
    from judgekit import config
    from judgekit.tasks.load import load

    task = config.build(config.compose([f"task={name}", "judges=[]", "stats=[]", "figures=[]"])).task
    found = expected_moves(load(task)).drop_duplicates("item")
    assert (found["about"].map(len) > 0).mean() > 0.6
    words = {word for about in found["about"] for word in about}
    expected = {"empathy": "negation", "safety": "looks_unsafe", "culture": "country_swapped"}[name]
    assert expected in words


def test_probes_that_must_move_something_join_where_asked() -> None:
    study = failing({"Ana": [3, 3]}, {"bot": [3, 3]})
    edits = study.items.assign(
        variant=["deleted_validation", "typos"],
        expect=[
            json.dumps({"of": "i000", "direction": {"warmth": "lower"}}),
            json.dumps({"of": "i001", "direction": {"warmth": "same"}}),
        ],
    )
    items = pd.concat([study.items, edits], ignore_index=True)
    judged = pd.DataFrame(
        {
            "item": ["i000", "i001"],
            "variant": ["deleted_validation", "typos"],
            "criterion": "warmth",
            "rater": "bot",
            "value": [1.0, 1.0],
        }
    )
    both = Study.build(study.task, items, study.raters, pd.concat([study.ratings, judged], ignore_index=True))
    assert expected_moves(both).empty
    found = expected_moves(both, probes=True)
    assert found[["item", "variant", "move"]].to_numpy().tolist() == [["i000", "deleted_validation", -1]]
    rows = estimate(both, "contrast", n_boot=0, probes=True)
    assert value(rows, "contrast", "bot") == 1.0
    assert found["about"].iloc[0] == ("validation_removed",)
    assert not list(find("stats", "contrast")(both, boot=None))


def test_intervals_of_shares_hold_at_the_ends() -> None:
    rows = estimate(pairs_study(12), "contrast", n_boot=500)
    people = rows[(rows["statistic"] == "contrast") & (rows["a"] == "people")].iloc[0]
    assert people["value"] == 1.0
    assert 0.5 < people["low"] < 1.0
    assert np.isfinite(people["high"])
