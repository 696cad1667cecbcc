"""Krippendorff's alpha against the paper, R and the krippendorff package, and against loops over pairs."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from references import (
    R_WEIGHTS,
    codes_of,
    data_sets,
    drawn,
    pairs_of_table,
    panels,
    published_panels,
    read,
    spread,
    study_of,
)

from judgekit.errors import InputError
from judgekit.schema import SCALES
from judgekit.stats.alpha import Alpha, AlphaMoments
from judgekit.stats.battery import estimate
from judgekit.stats.weights import agreement_weights

CODES = (1.0, 2.0, 3.0)
#: irr 0.84.1 divides by a wrong number where no rating is missing and there are more than two raters.
IRR_BAD = {"binary_complete_60x3.csv", "likert5_complete_100x4.csv", "continuous_70x3.csv"}
#: irrCAC's weights that are Krippendorff's distances; its "ordinal" is another one.
IRRCAC = {"unweighted": "nominal", "quadratic": "interval", "ratio": "ratio"}


def value(X: np.ndarray, scale: str, codes: tuple[float, ...] | None = None) -> float:
    made = Alpha(codes or codes_of(X), scale, 2)
    return float(made.point(made.features(X).sum(axis=0)))


def moments(X: np.ndarray) -> float:
    made = AlphaMoments(float(np.nanmean(X)))
    return float(made.point(made.features(X).sum(axis=0)))


def test_data_sets_to_full_precision(reference: Path) -> None:
    kept = read(reference, "py_reference.json")["krippendorff_pkg_0_9_0"]
    compared = 0
    for name, X, _ in data_sets(reference):
        for scale, theirs in kept[name].items():
            if len(codes_of(X)) < 50:
                assert value(X, scale) == pytest.approx(theirs["alpha"], abs=1e-12)
                compared += 1
            if scale == "interval":
                assert moments(X) == pytest.approx(theirs["alpha"], abs=1e-12)
    assert compared == 8 * 4


def test_jackknife_over_pairable_units(reference: Path) -> None:
    kept = read(reference, "py_reference.json")["krippendorff_pkg_0_9_0"]
    for name, X, _ in data_sets(reference):
        X = X[np.isfinite(X).sum(axis=1) >= 2]
        n = len(X)
        for scale, theirs in kept[name].items():
            made = Alpha(codes_of(X), scale, 2) if len(codes_of(X)) < 50 else AlphaMoments(50.0)
            phi = made.features(X)
            left_out = made.point(phi.sum(axis=0) - phi)
            error = np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2))
            assert n == theirs["n_pairable_units"]
            assert error == pytest.approx(theirs["jackknife_se_pairable_units"], rel=1e-9)


def test_data_sets_as_irr_says_where_it_is_right(reference: Path) -> None:
    compared = 0
    for name, X, results in data_sets(reference):
        if name not in IRR_BAD:
            for scale, theirs in results["irr_kripp"].items():
                assert value(X, scale) == pytest.approx(theirs, abs=1e-10)
                compared += 1
    assert compared == 6 * 4
    published = read(reference, "r_published_examples.json")["krippendorff2011_irr"]
    X = np.array(read(reference, "published.json")["krippendorff_2011"]["data_raters_x_units"], dtype=float).T
    for scale, theirs in published.items():
        assert value(X, scale) == pytest.approx(theirs, abs=1e-10)


def test_panels_as_irrcac_says(reference: Path) -> None:
    compared = 0
    for _, X, results in [*data_sets(reference), *published_panels(reference)]:
        for weights, theirs in results.get("irrCAC", results).get("kripp", {}).items():
            if weights in IRRCAC:
                assert value(X, IRRCAC[weights]) == pytest.approx(theirs["est"], abs=6e-6)
                compared += 1
    assert compared == 8 * 3 + 3 + 3
    entry = read(reference, "r_published_examples.json")["irrCAC"]["distrib.6raters"]
    X = spread([list(line.values()) for line in entry["counts"]])
    assert value(X, "nominal", tuple(range(5))) == pytest.approx(entry["coefs"]["kripp"]["est"], abs=6e-6)


def weighted(X: np.ndarray, weights: str, codes: tuple[float, ...]) -> tuple[float, float, float]:
    """Return alpha under agreement weights, its observed and its chance agreement: from our coincidences."""
    made = Alpha(codes, "nominal", 2)
    w = agreement_weights(codes, R_WEIGHTS.get(weights, weights))
    upper = np.zeros((len(codes), len(codes)))
    upper[np.triu_indices(len(codes))] = made.features(X).sum(axis=0)
    o = upper + np.triu(upper, 1).T
    n = o.sum()
    p = o.sum(axis=0) / n
    observed, chance = np.sum(o * w) / n * (1 - 1 / n) + 1 / n, p @ w @ p
    return (observed - chance) / (1 - chance), observed, chance


def test_all_weights_of_irrcac_on_our_coincidences(reference: Path) -> None:
    """Under weights that are no scale of ours irrCAC's alpha, and both agreements behind it, need no other sums."""
    # not compared: irrCAC's standard error, p and interval of alpha, which has a bootstrap here and no formula
    compared = 0
    for _, X, results in [*data_sets(reference), *published_panels(reference)]:
        for weights, theirs in results.get("irrCAC", results).get("kripp", {}).items():
            found, observed, chance = weighted(X, weights, codes_of(X))
            assert found == pytest.approx(theirs["est"], abs=6e-6)
            assert [observed, chance] == pytest.approx([theirs["pa"], theirs["pe"]], abs=1e-10)
            compared += 1
    assert compared == 8 * 6 + 8 + 3
    published = read(reference, "r_published_examples.json")["irrCAC"]
    theirs = published["distrib.6raters"]["coefs"]["kripp"]
    X = spread([list(line.values()) for line in published["distrib.6raters"]["counts"]])
    found = weighted(X, "unweighted", tuple(range(5)))
    assert found == pytest.approx([theirs[name] for name in ("est", "pa", "pe")], abs=1e-10)
    X = pairs_of_table(published["cont3x3abstractors"]["table"])
    for weights, theirs in published["cont3x3abstractors"]["coefs"]["kripp"].items():
        assert weighted(X, weights, (0, 1, 2))[0] == pytest.approx(theirs["est"], abs=1e-10)
        compared += 1
    assert compared == 8 * 6 + 8 + 3 + 3


