"""The table that crowd-kit's aggregation methods take (Dawid–Skene, MACE, GLAD …)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pandas as pd

from judgekit.humans.exchange.base import answers, filled, fitting, lost_words, needs, one_criterion, parted, units
from judgekit.humans.exchange.long import as_csv
from judgekit.registry import register
from judgekit.runs import write_text
from judgekit.schema import Task
from judgekit.study import Study
from judgekit.tasks.faults import Faults
from judgekit.tasks.read import read
from judgekit.tasks.sheet import Sheet


@register("exchange", "crowdkit")
@dataclass(frozen=True, kw_only=True)
class CrowdKit:
    """Crowd-kit and MACE: CSV with the columns task, worker, label, for one criterion.

    The columns are those of crowd-kit's documentation (https://github.com/Toloka/crowd-kit): its methods group by
    ``task``, so one file holds one ``criterion``, which must be named where a task has several.
    """

    criterion: str | None = None
    holds: ClassVar[Literal["labels", "raters"]] = "labels"

    def write(self, study: Study, path: Path) -> Sequence[str]:
        """Write one criterion's first answers."""
        asked = one_criterion(study.task, self.criterion)
        rows, notes = fitting(study)
        rows = rows[rows["criterion"] == asked.key]
        table = pd.DataFrame({"task": units(rows), "worker": rows["rater"].to_list(), "label": answers(study, rows)})
        write_text(path, as_csv(table))
        return [*notes, *lost_words(study)]

    def read(self, path: Path, task: Task, found: Faults) -> Sheet:
        """Read a file of one criterion."""
        asked = one_criterion(task, self.criterion)
        sheet = read(path, found=found)
        found.stop()
        needs(sheet, ("task", "worker", "label"), "crowd-kit file")
        names = [parted(filled(name) or "") for name in sheet.frame["task"]]
        frame = pd.DataFrame(
            {
                "item": [item for item, _ in names],
                "variant": [variant for _, variant in names],
                "criterion": asked.key,
                "rater": sheet.frame["worker"].to_numpy(),
                "value": sheet.frame["label"].to_numpy(),
            },
            dtype=object,
        )
        return Sheet(frame, sheet.lines, sheet.where)
