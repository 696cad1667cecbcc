"""REML variance components: lme4's values, the closed form of balanced tables, and the criterion written out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from references import data_sets, read

from judgekit.stats import crossed
from judgekit.stats.mean_squares import MeanSquares
from judgekit.stats.reml import Components, components, predicted


def long(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    item, rater = np.nonzero(np.isfinite(X))
    return X[item, rater], item, rater


def criterion(y: np.ndarray, item: np.ndarray, rater: np.ndarray | None, parts: list[float]) -> float:
    """Return -2 × the restricted log-likelihood with V written out in full."""
    rater = np.zeros_like(item) if rater is None else rater
    cell = np.unique(item * 1000 + rater, return_inverse=True)[1]
    V = parts[3] * np.eye(len(y))
    for variance, factor in zip(parts, (item, rater, cell), strict=False):
        V += variance * np.equal.outer(factor, factor)
    inverse = np.linalg.inv(V)
    mass = inverse.sum()
    resid = y - inverse.sum(axis=0) @ y / mass
    return float((len(y) - 1) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + np.log(mass) + resid @ inverse @ resid)


def parts_of(found: Components) -> list[float]:
    return [found.item, found.rater, 0.0 if np.isnan(found.interaction) else found.interaction, found.residual]


def planted(
    seed: int, n: int = 12, raters: int = 4, reps: int = 1, kept: float = 0.7
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ratings with known components, cells missing at random."""
    rng = np.random.default_rng(seed)
    item, rater, _ = (axis.ravel() for axis in np.indices((n, raters, reps)))
    both = rng.normal(0, 0.6, (n, raters)) * (reps > 1)
    y = rng.normal(size=n)[item] + rng.normal(0, 0.5, raters)[rater] + both[item, rater] + rng.normal(size=len(item))
    there = rng.random(len(item)) < kept
    return 10 + 3 * y[there], item[there], rater[there]


def test_the_penicillin_data_as_lme4_fits_them(reference: Path) -> None:
    theirs = read(reference, "r_published_examples.json")["lme4_Penicillin_REML"]
    data = theirs["data"]
    found = components(np.array(data["diameter"], dtype=float), np.array(data["plate"]), np.array(data["sample"]))
    assert found.status == "converged"
    assert found.criterion == pytest.approx(theirs["REMLcrit"], abs=2e-8)
    wanted = [theirs["sd"][name] ** 2 for name in ("plate", "sample", "Residual")]
    np.testing.assert_allclose([found.item, found.rater, found.residual], wanted, rtol=2e-4)
    assert found.mean == pytest.approx(theirs["intercept"], abs=1e-9)
    printed = read(reference, "published.json")["penicillin_lme4"]
    assert found.criterion == pytest.approx(printed["REML"], abs=5.1e-5)
    wanted = [printed[f"sd_{name}"] for name in ("plate", "sample", "resid")]
    # five digits are printed, but the optimiser stopped some 5e-5 from the maximum, which has a closed form here
    np.testing.assert_allclose(np.sqrt([found.item, found.rater, found.residual]), wanted, atol=6e-5)


def test_every_data_set_as_lme4_fits_it(reference: Path) -> None:
    for name, X, results in data_sets(reference):
        theirs = results["lmer_REML_crossed"]
        found = components(*long(X))
        assert found.status == "converged", name
        wanted = [theirs[key] for key in ("item", "rater", "Residual")]
        np.testing.assert_allclose([found.item, found.rater, found.residual], wanted, rtol=2e-4, atol=1e-8)
        assert found.mean == pytest.approx(theirs["intercept"], rel=1e-5), name
        # lme4 stops when it is near enough; what is found here is at least as good
        assert -1e-6 < found.criterion + 2 * theirs["logLik"] < 1e-8, name
        assert (found.rater == 0) == theirs["singular"], name


