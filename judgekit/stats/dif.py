"""Do the people of a group, or a judge beside them, rate higher or lower than others at equal item quality?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.attributes import MOST_LEVELS, Group, Grouping, groupings
from judgekit.stats.newton import Fitted
from judgekit.stats.ordinal import proportional_odds
from judgekit.stats.pairings import Slice, slices
from judgekit.stats.resample import Array, Bootstrap
from judgekit.stats.rows import number

if TYPE_CHECKING:
    from judgekit.study import Study

WORDS: dict[Answer3, str] = {
    "yes": "rates differently",
    "no": "no difference, to within the margin",
    "undecided": "too few raters or items to tell",
}
SAID = {
    "dif": "log-odds of a higher rating by the group's people than by the others, at equal item quality",
    "dif.slope": "change of that log-odds with a standard deviation of item quality",
    "dif.judge": "log-odds of a higher rating by the judge than by the group's people, at equal item quality",
}
#: With more distinct values than this the ratings are taken for a continuum.
MOST_CODES = 20
#: Who rated items further apart than this (standard deviations of quality) are not said to differ.
FAR = 0.25


@dataclass(frozen=True)
class Long:
    """The ratings of a criterion as rows: item, rater (people first, then judges), level, quality of the item."""

    item: NDArray[np.int64]
    rater: NDArray[np.int64]
    level: NDArray[np.int64]
    quality: Array
    raters: tuple[str, ...]

    @classmethod
    def of(cls, part: Slice, people: Sequence[str], judges: Sequence[str]) -> Long:
        """Lay out the ratings of items whose quality others tell: the mean of the other people, in its SDs."""
        X, Y = part.matrix(people), part.matrix(judges)
        there = np.isfinite(X)
        total, m = np.nansum(X, axis=1, keepdims=True), there.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = np.where(there & (m > 1), (total - X) / (m - 1), np.nan)
            whole = np.where(m > 0, total / m, np.nan)
        values = np.hstack([X, Y])
        quality = np.hstack([rest, np.repeat(whole, Y.shape[1], axis=1)])
        item, rater = np.nonzero(np.isfinite(values) & np.isfinite(quality))
        level = np.unique(values[item, rater], return_inverse=True)[1].astype(np.int64)
        q, person = quality[item, rater], rater < len(people)
        spread = float(q[person].std()) if person.any() else 0.0
        scaled = (q - q[person].mean()) / spread if spread > 1e-12 else np.zeros_like(q)
        return cls(item.astype(np.int64), rater.astype(np.int64), level, scaled, (*people, *judges))

    def rows_of(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return which rows are these raters'."""
        return np.isin(self.rater, [place for place, name in enumerate(self.raters) if name in set(names)])


@register("stats")
def dif(
    study: Study, *, boot: Bootstrap, attributes: Sequence[str] | None = None,
    intersections: Sequence[str] | None = None, margin: float = 0.43, least_raters: int = 3, least_items: int = 20,
) -> Iterator[Estimate]:  # fmt: skip
    """DIF by rater group: do a group's people, or a judge, rate higher at equal item quality (ordinal logistic)?

    Proportional odds given the mean of the other people's ratings (Swaminathan & Rogers 1990,
    doi:10.1111/j.1745-3984.1990.tb00754.x, with raters as groups), one group against the others who have the attribute;
    ``dif.judge`` sets a judge beside a group's people alone. People and items are both samples: jackknifed over raters
    and over items (clusters), joined as Cameron, Gelbach & Miller (2011), doi:10.1198/jbes.2010.07136. ``attributes``
    and ``intersections`` as in ``groups``; ``margin`` (log-odds) is what counts as no difference.
    """
    if not margin > 0:
        raise InputError(f"margin must be above 0, not {margin:g}", where="dif", fix="declare a margin in log-odds")
    if least_raters < 2 or least_items < 3:
        raise InputError("too few raters or items", where="dif", fix="give least_raters ≥ 2 and least_items ≥ 3")
    found = groupings(study, attributes, intersections)
    for part in slices(study):
        if part.subset != "all":
            continue
        reason = "" if found else f"not estimable: no attribute of people has 2 to {MOST_LEVELS} levels"
        codes = part.criterion.codes or tuple(np.unique(part.values[np.isfinite(part.values)]).tolist())
        if part.criterion.scale == "nominal" and len(codes) > 2:
            reason = "not estimable: levels without an order"
        elif len(codes) > MOST_CODES:
            reason = "not estimable: a continuum has no levels"
        if reason:
            yield Estimate("dif", part.criterion.key, None, seed=boot.seed, note=reason)
            continue
        people = [name for name in study.people() if part.answered([name]).any()]
        judges = [name for name in study.judges() if part.answered([name]).any()]
        long = Long.of(part, people, judges)
        for grouping in found:
            for side in _sides(long, grouping, judges):
                yield from _rows(study, part, long, side, boot, margin, least_raters, least_items)


