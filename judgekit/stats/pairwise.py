"""What is common to statistics that are a mean over pairs of raters: which pairs count, which are merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.pairings import Pairing
from judgekit.stats.resample import Array

#: Pairs with fewer items in common than this have no coefficient of their own: they are merged into one.
LEAST_COMMON = 10
#: Items × pairs that are looked at in one go.
CELLS = 2**17


@dataclass(frozen=True)
class PairIndex:
    """The pairs of a pairing as column numbers: ``own`` pairs stand alone, ``merged`` ones are taken as one pair.

    A merged pair stands for "two raters drawn from those who rated the item": each item weighs once, its pairs equally.
    """

    own: tuple[tuple[int, int], ...]
    merged: tuple[tuple[int, int], ...]
    symmetric: bool

    @classmethod
    def of(cls, pairing: Pairing, X: Array) -> PairIndex:
        """Sort the pairs by how many items they have in common; pairs with none are dropped."""
        column = {rater: number for number, rater in enumerate(pairing.raters)}
        pairs = [(column[one], column[other]) for one, other in pairing.pairs()]
        present = np.isfinite(X).astype(float)
        common = present.T @ present
        alone = len(pairs) == 1
        own = tuple(pair for pair in pairs if common[pair] >= (1 if alone else LEAST_COMMON))
        merged = tuple(pair for pair in pairs if 0 < common[pair] < LEAST_COMMON and not alone)
        return cls(own, merged, pairing.left == pairing.right)

    @property
    def size(self) -> int:
        """The number of pairs whose coefficients are averaged."""
        return len(self.own) + bool(self.merged)

    def thin_cells(self, X: Array) -> Iterator[tuple[NDArray[np.int64], Array, Array]]:
        """Yield items (ascending) that both raters of a merged pair rated, and what each said: some pairs at a time.

        The pairs of a crowd are many and nearly all without a common item, so they are never laid out side by side.
        """
        there = np.isfinite(X)
        step = max(1, CELLS // max(len(X), 1))
        for start in range(0, len(self.merged), step):
            i, j = np.array(self.merged[start : start + step], dtype=np.int64).T
            item, pair = np.nonzero(there[:, i] & there[:, j])
            if len(item):
                yield item, X[item, i[pair]], X[item, j[pair]]
                if self.symmetric:
                    yield item, X[item, j[pair]], X[item, i[pair]]

    def describe(self) -> str:
        """Say how the pairs were averaged."""
        if self.size <= 1 and not self.merged:
            return ""
        text = f"mean over {len(self.own)} pairs weighted by items in common" if self.own else ""
        if self.merged:
            text += (
                f"{' and ' if text else ''}{len(self.merged)} pairs with under {LEAST_COMMON} common items taken as one"
            )
        return text


def mean_over_pairs(values: Array, overlaps: Array) -> Array:
    """Return the overlap-weighted mean over the last axis; undefined pairs drop out."""
    weights = np.where(np.isfinite(values), overlaps, 0.0)
    total = weights.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(
            np.where(total > 0, np.nansum(np.where(weights > 0, values, 0) * weights, axis=-1) / total, np.nan)
        )