def test_the_generalisability_study_of_a_complete_table(reference: Path) -> None:
    theirs = read(reference, "r_models.json")["gstudy_pxr_anova"]
    X = next(X for name, X, _ in data_sets(reference) if name == "likert5_complete_100x4.csv")
    found = components(*long(X))
    wanted = [theirs[key] for key in ("var_item", "var_rater", "var_res")]
    np.testing.assert_allclose([found.item, found.rater, found.residual], wanted, rtol=1e-7)


@given(st.integers(0, 10_000), st.integers(3, 40), st.integers(2, 7))
@settings(max_examples=40, deadline=None)
def test_a_complete_table_has_the_components_of_its_mean_squares(seed: int, n: int, raters: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 1)) + rng.normal(0, 0.7, raters) + rng.normal(0, 0.8, (n, raters))
    squares = MeanSquares.of(X)
    item, rater = (squares.items - squares.residual) / raters, (squares.raters - squares.residual) / n
    found = components(*long(X))
    if item > 0 and rater > 0:
        np.testing.assert_allclose(
            [found.item, found.rater, found.residual], [item, rater, squares.residual], rtol=1e-7
        )
    else:
        assert found.item >= 0 <= found.rater
        assert 0 in (found.item, found.rater)


@given(st.integers(0, 10_000), st.sampled_from([1, 3]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_criterion_is_that_of_the_full_covariance_and_lowest_there(seed: int, reps: int, turned: bool) -> None:
    y, item, rater = planted(seed, reps=reps)
    if turned:
        item, rater = rater, item
    found = components(y, item, rater)
    assert found.status == "converged"
    parts = parts_of(found)
    best = criterion(y, item, rater, parts)
    assert found.criterion == pytest.approx(best, abs=1e-8)
    asked = [0, 1, 3] if np.isnan(found.interaction) else [0, 1, 2, 3]
    for k in asked:
        for factor in (0.9, 1.1):
            moved = list(parts)
            moved[k] = parts[k] * factor if parts[k] > 0 else 0.02 * parts[3]
            assert criterion(y, item, rater, moved) >= best - 1e-9


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_one_way_is_the_model_without_raters(seed: int) -> None:
    y, item, _ = planted(seed)
    found = components(y, item)
    parts = [found.item, 0.0, 0.0, found.residual]
    assert found.criterion == pytest.approx(criterion(y, item, None, parts), abs=1e-8)
    for k in (0, 3):
        for factor in (0.9, 1.1):
            moved = list(parts)
            moved[k] = parts[k] * factor if parts[k] > 0 else 0.02 * parts[3]
            assert criterion(y, item, None, moved) >= found.criterion - 1e-9


def test_one_way_agrees_with_statsmodels() -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    y, item, _ = planted(3, n=60, raters=5)
    theirs = MixedLM(y, np.ones((len(y), 1)), item).fit(reml=True)
    found = components(y, item)
    assert found.item == pytest.approx(float(theirs.cov_re[0, 0]), rel=1e-4)
    assert found.residual == pytest.approx(theirs.scale, rel=1e-4)
    assert found.criterion == pytest.approx(-2 * theirs.llf, abs=1e-5)


@given(st.integers(0, 10_000), st.sampled_from([1, 2]))
@settings(max_examples=25, deadline=None)
def test_order_labels_units_and_sides_do_not_matter(seed: int, reps: int) -> None:
    y, item, rater = planted(seed, reps=reps)
    found = components(y, item, rater)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    names = np.array([f"r{k}" for k in rng.permutation(rater.max() + 1)])
    again = components(y[order], rng.permutation(item.max() + 1)[item][order], names[rater][order])
    other = components(100 + 5 * y, item, rater)
    turned = components(y, rater, item)
    ours = np.nan_to_num(parts_of(found))
    np.testing.assert_allclose(parts_of(again), ours, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(np.array(parts_of(other)) / 25, ours, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(np.array(parts_of(turned))[[1, 0, 2, 3]], ours, rtol=1e-5, atol=1e-7)
    assert other.mean == pytest.approx(100 + 5 * found.mean)
    assert again.criterion == pytest.approx(found.criterion, abs=1e-8)


def test_planted_components_are_found() -> None:
    rng = np.random.default_rng(1)
    n, raters = 3_000, 200
    item = np.repeat(np.arange(n), 6)
    rater = np.concatenate([rng.choice(raters, 6, replace=False) for _ in range(n)])
    y = rng.normal(0, 0.8, n)[item] + rng.normal(0, 0.4, raters)[rater] + rng.normal(size=len(item))
    found = components(y, item, rater)
    np.testing.assert_allclose(np.sqrt([found.item, found.rater, found.residual]), [0.8, 0.4, 1.0], atol=0.04)


def test_sparse_and_dense_incidence_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    for reps in (1, 3):
        data = planted(5, n=30, raters=8, reps=reps, kept=0.3)
        dense = components(*data)
        monkeypatch.setattr(crossed, "DENSE", 0)
        sparse = components(*data)
        monkeypatch.undo()
        np.testing.assert_allclose(parts_of(sparse), parts_of(dense), rtol=1e-9, atol=1e-12)


def test_predicted_effects_are_those_of_the_full_covariance() -> None:
    for reps in (1, 2):
        y, item, rater = planted(11, n=20, raters=6, reps=reps)
        found = components(y, item, rater)
        ours = predicted(found, y, item, rater)
        cell = np.unique(item * 1000 + rater, return_inverse=True)[1]
        V = found.residual * np.eye(len(y))
        for variance, factor in zip(parts_of(found), (item, rater, cell), strict=False):
            V += variance * np.equal.outer(factor, factor)
        e = np.linalg.solve(V, y - found.mean)
        np.testing.assert_allclose(ours[0], found.item * np.bincount(item, weights=e), atol=1e-9)
        np.testing.assert_allclose(ours[1], found.rater * np.bincount(rater, weights=e), atol=1e-9)


GRID = np.indices((5, 3)).reshape(2, -1)


@pytest.mark.parametrize(
    ("y", "item", "rater", "status"),
    [
        ([], [], [], "fewer than three ratings"),
        ([1.0, np.nan, 2.0], [0, 0, 1], [0, 1, 1], "fewer than three ratings"),
        ([2.0] * 4, [0, 0, 1, 1], [0, 1, 0, 1], "all ratings are equal"),
        ([1.0, 2.0, 4.0], [0, 1, 2], [0, 1, 2], "no item has two ratings"),
        ([1.0, 2.0, 4.0, 3.0], [0, 0, 1, 1], [0, 1, 2, 3], "no rater has two items"),
        (GRID[0] * 1.0, *GRID, "no residual variance"),
        (GRID[0] + 0.5 * GRID[1], *GRID, "no residual variance"),
    ],
)
def test_degenerate_ratings_get_a_status(y: list[float], item: list[int], rater: list[int], status: str) -> None:
    found = components(np.array(y), np.array(item), np.array(rater))
    assert status in found.status


def test_additive_ratings_have_the_variances_of_their_effects() -> None:
    found = components(GRID[0] + 0.5 * GRID[1], *GRID)
    assert (found.item, found.rater, found.residual) == pytest.approx((2.5, 0.25, 0.0))
    item, rater = predicted(found, GRID[0] + 0.5 * GRID[1], *GRID)
    np.testing.assert_allclose(item, [-2, -1, 0, 1, 2], atol=1e-9)
    np.testing.assert_allclose(rater, [-0.5, 0, 0.5], atol=1e-9)


def test_equal_repeated_answers_leave_the_cells_as_residual() -> None:
    y, item, rater = planted(2)
    once = components(y, item, rater)
    twice = components(np.tile(y, 2), np.tile(item, 2), np.tile(rater, 2))
    assert twice.residual == 0
    assert (twice.item, twice.rater, twice.interaction) == pytest.approx((once.item, once.rater, once.residual))
    assert "repeated answers are all equal" in twice.status