@dataclass(frozen=True)
class Side:
    """Who is compared (1) with whom (0): a group's people with the others, or a judge with a group's people."""

    statistic: str
    a: str
    b: str
    ones: tuple[str, ...]
    zeros: tuple[str, ...]
    crossed: bool


def _sides(long: Long, grouping: Grouping, judges: Sequence[str]) -> Iterator[Side]:
    there = {long.raters[place] for place in np.unique(long.rater).tolist()}
    groups = [Group(one.label, tuple(name for name in one.people if name in there)) for one in grouping.groups]
    for one in groups:
        others = tuple(name for other in groups if other.label != one.label for name in other.people)
        yield Side("dif", one.label, grouping.attribute, one.people, others, grouping.crossed)
        for judge in judges:
            yield Side("dif.judge", judge, one.label, (judge,), one.people, grouping.crossed)


def _rows(
    study: Study, part: Slice, long: Long, side: Side, boot: Bootstrap, margin: float, least_raters: int,
    least_items: int,
) -> Iterator[Estimate]:  # fmt: skip
    """Yield the rows of one comparison; a crossed group that is too small is left out."""
    rows = long.rows_of([*side.ones, *side.zeros])
    one = long.rows_of(side.ones)[rows].astype(float)
    group = side.ones if side.statistic == "dif" else side.zeros
    of_group = one > 0 if side.statistic == "dif" else one == 0
    n_items = len(np.unique(long.item[rows][of_group]))
    reason = ""
    if len(group) < least_raters:
        reason = f"not estimable: {len(group)} of the group's people rated here, {least_raters} are needed"
    elif n_items < least_items:
        reason = f"not estimable: {n_items} items that the group's people rated beside others, {least_items} are needed"
    elif side.statistic == "dif" and len(side.zeros) < least_raters:
        reason = f"not estimable: {len(side.zeros)} other people, {least_raters} are needed"
    elif len(np.unique(long.level[rows])) < 2:
        reason = "not estimable: only one label occurs"
    if reason and side.crossed:
        return
    names = ["dif", "dif.slope"] if side.statistic == "dif" else ["dif.judge"]
    for name in names:
        told = Found(np.nan, np.nan, np.nan) if reason else _found(part, long, rows, one, name)
        yield _row(study, part, long, side, rows, name, told, reason, boot, margin)


@dataclass(frozen=True)
class Found:
    """A log-odds, its standard error, its degrees of freedom, and a warning."""

    value: float
    se: float
    df: float
    note: str = ""
    fair: bool = True


