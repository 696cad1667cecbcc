"""Wide tables: one row an item, one column a criterion and rater."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.humans.exchange.base import answers, fitting, lost_words
from judgekit.humans.exchange.long import as_csv
from judgekit.registry import register
from judgekit.runs import write_text
from judgekit.schema import Task
from judgekit.study import Study
from judgekit.tables import ITEMS
from judgekit.tasks.columns import Layout, to_long
from judgekit.tasks.faults import Faults
from judgekit.tasks.read import read
from judgekit.tasks.sheet import Sheet

#: How the columns of answers are named: no criterion's key holds a colon.
TEMPLATE = "{criterion}:{rater}"


@register("exchange", "wide")
@dataclass(frozen=True, kw_only=True)
class Wide:
    """Wide CSV: a row an item, a column ``criterion:rater`` for each of a rater's questions; skipped answers are empty.

    ``template`` names the columns of answers when a file is read: ``{rater}`` and, perhaps, ``{criterion}``, or a glob.
    """

    template: str = TEMPLATE
    delimiter: str | None = None
    holds: ClassVar[Literal["labels", "raters"]] = "labels"

    def write(self, study: Study, path: Path) -> Sequence[str]:
        """Write a row an item; repeated answers and what raters wrote have no place."""
        rows, notes = fitting(study)
        odd = [rater for rater in rows["rater"].unique() if ":" in str(rater)]
        if odd:
            raise InputError(f"rater name(s) with a colon: {listed(odd)}", fix="export to the long form")
        rows = rows.assign(value=answers(study, rows), column=rows["criterion"] + ":" + rows["rater"])
        columns = list(dict.fromkeys(rows["column"]))
        table = rows.pivot(index=["item", "variant"], columns="column", values="value")[columns].reset_index()
        table.columns.name = None
        shown = [c for c in study.items if c not in ("digest", "expect") and study.items[c].notna().any()]
        clash = [name for name in shown if name in columns]
        if clash:
            raise InputError(f"the items have column(s) {listed(clash)}", fix="export to the long form")
        whole = study.items[shown].merge(table, on=["item", "variant"], how="inner")
        write_text(path, as_csv(whole, self.delimiter or ","))
        return [*notes, *lost_words(study)]

    def read(self, path: Path, task: Task, found: Faults) -> Sheet:
        """Read a table in wide form; empty cells become no rows."""
        sheet = read(path, delimiter=self.delimiter, found=found)
        try:
            long = to_long(sheet, Layout({}, self.template), found)
        except InputError as error:
            said = str(error) if str(error).startswith(found.where) else f"{found.where}: {error}"
            raise InputError(said) from error
        there = long.frame["value"].notna() & (long.frame["value"].astype(str).str.strip() != "")
        kept = there.to_numpy()
        columns = None if long.columns is None else long.columns[kept]
        return Sheet(long.frame[there].reset_index(drop=True), long.lines[kept], long.where, columns)


def item_columns(study: Study) -> pd.DataFrame:
    """Return the items with what a tool is to show and the strata, without columns that are empty."""
    shown = ["item", "variant", "text", "context", "candidates", "steps", "group"]
    more = [name for name in study.items if name not in ITEMS.columns]
    return study.items[[name for name in [*shown, *more] if study.items[name].notna().any()]]
