"""Calls on their way from one ledger to another, or to a file: export, absorb, redact."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from judgekit import paths
from judgekit.errors import InputError
from judgekit.ledger.read import asked, opened
from judgekit.ledger.store import Store, transaction, upsert
from judgekit.ledger.table import calls

BATCH = 500
REDACTED = "[redacted]"
#: Columns whose text is JSON, and how an exported line shows it: as what it says.
JSONS = ("request", "response", "parsed", "attempts")


@dataclass(frozen=True)
class Absorbed:
    """What became of another ledger's calls: newly there, in place of a failure, already there, or other than ours."""

    new: int = 0
    mended: int = 0
    known: int = 0
    other: int = 0


def export(out: Path, url: str | Path | None = None) -> int:
    """Write every call to ``out``, whole or not at all (.jsonl: one object a line; .parquet); return how many."""
    if out.suffix not in (".jsonl", ".parquet"):
        raise InputError(f"cannot export as '{out.suffix}'", where=str(out), fix="name a .jsonl or .parquet file")
    rows = asked(url, _rows)
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix == ".jsonl":
            with part.open("w", encoding="utf-8") as file:
                for row in rows:
                    told = {name: _read(name, value) for name, value in row.items()}
                    file.write(json.dumps(told, ensure_ascii=False) + "\n")
        else:
            import pandas as pd

            pd.DataFrame(rows, columns=[column.name for column in calls.c]).to_parquet(part)
        os.replace(part, out)
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror})", where=str(out), fix="name another file") from None
    return len(rows)


def absorb(other: str | Path, url: str | Path | None = None) -> Absorbed:
    """Bring another ledger's calls into this one: what is missing here, and answers where here is only a failure.

    An answer that is here stays, whatever the other says. Redacted calls come in as they are, where none is here.
    """
    theirs, ours = opened(other), Store(str(url if url is not None else paths.data("ledger.sqlite")))
    counts = Absorbed()
    try:
        if theirs.where == ours.where:
            raise InputError("a ledger cannot absorb itself", where=str(other), fix="name another")
        rows = theirs.do(_rows)
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            counts = ours.do(partial(_take, rows=part, so_far=counts))
    finally:
        theirs.close()
        ours.close()
    return counts


def redact(out: Path, url: str | Path | None = None) -> int:
    """Write a new ledger for publication: every text of items, prompts and models taken out; return how many calls.

    Kept are keys, providers, models, reps, statuses, tokens, prices, times and the numbers of the answers, so that who
    has the items can still replay the study. This ledger stays as it is.
    """
    if out.exists():
        raise InputError("is there already", where=str(out), fix="name a new file")
    rows = asked(url, _rows)
    made = Store(str(out))
    try:
        for start in range(0, len(rows), BATCH):
            part = [redacted(row) for row in rows[start : start + BATCH]]
            made.do(partial(_write, rows=part))
    finally:
        made.close()
    return len(rows)


def redacted(row: dict[str, Any]) -> dict[str, Any]:
    """Return a call without its texts."""
    parsed = None if row["parsed"] is None else json.dumps(_bare(json.loads(row["parsed"])))
    attempts = [
        {name: value for name, value in attempt.items() if name != "refusal"} for attempt in json.loads(row["attempts"])
    ]
    taken = {"request": json.dumps(REDACTED), "response": None, "parsed": parsed, "note": _kept(row)}
    return {**row, **taken, "attempts": json.dumps(attempts), "redacted": 1}


def _kept(row: dict[str, Any]) -> str | None:
    # A note may quote an answer; of a failure that had an answer only its status is kept.
    return None if row["note"] is None else row["note"] if row["status"] == "error" else REDACTED


def _bare(value: Any) -> Any:
    if isinstance(value, str):
        return REDACTED
    if isinstance(value, list):
        return [_bare(one) for one in value]
    if isinstance(value, dict):
        return {name: _bare(one) for name, one in value.items()}
    return value


def _rows(connection: sa.Connection) -> list[dict[str, Any]]:
    found = connection.execute(sa.select(calls).order_by(calls.c.created, calls.c.key))
    return [dict(row) for row in found.mappings()]


def _take(connection: sa.Connection, rows: Sequence[dict[str, Any]], so_far: Absorbed) -> Absorbed:
    c = calls.c
    query = sa.select(c.key, c.status, c.parsed).where(c.key.in_([row["key"] for row in rows]))
    here = {found.key: found for found in connection.execute(query)}
    new = [row for row in rows if row["key"] not in here]
    mended = [
        row for row in rows if row["key"] in here and here[row["key"]].status == "error" and row["status"] != "error"
    ]
    chosen = {row["key"] for row in (*new, *mended)}
    left = [row for row in rows if row["key"] not in chosen]
    other = sum((row["status"], row["parsed"]) != tuple(here[row["key"]])[1:] for row in left)
    if chosen:
        _write(connection, [*new, *mended])
    return Absorbed(
        so_far.new + len(new), so_far.mended + len(mended), so_far.known + len(left) - other, so_far.other + other
    )


def _write(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    with transaction(connection):
        connection.execute(upsert(connection.dialect.name), list(rows))


def _read(name: str, value: Any) -> Any:
    return json.loads(value) if name in JSONS and value is not None else value
