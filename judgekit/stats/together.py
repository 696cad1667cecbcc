"""Statistics asked together: slice by slice, and what several want to know of one comes from one pass of draws."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from judgekit.schema import Estimate
from judgekit.stats.draws import Kept
from judgekit.stats.pairings import Slice
from judgekit.stats.resample import Bootstrap, Interval, Job

if TYPE_CHECKING:
    from judgekit.study import Study


@dataclass(frozen=True)
class Request:
    """Jobs on one slice, whose intervals a statistic waits for."""

    part: Slice
    jobs: Sequence[Job]

    @property
    def place(self) -> tuple[str, str]:
        """The criterion and the subset that it is about."""
        return self.part.criterion.key, self.part.subset


#: A statistic that yields requests among its estimates, and is sent the intervals.
Asking = Generator[Estimate | Request, list[Interval], None]


def joint(function: Callable[..., Asking]) -> Callable[..., Iterator[Estimate]]:
    """Make a statistic of a function that yields requests; asked with others, they are answered with theirs."""

    @wraps(function)
    def alone(study: Study, *, boot: Bootstrap, **options: Any) -> Iterator[Estimate]:
        one = Found(function(study, boot=boot, **options))
        while one.next is not None:
            if isinstance(one.next, Request):
                part = one.next.part
                one.answer(boot.intervals(part.stream, part.groups, one.next.jobs, part.types))
            else:
                yield one.take()

    alone.asks = function  # type: ignore[attr-defined]
    return alone


def in_step(
    study: Study,
    statistics: Mapping[str, Callable[..., Iterable[Estimate]]],
    boot: Bootstrap,
    done: Callable[[str], None],
) -> list[Estimate]:
    """Return the estimates of all statistics, asked slice by slice, so that they share the draws of each."""
    asking = [name for name, statistic in statistics.items() if hasattr(_function(statistic), "asks")]
    if len(statistics) - max(0, len(asking) - 1) > 1:  # else whoever asks, asks once a slice
        boot = replace(boot, kept=Kept())
    asked = {name: Found(_source(statistic, study, boot)) for name, statistic in statistics.items()}
    every = ((criterion.key, subset) for criterion in study.task.criteria for subset, _ in study.subsets())
    order = {key: place for place, key in enumerate(every)}
    going = dict(asked)
    while going:
        now = min(one.at(order) for one in going.values())
        for one in going.values():
            one.advance(order, now)
        _answer([one for one in going.values() if one.at(order) <= now], boot)
        for name, one in list(going.items()):
            if one.next is None:
                done(name)
                del going[name]
    return [made for one in asked.values() for made in one.rows]


def _function(statistic: Callable[..., Iterable[Estimate]]) -> Callable[..., Any]:
    return statistic.func if isinstance(statistic, partial) else statistic


def _source(statistic: Callable[..., Iterable[Estimate]], study: Study, boot: Bootstrap) -> Iterator[Estimate] | Asking:
    asks = getattr(_function(statistic), "asks", None)
    if asks is None:
        return iter(statistic(study, boot=boot))
    options = statistic.keywords if isinstance(statistic, partial) else {}
    made: Asking = asks(study, boot=boot, **options)
    return made


def _answer(waiting: Sequence[Found], boot: Bootstrap) -> None:
    """Answer requests, those on the same slice from one pass of draws."""
    by_part: dict[int, list[tuple[Found, Request]]] = {}
    for one in waiting:
        if isinstance(one.next, Request):
            by_part.setdefault(id(one.next.part), []).append((one, one.next))
    for same in by_part.values():
        part = same[0][1].part
        answers = boot.together(part.stream, part.groups, [request.jobs for _, request in same], part.types)
        for (one, _), found in zip(same, answers, strict=True):
            one.answer(found)


@dataclass
class Found:
    """A statistic's estimates as they are made, and what comes next: an estimate, a request, or nothing."""

    source: Iterator[Estimate] | Asking
    rows: list[Estimate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.next: Estimate | Request | None = next(self.source, None)

    def at(self, order: Mapping[tuple[str, str], int]) -> int:
        """Return the place of the slice that is next."""
        if self.next is None:
            return len(order)
        place = self.next.place if isinstance(self.next, Request) else (self.next.criterion, self.next.subset)
        return order.get(place, len(order))

    def take(self) -> Estimate:
        """Return the estimate that is next."""
        made = self.next
        assert isinstance(made, Estimate)
        self.next = next(self.source, None)
        return made

    def advance(self, order: Mapping[tuple[str, str], int], place: int) -> None:
        """Take the estimates of slices up to ``place``, as far as they need no answer."""
        while isinstance(self.next, Estimate) and self.at(order) <= place:
            self.rows.append(self.take())

    def answer(self, found: list[Interval]) -> None:
        """Send the intervals of the request that is next."""
        assert isinstance(self.source, Generator)
        try:
            self.next = self.source.send(found)
        except StopIteration:
            self.next = None
