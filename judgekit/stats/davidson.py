"""Paired comparisons with ties: Davidson's model with covariates, and what the order does within a pair."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from judgekit.stats.newton import At, Fitted, maximum
from judgekit.stats.resample import Array
from judgekit.stats.swap import FIRST, TIE

#: Standard deviation of the normal prior of each log-odds: keeps a judge that never errs finite, says nothing else.
PRIOR_SD = 5.0


@dataclass(frozen=True)
class FirstGiven:
    """Share of choices of the candidate shown first, of two of equal worth; X is pairs × (original order, swapped).

    Each pair has a worth of its own: log-odds q + δ for the first candidate in the original order, q - δ in the other,
    with ties as Davidson (1970), doi:10.1080/01621459.1970.10481082, has them and the order's effect of Davidson &
    Beaver (1977), doi:10.2307/2529467. Given how often a pair's candidates are chosen over both orders, q and the
    propensity to tie drop out; the value is 1 / (1 + exp(-δ)) at the maximum of that conditional likelihood. Only pairs
    whose answer changes with the order say anything.

    >>> one = FirstGiven()
    >>> X = np.array([[1.0, 2]] * 3 + [[2.0, 1]] + [[1.0, 1]] * 6)  # three times the first, once the second
    >>> round(float(one.point(one.features(X).sum(axis=0))), 4)  # tanh δ = (3 - 1) / (3 + 1)
    0.634
    """

    width: int | None = 2

    def features(self, X: Array) -> Array:
        """Return whether both or one of a pair's answers are for a place, and for which (1 first, -1 second): n × 3."""
        both = np.isfinite(X).all(axis=1)
        placed = np.where(X == TIE, 0.0, np.where(X == FIRST, 1.0, -1.0))
        named = np.sort(np.where(X == TIE, 0.0, X), axis=1)
        twice = both & (named[:, 0] != 0) & (placed[:, 0] == placed[:, 1])
        once = both & (named[:, 0] == 0) & (named[:, 1] != 0)
        return np.column_stack([twice, once, np.where(twice | once, placed.sum(axis=1) / 2, 0.0)]).astype(float)

    def point(self, S: Array) -> Array:
        """Return the share of sums S (… × 3): (1 + t) / 2, the score being 0 at t = tanh(δ/2); NaN without changes."""
        twice, once, first = (np.asarray(S[..., k], dtype=float) for k in range(3))
        low, high = np.full(first.shape, -1.0), np.full(first.shape, 1.0)
        for _ in range(50):
            t = (low + high) / 2
            under = twice * 2 * t / (1 + t * t) + once * t / 2 < first
            low, high = np.where(under, t, low), np.where(under, high, t)
        return np.where(twice + once > 1e-12, (2 + low + high) / 4, np.nan)

    population = point


def davidson(Z: Array, first: Array, *, prior_sd: float = PRIOR_SD) -> Fitted:
    """Fit log-odds of choosing the candidate shown first, η = Z β (answers × covariates), with ties.

    ``first`` is 1 where it was chosen, -1 where the other was, 0 for a tie. With ties in the data the last parameter is
    log ν: P(first) : P(second) : P(tie) = exp(η/2) : exp(-η/2) : ν, which is Davidson (1970) with worths exp(±η/2);
    without any it is the model of Bradley & Terry (1952), doi:10.1093/biomet/39.3-4.324.
    """
    tied = bool((first == 0).any())
    p = Z.shape[1] + tied
    return maximum(partial(_evaluate, Z, first / 2, tied), np.zeros(p), np.full(p, prior_sd**-2.0))


def _evaluate(Z: Array, y: Array, tied: bool, parameters: Array) -> At:
    c = Z.shape[1]
    eta, log_nu = Z @ parameters[:c], parameters[c] if tied else -np.inf
    logs = np.stack([eta / 2, -eta / 2, np.full(len(eta), log_nu)], axis=1)
    top = logs.max(axis=1, keepdims=True)
    total = top[:, 0] + np.log(np.exp(logs - top).sum(axis=1))
    one, other, tie = np.exp(logs - total[:, None]).T
    mean, there = (one - other) / 2, (y == 0).astype(float)
    value = float(np.sum(y * eta - total) + (there.sum() * log_nu if tied else 0.0))
    scores = (y - mean)[:, None] * Z
    spread = (one + other) / 4 - mean**2
    information = spread[:, None, None] * Z[:, :, None] * Z[:, None, :]
    if not tied:
        return At(value, scores, information)
    whole = np.zeros((len(y), c + 1, c + 1))
    whole[:, :c, :c] = information
    whole[:, :c, c] = whole[:, c, :c] = -(mean * tie)[:, None] * Z
    whole[:, c, c] = tie * (1 - tie)
    return At(value, np.column_stack([scores, there - tie]), whole)
