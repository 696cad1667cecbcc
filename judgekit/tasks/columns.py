"""The column map: which column of a user's file is what, and which of its raters are what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.tables import ITEMS, RATERS
from judgekit.tasks.cells import KNOWN
from judgekit.tasks.coded import word
from judgekit.tasks.faults import Faults
from judgekit.tasks.sheet import Sheet
from judgekit.tasks.wide import melt, rater_columns

ROLES = tuple(name for name in KNOWN if name != "digest")


@dataclass(frozen=True)
class Layout:
    """How a file is laid out.

    ``columns`` maps a role (item, rater, value …) to the file's column; a role that is not mapped is the column of
    that very name, if there is one. ``value`` may list several columns: one a criterion. ``wide`` names the rater
    columns of a table that has one column a rater, as in ``wide_to_long``.
    """

    columns: Mapping[str, Any]
    wide: str | Sequence[str] | None = None

    def __post_init__(self) -> None:
        unknown = [role for role in self.columns if role not in ROLES]
        if unknown:
            raise InputError(f"unknown role(s) in columns: {listed(unknown)}", fix=f"use: {listed(ROLES, 40)}")
        for role, column in self.columns.items():
            several = role == "value" and _is_names(column) and len(column) > 0
            if column is not None and not isinstance(column, str) and not several:
                what = "a column's name (value: or a list of them)"
                raise InputError(f"columns.{role} is {column!r}", fix=f"give {what}, or null")
        if self.wide is not None and not (isinstance(self.wide, str) or _is_names(self.wide)):
            raise InputError(
                f"wide is {self.wide!r}", fix="list the rater columns, or give a pattern such as 'rater_*'"
            )
        both = [role for role in ("rater", "value") if self.wide is not None and self.columns.get(role) is not None]
        if both:
            raise InputError(f"wide and columns.{both[0]} are both given", fix="use one of them")

    @property
    def criteria(self) -> tuple[str, ...]:
        """The columns that hold one criterion each, or none."""
        value = self.columns.get("value")
        return () if value is None or isinstance(value, str) else tuple(value)


def _is_names(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(name, str) for name in value)


def to_long(sheet: Sheet, layout: Layout, found: Faults) -> Sheet:
    """Return the table in long form under the roles' names, every row with the line of the file it came from."""
    frame = _renamed(sheet.frame, layout, sheet.where, found)
    if layout.wide is not None:
        meanings = rater_columns([name for name in frame.columns if name not in KNOWN], layout.wide)
    elif layout.criteria:
        meanings = {name: {"criterion": name} for name in layout.criteria}
    else:
        return replace(sheet, frame=frame)
    try:
        long = melt(frame, meanings)
    except InputError as error:
        raise InputError(str(error), where=sheet.where) from error
    columns = np.tile(np.array(list(meanings), dtype=object), len(frame))
    lines = sheet.lines[long.index.to_numpy()]
    return replace(sheet, frame=long.reset_index(drop=True), lines=lines, columns=columns)


def _renamed(frame: pd.DataFrame, layout: Layout, where: str, found: Faults) -> pd.DataFrame:
    given = {role: column for role, column in layout.columns.items() if isinstance(column, str)}
    absent = [name for name in [*given.values(), *layout.criteria] if name not in frame]
    if absent:
        fix = f"the columns are: {listed(frame.columns, 12)}"
        raise InputError(f"no column {listed(repr(name) for name in absent)}", where=where, fix=fix)
    used = set(given.values())
    pushed = [role for role in given if role in frame and role not in used]
    if pushed:
        found.notes.append(f"Columns left out, another being mapped to the same role: {listed(pushed)}.")
    rest = [name for name in frame.columns if name not in used and name not in given]
    return pd.DataFrame(
        {**{role: frame[column] for role, column in given.items()}, **{name: frame[name] for name in rest}},
        index=frame.index,
    )


def beside(
    kinds: Mapping[str, Sequence[str] | None],
    pools: Mapping[str, Sequence[str]] | None,
    aggregates: Mapping[str, str] | None,
    table: Sheet | None,
) -> pd.DataFrame | None:
    """Return what is said of raters beside the ratings: lists by kind, pools and aggregates, and a table of raters."""
    said: dict[str, dict[str, Any]] = {}
    if table is not None:
        for record in _keyed(table, "rater").to_dict("records"):
            said[str(record["rater"])] = {str(name): value for name, value in record.items()}
    pairs = [("kind", kind, name) for kind, names in kinds.items() for name in _names(names, kind)]
    pairs += [("pool", str(pool), name) for pool, names in (pools or {}).items() for name in _names(names, str(pool))]
    pairs += [("aggregate", str(how), str(name)) for name, how in (aggregates or {}).items()]
    for column, value, name in pairs:
        before = said.setdefault(name, {"rater": name}).get(column)
        if before is not None and before != value:
            raise InputError(f"rater '{name}' is given as {column} '{before}' and '{value}'", fix="say it once")
        said[name][column] = value
    odd = [how for how in (aggregates or {}).values() if how not in ("none", "mean", "median", "majority")]
    if odd:
        raise InputError(f"unknown aggregate {listed(odd)}", fix="use one of none, mean, median, majority")
    return pd.DataFrame(list(said.values()), dtype=object) if said else None


def _names(names: Any, whose: str) -> list[str]:
    if names is None:
        return []
    if not isinstance(names, Sequence) or isinstance(names, str):
        raise InputError(f"the raters of '{whose}' are no list: {names!r}", fix="list their names: [gpt4, claude]")
    return [str(word(name)) for name in names]


def _keyed(sheet: Sheet, key: str) -> pd.DataFrame:
    """Return a table with its key as text, each once."""
    frame = sheet.frame.copy()
    if key not in frame:
        raise InputError(f"no column '{key}' (there are: {listed(frame.columns)})", where=sheet.where, fix="name it so")
    frame[key] = pd.Series([word(value) for value in frame[key]], index=frame.index, dtype=object)
    variant = ["variant"] if key == "item" and "variant" in frame else []
    bad = (frame[key].isna() | frame.duplicated([key, *variant])).to_numpy()
    if bad.any():
        row = int(bad.argmax())
        problem = f"no {key}" if frame[key].isna().iloc[row] else f"{key} '{frame[key].iloc[row]}' stands twice"
        raise InputError(problem, where=f"{sheet.where}:{sheet.lines[row]}", fix=f"give each {key} one row")
    known = RATERS.columns if key == "rater" else ITEMS.columns
    for name in frame.columns:
        if name in known and name != key:
            cells = [word(value, verbatim=True) for value in frame[name]]
            frame[name] = pd.Series(cells, index=frame.index, dtype=object)
        elif frame[name].isna().all():
            frame = frame.drop(columns=name)
    return frame


def items_beside(sheet: Sheet, layout: Layout, found: Faults) -> pd.DataFrame:
    """Return a table of items given beside the ratings; the column map holds for it where it has such a column."""
    mine = {role: name for role, name in layout.columns.items() if role in ITEMS.columns and name in sheet.frame}
    frame = _renamed(sheet.frame, Layout(mine), sheet.where, found)
    items = _keyed(replace(sheet, frame=frame), "item")
    if "variant" not in items:
        items["variant"] = "original"
    items["variant"] = items["variant"].fillna("original")
    return items
