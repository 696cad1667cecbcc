"""Label Studio's JSON of annotated tasks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from judgekit.errors import InputError
from judgekit.humans.exchange.base import (
    code,
    filled,
    filled_in,
    fitting,
    grouped,
    lost_words,
    records_of,
    starred,
    written,
)
from judgekit.humans.exchange.wide import item_columns
from judgekit.registry import register
from judgekit.runs import write_text
from judgekit.schema import Criterion, Task
from judgekit.study import Study
from judgekit.tasks.faults import Faults
from judgekit.tasks.sheet import Sheet
from judgekit.tasks.text import read_json, read_text

#: What a control tag's result is called in ``value``.
ANSWERS = ("choices", "rating", "number", "selected", "text", "taxonomy")
#: The controls beside a criterion's own, by the ending of their name.
BESIDE = ("comment", "reason", "confidence")


@register("exchange", "label_studio")
@dataclass(frozen=True, kw_only=True)
class LabelStudio:
    """Label Studio JSON: annotated tasks, a control tag a criterion (Rating, Choices, Number or Pairwise).

    The fields are those of https://labelstud.io/guide/task_format and of the tags' pages. ``item`` names the field of
    ``data`` that holds the item's name (the task's id where there is none), ``text`` the field with its text.
    """

    item: str = "item"
    text: str = "text"
    holds: ClassVar[Literal["labels", "raters"]] = "labels"

    def write(self, study: Study, path: Path) -> Sequence[str]:
        """Write one task an item, one annotation a rater and rep; a card that was skipped is a cancelled one."""
        rows, notes = fitting(study, reps=True, failures=True)
        items = item_columns(study)
        cards = grouped(records_of(rows), "item", "variant")
        tasks: list[dict[str, Any]] = []
        for shown in records_of(items):
            card = cards.get((shown["item"], shown["variant"]))
            if card is None:
                continue
            number = len(tasks) + 1
            data = {self.item if name == "item" else self.text if name == "text" else name: plain(value)
                    for name, value in shown.items() if filled(value) is not None}  # fmt: skip
            tasks.append({"id": number, "data": data, "annotations": list(_annotations(study.task, card, number))})
        write_text(path, json.dumps(tasks, ensure_ascii=False, indent=1) + "\n")
        return [*notes, *lost_words(study, ("comment", "reason"))]

    def read(self, path: Path, task: Task, found: Faults) -> Sheet:
        """Read annotated tasks; one rater's further annotations of a task are repeated answers, in their order."""
        where = found.where
        sheet = read_json(read_text(path, where, found), where)
        records, lines, drafts = [], [], 0
        for record, line in zip(records_of(sheet.frame), sheet.lines, strict=True):
            place = f"{where}:{line}"
            if not isinstance(record.get("data"), Mapping) or not isinstance(record.get("annotations"), list):
                raise InputError(
                    "no Label Studio task: it needs 'data' and 'annotations'",
                    where=place,
                    fix="export as JSON (not JSON-MIN or CSV)",
                )
            if record.get("drafts"):
                drafts += len(record["drafts"])
            shown = _shown(record, self.item, self.text)
            reps: Counter[str] = Counter()
            for annotation in record["annotations"]:
                rater = _rater(annotation, place)
                for answer in _answers(annotation, task, place):
                    records.append({**shown, "rater": rater, "rep": reps[rater], **answer})
                    lines.append(int(line))
                reps[rater] += 1
        if drafts:
            found.notes.append(f"{drafts} draft(s) are no answers and were left out.")
        frame = pd.DataFrame(records, dtype=object)
        return Sheet(frame, np.array(lines, dtype=np.int64), where)


def plain(value: Any) -> Any:
    """Return a cell as JSON can hold it."""
    return value.item() if isinstance(value, np.generic) else value


def _annotations(task: Task, card: list[dict[str, Any]], number: int) -> Iterator[dict[str, Any]]:
    for at, ((rater, _rep), rows) in enumerate(grouped(card, "rater", "rep").items(), start=1):
        results = [one for row in rows for one in _results(task, row)]
        seconds, when = filled_in(rows, "seconds"), filled_in(rows, "at")
        yield {
            "id": 1000 * number + at,
            "task": number,
            "completed_by": rater,
            "was_cancelled": all(row["status"] != "ok" for row in rows),
            "ground_truth": False,
            **({"lead_time": float(max(seconds))} if len(seconds) else {}),
            **({"created_at": str(when[0])} if len(when) else {}),
            "result": results,
            "result_count": len(results),
        }


