"""Is a slice's failure rate higher than elsewhere? A one-sided test, and the gap that such a test would find."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from judgekit.edges.lattice import ahead_by_chance
from judgekit.stats.needed import POWER
from judgekit.stats.resample import Array


def higher(X: Array, groups: NDArray[np.int64]) -> float:
    """Return the p value of failures X (n × 2: in the slice, elsewhere; NaN none) being no more frequent in the slice.

    Single items with 0 or 1 on one side each: Fisher's exact test. Else the t test of the difference of shares, each
    with one hit and one miss more (Agresti & Caffo 2000, doi:10.1080/00031305.2000.10474560), its variance summed over
    clusters (``groups``), on the smaller number of clusters on either side less one degrees of freedom.
    """
    there = np.isfinite(X)
    if not there.all(axis=1).any() and int(groups.max()) + 1 == len(groups) and np.isin(X[there], (0.0, 1.0)).all():
        return fisher(X)
    return clustered(X, groups)


def fisher(X: Array) -> float:
    """Return the one-sided p of Fisher's exact test: at least so many of the failures in the slice."""
    from scipy.stats import hypergeom

    n, hits = np.isfinite(X).sum(axis=0), np.nansum(X, axis=0)
    return float(hypergeom.sf(hits[0] - 1, n.sum(), hits.sum(), n[0]))


def clustered(X: Array, groups: NDArray[np.int64]) -> float:
    """Return the one-sided p of the cluster-robust t test of the difference of two shares."""
    from scipy.special import stdtr

    there = np.isfinite(X)
    n = there.sum(axis=0) + 2.0
    share = (np.nansum(X, axis=0) + 1.0) / n
    residual = np.where(there, np.nan_to_num(X) - share, 0.0) / n
    sums = np.zeros(int(groups.max()) + 1)
    np.add.at(sums, groups, residual[:, 0] - residual[:, 1])
    pseudo = float(np.sum(((1 - share) ** 2 + share**2) / n**2))
    se = np.sqrt(float(np.sum(sums**2)) + pseudo)
    units = min(len(np.unique(groups[there[:, side]])) for side in (0, 1))
    if units < 2 or not se > 0:
        return 1.0
    return float(stdtr(units - 1, -(share[0] - share[1]) / se))


def detectable(rate: float, inside: float, outside: float, p: float, candidates: int) -> float:
    """Return the least gap that ``POWER`` of such searches would find and confirm; NaN where none up to 1 would be.

    ``rate`` is the failure rate elsewhere, ``inside`` and ``outside`` are items in each half, ``p`` the p value that
    must be undercut. To be found a slice must stand out beyond what the best of so many innocent ``candidates`` does.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtr, ndtri

    selected = ahead_by_chance(candidates)

    def lacking(gap: float) -> float:
        high = min(rate + gap, 1 - 0.5 / max(inside, 1))
        low = max(rate, 0.5 / max(outside, 1))
        se = np.sqrt(high * (1 - high) / inside + low * (1 - low) / outside)
        z = (high - rate) / se
        return float(ndtr(z - selected) * ndtr(z + ndtri(p)) - POWER)

    most = 1 - rate
    if not (inside >= 2 and outside >= 2 and most > 0) or lacking(most) < 0:
        return float("nan")
    return float(brentq(lacking, 0.0, most))
