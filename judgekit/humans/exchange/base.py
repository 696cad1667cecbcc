"""What a format of labels must do, and what all formats share: names of units, words of levels, rows that fit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.schema import Criterion, Task
from judgekit.study import Study
from judgekit.tasks.faults import Faults
from judgekit.tasks.scales import NO_VALUE, number
from judgekit.tasks.sheet import Sheet

#: Between an item and its variant, in tools that know one id only.
APART = "::"
#: What a rater wrote in their own words.
OWN_WORDS = ("comment", "reason", "span")


@runtime_checkable
class Format(Protocol):
    """A tool's files of labels. Options of a format are the fields of its class, all with a default.

    ``holds`` says what such a file is about: labels (the usual case), or only the raters.
    """

    holds: ClassVar[Literal["labels", "raters"]]

    def write(self, study: Study, path: Path) -> Sequence[str]:
        """Write a study's labels to a path that is not there yet; return notes on what the format has no place for."""
        ...

    def read(self, path: Path, task: Task, found: Faults) -> Sheet:
        """Return a file as a long table (columns item, rater, value …, see ``Study.from_frame``), faults gathered.

        A format that holds raters returns one row a rater.
        """
        ...


def unit(item: str, variant: str) -> str:
    """Return one name for an item and its variant: the item's own for the original.

    >>> unit("a", "original"), unit("a", "swapped"), unit("a::b", "original")
    ('a', 'a::swapped', 'a::b::original')
    """
    if variant == "original" and APART not in item:
        return item
    if APART in variant or variant.startswith(APART[0]):
        raise InputError(f"the variant '{variant}' holds '{APART}'", fix="rename it, or export to the long form")
    return f"{item}{APART}{variant}"


def parted(name: str) -> tuple[str, str]:
    """Return the item and the variant of a unit's name.

    >>> parted("a"), parted("a::swapped"), parted("a::b::original")
    (('a', 'original'), ('a', 'swapped'), ('a::b', 'original'))
    """
    item, mark, variant = name.rpartition(APART)
    return (item, variant) if mark and item and variant else (name, "original")


def written(criterion: Criterion, value: float) -> str:
    """Return a value as its level's label, or as the code where a label could be misread (or there is none)."""
    label = next((level.label for level in criterion.levels if level.code == value), "")
    same = sum(level.label == label for level in criterion.levels)
    odd = label != label.strip() or not label or label in NO_VALUE or not math.isnan(number(label)) or same > 1
    return code(value) if odd else label


def code(value: float) -> str:
    """Return a number as text: whole ones without a point, all others exactly.

    >>> code(3.0), code(2.5)
    ('3', '2.5')
    """
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def starred(criterion: Criterion) -> bool:
    """Tell whether the levels are 1, 2, … K, which tools call a rating."""
    codes = criterion.codes
    return criterion.scale != "nominal" and len(codes) > 1 and codes == tuple(float(k + 1) for k in range(len(codes)))


def fitting(
    study: Study, *, reps: bool = False, failures: bool = False, aggregates: bool = False
) -> tuple[pd.DataFrame, list[str]]:
    """Return the ratings that a format has room for, in a fixed order, and notes on those it has not.

    Each kind of row is left out unless the format has room: repeated answers (``reps``), rows without a value
    (``failures``), raters that are a mean of people (``aggregates``).
    """
    rows, notes = ordered(study), []
    means = set(study.raters.loc[study.raters["aggregate"] != "none", "rater"])
    for keep, bad, what in (
        (reps, rows["rep"] > 0, "repeated answers"),
        (failures, rows["status"] != "ok", "rows without a value (skipped, refused …)"),
        (aggregates, rows["rater"].isin(means), "ratings of a mean of people"),
    ):
        if not keep and bad.any():
            rows = rows[~bad.reindex(rows.index)]
            notes.append(f"{int(bad.sum())} {what} have no place in this format and are left out")
    if rows.empty:
        raise InputError("no label is left that this format has a place for", fix="export to the long form")
    return rows.reset_index(drop=True), notes


def ordered(study: Study) -> pd.DataFrame:
    """Return the ratings in the order of items, raters, criteria and reps."""
    rows = study.ratings
    place = pd.MultiIndex.from_frame(study.items[["item", "variant"]])
    order = pd.DataFrame(
        {
            "unit": place.get_indexer(pd.MultiIndex.from_frame(rows[["item", "variant"]])),
            "rater": pd.Index(study.raters["rater"]).get_indexer(pd.Index(rows["rater"])),
            "criterion": pd.Index([c.key for c in study.task.criteria]).get_indexer(pd.Index(rows["criterion"])),
            "rep": rows["rep"].to_numpy(),
        }
    )
    return rows.iloc[order.sort_values(list(order.columns), kind="stable").index.to_numpy()].reset_index(drop=True)


def answers(study: Study, rows: pd.DataFrame) -> np.ndarray:
    """Return each row's value as a word (see ``written``); None where there is none."""
    asked = {criterion.key: criterion for criterion in study.task.criteria}
    known: dict[tuple[str, float], str] = {}
    words: list[str | None] = []
    for key, value in zip(rows["criterion"], rows["value"].astype(float), strict=True):
        if value != value:
            words.append(None)
            continue
        if (key, value) not in known:
            known[key, value] = written(asked[key], value)
        words.append(known[key, value])
    return np.array(words, dtype=object)


def records_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def grouped(rows: Iterable[dict[str, Any]], *names: str) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Return rows by what they have under these names, in order of first appearance."""
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return found


def filled_in(rows: Iterable[dict[str, Any]], name: str) -> list[Any]:
    """Return what rows have under a name, where they have anything."""
    return [row[name] for row in rows if filled(row.get(name)) is not None]


def units(rows: pd.DataFrame) -> list[str]:
    """Return each row's unit."""
    return [unit(str(item), str(variant)) for item, variant in zip(rows["item"], rows["variant"], strict=True)]


def lost_words(study: Study, kept: Iterable[str] = ()) -> list[str]:
    """Return a note on the raters' own words, where the format keeps only some of them."""
    lost = [
        name for name in OWN_WORDS if name not in kept and name in study.ratings and study.ratings[name].notna().any()
    ]
    return [f"the raters' {listed(lost)} have no place in this format and are left out"] if lost else []


def one_criterion(task: Task, named: str | None) -> Criterion:
    """Return the criterion that a file of a single question is about; InputError where that is left open."""
    keys = [criterion.key for criterion in task.criteria]
    if named is not None and named not in keys:
        raise InputError(
            f"the task has no criterion '{named}'", where="criterion", fix=f"choose one of: {listed(keys)}"
        )
    if named is None and len(keys) != 1:
        raise InputError(
            f"this format holds one criterion, the task has {len(keys)}",
            fix=f"set criterion= to one of: {listed(keys)}",
        )
    return task.criterion(named or keys[0])


def needs(sheet: Sheet, columns: Sequence[str], what: str) -> None:
    """Refuse a table without the columns that make it a file of this kind."""
    absent = [name for name in columns if name not in sheet.frame]
    if absent:
        raise InputError(
            f"no column {listed(absent)}: this is no {what} (it has: {listed(sheet.frame.columns, 12)})",
            where=sheet.where,
            fix="check the file, or choose another format",
        )


def filled(value: Any) -> str | None:
    """Return a cell as text, None where it is empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return None
    text = str(value).strip()
    return text or None
