"""Gwet's AC1 and AC2, Brennan and Prediger's kappa, their weights and analytic errors, against R's irrCAC."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from references import R_WEIGHTS, Observed, codes_of, data_sets, drawn, panels, published_panels, read, spread, study_of

from judgekit.errors import InputError
from judgekit.schema import Criterion
from judgekit.stats.battery import estimate
from judgekit.stats.brennan_prediger import BrennanPrediger
from judgekit.stats.gwet import Gwet
from judgekit.stats.linearised import WALD
from judgekit.stats.panel import Panel
from judgekit.stats.weights import DISTANCES, agreement_weights
from judgekit.study import Study, empty_task

CODES = (1.0, 2.0, 3.0)


COEFFICIENTS = {"ac": Gwet, "bp": BrennanPrediger, "pa": Observed}


def same_as_r(found: Panel, X: np.ndarray, theirs: dict[str, float | str]) -> None:
    """Compare value, error, p, both agreements and the interval with what irrCAC prints."""
    S = found.features(X).sum(axis=0)
    made = found.linearised(X, np.arange(len(X)))
    interval = made.interval(0.95)
    assert made.value == pytest.approx(float(found.point(S)), abs=1e-12)
    assert made.value == pytest.approx(theirs["est"], abs=6e-6)
    assert made.error == pytest.approx(theirs["se"], abs=6e-6)
    assert made.p == pytest.approx(theirs["p"], rel=1e-6, abs=5e-15)
    assert S[2 if found.weights == "identity" else 3] / S[1] == pytest.approx(theirs["pa"], abs=1e-10)
    assert float(found.chance(S[4:] / S[0])) == pytest.approx(theirs["pe"], abs=1e-10)
    low, high = (float(text) for text in str(theirs["ci"]).strip("()").split(","))
    assert [interval.low, interval.high] == pytest.approx([low, high], abs=5.1e-4)


def test_data_sets_as_in_r(reference: Path) -> None:
    compared = 0
    for _, X, results in data_sets(reference):
        for name, made in COEFFICIENTS.items():
            for weights, theirs in results.get("irrCAC", {}).get(name, {}).items():
                same_as_r(made(codes_of(X), R_WEIGHTS.get(weights, weights)), X, theirs)
                compared += 1
    assert compared == 8 * 3 * 6


def test_published_panels_as_in_r(reference: Path) -> None:
    compared = 0
    for _, X, results in published_panels(reference):
        for name, made in COEFFICIENTS.items():
            for weights, theirs in results[name].items():
                same_as_r(made(codes_of(X), R_WEIGHTS.get(weights, weights)), X, theirs)
                compared += 1
    assert compared == 3 * (8 + 1 + 1 + 1)


def test_four_raters_as_published(reference: Path) -> None:
    printed = read(reference, "published.json")["gwet_raw4raters"]
    X = next(X for name, X, _ in published_panels(reference) if name == "cac.raw4raters")
    for name, made in {"AC1": Gwet, "bp": BrennanPrediger}.items():
        found = made(codes_of(X)).linearised(X, np.arange(len(X)))
        assert found.value == pytest.approx(printed[name], abs=6e-6)
        assert found.error == pytest.approx(printed[f"{name}_se"], abs=6e-6)
    observed = Observed(codes_of(X))
    assert float(observed.point(observed.features(X).sum(axis=0))) == pytest.approx(printed["pa"], abs=6e-6)


def test_counts_of_levels_as_in_r(reference: Path) -> None:
    entry = read(reference, "r_published_examples.json")["irrCAC"]["distrib.6raters"]
    X = spread([list(line.values()) for line in entry["counts"]])
    for name, made in {"gwet": Gwet, "bp": BrennanPrediger}.items():
        theirs = entry["coefs"][name]
        coefficient = made(tuple(range(5)))
        found = coefficient.linearised(X, np.arange(len(X)))
        assert found.value == pytest.approx(theirs["est"], abs=6e-6)
        assert found.error == pytest.approx(theirs["se"], abs=6e-6)
        assert found.p == pytest.approx(theirs["p"], rel=1e-6, abs=5e-15)
        S = coefficient.features(X).sum(axis=0)
        agreements = [S[2] / S[1], float(coefficient.chance(S[4:] / S[0]))]
        assert agreements == pytest.approx([theirs["pa"], theirs["pe"]], abs=1e-10)


def slow_agreement(X: np.ndarray, w: dict[tuple[float, float], float]) -> float:
    """Mean over items of the mean weight over ordered pairs of two different raters."""
    means = []
    for line in X:
        given = [v for v in line if np.isfinite(v)]
        if len(given) > 1:
            means.append(np.mean([w[a, b] for a, b in permutations(given, 2)]))
    return float(np.mean(means)) if means else np.nan


def slow_shares(X: np.ndarray, codes: tuple[float, ...]) -> list[float]:
    """Mean over items with any rating of each level's share."""
    lines = [[v for v in line if np.isfinite(v)] for line in X]
    lines = [line for line in lines if line]
    return [float(np.mean([line.count(code) / len(line) for line in lines])) if lines else np.nan for code in codes]