def _results(task: Task, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    criterion = task.criterion(str(row["criterion"]))
    if row["status"] == "ok":
        yield _result(criterion.key, *_told(criterion, float(row["value"])))
    for name in ("comment", "reason"):
        said = filled(row.get(name))
        if said is not None:
            yield _result(f"{criterion.key}__{name}", "textarea", {"text": [said]})
    if row.get("confidence") is not None and not pd.isna(row["confidence"]):
        yield _result(f"{criterion.key}__confidence", "number", {"number": float(row["confidence"])})


def _result(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"from_name": name, "to_name": "text", "type": kind, "value": value}


def _told(criterion: Criterion, value: float) -> tuple[str, dict[str, Any]]:
    if starred(criterion) and written(criterion, value) == code(value):
        return "rating", {"rating": int(value)}
    if criterion.levels:
        return "choices", {"choices": [written(criterion, value)]}
    return "number", {"number": value}


def _shown(record: Mapping[str, Any], item: str, text: str) -> dict[str, Any]:
    data = dict(record["data"])
    name = filled(data.pop(item, None))
    told = {"item": name if name is not None else filled(record.get("id")), "text": data.pop(text, None)}
    rest = {str(key): value for key, value in data.items() if not isinstance(value, list | dict)}
    lists = {key: json.dumps(value) for key, value in data.items() if key in ("candidates", "steps") and value}
    clash = ("rater", "rep", "value", "status", "criterion", "reason", "seconds", "at", "kind", "pool")
    return {**{key: value for key, value in rest.items() if key not in clash}, **told,
            **{key: data[key] if isinstance(data[key], str) else made for key, made in lists.items()}}  # fmt: skip


def _rater(annotation: Any, place: str) -> str:
    by = annotation.get("completed_by") if isinstance(annotation, Mapping) else None
    if isinstance(by, Mapping):
        by = by.get("id") if by.get("id") is not None else by.get("email")
    if filled(by) is None:
        raise InputError("no annotator: 'completed_by' is empty", where=place, fix="export with the annotators")
    return str(filled(by))


def _answers(annotation: Mapping[str, Any], task: Task, place: str) -> Iterator[dict[str, Any]]:
    """Yield a row a criterion; one that was left empty, or a cancelled annotation's, is skipped."""
    given: dict[str, Any] = {}
    for result in annotation.get("result") or []:
        if not isinstance(result, Mapping) or "from_name" not in result:
            raise InputError("a result without 'from_name'", where=place, fix="export as JSON")
        given[str(result["from_name"])] = _value(result, place)
    keys = {criterion.key for criterion in task.criteria}
    names = keys | {f"{key}__{name}" for key in keys for name in BESIDE}
    odd = sorted(name for name, value in given.items() if name not in names and value is not None)
    if odd and not keys & set(given):
        raise InputError(
            f"no control is called like a criterion ({', '.join(sorted(keys))}): it has {', '.join(odd)}",
            where=place,
            fix="give the task's criteria the names of the controls, or rename from_name",
        )
    common = {"seconds": annotation.get("lead_time"), "at": annotation.get("created_at")}
    for criterion in task.criteria:
        value = None if annotation.get("was_cancelled") else given.get(criterion.key)
        beside = {name: given.get(f"{criterion.key}__{name}") for name in BESIDE}
        yield {"criterion": criterion.key, "value": value, "status": "skipped" if value is None else "ok",
               **common, **beside}  # fmt: skip


def _value(result: Mapping[str, Any], place: str) -> Any:
    value = result.get("value")
    if not isinstance(value, Mapping):
        raise InputError("a result without 'value'", where=place, fix="export as JSON")
    for name in ANSWERS:
        if name not in value:
            continue
        told = value[name]
        if name == "selected":  # Pairwise: candidates stand in their order, the first on the left
            return {"left": 1, "right": 2}.get(str(told), told)
        if not isinstance(told, list):
            return told
        if name == "text":
            return "\n".join(str(part) for part in told)
        if len(told) > 1:
            raise InputError(
                f"'{result['from_name']}' has {len(told)} choices", where=place, fix="a criterion takes one answer"
            )
        last = told[0] if told else None
        return last[-1] if isinstance(last, list) and last else last
    return None
