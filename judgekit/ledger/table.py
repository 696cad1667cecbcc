"""The ledger's table, and the steps by which an older file becomes today's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from judgekit import databases
from judgekit.ledger.call import Reply, Request, now

#: One row a call. JSON is kept as text: the same on SQLite and PostgreSQL, and hashed as it stands.
calls = sa.Table(
    "calls",
    sa.MetaData(),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("rep", sa.Integer, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("response", sa.Text),
    sa.Column("parsed", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("tokens_in", sa.Integer),
    sa.Column("tokens_out", sa.Integer),
    sa.Column("usd", sa.Double),
    sa.Column("seconds", sa.Double),
    sa.Column("model_reported", sa.Text),
    sa.Column("attempts", sa.Text, nullable=False),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("redacted", sa.Integer, nullable=False, server_default="0"),
)
#: What a replay needs: not the texts of request and response, which are most of a row.
REPLAYED = tuple(column for column in calls.c if column.name not in ("request", "response"))


def _first(connection: sa.Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE calls (key TEXT PRIMARY KEY, provider TEXT NOT NULL, model TEXT NOT NULL, rep INTEGER NOT NULL,"
        " request TEXT NOT NULL, response TEXT, parsed TEXT, status TEXT NOT NULL, note TEXT, tokens_in INTEGER,"
        " tokens_out INTEGER, usd DOUBLE PRECISION, seconds DOUBLE PRECISION, model_reported TEXT,"
        " attempts TEXT NOT NULL, created TEXT NOT NULL)"
    )


def _redactable(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE calls ADD COLUMN redacted INTEGER NOT NULL DEFAULT 0")


#: Step n turns version n into n + 1. Steps are only ever added: a file written by any version can be opened.
MIGRATIONS: list[Callable[[sa.Connection], None]] = [_first, _redactable]


def migrate(connection: sa.Connection, where: str) -> None:
    """Bring the database to today's version, inside the caller's transaction; refuse one from the future."""
    databases.migrate(connection, where, "ledger", MIGRATIONS, "ledger_version")


def row(request: Request, reply: Reply) -> dict[str, Any]:
    """Return a call as a row of the table."""
    return {
        "key": request.key,
        "provider": request.provider,
        "model": request.model,
        "rep": request.rep,
        "request": request.text,
        "response": reply.response,
        "parsed": None if reply.parsed is None else json.dumps(reply.parsed, ensure_ascii=False),
        "status": reply.status,
        "note": reply.note,
        "tokens_in": reply.tokens_in,
        "tokens_out": reply.tokens_out,
        "usd": reply.usd,
        "seconds": reply.seconds,
        "model_reported": reply.model_reported,
        "attempts": json.dumps(reply.attempts, ensure_ascii=False),
        "created": reply.at or now(),
        "redacted": 0,
    }


def reply(found: Any) -> Reply:
    """Return what a row (of the ``REPLAYED`` columns) recorded."""
    return Reply(
        status=found.status,
        parsed=None if found.parsed is None else json.loads(found.parsed),
        note=found.note,
        tokens_in=found.tokens_in,
        tokens_out=found.tokens_out,
        usd=found.usd,
        seconds=found.seconds,
        model_reported=found.model_reported,
        attempts=json.loads(found.attempts),
        at=found.created,
        replayed=True,
    )
