"""The tasks that ship with the package: items written for it, without ratings."""

from __future__ import annotations

import json
from typing import Any, get_args

import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.paths import shipped
from judgekit.registry import register
from judgekit.schema import Direction, Task
from judgekit.study import Study
from judgekit.tables import ITEMS, RATERS, RATINGS
from judgekit.tasks.read import read
from judgekit.tasks.sheet import Sheet


@register("source", "bundled")
def bundled(task: Task, *, name: str) -> Study:
    """Read the items of a task that ships with the package; it has no raters and no ratings yet.

    ``edge`` becomes text joined with ``;``, ``expect`` and ``aim`` become JSON text.
    """
    file = shipped("data/bundled") / name / "items.jsonl"
    if not file.is_file():
        known = sorted(path.parent.name for path in shipped("data/bundled").glob("*/items.jsonl"))
        raise InputError(f"no task called '{name}' is bundled", fix=f"choose one of: {listed(known)}")
    sheet = read(file)
    _check(sheet, task)
    frame = sheet.frame
    frame["edge"] = [";".join(tags) if tags else None for tags in _column(frame, "edge")]
    for column in ("expect", "aim"):
        values = [_json(value) for value in _column(frame, column)]
        frame[column] = pd.Series(values, dtype=object)
    frame["source"] = f"bundled:{name}"
    ratings = pd.DataFrame({column: pd.Series(dtype=object) for column in RATINGS.key})
    raters = pd.DataFrame({column: pd.Series(dtype=object) for column in RATERS.key})
    return Study.build(task, frame, raters, ratings, where=sheet.where)


def _column(frame: pd.DataFrame, name: str) -> list[Any]:
    return list(frame[name]) if name in frame else [None] * len(frame)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _check(sheet: Sheet, task: Task) -> None:
    """Refuse items that say something impossible about one another."""
    items = _column(sheet.frame, "item")
    criteria = {criterion.key for criterion in task.criteria}
    known = {name for name, kind in ITEMS.columns.items() if kind == "text"}
    for row, record in enumerate(sheet.frame.to_dict("records")):
        where = f"{sheet.where}:{sheet.lines[row]}"
        if not all(isinstance(record.get(name), str) and record[name] for name in ("item", "text")):
            raise InputError("an item without 'item' or 'text'", where=where, fix="give both")
        if record["item"] in items[:row]:
            raise InputError(f"item '{record['item']}' stands twice", where=where, fix="give each item one name")
        empty = [name for name in task.strata if record.get(name) is None]
        if empty:
            raise InputError(f"no level of the strata {listed(empty)}", where=where, fix="fill it in")
        odd = [name for name in known & set(record) - {"edge", "expect", "candidates", "steps"}
               if not isinstance(record[name], str | None)]  # fmt: skip
        if odd:
            raise InputError(f"{listed(odd)} is no text", where=where, fix="write it as text")
        expect, aim = record.get("expect"), record.get("aim")
        if expect is not None:
            if not isinstance(expect, dict) or expect.get("of") not in items or expect["of"] == record["item"]:
                raise InputError(
                    f"it is expected to be the edit of no item: {expect}", where=where, fix="mend expect.of"
                )
            directions = expect.get("direction") or {}
            if not set(directions) <= criteria or not set(directions.values()) <= set(get_args(Direction)):
                fix = f"criteria: {listed(sorted(criteria))}; directions: {listed(get_args(Direction))}"
                raise InputError(f"an expectation of the wrong form: {directions}", where=where, fix=fix)
        for key, code in (aim or {}).items():
            if key not in criteria or code not in task.criterion(key).codes:
                raise InputError(f"aim {key}={code} is no level of the task", where=where, fix="mend the aim")
