"""Which items are alike: those with equal ratings are of one type, for every statistic that looks at nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.prior import Array

#: Types are worth their while where there are so many times as many items.
LEAST_ITEMS_A_TYPE = 8
#: With more distinct values than this hardly any items are alike.
MOST_LEVELS = 50


@dataclass(frozen=True)
class Types:
    """Units by type: ``order`` sorts them by type, ``first`` is one of each, ``sizes`` how many there are of each."""

    number: NDArray[np.int64]
    order: NDArray[np.int64]
    first: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, types: NDArray[np.int64] | None, groups: NDArray[np.int64]) -> Types | None:
        """Return the types of units, None where items come in clusters (whose sums hardly ever agree)."""
        if types is None or not len(groups) or groups.max() + 1 < len(groups):
            return None
        _, first, number, sizes = np.unique(
            types[np.argsort(groups)], return_index=True, return_inverse=True, return_counts=True
        )
        return cls(number, np.argsort(number, kind="stable"), first, sizes)

    def rows(self, phi: Array) -> Array | None:
        """Return one row a type of phi (units × F), None where units of a type differ beyond rounding."""
        rows = phi[self.first]
        slack = 1e-12 * float(np.abs(rows).max(initial=0.0))
        step = max(1, 2**20 // max(phi.shape[1], 1))
        for start in range(0, len(phi), step):
            part = slice(start, start + step)
            if not (np.abs(phi[part] - rows[self.number[part]]) <= slack).all():
                return None
        return rows


def number_types(X: Array, codes: Sequence[float], pools: Sequence[str]) -> NDArray[np.int64] | None:
    """Number items by their ratings X (n × raters), equal ones alike; None where they are too seldom equal.

    Equal are whole rows; where that is too seldom, the ratings of each rater without a pool and, of each pool
    (``pools`` names each column's), how often each level was given; else these counts alone. ``codes`` are the levels.
    """
    given = _places(X, codes if len(codes) <= MOST_LEVELS else ())
    if np.count_nonzero(given) < np.count_nonzero(np.isfinite(X)):
        seen = np.unique(X[np.isfinite(X)])
        if len(seen) > MOST_LEVELS:
            return None
        given = _places(X, seen.tolist())
    names = np.array(pools, dtype=object)
    pooled = [given[:, names == name] for name in dict.fromkeys(pools) if name]
    counts: list[NDArray[np.integer[Any]]] = [
        (block == k).sum(axis=1) for block in pooled for k in range(1, int(given.max(initial=0)) + 1)
    ]
    own: list[NDArray[np.integer[Any]]] = list(given[:, names == ""].T)
    for columns in (list(given.T), [*own, *counts], counts if pooled else []):
        numbers = _numbered(columns, len(X) // LEAST_ITEMS_A_TYPE) if columns else None
        if numbers is not None:
            return numbers
    return None


def _places(X: Array, codes: Sequence[float]) -> NDArray[np.int8]:
    """Return the place of each rating among the codes, from 1; 0 where it is none of them or missing."""
    places = np.zeros(X.shape, dtype=np.int8)
    for place, code in enumerate(codes, start=1):
        places += np.equal(X, code) * np.int8(place)
    return places


def _numbered(columns: Sequence[NDArray[np.integer[Any]]], most: int) -> NDArray[np.int64] | None:
    """Number the rows of some columns of small whole numbers, None where more than ``most`` differ."""
    numbers, span = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        base = int(column.max(initial=0)) + 1
        if span * base > 2**62:
            distinct, numbers = np.unique(numbers, return_inverse=True)
            span = len(distinct)
            if span > most:
                return None
        numbers, span = numbers * base + column, span * base
    distinct, numbers = np.unique(numbers, return_inverse=True)
    return numbers if len(distinct) <= most else None
