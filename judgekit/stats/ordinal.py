"""Ordinal logistic regression: the proportional-odds model by Newton's method."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.newton import At, Fitted, maximum
from judgekit.stats.resample import Array

#: Standard deviations of the normal priors of thresholds and of coefficients: finite where data are separated.
CUT_SD, SLOPE_SD = 15.0, 5.0


def proportional_odds(Z: Array, level: NDArray[np.int64], *, prior: bool = True) -> Fitted:
    """Fit P(y ≤ k) = F(τ_k - Z β), F logistic; β above 0 means higher answers.

    ``level`` (n) numbers the K levels 0 … K-1, each of which occurs; parameters are the K-1 thresholds, then β.
    McCullagh (1980), doi:10.1111/j.2517-6161.1980.tb01109.x.
    """
    shares = np.cumsum(np.bincount(level))[:-1] / len(level)
    K, c = len(shares) + 1, Z.shape[1]
    start = np.concatenate([np.log(shares / (1 - shares)), np.zeros(c)])
    precision = np.concatenate([np.full(K - 1, CUT_SD**-2.0), np.full(c, SLOPE_SD**-2.0)])
    return maximum(partial(_evaluate, Z, level, K), start, precision * prior)


def _evaluate(Z: Array, level: NDArray[np.int64], K: int, parameters: Array) -> At:
    """Return the log-likelihood with its derivatives; without differences of two F, so that no digits are lost."""
    cuts, shift = parameters[: K - 1], Z @ parameters[K - 1 :]
    n, rows = len(level), np.arange(len(level))
    if np.any(np.diff(cuts) <= 0):
        return At(-np.inf, np.zeros((n, len(parameters))), np.zeros((n, len(parameters), len(parameters))))
    below, above = level > 0, level < K - 1
    u = np.where(above, cuts[np.minimum(level, K - 2)] - shift, 0.0)
    v = np.where(below, cuts[np.maximum(level - 1, 0)] - shift, 0.0)
    both = below & above
    gap = np.where(both, u - v, 1.0)
    w = np.where(both, 1 / np.expm1(np.minimum(gap, 700)), 0.0)
    value = -np.where(above, np.logaddexp(0, -u), 0.0) - np.where(below, np.logaddexp(0, v), 0.0)
    value += np.where(both, np.log(-np.expm1(-gap)), 0.0)
    Fu, Fv = _logistic(u), _logistic(v)
    first = np.where(above, 1 - Fu + w, 0.0), np.where(below, -Fv - w, 0.0)
    second = np.where(above, Fu * (1 - Fu) + w * (1 + w), 0.0), np.where(below, Fv * (1 - Fv) + w * (1 + w), 0.0)
    Du, Dv = np.zeros((n, len(parameters))), np.zeros((n, len(parameters)))
    Du[rows[above], level[above]] = 1.0
    Dv[rows[below], level[below] - 1] = 1.0
    Du[:, K - 1 :], Dv[:, K - 1 :] = -Z * above[:, None], -Z * below[:, None]
    scores = first[0][:, None] * Du + first[1][:, None] * Dv
    across = (w * (1 + w))[:, None, None] * Du[:, :, None] * Dv[:, None, :]
    information = second[0][:, None, None] * Du[:, :, None] * Du[:, None, :]
    information += second[1][:, None, None] * Dv[:, :, None] * Dv[:, None, :]
    information -= across + np.swapaxes(across, 1, 2)
    return At(float(value.sum()), scores, information)


def _logistic(x: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(x))
