"""Agreement of two columns of scores tested by permutation: its exact first three moments, and the tails they give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judgekit.stats.diagnose.sheet import Bools, Ints
from judgekit.stats.resample import Array

#: Above this many scores of more than two dimensions the skewness is left at 0: the normal limit holds.
CELLS = 2_000_000


@dataclass(frozen=True)
class Agreement:
    """One agreement a rater: ``r`` from -1 to 1, items in common, and the chance of one so low or so high."""

    r: Array
    n: Ints
    low: Array
    high: Array


def agreement(A: Array, B: Array, here: Bools, groups: Ints | None = None) -> Agreement:
    """Test each rater's scores A against B (both items × raters × dimensions) on the items marked ``here``.

    S = sum over items of a_i · b_i, both centred, has under random order of the items mean 0, variance
    tr(A'A B'B) / (n - 1) and third moment n / ((n - 1)(n - 2)) sum over k, l, m of T_klm(a) T_klm(b) with
    T_klm(a) = sum over i of a_ik a_il a_im; a Pearson type III distribution has the same (Mielke & Berry 2007,
    "Permutation Methods", doi:10.1007/978-0-387-69813-7). Items of a group enter the variance together.
    """
    n = here.sum(axis=0).astype(np.int64)
    a, b = _centred(A, here, n), _centred(B, here, n)
    product = np.einsum("nrd,nrd->nr", a, b)
    S = product.sum(axis=0)
    squares_a, squares_b = (np.einsum("nrd,nre->rde", x, x, optimize=True) for x in (a, b))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.einsum("rde,rde->r", squares_a, squares_b) / (n - 1)
        norm = np.sqrt(np.einsum("rdd->r", squares_a) * np.einsum("rdd->r", squares_b))
        known = (n >= 3) & (norm > 1e-12)
        r = np.where(known, S / norm, np.nan)
        third = _third(a, b) * n / ((n - 1.0) * (n - 2.0))
        skew = np.where(known, third / variance**1.5, 0.0)
        if groups is not None:
            together = np.zeros((int(groups.max()) + 1, len(n)))
            np.add.at(together, groups, product)
            variance = np.maximum(variance, (together**2).sum(axis=0))
        z = np.where(known, S / np.sqrt(variance), np.nan)
    return Agreement(r, n, tail(-z, -skew), tail(z, skew))


def tail(z: Array, skew: Array) -> Array:
    """Return the chance of at least ``z`` under a standardised Pearson type III distribution of this skewness."""
    from scipy.special import gammainc, gammaincc, ndtr

    z, skew = np.broadcast_arrays(np.asarray(z, dtype=float), np.asarray(skew, dtype=float))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        shape = 4 / skew**2
        at = np.clip(shape + np.sign(skew) * z * np.sqrt(shape), 0, None)
        curved = np.where(skew > 0, gammaincc(shape, at), gammainc(shape, at))
        chance = np.where(np.abs(skew) > 1e-3, curved, ndtr(-z))
    return np.asarray(np.where(np.isfinite(z), chance, np.nan))


def _centred(X: Array, here: Bools, n: Ints) -> Array:
    mean = np.where(here[:, :, None], X, 0.0).sum(axis=0) / np.maximum(n, 1)[:, None]
    return np.asarray(np.where(here[:, :, None], X - mean, 0.0))


def _third(a: Array, b: Array) -> Array:
    if a.shape[2] == 1:
        return np.asarray((a[:, :, 0] ** 3).sum(axis=0) * (b[:, :, 0] ** 3).sum(axis=0))
    if a.size * a.shape[2] > CELLS:
        return np.zeros(a.shape[1])
    T_a, T_b = (np.einsum("nrk,nrl,nrm->rklm", x, x, x, optimize=True) for x in (a, b))
    return np.asarray(np.einsum("rklm,rklm->r", T_a, T_b))
