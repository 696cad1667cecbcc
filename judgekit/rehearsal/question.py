"""What is asked of a simulated data set: which row of estimates, what its truth is, what counts as a flag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from judgekit.study import Study

#: innocent: a flag is a false alarm. practical: a plant of the size that a researcher would call practical. plant: of
#: another size. told: shown, held to nothing.
Role = Literal["innocent", "practical", "plant", "told"]
#: yes, no: the verdict. p: p <= .05. away: the interval leaves out the null value. above: it lies above it.
#: ever: a verdict or a p is given at all. found: the diagnosis names the rater.
Flag = Literal["", "yes", "no", "p", "away", "above", "ever", "found"]
LEVEL = 0.05


@dataclass(frozen=True)
class Key:
    """A row of the table within a design: which judge or person, which statistic and probe, what counts as a flag.

    ``planted`` says in words what was planted; ``null`` is the value that means nothing; ``log`` rows are ratios.
    """

    who: str
    planted: str
    statistic: str
    of: str
    role: Role
    flag: Flag
    null: float = 0.0
    log: bool = False
    helped: bool = True


@dataclass(frozen=True)
class Question:
    """A row of estimates (statistic, a, b), counted under ``key``; ``truth`` is what it should say (NaN: unknown)."""

    key: Key
    a: str
    b: str = ""
    truth: float = float("nan")


@dataclass(frozen=True)
class Row:
    """What the instrument said of one question in one data set; None where it said nothing."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    verdict: str | None = None
    n_items: int = 0
    found: bool | None = None

    def flagged(self, key: Key) -> bool | None:
        """Tell whether this is a flag; None where the instrument cannot tell."""
        if not key.flag:
            return None
        if key.flag == "found":
            return self.found
        if key.flag == "ever":
            return self.verdict is not None or self.p is not None
        if key.flag == "p":
            return None if self.p is None else self.p <= LEVEL
        if key.flag in ("yes", "no"):
            return None if self.verdict is None else self.verdict == key.flag
        if self.low is None or self.high is None:
            return None
        return self.low > key.null or (key.flag == "away" and self.high < key.null)


@dataclass(frozen=True)
class Made:
    """A simulated study, the statistics asked of it (name → options), and what is looked for in their rows.

    With ``diagnosed`` the study's diagnosis is asked for as well.
    """

    study: Study
    asked: Mapping[str, Mapping[str, Any]]
    questions: Sequence[Question]
    diagnosed: bool = False


@dataclass(frozen=True)
class Answered:
    """The rows of one data set by (statistic, a, b)."""

    rows: Mapping[tuple[str, str, str], Row] = field(default_factory=dict)

    def of(self, question: Question) -> Row | None:
        """Return the row that a question is about, None where there is none."""
        return self.rows.get((question.key.statistic, question.a, question.b))
