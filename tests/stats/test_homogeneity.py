"""Marginal homogeneity: R's and statsmodels' values, and the item-level form for a pool."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import panel_of, study_of
from scipy import stats as scipy_stats

from judgekit.stats.homogeneity import Excess, bowker, differences, homogeneity, joint_table, margin_tests, mcnemar
from judgekit.stats.resample import Bootstrap

QUICK = Bootstrap(seed=4, n_boot=400)
#: irr leaves out a level whose two margins happen to be equal, which the definition does not.
QUIRK = "likert5_missing_150x6.csv"


def pairs_of(reference: Path) -> list[tuple[str, np.ndarray, dict]]:
    """Return name, first two raters and R's results of each data set that has them."""
    results = json.loads((reference / "r_reference.json").read_text())
    chosen = [(name, entry["pair12"]) for name, entry in results.items() if "bhapkar" in entry.get("pair12", {})]
    frames = {name: pd.read_csv(reference / "data" / name).to_numpy(float)[:, :2] for name, _ in chosen}
    return [(name, frames[name][np.isfinite(frames[name]).all(axis=1)], expected) for name, expected in chosen]


def margins_of(X: np.ndarray, codes: np.ndarray | None = None):
    codes = np.unique(X) if codes is None else codes
    return margin_tests(differences(X[:, 0], X[:, 1:], tuple(codes)))


def test_values_of_r(reference: Path) -> None:
    seen = 0
    for name, X, expected in pairs_of(reference):
        found = margins_of(X)
        assert found["bhapkar"].statistic == pytest.approx(expected["bhapkar"]["chisq"], rel=1e-9)
        assert found["bhapkar"].p == pytest.approx(expected["bhapkar"]["p"], rel=1e-8)
        theirs = expected["stuart_maxwell"]
        if name != QUIRK:
            assert found["stuart_maxwell"].statistic == pytest.approx(theirs["chisq"][0][0], rel=1e-9)
            assert found["stuart_maxwell"].p == pytest.approx(theirs["p"][0][0], rel=1e-8)
        symmetric = bowker(joint_table(X[:, 0], X[:, 1], tuple(np.unique(X))))
        if expected["bowker"]["chisq"] is not None and name != "likert7_two_raters_200x2.csv":
            assert symmetric.statistic == pytest.approx(expected["bowker"]["chisq"], rel=1e-9)
            assert symmetric.df == expected["bowker"]["df"]
            assert symmetric.p == pytest.approx(expected["bowker"]["p"], rel=1e-8)
        seen += 1
    assert seen == 7


def test_where_irr_differs_it_left_out_a_level_with_equal_margins(reference: Path) -> None:
    ((_, X, expected),) = [entry for entry in pairs_of(reference) if entry[0] == QUIRK]
    codes = np.unique(X)
    (equal,) = [code for code in codes if (X[:, 0] == code).sum() == (X[:, 1] == code).sum()]
    without = margins_of(X[np.not_equal(X, equal).all(axis=1)])["stuart_maxwell"]
    assert without.statistic == pytest.approx(expected["stuart_maxwell"]["chisq"][0][0], rel=1e-9)
    assert without.p == pytest.approx(expected["stuart_maxwell"]["p"][0][0], rel=1e-8)
    assert margins_of(X)["stuart_maxwell"].df == without.df + 1


def test_mcnemar_values_of_r(reference: Path) -> None:
    # not compared: chisq_cc and p_cc, with continuity correction; the p here is exact
    compared = 0
    for name, X, expected in pairs_of(reference):
        if "mcnemar" not in expected:
            continue
        found = mcnemar(joint_table(X[:, 0], X[:, 1], tuple(np.unique(X))))
        assert found.statistic == pytest.approx(expected["mcnemar"]["chisq"], rel=1e-9), name
        assert found.p == pytest.approx(expected["mcnemar"]["p_exact"], rel=1e-8)
        assert margins_of(X)["stuart_maxwell"].statistic == pytest.approx(found.statistic)
        assert margins_of(X)["stuart_maxwell"].p == pytest.approx(expected["mcnemar"]["p"], rel=1e-10)
        compared += 1
    assert compared == 2


