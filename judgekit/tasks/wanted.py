"""What the user says of a table beside its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from judgekit.schema import Scale, Task

Levels = Iterable[object] | Mapping[str, Iterable[object]] | None
Missing = Literal["error", "skipped", "drop"]


@dataclass(frozen=True)
class Wanted:
    """Declarations that go with a long table.

    ``missing`` says what a row without a value and without a status is: an ``error``, a rating with the status
    ``skipped``, or nothing that was asked (``drop``). ``strata`` None: every column that is constant within item.
    ``items`` (keyed by item, variant) and ``raters`` (keyed by rater) are further tables; a task with criteria
    replaces ``scale`` and ``levels``.
    """

    scale: Scale | Mapping[str, Scale] | None = None
    levels: Levels = None
    strata: tuple[str, ...] | None = None
    missing: Missing = "error"
    task: Task | None = None
    items: pd.DataFrame | None = None
    raters: pd.DataFrame | None = None

    @property
    def asked(self) -> Task | None:
        """The task, if it declares its criteria."""
        return self.task if self.task is not None and self.task.criteria else None
