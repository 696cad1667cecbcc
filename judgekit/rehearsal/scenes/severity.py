"""Severity, compression, noise and central tendency: judges like the people's mean, and judges who are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from judgekit import seeds
from judgekit.rehearsal.cast import POOL, SIGMA, average, people_of, plain, scale_of, study_of, task_of, traits
from judgekit.rehearsal.cast import items_of as items
from judgekit.rehearsal.design import Design
from judgekit.rehearsal.integral import Scale, mean
from judgekit.rehearsal.question import Key, Made, Question, Role
from judgekit.simulate import SimulatedRater

#: The sizes that a researcher would call practical: severity in the items' standard deviations (the margin of the
#: statistic), how much of the difference between items is lost, the factor of the noise, the pull to the middle, and
#: for "one more person" a distance in people's standard deviations.
SEVERE, COMPRESSED, NOISY, CENTRAL, FAR = 0.25, 0.35, 1.5, 0.3, 6.0
MEASURED = ("severity", "severity.raw", "severity.compression", "severity.noise", "severity.spread")
ONE_MORE = ("severity.one_more", "severity.compression_one_more", "severity.noise_one_more")
#: What each judge is planted with -> what it is held to, statistic by statistic; unnamed: told.
ROLES: dict[str, tuple[str, dict[str, Role]]] = {
    "at the mean": ("nothing", dict.fromkeys([name for name in MEASURED if name != "severity.raw"], "innocent")),
    "severe": (
        f"severity {SEVERE:g} SD of items",
        {"severity": "practical", "severity.compression": "innocent",
         "severity.noise": "innocent", "severity.spread": "innocent"},
    ),
    "compressing": (
        f"compression {COMPRESSED:g}",
        {"severity.compression": "practical", "severity": "innocent", "severity.noise": "innocent"},
    ),
    "noisy": (
        f"noise × {NOISY:g}",
        {"severity.noise": "practical", "severity": "innocent", "severity.compression": "innocent"},
    ),
    "central": (f"central tendency {CENTRAL:g}", {"severity.spread": "practical", "severity": "innocent"}),
    "one more person": ("drawn as a person is", dict.fromkeys(ONE_MORE, "innocent")),
    "far away": (f"severity {FAR:g} SD of people", {"severity.one_more": "practical"}),
}  # fmt: skip


def scene(design: Design, seed: int) -> Made:
    """Return a data set with a judge of each kind of ``ROLES``."""
    task = task_of(design.levels)
    people = people_of(design, seed)
    judges = cast(people, scale_of(task, "value"), design, seed)
    values, cuts = plain(design.items, task, seeds.rng(seed, "traits"))
    study = study_of(task, items(design.items), people, list(judges.values()), values, cuts, seed)
    asked = []
    for name, judge in judges.items():
        told, roles = ROLES[name]
        true = truths(judge, people, scale_of(task, "value"))
        shown = MEASURED if name not in ("one more person", "far away") else tuple(roles)
        for statistic in shown:
            ratio = statistic.endswith((".compression", ".noise", ".spread"))
            key = Key(
                name, told, statistic, "", roles.get(statistic, "told"), "" if statistic == "severity.raw" else "yes",
                1.0 if ratio else 0.0, log=ratio, helped="one_more" not in statistic,
            )  # fmt: skip
            asked.append(Question(key, name, POOL, true.get(statistic, float("nan"))))
    return Made(study, {"severity": {}}, asked)


def cast(people: Sequence[SimulatedRater], scale: Scale, design: Design, seed: int) -> dict[str, SimulatedRater]:
    """Return a judge of each kind, the first four of which are at the mean in all that is not planted."""
    base = average(people, "at the mean")

    (person,) = people_of(replace(design, careless=0.0, missing=0.0), seed, "drawn", 1)
    pulled = (-base.leniency + scale.middle) / (1.0 - CENTRAL) - scale.middle  # so that its mean latent answer stays
    spread = float(np.std([one.severity for one in people], ddof=1))
    severe = base.leniency - SEVERE * SIGMA * (1.0 - base.compression)
    compressed = 1.0 - (1.0 - base.compression) * (1.0 - COMPRESSED)
    judges = {
        "at the mean": base,
        "severe": replace(base, leniency=severe),
        "compressing": replace(base, compression=compressed),
        "noisy": replace(base, noise=base.noise * NOISY),
        "central": replace(base, central=CENTRAL, leniency=-pulled),
        "far away": replace(base, leniency=base.leniency - FAR * spread),
    }
    found = {name: replace(judge, name=name).rater() for name, judge in judges.items()}
    found["one more person"] = replace(person, name="one more person", role="judge", pool="judges")
    return found


def truths(judge: SimulatedRater, people: Sequence[SimulatedRater], scale: Scale) -> dict[str, float]:
    """Return what a judge's lines should say: on the people's scale, whose noises and slopes have geometric mean 1."""
    unit = np.exp(np.mean([np.log(person.noise) for person in people]))
    slope, noise = 1.0 - judge.central, judge.noise * (1.0 - judge.central)
    middle = scale.middle
    severity = -(middle + slope * (-judge.severity - middle))  # of the latent answer to the average item, turned

    def log_slope(b: float) -> float:
        return float(np.log(b) - np.mean([np.log(person.discrimination) for person in people]))

    def log_spread(b: float, g: float) -> float:
        return float(np.log((b * SIGMA) ** 2 + g**2 * np.pi**2 / 3) / 2)

    theta, weights = traits()
    answers = [float(weights @ mean(person, scale, theta)) for person in people]
    return {
        "severity": float((severity - np.mean([person.severity for person in people])) / unit),
        "severity.raw": float(weights @ mean(judge, scale, theta)) - float(np.mean(answers)),
        "severity.compression": float(np.exp(log_slope(judge.discrimination * slope))),
        "severity.noise": float(noise / unit),
        "severity.spread": float(
            np.exp(
                log_spread(judge.discrimination * slope, noise)
                - np.mean([log_spread(person.discrimination, person.noise) for person in people])
            )
        ),
    }
