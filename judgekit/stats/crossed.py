"""Crossed item × rater designs: what they can tell apart, and the inverse of their covariance matrix.

In units of the residual variance the covariance of the cells is V = D + θ_big Z_big Z_big' + θ_small Z_small Z_small',
D = γ + 1 / reps. The factor with more levels ("big") is eliminated in closed form; what is left is a dense Schur
complement of the size of the other one ("small").
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.resample import Array

Index = NDArray[np.int64]
#: Up to this many cells an incidence matrix is kept dense.
DENSE = 4_000_000


@dataclass(frozen=True)
class Design:
    """Ratings reduced to cells (item × rater means, standardised), sorted into the big and the small factor.

    ``within`` is the sum of squares between reps, ``free`` which of θ_big, θ_small and γ (item × rater) are estimated;
    ``telling`` is false where item and residual variance cannot be told apart, ``said`` names a lesser lack.
    """

    y: Array
    big: Index
    small: Index
    reps: Array
    within: float
    n: int
    free: tuple[bool, bool, bool]
    swapped: bool
    telling: bool
    said: str
    _plain: list[Any] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def of(cls, y: Array, item: Index, rater: Index, *, crossed: bool) -> Design:
        """Average the reps of each cell and see which components the design can tell apart."""
        cell = item * (rater.max() + 1) + rater
        if np.all(cell[1:] > cell[:-1]):  # sorted and without reps: the usual case, and a sort saved
            reps, means, within = np.ones(len(y)), y, 0.0
        else:
            cell, where, counts = np.unique(cell, return_inverse=True, return_counts=True)
            reps = counts.astype(float)
            means = np.bincount(where, weights=y) / reps
            within = float(np.sum((y - means[where]) ** 2))
        i, r = cell // (rater.max() + 1), cell % (rater.max() + 1)
        items, raters = int(i.max()) + 1, int(r.max()) + 1
        repeated = bool(reps.max() > 1)
        item_free = len(cell) > items if crossed else repeated
        rater_free = crossed and len(cell) > raters
        said = "" if rater_free or not crossed else "no rater has two items: rater variance is part of the residual"
        swapped = crossed and raters > items
        free = (rater_free, item_free) if swapped else (item_free, rater_free)
        both = crossed and repeated and item_free and rater_free
        big, small = (r, i) if swapped else (i, r)
        return cls(means, big, small, reps, within, len(y), (*free, both), swapped, item_free, said)

    def once(self) -> Design:
        """Return the design with every cell's mean as if it were one rating."""
        free = (self.free[0], self.free[1], False)
        return replace(self, reps=np.ones_like(self.reps), within=0.0, n=len(self.y), free=free, _plain=[])

    def grid(self, a: Array) -> Any:
        """Return the matrix of cell entries ``a``, big × small: dense where small enough, else sparse."""
        shape = (int(self.big.max()) + 1, int(self.small.max()) + 1)
        if shape[0] * shape[1] <= DENSE:
            dense = np.zeros(shape)
            dense[self.big, self.small] = a
            return dense
        from scipy.sparse import csr_array

        return csr_array((a, (self.big, self.small)), shape=shape)

    def plain(self) -> Any:
        """Return the incidence matrix, made once: what ``grid`` gives without reps."""
        if not self._plain:
            self._plain.append(self.grid(np.ones(len(self.y))))
        return self._plain[0]

    def additive(self) -> tuple[Array, Array, float]:
        """Return least-squares effects of the big and the small factor and the residual sum of squares, reps aside.

        A factor that is not estimated counts as one level.
        """
        where = self.big if self.free[0] else np.zeros_like(self.big)
        n = np.bincount(where)
        means = np.bincount(where, weights=self.y) / n
        small: Array = np.zeros(1)
        column = np.zeros_like(self.small)
        if self.free[1]:
            column = self.small
            G = self.plain() if self.free[0] else np.bincount(column)[None, :].astype(float)
            S = np.diag(np.bincount(column).astype(float)) - gram(G, np.asarray(1 / n))
            pulled = np.bincount(column, weights=self.y - means[where])
            small = np.asarray(np.linalg.lstsq(S, pulled, rcond=1e-12)[0], dtype=float)
        big = np.bincount(where, weights=self.y - small[column]) / n
        return big, small, float(np.sum((self.y - big[where] - small[column]) ** 2))


