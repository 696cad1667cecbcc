"""Halo: judges whose criteria go together as people's do, however noisy or compressing, and judges with more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from judgekit import seeds
from judgekit.rehearsal.cast import POOL, SIGMA, items_of, people_of, scale_of, study_of, task_of
from judgekit.rehearsal.design import Design
from judgekit.rehearsal.integral import Floats, Scale, chances, normal
from judgekit.rehearsal.question import Key, Made, Question, Role
from judgekit.rehearsal.solve import solved
from judgekit.simulate import SimulatedJudge, SimulatedRater

CRITERIA = ("warmth", "clarity", "care")
#: The correlation of an item's traits between criteria, and the share of people's noise that criteria have in common.
ITEMS, PEOPLE = 0.3, 0.15
#: Excess over people's halo, a correlation: the statistic's margin, and twice that.
SLIGHT, PRACTICAL = 0.1, 0.2
INNOCENTS = {
    "plain": SimulatedJudge(name="plain"),
    "compressing": SimulatedJudge(name="compressing", compression=0.4),
    "noisy": SimulatedJudge(name="noisy", noise=1.6),
    "severe": SimulatedJudge(name="severe", leniency=-1.0),
}


def scene(design: Design, seed: int) -> Made:
    """Return a data set of three criteria: four judges with exactly people's halo, two with more."""
    task = task_of(design.levels, CRITERIA)
    scale = scale_of(task, CRITERIA[0])
    people = [replace(person, halo=PEOPLE) for person in people_of(design, seed)]
    target = Others.of(people, scale)
    wanted: list[tuple[SimulatedJudge, float, Role]] = [(judge, 0.0, "innocent") for judge in INNOCENTS.values()]
    wanted.append((SimulatedJudge(name="slight halo"), SLIGHT, "plant"))
    wanted.append((SimulatedJudge(name="halo"), PRACTICAL, "practical"))
    judges, asked = [], []
    for judge, size, role in wanted:
        share = target.share(judge.rater(), size)
        judges.append(replace(judge.rater(), halo=share))
        told = f"halo {size:g} beyond people's" if size else "people's own halo"
        key = Key(judge.name, told, "halo.excess", "", role, "yes")
        asked.append(Question(key, judge.name, POOL, size))
    rng = seeds.rng(seed, "traits")
    common = rng.standard_normal(design.items)
    values = {
        key: SIGMA * (np.sqrt(ITEMS) * common + np.sqrt(1 - ITEMS) * rng.standard_normal(design.items))
        for key in CRITERIA
    }
    cuts = {key: np.asarray(scale.cuts) for key in CRITERIA}
    study = study_of(task, items_of(design.items), people, judges, values, cuts, seed)
    return Made(study, {"halo": {}}, asked)


@dataclass(frozen=True)
class Means:
    """A rater's mean answer by an item's trait (G × O), by what criteria share (G), by that and halo (G × H)."""

    by_trait: Floats
    by_common: Floats
    by_halo: Floats
    variance: float

    @classmethod
    def of(cls, rater: SimulatedRater, scale: Scale) -> Means:
        """Integrate over what an item's criteria share, what they do not, and the rater's halo."""
        x, w = normal(9)
        common, own, halo = np.meshgrid(x, x, x, indexing="ij")
        theta = SIGMA * (np.sqrt(ITEMS) * common + np.sqrt(1 - ITEMS) * own)
        codes = np.asarray(scale.codes)
        share = chances(rater, scale, theta, known=halo, part=rater.halo)
        answer = share @ codes
        by_halo = np.einsum("goh,o->gh", answer, w)
        weights = np.einsum("g,o,h->goh", w, w, w)
        square = float(np.sum(weights * (share @ codes**2)))
        return cls(answer @ w, by_halo @ w, by_halo, square - float(np.sum(weights * answer)) ** 2)


@dataclass(frozen=True)
class Others:
    """What people's answers to two criteria have in common, to which a judge's halo is held.

    ``same`` is the covariance of two people on one criterion, ``cross`` that on two, ``halo`` people's own beyond it.
    All criteria are alike, so that one pair of them stands for all.
    """

    people: Sequence[Means]
    scale: Scale
    same: float
    cross: float
    halo: float

    @classmethod
    def of(cls, people: Sequence[SimulatedRater], scale: Scale) -> Others:
        """Return what these people have in common."""
        found = [Means.of(person, scale) for person in people]
        pairs = list(combinations(found, 2))
        same = float(np.mean([_covariance(a.by_trait, b.by_trait) for a, b in pairs]))
        cross = float(np.mean([_covariance(a.by_common, b.by_common) for a, b in pairs]))
        own = float(np.mean([_covariance(one.by_halo, one.by_halo) for one in found]))
        return cls(found, scale, same, cross, (own - cross) / float(np.mean([one.variance for one in found])))

    def share(self, judge: SimulatedRater, excess: float) -> float:
        """Return the share of a judge's noise that its criteria must have in common for so much excess."""
        return solved(lambda h: self.excess(replace(judge, halo=h)), excess, low=0.0, high=0.999)

    def excess(self, judge: SimulatedRater) -> float:
        """Return the judge's halo less people's."""
        mine = Means.of(judge, self.scale)
        shared = float(np.mean([_covariance(mine.by_trait, one.by_trait) for one in self.people]))
        expected = (shared / self.same) ** 2 * self.cross
        return (_covariance(mine.by_halo, mine.by_halo) - expected) / mine.variance - self.halo


def _covariance(a: Floats, b: Floats) -> float:
    """Return the covariance of two functions of the same normal variables (one or two of them)."""
    _, w = normal(len(a))
    weights = w if a.ndim == 1 else np.outer(w, w)
    return float(np.sum(weights * a * b) - np.sum(weights * a) * np.sum(weights * b))
