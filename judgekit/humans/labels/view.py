"""Cards and feedback as one rater sees them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from judgekit.humans.labels.card import Answer, Card, Feedback, StaleError
from judgekit.humans.labels.flow import event, found
from judgekit.humans.labels.material import Material
from judgekit.humans.labels.record import Recorder
from judgekit.humans.labels.tables import cards, raters, units


class Viewer:
    """Makes cards of rows; reads only, but for ``opened``."""

    def __init__(self, material: Material, recorder: Recorder) -> None:
        self.material, self.recorder = material, recorder

    def current(self, connection: sa.Connection, name: str) -> Any | None:
        """Return the row of the card that a rater is to answer now: the one gone back to, else the next open one."""
        rater = found(connection, name)
        if rater.cursor is not None:
            return connection.execute(sa.select(cards).where(cards.c.card == rater.cursor)).first()
        query = sa.select(cards).where(cards.c.rater == name, cards.c.stage == rater.stage, cards.c.state == "open")
        return connection.execute(query.order_by(cards.c.position).limit(1)).first()

    def held(self, connection: sa.Connection, name: str, key: str) -> Any | None:
        """Return the row of a card that this rater holds or has answered."""
        query = sa.select(cards).where(cards.c.card == key, cards.c.rater == name, cards.c.state != "returned")
        return connection.execute(query).first()

    def back(self, connection: sa.Connection, name: str) -> Any | None:
        """Return the row of the card before the current one that can be answered anew; None where there is none."""
        rater = found(connection, name)
        if rater.stage not in ("items", "waiting", "survey"):
            return None
        query = sa.select(cards).where(
            cards.c.rater == name, cards.c.stage == "items", cards.c.state.in_(["done", "skipped"])
        )
        if rater.cursor is not None:
            here = sa.select(cards.c.position).where(cards.c.card == rater.cursor).scalar_subquery()
            query = query.where(cards.c.position < here)
        return connection.execute(query.order_by(cards.c.position.desc()).limit(1)).first()

    def undo(self, connection: sa.Connection, name: str, now: float) -> Card | None:
        """Make the card before the current one the current one."""
        row = self.back(connection, name)
        if row is None:
            return None
        values = {"cursor": row.card, "stage": "items", "seen": now, "resting": 0}
        connection.execute(sa.update(raters).where(raters.c.rater == name).values(**values))
        event(connection, now, name, "went back", card=row.card, item=row.item, variant=row.variant)
        return self.card(connection, row)

    def asked(self, connection: sa.Connection, name: str, card_key: str) -> list[str]:
        """Return what a card of this rater asks; StaleError where it is not theirs."""
        row = connection.execute(sa.select(cards).where(cards.c.card == card_key)).first()
        if row is None or row.rater != name:
            raise StaleError("this rater holds no such card")
        return list(self.recorder.asked(row, self._note(connection, row)))

    def card(self, connection: sa.Connection, row: Any) -> Card:
        """Return a row as the card that its rater sees."""
        case = self.material.cases[row.item, row.variant]
        checks = row.purpose == "check"
        note = self._note(connection, row)
        asked = self.recorder.asked(row, note)
        rater = found(connection, row.rater)
        place, total = self._place(connection, row)
        said = self.recorder.labels_of(connection, row.card) if row.state in ("done", "skipped") else []
        return Card(
            key=row.card,
            nonce=secrets.token_urlsafe(9),
            item=row.item,
            variant=row.variant,
            purpose=row.purpose,
            form="check" if checks else self.material.task.form,
            text=case.item.text,
            context=case.item.context,
            candidates=case.item.candidates,
            steps=case.item.steps,
            criteria=tuple(criterion for key, criterion in asked.items() if "@" not in key),
            step_criteria=() if checks else self.material.step_criteria,
            position=place,
            total=total,
            shown=case.shown,
            earlier=self.recorder.given(row, said),
            review=self._review(row, rater, asked),
            others=self._others(row, note),
            before=case.before.text if checks and case.before is not None else None,
            before_context=case.before.context if checks and case.before is not None else None,
            before_candidates=case.before.candidates if checks and case.before is not None else (),
            warning=case.warning,
            undoable=self.back(connection, row.rater) is not None,
        )

    def feedback(self, connection: sa.Connection, name: str, card_key: str) -> Feedback | None:
        """Return what a training card says after its answer."""
        row = connection.execute(sa.select(cards).where(cards.c.card == card_key)).first()
        if row is None or row.rater != name or row.purpose != "training" or row.state != "done":
            return None
        case = self.material.cases[row.item, row.variant]
        said = self.recorder.labels_of(connection, row.card)
        given = self.recorder.given(row, said)
        right = all(
            one["value"] in case.accepted[one["criterion"]] for one in said if one["criterion"] in case.accepted
        )
        return Feedback(self.card(connection, row), given, case.accepted, right, case.feedback)

    def _note(self, connection: sa.Connection, row: Any) -> str | None:
        if row.purpose != "adjudication":
            return None
        return connection.execute(sa.select(units.c.note).where(units.c.unit == row.unit)).scalar()

    def _place(self, connection: sa.Connection, row: Any) -> tuple[int, int]:
        """Return the card's place among those of its stage, and their number."""
        mine = sa.and_(cards.c.rater == row.rater, cards.c.stage == row.stage, cards.c.state != "returned")
        if row.stage == "qualification":
            mine = sa.and_(mine, cards.c.rep == row.rep)
        before = sa.func.sum(sa.case((cards.c.position <= row.position, 1), else_=0))
        place, total = connection.execute(sa.select(before, sa.func.count()).where(mine)).one()
        return int(place or 1), int(total or 1)

    def _review(self, row: Any, rater: Any, asked: Mapping[str, Any]) -> dict[str, Answer]:
        if rater.arm != "review" or row.purpose != "item":
            return {}
        review = self.material.cases[row.item, row.variant].review
        return {key: self._turned(row, answer) for key, answer in review.items() if key in asked}

    def _others(self, row: Any, note: str | None) -> tuple[Mapping[str, Answer], ...]:
        if not note:
            return ()
        by_key = json.loads(note)
        n = max((len(given) for given in by_key.values()), default=0)
        return tuple(
            {key: self._turned(row, Answer(value=given[k])) for key, given in by_key.items() if k < len(given)}
            for k in range(n)
        )

    def _turned(self, row: Any, answer: Answer) -> Answer:
        if answer.value is None:
            return answer
        return Answer(value=self.recorder.shown_value(row, answer.value), reason=answer.reason)