@pytest.mark.parametrize("name", ["krippendorff_2011", "krippendorff_wikipedia"])
def test_published_examples_as_printed(reference: Path, name: str) -> None:
    entry = read(reference, "published.json")[name]
    X = np.array(entry["data_raters_x_units"], dtype=float).T
    digits = {"krippendorff_2011": 5.1e-4, "krippendorff_wikipedia": 5.1e-7}[name]
    for scale, printed in entry["alpha"].items():
        assert value(X, scale) == pytest.approx(printed, abs=digits)


def test_four_raters_as_gwet_prints_them(reference: Path) -> None:
    X = next(X for name, X, _ in published_panels(reference) if name == "cac.raw4raters")
    printed = read(reference, "published.json")["gwet_raw4raters"]["krippendorff"]
    assert value(X, "nominal") == pytest.approx(printed, abs=6e-6)


@pytest.mark.parametrize("seed", range(12))
def test_random_designs_as_the_package_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = tuple(np.sort(rng.choice(np.arange(0, 12), int(rng.integers(2, 6)), replace=False)).astype(float))
    n, raters, missing = int(rng.integers(5, 120)), int(rng.integers(2, 9)), rng.choice([0, 0.3, 0.6])
    X = drawn(rng, n, raters, codes, float(missing))
    pairable = X[np.isfinite(X).sum(axis=1) >= 2]
    if len(np.unique(pairable[np.isfinite(pairable)])) < 2:
        pytest.skip("one level only")
    for scale in SCALES:
        theirs = krippendorff.alpha(reliability_data=X.T, level_of_measurement=scale)
        assert value(X, scale, codes) == pytest.approx(theirs, abs=1e-9)
    assert moments(X) == pytest.approx(value(X, "interval", codes), abs=1e-9)


def slow(X: np.ndarray, scale: str) -> float:
    """By the definition: disagreement within units over disagreement among all pairable values."""
    units = [[v for v in line if np.isfinite(v)] for line in X]
    units = [unit for unit in units if len(unit) > 1]
    values = [v for unit in units for v in unit]
    n = len(values)

    def distance(a: float, b: float) -> float:
        if scale == "nominal":
            return float(a != b)
        if scale == "ratio":
            return ((a - b) / (a + b)) ** 2
        if scale == "interval":
            return (a - b) ** 2
        low, high = min(a, b), max(a, b)
        return (sum(low <= v <= high for v in values) - (values.count(a) + values.count(b)) / 2) ** 2 if a != b else 0.0

    within = sum(distance(a, b) / (len(unit) - 1) for unit in units for a, b in permutations(unit, 2))
    among = sum(distance(a, b) for a, b in permutations(values, 2)) / (n - 1) if n > 1 else 0
    return 1 - within / among if among > 0 else np.nan


