"""Thresholds with a finite-sample guarantee: risk at most alpha among what is accepted, with probability 1 - delta.

Learn then test: each threshold is a hypothesis "the risk among the accepted exceeds alpha", and thresholds are tested
in an order that does not look at the labels, from strict to lenient, until one cannot be rejected. What is rejected on
the way holds at once with probability 1 - delta. Angelopoulos, Bates, Candès, Jordan & Lei (2025),
doi:10.1214/24-AOAS1998.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import InputError
from judgekit.stats.resample import Array

#: A threshold that accepts fewer items than this is not tested.
LEAST = 30


@dataclass(frozen=True)
class Threshold:
    """The lowest threshold that passed: what it accepts of the n calibration items, how many of these are wrong.

    ``value`` None: nothing passed, so nothing is accepted.
    """

    value: float | None
    n: int
    accepted: int
    errors: float
    p: float
    note: str = ""


def p_values(errors: Array, n: Array, alpha: float, *, binary: bool) -> Array:
    """Return p values of the hypothesis that the risk exceeds alpha, from summed losses among n independent items.

    Losses of 0 and 1: the binomial tail P(Bin(n, alpha) <= errors), which is exact. Losses between: Hoeffding and
    Bentkus, min(exp(-n h(r, alpha)), e P(Bin(n, alpha) <= ceil(n r))), h the binary relative entropy at r = min(mean
    loss, alpha). Bates, Angelopoulos, Lei, Malik & Jordan (2021), doi:10.1145/3478535.
    """
    from scipy.special import bdtr, rel_entr

    n = np.asarray(n, dtype=float)
    errors = np.asarray(errors, dtype=float)
    some = np.maximum(n, 1)
    tail = bdtr(np.minimum(np.ceil(errors - 1e-9), some), some.astype(np.int64), alpha)
    if binary:
        return np.where(n > 0, tail, 1.0)
    r = np.minimum(errors / some, alpha)
    entropy = rel_entr(r, alpha) + rel_entr(1 - r, 1 - alpha)
    return np.where(n > 0, np.minimum(1.0, np.minimum(np.exp(-some * entropy), np.e * tail)), 1.0)


def fixed_sequence(
    scores: Array,
    losses: Array,
    alpha: float,
    delta: float,
    *,
    least: int = LEAST,
    starts: int = 1,
    binary: bool | None = None,
) -> Threshold:
    """Return the lowest threshold at which the risk is at most ``alpha``, with probability 1 - ``delta``.

    ``scores`` and ``losses`` are n, or n × judges for a cascade: at threshold t an item is accepted if any score is at
    least t, and takes the answer of the first such judge. Scores of NaN are never accepted; a loss of NaN counts as 1.
    The scores seen are the thresholds, from the strictest that accepts ``least`` items on. With several ``starts`` the
    walk begins at as many places, evenly spaced, each with its share of delta: a mistake among the surest items then
    costs less. Items are taken as independent.

    >>> rng = np.random.default_rng(0)
    >>> score = rng.random(400)
    >>> fixed_sequence(score, (rng.random(400) > 0.5 + score / 2).astype(float), 0.2, 0.1).value is not None
    True
    >>> fixed_sequence(score, np.ones(400), 0.2, 0.1).value is None
    True
    """
    check_levels(alpha, delta, least, starts)
    S = scores[:, None] if scores.ndim == 1 else scores
    L = losses[:, None] if losses.ndim == 1 else losses
    L = np.where(np.isfinite(L), L, 1.0)
    if binary is None:
        binary = bool(np.isin(L, (0.0, 1.0)).all())
    grid, n, errors = walked(S, L)
    p = p_values(errors, n, alpha, binary=binary)
    return first_failure(grid, n, errors, p, n >= least, delta, starts, len(S))


def first_failure(
    grid: Array, n: Array, errors: Array, p: Array, enough: NDArray[np.bool_], delta: float, starts: int, items: int
) -> Threshold:
    """Walk down a grid of thresholds (strict to lenient) and stop where one is not rejected at ``delta``.

    ``n`` and ``errors`` are what each accepts, ``p`` its p value, ``enough`` where it accepts enough to be tested.
    """
    tested = np.flatnonzero(enough)
    if not len(tested):
        return Threshold(None, items, 0, 0.0, 1.0, "abstain on all: too few items with a confidence to be tested")
    passed = -1
    for start in np.unique(np.linspace(0, len(tested), starts, endpoint=False).astype(int)):
        held = p[tested[start:]] <= delta / starts
        steps = len(held) if held.all() else int(np.argmin(held))
        if steps:
            passed = max(passed, int(tested[start + steps - 1]))
    first = float(p[tested[0]])
    if passed < 0:
        said = f"abstain on all: no threshold passes (the strictest: p = {first:.2g})"
        return Threshold(None, items, 0, 0.0, first, said)
    return Threshold(float(grid[passed]), items, int(n[passed]), float(errors[passed]), float(p[passed]))


def walked(S: Array, L: Array) -> tuple[Array, Array, Array]:
    """Return the scores seen from high to low, and how many items each accepts with what summed loss."""
    best = np.where(np.isfinite(S), S, -np.inf).max(axis=1)
    grid = np.unique(best[np.isfinite(best)])[::-1]
    if S.shape[1] == 1:
        order = np.argsort(-best, kind="stable")
        last = np.searchsorted(-best[order], -grid, side="right")
        total = np.concatenate([[0.0], np.cumsum(L[order, 0])])
        return grid, last.astype(float), total[last]
    n, errors = np.empty(len(grid)), np.empty(len(grid))
    for rows, accepted, loss in staged(S, L, grid):
        n[rows], errors[rows] = accepted.sum(axis=1), np.sum(loss, axis=1)
    return grid, n, errors


def staged(S: Array, L: Array, grid: Array) -> Iterator[tuple[slice, NDArray[np.bool_], Array]]:
    """Yield blocks of thresholds: which items each accepts, and the loss of the first judge sure enough (b × n)."""
    step = max(1, 2**22 // max(S.size, 1))
    for start in range(0, len(grid), step):
        rows = slice(start, start + step)
        sure = grid[rows][:, None, None] <= np.where(np.isfinite(S), S, -np.inf)
        first = np.argmax(sure, axis=2)
        accepted = np.any(sure, axis=2)
        yield rows, accepted, np.where(accepted, L[np.arange(len(L)), first], 0.0)


def stage_of(S: Array, threshold: float | None) -> NDArray[np.int64]:
    """Return which judge labels each item at a threshold, counted from 0; -1: people."""
    if threshold is None:
        return np.full(len(S), -1)
    sure = np.where(np.isfinite(S), S, -np.inf) >= threshold
    return np.where(sure.any(axis=1), np.argmax(sure, axis=1), -1)


def ranks(score: Array) -> Array:
    """Return each score's share of scores that are at most as high (0 to 1): scores of several judges made alike."""
    known = np.isfinite(score)
    ordered = np.sort(score[known])
    place = np.searchsorted(ordered, score[known], side="right") / max(len(ordered), 1)
    found = np.full(len(score), np.nan)
    found[known] = place
    return found


def check_levels(alpha: float, delta: float, least: int, starts: int) -> None:
    """Refuse levels that mean nothing."""
    for name, value in (("alpha", alpha), ("delta", delta)):
        if not 0 < value < 1:
            raise InputError(f"{name} must lie between 0 and 1, not {value:g}", fix="use 0.1")
    if least < 1 or starts < 1:
        raise InputError(f"least={least} and starts={starts} must be 1 or more", fix="use least=30 and starts=1")
