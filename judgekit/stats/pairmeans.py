"""Statistics of pairs of raters, averaged: every pair of a slice is computed once and shared by all comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.pairings import Pairing, Slice
from judgekit.stats.pairwise import PairIndex
from judgekit.stats.prior import PriorDraws
from judgekit.stats.resample import Array

#: Up to this many raters the moments of all their pairs are kept between slices.
MOST_COMPACT = 40
#: Replicates that a joint-table statistic works on at a time, so that they stay in the processor's cache.
CHUNK = 256


class Kernel(Protocol):
    """A statistic of one pair of raters from weighted sums of ``size`` features."""

    @property
    def size(self) -> int:
        """Features a pair."""
        ...

    def features(self, x: Array, y: Array, weight: Array) -> Array:
        """Return features of columns x and y (n × P each), zero where weight is: n × size × P."""
        ...

    def values(self, S: Array) -> tuple[Array, Array]:
        """Return the statistic and the mass of sums S (… × size × P): two arrays … × P."""
        ...


@dataclass(frozen=True)
class PairSet:
    """The pairs that some comparisons need, each once; a merged pair is a comparison's thin pairs taken as one."""

    raters: list[str]
    own: list[tuple[int, int]]
    merged: list[tuple[tuple[tuple[int, int], ...], bool]]
    #: comparison × pair: 1 where the pair enters the comparison's mean
    enters: Array
    indices: list[PairIndex]
    members: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, part: Slice, pairings: Sequence[Pairing]) -> PairSet:
        """Collect the pairs of these comparisons on one slice."""
        raters = list(dict.fromkeys(rater for pairing in pairings for rater in pairing.raters))
        column = {rater: number for number, rater in enumerate(raters)}
        place: dict[tuple[int, int], int] = {}
        merged: list[tuple[tuple[tuple[int, int], ...], bool]] = []
        rows: list[tuple[list[int], int | None]] = []
        indices = []
        for pairing in pairings:
            index = PairIndex.of(pairing, part.matrix(pairing.raters))
            mine = [column[rater] for rater in pairing.raters]
            mapped = [(mine[i], mine[j]) for i, j in index.own]
            thin = tuple((mine[i], mine[j]) for i, j in index.merged)
            rows.append(
                ([place.setdefault((min(p), max(p)), len(place)) for p in mapped], len(merged) if thin else None)
            )
            merged += [(thin, index.symmetric)] if thin else []
            indices.append(index)
        enters = np.zeros((len(pairings), len(place) + len(merged)))
        for number, (places, thin_place) in enumerate(rows):
            enters[number, places] = 1
            if thin_place is not None:
                enters[number, len(place) + thin_place] = 1
        members = tuple(tuple(column[rater] for rater in pairing.raters) for pairing in pairings)
        return cls(raters, list(place), merged, enters, indices, members)

    def present(self, X: Array) -> NDArray[np.bool_]:
        """Tell which items each comparison can use (n × comparisons)."""
        there = np.isfinite(X)
        first = there[:, [i for i, _ in self.own]] & there[:, [j for _, j in self.own]]
        thin = [np.any([there[:, i] & there[:, j] for i, j in pairs], axis=0) for pairs, _ in self.merged]
        both = np.column_stack([first, *thin]) if thin else first
        return np.asarray(both.astype(float) @ self.enters.T > 0)


