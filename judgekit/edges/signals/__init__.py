"""Signals of edge cases, one number an item each; larger means more of an edge case."""

from __future__ import annotations

from judgekit.edges.signals.base import Sees, Signal, View
from judgekit.edges.signals.cues import implicit, mixed, negation, sarcasm
from judgekit.edges.signals.judges import against, divided, inconsistency, unsure
from judgekit.edges.signals.people import boundary, disagreement
from judgekit.edges.signals.texts import length, novelty, rarity

__all__ = ["SIGNALS", "Sees", "Signal", "View"]

#: Every signal by name.
SIGNALS: dict[str, Signal] = {
    one.name: one
    for one in (
        *(disagreement, boundary),
        *(rarity, novelty, implicit, sarcasm, negation, mixed, length),
        *(inconsistency, divided, unsure),
        against,
    )
}
