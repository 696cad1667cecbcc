"""Rates of failure on edge and core items: what was planted is found, innocents are left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from edges.failing import failing, panel

from judgekit.edges.parts import part, words
from judgekit.edges.rates import Gap, gap_p
from judgekit.errors import InputError
from judgekit.stats.battery import estimate


def row(rows: pd.DataFrame, statistic: str, a: str, b: str, subset: str = "all") -> pd.Series:
    chosen = rows[(rows["statistic"] == statistic) & (rows["a"] == a) & (rows["b"] == b) & (rows["subset"] == subset)]
    assert len(chosen) == 1, (statistic, a, b, subset)
    return chosen.iloc[0]


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    return estimate(panel(200, 1, bad=0.6), "failure", edge="kind=odd", n_boot=1000)


def test_rates_are_shares_of_items() -> None:
    people = {"Ana": [1, 2, 2, 3, 3, 4], "Ben": [2, 2, 3, 3, 4, 4]}
    study = failing(people, {"bot": [5, 2, 5, None, 3, 4]}, columns={"kind": list("eeeccc")})
    rows = estimate(study, "failure", edge="kind=e", n_boot=200)
    assert row(rows, "failure", "bot", "people")["value"] == pytest.approx(3 / 6)
    assert row(rows, "failure", "bot", "people", "edge")["value"] == pytest.approx(2 / 3)
    assert row(rows, "failure", "bot", "people", "core")["value"] == pytest.approx(1 / 3)
    assert row(rows, "failure.difference", "bot", "people")["value"] == pytest.approx(1 / 3)
    assert row(rows, "failure.ratio", "bot", "people")["value"] == pytest.approx(2.0)
    assert row(rows, "failure.refused", "bot", "")["value"] == pytest.approx(1 / 6)
    assert row(rows, "failure.severity", "bot", "people")["value"] == pytest.approx((2 * 3 / 4 + 2 * 2 / 4) / 5)
    assert row(rows, "failure.outside", "bot", "people")["n_items"] == 5


def test_planted_failures_are_found(planted: pd.DataFrame) -> None:
    found = row(planted, "failure.difference", "wrong", "people")
    assert found["verdict"] == "yes"
    assert found["low"] > 0.1
    assert found["p"] < 1e-4
    assert row(planted, "failure.ratio", "wrong", "people")["low"] > 1
    assert row(planted, "failure.costly.difference", "wrong", "people")["verdict"] == "yes"


def test_the_fair_judge_is_left_alone(planted: pd.DataFrame) -> None:
    found = row(planted, "failure.difference", "fair", "people")
    assert found["verdict"] != "yes"
    assert "would be found in 80 % of such studies" in found["note"], "beside every no difference"
    gap = float(found["note"].split("difference of ")[1].split()[0])
    assert 0.05 < gap < 0.5
    people = row(planted, "failure.difference", "people", "people")
    assert people["verdict"] != "yes"


def test_like_is_measured_by_like(planted: pd.DataFrame) -> None:
    """A judge like a person fails the rest of a panel as often as a person; one with planted failures more often."""
    fair, wrong = (row(planted, "failure.excess", name, "people") for name in ("fair", "wrong"))
    assert fair["low"] < 0 < fair["high"]
    assert fair["verdict"] != "yes"
    assert wrong["verdict"] == "yes"
    assert row(planted, "failure.excess", "wrong", "people", "edge")["value"] > wrong["value"]
    assert row(planted, "failure", "people", "people")["value"] > row(planted, "failure", "fair", "people")["value"]


@pytest.mark.slow
def test_innocents_raise_no_false_alarms() -> None:
    """At most 2.5 % of one-sided verdicts on judges like people, plus three standard errors."""
    verdicts = []
    for seed in range(150):
        rows = estimate(panel(120, seed, bad=0.0, share=0.3), "failure", edge="kind=odd", n_boot=400)
        verdicts += rows.loc[(rows["statistic"] == "failure.difference") & (rows["b"] == "people"), "verdict"].tolist()
    share = float(np.mean([one == "yes" for one in verdicts]))
    assert share <= 0.025 + 3 * np.sqrt(0.025 / 150), share


@pytest.mark.slow
def test_the_interval_of_the_difference_covers() -> None:
    """The difference of two shares that differ: 95 % intervals cover, at rare failures too."""
    from judgekit.edges.rates import gap_job
    from judgekit.stats.resample import Bootstrap

    for edge, core, n1, n0 in ((0.3, 0.1, 40, 120), (0.05, 0.02, 60, 120)):
        inside = []
        for seed in range(250):
            g = np.random.default_rng(seed)
            flags = np.concatenate([g.random(n1) < edge, g.random(n0) < core]).astype(float)
            mask = np.arange(n1 + n0) < n1
            found = Bootstrap(seed, 600).intervals(("x",), np.arange(n1 + n0), [gap_job(flags, mask)])[0]
            inside.append(found.low <= edge - core <= found.high)
        assert np.mean(inside) >= 0.92, (edge, np.mean(inside))


def test_expert_and_crowd_truth_stand_side_by_side() -> None:
    people = {"Ana": [1, 1, 1, 1] * 5, "Ben": [1, 1, 5, 5] * 5, "Cem": [1, 1, 5, 5] * 5}
    study = failing(people, {"bot": [1, 1, 1, 5] * 5}, pools={"Ana": "expert", "Ben": "crowd", "Cem": "crowd"},
                    columns={"kind": list("eecc") * 5})  # fmt: skip
    rows = estimate(study, "failure", edge="kind=c", n_boot=200)
    assert row(rows, "failure", "bot", "expert")["value"] == 0.25
    assert row(rows, "failure", "bot", "crowd")["value"] == 0.25
    truth = row(rows, "failure.truth", "expert", "crowd")
    assert truth["value"] == 0.5
    assert row(rows, "failure.truth", "expert", "crowd", "edge")["value"] == 1.0
    assert row(rows, "failure.truth.difference", "expert", "crowd")["verdict"] == "yes"


def test_one_pool_can_be_asked_for() -> None:
    rows = estimate(panel(40, 3), "failure", pool="people", edge="kind=odd", n_boot=0)
    assert set(rows["b"]) <= {"people", ""}
    assert rows["low"].isna().all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pool": "nobody"}, "no pool is called 'nobody'"),
        ({"edge": "kind=strange"}, "no item is an edge case"),
        ({"edge": "colour=red"}, "no column 'colour'"),
        ({"edge": "tags"}, "no item has an edge tag"),
        ({"edge": "anything"}, "names no items"),
        ({"edge": "index", "share": 2.0}, "share must lie between 0 and 1"),
        ({"least": 0.0}, "least=0"),
        ({"weight": 0.5}, "weight=0.5"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(options: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        estimate(panel(20, 0), "failure", n_boot=0, **options)
    assert "\n" not in str(error.value)


def test_which_items_are_edge_cases() -> None:
    study = panel(20, 0)
    criterion = study.task.criteria[0]
    assert part(study, criterion, "kind=odd").edge.sum() == 10
    assert (part(study, criterion, "kind!=odd").edge == ~part(study, criterion, "kind=odd").edge).all()
    assert part(study, criterion, "auto", 0.3).edge.sum() == 6, "without tags the index"
    assert words("a;b") == words('["a", "b"]') == words("a, b") == ["a", "b"]
    assert words(None) == words(float("nan")) == []


def test_the_index_that_cuts_does_not_look_at_judges() -> None:
    one, other = panel(40, 2, bad=0.0), panel(40, 2, bad=1.0)
    cuts = [part(study, study.task.criteria[0], "index").edge.tolist() for study in (one, other)]
    assert cuts[0] == cuts[1], "only the judge's answers differ"


def test_the_score_test_is_the_two_by_two_tables() -> None:
    """Without clusters its square is the chi-square of the table, but for n - 1."""
    g = np.random.default_rng(0)
    inside = g.random(400) < 0.4
    flags = (g.random(400) < np.where(inside, 0.3, 0.2)).astype(float)
    from scipy.stats import chi2_contingency

    table = [
        [(flags[inside] == 1).sum(), (flags[inside] == 0).sum()],
        [(flags[~inside] == 1).sum(), (flags[~inside] == 0).sum()],
    ]
    theirs = chi2_contingency(table, correction=False).pvalue
    assert gap_p(flags, inside, np.arange(400)) == pytest.approx(theirs, rel=0.15)
    assert np.isnan(gap_p(flags, np.ones(400, dtype=bool), np.arange(400)))


def test_gap_is_a_difference_and_a_ratio() -> None:
    S = np.array([4.0, 10.0, 2.0, 1.0])
    assert Gap().point(S).tolist() == pytest.approx([0.4, 5.0])
    assert np.isnan(Gap().point(np.array([4.0, 10.0, 2.0, 0.0]))[1])
