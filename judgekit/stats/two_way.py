"""Intervals for raters in general: items and people are both a sample, judges are not.

The default interval takes the raters as they are. Here the people of a pool stand for others like them: how much a
value moves without each of them in turn (the jackknife over raters) is added to what the items leave open. Without one
of R people a coefficient estimates nearly what it did with R; with half of them, or with people drawn twice (who agree
with themselves), it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.stats.coefficient import Interval, Job, Refitted, is_direct
from judgekit.stats.prepared import Prepared, units
from judgekit.stats.prior import Array
from judgekit.stats.resample import Bootstrap

#: With fewer people of a pool than this there is no interval; with fewer than the second it carries a warning.
LEAST_RATERS, FEW_RATERS = 3, 8
#: More people of a pool than this are left out in so many groups, drawn at random.
MOST_GROUPS = 40
#: A value is on Fisher's scale as long as it lies inside of this.
INSIDE = 1 - 1e-9
#: Ratings whose features are made in one go.
CELLS = 2**20
SIZED = "no two-way interval: the value depends on how many people the panel has"
UNDEFINED = "no two-way interval: undefined, or so without one of the people"


@dataclass(frozen=True)
class Spread:
    """What the people leave open of one output: t × standard error, on Fisher's scale if ``to_one``."""

    half: float
    df: float
    raters: int
    to_one: bool

    def widened(self, items: Interval) -> tuple[float, float]:
        """Return limits from those of the items alone."""
        limits = np.array([items.value, items.low, items.high])
        v, low, high = _fisher(limits) if self.to_one else limits
        wide = np.array([v - np.hypot(v - low, self.half), v + np.hypot(high - v, self.half)])
        low, high = np.tanh(wide) if self.to_one else wide
        return min(float(low), items.low), max(float(high), items.high)


def two_way_intervals(
    boot: Bootstrap,
    stream: tuple[str, ...],
    groups: NDArray[np.int64],
    jobs: Sequence[Job],
    prepared: Sequence[Prepared],
    types: NDArray[np.int64] | None = None,
) -> list[Interval]:
    """Return one interval an output for the population of items and of people.

    With limits (l, u) of value v from the items alone, by the default rule, and v ± h from the people alone they are
    v - √((v - l)² + h²) and v + √((u - v)² + h²): Zou and Donner (2008), doi:10.1002/sim.3095. h is Student's t times
    the jackknife's standard error (Efron and Stein 1981, doi:10.1214/aos/1176345462), pools apart. All this happens on
    Fisher's scale (artanh) where identical ratings would give exactly 1, else on the value's own.
    """
    told = [job for job in jobs if job.people is not None]
    items = iter(replace(boot, interval="smoothed").intervals(stream, groups, told, types))
    found = []
    for job, ready in zip(jobs, prepared, strict=True):
        if job.people is None:
            found += [Interval(float(v), note=ready.undefined(q) or SIZED) for q, v in enumerate(ready.values)]
        else:
            found += [_both(next(items), spread, groups) for spread in spreads(boot, job, ready.values)]
    return found


def _both(items: Interval, people: Spread | str, groups: NDArray[np.int64]) -> Interval:
    """Return the interval for both samples; a reason in the place of the people means that there is none."""
    if isinstance(people, str):
        return Interval(items.value, note=people)
    if not people.raters or not np.isfinite(items.low):
        return items
    low, high = people.widened(items)
    few = f"only {people.raters} people: read the interval for raters in general with caution, or ask more"
    warned = people.df < FEW_RATERS - 1.5
    return replace(
        items,
        low=low,
        high=high,
        method=f"two-way over {units(groups)} and {people.raters} raters: {items.method}; jackknife over raters, "
        f"t with df {people.df:.3g}",
        note="; ".join(text for text in (items.note, few if warned else "") if text),
    )


