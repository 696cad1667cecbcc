"""What a ledger holds, in numbers, and whether it is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pandas as pd
import sqlalchemy as sa

from judgekit import paths
from judgekit.ledger.store import Store
from judgekit.ledger.table import calls
from judgekit.schema import STATUSES

T = TypeVar("T")
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
    rows = asked(url, lambda connection: [tuple(row) for row in connection.execute(query)])
    frame = pd.DataFrame(rows, columns=["provider", "model", "status", *COUNTED])
    whole = dict.fromkeys(COUNTED[:3], "int64")
    return frame.astype({**whole, "usd": "float64", "seconds": "float64"})


def cost(url: str | Path | None = None) -> pd.DataFrame:
    """Return calls, tokens and dollars (of the calls that have a price; NaN where none has) by provider and model."""
    by_status = summary(url)
    grouped = by_status.groupby(["provider", "model"], sort=True)
    return grouped[COUNTED[:4]].sum(min_count=1).reset_index()


def past(url: str | Path | None = None) -> pd.DataFrame:
    """Return what calls that brought a completion were like, by provider and model.

    Columns: n, tokens_out and seconds (means a call), density (tokens in per character of the recorded request).
    """
    c = calls.c
    query = (
        sa.select(
            c.provider,
            c.model,
            sa.func.count().label("n"),
            sa.func.avg(c.tokens_out).label("tokens_out"),
            sa.func.avg(c.seconds).label("seconds"),
            (sa.func.sum(c.tokens_in) * 1.0 / sa.func.sum(sa.func.length(c.request))).label("density"),
        )
        .where(c.tokens_in.is_not(None), c.tokens_out.is_not(None))
        .group_by(c.provider, c.model)
    )
    rows = asked(url, lambda connection: [tuple(row) for row in connection.execute(query)])
    frame = pd.DataFrame(rows, columns=["provider", "model", "n", "tokens_out", "seconds", "density"])
    return frame.astype(dict.fromkeys(("tokens_out", "seconds", "density"), "float64"))


def verify(url: str | Path | None = None) -> tuple[int, list[str]]:
    """Return how many calls there are, and a line for every row whose key, status or answer does not hold.

    A redacted call has lost the request that its key was made of: only the rest of it is checked.
    """
    return asked(url, _verify)


def _verify(connection: sa.Connection) -> tuple[int, list[str]]:
    c = calls.c
    wrong = []
    n = 0
    for row in connection.execute(
        sa.select(c.key, c.request, c.status, c.parsed, c.attempts, c.redacted).order_by(c.key)
    ):
        n += 1
        if not row.redacted and hashlib.sha256(row.request.encode()).hexdigest() != row.key:
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


def asked(url: str | Path | None, work: Callable[[sa.Connection], T]) -> T:
    """Return what ``work`` makes of a ledger that is there; None is the home folder's."""
    store = opened(url)
    try:
        return store.do(work)
    finally:
        store.close()


def opened(url: str | Path | None) -> Store:
    """Open a ledger that is there; None is the home folder's."""
    return Store(str(url if url is not None else paths.data("ledger.sqlite")), create=False)
