"""What passes between a label study and whoever shows it: seats, cards, answers, receipts, progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from judgekit.humans.labels.settings import Arm, Purpose, Question
from judgekit.schema import Criterion, Form

Stage = Literal[
    "consent",
    "screening",
    "training",
    "qualification",
    "items",
    "waiting",
    "paused",
    "survey",
    "thanks",
    "declined",
    "screened_out",
    "withdrawn",
    "closed",
]
#: Stages in which a rater is through with the study.
ENDED: tuple[Stage, ...] = ("thanks", "declined", "screened_out", "withdrawn")


class StaleError(Exception):
    """A card that this rater does not hold: of another rater, returned to the pool, or never dealt. Show the next."""


@dataclass(frozen=True)
class Invitation:
    """A rater's way in. ``token`` stands in the link and is kept nowhere: the study holds its hash only."""

    rater: str
    token: str
    pool: str
    arm: Arm


@dataclass(frozen=True)
class Seat:
    """Where a rater is. ``done`` and ``total`` count the stage's cards; ``code`` is the completion code, at thanks.

    ``questions`` are those to ask now: at ``screening`` (quotas hang on them) and at ``survey`` (all optional).
    """

    rater: str
    stage: Stage
    done: int
    total: int
    arm: Arm
    pool: str
    kind: str = "human"
    code: str | None = None
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Span:
    """A stretch of the item's text that is evidence: characters from ``start`` to before ``end`` of one part.

    ``part`` is ``text``, ``context``, or a place from 0 among the candidates or steps: ``candidate 0``, ``step 2``.
    """

    part: str
    start: int
    end: int
    quote: str = ""


@dataclass(frozen=True)
class Answer:
    """A rater's answer to one criterion: a value (status ok), or none with a reason (status skipped, cannot judge).

    For pairs ``value`` is the place of the candidate **as shown** (1 the first, 2 the second, 0 a tie); the desk turns
    it into the canonical one. For rankings ``ranks`` has a rank (1 the best) for each candidate as shown.
    ``confidence`` lies between 0 and 1.
    """

    value: float | None = None
    status: Literal["ok", "skipped"] = "ok"
    reason: str | None = None
    comment: str | None = None
    span: tuple[Span, ...] = ()
    confidence: float | None = None
    ranks: tuple[int, ...] = ()


@dataclass(frozen=True)
class Card:
    """One thing to label, as one rater is to see it. ``purpose`` must never reach the rater, nor may ``shown``.

    ``item`` and ``variant`` are for the researcher, too: they may tell what an item is. Texts stand in the order shown.
    ``earlier`` are this rater's own answers so far (after undo or back), keyed like ``answers`` in ``Desk.answer``: by
    criterion, and by ``criterion@1`` for the questions of step 1. ``review`` is a judge's label (review arm only),
    ``others`` the anonymised labels that an adjudicator sees; values there are as this card shows the candidates.
    ``before`` is the unedited text of a probe check (form ``check``), whose ``text`` is the edited one.
    """

    key: str
    nonce: str
    item: str
    variant: str
    purpose: Purpose
    form: Form | Literal["check"]
    text: str
    context: str | None
    candidates: tuple[str, ...]
    steps: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    step_criteria: tuple[Criterion, ...]
    position: int
    total: int
    shown: str
    earlier: Mapping[str, Answer] = field(default_factory=dict)
    review: Mapping[str, Answer] = field(default_factory=dict)
    others: tuple[Mapping[str, Answer], ...] = ()
    before: str | None = None
    before_context: str | None = None
    before_candidates: tuple[str, ...] = ()
    warning: str = ""
    undoable: bool = False


@dataclass(frozen=True)
class Receipt:
    """What became of an answer. It is on disk when the receipt is there.

    ``new`` is false for a replay that changed nothing, ``revised`` true where it replaced this rater's earlier answer.
    ``feedback`` says that ``Desk.feedback`` has something to show on this card (training).
    """

    card_key: str
    new: bool
    revised: bool = False
    feedback: bool = False


@dataclass(frozen=True)
class Feedback:
    """What a training card says after the answer: by criterion the given and the accepted codes; ``text`` in words."""

    card: Card
    given: Mapping[str, Answer]
    accepted: Mapping[str, tuple[float, ...]]
    right: bool
    text: str


@dataclass(frozen=True)
class Stream:
    """One part of the plan: the labels that one pool owes in one arm for one purpose.

    ``raters`` are there, ``seats`` the plan needs; ``surplus`` labels came in beyond the plan (a rater who timed out
    and answered after all).
    """

    pool: str
    arm: Arm
    purpose: Purpose
    wanted: int
    done: int
    held: int
    raters: int
    seats: int = 0
    surplus: int = 0
    usd_per_hour: float | None = None
    usd_per_label: float | None = None

    @property
    def open(self) -> int:
        """How many units nobody holds or has done."""
        return max(0, self.wanted - self.done - self.held)


@dataclass(frozen=True)
class Progress:
    """The plan and how far it is. ``stages`` counts raters by stage; ``minutes`` is the raters' time on items."""

    streams: tuple[Stream, ...]
    stages: Mapping[str, int]
    paused: bool
    labels: int
    revisions: int
    skipped: int
    minutes: float
    seconds_per_item: float | None
    usd: float | None
    raters: pd.DataFrame

    @property
    def met(self) -> bool:
        """Whether the plan is met: every unit has its labels."""
        return all(stream.done >= stream.wanted for stream in self.streams)
