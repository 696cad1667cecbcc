"""Bland and Altman's limits of agreement: the papers' example, R's values, intervals of bias and limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from references import data_sets, drawn, read, study_of

from judgekit.errors import InputError
from judgekit.stats.battery import estimate
from judgekit.stats.limits import Limits, side_mean

PAIR = Limits((((0,), (1,)),), 1.96)


def values_of(limits: Limits, X: np.ndarray) -> np.ndarray:
    return limits.point(limits.features(X).sum(axis=0))


def rows_of(X: np.ndarray, judges: tuple[str, ...] = (), levels: list[object] | None = None, **options: object):
    found = estimate(study_of(X, "interval", levels=levels, judges=judges), "bland_altman", **{"n_boot": 400} | options)
    return found[found["subset"] == "all"].set_index(["statistic", "a", "b"])


def test_bias_and_limits_are_those_of_r(reference: Path) -> None:
    compared = 0
    for name, X, results in data_sets(reference):
        theirs = results.get("pair12", {}).get("bland_altman")
        if theirs is None:
            continue
        wanted = [theirs[key] for key in ("mean_diff", "loa_low", "loa_high")]
        found = values_of(PAIR, X[:, :2])
        np.testing.assert_allclose(found, wanted, atol=1e-9, err_msg=name)
        assert (found[2] - found[1]) / (2 * 1.96) == pytest.approx(theirs["sd_diff"], abs=1e-10), name
        compared += 1
    assert compared == 8


def test_the_analytic_interval_of_the_bias_is_that_of_the_paired_t_test(reference: Path) -> None:
    for name, X, results in data_sets(reference):
        theirs = results.get("pair12", {}).get("paired_t")
        if theirs is None:
            continue
        found = rows_of(X[:, :2], n_boot=0, interval="analytic").loc[("bland_altman.bias", "h1", "h2")]
        np.testing.assert_allclose((found["low"], found["high"]), theirs["ci"], atol=1e-9, err_msg=name)


def test_the_peak_flow_meters_of_1986(reference: Path) -> None:
    data = read(reference, "r_published_examples.json")["bland_altman1986"]
    printed = read(reference, "published.json")["bland_altman_1986"]
    X = np.array([data["wright"], data["mini"]], dtype=float).T
    bias, lower, upper = values_of(Limits((((0,), (1,)),), 2.0), X)
    assert bias == pytest.approx(data["mean_diff"], abs=1e-9)
    np.testing.assert_allclose((lower, upper), data["loa2sd"], atol=1e-8)
    assert (upper - lower) / 4 == pytest.approx(data["sd"], abs=1e-9)
    assert round((upper - lower) / 4, 1) == printed["sd"]
    assert round(bias, 1) == printed["mean_diff_l_min"]
    # the paper takes twice the rounded standard deviation of 38.8
    np.testing.assert_allclose((lower, upper), printed["limits"], atol=0.1)


def test_limits_have_the_interval_of_1999() -> None:
    X = drawn(np.random.default_rng(0), 50, 2, tuple(np.arange(20.0)))
    d = X[:, 0] - X[:, 1]
    found = rows_of(X, n_boot=0, interval="analytic")
    from scipy.stats import t

    error = d.std(ddof=1) * np.sqrt(1 / 50 + 1.96**2 / (2 * 49))
    for name in ("lower", "upper"):
        row = found.loc[(f"bland_altman.{name}", "h1", "h2")]
        assert row["high"] - row["value"] == pytest.approx(t.ppf(0.975, 49) * error)
        assert row["value"] - row["low"] == pytest.approx(t.ppf(0.975, 49) * error)


@given(st.integers(0, 10_000), st.integers(4, 30), st.floats(0.5, 3))
@settings(max_examples=40, deadline=None)
def test_the_definition_written_out(seed: int, n: int, multiple: float) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(5, 2, (n, 4))
    X[rng.random(X.shape) < 0.2] = np.nan
    X[:2] = rng.normal(size=(2, 4))
    limits = Limits((((0,), (1, 2, 3)), ((1,), (2,))), multiple)
    wanted = []
    for left, right in limits.sides:
        d = []
        for line in X:
            a, b = ([v for v in line[list(side)] if np.isfinite(v)] for side in (left, right))
            if a and b:
                d.append(np.mean(a) - np.mean(b))
        mean, s = np.mean(d), np.std(d, ddof=1)
        wanted += [mean, mean - multiple * s, mean + multiple * s]
    np.testing.assert_allclose(values_of(limits, X), wanted)
    np.testing.assert_allclose(values_of(limits, X[rng.permutation(n)] + 50), wanted, atol=1e-7)
    turned = Limits(tuple((right, left) for left, right in limits.sides), multiple)
    np.testing.assert_allclose(values_of(turned, X).reshape(-1, 3), -np.array(wanted).reshape(-1, 3)[:, [0, 2, 1]])


def test_replicates_are_weighted_moments() -> None:
    rng = np.random.default_rng(1)
    X, w = rng.normal(size=(12, 2)), rng.standard_exponential(12)
    d, share = X[:, 0] - X[:, 1], w / w.sum()
    s = np.sqrt(share @ (d - share @ d) ** 2)
    ours = PAIR.population(w @ PAIR.features(X))
    np.testing.assert_allclose(ours, [share @ d, share @ d - 1.96 * s, share @ d + 1.96 * s])


def test_side_mean_is_nan_where_nobody_answered() -> None:
    np.testing.assert_equal(side_mean(np.array([[1.0, 3.0], [np.nan, 2.0], [np.nan, np.nan]])), [2.0, 2.0, np.nan])


def test_rows_of_a_judge_the_pool_and_single_raters() -> None:
    X = drawn(np.random.default_rng(0), 40, 4, (1.0, 2.0, 3.0, 4.0, 5.0), missing=0.2)
    found = rows_of(X, judges=("judge",), levels=[1, 2, 3, 4, 5])
    assert ("people", "people") not in set(found.index.droplevel(0))
    assert {("judge", "people"), ("judge", "h1"), ("h1", "h2")} <= set(found.index.droplevel(0))
    assert "mean of 3 raters" in found.loc[("bland_altman.bias", "judge", "people"), "method"]
    assert np.all((found["low"] < found["value"]) & (found["value"] < found["high"]))
    bias = found.xs("bland_altman.bias")["value"]
    assert bias[("judge", "people")] == pytest.approx(np.nanmean(X[:, 0] - side_mean(X[:, 1:])))
    lower, upper = (found.xs(f"bland_altman.{name}")["value"] for name in ("lower", "upper"))
    np.testing.assert_allclose((lower + upper) / 2, bias)


def test_equal_differences_have_no_analytic_interval_but_a_wide_one() -> None:
    X = np.repeat(np.arange(20.0)[:, None] % 5, 2, axis=1) + np.array([0.0, 1.0])
    found = rows_of(X)
    assert np.all(found["low"] < found["high"])
    np.testing.assert_allclose(found["value"], -1)
    analytic = rows_of(X, interval="analytic")
    assert analytic["low"].isna().all()
    assert analytic["note"].str.contains("no variation").all()


def test_one_common_item_has_a_bias_and_no_limits() -> None:
    X = np.array([[1.0, 2.0], [3.0, np.nan], [np.nan, 4.0]])
    found = rows_of(X)
    assert found.loc[("bland_altman.bias", "h1", "h2"), "value"] == -1
    assert pd.isna(found.loc[("bland_altman.lower", "h1", "h2"), "value"])


def test_unknown_interval_and_nominal_criteria() -> None:
    X = drawn(np.random.default_rng(0), 10, 2, (1.0, 2.0))
    with pytest.raises(InputError, match="no interval is called"):
        rows_of(X, interval="t")
    assert estimate(study_of(X, "nominal"), "bland_altman", n_boot=0).empty
