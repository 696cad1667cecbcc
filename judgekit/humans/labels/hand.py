"""A rater's hand: the cards of the stage that they are at, read at once; and the statements of the busy path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from judgekit.humans.labels.card import StaleError
from judgekit.humans.labels.tables import cards, labels, meta, raters

# Made once: to build a statement takes longer than to run it.
_PAUSED = sa.select(meta.c.value).where(meta.c.name == "paused").scalar_subquery().label("halted")
_BY_NAME = sa.select(raters, _PAUSED).where(raters.c.rater == sa.bindparam("name"))
_BY_TOKEN = sa.select(raters, _PAUSED).where(raters.c.token == sa.bindparam("hashed"))
_CARD = sa.select(cards).where(cards.c.card == sa.bindparam("key"))
_CARDS = (
    sa.select(cards.c.card, cards.c.position, cards.c.state, cards.c.rep)
    .where(
        cards.c.rater == sa.bindparam("name"),
        cards.c.stage == sa.bindparam("at"),
        cards.c.state != sa.literal("returned"),
    )
    .order_by(cards.c.position)
)
_NEXT = (
    sa.select(cards.c.card, cards.c.opened)
    .where(cards.c.rater == sa.bindparam("name"), cards.c.stage == sa.bindparam("at"), cards.c.state == "open")
    .order_by(cards.c.position)
    .limit(1)
)
#: What two answers have to agree in to be the same answer.
SAID = ("item", "criterion", "value", "status", "reason", "comment", "span", "confidence")
_SAID = sa.select(*(labels.c[name] for name in SAID)).where(labels.c.card == sa.bindparam("key"))
OPENED = (
    sa.update(cards)
    .where(cards.c.card == sa.bindparam("key"), cards.c.opened.is_(None))
    .values(opened=sa.bindparam("now"))
)
SEEN = (
    sa.update(raters)
    .where(raters.c.rater == sa.bindparam("name"))
    .values(seen=sa.bindparam("now"), cursor=sa.bindparam("back_at"), resting=0)
)


@dataclass(frozen=True)
class Hand:
    """The cards a rater has at their stage (of the current attempt), by position; none is one that was returned.

    Of each its key, position, state and rep: what else it is ``card_row`` tells.
    """

    rater: Any
    cards: Sequence[Any]

    @property
    def done(self) -> int:
        """How many are answered or skipped."""
        return sum(card.state != "open" for card in self.cards)

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.cards)

    @property
    def current(self) -> Any | None:
        """The card to answer now: the one gone back to, else the next open one."""
        if self.rater.cursor is not None:
            return next((card for card in self.cards if card.card == self.rater.cursor), None)
        if self.rater.stage not in ("training", "qualification", "items"):
            return None
        return next((card for card in self.cards if card.state == "open"), None)

    @property
    def back(self) -> Any | None:
        """The card before the current one that can be answered anew; what taught or tested cannot."""
        if self.rater.stage not in ("items", "waiting", "survey"):
            return None
        places = [card.position for card in self.cards if card.card == self.rater.cursor]
        before = [card for card in self.cards if card.state != "open" and (not places or card.position < places[0])]
        return before[-1] if before else None

    def place(self, row: Any) -> int:
        """Return a card's place, 1 the first."""
        return sum(card.position <= row.position for card in self.cards) or 1


def hand(connection: sa.Connection, rater: Any, stage: str | None = None) -> Hand:
    """Return a rater's hand; after the items it is still theirs."""
    at = stage or ("items" if rater.stage in ("waiting", "survey", "thanks") else rater.stage)
    held = connection.execute(_CARDS, {"name": rater.rater, "at": at}).all()
    if at == "qualification":
        held = [card for card in held if card.rep == rater.attempts]
    return Hand(rater, held)


def found(connection: sa.Connection, name: str) -> Any:
    """Return a rater's row, with ``halted`` (whether the study rests, json); StaleError where there is none."""
    row = connection.execute(_BY_NAME, {"name": name}).first()
    if row is None:
        raise StaleError(f"there is no rater '{name}'")
    return row


def holder(connection: sa.Connection, hashed: str) -> Any | None:
    """Return the row of the rater whose token this is the hash of."""
    return connection.execute(_BY_TOKEN, {"hashed": hashed}).first()


def card_row(connection: sa.Connection, key: str) -> Any | None:
    """Return a card's row."""
    return connection.execute(_CARD, {"key": key}).first()


def next_open(connection: sa.Connection, name: str, stage: str) -> Any | None:
    """Return the key of a rater's next open card at a stage, and when it was opened."""
    return connection.execute(_NEXT, {"name": name, "at": stage}).first()


def said_on(connection: sa.Connection, key: str) -> list[dict[str, Any]]:
    """Return a card's rows of labels as plain data (``SAID``)."""
    return [dict(row._mapping) for row in connection.execute(_SAID, {"key": key})]
