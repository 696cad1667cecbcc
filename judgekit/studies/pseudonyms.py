"""Pseudonyms at the door: ids that could lead to a person never enter a table."""

from __future__ import annotations

import hashlib

#: Enough that two of a few thousand ids hardly ever share one; short enough to read.
DIGITS = 10


def pseudonym(kind: str, salt: str, original: object) -> str:
    """Return ``kind-`` and a salted hash of an id: the same on every machine, so that order and draws agree."""
    digest = hashlib.sha256(f"{salt}\x1f{kind}\x1f{original}".encode()).hexdigest()
    return f"{kind}-{digest[:DIGITS]}"
