"""Careless people: one who answers unread items at random and one who always gives the same answer, among others."""

from __future__ import annotations

from dataclasses import replace

from judgekit import seeds
from judgekit.rehearsal.cast import POOL, items_of, people_of, plain, study_of, task_of
from judgekit.rehearsal.design import Design
from judgekit.rehearsal.question import Key, Made, Question, Role
from judgekit.simulate import SimulatedJudge

#: The share of items that a careless person does not read.
UNREAD = 0.9


def scene(design: Design, seed: int) -> Made:
    """Return a data set in which the first person answers at random and the second gives one answer throughout.

    The others' noise is the same, so that none of them is noisier than the panel's mean; the second is no part of it.
    """
    task = task_of(design.levels)
    people = [replace(person, noise=1.0) for person in people_of(replace(design, careless=0.0), seed)]
    people[0] = replace(people[0], name="random", careless=UNREAD)
    people[1] = replace(people[1], name="same", pool="clerks", careless=1.0, straight=True)
    values, cuts = plain(design.items, task, seeds.rng(seed, "traits"))
    judge = SimulatedJudge(name="judge", noise=0.8)
    study = study_of(task, items_of(design.items), people, [judge.rater()], values, cuts, seed)
    asked = []
    for person in people:
        careless = person.careless > 0
        who = "a careless person" if careless else "a person"
        told = {"random": f"{UNREAD:.0%} at random", "same": "one answer throughout"}.get(person.name, "nothing")
        if person.name != "same":
            key = Key(who, told, "severity.noise", "", "practical" if careless else "innocent", "above", 1.0, log=True)
            asked.append(Question(key, person.name, POOL))
        found: Role = "practical" if person.name == "same" else "told" if careless else "innocent"
        asked.append(Question(Key(who, told, "diagnose", "", found, "found"), person.name))
    asked.append(Question(Key("the judge", "nothing", "diagnose", "", "innocent", "found"), judge.name))
    return Made(study, {"severity": {}}, asked, diagnosed=True)