def spreads(boot: Bootstrap, job: Job, values: Array) -> list[Spread | str]:
    """Return what the people leave open of each output of a job, or the reason why that cannot be told."""
    assert job.people is not None
    there = np.asarray(np.isfinite(job.X).any(axis=0))
    members = getattr(job.coefficient, "members", (tuple(range(job.X.shape[1])),))
    sized = getattr(job.coefficient, "sized", (False,) * len(members))
    left_out: dict[tuple[int, ...], Array] = {}
    perfect = _perfect(job)
    found: list[Spread | str] = []
    for q, columns in enumerate(members):
        people: dict[str, tuple[int, ...]] = {}
        for column in columns:
            if there[column] and job.people[column]:
                people[job.people[column]] = (*people.get(job.people[column], ()), column)
        few = [f"{len(mine)} of '{pool}'" for pool, mine in people.items() if len(mine) < LEAST_RATERS]
        if sized[q] and people:
            found.append(SIZED)
        elif few:
            found.append(f"no two-way interval: too few people to tell of others ({few[0]}; {LEAST_RATERS} are needed)")
        elif not np.isfinite(values[q]):
            found.append(UNDEFINED)
        else:
            for pool, mine in people.items():
                if mine not in left_out:
                    left_out[mine] = _without_each(boot, job, mine, pool)
            without = [left_out[mine][:, q] for mine in people.values()]
            found.append(
                _spread(
                    boot,
                    without,
                    sum(map(len, people.values())),
                    abs(float(perfect[q]) - 1) < 1e-9 and abs(float(values[q])) < INSIDE,
                )
            )
    return found


def _spread(boot: Bootstrap, without: list[Array], raters: int, to_one: bool) -> Spread | str:
    """Return t × standard error from the values without each of the people (groups of them), pool by pool."""
    from scipy.special import stdtrit

    if not all(np.isfinite(one).all() for one in without):
        return UNDEFINED
    to_one = to_one and all((np.abs(one) < INSIDE).all() for one in without)
    variance, spent = 0.0, 0.0
    for one in without:
        moved = _fisher(one) if to_one else one
        groups = len(moved)
        mine = (groups - 1) / groups * float(np.sum((moved - moved.mean()) ** 2))
        variance, spent = variance + mine, spent + mine**2 / (groups - 1)
    df = variance**2 / spent if spent > 0 else float(sum(len(one) - 1 for one in without))
    half = float(stdtrit(df, (1 + boot.conf_level) / 2)) * float(np.sqrt(variance)) if without else 0.0
    return Spread(half, df, raters, to_one)


def _without_each(boot: Bootstrap, job: Job, people: tuple[int, ...], pool: str) -> Array:
    """Return the values without each of the people of a pool, or each of some groups of them (groups × Q)."""
    parts = np.arange(len(people))
    if len(people) > MOST_GROUPS:
        order = seeds.rng(boot.seed, "groups of raters", pool, len(people)).permutation(len(people))
        parts = order % MOST_GROUPS
    found = []
    for part in range(int(parts.max()) + 1):
        X = job.X.copy()
        X[:, np.array(people)[parts == part]] = np.nan
        found.append(_values(job, X))
    return np.stack(found)


def _values(job: Job, X: Array) -> Array:
    """Return a job's values on other ratings of the same raters, some items at a time."""
    coefficient = job.coefficient
    if is_direct(coefficient):
        return coefficient.weighted(X, np.ones((1, len(X))))
    if isinstance(coefficient, Refitted):
        return np.atleast_1d(coefficient.refitted(X))
    step = max(1, CELLS // X.shape[1])
    sums = sum(coefficient.features(X[start : start + step]).sum(axis=0) for start in range(0, len(X), step))
    return np.atleast_1d(coefficient.point(np.asarray(sums)))


def _perfect(job: Job) -> Array:
    """Return a job's values if everybody said what the first rater of the item said."""
    there = np.isfinite(job.X)
    said = job.X[np.arange(len(job.X)), there.argmax(axis=1)]
    return _values(job, np.where(there, said[:, None], np.nan))


def _fisher(values: Array) -> Array:
    """Return the inverse hyperbolic tangent, infinite at ±1 and beyond."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.arctanh(np.clip(values, -1, 1)))
