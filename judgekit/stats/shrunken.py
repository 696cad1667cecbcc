"""Several groups' values together: shrunken towards their mean, and the best from the worst, chosen by looking."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.random import Generator

from judgekit.stats.resample import Array, Interval, satterthwaite

#: Median of the prior of how far groups lie apart (a standard deviation of kappas).
SCALE = 0.1
#: Points of that prior, of equal mass.
POINTS = 60
SHRUNKEN = (
    f"shrunken to the groups' mean: normal model, jackknife covariance, half-Cauchy prior {SCALE:g} of the spread"
)
CHOSEN = "simultaneous over all pairs of groups (maximum of |t|), so good for the pair that was chosen"
#: Normal draws behind the maximum of |t|.
NORMAL = 10_000


def shrunken(values: Array, covariance: Array, conf_level: float) -> list[Interval]:
    """Return each group's value (G) shrunken towards the mean of all, with its posterior interval.

    Normal model: values ~ N(theta, covariance), theta ~ N(mu, tau²), mu flat, tau half-Cauchy with scale ``SCALE``
    (Gelman 2006, doi:10.1214/06-BA117A), integrated on a grid. A group of few people or items moves most. The full
    covariance counts: groups rated the same items.

    >>> found = shrunken(np.array([0.0, 0.5]), np.diag([0.0001, 0.25]), 0.95)
    >>> [round(one.value, 2) for one in found]
    [0.0, 0.08]
    """
    G = len(values)
    means, variances, logs = np.empty((POINTS, G)), np.empty((POINTS, G)), np.empty(POINTS)
    one = np.ones(G)
    for k, u in enumerate((np.arange(POINTS) + 0.5) / POINTS):
        tau2 = (SCALE * np.tan(np.pi / 2 * u)) ** 2
        V = covariance + tau2 * np.eye(G)
        W = np.linalg.inv(V)
        precision = float(one @ W @ one)
        off = values - float(one @ W @ values) / precision
        kept = one - tau2 * W @ one
        means[k] = values - covariance @ W @ off
        variances[k] = np.diag(covariance - covariance @ W @ covariance) + kept**2 / precision
        logs[k] = -0.5 * (np.linalg.slogdet(V)[1] + np.log(precision) + float(off @ W @ off))
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    spread = np.sqrt(np.maximum(variances, 1e-18))
    tail = (1 - conf_level) / 2
    found = []
    for g in range(G):
        low, high = (_mixture(weights, means[:, g], spread[:, g], p) for p in (tail, 1 - tail))
        found.append(Interval(float(weights @ means[:, g]), low, high, SHRUNKEN))
    return found


def _mixture(weights: Array, means: Array, spread: Array, p: float) -> float:
    """Return the quantile of a mixture of normal distributions, by bisection."""
    from scipy.special import ndtr

    low, high = float((means - 12 * spread).min()), float((means + 12 * spread).max())
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if weights @ ndtr((middle - means) / spread) < p else (low, middle)
    return (low + high) / 2


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of groups' values, its standard error and degrees of freedom."""

    value: float
    se: float
    df: float


@dataclass(frozen=True)
class Compared:
    """The groups of a side that have a value, their covariance, and each without one unit in turn (units × G).

    ``people`` is what people add to each group's variance where they are a sample, with ``people_df``; else 0.
    """

    values: Array
    covariance: Array
    without: Array
    people: Array
    people_df: Array
    units: int

    def contrast(self, weights: Array) -> Contrast:
        """Return a weighted sum (weights: G), with Satterthwaite's degrees of freedom of items and people together."""
        value = float(weights @ self.values)
        df = satterthwaite(self.without @ weights, value, self.units)
        whole = float(weights @ self.covariance @ weights)
        people = weights**2 * self.people
        if people.any():
            spent = (whole - people.sum()) ** 2 / df + float((people**2 / self.people_df).sum())
            df = float(max(whole**2 / spent, 2.0))
        return Contrast(value, float(np.sqrt(max(whole, 0.0))), df)


@dataclass(frozen=True)
class Gap:
    """The best group's value less the worst one's (their places), with a p value that knows that they were chosen."""

    best: int
    worst: int
    found: Interval
    p: float


def gap(values: Array, chosen: tuple[int, int], covariance: Array, df: float, rng: Generator, conf_level: float) -> Gap:
    """Return the difference of two groups' values (their places ``chosen``), out of all pairs of G groups.

    Its t has ``df`` degrees of freedom. The level is that of the largest |t| over all pairs, which holds for any pair
    however chosen (Westfall & Young 1993, ISBN 978-0471557616), from ``NORMAL`` normal draws with the values'
    covariance (G × G).
    """
    from scipy.special import ndtr, ndtri, stdtr, stdtrit

    best, worst = chosen
    value = float(values[best] - values[worst])
    var = np.diag(covariance)
    own = float(np.sqrt(max(var[best] + var[worst] - 2 * covariance[best, worst], 0.0)))
    if not own > 1e-9:
        return Gap(best, worst, Interval(value, note="no interval: these groups never differ"), 1.0)
    root = np.linalg.cholesky(covariance + 1e-12 * np.eye(len(values)))
    drawn = rng.standard_normal((NORMAL, len(values))) @ root.T
    largest = np.zeros(NORMAL)
    for g, h in combinations(range(len(values)), 2):
        spread = np.sqrt(max(var[g] + var[h] - 2 * covariance[g, h], 0.0))
        if spread > 1e-9:
            np.maximum(largest, np.abs(drawn[:, g] - drawn[:, h]) / spread, out=largest)
    half = own * float(stdtrit(df, ndtr(np.quantile(largest, conf_level))))
    seen = -float(ndtri(max(stdtr(df, -abs(value) / own), 1e-300)))
    p = (1 + int((largest >= seen).sum())) / (1 + NORMAL)
    return Gap(best, worst, Interval(value, value - half, value + half, f"{CHOSEN}, t with df {df:.3g}"), p)
