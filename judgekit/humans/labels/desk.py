"""The desk of a label study: the one object that page, notebooks, scripts and tests talk to."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import pandas as pd
import sqlalchemy as sa

from judgekit.humans.labels import frames
from judgekit.humans.labels.card import Answer, Card, Feedback, Invitation, Progress, Receipt, Seat
from judgekit.humans.labels.crew import Crew
from judgekit.humans.labels.deal import Dealer
from judgekit.humans.labels.design import Design
from judgekit.humans.labels.flow import Flow
from judgekit.humans.labels.hand import card_row, found, hand, holder
from judgekit.humans.labels.intake import begun, describe, key_of, take
from judgekit.humans.labels.material import Material
from judgekit.humans.labels.record import Recorder
from judgekit.humans.labels.settings import Arm
from judgekit.humans.labels.store import Store
from judgekit.humans.labels.tokens import Key, hashed, same
from judgekit.humans.labels.view import Viewer
from judgekit.study import Study, stack

T = TypeVar("T")


class Desk:
    """A label study that is open: its raters, their cards and answers, its progress.

    Safe from several threads, and several desks (in one process or many) may hold one study. Every write is idempotent
    and acknowledged only when it is on disk. Time is the server's alone. Methods block: call them from a thread.
    InputError for what a person can mend, ``StaleError`` for a card that the rater does not hold (show the next one).
    """

    def __init__(self, store: Store, key: Key, design: Design, clock: Callable[[], float]) -> None:
        self.design, self._store, self._key, self._clock = design, store, key, clock
        self._material = Material(design)
        self._dealer = Dealer(design)
        self._flow = Flow(design, self._dealer, key)
        self._recorder = Recorder(design, self._material, self._flow)
        self._viewer = Viewer(self._material, self._recorder)
        self._crew = Crew(design, self._dealer, self._flow, key)

    @classmethod
    def open(
        cls,
        url: str | Path,
        design: Design | None = None,
        *,
        key: str | Path | None = None,
        keyless: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> Desk:
        """Open the study at a file name or database URL; with a design it is begun where there is none yet.

        InputError where there is none and no design, or where the design differs from the one that was begun with.
        ``key`` is the study's key file (default: beside the database, or ``data/labels/NAME.key``); ``keyless`` opens
        the labels without it, to be read: links and codes are then nobody's. ``clock`` gives seconds since 1970.
        """
        store = Store(str(url), create=design is not None)
        try:
            held = None if keyless else key_of(store, key, design)
            return cls(store, held or Key.nobodys(), begun(store, held, design, clock()), clock)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Write what is queued and close the database."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # the researcher

    @property
    def where(self) -> str:
        """The database's file name or URL, without a password."""
        return self._store.where

    @property
    def researcher_token(self) -> str:
        """The researcher's token: made of the study's key file, the same whenever the study is opened."""
        return self._key.token("researcher")

    def is_researcher(self, token: str) -> bool:
        """Tell whether this is the researcher's token, in constant time."""
        return same(token, self.researcher_token)

    def secret(self, purpose: str) -> bytes:
        """Return 32 bytes for signing (``"cookie"``, ``"csrf"``): the same for all servers of this study."""
        return self._key.derive("secret", purpose)

    def pseudonym(self, outside: str) -> str:
        """Return the pseudonym of an identifier from outside (a worker's, an annotator's), by the study's key."""
        return self._key.pseudonym("person", outside)

    def invite(
        self, n: int = 1, pool: str | None = None, arm: Arm | None = None, *, names: tuple[str, ...] = ()
    ) -> list[Invitation]:
        """Return n new raters with their tokens; the plan's first pool and the arm it needs most, where not given.

        ``names`` makes named raters of the pool instead (adjudicators), each once: their pseudonym is the name.
        """
        return self._write(lambda c, now: self._crew.invite(c, n, pool, arm, names, now))

    def invitations(self) -> list[Invitation]:
        """Return all raters with their tokens, made anew of the study's key file, for printing links again."""
        return self._store.read(self._crew.invitations)

    def revoke(self, rater: str) -> Invitation:
        """Return a new token for a rater; the old one opens nothing any more."""
        return self._write(lambda c, now: self._crew.revoke(c, rater, now))

    def pause(self, on: bool) -> None:
        """Pause the study (every rater sees ``paused``), or let it go on."""
        self._write(lambda c, now: self._crew.pause(c, on, now))

    def progress(self) -> Progress:
        """Return the plan and how far it is; returns timed-out items to the pool first."""
        self._write(self._dealer.return_silent)
        return self._store.read(lambda c: frames.progress(c, self._dealer, self._flow, self._clock()))

    def refer(self) -> int:
        """Send disagreements beyond the declared gap to the adjudicators and return how many items are new there."""
        from judgekit.humans.labels.adjudicate import disagreements

        if not self.design.settings.adjudication.names:
            return 0
        disputed = disagreements(self.design, self.ratings())
        return self._write(lambda c, now: self._crew.refer(c, disputed, now))

    def ratings(self) -> pd.DataFrame:
        """Return the labels as a ratings table (see ``judgekit.tables``), one row an answer.

        Purposes item, gold, repeat, attention, adjudication; further columns: purpose, arm, pool, comment, span (json),
        position, revisions, accepted (json codes of gold and attention), claimed (the page's); ``seconds`` of the card.
        """
        return self._store.read(lambda c: frames.answers(c, self._material, frames.RATED, steps=False))

    def checks(self) -> pd.DataFrame:
        """Return the probe-check answers, columns as ``ratings``; criteria ``kept`` and ``natural`` (1 yes, 0 no)."""
        return self._store.read(lambda c: frames.answers(c, self._material, ("check",), steps=False))

    def extras(self) -> pd.DataFrame:
        """Return the answers to training, qualification and steps: columns as ``ratings``, ``purpose`` tells which."""

        def read(connection: sa.Connection) -> pd.DataFrame:
            taught = frames.answers(connection, self._material, ("training", "qualification"), steps=False)
            return stack(taught, frames.answers(connection, self._material, frames.RATED, steps=True))

        return self._store.read(read)

    def raters(self) -> pd.DataFrame:
        """Return a raters table with arm, stage, code, joined, seen, finished, prices, and a column an attribute."""
        return self._store.read(lambda c: frames.people(c, self._flow))

    def plan(self) -> pd.DataFrame:
        """Return the units of the plan: item, variant, purpose, pool, arm, wanted, done, held, probability."""
        return self._store.read(frames.plan)

    def events(self) -> pd.DataFrame:
        """Return what happened, oldest first: at, rater, what, item, variant, detail (json)."""
        return self._store.read(frames.happened)

    def take(self, study: Study) -> int:
        """Put labels from another tool into the study, all or none; return how many are new.

        Raters' names are pseudonyms already. Labels that are there stay; what the new ones cover counts for the plan.
        """
        return self._write(lambda c, now: take(c, self._material, study, now))

    def describe(self, attributes: pd.DataFrame) -> int:
        """Add attributes (columns) to raters (column rater) that are here; return how many were found."""
        return self._write(lambda c, now: describe(c, attributes, now))

    # the rater

    def join(self, external: Mapping[str, str] | None = None, pool: str | None = None) -> Invitation:
        """Return the invitation of somebody who came by an open link; the same person gets the same seat.

        ``external`` are the link's parameters (PROLIFIC_PID, STUDY_ID, SESSION_ID, workerId, …): the person's is turned
        into a pseudonym at once, with the study's key, and never stored. InputError where the study has no open link.
        """
        return self._write(lambda c, now: self._crew.join(c, external or {}, pool, now))

    def rater_of(self, token: str) -> str | None:
        """Return whose token this is; None for nobody's."""
        return self._store.read(lambda c: self._crew.rater_of(c, token))

    def enter(self, token: str) -> Seat | None:
        """Return where the rater with this token is, no longer resting; None for nobody's token."""
        rater = self.rater_of(token)
        return None if rater is None else self.pause_rater(rater, on=False)

    def now(self, token: str) -> tuple[Seat, Card | None] | None:
        """Return where the rater with this token is and the card to answer now; None for nobody's token.

        One read: nothing is written unless a card is shown for the first time or there may be something to deal.
        """
        return self._now(lambda connection: holder(connection, hashed(token)))

    def seat(self, rater: str) -> Seat:
        """Return where a rater is (after a session cookie has named them)."""
        here = self._now(lambda connection: found(connection, rater))
        assert here is not None  # or StaleError
        return here[0]

    def consent(self, rater: str, agreed: bool) -> Seat:
        """Record consent, or that it was declined."""
        return self._move(lambda c, now: self._flow.consent(c, rater, agreed, now), rater)

    def card(self, rater: str, key: str | None = None) -> Card | None:
        """Return the card to answer now, the same until it is answered; None where the stage has none.

        With a ``key``, that card: None where this rater neither holds it nor has answered it.
        """
        if key is None:
            here = self._now(lambda connection: found(connection, rater))
            return None if here is None else here[1]

        def read(connection: sa.Connection) -> tuple[Any, Card] | None:
            row = self._viewer.held(connection, rater, key)
            if row is None:
                return None
            held = hand(connection, found(connection, rater), row.stage)
            return row, self._viewer.card(connection, row, held)

        here_too = self._store.read(read)
        if here_too is None:
            return None
        self._opened(here_too[0])
        return here_too[1]

    def answer(
        self, rater: str, card_key: str, answers: Mapping[str, Answer], seconds: float | None, nonce: str
    ) -> Receipt:
        """Record the answers to a card, all criteria at once, and return when they are on disk.

        The same nonce with the same answers is a replay: nothing changes. Another answer to an answered card is a
        revision: the last one counts, the earlier stays in events. InputError names the criterion that has no answer
        or a wrong one.
        """
        return self._write(lambda c, now: self._recorder.answer(c, rater, card_key, answers, seconds, nonce, now))

    def skip(self, rater: str, card_key: str, reason: str, nonce: str = "") -> Receipt:
        """Record that a rater will not look at this item (content warning): every criterion is skipped."""

        def write(connection: sa.Connection, now: float) -> Receipt:
            asked = self._viewer.asked(connection, rater, card_key)
            answers = {key: Answer(status="skipped", reason=reason) for key in asked}
            return self._recorder.answer(connection, rater, card_key, answers, None, nonce, now, state="skipped")

        return self._write(write)

    def undo(self, rater: str) -> Card | None:
        """Go back one card: ``card`` gives it again with its earlier answers, which hold until they are changed."""
        return self._write(lambda c, now: self._viewer.undo(c, rater, now))

    def feedback(self, rater: str, card_key: str) -> Feedback | None:
        """Return what to say on an answered training card; None where there is nothing to say."""
        return self._store.read(lambda c: self._viewer.feedback(c, rater, card_key))

    def survey(self, rater: str, attributes: Mapping[str, str]) -> Seat:
        """Record answers to the seat's ``questions`` (screening or survey); empty ones are left out."""
        return self._move(lambda c, now: self._flow.survey(c, rater, attributes, now), rater)

    def pause_rater(self, rater: str, on: bool = True) -> Seat:
        """Let a rater rest: their items stay theirs for the plan's time-out. Entering again goes on."""
        return self._move(lambda c, now: self._flow.rest(c, rater, on, now), rater)

    def withdraw(self, rater: str) -> Seat:
        """End a rater's part: open items go back to the pool, labels given stay (see ``erase``)."""
        return self._move(lambda c, now: self._flow.withdraw(c, rater, now), rater)

    def erase(self, rater: str) -> int:
        """Delete a rater's labels, attributes, events and pseudonym for good; return how many labels went."""
        n = self._write(lambda c, now: self._crew.erase(c, rater, now))
        self._store.forget()
        return n

    def _now(self, who: Callable[[sa.Connection], Any]) -> tuple[Seat, Card | None] | None:
        def read(connection: sa.Connection) -> tuple[Any, Seat, Any, Card | None] | None:
            rater = who(connection)
            if rater is None:
                return None
            held = hand(connection, rater)
            seat, light = self._flow.seated(connection, held), held.current
            row = None if light is None else card_row(connection, light.card)
            return rater, seat, row, None if row is None else self._viewer.card(connection, row, held)

        here = self._store.read(read)
        if here is None:
            return None
        rater, seat, row, card = here
        idle = seat.stage in ("screening", "survey") and not seat.questions
        if row is None and (idle or seat.stage in ("training", "qualification", "items", "waiting")):
            self._write(lambda c, now: self._flow.advance(c, rater.rater, now))
            here = self._store.read(read)
            if here is None:
                return None
            rater, seat, row, card = here
        self._opened(row)
        return seat, card

    def _opened(self, row: Any) -> None:
        if row is not None and row.opened is None:
            self._write(lambda c, now: self._crew.opened(c, row.card, now))

    def _move(self, work: Callable[[sa.Connection, float], None], rater: str) -> Seat:
        def both(connection: sa.Connection, now: float) -> Seat:
            work(connection, now)
            return self._flow.seat(connection, rater)

        return self._write(both)

    def _write(self, work: Callable[[sa.Connection, float], T]) -> T:
        return self._store.write(lambda connection: work(connection, self._clock()))
