"""What ledger and label studies share as databases: their URLs, and the steps from an older version to today's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from judgekit.errors import InputError


def parsed(url: str, what: str) -> sa.URL:
    """Return a file name or database URL as a URL; InputError for what is neither SQLite nor PostgreSQL."""
    try:
        made = sa.make_url(url) if "://" in url else sa.URL.create("sqlite", database=url)
    except sa.exc.ArgumentError:
        raise InputError(f"'{url}' is no database URL", fix="use a file name or postgresql+psycopg://…") from None
    if made.get_backend_name() not in ("sqlite", "postgresql"):
        raise InputError(
            f"{what} cannot be kept in {made.get_backend_name()}", fix="use SQLite (a file name) or PostgreSQL"
        )
    return made


def engine(url: sa.URL, pragmas: Sequence[str], **options: Any) -> sa.Engine:
    """Return an engine that commits only when told; SQLite's connections begin with these pragmas."""
    try:
        made = sa.create_engine(url, isolation_level="AUTOCOMMIT", **options)
    except ModuleNotFoundError as error:
        raise InputError(f"no driver for {url.drivername} ({error.name})", fix="install the extra 'postgres'") from None

    def begin(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    if url.get_backend_name() == "sqlite":
        sa.event.listen(made, "connect", begin)
    return made


def short(error: BaseException) -> str:
    """Return a database's complaint in one line."""
    return str(getattr(error, "orig", None) or error).split("\n", 1)[0][:200]


def migrate(
    connection: sa.Connection, where: str, what: str, steps: Sequence[Callable[[sa.Connection], None]], table: str
) -> None:
    """Bring a database to today's version, inside the caller's transaction; InputError for one from the future.

    Step n turns version n into n + 1; ``table`` keeps the version, ``what`` names the database in the error.
    """
    connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {table} (version INTEGER NOT NULL)")
    found = connection.exec_driver_sql(f"SELECT version FROM {table}").scalar()
    version = 0 if found is None else int(found)
    if version > len(steps):
        raise InputError(
            f"the {what} is of version {version}, this judgekit knows {len(steps)}",
            where=where,
            fix=f"update judgekit, or name another {what}",
        )
    for step in steps[version:]:
        step(connection)
    if found is None:
        connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({len(steps)})")
    elif version < len(steps):
        connection.exec_driver_sql(f"UPDATE {table} SET version = {len(steps)}")
