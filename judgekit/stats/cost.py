"""Time and money per label: people by pool, beside judges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.clustered import clustered_mean
from judgekit.stats.resample import Bootstrap
from judgekit.stats.rows import number
from judgekit.stats.spent import spent

if TYPE_CHECKING:
    from judgekit.study import Study

#: What each row is, and what to say where nothing was recorded.
PARTS = {
    "seconds": ("seconds a card", "not estimable: no times were recorded"),
    "usd": ("US dollars a card", "not estimable: no dollars (people: declare usd_per_hour or usd_per_label)"),
}


@register("stats")
def cost(study: Study, *, boot: Bootstrap) -> Iterator[Estimate]:
    """Cost per label: mean seconds and US dollars that an item takes, for people by pool and for each judge.

    A label is a card: all criteria of one item at a time. Interval: t with CR2 standard errors, people clustered by
    rater (who work at their own pace), a judge's cards by the items' groups; Bell & McCaffrey (2002).
    """
    groups = dict(zip(study.items["item"], study.items["group"], strict=True))
    sides = [(pool, people, "raters") for pool, people in study.pools().items()]
    sides += [(judge, [judge], "items") for judge in study.judges()]
    for name, raters, by in sides:
        cards = spent(study, raters)
        for part, (what, lacking) in PARTS.items():
            told = cards[cards[part].notna()]
            labels = told["rater"] if by == "raters" else told["item"].map(groups)
            found = clustered_mean(told[part].to_numpy(dtype=float), _numbered(labels.to_numpy()))
            low, high = found.interval(boot.conf_level)
            declared = found.n > 1 and not float(np.ptp(told[part].to_numpy(dtype=float))) > 0
            note = lacking if told.empty else found.note
            if declared:
                low = high = np.nan
                note = "no interval: every card has the same"
            yield Estimate(
                statistic=f"cost.{part}",
                criterion="all",
                a=name,
                value=number(found.value),
                low=number(low),
                high=number(high),
                conf_level=boot.conf_level if np.isfinite(low) else None,
                n_items=int(told["item"].nunique()),
                n_raters=int(told["rater"].nunique()),
                n_ratings=len(told),
                kind="simulated" if study.simulated(raters) else "",
                method=f"mean {what}; t with {found.df:.3g} df, CR2 over {by}" if np.isfinite(low) else f"mean {what}",
                seed=boot.seed,
                note=note,
            )


def _numbered(labels: np.ndarray) -> np.ndarray:
    return np.unique(labels.astype(str), return_inverse=True)[1].astype(np.int64)
