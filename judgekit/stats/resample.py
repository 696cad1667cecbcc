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

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.stats.alike import Types
from judgekit.stats.coefficient import Coefficient, Direct, Family, Interval, Job, is_direct
from judgekit.stats.draws import Block, Draws, Kept, blocks
from judgekit.stats.prepared import (
    FEW_CLUSTERS,
    SCARCE,
    SCARCE_LEVEL,
    THIN,
    Prepared,
    Summed,
    few_clusters,
    satterthwaite,
    scarce_level,
    scarcity,
    units,
)
from judgekit.stats.prior import DIFFERENCE, NO_PRIOR, SINGLE, Array, Prior, prior_draws
from judgekit.stats.sums import Sums

__all__ = [
    "DIFFERENCE", "FEW_CLUSTERS", "NO_PRIOR", "SCARCE", "SCARCE_LEVEL", "SINGLE", "THIN", "Array", "Bootstrap",
    "Coefficient", "Direct", "Family", "Interval", "Job", "Prior", "expanded_tail", "few_clusters", "quantile",
    "satterthwaite", "scarce_level", "scarcity",
]  # fmt: skip

MOSTLY_UNDEFINED = "no interval: undefined in most replicates"
#: smoothed: the default. The others are what elsewhere is reported, kept for comparison (``judgekit.stats.rivals``).
IntervalRule = Literal["smoothed", "bayesian", "percentile", "bca", "jackknife", "de_fixed", "two_way"]


