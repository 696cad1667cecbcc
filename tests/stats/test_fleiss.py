"""Fleiss' kappa against the paper, R and statsmodels, and against loops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from references import R_WEIGHTS, coded, codes_of, data_sets, drawn, panels, published_panels, read, spread, study_of
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

from judgekit.stats.alpha import Alpha
from judgekit.stats.battery import estimate
from judgekit.stats.fleiss import Fleiss
from judgekit.stats.weights import agreement_weights

CODES = (1.0, 2.0, 3.0)


def value(X: np.ndarray, codes: tuple[float, ...] = CODES, weights: str = "identity") -> float:
    made = Fleiss(codes, weights)
    return float(made.point(made.features(X).sum(axis=0)))


def test_panels_as_in_r(reference: Path) -> None:
    compared = 0
    for _, X, results in [*data_sets(reference), *published_panels(reference)]:
        for weights, theirs in results.get("irrCAC", results).get("fleiss", {}).items():
            made = Fleiss(codes_of(X), R_WEIGHTS.get(weights, weights))
            found, S = made.linearised(X, np.arange(len(X))), made.features(X).sum(axis=0)
            interval = found.interval(0.95)
            assert found.value == pytest.approx(theirs["est"], abs=6e-6)
            assert found.error == pytest.approx(theirs["se"], abs=6e-6)
            assert found.p == pytest.approx(theirs["p"], rel=1e-6, abs=5e-15)
            assert float(made.chance(S[4:] / S[0])) == pytest.approx(theirs["pe"], abs=1e-10)
            low, high = (float(text) for text in theirs["ci"].strip("()").split(","))
            assert [interval.low, interval.high] == pytest.approx([low, high], abs=5.1e-4)
            compared += 1
    assert compared == 8 * 6 + 8 + 3


def test_complete_panels_as_irr_says(reference: Path) -> None:
    compared = 0
    for _, X, results in data_sets(reference):
        if "irr_fleiss" not in results:
            continue
        # not compared: irr's z, whose error is that of no agreement at all; ours is the error at the estimate
        assert value(X, codes_of(X)) == pytest.approx(results["irr_fleiss"]["kappa"], abs=1e-10)
        for code, line in zip(codes_of(X), results["irr_fleiss"]["detail"], strict=True):
            alone = (code == X).astype(float)
            assert value(alone, (0.0, 1.0)) == pytest.approx(line["Kappa"], abs=5.1e-4)
        compared += 1
    assert compared == 3


def test_the_diagnoses_of_1971(reference: Path) -> None:
    entry = read(reference, "r_published_examples.json")["fleiss1971"]
    X = coded({rater: [word[0] for word in column] for rater, column in entry["data"].items()})
    assert value(X, codes_of(X)) == pytest.approx(entry["fleiss"], abs=1e-10)
    assert value(X, codes_of(X)) == pytest.approx(read(reference, "published.json")["fleiss_1971"]["kappa"], abs=0.005)
    for code, line in zip(codes_of(X), entry["detail"], strict=True):
        assert value((code == X).astype(float), (0.0, 1.0)) == pytest.approx(line["Kappa"], abs=5.1e-4)


def test_counts_of_levels_as_in_r(reference: Path) -> None:
    entry = read(reference, "r_published_examples.json")["irrCAC"]["distrib.6raters"]
    X = spread([list(line.values()) for line in entry["counts"]])
    theirs = entry["coefs"]["fleiss"]
    made = Fleiss(tuple(range(5)))
    found, S = made.linearised(X, np.arange(len(X))), made.features(X).sum(axis=0)
    assert found.value == pytest.approx(theirs["est"], abs=6e-6)
    assert found.error == pytest.approx(theirs["se"], abs=6e-6)
    assert found.p == pytest.approx(theirs["p"], rel=1e-6, abs=5e-15)
    assert [S[2] / S[1], float(made.chance(S[4:] / S[0]))] == pytest.approx([theirs["pa"], theirs["pe"]], abs=1e-10)


def test_four_raters_as_published(reference: Path) -> None:
    printed = read(reference, "published.json")["gwet_raw4raters"]
    X = next(X for name, X, _ in published_panels(reference) if name == "cac.raw4raters")
    found = Fleiss(codes_of(X)).linearised(X, np.arange(len(X)))
    assert [found.value, found.error] == pytest.approx([printed["fleiss"], printed["fleiss_se"]], abs=6e-6)


@pytest.mark.parametrize("seed", range(8))
def test_complete_panels_as_statsmodels_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    K = int(rng.integers(2, 6))
    codes = tuple(float(k) for k in range(K))
    X = drawn(rng, int(rng.integers(5, 80)), int(rng.integers(2, 7)), codes)
    counted, _ = aggregate_raters(X.astype(int), n_cat=K)
    assert value(X, codes) == pytest.approx(fleiss_kappa(counted, method="fleiss"), abs=1e-9, nan_ok=True)


def slow(X: np.ndarray, weights: str) -> float:
    w = agreement_weights(CODES, weights)
    observed, shares = [], []
    for line in X:
        given = [int(v) - 1 for v in line if np.isfinite(v)]
        if given:
            shares.append([given.count(k) / len(given) for k in range(3)])
        if len(given) > 1:
            pairs = [(a, b) for i, a in enumerate(given) for j, b in enumerate(given) if i != j]
            observed.append(np.mean([w[pair] for pair in pairs]))
    if not observed:
        return np.nan
    p = np.mean(shares, axis=0)
    chance = sum(w[k, m] * p[k] * p[m] for k in range(3) for m in range(3))
    return float((np.mean(observed) - chance) / (1 - chance)) if 1 - chance > 1e-12 else np.nan


@settings(max_examples=60, deadline=None)
@given(panels())
def test_as_the_loops_say(X: np.ndarray) -> None:
    for weights in ("identity", "linear"):
        assert value(X, weights=weights) == pytest.approx(slow(X, weights), abs=1e-9, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(panels())
def test_order_and_names_do_not_matter(X: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    shuffled = np.array([rng.permutation(line) for line in X[rng.permutation(len(X))]])
    renamed = np.array([np.nan, 7.0, 0.0, 3.0])[np.where(np.isfinite(X), X, 0).astype(int)]
    assert value(shuffled) == pytest.approx(value(X), abs=1e-9, nan_ok=True)
    assert value(renamed, (0.0, 3.0, 7.0)) == pytest.approx(value(X), abs=1e-9, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(panels(gaps=False))
def test_complete_panels_meet_alpha(X: np.ndarray) -> None:
    """With all ratings there, 1 - alpha is 1 - kappa times (N - 1) / N over N ratings."""
    alpha = Alpha(CODES, "nominal", 3)
    other = float(alpha.point(alpha.features(X).sum(axis=0)))
    if np.isfinite(other):
        assert 1 - other == pytest.approx((1 - value(X)) * (X.size - 1) / X.size, abs=1e-9)


def test_perfect_agreement_one_level_and_total_disagreement() -> None:
    same = np.repeat(np.array([[1.0], [2.0], [3.0]]), 4, axis=1)
    assert value(same) == pytest.approx(1)
    assert np.isnan(value(np.ones((5, 3))))
    assert value(np.array([[1.0, 2.0], [2.0, 1.0]])) == pytest.approx(-1)


def test_rows_of_a_study() -> None:
    X = drawn(np.random.default_rng(3), 60, 4, CODES, missing=0.2)
    table = estimate(study_of(X, levels=[1, 2, 3], judges=("judge",)), "fleiss", n_boot=1000)
    people = table[table["a"] == table["b"]].iloc[0]
    joined = table[(table["a"] == "judge") & (table["n_raters"] == 4)].iloc[0]
    assert people["value"] == pytest.approx(value(X[:, 1:]), abs=1e-12)
    assert joined["value"] == pytest.approx(value(X), abs=1e-12)
    assert (table["low"] < table["value"]).all()
    assert (table["value"] < table["high"]).all()
    weighted = estimate(study_of(X, levels=[1, 2, 3]), "fleiss", n_boot=0, weights="linear").iloc[0]
    assert weighted["value"] == pytest.approx(value(X, weights="linear"), abs=1e-12)
    assert weighted["method"].startswith("linear weights on the declared values")


def test_one_label_has_an_interval_but_no_value() -> None:
    found = estimate(study_of(np.ones((30, 3)), levels=[1, 2]), "fleiss", n_boot=2000).iloc[0]
    assert np.isnan(found["value"])
    assert found["low"] < 0.1
    assert found["high"] > 0.9
    assert found["note"].startswith("no estimate: only one label occurs")
