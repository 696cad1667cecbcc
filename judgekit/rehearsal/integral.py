"""What a rater of the rater model answers on average: integrals over items and noise, to which estimates are held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from judgekit.simulate import SimulatedRater

Floats = npt.NDArray[np.float64]


@lru_cache(maxsize=16)
def normal(points: int) -> tuple[Floats, Floats]:
    """Return the points and weights (that add up to 1) of Gauss and Hermite's rule for a standard normal variable."""
    x, w = np.polynomial.hermite_e.hermegauss(points)
    return np.asarray(x), np.asarray(w / w.sum())


@dataclass(frozen=True)
class Scale:
    """The levels of a criterion: their codes, and the thresholds between them in logits."""

    codes: tuple[float, ...]
    cuts: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The middle threshold, to which central tendency draws."""
        return (self.cuts[(len(self.cuts) - 1) // 2] + self.cuts[len(self.cuts) // 2]) / 2


def chances(
    rater: SimulatedRater, scale: Scale, theta: Floats, shift: Floats | float = 0.0, *,
    known: Floats | None = None, part: float = 0.0,
) -> Floats:  # fmt: skip
    """Return the chance of each level (… × K) at traits ``theta`` (…), ``shift`` logits added to the answer.

    The noise is a logistic deviate at the quantile of a standard normal one, of whose variance ``known`` (…) is the
    share ``part``: what it has in common with another answer.
    """
    below = _below(rater, scale, theta, shift)
    if known is not None and part > 0:
        from scipy.special import ndtr, ndtri

        z = ndtri(np.clip(below, 1e-15, 1 - 1e-15))
        below = ndtr((z - np.sqrt(part) * known[..., None]) / np.sqrt(1.0 - part))
    edges = np.concatenate([np.zeros((*below.shape[:-1], 1)), below, np.ones((*below.shape[:-1], 1))], axis=-1)
    found = np.diff(edges, axis=-1)
    return np.asarray((1.0 - rater.careless) * found + rater.careless / len(scale.codes))


def _below(rater: SimulatedRater, scale: Scale, theta: Floats, shift: Floats | float) -> Floats:
    """Return the chance of an answer below each threshold (… × K - 1), by a rater who reads."""
    from scipy.special import expit

    cuts = scale.middle + (np.asarray(scale.cuts) - scale.middle) / (1.0 - rater.central)
    answer = np.asarray(rater.discrimination * theta + shift - rater.severity)
    return np.asarray(expit((cuts - answer[..., None]) / rater.noise))


def mean(rater: SimulatedRater, scale: Scale, theta: Floats, shift: Floats | float = 0.0) -> Floats:
    """Return the mean answer at each trait (…)."""
    return _expected(rater, _below(rater, scale, theta, shift), np.asarray(scale.codes))


def _expected(rater: SimulatedRater, below: Floats, worth: Floats) -> Floats:
    read = worth[-1] - below @ np.diff(worth)
    return np.asarray((1.0 - rater.careless) * read + rater.careless * worth.mean())


def moments(rater: SimulatedRater, scale: Scale, theta: Floats, weights: Floats) -> tuple[float, float]:
    """Return the mean answer and the mean squared answer over traits with weights that add up to 1."""
    below, codes = _below(rater, scale, theta, 0.0), np.asarray(scale.codes)
    first, second = (float(np.sum(weights * _expected(rater, below, worth))) for worth in (codes, codes**2))
    return first, second


def spread(people: Sequence[SimulatedRater], scale: Scale, theta: Floats, weights: Floats) -> float:
    """Return the standard deviation of all ratings by people who rate equally many items."""
    first, second = np.mean([moments(person, scale, theta, weights) for person in people], axis=0)
    return float(np.sqrt(second - first**2))


def repeated(rater: SimulatedRater, scale: Scale, sigma: float, points: int = 21) -> Floats:
    """Return the joint chances (K × K) of two answers to the same item, asked twice; traits are N(0, ``sigma``²)."""
    x, w = normal(points)
    theta, known = np.meshgrid(sigma * x, x, indexing="ij")
    share = chances(rater, scale, theta, known=known, part=rater.stable * (1 - 1e-9))
    return np.asarray(np.einsum("i,j,ijk,ijl->kl", w, w, share, share))
