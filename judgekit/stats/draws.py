"""The weights of a slice's replicates: one set a slice, whatever is asked of it and by whom.

Items that got the same ratings are of one type. A type of m items weighs Gamma(m), the sum of m exponential weights;
where a statistic tells its items apart, that weight is broken up over them by exponential shares (a Dirichlet vector
times an independent Gamma total is a vector of independent exponentials). So every item has a weight of its own in
distribution, a statistic of the types needs a few draws instead of one an item, and both see the same replicates.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.stats.prior import Array

LARGEST_BLOCK = 1024
#: Draws that are kept for the next statistic.
KEPT_BYTES = 2**30
KEPT_SUMS = 32
#: Types are worth their while where there are so many times as many items.
LEAST_ITEMS_A_TYPE = 8
#: With more distinct values than this hardly any items are alike.
MOST_LEVELS = 50
MOST_THREADS = 4
#: Fewer weights than this are drawn by the caller alone.
WORTH_THREADS = 2**19


@dataclass
class Kept:
    """Draws kept between the statistics of one table, up to ``KEPT_BYTES``: the oldest make room.

    ``sums`` holds weighted sums of features by what they are of, then by block: of the newest ``KEPT_SUMS``.
    """

    blocks: dict[Hashable, Array] = field(default_factory=dict)
    sums: dict[Hashable, dict[int, Array]] = field(default_factory=dict)
    used: int = 0
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: Hashable, draw: Callable[[], Array]) -> Array:
        """Return the block called ``key``, drawn where it is not kept."""
        held = self.blocks.get(key)
        if held is not None:
            return held
        drawn = draw()
        with self._lock:
            if key not in self.blocks and drawn.nbytes <= KEPT_BYTES:
                while self.used + drawn.nbytes > KEPT_BYTES:
                    self.used -= self.blocks.pop(next(iter(self.blocks))).nbytes
                drawn.flags.writeable = False
                self.blocks[key] = drawn
                self.used += drawn.nbytes
        return drawn

    def keep(self, name: Hashable, block: int, sums: Array) -> None:
        """Keep the sums of one block."""
        with self._lock:
            while name not in self.sums and len(self.sums) >= KEPT_SUMS:
                self.sums.pop(next(iter(self.sums)))
            self.sums.setdefault(name, {})[block] = sums


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


@dataclass(frozen=True)
class Draws:
    """The smoothed bootstrap's weights of one slice: exponential ones of ``n_units`` units."""

    seed: int
    n_boot: int
    stream: tuple[str, ...]
    n_units: int
    types: Types | None = None
    kept: Kept | None = None

    def each(self, task: Callable[[Block], None]) -> None:
        """Call ``task`` for every block, in several threads where there is much to draw: the blocks do not care."""
        every = [Block(self, number, rows) for number, rows in enumerate(blocks(self.n_boot, self.n_units))]
        threads = min(MOST_THREADS, len(every), _processors())
        if threads < 2 or self.n_boot * self.n_units < WORTH_THREADS:
            for block in every:
                task(block)
            return
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:  # else each has threads again
            for _ in pool.map(task, every):
                pass

    @cached_property
    def name(self) -> Hashable:
        """What the weights depend on."""
        types = None if self.types is None else self.types.number.tobytes()
        return self.seed, self.n_boot, self.stream, self.n_units, types


@dataclass(frozen=True)
class Block:
    """Some replicates' weights, drawn when they are asked for; each block is a stream of its own."""

    source: Draws
    number: int
    rows: slice

    @cached_property
    def of_types(self) -> Array:
        """The types' weights (b × types), Gamma(size) each."""
        assert self.source.types is not None
        return self._kept("types", partial(self._gamma, self.source.types))

    @cached_property
    def of_units(self) -> Array:
        """The units' weights (b × units), in the order of ``Types.order`` where there are types."""
        return self._kept("units", self._exponential)

    def _gamma(self, types: Types) -> Array:
        return self._rng("types").standard_gamma(types.sizes, (self.rows.stop - self.rows.start, len(types.sizes)))

    def _exponential(self) -> Array:
        drawn = self._rng("units").standard_exponential((self.rows.stop - self.rows.start, self.source.n_units))
        types = self.source.types
        if types is not None:
            starts = np.concatenate([[0], np.cumsum(types.sizes)[:-1]])
            shares = self.of_types / np.add.reduceat(drawn, starts, axis=1)
            place = np.repeat(np.arange(len(types.sizes)), types.sizes)
            for line, share in zip(drawn, shares, strict=True):
                line *= share.take(place)
        return drawn

    def _rng(self, level: str) -> np.random.Generator:
        return seeds.rng(self.source.seed, *self.source.stream, level, self.number)

    def _kept(self, level: str, draw: Callable[[], Array]) -> Array:
        kept = self.source.kept
        return draw() if kept is None else kept.get((self.source.name, level, self.number), draw)


def blocks(n: int, n_units: int) -> Iterator[slice]:
    """Yield blocks of replicates, smaller the more units there are, so that memory stays bounded."""
    size = int(np.clip(2**22 // max(n_units, 1), 64, LARGEST_BLOCK))
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
