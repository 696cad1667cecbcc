"""Weighted kappa between raters, averaged over pairs where one side is many people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.kernels import QuadraticKernel, TableKernel
from judgekit.stats.pairings import Pairing, Slice, between_levels, levels_of, pairings, slices
from judgekit.stats.pairmeans import PairMeans, PairSet
from judgekit.stats.pairwise import PairIndex, mean_over_pairs
from judgekit.stats.resample import DIFFERENCE, NO_PRIOR, SINGLE, Array, Bootstrap, Job, Prior
from judgekit.stats.rows import row
from judgekit.stats.weights import default_weights, described, disagreement

if TYPE_CHECKING:
    from judgekit.study import Study


@dataclass(frozen=True)
class QuadraticKappa:
    """Quadratic-weighted kappa on the values themselves: 1 - E[(x - y)²] / (E[x²] + E[y²] - 2 E[x] E[y]).

    Cohen (1968), doi:10.1037/h0026256, with weights on the declared values, never on the index of observed ones.
    Per pair the features are w, x, y, x² + y² and xy; ``centre`` only keeps the sums small.
    """

    pairs: PairIndex
    centre: float
    width: int | None

    def features(self, X: Array) -> Array:
        """Return the pairs' moments (n × 5P)."""
        x, y, both = self.pairs.columns(X)
        blocks = [_moments(x, y, both.astype(float), self.centre)]
        if self.pairs.merged:
            u, v, weight = self.pairs.merged_columns(X)
            blocks.append(_moments(u, v, weight, self.centre).sum(axis=2, keepdims=True))
        stacked = np.concatenate(blocks, axis=2)
        return np.asarray(stacked.transpose(1, 0, 2).reshape(len(X), -1))

    def point(self, S: Array) -> Array:
        """Return the mean kappa over pairs."""
        w, x, y, squares, xy = np.moveaxis(S.reshape(*S.shape[:-1], 5, -1), -2, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            chance = squares - 2 * x * y / w
            kappa = np.where(chance > 1e-9 * np.maximum(w, 1e-300), 1 - (squares - 2 * xy) / chance, np.nan)
        return mean_over_pairs(kappa, w)

    population = point


def _moments(x: Array, y: Array, weight: Array, centre: float) -> Array:
    """Return w, x, y, x² + y², xy of each cell (5 × n × P); cells without both ratings are zero."""
    there = weight > 0
    u, v = np.where(there, x - centre, 0.0), np.where(there, y - centre, 0.0)
    return np.stack([weight, weight * u, weight * v, weight * (u * u + v * v), weight * u * v])


@dataclass(frozen=True)
class TableKappa:
    """Kappa with any disagreement weights from each pair's joint table (Cohen 1960, doi:10.1177/001316446002000104).

    ``disagreement`` is K × K with zeros on the diagonal; all ones beside it give Cohen's unweighted kappa.
    """

    pairs: PairIndex
    codes: tuple[float, ...]
    disagreement: tuple[tuple[float, ...], ...]
    width: int | None

    def features(self, X: Array) -> Array:
        """Return the pairs' joint tables (n × P·K·K)."""
        return joint_tables(self.pairs, self.codes, X)

    def point(self, S: Array) -> Array:
        """Return the mean kappa over pairs."""
        return mean_over_pairs(*table_kappas(S, self.disagreement))

    population = point


def table_kappas(S: Array, disagreement: tuple[tuple[float, ...], ...]) -> tuple[Array, Array]:
    """Return each pair's kappa and number of items (… × P each) from joint tables S (… × P·K·K)."""
    cost = np.asarray(disagreement)
    table = S.reshape(*S.shape[:-1], -1, *cost.shape)
    n = table.sum(axis=(-1, -2))
    observed = (table * cost).sum(axis=(-1, -2))
    chance = np.einsum("...i,ij,...j->...", table.sum(axis=-1), cost, table.sum(axis=-2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(chance > 1e-12 * np.maximum(n, 1e-300) ** 2, 1 - n * observed / chance, np.nan), n


def joint_tables(pairs: PairIndex, codes: tuple[float, ...], X: Array) -> Array:
    """Return each item's contribution to each pair's K × K joint table (n × P·K·K), merged pairs last."""
    x, y, both = pairs.columns(X)
    levels = np.asarray(codes)
    one = (x[:, :, None] == levels) & both[:, :, None]
    other = (y[:, :, None] == levels) & both[:, :, None]
    blocks = [(one[:, :, :, None] & other[:, :, None, :]).astype(float)]
    if pairs.merged:
        u, v, weight = pairs.merged_columns(X)
        hot = np.einsum("np,npi,npj->nij", weight, (u[:, :, None] == levels) * 1.0, (v[:, :, None] == levels) * 1.0)
        blocks.append(hot[:, None])
    return np.concatenate(blocks, axis=1).reshape(len(X), -1)


def agreement_job(part: Slice, pairing: Pairing, weights: str | None = None, prior: Prior = SINGLE) -> tuple[Job, str]:
    """Return the weighted-kappa job of a pairing and what its weights are called."""
    X = part.matrix(pairing.raters)
    pairs = PairIndex.of(pairing, X)
    chosen = weights or default_weights(part.criterion)
    codes = part.criterion.codes
    if chosen == "quadratic":
        seen = X[np.isfinite(X)]
        width = len(pairing.raters) if codes else None
        coefficient = QuadraticKappa(pairs, float(np.mean(seen)) if len(seen) else 0.0, width)
        said = "quadratic weights on the declared values"
        job = Job(coefficient, X, codes, prior if codes else NO_PRIOR)
    else:
        levels = levels_of(part.criterion, X)
        cost = disagreement(levels, chosen)
        said = "identity weights (Cohen's kappa)" if chosen == "identity" else described(chosen)
        job = Job(TableKappa(pairs, levels, cost, len(pairing.raters)), X, levels, prior)
    return job, "; ".join(text for text in (said, pairs.describe()) if text)


def kappa_family(
    part: Slice, chosen: Sequence[Pairing], weights: str | None = None, minus: tuple[tuple[int, int], ...] | None = None
) -> tuple[Job, list[str]]:
    """Return one job for the weighted kappas of many comparisons (or their differences) and what each was made of."""
    pairs = PairSet.of(part, chosen)
    X = part.matrix(pairs.raters)
    named = weights or default_weights(part.criterion)
    codes = part.criterion.codes
    kernel: QuadraticKernel | TableKernel
    if named == "quadratic":
        # The middle of the declared scale, not of the data: the pseudo-items' moments are then the same everywhere.
        kernel = QuadraticKernel(float(np.mean(codes)) if codes else float(np.nanmean(X)))
        said = "quadratic weights on the declared values"
    else:
        codes = levels_of(part.criterion, X)
        kernel = TableKernel(codes, disagreement(codes, named))
        said = "identity weights (Cohen's kappa)" if named == "identity" else f"{named} weights on the declared values"
    prior = (DIFFERENCE if minus is not None else SINGLE) if codes else NO_PRIOR
    job = Job(PairMeans(kernel, pairs, len(pairs.raters) if codes else None, minus), X, codes, prior)
    return job, ["; ".join(text for text in (said, index.describe()) if text) for index in pairs.indices]


@register("stats")
def weighted_kappa(study: Study, *, boot: Bootstrap, weights: str | None = None) -> Iterator[Estimate]:
    """Weighted kappa (quadratic; identity where nominal): people with people, judge with people, judges."""
    for part in slices(study):
        nominal = part.criterion.scale == "nominal"
        chosen = [
            pairing
            for pairing in pairings(study, part)
            if not (nominal and between_levels(part.criterion, part.matrix(pairing.raters)))
        ]
        if not chosen:
            continue
        job, said = kappa_family(part, chosen, weights)
        for pairing, found, text in zip(chosen, boot.intervals(part.stream, part.groups, [job]), said, strict=True):
            yield row(study, "weighted_kappa", part, pairing, found, boot, text)