@dataclass(frozen=True)
class Bootstrap:
    """Settings of a run's resampling: named streams under one seed, replicates, confidence level.

    ``made``, where given, hears of every row of estimates with the interval that it was made of.
    """

    seed: int = 0
    n_boot: int = 10_000
    conf_level: float = 0.95
    interval: IntervalRule = "smoothed"
    kept: Kept | None = field(default=None, repr=False, compare=False)
    made: Callable[..., None] | None = field(default=None, repr=False, compare=False)

    def intervals(
        self,
        stream: tuple[str, ...],
        groups: NDArray[np.int64],
        jobs: Sequence[Job],
        types: NDArray[np.int64] | None = None,
    ) -> list[Interval]:
        """Return one interval a job (one an output where a coefficient has several), all from the same draws.

        ``groups`` (n items) numbers the cluster of each item 0 … U-1; items of a cluster are drawn together.
        ``stream`` names the draws; equal names and ``types`` (n items; items with equal ratings, see
        ``Slice.types``) give equal draws, whichever jobs are asked.
        """
        return self.together(stream, groups, [jobs], types)[0]

    def together(
        self,
        stream: tuple[str, ...],
        groups: NDArray[np.int64],
        asked: Sequence[Sequence[Job]],
        types: NDArray[np.int64] | None = None,
    ) -> list[list[Interval]]:
        """Return what ``intervals`` gives for each of some lists of jobs, from weights that are drawn once for all."""
        if not any(asked):
            return [[] for _ in asked]
        alike = Types.of(types, groups) if self.interval == "smoothed" and self.n_boot else None
        prepared = [_prepared(jobs, groups, alike) for jobs in asked]
        if self.n_boot == 0:
            return [_points(jobs, ready) for jobs, ready in zip(asked, prepared, strict=True)]
        if self.interval != "smoothed":
            from judgekit.stats.rivals import rival_intervals

            return [
                rival_intervals(self, stream, groups, jobs, ready, types) if jobs else []
                for jobs, ready in zip(asked, prepared, strict=True)
            ]
        n_units = int(groups.max()) + 1 if len(groups) else 0
        source = Draws(self.seed, self.n_boot, stream, n_units, alike, self.kept)
        draws = self._drawn(source, groups, asked, prepared)
        return [
            [
                self._read(job, ready, q, T[:, q], groups)
                for job, ready, T in zip(jobs, each, replicates, strict=True)
                for q in range(T.shape[1])
            ]
            for jobs, each, replicates in zip(asked, prepared, draws, strict=True)
        ]

    def _drawn(
        self,
        source: Draws,
        groups: NDArray[np.int64],
        asked: Sequence[Sequence[Job]],
        prepared: Sequence[Sequence[Prepared]],
    ) -> list[list[Array]]:
        """Return the replicates of each job (n_boot × outputs) of each list."""
        draws = [[np.empty((self.n_boot, len(ready.values))) for ready in each] for each in prepared]
        direct: list[tuple[Direct, Array, Array]] = []
        summing: list[tuple[Coefficient | Family, Prepared, Callable[[slice], Array] | None, Array]] = []
        features: list[list[tuple[Array, bool]]] = []
        for jobs, each, outs in zip(asked, prepared, draws, strict=True):
            features.append([])
            for job, ready, out in zip(jobs, each, outs, strict=True):
                if is_direct(job.coefficient):
                    direct.append((job.coefficient, job.X, out))
                else:
                    summing.append((job.coefficient, ready, self._pseudo_sums(job, ready), out))
                    features[-1].append((ready.rows, ready.typed))
        sums = Sums(source, features)
        place = groups if source.types is None else np.argsort(source.types.order)[groups]
        straight = np.array_equal(place, np.arange(source.n_units))

        def fill(block: Block) -> None:
            rows, of = block.rows, sums.of(block)
            for coefficient, ready, pseudo, out in summing:
                S = of[id(ready.rows)] if pseudo is None else of[id(ready.rows)] + pseudo(rows)
                out[rows] = coefficient.population(S).reshape(len(S), -1)
            if direct:
                weights = block.of_units if straight else block.of_units[:, place]
                for statistic, X, out in direct:
                    out[rows, 0] = statistic.weighted(X, weights)

        source.each(fill, light=not (direct or sums.asks_weights))
        return draws

    def _pseudo_sums(self, job: Job, ready: Prepared) -> Callable[[slice], Array] | None:
        """Return the pseudo-items' part of the sums of some replicates, None where the job has none."""
        prior = prior_draws(job.codes, job.coefficient.width, job.prior, self.seed, self.n_boot)
        if prior is None:
            return None
        ready.pseudo_sums(job, prior, slice(0, 1))  # what the blocks share is made before any of them starts
        return partial(ready.pseudo_sums, job, prior)

    def weights(
        self, stream: tuple[str, ...], groups: NDArray[np.int64], *, counts: bool = False
    ) -> Iterator[tuple[slice, Array]]:
        """Yield blocks of replicates: their rows and unit weights (b × units), exponential or (``counts``) multinomial.

        Each block is a stream of its own, so that results do not depend on who computes which block.
        """
        n_units = int(groups.max()) + 1 if len(groups) else 0
        for block, rows in enumerate(blocks(self.n_boot, n_units)):
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
        return Interval(value, low, high, method, ready.warnings(job, q, groups), informative, df)


def _prepared(jobs: Sequence[Job], groups: NDArray[np.int64], alike: Types | None) -> list[Prepared]:
    shared: dict[Hashable, Summed] = {}
    return [Prepared.of(job, groups, shared, alike) for job in jobs]


def _points(jobs: Sequence[Job], prepared: Sequence[Prepared]) -> list[Interval]:
    return [
        Interval(float(ready.values[q]), note=ready.undefined(q), method="point only", source=(job, q))
        for job, ready in zip(jobs, prepared, strict=True)
        for q in range(len(ready.values))
    ]


def expanded_tail(conf_level: float, informative: int, df: float) -> float:
    """Return the tail probability at which the draws are read: Φ(-√((N+1)/(N-1)) · t_df)."""
    from scipy.special import ndtr, stdtrit

    quantile = stdtrit(df, (1 + conf_level) / 2)
    return float(ndtr(-np.sqrt((informative + 1) / (informative - 1)) * quantile))


def quantile(ordered: Array, p: float) -> float:
    """Type-6 quantile: rank p(B+1) - 1, linearly between neighbours, clipped at the ends."""
    rank = float(np.clip(p * (len(ordered) + 1) - 1, 0, len(ordered) - 1))
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (rank - below) * (ordered[above] - ordered[below]))