def slow(name: str, X: np.ndarray, codes: tuple[float, ...], weights: str) -> float:
    """Return AC or BP by loops over items, raters and levels."""
    table = agreement_weights(codes, weights)
    w = {(a, b): table[i, j] for i, a in enumerate(codes) for j, b in enumerate(codes)}
    K, total = len(codes), sum(w.values())
    chance = total / K**2 if name == "bp" else total / (K * (K - 1)) * sum(p * (1 - p) for p in slow_shares(X, codes))
    observed = slow_agreement(X, w)
    return (observed - chance) / (1 - chance)


@settings(max_examples=60, deadline=None)
@given(panels())
def test_as_the_loops_say(X: np.ndarray) -> None:
    for name in ("ac", "bp"):
        for weights in ("identity", "quadratic", "bipolar"):
            found = COEFFICIENTS[name](CODES, weights)
            value = float(found.point(found.features(X).sum(axis=0)))
            assert value == pytest.approx(slow(name, X, CODES, weights), abs=1e-12, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(panels())
def test_order_of_items_and_raters_and_names_of_levels_do_not_matter(X: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    shuffled = X[rng.permutation(len(X))][:, rng.permutation(X.shape[1])]
    renamed = np.array([np.nan, 7.0, 0.0, 3.0])[np.where(np.isfinite(X), X, 0).astype(int)]
    for made in (Gwet, BrennanPrediger):
        value = made(CODES).point(made(CODES).features(X).sum(axis=0))
        for other, codes in ((shuffled, CODES), (renamed, (0.0, 3.0, 7.0))):
            again = made(codes).point(made(codes).features(other).sum(axis=0))
            assert float(again) == pytest.approx(float(value), abs=1e-12, nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(panels(gaps=False))
def test_perfect_agreement_is_one_and_items_given_twice_change_nothing(X: np.ndarray) -> None:
    same = np.repeat(X[:, :1], 3, axis=1)
    for made in (Gwet(CODES), BrennanPrediger(CODES), Gwet(CODES, "quadratic"), BrennanPrediger(CODES, "linear")):
        assert float(made.point(made.features(same).sum(axis=0))) == pytest.approx(1)
        once, twice = made.features(X).sum(axis=0), made.features(np.vstack([X, X])).sum(axis=0)
        assert float(made.point(twice)) == pytest.approx(float(made.point(once)), abs=1e-12)


def test_a_declared_level_that_nobody_used_counts() -> None:
    X = drawn(np.random.default_rng(1), 60, 3, (1.0, 2.0, 3.0))
    three, four = ((made := Gwet(codes)).point(made.features(X).sum(axis=0)) for codes in (CODES, (*CODES, 4.0)))
    assert four > three + 0.01


@pytest.mark.parametrize("name", DISTANCES)
def test_weights_are_one_on_the_diagonal_symmetric_and_reach_zero(name: str) -> None:
    w = agreement_weights((0.0, 1.0, 2.5, 7.0), name)
    assert np.allclose(np.diag(w), 1)
    assert np.allclose(w, w.T)
    assert w.min() == pytest.approx(0)
    assert (w <= 1).all()


def test_weights_act_on_values_not_on_ranks() -> None:
    assert agreement_weights((1.0, 3.0, 10.0), "linear")[0] == pytest.approx([1, 1 - 2 / 9, 0])
    assert agreement_weights((1.0, 3.0, 10.0), "ordinal")[0] == pytest.approx([1, 2 / 3, 0])
    assert agreement_weights((4.0,), "quadratic").tolist() == [[1.0]]


def test_unknown_weights_and_intervals_are_named() -> None:
    with pytest.raises(InputError, match="choose one of: identity, linear"):
        agreement_weights(CODES, "cubic")
    with pytest.raises(InputError, match="at least 0"):
        agreement_weights((-1.0, 0.0, 1.0), "ratio")
    study = study_of(drawn(np.random.default_rng(2), 20, 2, CODES))
    with pytest.raises(InputError, match="bootstrap, analytic"):
        estimate(study, "ac1", interval="exact")


def test_rows_of_a_study() -> None:
    X = drawn(np.random.default_rng(3), 80, 4, CODES, missing=0.2)
    study = study_of(X, "ordinal", [1, 2, 3], judges=("judge",))
    table = estimate(study, "ac1", "ac2", "brennan_prediger", n_boot=2000)
    assert set(table["statistic"]) == {"ac1", "ac2", "brennan_prediger"}
    people = table[(table["a"] == table["b"])].set_index("statistic")
    for name, made in {"ac1": Gwet(CODES), "ac2": Gwet(CODES, "quadratic")}.items():
        value = float(made.point(made.features(X[:, 1:]).sum(axis=0)))
        assert people.loc[name, "value"] == pytest.approx(value, abs=1e-12)
        assert people.loc[name, "low"] < value < people.loc[name, "high"]
    assert "quadratic weights on the declared values" in people.loc["ac2", "method"]
    assert people.loc["ac1", "method"].startswith("identity weights; smoothed Bayesian bootstrap over items")
    joined = table[(table["a"] == "judge") & (table["n_raters"] == 4)].set_index("statistic")
    made = BrennanPrediger(CODES, "quadratic")
    assert joined.loc["brennan_prediger", "value"] == pytest.approx(float(made.point(made.features(X).sum(axis=0))))


def test_nominal_ac2_is_ac1() -> None:
    study = study_of(drawn(np.random.default_rng(4), 60, 3, CODES))
    table = estimate(study, "ac1", "ac2", n_boot=500)
    first, second = (table.loc[table["statistic"] == s, ["a", "b", "value", "low", "high"]] for s in ("ac1", "ac2"))
    assert first.reset_index(drop=True).equals(second.reset_index(drop=True))


def test_analytic_rows_have_p_and_items_of_a_cluster_count_together() -> None:
    X = drawn(np.random.default_rng(5), 60, 3, CODES)
    alone = estimate(study_of(X), "ac1", interval="analytic").iloc[0]
    again = np.repeat(X, 2, axis=0)
    groups = [f"g{i // 2}" for i in range(len(again))]
    together = estimate(study_of(again, groups=groups), "ac1", interval="analytic").iloc[0]
    naive = estimate(study_of(again), "ac1", interval="analytic").iloc[0]
    assert alone["method"].endswith("; identity weights; linearised standard error over items, t with 59 df")
    said = "; identity weights; linearised standard error over clusters of items, t with 59 df"
    assert together["method"].endswith(said)
    assert [together["low"], together["high"], together["p"]] == pytest.approx(
        [alone["low"], alone["high"], alone["p"]]
    )
    assert naive["high"] - naive["low"] < 0.75 * (alone["high"] - alone["low"])
    few = estimate(study_of(again, groups=[f"g{i // 12}" for i in range(120)]), "ac1", interval="analytic").iloc[0]
    assert few["note"] == f"only 10 clusters of items: the standard error is rough; {WALD}"


def test_no_variance_gives_no_analytic_interval_but_a_bootstrap_one() -> None:
    study = study_of(np.repeat(np.array([[1.0], [2.0], [3.0]] * 10), 3, axis=1))
    analytic = estimate(study, "ac1", interval="analytic").iloc[0]
    assert analytic["value"] == 1
    assert np.isnan(analytic["low"])
    assert np.isnan(analytic["p"])
    assert "use the bootstrap" in analytic["note"]
    boot = estimate(study, "ac1", n_boot=2000).iloc[0]
    assert 0.7 < boot["low"] < 0.97
    assert boot["high"] == 1


def test_values_without_levels() -> None:
    rng = np.random.default_rng(6)
    with_levels = study_of(drawn(rng, 40, 3, CODES), "interval")
    task = empty_task("undeclared", (Criterion(key="value", question="", scale="interval"),))
    study = Study.build(task, with_levels.items, with_levels.raters, with_levels.ratings)
    few = estimate(study, "ac2", n_boot=300).iloc[0]
    assert few["value"] == pytest.approx(estimate(with_levels, "ac2", n_boot=0)["value"][0])
    assert "no declared levels" in few["note"]
    many = estimate(study_of(rng.normal(size=(60, 3)), "interval"), "ac2", "brennan_prediger", n_boot=300)
    assert many["value"].isna().all()
    assert many["note"].str.startswith("not estimable: 180 distinct values").all()
