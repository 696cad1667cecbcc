"""Answers as they are recorded: checked, made canonical, one row each, and known again when they are replayed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from judgekit.errors import InputError, brief, listed
from judgekit.humans.labels.card import Answer, Receipt, Span, StaleError
from judgekit.humans.labels.design import Design
from judgekit.humans.labels.flow import Flow, event
from judgekit.humans.labels.hand import OPENED, SAID, SEEN, card_row, found, next_open, said_on
from judgekit.humans.labels.material import Case, Material
from judgekit.humans.labels.tables import cards, events, labels, units
from judgekit.judges.orders import SWAPPED
from judgekit.schema import Criterion, sha

OTHER = {1.0: 2.0, 2.0: 1.0, 0.0: 0.0}
MOST = {"comment": 5000, "reason": 1000}
SPANS = 20
_KNOWN = sa.select(events.c.id).where(
    events.c.rater == sa.bindparam("rater"),
    events.c.card == sa.bindparam("card"),
    events.c.nonce == sa.bindparam("nonce"),
    events.c.digest == sa.bindparam("digest"),
)
_LABELS = sa.insert(labels)
_DONE = (
    sa.update(cards)
    .where(cards.c.card == sa.bindparam("key"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("state", "revisions", "done", "claimed", "seconds")})
)


class Recorder:
    """Writes answers, inside transactions of the caller."""

    def __init__(self, design: Design, material: Material, flow: Flow) -> None:
        self.design, self.material, self.flow = design, material, flow
        self.form = design.settings.form

    def asked(self, card: Any, note: str | None = None) -> dict[str, Criterion]:
        """Return what a card asks, by key; a step's question is ``criterion@1``, an adjudicator's are the disputed."""
        if card.purpose == "check":
            return {criterion.key: criterion for criterion in self.material.check_criteria}
        asked = {criterion.key: criterion for criterion in self.material.task.criteria}
        if card.purpose == "adjudication" and note:
            asked = {key: criterion for key, criterion in asked.items() if key in json.loads(note)}
        steps = self.material.cases[card.item, card.variant].item.steps
        for place in range(len(steps)):
            asked |= {f"{one.key}@{place + 1}": one for one in self.material.step_criteria}
        return asked

    def answer(
        self,
        connection: sa.Connection,
        name: str,
        card_key: str,
        answers: Mapping[str, Answer],
        seconds: float | None,
        nonce: str,
        now: float,
        state: str = "done",
    ) -> Receipt:
        """Record a card's answers; see ``Desk.answer``."""
        card = card_row(connection, card_key)
        if card is None or card.rater != name:
            raise StaleError("this rater holds no such card")
        rater = found(connection, name)
        if rater.stage in ("withdrawn", "declined", "screened_out"):
            raise StaleError("this rater's part has ended")
        case = self.material.cases[card.item, card.variant]
        asked = self.asked(card, _note(connection, card))
        said = self.rows(card, case, asked, answers, unseen=state == "skipped")
        digest = sha([{key: row[key] for key in SAID} for row in said])
        told = {"card": card_key, "nonce": nonce, "digest": digest}
        earlier: list[dict[str, Any]] = []
        if card.state in ("done", "skipped"):
            earlier = said_on(connection, card_key)
            replayed = connection.execute(_KNOWN, {"rater": name, **told}).first() is not None
            # what has taught or tested cannot be answered again; and to say the same again is no revision
            if replayed or card.stage in ("training", "qualification") or _same(earlier, said):
                if not replayed:
                    self._seen(connection, rater, card, now)
                return Receipt(card_key, new=False, feedback=self._tells(card))
        revised = bool(earlier)
        if revised:
            connection.execute(sa.delete(labels).where(labels.c.card == card_key))
        shared = {"rater": name, "variant": card.variant, "rep": card.rep, "stage": card.stage, "card": card_key}
        connection.execute(_LABELS, [{**shared, **row, "at": now} for row in said])
        changed = {"state": state, "revisions": card.revisions + revised}
        if revised:
            changed |= {"done": card.done, "claimed": card.claimed, "seconds": card.seconds}
        else:
            since = max(0.0, now - (card.opened or card.dealt))  # a server's clock may be set back
            claimed = seconds if seconds is not None and math.isfinite(seconds) and seconds >= 0 else None
            changed |= {"done": now, "claimed": claimed, "seconds": since if claimed is None else min(claimed, since)}
        connection.execute(_DONE, {"key": card_key, **{f"new_{name}": value for name, value in changed.items()}})
        detail = json.dumps(earlier, ensure_ascii=False) if revised else None
        what = "revised" if revised else "skipped" if state == "skipped" else "answered"
        event(connection, now, name, what, item=card.item, variant=card.variant, detail=detail, **told)
        self._free(connection, card)
        self._seen(connection, rater, card, now)
        return Receipt(card_key, new=True, revised=revised, feedback=self._tells(card))

    def rows(
        self,
        card: Any,
        case: Case,
        asked: Mapping[str, Criterion],
        answers: Mapping[str, Answer],
        *,
        unseen: bool = False,
    ) -> list[dict[str, Any]]:
        """Return a card's answers as rows of labels, canonical; InputError for the first that does not fit.

        ``unseen`` is a whole item that the rater will not look at, which the form's ``cannot_judge`` does not forbid.
        """
        odd = [key for key in answers if key not in asked]
        if odd:
            raise InputError(f"this card does not ask '{brief(odd[0])}'", fix=f"it asks {listed(asked)}")
        said: list[dict[str, Any]] = []
        for key, criterion in asked.items():
            if key not in answers:
                raise InputError(f"'{key}' has no answer", fix="answer it, or say that you cannot judge")
            given = answers[key]
            shared = self._beside(case, key, given)
            if given.status == "skipped":
                if not unseen:
                    self._reasoned(key, given)
                ranked = case.members and card.purpose != "check" and "@" not in key
                said += [
                    {"item": item, "value": None, "shown": digest, **shared}
                    for item, digest in (_members(case) if ranked else [(card.item, case.shown)])
                ]
            elif case.members and "@" not in key:
                said += [
                    {"item": item, "value": value, "shown": digest, **shared}
                    for (item, digest), value in zip(_members(case), _ranked(key, case, given.ranks), strict=True)
                ]
            else:
                value = _coded(key, criterion, given.value)
                if self.material.task.form == "pairwise" and card.purpose != "check" and card.variant == SWAPPED:
                    value = value if "@" in key else OTHER[value]
                said.append({"item": card.item, "value": value, "shown": case.shown, **shared})
        return said

    def given(self, card: Any, said: Sequence[Mapping[str, Any]]) -> dict[str, Answer]:
        """Return rows of labels as the rater gave them: places as shown."""
        case = self.material.cases[card.item, card.variant]
        by_key: dict[str, dict[str, Mapping[str, Any]]] = {}
        for row in said:
            by_key.setdefault(str(row["criterion"]), {})[str(row["item"])] = row
        return {key: self._as_shown(card, case, key, rows) for key, rows in by_key.items()}

    def shown_value(self, card: Any, value: float) -> float:
        """Return a canonical value as this card shows the candidates."""
        swapped = self.material.task.form == "pairwise" and card.variant == SWAPPED
        return OTHER.get(value, value) if swapped else value

    def _as_shown(self, card: Any, case: Case, key: str, rows: Mapping[str, Mapping[str, Any]]) -> Answer:
        row = next(iter(rows.values()))
        spans = tuple(Span(**one) for one in json.loads(row["span"] or "[]"))
        value = row["value"]
        ranks: tuple[int, ...] = ()
        if case.members and "@" not in key:
            held = [rows.get(item) for item in case.members]
            if row["status"] == "ok":
                ranks = tuple(0 if one is None else int(one["value"]) for one in held)
            value = None
        elif value is not None and card.purpose != "check" and "@" not in key:
            value = self.shown_value(card, value)
        how = {"status": row["status"], "reason": row["reason"], "comment": row["comment"]}
        return Answer(value=value, span=spans, confidence=row["confidence"], ranks=ranks, **how)

    def _beside(self, case: Case, key: str, given: Answer) -> dict[str, Any]:
        for name, most in MOST.items():
            text = getattr(given, name)
            if text is not None and len(text) > most:
                raise InputError(f"the {name} on '{key}' has {len(text)} characters", fix=f"use at most {most}")
        if given.confidence is not None and not 0 <= given.confidence <= 1:
            raise InputError(f"the confidence in '{key}' is {given.confidence:g}", fix="use 0 to 1")
        spans = [_quoted(case, key, span) for span in given.span[:SPANS]]
        return {
            "criterion": key,
            "status": given.status,
            "reason": _clean(given.reason),
            "comment": _clean(given.comment),
            "span": json.dumps([asdict(span) for span in spans], ensure_ascii=False) if spans else None,
            "confidence": given.confidence,
        }

    def _reasoned(self, key: str, given: Answer) -> None:
        if not self.form.cannot_judge:
            raise InputError(f"'{key}' has no answer", fix="answer it")
        if not _clean(given.reason):
            raise InputError(f"'{key}' has neither an answer nor a reason", fix="say why you cannot judge")

    def _tells(self, card: Any) -> bool:
        return bool(card.purpose == "training")

    def _free(self, connection: sa.Connection, card: Any) -> None:
        """Take an unopened card from another rater, where a returned one came in after all and the unit has enough."""
        if card.state != "returned" or card.unit is None:
            return
        other = sa.select(cards.c.card).where(
            cards.c.unit == card.unit, cards.c.state == "open", cards.c.opened.is_(None)
        )
        spare = connection.execute(other.limit(1)).scalar()
        if spare is not None:
            connection.execute(sa.update(cards).where(cards.c.card == spare).values(state="returned"))

    def _seen(self, connection: sa.Connection, rater: Any, card: Any, now: float) -> None:
        cursor = None if rater.cursor == card.card else rater.cursor
        connection.execute(SEEN, {"name": rater.rater, "now": now, "back_at": cursor})
        coming = next_open(connection, rater.rater, rater.stage)
        if coming is None:
            self.flow.advance(connection, rater.rater, now)
        elif coming.opened is None and cursor is None:  # it is shown at once: what shows it need not write
            connection.execute(OPENED, {"key": coming.card, "now": now})


