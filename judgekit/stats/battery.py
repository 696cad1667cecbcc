"""Several statistics on one study: the table of estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from judgekit.registry import find
from judgekit.schema import Estimate
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
    **options: Any,
) -> pd.DataFrame:
    """Return estimates of the named statistics, one row each (columns: ``judgekit.tables.ESTIMATE_COLUMNS``).

    ``n_boot=0`` gives values only. ``resampling`` is the interval's rule: smoothed (the default, which covers where
    labels are rare), or, for comparison, bayesian, percentile, bca, jackknife, de_fixed (alpha only). ``options`` go to
    every statistic named, so give them with one name at a time.
    Unknown names raise InputError with those there are.
    """
    boot = Bootstrap(seed, n_boot, conf_level, resampling)
    return compute(study, {name: partial(find("stats", name), **options) for name in statistics}, boot)


def compute(
    study: Study,
    statistics: Mapping[str, Callable[..., Iterable[Estimate]]],
    boot: Bootstrap,
    done: Callable[[str], None] = lambda name: None,
) -> pd.DataFrame:
    """Return the estimates of statistics that are already configured; ``done`` hears of each one finished."""
    from judgekit.tables import estimates_frame

    rows: list[Estimate] = []
    for name, statistic in statistics.items():
        rows += statistic(study, boot=boot)
        done(name)
    return estimates_frame(rows)
