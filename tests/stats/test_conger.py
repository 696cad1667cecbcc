"""Conger's kappa against R's irr and irrCAC, against Cohen's kappa, and against loops."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from references import R_WEIGHTS, coded, codes_of, data_sets, drawn, panels, published_panels, read, study_of
from sklearn.metrics import cohen_kappa_score

from judgekit.stats.battery import estimate
from judgekit.stats.conger import Conger
from judgekit.stats.weights import agreement_weights

CODES = (1.0, 2.0, 3.0)


def value(X: np.ndarray, codes: tuple[float, ...] = CODES, weights: str = "identity") -> float:
    made = Conger(codes, weights)
    return float(made.point(made.features(X).sum(axis=0)))


def test_panels_as_in_r(reference: Path) -> None:
    compared = 0
    for _, X, results in [*data_sets(reference), *published_panels(reference)]:
        for weights, theirs in results.get("irrCAC", results).get("conger", {}).items():
            made = Conger(codes_of(X), R_WEIGHTS.get(weights, weights), X.shape[1])
            found = made.linearised(X, np.arange(len(X)))
            interval = found.interval(0.95)
            assert found.value == pytest.approx(theirs["est"], abs=6e-6)
            assert found.error == pytest.approx(theirs["se"], abs=6e-6)
            assert found.p == pytest.approx(theirs["p"], rel=1e-6, abs=5e-15)
            assert (found.value - theirs["pa"]) / (found.value - 1) == pytest.approx(theirs["pe"], abs=1e-9)
            low, high = (float(text) for text in theirs["ci"].strip("()").split(","))
            assert [interval.low, interval.high] == pytest.approx([low, high], abs=5.1e-4)
            compared += 1
    assert compared == 8 * 6 + 8 + 3


def test_complete_panels_as_irr_says(reference: Path) -> None:
    compared = 0
    for _, X, results in data_sets(reference):
        if "irr_fleiss_exact_conger" in results:
            assert value(X, codes_of(X)) == pytest.approx(results["irr_fleiss_exact_conger"], abs=1e-10)
            compared += 1
    assert compared == 3
    entry = read(reference, "r_published_examples.json")["fleiss1971"]
    X = coded({rater: [word[0] for word in column] for rater, column in entry["data"].items()})
    assert value(X, codes_of(X)) == pytest.approx(entry["exact"], abs=1e-10)


def test_four_raters_as_published(reference: Path) -> None:
    printed = read(reference, "published.json")["gwet_raw4raters"]
    X = next(X for name, X, _ in published_panels(reference) if name == "cac.raw4raters")
    found = Conger(codes_of(X)).linearised(X, np.arange(len(X)))
    assert [found.value, found.error] == pytest.approx([printed["conger"], printed["conger_se"]], abs=6e-6)


@pytest.mark.parametrize("seed", range(6))
def test_two_raters_give_cohens_kappa(seed: int) -> None:
    X = drawn(np.random.default_rng(seed), 50, 2, CODES)
    for weights, theirs in {"identity": None, "linear": "linear", "quadratic": "quadratic"}.items():
        expected = cohen_kappa_score(X[:, 0], X[:, 1], labels=list(CODES), weights=theirs)
        assert value(X, weights=weights) == pytest.approx(expected, abs=1e-12)


def slow(X: np.ndarray, weights: str) -> float:
    """By the definition: chance is the mean over pairs of raters of the agreement of independent draws."""
    w = agreement_weights(CODES, weights)
    raters = [column[np.isfinite(column)].astype(int) - 1 for column in X.T]
    raters = [given for given in raters if len(given)]
    observed = []
    for line in X:
        given = [int(v) - 1 for v in line if np.isfinite(v)]
        if len(given) > 1:
            observed.append(np.mean([w[a, b] for a, b in combinations(given, 2)]))
    if not observed or len(raters) < 2:
        return np.nan
    chance = np.mean([np.mean([[w[a, b] for a in one] for b in other]) for one, other in combinations(raters, 2)])
    return float((np.mean(observed) - chance) / (1 - chance)) if 1 - chance > 1e-12 else np.nan


@settings(max_examples=60, deadline=None)
@given(panels())
def test_as_the_loops_say(X: np.ndarray) -> None:
    for weights in ("identity", "quadratic"):
        assert value(X, weights=weights) == pytest.approx(slow(X, weights), abs=1e-9, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(panels())
def test_order_and_names_do_not_matter(X: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    shuffled = X[rng.permutation(len(X))][:, rng.permutation(X.shape[1])]
    renamed = np.array([np.nan, 7.0, 0.0, 3.0])[np.where(np.isfinite(X), X, 0).astype(int)]
    assert value(shuffled) == pytest.approx(value(X), abs=1e-9, nan_ok=True)
    assert value(renamed, (0.0, 3.0, 7.0)) == pytest.approx(value(X), abs=1e-9, nan_ok=True)


def test_perfect_agreement_and_a_rater_without_ratings() -> None:
    X = np.repeat(np.array([[1.0], [2.0], [3.0]]), 3, axis=1)
    assert value(X) == pytest.approx(1)
    padded = np.column_stack([X, np.full(3, np.nan)])
    assert value(padded) == pytest.approx(1)
    noisy = drawn(np.random.default_rng(8), 40, 3, CODES)
    with_nobody = np.column_stack([noisy, np.full(40, np.nan)])
    assert value(with_nobody) == pytest.approx(value(noisy), abs=1e-12)
    made = Conger(CODES)
    one, other = (made.linearised(part, np.arange(40)).error for part in (noisy, with_nobody))
    assert one == pytest.approx(other, abs=1e-12)


def test_the_linearised_error_is_that_of_the_jackknife() -> None:
    X = drawn(np.random.default_rng(9), 400, 4, CODES, missing=0.1)
    made = Conger(CODES, "quadratic")
    phi = made.features(X)
    left_out = made.point(phi.sum(axis=0) - phi)
    jackknife = np.sqrt(399 / 400 * np.sum((left_out - left_out.mean()) ** 2))
    assert made.linearised(X, np.arange(400)).error == pytest.approx(float(jackknife), rel=0.02)


def test_rows_of_a_study() -> None:
    X = drawn(np.random.default_rng(3), 60, 4, CODES, missing=0.2)
    study = study_of(X, levels=[1, 2, 3], judges=("judge",))
    table = estimate(study, "conger", n_boot=1000)
    people = table[table["a"] == table["b"]].iloc[0]
    joined = table[(table["a"] == "judge") & (table["n_raters"] == 4)].iloc[0]
    assert people["value"] == pytest.approx(value(X[:, 1:]), abs=1e-12)
    assert joined["value"] == pytest.approx(value(X), abs=1e-12)
    assert ((table["low"] < table["value"]) & (table["value"] < table["high"])).all()
    pair = table[(table["a"] == "judge") & (table["b"] == "h1")].iloc[0]
    both = X[np.isfinite(X[:, :2]).all(axis=1), :2]
    assert pair["value"] == pytest.approx(value(X[:, :2]), abs=1e-12)
    assert value(both) == pytest.approx(cohen_kappa_score(both[:, 0], both[:, 1]), abs=1e-12)
