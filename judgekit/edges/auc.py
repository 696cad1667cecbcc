"""How well a number an item tells failures from the rest: the area under the ROC curve, for items in clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.prior import DIFFERENCE, PriorDraws
from judgekit.stats.resample import Array, Job

BINS = 64


@dataclass(frozen=True)
class Auc:
    """Share of pairs of a failure and another item in which the failure is higher, a tie counting ½.

    X holds the flag (0, 1) and the place of the signal among ``bins``, 0 to 1. Hanley & McNeil (1982),
    doi:10.1148/radiology.143.1.7063747. Two pseudo-items are spread over flag and either end.

    >>> X = np.array([[1.0, 1.0], [0.0, 0.0], [0.0, 1.0]])
    >>> Auc().point(Auc().features(X).sum(axis=0))
    array([0.75])
    """

    bins: int = BINS
    width: int | None = 2

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The column of X whose labels count: the flags."""
        return ((0,),)

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Items with both say something."""
        return np.asarray(np.isfinite(X[:, :2]).all(axis=1))[:, None]

    def features(self, X: Array) -> Array:
        """Return in which bin an item is, of failures and then of the rest (n × 2 bins)."""
        there = np.isfinite(X[:, :2]).all(axis=1)
        place = np.rint(np.where(there, X[:, 1], 0.0) * (self.bins - 1)).astype(int)
        found = np.zeros((len(X), 2 * self.bins))
        rows = np.flatnonzero(there)
        found[rows, place[rows] + np.where(X[rows, 0] > 0.5, 0, self.bins)] = 1.0
        return found

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates."""
        return prior.sums(("auc", self.bins), self.features)[rows]

    def point(self, S: Array) -> Array:
        """Return the area; NaN without a failure or without another item."""
        hit, rest = S[..., : self.bins], S[..., self.bins :]
        below = np.cumsum(rest, axis=-1) - rest / 2
        pairs = hit.sum(axis=-1) * rest.sum(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            area = np.where(pairs > 0, (hit * below).sum(axis=-1) / np.where(pairs > 0, pairs, 1.0), np.nan)
        return np.asarray(area)[..., None]

    population = point


def auc_job(flags: Array, values: Array) -> Job:
    """Return the job of the area that ``values`` (n, higher is likelier to fail) reach on ``flags`` (n)."""
    return Job(Auc(), np.column_stack([flags, places(values)]), (0.0, 1.0), DIFFERENCE, ("", ""))


def places(values: Array) -> Array:
    """Return where each value stands among the distinct ones, 0 to 1; more than there are bins share them by rank."""
    known = np.isfinite(values)
    distinct, place = np.unique(values[known], return_inverse=True)
    found = np.full(len(values), np.nan)
    if len(distinct) > BINS:
        import pandas as pd

        place = np.floor((pd.Series(values[known]).rank().to_numpy() - 0.5) / known.sum() * BINS)
        found[known] = place / (BINS - 1)
    else:
        found[known] = place / max(BINS - 1, 1)
    return found


def chance_p(flags: Array, values: Array, groups: NDArray[np.int64]) -> float:
    """Return the two-sided p of an area of ½: the exact area over its standard error from clusters' placements.

    DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595; clusters: Obuchowski (1997), doi:10.2307/2533958. NaN
    with fewer than two failures or two others, or without any spread.
    """
    from scipy.special import stdtr
    from scipy.stats import rankdata

    known = np.isfinite(flags) & np.isfinite(values)
    hit = flags[known] > 0.5
    n1, n0 = int(hit.sum()), int((~hit).sum())
    if min(n1, n0) < 2:
        return float("nan")
    x, g = values[known], groups[known]
    whole, own = rankdata(x), np.empty(len(x))
    own[hit], own[~hit] = rankdata(x[hit]), rankdata(x[~hit])
    placed = np.where(hit, (whole - own) / n0, 1 - (whole - own) / n1)
    area = float(placed[hit].mean())
    influence = (placed - area) / np.where(hit, n1, n0)
    sums = np.bincount(np.unique(g, return_inverse=True)[1], weights=influence)
    G = len(sums)
    variance = G / (G - 1) * float((sums**2).sum()) if G > 1 else 0.0
    if not variance > 1e-15:
        return float("nan")
    return float(2 * stdtr(min(n1, n0, G) - 1, -abs(area - 0.5) / np.sqrt(variance)))
