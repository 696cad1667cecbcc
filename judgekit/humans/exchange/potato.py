"""Potato's annotations: its JSONL export, and the folders it keeps while people annotate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.humans.exchange.base import answers, filled, fitting, grouped, lost_words, parted, records_of, units
from judgekit.registry import register
from judgekit.runs import write_text
from judgekit.schema import Task
from judgekit.study import Study
from judgekit.tasks.faults import Faults
from judgekit.tasks.sheet import Sheet
from judgekit.tasks.text import read_jsonl, read_text

#: What a box that is ticked holds: then its name is the answer.
TICKED = (True, "true", "True", "on")
#: A person's folder holds one of these files.
STATE, OLDER = "user_state.json", "annotated_instances.jsonl"


@register("exchange", "potato")
@dataclass(frozen=True, kw_only=True)
class Potato:
    """Potato: its annotations.jsonl, or its output folder (user_state.json, older: annotated_instances.jsonl).

    The layout is that of its documentation (github.com/davidjurgens/potato, docs/data-export/export_formats.md): a
    scheme a criterion, whose chosen label is a key. Text boxes called ``criterion_comment`` are comments.
    """

    holds: ClassVar[Literal["labels", "raters"]] = "labels"

    def write(self, study: Study, path: Path) -> Sequence[str]:
        """Write one line an item and rater, as Potato's own export does."""
        rows, notes = fitting(study)
        rows = rows.assign(instance=units(rows), word=answers(study, rows))
        lines = []
        for (instance, rater), card in grouped(records_of(rows), "instance", "rater").items():
            labels: dict[str, dict[str, Any]] = {}
            for row in card:
                labels[row["criterion"]] = {row["word"]: True}
                said = filled(row.get("comment"))
                if said is not None:
                    labels[f"{row['criterion']}_comment"] = {"text_box": said}
            told = {"instance_id": instance, "user_id": rater, "labels": labels, "spans": {}, "links": {}}
            lines.append(json.dumps(told, ensure_ascii=False))
        write_text(path, "\n".join(lines) + "\n")
        return [*notes, *lost_words(study, ("comment",))]

    def read(self, path: Path, task: Task, found: Faults) -> Sheet:
        """Read the export, or every person's file in an output folder."""
        if not path.is_dir():
            return _sheet(list(_exported(path, found.where, None, found)), task, found.where)
        entries = []
        for folder in sorted(one for one in path.iterdir() if one.is_dir()):
            state, older = folder / STATE, folder / OLDER
            if state.is_file():
                entries += list(_state(state, folder.name))
            elif older.is_file():
                entries += list(_exported(older, str(older), folder.name, found))
        if not entries:
            raise InputError(
                f"no {STATE} and no {OLDER} in its folders",
                where=found.where,
                fix="name Potato's output_annotation_dir, or its annotations.jsonl",
            )
        return _sheet(entries, task, found.where)


#: line, item, rater, labels by scheme
Entry = tuple[int, str, str, Mapping[str, Any]]


def _exported(file: Path, where: str, rater: str | None, found: Faults) -> Iterator[Entry]:
    sheet = read_jsonl(read_text(file, where, found), where, found)
    found.stop()
    for record, line in zip(records_of(sheet.frame), sheet.lines, strict=True):
        item = filled(record.get("instance_id", record.get("id")))
        by = filled(record.get("user_id")) or rater
        labels = record.get("labels", record.get("label_annotations"))
        if item is None or by is None or not isinstance(labels, Mapping):
            raise InputError(
                "no Potato annotation: it needs instance_id (or id), user_id and labels (or label_annotations)",
                where=f"{where}:{line}",
                fix="give Potato's annotations.jsonl or its output folder",
            )
        yield int(line), item, by, labels


def _state(file: Path, folder: str) -> Iterator[Entry]:
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
        labelled = state["instance_id_to_label_to_value"]
        by = filled(state.get("user_id")) or folder
        for line, (item, labels) in enumerate(labelled.items(), start=1):
            yield line, str(item), by, _schemes(labels)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fix = f"give the {STATE} that Potato wrote"
        raise InputError(f"no readable {STATE} ({type(error).__name__})", where=str(file), fix=fix) from error


def _schemes(labels: Any) -> Mapping[str, Any]:
    """Return labels by scheme; newer files list pairs [{schema, name}, value]."""
    if isinstance(labels, Mapping):
        return {
            scheme: told["labels"] if isinstance(told, Mapping) and isinstance(told.get("labels"), Mapping) else told
            for scheme, told in labels.items()
        }
    schemes: dict[str, dict[str, Any]] = {}
    for label, value in labels:
        schemes.setdefault(str(label["schema"]), {})[str(label["name"])] = value
    return schemes


def _sheet(entries: Sequence[Entry], task: Task, where: str) -> Sheet:
    records, lines = [], []
    keys = [criterion.key for criterion in task.criteria]
    for line, name, rater, labels in entries:
        item, variant = parted(name)
        if not any(key in labels for key in keys):
            raise InputError(
                f"item '{name}' has no scheme called like a criterion ({listed(keys)}), but {listed(labels)}",
                where=f"{where}:{line}",
                fix="give the task's criteria the names of the schemes",
            )
        for key in keys:
            value = _chosen(labels.get(key), key, f"{where}:{line}")
            told = labels.get(f"{key}_comment")
            comment = next(iter(told.values()), None) if isinstance(told, Mapping) else told
            records.append({"item": item, "variant": variant, "criterion": key, "rater": rater, "value": value,
                            "status": "skipped" if value is None else "ok", "comment": comment})  # fmt: skip
            lines.append(line)
    return Sheet(pd.DataFrame(records, dtype=object), np.array(lines, dtype=np.int64), where)


def _chosen(labels: Any, key: str, place: str) -> Any:
    """Return the answer: the ticked label's name, or what a scale or number holds."""
    if not isinstance(labels, Mapping):
        return labels
    given = {
        name: value for name, value in labels.items() if filled(value) is not None and value not in (False, "false")
    }
    if len(given) > 1:
        raise InputError(
            f"'{key}' has {len(given)} labels ({', '.join(map(str, given))})",
            where=place,
            fix="a criterion takes one answer: repair the file, or split the scheme",
        )
    for name, value in given.items():
        return name if value in TICKED or value == name else value
    return None
