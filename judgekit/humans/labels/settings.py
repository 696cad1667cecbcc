"""The settings of a label study: everything under ``label`` in the configuration, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from judgekit.errors import InputError
from judgekit.schema import Criterion, Frozen

Overlap = Literal["full", "k", "blocks", "queue"]
Purpose = Literal["item", "training", "qualification", "gold", "repeat", "attention", "check", "adjudication"]
Arm = Literal["blind", "review"]
#: The pool of those who settle disagreements.
ADJUDICATORS = "adjudicators"


class Consent(Frozen):
    """What a rater agrees to before anything else; not asked where ``required`` is false."""

    required: bool = True
    text: str = ""
    agree: str = "I have read this and want to take part"
    decline: str = "I do not want to take part"


class Extra(Frozen):
    """An item with known answers: training, qualification, gold or attention.

    ``answers`` maps a criterion to the accepted code, or codes. Without a ``text`` (or candidates or steps) of its
    own, ``item`` names an item of the study. ``feedback`` is shown after a training answer.
    """

    item: str
    text: str | None = None
    context: str | None = None
    candidates: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    answers: dict[str, tuple[float, ...]]
    feedback: str = ""

    @field_validator("answers", mode="before")
    @classmethod
    def _lists(cls, answers: Any) -> Any:
        if not isinstance(answers, Mapping):
            return answers
        return {key: tuple(code) if isinstance(code, list | tuple) else (code,) for key, code in answers.items()}

    @property
    def own(self) -> bool:
        """Whether it brings its own material rather than naming an item of the study."""
        return self.text is not None or bool(self.candidates) or bool(self.steps)


class Training(Frozen):
    """Items with feedback, before anything counts."""

    items: tuple[Extra, ...] = ()


class Qualification(Frozen):
    """Items without feedback that decide who goes on: a share of accepted answers, in so many attempts."""

    items: tuple[Extra, ...] = ()
    share: float = Field(default=0.7, ge=0, le=1)
    attempts: int = Field(default=1, ge=1)


class PoolPlan(Frozen):
    """How many labels a pool gives, of which items.

    ``full``: every rater labels every item. ``k``: each item gets k labels. ``blocks``: each item gets k labels in
    balanced incomplete blocks of ``per_rater`` items, of which ``linking`` are labelled by everybody, so that the
    raters' severity can be told apart. ``queue``: the items of a csv file (item, variant, probability, purpose), k
    labels each. ``items`` (a share or a number) draws a subset, stratified by ``strata``, its probabilities kept.
    """

    overlap: Overlap = "k"
    k: int = Field(default=3, ge=1)
    raters: int = Field(default=5, ge=1)
    per_rater: int | None = Field(default=None, ge=1)
    most: int | None = Field(default=None, ge=1)
    linking: int = Field(default=0, ge=0)
    items: float | None = Field(default=None, gt=0)
    strata: tuple[str, ...] = ()
    allocation: Literal["proportional", "equal"] = "proportional"
    queue: str | None = None
    usd_per_hour: float | None = Field(default=None, ge=0)
    usd_per_label: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> PoolPlan:
        if (self.overlap == "queue") != (self.queue is not None):
            raise ValueError("overlap 'queue' and a queue file go together")
        if self.overlap == "blocks" and self.per_rater is None:
            raise ValueError("blocks need per_rater, the number of items of a block")
        if self.per_rater is not None and self.linking >= self.per_rater:
            raise ValueError(f"{self.linking} linking items leave no room in blocks of {self.per_rater}")
        return self


class Plan(Frozen):
    """Who labels what: a plan a pool, the orders of candidates, when silence returns items, and quotas.

    ``timeout`` is in minutes: the items of a rater who has been silent so long go back to the pool. ``top_up`` offers
    returned items to raters who are done. ``quotas`` maps an attribute to {level: most raters}.
    """

    pools: dict[str, PoolPlan] = Field(default_factory=lambda: {"people": PoolPlan()})
    orders: Literal["both", "original"] = "both"
    timeout: float = Field(default=60.0, gt=0)
    top_up: bool = True
    quotas: dict[str, dict[str, int]] = Field(default_factory=dict)

    @field_validator("pools", mode="before")
    @classmethod
    def _without_null(cls, pools: Any) -> Any:
        # null takes out a pool that the configuration below has
        return {name: plan for name, plan in pools.items() if plan is not None} if isinstance(pools, Mapping) else pools

    @model_validator(mode="after")
    def _somebody(self) -> Plan:
        if not self.pools:
            raise ValueError("the plan has no pool")
        return self


class Checks(Frozen):
    """Evidence on care, gathered silently: gold and attention items, repeats; and the rules that are declared on it.

    ``repeats`` is the number of a rater's own items shown again. ``words_per_minute`` makes the minimum plausible
    time: faster reading than that is evidence. ``straight`` is the length of a run of equal answers that is.
    """

    gold: tuple[Extra, ...] = ()
    attention: tuple[Extra, ...] = ()
    repeats: int = Field(default=0, ge=0)
    words_per_minute: float = Field(default=600.0, gt=0)
    seconds_per_question: float = Field(default=1.0, ge=0)
    straight: int = Field(default=10, ge=2)


class Exclusion(Frozen):
    """Rules declared beforehand, applied at analysis with and without; null: not applied.

    ``gold`` and ``attention`` are least shares of accepted answers, ``fast`` a most share of implausibly fast items,
    ``straight`` a longest run of equal answers, ``consistency`` a least share of repeats answered alike.
    """

    gold: float | None = None
    attention: float | None = None
    fast: float | None = None
    straight: int | None = None
    consistency: float | None = None


class Review(Frozen):
    """The review arm: a judge's label is shown, a person corrects it. Off where ``judge`` is null.

    ``run`` is a run's folder, or an experiment's name (its newest run); ``k`` the labels an item, ``raters`` the number
    of links, of ``pool`` (null: the plan's first).
    """

    judge: str | None = None
    run: str | None = None
    pool: str | None = None
    k: int = Field(default=1, ge=1)
    raters: int = Field(default=2, ge=1)


class ProbeCheck(Frozen):
    """The form that asks whether an edit kept the meaning: of these probes' edits, so many items each, k answers.

    Off where ``probes`` is empty; ``pool`` null: the plan's first. The answers are no ratings: they are kept apart,
    under the purpose ``check``.
    """

    probes: tuple[str, ...] = ()
    items: int = Field(default=10, ge=1)
    k: int = Field(default=2, ge=1)
    pool: str | None = None
    question: str = "Does the edited text still mean the same?"
    natural: str = "Does the edited text read naturally?"


class Adjudication(Frozen):
    """Disagreements beyond a gap (in levels; nominal: any) come back to named adjudicators. Off where none is named."""

    names: tuple[str, ...] = ()
    gap: float = Field(default=2.0, gt=0)


class Question(Frozen):
    """One question on the rater; every answer may be left out, except where a quota hangs on it."""

    key: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    label: str
    options: tuple[str, ...] = ()
    when: Literal["start", "end"] = "end"


class Warning(Frozen):
    """A content warning: shown before items whose column ``stratum`` has one of ``levels`` (all items: no stratum)."""

    text: str
    stratum: str | None = None
    levels: tuple[str, ...] = ()


class Form(Frozen):
    """What the form asks beside the criteria."""

    comment: bool = True
    span: bool = True
    confidence: bool = False
    cannot_judge: bool = True
    reasons: tuple[str, ...] = (
        "not enough context",
        "not in a language I read well",
        "too distressing",
        "something else",
    )
    step_criteria: tuple[Criterion, ...] = ()


class Settings(Frozen):
    """Everything under ``label`` in the configuration (``conf/label/default.yaml`` writes every knob)."""

    name: str | None = None
    url: str | None = None
    kind: Literal["human", "simulated"] = "human"
    title: str = ""
    language: str = "en"
    contact: str = ""
    information: str = ""
    consent: Consent = Consent()
    training: Training = Training()
    qualification: Qualification = Qualification()
    plan: Plan = Plan()
    checks: Checks = Checks()
    exclusion: Exclusion = Exclusion()
    review: Review = Review()
    probe_check: ProbeCheck = ProbeCheck()
    adjudication: Adjudication = Adjudication()
    survey: tuple[Question, ...] = ()
    warnings: tuple[Warning, ...] = ()
    form: Form = Form()
    thanks: str = ""
    open: bool = False
    completion_code: str | None = None
    completion_url: str | None = None
    public_url: str | None = None
    joins_per_minute: int = Field(default=30, ge=1)
    host: str = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65535)
    seed: int = 0


def read(settings: Mapping[str, Any], where: str = "label") -> Settings:
    """Return settings from plain data; InputError names the knob that does not fit."""
    try:
        return Settings.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join([where, *(str(part) for part in first["loc"])])
        raise InputError(first["msg"].removeprefix("Value error, "), where=place, fix="correct it in conf/") from error
