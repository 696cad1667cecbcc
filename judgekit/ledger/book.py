"""The ledger as judges see it: ask once, record, replay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TypeVar, cast, get_args

from judgekit import paths
from judgekit.errors import InputError, listed
from judgekit.ledger.call import Reply, Request, now

if TYPE_CHECKING:
    import sqlalchemy as sa

    from judgekit.ledger.store import Store

T = TypeVar("T")

Call = Callable[[], Awaitable[Reply]]
#: Stands between the ledger and each call that is really made: may bill it, delay it or refuse it.
Guard = Callable[[Request, Call], Awaitable[Reply]]
Mode = Literal["live", "replay", "refresh"]
MODES: tuple[str, ...] = get_args(Mode)


class Ledger:
    """Every model call goes through here.

    ``live`` answers from the ledger where an answer is recorded, and calls otherwise. ``replay`` never calls: a miss
    is an InputError. ``refresh`` asks the failures anew, once a run: refusals and unparsable answers too; what comes
    replaces them, unless it is an error. An answer is never asked again.

    A refusal and an unparsable reply are what the model does: they are answers, recorded and replayed. An error
    (429, 500, a dropped connection, a time-out) says nothing of the model: it is recorded, and asked again by the next
    live run.
    """

    def __init__(self, store: Store, mode: Mode) -> None:
        self.mode = mode
        self.guard: Guard | None = None
        self._store = store
        self._flight: dict[str, asyncio.Future[Reply | None]] = {}
        self._fresh: set[str] = set()

    @classmethod
    def open(cls, url: str | Path | None = None, mode: str = "live") -> Ledger:
        """Open (and create or migrate) the ledger at a file name or database URL; default ``data/ledger.sqlite``."""
        from judgekit.ledger.store import Store

        if mode not in MODES:
            raise InputError(f"unknown ledger mode '{mode}'", fix=f"use one of {listed(MODES)}")
        where = str(url) if url is not None else str(paths.data("ledger.sqlite"))
        return cls(Store(where, create=mode != "replay"), cast(Mode, mode))

    @property
    def where(self) -> str:
        """The ledger's file name or URL, without a password."""
        return self._store.where

    async def ask(self, request: Request, call: Callable[[], Awaitable[Reply]], *, about: str = "") -> Reply:
        """Return the recorded reply, or the one ``call`` makes, after it is safely on disk.

        Identical requests in flight share one call. ``about`` names the item in an error line. What ``call`` raises is
        raised here and not recorded.
        """
        while (waiting := self._flight.get(request.key)) is not None:
            # Shielded, because a cancelled follower must not cancel what the leader and the others wait for.
            shared = await asyncio.shield(waiting)
            if shared is not None:
                return shared
        mine = self._flight[request.key] = asyncio.get_running_loop().create_future()
        try:
            reply = await self._answer(request, call, about)
        except Exception as error:
            mine.set_exception(error)
            mine.exception()  # seen: nobody may be waiting for it
            raise
        except BaseException:
            mine.set_result(None)  # cancelled: the next in line asks
            raise
        else:
            mine.set_result(reply)
            return reply
        finally:
            del self._flight[request.key]

    async def find(self, key: str, mode: str | None = None) -> Reply | None:
        """Return the recorded reply that stands in a mode (None: the ledger's own); None where a run would ask."""
        from judgekit.ledger import table

        found = await self._store.get(key)
        return table.reply(found) if found is not None and self._stands(found.status, key, mode or self.mode) else None

    def _stands(self, status: str, key: str, mode: str) -> bool:
        return status == "ok" if mode == "refresh" and key not in self._fresh else status != "error"

    async def _answer(self, request: Request, call: Callable[[], Awaitable[Reply]], about: str) -> Reply:
        from judgekit.ledger import table

        found = await self._store.get(request.key)
        if found is not None and self._stands(found.status, request.key, self.mode):
            return table.reply(found)
        if self.mode == "replay":
            raise self._missing(request, about, None if found is None else found.note)
        made = await (call() if self.guard is None else self.guard(request, call))
        reply = made if made.at else replace(made, at=now())
        earlier = await self._store.put(table.row(request, reply), replace=self.mode == "refresh")
        if self.mode == "refresh":
            self._fresh.add(request.key)
            return reply  # also where an error left the recorded failure in place: this run asked, and got an error
        return reply if earlier is None else table.reply(earlier)

    def _missing(self, request: Request, about: str, failure: str | None) -> InputError:
        what = f"{request.provider}/{request.model}, {f'{about}, ' if about else ''}rep {request.rep}"
        said = "no recorded answer" if failure is None else f"only a failure recorded ({failure})"
        return InputError(
            f"{said} of {what} (call {request.key[:16]})",
            where=self.where,
            fix="replay never calls: run with the ledger's mode live, or bring the ledger that holds it",
        )

    def look(self, work: Callable[[sa.Connection], T]) -> T:
        """Return what ``work`` reads from the database, after what is queued."""
        return self._store.do(work)

    def close(self) -> None:
        """Write what is queued and close the database."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