@dataclass(frozen=True)
class PairMeans:
    """The overlap-weighted mean of a kernel over each comparison's pairs; ``minus`` subtracts other comparisons.

    Outputs are the comparisons of ``pairs``, or, where ``minus`` holds (first, second) numbers, their differences.
    """

    kernel: Kernel
    pairs: PairSet
    width: int | None
    minus: tuple[tuple[int, int], ...] | None = None
    _psi: dict[int, Array] = field(default_factory=dict, compare=False)

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The columns of X behind each output."""
        every = self.pairs.members
        if self.minus is None:
            return every
        return tuple(tuple(dict.fromkeys(every[one] + every[other])) for one, other in self.minus)

    def features(self, X: Array) -> Array:
        """Return the kernel's features of every pair (n × size·P, pairs last)."""
        first = X[:, [i for i, _ in self.pairs.own]]
        second = X[:, [j for _, j in self.pairs.own]]
        both = (np.isfinite(first) & np.isfinite(second)).astype(float)
        blocks = [self.kernel.features(first, second, both)]
        for thin, symmetric in self.pairs.merged:
            index = PairIndex((), thin, symmetric)
            u, v, weight = index.merged_columns(X)
            blocks.append(self.kernel.features(u, v, weight).sum(axis=2, keepdims=True))
        return np.concatenate(blocks, axis=2).reshape(len(X), -1)

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Tell which items say anything of each output (n × Q)."""
        present = self.pairs.present(X)
        if self.minus is None:
            return present
        return np.stack([present[:, one] | present[:, other] for one, other in self.minus], axis=1)

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates (b × size·P)."""
        if isinstance(self.kernel, QuadraticKernel) and prior.rows.shape[1] <= MOST_COMPACT:
            return self._compact(self.kernel, prior, rows)
        if 0 not in self._psi:
            self._psi[0] = self.features(prior.rows)
        return prior.weights[rows] @ self._psi[0]

    def _compact(self, kernel: QuadraticKernel, prior: PriorDraws, rows: slice) -> Array:
        """Pseudo-items are complete, so a pair's moments come from those of its raters: far fewer columns to sum."""
        R = prior.rows.shape[1]
        kept = prior.sums(("moments", kernel.centre), kernel.rater_moments)[rows]
        pairs = [*self.pairs.own, *(pair for thin, _ in self.pairs.merged for pair in thin)]
        i, j = np.array([i for i, _ in pairs], dtype=int), np.array([j for _, j in pairs], dtype=int)
        low, high = np.minimum(i, j), np.maximum(i, j)
        cross = 1 + 2 * R + low * (2 * R - low - 1) // 2 + (high - low - 1)
        mass = np.repeat(kept[:, :1], len(pairs), axis=1)
        first, second = kept[:, 1 + i], kept[:, 1 + j]
        squares = kept[:, 1 + R + i] + kept[:, 1 + R + j]
        S = np.stack([mass, first, second, squares, kept[:, cross]], axis=1)
        blocks, start = [S[:, :, : len(self.pairs.own)]], len(self.pairs.own)
        for thin, symmetric in self.pairs.merged:
            mean = S[:, :, start : start + len(thin)].mean(axis=2, keepdims=True)
            if symmetric:
                mean[:, 1] = mean[:, 2] = (mean[:, 1] + mean[:, 2]) / 2
            blocks.append(mean)
            start += len(thin)
        return np.concatenate(blocks, axis=2).reshape(len(S), -1)

    def point(self, S: Array) -> Array:
        """Return the outputs of sums S (… × size·P): … × Q."""
        values, mass = self.kernel.values(S.reshape(*S.shape[:-1], self.kernel.size, -1))
        known = np.isfinite(values)
        mass = np.where(known, mass, 0.0)
        total = mass @ self.pairs.enters.T
        with np.errstate(divide="ignore", invalid="ignore"):
            means = np.where(total > 0, (np.where(known, values, 0.0) * mass) @ self.pairs.enters.T / total, np.nan)
        if self.minus is None:
            return np.asarray(means)
        return np.stack([means[..., one] - means[..., other] for one, other in self.minus], axis=-1)

    population = point


