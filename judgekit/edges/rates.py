"""Shares of items on edge and on core items, and what lies between the two: their difference and their ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.prior import DIFFERENCE, PriorDraws
from judgekit.stats.resample import Array, Job

TWO = (0.0, 1.0)


@dataclass(frozen=True)
class Gap:
    """Share of the first column of X less that of the second, and the first over the second; NaN: not in that part.

    Draws have two pseudo-items spread over all patterns, one hit in two on either side: Agresti & Caffo (2000),
    doi:10.1080/00031305.2000.10474560. The ratio has no value where nothing of the second column is hit.

    >>> X = np.array([[1, np.nan], [0, np.nan], [np.nan, 1], [np.nan, 0], [np.nan, 0], [np.nan, 0]])
    >>> Gap().point(Gap().features(X).sum(axis=0))
    array([0.25, 2.  ])
    """

    width: int | None = 2

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The columns of X behind each output."""
        return ((0, 1), (0, 1))

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Items of either part say something."""
        return np.repeat(np.isfinite(X).any(axis=1, keepdims=True), 2, axis=1)

    def features(self, X: Array) -> Array:
        """Return whether an item is in each part, and its hits there (n × 4)."""
        there = np.isfinite(X[:, :2])
        return np.column_stack([there, np.where(there, X[:, :2], 0.0)]).astype(float)

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates."""
        return prior.sums("gap of shares", self.features)[rows]

    def point(self, S: Array) -> Array:
        """Return the difference and the ratio."""
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.where(S[..., :2] > 0, S[..., 2:4] / S[..., :2], np.nan)
            ratio = np.where(shares[..., 1] > 0, shares[..., 0] / shares[..., 1], np.nan)
        return np.stack([shares[..., 0] - shares[..., 1], ratio], axis=-1)

    population = point


@dataclass(frozen=True)
class MeanOf:
    """Mean of the first column of X over the items that have one."""

    width: int | None = None

    def features(self, X: Array) -> Array:
        """Return whether there is a value, and the value (n × 2)."""
        there = np.isfinite(X[:, 0])
        return np.column_stack([there, np.where(there, X[:, 0], 0.0)]).astype(float)

    def point(self, S: Array) -> Array:
        """Return the mean."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(S[..., 0] > 0, S[..., 1] / S[..., 0], np.nan))

    population = point


@dataclass(frozen=True)
class Excess:
    """Mean of the first column of X less the second, both shares, over the items that have both."""

    width: int | None = 2

    def features(self, X: Array) -> Array:
        """Return whether both are there, and their difference (n × 2)."""
        there = np.isfinite(X[:, :2]).all(axis=1)
        return np.column_stack([there, np.where(there, X[:, 0] - X[:, 1], 0.0)]).astype(float)

    def point(self, S: Array) -> Array:
        """Return the mean difference."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(S[..., 0] > 0, S[..., 1] / S[..., 0], np.nan))

    population = point


def gap_job(flags: Array, part: NDArray[np.bool_]) -> Job:
    """Return the job of a share on the items of ``part`` beside that on the others; ``flags`` (n) lie in 0 … 1."""
    X = np.column_stack([np.where(part, flags, np.nan), np.where(part, np.nan, flags)])
    return Job(Gap(), X, TWO, DIFFERENCE, ("", ""))


def gap_p(flags: Array, part: NDArray[np.bool_], groups: NDArray[np.int64]) -> float:
    """Return the two-sided p of equal shares on both sides of ``part``; NaN where one side or all spread is missing.

    The score test of two shares, its variance from sums over clusters (n, ``groups``), with t on one df less than
    clusters: Rao & Scott (1992), doi:10.2307/2532311.
    """
    from scipy.special import stdtr

    known = np.isfinite(flags)
    inside = part[known]
    n1, n0 = int(inside.sum()), int((~inside).sum())
    if min(n1, n0) < 1:
        return float("nan")
    x = flags[known]
    influence = (x - x.mean()) * np.where(inside, 1 / n1, -1 / n0)
    sums = np.bincount(np.unique(groups[known], return_inverse=True)[1], weights=influence)
    G = len(sums)
    variance = G / (G - 1) * float((sums**2).sum()) if G > 1 else 0.0
    if not variance > 1e-15:
        return float("nan")
    return float(2 * stdtr(G - 1, -abs(float(x[inside].mean() - x[~inside].mean())) / np.sqrt(variance)))
