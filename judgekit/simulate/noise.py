"""Random numbers as a function of names: each cell of a table has its own, whatever else is in the table."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from judgekit.seeds import rng

Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_erfc = np.frompyfunc(math.erfc, 1, 1)


def keys(names: Iterable[str]) -> Keys:
    """Return a 64-bit key a name, the same on every machine."""
    digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def uniforms(seed: int, names: tuple[object, ...], cells: Keys) -> Floats:
    """Return one uniform (0, 1) a cell: a function of seed, stream name and the cell's key only."""
    return _unit(_scrambled(seed, names, cells))


def normals(seed: int, names: tuple[object, ...], cells: Keys) -> Floats:
    """Return one standard normal a cell (Box and Muller 1958)."""
    first = _scrambled(seed, names, cells)
    radius: Floats = np.sqrt(-2.0 * np.log(_unit(first)))
    turned: Floats = radius * np.cos(2.0 * np.pi * _unit(_mix(first)))
    return turned


def logistic(z: Floats) -> Floats:
    """Return the standard logistic deviates at the same quantiles as the standard normal deviates ``z``."""
    tail = 0.5 * np.asarray(_erfc(np.abs(z) / math.sqrt(2.0)), dtype=np.float64)
    deviates: Floats = np.sign(z) * np.log((1.0 - tail) / tail)
    return deviates


def _scrambled(seed: int, names: tuple[object, ...], cells: Keys) -> Keys:
    # One generator a stream, then a counter-free hash a cell: a generator a cell would cost 20 microseconds each.
    stream = rng(seed, *names).integers(0, 2**64, size=1, dtype=np.uint64)
    return _mix(_mix(cells) ^ stream)


def _mix(words: Keys) -> Keys:
    """Return SplitMix64's output function (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195)."""
    z = words + _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Keys = z ^ (z >> np.uint64(31))
    return mixed


def _unit(words: Keys) -> Floats:
    # 52 bits and the middle of each cell: never exactly 0 or 1.
    unit: Floats = ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
    return unit
