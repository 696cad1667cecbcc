"""From an interval to a row of estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judgekit.schema import Answer3, Estimate
from judgekit.stats.pairings import Pairing, Slice
from judgekit.stats.resample import Bootstrap, Interval

if TYPE_CHECKING:
    from judgekit.study import Study


def row(
    study: Study,
    statistic: str,
    part: Slice,
    pairing: Pairing,
    found: Interval,
    boot: Bootstrap,
    method: str = "",
    *,
    margin: float | None = None,
    verdict: Answer3 | None = None,
    note: str = "",
) -> Estimate:
    """Return the estimate of one pairing on one slice, with its counts and whether anybody in it is simulated.

    ``n_items`` counts items on which the pairing can be compared at all.
    """
    present = part.answered(pairing.raters)
    if pairing.left == pairing.right:
        used = present.sum(axis=1) >= 2
        lonely = "not estimable: one rater" if len(pairing.raters) < 2 else ""
    else:
        used = part.answered(pairing.left).any(axis=1) & part.answered(pairing.right).any(axis=1)
        lonely = ""
    reason = lonely or ("" if used.any() else "not estimable: no items in common")
    notes = [reason] if reason else [note, found.note]
    made = Estimate(
        statistic=statistic,
        criterion=part.criterion.key,
        subset=part.subset,
        a=pairing.a,
        b=pairing.b,
        value=None if reason else number(found.value),
        low=None if reason else number(found.low),
        high=None if reason else number(found.high),
        conf_level=boot.conf_level if np.isfinite(found.low) and not reason else None,
        margin=margin,
        verdict=verdict,
        n_items=int(used.sum()),
        n_raters=len(pairing.raters),
        n_ratings=int(present[used].sum()),
        kind="simulated" if study.simulated(pairing.raters) else "",
        method="; ".join(part for part in (method, found.method) if part),
        seed=boot.seed,
        note="; ".join(note for note in notes if note),
    )
    if boot.made is not None:
        boot.made(made, found, part, pairing)
    return made


def number(value: float) -> float | None:
    """Return a float, or None for NaN."""
    return float(value) if np.isfinite(value) else None


def confirmed(statistic: str, ours: float, theirs: float | None, what: str) -> None:
    """Refuse an estimate whose two routes differ by more than 1e-9."""
    if theirs is not None and np.isfinite(theirs) and not abs(ours - theirs) <= 1e-9:
        raise ArithmeticError(f"two routes to {statistic} ({what}) differ: judgekit {ours!r}, reference {theirs!r}")
