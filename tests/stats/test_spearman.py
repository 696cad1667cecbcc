"""Spearman's correlation against R and scipy, from joint tables and from ranks."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from references import data_sets, drawn, panels, read, study_of
from scipy.stats import spearmanr

from judgekit.stats.battery import estimate


def values(X: np.ndarray, scale: str = "ordinal", levels: list[int] | None = None) -> pd.Series:
    """Return the values by (a, b), without intervals."""
    return estimate(study_of(X, scale, levels), "spearman", n_boot=0).set_index(["a", "b"])["value"]


def scipy_says(X: np.ndarray) -> float:
    both = X[np.isfinite(X).all(axis=1)]
    constant = len(both) < 2 or np.ptp(both[:, 0]) == 0 or np.ptp(both[:, 1]) == 0
    return np.nan if constant else float(spearmanr(both[:, 0], both[:, 1]).statistic)


def test_two_raters_as_in_r(reference: Path) -> None:
    compared = 0
    for _, X, results in data_sets(reference):
        if "spearman" in (results.get("pair12") or {}):
            scale = "interval" if len(np.unique(X)) > 50 else "ordinal"
            value = float(values(X[:, :2], scale).iloc[0])
            assert value == pytest.approx(results["pair12"]["spearman"], abs=1e-10)
            compared += 1
    assert compared == 8


def test_two_raters_meanrho_is_rho(reference: Path) -> None:
    for _, X, results in data_sets(reference):
        if "irr_meanrho" in results and X.shape[1] == 2:
            assert float(values(X).iloc[0]) == pytest.approx(results["irr_meanrho"], abs=1e-10)


def test_published_example_over_fishers_z(reference: Path) -> None:
    anxiety = read(reference, "r_published_examples.json")["anxiety"]
    X = pd.DataFrame(anxiety["data"]).to_numpy(float)
    rhos = [float(values(X[:, [i, j]]).iloc[0]) for i, j in combinations(range(3), 2)]
    assert np.tanh(np.mean(np.arctanh(rhos))) == pytest.approx(anxiety["meanrho"], abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_tables_and_ranks_as_scipy_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    few = drawn(rng, 60, 2, tuple(float(k) for k in range(1, 6)), missing=0.2)
    assert float(values(few).iloc[0]) == pytest.approx(scipy_says(few), abs=1e-10)
    trait = rng.normal(size=(60, 1)) + 0.7 * rng.normal(size=(60, 2))
    many = np.where(rng.random((60, 2)) < 0.2, np.nan, np.round(trait, 1))
    assert len(np.unique(many[np.isfinite(many)])) > 20
    assert float(values(many, "interval").iloc[0]) == pytest.approx(scipy_says(many), abs=1e-10)


@settings(max_examples=12, deadline=None)
@given(panels(levels=4, most_items=25, most_raters=3, gaps=False))
def test_pools_are_the_mean_of_their_pairs_whatever_the_order_or_spacing(X: np.ndarray) -> None:
    assume(len(X) >= 10)
    pairs = [scipy_says(X[:, [i, j]]) for i, j in combinations(range(X.shape[1]), 2)]
    assume(np.isfinite(pairs).any())
    rng = np.random.default_rng(0)
    shuffled = X[rng.permutation(len(X))][:, rng.permutation(X.shape[1])]
    stretched = np.array([0, 1.0, 2.0, 50.0, 51.0])[X.astype(int)]
    for version in (X, shuffled, stretched):
        assert float(values(version).iloc[0]) == pytest.approx(np.nanmean(pairs), abs=1e-9)


def test_perfect_order_and_its_reverse() -> None:
    line = np.tile(np.arange(1.0, 6.0), 8)
    assert float(values(np.column_stack([line, line**2])).iloc[0]) == pytest.approx(1)
    assert float(values(np.column_stack([line, 6 - line])).iloc[0]) == pytest.approx(-1)
    row = estimate(study_of(np.column_stack([line, line]), "ordinal", [1, 2, 3, 4, 5]), "spearman", n_boot=2000).iloc[0]
    assert row["high"] == 1
    assert row["low"] < 1


def test_a_constant_rater_and_nominal_levels() -> None:
    X = np.column_stack([np.ones(30), np.tile([1.0, 2.0, 3.0], 10)])
    row = estimate(study_of(X, "ordinal", [1, 2, 3]), "spearman", n_boot=200).iloc[0]
    assert np.isnan(row["value"])
    assert row["note"]
    assert estimate(study_of(X, "nominal", [1, 2, 3]), "spearman", n_boot=0).empty


@pytest.mark.parametrize("kind", ["few", "many"])
def test_intervals_hold_the_value_and_shrink(kind: str) -> None:
    rng = np.random.default_rng(5)
    widths = []
    for n in (50, 400):
        trait = rng.normal(size=(n, 1)) + 0.8 * rng.normal(size=(n, 2))
        X = trait if kind == "many" else np.clip(np.round(trait + 3), 1, 5)
        row = estimate(study_of(X, "interval" if kind == "many" else "ordinal"), "spearman", n_boot=1000).iloc[0]
        assert row["low"] < row["value"] < row["high"]
        widths.append(row["high"] - row["low"])
    assert widths[1] < 0.6 * widths[0]
