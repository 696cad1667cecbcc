"""An answer beside a panel of people: outside what they said, or further from them than they are from one another."""

from __future__ import annotations

import numpy as np

from judgekit.stats.resample import Array

#: A panel's spread leaves out answers that a smaller share of it gave or went beyond.
LEAST = 0.1


def compact(X: Array) -> Array:
    """Return the ratings of each item (n × raters, NaN missing) in ascending order, without columns that are empty."""
    ordered = np.sort(X, axis=1)
    return ordered[:, : int(np.isfinite(X).sum(axis=1).max(initial=0))]


def edges(H: Array, least: float = LEAST) -> tuple[Array, Array]:
    """Return the low and the high end of each panel's spread (n each) of ordered levels; NaN without people.

    ``H`` is as ``compact`` gives it. An answer lies within where at least the share ``least`` of the panel is at it or
    below, and as many at it or above: up to ten people that is their range.
    """
    m = np.isfinite(H).sum(axis=1)
    if H.shape[1] == 0:
        return np.full(len(H), np.nan), np.full(len(H), np.nan)
    kept = np.maximum(np.ceil(least * m - 1e-9).astype(int), 1)
    rows = np.arange(len(H))
    low, high = H[rows, np.minimum(kept - 1, H.shape[1] - 1)], H[rows, np.maximum(m - kept, 0)]
    return np.where(m > 0, low, np.nan), np.where(m > 0, high, np.nan)


def beyond(values: Array, H: Array, *, nominal: bool, least: float = LEAST) -> Array:
    """Return how far each answer (n) lies outside its panel's spread: 0 within, below it negative, above it positive.

    On nominal levels an answer is outside (±1, by its side of the panel's median) where fewer than ``least`` of the
    panel gave it. NaN without an answer or without people.

    >>> H = np.array([[1.0, 2.0, 3.0]] * 3)
    >>> beyond(np.array([5.0, 2.0, 0.0]), H, nominal=False).tolist()
    [2.0, 0.0, -1.0]
    """
    m = np.isfinite(H).sum(axis=1)
    known = np.isfinite(values) & (m > 0)
    if nominal:
        share = (values[:, None] == H).sum(axis=1) / np.maximum(m, 1)
        side = np.where(values < middle(H), -1.0, 1.0)
        return np.where(known, np.where(share < least - 1e-9, side, 0.0), np.nan)
    low, high = edges(H, least)
    with np.errstate(invalid="ignore"):
        found = np.minimum(values - low, 0.0) + np.maximum(values - high, 0.0)
    return np.where(known, found, np.nan)


def middle(H: Array) -> Array:
    """Return each panel's median (n), of an even number the lower one; NaN without people."""
    m = np.isfinite(H).sum(axis=1)
    if H.shape[1] == 0:
        return np.full(len(H), np.nan)
    return np.where(m > 0, H[np.arange(len(H)), np.maximum((m - 1) // 2, 0)], np.nan)


def consensus(H: Array, *, nominal: bool) -> Array:
    """Return what each panel says as one (n): the median of ordered levels, the commonest (lowest of several) else."""
    if not nominal:
        return middle(H)
    if H.shape[1] == 0:
        return np.full(len(H), np.nan)
    return np.asarray(H[np.arange(len(H)), np.argmax(np.where(np.isfinite(H), _alike(H), -1.0), axis=1)])


def farther(values: Array, H: Array, *, nominal: bool) -> Array:
    """Return the share of people left out in turn who are nearer to the rest of the panel than the answer is (n).

    Distances are to the mean of the rest (nominal: the share of the rest that said something else); a tie is no
    failure. NaN without an answer or with fewer than two people.

    >>> farther(np.array([5.0]), np.array([[1.0, 2.0, 3.0]]), nominal=False)
    array([1.])
    """
    there = np.isfinite(H)
    m = there.sum(axis=1, keepdims=True)
    rest = np.maximum(m - 1, 1)
    if nominal:
        same = (values[:, None] == H) & there
        answer = 1 - (same.sum(axis=1, keepdims=True) - same) / rest
        person = 1 - (_alike(H) - 1) / rest
    else:
        filled = np.where(there, H, 0.0)
        others = (filled.sum(axis=1, keepdims=True) - filled) / rest
        answer, person = np.abs(values[:, None] - others), np.abs(filled - others)
    worse = (answer > person + 1e-9) & there
    share = worse.sum(axis=1) / np.maximum(m[:, 0], 1)
    return np.where(np.isfinite(values) & (m[:, 0] >= 2), share, np.nan)


def each_left_out(H: Array) -> list[tuple[Array, Array]]:
    """Return for each column of a compact panel its people's answers (n) and the panels without them (n × m - 1)."""
    return [(H[:, k], compact(np.delete(H, k, axis=1))) for k in range(H.shape[1])]


def _alike(H: Array) -> Array:
    """Return how many of an item's people gave the answer that each of them gave (n × m)."""
    counts = np.zeros(H.shape)
    for value in np.unique(H[np.isfinite(H)]):
        mine = value == H
        counts += mine * mine.sum(axis=1, keepdims=True)
    return counts
