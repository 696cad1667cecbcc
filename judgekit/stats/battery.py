"""Several statistics on one study: the table of estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from judgekit.errors import InputError, listed
from judgekit.registry import find, knobs
from judgekit.schema import Estimate
from judgekit.stats.multiple import check, families
from judgekit.stats.resample import Bootstrap, IntervalRule
from judgekit.stats.together import in_step

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
    return families(estimates_frame(in_step(study, statistics, boot, done)), family, adjust)
