"""What is wrong with a user's table, kept row by row, so that one line can be raised or all of them listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from judgekit.errors import InputError


@dataclass(frozen=True)
class Fault:
    """One kind of fault: the rows that have it (none: the table as a whole), what to say of a row, how to mend it."""

    say: Callable[[int], str]
    fix: str
    rows: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """How many things there are to mend."""
        return max(1, len(self.rows))

    def error(self, where: str) -> InputError:
        """Return the first of these faults as the error that a door prints."""
        if not self.rows:
            return InputError(self.say(0), where=where, fix=self.fix)
        more = f" (and {len(self.rows) - 1} more such row(s))" if len(self.rows) > 1 else ""
        return InputError(self.say(self.rows[0]) + more, where=f"{where}:{self.lines[0]}", fix=self.fix)

    def each(self, where: str) -> Iterator[str]:
        """Yield one line for every row, each with place and fix."""
        if not self.rows:
            yield str(InputError(self.say(0), where=where, fix=self.fix))
        for row, line in zip(self.rows, self.lines, strict=True):
            yield str(InputError(self.say(row), where=f"{where}:{line}", fix=self.fix))


@dataclass
class Faults:
    """Gather the faults of one table.

    ``lines`` holds the file's line of every row, ``columns`` its column where several rows come from one line;
    ``notes`` say what was assumed.
    """

    where: str
    lines: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    found: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    columns: np.ndarray | None = None

    def rows(self, bad: np.ndarray, say: Callable[[int], str], fix: str) -> None:
        """Note the rows where ``bad`` is true (a mask over the table's rows)."""
        at = np.flatnonzero(bad)
        columns = self.columns
        if len(at):
            told = say if columns is None else lambda row: f"{say(row)} (column '{columns[row]}')"
            self.found.append(Fault(told, fix, tuple(at.tolist()), tuple(self.lines[at].tolist())))

    def line(self, line: int, problem: str, fix: str) -> None:
        """Note a line of the file that never became a row."""
        self.found.append(Fault(lambda _: problem, fix, (-1,), (line,)))

    def whole(self, problem: str, fix: str) -> None:
        """Note a fault of the table as a whole."""
        self.found.append(Fault(lambda _: problem, fix))

    def bad_rows(self) -> np.ndarray:
        """Return the positions of all rows with a fault, sorted."""
        rows = sorted({row for fault in self.found for row in fault.rows if row >= 0})
        return np.array(rows, dtype=np.int64)

    @property
    def count(self) -> int:
        """How many things there are to mend."""
        return sum(fault.count for fault in self.found)

    def each(self) -> Iterator[str]:
        """Yield every fault of every row as a line, in the order of the file; those of the whole table first."""
        numbered = [
            (fault.lines[at] if fault.lines else 0, order, at, fault)
            for order, fault in enumerate(self.found)
            for at in range(fault.count)
        ]
        for line, _, at, fault in sorted(numbered, key=lambda entry: entry[:2]):
            place = f"{self.where}:{line}" if fault.rows else self.where
            yield str(InputError(fault.say(fault.rows[at] if fault.rows else 0), where=place, fix=fault.fix))

    def stop(self) -> None:
        """Raise the first fault, if there is one."""
        if self.found:
            raise self.found[0].error(self.where)
