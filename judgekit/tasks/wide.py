"""From a wide table, one column a rater or one a criterion, to a long one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed

#: What a column of answers stands for, e.g. {"rater": "anna", "criterion": "warmth"}.
Meaning = Mapping[str, str]


def wide_to_long(frame: pd.DataFrame, *, item: str = "item", raters: str | Sequence[str]) -> pd.DataFrame:
    """Turn a frame with one column a rater into one with one row a rating; empty cells become no rows.

    ``raters`` lists the columns, or is a pattern: a glob (``rater_*``; the whole column name is the rater's) or a
    template with ``{rater}`` and, where columns differ by criterion too, ``{criterion}`` (``{criterion}__{rater}``).
    Other columns are kept. The result's index is the row of ``frame`` that each rating came from.
    """
    names = [str(name) for name in frame.columns]
    if item not in names:
        raise InputError(f"no column '{item}' (there are: {listed(names, 12)})", fix="say which column is the item")
    if isinstance(raters, Sequence) and item in raters and not isinstance(raters, str):
        raise InputError(f"column '{item}' is both item and rater", fix="take it out of the raters")
    meanings = rater_columns([name for name in names if name != item], raters)
    plain = frame.reset_index(drop=True).set_axis(names, axis=1)
    long = melt(plain.rename(columns={item: "item"}), meanings)
    return long[long["value"].notna() & (long["value"].astype(str).str.strip() != "")]


def rater_columns(names: Sequence[str], raters: str | Sequence[str]) -> dict[str, Meaning]:
    """Return the columns that hold answers, and which rater (and criterion) each stands for."""
    if not isinstance(raters, str):
        absent = [str(name) for name in raters if str(name) not in names]
        if absent or not raters:
            raise InputError(
                f"no column for the rater(s) {listed(absent)}" if absent else "no rater columns are named",
                fix=f"name columns of the table: {listed(names, 12)}",
            )
        return {str(name): {"rater": str(name)} for name in raters}
    if "{rater}" in raters:
        found = _by_template(names, raters)
    else:
        found = {name: {"rater": name} for name in names if fnmatchcase(name, raters)}
    if not found:
        raise InputError(f"no column matches '{raters}'", fix=f"the columns are: {listed(names, 12)}")
    return found


def _by_template(names: Sequence[str], template: str) -> dict[str, Meaning]:
    parts = re.split(r"(\{rater\}|\{criterion\})", template)
    places = [part for part in parts if part in ("{rater}", "{criterion}")]
    if len(set(places)) < len(places):
        raise InputError(f"'{template}' names a part twice", fix="use {rater} once and {criterion} at most once")
    patterns = [
        re.compile("".join(f"(?P<{part[1:-1]}>{many})" if part in places else re.escape(part) for part in parts))
        for many in (".+?", ".+")
    ]
    found: dict[str, Meaning] = {}
    for name in names:
        short, long = (pattern.fullmatch(name) for pattern in patterns)
        if short is None or long is None:
            continue
        if short.groupdict() != long.groupdict():
            raise InputError(
                f"column '{name}' fits '{template}' in more than one way",
                fix="rename the columns so that what stands between the parts occurs once, e.g. warmth__anna",
            )
        found[name] = short.groupdict()
    return found


def melt(frame: pd.DataFrame, meanings: Mapping[str, Meaning]) -> pd.DataFrame:
    """Return one row for every cell of the answer columns, row by row; the index is the row it came from.

    Empty cells are kept (value missing), so that an item or a rater with nothing but those can be seen.
    """
    columns = list(meanings)
    parts = sorted({part for meaning in meanings.values() for part in meaning})
    rest = [name for name in frame.columns if name not in columns]
    clash = [name for name in rest if name in (*parts, "value")]
    if clash:
        raise InputError(f"the table already has a column {listed(clash)}", fix="rename it, or use the long form")
    rows = np.repeat(np.arange(len(frame)), len(columns))
    block = frame[columns]
    types = pd.api.types
    words = any(types.is_bool_dtype(kind) or not types.is_numeric_dtype(kind) for kind in block.dtypes)
    cells = block.astype(object).to_numpy() if words else block.to_numpy(dtype=float, na_value=np.nan)
    long = frame[rest].iloc[rows].set_axis(rows, axis=0)
    for part in parts:
        names = np.array([meaning[part] for meaning in meanings.values()], dtype=object)
        long[part] = pd.Series(np.tile(names, len(frame)), index=rows, dtype=object)
    long["value"] = cells.ravel()
    return long
