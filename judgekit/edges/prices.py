"""What an answer costs: of a judge in dollars, of a person in minutes and dollars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judgekit.errors import InputError, listed
from judgekit.stats.resample import Array

if TYPE_CHECKING:
    from judgekit.study import Study

#: Minutes that a person takes over an item where nothing is known.
ASSUMED_MINUTES = 1.0


@dataclass(frozen=True)
class Prices:
    """Dollars of one answer of each judge (``usd``), and of one label by a person: minutes at ``hour`` dollars."""

    usd: Mapping[str, float]
    minutes: float
    hour: float
    labels: int
    said: str

    @classmethod
    def of(
        cls, study: Study, usd: Mapping[str, float] | None, minutes: float | None, hour: float, labels: int
    ) -> Prices:
        """Check prices; minutes that are not given are the median of people's recorded seconds, else one is assumed."""
        odd = sorted(set(usd or {}) - set(study.judges()))
        if odd:
            raise InputError(f"no judge is called {listed(odd)}", where="usd", fix=f"name: {listed(study.judges())}")
        if labels < 1 or hour < 0 or (minutes is not None and minutes < 0) or min((usd or {}).values(), default=0) < 0:
            raise InputError("prices and minutes must be 0 or more, labels 1 or more", fix="correct usd, hour, minutes")
        seconds = study.ratings.loc[study.ratings["rater"].isin(study.people()), "seconds"].dropna()
        if minutes is not None:
            source = "given"
        elif len(seconds):
            minutes, source = float(np.median(seconds)) / 60, "median recorded"
        else:
            minutes, source = ASSUMED_MINUTES, "assumed"
        each = f"{labels} {'person' if labels == 1 else 'people'} an item"
        said = f"a person takes {minutes:.2g} minutes ({source}) at {hour:g} dollars an hour, {each}"
        return cls(dict(usd or {}), minutes, hour, labels, said)

    @property
    def person(self) -> float:
        """Dollars of one label by a person."""
        return self.minutes / 60 * self.hour

    def asked(self, judges: Sequence[str]) -> Array:
        """Return the dollars of an item after each judge of a chain was asked."""
        return np.cumsum([float(self.usd.get(judge, 0.0)) for judge in judges])

    def note(self, judges: Sequence[str]) -> str:
        """Name the judges without a price."""
        free = [judge for judge in judges if judge not in self.usd]
        return f"no price given for {listed(free)}: counted as 0 dollars" if free else ""
