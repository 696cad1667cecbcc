"""How often a rater answered, refused, or gave nothing that can be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from judgekit.registry import register
from judgekit.schema import STATUSES, Estimate
from judgekit.stats.resample import Bootstrap

if TYPE_CHECKING:
    from judgekit.study import Study


@register("stats")
def status(study: Study, *, boot: Bootstrap) -> Iterator[Estimate]:
    """Share of each judge's answers that are ok, refused, unparsable, in error or skipped (Wilson interval)."""
    from statsmodels.stats.proportion import proportion_confint

    for criterion in study.task.criteria:
        asked = study.ratings[study.ratings["criterion"] == criterion.key]
        for judge in study.judges():
            mine = asked.loc[asked["rater"] == judge]
            n = len(mine)
            for name in STATUSES:
                count = int((mine["status"] == name).sum())
                if n == 0 or (count == 0 and name != "ok"):
                    continue
                low, high = proportion_confint(count, n, alpha=1 - boot.conf_level, method="wilson")
                yield Estimate(
                    statistic=f"status.{name}",
                    criterion=criterion.key,
                    a=judge,
                    value=count / n,
                    low=float(low),
                    high=float(high),
                    conf_level=boot.conf_level,
                    n_items=int(mine["item"].nunique()),
                    n_raters=1,
                    n_ratings=n,
                    kind="simulated" if study.simulated([judge]) else "",
                    method="share of answers; Wilson interval",
                    seed=boot.seed,
                )
