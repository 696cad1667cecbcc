"""Mechanical Turk's batch results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.humans.exchange.base import (
    answers,
    filled,
    filled_in,
    fitting,
    grouped,
    lost_words,
    needs,
    parted,
    records_of,
    units,
)
from judgekit.humans.exchange.long import as_csv, defused, restored, text_of
from judgekit.humans.exchange.wide import item_columns
from judgekit.registry import register
from judgekit.runs import write_text
from judgekit.schema import Task
from judgekit.study import Study
from judgekit.tasks.faults import Faults
from judgekit.tasks.read import read
from judgekit.tasks.sheet import Sheet

#: The columns of a batch's results before Input and Answer, in their order.
HEAD = (
    "HITId", "HITTypeId", "Title", "Description", "Keywords", "Reward", "CreationTime", "MaxAssignments",
    "RequesterAnnotation", "AssignmentDurationInSeconds", "AutoApprovalDelayInSeconds", "Expiration",
    "NumberOfSimilarHITs", "LifetimeInSeconds", "AssignmentId", "WorkerId", "AssignmentStatus", "AcceptTime",
    "SubmitTime", "AutoApprovalTime", "ApprovalTime", "RejectionTime", "RequesterFeedback", "WorkTimeInSeconds",
    "LifetimeApprovalRate", "Last30DaysApprovalRate", "Last7DaysApprovalRate",
)  # fmt: skip
TAIL = ("Approve", "Reject")
#: Where forms made of crowd elements put all answers of an assignment, as JSON.
WHOLE = "Answer.taskAnswers"


@register("exchange", "mturk")
@dataclass(frozen=True, kw_only=True)
class MTurk:
    """Mechanical Turk: the results CSV of a batch, a row an assignment, Input.* and Answer.* columns.

    An answer to ``warmth`` stands in ``Answer.warmth`` or ``Answer.warmth.label``, in one column a level
    (``Answer.warmth.3`` is true) or within ``Answer.taskAnswers``. ``item`` names the input with the item's name; HITId
    where there is none. ``rejected``: keep rejected assignments too.
    """

    item: str = "item"
    rejected: bool = True
    holds: ClassVar[Literal["labels", "raters"]] = "labels"

    def write(self, study: Study, path: Path) -> Sequence[str]:
        """Write one row an item and rater."""
        rows, notes = fitting(study)
        rows = rows.assign(unit=units(rows), word=answers(study, rows))
        items = item_columns(study)
        items = items.assign(unit=units(items)).drop(columns=["item", "variant"])
        keys = [criterion.key for criterion in study.task.criteria]
        comments = [
            key for key in keys if "comment" in rows and rows.loc[rows["criterion"] == key, "comment"].notna().any()
        ]
        shown = [str(name) for name in items.columns if name not in (self.item, "unit")]
        names = [*HEAD, f"Input.{self.item}", *(f"Input.{name}" for name in shown),
                 *(f"Answer.{key}" for key in keys), *(f"Answer.{key}_comment" for key in comments), *TAIL]  # fmt: skip
        records = []
        inputs = {row["unit"]: row for row in records_of(items)}
        for at, ((name, rater), card) in enumerate(grouped(records_of(rows), "unit", "rater").items(), start=1):
            seconds, when = filled_in(card, "seconds"), filled_in(card, "at")
            by = {row["criterion"]: row for row in card}
            records.append(
                {
                    "HITId": name,
                    "AssignmentId": f"A{at:06d}",
                    "WorkerId": rater,
                    "AssignmentStatus": "Submitted",
                    "SubmitTime": str(when[0]) if when else "",
                    "WorkTimeInSeconds": float(max(seconds)) if seconds else "",
                    f"Input.{self.item}": name,
                    **{f"Input.{column}": text_of(inputs[name][column]) for column in shown},
                    **{f"Answer.{key}": by[key]["word"] for key in keys if key in by},
                    **{f"Answer.{key}_comment": defused(text_of(by[key]["comment"])) for key in comments if key in by},
                }
            )
        write_text(path, as_csv(pd.DataFrame(records).reindex(columns=names)))
        return [*notes, *lost_words(study, ("comment",))]

    def read(self, path: Path, task: Task, found: Faults) -> Sheet:
        """Read a batch's results."""
        sheet = read(path, found=found)
        found.stop()
        needs(sheet, ("HITId", "WorkerId"), "file of batch results")
        named = f"Input.{self.item}" if f"Input.{self.item}" in sheet.frame else "HITId"
        inputs = {name: str(name)[6:] for name in sheet.frame if str(name).startswith("Input.") and name != named}
        inputs = {name: short for name, short in inputs.items() if short not in ("item", "rater", "value", "status")}
        records, lines, refused = [], [], 0
        for record, line in zip(records_of(sheet.frame), sheet.lines, strict=True):
            if str(record.get("AssignmentStatus")) == "Rejected":
                refused += 1
                if not self.rejected:
                    continue
            place = f"{found.where}:{line}"
            item, variant = parted(filled(record[named]) or "")
            shown = {short: record[str(name)] for name, short in inputs.items()}
            given = dict(_given(record, place))
            common = {"seconds": record.get("WorkTimeInSeconds"), "at": filled(record.get("SubmitTime"))}
            for criterion in task.criteria:
                value = _answer(given, criterion.key, place)
                records.append({**shown, "item": item, "variant": variant, "criterion": criterion.key,
                                "rater": record["WorkerId"], "value": value, **common,
                                "status": "skipped" if value is None else "ok",
                                "comment": restored(filled(given.get(f"{criterion.key}_comment")))})  # fmt: skip
                lines.append(int(line))
        if records and not any(record["value"] is not None for record in records):
            there = [str(name) for name in sheet.frame if str(name).startswith("Answer.")]
            raise InputError(
                f"no answer called like a criterion ({listed(c.key for c in task.criteria)}): {listed(there)}",
                where=found.where,
                fix="give the task's criteria the names of the form's fields",
            )
        if refused:
            found.notes.append(f"{refused} assignment(s) were rejected: {'kept' if self.rejected else 'left out'}.")
        return Sheet(pd.DataFrame(records, dtype=object), np.array(lines, dtype=np.int64), found.where)


