"""A judge whose agreement with people is no better than chance, on items where others do agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from judgekit.stats.diagnose.finding import Finding, Suspect, sure
from judgekit.stats.diagnose.shared import CARRIED, Shared, below
from judgekit.stats.diagnose.sheet import Ints, Sheet
from judgekit.stats.resample import Array

if TYPE_CHECKING:
    from judgekit.study import Study

#: Fewest items, least agreement of the others, and the share of it that is tested.
LEAST, OTHERS, TESTED = 20, 0.2, 0.6
#: At chance is an agreement under a third of the others' that is not surely above 0, or is hardly so.
SHARE, HARDLY, SURELY = 1 / 3, 0.1, 0.01


def chance(study: Study, sheet: Sheet, seed: int) -> Iterator[Suspect]:
    """Yield a test a judge, pool and subset: does the judge agree with people under 60 % as well as others do?

    The others are people among themselves; where only one person rated, the other judges beside that person; where
    there are none, the same judge on all other items.
    """
    if not len(sheet.judges) or not len(sheet.people):
        return
    rows = study.items[study.items["variant"] == "original"]
    masks: list[tuple[str, np.ndarray]] = [("", np.ones(len(sheet.items), dtype=bool))]
    for stratum in study.task.strata:
        column = rows[stratum]
        levels = sorted(column.dropna().unique(), key=str)
        masks += [(f"{stratum}={level}", (column == level).to_numpy()) for level in levels]
    for subset, mask in masks:
        if mask.sum() >= LEAST:
            yield from _of_part(sheet, subset, mask, seed)


def _of_part(sheet: Sheet, subset: str, mask: np.ndarray, seed: int) -> Iterator[Suspect]:
    part = sheet.part(mask) if subset else sheet
    for pool in dict.fromkeys(part.pools[column] for column in part.people):
        people = np.array([c for c in part.people if part.pools[c] == pool], dtype=np.int64)
        for judge in part.judges:
            mine = Shared.of(part, np.array([judge]), people, seed)
            if mine.n < LEAST or mine.carried < CARRIED:
                continue
            usual, others = _usual(sheet, part, subset, mask, int(judge), people, mine, seed)
            if usual is None or not np.isfinite(usual).all():
                continue
            p, _ = below(mine.across - TESTED * usual)
            surely, above = below(-usual)[0], below(-mine.across)[0]
            if not np.isfinite(p):
                continue
            r, reached = float(mine.across[0]), float(usual[0])
            name = part.raters[judge]
            where = f"'{part.criterion.key}'" + (f" where {subset.replace('=', ' is ')}" if subset else "")
            yield Suspect(
                p,
                Finding(
                    "chance",
                    part.criterion.key,
                    (name,),
                    f"{name} agrees with {pool} on {where} hardly better than chance ({r:.2f}, {mine.n} "
                    f"items), while {others} {reached:.2f} (difference: {sure(p)}); look at these items, their order "
                    "and the prompt before using any of this judge's answers there.",
                    "high",
                    subset=subset,
                    items=tuple(map(str, part.items[:5])) if subset else (),
                    numbers={"r": r, "others": reached, "n_items": float(mine.n)},
                ),
                reached >= OTHERS and surely < SURELY and r < SHARE * reached and (r < HARDLY or not above < SURELY),
            )


def _usual(
    sheet: Sheet, part: Sheet, subset: str, mask: np.ndarray, judge: int, people: Ints, mine: Shared, seed: int
) -> tuple[Array | None, str]:
    """Return what agreement others reach (all items, then less each block), and who they are."""
    if np.isfinite(mine.people).all():
        return mine.people, "people agree with one another at"
    rest = np.array([other for other in part.judges if other != judge], dtype=np.int64)
    if len(rest):
        return Shared.of(part, rest, people, seed).across, "the other judges agree with them at"
    if subset and (~mask).sum() >= LEAST:
        elsewhere = Shared.of(sheet.part(~mask), np.array([judge]), people, seed)
        if elsewhere.n >= LEAST and elsewhere.carried >= CARRIED:
            # The other items are other blocks: their value is taken as known, which its own test has to allow.
            sure_of_it = below(-elsewhere.across)[0] < 0.01
            known = np.full_like(mine.across, elsewhere.across[0])
            return (known if sure_of_it else None), "on the other items it agrees at"
    return None, ""
