"""Distances between two distributions over the levels, and what they are on average between parts of one panel."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.resample import Array


def jensen_shannon(P: Array, Q: Array) -> Array:
    """Return the Jensen–Shannon divergence in bits of distributions P and Q (… × K).

    Lin (1991), doi:10.1109/18.61115.

    >>> float(jensen_shannon(np.array([1.0, 0.0]), np.array([0.5, 0.5])).round(4))
    0.3113
    """
    return np.asarray(np.sum(_js_term(P, Q), axis=-1))


def wasserstein(P: Array, Q: Array, codes: tuple[float, ...]) -> Array:
    """Return the Wasserstein-1 distance of distributions over levels at the values ``codes``, low to high.

    >>> float(wasserstein(np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.5, 0.5]), (1.0, 2.0, 4.0)))
    2.0
    """
    below = np.cumsum(P - Q, axis=-1)[..., :-1]
    return np.asarray(np.sum(np.abs(below) * np.diff(codes), axis=-1))


def _js_term(a: Array, b: Array) -> Array:
    """Return one level's part of the divergence: ½ a log₂(a / m) + ½ b log₂(b / m), m = (a + b) / 2."""
    middle = (a + b) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [np.where(x == 0, 0.0, x * np.log2(x / middle)) for x in (a, b)]
    return np.asarray((terms[0] + terms[1]) / 2)


def js_within(counted: NDArray[np.int64], first: int) -> Array:
    """Return the mean divergence of ``first`` of an item's people from the others, over all splits (n).

    ``counted`` (n × K) says how many gave each level, equally many people each item. A level's part of the divergence
    depends on nothing but how many of those who gave it are in the first group, which is hypergeometric: the mean is
    exact, without drawing any split.
    """
    return np.asarray(_js_of_split(int(counted[0].sum()), first)[counted].sum(axis=1))


def wasserstein_within(counted: NDArray[np.int64], codes: tuple[float, ...], first: int) -> Array:
    """Return the same of the Wasserstein-1 distance, whose part between two levels depends on who gave a lower one."""
    below = np.cumsum(counted, axis=1)[:, :-1]
    return np.asarray(_gap_of_split(int(counted[0].sum()), first)[below] @ np.diff(codes))


@lru_cache(maxsize=512)
def _js_of_split(m: int, first: int) -> Array:
    """Return a level's mean part of the divergence by how many of m gave it (m + 1), ``first`` of m on one side."""
    chance, a, b = _split(m, first)
    return np.asarray((chance * _js_term(a, b)).sum(axis=1))


@lru_cache(maxsize=512)
def _gap_of_split(m: int, first: int) -> Array:
    """Return the mean gap between the two sides' shares by how many of m are counted (m + 1)."""
    chance, a, b = _split(m, first)
    return np.asarray((chance * np.abs(a - b)).sum(axis=1))


def _split(m: int, first: int) -> tuple[Array, Array, Array]:
    """Return for c of m who gave a level (rows), x of them on the first side (columns): chance, share, other share."""
    from scipy.special import gammaln

    c, x = np.meshgrid(np.arange(m + 1), np.arange(first + 1), indexing="ij")
    possible = (x <= c) & (c - x <= m - first)

    def log_choose(n: NDArray[np.int64] | int, k: NDArray[np.int64]) -> Array:
        return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))

    x_, c_ = np.where(possible, x, 0), np.where(possible, c, 0)
    logs = log_choose(first, x_) + log_choose(m - first, c_ - x_) - log_choose(m, c_)
    return np.where(possible, np.exp(logs), 0.0), x_ / first, (c_ - x_) / (m - first)
