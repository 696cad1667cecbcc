"""The pseudo-items of the smoothed Bayesian bootstrap: a little mass on patterns that were not seen.

A sample without a disagreement (or without a shared rare label) carries no information on the missing pattern; prior
mass of one or two items, spread over uniform patterns of the declared levels, does (Hjort 1991: a Dirichlet process).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prior:
    """How much mass the pseudo-items have (in items), and how much of it sits on unanimous ones."""

    mass: float
    unanimous: float
    #: df = min(N - 1, spread × Satterthwaite's)
    spread: float


SINGLE = Prior(mass=1.0, unanimous=0.5, spread=3.0)
DIFFERENCE = Prior(mass=2.0, unanimous=0.0, spread=1.0)
NO_PRIOR = Prior(mass=0.0, unanimous=0.0, spread=3.0)


def pseudo_items(
    codes: tuple[float, ...], width: int | None, prior: Prior, rng: np.random.Generator
) -> tuple[Array, Array] | None:
    """Return pseudo-items (rows of ``width`` ratings) and the prior mass of each; None without prior or levels.

    Uniform over all patterns of the declared levels (256 random ones where there are more than 512), with the prior's
    share on unanimous ones.
    """
    K = len(codes)
    if prior.mass == 0 or width is None or width < 1 or K < 2:
        return None
    levels = np.asarray(codes)
    if K ** min(width, 60) <= 512:
        patterns = levels[np.indices((K,) * width).reshape(width, -1).T]
    else:
        patterns = levels[rng.integers(0, K, (256, width))]
    spread = np.full(len(patterns), prior.mass * (1 - prior.unanimous) / len(patterns))
    if prior.unanimous == 0:
        return patterns, spread
    unanimous = np.repeat(levels[:, None], width, axis=1)
    masses = np.concatenate([np.full(K, prior.mass * prior.unanimous / K), spread])
    return np.concatenate([unanimous, patterns]), masses


@dataclass(frozen=True)
class PriorDraws:
    """Pseudo-items and their drawn weights, kept for a whole run: the same for every slice with equally many rows.

    ``rows`` is pseudo-items × raters; the weights do not depend on the slice's name, so nothing is drawn twice.
    """

    rows: Array
    masses: tuple[float, ...]
    seed: int
    n_boot: int

    @property
    def weights(self) -> Array | csr_array:
        """The weights of the pseudo-items (n_boot × rows), sparse where most are 0."""
        return _weights(self.masses, self.seed, self.n_boot)

    @cached_property
    def _key(self) -> Hashable:
        return self.rows.shape, self.rows.tobytes(), self.masses, self.seed, self.n_boot

    def sums(self, name: Hashable, features: Callable[[Array], Array]) -> Array:
        """Return the weighted sums of the pseudo-items' features (n_boot × F), computed once for each ``name``."""
        key = (name, self._key)
        with _LOCK:
            if key not in _SUMS:
                made = self.weights @ features(self.rows)
                while _SUMS and sum(kept.nbytes for kept in _SUMS.values()) + made.nbytes > KEPT_BYTES:
                    _SUMS.pop(next(iter(_SUMS)))
                _SUMS[key] = made
            return _SUMS[key]


#: Sums of pseudo-items' features that are kept for the next slice, oldest first out.
KEPT_BYTES = 2**28
_SUMS: dict[Hashable, Array] = {}
_LOCK = Lock()


@lru_cache(maxsize=16)
def prior_draws(codes: tuple[float, ...], width: int | None, prior: Prior, seed: int, n_boot: int) -> PriorDraws | None:
    """Return the pseudo-items of a job with their weights, or None where it has none."""
    made = pseudo_items(codes, width, prior, seeds.rng(seed, "pseudo-items", len(codes), width))
    return None if made is None else PriorDraws(made[0], tuple(made[1].tolist()), seed, n_boot)


@lru_cache(maxsize=6)
def _weights(masses: tuple[float, ...], seed: int, n_boot: int) -> Array | csr_array:
    # Rounded: sum() of floats adds up differently from Python 3.12 on, and the last digit would name another stream.
    mass = round(math.fsum(masses), 6)
    return prior_weights(np.asarray(masses), n_boot, seeds.rng(seed, "pseudo-weights", len(masses), mass))


def prior_weights(mass: Array, size: int, rng: np.random.Generator) -> Array | csr_array:
    """Return Gamma(mass) weights of the pseudo-items (size × rows).

    Many rows of equal, tiny mass are drawn as what they are together, a Dirichlet process with a uniform base: a Gamma
    total broken into sticks (Sethuraman 1994), of which a few dozen hold all but 1e-6. All others weigh nothing, so
    that such weights are sparse.
    """
    equal = int(np.sum(mass == mass[-1]))
    if equal <= 64:
        return rng.standard_gamma(mass, (size, len(mass)))
    from scipy import sparse

    total = float(mass[-1]) * equal
    sticks = int(np.ceil(np.log(1e-6) / np.log(total / (1 + total))))
    # a stick leaves 1 - Beta(1, total) of what there was, which is U ** (1 / total); the last one leaves nothing
    left = rng.random((size, sticks)) ** (1 / total)
    left[:, -1] = 0.0
    np.cumprod(left, axis=1, out=left)
    length = -np.diff(left, axis=1, prepend=1.0)
    length *= rng.standard_gamma(total, (size, 1))
    first = len(mass) - equal
    place = first + rng.integers(0, equal, (size, sticks))
    place = np.hstack([np.broadcast_to(np.arange(first), (size, first)), place])
    weights = np.hstack([rng.standard_gamma(mass[:first], (size, first)), length])
    starts = weights.shape[1] * np.arange(size + 1)
    return sparse.csr_array((weights.ravel(), place.ravel(), starts), shape=(size, len(mass)))
