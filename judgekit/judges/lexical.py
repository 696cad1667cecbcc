"""A transparent baseline that counts cue phrases: any model should beat it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError, field_validator

from judgekit import paths
from judgekit.errors import InputError, listed
from judgekit.judges.base import Bench
from judgekit.schema import Answer, Criterion, Frozen, Item, Kind, Task, Verdict

_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " "})


class Cues(Frozen):
    """How one criterion is counted: amount = base + Σ weight × matches + per question mark + per 100 words.

    The answer is the level whose place is the number of ``cut`` points that the amount reaches.
    """

    base: float = 0.0
    cues: Mapping[str, float] = {}
    per_question: float = 0.0
    per_100_words: float = 0.0
    cut: tuple[float, ...] = ()

    @field_validator("cut")
    @classmethod
    def _ascend(cls, cut: tuple[float, ...]) -> tuple[float, ...]:
        if list(cut) != sorted(set(cut)):
            raise ValueError(f"cut points must ascend: {list(cut)}")
        return cut

    def amount(self, text: str) -> tuple[float, list[str]]:
        """Return the amount of a text and what it was counted from."""
        plain = text.translate(_TYPOGRAPHY)
        total, found = self.base, []
        for phrase, weight in self.cues.items():
            matches = len(_pattern(phrase).findall(plain))
            if matches:
                total += weight * matches
                found.append(f"'{phrase}' × {matches}")
        questions, words = plain.count("?"), len(plain.split())
        if self.per_question and questions:
            found.append(f"'?' × {questions}")
        if self.per_100_words:
            found.append(f"{words} words")
        total += self.per_question * questions + self.per_100_words * words / 100
        return round(total, 9), found  # or .1 + .2 would miss a cut point at .3


@dataclass(frozen=True)
class Lexical:
    """The seat of the cue counter; ``cues`` is a YAML file, by default the one that ships with the bundled task."""

    name: str = "lexical"
    cues: str | None = None
    reps: int = 1

    def judges(self, bench: Bench) -> Sequence[CueCounter]:
        """Return the counter of the study's task; InputError where the task has no cues, or they do not fit."""
        path = Path(self.cues).expanduser() if self.cues else shipped(bench.task)
        return [CueCounter(self.name, read(path, bench.task))]


@dataclass(frozen=True)
class CueCounter:
    """A judge that counts phrases in the item's text, and reads nothing else."""

    name: str
    cues: Mapping[str, Cues]
    kind: Kind = "baseline"

    @property
    def attributes(self) -> dict[str, Any]:
        """How it answers."""
        return {"model": "cue counting"}

    async def __call__(self, item: Item, task: Task, rep: int = 0) -> Verdict:
        """Answer every criterion from the counts; the reason lists them."""
        return Verdict(tuple(_answer(self.cues[c.key], c, item.text) for c in task.criteria))


def shipped(task: Task) -> Path:
    """Return where a bundled task's cues lie."""
    return paths.shipped("data/bundled") / task.name / "cues.yaml"


def read(path: Path, task: Task) -> dict[str, Cues]:
    """Read the cues of every criterion of a task; InputError names the file, the criterion and what does not fit."""
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"no cues for the task '{task.name}' ({path})",
            where="judges.lexical",
            fix="leave the lexical judge out, or name a YAML file of cues: judges.lexical.cues=FILE",
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"not readable as YAML: {str(error).splitlines()[0]}", where=str(path)) from error
    if not isinstance(found, Mapping):
        raise InputError("no criteria in it", where=str(path), fix="give one block of cues a criterion")
    absent = [c.key for c in task.criteria if c.key not in found]
    if absent:
        raise InputError(f"no cues for {listed(absent)}", where=str(path), fix="add a block for each criterion")
    return {c.key: _fitting(found[c.key], c, path) for c in task.criteria}


def _fitting(block: Any, c: Criterion, path: Path) -> Cues:
    try:
        cues = Cues.model_validate(block)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join([c.key, *(str(part) for part in first["loc"])])
        raise InputError(
            first["msg"].removeprefix("Value error, "),
            where=f"{path}: {place}",
            fix="known keys: base, cues, per_question, per_100_words, cut",
        ) from error
    if c.codes and len(cues.cut) != len(c.codes) - 1:
        raise InputError(
            f"{len(cues.cut)} cut points for {len(c.codes)} levels of '{c.key}'",
            where=str(path),
            fix=f"give {len(c.codes) - 1}, ascending",
        )
    return cues


def _answer(cues: Cues, c: Criterion, text: str) -> Answer:
    amount, found = cues.amount(text)
    reason = f"{', '.join(found) or 'no cue'} (amount {amount:g})"
    value = c.codes[sum(cut <= amount for cut in cues.cut)] if c.codes else amount
    return Answer(c.key, value=value, reason=reason)


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(word) for word in phrase.translate(_TYPOGRAPHY).split())
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
