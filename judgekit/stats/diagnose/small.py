"""A panel too small for what is to be said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from judgekit.errors import listed
from judgekit.stats.diagnose.finding import Finding
from judgekit.stats.diagnose.sheet import Sheet

if TYPE_CHECKING:
    from judgekit.study import Study

#: Under this many items in common an agreement of .5 is known to no better than ± .4.
LEAST = 15


def small(study: Study, sheets: Sequence[Sheet]) -> Iterator[Finding]:
    """Yield a finding a reason why a judge beside people, or people among themselves, cannot be told from these labels.

    The reasons are counts, not tests: no people, one person (no human ceiling), too few items in common.
    """
    told: dict[str, list[tuple[Sheet, float]]] = {}
    for sheet in sheets:
        reason, n = _reason(sheet)
        if reason:
            told.setdefault(reason, []).append((sheet, n))
    for reason, where in told.items():
        keys = [sheet.criterion.key for sheet, _ in where]
        every = len(keys) == len(study.task.criteria)
        least, most = min(n for _, n in where), max(n for _, n in where)
        span = f"{least:.0f}" if least == most else f"{least:.0f}–{most:.0f}"
        place = "On every criterion" if every and len(keys) > 1 else f"On {listed(keys)}"
        yield Finding(
            "small",
            keys[0] if len(keys) == 1 else "",
            (),
            f"{place} {reason.format(n=span)}.",
            "medium",
            numbers={"n": float(least)},
        )


def _reason(sheet: Sheet) -> tuple[str, float]:
    persons, judges = len(sheet.people), len(sheet.judges)
    there = sheet.present[:, sheet.people].sum(axis=1)
    if judges and not persons:
        return "no person rated: nothing can be said of judges beside people; collect labels of at least two people", 0
    if judges and persons == 1:
        return (
            "only {n} person rated: without a second one there is no human ceiling, and no judge can be said to stand "
            "in for people; collect a second person's labels of the same items"
        ), 1
    both = int((there >= 2).sum())
    if persons >= 2 and both < LEAST:
        return (
            f"only {{n}} items were rated by two people: their agreement is hardly known; have {LEAST} or more (better "
            "30 and up) rated twice"
        ), both
    if judges and persons:
        common = [int((sheet.present[:, judge] & (there > 0)).sum()) for judge in sheet.judges]
        if min(common) < LEAST:
            return (
                f"judges and people share only {{n}} items: too few for any claim; have {LEAST} or more (better 30 and "
                "up) rated by both"
            ), float(min(common))
    return "", 0
