"""Maximum likelihood by Newton's method, and what leaving out each cluster of rows would change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.resample import Array

#: Newton steps at most, and the decrement at which they stop.
MOST_STEPS, DONE = 100, 1e-12


@dataclass(frozen=True)
class At:
    """A concave log-likelihood at some parameters: each row's score (n × p) and information (n × p × p)."""

    value: float
    scores: Array
    information: Array


@dataclass(frozen=True)
class Fitted:
    """The p parameters at the maximum of log-likelihood plus a normal prior of mean 0 (``precision``: p)."""

    parameters: Array
    at: At
    precision: Array
    converged: bool

    @property
    def information(self) -> Array:
        """The observed information (p × p), the prior's included."""
        return np.asarray(self.at.information.sum(axis=0) + np.diag(self.precision))

    @property
    def covariance(self) -> Array:
        """The inverse of the information: the rows taken for independent and the model for true."""
        return np.asarray(np.linalg.inv(self.information))

    def without(self, groups: NDArray[np.int64]) -> Array:
        """Return by how much the parameters change without each cluster of rows, to one Newton step (G × p).

        ``groups`` numbers each row's cluster 0 … G-1, each of which occurs: Pregibon (1981),
        doi:10.1214/aos/1176345513.
        """
        order = np.argsort(groups, kind="stable")
        starts = np.searchsorted(groups[order], np.arange(int(groups.max()) + 1))
        scores = np.add.reduceat(self.at.scores[order], starts, axis=0)
        left = self.information - np.add.reduceat(self.at.information[order], starts, axis=0)
        return np.asarray(-np.linalg.solve(left, scores[:, :, None])[:, :, 0])

    def clustered(self, groups: NDArray[np.int64]) -> Array:
        """Return the covariance (p × p) by the jackknife over clusters: (G - 1) / G times the sum of squares."""
        changes = self.without(groups)
        G = len(changes)
        return np.asarray((G - 1) / G * changes.T @ changes)


def maximum(evaluate: Callable[[Array], At], start: Array, precision: Array) -> Fitted:
    """Return the maximum of a concave log-likelihood under a normal prior with these precisions (p)."""
    here = np.asarray(start, dtype=float)
    at = evaluate(here)
    value = at.value - 0.5 * float(precision @ here**2)
    for _ in range(MOST_STEPS):
        gradient = at.scores.sum(axis=0) - precision * here
        step = np.linalg.solve(at.information.sum(axis=0) + np.diag(precision), gradient)
        if gradient @ step / 2 < DONE:
            return Fitted(here, at, precision, True)
        size = min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        for _ in range(40):
            there = here + size * step
            found = evaluate(there)
            new = found.value - 0.5 * float(precision @ there**2)
            if np.isfinite(new) and new >= value - 1e-12 * abs(value):
                break
            size /= 2
        here, at, value = there, found, new
    return Fitted(here, at, precision, False)
