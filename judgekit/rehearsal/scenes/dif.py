"""Differential rating: groups of people who differ by chance alone, a harsher group, a judge beside a group."""

from __future__ import annotations

from dataclasses import replace

from judgekit import seeds
from judgekit.rehearsal.cast import items_of, people_of, plain, study_of, task_of
from judgekit.rehearsal.design import Design
from judgekit.rehearsal.question import Key, Made, Question, Role
from judgekit.rehearsal.scenes.groups import LEAST
from judgekit.simulate import SimulatedJudge

#: How much harsher a group or a judge is, in logits: twice people's own standard deviation.
HARSHER = 1.0
ALIKE, APART = "alike", "harsher"
#: A judge -> severity, and what the comparison with a group at the population's mean is held to.
JUDGES: dict[str, tuple[float, Role]] = {"judge": (0.0, "innocent"), "harsh judge": (HARSHER, "practical")}


def scene(design: Design, seed: int) -> Made:
    """Return a data set in which every second person has one attribute, and the harsher half of people the other."""
    task = task_of(design.levels)
    half = design.people // 2
    people = []
    for place, person in enumerate(people_of(design, seed)):
        harsher = HARSHER if place >= half else 0.0
        attributes = {ALIKE: ("one", "two")[place % 2], APART: ("one", "two")[int(place >= half)]}
        people.append(replace(person, severity=person.severity + harsher, attributes=attributes))
    judges = [SimulatedJudge(name=name, leniency=-severity).rater() for name, (severity, _) in JUDGES.items()]
    values, cuts = plain(design.items, task, seeds.rng(seed, "traits"))
    study = study_of(task, items_of(design.items), people, judges, values, cuts, seed)
    asked = []
    if half >= LEAST:
        for attribute, told, role in (
            (ALIKE, "groups that differ by chance", "innocent"), (APART, f"{HARSHER:g} logit harsher", "practical")
        ):  # fmt: skip
            held: Role = "innocent" if role == "innocent" else "practical"
            asked.append(
                Question(Key("people", told, "dif", "", held, "yes", helped=False), f"{attribute}=two", attribute)
            )
        for name, (severity, held) in JUDGES.items():
            told = f"{severity:g} logit harsher" if severity else "like the group"
            key = Key(name, told, "dif.judge", "", held, "yes", helped=False)
            asked.append(Question(key, name, f"{APART}=one"))
    return Made(study, {"dif": {"intersections": []}}, asked)
