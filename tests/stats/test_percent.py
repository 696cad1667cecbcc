"""Percent agreement, exact and within one level, against R and by counting."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from references import codes_of, data_sets, drawn, panels, published_panels, study_of

from judgekit.stats.battery import estimate


def shares(X: np.ndarray, levels: list[int], scale: str = "ordinal", judges: tuple[str, ...] = ()) -> dict:
    """Return the values by (statistic, a, b), without intervals."""
    table = estimate(study_of(X, scale, levels, judges), "percent", n_boot=0)
    return {(row.statistic, row.a, row.b): row.value for row in table.itertuples()}


def pool_share(X: np.ndarray, levels: list[int], name: str = "percent") -> float:
    found = shares(X, levels)
    return next(value for (statistic, a, b), value in found.items() if statistic == name and a == b)


def test_complete_panels_as_irrcac_says(reference: Path) -> None:
    compared = 0
    for _, X, results in [*data_sets(reference), *published_panels(reference)]:
        theirs = results.get("irrCAC", results).get("pa")
        if theirs and np.isfinite(X).all():
            levels = [int(code) for code in codes_of(X)]
            assert pool_share(X, levels) == pytest.approx(theirs["unweighted"]["pa"], abs=1e-10)
            compared += 1
    assert compared == 4  # with ratings missing irrCAC averages over items, we over pairs


def test_two_raters_as_irr_says(reference: Path) -> None:
    compared = 0
    for _, X, results in data_sets(reference):
        # with more raters irr counts unanimous items (also of its diagnoses and videos): there is no such share here
        if "irr_agree" in results and X.shape[1] == 2:
            levels = [int(code) for code in codes_of(X)]
            assert 100 * pool_share(X, levels) == pytest.approx(results["irr_agree"], abs=1e-9)
            near = pool_share(X, levels, "percent.adjacent")
            assert 100 * near == pytest.approx(results["irr_agree_tol1"], abs=1e-9)
            compared += 1
    assert compared == 1


def slow(X: np.ndarray, pairs: list[tuple[int, int]], steps: int) -> float:
    apart = [abs(X[n, i] - X[n, j]) for n in range(len(X)) for i, j in pairs if np.isfinite(X[n, [i, j]]).all()]
    return float(np.mean([distance <= steps for distance in apart])) if apart else np.nan


@settings(max_examples=12, deadline=None)
@given(panels(levels=4, most_items=15))
def test_as_the_loops_say_whatever_the_order(X: np.ndarray) -> None:
    assume(np.isfinite(X).any(axis=0).all())
    every = list(combinations(range(X.shape[1]), 2))
    rng = np.random.default_rng(0)
    shuffled = X[rng.permutation(len(X))][:, rng.permutation(X.shape[1])]
    for version in (X, shuffled):
        for name, steps in (("percent", 0), ("percent.adjacent", 1)):
            value = pool_share(version, [1, 2, 3, 4], name)
            assert value == pytest.approx(slow(X, every, steps), abs=1e-12, nan_ok=True)


def test_a_judge_is_compared_with_people_only() -> None:
    X = drawn(np.random.default_rng(1), 70, 4, (1.0, 2.0, 3.0), missing=0.3)
    found = shares(X, [1, 2, 3], judges=("judge",))
    pool = next(a for _, a, b in found if a == b)
    mine = [(0, 1), (0, 2), (0, 3)]
    assert found["percent", "judge", pool] == pytest.approx(slow(X, mine, 0), abs=1e-12)
    assert found["percent.adjacent", "judge", pool] == pytest.approx(slow(X, mine, 1), abs=1e-12)
    assert found["percent", pool, pool] == pytest.approx(slow(X[:, 1:], list(combinations(range(3), 2)), 0), abs=1e-12)


def test_adjacent_means_one_level_not_one_unit() -> None:
    X = np.array([[1.0, 3.0], [3.0, 10.0], [1.0, 10.0], [3.0, 3.0]] * 5)
    assert pool_share(X, [1, 3, 10], "percent.adjacent") == pytest.approx(3 / 4)
    assert pool_share(X, [1, 3, 10]) == pytest.approx(1 / 4)


def test_no_adjacent_rows_without_order_or_with_two_levels() -> None:
    X = drawn(np.random.default_rng(2), 30, 2, (1.0, 2.0, 3.0))
    assert {name for name, _, _ in shares(X, [1, 2, 3], "nominal")} == {"percent"}
    assert {name for name, _, _ in shares(np.minimum(X, 2), [1, 2])} == {"percent"}
    table = estimate(study_of(X, "ordinal", [1, 2, 3]), "percent", n_boot=0, adjacent=False)
    assert set(table["statistic"]) == {"percent"}


def test_intervals() -> None:
    X = drawn(np.random.default_rng(3), 60, 3, (1.0, 2.0, 3.0))
    table = estimate(study_of(X, "ordinal", [1, 2, 3]), "percent", n_boot=2000)
    assert ((table["low"] < table["value"]) & (table["value"] < table["high"])).all()
    same = np.repeat(X[:, :1], 3, axis=1)
    row = estimate(study_of(same, "nominal", [1, 2, 3]), "percent", n_boot=2000).iloc[0]
    assert [row["value"], row["high"]] == [1, 1]
    assert 0.85 < row["low"] < 0.995
