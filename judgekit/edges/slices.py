"""Where a judge fails more than elsewhere: slices found on one half of the items, confirmed on the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.edges.confirm import detectable, higher
from judgekit.edges.features import features
from judgekit.edges.judged import Judged, judged, members
from judgekit.edges.lattice import Found, Search, View, sides, slices_of
from judgekit.edges.outcome import WAYS, outcome
from judgekit.edges.rates import TWO, Gap
from judgekit.edges.rows import estimate, nothing
from judgekit.errors import InputError, listed
from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.attributes import groupings
from judgekit.stats.multiple import by
from judgekit.stats.resample import DIFFERENCE, SINGLE, Array, Bootstrap, Interval, Job
from judgekit.stats.soft import MeanDistance

if TYPE_CHECKING:
    from judgekit.study import Study

EXAMPLES = 3
#: A group of fewer people says more of them than of the group.
LEAST_PEOPLE = 3
#: The share of the items that the slice of ``slices.detectable`` holds.
SHARE = 0.2


@register("stats")
def slices(
    study: Study,
    *,
    boot: Bootstrap,
    way: str = "failure",
    attributes: Sequence[str] | None = None,
    pairs: bool = True,
    clusters: int = 8,
    least: int = 20,
    most: int = 5,
    pool: str | None = None,
) -> Iterator[Estimate]:
    """Where a judge fails more than elsewhere: slices found on one half of the items, confirmed on the other.

    Searched are the levels of strata, edge tags, cues, length, ``clusters`` of texts, groups of people by
    ``attributes`` (None: all with 2 to 12 levels; by how many of the group answer otherwise), and with ``pairs`` two at
    once, each with ``least`` items or more on either half. At most ``most`` go on to the other half. ``way`` is the way
    of failing (failure, outside, farther, costly, confident, refused, unstable). q: Benjamini–Yekutieli over all
    slices tested; verdict yes where it is at most 1 - conf_level.
    """
    if way not in WAYS:
        raise InputError(f"way cannot be '{way}'", where="slices", fix=f"choose: {listed(WAYS)}")
    if least < 2 or most < 1:
        raise InputError(f"least={least} or most={most} is too small", where="slices", fix="use 20 and 5")
    looked = [
        _look(study, one, way, attributes, pairs, clusters, least, most, boot) for one in judged(study, pool=pool)
    ]
    p = np.array([test.p for look in looked for test in look.tests])
    q = iter(by(p).tolist())
    n = len(p)
    for look in looked:
        yield from look.rows(study, boot, [next(q) for _ in look.tests], n, most * len(looked))


@dataclass(frozen=True)
class Test:
    """A slice beside everything else on the confirming half (X: in, elsewhere), and the p value there."""

    found: Found
    X: Array
    p: float
    without: tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """What was found of one judge beside one pool."""

    one: Judged
    search: Search
    later: NDArray[np.bool_]
    tests: tuple[Test, ...]
    way: str

    def rows(self, study: Study, boot: Bootstrap, q: Sequence[float], family: int, planned: int) -> Iterator[Estimate]:
        """Yield how many slices were found, what could have been, and each slice that was tested."""
        flags = self.search.views[0].flags[:, 0]
        used = np.isfinite(flags)
        level = 1 - boot.conf_level
        confirmed = [one <= level for one in q]
        told = (
            f"{WAYS[self.way]}; {self.search.size} slices searched on one half, {len(self.tests)} tested on the other "
            f"({family} in this run, Benjamini–Yekutieli)"
        )
        gap, said = self._detectable(level, planned)
        found = ", ".join(test.found.name for test, yes in zip(self.tests, confirmed, strict=True) if yes)
        answer: Answer3 = "yes" if any(confirmed) else "undecided"
        yield estimate(
            study, self.one, "slices.found", Interval(float(sum(confirmed))), boot, used=used, said=told,
            verdict=answer, note=found if found else f"no slice found; {said}",
        )  # fmt: skip
        yield estimate(study, self.one, "slices.detectable", gap, boot, used=used, said=told, note=said)
        part, stream = self.one.part, (*self.one.part.stream, "slices")
        jobs = [
            job
            for test in self.tests
            for job in (
                Job(Gap(), test.X, TWO, DIFFERENCE, ("", "")),
                Job(MeanDistance(1), test.X[:, :1], TWO, SINGLE),
            )
        ]
        intervals = iter(boot.intervals(stream, part.groups, jobs))
        for test, one, yes in zip(self.tests, q, confirmed, strict=True):
            difference, _, rate = next(intervals), next(intervals), next(intervals)
            verdict: Answer3 = "yes" if yes else "undecided"
            here = np.isfinite(test.X[:, 0])
            without = f", without those of {listed(test.without)}" if test.without else ""
            how = f"{WAYS[self.way]}: share in the slice less share elsewhere, on the confirming half{without}"
            yield estimate(
                study, self.one, "slices.gap", difference, boot, used=here, said=how, subset=test.found.name,
                verdict=verdict, p=test.p, q=one, note=self._examples(study, test, flags),
            )  # fmt: skip
            yield estimate(study, self.one, "slices.rate", rate, boot, used=here, said=f"{WAYS[self.way]}{without}",
                           subset=test.found.name, verdict=verdict)  # fmt: skip

    def _detectable(self, level: float, planned: int) -> tuple[Interval, str]:
        """Return the least gap of a slice with a fifth of the items that would have been found."""
        flags = self.search.views[0].flags[:, 0]
        n = float(np.isfinite(flags).sum()) / 2
        rate = float(np.nanmean(flags)) if n else np.nan
        p = level / (planned * float(np.sum(1 / np.arange(1, planned + 1))))
        gap = detectable(rate, SHARE * n, (1 - SHARE) * n, p, self.search.size) if n else float("nan")
        of = f"in a slice with {SHARE * 100:.0f} % of the items ({SHARE * n:.0f} on either half)"
        if not np.isfinite(gap):
            return nothing("not estimable: too few items"), f"no gap {of} would be found in 80 % of such studies"
        return Interval(gap), f"a gap of {gap:.2f} {of} would be found in 80 % of such studies"

    def _examples(self, study: Study, test: Test, flags: Array) -> str:
        """Name items of the slice that the judge failed on."""
        view = self.search.views[test.found.view]
        failed = np.flatnonzero(test.found.mask & (view.flags[:, test.found.group] > 0))
        order = [*failed[self.later[failed]], *failed[~self.later[failed]]]
        names = study.matrix(self.one.criterion.key).index
        return f"e.g. items {', '.join(str(names[place]) for place in order[:EXAMPLES])}" if len(order) else ""


def _look(
    study: Study, one: Judged, way: str, attributes: Sequence[str] | None, pairs: bool, clusters: int, least: int,
    most: int, boot: Bootstrap,
) -> Look:  # fmt: skip
    pool = one.pool if one.pool in study.pools() else ""  # all people
    found = outcome(study, one.criterion, one.judge, pool).flags.get(way)
    flags = np.full(len(one.answers), np.nan) if found is None else np.asarray(found, dtype=float)
    views = [View(("",), flags[:, None]), *_groups(study, one, way, attributes)]
    chosen = tuple(features(study, clusters=clusters, seed=boot.seed))
    search = Search(tuple(views), chosen, least, pairs)
    groups = one.part.groups
    order = seeds.rng(boot.seed, "slices", one.criterion.key).permutation(int(groups.max()) + 1)
    here = np.asarray(order[groups] < len(order) // 2)
    tests: list[Test] = []
    for slice_, alive in slices_of(search, here, most):
        X = sides(search, slice_, alive, ~here)
        before = tuple(test.found.name for test in tests)
        tests.append(Test(slice_, X, higher(X, groups), before))
    return Look(one, search, ~here, tuple(tests), way)


def _groups(study: Study, one: Judged, way: str, attributes: Sequence[str] | None) -> Iterator[View]:
    """Yield how a judge fails each group of people, an attribute at a time: the share of them who answer otherwise.

    A share is on the same footing whatever the group's size; its spread, which few people make narrow, is not. Other
    ways of failing than these know no groups.
    """
    if way not in ("failure", "outside"):
        return
    mine = set(members(study, one.pool))
    for grouping in groupings(study, attributes, []):
        columns, names = [], []
        for group in grouping.groups:
            inside = [name for name in group.people if name in mine]
            if len(inside) >= LEAST_PEOPLE:
                H = one.part.matrix(inside)
                rated = np.isfinite(H)
                n = rated.sum(axis=1)
                differ = np.sum(rated & (one.answers[:, None] != H), axis=1) / np.maximum(n, 1)
                flags = np.where(np.isfinite(one.answers) & (n > 0), differ, np.nan)
                if way == "failure":
                    flags = np.where(one.failed & (n > 0), 1.0, flags)
                columns.append(flags)
                names.append(group.label)
        if len(columns) > 1:
            yield View(tuple(names), np.column_stack(columns))
