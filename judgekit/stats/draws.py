"""The weights of a slice's replicates: one set a slice, whatever is asked of it and by whom.

Items that got the same ratings are of one type. A type of m items weighs Gamma(m), the sum of m exponential weights;
where a statistic tells its items apart, that weight is broken up over them by exponential shares (a Dirichlet vector
times an independent Gamma total is a vector of independent exponentials). So every item has a weight of its own in
distribution, a statistic of the types needs a few draws instead of one an item, and both see the same replicates.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from judgekit import seeds
from judgekit.stats.alike import Types
from judgekit.stats.prior import Array

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

LARGEST_BLOCK = 1024
#: Draws weights into an array.
Fill = Callable[[Array], None]
#: Weights that the processor's cache holds; the replicates of a part of a block are a multiple of the other.
CACHED, MULTIPLE = 2**17, 64
#: With so few units a block is small enough as it is.
SMALL_UNITS = 512
#: Weights that are kept for the next statistic.
KEPT_BYTES = 2**30
KEPT_SUMS = 32
MOST_THREADS = 4
#: Fewer weights than this are drawn by the caller alone.
WORTH_THREADS = 2**19


@dataclass
class Kept:
    """Draws kept between the statistics of one table: small ones' weights by block, and weighted sums of features.

    Weights are kept up to ``KEPT_BYTES``, and where all of a slice's are few enough for that; larger ones are drawn
    again, in parts that stay in the cache, which takes no longer than to fetch them from memory. ``sums`` holds sums by
    what they are of, then by block: of the newest ``KEPT_SUMS``.
    """

    weights: dict[Hashable, Array] = field(default_factory=dict)
    sums: dict[Hashable, dict[int, Array]] = field(default_factory=dict)
    used: int = 0
    _lock: Lock = field(default_factory=Lock)

    def block(self, key: Hashable, shape: tuple[int, int], draw: Fill) -> Array:
        """Return the weights of the block called ``key``, drawn where they are not kept."""
        held = self.weights.get(key)
        if held is not None:
            return held
        drawn = _filled(np.empty(shape), draw)
        drawn.flags.writeable = False
        with self._lock:
            while self.weights and self.used + drawn.nbytes > KEPT_BYTES:
                self.used -= self.weights.pop(next(iter(self.weights))).nbytes
            self.weights[key] = drawn
            self.used += drawn.nbytes
        return drawn

    def keep(self, name: Hashable, block: int, sums: Array) -> None:
        """Keep the sums of one block."""
        with self._lock:
            while name not in self.sums and len(self.sums) >= KEPT_SUMS:
                self.sums.pop(next(iter(self.sums)))
            self.sums.setdefault(name, {})[block] = sums


@dataclass(frozen=True)
class Draws:
    """The smoothed bootstrap's weights of one slice: exponential ones of ``n_units`` units."""

    seed: int
    n_boot: int
    stream: tuple[str, ...]
    n_units: int
    types: Types | None = None
    kept: Kept | None = None

    def each(self, task: Callable[[Block], None], *, light: bool = False) -> None:
        """Call ``task`` for every block, in several threads where there is much to draw: the blocks do not care.

        ``light``: the task needs no weights, so that threads are not worth their while.
        """
        every = list(enumerate(blocks(self.n_boot, self.n_units)))

        def do(one: tuple[int, slice]) -> None:
            task(Block(self, *one))  # made here, so that the next block may have its memory

        threads = min(MOST_THREADS, len(every), _processors())
        if light or threads < 2 or self.n_boot * self.n_units < WORTH_THREADS:
            for one in every:
                do(one)
            return
        # one thread of the library in each of ours: otherwise both compete
        with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(do, every):
                pass

    def keeps(self, width: int) -> bool:
        """Tell whether all replicates' weights of so many units or types are kept."""
        return self.kept is not None and 8 * self.n_boot * width <= KEPT_BYTES

    @cached_property
    def name(self) -> Hashable:
        """What the weights depend on."""
        types = None if self.types is None else self.types.number.tobytes()
        return self.seed, self.n_boot, self.stream, self.n_units, types


@dataclass(frozen=True)
class Block:
    """Some replicates' weights, drawn when they are asked for; each block is a stream of its own.

    A part of a block (of ``whole``) has the same weights: the block's own where they are kept, else those that
    ``stream`` gives where the part before it ended.
    """

    source: Draws
    number: int
    rows: slice
    whole: Block | None = None
    stream: np.random.Generator | None = None

    @cached_property
    def of_types(self) -> Array:
        """The types' weights (b × types), Gamma(size) each."""
        if self.whole is not None:
            return self.whole.of_types[self._within]
        types = self.source.types
        assert types is not None
        return self._kept("types", len(types.sizes), partial(self._gamma, types))

    @cached_property
    def of_units(self) -> Array:
        """The units' weights (b × units), in the order of ``Types.order`` where there are types."""
        if self.whole is not None and self.stream is None:
            return self.whole.of_units[self._within]
        return self._kept("units", self.source.n_units, self._exponential)

    def parts(self) -> Iterator[Block]:
        """Yield the block in parts whose unit weights stay in the processor's cache until they are multiplied."""
        n_units = self.source.n_units
        size = CACHED // max(n_units, 1) // MULTIPLE * MULTIPLE
        if n_units <= SMALL_UNITS or size == 0:  # a block is small enough as it is, or a part would still be too large
            yield self
            return
        stream = None if self.source.keeps(n_units) else self._rng("units")
        for start in range(self.rows.start, self.rows.stop, size):
            yield Block(self.source, self.number, slice(start, min(start + size, self.rows.stop)), self, stream)

    @property
    def _within(self) -> slice:
        """Where a part's rows are in the whole block."""
        first = self.rows.start if self.whole is None else self.whole.rows.start
        return slice(self.rows.start - first, self.rows.stop - first)

    def _gamma(self, types: Types, out: Array) -> None:
        self._rng("types").standard_gamma(np.broadcast_to(types.sizes, out.shape), out=out)

    def _exponential(self, out: Array) -> None:
        (self.stream or self._rng("units")).standard_exponential(out=out)
        types = self.source.types
        if types is not None:
            starts = np.concatenate([[0], np.cumsum(types.sizes)[:-1]])
            shares = self.of_types / np.add.reduceat(out, starts, axis=1)
            place = np.repeat(np.arange(len(types.sizes)), types.sizes)
            for line, share in zip(out, shares, strict=True):
                line *= share.take(place)

    def _rng(self, level: str) -> np.random.Generator:
        return seeds.rng(self.source.seed, *self.source.stream, level, self.number)

    def _kept(self, level: str, width: int, draw: Fill) -> Array:
        source, shape = self.source, (self.rows.stop - self.rows.start, width)
        if source.kept is None or not source.keeps(width):
            return _filled(np.empty(shape), draw)
        return source.kept.block((source.name, level, self.number), shape, draw)


def _filled(out: Array, draw: Fill) -> Array:
    draw(out)
    return out


def blocks(n: int, n_units: int) -> Iterator[slice]:
    """Yield blocks of replicates, smaller the more units there are, so that memory stays bounded."""
    size = int(np.clip(2**22 // max(n_units, 1), 64, LARGEST_BLOCK))
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    """Return a hold on the threads of numpy's libraries: to look for them takes as long as a small study."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
