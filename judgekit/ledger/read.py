"""What a ledger holds, in numbers, and whether it is whole."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from judgekit import paths
from judgekit.ledger.store import Store
from judgekit.ledger.table import calls
from judgekit.schema import STATUSES

COUNTED = ["calls", "tokens_in", "tokens_out", "usd", "seconds"]


def summary(url: str | Path | None = None) -> pd.DataFrame:
    """Return calls, tokens, dollars (of the calls that have a price) and mean seconds by provider, model, status."""
    c = calls.c
    groups = (c.provider, c.model, c.status)
    query = (
        sa.select(
            *groups,
            sa.func.count().label("calls"),
            sa.func.coalesce(sa.func.sum(c.tokens_in), 0).label("tokens_in"),
            sa.func.coalesce(sa.func.sum(c.tokens_out), 0).label("tokens_out"),
            sa.func.sum(c.usd).label("usd"),
            sa.func.avg(c.seconds).label("seconds"),
        )
        .group_by(*groups)
        .order_by(*groups)
    )
    store = _open(url)
    try:
        rows = store.do(lambda connection: [tuple(row) for row in connection.execute(query)])
    finally:
        store.close()
    frame = pd.DataFrame(rows, columns=["provider", "model", "status", *COUNTED])
    whole = dict.fromkeys(COUNTED[:3], "int64")
    return frame.astype({**whole, "usd": "float64", "seconds": "float64"})


def cost(url: str | Path | None = None) -> pd.DataFrame:
    """Return calls, tokens and dollars (of the calls that have a price; NaN where none has) by provider and model."""
    by_status = summary(url)
    grouped = by_status.groupby(["provider", "model"], sort=True)
    return grouped[COUNTED[:4]].sum(min_count=1).reset_index()


def verify(url: str | Path | None = None) -> tuple[int, list[str]]:
    """Return how many calls there are, and a line for every row whose key, status or answer does not hold."""
    store = _open(url)
    try:
        return store.do(_verify)
    finally:
        store.close()


def _verify(connection: sa.Connection) -> tuple[int, list[str]]:
    c = calls.c
    wrong = []
    n = 0
    for row in connection.execute(sa.select(c.key, c.request, c.status, c.parsed, c.attempts).order_by(c.key)):
        n += 1
        if hashlib.sha256(row.request.encode()).hexdigest() != row.key:
            wrong.append(f"{row.key[:16]}: the request is not the one the key was made of")
        if row.status not in STATUSES:
            wrong.append(f"{row.key[:16]}: unknown status '{row.status}'")
        if (row.parsed is None) == (row.status == "ok"):
            wrong.append(f"{row.key[:16]}: status {row.status} {'without' if row.parsed is None else 'with'} an answer")
        for name in ("parsed", "attempts"):
            if not _is_json(getattr(row, name)):
                wrong.append(f"{row.key[:16]}: {name} is no JSON")
    return n, wrong


def _is_json(text: str | None) -> bool:
    try:
        json.loads(text or "null")
    except ValueError:
        return False
    return True


def _open(url: str | Path | None) -> Store:
    return Store(str(url if url is not None else paths.data("ledger.sqlite")), create=False)
