"""Named random streams: adding one never moves another."""

from __future__ import annotations

import hashlib

import numpy as np


def rng(seed: int, *names: object) -> np.random.Generator:
    """Return the generator of the stream called ``names`` under ``seed``.

    Streams are independent of one another and of the order in which they are asked for, and are the same on every
    machine: the name is hashed (SHA-256), never Python's salted ``hash``.
    """
    digest = hashlib.sha256("\x1f".join(str(name) for name in names).encode()).digest()
    words = np.frombuffer(digest, dtype="<u4")
    return np.random.default_rng(np.random.SeedSequence([seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF, *map(int, words)]))
