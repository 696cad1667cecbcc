"""Pools are first-class: agreement within and between them, and the ceiling of each, with the difference."""

from __future__ import annotations

import numpy as np
import pandas as pd
from stats.arms import TASK

from judgekit.stats.battery import estimate
from judgekit.study import Study


def pools(expert: float, crowd: float, other: float = 0.0, n: int = 150, seed: int = 0) -> Study:
    """Return four experts and five of a crowd, of these noises; ``other`` is what the crowd sees beside the trait."""
    rng = np.random.default_rng(seed)
    trait, theirs = rng.standard_normal(n), rng.standard_normal(n)
    seen = {f"e{k}": trait + expert * rng.standard_normal(n) for k in range(4)}
    seen |= {f"c{k}": np.sqrt(1 - other**2) * trait + other * theirs + crowd * rng.standard_normal(n) for k in range(5)}
    seen["judge"] = trait + 0.6 * rng.standard_normal(n)
    cut = [-1, 0, 0.5, 1]
    rows = [{"item": f"i{k:03d}", "rater": rater, "criterion": "warmth", "value": 1.0 + np.searchsorted(cut, x)}
            for rater, values in seen.items() for k, x in enumerate(values)]  # fmt: skip
    raters = [{"rater": rater, "kind": "judge" if rater == "judge" else "human",
               "pool": {"e": "expert", "c": "crowd"}.get(rater[0], "judges")} for rater in seen]  # fmt: skip
    items = pd.DataFrame({"item": [f"i{k:03d}" for k in range(n)]})
    return Study.build(TASK, items, pd.DataFrame(raters), pd.DataFrame(rows))


def test_the_experts_ceiling_is_above_the_crowds() -> None:
    found = estimate(pools(0.3, 1.2), "groups", attributes=["pool"], n_boot=500).set_index(["statistic", "b"])
    experts, crowd = (found.loc[("groups.ceiling", f"pool={pool}")] for pool in ("expert", "crowd"))
    assert experts["low"] > crowd["high"]
    gap = found.loc[("groups.ceiling_gap", "pool")]
    assert gap["low"] > 0
    assert (
        found.loc[("groups.difference", "pool=expert"), "value"]
        < found.loc[("groups.difference", "pool=crowd"), "value"]
    )


def test_pools_that_see_different_things_agree_within_but_not_between() -> None:
    study = pools(0.4, 0.4, other=0.9)
    for statistic in ("weighted_kappa", "percent"):
        found = estimate(study, statistic, n_boot=500)
        rows = found[found["statistic"] == statistic].set_index(["a", "b"])
        within = [rows.loc[(pool, pool)] for pool in ("expert", "crowd")]
        between = rows.loc[("expert", "crowd")]
        assert between["high"] < min(row["low"] for row in within)
    told = estimate(study, "cost")
    assert set(told["a"]) == {"expert", "crowd", "judge"}
