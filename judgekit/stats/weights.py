"""Agreement weights between the levels of a scale: 1 for the same level, less the further apart two levels are."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from judgekit.errors import InputError, listed
from judgekit.schema import Criterion
from judgekit.stats.resample import Array


@lru_cache(maxsize=64)
def agreement_weights(codes: tuple[float, ...], name: str) -> Array:
    """Return the K × K agreement weights called ``name`` on the levels' values, from 1 (same level) to 0; read only.

    Gwet (2014), "Handbook of Inter-Rater Reliability", 4th ed., ISBN 978-0970806284, chapter 3. With d the largest
    distance between levels: identity; linear 1 - |a - b| / d; quadratic 1 - (a - b)² / d²; radical
    1 - √(|a - b| / d); ordinal 1 - C(s, 2) / C(K, 2) where s levels lie from a to b, both included; ratio, circular
    and bipolar from their squared distances ((a - b) / (a + b))², sin²(π (a - b) / (d + 1)) and
    (a - b)² / ((a + b - 2 min)(2 max - a - b)), each divided by its largest value.

    >>> agreement_weights((1.0, 2.0, 5.0), "quadratic").round(4).tolist()
    [[1.0, 0.9375, 0.0], [0.9375, 1.0, 0.4375], [0.0, 0.4375, 1.0]]
    >>> agreement_weights((1.0, 2.0, 5.0), "ordinal").round(4).tolist()
    [[1.0, 0.6667, 0.0], [0.6667, 1.0, 0.6667], [0.0, 0.6667, 1.0]]
    """
    if name not in DISTANCES:
        raise InputError(f"no weights are called '{name}'", fix=f"choose one of: {listed(DISTANCES)}")
    levels = np.asarray(codes, dtype=float)
    one, other = np.meshgrid(levels, levels, indexing="ij")
    distance = np.where(one == other, 0.0, DISTANCES[name](one, other))
    largest = distance.max(initial=0.0)
    weights = np.asarray(1 - distance / largest if largest > 0 else np.ones_like(distance))
    weights.flags.writeable = False
    return weights


def disagreement(codes: tuple[float, ...], name: str) -> tuple[tuple[float, ...], ...]:
    """Return one minus the agreement weights as nested tuples (K × K, hashable)."""
    cost = 1 - agreement_weights(codes, name)
    return tuple(tuple(float(cell) for cell in line) for line in cost)


def default_weights(criterion: Criterion) -> str:
    """Return identity weights for nominal criteria, quadratic ones for all others."""
    return "identity" if criterion.scale == "nominal" else "quadratic"


def described(name: str) -> str:
    """Say which weights were used."""
    on = {"identity": "", "ordinal": " on the ranks of the declared levels"}.get(name, " on the declared values")
    return f"{name} weights{on}"


def _ordinal(one: Array, other: Array) -> Array:
    rank = np.unique(one, return_inverse=True)[1].reshape(one.shape)
    steps = np.abs(rank - rank.T)
    return np.asarray(steps * (steps + 1) / 2.0)


def _ratio(one: Array, other: Array) -> Array:
    if (one < 0).any():
        raise InputError("ratio weights need levels of at least 0", fix="choose other weights, say quadratic")
    total = one + other
    return np.asarray(((one - other) / np.where(total == 0, 1, total)) ** 2)


def _circular(one: Array, other: Array) -> Array:
    return np.asarray(np.sin(np.pi * (one - other) / (np.ptp(one) + 1)) ** 2)


def _bipolar(one: Array, other: Array) -> Array:
    room = (one + other - 2 * one.min()) * (2 * one.max() - one - other)
    return np.asarray((one - other) ** 2 / np.where(one == other, 1, room))


#: Distance of two levels (matrices of their values), up to a factor.
DISTANCES: dict[str, Callable[[Array, Array], Array]] = {
    "identity": lambda one, other: np.asarray((one != other).astype(float)),
    "linear": lambda one, other: np.abs(one - other),
    "quadratic": lambda one, other: np.asarray((one - other) ** 2),
    "ordinal": _ordinal,
    "radical": lambda one, other: np.asarray(np.sqrt(np.abs(one - other))),
    "ratio": _ratio,
    "circular": _circular,
    "bipolar": _bipolar,
}
