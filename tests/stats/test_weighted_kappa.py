"""Weighted kappa against R, scikit-learn and statsmodels, and its means over pairs against loops."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from references import codes_of, data_sets, drawn, panels, read, study_of
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from judgekit.errors import InputError
from judgekit.stats.battery import estimate
from judgekit.stats.pairwise import LEAST_COMMON
from judgekit.study import Study

CODES = (1.0, 2.0, 3.0)


def values(study: Study, weights: str | None = None) -> pd.Series:
    """Return the values by (a, b), without intervals."""
    table = estimate(study, "weighted_kappa", n_boot=0, weights=weights)
    return table.set_index(["a", "b"])["value"]


def pool_value(X: np.ndarray, weights: str | None = None, scale: str = "ordinal", levels: list | None = None) -> float:
    """Return the value of people with people."""
    return float(values(study_of(X, scale, levels), weights).iloc[0])


def test_two_raters_as_in_r(reference: Path) -> None:
    compared = 0
    for _, X, results in data_sets(reference):
        theirs = results.get("pair12") or {}
        if "irr_kappa2_squared" not in theirs:
            continue
        both, levels = X[:, :2], [int(code) for code in codes_of(X)]
        assert pool_value(both, levels=levels) == pytest.approx(theirs["irr_kappa2_squared"]["kappa"], abs=1e-10)
        assert pool_value(both, levels=levels) == pytest.approx(theirs["vcd_Kappa_FleissCohen"]["w"][0], abs=1e-10)
        weighted = theirs["psych_cohen_kappa"]["weighted_quadratic"]
        assert pool_value(both, levels=levels) == pytest.approx(weighted, abs=1e-10)
        assert pool_value(both, "linear", levels=levels) == pytest.approx(
            theirs["irr_kappa2_equal"]["kappa"], abs=1e-10
        )
        assert pool_value(both, "linear", levels=levels) == pytest.approx(theirs["vcd_Kappa_equal"]["w"][0], abs=1e-10)
        assert pool_value(both, "identity", levels=levels) == pytest.approx(
            theirs["irr_kappa2_unweighted"]["kappa"], abs=1e-10
        )
        compared += 1
    assert compared == 7


def test_published_examples(reference: Path) -> None:
    published = read(reference, "r_published_examples.json")
    anxiety = pd.DataFrame(published["anxiety"]["data"]).to_numpy(float)[:, :2]
    assert pool_value(anxiety) == pytest.approx(published["anxiety"]["kappa2_squared_12"], abs=1e-10)
    assert pool_value(anxiety, "linear") == pytest.approx(published["anxiety"]["kappa2_equal_12"], abs=1e-10)


@pytest.mark.parametrize("seed", range(6))
def test_levels_at_equal_steps_as_sklearn_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = tuple(float(k) for k in range(1, int(rng.integers(3, 8))))
    X = drawn(rng, 60, 2, codes, missing=0.2)
    both = X[np.isfinite(X).all(axis=1)]
    for weights in ("linear", "quadratic"):
        theirs = cohen_kappa_score(*both.T, labels=list(codes), weights=weights)
        assert pool_value(X, weights, levels=[int(c) for c in codes]) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
def test_levels_at_unequal_steps_weigh_by_value_as_statsmodels_with_those_weights(weights: str) -> None:
    codes = (1.0, 3.0, 10.0)
    X = drawn(np.random.default_rng(7), 80, 2, codes)
    counted = np.array([[np.sum((X[:, 0] == a) & (X[:, 1] == b)) for b in codes] for a in codes])
    apart = np.abs(np.subtract.outer(codes, codes)) ** {"linear": 1, "quadratic": 2}[weights]
    theirs = cohens_kappa(counted, weights=apart, return_results=False)
    assert pool_value(X, weights, levels=[1, 3, 10]) == pytest.approx(theirs, abs=1e-12)
    by_rank = cohen_kappa_score(*X.T, weights=weights)
    assert abs(theirs - by_rank) > 0.002


def test_a_level_that_nobody_used_changes_nothing() -> None:
    X = drawn(np.random.default_rng(8), 60, 2, CODES)
    for weights in ("identity", "linear", "quadratic"):
        wide = pool_value(X, weights, levels=[1, 2, 3, 9])
        assert wide == pytest.approx(pool_value(X, weights, levels=[1, 2, 3]), abs=1e-12)


def slow_pair(pairs: list[tuple[float, float, float]], power: int) -> tuple[float, float]:
    """Return quadratic (2), linear (1) or plain (0) kappa of weighted pairs, and their mass."""
    mass = sum(w for _, _, w in pairs)

    def cost(a: float, b: float) -> float:
        return abs(a - b) ** power if power else float(a != b)

    observed = sum(w * cost(a, b) for a, b, w in pairs) / mass
    chance = sum(w * v * cost(a, b) for a, _, w in pairs for _, b, v in pairs) / mass**2
    return (1 - observed / chance if chance > 1e-12 else np.nan), mass


def slow_pool(X: np.ndarray, power: int) -> float:
    """Mean over pairs weighted by common items; pairs with few of them are taken as one, both ways round."""
    kappas, thin = [], []
    duos = list(combinations(range(X.shape[1]), 2))
    for i, j in duos:
        both = [(a, b, 1.0) for a, b in X[:, [i, j]] if np.isfinite(a) and np.isfinite(b)]
        if len(both) >= (1 if len(duos) == 1 else LEAST_COMMON):
            kappas.append(slow_pair(both, power))
        elif both:
            thin.append((i, j))
    merged = []
    for line in X:
        there = [(line[i], line[j]) for i, j in thin if np.isfinite(line[[i, j]]).all()]
        merged += [(*pair, 0.5 / len(there)) for a, b in there for pair in ((a, b), (b, a))]
    if merged:
        kappas.append(slow_pair(merged, power))
    kappas = [(k, n) for k, n in kappas if np.isfinite(k)]
    return float(np.average([k for k, _ in kappas], weights=[n for _, n in kappas])) if kappas else np.nan


@settings(max_examples=15, deadline=None)
@given(panels(most_items=25, most_raters=4))
def test_pools_with_missing_cells_as_the_loops_say(X: np.ndarray) -> None:
    assume(np.isfinite(X).any(axis=0).all())
    for power, weights in ((0, "identity"), (1, "linear"), (2, "quadratic")):
        value = pool_value(X, weights, levels=[1, 2, 3])
        assert value == pytest.approx(slow_pool(X, power), abs=1e-9, nan_ok=True)


@settings(max_examples=10, deadline=None)
@given(panels(most_items=25, most_raters=3))
def test_order_of_items_and_raters_and_names_do_not_matter(X: np.ndarray) -> None:
    assume(np.isfinite(X).any(axis=0).all())
    rng = np.random.default_rng(0)
    shuffled = X[rng.permutation(len(X))][:, rng.permutation(X.shape[1])]
    for weights in ("identity", "quadratic"):
        one, other = (pool_value(version, weights, levels=[1, 2, 3]) for version in (X, shuffled))
        assert one == pytest.approx(other, abs=1e-9, nan_ok=True)
    renamed = np.array([np.nan, 7.0, 0.0, 3.0])[np.where(np.isfinite(X), X, 0).astype(int)]
    one, other = pool_value(X, None, "nominal", [1, 2, 3]), pool_value(renamed, None, "nominal", [0, 3, 7])
    assert one == pytest.approx(other, abs=1e-9, nan_ok=True)


def test_a_crowd_whose_pairs_share_hardly_an_item() -> None:
    rng = np.random.default_rng(10)
    X = drawn(rng, 90, 40, CODES)
    X[np.argsort(rng.random(X.shape), axis=1) >= 3] = np.nan
    X[:40, :2] = drawn(rng, 40, 2, CODES)
    for power, weights in ((0, "identity"), (2, "quadratic")):
        assert pool_value(X, weights, levels=[1, 2, 3]) == pytest.approx(slow_pool(X, power), abs=1e-9)
    row = estimate(study_of(X, "ordinal", [1, 2, 3]), "weighted_kappa", n_boot=500).iloc[0]
    assert "mean over 1 pairs weighted by items in common and " in row["method"]
    assert "pairs with under 10 common items taken as one" in row["method"]
    assert row["low"] < row["value"] < row["high"]


def test_a_judge_with_people_is_the_mean_of_its_pairs() -> None:
    X = drawn(np.random.default_rng(9), 80, 4, CODES, missing=0.25)
    study = study_of(X, "ordinal", [1, 2, 3], judges=("judge",))
    found = values(study)
    pairs = [X[np.isfinite(X[:, [0, j]]).all(axis=1)][:, [0, j]] for j in (1, 2, 3)]
    kappas = [cohen_kappa_score(*pair.T, weights="quadratic", labels=[1, 2, 3]) for pair in pairs]
    pool = found.index[0][0]
    mean = np.average(kappas, weights=[len(pair) for pair in pairs])
    assert found[("judge", pool)] == pytest.approx(mean, abs=1e-12)
    for k, rater in zip(kappas, ("h1", "h2", "h3"), strict=True):
        assert found[("judge", rater)] == pytest.approx(k, abs=1e-12)
    table = estimate(study, "weighted_kappa", n_boot=2000)
    assert ((table["low"] < table["value"]) & (table["value"] < table["high"])).all()
    assert "mean over 3 pairs weighted by items in common" in table.iloc[1]["method"]


def test_perfect_agreement_reversal_and_bad_weights() -> None:
    X = np.repeat(np.array([[1.0], [2.0], [3.0]] * 5), 2, axis=1)
    row = estimate(study_of(X, "ordinal", [1, 2, 3]), "weighted_kappa", n_boot=2000).iloc[0]
    assert [row["value"], row["high"]] == [1, 1]
    assert 0.5 < row["low"] < 0.99
    X[:, 1] = 4 - X[:, 1]
    assert pool_value(X, levels=[1, 2, 3]) == pytest.approx(-1)
    with pytest.raises(InputError, match="no weights are called 'cubic'"):
        pool_value(X, "cubic", levels=[1, 2, 3])
