"""The key of a rating (item, variant, criterion, rater, rep), read from a long table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from judgekit.tasks.coded import Coded, coded, together
from judgekit.tasks.faults import Faults
from judgekit.tasks.scales import values_of

_DEFAULTS = {"item": "", "rater": "", "criterion": "value", "variant": "original"}


@dataclass(frozen=True)
class Keys:
    """The key columns as codes, one a row; a row without item, rater or criterion has a fault."""

    item: Coded
    rater: Coded
    criterion: Coded
    variant: Coded
    rep: np.ndarray

    def named(self) -> dict[str, Coded]:
        """Return the text columns of the key by name."""
        return {"item": self.item, "variant": self.variant, "criterion": self.criterion, "rater": self.rater}

    @property
    def whole(self) -> np.ndarray:
        """Which rows have item, rater and criterion."""
        return np.asarray(~(self.item.missing | self.rater.missing | self.criterion.missing), dtype=bool)

    def shown(self) -> np.ndarray:
        """Return the number of each row's (item, variant), in order of first appearance; -1 where there is no item."""
        numbers = np.full(len(self.rep), -1, dtype=np.int64)
        at = np.flatnonzero(~self.item.missing)
        numbers[at] = pd.factorize(together(self.item.codes[at], self.variant.codes[at]))[0]
        return numbers


def read_keys(frame: pd.DataFrame, found: Faults) -> Keys:
    """Read the key columns; variant and rep may be empty, the criterion column absent."""
    cells = {}
    for column, default in _DEFAULTS.items():
        cell = coded(frame[column]) if column in frame else Coded.constant(default, len(frame))
        if cell.missing.all() and default:
            cell = Coded.constant(default, len(frame))
        elif column == "variant":
            cell = coded(pd.Series([text or default for text in cell.texts()], dtype=object))
        _filled(cell, column, found)
        cells[column] = cell
    return Keys(**cells, rep=_reps(frame, found))


def _filled(cell: Coded, column: str, found: Faults) -> None:
    found.rows(cell.missing, lambda _: f"no {column}", "fill it in, or take the row out")


def _reps(frame: pd.DataFrame, found: Faults) -> np.ndarray:
    if "rep" not in frame:
        return np.zeros(len(frame), dtype=np.int64)
    cells = values_of(frame["rep"])
    empty = cells.words.missing
    ok = empty | ((cells.number >= 0) & (cells.number < 1e9) & (cells.number == np.floor(cells.number)))
    found.rows(~ok, lambda row: f"rep '{cells.words.at(row)}' is no whole number", "number repeated answers 0, 1, 2 …")
    return np.where(ok & ~empty, cells.number, 0).astype(np.int64)


def check_once(keys: Keys, asked: np.ndarray, found: Faults) -> None:
    """Refuse a key that stands twice among the rows that are ratings."""
    at = np.flatnonzero(asked & keys.whole)
    parts = [cell.codes[at] for cell in keys.named().values()]
    doubled = np.zeros(len(asked), dtype=bool)
    doubled[at] = pd.Series(together(*parts, keys.rep[at])).duplicated().to_numpy()

    def say(row: int) -> str:
        named = [f"{name}={cell.at(row)}" for name, cell in keys.named().items()]
        return f"doubled key {', '.join(named)}, rep={keys.rep[row]}"

    found.rows(doubled, say, "keep one row a key, or number repeated answers in a 'rep' column")


def check_raters(keys: Keys, asked: np.ndarray, others: list[str], found: Faults) -> None:
    """Refuse raters without a single rating, among those of the file and ``others`` that were named beside it."""
    rating = np.unique(keys.rater.codes[asked & ~keys.rater.missing])
    idle = [str(label) for label in np.delete(keys.rater.labels, rating)]
    idle += [name for name in others if name not in set(keys.rater.labels)]
    if idle:
        named = ", ".join(idle[:8]) + (" …" if len(idle) > 8 else "")
        found.whole(f"{len(idle)} rater(s) without ratings: {named}", "take them out, or check how they are spelt")
