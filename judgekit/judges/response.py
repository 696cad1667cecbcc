"""The form of an answer: the fields that a model fills in, as a response model and its schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, create_model

from judgekit.errors import listed
from judgekit.judges.repair import Labels
from judgekit.schema import Answer, Criterion

UNREAD = "the answer has no readable value for it"


@dataclass(frozen=True)
class Blank:
    """One field to fill in: its name in the JSON, its type, and what is asked for."""

    name: str
    type: Any
    says: str


@dataclass(frozen=True)
class Slot:
    """Where one criterion is answered: the fields of its values, of its reason and of its confidence (or None)."""

    values: tuple[str, ...]
    reason: str | None
    confidence: str | None

    def answer(self, criterion: str, value: float | None, parsed: Mapping[str, Any], **more: Any) -> Answer:
        """Return the answer with this value, and with what else was said of it; without a value it is unparsable."""
        if value is None:
            return Answer(criterion, status="unparsable", reason=UNREAD)
        return Answer(criterion, value, reason=self.why(parsed), confidence=self.sure(parsed), **more)

    def why(self, parsed: Mapping[str, Any]) -> str | None:
        """Return the reason given, if one was asked for and given."""
        return None if self.reason is None else parsed.get(self.reason)

    def sure(self, parsed: Mapping[str, Any]) -> float | None:
        """Return the stated confidence as a share, if it was asked for and given."""
        said = None if self.confidence is None else parsed.get(self.confidence)
        return None if said is None else float(said) / 100


class Sheet:
    """The fields of one answer, in the order in which they are asked for; every name once."""

    def __init__(self, taken: Iterable[str], reason: str, stated: bool) -> None:
        self._taken = set(taken)
        self._reason, self._stated = reason, stated
        self._blanks: list[Blank] = []

    @property
    def names(self) -> list[str]:
        """The fields' names, in order."""
        return [blank.name for blank in self._blanks]

    def add(self, about: str, values: Sequence[Blank]) -> Slot:
        """Add the fields of one criterion, with its reason and its confidence where they belong."""
        self._taken.update(value.name for value in values)
        why = Blank(self._fresh(f"{about}_reason"), str, f"The reason for {about}, in one or two sentences.")
        sure = Blank(
            self._fresh(f"{about}_confidence"),
            Annotated[float, Field(allow_inf_nan=False), BeforeValidator(no_truth_value), AfterValidator(_percent)],
            f"How sure you are of {about}: from 0 (a guess) to 100 (certain).",
        )
        self._blanks += [why] if self._reason == "before" else []
        self._blanks += values
        self._blanks += [sure] if self._stated else []
        self._blanks += [why] if self._reason == "after" else []
        return Slot(
            tuple(value.name for value in values),
            None if self._reason == "none" else why.name,
            sure.name if self._stated else None,
        )

    def model(self, name: str = "Verdict", says: str = "One rater's answers for one item.") -> type[BaseModel]:
        """Return the response model. Python names are numbered, the names are aliases: a field may be called json."""
        import instructor  # a subclass of its schema class is used as it is; any other is rebuilt at every call

        columns: dict[str, Any] = {
            f"field_{number}": (blank.type, Field(alias=blank.name, description=blank.says))
            for number, blank in enumerate(self._blanks)
        }
        made = create_model(name, __base__=_bare(instructor.OpenAISchema), **columns)
        made.__doc__ = says
        return cast(type[BaseModel], made)

    def _fresh(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def level_type(criterion: Criterion, called: Mapping[str, float] | None = None) -> Any:
    """Return the type of a criterion's answer: one of its levels, or any number; ``called`` names levels in words.

    By default they are called by their labels.
    """
    words = {level.label: level.code for level in criterion.levels} if called is None else called
    return Annotated[_level(criterion), Labels(words)]


def _level(criterion: Criterion) -> Any:
    if not criterion.codes:
        return Annotated[float, Field(allow_inf_nan=False)]
    if all(code == int(code) for code in criterion.codes):
        return whole_type([int(code) for code in criterion.codes])
    codes = list(criterion.codes)
    return Annotated[
        float,
        Field(json_schema_extra={"enum": [int(code) if code == int(code) else code for code in codes]}),
        BeforeValidator(lambda value: _declared(value, codes)),
    ]


def whole_type(numbers: Sequence[int]) -> Any:
    """Return the type of one of some whole numbers."""
    return Annotated[Literal[tuple(numbers)], BeforeValidator(no_truth_value)]


def no_truth_value(value: Any) -> Any:
    """Refuse true and false: true == 1 in Python, and a Literal of integers takes it."""
    if isinstance(value, bool):
        raise ValueError("a level is a number, not a truth value")
    return value


def _declared(value: Any, codes: list[float]) -> Any:
    if isinstance(value, bool) or value not in codes:
        raise ValueError(f"not a declared level ({listed(f'{code:g}' for code in codes)})")
    return value


def _percent(value: float) -> float:
    if not 0 <= value <= 100:
        raise ValueError("not between 0 and 100")
    return value


def _bare(base: Any) -> Any:
    class Bare(base):  # type: ignore[misc]
        model_config = {"json_schema_extra": _untitled}  # noqa: RUF012

    return Bare


def _untitled(schema: dict[str, Any]) -> None:
    # pydantic's generated titles repeat the field names: tokens that say nothing
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
