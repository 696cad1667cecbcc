"""Judges beside pools of people: the comparisons that ask whether a judge may stand in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.schema import Criterion
from judgekit.stats.pairings import Pairing, Slice
from judgekit.stats.resample import Array

if TYPE_CHECKING:
    from judgekit.study import Study


def people_of(study: Study, part: Slice) -> dict[str, tuple[str, ...]]:
    """Return the people of each pool who rated anything in a slice; pools without any are left out."""
    pools = {pool: _answering(part, people) for pool, people in study.pools().items()}
    return {pool: people for pool, people in pools.items() if people}


def judges_with_pools(study: Study, part: Slice) -> list[Pairing]:
    """Return each judge with each pool of people, of those who rated anything in a slice."""
    pools, judges = people_of(study, part), _answering(part, study.judges())
    return [Pairing(judge, pool, (judge,), people) for judge in judges for pool, people in pools.items()]


def _answering(part: Slice, raters: Sequence[str]) -> tuple[str, ...]:
    some = np.any(part.answered(raters), axis=0).tolist()
    return tuple(rater for rater, there in zip(raters, some, strict=True) if there)


def clusters_of(part: Slice) -> NDArray[np.int64] | None:
    """Return the cluster of each item, or None where every item is one of its own."""
    return part.groups if len(part.groups) and part.groups.max() + 1 < len(part.groups) else None


def judge_and_people(part: Slice, pairing: Pairing) -> tuple[Array, Array]:
    """Return the judge's ratings (n) and the people's (n × J), NaN missing."""
    return part.matrix(list(pairing.left))[:, 0], part.matrix(list(pairing.right))


def level_name(criterion: Criterion, code: float) -> str:
    """Return a level's label as part of a statistic's name: lower case, no spaces or dots."""
    return "_".join(criterion.label(code).lower().replace(".", "_").split())