@dataclass(frozen=True)
class Solved:
    """V⁻¹ at given ratios (θ_big, θ_small, γ), each of which may be exactly zero.

    ``a`` = 1 / D, ``s`` its sums over the big factor, ``t`` = θ_big / (1 + θ_big s), S the Schur complement of the
    small factor, ``factor`` the Cholesky factor of I + θ_small S and ``inverse`` its inverse; ``logdet`` is log |V|.
    """

    design: Design
    ratios: Array
    a: Array
    s: Array
    t: Array
    G: Any
    S: Array
    factor: Array
    inverse: Array
    logdet: float

    @classmethod
    def at(cls, design: Design, ratios: Array) -> Solved:
        """Eliminate the big factor and factorise what is left."""
        a = 1 / (ratios[2] + 1 / design.reps)
        G = design.grid(a) if design.reps.max() > 1 else design.plain()
        s = np.asarray(np.bincount(design.big, weights=a), dtype=float)
        t = ratios[0] / (1 + ratios[0] * s)
        logdet = float(-np.sum(np.log(a)) + np.sum(np.log1p(ratios[0] * s)))
        if not design.free[1]:
            empty = np.zeros((0, 0))
            return cls(design, ratios, a, s, t, G, empty, empty, empty, logdet)
        S = np.diag(np.bincount(design.small, weights=a)) - gram(G, t)
        factor, inverse = _factored(np.eye(len(S)) + ratios[1] * S)
        return cls(design, ratios, a, s, t, G, S, factor, inverse, logdet + 2 * float(np.sum(np.log(np.diag(factor)))))

    def eliminated(self, v: Array) -> Array:
        """Return W v, W the inverse of D + θ_big Z_big Z_big' (v: cells)."""
        return np.asarray(self.a * (v - (self.t * np.bincount(self.design.big, weights=self.a * v))[self.design.big]))

    def solve(self, v: Array) -> Array:
        """Return V⁻¹ v (v: cells); by the factor, as the inverse loses too much where ratios are large."""
        from scipy.linalg.lapack import dpotrs

        Wv = self.eliminated(v)
        if not self.design.free[1] or self.ratios[1] == 0:
            return Wv
        pulled = self.ratios[1] * dpotrs(self.factor, np.bincount(self.design.small, weights=Wv), lower=1)[0]
        return np.asarray(Wv - self.eliminated(pulled[self.design.small]))

    def traces(self) -> Array:
        """Return tr(V⁻¹ V_k) for the big factor, the small factor and item × rater; NaN where not estimated."""
        big, small, both = self.design.free
        ratio, traces = self.ratios[1], np.full(3, np.nan)
        shrunk = 1 / (1 + self.ratios[0] * self.s)
        if big:
            lost = ratio * np.sum(self.inverse * gram(self.G, shrunk**2)) if small and ratio else 0.0
            traces[0] = np.sum(self.s * shrunk) - lost
        if small:
            traces[1] = np.sum(self.inverse * self.S)
        if both:
            squares = np.asarray(np.bincount(self.design.big, weights=self.a**2), dtype=float)
            traces[2] = np.sum(self.a) - np.sum(squares * self.t)
            if ratio:
                traces[2] -= ratio * np.sum(self.inverse * self._squared(squares))
        return traces

    def _squared(self, squares: Array) -> Array:
        """Return Z_small' W W Z_small."""
        mixed = _cross(self.design.grid(self.a**2), self.t, self.G)
        whole = np.diag(np.bincount(self.design.small, weights=self.a**2)) - mixed - mixed.T
        return np.asarray(whole + gram(self.G, self.t**2 * squares))


def gram(G: Any, weights: Array) -> Array:
    """Return G' diag(weights) G as a dense matrix."""
    return _cross(G, weights, G)


def _cross(F: Any, weights: Array, G: Any) -> Array:
    if isinstance(G, np.ndarray):
        return np.asarray(F.T @ (G * weights[:, None]))
    from scipy.sparse import diags_array

    return np.asarray((F.T @ (diags_array(weights) @ G)).toarray())


def _factored(A: Array) -> tuple[Array, Array]:
    """Return the lower Cholesky factor and the inverse of a positive definite matrix."""
    from scipy.linalg.lapack import dpotrf, dpotri

    factor = dpotrf(A, lower=1)[0]
    lower = np.tril(dpotri(factor, lower=1)[0])
    return factor, lower + np.tril(lower, -1).T
