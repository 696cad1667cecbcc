"""The people that a study was recorded with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from judgekit.errors import InputError, listed
from judgekit.study import Study


@dataclass(frozen=True)
class Recorded:
    """Keep the study's own people: all, or those of ``pools``; without those that ``exclude`` names."""

    pools: Sequence[str] | None = None
    exclude: Sequence[str] = ()

    def join(self, study: Study, seed: int) -> Study:
        """Return the study with the chosen people; judges stay. Raises InputError for an unknown pool or person."""
        persons = study.raters[study.raters["role"] == "person"]
        wanted = persons
        if self.pools is not None:
            _known("pool", self.pools, list(dict.fromkeys(persons["pool"])))
            wanted = wanted[wanted["pool"].isin(list(self.pools))]
        _known("person", self.exclude, list(persons["rater"]))
        wanted = wanted[~wanted["rater"].isin(list(self.exclude))]
        if persons.empty:
            return replace(study, notes=(*study.notes, "the study holds no ratings by people"))
        if wanted.empty:
            raise InputError("no person is left", where="humans", fix="choose more pools or exclude fewer people")
        dropped = set(persons["rater"]) - set(wanted["rater"])
        return study.keep(rater for rater in study.raters["rater"] if rater not in dropped)


def _known(what: str, named: Sequence[str], known: Sequence[str]) -> None:
    odd = [name for name in named if name not in known]
    if odd:
        raise InputError(f"no {what} is called {listed(odd)}", where="humans", fix=f"there are: {listed(known, 20)}")