def _found(part: Slice, long: Long, rows: NDArray[np.bool_], one: Array, name: str) -> Found:
    q = long.quality[rows]
    Z = np.column_stack([one, q, one * q] if name == "dif.slope" else [one, q])
    level = np.unique(long.level[rows], return_inverse=True)[1].astype(np.int64)
    fitted = proportional_odds(Z, level)
    place = len(fitted.parameters) - Z.shape[1] + (2 if name == "dif.slope" else 0)
    rater = np.unique(long.rater[rows], return_inverse=True)[1].astype(np.int64)
    item = np.unique(part.groups[long.item[rows]], return_inverse=True)[1].astype(np.int64)
    se, df = _error(fitted, place, rater, item, one, judged=name == "dif.judge")
    apart = float(q[one > 0].mean() - q[one == 0].mean())
    notes = ["" if fitted.converged else "the fit did not converge"]
    fair = abs(apart) <= FAR
    if not fair:
        notes.append(f"they rated other items ({apart:+.2f} SD of quality), which a noisy match makes a difference")
    return Found(float(fitted.parameters[place]), se, df, "; ".join(note for note in notes if note), fair)


def _error(
    fitted: Fitted, place: int, rater: NDArray[np.int64], item: NDArray[np.int64], one: Array, *, judged: bool
) -> tuple[float, float]:
    """Return the two-way standard error of a parameter and its degrees of freedom (Welch's, over raters).

    Items add none: degrees of freedom that grow where few people happen to agree flagged innocent judges in 10 %.
    Single ratings count with their rater and with their item, so once too often; a judge is no sample, and its ratings
    count with their items only.
    """
    by_rater = fitted.without(rater)[:, place]
    of_one = np.zeros(len(by_rater), dtype=bool)
    of_one[rater] = one > 0
    parts, spent = [], 0.0
    for side in (~of_one, *(() if judged else (of_one,))):
        n = int(side.sum())
        parts.append((n - 1) / n * float(np.sum(by_rater[side] ** 2)))
        spent += parts[-1] ** 2 / (n - 1)
    people = sum(parts)
    items = float(fitted.clustered(item)[place, place])
    alone = float(np.sum((fitted.at.scores @ fitted.covariance[place])[(one == 0) | (not judged)] ** 2))
    both = max(people + items - alone, people, items)
    return float(np.sqrt(both)), people**2 / spent if spent > 0 else 1e6


def _row(
    study: Study, part: Slice, long: Long, side: Side, rows: NDArray[np.bool_], name: str, found: Found, reason: str,
    boot: Bootstrap, margin: float,
) -> Estimate:  # fmt: skip
    from scipy.special import stdtr, stdtrit

    half = float(stdtrit(found.df, (1 + boot.conf_level) / 2)) * found.se if boot.n_boot else np.nan
    low, high = found.value - half, found.value + half
    p = 2 * float(stdtr(found.df, -abs(found.value) / found.se)) if found.se > 0 else np.nan
    answer: Answer3 | None = None
    if np.isfinite(half):
        within = -margin < low and high < margin
        answer = "no" if within else "yes" if found.fair and (low > 0 or high < 0) else "undecided"
    told = [SAID[name]]
    told += [f"{answer}: {WORDS[answer]} (margin {margin:g})"] if answer else []
    told += ["people and items are both a sample"]
    told += [f"proportional odds, jackknife over raters and items, t with df {found.df:.3g}"] if answer else []
    raters = [long.raters[place] for place in np.unique(long.rater[rows]).tolist()]
    notes = [reason, found.note, "" if reason or boot.n_boot else "no interval: n_boot=0"]
    return Estimate(
        statistic=name,
        criterion=part.criterion.key,
        subset=part.subset,
        a=side.a,
        b=side.b,
        value=number(found.value),
        low=number(low),
        high=number(high),
        conf_level=boot.conf_level if answer else None,
        margin=margin,
        verdict=answer,
        p=number(p),
        n_items=len(np.unique(long.item[rows])),
        n_raters=len(raters),
        n_ratings=int(rows.sum()),
        kind="simulated" if study.simulated(raters) else "",
        method="; ".join(told),
        seed=boot.seed,
        note="; ".join(text for text in notes if text),
    )
