"""A card as a form: the questions with what is kept in them, and the answers that came back."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from judgekit.humans.labels.card import Answer, Card, Span
from judgekit.humans.labels.settings import Form
from judgekit.schema import Criterion, Level

#: What "how sure are you?" offers, as a confidence between 0 and 1.
SURE = ((0.0, "a guess"), (0.25, "not very"), (0.5, "fairly"), (0.75, "very"), (1.0, "certain"))
UNANSWERED = "Please choose an answer."
UNANSWERED_OR = "Please choose an answer, or say that you cannot judge."
WHY = "Please say why you cannot judge."
RANKS = "Please give each candidate a place of its own, from 1 (the best) on."
NUMBER = "Please give a number."
#: The most passages that are kept for one answer, and the most characters of a comment.
PASSAGES, COMMENT = 50, 5_000


@dataclass(frozen=True)
class Choice:
    """A level as the form shows it: ``key`` is the digit that chooses it."""

    value: str
    code: float
    label: str
    anchor: str
    key: str


@dataclass(frozen=True)
class Kept:
    """What stands in a question's fields when the form is shown."""

    value: float | None = None
    number: str = ""
    ranks: tuple[int | str, ...] = ()
    skipped: bool = False
    reason: str | None = None
    confidence: float | None = None
    comment: str | None = None
    quotes: str = ""
    hints: str = ""

    @classmethod
    def of(cls, answer: Answer | None) -> Kept:
        """Return what an answer puts into the fields."""
        if answer is None:
            return cls()
        return cls(
            value=answer.value,
            number="" if answer.value is None else f"{answer.value:g}",
            ranks=answer.ranks,
            skipped=answer.status == "skipped",
            reason=answer.reason,
            confidence=answer.confidence,
            comment=answer.comment,
            quotes="\n".join(" ".join(span.quote.split()) for span in answer.span),
            hints="\n".join(f"{span.part}:{span.start}" for span in answer.span),
        )


@dataclass(frozen=True)
class Slot:
    """One question of the form. ``name`` is the answer's key: a criterion, or ``criterion@1`` for step 1."""

    name: str
    criterion: Criterion
    levels: tuple[Choice, ...]
    candidates: tuple[str, ...]
    kept: Kept = Kept()
    problem: str = ""

    @property
    def id(self) -> str:
        """The question's name as an identifier of the page."""
        return "q-" + self.name.replace("@", "-")

    @property
    def brief(self) -> bool:
        """Whether the levels are words without anchors, which fit beside each other."""
        return not any(level.anchor for level in self.levels)

    @property
    def question(self) -> str:
        """What is asked."""
        return self.criterion.question


def choices(criterion: Criterion, pair: bool = False) -> tuple[Choice, ...]:
    """Return the levels as they are offered: a digit each where there is one; for pairs first, tie, second."""
    levels: Sequence[Level] = criterion.levels
    if pair:
        levels = sorted(levels, key=lambda level: {1.0: 0, 0.0: 1, 2.0: 2}.get(level.code, 3))
    digits = all(level.code in range(10) for level in levels)
    keys = [f"{level.code:g}" if digits else str(place) if place < 10 else "" for place, level in enumerate(levels, 1)]
    return tuple(
        Choice(f"{level.code!r}", level.code, level.label, level.anchor, key)
        for level, key in zip(levels, keys, strict=True)
    )


def slots(card: Card) -> tuple[list[Slot], list[list[Slot]]]:
    """Return the questions on the whole, and those on each step, with this rater's earlier answers in them."""

    def slot(criterion: Criterion, name: str) -> Slot:
        kept = Kept.of(card.earlier.get(name) or card.review.get(name))
        if card.form == "ranking" and "@" not in name:
            return Slot(name, criterion, (), card.candidates, kept)
        return Slot(name, criterion, choices(criterion, card.form == "pairwise"), (), kept)

    whole = [slot(criterion, criterion.key) for criterion in card.criteria]
    steps = [
        [slot(criterion, f"{criterion.key}@{number}") for criterion in card.step_criteria]
        for number, _ in enumerate(card.steps, 1)
    ]
    return whole, steps if card.step_criteria else []


def read(card: Card, posted: Mapping[str, str], form: Form) -> tuple[dict[str, Answer], dict[str, Slot]]:
    """Return the answers in a posted form, and the questions as they are to be shown again where one has a problem.

    The answers hold what could be read; a question with a problem is not among them.
    """
    answers: dict[str, Answer] = {}
    again: dict[str, Slot] = {}
    whole, steps = slots(card)
    for slot in [*whole, *(one for step in steps for one in step)]:
        said = _said(card, slot, posted, form)
        answer = _answer(card, slot, said, form)
        if isinstance(answer, Answer):
            answers[slot.name] = answer
        again[slot.name] = replace(slot, kept=said, problem="" if isinstance(answer, Answer) else answer)
    return answers, again