def test_the_presidential_approval_table(reference: Path) -> None:
    published = json.loads((reference / "r_published_examples.json").read_text())["prop"]["mcnemar_presidential"]
    assert mcnemar(np.array(published["table"], dtype=float)).statistic == pytest.approx(published["chisq"], rel=1e-9)
    printed = json.loads((reference / "published.json").read_text())["agresti_mcnemar"]
    assert mcnemar(np.array(printed["table"], dtype=float)).statistic == pytest.approx(printed["z2"], abs=0.0051)


@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(15, 60))
@settings(deadline=None, max_examples=60)
def test_equals_statsmodels_once_empty_levels_are_dropped(seed: int, levels: int, n: int) -> None:
    from statsmodels.stats.contingency_tables import SquareTable

    X = np.random.default_rng(seed).integers(0, levels, (n, 2)).astype(float)
    codes = np.unique(X)
    table = joint_table(X[:, 0], X[:, 1], tuple(codes))
    np.testing.assert_array_equal(table.sum(axis=1), [(X[:, 0] == code).sum() for code in codes])
    theirs = SquareTable(table, shift_zeros=False)
    # Levels that the study declares and nobody uses change nothing here.
    found = margins_of(X, np.arange(levels + 2))
    if all(table[i, j] + table[j, i] > 0 for i, j in combinations(range(len(codes)), 2)):
        symmetry = theirs.symmetry()
        mine = bowker(joint_table(X[:, 0], X[:, 1], tuple(range(levels + 2))))
        assert (mine.statistic, mine.df, mine.p) == pytest.approx((symmetry.statistic, symmetry.df, symmetry.pvalue))
        for name, test in found.items():
            other = theirs.homogeneity(name)
            assert (test.statistic, test.df) == pytest.approx((other.statistic, other.df), rel=1e-7, abs=1e-9)
            assert test.p == pytest.approx(other.pvalue, abs=1e-9)


def test_levels_that_never_meet_do_not_make_it_singular() -> None:
    # Two separate blocks of levels: statsmodels' matrix has no inverse; here each block has one degree of freedom.
    X = np.array([[0, 1]] * 8 + [[1, 0]] * 2 + [[2, 3]] * 5 + [[3, 2]] * 5 + [[0, 0]] * 9, dtype=float)
    found = margins_of(X)["stuart_maxwell"]
    assert found.df == 2
    assert found.statistic == pytest.approx((8 - 2) ** 2 / 10)


def test_agreement_and_a_constant_difference_are_told_apart() -> None:
    same = margins_of(np.array([[0.0, 0.0], [1.0, 1.0]]))
    assert (same["bhapkar"].p, same["stuart_maxwell"].p) == (1.0, 1.0)
    always = margins_of(np.array([[0.0, 1.0]] * 12))
    assert always["stuart_maxwell"].statistic == pytest.approx(12)
    assert np.isnan(always["bhapkar"].statistic)
    assert "every unit differs in the same way" in always["bhapkar"].note
    none = margins_of(np.array([[0.0, np.nan]]), np.array([0.0, 1.0]))
    assert "no items" in none["bhapkar"].note


def test_clusters_count_once() -> None:
    X = panel_of(40, 0.7, 0.8, raters=2, seed=2)
    once = margins_of(X)
    copies = np.repeat(X, 5, axis=0)
    clustered = margin_tests(
        differences(copies[:, 0], copies[:, 1:], (1.0, 2.0, 3.0, 4.0, 5.0)), np.repeat(np.arange(40), 5)
    )
    for name, test in once.items():
        assert (clustered[name].statistic, clustered[name].df) == pytest.approx((test.statistic, test.df))
    assert margins_of(copies)["bhapkar"].statistic > 4 * once["bhapkar"].statistic


