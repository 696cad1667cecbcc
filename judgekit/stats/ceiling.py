"""The human ceiling: is a judge as close to people as people are to one another?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.kappa import kappa_family
from judgekit.stats.pairings import Pairing, Slice, between_levels, by_missing, pairings, slices
from judgekit.stats.resample import Bootstrap, Interval
from judgekit.stats.rows import row

if TYPE_CHECKING:
    from judgekit.study import Study


@register("stats")
def ceiling(study: Study, *, boot: Bootstrap, margin: float = 0.1) -> Iterator[Estimate]:
    """Judge–people minus people–people weighted kappa on the items the judge answered, with a verdict."""
    said = f"weighted kappa, judge-people minus people-people; within the ceiling if low >= -{margin:g}"
    for part in slices(study):
        pools, judged = _compared(study, part)
        jobs, rows = [], []
        for same, judges in by_missing(part, judged):
            sides = [*judges, *dict.fromkeys(pools[judge.b] for judge in judges)]
            minus = tuple((number, sides.index(pools[judge.b])) for number, judge in enumerate(judges))
            jobs.append(kappa_family(same, sides, minus=minus)[0])
            rows += [(same, judge) for judge in judges]
        for (same, judge), found in zip(rows, boot.intervals(part.stream, part.groups, jobs), strict=True):
            if len(judge.right) < 2:
                found = Interval(np.nan, note="no ceiling: one person only, two are needed")
            answer = verdict(found, margin)
            yield row(study, "ceiling.weighted_kappa", same, judge, found, boot, said, margin=margin, verdict=answer)


def verdict(found: Interval, margin: float) -> Answer3:
    """Return yes (within the ceiling), no (below it) or undecided (too few labels to tell)."""
    if not (np.isfinite(found.value) and np.isfinite(found.low)):
        return "undecided"
    if found.low >= -margin:
        return "yes"
    return "no" if found.high < 0 else "undecided"


def _compared(study: Study, part: Slice) -> tuple[dict[str, Pairing], list[Pairing]]:
    """Return each pool's own comparison, and each judge's comparison with a pool."""
    every = [
        pairing
        for pairing in pairings(study, part)
        if part.criterion.scale != "nominal" or not between_levels(part.criterion, part.matrix(pairing.raters))
    ]
    pools = {pairing.a: pairing for pairing in every if pairing.left == pairing.right}
    judges = set(study.judges())
    alone = [pairing for pairing in every if pairing.a in judges and pairing.left == (pairing.a,)]
    return pools, [pairing for pairing in alone if pairing.b in pools and pairing.right == pools[pairing.b].left]
