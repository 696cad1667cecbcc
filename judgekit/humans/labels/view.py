"""Cards and feedback as one rater sees them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from judgekit.humans.labels.card import Answer, Card, Feedback, StaleError
from judgekit.humans.labels.flow import event
from judgekit.humans.labels.hand import Hand, card_row, found, hand, said_on
from judgekit.humans.labels.material import Material
from judgekit.humans.labels.record import Recorder
from judgekit.humans.labels.tables import raters, units


class Viewer:
    """Makes cards of rows; reads only, but for ``opened``."""

    def __init__(self, material: Material, recorder: Recorder) -> None:
        self.material, self.recorder = material, recorder

    def held(self, connection: sa.Connection, name: str, key: str) -> Any | None:
        """Return the row of a card that this rater holds or has answered."""
        row = card_row(connection, key)
        return row if row is not None and row.rater == name and row.state != "returned" else None

    def undo(self, connection: sa.Connection, name: str, now: float) -> Card | None:
        """Make the card before the current one the current one."""
        light = hand(connection, found(connection, name)).back
        row = None if light is None else card_row(connection, light.card)
        if row is None:
            return None
        values = {"cursor": row.card, "stage": "items", "seen": now, "resting": 0}
        connection.execute(sa.update(raters).where(raters.c.rater == name).values(**values))
        event(connection, now, name, "went back", card=row.card, item=row.item, variant=row.variant)
        return self.card(connection, row, hand(connection, found(connection, name), row.stage))

    def asked(self, connection: sa.Connection, name: str, card_key: str) -> list[str]:
        """Return what a card of this rater asks; StaleError where it is not theirs."""
        row = card_row(connection, card_key)
        if row is None or row.rater != name:
            raise StaleError("this rater holds no such card")
        return list(self.recorder.asked(row, self._note(connection, row)))

    def card(self, connection: sa.Connection, row: Any, held: Hand) -> Card:
        """Return a row as the card that its rater sees; ``held`` is the hand that it is of."""
        case = self.material.cases[row.item, row.variant]
        checks = row.purpose == "check"
        note = self._note(connection, row)
        asked = self.recorder.asked(row, note)
        said = said_on(connection, row.card) if row.state in ("done", "skipped") else []
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
            position=held.place(row),
            total=held.total,
            shown=case.shown,
            earlier=self.recorder.given(row, said),
            review=self._review(row, held.rater, asked),
            others=self._others(row, note),
            before=case.before.text if checks and case.before is not None else None,
            before_context=case.before.context if checks and case.before is not None else None,
            before_candidates=case.before.candidates if checks and case.before is not None else (),
            warning=case.warning,
            undoable=held.back is not None,
        )

    def feedback(self, connection: sa.Connection, name: str, card_key: str) -> Feedback | None:
        """Return what a training card says after its answer."""
        row = card_row(connection, card_key)
        if row is None or row.rater != name or row.purpose != "training" or row.state != "done":
            return None
        case = self.material.cases[row.item, row.variant]
        said = said_on(connection, row.card)
        given = self.recorder.given(row, said)
        right = all(
            one["value"] in case.accepted[one["criterion"]] for one in said if one["criterion"] in case.accepted
        )
        held = hand(connection, found(connection, name), row.stage)
        return Feedback(self.card(connection, row, held), given, case.accepted, right, case.feedback)

    def _note(self, connection: sa.Connection, row: Any) -> str | None:
        if row.purpose != "adjudication":
            return None
        return connection.execute(sa.select(units.c.note).where(units.c.unit == row.unit)).scalar()

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
