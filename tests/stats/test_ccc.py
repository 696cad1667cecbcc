"""Lin's concordance correlation: epiR's values, the definition written out, weighted kappa."""

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
from judgekit.stats.ccc import ALL, lin_interval
from judgekit.stats.moments import MomentKernel

CODES = (1.0, 2.0, 3.0, 4.0, 5.0)


def parts(x: np.ndarray, y: np.ndarray, w: np.ndarray | None = None) -> dict[str, float]:
    """Return the kernel's statistics of one pair."""
    weight = np.ones(len(x)) if w is None else w
    kernels = {part: MomentKernel(part, float(x.mean())) for part in ("pearson", *ALL)}
    S = kernels["ccc"].features(x[:, None], y[:, None], weight[:, None]).sum(axis=0)
    return {part: float(kernel.values(S)[0][0]) for part, kernel in kernels.items()}


def test_value_limits_and_parts_are_those_of_epir(reference: Path) -> None:
    compared = 0
    for name, X, results in data_sets(reference):
        theirs = results.get("pair12", {}).get("epi_ccc")
        if theirs is None:
            continue
        pair = X[np.isfinite(X[:, :2]).all(axis=1), :2]
        ours = parts(*pair.T)
        assert ours["ccc"] == pytest.approx(theirs["est"], abs=1e-10), name
        np.testing.assert_allclose(
            lin_interval(pair, 0.95), (theirs["lower"], theirs["upper"]), atol=1e-9, err_msg=name
        )
        assert ours["bias_correction"] == pytest.approx(theirs["C.b"], abs=1e-10), name
        # epiR takes the second rater against the first
        assert np.exp(-ours["scale"]) == pytest.approx(theirs["scale_shift"], abs=1e-9), name
        assert -ours["location"] == pytest.approx(theirs["loc_shift"], abs=1e-9), name
        compared += 1
    assert compared >= 5


def test_the_peak_flow_meters_of_1986(reference: Path) -> None:
    data = read(reference, "r_published_examples.json")["bland_altman1986"]
    pair = np.array([data["wright"], data["mini"]], dtype=float).T
    theirs = data["ccc"][0]
    assert parts(*pair.T)["ccc"] == pytest.approx(theirs["est"], abs=1e-10)
    np.testing.assert_allclose(lin_interval(pair, 0.95), (theirs["lower"], theirs["upper"]), atol=1e-9)


