"""A judge beside a panel of people, item by item: on which items its answer is the panel's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import InputError, listed
from judgekit.schema import Criterion
from judgekit.stats.accuracy import failures, rule_of
from judgekit.stats.consensus import consensus
from judgekit.stats.pairings import Pairing, Slice, levels_of, slices
from judgekit.stats.resample import Array
from judgekit.stats.versus import judges_with_pools

if TYPE_CHECKING:
    from judgekit.study import Study

#: With more distinct values than this and no declared levels, agreement is a distance from the panel's mean.
MOST_LEVELS = 50
#: All people as one panel, whatever their pools.
EVERYONE = "everyone"


@dataclass(frozen=True)
class Judged:
    """One judge beside one pool on the n items of a criterion.

    ``answers`` are the judge's (n, NaN where it gave none), ``people`` those of the pool (n × persons, NaN missing),
    ``failed`` is where the judge was asked and gave no valid answer (refused, unparsable, error).
    """

    part: Slice
    judge: str
    pool: str
    answers: Array
    people: Array
    failed: NDArray[np.bool_]
    within: float = 0.0

    @property
    def criterion(self) -> Criterion:
        """What was asked."""
        return self.part.criterion

    @cached_property
    def agreed(self) -> Array:
        """How far each answer is the panel's word (n, 0 to 1, NaN where judge or panel is silent): ``agreement``."""
        return agreement(self.answers, self.people, self.criterion, self.within)

    @property
    def loss(self) -> Array:
        """Return 1 - ``agreed``, and 1 where the judge failed on an item that people rated; else NaN."""
        rated = np.isfinite(self.people).any(axis=1)
        return np.where(np.isfinite(self.agreed), 1 - self.agreed, np.where(self.failed & rated, 1.0, np.nan))

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Where judge and panel both answered."""
        return np.isfinite(self.agreed)

    @property
    def binary(self) -> bool:
        """Whether no panel is tied: an answer is the panel's word or it is not."""
        seen = self.agreed[self.known]
        return bool(np.isin(seen, (0.0, 1.0)).all())

    @property
    def said(self) -> str:
        """Say what counts as agreement."""
        rule = rule_of(self.criterion)
        near = f", within {self.within:g}" if self.within else ""
        return f"agreement with the {rule} of {self.pool}{near}"

    @property
    def word(self) -> Array:
        """Return the panel's mean value of each item (n, NaN where nobody rated)."""
        n = np.isfinite(self.people).sum(axis=1)
        total = np.where(np.isfinite(self.people), self.people, 0.0).sum(axis=1)
        return np.where(n > 0, total / np.maximum(n, 1), np.nan)

    def raters(self, study: Study) -> list[str]:
        """Return the judge and the people behind the panel's word."""
        return [self.judge, *members(study, self.pool)]


def judged(study: Study, *, pool: str | None = None, within: float = 0.0) -> Iterator[Judged]:
    """Yield each judge with each pool (or ``pool`` alone, ``everyone``: all people as one) on all items of a criterion.

    ``within`` is how far an answer may lie from the panel's level and still agree, in the scale's units.
    """
    check_pool(study, pool)
    if within < 0:
        raise InputError(f"within must be 0 or more, not {within:g}", fix="give a distance in the scale's units")
    for part in slices(study):
        if part.subset != "all":
            continue
        pairings = judges_with_pools(study, part)
        if pool == EVERYONE and pool not in study.pools():
            judges = dict.fromkeys(pairing.a for pairing in pairings)
            pairings = [Pairing(judge, pool, (judge,), tuple(study.people())) for judge in judges]
        for pairing in pairings:
            if pool is None or pairing.b == pool:
                yield of_pairing(study, part, pairing, within)


def members(study: Study, pool: str) -> list[str]:
    """Return the people of a pool, or of all pools together."""
    pools = study.pools()
    return study.people() if pool == EVERYONE and pool not in pools else pools[pool]


def check_pool(study: Study, pool: str | None) -> None:
    """Refuse a pool that the study does not have."""
    if pool is not None and pool not in (*study.pools(), EVERYONE):
        raise InputError(f"no pool is called '{pool}'", fix=f"there are: {listed([*study.pools(), EVERYONE])}")


def of_pairing(study: Study, part: Slice, pairing: Pairing, within: float = 0.0) -> Judged:
    """Return one judge beside one pool."""
    answers, people = part.matrix(list(pairing.left))[:, 0], part.matrix(list(pairing.right))
    failed = failures(study, part, pairing.a)
    return Judged(part, pairing.a, pairing.b, answers, people, failed, within)


def agreement(answers: Array, people: Array, criterion: Criterion, within: float = 0.0) -> Array:
    """Return how far each answer (n) is the word of the people (n × persons) beside it: 0 to 1, NaN where unknown.

    The word is the majority (nominal), the level nearest to the median (ordinal) or to the mean (interval, ratio);
    levels that are equally good share the item. Without declared levels it is the mean itself, to within ``within``.
    """
    there = np.isfinite(people).any(axis=1) & np.isfinite(answers)
    codes = levels_of(criterion, people)
    if not codes:
        return np.full(len(answers), np.nan)
    if not criterion.codes and len(codes) > MOST_LEVELS:
        if not within:
            raise InputError(
                f"'{criterion.key}' has no declared levels to agree on", fix="say with within=… how near is near enough"
            )
        counted = np.isfinite(people).sum(axis=1)
        word = np.where(np.isfinite(people), people, 0.0).sum(axis=1) / np.maximum(counted, 1)
        return np.where(there, (np.abs(answers - word) <= within).astype(float), np.nan)
    counted = np.stack([np.equal(people, code).sum(axis=1) for code in codes], axis=1).astype(float)
    weights = consensus(counted, codes, rule_of(criterion), "split")
    near = np.abs(answers[:, None] - np.asarray(codes)) <= within + 1e-12
    return np.where(there, np.sum(weights * near, axis=1), np.nan)


def person_agreement(people: Array, criterion: Criterion, within: float = 0.0) -> Array:
    """Return how far a person's answer is the word of the others on each item (n), mean over its people; NaN alone."""
    total, times = np.zeros(len(people)), np.zeros(len(people))
    for column in range(people.shape[1]):
        others = np.delete(people, column, axis=1)
        if others.shape[1]:
            one = agreement(people[:, column], others, criterion, within)
            known = np.isfinite(one)
            total[known] += one[known]
            times += known
    return np.where(times > 0, total / np.maximum(times, 1), np.nan)


def one_a_cluster(part: Slice, known: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Keep one known item of each cluster, chosen at random: a test that counts items as independent may use these."""
    order = rng.permutation(np.flatnonzero(known))
    first = np.unique(part.groups[order], return_index=True)[1]
    kept = np.zeros(len(known), dtype=bool)
    kept[order[first]] = True
    return kept


def clustered(part: Slice) -> bool:
    """Tell whether items come in clusters."""
    return bool(len(part.groups)) and int(part.groups.max()) + 1 < len(part.groups)
