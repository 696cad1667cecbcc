"""Calibration by bins of confidence: expected calibration error, Brier score and its parts, from sums a bin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.prior import PriorDraws
from judgekit.stats.resample import Array

Binning = Literal["mass", "width"]
#: The outputs of ``Binned``, in order.
OUTPUTS = ("ece", "ece_debiased", "brier", "reliability", "resolution", "uncertainty")


def starts_of(confidence: Array, bins: int, binning: Binning) -> tuple[float, ...]:
    """Return where each bin begins: ``mass`` of equally many items (equal confidences together), ``width`` equal."""
    if binning == "width":
        return tuple(np.linspace(0, 1, bins, endpoint=False).tolist())
    ordered = np.sort(confidence[np.isfinite(confidence)])
    blocks = [block for block in np.array_split(ordered, bins) if len(block)]
    return tuple(np.unique([block[0] for block in blocks]).tolist())


def bin_of(confidence: Array, starts: tuple[float, ...]) -> NDArray[np.int64]:
    """Return the bin of each confidence; what lies below the first start is in the first bin."""
    # 0.3 is 3 × 0.1 but for rounding: a value at an edge belongs to the bin that begins there
    return np.asarray(np.maximum(np.searchsorted(np.asarray(starts) - 1e-12, confidence, side="right") - 1, 0))


@dataclass(frozen=True)
class Binned:
    """Calibration of X = (confidence p, agreement y), both 0 to 1, in the bins that begin at ``starts``.

    ECE = Σ w_b |p_b - y_b| (Naeini, Cooper & Hauskrecht 2015, doi:10.1609/aaai.v29i1.9602), w_b the share of items in
    bin b, p_b and y_b its means: biased upwards. Debiased, each |p_b - y_b| loses what noise of y_b's variance adds to
    it on average (Kumar, Liang & Ma 2019, arXiv:1909.10155); it may fall below 0. Brier (1950,
    doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2) = mean (p - y)² = reliability - resolution + uncertainty:
    Σ w_b (p_b - y_b)², the resolution generalised by the (co)variance within bins (Stephenson, Coelho & Jolliffe 2008,
    doi:10.1175/2007WAF2006116.1), which makes the sum exact, and the variance of y; each without the bias that few
    items a bin give it (Ferro & Fricker 2012, doi:10.1002/qj.1924), which leaves the sum as it is.

    >>> X = np.array([[0.2, 0.0], [0.2, 1.0], [0.8, 1.0], [0.9, 1.0]])
    >>> made = Binned((0.0, 0.5))
    >>> made.point(made.features(X).sum(axis=0)).round(3)
    array([ 0.225,  0.141,  0.182, -0.069, -0.001,  0.25 ])
    """

    starts: tuple[float, ...]
    width: int | None = 2

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Both columns are behind each output."""
        return ((0, 1),) * len(OUTPUTS)

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Tell which items have confidence and agreement."""
        return np.repeat(np.all(np.isfinite(X), axis=1)[:, None], len(OUTPUTS), axis=1)

    def features(self, X: Array) -> Array:
        """Return for each item and bin: 1, p, y, p², y², py (n × 6 bins), 0 outside its bin."""
        known = np.all(np.isfinite(X), axis=1)
        p, y = np.where(known, X[:, 0], 0.0), np.where(known, X[:, 1], 0.0)
        own = np.zeros((len(X), len(self.starts), 6))
        own[np.arange(len(X)), bin_of(p, self.starts)] = np.stack([np.ones(len(X)), p, y, p * p, y * y, p * y], axis=1)
        return np.where(known[:, None], own.reshape(len(X), -1), 0.0)

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates."""
        return np.asarray(prior.weights[rows] @ self.features(prior.rows))

    def point(self, S: Array) -> Array:
        """Return the outputs of sums S (… × 6 bins)."""
        return self._outputs(S, 1.0)

    def population(self, S: Array) -> Array:
        """Return the outputs of weighted sums: replicates carry the noise of the sample and their own."""
        return self._outputs(S, 2.0)

    def _outputs(self, S: Array, noise: float) -> Array:
        from scipy.special import ndtr

        sums = S.reshape(*S.shape[:-1], len(self.starts), 6)
        n = sums[..., 0]
        total = n.sum(axis=-1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            w = n / total
            mean = np.where(n[..., None] > 0, sums / n[..., None], 0.0)
            p, y = mean[..., 1], mean[..., 2]
            vp, vy, c = mean[..., 3] - p * p, mean[..., 4] - y * y, mean[..., 5] - p * y
            gap = p - y
            v = noise * np.maximum(vy, 0.0) / np.maximum(n - 1, 1.0)
            sd = np.sqrt(v)
            ratio = np.where(sd > 0, np.abs(gap) / np.where(sd > 0, sd, 1.0), np.inf)
            noisy = sd * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2) + np.abs(gap) * (1 - 2 * ndtr(-ratio))
            overall = (w * y).sum(axis=-1)
            spread = (w * mean[..., 4]).sum(axis=-1) - overall**2
            within, across = (w * v).sum(axis=-1), noise * spread / np.maximum(total[..., 0] - 1, 1.0)
            uncertainty = spread + across
            resolution = (w * ((y - overall[..., None]) ** 2 - vp + 2 * c)).sum(axis=-1) - within + across
            reliability = (w * gap**2).sum(axis=-1) - within
            ece = (w * np.abs(gap)).sum(axis=-1)
            debiased = (w * (2 * np.abs(gap) - noisy)).sum(axis=-1)
        brier = reliability - resolution + uncertainty
        return np.stack([ece, debiased, brier, reliability, resolution, uncertainty], axis=-1)
