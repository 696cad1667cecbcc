"""Statistics of a pair of raters from the moments of their ratings: Pearson's correlation and Lin's concordance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.pairmeans import PairMeans, PairSet
from judgekit.stats.prior import PriorDraws
from judgekit.stats.resample import Array

Part = Literal["pearson", "ccc", "bias_correction", "location", "scale"]


@dataclass(frozen=True)
class MomentKernel:
    """One of the statistics that are made of w, x, y, x², y² and xy; ``centre`` only keeps the sums small.

    With means m, variances v (divided by n) and covariance c of raters x and y:

    - ``pearson``: r = c / √(v_x v_y) (Pearson 1895, doi:10.1098/rspl.1895.0041)
    - ``ccc``: 2 c / (v_x + v_y + (m_x - m_y)²) (Lin 1989, doi:10.2307/2532051)
    - ``bias_correction``: ccc / r = 2 / (v + 1 / v + u²), with
    - ``location``: u = (m_x - m_y) / √(s_x s_y) and ``scale``: log v, v = s_x / s_y
    """

    part: Part
    centre: float
    size: int = 6

    def features(self, x: Array, y: Array, weight: Array) -> Array:
        """Return the six moments (n × 6 × P)."""
        there = weight > 0
        u, v = np.where(there, x - self.centre, 0.0), np.where(there, y - self.centre, 0.0)
        return np.stack([weight, weight * u, weight * v, weight * u * u, weight * v * v, weight * u * v], axis=1)

    def values(self, S: Array) -> tuple[Array, Array]:
        """Return the statistic and the mass of each pair."""
        w, x, y, xx, yy, xy = np.moveaxis(S, -2, 0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            mx, my = x / w, y / w
            vx, vy, c = xx / w - mx**2, yy / w - my**2, xy / w - mx * my
            tiny = 1e-12 * np.maximum(xx + yy, 1e-300) / w
            varied = (vx > tiny) & (vy > tiny)
            if self.part == "ccc":
                apart = vx + vy + (mx - my) ** 2
                return np.where(apart > tiny, 2 * c / apart, np.nan), w
            s = np.sqrt(np.where(varied, vx * vy, np.nan))
            if self.part == "pearson":
                value = np.clip(c / s, -1, 1)
            elif self.part == "bias_correction":
                value = 2 * s / (vx + vy + (mx - my) ** 2)
            elif self.part == "location":
                value = (mx - my) / np.sqrt(s)
            else:
                value = np.log(np.where(varied, vx, np.nan) / vy) / 2
        return np.asarray(value), w


@dataclass(frozen=True)
class MomentParts:
    """Several statistics of one comparison from the same moments, each averaged over its pairs of raters."""

    parts: tuple[Part, ...]
    pairs: PairSet
    centre: float
    width: int | None = None

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The columns of X behind each output."""
        return self.pairs.members * len(self.parts)

    def _mean(self, part: Part) -> PairMeans:
        return PairMeans(MomentKernel(part, self.centre), self.pairs, self.width)

    def features(self, X: Array) -> Array:
        """Return the moments of every pair (n × 6·P)."""
        return self._mean(self.parts[0]).features(X)

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Items that any pair rated say something of every part."""
        return np.repeat(self.pairs.present(X), len(self.parts), axis=1)

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted moments for some replicates."""
        return np.asarray(prior.weights[rows] @ self.features(prior.rows))

    def point(self, S: Array) -> Array:
        """Return the parts of sums S (… × 6·P)."""
        return np.concatenate([self._mean(part).point(S) for part in self.parts], axis=-1)

    population = point
