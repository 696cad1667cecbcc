"""Paired differences: one judge's coefficient minus another's, or minus the people's own, on common draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import InputError
from judgekit.registry import find, register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.contrasts import jobs_of
from judgekit.stats.pairings import Pairing, Slice
from judgekit.stats.resample import Bootstrap, Interval, Job
from judgekit.stats.rows import row

if TYPE_CHECKING:
    from judgekit.study import Study

#: What each answer means, in words.
WORDS: dict[Answer3, str] = {"yes": "they differ", "no": "no difference beyond the margin",
                             "undecided": "too few labels to tell"}  # fmt: skip
OF = ("weighted_kappa", "alpha")


@register("stats")
def difference(
    study: Study, *, boot: Bootstrap, of: Sequence[str] = OF, margin: float | None = None, ceiling: bool = True
) -> Iterator[Estimate]:
    """Paired differences of any coefficient (of): judge minus judge with the same people, judge minus the people's own.

    ``of`` names registered statistics; every row that they give of a judge and a pool is compared. a is a judge, b what
    is subtracted: another judge, or (``ceiling``) the pool's own value. Only items that both judges answered count,
    against the pool's own only those that the judge answered. Verdict: yes (they differ) where the interval excludes 0;
    with a ``margin``, no (no difference beyond it) where the interval lies within ±margin; else undecided.

    Draws are those of the Bayesian bootstrap (Rubin 1981, doi:10.1214/aos/1176345338), the same for both sides.
    """
    if margin is not None and not margin > 0:
        raise InputError(f"margin must be above 0, not {margin:g}", where="difference", fix="declare a margin, or null")
    names = [of] if isinstance(of, str) else list(of)
    for name in names:
        if name == "difference":
            raise InputError("a difference of differences is none", where="difference.of", fix="name coefficients")
        statistic = find("stats", name)
        for common, pairs in served(study, ceiling):
            points: list[Point] = []
            silent = replace(boot, n_boot=0, interval="smoothed", made=partial(_note, points))
            list(statistic(common, boot=silent))
            yield from _rows(common, points, pairs, boot, margin)


@dataclass(frozen=True)
class Point:
    """A value that a statistic gave, and the job and output that it is of."""

    made: Estimate
    source: tuple[Job, int]
    part: Slice
    pairing: Pairing

    @property
    def key(self) -> tuple[str, str, str]:
        """What must be the same on both sides, beside the pool."""
        return self.made.criterion, self.made.subset, self.made.statistic


def _note(points: list[Point], made: Estimate, found: Interval, part: Slice, pairing: Pairing) -> None:
    """Keep a row whose value is that of its job (one that was transformed since has no difference)."""
    if found.source is not None and made.value is not None:
        points.append(Point(made, found.source, part, pairing))


def served(study: Study, ceiling: bool) -> Iterator[tuple[Study, list[tuple[str, str]]]]:
    """Yield studies cut down to items that were answered, with the pairs of judges that each serves ("": people)."""
    judges = study.judges()
    answered = {judge: [study.matrix(c.key)[judge].notna().to_numpy() for c in study.task.criteria] for judge in judges}
    pairs = [(one, other) for one, other in combinations(judges, 2)]
    pairs += [(judge, "") for judge in judges if ceiling]
    by_items: dict[tuple[bytes, ...], list[tuple[str, str]]] = {}
    masks: dict[tuple[bytes, ...], list[NDArray[np.bool_]]] = {}
    for one, other in pairs:
        both = [a & b for a, b in zip(answered[one], answered[other or one], strict=True)]
        key = tuple(mask.tobytes() for mask in both)
        by_items.setdefault(key, []).append((one, other))
        masks[key] = both
    for key, some in by_items.items():
        yield restricted(study, masks[key]), some


def restricted(study: Study, kept: Sequence[NDArray[np.bool_]]) -> Study:
    """Return the study with ratings of some items only, by criterion (masks over the rows of ``matrix``)."""
    if all(mask.all() for mask in kept):
        return study
    dropped = np.zeros(len(study.ratings), dtype=bool)
    for criterion, mask in zip(study.task.criteria, kept, strict=True):
        out = study.matrix(criterion.key).index[~mask]
        dropped |= ((study.ratings["criterion"] == criterion.key) & study.ratings["item"].isin(out)).to_numpy()
    return replace(study, ratings=study.ratings[~dropped].reset_index(drop=True), _cache={})


def _rows(
    study: Study, points: Sequence[Point], pairs: Sequence[tuple[str, str]], boot: Bootstrap, margin: float | None
) -> Iterator[Estimate]:
    """Yield the differences, slice by slice."""
    alone = {*study.judges(), *study.people()}
    by_key: dict[tuple[str, str, str], dict[tuple[str, str], Point]] = {}
    for point in points:
        by_key.setdefault(point.key, {})[point.made.a, point.made.b] = point
    for found in by_key.values():
        for pool in dict.fromkeys(b for _, b in found if b and b not in alone):
            own = {a: point for (a, b), point in found.items() if b == pool}
            asked = [(a, b or pool) for a, b in pairs if a in own and (b or pool) in own]
            if asked:
                yield from _compared(study, [(own[a], own[b]) for a, b in asked], pool, boot, margin)


def _compared(
    study: Study, sides: Sequence[tuple[Point, Point]], pool: str, boot: Bootstrap, margin: float | None
) -> Iterator[Estimate]:
    every = list({id(point): point for pair in sides for point in pair}.values())
    place = {id(point): number for number, point in enumerate(every)}
    part = every[0].part
    jobs = jobs_of([p.source for p in every], [(place[id(one)], place[id(other)]) for one, other in sides])
    intervals = boot.intervals(part.stream, part.groups, jobs, part.types)
    for (one, other), found in zip(sides, intervals, strict=True):
        whom = "the pool's own" if other.made.a == pool else "the other judge's"
        apart = float(one.made.value or 0.0) - float(other.made.value or 0.0)
        if not np.isclose(found.value, apart, rtol=0, atol=1e-9, equal_nan=True):
            found = Interval(apart, note="no interval: the statistic transforms what is resampled")
        said = f"{one.made.statistic} of {one.made.a} with {pool} minus {whom}, on the items that both answered"
        pairing = Pairing(one.made.a, other.made.a, one.pairing.left, other.pairing.left)
        notes = dict.fromkeys(note for side in (one, other) for note in side.made.note.split("; ") if note)
        made = row(study, f"difference.{one.made.statistic}", part, pairing, found, boot, said, margin=margin,
                   verdict=verdict(found, margin) if boot.n_boot else None, note="; ".join(notes))  # fmt: skip
        raters = {*one.pairing.raters, *other.pairing.raters}
        yield replace(
            made,
            n_items=min(one.made.n_items, other.made.n_items),
            n_raters=len(raters),
            n_ratings=int(part.answered(sorted(raters)).sum()),
            kind="simulated" if study.simulated(raters) else "",
        )


def verdict(found: Interval, margin: float | None) -> Answer3:
    """Return yes (they differ), no (no difference beyond the margin) or undecided (too few labels to tell)."""
    if not np.isfinite(found.low):
        return "undecided"
    if margin is not None and -margin <= found.low and found.high <= margin:
        return "no"
    return "yes" if found.low > 0 or found.high < 0 else "undecided"
