"""Whose judge is it? Each group of people: the judge's agreement with it beside its people's with one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.attributes import MOST_LEVELS, Group, Grouping, groupings
from judgekit.stats.pairings import Pairing, Slice, levels_of, slices
from judgekit.stats.resample import Array, Bootstrap, Interval, Job, few_clusters
from judgekit.stats.rows import row
from judgekit.stats.served import Of, Served, jackknifed, left_out
from judgekit.stats.shrunken import Compared, gap, shrunken
from judgekit.stats.versus import people_of

if TYPE_CHECKING:
    from judgekit.study import Study

#: Without a judge: what a group's people reach among themselves. With one: its agreement, and judge minus people.
NAMES: dict[Of, str] = {"people": "groups.ceiling", "judge": "groups.judge", "difference": "groups.difference"}


@register("stats")
def groups(
    study: Study,
    *,
    boot: Bootstrap,
    attributes: Sequence[str] | None = None,
    intersections: Sequence[str] | None = None,
    least_raters: int = 3,
    least_items: int = 20,
) -> Iterator[Estimate]:
    """Whose judge is it: per group of people, the judge's agreement beside the group's own ceiling, and the gap.

    ``attributes`` are columns of the raters (``pool`` may be one), unasked those of people with 2 to 12 levels.
    ``intersections`` are those to be crossed two by two, unasked all of up to three. A group needs ``least_raters``
    people and ``least_items`` items with two of them (and the judge's answer); a smaller one gets a reason, a smaller
    intersection is counted in the row of the gap. p of a gap tests that best- and worst-served are served alike, p of
    ``groups.smallest`` that the smallest group is served as the others are.
    """
    if least_raters < 2 or least_items < 3:
        raise InputError(
            f"least_raters={least_raters} and least_items={least_items} are too few",
            where="groups",
            fix="give 2 or more raters and 3 or more items",
        )
    found = groupings(study, attributes, intersections)
    least = Least(least_raters, least_items)
    for part in slices(study):
        there = {person for people in people_of(study, part).values() for person in people}
        if not found and part.subset == "all":
            yield _none(study, part, tuple(there), boot)
        asked = [one for one in found if part.subset == "all" or not one.crossed]
        judges = [judge for judge in study.judges() if part.answered([judge]).any()]
        sides = [
            Side.of(part, _present(grouping, there), judge, least) for judge in (None, *judges) for grouping in asked
        ]
        yield from _rows(study, part, sides, boot)


@dataclass(frozen=True)
class Least:
    """How large a group must be."""

    raters: int
    items: int

    def reason(self, raters: int, items: int) -> str:
        """Say why a group is too small, if it is."""
        if raters < self.raters:
            return f"not estimable: {raters} of the group's people rated here, {self.raters} are needed"
        if items < self.items:
            return f"not estimable: {items} items with two of the group's people, {self.items} are needed"
        return ""


@dataclass(frozen=True)
class Member:
    """One group on one side: its coefficient, the ratings behind it, and why there is no value, if there is none."""

    group: Group
    coefficient: Served
    X: Array
    reason: str

    @cached_property
    def used(self) -> NDArray[np.bool_]:
        """Which items count."""
        return self.coefficient.used(self.X)


@dataclass(frozen=True)
class Side:
    """The groups of one attribute as one judge serves them, or (None) as they agree among themselves."""

    part: Slice
    grouping: Grouping
    judge: str | None
    members: tuple[Member, ...]

    @classmethod
    def of(cls, part: Slice, grouping: Grouping, judge: str | None, least: Least) -> Side:
        """Gather the ratings and see which groups are large enough."""
        made = []
        judged = judge is not None
        for group in grouping.groups:
            X = part.matrix(([judge] if judge is not None else []) + list(group.people))
            coefficient = Served.of_criterion(part.criterion, X, "people", judged=judged)
            reason = least.reason(len(group.people), int(coefficient.used(X).sum()))
            made.append(Member(group, coefficient, X, reason))
        return cls(part, grouping, judge, tuple(made))

    @property
    def outputs(self) -> tuple[Of, ...]:
        """What there is a row of for each group."""
        return ("people",) if self.judge is None else ("judge", "difference")

    @property
    def compared(self) -> Of:
        """What is shrunken and compared between groups."""
        return self.outputs[-1]

    @cached_property
    def large(self) -> list[Member]:
        """The groups that are large enough."""
        return [member for member in self.members if not member.reason]

    def pairing(self, name: str, people: tuple[str, ...]) -> Pairing:
        """Return who is compared with whom."""
        if self.judge is None:
            return Pairing(name, name, people, people)
        return Pairing(self.judge, name, (self.judge,), people)

    def jobs(self) -> list[Job]:
        """Return one job an output of each group that is large enough."""
        return [
            member.coefficient.job(
                member.X, levels_of(self.part.criterion, member.X), member.group.label, output
            )
            for member in self.large
            for output in self.outputs
        ]  # fmt: skip

    def said(self, output: Of) -> str:
        """Say what was computed."""
        weights = "kappa" if self.part.criterion.scale == "nominal" else "quadratic weighted kappa"
        what = {
            "people": f"{weights} of each of the group's people with the distribution of the others",
            "judge": f"{weights} of the judge's answer with the distribution of the group",
            "difference": f"{weights} with the group's distribution, judge minus each of its people left out in turn",
        }
        return what[output]


def _rows(study: Study, part: Slice, sides: Sequence[Side], boot: Bootstrap) -> Iterator[Estimate]:
    """Yield the rows of a slice: all of the same items."""
    jobs = [side.jobs() for side in sides]
    found = iter(boot.intervals(part.stream, part.groups, [job for some in jobs for job in some]))
    for side in sides:
        values: dict[str, Interval] = {}
        for member in side.members:
            if member.reason and side.grouping.crossed:
                continue
            for output in side.outputs:
                one = Interval(np.nan, note=member.reason) if member.reason else next(found)
                pairing = side.pairing(member.group.label, member.group.people)
                made = row(study, NAMES[output], part, pairing, one, boot, side.said(output), note=_flat(one))
                yield replace(made, n_items=int(member.used.sum()))
                if output == side.compared:
                    values[member.group.label] = one
        yield from _together(study, part, side, values, boot)


def _flat(found: Interval) -> str:
    """Say that an interval has no width."""
    same = np.isfinite(found.low) and found.high - found.low < 1e-9
    return "no width: the items do not differ, read the value as one of very few" if same else ""


def _together(
    study: Study, part: Slice, side: Side, values: dict[str, Interval], boot: Bootstrap
) -> Iterator[Estimate]:
    """Yield each group's shrunken value, then the gap between the best- and the worst-served."""
    known = [member for member in side.large if np.isfinite(values[member.group.label].value)]
    plain = np.array([values[member.group.label].value for member in known])
    compared = _compared(part, side, known, plain, boot)
    reason = compared if isinstance(compared, str) else ""
    spread = [Interval(np.nan, note=reason)] * len(known)
    ordered = plain
    if isinstance(compared, Compared):
        spread = shrunken(plain, compared.covariance, boot.conf_level)
        ordered = np.array([one.value for one in spread])
    name = "groups.shrunken" if side.judge else "groups.ceiling_shrunken"
    for member, one in zip(known, spread, strict=True):
        pairing = side.pairing(member.group.label, member.group.people)
        made = row(study, name, part, pairing, one, boot, side.said(side.compared))
        yield replace(made, n_items=int(member.used.sum()))
    found, p, told = Interval(np.nan, note=reason), None, ""
    if len(known) >= 2:
        best, worst = int(np.argmax(ordered)), int(np.argmin(ordered))
        found = replace(found, value=float(plain[best] - plain[worst]))
        told = f"best {known[best].group.label}, worst {known[worst].group.label}"
        if isinstance(compared, Compared):
            rng = seeds.rng(boot.seed, *part.stream, "pairs of groups")
            df = compared.contrast(np.eye(len(known))[best] - np.eye(len(known))[worst]).df
            made_gap = gap(plain, (best, worst), compared.covariance, df, rng, boot.conf_level)
            found, p = made_gap.found, made_gap.p
    yield _gap_row(study, side, found, p, told, boot)
    if len(known) >= 2:
        yield _smallest_row(study, side, known, plain, compared, boot)


def _size(member: Member) -> tuple[int, int]:
    return len(member.group.people), int(member.used.sum())


def _smallest_row(
    study: Study, side: Side, known: list[Member], plain: Array, compared: Compared | str, boot: Bootstrap
) -> Estimate:
    """Return the row of the smallest group less the mean of the others: chosen by size, so without a price."""
    from scipy.special import stdtr, stdtrit

    least = min(range(len(known)), key=lambda place: _size(known[place]))
    weights = np.full(len(known), -1 / (len(known) - 1))
    weights[least] = 1.0
    found, p = Interval(float(weights @ plain), note=compared if isinstance(compared, str) else ""), None
    if isinstance(compared, Compared):
        one = compared.contrast(weights)
        half = float(stdtrit(one.df, (1 + boot.conf_level) / 2)) * one.se
        made_by = f"jackknife over items, t with df {one.df:.3g}"
        found = Interval(one.value, one.value - half, one.value + half, made_by, few_clusters(side.part.groups))
        p = 2 * float(stdtr(one.df, -abs(one.value) / one.se)) if one.se > 1e-12 else None
    member = known[least]
    people, items = _size(member)
    said = f"{side.said(side.compared)}; smallest group ({people} people, {items} items) minus the mean of the others"
    name = "groups.smallest" if side.judge else "groups.ceiling_smallest"
    pairing = side.pairing(member.group.label, member.group.people)
    made = row(study, name, side.part, pairing, found, boot, said)
    return replace(made, p=p, n_items=items)


def _compared(part: Slice, side: Side, known: list[Member], plain: Array, boot: Bootstrap) -> Compared | str:
    """Return what the groups' common items say of them, or the reason why they cannot be compared."""
    if len(known) < 2:
        return "not estimable: fewer than two groups are large enough"
    if boot.n_boot == 0:
        return "no interval: without replicates groups are not compared"
    asked = [(replace(member.coefficient, of=side.compared), member.X) for member in known]
    without = left_out(part.groups, asked)
    if not np.isfinite(without).all():
        return "no interval: undefined without one of the items"
    units = max(3, min(len(np.unique(part.groups[member.used])) for member in known))
    people, people_df = np.zeros(len(known)), np.full(len(known), np.inf)
    if boot.interval == "two_way":
        from scipy.special import stdtrit

        from judgekit.stats.two_way import spreads

        for place, (member, (coefficient, X)) in enumerate(zip(known, asked, strict=True)):
            job = coefficient.job(X, (), member.group.label, side.compared)
            (open_,) = spreads(boot, job, plain[place : place + 1])
            if isinstance(open_, str):
                return open_
            people[place] = (open_.half / float(stdtrit(open_.df, (1 + boot.conf_level) / 2))) ** 2
            people_df[place] = open_.df
    covariance = jackknifed(without, units) + np.diag(people)
    return Compared(plain, covariance, without, people, people_df, units)


def _gap_row(study: Study, side: Side, found: Interval, p: float | None, told: str, boot: Bootstrap) -> Estimate:
    """Return the row of the best-served group less the worst-served, which are named, as is the smallest."""
    part, large = side.part, side.large
    people = tuple(person for member in large for person in member.group.people)
    if large:
        least = min(large, key=_size)
        size = "{} people, {} items".format(*_size(least))
        told = "; ".join(text for text in (told, f"smallest {least.group.label} ({size})") if text)
    n_small = len(side.members) - len(large)
    small = f"{n_small} of {len(side.members)} groups are too small" if n_small else ""
    whose = "people and items are both a sample" if boot.interval == "two_way" else "of these very people"
    method = "; ".join(text for text in (side.said(side.compared), told, whose) if text)
    note = "; ".join(text for text in (small, few_clusters(part.groups)) if text)
    name = "groups.gap" if side.judge else "groups.ceiling_gap"
    made = row(study, name, part, side.pairing(side.grouping.attribute, people), found, boot, method, note=note)
    used = np.logical_or.reduce([member.used for member in large]) if large else np.zeros(len(part.values), dtype=bool)
    return replace(made, p=p, n_items=int(used.sum()))


def _present(grouping: Grouping, there: set[str]) -> Grouping:
    """Return the groups with those of their people who rated anything here."""
    kept = [Group(one.label, tuple(p for p in one.people if p in there)) for one in grouping.groups]
    return replace(grouping, groups=tuple(kept))


def _none(study: Study, part: Slice, people: tuple[str, ...], boot: Bootstrap) -> Estimate:
    """Return the row of a study whose people have no attribute that groups them."""
    note = f"not estimable: no attribute of people has 2 to {MOST_LEVELS} levels"
    return Estimate(
        statistic="groups.ceiling_gap",
        criterion=part.criterion.key,
        subset=part.subset,
        value=None,
        n_raters=len(people),
        kind="simulated" if study.simulated(people) else "",
        seed=boot.seed,
        note=note,
    )
