"""Which items a run begins: an item is begun only if all that is asked of it fits the budget."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from judgekit.errors import InputError
from judgekit.judges.base import Bench, Judge, Seat
from judgekit.judges.budget import Amount, Hold
from judgekit.judges.limits import Limits
from judgekit.judges.survey import Survey
from judgekit.schema import Item, Task

Entry = asyncio.Future[Hold | None]


class Gate:
    """Lets items in, in order, while the budget lasts: every judge finishes what any of them began, and begins no more.

    ``shadows`` are the run's judges once more, seated at the survey: what they would ask of an item is its worst case.
    """

    def __init__(
        self, limits: Limits, shadows: Sequence[Judge], survey: Survey, task: Task, reps: Mapping[str, int]
    ) -> None:
        self.closed = self._late = False
        self.cut: Counter[str] = Counter()  # verdicts that were begun and could not be paid, by judge
        self._budget, self._limits, self._survey = limits.budget, limits, survey
        self._shadows, self._task, self._reps = shadows, task, reps
        self._verdicts = sum(reps.get(one.name, 1) for one in shadows)
        self._begun: dict[tuple[str, str], Hold] = {}
        self._left: dict[tuple[str, str], int] = {}
        self._first: Amount | None = None
        self._entries: dict[tuple[str, str], Entry] = {}
        self._last: Entry | None = None

    @property
    def begun(self) -> int:
        """How many items were let in."""
        return len(self._begun)

    async def enter(self, item: Item) -> Hold | None:
        """Return what is held for an item; None if it is not to be begun."""
        key = (item.item, item.variant)
        if key not in self._entries:
            self._last = self._entries[key] = asyncio.ensure_future(self._admit(item, self._last))
            self._last.add_done_callback(lambda entry: entry.cancelled() or entry.exception())
        return await asyncio.shield(self._entries[key])

    async def _admit(self, item: Item, before: Entry | None) -> Hold | None:
        if before is not None:  # in order: what is begun are the first items, the same for every judge
            await before
        hold = None if self.closed else await self._budget.reserve(await self._need(item))
        if hold is None:
            self._close()
            return None
        key = (item.item, item.variant)
        self._begun[key], self._left[key] = hold, self._verdicts
        return hold

    def leave(self, item: Item) -> None:
        """Note that one verdict on the item is there; after the last of them what is left of the hold is free."""
        key = (item.item, item.variant)
        self._left[key] -= 1
        if self._left[key] == 0:
            self._budget.release(self._begun[key])

    def unpaid(self, judge: str) -> None:
        """Note that a verdict needed more calls than were foreseen, and there was no room for them."""
        self._close()
        self.cut[judge] += 1

    def _close(self) -> None:
        self._late = self._budget.over_time if not self.closed else self._late
        self.closed = True

    def missing(self, items: int) -> list[str]:
        """Say which verdicts the budget left out, a line each; InputError if it let not one item in."""
        if not self.closed:
            return []
        if not self.begun:
            raise InputError(f"it has no room for one item, which may cost {self._first}", where="budget",
                             fix="raise the cap, or lower max_tokens")  # fmt: skip
        why = "its time was over" if self._late else f"spent {self._budget.spent}"
        left = items - self.begun
        lines = [f"{left} of {items} items not asked of {one.name}: budget ({why})" for one in self._shadows if left]
        return lines + [f"{n} verdict(s) of {name} not finished: budget ({why})" for name, n in self.cut.items()]

    async def _need(self, item: Item) -> Amount:
        need = Amount()
        if not self._budget.capped:
            return need
        for one in self._shadows:
            for rep in range(self._reps.get(one.name, 1)):
                await foreseen(one, item, self._task, rep)
        for request in self._survey.take():
            need = need + self._limits.worst(request)
        self._first = self._first or need
        return need


def gate_of(
    limits: Limits, seats: Iterable[Seat], bench: Bench, task: Task, reps: Mapping[str, int], *, only: str | None = None
) -> Gate | None:
    """Return the gate of a run whose judges take these seats; None where the budget has no cap, or nothing is paid.

    ``only`` names the one judge that is asked, where not all are.
    """
    caps, ledger = limits.budget.caps, bench.ledger
    if ledger is None or ledger.mode == "replay" or all(cap is None for cap in caps.model_dump().values()):
        return None
    survey = Survey(ledger, ledger.mode)
    shadows = [one for seat in seats for one in seat.judges(replace(bench, ledger=survey)) if only in (None, one.name)]
    return Gate(limits, shadows, survey, task, reps)


async def foreseen(judge: Judge, item: Item, task: Task, rep: int) -> None:
    """Let a judge at a survey ask its questions; that a made-up answer is no good to it does not matter."""
    try:
        await judge(item, task, rep)
    except InputError:
        raise
    except Exception:
        return
