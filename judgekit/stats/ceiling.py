"""The human ceiling: is a judge as close to people as people are to one another?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.kappa import kappa_family
from judgekit.stats.pairings import Pairing, Slice, pairings, slices
from judgekit.stats.resample import Bootstrap, Interval
from judgekit.stats.rows import row

if TYPE_CHECKING:
    from judgekit.study import Study


@register("stats")
def ceiling(study: Study, *, boot: Bootstrap, margin: float = 0.1) -> Iterator[Estimate]:
    """Judge–people minus people–people weighted kappa on the same items, with a verdict against the margin."""
    for part in slices(study):
        chosen = _compared(study, part)
        if not chosen:
            continue
        sides = list(dict.fromkeys(side for both in chosen for side in both))
        minus = tuple((sides.index(judge), sides.index(people)) for judge, people in chosen)
        job, _ = kappa_family(part, sides, minus=minus)
        for (judge, people), found in zip(chosen, boot.intervals(part.stream, part.groups, [job]), strict=True):
            if len(people.raters) < 2:
                found = Interval(np.nan, note="no ceiling: one person only, two are needed")
            said = f"weighted kappa, judge-people minus people-people; within the ceiling if low >= -{margin:g}"
            answer = verdict(found, margin)
            yield row(study, "ceiling.weighted_kappa", part, judge, found, boot, said, margin=margin, verdict=answer)


def verdict(found: Interval, margin: float) -> Answer3:
    """Return yes (within the ceiling), no (below it) or undecided (too few labels to tell)."""
    if not (np.isfinite(found.value) and np.isfinite(found.low)):
        return "undecided"
    if found.low >= -margin:
        return "yes"
    return "no" if found.high < 0 else "undecided"


def _compared(study: Study, part: Slice) -> list[tuple[Pairing, Pairing]]:
    """Return each judge–pool comparison with the pool's own comparison."""
    every = pairings(study, part)
    pools = {p.a: p for p in every if p.left == p.right}
    judges = set(study.judges())
    return [(p, pools[p.b]) for p in every if p.a in judges and p.b in pools and p.left != p.right and len(p.left) == 1]
