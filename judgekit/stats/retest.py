"""Test and retest: does a judge give the same answer when it is asked the same again, and does it drift?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Answer3, Criterion, Estimate
from judgekit.stats.alpha import Alpha, AlphaMoments
from judgekit.stats.pairings import Pairing, Slice, between_levels, levels_of, slices
from judgekit.stats.percent import Percent
from judgekit.stats.resample import NO_PRIOR, SINGLE, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import row

if TYPE_CHECKING:
    from judgekit.study import Study

#: With more distinct values alpha comes from moments.
MOST_LEVELS = 50
WORDS: dict[Answer3, str] = {
    "yes": "the last time differs from the first",
    "no": "the last time is like the first, to within the margin",
    "undecided": "too few labels to tell",
}
SAID = {
    "retest": "alpha between a rater's repeated answers",
    "retest.percent": "pairs of repeated answers that are equal",
    "retest.drift": "last answer minus first, mean over the items answered both times",
}


@dataclass(frozen=True)
class Change:
    """Mean of the last column of X minus the first, over the items that have both."""

    width: int | None

    def features(self, X: Array) -> Array:
        """Return whether an item has both, and its change (n × 2)."""
        change = X[:, -1] - X[:, 0]
        there = np.isfinite(change)
        return np.stack([there.astype(float), np.where(there, change, 0.0)], axis=1)

    def point(self, S: Array) -> Array:
        """Return the mean change; NaN without an item that has both."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(S[..., 0] > 0, S[..., 1] / S[..., 0], np.nan))

    population = point


@register("stats")
def retest(study: Study, *, boot: Bootstrap, margin: float = 0.05) -> Iterator[Estimate]:
    """Test–retest over repeated answers (reps) to the same items: alpha, share equal, and drift from first to last.

    Reliability of an answer, not its validity: a judge may be stable and wrong. ``margin`` is the share of the scale's
    span that counts as no drift; the rep with the highest number is the last.
    """
    if not margin > 0:
        raise InputError(f"margin must be above 0, not {margin:g}", where="retest", fix="declare a margin")
    masks = dict(study.subsets())
    for part in slices(study):
        repeated = study.once(("repeated", part.criterion.key), partial(_repeated, study, part.criterion.key))
        for rater in [*study.judges(), *(person for person in study.people() if person in repeated)]:
            values = repeated.get(rater)
            X = np.full((len(part.values), 2), np.nan) if values is None else values[masks[part.subset]]
            yield from _rows(study, part, rater, X, boot, margin)


def _repeated(study: Study, key: str) -> dict[str, Array]:
    """Return the answers of each rater who gave more than one to an item: items × reps, the reps in their order."""
    r = study.ratings
    chosen = r[(r["criterion"] == key) & (r["variant"] == "original") & (r["status"] == "ok")]
    reps = sorted(int(rep) for rep in chosen["rep"].unique())
    if len(reps) < 2:
        return {}
    tables = [study.matrix(key, rep=rep) for rep in reps]
    found = {}
    for rater in dict.fromkeys(chosen.loc[chosen["rep"] > reps[0], "rater"]):
        X = np.stack([table[rater].to_numpy(dtype=float) for table in tables], axis=1)
        X = X[:, np.isfinite(X).any(axis=0)]
        if X.shape[1] > 1 and (np.isfinite(X).sum(axis=1) > 1).any():
            found[str(rater)] = X
    return found


def _rows(study: Study, part: Slice, rater: str, X: Array, boot: Bootstrap, margin: float) -> Iterator[Estimate]:
    """Yield the rows of one rater on one slice."""
    reps = tuple(f"rep {number}" for number in range(X.shape[1]))
    alone = Slice(part.criterion, part.subset, X, reps, part.groups)
    pairing = Pairing(rater, rater, reps, reps)
    names = [name for name in SAID if name != "retest.drift" or part.criterion.scale != "nominal"]
    if not (np.isfinite(X).sum(axis=1) > 1).any():
        found = [Interval(np.nan)] * len(names)
    else:
        jobs = _jobs(part.criterion, X)[: len(names)]
        found = boot.intervals((*part.stream, "reps"), part.groups, jobs)
    for name, one in zip(names, found, strict=True):
        limit, answer, said = None, None, SAID[name]
        if name == "retest.drift":
            limit = margin * _span(part.criterion, X)
            if boot.n_boot and np.isfinite(one.low):
                answer = _verdict(one, limit)
                said = f"{said}; {answer}: {WORDS[answer]}"
        made = row(study, name, alone, pairing, one, boot, said, margin=limit, verdict=answer)
        lacking = "not estimable: one answer an item" if made.n_items == 0 else made.note
        kind = "simulated" if study.simulated([rater]) else ""
        yield replace(made, n_raters=1, kind=kind, note=lacking)


def _jobs(criterion: Criterion, X: Array) -> list[Job]:
    """Return the jobs of alpha, of equal pairs, and of the change."""
    codes = levels_of(criterion, X)
    each = np.isfinite(X).sum(axis=1)
    m = max(2, int(np.median(each[each > 1])))
    if between_levels(criterion, X) or len(codes) > MOST_LEVELS:
        seen = tuple(float(value) for value in np.unique(X[np.isfinite(X)]))
        moments = Job(AlphaMoments(float(np.nanmean(X))), X, (), NO_PRIOR)
        return [moments, Job(Percent(seen, 0, 0, None), X, (), NO_PRIOR), Job(Change(None), X, (), NO_PRIOR)]
    alpha, percent = Alpha(codes, criterion.scale, m), Percent(codes, 0, 0, m)
    return [Job(alpha, X, codes, SINGLE), Job(percent, X, codes, SINGLE), Job(Change(2), X, codes, SINGLE)]


def _span(criterion: Criterion, X: Array) -> float:
    """Return the distance between the ends of the scale, of the values seen where none are declared."""
    ends = criterion.codes or tuple(X[np.isfinite(X)]) or (0.0, 1.0)
    return float(max(ends) - min(ends))


def _verdict(found: Interval, margin: float) -> Answer3:
    if -margin < found.low and found.high < margin:
        return "no"
    return "yes" if found.low > 0 or found.high < 0 else "undecided"
