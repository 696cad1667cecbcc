"""The long tables of a study: their columns, their keys, and the check that every table passes before it is used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.schema import KINDS, STATUSES, Criterion, Estimate, Item, Task


@dataclass(frozen=True)
class Table:
    """The contract of one table. ``columns`` maps a name to its kind: text, number or whole."""

    name: str
    key: tuple[str, ...]
    columns: dict[str, str]
    defaults: dict[str, Any]


ITEMS = Table(
    "items",
    ("item", "variant"),
    {
        "item": "text",
        "variant": "text",
        "group": "text",
        "text": "text",
        "context": "text",
        "candidates": "text",
        "steps": "text",
        "edge": "text",
        "expect": "text",
        "source": "text",
        "digest": "text",
    },
    {"variant": "original"},
)
RATERS = Table(
    "raters",
    ("rater",),
    {"rater": "text", "kind": "text", "role": "text", "pool": "text", "aggregate": "text"},
    {"kind": "human", "aggregate": "none"},
)
RATINGS = Table(
    "ratings",
    ("item", "variant", "criterion", "rater", "rep"),
    {
        "item": "text",
        "variant": "text",
        "criterion": "text",
        "rater": "text",
        "rep": "whole",
        "value": "number",
        "status": "text",
        "probs": "text",
        "confidence": "number",
        "reason": "text",
        "seconds": "number",
        "shown": "text",
        "call": "text",
        "at": "text",
    },
    {"variant": "original", "criterion": "value", "rep": 0, "status": "ok"},
)
#: Columns that a label study gives its raters: how they took part, which is no attribute of a person.
PART_TAKEN = ("arm", "reviewed", "excluded", "usd_per_hour", "usd_per_label")
ESTIMATE_COLUMNS = tuple(field.name for field in fields(Estimate))


def conform(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with every column of the table, in its order and type; other columns follow.

    Text columns are ``object`` with None where empty, so that pandas 2 and 3 behave alike.
    """
    columns: dict[str, Any] = {}
    for name, kind in table.columns.items():
        default = table.defaults.get(name)
        if name not in frame:
            column = pd.Series([default] * len(frame), index=frame.index, dtype=object)
        else:
            column = frame[name]
        columns[name] = _typed(column, kind, default)
    extra = [name for name in frame.columns if name not in table.columns]
    return pd.DataFrame({**columns, **{name: frame[name] for name in extra}}).reset_index(drop=True)


def _typed(column: pd.Series, kind: str, default: Any) -> pd.Series:
    if kind == "number":
        return pd.to_numeric(column, errors="raise").astype("float64")
    if kind == "whole":
        return pd.to_numeric(column, errors="raise").fillna(0 if default is None else default).astype("int64")
    filled = np.where(column.isna(), default, column.astype(object))
    if pd.api.types.infer_dtype(filled, skipna=True) not in ("string", "empty"):  # a million str() take a second
        filled = np.array([None if value is None else str(value) for value in filled], dtype=object)
    return pd.Series(filled, index=column.index, dtype=object)


def unique(table: Table, frame: pd.DataFrame, where: str) -> None:
    """Refuse a doubled key, naming the first row that repeats one (1-based, the header being row 1)."""
    doubled = frame.duplicated(list(table.key))
    if doubled.any():
        row = int(np.flatnonzero(doubled.to_numpy())[0])
        key = ", ".join(f"{name}={frame[name].iloc[row]}" for name in table.key)
        raise InputError(
            f"{int(doubled.sum())} doubled key(s), the first is {key}",
            where=f"{where}:{row + 2}",
            fix="keep one row a key, or number repeated answers in a 'rep' column",
        )


def check_items(frame: pd.DataFrame, task: Task, where: str = "items") -> pd.DataFrame:
    """Return checked items: unique keys, the task's strata present, digests filled in."""
    if frame.empty:
        raise InputError("no items", where=where, fix="give at least one row")
    items = conform(ITEMS, frame)
    unique(ITEMS, items, where)
    absent = [name for name in task.strata if name not in items]
    if absent:
        raise InputError(
            f"no column for the strata {listed(absent)}", where=where, fix="add them, or take them out of the task"
        )
    items["group"] = items["group"].where(items["group"].notna(), items["item"])
    items["digest"] = [item.digest for item in cases(items)]
    return items


