"""What a person would want to be told before reading any number: a finding is a sentence with its evidence and fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from judgekit.stats.diagnose.apart import apart
from judgekit.stats.diagnose.chance import chance
from judgekit.stats.diagnose.constant import constant
from judgekit.stats.diagnose.copies import copies
from judgekit.stats.diagnose.duplicates import duplicates
from judgekit.stats.diagnose.finding import KINDS, Finding, Suspect, accept
from judgekit.stats.diagnose.outside import outside
from judgekit.stats.diagnose.polarity import polarity
from judgekit.stats.diagnose.sheet import Sheet, sheets
from judgekit.stats.diagnose.shift import shift
from judgekit.stats.diagnose.small import small

if TYPE_CHECKING:
    import pandas as pd

    from judgekit.study import Study

__all__ = ["KINDS", "Finding", "diagnose", "findings_frame"]

#: The most findings of one kind that are written out.
MOST = 25


def diagnose(study: Study, *, seed: int = 0) -> list[Finding]:
    """Return what is wrong, or looks wrong, with a study's ratings, gravest first; an empty list is good news.

    Each kind's tests over all criteria and raters are one family (Benjamini–Hochberg at 1 %). What a rater's inverted,
    shifted or constant answers explain is not told again as agreement at chance. ``seed`` names the blocks of items of
    the jackknife where a study has many. Uses first answers (rep 0) to original items; aggregates are no raters.
    """
    every = list(sheets(study))
    still = accept(one for sheet in every for one in constant(sheet))
    inverted = accept(one for sheet in every for one in polarity(_without(sheet, still), judges=False))
    sound = [_without(sheet, [*still, *inverted]) for sheet in every]
    inverted += accept(one for sheet in sound for one in polarity(sheet, judges=True))
    explained = [*still, *inverted]
    shifted = accept(one for sheet in every for one in shift(_without(sheet, explained)))
    explained += shifted
    copied = accept(one for sheet in every for one in copies(_without(sheet, still)))
    sound = [_without(sheet, explained) for sheet in every]
    divided = accept(one for sheet in sound for one in apart(sheet, seed))
    told = {(finding.criterion, rater) for finding in divided for rater in finding.raters}
    lost = accept(one for sheet in sound for one in chance(study, sheet, seed) if not _explained(one, told))
    lost = _whole_first(lost)
    certain = [*outside(study), *duplicates(study, every), *small(study, every)]
    found = [*inverted, *shifted, *copied, *still, *divided, *lost, *certain]
    return sorted(_capped(found), key=lambda one: one.rank)


def findings_frame(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return findings as a frame, one row each: the columns of ``Finding``, lists joined by commas."""
    import pandas as pd

    rows = []
    for one in findings:
        cells = one.as_dict()
        for name in ("raters", "items", "rows"):
            cells[name] = ", ".join(map(str, cells[name]))
        cells["numbers"] = ", ".join(f"{key}={value:.4g}" for key, value in one.numbers.items())
        rows.append(cells)
    return pd.DataFrame(rows, columns=list(Finding.columns()))


def _without(sheet: Sheet, findings: Sequence[Finding]) -> Sheet:
    named = {rater for one in findings if one.criterion == sheet.criterion.key for rater in one.raters}
    return sheet.drop(named) if named else sheet


def _explained(one: Suspect, told: set[tuple[str, str]]) -> bool:
    return (
        one.finding is not None
        and not one.finding.subset
        and all((one.finding.criterion, rater) in told for rater in one.finding.raters)
    )


def _whole_first(findings: Sequence[Finding]) -> list[Finding]:
    """Leave out what is said of part of the items where it is said of all, or of a second pool of people."""
    whole = {(one.criterion, one.raters) for one in findings if not one.subset}
    surest: dict[tuple[str, tuple[str, ...], str], Finding] = {}
    for one in sorted(findings, key=lambda one: one.p or 0.0):
        if not one.subset or (one.criterion, one.raters) not in whole:
            surest.setdefault((one.criterion, one.raters, one.subset), one)
    return [one for one in findings if surest.get((one.criterion, one.raters, one.subset)) is one]


def _capped(findings: Sequence[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for kind in KINDS:
        mine = [one for one in findings if one.kind == kind]
        kept += mine[:MOST]
        if len(mine) > MOST:
            more = len(mine) - MOST
            text = f"{more} further findings of the kind '{kind}' are not written out; mend these first."
            kept.append(Finding(kind, "", (), text, mine[-1].severity, numbers={"further": float(more)}))
    return kept
