"""A finding: one plain sentence about a study's ratings, with who, where, how sure, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

import numpy as np

from judgekit.stats.multiple import bh

Severity = Literal["high", "medium", "low"]
Kind = Literal[
    "polarity", "shift", "copy", "constant", "apart", "chance", "outside", "duplicates", "small"
]  # fmt: skip

#: Every kind, gravest first, and what it means.
KINDS: Mapping[Kind, str] = {
    "polarity": "a rater uses the scale the other way round",
    "shift": "a rater's rows are shifted against the items",
    "copy": "two raters' answers are (nearly) the same, beyond what others reach",
    "constant": "a rater gives (nearly) always the same answer",
    "apart": "judges agree with one another but not with people",
    "chance": "a judge agrees with people no more than chance would, where others do",
    "outside": "answers that are not on the scale",
    "duplicates": "the same item twice, with different labels",
    "small": "a panel too small for the claim",
}
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")
#: Largest q value of a finding, and the most items or rows that one names.
LEVEL, MOST_NAMED = 0.01, 20


@dataclass(frozen=True)
class Finding:
    """One thing to know before reading any number.

    ``items`` and ``rows`` (0-based, of the study's ratings) name where to look, at most 20 of each; ``numbers`` is the
    evidence; ``p`` and ``q`` are given where it is a test. An empty ``subset`` means all items.
    """

    kind: Kind
    criterion: str
    raters: tuple[str, ...]
    text: str
    severity: Severity
    subset: str = ""
    items: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    p: float | None = None
    q: float | None = None

    @property
    def rank(self) -> tuple[int, int]:
        """Where the finding stands among others: gravest first."""
        return SEVERITIES.index(self.severity), list(KINDS).index(self.kind)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain values that JSON can hold."""
        told = asdict(self)
        told["numbers"] = {name: float(value) for name, value in self.numbers.items() if np.isfinite(value)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the names of what a finding holds."""
        return tuple(one.name for one in fields(cls))


@dataclass(frozen=True)
class Suspect:
    """A test of a kind: its p value, and the finding that is told where it holds within its family.

    ``plain`` is False where the effect is too small to tell a person, or runs the other way: the test is counted, not
    told; ``finding`` may then be None.
    """

    p: float
    finding: Finding | None
    plain: bool = True


def accept(suspects: Iterable[Suspect], level: float = LEVEL) -> list[Finding]:
    """Return the findings that hold at ``level`` over all the tests given (Benjamini–Hochberg), with p and q."""
    family = [one for one in suspects if np.isfinite(one.p)]
    if not family:
        return []
    q = bh(np.array([one.p for one in family]))
    return [
        replace(one.finding, p=float(one.p), q=float(value))
        for one, value in zip(family, q, strict=True)
        if one.finding is not None and one.plain and value <= level
    ]


def sure(p: float) -> str:
    """Write a p value for a sentence."""
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".")