def _note(connection: sa.Connection, card: Any) -> str | None:
    if card.purpose != "adjudication":
        return None
    return connection.execute(sa.select(units.c.note).where(units.c.unit == card.unit)).scalar()


def _members(case: Case) -> list[tuple[str, str]]:
    return [(item, digest) for item, digest in zip(case.members, case.member_shown, strict=True) if item]


def _ranked(key: str, case: Case, ranks: Sequence[int]) -> list[float]:
    """Return the rank of each member, 1 the best; ties share the better rank."""
    n = len(case.members)
    if len(ranks) != n or any(not 1 <= rank <= n for rank in ranks):
        raise InputError(f"'{key}' needs a rank from 1 to {n} for each of {n} candidates", fix="rank them all")
    fair = [1.0 + sum(other < rank for other in ranks) for rank in ranks]
    return [rank for item, rank in zip(case.members, fair, strict=True) if item]


def _coded(key: str, criterion: Criterion, value: float | None) -> float:
    if value is None or not math.isfinite(value):
        raise InputError(f"'{key}' has no answer", fix="answer it, or say that you cannot judge")
    if criterion.codes and value not in criterion.codes:
        raise InputError(f"'{key}' has no level {value:g}", fix=f"levels are {criterion.span()}")
    return float(value)


def _quoted(case: Case, key: str, span: Span) -> Span:
    """Return a span with the words that stand there, whatever was claimed."""
    if span.start == span.end == 0 and 0 < len(span.quote) <= MOST["reason"]:
        return Span("text", 0, 0, _clean(span.quote) or "")  # typed, and found nowhere in the texts
    text = part_of(case, span.part)
    if text is None or not 0 <= span.start < span.end <= len(text):
        raise InputError(f"the marked passage for '{key}' is not there", fix="mark it again")
    return Span(span.part, span.start, span.end, text[span.start : span.end])


def part_of(case: Case, part: str) -> str | None:
    """Return a part of a case by its name: text, context, ``candidate 0``, ``step 2``; None where there is none."""
    if part in ("text", "context"):
        return case.item.text if part == "text" else case.item.context
    what, _, place = part.partition(" ")
    texts = {"candidate": case.item.candidates, "step": case.item.steps}.get(what, ())
    return texts[int(place)] if place.isdecimal() and int(place) < len(texts) else None


def _clean(text: str | None) -> str | None:
    # a NUL is no text on PostgreSQL
    return (text or "").replace("\x00", "").strip() or None


def _same(earlier: Sequence[Mapping[str, Any]], said: Sequence[Mapping[str, Any]]) -> bool:
    one = sorted(sha({key: row[key] for key in SAID}) for row in earlier)
    return one == sorted(sha({key: row[key] for key in SAID}) for row in said)
