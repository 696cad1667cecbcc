"""Who is compared with whom: people among themselves, a judge with people, judges with one another, single pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.schema import Criterion
from judgekit.stats.alike import number_types
from judgekit.stats.resample import Array

if TYPE_CHECKING:
    from judgekit.study import Study

#: A level of a stratum with fewer items than this is not estimated.
LEAST_ITEMS = 10
#: Up to this many raters every single pair gets a row of its own.
MOST_SINGLE = 12


@dataclass(frozen=True)
class Pairing:
    """Two sides of a comparison: raters ``left`` and ``right``, equal where people are compared among themselves."""

    a: str
    b: str
    left: tuple[str, ...]
    right: tuple[str, ...]

    @property
    def raters(self) -> list[str]:
        """Every rater that takes part, once."""
        return list(dict.fromkeys(self.left + self.right))

    def pairs(self) -> list[tuple[str, str]]:
        """The pairs of raters that are compared."""
        if self.left == self.right:
            return list(combinations(self.left, 2))
        return [(one, other) for one in self.left for other in self.right]


@dataclass(frozen=True)
class Slice:
    """The ratings of one criterion on one subset of items: ``values`` is items × raters, NaN missing."""

    criterion: Criterion
    subset: str
    values: Array
    raters: tuple[str, ...]
    groups: NDArray[np.int64]
    #: The pool of each person, and of each mean of people.
    pools: Mapping[str, str] = field(default_factory=dict)
    #: All ratings of these items where ``values`` holds a part of them only.
    whole: Array | None = None

    @property
    def stream(self) -> tuple[str, ...]:
        """The name of this slice's draws: the same for every rater and every statistic."""
        return self.criterion.key, self.subset

    @cached_property
    def column(self) -> dict[str, int]:
        """The column of each rater."""
        return {rater: number for number, rater in enumerate(self.raters)}

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Where there is a rating (items × raters)."""
        return np.isfinite(self.values)

    @cached_property
    def rated(self) -> frozenset[str]:
        """The raters who gave any rating here."""
        return frozenset(self.raters[column] for column in np.flatnonzero(self.present.any(axis=0)))

    @cached_property
    def types(self) -> NDArray[np.int64] | None:
        """A number for each item, the same where ratings are equal; None where they seldom are or items cluster."""
        if self.groups.max(initial=-1) + 1 < len(self.groups):
            return None
        ratings = self.values if self.whole is None else self.whole
        return number_types(ratings, self.criterion.codes, self.sampled(self.raters))

    def matrix(self, raters: Sequence[str]) -> Array:
        """Return the ratings of these raters: items × raters, NaN missing."""
        return self.values[:, [self.column[rater] for rater in raters]]

    def sampled(self, raters: Sequence[str]) -> tuple[str, ...]:
        """Return the pool that each of these raters is a sample of, "" of a judge."""
        return tuple(self.pools.get(rater, "") for rater in raters)

    def answered(self, raters: Sequence[str]) -> NDArray[np.bool_]:
        """Return where these raters answered (items × raters)."""
        return self.present[:, [self.column[rater] for rater in raters]]


def slices(study: Study) -> Iterator[Slice]:
    """Yield each criterion on all items and then on each level of each stratum that has enough items.

    They are made once a study, so that statistics share what a slice knows of itself.
    """
    yield from study.once("slices", lambda: list(_slices(study)))


def _slices(study: Study) -> Iterator[Slice]:
    subsets = [(name, mask) for name, mask in study.subsets() if name == "all" or mask.sum() >= LEAST_ITEMS]
    people = study.raters[study.raters["rater"].isin(study.people(aggregates=True))]
    pools = dict(zip(people["rater"], people["pool"].astype(str), strict=True))
    for criterion in study.task.criteria:
        matrix = study.matrix(criterion.key)
        values, raters = matrix.to_numpy(), tuple(str(rater) for rater in matrix.columns)
        for subset, mask in subsets:
            numbered = np.unique(study.clusters[mask], return_inverse=True)[1].astype(np.int64)
            yield Slice(criterion, subset, values[mask], raters, numbered, pools)


def pairings(study: Study, part: Slice) -> list[Pairing]:
    """Return the comparisons that a slice supports: raters without a rating there are left out."""
    rated = part.rated
    pools = {pool: tuple(r for r in raters if r in rated) for pool, raters in study.pools().items()}
    judges = [judge for judge in study.judges() if judge in rated]
    found = [Pairing(pool, pool, people, people) for pool, people in pools.items() if people]
    found += [Pairing(judge, pool, (judge,), people) for judge in judges for pool, people in pools.items() if people]
    found += [Pairing(one, other, (one,), (other,)) for one, other in combinations(judges, 2)]
    if part.subset != "all":
        return found
    found += [Pairing(p, q, pools[p], pools[q]) for p, q in combinations(pools, 2) if pools[p] and pools[q]]
    everyone = [rater for rater in part.raters if rater in rated]
    means = set(study.raters.loc[study.raters["aggregate"] != "none", "rater"])
    single = combinations(everyone, 2) if len(everyone) <= MOST_SINGLE else _with_means(everyone, means, judges, pools)
    known = {(pairing.a, pairing.b) for pairing in found}
    for one, other in single:
        if (one, other) not in known:
            found.append(Pairing(one, other, (one,), (other,)))
    return found


def _with_means(
    everyone: list[str], means: set[str], judges: list[str], pools: dict[str, tuple[str, ...]]
) -> Iterator[tuple[str, str]]:
    """With many raters: aggregates (no persons, so in no pool) still meet each judge and the people of small pools."""
    others = judges + [rater for people in pools.values() if len(people) <= MOST_SINGLE for rater in people]
    small = [rater for rater in everyone if rater in others or rater in means]
    if len(small) <= MOST_SINGLE:
        yield from combinations(small, 2)
    else:
        yield from ((mean, judge) for mean in everyone if mean in means for judge in judges)


def by_missing(part: Slice, pairings: Sequence[Pairing]) -> Iterator[tuple[Slice, list[Pairing]]]:
    """Yield the comparisons of judges who rated the same items, with everybody's ratings of those items alone."""
    alike: dict[bytes, list[Pairing]] = {}
    for pairing in pairings:
        alike.setdefault(part.answered(pairing.left).tobytes(), []).append(pairing)
    for group in alike.values():
        judged = part.answered(group[0].left)
        whole = part.values if part.whole is None else part.whole
        alone = np.where(judged, part.values, np.nan)
        yield part if judged.all() else replace(part, values=alone, whole=whole), group


def levels_of(criterion: Criterion, X: Array) -> tuple[float, ...]:
    """Return the declared levels, or the values seen where none are declared."""
    return criterion.codes or seen_values(X)


def seen_values(X: Array) -> tuple[float, ...]:
    """Return the distinct values seen, low to high."""
    return tuple(float(value) for value in np.unique(X[np.isfinite(X)]))


def between_levels(criterion: Criterion, X: Array) -> bool:
    """Tell whether any value lies between the declared levels (a mean of people)."""
    return bool(criterion.codes) and not bool(np.isin(X[np.isfinite(X)], criterion.codes).all())
