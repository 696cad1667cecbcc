"""An answer beside a panel: outside its spread, or further from it than its people are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from judgekit.stats.spread import beyond, compact, consensus, each_left_out, edges, farther, middle

NAN = np.nan
PANELS = arrays(np.float64, (6, 5), elements=st.sampled_from([1.0, 2.0, 3.0, 4.0, NAN]))
ANSWERS = arrays(np.float64, 6, elements=st.sampled_from([1.0, 2.0, 3.0, 4.0, NAN]))


def by_hand(value: float, people: np.ndarray, *, nominal: bool) -> float:
    """Return how far an answer lies outside the range of up to ten people, one item at a time."""
    known = people[np.isfinite(people)]
    if not np.isfinite(value) or not len(known):
        return NAN
    if nominal:
        return 0.0 if value in known else (-1.0 if value < np.sort(known)[(len(known) - 1) // 2] else 1.0)
    return min(value - known.min(), 0.0) + max(value - known.max(), 0.0)


@given(PANELS, ANSWERS, st.booleans())
def test_up_to_ten_people_the_spread_is_their_range(X: np.ndarray, values: np.ndarray, nominal: bool) -> None:
    expected = [by_hand(value, row, nominal=nominal) for value, row in zip(values, X, strict=True)]
    np.testing.assert_allclose(beyond(values, compact(X), nominal=nominal), expected)


@given(PANELS, st.permutations(range(5)), ANSWERS, st.booleans())
def test_the_order_of_people_does_not_matter(
    X: np.ndarray, order: list[int], values: np.ndarray, nominal: bool
) -> None:
    one, other = compact(X), compact(X[:, order])
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(farther(values, one, nominal=nominal), farther(values, other, nominal=nominal))


def test_in_a_crowd_the_outer_tenth_is_no_spread() -> None:
    H = np.concatenate([np.zeros(9), np.ones(90), [2.0]])[None, :]
    assert edges(H) == (np.array([1.0]), np.array([1.0]))
    assert beyond(np.array([0.0]), H, nominal=False) == -1
    assert beyond(np.array([0.0]), H, nominal=False, least=0.05) == 0


def test_farther_is_by_hand() -> None:
    H = np.array([[1.0, 2.0, 4.0], [3.0, 3.0, NAN], [5.0, NAN, NAN]])
    # 4 beside 1 | 2 4, mean 3: both 1, 2 away; 2 | 1 4: 1.5, .5; 4 | 1 2: 2.5, 2.5, a tie
    assert farther(np.array([4.0, 3.0, 5.0]), H, nominal=False)[:2] == pytest.approx([1 / 3, 0.0])
    assert np.isnan(farther(np.array([4.0, 3.0, 5.0]), H, nominal=False)[2]), "one person has no rest"
    assert farther(np.array([2.0]), np.array([[1.0, 1.0, 1.0]]), nominal=True) == 1.0


@given(PANELS)
def test_a_copy_of_a_person_is_seldom_further_than_most(X: np.ndarray) -> None:
    """Whoever answers as the whole panel does is never further from it than its people."""
    H = compact(np.where(np.isfinite(X), X[:, :1], NAN))
    H = H[np.isfinite(H).sum(axis=1) >= 2]
    if H.size:
        assert (farther(H[:, 0], H, nominal=False) == 0).all()


def test_one_word_for_a_panel() -> None:
    H = np.array([[0.0, 1.0, 1.0, 2.0], [0.0, 0.0, 2.0, 2.0], [3.0, NAN, NAN, NAN], [NAN] * 4])
    np.testing.assert_array_equal(middle(H), [1.0, 0.0, 3.0, NAN])
    np.testing.assert_array_equal(consensus(H, nominal=True), [1.0, 0.0, 3.0, NAN])


def test_each_person_is_left_out_once() -> None:
    H = np.array([[1.0, 2.0, 3.0]])
    assert [(answer.tolist(), rest.tolist()) for answer, rest in each_left_out(H)] == [
        ([1.0], [[2.0, 3.0]]), ([2.0], [[1.0, 3.0]]), ([3.0], [[1.0, 2.0]]),
    ]  # fmt: skip


def test_nobody_is_no_spread() -> None:
    empty = compact(np.full((2, 3), NAN))
    assert empty.shape == (2, 0)
    assert np.isnan(beyond(np.ones(2), empty, nominal=False)).all()
    assert np.isnan(consensus(empty, nominal=True)).all()