def rows(study, **options) -> pd.DataFrame:
    return pd.DataFrame([made.row() for made in homogeneity(study, boot=QUICK, **options)])


def test_rows() -> None:
    cells = panel_of(80, 0.8, 0.8)
    cells[:, 0] = np.minimum(cells[:, 0] + 1, 5)
    found = rows(study_of(cells))
    tests = found[~found["statistic"].str.startswith("homogeneity.excess")]
    assert list(tests["statistic"][:2]) == ["homogeneity.stuart_maxwell", "homogeneity.bhapkar"]
    assert list(tests["b"]) == ["expert"] * 2 + ["p1"] * 3 + ["p2"] * 3 + ["p3"] * 3
    assert (tests["p"] < 0.01).all()
    assert (tests["p"] > 0).all()
    assert tests["low"].isna().all()
    assert tests["note"].str.contains("has no interval").all()
    straight = margins_of(cells[:, [0, 2]])
    assert tests[tests["b"] == "p2"]["p"].iloc[0] == pytest.approx(straight["stuart_maxwell"].p)
    excess = found[found["statistic"].str.startswith("homogeneity.excess")].set_index("statistic")
    people = [(cells[:, 1:] == level).mean() for level in (1.0, 5.0)]
    judge = [(cells[:, 0] == level).mean() for level in (1.0, 5.0)]
    assert excess["value"]["homogeneity.excess.1"] == pytest.approx(judge[0] - people[0])
    assert excess["value"]["homogeneity.excess.5"] == pytest.approx(judge[1] - people[1])
    assert excess["value"].sum() == pytest.approx(0, abs=1e-12)
    assert (excess["low"] < excess["high"]).all()
    assert excess["high"]["homogeneity.excess.1"] < 0 < excess["low"]["homogeneity.excess.5"]


def test_two_levels_bring_mcnemar_and_many_people_no_row_each() -> None:
    cells = (panel_of(60, 0.8, 0.8) > 3).astype(float)
    found = rows(study_of(cells, scale="nominal", levels=(0.0, 1.0)))
    assert (found["statistic"] == "homogeneity.mcnemar").sum() == 3
    assert len(rows(study_of(cells, scale="nominal", levels=(0.0, 1.0)), most_people=2)) == 4


def test_a_continuum_has_no_categories() -> None:
    cells = panel_of(60, 0.8, 0.8) + np.random.default_rng(0).normal(size=(60, 4))
    found = rows(study_of(cells, scale="interval", levels=None))
    assert found["note"].str.contains("not estimable").all()
    assert found["value"].isna().all()


def test_missing_ratings_of_people_weigh_an_item_once() -> None:
    X = np.array([[1.0, 1, 2, np.nan], [2, np.nan, np.nan, 2], [1, np.nan, np.nan, np.nan], [np.nan, 1, 1, 1]])
    apart = differences(X[:, 0], X[:, 1:], (1.0, 2.0))
    np.testing.assert_allclose(apart[:2], [[0.5, -0.5], [0, 0]])
    assert np.isnan(apart[2:]).all()
    coefficient = Excess(1.0, 3)
    assert coefficient.point(coefficient.features(X).sum(axis=0)) == pytest.approx(0.25)


@pytest.mark.slow
def test_false_alarms_of_the_pooled_test() -> None:
    """Judge and people exchangeable, three people, clusters of items: nominal 5 %."""
    p = []
    for seed in range(1000):
        X = panel_of(160, 0.8, 0.8, seed=seed, group=2)
        apart = differences(X[:, 0], X[:, 1:], (1.0, 2.0, 3.0, 4.0, 5.0))
        p.append([test.p for test in margin_tests(apart, np.arange(160) // 2).values()])
    rates = np.mean(np.array(p) <= 0.05, axis=0)
    assert rates[0] <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 1000)
    assert scipy_stats.kstest(np.array(p)[:, 0], "uniform").statistic < 0.06
