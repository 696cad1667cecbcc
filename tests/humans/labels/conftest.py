"""Where the tests keep a label study: the same tests on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; skips where none is installed."""
    server = Postgres()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where a study is kept: a file, or an empty database of the server."""
    monkeypatch.setenv("JUDGEKIT_HOME", str(tmp_path))
    if request.param == "sqlite":
        return str(tmp_path / "labels.sqlite")
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()
