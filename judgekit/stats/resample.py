"""The one bootstrap: weights over items × sufficient features, for every coefficient of agreement.

A coefficient says what one item contributes (``features``) and what a weighted sum of contributions is worth
(``point``, ``population``). A replicate is then one row of ``weights @ features``, so that thousands cost one matrix
product, and coefficients that are asked together share the very same draws: their differences are paired.

The default interval is a smoothed Bayesian bootstrap: Dirichlet weights over the observed units plus a little prior
mass on pseudo-items (Hjort 1991, "Bayesian and empirical Bayesian bootstrapping"), read off at percentiles that are
widened by a t quantile with an effective number of degrees of freedom (Hesterberg 2015,
doi:10.1080/00031305.2015.1089789, for the expanded percentile). It holds its level where labels are rare, where a
bootstrap that sees only the observed items does not.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.stats.coefficient import Coefficient, Direct, Family, Interval, Job
from judgekit.stats.prepared import FEW_CLUSTERS, SCARCE, THIN, Prepared, few_clusters, satterthwaite, scarcity, units
from judgekit.stats.prior import DIFFERENCE, NO_PRIOR, SINGLE, Array, Prior, prior_draws

__all__ = [
    "DIFFERENCE", "FEW_CLUSTERS", "NO_PRIOR", "SCARCE", "SINGLE", "THIN", "Array", "Bootstrap", "Coefficient",
    "Direct", "Family", "Interval", "Job", "Prior", "expanded_tail", "few_clusters", "quantile", "satterthwaite",
    "scarcity",
]  # fmt: skip

LARGEST_BLOCK = 2048
MOSTLY_UNDEFINED = "no interval: undefined in most replicates"
#: smoothed: the default. The others are what elsewhere is reported, kept for comparison (``judgekit.stats.rivals``).
IntervalRule = Literal["smoothed", "bayesian", "percentile", "bca", "jackknife", "de_fixed"]


@dataclass(frozen=True)
class Bootstrap:
    """Settings of a run's resampling: named streams under one seed, replicates, confidence level."""

    seed: int = 0
    n_boot: int = 10_000
    conf_level: float = 0.95
    interval: IntervalRule = "smoothed"

    def intervals(self, stream: tuple[str, ...], groups: NDArray[np.int64], jobs: Sequence[Job]) -> list[Interval]:
        """Return one interval a job (one an output where a coefficient has several), all from the same draws.

        ``groups`` (n items) numbers the cluster of each item 0 … U-1; items of a cluster are drawn together.
        ``stream`` names the draws; equal names give equal draws, whichever jobs are asked.
        """
        if not jobs:
            return []
        shared: dict[Hashable, Array] = {}
        prepared = [Prepared.of(job, groups, shared) for job in jobs]
        if self.n_boot == 0:
            every = [(ready, q) for ready in prepared for q in range(len(ready.values))]
            return [Interval(float(p.values[q]), note=p.undefined(q), method="point only") for p, q in every]
        if self.interval != "smoothed":
            from judgekit.stats.rivals import rival_intervals

            return rival_intervals(self, stream, groups, jobs, prepared)
        priors = [prior_draws(j.codes, j.coefficient.width, j.prior, self.seed, self.n_boot) for j in jobs]
        draws = [np.empty((self.n_boot, len(ready.values))) for ready in prepared]
        for rows, weights in self.weights(stream, groups):
            summed: dict[int, Array] = {}
            for job, ready, prior, out in zip(jobs, prepared, priors, draws, strict=True):
                if isinstance(job.coefficient, Direct):
                    out[rows, 0] = job.coefficient.weighted(job.X, weights[:, groups])
                    continue
                if id(ready.phi) not in summed:
                    summed[id(ready.phi)] = weights @ ready.phi
                sums = summed[id(ready.phi)]
                if prior is not None:
                    sums = sums + ready.pseudo_sums(job, prior, rows)
                out[rows] = job.coefficient.population(sums).reshape(len(weights), -1)
        return [
            self._read(job, ready, q, T[:, q], groups)
            for job, ready, T in zip(jobs, prepared, draws, strict=True)
            for q in range(T.shape[1])
        ]

    def weights(
        self, stream: tuple[str, ...], groups: NDArray[np.int64], *, counts: bool = False
    ) -> Iterator[tuple[slice, Array]]:
        """Yield blocks of replicates: their rows and unit weights (b × units), exponential or (``counts``) multinomial.

        Each block is a stream of its own, so that results do not depend on who computes which block.
        """
        n_units = int(groups.max()) + 1 if len(groups) else 0
        for block, rows in enumerate(_blocks(self.n_boot, n_units)):
            size = rows.stop - rows.start
            generator = seeds.rng(self.seed, *stream, "counts" if counts else "units", block)
            if counts:
                cells = generator.integers(0, n_units, (size, n_units)) + n_units * np.arange(size)[:, None]
                drawn = np.bincount(cells.ravel(), minlength=size * n_units).reshape(size, n_units).astype(float)
            else:
                drawn = generator.standard_exponential((size, n_units))
            yield rows, drawn

    def _read(self, job: Job, ready: Prepared, q: int, T: Array, groups: NDArray[np.int64]) -> Interval:
        value, informative = float(ready.values[q]), int(ready.informative[q])
        T = np.sort(T[np.isfinite(T)])
        if len(T) < self.n_boot / 2:
            return Interval(value, note=ready.undefined(q) or MOSTLY_UNDEFINED)
        df = min(informative - 1, job.prior.spread * float(ready.df[q]))
        tail = expanded_tail(self.conf_level, informative, df)
        low, high = quantile(T, tail), quantile(T, 1 - tail)
        if np.isfinite(value):
            low, high = min(low, value), max(high, value)
        smooth = "smoothed Bayesian bootstrap" if job.prior.mass else "Bayesian bootstrap"
        method = f"{smooth} over {units(groups)}, effective df {df:.3g}, B={self.n_boot}"
        return Interval(value, low, high, method, ready.warnings(job, q, groups))


def expanded_tail(conf_level: float, informative: int, df: float) -> float:
    """Return the tail probability at which the draws are read: Φ(-√((N+1)/(N-1)) · t_df)."""
    from scipy.special import ndtr, stdtrit

    quantile = stdtrit(df, (1 + conf_level) / 2)
    return float(ndtr(-np.sqrt((informative + 1) / (informative - 1)) * quantile))


def _blocks(n: int, n_units: int) -> Iterator[slice]:
    """Yield blocks of replicates, smaller the more units there are, so that memory stays bounded."""
    size = int(np.clip(2**22 // max(n_units, 1), 64, LARGEST_BLOCK))
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def quantile(ordered: Array, p: float) -> float:
    """Type-6 quantile: rank p(B+1) - 1, linearly between neighbours, clipped at the ends."""
    rank = float(np.clip(p * (len(ordered) + 1) - 1, 0, len(ordered) - 1))
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (rank - below) * (ordered[above] - ordered[below]))
