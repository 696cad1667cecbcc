"""Argilla's records, as a datasets folder or a parquet or JSONL file of one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.humans.exchange.base import filled, fitting, grouped, lost_words, needs, parted, records_of, unit, written
from judgekit.humans.exchange.label_studio import plain
from judgekit.humans.exchange.wide import item_columns
from judgekit.registry import register
from judgekit.schema import Criterion, Task
from judgekit.study import Study
from judgekit.tasks.faults import Faults
from judgekit.tasks.read import read
from judgekit.tasks.sheet import Sheet

#: Argilla's word for a rating's status, and ours.
STATUS = {"submitted": "ok", "discarded": "skipped"}


@register("exchange", "argilla")
@dataclass(frozen=True, kw_only=True)
class Argilla:
    """Argilla and HF datasets: a record an item, ``question.responses`` with their users and statuses.

    The columns are those that Argilla's ``records.to_datasets()`` writes: id, status, the fields and metadata, and for
    each question its responses, ``.users`` and ``.status``. Written as a folder (``datasets.load_from_disk``). Drafts
    and suggestions are no labels.
    """

    holds: ClassVar[Literal["labels", "raters"]] = "labels"

    def write(self, study: Study, path: Path) -> Sequence[str]:
        """Write a datasets folder."""
        from datasets import Dataset, are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

        rows, notes = fitting(study, failures=True)
        cards = grouped(records_of(rows), "item", "variant")
        columns: dict[str, list[Any]] = defaultdict(list)
        for shown in records_of(item_columns(study)):
            card = cards.get((shown["item"], shown["variant"]))
            if card is None:
                continue
            columns["id"].append(unit(str(shown["item"]), str(shown["variant"])))
            columns["status"].append("completed")
            for name, value in shown.items():
                if name not in ("item", "variant", "id", "status"):
                    columns[name].append(None if filled(value) is None else plain(value))
            for criterion in study.task.criteria:
                _respond(columns, criterion, [row for row in card if row["criterion"] == criterion.key])
        quiet = are_progress_bars_disabled()
        disable_progress_bars()
        try:
            Dataset.from_dict(dict(columns)).save_to_disk(str(path))
        finally:
            if not quiet:
                enable_progress_bars()
        return [*notes, *lost_words(study)]

    def read(self, path: Path, task: Task, found: Faults) -> Sheet:
        """Read records; a discarded response is a skipped one."""
        sheet = read(path, found=found)
        found.stop()
        needs(sheet, ("id",), "Argilla dataset")
        asked = [criterion.key for criterion in task.criteria if f"{criterion.key}.responses" in sheet.frame]
        if not asked:
            there = [name for name in sheet.frame if str(name).endswith(".responses")]
            raise InputError(
                f"no responses to a question called like a criterion (questions: {listed(there)})",
                where=found.where,
                fix="give the task's criteria the names of the questions",
            )
        beside = [name for name in sheet.frame if "." not in str(name) and name not in ("id", "status", "_server_id")]
        records, lines, drafts = [], [], 0
        for record, line in zip(records_of(sheet.frame), sheet.lines, strict=True):
            item, variant = parted(filled(record["id"]) or "")
            shown = {name: _flat(record[str(name)]) for name in beside}
            for key in asked:
                for rater, value, status in _responses(record, key, f"{found.where}:{line}"):
                    if status not in STATUS:
                        drafts += 1
                        continue
                    records.append({**shown, "item": item, "variant": variant, "criterion": key, "rater": rater,
                                    "value": value if status == "submitted" else None,
                                    "status": STATUS[status]})  # fmt: skip
                    lines.append(int(line))
        if drafts:
            found.notes.append(f"{drafts} response(s) that were not submitted were left out.")
        return Sheet(pd.DataFrame(records, dtype=object), np.array(lines, dtype=np.int64), found.where)


def _respond(columns: dict[str, list[Any]], criterion: Criterion, rows: list[dict[str, Any]]) -> None:
    name = f"{criterion.key}.responses"
    ok = [row["status"] == "ok" for row in rows]
    columns[name].append(
        [written(criterion, row["value"]) if fine else None for row, fine in zip(rows, ok, strict=True)]
    )
    columns[f"{name}.users"].append([str(row["rater"]) for row in rows])
    columns[f"{name}.status"].append(["submitted" if fine else "discarded" for fine in ok])


def _responses(record: Mapping[str, Any], key: str, place: str) -> list[tuple[str, Any, str]]:
    parts = [_list(record.get(name)) for name in (f"{key}.responses", f"{key}.responses.users")]
    statuses = _list(record.get(f"{key}.responses.status")) or ["submitted"] * len(parts[0])
    if not len(parts[0]) == len(parts[1]) == len(statuses):
        raise InputError(
            f"'{key}' has {len(parts[0])} responses of {len(parts[1])} users",
            where=place,
            fix="export again: the lists belong together",
        )
    return list(zip((str(user) for user in parts[1]), parts[0], (str(one) for one in statuses), strict=True))


def _list(value: Any) -> list[Any]:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return []
    if isinstance(value, str):
        try:
            told = json.loads(value)
        except ValueError:
            return [value]
        return list(told) if isinstance(told, list) else [told]
    return list(value)


def _flat(value: Any) -> Any:
    """Return a cell that a table can hold."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
