"""Differences of any two coefficients on the same draws: what several jobs yield, subtracted from one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.coefficient import Coefficient, Direct, Family, Job, is_direct, is_family
from judgekit.stats.prior import DIFFERENCE, Array, Prior, PriorDraws

#: Without pseudo-items a difference takes Satterthwaite's degrees of freedom as they are, too.
BARE = Prior(mass=0.0, unanimous=0.0, spread=1.0)
#: The place of an output: which job's, and which of its outputs.
Place = tuple[int, int]


@dataclass(frozen=True)
class Side:
    """One job's coefficient and its own columns of the joint ratings: some of the leading ones, and all that follow."""

    coefficient: Coefficient | Family
    lead: tuple[int, ...]
    leads: int

    def of(self, X: Array) -> Array:
        """Return the side's own ratings."""
        return X if not self.leads else X[:, [*self.lead, *range(self.leads, X.shape[1])]]

    def features(self, X: Array) -> Array:
        """Return each item's features (n × F)."""
        return self.coefficient.features(self.of(X))

    def informs(self, X: Array, output: int) -> NDArray[np.bool_]:
        """Tell which items say anything of an output."""
        if is_family(self.coefficient):
            return np.asarray(self.coefficient.informs(self.of(X))[:, output])
        return np.asarray(np.any(self.features(X) != 0, axis=1))

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the weighted features of the joint pseudo-items for some replicates (b × F)."""
        own = replace(prior, rows=np.ascontiguousarray(self.of(prior.rows)))
        if is_family(self.coefficient):
            return self.coefficient.pseudo_sums(own, rows)
        return own.weights[rows] @ self.coefficient.features(own.rows)


@dataclass(frozen=True)
class Differences:
    """Outputs of some coefficients minus outputs of others (``outputs``), all from one joint table of ratings."""

    sides: tuple[Side, ...]
    outputs: tuple[tuple[Place, Place], ...]
    sizes: tuple[int, ...]
    columns: int
    width: int | None

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Every column may be behind every output."""
        return (tuple(range(self.columns)),) * len(self.outputs)

    def features(self, X: Array) -> Array:
        """Return the features of all coefficients, side by side."""
        return np.hstack([side.features(X) for side in self.sides])

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Tell which items say anything of either output (n × Q)."""
        each = [[self.sides[side].informs(X, q) for side, q in pair] for pair in self.outputs]
        return np.stack([one | other for one, other in each], axis=1)

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates."""
        return np.hstack([side.pseudo_sums(prior, rows) for side in self.sides])

    def point(self, S: Array) -> Array:
        """Return the differences of the estimates."""
        return self._minus(S, lambda side: side.coefficient.point)

    def population(self, S: Array) -> Array:
        """Return the differences of the parameters."""
        return self._minus(S, lambda side: side.coefficient.population)

    def _minus(self, S: Array, of: Callable[[Side], Callable[[Array], Array]]) -> Array:
        parts = np.split(S, np.cumsum(self.sizes)[:-1], axis=-1)
        made = [of(side)(part) for side, part in zip(self.sides, parts, strict=True)]
        each = [np.asarray(m if is_family(s.coefficient) else np.asarray(m)[..., None])
                for s, m in zip(self.sides, made, strict=True)]  # fmt: skip
        return np.stack([each[i][..., p] - each[j][..., q] for (i, p), (j, q) in self.outputs], axis=-1)


@dataclass(frozen=True)
class DirectDifference:
    """A coefficient of the ratings themselves on some columns, minus another on others."""

    first: tuple[Direct, tuple[int, ...]]
    second: tuple[Direct, tuple[int, ...]]
    width: None = None

    def weighted(self, X: Array, weights: Array) -> Array:
        """Return the difference under each row of weights."""
        one, other = (made.weighted(X[:, list(columns)], weights) for made, columns in (self.first, self.second))
        return np.asarray(one - other)


def jobs_of(sources: Sequence[tuple[Job, int]], pairs: Sequence[tuple[int, int]]) -> list[Job]:
    """Return the jobs whose outputs are, in order, sources[i] minus sources[j] for each pair (i, j).

    Pseudo-items are rows of all raters at once, so that what one side's coefficient says of them is paired with what
    the other's says. Jobs share the columns of people where they have the same ones.
    """
    jobs = list({id(job): job for job, _ in sources}.values())
    if any(is_direct(job.coefficient) for job in jobs):
        return [_direct(sources[i][0], sources[j][0]) for i, j in pairs]
    place = {id(job): number for number, job in enumerate(jobs)}
    X, leads, people = _joint(jobs)
    n = max((max(lead, default=-1) + 1 for lead in leads), default=0)
    sides = tuple(Side(_summing(job), lead, n) for job, lead in zip(jobs, leads, strict=True))
    outputs = tuple(tuple((place[id(sources[k][0])], sources[k][1]) for k in pair) for pair in pairs)
    codes = jobs[0].codes
    bare = not codes or any(not job.prior.mass or job.coefficient.width is None or job.codes != codes for job in jobs)
    rest = max((int(job.coefficient.width or 0) - len(lead) for job, lead in zip(jobs, leads, strict=True)), default=0)
    made = Differences(
        sides,
        tuple((one, other) for one, other in outputs),
        tuple(side.features(X[:1]).shape[1] for side in sides),
        X.shape[1],
        None if bare else n + max(0, rest),
    )
    return [Job(made, X, () if bare else codes, BARE if bare else DIFFERENCE, people)]


def _summing(job: Job) -> Coefficient | Family:
    assert not is_direct(job.coefficient)
    return job.coefficient


def _joint(jobs: Sequence[Job]) -> tuple[Array, list[tuple[int, ...]], tuple[str, ...] | None]:
    """Return the joint ratings, each job's leading columns of them, and the pools of the columns."""
    named = all(job.people is not None for job in jobs)
    first = jobs[0]
    if all(job.X is first.X for job in jobs):
        return first.X, [() for _ in jobs], first.people
    most = max(job.X.shape[1] for job in jobs)
    wide = [job.X.shape[1] == most for job in jobs]
    rest = jobs[wide.index(True)].X[:, 1:]
    shared = all(
        np.array_equal(job.X[:, w:], rest, equal_nan=True) for job, w in zip(jobs, map(int, wide), strict=True)
    )
    if rest.shape[1] and shared:
        X = np.column_stack([*(job.X[:, 0] for job, judge in zip(jobs, wide, strict=True) if judge), rest])
        leads = [tuple([sum(wide[:n])] * judge) for n, judge in enumerate(wide)]
        judges = tuple(job.people[0] for job, judge in zip(jobs, wide, strict=True) if judge and job.people)
        return X, leads, judges + (jobs[wide.index(True)].people or ())[1:] if named else None
    starts = np.cumsum([0, *(job.X.shape[1] for job in jobs)])
    leads = [tuple(range(a, b)) for a, b in pairwise(starts)]
    return np.hstack([job.X for job in jobs]), leads, None


def _direct(one: Job, other: Job) -> Job:
    assert is_direct(one.coefficient)
    assert is_direct(other.coefficient)
    k = one.X.shape[1]
    columns = tuple(range(k)), tuple(range(k, k + other.X.shape[1]))
    made = DirectDifference((one.coefficient, columns[0]), (other.coefficient, columns[1]))
    return Job(made, np.hstack([one.X, other.X]), (), BARE)
