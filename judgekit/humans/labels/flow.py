"""A rater's way through the study: consent, screening, training, qualification, items, survey, thanks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from judgekit.errors import InputError, listed
from judgekit.humans.labels import assign
from judgekit.humans.labels.card import ENDED, Seat, Stage
from judgekit.humans.labels.deal import Dealer
from judgekit.humans.labels.design import Design
from judgekit.humans.labels.hand import Hand, found, hand, next_open
from judgekit.humans.labels.settings import ADJUDICATORS, Question
from judgekit.humans.labels.tables import cards, events, labels, meta, raters
from judgekit.humans.labels.tokens import Key

STAGES: tuple[Stage, ...] = ("consent", "screening", "training", "qualification", "items", "survey", "thanks")
_EVENT = sa.insert(events)
_NOTHING = dict.fromkeys(("card", "item", "variant", "nonce", "digest", "detail"))
LONGEST = 500  # characters of an answer about the rater


class Flow:
    """Moves raters from stage to stage, inside transactions of the caller."""

    def __init__(self, design: Design, dealer: Dealer, key: Key) -> None:
        self.design, self.dealer, self.key = design, dealer, key
        self.settings = design.settings

    def advance(self, connection: sa.Connection, name: str, now: float) -> None:
        """Move a rater on as far as nothing is left to do at their stage; deals what comes next."""
        while True:
            rater = found(connection, name)
            stage: Stage = rater.stage
            if stage in (*ENDED, "consent") or next_open(connection, name, stage) is not None:
                return
            if stage == "waiting":
                if self.dealer.items(connection, rater, now):
                    _set(connection, name, stage="items")
                return
            if stage in ("screening", "survey") and self.questions(stage, rater):
                return
            if stage == "items" and self.dealer.items(connection, rater, now):
                return
            if stage == "items" and not self._through(connection, rater):
                _set(connection, name, stage="waiting")
                return
            declared = self.settings.qualification.items
            if stage == "qualification" and declared and not self._qualified(connection, rater, now):
                rater = found(connection, name)
                if rater.stage != "screened_out":
                    self.dealer.extras(connection, rater, stage, declared, now)
                return
            self.enter_next(connection, rater, now)

    def enter_next(self, connection: sa.Connection, rater: Any, now: float) -> None:
        """Put a rater into the stage after theirs, with its cards."""
        stage = STAGES[STAGES.index(rater.stage) + 1]
        settles = rater.pool == ADJUDICATORS
        _set(connection, rater.rater, stage=stage, seen=now)
        if stage == "training" and not settles:
            self.dealer.extras(connection, rater, stage, self.settings.training.items, now)
        elif stage == "qualification" and not settles:
            self.dealer.extras(connection, rater, stage, self.settings.qualification.items, now)
        elif stage == "thanks":
            _set(connection, rater.rater, finished=now)

    def begin(self) -> Stage:
        """Return the stage that a new rater stands at."""
        return "consent" if self.settings.consent.required else "screening"

    def consent(self, connection: sa.Connection, name: str, agreed: bool, now: float) -> None:
        """Record consent once; later words change nothing."""
        rater = found(connection, name)
        if rater.stage != "consent":
            return
        event(connection, now, name, "consented" if agreed else "declined")
        if not agreed:
            _set(connection, name, stage="declined", seen=now, finished=now)
            return
        _set(connection, name, consented=now, seen=now)
        self.enter_next(connection, rater, now)
        self.advance(connection, name, now)

    def questions(self, stage: str, rater: Any) -> tuple[Question, ...]:
        """Return what is asked about the rater at a stage."""
        if rater.pool == ADJUDICATORS:
            return ()
        limits = self.settings.plan.quotas
        early = [one for one in self.settings.survey if one.when == "start" or one.key in limits]
        if stage == "screening":
            return tuple(early)
        return tuple(one for one in self.settings.survey if one not in early) if stage == "survey" else ()

    def survey(self, connection: sa.Connection, name: str, given: Mapping[str, str], now: float) -> None:
        """Record answers about the rater; a full quota ends their part."""
        rater = found(connection, name)
        asked = {one.key: one for one in self.questions(rater.stage, rater)}
        if rater.stage not in ("screening", "survey"):
            return
        kept = {key: str(value).strip()[:LONGEST] for key, value in given.items() if str(value).strip()}
        odd = [key for key in kept if key not in asked]
        if odd:
            raise InputError(f"nobody asked '{odd[0]}'", fix=f"asked are {listed(asked)}")
        for key, value in kept.items():
            if asked[key].options and value not in asked[key].options:
                raise InputError(f"'{value}' is no option of '{key}'", fix=f"use one of {listed(asked[key].options)}")
        limits = self.settings.plan.quotas
        lacking = [key for key in asked if key in limits and key not in kept]
        if lacking:
            raise InputError(f"'{lacking[0]}' has no answer", fix="it is needed to see whether a place is free")
        full = [key for key, value in kept.items() if key in limits and self._full(connection, name, key, value, now)]
        attributes = {**json.loads(rater.attributes), **kept}
        _set(connection, name, attributes=json.dumps(attributes, ensure_ascii=False), seen=now)
        event(connection, now, name, rater.stage, detail=json.dumps(sorted(kept)))
        if full:
            _set(connection, name, stage="screened_out", finished=now)
            event(connection, now, name, "quota full", detail=json.dumps(full))
            return
        self.enter_next(connection, found(connection, name), now)
        self.advance(connection, name, now)

    def withdraw(self, connection: sa.Connection, name: str, now: float) -> None:
        """End a rater's part; what they hold goes back."""
        rater = found(connection, name)
        if rater.stage not in ENDED:
            self.dealer.return_all(connection, name)
            _set(connection, name, stage="withdrawn", finished=now, cursor=None)
            event(connection, now, name, "withdrawn")

    def rest(self, connection: sa.Connection, name: str, on: bool, now: float) -> None:
        """Let a rater rest, or go on."""
        rater = found(connection, name)
        _set(connection, name, resting=int(on), seen=now)
        if bool(rater.resting) != on:
            event(connection, now, name, "rests" if on else "goes on")
        if not on:
            self.advance(connection, name, now)

    def seat(self, connection: sa.Connection, name: str) -> Seat:
        """Return where a rater is; reads only."""
        held = hand(connection, found(connection, name))
        return self.seated(connection, held)

    def seated(self, connection: sa.Connection, held: Hand) -> Seat:
        """Return the seat that goes with a hand; reads only."""
        rater = held.rater
        stage: Stage = rater.stage
        told: Stage = stage
        if stage not in ENDED and (rater.resting or rater.halted == "true"):
            told = "paused"
        elif stage in ("consent", "waiting") and self._nothing_left(connection, rater):
            told = "closed"
        code = self.code(rater.rater) if stage == "thanks" else None
        asked = self.questions(stage, rater)
        return Seat(rater.rater, told, held.done, held.total, rater.arm, rater.pool, rater.kind, code, asked)

    def code(self, name: str) -> str:
        """Return a rater's completion code: the declared one, else one of their own."""
        return self.settings.completion_code or self.key.derive("code", name).hex()[:8].upper()

    def _nothing_left(self, connection: sa.Connection, rater: Any) -> bool:
        if rater.pool == ADJUDICATORS:
            return False
        stream = self.dealer.open_units(connection, rater.pool, rater.arm)
        return not bool((stream["left"] > 0).any()) and (
            rater.stage == "consent" or not bool((stream["held"] > 0).any())
        )

    def _through(self, connection: sa.Connection, rater: Any) -> bool:
        """Tell whether a rater has labelled something and is not waited for."""
        if rater.pool == ADJUDICATORS:
            return False
        query = sa.select(cards.c.card).where(
            cards.c.rater == rater.rater, cards.c.stage == "items", cards.c.state.in_(["done", "skipped"])
        )
        return connection.execute(query.limit(1)).first() is not None

    def _qualified(self, connection: sa.Connection, rater: Any, now: float) -> bool:
        """Judge a finished attempt: True where the rater goes on; else a further attempt, or screened out."""
        if rater.pool == ADJUDICATORS:
            return True
        declared = self.settings.qualification
        known = {extra.item: extra.answers for extra in declared.items}
        given = connection.execute(
            sa.select(labels.c.item, labels.c.criterion, labels.c.value).where(
                labels.c.rater == rater.rater, labels.c.stage == "qualification", labels.c.rep == rater.attempts
            )
        ).all()
        judged = [one.value in known[one.item][one.criterion] for one in given if one.criterion in known[one.item]]
        share = sum(judged) / len(judged) if judged else 1.0
        passed = share >= declared.share
        event(connection, now, rater.rater, "qualification", detail=json.dumps({"share": share, "passed": passed}))
        if not passed:
            attempts = rater.attempts + 1
            values: dict[str, Any] = {"attempts": attempts}
            if attempts >= declared.attempts:
                values |= {"stage": "screened_out", "finished": now}
            _set(connection, rater.rater, **values)
        return passed

    def _full(self, connection: sa.Connection, name: str, key: str, level: str, now: float) -> bool:
        """Tell whether a quota is full with those who are through or at it: a drop-out frees a place."""
        counts: dict[str, int] = {}
        there = sa.or_(raters.c.stage.in_(["survey", "thanks"]), raters.c.seen >= now - 60 * self.settings.plan.timeout)
        query = sa.select(raters.c.attributes).where(
            raters.c.rater != name, raters.c.stage.not_in(["declined", "screened_out", "withdrawn"]), there
        )
        for text in connection.execute(query).scalars():
            value = json.loads(text).get(key)
            if value is not None:
                counts[value] = counts.get(value, 0) + 1
        return assign.quota_full(counts, self.settings.plan.quotas[key], level)


def paused(connection: sa.Connection) -> bool:
    """Tell whether the study is paused."""
    return connection.execute(sa.select(meta.c.value).where(meta.c.name == "paused")).scalar() == "true"


def event(connection: sa.Connection, now: float, rater: str | None, what: str, **more: Any) -> None:
    """Add a line to what happened."""
    connection.execute(_EVENT, {**_NOTHING, "at": now, "rater": rater, "what": what, **more})


def _set(connection: sa.Connection, name: str, **values: Any) -> None:
    connection.execute(sa.update(raters).where(raters.c.rater == name).values(**values))
