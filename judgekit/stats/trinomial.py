"""Tests of a mean of few win / tie / loss outcomes: the exact unconditional one, and the signed-rank one."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from judgekit.stats.resample import Array

#: Points of the nuisance parameter at which the exact p value is sought.
GRID = 400


def never_worse(n: Array, mean: Array, epsilon: float) -> Array:
    """Return a bound of the p value of n equal outcomes in {-1, 0, 1}, where a t test has no variance to divide by.

    The outcomes are d = 1 (the judge lost), 0 (tie), -1 (it won); the null is E[d] ≥ ε. Then P(d = 1) ≥ ε, so that n
    outcomes without a loss have at most the chance (1 - ε)^n, and n wins at most ((1 - ε) / 2)^n. Losses throughout
    give 1.
    """
    chance = np.where(mean < 0, (1 - epsilon) / 2, np.where(mean < 1, 1 - epsilon, 1.0))
    return np.asarray(np.minimum(chance, 1.0) ** n)


def exact(n: int, losses: int, wins: int, epsilon: float) -> float:
    """Return the exact unconditional p value of E[d] ≥ ε against E[d] < ε, d = 1 (loss), 0 (tie), -1 (win).

    Outcomes are ordered by the score statistic of a difference of paired proportions (Tango 1998, Statistics in
    Medicine 17, 891–908); the p value is the largest chance, over the share of wins, of one at least as low (Hsueh, Liu
    & Chen 2001, doi:10.1111/j.0006-341X.2001.00478.x). It needs no symmetry and holds its level at every n.

    Ten items without a loss say little against a loss in five: .8^10.

    >>> f"{exact(10, 0, 0, 0.2):.4f}"
    '0.1074'
    """
    if not 0 <= epsilon < 1:
        raise ValueError(f"epsilon must lie in [0, 1): {epsilon}")
    counts, statistics, log_ways = _outcomes(n, epsilon)
    observed = score(float(n), np.array(float(losses)), np.array(float(wins)), epsilon)
    extreme = statistics <= observed + 1e-9
    share = np.linspace(0, (1 - epsilon) / 2, GRID)
    chances = np.stack([share + epsilon, share, np.maximum(1 - 2 * share - epsilon, 0)])
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(chances > 0, np.log(chances), -1e6)
    p = np.exp(log_ways[extreme, None] + counts[extreme] @ logs).sum(axis=0)
    return float(min(p.max(), 1.0))


def score(n: Array | float, losses: Array, wins: Array, epsilon: float) -> Array:
    """Return Tango's score statistic: (losses - wins - nε) over its standard deviation under E[d] = ε."""
    half = 2 * n * epsilon - (losses + wins) - (losses - wins) * epsilon
    share = (np.sqrt(half**2 + 8 * n * wins * epsilon * (1 - epsilon)) - half) / (4 * n)
    variance = n * np.maximum(2 * share + epsilon * (1 - epsilon), 0)
    away = losses - wins - n * epsilon
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(variance > 1e-12, away / np.sqrt(variance), np.where(away < 0, -np.inf, 0.0)))


@lru_cache(maxsize=256)
def _outcomes(n: int, epsilon: float) -> tuple[Array, Array, Array]:
    """Return every (losses, wins, ties) of n items, its score statistic and the log of its number of orders."""
    from scipy.special import gammaln

    losses, wins = np.nonzero(np.add.outer(np.arange(n + 1), np.arange(n + 1)) <= n)
    counts = np.stack([losses, wins, n - losses - wins], axis=1).astype(float)
    log_ways = gammaln(n + 1) - gammaln(counts + 1).sum(axis=1)
    return counts, score(float(n), counts[:, 0], counts[:, 1], epsilon), log_ways


def signed_rank(n: int, losses: int, wins: int, epsilon: float) -> float:
    """Return the one-sided Wilcoxon signed-rank p value of d - ε, exact over all 2^n signs, ties at mid-ranks.

    Wilcoxon (1945), doi:10.2307/3001968. It supposes d - ε symmetric about 0, which win / tie / loss outcomes are not:
    where losses are rare it finds far more than it should (ten ties and ε = .2 give .001, their chance is .107).
    """
    apart = np.round(np.array([1 - epsilon, -1 - epsilon, -epsilon]), 12)
    number = np.array([losses, wins, n - losses - wins])
    number = np.where(apart == 0, 0, number)
    doubled = _doubled_midranks(np.abs(apart), number)
    ways = np.ones(1)
    for rank, times in zip(doubled, number, strict=True):
        for _ in range(times):
            longer = np.zeros(len(ways) + rank)
            longer[: len(ways)] += ways
            longer[rank:] += ways
            ways = longer / 2
    observed = int(doubled[apart > 0] @ number[apart > 0])
    return float(min(ways[: observed + 1].sum(), 1.0))


def _doubled_midranks(sizes: Array, number: np.ndarray) -> np.ndarray:
    """Return twice the mid-rank of each size when ``number`` values have it."""
    below = np.array([number[sizes < size].sum() for size in sizes])
    tied = np.array([number[sizes == size].sum() for size in sizes])
    return np.asarray(2 * below + tied + 1)
