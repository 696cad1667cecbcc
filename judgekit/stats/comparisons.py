"""Which comparisons a statistic is worth: those of pools, judges and aggregates, without single persons."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judgekit.stats.concordance import TauOfMany
from judgekit.stats.limits import Limits
from judgekit.stats.mean_squares import CompleteIcc
from judgekit.stats.pairings import Pairing, Slice, levels_of, pairings
from judgekit.stats.pairmeans import PairMeans
from judgekit.stats.prior import SINGLE, Prior
from judgekit.stats.resample import Array, Bootstrap, Interval, Job
from judgekit.stats.unbalanced import UnbalancedIcc

if TYPE_CHECKING:
    from judgekit.study import Study

Widened = PairMeans | CompleteIcc | UnbalancedIcc | TauOfMany | Limits
#: On a continuum there are no levels for pseudo-items; heavy tails then ask for Satterthwaite's df as they are.
CONTINUUM = Prior(mass=0.0, unanimous=0.0, spread=1.0)
#: Fewer items than this on a continuum earn a warning: where few of them are extreme, intervals cover about .90.
FEW_ITEMS = 60


def without_persons(study: Study, part: Slice) -> list[Pairing]:
    """Return the comparisons of no single person: pools, judges or aggregates with pools, judges, pools with pools."""
    pools = set(study.pools())
    persons = set(study.people()) - pools
    return [pairing for pairing in pairings(study, part) if not {pairing.a, pairing.b} & persons]


def smooth_intervals(
    part: Slice,
    X: Array,
    boot: Bootstrap,
    coefficient: Widened,
    width: int,
    levels: tuple[float, ...] | None = None,
) -> list[Interval]:
    """Return engine intervals: with pseudo-items of the declared levels, without any on a continuum.

    ``coefficient`` has width None and is given ``width`` (ratings of a pseudo-item) where pseudo-items are wanted;
    ``levels`` stand in for the declared ones. Where the ratings seen leave no width (perfect agreement), pseudo-items
    of the values seen give one; where that fails there is no interval.
    """
    codes = part.criterion.codes if levels is None else levels
    wide = coefficient if isinstance(coefficient, TauOfMany) else replace(coefficient, width=width)
    job = Job(wide, X, codes, SINGLE) if codes else Job(coefficient, X, (), CONTINUUM)
    found = boot.intervals(part.stream, part.groups, [job])
    if any(map(flat, found)) and job.coefficient is not wide:
        again = boot.intervals(part.stream, part.groups, [Job(wide, X, levels_of(part.criterion, X), SINGLE)])
        found = [new if flat(one) else one for one, new in zip(found, again, strict=True)]
    few = not job.codes and len(np.unique(part.groups[np.isfinite(X).any(axis=1)])) < FEW_ITEMS
    warning = f"fewer than {FEW_ITEMS} items and no declared levels: at heavy tails read the interval as 90 %"
    return [_withheld(one) if flat(one) else _noted(one, warning if few else "") for one in found]


def flat(found: Interval) -> bool:
    """Tell whether an interval has no width beyond rounding."""
    return bool(np.isfinite(found.value) and found.high - found.low <= 1e-10 * max(1.0, abs(found.value)))


def _noted(found: Interval, warning: str) -> Interval:
    return replace(found, note="; ".join(text for text in (found.note, warning) if text and np.isfinite(found.low)))


def _withheld(found: Interval) -> Interval:
    note = "; ".join(text for text in ("no interval: no variation between items", found.note) if text)
    return Interval(found.value, method=found.method, note=note)
