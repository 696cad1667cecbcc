"""Faults planted into simulated studies of the compact simulator: what was planted is known, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from judgekit.simulate import StudyJudge, study
from judgekit.study import Study


@dataclass(frozen=True)
class Plant:
    """A study with one fault in it: the kind of finding that should name it, and the raters it is about."""

    study: Study
    kind: str
    raters: frozenset[str]


def clean(seed: int) -> Study:
    """Return a study of varied size and shape in which nobody is at fault."""
    g = np.random.default_rng([seed, 1])
    levels = int(g.choice([0, 2, 2, 3, 5, 7]))
    options: dict[str, object] = {
        "levels": levels or None,
        "rho": float(g.choice([0.3, 0.5, 0.8, 0.9])),
        "missing": float(g.choice([0.0, 0.3])),
        "cluster": int(g.choice([1, 1, 4])),
        "judges": tuple(
            StudyJudge(f"j{k}", float(g.normal(0, 0.3)), float(g.uniform(0.7, 1.05))) for k in range(g.integers(0, 5))
        ),
    }
    if levels == 2:
        options |= {"prevalence": float(g.choice([0.06, 0.3, 0.5])), "model": str(g.choice(["trait", "class"]))}
    elif levels:
        options |= {"skew": float(g.choice([0.0, 0.6])), "scale": str(g.choice(["nominal", "ordinal", "interval"]))}
    people = int(g.choice([2, 3, 5, 8]))
    least = 60 if people == 2 else 30  # two people with gaps and few items are a panel too small: that would be true
    n = int(g.choice([k for k in (30, 60, 120, 200, 400) if k >= least]))
    return study(n, people, seed=seed, **options)  # type: ignore[arg-type]


def fair(seed: int, *, levels: int | None = None, judges: int = 1) -> tuple[Study, np.random.Generator]:
    """Return a study on which a fault can show: middling agreement, 100 items or more, three people or more."""
    g = np.random.default_rng([seed, 2])
    chosen = int(g.choice([2, 3, 5, 7])) if levels is None else levels
    made = study(
        int(g.choice([100, 200, 400])),
        int(g.choice([3, 4, 6])),
        levels=chosen,
        rho=float(g.choice([0.6, 0.8])),
        judges=tuple(StudyJudge(f"j{k}") for k in range(judges)),
        missing=float(g.choice([0.0, 0.15])),
        seed=seed,
    )
    return made, g


def answers(study: Study, rater: str) -> pd.Series:
    """Return a rater's answers by item, in table order, NaN where there is none."""
    return study.matrix("value")[rater].reindex(study.items["item"])


def answered(study: Study, rater: str, values: np.ndarray) -> Study:
    """Return the study with these answers (in table order, NaN none) in place of the rater's own."""
    items = study.items["item"].to_numpy()
    there = np.isfinite(values)
    mine = pd.DataFrame({"item": items[there], "criterion": "value", "rater": rater, "value": values[there]})
    others = study.ratings[study.ratings["rater"] != rater]
    ratings = pd.concat([others[["item", "criterion", "rater", "value"]], mine], ignore_index=True)
    return Study.build(study.task, study.items, study.raters, ratings)


def inverted(seed: int) -> Plant:
    """Plant one or two raters (of four people or more) who read the scale the other way round."""
    made, g = fair(seed)
    people = made.people()
    chosen = list(g.choice([*people, "j0"], size=2 if len(people) > 3 else 1, replace=False))
    codes = made.task.criterion("value").codes
    study = made
    for rater in chosen:
        study = answered(study, rater, codes[0] + codes[-1] - answers(study, rater).to_numpy())
    return Plant(study, "polarity", frozenset(map(str, chosen)))


def slipped(seed: int) -> Plant:
    """Plant a rater whose rows slipped by 1 to 40 rows, throughout or from the first to third fifth on."""
    made, g = fair(seed)
    rater = str(g.choice([*made.people(), "j0"]))
    values = answers(made, rater).to_numpy()
    part = g.random() < 0.5
    by = int(g.choice([1, -1])) * (1 if part else int(g.integers(1, 41)))
    start = int(len(values) * g.choice([0.2, 0.4, 0.6])) if part and len(values) >= 200 else 0
    moved = values.copy()
    moved[start:] = np.roll(values[start:], by)
    return Plant(answered(made, rater, moved), "shift", frozenset([rater]))


def stuck(seed: int) -> Plant:
    """Plant a rater who gives one answer, always or but for up to six items in a hundred."""
    made, g = fair(seed)
    rater = str(g.choice([*made.people(), "j0"]))
    values = answers(made, rater).to_numpy().copy()
    level = float(g.choice(made.task.criterion("value").codes))
    values[np.isfinite(values) & (g.random(len(values)) >= g.choice([0.0, 0.03, 0.06]))] = level
    return Plant(answered(made, rater, values), "constant", frozenset([rater]))


def copied(seed: int) -> Plant:
    """Plant a rater who copies another's answers, all of them or nine in ten."""
    made, g = fair(seed)
    source, rater = (str(name) for name in g.choice(made.people(), size=2, replace=False))
    values, own = answers(made, source).to_numpy(), answers(made, rater).to_numpy()
    kept = g.random(len(values)) < g.choice([0.0, 0.05, 0.1])
    return Plant(answered(made, rater, np.where(kept, own, values)), "copy", frozenset([source, rater]))


def divided(seed: int) -> Plant:
    """Plant two to four judges who share a reading of their own, unrelated or barely related to what people see."""
    made, g = fair(seed, levels=5)
    n, judges = len(made.items), int(g.integers(2, 5))
    other = study(n, 0, levels=5, rho=0.8, judges=tuple(StudyJudge(f"j{k}") for k in range(judges)), seed=seed + 10**6)
    people = made.keep(made.people())
    joined = people.join(other.raters, other.ratings)
    return Plant(joined, "apart", frozenset(f"j{k}" for k in range(judges)))


def lost(seed: int) -> Plant:
    """Plant a judge whose answers on one stratum (a third or all of the items) belong to other items."""
    made, g = fair(seed, judges=2)
    everywhere = bool(g.random() < 0.3) or len(made.items) < 400
    values = answers(made, "j0").to_numpy().copy()
    part = np.ones(len(values), bool) if everywhere else np.arange(len(values)) % 3 == 0
    values[part] = g.permutation(values[part])
    changed = answered(made, "j0", values)
    items = changed.items.assign(third=np.where(np.arange(len(values)) % 3 == 0, "first", "other"))
    task = changed.task.model_copy(update={"strata": ("third",)})
    return Plant(replace(changed, task=task, items=items), "chance", frozenset(["j0"]))


PLANTS: dict[str, Callable[[int], Plant]] = {
    "inverted": inverted,
    "slipped": slipped,
    "stuck": stuck,
    "copied": copied,
    "divided": divided,
    "lost": lost,
}
