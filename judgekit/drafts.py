"""Edits that a model is asked for, and what came of them: what probes wish and an editor answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Wish:
    """One edit that a model is asked for: the text, what is to be done with it, what names it in an error line."""

    text: str
    order: str
    about: str = ""


@dataclass(frozen=True)
class Draft:
    """What came of a wish: a text, or None and the reason why; ``call`` is the ledger's key of it."""

    text: str | None
    why: str = ""
    call: str | None = None


class Editor(Protocol):
    """Who edits: a model behind the ledger. ``name`` is what the variants say made them."""

    @property
    def name(self) -> str:
        """Its name in the items table's ``edited_by``."""
        ...

    def __call__(self, wishes: Sequence[Wish]) -> Sequence[Draft]:
        """Return a draft a wish, in their order; a refusal or an unreadable answer is a draft without a text."""
        ...
