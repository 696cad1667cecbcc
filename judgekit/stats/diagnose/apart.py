"""Judges who agree with one another but not with people."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from judgekit.stats.diagnose.finding import Finding, Suspect, sure
from judgekit.stats.diagnose.shared import CARRIED, Shared, below
from judgekit.stats.diagnose.sheet import Sheet
from judgekit.stats.resample import Array

#: Least agreement of judges with one another; the share of what judges and people could share that is tested, and the
#: one below which it is told. Where people cannot be compared with one another, the shares of judges' own agreement.
LEAST, COULD, TOLD = 0.3, 0.9, 0.6
COULD_ALONE, TOLD_ALONE = 0.4, 0.25


def apart(sheet: Sheet, seed: int) -> Iterator[Suspect]:
    """Yield a test a pool of people: is what judges share with people less than what each side shares within itself?

    Were judges and people to see the same thing, each with noise of its own, the correlation of a judge with a person
    would be √(judge–judge × person–person) (Spearman 1904, doi:10.2307/1412159). The test is of nine tenths of that.
    """
    judges = sheet.judges
    if len(judges) < 2:
        return
    for pool in dict.fromkeys(sheet.pools[column] for column in sheet.people):
        people = np.array([c for c in sheet.people if sheet.pools[c] == pool], dtype=np.int64)
        shared = Shared.agreed(sheet, judges, people, seed)
        alone = not np.isfinite(shared.people[0])
        possible = _possible(shared, alone)
        with np.errstate(invalid="ignore"):
            p, _ = below(shared.across - (COULD_ALONE if alone else COULD) * possible)
        surely = below(-shared.judges)[0]
        if not np.isfinite(p):
            continue
        jj, pp, jp = float(shared.judges[0]), float(shared.people[0]), float(shared.across[0])
        ratio = jp / float(possible[0])
        plain = jj >= LEAST and surely < 0.01 and shared.carried >= CARRIED and jj > jp
        plain &= ratio < (TOLD_ALONE if alone else TOLD)
        names = tuple(sheet.raters[column] for column in judges)
        among = "" if alone else f"; they among themselves {pp:.2f}"
        most = "" if alone else f", {max(ratio, 0):.0%} of what these would allow"
        yield Suspect(
            p,
            Finding(
                "apart",
                sheet.criterion.key,
                names,
                f"On '{sheet.criterion.key}' the {len(judges)} judges agree with one another ({jj:.2f}) but much less "
                f"with {pool} ({jp:.2f}{among}){most} ({sure(p)}): judges share a reading of the question that people "
                "do not; sharpen its wording and anchors, and do not take the judges' agreement for accuracy.",
                "medium",
                numbers={"judges": jj, "judge_person": jp, "ratio": ratio, "n_items": float(shared.n),
                         **({} if alone else {"people": pp})},
            ),
            bool(plain),
        )  # fmt: skip


def _possible(shared: Shared, alone: bool) -> Array:
    if alone:
        return shared.judges
    within = np.maximum(shared.people, 0) * np.maximum(shared.judges, 0)
    return np.asarray(np.where(within > 0, np.sqrt(within), np.nan))