@given(st.integers(0, 10_000), st.integers(3, 30))
@settings(max_examples=60, deadline=None)
def test_the_definition_written_out(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(3, 1, n)
    y = x * rng.uniform(0.2, 2) + rng.normal(0, 1, n) + rng.normal()
    w = rng.standard_exponential(n)
    ours, share = parts(x, y, w), w / w.sum()
    mx, my = share @ x, share @ y
    vx, vy, c = share @ (x - mx) ** 2, share @ (y - my) ** 2, share @ ((x - mx) * (y - my))
    assert ours["ccc"] == pytest.approx(1 - share @ (x - y) ** 2 / (vx + vy + (mx - my) ** 2))
    assert ours["pearson"] == pytest.approx(c / np.sqrt(vx * vy))
    assert ours["ccc"] == pytest.approx(ours["pearson"] * ours["bias_correction"])
    v, u = np.exp(ours["scale"]), ours["location"]
    assert (v, u) == pytest.approx((np.sqrt(vx / vy), (mx - my) / (vx * vy) ** 0.25))
    assert ours["bias_correction"] == pytest.approx(2 / (v + 1 / v + u**2))
    turned = parts(y, x, w)
    assert turned["ccc"] == pytest.approx(ours["ccc"])
    assert (turned["scale"], turned["location"]) == pytest.approx((-ours["scale"], -u))
    moved = parts(100 + 3 * x, 100 + 3 * y, w)
    assert moved == pytest.approx(ours, abs=1e-7)


def test_undefined_parts_are_nan() -> None:
    flat, varied = np.full(5, 2.0), np.arange(5.0)
    assert np.isnan(parts(flat, flat)["ccc"])
    assert parts(flat, varied)["ccc"] == 0
    assert np.isnan([parts(flat, varied)[part] for part in ("pearson", "bias_correction", "location", "scale")]).all()
    assert np.isnan(lin_interval(np.column_stack([varied, varied]), 0.95)).all()
    assert np.isnan(lin_interval(np.ones((2, 2)), 0.95)).all()


def rows_of(X: np.ndarray, judges: tuple[str, ...] = (), scale: str = "interval", **options: object) -> pd.DataFrame:
    levels = list(CODES) if scale != "continuum" else None
    study = study_of(X, "interval" if scale == "continuum" else scale, levels=levels, judges=judges)
    found = estimate(study, "ccc", n_boot=400, **options)
    return found[found["subset"] == "all"].set_index(["statistic", "a", "b"])


def test_rows_of_a_judge_people_and_judges() -> None:
    X = drawn(np.random.default_rng(0), 40, 5, CODES)
    found = rows_of(X, judges=("one", "two"))
    pooled = found.xs("people", level="a")
    assert set(pooled.index.get_level_values(0)) == {"ccc"}
    joined = found.xs(("one", "people"), level=("a", "b"))
    assert list(joined.index) == ["ccc", "ccc.bias_correction", "ccc.location", "ccc.scale"]
    assert np.all((found["low"] < found["high"]) & (found["low"] <= found["value"]) & (found["value"] <= found["high"]))
    pairs = [parts(X[:, 0], X[:, j]) for j in (2, 3, 4)]
    assert joined.loc["ccc", "value"] == pytest.approx(np.mean([pair["ccc"] for pair in pairs]))
    assert joined.loc["ccc.location", "value"] == pytest.approx(np.mean([pair["location"] for pair in pairs]))
    assert joined.loc["ccc.scale", "value"] == pytest.approx(np.exp(np.mean([pair["scale"] for pair in pairs])))


def test_a_judge_that_says_more_has_a_positive_location() -> None:
    rng = np.random.default_rng(1)
    people = drawn(rng, 60, 3, CODES)
    judge = np.clip(people[:, :1] + 1, 1, 5)
    found = rows_of(np.hstack([judge, people]), judges=("judge",))
    assert found.loc[("ccc.location", "judge", "people"), "low"] > 0


def test_it_is_quadratic_weighted_kappa() -> None:
    X = drawn(np.random.default_rng(2), 50, 4, CODES, missing=0.2)
    study = study_of(X, "ordinal", levels=list(CODES), judges=("judge",))
    kappa = estimate(study, "weighted_kappa", n_boot=0).set_index(["a", "b"])["value"]
    ours = estimate(study, "ccc", n_boot=0)
    ours = ours[ours["statistic"] == "ccc"].set_index(["a", "b"])["value"]
    for pair, value in ours.items():
        assert value == pytest.approx(kappa[pair])


def test_analytic_limits_of_one_pair_only() -> None:
    X = drawn(np.random.default_rng(3), 40, 4, CODES)
    found = rows_of(X, judges=("one", "two"), interval="analytic")
    np.testing.assert_allclose(
        found.loc[("ccc", "one", "two"), ["low", "high"]].astype(float), lin_interval(X[:, :2], 0.95)
    )
    assert "mean over pairs" in found.loc[("ccc", "one", "people"), "note"]
    assert pd.isna(found.loc[("ccc", "one", "people"), "low"])
    with pytest.raises(InputError, match="no interval is called"):
        rows_of(X, interval="z")


def test_perfect_agreement_keeps_an_interval_and_nominal_criteria_are_skipped() -> None:
    X = np.repeat(drawn(np.random.default_rng(4), 30, 1, CODES), 3, axis=1)
    for scale in ("interval", "continuum"):
        found = rows_of(X, scale=scale)
        assert found.loc[("ccc", "people", "people"), "value"] == pytest.approx(1)
        assert found.loc[("ccc", "people", "people"), "low"] < 0.99
    assert rows_of(X, scale="nominal").empty


@pytest.mark.parametrize(("items", "people", "warns"), [(60, 3, True), (320, 3, False), (60, 1, False)])
def test_a_mean_of_bias_corrections_warns_where_items_are_few(items: int, people: int, warns: bool) -> None:
    X = drawn(np.random.default_rng(6), items, people + 1, (1.0, 2.0, 3.0, 4.0, 5.0))
    table = estimate(study_of(X, "ordinal", [1, 2, 3, 4, 5], judges=("judge",)), "ccc", n_boot=200)
    rows = table[(table["a"] == "judge") & (table["b"] == "people")].set_index("statistic")
    assert ("ccc.location" in rows.loc["ccc.bias_correction", "note"]) is warns
    assert "ccc.location" not in rows.loc["ccc", "note"]
