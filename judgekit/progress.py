"""What a terminal shows of a run: phases with rate and time left; plain lines where nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

Step = Callable[..., None]


class Progress:
    """Phases of known length. ``shown=False`` is silent; without a terminal one line a phase is printed."""

    def __init__(self, shown: bool = True) -> None:
        self.shown = shown
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if self.shown and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("{task.description:<20}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[now]}"),
                console=Console(stderr=True),
            )
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    @contextmanager
    def phase(self, name: str, total: int) -> Iterator[Step]:
        """Open a phase of ``total`` steps; the yielded function counts one step and may name what was done."""
        started = time.monotonic()
        task = self._bar.add_task(name, total=total, rate="", now="") if self._bar is not None else None
        done = 0

        def step(*what: object) -> None:
            nonlocal done
            done += 1
            if task is not None:
                rate = done / max(time.monotonic() - started, 1e-9)
                shown = f"{rate:.0f}/s" if total > 20 else ""
                self._bar.update(task, completed=done, rate=shown, now=" ".join(map(str, what))[:40])

        yield step
        if self.shown and self._bar is None:
            self.say(f"{name}: {done} of {total} in {time.monotonic() - started:.1f} s")
        elif task is not None:
            self._bar.update(task, now="")

    def say(self, line: str) -> None:
        """Print one line beside the bars."""
        if not self.shown:
            return
        if self._bar is not None:
            self._bar.console.print(line, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)
