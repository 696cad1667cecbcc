"""Bias by experiment: what an edit that should change nothing does to a judge's answers to the same items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import InputError, listed
from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.edited import Edited, edited
from judgekit.stats.flips import sign_flip
from judgekit.stats.kappa import kappa_family
from judgekit.stats.length import length_rows
from judgekit.stats.needed import POWER
from judgekit.stats.needed import detectable as smallest
from judgekit.stats.pairings import Pairing, Slice, between_levels, slices
from judgekit.stats.resample import DIFFERENCE, SINGLE, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import number
from judgekit.stats.shifts import Flip, OwnFlip, Shift

if TYPE_CHECKING:
    from judgekit.study import Study

Asks = Literal["same", "move", "open"]
#: What a probe asks -> the row in human standard deviations, the row in raw units, what is measured.
SHIFTS: dict[Asks, tuple[str, str, str]] = {
    "same": ("bias", "bias.raw", "mean of edited - original"),
    "move": ("bias.move", "bias.move_raw", "mean move in the direction that the edit asks for"),
    "open": ("bias.open", "bias.open_raw", "mean of edited - original, the probe asks nothing of this criterion"),
}
#: What each answer means, in words.
WORDS: dict[Asks, dict[Answer3, str]] = {
    "same": {"yes": "biased", "no": "equivalent to none", "undecided": "too few items"},
    "move": {"yes": "moves as it must", "no": "does not move as it must", "undecided": "too few items"},
}
EDITED, ORIGINAL = "edited\0", "original\0"
#: Columns of X that are no person's: a judge's answers, and the sums behind the unit, which is taken as it is.
NOBODY = ("",)


@dataclass(frozen=True)
class People:
    """The ratings by people of a slice's originals: items × persons, NaN missing."""

    names: tuple[str, ...]
    ratings: Array

    @property
    def sums(self) -> Array:
        """Each item's number of ratings, their sum and their squares' (n × 3)."""
        there = np.isfinite(self.ratings)
        X = np.where(there, self.ratings, 0.0)
        return np.column_stack([there.sum(axis=1), X.sum(axis=1), (X * X).sum(axis=1)]).astype(float)

    @property
    def said(self) -> str:
        """Say which standard deviation is the unit, or why there is none."""
        known = self.ratings[np.isfinite(self.ratings)]
        if len(known) < 2:
            return "no human standard deviation: fewer than two ratings by people"
        if not known.std() > 1e-6:
            return "no human standard deviation: people gave one answer only"
        raters = int(np.isfinite(self.ratings).any(axis=0).sum())
        one = "person" if raters == 1 else "people"
        return f"human SD {known.std(ddof=1):.3g} (all {len(known):,} ratings of originals by {raters} {one})"


@dataclass(frozen=True)
class Line:
    """One row to be: its statistic, what was measured, on which items, beside whom, on how many answers."""

    statistic: str
    said: str
    of: Edited
    used: NDArray[np.bool_]
    people: People | None = None
    asks: Asks = "open"
    reason: str = ""
    answers: int | None = None


@register("stats")
def bias(
    study: Study, *, boot: Bootstrap, margin: float = 0.2, pool: str | None = None, strata: bool = False
) -> Iterator[Estimate]:
    """Effect of each probe on each judge, within item: shift in human SDs, flips, agreement, with a verdict.

    ``a`` is the judge, ``b`` the probe. ``margin`` is the shift that counts as none, in standard deviations of the
    ratings by people (of ``pool``, by default all); only rep 0 is compared. Verdict of ``bias``: no (equivalent to
    none) where the interval lies within ±margin, which is two one-sided tests (Schuirmann 1987,
    doi:10.1007/BF01068419), each at half of 1 - conf_level; else yes (biased) where the interval leaves out 0 and the
    sign-flip test says so too; else undecided. Of ``bias.move``, where an edit must move the value: yes where the
    interval lies above 0 and the test agrees, no where it lies below the margin, else undecided.
    """
    if not margin > 0:
        raise InputError(f"margin must be above 0, not {margin:g}", where="bias", fix="declare a margin in human SDs")
    pools = study.pools()
    if pool is not None and pool not in pools:
        raise InputError(f"no pool is called '{pool}'", where="bias", fix=f"there are: {listed(pools)}")
    names = tuple(study.people() if pool is None else pools[pool])
    masks = dict(study.subsets())
    for part in slices(study):
        if part.subset != "all" and not strata:
            continue
        people = People(names, part.matrix(names) if names else np.empty((len(part.values), 0)))
        asked = [found for one in edited(study, part, masks[part.subset]) for found in _asked(study, part, one, people)]
        jobs = [job for job, _ in asked if job is not None]
        intervals = iter(boot.intervals(part.stream, part.groups, jobs))
        for job, lines in asked:
            for line in lines:
                found = Interval(np.nan) if job is None else next(intervals)
                yield _row(study, part, line, found, boot, margin)
        yield from length_rows(study, part, masks[part.subset], people.ratings, names, boot)


