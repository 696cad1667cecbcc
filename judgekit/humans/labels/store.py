"""The database of a label study: one writer that commits in batches, readers beside it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from judgekit import databases
from judgekit.errors import InputError
from judgekit.humans.labels.tables import migrate

T = TypeVar("T")
BATCH = 64
BUSY_SECONDS = 30
PRAGMAS = (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")
RETRY_SECONDS = 20.0
PAUSE = 0.2
#: What a database says that went away, or is just coming back.
LOST = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.PendingRollbackError)
LOCK = 0x6C6162656C  # one writer at a time on PostgreSQL, as SQLite has it by itself


class AwayError(InputError):
    """The database cannot be used now: nothing was acknowledged, and the same may be tried again."""


@dataclass(frozen=True)
class _Job:
    work: Callable[[sa.Connection], Any]
    future: Future[Any]


class Store:
    """Where a study's rows are. A write is acknowledged only after its commit reached the disk.

    Writes of all threads go through one connection, several in a transaction when they come together, each undone by
    itself if it fails. SQLite runs in WAL mode with synchronous=FULL, PostgreSQL with its own synchronous commit. A
    lost connection is made anew and the batch repeated, which is safe since every write of a study is idempotent.
    """

    def __init__(self, url: str, *, create: bool = True) -> None:
        self.url = databases.parsed(url, "labels")
        self.where = self.url.render_as_string(hide_password=True)
        if self.url.get_backend_name() == "sqlite":
            self._folder(create)
        self._engine = databases.engine(self.url, PRAGMAS, pool_size=8, max_overflow=64, pool_reset_on_return=None)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        try:
            with self._engine.connect() as connection, transaction(connection):
                _lock(connection)
                migrate(connection, self.where)
        except sa.exc.SQLAlchemyError as error:
            self._engine.dispose()
            raise InputError(
                f"cannot open the study: {databases.short(error)}", where=self.where, fix="name another"
            ) from None
        except InputError:
            self._engine.dispose()
            raise
        self._thread = threading.Thread(target=self._run, name="labels", daemon=True)
        self._thread.start()

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Run ``work`` in a transaction and return what it returns when that is on disk; what it raises undoes it."""
        if self._closed:
            raise RuntimeError("the label study is closed")
        future: Future[T] = Future()
        self._jobs.put(_Job(work, future))
        return future.result()

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run ``work`` on a connection of its own and return what it returns; it sees all that is acknowledged."""
        until = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                with self._engine.connect() as connection:
                    return work(connection)
            except LOST as error:
                self._engine.dispose()  # the database went away and may be back
                if time.monotonic() > until:
                    raise self._lost(error) from None
                time.sleep(PAUSE)

    def forget(self) -> None:
        """Leave no trace of deleted rows in the files: SQLite's log is written back and emptied."""
        if self.url.get_backend_name() == "sqlite":
            self.read(lambda connection: connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all())

    def close(self) -> None:
        """Write what is queued and close the database."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._thread.join()
            self._engine.dispose()

    def _folder(self, create: bool) -> None:
        file = self.url.database
        if not file or file == ":memory:":
            raise InputError("labels are kept in a file", where="label.url", fix="give a file name or a database URL")
        self.where = file
        if not create and not Path(file).exists():
            raise InputError("there is no label study here", where=file, fix="begin one with python -m judgekit.label")
        try:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot open the study: {error.strerror}", where=file, fix="name another") from None

    def _run(self) -> None:
        connection: sa.Connection | None = None
        while (job := self._jobs.get()) is not None:
            batch, last = [job], False
            while len(batch) < BATCH:
                try:
                    more = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    last = True
                    break
                batch.append(more)
            connection = self._commit(connection, batch)
            if last:
                break
        if connection is not None:
            connection.close()

    def _commit(self, connection: sa.Connection | None, batch: list[_Job]) -> sa.Connection | None:
        until = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                connection = connection or self._engine.connect()
                done = _attempt(connection, batch)
            except LOST as error:
                _discard(connection)
                connection = None
                self._engine.dispose()
                if time.monotonic() < until:
                    time.sleep(PAUSE)
                    continue
                done = [(job.future, None, self._lost(error)) for job in batch]
            except BaseException as error:
                _discard(connection)
                connection = None
                done = [(job.future, None, error) for job in batch]
            for future, value, problem in done:
                if problem is None:
                    future.set_result(value)
                else:
                    future.set_exception(problem)
            return connection

    def _lost(self, error: BaseException) -> AwayError:
        return AwayError(
            f"the study cannot be used: {databases.short(error)}", where=self.where, fix="free the disk or the lock"
        )


def _attempt(connection: sa.Connection, batch: list[_Job]) -> list[tuple[Future[Any], Any, BaseException | None]]:
    done: list[tuple[Future[Any], Any, BaseException | None]] = []
    with transaction(connection):
        _lock(connection)
        for job in batch:
            connection.exec_driver_sql("SAVEPOINT job")
            try:
                done.append((job.future, job.work(connection), None))
            except LOST:
                raise
            except Exception as error:
                connection.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
                done.append((job.future, None, error))
            connection.exec_driver_sql("RELEASE SAVEPOINT job")
    return done


@contextmanager
def transaction(connection: sa.Connection) -> Iterator[None]:
    """Commit what is done within, or roll it back; a connection that is lost has nothing to roll back."""
    # In autocommit, as the ledger: drivers disagree on when they begin, and a reader must not hold a lock.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN")
    try:
        yield
    except BaseException:
        with suppress(sa.exc.SQLAlchemyError):
            connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _discard(connection: sa.Connection | None) -> None:
    if connection is not None:
        with suppress(sa.exc.SQLAlchemyError):
            connection.invalidate()
            connection.close()


def _lock(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
