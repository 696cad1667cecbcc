"""The same item twice, with different labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from judgekit.errors import listed
from judgekit.stats.diagnose.finding import MOST_NAMED, Finding
from judgekit.stats.diagnose.sheet import Sheet

if TYPE_CHECKING:
    from judgekit.study import Study

SHOWN = ("text", "context", "candidates", "steps")


def duplicates(study: Study, sheets: Sequence[Sheet]) -> Iterator[Finding]:
    """Yield a finding a criterion where items that show the same (case and spacing aside) were labelled differently."""
    rows = study.items[study.items["variant"] == "original"]
    copy = _numbered(rows)
    again = np.bincount(copy[copy >= 0], minlength=1) > 1
    doubled = (copy >= 0) & again[np.maximum(copy, 0)]
    if not doubled.any():
        return
    for sheet in sheets:
        values = sheet.values[doubled]
        low, high = (pd.DataFrame(values).groupby(copy[doubled]).agg(how).to_numpy() for how in ("min", "max"))
        self_apart = (low < high).any(axis=1)
        with np.errstate(invalid="ignore"):
            apart = _least(low) < _most(high)
            one = pd.DataFrame(values).groupby(copy[doubled]).count().to_numpy()
        # Two raters who differ on one item do so on its copy as well: only raters who changed their own answer, or
        # copies that have no rater in common, say that the copies were labelled differently.
        strangers = apart & (one.max(axis=1) <= 1)
        told = self_apart | strangers
        if not told.any():
            continue
        numbers = np.unique(copy[doubled])[told]
        names = [[str(item) for item in sheet.items[copy == number]] for number in numbers]
        raters = tuple(np.array(sheet.raters, dtype=object)[(low < high).any(axis=0)])
        groups = listed([" = ".join(group) for group in names], 3)
        who = f"the same rater changed the answer in {int(self_apart.sum())} of them" if self_apart.any() else ""
        yield Finding(
            "duplicates",
            sheet.criterion.key,
            raters[:MOST_NAMED],
            f"{len(again.nonzero()[0])} items stand in the table more than once, and {int(told.sum())} of them have "
            f"different labels on '{sheet.criterion.key}' ({groups}){'; ' + who if who else ''}; keep one of each, or "
            "number the repeated answers as reps of one item.",
            "medium",
            items=tuple(item for group in names for item in group)[:MOST_NAMED],
            numbers={"duplicated": float(again.sum()), "different": float(told.sum()), "own": float(self_apart.sum())},
        )


def _numbered(rows: pd.DataFrame) -> np.ndarray:
    """Return a number for what each item shows, -1 where nothing is shown (ratings without their texts)."""
    columns = [[" ".join(str(cell or "").casefold().split()) for cell in rows[name]] for name in SHOWN]
    whole = ["\x1f".join(cells) for cells in zip(*columns, strict=True)]
    number = pd.factorize(np.array(whole, dtype=object))[0].astype(np.int64)
    return np.where([not text.strip("\x1f") for text in whole], -1, number)


def _least(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(np.isfinite(values), values, np.inf).min(axis=1))


def _most(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(np.isfinite(values), values, -np.inf).max(axis=1))
