"""The human ceiling: is a judge as close to people as people are to one another?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.kappa import QuadraticKappa, TableKappa, agreement_job, kappa_family
from judgekit.stats.pairings import Pairing, Slice, pairings, slices
from judgekit.stats.resample import DIFFERENCE, NO_PRIOR, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import row

if TYPE_CHECKING:
    from judgekit.study import Study


@dataclass(frozen=True)
class Difference:
    """One coefficient minus another on the same items; each sees its own columns of X."""

    first: Any
    second: Any
    first_columns: tuple[int, ...]
    second_columns: tuple[int, ...]
    split: int
    width: int | None

    def features(self, X: Array) -> Array:
        """Return both coefficients' features side by side."""
        one = self.first.features(X[:, list(self.first_columns)])
        return np.hstack([one, self.second.features(X[:, list(self.second_columns)])])

    def point(self, S: Array) -> Array:
        """Return the difference of the two estimates."""
        return np.asarray(self.first.point(S[..., : self.split]) - self.second.point(S[..., self.split :]))

    def population(self, S: Array) -> Array:
        """Return the difference of the two parameters."""
        return np.asarray(self.first.population(S[..., : self.split]) - self.second.population(S[..., self.split :]))


@register("stats")
def ceiling(study: Study, *, boot: Bootstrap, margin: float = 0.1) -> Iterator[Estimate]:
    """Judge–people minus people–people weighted kappa on the same items, with a verdict against the margin."""
    for part in slices(study):
        chosen = _compared(study, part)
        if not chosen:
            continue
        sides = list(dict.fromkeys(side for both in chosen for side in both))
        minus = tuple((sides.index(judge), sides.index(people)) for judge, people in chosen)
        job, _ = kappa_family(part, sides, minus=minus)
        for (judge, people), found in zip(chosen, boot.intervals(part.stream, part.groups, [job]), strict=True):
            if len(people.raters) < 2:
                found = Interval(np.nan, note="no ceiling: one person only, two are needed")
            said = f"weighted kappa, judge-people minus people-people; within the ceiling if low >= -{margin:g}"
            answer = verdict(found, margin)
            yield row(study, "ceiling.weighted_kappa", part, judge, found, boot, said, margin=margin, verdict=answer)


def verdict(found: Interval, margin: float) -> Answer3:
    """Return yes (within the ceiling), no (below it) or undecided (too few labels to tell)."""
    if not (np.isfinite(found.value) and np.isfinite(found.low)):
        return "undecided"
    if found.low >= -margin:
        return "yes"
    return "no" if found.high < 0 else "undecided"


def _compared(study: Study, part: Slice) -> list[tuple[Pairing, Pairing]]:
    """Return each judge–pool comparison with the pool's own comparison."""
    every = pairings(study, part)
    pools = {p.a: p for p in every if p.left == p.right}
    judges = set(study.judges())
    return [(p, pools[p.b]) for p in every if p.a in judges and p.b in pools and p.left != p.right and len(p.left) == 1]


def _difference(part: Slice, judge: Pairing, people: Pairing) -> Job:
    column = {rater: number for number, rater in enumerate(judge.raters)}
    one, _ = agreement_job(part, judge)
    other, _ = agreement_job(part, people)
    assert isinstance(one.coefficient, QuadraticKappa | TableKappa)
    split = one.coefficient.features(one.X[:1]).shape[1]
    coefficient = Difference(
        one.coefficient,
        other.coefficient,
        tuple(column[rater] for rater in judge.raters),
        tuple(column[rater] for rater in people.raters),
        split,
        one.coefficient.width,
    )
    return Job(coefficient, one.X, one.codes, DIFFERENCE if one.codes else NO_PRIOR)
