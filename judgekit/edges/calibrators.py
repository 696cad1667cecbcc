"""From confidence to the probability of agreement: isotonic, temperature, Venn–Abers, logistic; and cross-fitting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.resample import Array

Method = Literal["isotonic", "temperature", "venn_abers", "logistic"]
#: Probabilities are kept so far from 0 and 1: a logarithm follows.
EDGE = 1e-6
Predictor = Callable[[Array], Array]


def calibrator(method: Method, X: Array, y: Array) -> Predictor:
    """Return the fitted map from confidence (n, or n × signals for ``logistic``) to the probability of y (0 to 1).

    ``isotonic``: the monotone fit by pooled adjacent violators (Zadrozny & Elkan 2002, doi:10.1145/775047.775151).
    ``temperature``: logit(p) / T with T by maximum likelihood (Guo et al. 2017, arXiv:1706.04599). ``venn_abers``:
    the two isotonic fits in which the new item is wrong or right, merged as p1 / (1 - p0 + p1) (Vovk & Petej 2014,
    arXiv:1211.0025). ``logistic``: a logistic model with a weak ridge penalty. y may be a share, where panels tie.
    """
    made: dict[Method, Callable[[Array, Array], Predictor]] = {
        "isotonic": _isotonic, "temperature": _temperature, "venn_abers": _venn_abers, "logistic": _logistic
    }  # fmt: skip
    return made[method](X, y)


def crossfitted(X: Array, y: Array, known: NDArray[np.bool_], folds: NDArray[np.int64], method: Method) -> Array:
    """Return the probability of each item (n) from fits on the known items of the other folds; NaN where no fit is."""
    found = np.full(len(y), np.nan)
    for fold in np.unique(folds):
        train, here = known & (folds != fold), folds == fold
        if train.sum() >= 2:
            found[here] = calibrator(method, X[train], y[train])(X[here])
    return found


def folds_of(groups: NDArray[np.int64], folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the fold of each item (n): clusters stay together, folds are of equal size to within one cluster."""
    n = int(groups.max()) + 1 if len(groups) else 0
    fold = np.empty(n, dtype=np.int64)
    fold[rng.permutation(n)] = np.arange(n) % max(min(folds, n), 1)
    return fold[groups]


def _isotonic(x: Array, y: Array) -> Predictor:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(x, y)

    def predict(new: Array) -> Array:
        return _where_known(new, fitted.predict)

    return predict


def _temperature(x: Array, y: Array) -> Predictor:
    from scipy.optimize import minimize_scalar
    from scipy.special import expit, logit, xlog1py, xlogy

    z = logit(np.clip(x, EDGE, 1 - EDGE))

    def loss(log_t: float) -> float:
        p = np.clip(expit(z / np.exp(log_t)), EDGE, 1 - EDGE)
        return -float(np.sum(xlogy(y, p) + xlog1py(1 - y, -p)))

    temperature = float(np.exp(minimize_scalar(loss, bounds=(-5.0, 5.0), method="bounded").x))
    return lambda new: np.asarray(expit(logit(np.clip(new, EDGE, 1 - EDGE)) / temperature))


def _venn_abers(x: Array, y: Array) -> Predictor:
    from sklearn.isotonic import IsotonicRegression

    def at(values: Array) -> Array:
        seen, place = np.unique(values, return_inverse=True)
        merged = np.empty(len(seen))
        for number, value in enumerate(seen):
            p = [
                float(IsotonicRegression(y_min=0.0, y_max=1.0).fit(np.append(x, value), np.append(y, label)).predict(
                    [value])[0])
                for label in (0.0, 1.0)
            ]  # fmt: skip
            merged[number] = p[1] / (1 - p[0] + p[1])
        return merged[place]

    return lambda new: _where_known(new, at)


def _logistic(X: Array, y: Array) -> Predictor:
    from sklearn.linear_model import LogisticRegression

    X = X[:, None] if X.ndim == 1 else X
    mean, sd = X.mean(axis=0), np.maximum(X.std(axis=0), 1e-9)
    twice = np.concatenate([X, X])
    label = np.repeat([1, 0], len(X))
    weight = np.concatenate([y, 1 - y])
    if not (weight[label == 1].sum() > 0 and weight[label == 0].sum() > 0):
        share = float(y.mean())
        return lambda new: np.full(len(new), share)
    kept = weight > 0
    fitted = LogisticRegression(C=10.0).fit(((twice - mean) / sd)[kept], label[kept], sample_weight=weight[kept])

    def predict(new: Array) -> Array:
        new = new[:, None] if new.ndim == 1 else new
        return np.asarray(fitted.predict_proba((new - mean) / sd)[:, 1])

    return predict


def _where_known(new: Array, at: Callable[[Array], Array]) -> Array:
    found = np.full(len(new), np.nan)
    known = np.isfinite(new)
    if known.any():
        found[known] = at(new[known])
    return found