def _asked(study: Study, part: Slice, one: Edited, people: People) -> Iterator[tuple[Job | None, list[Line]]]:
    """Yield each job about one judge and probe, with the rows that are its outputs."""
    codes = part.criterion.codes
    if study.task.form != "pairwise" and (part.criterion.scale != "nominal" or len(codes) == 2):
        groups: dict[Asks, NDArray[np.bool_]] = {
            "same": one.move == 0, "move": np.abs(one.move) == 1, "open": np.isnan(one.move)
        }  # fmt: skip
        for asks, chosen in groups.items():
            chosen = chosen & one.applied
            if chosen.any():
                yield _shift(part, one, people, asks, chosen)
    X = np.column_stack([one.original, one.answers])
    yield (
        Job(Flip(), X, codes, SINGLE, NOBODY * 2),
        [Line("bias.flip", "share of items whose answer changed", one, one.applied)],
    )
    if one.reps.shape[1] > 1:
        X = np.column_stack([one.answers, one.reps])
        used = one.both & np.isfinite(one.reps[:, 1:]).any(axis=1)
        if used.any():
            own, reps = "share of pairs of the judge's own reps of the original that differ", one.reps[used]
            n = int(np.isfinite(reps).sum())
            said = f"share of items whose answer changed - {own}"
            lines = [
                Line("bias.flip_own", own, one, used, answers=n),
                Line("bias.flip_excess", said, one, used, answers=n + len(reps)),
            ]
            yield Job(OwnFlip(), X, codes, DIFFERENCE, NOBODY * X.shape[1]), lines
    yield _agreement(part, one, people)


def _shift(part: Slice, one: Edited, people: People, asks: Asks, chosen: NDArray[np.bool_]) -> tuple[Job, list[Line]]:
    scaled, raw, said = SHIFTS[asks]
    X = np.column_stack([one.original, one.answers])
    X = np.where((one.move < 0)[:, None] & (asks == "move"), X[:, ::-1], X)
    X = np.column_stack([np.where(chosen[:, None], X, np.nan), people.sums])
    unit = people.said
    lacking = f"not estimable: {unit}; see {raw}" if unit.startswith("no ") else ""
    return (
        Job(Shift(), X, part.criterion.codes, DIFFERENCE, NOBODY * X.shape[1]),
        [
            Line(scaled, said if lacking else f"{said}, in {unit}", one, chosen, people, asks, lacking),
            Line(raw, f"{said}, raw units", one, chosen),
        ],
    )


def _agreement(part: Slice, one: Edited, people: People) -> tuple[Job | None, list[Line]]:
    rated = np.isfinite(people.ratings) & one.both[:, None]
    kept = np.flatnonzero(np.any(rated, axis=0)).tolist()
    there = [people.names[place] for place in kept]
    said = "weighted kappa with people, edited - original, on the same items"
    line = Line("bias.agreement", said, one, one.both & rated.any(axis=1), people)
    values: Array = np.column_stack([one.answers, one.original, people.ratings[:, kept]])
    values[~one.both] = np.nan
    if not there:
        return None, [replace(line, reason="not estimable: no people rated these items")]
    if part.criterion.scale == "nominal" and between_levels(part.criterion, values):
        return None, [replace(line, reason="not estimable: values between nominal levels")]
    alone = replace(part, values=values, raters=(EDITED, ORIGINAL, *there), whole=None)
    sides = [Pairing(side, "people", (side,), tuple(there)) for side in (EDITED, ORIGINAL)]
    job, texts = kappa_family(alone, sides, minus=((0, 1),))
    return job, [replace(line, said=f"{said}; {texts[0]}" if texts[0] else said)]