@settings(max_examples=50, deadline=None)
@given(panels(most_items=7, most_raters=4))
def test_as_the_loops_say(X: np.ndarray) -> None:
    for scale in SCALES:
        assert value(X, scale, CODES) == pytest.approx(slow(X, scale), abs=1e-9, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(panels())
def test_order_and_nominal_names_do_not_matter(X: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    shuffled = np.array([rng.permutation(line) for line in X[rng.permutation(len(X))]])
    for scale in SCALES:
        assert value(shuffled, scale, CODES) == pytest.approx(value(X, scale, CODES), abs=1e-9, nan_ok=True)
    renamed = np.array([np.nan, 7.0, 0.0, 3.0])[np.where(np.isfinite(X), X, 0).astype(int)]
    again = value(renamed, "nominal", (0.0, 3.0, 7.0))
    assert again == pytest.approx(value(X, "nominal", CODES), abs=1e-9, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(panels(gaps=False))
def test_items_given_twice_move_alpha_towards_its_population_value(X: np.ndarray) -> None:
    for scale in SCALES:
        made = Alpha(CODES, scale, 2)
        once = made.features(X).sum(axis=0)
        many = made.features(np.tile(X, (200, 1))).sum(axis=0)
        assert made.population(many) == pytest.approx(float(made.population(once)), abs=1e-9, nan_ok=True)
        assert made.point(many) == pytest.approx(float(made.population(once)), abs=0.02, nan_ok=True)


def test_perfect_agreement_one_label_and_single_ratings() -> None:
    same = np.repeat(np.array([[1.0], [2.0], [3.0]]), 3, axis=1)
    assert [value(same, scale) for scale in SCALES] == pytest.approx([1, 1, 1, 1])
    assert np.isnan(value(np.ones((4, 2)), "nominal", CODES))
    lonely = np.array([[1.0, np.nan], [np.nan, 3.0], [2.0, 2.0], [1.0, 2.0]])
    for scale in SCALES:
        assert value(lonely, scale, CODES) == pytest.approx(value(lonely[2:], scale, CODES), abs=1e-12)


def test_rows_of_a_study_at_each_scale() -> None:
    X = drawn(np.random.default_rng(1), 60, 4, CODES, missing=0.2)
    for scale in SCALES:
        table = estimate(study_of(X, scale, [1, 2, 3], judges=("judge",)), "alpha", n_boot=500)
        people = table[table["a"] == table["b"]].iloc[0]
        assert people["value"] == pytest.approx(value(X[:, 1:], scale, CODES), abs=1e-12)
        assert people["low"] < people["value"] < people["high"]
        assert people["method"].startswith(f"{scale} distances")
        joined = table[(table["a"] == "judge") & (table["n_raters"] == 4)].iloc[0]
        assert joined["value"] == pytest.approx(value(X, scale, CODES), abs=1e-12)
        used = np.isfinite(X[:, 1:]).sum(axis=1) >= 2
        assert people["n_items"] == used.sum()
        assert people["n_ratings"] == np.isfinite(X[used, 1:]).sum()


def test_values_on_a_continuum() -> None:
    X = np.random.default_rng(2).normal(size=(50, 1)) + 0.5 * np.random.default_rng(3).normal(size=(50, 3))
    row = estimate(study_of(X, "interval"), "alpha", n_boot=500).iloc[0]
    assert row["value"] == pytest.approx(moments(X), abs=1e-12)
    assert row["low"] < row["value"] < row["high"]


def test_other_scales_from_the_same_draws() -> None:
    X = drawn(np.random.default_rng(4), 60, 4, CODES, missing=0.2)
    study = study_of(X, "ordinal", [1, 2, 3], judges=("judge",))
    beside = estimate(study, "alpha", n_boot=500, scales=["nominal", "interval", "ordinal"])
    assert list(dict.fromkeys(beside["statistic"])) == ["alpha", "alpha.nominal", "alpha.interval"]
    numbers = ["value", "low", "high", "n_items", "n_ratings"]
    for name in ("nominal", "interval", "ordinal"):
        alone = estimate(study_of(X, name, [1, 2, 3], judges=("judge",)), "alpha", n_boot=500)
        rows = beside[beside["statistic"] == ("alpha" if name == "ordinal" else f"alpha.{name}")]
        np.testing.assert_array_equal(rows[numbers].to_numpy(float), alone[numbers].to_numpy(float))
        assert list(rows["method"]) == list(alone["method"])


def test_levels_without_order_have_no_other_scale_and_unknown_ones_are_named() -> None:
    X = drawn(np.random.default_rng(4), 40, 3, CODES)
    table = estimate(study_of(X, "nominal", [1, 2, 3]), "alpha", n_boot=0, scales=["ordinal"])
    assert set(table["statistic"]) == {"alpha"}
    with pytest.raises(InputError, match=r"'?likert'?.*nominal"):
        estimate(study_of(X, "ordinal", [1, 2, 3]), "alpha", n_boot=0, scales=["likert"])


def test_options_go_to_the_statistics_that_have_them() -> None:
    X = drawn(np.random.default_rng(5), 40, 3, CODES)
    study = study_of(X, "ordinal", [1, 2, 3])
    table = estimate(study, "alpha", "percent", n_boot=0, scales=["nominal"])
    assert {"alpha", "alpha.nominal", "percent"} <= set(table["statistic"])
    with pytest.raises(InputError, match=r"'scale'.*scales"):
        estimate(study, "alpha", "percent", n_boot=0, scale="nominal")
