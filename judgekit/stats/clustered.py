"""Standard errors of a mean, or of a paired difference, when observations come in clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.resample import Array

Kind = Literal["CR0", "CR1", "CR2", "CR3"]


@dataclass(frozen=True)
class ClusteredMean:
    """A mean with its cluster-robust standard error; ``note`` says why there is none (``se``, ``df`` NaN)."""

    value: float
    se: float
    df: float
    n: int
    clusters: int
    kind: str
    note: str = ""

    def interval(self, conf_level: float = 0.95) -> tuple[float, float]:
        """Return the t interval on the Satterthwaite degrees of freedom."""
        from scipy.special import stdtrit

        if not np.isfinite(self.se):
            return float("nan"), float("nan")
        half = float(stdtrit(self.df, (1 + conf_level) / 2)) * self.se
        return self.value - half, self.value + half

    def p(self, null: float = 0.0, side: Literal["two", "less", "greater"] = "two") -> float:
        """Return the p value of the t test against a mean of ``null``; NaN where there is no variance to test with.

        ``less`` tests against the alternative that the mean lies below.
        """
        from scipy.special import stdtr

        if not self.se > 0:
            return float("nan")
        t = (self.value - null) / self.se
        below = float(stdtr(self.df, t))
        above = float(stdtr(self.df, -t))
        return {"less": below, "greater": above, "two": 2 * min(below, above)}[side]


def clustered_mean(values: Array, groups: NDArray[np.int64], kind: Kind = "CR2") -> ClusteredMean:
    """Return the mean of values (n, NaN left out) with a standard error that allows for clusters.

    ``groups`` (n) numbers the cluster of each value. With n_g values and residual sum e_g in cluster g the variance is
    Σ c_g e_g² / n², c_g = 1 (CR0), G / (G - 1) (CR1), 1 / (1 - n_g / n) (CR2, Bell & McCaffrey 2002), or that squared
    (CR3). CR2 has no bias if values are in truth independent. Degrees of freedom are Satterthwaite's under that
    working model, (Σ λ)² / Σ λ²: Pustejovsky & Tipton (2018), doi:10.1080/07350015.2016.1247004. CR0 is the clustered
    standard error of Miller (2024), arXiv:2411.00640.

    >>> found = clustered_mean(np.array([1.0, 1.0, 0.0, 1.0, 0.0]), np.array([0, 0, 1, 2, 2]))
    >>> f"{found.value:.1f} {found.se:.4f} {found.df:.2f}"
    '0.6 0.2517 1.80'
    """
    known = np.isfinite(values)
    x = np.asarray(values, dtype=float)[known]
    n = len(x)
    if n == 0:
        return ClusteredMean(np.nan, np.nan, np.nan, 0, 0, kind, "not estimable: no values")
    numbered = np.unique(groups[known], return_inverse=True)[1]
    size = np.bincount(numbered).astype(float)
    G = len(size)
    mean = float(x.mean())
    if G < 2:
        return ClusteredMean(mean, np.nan, np.nan, n, G, kind, "no standard error: one cluster only")
    factor = {"CR0": np.ones(G), "CR1": np.full(G, G / (G - 1)), "CR2": n / (n - size), "CR3": (n / (n - size)) ** 2}
    c = factor[kind]
    residual = np.bincount(numbered, weights=x - mean)
    se = float(np.sqrt(np.sum(c * residual**2)) / n)
    # Under independence the cov. of the weighted residual sums is sqrt(c_g c_h) (n_g 1[g=h] - n_g n_h / n).
    own = c * (size - size**2 / n)
    across = (np.sum(c * size**2) ** 2 - np.sum(c**2 * size**4)) / n**2
    df = float(own.sum() ** 2 / (np.sum(own**2) + across))
    return ClusteredMean(mean, se, df, n, G, kind)


def paired_difference(first: Array, second: Array, groups: NDArray[np.int64], kind: Kind = "CR2") -> ClusteredMean:
    """Return the mean of first - second over the items that both have, with its clustered standard error."""
    return clustered_mean(np.asarray(first, dtype=float) - np.asarray(second, dtype=float), groups, kind)