def _row(study: Study, part: Slice, line: Line, found: Interval, boot: Bootstrap, margin: float) -> Estimate:
    """Return the estimate, its p and its verdict."""
    one = line.of
    used = line.used & one.both
    judged = line.statistic == SHIFTS[line.asks][0] and line.asks != "open"
    reason = line.reason
    if not used.any():
        reason = "not estimable: no item answered in both forms"
    elif len(np.unique(part.groups[used])) < 2 and np.isfinite(found.low):
        found = Interval(
            found.value, note="no interval: one item only" if used.sum() == 1 else "no interval: one cluster"
        )
    if reason:
        found = Interval(np.nan, note=reason)
    p = _p(one, used, part, line.asks) if judged and not reason else None
    answer = verdict(found, margin, p, boot.conf_level, line.asks) if judged and boot.n_boot and not reason else None
    told = [line.said, reach(one, line.used)]
    told += [f"{answer}: {WORDS[line.asks][answer]} (margin {margin:g} human SDs)"] if answer else []
    told += ["p: sign-flip test"] if p is not None else []
    lost = int((line.used & one.applied & ~one.both).sum())
    notes = [
        found.note,
        detectable(found, boot.conf_level) if answer in ("no", "undecided") else "",
        f"{lost} edited items without an answer to one of both forms" if lost and not reason else "",
    ]
    people = () if line.people is None else line.people.names
    ratings = 0 if line.people is None else int(np.isfinite(line.people.ratings).sum())
    if line.people is not None and line.statistic == "bias.agreement":
        ratings = int(np.isfinite(line.people.ratings[used]).sum())
    return Estimate(
        statistic=line.statistic,
        criterion=part.criterion.key,
        subset=part.subset,
        a=one.judge,
        b=one.probe,
        value=number(found.value),
        low=number(found.low),
        high=number(found.high),
        conf_level=boot.conf_level if np.isfinite(found.low) else None,
        margin=margin if judged else None,
        verdict=answer,
        p=p,
        n_items=int(used.sum()),
        n_raters=1 + len(people),
        n_ratings=ratings + (2 * int(used.sum()) if line.answers is None else line.answers),
        kind="simulated" if study.simulated([one.judge, *people]) else "",
        method="; ".join(text for text in (*told, found.method) if text),
        seed=boot.seed,
        note="; ".join(text for text in notes if text),
    )


def _p(one: Edited, used: NDArray[np.bool_], part: Slice, asks: Asks) -> float | None:
    shift = one.answers - one.original
    shift = np.where(used, shift * one.move if asks == "move" else shift, np.nan)
    return number(sign_flip(shift, part.groups))


def verdict(found: Interval, margin: float, p: float | None, conf_level: float, asks: Asks) -> Answer3:
    """Return the answer of an interval and the sign-flip test's p to what a probe asks (same, move)."""
    if not np.isfinite(found.low):
        return "undecided"
    sure = p is not None and p <= 1 - conf_level + 1e-12
    if asks == "move":
        return "yes" if found.low > 0 and sure else "no" if found.high < margin else "undecided"
    if -margin < found.low and found.high < margin:
        return "no"
    return "yes" if sure and (found.low > 0 or found.high < 0) else "undecided"


def detectable(found: Interval, conf_level: float) -> str:
    """Say the smallest true effect that would have been told from none in 80 % of such studies."""
    least = smallest(found, conf_level)
    told = f"an effect of {least:.2g} human SDs would be found in {POWER * 100:.0f} % of such studies"
    return told if np.isfinite(least) else ""


def reach(one: Edited, used: Sequence[bool] | NDArray[np.bool_]) -> str:
    """Say to how many of the slice's items the probe applied."""
    applied, n = int(one.applied.sum()), len(one.applied)
    text = f"probe applied to {applied} of {n} items"
    here = int((np.asarray(used) & one.applied).sum())
    return text if here == applied else f"{text}, {here} of them here"