def _given(record: Mapping[str, Any], place: str) -> Iterator[tuple[str, Any]]:
    """Yield the answers of an assignment by name, those within ``Answer.taskAnswers`` too."""
    for name, value in record.items():
        if str(name).startswith("Answer.") and name != WHOLE:
            yield str(name)[7:], value
    whole = filled(record.get(WHOLE))
    if whole is None:
        return
    try:
        told = json.loads(whole)
        for part in told if isinstance(told, list) else [told]:
            yield from part.items()
    except (ValueError, AttributeError) as error:
        raise InputError(f"{WHOLE} is no JSON of answers", where=place, fix="download the results again") from error


def _answer(given: Mapping[str, Any], key: str, place: str) -> Any:
    whole = given.get(key, given.get(f"{key}.label"))
    if isinstance(whole, Mapping):
        if "label" in whole:
            return whole["label"]
        return _ticked({str(name): value for name, value in whole.items()}, key, place)
    if filled(whole) is not None:
        return whole
    pattern = re.compile(re.escape(key) + r"\.(?P<level>.+)")
    levels = {match["level"]: value for name, value in given.items() if (match := pattern.fullmatch(name))}
    return _ticked(levels, key, place)


def _ticked(levels: Mapping[str, Any], key: str, place: str) -> str | None:
    chosen = [level for level, value in levels.items() if str(filled(value)).lower() in ("true", "on", "1")]
    if len(chosen) > 1:
        raise InputError(f"'{key}' has {len(chosen)} answers ({listed(chosen)})", where=place, fix="keep one")
    return chosen[0] if chosen else None
