"""The database behind the ledger: one thread, one connection, reads and writes in batches."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from judgekit import databases
from judgekit.errors import InputError
from judgekit.ledger.table import REPLAYED, calls, migrate

T = TypeVar("T")
BATCH = 256
BUSY_SECONDS = 60
PRAGMAS = (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=NORMAL")


@dataclass(frozen=True)
class Job:
    """A read (``row`` is None) or a write, and the future that waits for it in the loop that asked."""

    key: str
    future: asyncio.Future[Any]
    row: dict[str, Any] | None = None
    replace: bool = False


@dataclass(frozen=True)
class Errand:
    """Any other work on the connection."""

    work: Callable[[sa.Connection], Any]
    future: Future[Any]


class Store:
    """A table of calls that coroutines read and write; a write is acknowledged only after its commit.

    While one batch is being committed the next gathers, so that the batch grows with the load and a single call waits
    for nobody. Commits survive the death of the process (WAL, synchronous=NORMAL), not a power cut.
    """

    def __init__(self, url: str, *, create: bool = True) -> None:
        self.url = databases.parsed(url, "a ledger")
        self.where = self.url.render_as_string(hide_password=True)
        file = self.url.database if self.url.get_backend_name() == "sqlite" else None
        if file and file != ":memory:":
            self.where = file
            if not create and not Path(file).exists():
                raise InputError("there is no ledger here", where=file, fix="run a study in mode live first")
            try:
                Path(file).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(f"cannot open the ledger: {error.strerror}", where=file, fix="name another") from None
        self._queue: queue.SimpleQueue[Job | Errand | None] = queue.SimpleQueue()
        self._closed = False
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="ledger", daemon=True)
        self._thread.start()
        try:
            started.result()
        except sa.exc.SQLAlchemyError as error:
            raise InputError(
                f"cannot open the ledger: {databases.short(error)}", where=self.where, fix="name another"
            ) from None

    def get(self, key: str) -> asyncio.Future[Any]:
        """Return a future of the row with this key (its ``REPLAYED`` columns), or of None."""
        return self._add(key)

    def put(self, row: dict[str, Any], *, replace: bool) -> asyncio.Future[Any]:
        """Return a future that is done after the commit: None, or the answer another process recorded first.

        A recorded failure is always replaced; a recorded answer only if ``replace``, and never by a failure.
        """
        return self._add(row["key"], row, replace)

    def do(self, work: Callable[[sa.Connection], T]) -> T:
        """Run ``work`` on the connection and return what it returns (blocks)."""
        if self._closed:
            raise RuntimeError("the ledger is closed")
        future: Future[T] = Future()
        self._queue.put(Errand(work, future))
        return future.result()

    def close(self) -> None:
        """Write what is queued, and close the connection."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()

    def _add(self, key: str, row: dict[str, Any] | None = None, replace: bool = False) -> asyncio.Future[Any]:
        if self._closed:
            raise RuntimeError("the ledger is closed")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put(Job(key, future, row, replace))
        return future

    def _run(self, started: Future[None]) -> None:
        try:
            engine = databases.engine(self.url, PRAGMAS)
        except BaseException as error:
            started.set_exception(error)
            return
        try:
            with engine.connect() as connection:
                with transaction(connection):
                    migrate(connection, self.where)
                started.set_result(None)
                self._work(connection)
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)
        finally:
            engine.dispose()

    def _work(self, connection: sa.Connection) -> None:
        while (first := self._queue.get()) is not None:
            batch, last = self._gather(first)
            self._serve(connection, [job for job in batch if isinstance(job, Job)])
            for errand in batch:
                if isinstance(errand, Errand):
                    _attempt(errand, connection)
            if last:
                break

    def _gather(self, first: Job | Errand) -> tuple[list[Job | Errand], bool]:
        batch = [first]
        while len(batch) < BATCH:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
            if job is None:
                return batch, True
            batch.append(job)
        return batch, False

    def _serve(self, connection: sa.Connection, jobs: Sequence[Job]) -> None:
        reads = [job for job in jobs if job.row is None]
        writes = [job for job in jobs if job.row is not None]
        for chosen, serve in ((writes, _write), (reads, _read)):
            if not chosen:
                continue
            try:
                found = serve(connection, chosen)
            except Exception as error:
                line = InputError(
                    f"the ledger cannot be used: {databases.short(error)}",
                    where=self.where,
                    fix="free the disk or the lock",
                )
                _settle([(job.future, None, line) for job in chosen])
            else:
                _settle([(job.future, found.get(job.key), None) for job in chosen])


def _read(connection: sa.Connection, jobs: Sequence[Job]) -> dict[str, Any]:
    keys = [job.key for job in jobs]
    return {found.key: found for found in connection.execute(sa.select(*REPLAYED).where(calls.c.key.in_(keys)))}


def _write(connection: sa.Connection, jobs: Sequence[Job]) -> dict[str, Any]:
    # In one transaction: what another process has answered meanwhile stays, so that a rating's `call` always names
    # the very answer that the rating holds.
    with transaction(connection):
        kept = [job for job in jobs if not job.replace or (job.row is not None and job.row["status"] == "error")]
        answered = {key: found for key, found in _read(connection, kept).items() if found.status != "error"}
        rows = [job.row for job in jobs if job.row is not None and job.key not in answered]
        if rows:
            connection.execute(upsert(connection.dialect.name), rows)
    return answered


def upsert(dialect: str) -> Any:
    """Return the insert-or-replace statement of a dialect (sqlite or postgresql)."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    new = insert(calls)
    return new.on_conflict_do_update(
        index_elements=["key"], set_={c.name: new.excluded[c.name] for c in calls.c if c.name != "key"}
    )


@contextmanager
def transaction(connection: sa.Connection) -> Iterator[None]:
    """Commit what is done within, or roll it back."""
    # The connection is in autocommit: drivers disagree on when they begin, and a reader must not hold a lock.
    sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN")
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _attempt(errand: Errand, connection: sa.Connection) -> None:
    try:
        errand.future.set_result(errand.work(connection))
    except BaseException as error:
        errand.future.set_exception(error)


def _settle(results: Sequence[tuple[asyncio.Future[Any], Any, Exception | None]]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any, Exception | None]]] = {}
    for result in results:
        loops.setdefault(result[0].get_loop(), []).append(result)
    for loop, mine in loops.items():
        try:
            loop.call_soon_threadsafe(_wake, mine)
        except RuntimeError:  # the loop was closed while this was written: nobody waits any more
            continue


def _wake(results: Sequence[tuple[asyncio.Future[Any], Any, Exception | None]]) -> None:
    for future, value, error in results:
        if future.done():
            continue
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)
