"""The rehearsal of many designs, in several processes: the same rows whatever their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from judgekit import seeds
from judgekit.errors import InputError, listed
from judgekit.rehearsal.design import Design
from judgekit.rehearsal.question import Answered, Made, Row
from judgekit.rehearsal.scenes import careless, dif, edited, groups, halo, position, repeated, severity
from judgekit.rehearsal.tally import Count, Tally, merged, rows
from judgekit.stats.battery import estimate
from judgekit.stats.coverage.run import workers
from judgekit.stats.diagnose import diagnose
from judgekit.study import Study

#: What is rehearsed -> how, and with how many people by default.
SCENES: Mapping[str, tuple[Callable[..., Made], int]] = {
    "probes": (edited.scene, 5),
    "severity": (severity.scene, 8),
    "halo": (halo.scene, 5),
    "groups": (groups.scene, 12),
    "dif": (dif.scene, 12),
    "reps": (repeated.scene, 5),
    "position": (position.scene, 5),
    "careless": (careless.scene, 5),
}
#: Scenes that say nothing of fewer people than this: three a group.
FEWEST_PEOPLE = {"groups": 2 * groups.LEAST, "dif": 2 * groups.LEAST}
#: Data sets that one process does in one go.
CHUNK = 10
FEWEST_REPLICATES = 200


@dataclass(frozen=True)
class Plan:
    """What is done in every design: the task (as JSON) whose texts are edited, data sets, replicates, the seed."""

    task: str
    name: str
    data_sets: int = 300
    replicates: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, least in (
            ("data sets", self.data_sets, 2),
            ("replicates", self.replicates, FEWEST_REPLICATES),
        ):
            if value < least:
                raise InputError(f"{value} {name} are too few", where="rehearsal", fix=f"give {least} or more")

    @property
    def chunks(self) -> list[range]:
        """The data sets in portions of fixed size."""
        return [range(first, min(first + CHUNK, self.data_sets)) for first in range(0, self.data_sets, CHUNK)]

    @property
    def named(self) -> dict[str, Any]:
        """The settings as columns of the table."""
        return {
            "task": self.name, "data_sets": self.data_sets, "replicates": self.replicates, "seed": self.seed
        }  # fmt: skip


def designs(
    scenes: Sequence[str], items: Sequence[int], people: Sequence[int], levels: Sequence[int], reps: int,
    missing: float, careless: float, length: float,
) -> list[Design]:  # fmt: skip
    """Return every combination for the scenes named; without ``people`` each scene has its own number.

    Without names these are all scenes that as many people can play.
    """
    odd = [name for name in scenes if name not in SCENES]
    if odd:
        raise InputError(f"no scene is called {listed(odd)}", where="rehearsal", fix=f"choose among {listed(SCENES)}")
    for name in scenes:
        least = FEWEST_PEOPLE.get(name, 0)
        if any(m < least for m in people):
            raise InputError(f"the scene {name} needs {least} people", where="rehearsal", fix="give more --people")
    found = [
        Design(name, n, m, k, reps, missing, careless, length)
        for name in scenes or SCENES
        for k in levels
        for m in people or [SCENES[name][1]]
        for n in items
        if m >= FEWEST_PEOPLE.get(name, 0)
    ]
    return list(dict.fromkeys(found))


def measure(
    asked: Sequence[Design], plan: Plan, jobs: int = 1, done: Callable[[str], None] = lambda what: None
) -> Iterator[tuple[Design, list[dict[str, Any]]]]:
    """Yield each design with its finished rows, in order; ``done`` hears of every portion."""
    with workers(jobs) as submit:
        parts = {design: [submit(chunk, design, plan, numbers) for numbers in plan.chunks] for design in asked}
        for design in asked:
            tallies = []
            for part in parts.pop(design):
                tallies.append(part())
                done(f"{design.scene}, {design.items} items")
            yield design, [{**row, **plan.named} for row in rows(design, merged(tallies))]


def steps(asked: Sequence[Design], plan: Plan) -> int:
    """Return how many portions of work there are."""
    return len(asked) * len(plan.chunks)


def chunk(design: Design, plan: Plan, numbers: range) -> Tally:
    """Return the counts over data sets ``numbers`` of a design."""
    tally: Tally = {}
    scene = partial(edited.scene, asked=plan.task) if design.scene == "probes" else SCENES[design.scene][0]
    for number in numbers:
        seed = int(seeds.rng(plan.seed, "rehearsal", design.name, number).integers(2**31))
        made = scene(design, seed)
        answered = answer(made, plan.replicates, seed)
        for question in made.questions:
            tally.setdefault(question.key, Count()).add(question, answered.of(question))
    return tally


def answer(made: Made, replicates: int, seed: int) -> Answered:
    """Return what the statistics say of a data set, asked as a user asks them."""
    found: dict[tuple[str, str, str], Row] = {}
    for name, options in made.asked.items():
        table = estimate(made.study, name, n_boot=replicates, seed=seed, **options)
        for row in table[table["subset"] == "all"].to_dict("records"):
            value, low, high, p = (_number(row[name]) for name in ("value", "low", "high", "p"))
            key = (str(row["statistic"]), _text(row["a"]), _text(row["b"]))
            found[key] = Row(value, low, high, p, _text(row["verdict"]) or None, int(row["n_items"]))
    return Answered({**found, **_diagnosed(made.study, seed)} if made.diagnosed else found)


def _diagnosed(study: Study, seed: int) -> dict[tuple[str, str, str], Row]:
    named = {rater for finding in diagnose(study, seed=seed) for rater in finding.raters}
    return {("diagnose", str(name), ""): Row(found=name in named) for name in study.raters["rater"]}


def _number(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value := float(value)) else value


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value)