def check_raters(frame: pd.DataFrame, where: str = "raters") -> pd.DataFrame:
    """Return checked raters: known kinds, a role each (judge for models, person for all others), a pool each."""
    raters = conform(RATERS, frame)
    unique(RATERS, raters, where)
    odd = ~raters["kind"].isin(KINDS)
    if odd.any():
        row = int(np.flatnonzero(odd.to_numpy())[0])
        raise InputError(
            f"unknown kind '{raters['kind'].iloc[row]}'", where=f"{where}:{row + 2}", fix=f"use one of {listed(KINDS)}"
        )
    role = np.where(raters["kind"].isin(["judge", "baseline"]), "judge", "person")
    raters["role"] = raters["role"].where(raters["role"].notna(), pd.Series(role, dtype=object))
    pool = np.where(raters["role"] == "judge", "judges", "people")
    raters["pool"] = raters["pool"].where(raters["pool"].notna(), pd.Series(pool, dtype=object))
    return raters


def check_ratings(
    frame: pd.DataFrame,
    task: Task,
    items: pd.DataFrame,
    raters: pd.DataFrame,
    where: str = "ratings",
) -> pd.DataFrame:
    """Return checked ratings: keys unique and known, every value a declared level, every failure without a value."""
    ratings = conform(RATINGS, frame)
    unique(RATINGS, ratings, where)
    _known(ratings, "criterion", [c.key for c in task.criteria], where, "add the criterion to the task")
    _known(ratings, "rater", raters["rater"], where, "add the rater to the raters table")
    _known(ratings, "item", items["item"], where, "add the item to the items table")
    _known(ratings, "status", STATUSES, where, f"use one of {listed(STATUSES)}")
    failed = ratings["status"] != "ok"
    _refuse(ratings, failed & ratings["value"].notna(), where, "a failed rating has a value", "empty the value")
    _refuse(ratings, ~failed & ratings["value"].isna(), where, "an ok rating has no value", "set status to skipped")
    means = set(raters.loc[raters["aggregate"] != "none", "rater"])
    aggregated = ratings["rater"].isin(means).to_numpy()
    for criterion in task.criteria:
        mine = (ratings["criterion"] == criterion.key).to_numpy() & ~failed.to_numpy()
        check_values(ratings, mine, aggregated, criterion, where)
    return ratings


def check_values(
    ratings: pd.DataFrame, mine: np.ndarray, aggregated: np.ndarray, criterion: Criterion, where: str
) -> None:
    """Refuse a value that is no declared level; an aggregate (a mean of people) may lie between the outer levels."""
    values = ratings["value"].to_numpy()
    bad = mine & ~np.isfinite(values)
    if criterion.codes:
        codes = np.asarray(criterion.codes)
        bad |= mine & ~aggregated & ~np.isin(values, codes)
        bad |= mine & aggregated & ((values < codes[0]) | (values > codes[-1]))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"unknown level {values[row]:g} for '{criterion.key}' (levels {criterion.span()})",
            where=f"{where}:{row + 2}",
            fix=f"{int(bad.sum())} such row(s): correct them, declare the level, or give them status unparsable",
        )


def _known(frame: pd.DataFrame, column: str, known: Any, where: str, fix: str) -> None:
    odd = ~frame[column].isin(list(known))
    _refuse(frame, odd, where, f"unknown {column}", fix, column)


def _refuse(frame: pd.DataFrame, bad: pd.Series, where: str, problem: str, fix: str, column: str | None = None) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad.to_numpy())[0])
        named = f" '{frame[column].iloc[row]}'" if column else f" ({frame['rater'].iloc[row]})"
        raise InputError(f"{problem}{named} ({int(bad.sum())} row(s))", where=f"{where}:{row + 2}", fix=fix)


def cases(items: pd.DataFrame) -> list[Item]:
    """Return the rows of an items table as what a rater is shown."""
    columns = [items[name].tolist() for name in ("item", "variant", "text", "context", "candidates", "steps")]
    return [
        Item(
            item=item,
            variant=variant,
            text=text or "",
            context=context,
            candidates=tuple(json.loads(candidates)) if candidates else (),
            steps=tuple(json.loads(steps)) if steps else (),
        )
        for item, variant, text, context, candidates, steps in zip(*columns, strict=True)
    ]


def estimates_frame(estimates: Sequence[Estimate]) -> pd.DataFrame:
    """Return estimates as the estimates table, one row each, in the order given."""
    frame = pd.DataFrame([estimate.row() for estimate in estimates], columns=list(ESTIMATE_COLUMNS))
    for name in ("value", "low", "high", "conf_level", "margin", "p", "q"):
        frame[name] = frame[name].astype("float64")
    frame["seed"] = frame["seed"].astype("Int64")
    return frame
