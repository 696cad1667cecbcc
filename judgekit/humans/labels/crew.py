"""The raters of a study: invited, joined by an open link, named, erased; and what a researcher may switch."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

import pandas as pd
import sqlalchemy as sa

from judgekit.errors import InputError, listed
from judgekit.humans.labels.card import Invitation
from judgekit.humans.labels.deal import Dealer, pairs
from judgekit.humans.labels.design import Design
from judgekit.humans.labels.flow import Flow, event
from judgekit.humans.labels.hand import OPENED, holder
from judgekit.humans.labels.settings import ADJUDICATORS, Arm
from judgekit.humans.labels.tables import cards, events, labels, meta, raters, units
from judgekit.humans.labels.tokens import Key, hashed

#: The parameters of an open link that name the person; Prolific's and MTurk's, and a plain one.
PERSON = ("PROLIFIC_PID", "workerId", "participant")
OUTSIDE = 200  # characters of an outside identifier


class Crew:
    """Writes raters, inside transactions of the caller."""

    def __init__(self, design: Design, dealer: Dealer, flow: Flow, key: Key) -> None:
        self.design, self.dealer, self.flow, self.key = design, dealer, flow, key
        self.settings = design.settings

    def invite(
        self,
        connection: sa.Connection,
        n: int,
        pool: str | None,
        arm: Arm | None,
        names: tuple[str, ...],
        now: float,
    ) -> list[Invitation]:
        """Return n new raters, or those of these names."""
        if names:
            return [self._named(connection, name, pool or ADJUDICATORS, now) for name in names]
        if n < 1:
            raise InputError(f"{n} raters", where="invite", fix="invite at least one")
        chosen = self._pool(pool)
        return [self._add(connection, chosen, arm or self._arm(connection, chosen), now) for _ in range(n)]

    def join(self, connection: sa.Connection, external: Mapping[str, str], pool: str | None, now: float) -> Invitation:
        """Return the seat of somebody who came by an open link."""
        if not self.settings.open:
            raise InputError("this study has no open link", where="label.open", fix="use the link you were sent")
        outside = next((external[name].strip() for name in PERSON if external.get(name, "").strip()), None)
        unfilled = "{{"  # of {{%PROLIFIC_PID%}}, in a preview of the study
        if outside is not None and (len(outside) > OUTSIDE or unfilled in outside):
            raise InputError("this is no participant's identifier", where="link", fix="use the link you were sent")
        chosen = self._pool(pool)
        if outside is None:
            return self._add(connection, chosen, self._arm(connection, chosen), now)
        name = self.key.pseudonym("person", outside)
        row = connection.execute(sa.select(raters).where(raters.c.rater == name)).first()
        if row is not None:
            return self._invitation(row)
        arm = self._arm(connection, chosen)
        return self._add(connection, chosen, arm, now, name, external=hashed(name))

    def invitations(self, connection: sa.Connection) -> list[Invitation]:
        """Return all raters with their tokens."""
        return [self._invitation(row) for row in connection.execute(sa.select(raters).order_by(raters.c.number))]

    def revoke(self, connection: sa.Connection, name: str, now: float) -> Invitation:
        """Give a rater a new token."""
        row = self._known(connection, name)
        generation = row.generation + 1
        token = self._token(name, generation)
        values = {"generation": generation, "token": hashed(token)}
        connection.execute(sa.update(raters).where(raters.c.rater == name).values(**values))
        event(connection, now, name, "new link")
        return Invitation(name, token, row.pool, row.arm)

    def rater_of(self, connection: sa.Connection, token: str) -> str | None:
        """Return whose token this is."""
        row = holder(connection, hashed(token))
        return None if row is None else str(row.rater)

    def pause(self, connection: sa.Connection, on: bool, now: float) -> None:
        """Pause the study, or let it go on."""
        connection.execute(sa.delete(meta).where(meta.c.name == "paused"))
        connection.execute(sa.insert(meta).values(name="paused", value=json.dumps(on)))
        event(connection, now, None, "paused" if on else "resumed")

    def opened(self, connection: sa.Connection, card: str, now: float) -> None:
        """Record when a card was first shown, and that its rater is there."""
        connection.execute(OPENED, {"key": card, "now": now})
        shown_to = sa.select(cards.c.rater).where(cards.c.card == card).scalar_subquery()
        connection.execute(sa.update(raters).where(raters.c.rater == shown_to).values(seen=now))

    def erase(self, connection: sa.Connection, name: str, now: float) -> int:
        """Delete all that is kept of a rater."""
        self._known(connection, name)
        n = connection.execute(
            sa.select(sa.func.count()).select_from(labels).where(labels.c.rater == name)
        ).scalar_one()
        for table in (labels, cards, events, raters):
            connection.execute(sa.delete(table).where(table.c.rater == name))
        event(connection, now, None, "a rater was erased", detail=json.dumps({"labels": int(n)}))
        return int(n)

    def refer(self, connection: sa.Connection, disputed: pd.DataFrame, now: float) -> int:
        """Make a unit for the adjudicators of each disputed (item, variant) that has none yet."""
        self.invite(connection, 0, ADJUDICATORS, "blind", tuple(self.settings.adjudication.names), now)
        mine = sa.select(units.c.item, units.c.variant).where(units.c.pool == ADJUDICATORS)
        there = {(row.item, row.variant) for row in connection.execute(mine)}
        number = connection.execute(sa.select(sa.func.coalesce(sa.func.max(units.c.unit), -1))).scalar_one()
        added: list[dict[str, Any]] = []
        for (item, variant), rows in disputed.groupby(["item", "variant"], sort=False):
            if (item, variant) in there:
                continue
            note = {
                str(criterion): [_value(one) for one in json.loads(given)]
                for criterion, given in zip(rows["criterion"], rows["labels"], strict=True)
            }
            number += 1
            what = {"purpose": "adjudication", "pool": ADJUDICATORS, "arm": "blind", "wanted": 1}
            added.append({"unit": number, "item": item, "variant": variant, **what, "note": json.dumps(note)})
            event(connection, now, None, "referred", item=str(item), variant=str(variant))
        if added:
            connection.execute(sa.insert(units), added)
        return len(added)

    def _pool(self, pool: str | None) -> str:
        known = list(self.settings.plan.pools)
        if pool is not None and pool not in known:
            raise InputError(f"no pool is called '{pool}'", where="label.plan.pools", fix=f"there are: {listed(known)}")
        return pool or known[0]

    def _arm(self, connection: sa.Connection, pool: str) -> Arm:
        """Return the arm that lacks the larger share of its seats."""
        review = self.settings.review
        if review.judge is None or pool != (review.pool or next(iter(self.settings.plan.pools))):
            return "blind"
        counted = sa.select(raters.c.arm, sa.func.count()).where(raters.c.pool == pool).group_by(raters.c.arm)
        there = pairs(connection, counted)
        arms: tuple[Arm, Arm] = ("blind", "review")
        return max(arms, key=lambda arm: 1 - there.get(arm, 0) / self.dealer.seats(connection, pool, arm))

    def _named(self, connection: sa.Connection, name: str, pool: str, now: float) -> Invitation:
        row = connection.execute(sa.select(raters).where(raters.c.rater == name)).first()
        return self._invitation(row) if row is not None else self._add(connection, pool, "blind", now, name)

    def _add(
        self,
        connection: sa.Connection,
        pool: str,
        arm: Arm,
        now: float,
        name: str | None = None,
        *,
        external: str | None = None,
    ) -> Invitation:
        last = sa.select(sa.func.coalesce(sa.func.max(raters.c.number), 0))
        number = int(connection.execute(last).scalar_one()) + 1
        # a number is used again after an erasure: the pseudonym must not be
        named = name or self.key.pseudonym("seat", number, secrets.token_hex(8))
        token = self._token(named, 0)
        row: dict[str, Any] = {
            "rater": named,
            "number": number,
            "token": hashed(token),
            "generation": 0,
            "kind": self.settings.kind,
            "pool": pool,
            "arm": arm,
            "external": external,
            "stage": self.flow.begin(),
            "resting": 0,
            "attempts": 0,
            "attributes": "{}",
            "joined": now,
            "seen": now,
        }
        connection.execute(sa.insert(raters), row)
        event(connection, now, named, "joined" if external else "invited")
        return Invitation(named, token, pool, arm)

    def _token(self, name: str, generation: int) -> str:
        return self.key.token("rater", name, generation)

    def _invitation(self, row: Any) -> Invitation:
        return Invitation(row.rater, self._token(row.rater, row.generation), row.pool, row.arm)

    def _known(self, connection: sa.Connection, name: str) -> Any:
        row = connection.execute(sa.select(raters).where(raters.c.rater == name)).first()
        if row is None:
            raise InputError(f"no rater is called '{name}'", fix="see python -m judgekit.label status")
        return row


def _value(given: Any) -> float | None:
    value = given.get("value") if isinstance(given, Mapping) else given
    return None if value is None else float(value)
