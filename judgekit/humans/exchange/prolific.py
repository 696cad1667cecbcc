"""Prolific: what its export says of raters and submissions, and which codes they left with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pandas as pd

from judgekit.errors import InputError
from judgekit.humans.exchange.base import filled, needs, records_of
from judgekit.humans.exchange.long import as_csv
from judgekit.registry import register
from judgekit.runs import write_text
from judgekit.schema import Task
from judgekit.study import Study
from judgekit.tasks.faults import Faults
from judgekit.tasks.read import read
from judgekit.tasks.scales import slug
from judgekit.tasks.sheet import Sheet

#: Columns of the demographic export that are about the submission, not the person.
SUBMISSION = (
    "Submission id", "Participant id", "Status", "Custom study tncs accepted at", "Started at", "Completed at",
    "Reviewed at", "Archived at", "Time taken", "Completion code", "Total approvals",
)  # fmt: skip
#: What Prolific writes where a person gave no answer, took it back, or it is too old.
NO_ANSWER = ("DATA_EXPIRED", "CONSENT_REVOKED", "Prefer not to say", "Not Applicable")


@register("exchange", "prolific")
@dataclass(frozen=True, kw_only=True)
class Prolific:
    """Prolific: the demographic export in as raters' attributes; completion codes out, a row a rater.

    The columns are those of Prolific's demographic export. The participant's id is turned into the study's pseudonym
    and kept nowhere; the submission's columns are left out.
    """

    holds: ClassVar[Literal["labels", "raters"]] = "raters"

    def write(self, study: Study, path: Path) -> Sequence[str]:
        """Write raters with their completion code and number of labels: no outside id, the study has none."""
        raters = study.raters
        if "code" not in raters or raters["code"].isna().all():
            raise InputError("no rater has a completion code", fix="set completion_code, and let raters finish")
        given = study.ratings.loc[study.ratings["status"] == "ok"].groupby("rater").size()
        table = pd.DataFrame(
            {
                "rater": raters["rater"].to_list(),
                "stage": raters.get("stage", pd.Series([None] * len(raters), dtype=object)).to_list(),
                "Completion code": raters["code"].to_list(),
                "labels": [int(given.get(rater, 0)) for rater in raters["rater"]],
            }
        )
        write_text(path, as_csv(table))
        return []

    def read(self, path: Path, task: Task, found: Faults) -> Sheet:
        """Read the demographic export: a row a participant, a column an attribute."""
        sheet = read(path, found=found)
        found.stop()
        needs(sheet, ("Submission id", "Participant id", "Status"), "Prolific demographic export")
        kept = ~sheet.frame["Participant id"].duplicated(keep="last").to_numpy()
        names = [name for name in sheet.frame if name not in SUBMISSION]
        columns = {"rater": sheet.frame["Participant id"][kept].to_list()}
        for name in names:
            cells = [filled(value) for value in sheet.frame[name][kept]]
            columns[slug(str(name)).lower()] = [None if cell in NO_ANSWER else cell for cell in cells]
        return Sheet(pd.DataFrame(columns, dtype=object), sheet.lines[kept], sheet.where)


def settle(path: str | Path, raters: pd.DataFrame, pseudonym: Callable[[str], str]) -> pd.DataFrame:
    """Return Prolific's submissions beside what these people did here, one row each.

    ``raters`` has rater, stage and code. ``advice``: approve (done here, with the right code), returned (did not come,
    or has left at Prolific), or look at it (not done, wrong code, awaiting review without a trace here).
    """
    sheet = read(path)
    needs(sheet, ("Submission id", "Participant id", "Status", "Completion code"), "Prolific demographic export")
    here = raters.set_index("rater")
    rows = []
    for record in records_of(sheet.frame):
        rater = pseudonym(str(filled(record["Participant id"])))
        known = rater in here.index
        stage = str(here.at[rater, "stage"]) if known else ""
        right = known and filled(here.at[rater, "code"]) == filled(record["Completion code"])
        rows.append(
            {
                "Submission id": record["Submission id"],
                "Participant id": record["Participant id"],
                "Status": record["Status"],
                "rater": rater if known else None,
                "stage": stage or None,
                "code_right": bool(right),
                "advice": _advice(str(record["Status"]), known, stage, bool(right)),
            }
        )
    return pd.DataFrame(rows)


def _advice(status: str, known: bool, stage: str, right: bool) -> str:
    if known and stage == "thanks" and right:
        return "approve"
    if status in ("RETURNED", "TIMED-OUT", "TIMED OUT"):
        return "returned"
    if not known:
        return "look at it: nobody came here under this id"
    return "look at it: done here, the code is another" if stage == "thanks" else f"look at it: left at '{stage}'"
