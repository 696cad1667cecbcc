"""A rater who gives (nearly) always the same answer, where the others do not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.diagnose.finding import MOST_NAMED, Finding, Suspect
from judgekit.stats.diagnose.sheet import Sheet
from judgekit.stats.resample import Array

#: Fewest ratings, least share of one answer, and how much more given to it than the others a sound rater may be
#: (logits: a share of .5 becomes .82).
LEAST, NEARLY, LEANING = 10, 0.9, 1.5
#: The share of one answer that is expected where nobody else rated.
ALONE = 0.9
#: … and the least share of it that would not be remarkable, where nobody varies at all.
UNSEEN = 0.95
#: Correlation of answers within a group of items; on numbers, the spread (of the others') below which it is told, and
#: the spread that a sound rater may have.
WITHIN, FLAT, NARROW = 0.5, 0.05, 0.25


def constant(sheet: Sheet) -> Iterator[Suspect]:
    """Yield a test a rater: would one somewhat more given to this answer than the others depart from it so rarely?

    On levels the number of departures is binomial, with the others' share of the answer on the same items moved by 1.5
    logits; on numbers without levels the spread of the middle 80 % is held against a quarter of the others'.
    """
    size = len(sheet.items) / max(len(np.unique(sheet.groups)), 1)
    given = sheet.values[sheet.present]
    if len(given) and len(sheet.raters) > 1 and (given == given[0]).all():
        yield _everybody(sheet, float(given[0]), 1 + (size - 1) * WITHIN)
        return
    for column, name in enumerate(sheet.raters):
        here = sheet.present[:, column]
        mine = sheet.values[here, column]
        if len(mine) < LEAST:
            continue
        theirs = sheet.values[here][:, _reference(sheet, column)]
        theirs = theirs[np.isfinite(theirs)]
        thin = 1 + (size - 1) * WITHIN
        tested = _levels if sheet.criterion.codes else _numbers
        found = tested(sheet, mine, theirs, thin)
        if found is None:
            continue
        p, plain, said, numbers, odd = found
        yield Suspect(
            p,
            Finding(
                "constant",
                sheet.criterion.key,
                (name,),
                f"{name} {said} on '{sheet.criterion.key}' ({len(mine)} items): such answers say nothing about the "
                "items; check whether this rater read them, and leave the rater out of agreement if not.",
                "medium",
                items=tuple(map(str, sheet.items[here][odd][:5])),
                numbers={**numbers, "n_items": float(len(mine))},
            ),
            plain,
        )


def _everybody(sheet: Sheet, answer: float, thin: float) -> Suspect:
    """Return the test of a criterion on which nobody ever varies: might a level of 5 % have been missed by chance?"""
    n = int(sheet.present.any(axis=1).sum())
    return Suspect(
        float(UNSEEN ** (n / thin)),
        Finding(
            "constant",
            sheet.criterion.key,
            sheet.raters[:MOST_NAMED],
            f"Everybody answers '{sheet.criterion.label(answer)}' to all {n} items on '{sheet.criterion.key}': no "
            "agreement beyond chance can be computed there; check how the column was read, or choose other items.",
            "medium",
            numbers={"share": 1.0, "n_items": float(n)},
        ),
    )


_Found = tuple[float, bool, str, dict[str, float], NDArray[np.bool_]]


def _levels(sheet: Sheet, mine: Array, theirs: Array, thin: float) -> _Found | None:
    from scipy.special import betainc

    levels, counts = np.unique(mine, return_counts=True)
    top, n = float(levels[counts.argmax()]), len(mine)
    departures = n - int(counts.max())
    usual = float((theirs == top).sum() + 0.5) / (len(theirs) + 1) if len(theirs) else ALONE
    odds = usual / (1 - usual) * np.exp(LEANING)
    p = float(betainc((n - departures) / thin, departures / thin + 1, odds / (1 + odds)))
    said = f"answers '{sheet.criterion.label(top)}' " + (f"{n - departures} times in {n}" if departures else "always")
    said += f", as others do {usual:.0%} of the time," if len(theirs) else ""
    share = 1 - departures / n
    return p, share >= NEARLY and share > usual, said, {"share": share, "others": usual}, mine != top


def _numbers(sheet: Sheet, mine: Array, theirs: Array, thin: float) -> _Found | None:
    from scipy.special import fdtr

    if len(theirs) < LEAST:
        return None
    ours, wide = (float(np.subtract(*np.quantile(values, (0.9, 0.1)))) for values in (mine, theirs))
    if wide <= 0:
        return None
    ratio = ours / wide
    p = float(fdtr((len(mine) - 1) / thin, (len(theirs) - 1) / thin, (ratio / NARROW) ** 2))
    said = f"hardly varies (answers spread {ratio:.1%} as wide as those of others)" if ours else "does not vary"
    middle = float(np.median(mine))
    return p, ratio <= FLAT, said, {"spread": ratio}, np.abs(mine - middle) > ours


def _reference(sheet: Sheet, column: int) -> NDArray[np.bool_]:
    """Return who a rater is held against: other people, or where there are none the judges."""
    others = np.arange(len(sheet.raters)) != column
    known = others & ~sheet.judge
    return np.asarray(known if known.any() else others)
