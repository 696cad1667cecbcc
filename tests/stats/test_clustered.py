"""Cluster-robust standard errors and adjusted p values: values from R and papers, and matrix algebra written out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from references import data_sets, read

from judgekit.errors import InputError
from judgekit.stats.clustered import clustered_mean, paired_difference
from judgekit.stats.multiple import METHODS, adjusted, by

KINDS = ("CR0", "CR1", "CR2", "CR3")


@pytest.fixture
def miller(reference: Path) -> dict:
    return json.loads((reference / "py_reference.json").read_text())["clustered_se"]


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_clubsandwich(reference: Path, miller: dict, kind: str) -> None:
    expected = json.loads((reference / "r_models.json").read_text())["clubSandwich_mean"][kind]
    found = clustered_mean(np.array(miller["score"]), np.array(miller["cluster"]), kind)
    assert found.se == pytest.approx(expected["se"], rel=1e-9)
    assert found.df == pytest.approx(expected["df_satt"], rel=1e-9)


def test_values_of_miller(miller: dict) -> None:
    found = clustered_mean(np.array(miller["score"]), np.array(miller["cluster"]), "CR0")
    assert found.value == pytest.approx(miller["mean"], abs=1e-12)
    assert found.se == pytest.approx(miller["se_clustered_CR0"], abs=1e-12)
    alone = clustered_mean(np.array(miller["score"]), np.arange(len(miller["score"])), "CR1")
    assert alone.se == pytest.approx(miller["se_naive_n1"], abs=1e-12)


def sandwich(values: np.ndarray, groups: np.ndarray, kind: str) -> tuple[float, float]:
    """Standard error and degrees of freedom from the matrices of an intercept-only regression."""
    n, names = len(values), np.unique(groups)
    G = len(names)
    hat = np.full((n, n), 1 / n)
    residual = values - values.mean()
    quadratic, variance = [], 0.0
    for name in names:
        chosen = groups == name
        left = np.eye(chosen.sum()) - hat[np.ix_(chosen, chosen)]
        roots, vectors = np.linalg.eigh(left)
        power = {"CR0": 0.0, "CR1": 0.0, "CR2": -0.5, "CR3": -1.0}[kind]
        adjust = vectors @ np.diag(roots**power) @ vectors.T * (np.sqrt(G / (G - 1)) if kind == "CR1" else 1.0)
        row = np.zeros(n)
        row[chosen] = np.ones(chosen.sum()) @ adjust / n
        variance += float(row[chosen] @ residual[chosen]) ** 2
        quadratic.append((np.eye(n) - hat) @ row)
    P = np.array(quadratic) @ np.array(quadratic).T
    return float(np.sqrt(variance)), float(np.trace(P) ** 2 / np.sum(P**2))


@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(-5, 5, allow_nan=False)), min_size=3, max_size=14),
    st.sampled_from(KINDS),
)
@settings(deadline=None)
def test_equals_the_matrices_written_out(data: list, kind: str) -> None:
    groups, values = (np.array(column) for column in zip(*data, strict=True))
    if len(np.unique(groups)) < 2:
        assert np.isnan(clustered_mean(values, groups, kind).se)
        return
    found = clustered_mean(values, groups, kind)
    se, df = sandwich(values, groups, kind)
    assert found.se == pytest.approx(se, abs=1e-9)
    assert found.df == pytest.approx(df, rel=1e-6)


def test_clusters_of_one_are_the_ordinary_t_test() -> None:
    from scipy.stats import ttest_1samp

    values = np.random.default_rng(0).normal(0.3, 1, 25)
    for kind in ("CR1", "CR2"):
        found = clustered_mean(values, np.arange(25), kind)
        plain = ttest_1samp(values, 0.1)
        assert found.df == pytest.approx(24)
        assert found.p(0.1) == pytest.approx(plain.pvalue)
        assert found.interval(0.9) == pytest.approx(tuple(plain.confidence_interval(0.9)))
        assert found.p(0.1, "less") == pytest.approx(1 - found.p(0.1, "greater"))


def test_items_of_their_own_are_rs_paired_t_test(reference: Path) -> None:
    compared = 0
    for name, X, results in data_sets(reference):
        theirs = results.get("pair12", {}).get("paired_t")
        if theirs is None:
            continue
        found = paired_difference(X[:, 0], X[:, 1], np.arange(len(X)))
        assert found.value / found.se == pytest.approx(theirs["t"], rel=1e-10), name
        assert found.p() == pytest.approx(theirs["p"], rel=1e-10), name
        assert found.interval() == pytest.approx(theirs["ci"], abs=1e-10), name
        compared += 1
    assert compared == 8


def test_two_one_sided_tests_are_rs(reference: Path) -> None:
    compared = 0
    for name, X, results in data_sets(reference):
        for margin, theirs in results.get("pair12", {}).get("tost_paired_p", {}).items():
            found, m = paired_difference(X[:, 0], X[:, 1], np.arange(len(X))), float(margin.removeprefix("margin_"))
            assert max(found.p(-m, "greater"), found.p(m, "less")) == pytest.approx(theirs, rel=1e-9), (name, margin)
            compared += 1
    assert compared == 8 * 3


def test_a_paired_difference_leaves_out_what_one_side_lacks() -> None:
    first, second = np.array([1.0, 2, np.nan, 4, 3]), np.array([0.5, 2, 1, np.nan, 1])
    found = paired_difference(first, second, np.array([0, 0, 1, 1, 2]))
    assert (found.n, found.clusters) == (3, 2)
    assert found.value == pytest.approx(2.5 / 3)


def test_one_cluster_or_no_variance_is_said_and_not_computed() -> None:
    one = clustered_mean(np.array([1.0, 2.0]), np.array([7, 7]))
    assert one.note == "no standard error: one cluster only"
    assert np.isnan(one.se)
    assert np.isnan(one.interval()).all()
    none = clustered_mean(np.array([np.nan]), np.array([0]))
    assert none.note == "not estimable: no values"
    same = clustered_mean(np.ones(4), np.array([0, 0, 1, 1]))
    assert same.se == 0
    assert np.isnan(same.p())


@pytest.mark.slow
def test_cr2_intervals_cover_where_plain_ones_do_not() -> None:
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(12), rng.integers(2, 12, 12))
    hits = {"clustered": 0, "plain": 0}
    for _ in range(2000):
        values = rng.standard_normal(12)[groups] + rng.standard_normal(len(groups))
        for name, cluster in (("clustered", groups), ("plain", np.arange(len(groups)))):
            low, high = clustered_mean(values, cluster).interval()
            hits[name] += low <= 0 <= high
    assert hits["clustered"] / 2000 >= 0.93
    assert hits["plain"] / 2000 < 0.8


# adjusted p values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "theirs"), [("holm", "holm"), ("bh", "BH"), ("by", "BY")])
def test_values_of_p_adjust(reference: Path, method: str, theirs: str) -> None:
    given_ = json.loads((reference / "r_models.json").read_text())["p_adjust"]
    np.testing.assert_allclose(METHODS[method](np.array(given_["p"])), given_[theirs], rtol=1e-9)


@pytest.mark.parametrize(("method", "theirs"), [("holm", "holm"), ("bh", "BH"), ("by", "BY")])
def test_the_fifteen_tests_of_benjamini_and_hochberg(reference: Path, method: str, theirs: str) -> None:
    worked = read(reference, "r_published_examples.json")["p_adjust_BH1995"]
    printed = read(reference, "published.json")["bh_1995"]
    assert worked["p"] == printed["p"]
    found = METHODS[method](np.array(printed["p"]))
    np.testing.assert_allclose(found, worked[theirs], rtol=1e-10)
    if method == "bh":
        assert np.sum(found <= 0.05) == printed["rejected_at_.05"]["BH"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.sampled_from(["holm", "bh", "by"]))
@settings(deadline=None)
def test_equals_statsmodels(p: list[float], method: str) -> None:
    from statsmodels.stats.multitest import multipletests

    named = {"holm": "holm", "bh": "fdr_bh", "by": "fdr_by"}[method]
    np.testing.assert_allclose(METHODS[method](np.array(p)), multipletests(p, method=named)[1], atol=1e-12)


def test_missing_p_values_do_not_count() -> None:
    q = by(np.array([0.01, np.nan, 0.04]))
    np.testing.assert_allclose(q, [0.03, np.nan, 0.06])


def test_a_family_gets_its_q_and_nothing_else_changes() -> None:
    table = pd.DataFrame(
        {"statistic": ["a", "a", "b", "a"], "subset": ["all", "all", "all", "x=1"], "p": [0.01, 0.04, 0.5, 0.02],
         "q": [np.nan, np.nan, 0.7, np.nan]}
    )  # fmt: skip
    found = adjusted(table, {"statistic": "a", "subset": ["all"]}, "holm")
    np.testing.assert_allclose(found["q"], [0.02, 0.04, 0.7, np.nan])
    assert table["q"].isna().sum() == 3
    np.testing.assert_allclose(adjusted(table, {}, "bh")["q"], [0.04, 0.16 / 3, 0.5, 0.04])


@pytest.mark.parametrize(
    ("family", "method", "says"),
    [({}, "sidak", "holm, bh, by"), ({"wave": "1"}, "by", "no column wave"), ({"statistic": "c"}, "by", "no p value")],
)
def test_a_family_that_is_none_is_one_line(family: dict, method: str, says: str) -> None:
    table = pd.DataFrame({"statistic": ["a"], "p": [0.1], "q": [np.nan]})
    with pytest.raises(InputError, match=says):
        adjusted(table, family, method)
