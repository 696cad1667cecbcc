"""Label studies without a page: designs, raters who answer, a clock that tests turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from judgekit.humans.labels.card import Answer, Card, Seat
from judgekit.humans.labels.design import Design
from judgekit.humans.labels.desk import Desk

Says = Callable[[Card], dict[str, Answer]]


@dataclass
class Clock:
    """A server's clock."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def on(self, minutes: float) -> None:
        """Let minutes pass (or turn it back)."""
        self.now += 60 * minutes


def middle(card: Card) -> dict[str, Answer]:
    """Answer every question of a card: ranks in the order shown, else the second level."""
    said = {}
    for criterion in card.criteria:
        if card.form == "ranking":
            said[criterion.key] = Answer(ranks=tuple(range(1, len(card.candidates) + 1)))
        else:
            said[criterion.key] = Answer(value=criterion.codes[1])
    for step in range(len(card.steps)):
        said |= {f"{one.key}@{step + 1}": Answer(value=one.codes[0]) for one in card.step_criteria}
    return said


def begin(desk: Desk, rater: str) -> Seat:
    """Bring a rater to where cards are dealt."""
    seat = desk.seat(rater)
    if seat.stage == "consent":
        seat = desk.consent(rater, True)
    if seat.stage == "screening":
        seat = desk.survey(rater, {one.key: (one.options or ("x",))[0] for one in seat.questions})
    return seat


def label(desk: Desk, rater: str, most: int | None = None, says: Says = middle, seconds: float = 5.0) -> list[Card]:
    """Let a rater answer so many cards (all: None) and return them."""
    begin(desk, rater)
    cards: list[Card] = []
    while most is None or len(cards) < most:
        card = desk.card(rater)
        if card is None:
            break
        assert desk.answer(rater, card.key, says(card), seconds, card.nonce).new
        cards.append(card)
    return cards


@contextmanager
def opened(url: str, design: Design | None, **how: Any) -> Iterator[Desk]:
    """Open a study and close it."""
    desk = Desk.open(url, design, **how)
    try:
        yield desk
    finally:
        desk.close()
