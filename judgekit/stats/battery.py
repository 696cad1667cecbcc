"""Several statistics on one study: the table of estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from judgekit.errors import InputError, listed
from judgekit.registry import find, knobs
from judgekit.schema import Estimate
from judgekit.stats.draws import Kept
from judgekit.stats.multiple import check, families
from judgekit.stats.resample import Bootstrap, IntervalRule

if TYPE_CHECKING:
    import pandas as pd

    from judgekit.study import Study


def estimate(
    study: Study,
    *statistics: str,
    n_boot: int = 10_000,
    seed: int = 0,
    conf_level: float = 0.95,
    resampling: IntervalRule = "smoothed",
    adjust: str = "by",
    family: Sequence[str] = ("statistic",),
    **options: Any,
) -> pd.DataFrame:
    """Return estimates of the named statistics, one row each (columns: ``judgekit.tables.ESTIMATE_COLUMNS``).

    ``n_boot=0`` gives values only. ``resampling`` is the interval's rule: smoothed (the default, which covers where
    labels are rare), two_way (for raters in general), or, for comparison, bayesian, percentile, bca, jackknife,
    de_fixed (alpha only). ``adjust`` (by, bh, holm, none) fills in q over each ``family`` of tests: rows that agree in
    these columns. ``options`` go to each statistic named that has an option of this name.
    Unknown names raise InputError with those there are.
    """
    boot = Bootstrap(seed, n_boot, conf_level, resampling)
    return compute(study, _configured(statistics, options), boot, adjust=adjust, family=family)


def _configured(names: Sequence[str], options: Mapping[str, Any]) -> dict[str, Callable[..., Iterable[Estimate]]]:
    """Return the statistics by name, each with those of the options that it has."""
    functions = {name: find("stats", name) for name in names}
    has = {name: knobs(function) for name, function in functions.items()}
    for option in options:
        if not any(option in known for known in has.values()):
            there = listed(sorted({own for known in has.values() for own in known}), 40) or "none"
            raise InputError(f"no statistic named has an option '{option}'", fix=f"their options are: {there}")
    return {
        name: partial(function, **{option: value for option, value in options.items() if option in has[name]})
        for name, function in functions.items()
    }


def compute(
    study: Study,
    statistics: Mapping[str, Callable[..., Iterable[Estimate]]],
    boot: Bootstrap,
    done: Callable[[str], None] = lambda name: None,
    *,
    adjust: str = "by",
    family: Sequence[str] = ("statistic",),
) -> pd.DataFrame:
    """Return the estimates of statistics that are already configured; ``done`` hears of each one finished."""
    from judgekit.tables import estimates_frame

    check(family, adjust)
    if len(statistics) > 1:
        boot = replace(boot, kept=Kept())
    return families(estimates_frame(_in_step(study, statistics, boot, done)), family, adjust)


def _in_step(
    study: Study,
    statistics: Mapping[str, Callable[..., Iterable[Estimate]]],
    boot: Bootstrap,
    done: Callable[[str], None],
) -> list[Estimate]:
    """Return the estimates of all statistics, asked slice by slice, so that they share the draws of each."""
    found = {name: Found(iter(statistic(study, boot=boot))) for name, statistic in statistics.items()}
    every = ((criterion.key, subset) for criterion in study.task.criteria for subset, _ in study.subsets())
    order = {key: place for place, key in enumerate(every)}
    going = dict(found)
    while going:
        now = min(one.at(order) for one in going.values())
        for name, one in list(going.items()):
            one.advance(order, now)
            if one.next is None:
                done(name)
                del going[name]
    return [made for one in found.values() for made in one.rows]


@dataclass
class Found:
    """A statistic's estimates as they are made, and the one that is next.

    Statistics are asked slice by slice, all of them before the next slice: so that its draws need not be kept long.
    """

    source: Iterator[Estimate]
    rows: list[Estimate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.next = next(self.source, None)

    def at(self, order: Mapping[tuple[str, str], int]) -> int:
        """Return the place of the slice that is next."""
        return len(order) if self.next is None else order.get((self.next.criterion, self.next.subset), len(order))

    def advance(self, order: Mapping[tuple[str, str], int], place: int) -> None:
        """Take all estimates of slices up to ``place``."""
        while self.next is not None and self.at(order) <= place:
            self.rows.append(self.next)
            self.next = next(self.source, None)
