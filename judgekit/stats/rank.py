"""Spearman's rank correlation at item level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.kernels import SpearmanKernel
from judgekit.stats.pairings import Pairing, Slice, levels_of, pairings, seen_values, slices
from judgekit.stats.pairmeans import PairMeans, PairSet
from judgekit.stats.pairwise import PairIndex, mean_over_pairs
from judgekit.stats.resample import NO_PRIOR, SINGLE, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import row

if TYPE_CHECKING:
    from judgekit.study import Study


#: Beyond this many distinct values ranks are computed per replicate instead of from joint tables.
MOST_LEVELS = 12


@dataclass(frozen=True)
class SpearmanOfMany:
    """Spearman's correlation of values on a continuum: weighted mid-ranks, anew in each replicate, pair by pair."""

    pairs: PairIndex
    width: None = None

    def weighted(self, X: Array, weights: Array) -> Array:
        """Return the mean correlation over pairs under each row of weights (B × n)."""
        columns = [self._correlation(x, y, w) for x, y, w in self._pairs(X, weights)]
        if not columns:
            return np.full(len(weights), np.nan)
        rho, mass = (np.stack(part, axis=1) for part in zip(*columns, strict=True))
        return mean_over_pairs(np.clip(rho, -1, 1), mass)

    def _pairs(self, X: Array, weights: Array) -> Iterator[tuple[Array, Array, Array]]:
        """Yield for each pair the two raters' values and the weights of their items (B × items); thin ones as one."""
        for i, j in self.pairs.own:
            both = np.isfinite(X[:, i]) & np.isfinite(X[:, j])
            yield X[both, i], X[both, j], weights[:, both]
        if self.pairs.merged:
            item, x, y = (np.concatenate(cells) for cells in zip(*self.pairs.thin_cells(X), strict=True))
            yield x, y, weights[:, item] / np.bincount(item)[item]

    @staticmethod
    def _correlation(x: Array, y: Array, w: Array) -> tuple[Array, Array]:
        """Return the correlation of mid-ranks and the mass, under each row of weights."""
        mass = w.sum(axis=1)
        u, v = weighted_midranks(x, w), weighted_midranks(y, w)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = u - ((w * u).sum(axis=1) / mass)[:, None]
            v = v - ((w * v).sum(axis=1) / mass)[:, None]
            spread = (w * u**2).sum(axis=1) * (w * v**2).sum(axis=1)
            return np.where(spread > 1e-20, (w * u * v).sum(axis=1) / np.sqrt(spread), np.nan), mass


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
        every = pairings(study, part)
        few = [pairing for pairing in every if len(seen_values(part.matrix(pairing.raters))) <= MOST_LEVELS]
        many = [pairing for pairing in every if pairing not in few]
        indices = [PairIndex.of(pairing, part.matrix(pairing.raters)) for pairing in many]
        jobs = [
            Job(SpearmanOfMany(index), part.matrix(pairing.raters), (), NO_PRIOR)
            for pairing, index in zip(many, indices, strict=True)
        ]
        found = dict(zip(many, boot.intervals(part.stream, part.groups, jobs), strict=True))
        said = dict(zip(many, [index.describe() for index in indices], strict=True))
        if few:
            intervals, texts = _from_tables(part, few, boot)
            found.update(zip(few, intervals, strict=True))
            said.update(zip(few, texts, strict=True))
        for pairing in every:
            text = "; ".join(word for word in ("item level", said[pairing]) if word)
            yield row(study, "spearman", part, pairing, found[pairing], boot, text)


def _from_tables(part: Slice, chosen: list[Pairing], boot: Bootstrap) -> tuple[list[Interval], list[str]]:
    """Return intervals from joint tables.

    At perfect correlation the observed items alone give no width: there the pseudo-items of the default rule do.
    """
    pairs = PairSet.of(part, chosen)
    X = part.matrix(pairs.raters)
    codes = seen_values(X)
    job = Job(PairMeans(SpearmanKernel(codes), pairs, None), X, codes, NO_PRIOR)
    found = boot.intervals(part.stream, part.groups, [job])
    flat = [np.isfinite(one.value) and one.low == one.high for one in found]
    if any(flat) and part.criterion.codes:
        codes = levels_of(part.criterion, X)
        smooth = Job(PairMeans(SpearmanKernel(codes), pairs, len(pairs.raters)), X, codes, SINGLE)
        wider = boot.intervals(part.stream, part.groups, [smooth])
        found = [wide if thin else one for one, wide, thin in zip(found, wider, flat, strict=True)]
    return found, [index.describe() for index in pairs.indices]