def _said(card: Card, slot: Slot, posted: Mapping[str, str], form: Form) -> Kept:
    name = slot.name
    chosen = posted.get(f"v.{name}", "")
    code = next((choice.code for choice in slot.levels if choice.value == chosen), None)
    reason = posted.get(f"w.{name}", "").strip()[:500] if form.cannot_judge else ""
    if form.reasons and reason not in form.reasons:
        reason = ""
    sure = next((share for share, _ in SURE if str(share) == posted.get(f"c.{name}")), None)
    return Kept(
        value=code,
        number=posted.get(f"n.{name}", "").strip()[:40],
        ranks=tuple(posted.get(f"r.{name}.{place}", "").strip()[:6] for place, _ in enumerate(slot.candidates)),
        skipped=form.cannot_judge and chosen == "skip",
        reason=reason or None,
        confidence=sure if form.confidence else None,
        comment=(posted.get(f"t.{name}", "").strip()[:COMMENT] or None) if form.comment else None,
        quotes=posted.get(f"q.{name}", "")[: 4 * COMMENT] if form.span else "",
        hints=posted.get(f"h.{name}", "")[:COMMENT] if form.span else "",
    )


def _answer(card: Card, slot: Slot, said: Kept, form: Form) -> Answer | str:
    """Return the answer, or what is wrong with it."""
    beside = {
        "comment": said.comment,
        "span": tuple(spans(card, said.quotes, said.hints)),
        "confidence": said.confidence,
    }
    if said.skipped:
        if form.reasons and said.reason is None:
            return WHY
        return Answer(status="skipped", reason=said.reason, **beside)  # type: ignore[arg-type]
    if slot.candidates:
        ranks = [int(place) for place in said.ranks if str(place).isascii() and str(place).isdecimal()]
        if sorted(ranks) != list(range(1, len(slot.candidates) + 1)):
            return RANKS
        return Answer(ranks=tuple(ranks), **beside)  # type: ignore[arg-type]
    if not slot.levels:
        value = _number(said.number)
        return NUMBER if value is None else Answer(value=value, **beside)  # type: ignore[arg-type]
    if said.value is None:
        return UNANSWERED_OR if form.cannot_judge else UNANSWERED
    return Answer(value=said.value, **beside)  # type: ignore[arg-type]


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def parts(card: Card) -> dict[str, str]:
    """Return the texts of a card by the names that spans use."""
    named = {"text": card.text, **({} if card.context is None else {"context": card.context})}
    named |= {f"candidate {place}": text for place, text in enumerate(card.candidates)}
    return named | {f"step {place}": text for place, text in enumerate(card.steps)}


def spans(card: Card, quotes: str, hints: str) -> Iterator[Span]:
    """Find quoted passages, one a line, in the card's texts; white space may differ, a hint tells which of several.

    A passage that stands nowhere is kept as a quote without a place (start and end 0).
    """
    told = hints.split("\n")
    texts = parts(card)
    lines = [line for line in quotes.split("\n") if line.strip()][:PASSAGES]
    for place, line in enumerate(lines):
        part, _, start = (told[place] if place < len(told) else "").rpartition(":")
        near = int(start) if start.isascii() and start.isdecimal() and len(start) < 9 else 0
        words = re.compile(r"\s+".join(map(re.escape, line.split())))
        names = [part, *(name for name in texts if name != part)] if part in texts else list(texts)
        found = next((match for name in names if (match := _nearest(name, texts[name], words, near))), None)
        yield found or Span("text", 0, 0, line.strip()[:COMMENT])


def _nearest(name: str, text: str, words: re.Pattern[str], near: int) -> Span | None:
    found = min(words.finditer(text), key=lambda match: abs(match.start() - near), default=None)
    return None if found is None else Span(name, found.start(), found.end(), found.group())


def worded(criterion: Criterion, answer: Answer | None) -> str:
    """Say an answer in words: a level's label, ranks in order, or why there is none."""
    if answer is None:
        return "–"
    if answer.status == "skipped":
        return f"cannot judge ({answer.reason})" if answer.reason else "cannot judge"
    if answer.ranks:
        return ", ".join(f"candidate {place}: {rank}" for place, rank in enumerate(answer.ranks, 1))
    return "–" if answer.value is None else criterion.label(answer.value)
