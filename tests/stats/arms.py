"""Studies with a blind and a review arm, excluded raters and recorded times, of known effects."""

from __future__ import annotations

import numpy as np
import pandas as pd

from judgekit.schema import Criterion, Level, Source, Task
from judgekit.study import Study

LEVELS = tuple(Level(code=k, label=str(k)) for k in range(1, 6))
TASK = Task(
    name="warmth",
    criteria=(Criterion(key="warmth", question="?", scale="ordinal", levels=LEVELS),),
    source=Source(kind="frame"),
)


def armed(
    *,
    led: float = 0.5,
    n: int = 80,
    blind: int = 4,
    review: int = 3,
    saved: float = 10.0,
    seed: int = 0,
    excluded: int = 0,
) -> Study:
    """Return a study whose reviewers take over the judge's label with probability ``led``, ``saved`` seconds sooner.

    ``excluded`` of the blind raters answer at random and are excluded with a reason.
    """
    rng = np.random.default_rng(seed)
    trait = rng.standard_normal(n)
    cut = np.array([-1.2, -0.4, 0.4, 1.2])

    def seen(noise: float) -> np.ndarray:
        return 1.0 + np.searchsorted(cut, trait + noise * rng.standard_normal(n))

    judge = seen(0.8)
    rows, raters = [], [{"rater": "judge", "kind": "judge", "pool": "judges"}]
    for number in range(blind + review):
        reviews, bad = number >= blind, number < excluded
        values = rng.integers(1, 6, n).astype(float) if bad else seen(0.6)
        if reviews:
            values = np.where(rng.random(n) < led, judge, values)
        name = f"{'v' if reviews else 'b'}{number}"
        pace = 30 + rng.normal() - saved * reviews
        raters.append({"rater": name, "kind": "human", "pool": "people (review)" if reviews else "people",
                       "arm": "review" if reviews else "blind", "reviewed": "judge" if reviews else None,
                       "usd_per_hour": 12.0, "excluded": "gold 0.2 under 0.7" if bad else None})  # fmt: skip
        rows += [{"item": f"i{k:03d}", "rater": name, "criterion": "warmth", "value": value,
                  "seconds": pace + rng.normal()} for k, value in enumerate(values)]  # fmt: skip
    took = {"seconds": 1.5, "usd": 0.002}
    rows += [{"item": f"i{k:03d}", "rater": "judge", "criterion": "warmth", "value": value, "call": f"c{k}", **took}
             for k, value in enumerate(judge)]  # fmt: skip
    items = pd.DataFrame({"item": [f"i{k:03d}" for k in range(n)]})
    return Study.build(TASK, items, pd.DataFrame(raters), pd.DataFrame(rows))


def unarmed() -> Study:
    """Return a study with no arms, rules or times."""
    study = armed()
    raters = study.raters[["rater", "kind", "pool"]].assign(
        pool=study.raters["pool"].replace("people (review)", "people")
    )
    ratings = study.ratings.drop(columns=["seconds", "usd", "call"])
    return Study.build(TASK, study.items, raters, ratings)
