"""Whose judge is it: two groups who see the items alike, and groups of whom one sees some items otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from judgekit import seeds
from judgekit.rehearsal.cast import items_of, people_of, plain, scale_of, study_of, task_of, traits
from judgekit.rehearsal.design import Design
from judgekit.rehearsal.integral import Scale, chances
from judgekit.rehearsal.question import Key, Made, Question, Role
from judgekit.rehearsal.solve import solved
from judgekit.simulate import SimulatedJudge, SimulatedRater, Slice

TOPIC, TOPICS = "topic", ("other", "theirs")
#: Groups of fewer people are not estimated.
LEAST = 3
#: An attribute in which people differ -> the gap planted between its groups, in weighted kappa (the judge's agreement
#: with a group less that of the group's own people), and what it is.
GAPS: dict[str, tuple[float, Role]] = {
    "alike": (0.0, "innocent"),
    "slight": (0.05, "plant"),
    "apart": (0.15, "practical"),
}
JUDGE = SimulatedJudge(name="judge", noise=0.8)


def scene(design: Design, seed: int) -> Made:
    """Return a data set in which three attributes divide people: the same half of them beside another.

    The other halves have the severities, slopes and noises of the first, so that what is not planted is exactly none.
    The judge answers as the first half does.
    """
    task = task_of(design.levels)
    scale = scale_of(task, "value")
    half = max(design.people // 2, 1)
    first = people_of(design, seed, n=half)
    sides = {name: _moved(first, f"{name}-", size, scale) for name, (size, _) in GAPS.items()}
    everyone = [replace(person, attributes=dict.fromkeys(GAPS, "one")) for person in first]
    everyone += [replace(person, attributes={name: "two"}) for name, side in sides.items() for person in side]
    names = [TOPICS[place % 2] for place in range(design.items)]
    values, cuts = plain(design.items, task, seeds.rng(seed, "traits"))
    items = items_of(design.items, **{TOPIC: names})
    study = study_of(task, items, everyone, [JUDGE.rater()], values, cuts, seed)
    asked = []
    for name, (size, role) in GAPS.items() if half >= LEAST else ():
        told = f"a gap of {size:g} in kappa" if size else "groups alike"
        asked.append(Question(Key("judge", told, "groups.gap", "", role, "p"), "judge", name))
        label = f"{name}=two"
        served = Served.of(sides[name], scale)
        for statistic, a, true in (("difference", "judge", served.difference), ("ceiling", label, served.people)):
            key = Key("judge" if a == "judge" else "people", told, f"groups.{statistic}", "", "told", "")
            asked.append(Question(key, a, label, true))
    return Made(study, {"groups": {"intersections": []}}, asked)


def _moved(people: Sequence[SimulatedRater], prefix: str, size: float, scale: Scale) -> list[SimulatedRater]:
    """Return the people's likes who are served worse by so much."""

    def by(shift: float) -> list[SimulatedRater]:
        slices = {f"{TOPIC}=theirs": Slice(-shift), f"{TOPIC}=other": Slice(shift)} if shift else {}
        return [replace(person, name=f"{prefix}{person.name}", slices=slices) for person in people]

    alike = Served.of(people, scale).difference
    return by(solved(lambda x: alike - Served.of(by(x), scale).difference, size, low=0.0, high=5.0) if size else 0.0)


@dataclass(frozen=True)
class Served:
    """A group's weighted kappa among its people, and the judge's with them, over all items there could be."""

    people: float
    judge: float

    @property
    def difference(self) -> float:
        """The judge's agreement with the group less its people's own."""
        return self.judge - self.people

    @classmethod
    def of(cls, people: Sequence[SimulatedRater], scale: Scale) -> Served:
        """Integrate over the items of both topics."""
        theta, weights = traits()
        weights = np.tile(weights, 2) / 2
        codes = np.asarray(scale.codes)
        means, squares = [], []
        for rater in [JUDGE.rater(), *people]:
            shifts = [rater.slices.get(f"{TOPIC}={topic}", Slice()).shift for topic in TOPICS]
            share = np.concatenate([chances(rater, scale, theta, shift) for shift in shifts])
            means.append(share @ codes)
            squares.append(float(weights @ (share @ codes**2)))
        judge, own = means[0], np.array(means[1:])
        m, total, square = len(own), own.sum(axis=0), float(np.mean(squares[1:]))
        middle = float(weights @ total) / m
        two = float(weights @ (total**2 - (own**2).sum(axis=0))) / max(m * (m - 1), 1)  # of two different people
        both = squares[0] + square
        apart = both - 2 * float(weights @ (judge * total)) / m
        return cls(1 - (square - two) / (square - middle**2), 1 - apart / (both - 2 * float(weights @ judge) * middle))
