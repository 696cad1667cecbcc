"""Spearman's rank correlation at item level, from joint tables of ratings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.kappa import joint_tables
from judgekit.stats.pairings import Pairing, Slice, levels_of, pairings, slices
from judgekit.stats.pairwise import PairIndex, mean_over_pairs
from judgekit.stats.resample import NO_PRIOR, SINGLE, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import row
from judgekit.study import Study


@dataclass(frozen=True)
class Spearman:
    """Pearson's correlation of mid-ranks, per pair from its joint table, averaged over pairs.

    Spearman (1904), doi:10.2307/1412159; ties get mid-ranks. In a weighted table a level's mid-rank is the mass below
    it plus half its own.
    """

    pairs: PairIndex
    codes: tuple[float, ...]
    width: int | None = None

    def features(self, X: Array) -> Array:
        """Return the pairs' joint tables (n × P·K·K)."""
        return joint_tables(self.pairs, self.codes, X)

    def point(self, S: Array) -> Array:
        """Return the mean correlation over pairs."""
        K = len(self.codes)
        table = S.reshape(*S.shape[:-1], -1, K, K)
        n = table.sum(axis=(-1, -2))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = table / n[..., None, None]
            x, y = _centred_midranks(share.sum(axis=-1)), _centred_midranks(share.sum(axis=-2))
            cross = np.einsum("...i,...ij,...j->...", x, share, y)
            spread = (share.sum(axis=-1) * x**2).sum(axis=-1) * (share.sum(axis=-2) * y**2).sum(axis=-1)
            rho = np.where(spread > 1e-20, cross / np.sqrt(spread), np.nan)
        return mean_over_pairs(np.clip(rho, -1, 1), n)

    population = point


def _centred_midranks(margin: Array) -> Array:
    """Return each level's mid-rank as a share of the mass, minus the mean mid-rank (one half)."""
    return np.asarray(np.cumsum(margin, axis=-1) - margin / 2 - 0.5)


#: Beyond this many distinct values ranks are computed per replicate instead of from joint tables.
MOST_LEVELS = 40


@dataclass(frozen=True)
class SpearmanOfMany:
    """Spearman's correlation of values on a continuum: weighted mid-ranks recomputed in each replicate, pair by pair."""

    pairs: PairIndex
    width: None = None

    def weighted(self, X: Array, weights: Array) -> Array:
        """Return the mean correlation over pairs under each row of weights (B × n)."""
        rho = np.full((len(weights), len(self.pairs.own)), np.nan)
        mass = np.zeros_like(rho)
        for number, (i, j) in enumerate(self.pairs.own):
            both = np.isfinite(X[:, i]) & np.isfinite(X[:, j])
            w = weights[:, both]
            mass[:, number] = w.sum(axis=1)
            x, y = weighted_midranks(X[both, i], w), weighted_midranks(X[both, j], w)
            with np.errstate(divide="ignore", invalid="ignore"):
                x = x - (w * x).sum(axis=1, keepdims=True) / mass[:, [number]]
                y = y - (w * y).sum(axis=1, keepdims=True) / mass[:, [number]]
                spread = (w * x**2).sum(axis=1) * (w * y**2).sum(axis=1)
                rho[:, number] = np.where(spread > 1e-20, (w * x * y).sum(axis=1) / np.sqrt(spread), np.nan)
        return mean_over_pairs(np.clip(rho, -1, 1), mass)


def weighted_midranks(values: Array, weights: Array) -> Array:
    """Return mid-ranks of values (n) under each row of weights (B × n): mass below plus half the mass of ties."""
    _, level = np.unique(values, return_inverse=True)
    order = np.argsort(level, kind="stable")
    starts = np.flatnonzero(np.diff(level[order], prepend=-1))
    tied = np.add.reduceat(weights[:, order], starts, axis=1)
    return np.asarray((np.cumsum(tied, axis=1) - tied / 2)[:, level])


@register("stats")
def spearman(study: Study, *, boot: Bootstrap) -> Iterator[Estimate]:
    """Spearman's rank correlation over items: people with people, judge with people, judges."""
    for part in slices(study):
        if part.criterion.scale == "nominal" and len(part.criterion.codes) > 2:
            continue
        chosen = pairings(study, part)
        jobs = [_job(part, pairing) for pairing in chosen]
        found = boot.intervals(part.stream, part.groups, jobs)
        for pairing, job, interval in zip(chosen, jobs, found, strict=True):
            kept = _never_without_width(interval, part, job, boot)
            assert isinstance(job.coefficient, Spearman | SpearmanOfMany)
            pairs = job.coefficient.pairs.describe()
            yield row(study, "spearman", part, pairing, kept, boot, "; ".join(t for t in ("item level", pairs) if t))


def _job(part: Slice, pairing: Pairing) -> Job:
    X = part.matrix(pairing.raters)
    codes = tuple(float(v) for v in np.unique(X[np.isfinite(X)]))
    if len(codes) > MOST_LEVELS:
        return Job(SpearmanOfMany(PairIndex.of(pairing, X)), X, (), NO_PRIOR)
    return Job(Spearman(PairIndex.of(pairing, X), codes), X, codes, NO_PRIOR)


def _never_without_width(found: Interval, part: Slice, job: Job, boot: Bootstrap) -> Interval:
    """At perfect correlation the observed items alone give no width: there the pseudo-items of the default rule do."""
    if not (np.isfinite(found.value) and found.low == found.high) or not isinstance(job.coefficient, Spearman):
        return found
    codes = levels_of(part.criterion, job.X)
    wider = replace(job.coefficient, codes=codes, width=job.X.shape[1])
    return boot.intervals(part.stream, part.groups, [Job(wider, job.X, codes, SINGLE)])[0]
