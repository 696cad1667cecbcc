"""Pearson's, Spearman's and Kendall's correlations, over items and over systems: R, scipy, and the definitions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from references import data_sets, drawn, read, study_of
from scipy import stats

from judgekit.stats.battery import estimate
from judgekit.stats.concordance import TauOfMany, dominated
from judgekit.stats.moments import MomentKernel
from judgekit.stats.pairwise import PairIndex
from judgekit.stats.rank import MOST_LEVELS
from judgekit.stats.systems import SystemCorrelation
from judgekit.stats.tau import TauKernel
from judgekit.study import Study

CODES = (1.0, 2.0, 3.0, 4.0, 5.0)
PAIR = PairIndex(((0, 1),), (), False)


def from_table(X: np.ndarray, w: np.ndarray | None = None) -> float:
    """Return tau-b of two columns from their joint table."""
    kernel = TauKernel(tuple(np.unique(X)))
    weight = np.ones((len(X), 1)) if w is None else w[:, None]
    return float(kernel.values(kernel.features(X[:, :1], X[:, 1:], weight).sum(axis=0))[0][0])


def from_counts(X: np.ndarray) -> float:
    """Return tau-b of two columns from sorted counts."""
    found = TauOfMany.of(PAIR, X)
    return float(found.point(found.features(X).sum(axis=0)))


def written_out(X: np.ndarray, w: np.ndarray) -> float:
    """Return weighted tau-b, pair by pair of items."""
    surplus = x = y = 0.0
    for i in range(len(X)):
        for j in range(len(X)):
            a, b = np.sign(X[i] - X[j])
            surplus += w[i] * w[j] * a * b
            x += w[i] * w[j] * abs(a)
            y += w[i] * w[j] * abs(b)
    return surplus / np.sqrt(x * y)


def test_values_are_those_of_r(reference: Path) -> None:
    compared = 0
    for name, X, results in data_sets(reference):
        theirs = results.get("pair12", {})
        if "kendall_tau_b" not in theirs:
            continue
        pair = X[np.isfinite(X[:, :2]).all(axis=1), :2]
        kernel = MomentKernel("pearson", float(pair.mean()))
        r = kernel.values(kernel.features(pair[:, :1], pair[:, 1:], np.ones((len(pair), 1))).sum(axis=0))[0][0]
        assert r == pytest.approx(theirs["pearson"], abs=1e-10), name
        assert from_table(pair) == pytest.approx(theirs["kendall_tau_b"], abs=1e-10), name
        assert from_counts(pair) == pytest.approx(theirs["kendall_tau_b"], abs=1e-10), name
        compared += 1
    assert compared >= 6


def test_the_single_pairs_average_to_irrs_mean_on_fishers_z(reference: Path) -> None:
    compared = 0
    anxiety = read(reference, "r_published_examples.json")["anxiety"]
    published = ("anxiety", pd.DataFrame(anxiety["data"]).to_numpy(float), {"irr_meancor": anxiety["meancor"]})
    for name, X, results in [*data_sets(reference), published]:
        if "irr_meancor" not in results:
            continue
        found = estimate(study_of(X, "interval"), "pearson", n_boot=0)
        pairs = found[found["a"].str.startswith("h") & (found["subset"] == "all")]["value"].to_numpy(float)
        pairs = pairs if len(pairs) else found["value"].to_numpy(float)
        assert np.tanh(np.arctanh(pairs).mean()) == pytest.approx(results["irr_meancor"], abs=1e-10), name
        compared += 1
    assert compared == 3 + 1


def test_tau_b_with_ties_as_mt_metrics_eval_has_it(reference: Path) -> None:
    theirs = read(reference, "py_reference.json")["ties_matter_deutsch2023"]
    X = np.array([theirs["human"][0], theirs["metric"][0]]).T
    assert from_counts(X) == pytest.approx(theirs["kendall_variants_row0"]["b"], abs=1e-12)


@given(st.integers(0, 100_000), st.integers(2, 40), st.integers(2, 9))
@settings(max_examples=80, deadline=None)
def test_both_routes_to_tau_b_are_scipys(seed: int, n: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(0, levels, (n, 2)).astype(float)
    theirs = stats.kendalltau(X[:, 0], X[:, 1]).statistic if np.all(np.ptp(X, axis=0) > 0) else np.nan
    np.testing.assert_allclose([from_table(X), from_counts(X)], [theirs, theirs], atol=1e-12)


@given(st.integers(0, 10_000), st.integers(3, 12))
@settings(max_examples=40, deadline=None)
def test_a_replicate_of_tau_b_is_weighted_pair_by_pair(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 4, (n, 2)).astype(float)
    X[:2] = [[0, 1], [1, 0]]
    w = rng.standard_exponential(n)
    assert from_table(X, w) == pytest.approx(written_out(X, w), abs=1e-12)


def test_the_linearised_replicate_is_the_tangent() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    found = TauOfMany.of(PAIR, X)
    v = rng.normal(size=60)
    for size in (1e-3, 1e-4):
        w = 1 + size * v
        linear = float(found.population(w @ found.features(X)))
        assert linear == pytest.approx(written_out(X, w), abs=20 * size**2)
    weights = rng.standard_exponential((200, 60))
    linear = found.population(weights @ found.features(X))
    exact = [written_out(X, w) for w in weights[:40]]
    assert np.corrcoef(linear[:40], exact)[0, 1] > 0.97
    assert np.std(linear[:40]) == pytest.approx(np.std(exact), rel=0.2)


@given(st.integers(0, 100_000), st.integers(1, 50), st.integers(1, 8))
@settings(max_examples=80, deadline=None)
def test_dominated_counts_what_is_smaller_in_both(seed: int, n: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, levels, (2, n)).astype(float)
    w = rng.standard_exponential(n)
    slow = [sum(w[j] for j in range(n) if x[j] < x[i] and y[j] < y[i]) for i in range(n)]
    np.testing.assert_allclose(dominated(x, y, w), slow, atol=1e-12)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_order_units_and_sides(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = drawn(rng, 30, 2, CODES)
    if np.any(np.ptp(X, axis=0) == 0):
        return
    for route in (from_table, from_counts):
        found = route(X)
        assert route(X[rng.permutation(30)]) == pytest.approx(found)
        assert route(X[:, ::-1]) == pytest.approx(found)
        assert route(np.exp(X)) == pytest.approx(found)
        assert route(X * [1, -1]) == pytest.approx(-found)


def rows_of(statistic: str, study: Study, n_boot: int = 400) -> pd.DataFrame:
    found = estimate(study, statistic, n_boot=n_boot)
    return found[found["subset"] == "all"].set_index(["statistic", "a", "b"])


@pytest.mark.parametrize("statistic", ["pearson", "spearman", "tau_b"])
@pytest.mark.parametrize("levels", [list(CODES), None])
def test_rows_are_the_means_of_scipys_values(statistic: str, levels: list[float] | None) -> None:
    codes = CODES if levels else tuple(np.arange(40.0))
    X = drawn(np.random.default_rng(0), 50, 4, codes, missing=0.1)
    found = rows_of(statistic, study_of(X, "interval", levels=levels, judges=("judge",)))
    theirs = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "tau_b": stats.kendalltau}[statistic]
    values, overlaps = [], []
    for j in (1, 2, 3):
        both = np.isfinite(X[:, [0, j]]).all(axis=1)
        values.append(theirs(X[both, 0], X[both, j]).statistic)
        overlaps.append(both.sum())
        assert found.loc[(statistic, "judge", f"h{j}"), "value"] == pytest.approx(values[-1], abs=1e-10)
    joined = found.loc[(statistic, "judge", "people")]
    assert joined["value"] == pytest.approx(np.average(values, weights=overlaps), abs=1e-10)
    assert "item level" in joined["method"]
    assert ("linearised" in joined["method"]) == (statistic == "tau_b" and levels is None)
    assert np.all((found["low"] < found["value"]) & (found["value"] < found["high"]))


def test_many_levels_take_the_other_route() -> None:
    assert len(CODES) <= MOST_LEVELS < 40


@pytest.mark.parametrize("statistic", ["pearson", "spearman", "tau_b"])
def test_thin_pairs_of_a_crowd_are_taken_as_one(statistic: str) -> None:
    rng = np.random.default_rng(1)
    trait = rng.normal(size=60)
    X = np.full((60, 30), np.nan)
    for i in range(60):
        for j in rng.choice(30, 3, replace=False):
            X[i, j] = np.clip(np.round(3 + trait[i] + 0.5 * rng.normal()), 1, 5)
    found = rows_of(statistic, study_of(X, "ordinal", levels=list(CODES)))
    row = found.loc[(statistic, "people", "people")]
    assert "taken as one" in row["method"]
    assert 0.4 < row["low"] < row["value"] < row["high"] < 1


@pytest.mark.parametrize("statistic", ["pearson", "spearman", "tau_b"])
def test_perfect_correlation_keeps_an_interval_and_a_constant_rater_has_none(statistic: str) -> None:
    X = np.repeat(drawn(np.random.default_rng(2), 30, 1, CODES), 2, axis=1)
    found = rows_of(statistic, study_of(X, "ordinal", levels=list(CODES))).iloc[0]
    assert found["value"] == pytest.approx(1)
    assert found["low"] < 0.99
    X[:, 1] = 3
    row = rows_of(statistic, study_of(X, "ordinal", levels=list(CODES))).iloc[0]
    assert pd.isna(row["value"])
    assert "no estimate" in row["note"]


@pytest.mark.parametrize("statistic", ["spearman", "tau_b"])
def test_perfect_order_of_many_values_has_no_width_and_says_so(statistic: str) -> None:
    X = np.repeat(np.arange(30.0)[:, None], 2, axis=1)
    row = rows_of(statistic, study_of(X, "interval")).iloc[0]
    assert row["value"] == pytest.approx(1)
    assert pd.isna(row["low"])
    assert "no interval" in row["note"]


def with_systems(X: np.ndarray, systems: np.ndarray) -> Study:
    rows = [
        {"item": f"i{i:03d}", "rater": f"r{j}", "value": X[i, j], "kind": "human" if j else "judge", "system": s}
        for i, s in enumerate(systems)
        for j in range(X.shape[1])
        if np.isfinite(X[i, j])
    ]
    return Study.from_frame(pd.DataFrame(rows), scale="interval")


def test_system_level_is_the_correlation_of_the_systems_means() -> None:
    rng = np.random.default_rng(3)
    systems = np.array([f"s{k}" for k in rng.integers(0, 6, 120)])
    quality = {f"s{k}": k / 2 for k in range(6)}
    X = np.array([quality[s] for s in systems])[:, None] + rng.normal(size=(120, 4))
    X[rng.random(X.shape) < 0.2] = np.nan
    X[:, 0] = np.where(np.isfinite(X[:, 1:]).any(axis=1), X[:, 0], np.nan)
    study = with_systems(X, systems)
    both = np.isfinite(X[:, 0]) & np.isfinite(X[:, 1:]).any(axis=1)
    means = pd.DataFrame({"a": X[:, 0], "b": np.nanmean(np.where(both[:, None], X[:, 1:], 0), axis=1)})[both]
    means = means.groupby(systems[both]).mean()
    known = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "tau_b": stats.kendalltau}
    for statistic, theirs in known.items():
        found = rows_of(statistic, study).loc[(f"{statistic}.system", "r0", "people")]
        assert found["value"] == pytest.approx(theirs(means["a"], means["b"]).statistic)
        assert found["low"] <= found["value"] <= found["high"]
        assert "means of 6 systems" in found["method"]


def test_system_level_spearman_ranks_with_ties() -> None:
    X = np.column_stack([[1, 1, 2, 2, 5, 5, 3.0], [2, 2, 2, 2, 4, 4, 9.0], [0, 0, 1, 1, 2, 2, 3.0]])
    for kind, theirs in (("spearman", stats.spearmanr), ("tau_b", stats.kendalltau), ("pearson", stats.pearsonr)):
        coefficient = SystemCorrelation(kind, 4)
        ours = coefficient.point(coefficient.features(X).sum(axis=0))
        wanted = theirs([1.0, 2, 5, 3], [2.0, 2, 4, 9]).statistic
        assert float(ours) == pytest.approx(wanted)
        absent = np.where(np.arange(7)[:, None] == 6, np.nan, X)
        wanted = theirs([1.0, 2, 5], [2.0, 2, 4]).statistic
        assert float(coefficient.point(coefficient.features(absent).sum(axis=0))) == pytest.approx(wanted)


def test_two_systems_are_too_few_and_no_column_no_rows() -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(30, 3))
    found = rows_of("pearson", with_systems(X, np.array(["a", "b"] * 15)))
    row = found.loc[("pearson.system", "r0", "people")]
    assert pd.isna(row["value"])
    assert "2 systems, three are needed" in row["note"]
    plain = rows_of("pearson", study_of(X, "interval", judges=("judge",)))
    assert not plain.index.get_level_values(0).str.endswith("system").any()


def test_nominal_criteria_with_more_than_two_levels_are_skipped() -> None:
    X = drawn(np.random.default_rng(5), 20, 2, (0.0, 1.0, 2.0))
    for statistic in ("pearson", "spearman", "tau_b"):
        assert estimate(study_of(X, "nominal", levels=[0, 1, 2]), statistic, n_boot=0).empty
        assert not estimate(study_of(np.minimum(X, 1), "nominal", levels=[0, 1]), statistic, n_boot=0).empty
