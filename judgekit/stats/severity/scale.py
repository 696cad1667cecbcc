"""Raters on one scale, seen from a panel: severity, compression and noise with standard errors by the delta method.

A change of panel moves and stretches the latent scale and leaves the likelihood as it is, so that one fit serves every
panel. On a panel's scale its severities add up to 0, its noises and its slopes have geometric mean 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.resample import Array
from judgekit.stats.severity.fit import Fit
from judgekit.stats.severity.likelihood import node_weights
from judgekit.stats.severity.table import Table

#: Variance of the standard logistic distribution.
LOGISTIC = np.pi**2 / 3
TINY = 1e-20


@dataclass(frozen=True)
class Measured:
    """One quantity of every cell (C) with its standard errors."""

    value: Array
    se: Array


@dataclass(frozen=True)
class Scale:
    """What the cells are on a panel's scale; ``panel`` holds the numbers of its cells, ``sigma`` is the items' SD.

    ``severity`` is in logits, > 0 is harsher, at the average item; ``low`` and ``high`` are the severity at items one
    ``sigma`` below and above it. ``slope`` is b and ``compression`` log |b|; ``noise`` is log φ; ``spread`` the log of
    the latent standard deviation of the answers, beside the panel's; ``raw`` the mean rating minus the panel's, in
    units of the levels.
    """

    panel: NDArray[np.int64]
    sigma: float
    severity: Measured
    low: Measured
    high: Measured
    slope: Measured
    compression: Measured
    noise: Measured
    spread: Measured
    raw: Measured


#: The quantities in the order in which ``_quantities`` gives them.
NAMES = ("severity", "low", "high", "slope", "compression", "noise", "spread")


def seen_from(fit: Fit, panel: NDArray[np.int64], codes: Array) -> Scale:
    """Return every cell on the scale of a panel; ``codes`` are the levels in the order of the table."""
    local = fit.local
    C = len(local.d)
    point = np.concatenate([local.tau, local.d, local.alpha, local.kappa])
    values = _quantities(point, C, panel)
    slopes = _quantities(point + 1j * TINY * np.eye(len(point)), C, panel).imag / TINY
    found = {}
    for number, name in enumerate(NAMES):
        J = slopes[:, number].T
        found[name] = Measured(values[number], fit.errors(J))
    means, J = Table.of(local, fit.z).expected(node_weights(fit.z), codes)
    raw = Measured(means - means[panel].mean(), fit.errors(J - J[panel].mean(axis=0)))
    sigma = float(np.exp(_sigma(point, C, panel)))
    return Scale(panel, sigma, raw=raw, **found)


def _parts(point: Any, C: int) -> tuple[Any, Any, Any]:
    return point[..., -3 * C : -2 * C], point[..., -2 * C : -C], point[..., -C:]


def _steepness(alpha: Any, kappa: Any) -> Any:
    """Return log |α / g|; a slope of nothing counts as a millionth."""
    magnitude = np.where(np.abs(alpha.real) > 1e-6, alpha * np.sign(alpha.real), 1e-6)
    return np.log(magnitude) - kappa


def _sigma(point: Any, C: int, panel: NDArray[np.int64]) -> Any:
    """Return the log of the items' standard deviation in units of the panel's noise."""
    _, alpha, kappa = _parts(point, C)
    return (_steepness(alpha, kappa) + kappa)[..., panel].mean(axis=-1)


def _quantities(point: Any, C: int, panel: NDArray[np.int64]) -> Any:
    """Return the quantities of ``NAMES`` (… × 7 × C) of local parameters (… × size, real or complex)."""
    d, alpha, kappa = _parts(point, C)
    unit = np.exp(kappa[..., panel].mean(axis=-1, keepdims=True))
    sigma = np.exp(_sigma(point, C, panel))[..., None]
    severity = (d - d[..., panel].mean(axis=-1, keepdims=True)) * unit
    steep = _steepness(alpha, kappa)
    compression = steep - steep[..., panel].mean(axis=-1, keepdims=True)
    slope = alpha * np.exp(-kappa) * unit / sigma
    noise = np.log(unit) - kappa
    wide = np.log(alpha**2 + LOGISTIC) / 2 - kappa
    spread = wide - wide[..., panel].mean(axis=-1, keepdims=True)
    tilt = (1 - slope) * sigma
    return np.stack([severity, severity - tilt, severity + tilt, slope, compression, noise, spread], axis=-2)
