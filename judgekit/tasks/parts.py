"""The items, raters and ratings that a long table holds, and where its further columns belong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from judgekit.errors import listed
from judgekit.schema import Criterion
from judgekit.tables import ITEMS, RATERS, RATINGS
from judgekit.tasks.cells import KNOWN
from judgekit.tasks.coded import Coded, coded, firsts, strays
from judgekit.tasks.faults import Faults
from judgekit.tasks.keys import Keys
from judgekit.tasks.scales import number
from judgekit.tasks.wanted import Wanted

#: A column with up to this many levels is a stratum whatever the number of items.
FEW_LEVELS = 20
#: No stratum that nobody asked for has more levels than this.
MOST_STRATUM_LEVELS = 100
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]")


@dataclass
class Extras:
    """Where further columns belong: to items (by item code) and to raters (by rater code); which of them are strata."""

    of_items: dict[str, Coded] = field(default_factory=dict)
    of_raters: dict[str, Coded] = field(default_factory=dict)
    strata: tuple[str, ...] = ()


def place_extras(frame: pd.DataFrame, keys: Keys, wanted: Wanted, found: Faults) -> Extras:
    """Put each further column where it is constant: within item, within rater, both, or nowhere (left out).

    Unless strata are named, an item column is a stratum if it tells items apart and has few levels: up to 20, or up to
    half as many as there are items (at most 100).
    """
    extras, left = Extras(), []
    named = _named_strata(wanted)
    n_items, n_raters = len(keys.item.labels), len(keys.rater.labels)
    for name in frame.columns:
        if name in KNOWN:
            continue
        cell = coded(frame[name])
        found.rows(cell.unwritable(), _broken(name), "write the file as UTF-8")
        off_item = strays(keys.item.codes, n_items, cell.codes)
        off_rater = strays(keys.rater.codes, n_raters, cell.codes)
        if name in (named or ()):
            found.rows(off_item, _another(name, keys), "a stratum has one level an item: correct it, or name another")
        if cell.missing.all() or (off_item.any() and off_rater.any()):
            left.append(name)
            continue
        if not off_item.any():
            extras.of_items[name] = Coded(firsts(keys.item.codes, n_items, cell.codes), cell.labels)
        if not off_rater.any():
            extras.of_raters[name] = Coded(firsts(keys.rater.codes, n_raters, cell.codes), cell.labels)
    if left:
        found.notes.append(f"Columns left out (empty, or constant within neither item nor rater): {listed(left)}.")
    _choose_strata(extras, named, wanted, found)
    return extras


def _broken(name: str) -> Callable[[int], str]:
    return lambda _: f"broken text in '{name}' (half a surrogate pair)"


def _another(name: str, keys: Keys) -> Callable[[int], str]:
    return lambda row: f"item '{keys.item.at(row)}' had another {name} before"


def _named_strata(wanted: Wanted) -> tuple[str, ...] | None:
    if wanted.strata is not None:
        return wanted.strata
    return wanted.task.strata or None if wanted.task is not None else None


def _choose_strata(extras: Extras, named: tuple[str, ...] | None, wanted: Wanted, found: Faults) -> None:
    columns = dict(extras.of_items)
    if wanted.items is not None:
        columns |= {name: coded(wanted.items[name]) for name in wanted.items.columns if name not in KNOWN}
    if named is None:
        extras.strata = tuple(name for name, cell in columns.items() if _is_stratum(cell))
        rest = [name for name in columns if name not in extras.strata]
        if rest:
            found.notes.append(f"Columns of the items that are no strata (one level, or too many): {listed(rest)}.")
        return
    extras.strata = tuple(named)
    absent = [name for name in named if name not in columns]
    if absent and not found.found:
        found.whole(
            f"no column for the strata {listed(absent)} (there are: {listed(columns)})",
            "name a column that is constant within item and not empty",
        )


def _is_stratum(cell: Coded) -> bool:
    levels = len(np.unique(cell.codes))  # an empty cell is a level of its own: flagged or not
    return 2 <= levels <= max(FEW_LEVELS, min(len(cell.codes) // 2, MOST_STRATUM_LEVELS))


def typed(cell: Coded, *, text: bool) -> np.ndarray:
    """Return a further column as text, or as numbers where every cell is one and none has a leading zero."""
    numbers = np.array([number(label) for label in cell.labels] + [np.nan])
    if text or np.isnan(numbers[:-1]).any() or any(_LEADING_ZERO.match(label) for label in cell.labels):
        return cell.texts()
    values = np.asarray(numbers[cell.codes])
    whole = not cell.missing.any() and bool((np.abs(values) < 2**53).all() and (values == np.floor(values)).all())
    return values.astype(np.int64) if whole else values


def items_table(keys: Keys, cells: Mapping[str, Coded], extras: Extras, wanted: Wanted, found: Faults) -> pd.DataFrame:
    """Return one row an (item, variant), in order of first appearance or as in the items table given beside it."""
    shown = keys.shown()
    first = np.unique(shown, return_index=True)[1]  # numbered in order of appearance
    item = keys.item.codes[first]
    columns: dict[str, object] = {"item": keys.item.texts()[first], "variant": keys.variant.texts()[first]}
    for name in ITEMS.columns:
        if name in cells:
            columns[name] = Coded(firsts(shown, len(first), cells[name].codes), cells[name].labels).texts()
    for name, cell in extras.of_items.items():
        columns[name] = typed(Coded(cell.codes[item], cell.labels), text=name in extras.strata)
    table = pd.DataFrame(columns)
    if wanted.items is None:
        return table
    key = ["item", "variant"]
    known = pd.MultiIndex.from_frame(wanted.items[key])
    absent = ~pd.MultiIndex.from_frame(table[key]).isin(known)
    if absent.any():
        found.rows(absent[shown], lambda row: f"item '{keys.item.at(row)}' is not in the items table", "add it there")
    mine = [name for name in table.columns if name in key or name not in wanted.items]
    merged = wanted.items.merge(table[mine], on=key, how="left")
    for name in merged.columns:
        if name not in KNOWN:
            merged[name] = pd.Series(typed(coded(merged[name]), text=name in extras.strata), index=merged.index)
    return merged


def raters_table(keys: Keys, cells: Mapping[str, Coded], extras: Extras, wanted: Wanted, found: Faults) -> pd.DataFrame:
    """Return one row a rater, in order of first appearance; what is said of raters beside the file fills it up."""
    n = len(keys.rater.labels)
    columns: dict[str, object] = {"rater": keys.rater.labels}
    for name in RATERS.columns:
        if name in cells:
            columns[name] = Coded(firsts(keys.rater.codes, n, cells[name].codes), cells[name].labels).texts()
    for name, cell in extras.of_raters.items():
        columns[name] = typed(cell, text=False)
    table = pd.DataFrame(columns)
    if wanted.raters is None:
        return table
    said = wanted.raters.set_index("rater").reindex(table["rater"])
    for name in said.columns:
        other = said[name].reset_index(drop=True)
        if name not in KNOWN:
            other = pd.Series(typed(coded(other), text=False))
        if name not in table:
            table[name] = other
            continue
        mine = table[name].astype(object)
        clash = mine.notna() & other.notna() & (mine.astype(str) != other.astype(str))
        if clash.any():
            rater = table["rater"][clash].iloc[0]
            found.whole(
                f"rater '{rater}': {name} '{mine[clash].iloc[0]}' in the file, '{other[clash].iloc[0]}' beside it",
                "say it in one place",
            )
        table[name] = mine.where(mine.notna(), other)
    return table


def ratings_table(
    keys: Keys,
    criteria: Mapping[str, Criterion],
    codes: np.ndarray,
    status: np.ndarray,
    cells: Mapping[str, Coded],
    numbers: Mapping[str, np.ndarray],
) -> pd.DataFrame:
    """Return one row a rating, in the order of the file."""
    named = np.array([criteria[str(label)].key for label in keys.criterion.labels], dtype=object)
    columns = {
        "item": keys.item.texts(),
        "variant": keys.variant.texts(),
        "criterion": named[keys.criterion.codes],
        "rater": keys.rater.texts(),
        "rep": keys.rep,
        "value": codes,
        "status": status,
        **{name: cells[name].texts() for name in ("probs", "reason", "shown", "call", "at") if name in cells},
        **numbers,
    }
    return pd.DataFrame({name: columns[name] for name in RATINGS.columns if name in columns})
