"""The coverage study over many cells, in several processes: the same rows whatever their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeVar

from judgekit.errors import InputError
from judgekit.stats.coverage.cell import Cell
from judgekit.stats.coverage.questions import questions
from judgekit.stats.coverage.tally import CHUNK, chunk, merged, rows
from judgekit.stats.coverage.truth import ITEMS, SAMPLES, Truth, sample, together

T = TypeVar("T")
#: How many data sets a cell has, and replicates an interval, by default: those of the committed table.
DATA_SETS, REPLICATES = 1000, 1000
FEWEST_REPLICATES = 200


@dataclass(frozen=True)
class Plan:
    """What is done in every cell: which statistics (none: all), how many data sets, replicates; the seed of it all.

    ``samples`` populations of ``population`` items each give the truth.
    """

    statistics: tuple[str, ...] = ()
    data_sets: int = DATA_SETS
    replicates: int = REPLICATES
    seed: int = 0
    samples: int = SAMPLES
    population: int = ITEMS

    def __post_init__(self) -> None:
        for name, value, least in (
            ("data sets", self.data_sets, 2),
            ("replicates", self.replicates, FEWEST_REPLICATES),
            ("samples", self.samples, 2),
            ("items of a population", self.population, 1000),
        ):
            if value < least:
                raise InputError(f"{value} {name} are too few", where="coverage", fix=f"give {least} or more")
        questions(self.statistics)

    @property
    def chunks(self) -> list[range]:
        """The data sets in portions of fixed size, so that their streams do not depend on who computes them."""
        return [range(first, min(first + CHUNK, self.data_sets)) for first in range(0, self.data_sets, CHUNK)]

    @property
    def named(self) -> dict[str, Any]:
        """The settings as columns of the table."""
        return {
            "asked": " ".join(self.statistics) or "all",
            "data_sets": self.data_sets,
            "replicates": self.replicates,
            "seed": self.seed,
        }


def measure(
    cells: Sequence[Cell], plan: Plan, jobs: int = 1, done: Callable[[str], None] = lambda what: None
) -> Iterator[tuple[Cell, list[dict[str, Any]]]]:
    """Yield each cell with its finished rows, in order; ``done`` hears of every population and portion of data sets.

    ``steps`` says how often it will.
    """
    asked = questions(plan.statistics)
    with workers(jobs) as submit:
        sampled: dict[Cell, list[Callable[[], Any]]] = {}
        truths: dict[Cell, Truth] = {}
        for place, cell in enumerate(cells):
            for near in cells[place : place + 2]:  # the next one's as well, so that no worker waits
                if near.population not in sampled:
                    given = near.population, asked, plan.seed
                    sampled[near.population] = [
                        submit(sample, *given, number, plan.population) for number in range(plan.samples)
                    ]
            if cell.population not in truths:
                truths[cell.population] = together(
                    [_result(part, done, "population") for part in sampled[cell.population]]
                )
            known = truths[cell.population]
            parts = [submit(chunk, cell, asked, numbers, known, plan.replicates, plan.seed) for numbers in plan.chunks]
            tally = merged(_result(part, done, cell.name) for part in parts)
            yield cell, [{**row, **plan.named} for row in rows(cell, tally, known)]


def steps(cells: Sequence[Cell], plan: Plan) -> int:
    """Return how many portions of work there are."""
    return len({cell.population for cell in cells}) * plan.samples + len(cells) * len(plan.chunks)


def _result(part: Callable[[], T], done: Callable[[str], None], what: str) -> T:
    found = part()
    done(what)
    return found


@contextmanager
def workers(jobs: int) -> Iterator[Callable[..., Callable[[], Any]]]:
    """Yield a function that has a call done, here or elsewhere, and returns a way to its result."""
    if jobs == 1:
        with _one_thread():
            yield partial
        return
    pool: Executor = ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_quiet)
    try:

        def submit(function: Callable[..., T], *given: Any) -> Callable[[], T]:
            future: Future[T] = pool.submit(function, *given)
            return future.result

        yield submit
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _one_thread() -> Iterator[None]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def _quiet() -> None:
    """Let a worker use one thread: the processes are the parallelism."""
    import signal

    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threadpool_limits(1)