@dataclass(frozen=True)
class QuadraticKernel:
    """Quadratic-weighted kappa: 1 - E[(x - y)²] / (E[x²] + E[y²] - 2 E[x] E[y]), from w, x, y, x² + y², xy.

    Cohen (1968), doi:10.1037/h0026256; the weights act on the values themselves. ``centre`` keeps the sums small.
    """

    centre: float
    size: int = 5

    def features(self, x: Array, y: Array, weight: Array) -> Array:
        """Return the five moments (n × 5 × P)."""
        there = weight > 0
        u, v = np.where(there, x - self.centre, 0.0), np.where(there, y - self.centre, 0.0)
        return np.stack([weight, weight * u, weight * v, weight * (u * u + v * v), weight * u * v], axis=1)

    def rater_moments(self, rows: Array) -> Array:
        """Return 1, x_r, x_r² and x_r x_s (r < s) of complete rows: what every pair's moments are made of."""
        x = rows - self.centre
        r, s = np.triu_indices(x.shape[1], 1)
        return np.hstack([np.ones((len(x), 1)), x, x * x, x[:, r] * x[:, s]])

    def values(self, S: Array) -> tuple[Array, Array]:
        """Return kappa and the mass of each pair."""
        w, x, y, squares, xy = np.moveaxis(S, -2, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            chance = squares - 2 * x * y / w
            kappa = np.where(chance > 1e-9 * np.maximum(w, 1e-300), 1 - (squares - 2 * xy) / chance, np.nan)
        return np.asarray(kappa), w


@dataclass(frozen=True)
class TableKernel:
    """Kappa with any disagreement weights, from the joint table (Cohen 1960, doi:10.1177/001316446002000104)."""

    codes: tuple[float, ...]
    disagreement: tuple[tuple[float, ...], ...]

    @property
    def size(self) -> int:
        """K² cells."""
        return len(self.codes) ** 2

    def features(self, x: Array, y: Array, weight: Array) -> Array:
        """Return the joint table's cells (n × K² × P)."""
        return joint_cells(self.codes, x, y, weight)

    def values(self, S: Array) -> tuple[Array, Array]:
        """Return kappa and the mass of each pair."""
        first, second, n = margins(S, len(self.codes))
        observed, chance = np.zeros_like(n), np.zeros_like(n)
        for i, line in enumerate(self.disagreement):
            for j, cost in enumerate(line):
                if cost:
                    observed += cost * S[..., i * len(line) + j, :]
                    chance += cost * first[i] * second[j]
        with np.errstate(divide="ignore", invalid="ignore"):
            kappa = np.where(chance > 1e-12 * np.maximum(n, 1e-300) ** 2, 1 - n * observed / chance, np.nan)
        return np.asarray(kappa), n


@dataclass(frozen=True)
class SpearmanKernel:
    """Pearson's correlation of mid-ranks from the joint table (Spearman 1904, doi:10.2307/1412159).

    A level's mid-rank is the mass below it plus half its own.
    """

    codes: tuple[float, ...]

    @property
    def size(self) -> int:
        """K² cells."""
        return len(self.codes) ** 2

    def features(self, x: Array, y: Array, weight: Array) -> Array:
        """Return the joint table's cells (n × K² × P)."""
        return joint_cells(self.codes, x, y, weight)

    def values(self, S: Array) -> tuple[Array, Array]:
        """Return the correlation and the mass of each pair."""
        flat = S.reshape(-1, *S.shape[-2:])
        rho, mass = np.empty((2, len(flat), flat.shape[-1]))
        for start in range(0, len(flat), CHUNK):
            some = slice(start, start + CHUNK)
            rho[some], mass[some] = self._values(flat[some])
        shape = (*S.shape[:-2], S.shape[-1])
        return rho.reshape(shape), mass.reshape(shape)

    def _values(self, S: Array) -> tuple[Array, Array]:
        K = len(self.codes)
        first, second, n = margins(S, K)
        x, y = _centred_midranks(first, n), _centred_midranks(second, n)
        cross, inner, term, one, other = (np.zeros_like(n) for _ in range(5))
        for i in range(K):
            inner[:] = 0
            for j in range(K):
                np.multiply(S[:, i * K + j], y[j], out=term)
                inner += term
            inner *= x[i]
            cross += inner
            one += np.multiply(np.multiply(x[i], x[i], out=term), first[i], out=term)
            other += np.multiply(np.multiply(y[i], y[i], out=term), second[i], out=term)
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = one * other
            rho = np.where(spread > 1e-20 * n**6, cross / np.sqrt(spread), np.nan)
        return np.clip(rho, -1, 1), n


def joint_cells(codes: tuple[float, ...], x: Array, y: Array, weight: Array) -> Array:
    """Return each item's cell of the K × K joint table, weighted: n × K² × P."""
    one = np.stack([x == np.float64(code) for code in codes], axis=1) * weight[:, None, :]
    other = np.stack([y == np.float64(code) for code in codes], axis=1)
    return np.asarray((one[:, :, None, :] * other[:, None, :, :]).reshape(len(x), len(codes) ** 2, -1))


def margins(S: Array, K: int) -> tuple[list[Array], list[Array], Array]:
    """Return the row margins, the column margins and the mass of joint tables S (… × K² × P)."""
    first = [np.zeros_like(S[..., 0, :]) for _ in range(K)]
    second = [np.zeros_like(S[..., 0, :]) for _ in range(K)]
    n = np.zeros_like(S[..., 0, :])
    for i in range(K):
        for j in range(K):
            cell = S[..., i * K + j, :]
            first[i] += cell
            second[j] += cell
        n += first[i]
    return first, second, n


def _centred_midranks(margin: list[Array], n: Array) -> list[Array]:
    ranks, below = [], np.zeros_like(n)
    for mass in margin:
        ranks.append(below + mass / 2 - n / 2)
        below = below + mass
    return ranks
