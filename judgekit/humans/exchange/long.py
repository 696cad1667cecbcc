"""Long tables: one row a rating, in judgekit's own words."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd

from judgekit.errors import listed
from judgekit.humans.exchange.base import OWN_WORDS, answers, code, filled, ordered
from judgekit.registry import register
from judgekit.runs import write_text
from judgekit.schema import Task
from judgekit.study import Study
from judgekit.tables import ITEMS, RATERS, RATINGS
from judgekit.tasks.cells import KNOWN
from judgekit.tasks.columns import Layout, to_long
from judgekit.tasks.faults import Faults
from judgekit.tasks.read import read
from judgekit.tasks.scales import number
from judgekit.tasks.sheet import Sheet

#: A spreadsheet runs what starts so; quotation marks before it may be ours.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@register("exchange", "long")
@dataclass(frozen=True, kw_only=True)
class Long:
    """Long CSV (TSV, JSONL, parquet in): a row a rating, with all that is known of rating, rater and item.

    ``columns`` maps judgekit's words to the file's columns when it is read. Out, a value is its level's label; nothing
    is lost but what a text file cannot hold.
    """

    columns: Mapping[str, Any] | None = None
    delimiter: str | None = None
    holds: ClassVar[Literal["labels", "raters"]] = "labels"

    def write(self, study: Study, path: Path) -> Sequence[str]:
        """Write one row a rating; a name that stands in two tables is the item's."""
        rows = ordered(study)
        rows = rows.drop(columns=[name for name in rows if name in study.raters and name != "rater"])
        table = rows.assign(value=answers(study, rows)).merge(_further(study.raters, RATERS), on="rater", how="left")
        further = _further(study.items, ITEMS)
        clash = [name for name in further if name in table and name not in ("item", "variant")]
        table = table.drop(columns=clash).merge(further, on=["item", "variant"], how="left")
        table = table.drop(columns=[name for name in ("digest",) if name in table])
        full = [name for name in table if name in ("item", "rater", "value") or table[name].notna().any()]
        for name in full:
            if name in OWN_WORDS or (name in study.raters and name not in RATERS.columns):
                table[name] = pd.Series([defused(cell) for cell in table[name]], index=table.index, dtype=object)
        write_text(path, as_csv(table[full], self.delimiter or ","))
        return [f"the raters' {listed(clash)} left out: items have a column of that name"] if clash else []

    def read(self, path: Path, task: Task, found: Faults) -> Sheet:
        """Read a table in long form."""
        sheet = read(path, delimiter=self.delimiter, found=found)
        for name in sheet.frame:
            if name in OWN_WORDS or name not in KNOWN:
                cells = [restored(cell) for cell in sheet.frame[name]]
                sheet.frame[name] = pd.Series(cells, index=sheet.frame.index, dtype=object)
        return to_long(sheet, Layout({k: v for k, v in (self.columns or {}).items() if v is not None}), found)


def _further(table: pd.DataFrame, contract: Any) -> pd.DataFrame:
    """Return a table without columns that would stand in the place of a rating's."""
    return table.drop(columns=[c for c in table if c in RATINGS.columns and c not in contract.key])


def as_csv(table: pd.DataFrame, delimiter: str = ",") -> str:
    """Return a table as CSV; empty cells are empty, whole numbers have no point."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(list(table.columns))
    writer.writerows([_cell(value) for value in row] for row in table.itertuples(index=False, name=None))
    return out.getvalue()


def defused(cell: Any) -> Any:
    """Return what a person wrote so that no spreadsheet takes it for a formula; ``restored`` takes the mark off.

    >>> defused("=1+1"), defused("fine"), defused("-2"), restored(defused("'=x"))
    ("'=1+1", 'fine', '-2', "'=x")
    """
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) and math.isnan(number(cell)) else cell


def restored(cell: Any) -> Any:
    """Return what a person wrote."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and _FORMULA.match(cell) else cell


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    return code(value) if isinstance(value, float) else str(value)


def text_of(value: Any) -> str:
    """Return a cell as text, empty where there is nothing."""
    return filled(value) or ""
