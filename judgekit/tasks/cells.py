"""Checks of the columns that a long table may have beside key and value: status, kind, texts, numbers, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from judgekit.errors import listed
from judgekit.schema import KINDS, STATUSES
from judgekit.tables import ITEMS, RATERS, RATINGS
from judgekit.tasks.coded import Coded, coded, strays
from judgekit.tasks.faults import Faults
from judgekit.tasks.keys import Keys
from judgekit.tasks.scales import NO_VALUE, Values, label_of, values_of
from judgekit.tasks.wanted import Wanted

NEEDED = ("item", "rater", "value")
#: Every column that a table of the study has a place for.
KNOWN = tuple(dict.fromkeys([*RATINGS.columns, *ITEMS.columns, *RATERS.columns]))
_APART = ("item", "rater", "criterion", "variant", "rep", "value", "confidence", "seconds", "digest")
_CLOSED: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "role": ("person", "judge"),
    "aggregate": ("none", "mean", "median", "majority"),
}
_JSON = {"candidates": list, "steps": list, "probs": dict}


def check_columns(frame: pd.DataFrame, found: Faults) -> bool:
    """Tell whether the frame has rows and each needed column once; say what is amiss."""
    names = list(frame.columns)
    doubled = sorted({name for name in names if names.count(name) > 1})
    absent = [name for name in NEEDED if name not in names]
    if doubled:
        found.whole(f"column(s) {listed(doubled)} stand twice", "rename one of them")
    if any("\ud800" <= char <= "\udfff" for name in names for char in name):
        found.whole("broken text in the name of a column", "write the file as UTF-8")
        return False
    if absent:
        found.whole(
            f"no column {listed(repr(name) for name in absent)} (there are: {listed(names, 12)})",
            "say which it is (" + ", ".join(f"columns.{name}=…" for name in absent) + "), or rename it",
        )
    elif frame.empty:
        found.whole("no rows", "give at least one rating")
    return not (doubled or absent or frame.empty)


def read_cells(frame: pd.DataFrame, keys: Keys, found: Faults) -> dict[str, Coded]:
    """Read the text columns that have a place in a table, and refuse what such a column cannot hold."""
    cells = {name: coded(frame[name], verbatim=name not in _CLOSED) for name in frame if name in KNOWN}
    cells = {name: cell for name, cell in cells.items() if name not in _APART}
    for name, allowed in _CLOSED.items():
        if name in cells:
            _closed(cells[name], name, allowed, found)
    for name, kind in _JSON.items():
        if name in cells:
            _json(cells[name], name, kind, found)
    shown = keys.shown()
    for name, cell in cells.items():
        if name in RATERS.columns:
            _constant(cell, name, keys.rater.codes, "rater", keys.rater, found)
        elif name in ITEMS.columns:
            _constant(cell, name, shown, "item", keys.item, found)
    for name, cell in {**keys.named(), **cells}.items():
        _writable(cell, name, found)
    return cells


def _closed(cell: Coded, name: str, allowed: tuple[str, ...], found: Faults) -> None:
    odd = ~cell.missing & ~cell.among(allowed)
    found.rows(odd, lambda row: f"unknown {name} '{cell.at(row)}'", f"use one of {listed(allowed)}")


def _constant(cell: Coded, name: str, groups: np.ndarray, whose: str, named: Coded, found: Faults) -> None:
    bad = strays(groups, int(groups.max(initial=0)) + 1, cell.codes)
    found.rows(bad, lambda row: f"{whose} '{named.at(row)}' had another {name} before", f"give it one {name}")


def _writable(cell: Coded, name: str, found: Faults) -> None:
    found.rows(cell.unwritable(), lambda _: f"broken text in '{name}' (half a surrogate pair)", "write it as UTF-8")


def _json(cell: Coded, name: str, kind: type, found: Faults) -> None:
    odd = ~cell.missing & ~cell.among([label for label in cell.labels if _is_json(label, kind)])
    what = "a JSON list of texts" if kind is list else "a JSON object {level: probability}"
    found.rows(odd, lambda _: f"'{name}' is not {what}", "correct or empty it")


def _is_json(text: str, kind: type) -> bool:
    value: Any
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if isinstance(value, dict) and kind is dict:
        return all(isinstance(share, int | float) and not isinstance(share, bool) for share in value.values())
    return kind is list and isinstance(value, list) and all(isinstance(part, str) for part in value)


def read_statuses(
    cells: Mapping[str, Coded], values: Values, wanted: Wanted, found: Faults
) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows have a value, and every row's status; refuse a value beside a failure, and the reverse."""
    empty_words = [text for text in NO_VALUE if text not in _declared_labels(wanted)]
    blank = values.words.missing | values.words.among(empty_words)
    told = cells.get("status", Coded(np.full(len(blank), -1), np.empty(0, dtype=object)))
    known = told.among(STATUSES)
    found.rows(~told.missing & ~known, lambda row: f"unknown status '{told.at(row)}'", f"use one of {listed(STATUSES)}")
    status = np.where(known, told.texts(), "ok").astype(object)
    found.rows(
        (status != "ok") & ~blank,
        lambda row: f"a value ('{values.words.at(row)}') beside the status '{told.at(row)}'",
        "empty the value, or set the status to ok",
    )
    empty = blank & (status == "ok") & (told.missing | known)
    if wanted.missing == "skipped":
        status[empty] = "skipped"
    elif wanted.missing == "error":
        fix = "fill it in, give the row a status (skipped, refused, …), or choose missing=skipped or missing=drop"
        found.rows(empty, lambda _: "no value", fix)
    return ~blank, status


def _declared_labels(wanted: Wanted) -> set[str]:
    if wanted.asked is not None:
        return {level.label for criterion in wanted.asked.criteria for level in criterion.levels}
    lists: list[Any] = list(wanted.levels.values()) if isinstance(wanted.levels, Mapping) else [wanted.levels]
    return {label_of(point) for points in lists if isinstance(points, Iterable) for point in points}


def read_numbers(frame: pd.DataFrame, found: Faults) -> dict[str, np.ndarray]:
    """Read confidence and seconds as floats, NaN where empty."""
    numbers = {}
    for name in ("confidence", "seconds"):
        if name in frame:
            cells = values_of(frame[name])
            _is_number(cells, name, found)
            numbers[name] = cells.number
    return numbers


def _is_number(cells: Values, name: str, found: Faults) -> None:
    bad = np.isnan(cells.number) & ~cells.words.missing & ~cells.words.among(NO_VALUE)
    found.rows(bad, lambda row: f"{name} '{cells.words.at(row)}' is no number", "correct or empty it")
