"""Position: judges of pairs that do not look at the place, and judges that prefer the candidate shown first."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd

from judgekit import seeds
from judgekit.rehearsal.cast import items_of, study_of
from judgekit.rehearsal.design import Design
from judgekit.rehearsal.integral import normal
from judgekit.rehearsal.question import Key, Made, Question, Role
from judgekit.rehearsal.solve import solved
from judgekit.schema import Criterion, Level, Source, Task
from judgekit.simulate import SimulatedJudge, SimulatedRater

#: The standard deviation of a candidate's worth, and how much less a tie is worth than two candidates on average.
SIGMA, TIE = 1.5, 1.5
#: The share of first places of a judge who prefers them.
SLIGHT, PRACTICAL = 0.55, 0.6
SWAPPED = "swapped"
TASK = Task(
    name="rehearsal",
    form="pairwise",
    criteria=(
        Criterion(
            key="value", question="", scale="nominal",
            levels=tuple(Level(code=code, label=label) for code, label in enumerate(("tie", "first", "second"))),
        ),
    ),
    source=Source(kind="frame"),
)  # fmt: skip
JUDGES: tuple[tuple[SimulatedJudge, float, Role], ...] = (
    (SimulatedJudge(name="plain"), 0.5, "innocent"),
    (SimulatedJudge(name="noisy", noise=2.0), 0.5, "innocent"),
    (SimulatedJudge(name="compressing", compression=0.5), 0.5, "innocent"),
    (SimulatedJudge(name="slightly first"), SLIGHT, "plant"),
    (SimulatedJudge(name="first"), PRACTICAL, "practical"),
)


def scene(design: Design, seed: int) -> Made:
    """Return a data set of pairs shown in both orders to three innocents and two judges that prefer first places."""
    first = items_of(design.items)
    items = pd.concat([first, first.assign(variant=SWAPPED)], ignore_index=True)
    judges, questions = [], []
    for judge, share, role in JUDGES:
        judges.append(replace(judge, position=_position(judge.noise, judge.compression, share)).rater())
        told = "nothing" if role == "innocent" else f"first place {share:g} of the time"
        key = Key(judge.name, told, "swap.first_slot", "", role, "away", 0.5)
        questions.append(Question(key, judge.name, "", share))
        key = Key(judge.name, told, "bradley_terry.first_slot", "", role, "yes", 0.5)
        questions.append(Question(key, judge.name))
    rng = seeds.rng(seed, "traits")
    worth = np.column_stack([np.full(design.items, -TIE), *(SIGMA * rng.standard_normal((2, design.items)))])
    study = study_of(TASK, items, [], judges, {"value": worth}, {"value": np.empty(0)}, seed)
    return Made(study, {"swap": {}, "bradley_terry": {}}, questions)


@lru_cache(maxsize=32)
def _position(noise: float, compression: float, share: float) -> float:
    if share == 0.5:
        return 0.0
    judge = SimulatedJudge(noise=noise, compression=compression)
    return solved(lambda x: first_slot(replace(judge, position=x).rater()), share, low=0.0)


def first_slot(judge: SimulatedRater, points: int = 15, steps: int = 60) -> float:
    """Return the share of first places, a tie half: the chance that the first of three noisy utilities is greatest."""
    from scipy.special import expit, logit

    x, w = normal(points)
    first, second = np.meshgrid(judge.discrimination * SIGMA * x, judge.discrimination * SIGMA * x, indexing="ij")
    weights = np.outer(w, w)[..., None]
    e = judge.noise * logit((np.arange(steps) + 0.5) / steps)  # equally likely values of one's own noise
    one, other, tie = (
        u[..., None] for u in (first + judge.position, second, np.full_like(first, -TIE * judge.discrimination))
    )

    def greatest(own: np.ndarray, *others: np.ndarray) -> float:
        beaten = np.prod([expit((own + e - u) / judge.noise) for u in others], axis=0)
        return float(np.sum(weights * beaten) / steps)

    return greatest(one, other, tie) + greatest(tie, one, other) / 2
