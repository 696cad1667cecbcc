"""Test and retest: steady and unsteady judges, judges that drift, and an edit that does nothing or something."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd

from judgekit import seeds
from judgekit.rehearsal.cast import SIGMA, items_of, people_of, plain, scale_of, study_of, task_of, traits
from judgekit.rehearsal.design import Design
from judgekit.rehearsal.integral import Floats, Scale, chances, mean, normal, repeated
from judgekit.rehearsal.question import Key, Made, Question, Role
from judgekit.rehearsal.solve import solved
from judgekit.simulate import SimulatedJudge, SimulatedRater, Slice

EDITED = "edited"
#: Drift from the first to the last answer as a share of the scale's span: the margin of the statistic, and twice that.
DRIFTS: dict[str, tuple[float, Role]] = {"slightly drifting": (0.05, "plant"), "drifting": (0.1, "practical")}
#: How much more often than a repeated answer the edit's answer differs.
FLIPS = 0.15
STEADY = SimulatedJudge(name="steady", stable=0.8, noise=0.7)
UNSTEADY = SimulatedJudge(name="unsteady", stable=0.0, noise=1.5)
PLAIN = SimulatedJudge(name="plain")


def scene(design: Design, seed: int) -> Made:
    """Return a data set with judges that are asked ``reps`` times, and one edit of each item."""
    task = task_of(design.levels)
    first = items_of(design.items)
    expect = [json.dumps({"of": name, "direction": {"value": "same"}}) for name in first["item"]]
    items = pd.concat([first.assign(expect=None), first.assign(variant=EDITED, expect=expect)], ignore_index=True)
    judges, questions = cast(design.levels, design.reps)
    values, cuts = plain(design.items, task, seeds.rng(seed, "traits"))
    study = study_of(task, items, people_of(design, seed), judges, values, cuts, seed)
    return Made(study, {"retest": {}, "bias": {}}, questions)


@lru_cache(maxsize=8)
def cast(levels: int, reps: int) -> tuple[list[SimulatedRater], list[Question]]:
    """Return the judges and what is asked of them, which are the same in all data sets."""
    scale = scale_of(task_of(levels), "value")
    last, span = reps - 1, scale.codes[-1] - scale.codes[0]
    judges = [STEADY.rater(), UNSTEADY.rater()]
    for name, (share, _) in DRIFTS.items():
        drift = _solved_drift(scale, share * span)
        judges.append(replace(PLAIN, name=name, drift=drift / max(last, 1)).rater())
    moved = solved(lambda x: excess(STEADY.rater(), scale, x), FLIPS, low=0.0)
    judges.append(replace(STEADY.rater(), name="moved", slices={f"variant={EDITED}": Slice(moved)}))
    judges = [replace(judge, reps=reps) for judge in judges]
    return judges, [*_of_reps(judges, scale, last), *_of_edits(judges, scale)]


def _solved_drift(scale: Scale, wanted: float) -> float:
    return solved(lambda x: change(PLAIN.rater(), scale, x), wanted)


def _of_reps(judges: list[SimulatedRater], scale: Scale, last: int) -> list[Question]:
    asked = []
    for judge in judges[:-1]:
        share, role = DRIFTS.get(judge.name, (0.0, "innocent"))
        told = f"drift {share:g} of the scale" if share else "nothing"
        joint = repeated(judge, scale, SIGMA)
        key = Key(judge.name, told, "retest.drift", "", role, "yes")
        asked.append(Question(key, judge.name, judge.name, change(judge, scale, judge.drift * last)))
        if not share:
            for statistic, true in (("retest", alpha(joint)), ("retest.percent", float(np.trace(joint)))):
                asked.append(Question(Key(judge.name, told, statistic, "", "told", ""), judge.name, judge.name, true))
    return asked


def _of_edits(judges: list[SimulatedRater], scale: Scale) -> list[Question]:
    asked = []
    for judge in (judges[0], judges[1], judges[-1]):
        shift = sum(one.shift for one in judge.slices.values())
        told = f"{FLIPS:g} more flips" if shift else "nothing"
        key = Key(judge.name, told, "bias.flip_excess", "", "practical" if shift else "innocent", "away")
        asked.append(Question(key, judge.name, EDITED, excess(judge, scale, shift)))
    return asked


def change(judge: SimulatedRater, scale: Scale, shift: float) -> float:
    """Return by how much a shift in logits changes the mean answer."""
    theta, weights = traits()
    return float(weights @ (mean(judge, scale, theta, shift) - mean(judge, scale, theta)))


def excess(judge: SimulatedRater, scale: Scale, shift: float, points: int = 21) -> float:
    """Return how much more often an answer shifted by so many logits differs than a repeated one does."""
    x, w = normal(points)
    theta, known = np.meshgrid(SIGMA * x, x, indexing="ij")
    part = judge.stable * (1 - 1e-9)
    there, edited = (chances(judge, scale, theta, by, known=known, part=part) for by in (0.0, shift))
    weights = np.outer(w, w)[..., None]
    return float(np.sum(weights * there * (there - edited)))


def alpha(joint: Floats) -> float:
    """Return Krippendorff's ordinal alpha of two answers with these joint chances (K × K)."""
    margin = joint.sum(axis=0)
    middle = np.cumsum(margin) - margin / 2
    apart = (middle[:, None] - middle[None, :]) ** 2
    return float(1 - np.sum(joint * apart) / np.sum(np.outer(margin, margin) * apart))
