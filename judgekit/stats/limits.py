"""Limits of agreement of two sides under weights on the items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.prior import PriorDraws
from judgekit.stats.resample import Array


@dataclass(frozen=True)
class Limits:
    """Mean difference d̄ and limits d̄ ± multiple × s of the differences between two sides' means on an item.

    Bland & Altman (1986), doi:10.1016/S0140-6736(86)90837-8. The first ``left`` columns of X are one side.
    """

    left: int
    right: int
    multiple: float
    width: int | None = None

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Every rater takes part in bias and limits."""
        return (tuple(range(self.left + self.right)),) * 3

    def differences(self, X: Array) -> Array:
        """Return each item's mean of the left raters minus that of the right ones (n); NaN where a side is missing."""
        return side_mean(X[:, : self.left]) - side_mean(X[:, self.left :])

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Items that both sides rated say something."""
        return np.repeat(np.isfinite(self.differences(X))[:, None], 3, axis=1)

    def features(self, X: Array) -> Array:
        """Return 1, d and d² (n × 3); zero where a side is missing."""
        d = self.differences(X)
        there = np.isfinite(d)
        d = np.where(there, d, 0.0)
        return np.column_stack([there.astype(float), d, d * d])

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates."""
        return prior.sums(("differences", self.left), self.features)[rows]

    def point(self, S: Array) -> Array:
        """Return bias and limits with s² divided by n - 1."""
        return self._limits(S, S[..., 0] - 1)

    def population(self, S: Array) -> Array:
        """Return bias and limits of the distribution that the weights describe."""
        return self._limits(S, S[..., 0])

    def _limits(self, S: Array, df: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            bias = S[..., 1] / S[..., 0]
            squares = np.maximum(S[..., 2] - S[..., 1] * bias, 0)
            half = self.multiple * np.sqrt(np.where(df > 0, squares / np.where(df > 0, df, 1), np.nan))
        return np.stack([bias, bias - half, bias + half], axis=-1)


def side_mean(X: Array) -> Array:
    """Return each item's mean over the raters who rated it (n); NaN where none did."""
    n = np.isfinite(X).sum(axis=1)
    return np.where(n > 0, np.nansum(X, axis=1) / np.maximum(n, 1), np.nan)
