"""Who takes part: people with realistic noise, the items' traits, and studies made of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd

from judgekit.rehearsal.design import Design
from judgekit.rehearsal.integral import Floats, Scale, normal
from judgekit.schema import Criterion, Level, Source, Task
from judgekit.simulate import Latent, Panel, SimulatedJudge, SimulatedRater, Traits, draw, latent
from judgekit.study import Study, stack

#: The items' standard deviation in logits, and how much people differ in severity, discrimination and noise.
SIGMA = Traits.sigma
SEVERITY_SD, DISCRIMINATION_SD, NOISE_SD = 0.5, 0.1, 0.1
#: The pool that everybody is in.
POOL = "people"
POINTS = 41


def task_of(levels: int, criteria: Sequence[str] = ("value",), strata: tuple[str, ...] = ()) -> Task:
    """Return a task of rated ordinal criteria."""
    codes = tuple(Level(code=code, label=str(code)) for code in range(1, levels + 1))
    made = tuple(Criterion(key=key, question="", scale="ordinal", levels=codes) for key in criteria)
    return Task(name="rehearsal", criteria=made, strata=strata, source=Source(kind="frame"))


def people_of(design: Design, seed: int, names: str = POOL, n: int | None = None) -> list[SimulatedRater]:
    """Draw people who differ in severity, discrimination and noise; who is careless answers at random."""
    panel = Panel(
        names, n or design.people, severity_sd=SEVERITY_SD, discrimination_sd=DISCRIMINATION_SD, noise_sd=NOISE_SD,
        careless=design.careless, missing=design.missing,
    )  # fmt: skip
    return [replace(person, straight=False) for person in panel.people(seed)]


def average(people: Sequence[SimulatedRater], name: str) -> SimulatedJudge:
    """Return the judge exactly at the people's mean: severity, and geometric means of discrimination and noise."""
    return SimulatedJudge(
        name=name,
        leniency=-float(np.mean([person.severity for person in people])),
        compression=1.0 - float(np.exp(np.mean([np.log(person.discrimination) for person in people]))),
        noise=float(np.exp(np.mean([np.log(person.noise) for person in people]))),
    )


@lru_cache(maxsize=32)
def scale_of(task: Task, key: str) -> Scale:
    """Return the levels and thresholds of a criterion: each level as frequent as any other."""
    one = pd.DataFrame({"item": ["one"], "variant": "original", "group": "one"})
    return Scale(task.criterion(key).codes, tuple(float(cut) for cut in latent(task, one).cuts[key]))


def items_of(n: int, **columns: object) -> pd.DataFrame:
    """Return ``n`` items without texts."""
    return pd.DataFrame(
        {"item": [f"i{number:05d}" for number in range(n)], "variant": "original", "text": "", **columns}
    )


def traits(sigma: float = SIGMA) -> tuple[Floats, Floats]:
    """Return the traits of items and their weights, for integrals."""
    x, w = normal(POINTS)
    return sigma * x, w


def study_of(
    task: Task, items: pd.DataFrame, people: Sequence[SimulatedRater], judges: Sequence[SimulatedRater],
    values: Mapping[str, Floats], cuts: Mapping[str, Floats], seed: int,
) -> Study:  # fmt: skip
    """Return the study in which people rate the originals and judges everything.

    ``values`` are the originals' traits by criterion; an edit has its original's, moved where it ``expect``s a move.
    """
    originals = items[items["variant"] == "original"].reset_index(drop=True)
    truth = Latent(values, cuts).frame(task, originals)
    drawn = [draw(task, originals, people, seed=seed, truth=truth)] if people else []
    drawn.append(draw(task, items, judges, seed=seed, truth=truth))
    raters, ratings = (stack(*(getattr(one, name) for one in drawn)) for name in ("raters", "ratings"))
    return Study.build(task, items, raters, ratings, where="rehearsal", truth=truth)


def plain(n: int, task: Task, rng: np.random.Generator) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Draw independent traits of ``n`` items for every criterion; return them with the thresholds."""
    keys = [criterion.key for criterion in task.criteria]
    return (
        {key: SIGMA * rng.standard_normal(n) for key in keys},
        {key: np.asarray(scale_of(task, key).cuts) for key in keys},
    )
