"""The rater model: what a rater answers to items of known traits, one cell or a million."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.schema import Criterion, Task, shown
from judgekit.seeds import rng
from judgekit.simulate.noise import Floats, logistic, normals, uniforms
from judgekit.simulate.raters import SimulatedJudge, SimulatedRater
from judgekit.simulate.scene import Bools, Scene
from judgekit.simulate.traits import TRUTH, Latent, Traits, knows, latent, shape
from judgekit.tables import check_items

Ints = npt.NDArray[np.intp]


def respond(
    rater: SimulatedRater, task: Task, c: Criterion, latent: Latent, scene: Scene, *, seed: int, rep: int = 0
) -> Floats:
    """Return the rater's answers to one criterion, a value a row of the scene."""
    theta, cuts = latent.values[c.key], latent.cuts[c.key]
    shift, spread = scene.shift(rater) + rater.drift * rep, scene.spread(rater, seed)
    kind = shape(task, c)
    if kind == "classes":
        answers = _choose(rater, c, theta, shift, spread, scene, seed, rep)
    else:
        u = rater.discrimination * theta + shift + spread * _errors(rater, (c.key,), scene, seed, rep)
        middle = (cuts[(len(cuts) - 1) // 2] + cuts[len(cuts) // 2]) / 2 if len(cuts) else 0.0
        u = middle + (1.0 - rater.central) * (u - middle)
        if kind == "number":
            answers = np.exp(u) if c.scale == "ratio" else u
        else:
            answers = np.asarray(c.codes)[np.searchsorted(cuts, u, side="left")]
    if rater.careless:
        unread = uniforms(seed, ("unread", rater.name, rep), scene.cases) < rater.careless
        answers = np.where(unread, _blind(rater, c, scene, seed, rep), answers)
    return answers


def _errors(rater: SimulatedRater, names: tuple[str, ...], scene: Scene, seed: int, rep: int) -> Floats:
    own = normals(seed, ("reading", rater.name, *names), scene.items)
    now = normals(seed, ("moment", rater.name, *names, rep), scene.cases)
    if rater.halo:
        own = _shared(rater, own, normals(seed, ("halo of readings", rater.name), scene.items))
        now = _shared(rater, now, normals(seed, ("halo of moments", rater.name, rep), scene.cases))
    return logistic(np.sqrt(rater.stable) * own + np.sqrt(1.0 - rater.stable) * now)


def _shared(rater: SimulatedRater, alone: Floats, common: Floats) -> Floats:
    mixed: Floats = np.sqrt(1.0 - rater.halo) * alone + np.sqrt(rater.halo) * common
    return mixed


def _choose(
    rater: SimulatedRater, c: Criterion, theta: Floats, shift: Floats, spread: Floats, scene: Scene, seed: int, rep: int
) -> Floats:
    # A shift means something on unordered levels only as a leaning along the order they are declared in.
    codes = np.asarray(c.codes)
    errors = np.stack([_errors(rater, (c.key, f"{code:g}"), scene, seed, rep) for code in codes], axis=1)
    leaning = np.linspace(-0.5, 0.5, len(codes))
    utility = rater.discrimination * theta + shift[:, None] * leaning + spread[:, None] * errors
    if rater.position:
        first = np.where(scene.swapped, 2.0, 1.0)
        utility = utility + rater.position * (codes == first[:, None])
    chosen: Floats = codes[np.argmax(utility, axis=1)]
    return chosen


def _blind(rater: SimulatedRater, c: Criterion, scene: Scene, seed: int, rep: int) -> Floats:
    if rater.straight:
        places = np.full(len(scene.cases), rng(seed, "straight", rater.name).random())  # the same place on every scale
    else:
        places = uniforms(seed, ("blind", rater.name, c.key, rep), scene.cases)
    if c.codes:
        picked: Floats = np.asarray(c.codes)[(places * len(c.codes)).astype(int)]
        return picked
    deviates: Floats = np.log(places / (1.0 - places))
    return np.exp(deviates) if c.scale == "ratio" else deviates


def refuses(rater: SimulatedRater, scene: Scene, *, seed: int, rep: int = 0) -> Bools:
    """Return the rows that the rater refuses to answer, on every criterion."""
    return uniforms(seed, ("refusal", rater.name, rep), scene.cases) < rater.refusal


@dataclass(frozen=True)
class Draw:
    """A draw: tables of raters and ratings, and beside them the truth they were drawn from."""

    raters: pd.DataFrame
    ratings: pd.DataFrame
    truth: pd.DataFrame


def draw(
    task: Task,
    items: pd.DataFrame,
    raters: Sequence[SimulatedRater | SimulatedJudge],
    *,
    seed: int = 0,
    traits: Traits | None = None,
    truth: pd.DataFrame | None = None,
) -> Draw:
    """Draw ratings of every item by every rater, and keep the truth.

    Where ``truth`` (of an earlier draw) holds traits the items keep them; else they are drawn as ``traits`` says. A
    missing cell is no row; a refused one has its status. Truth columns: item, variant, criterion, rater, parameter,
    value; traits that were given are not repeated there.
    """
    if task.form == "ranking":
        raise InputError("simulated raters do not rank", where=f"task '{task.name}'", fix="rate or compare pairs")
    if not task.criteria:
        raise InputError("nothing to rate: the task has no criteria", where=f"task '{task.name}'")
    items = check_items(items, task)
    told = truth if knows(truth) else None
    known = latent(task, items, seed=seed, traits=traits) if told is None else Latent.of(told, task, items)
    people = [rater.rater() if isinstance(rater, SimulatedJudge) else rater for rater in raters]
    names = [rater.name for rater in people]
    if not names or len(set(names)) < len(names):
        raise InputError(f"simulated raters need one name each: {listed(sorted(names))}", fix="name each differently")
    scene = Scene.all(items)
    parts = [known.frame(task, items)] if told is None else []
    blocks: list[tuple[Ints, Ints, Ints, Ints, Floats]] = []
    for number, rater in enumerate(people):
        scene.check(rater, task)
        parts.append(rater.truth())
        if rater.fatigue:
            parts.append(_orders(rater, items, scene, seed))
        here = np.flatnonzero(uniforms(seed, ("missing", rater.name), scene.cases) >= rater.missing)
        for rep in range(rater.reps):
            refused = refuses(rater, scene, seed=seed, rep=rep)
            for place, c in enumerate(task.criteria):
                answers = np.where(refused, np.nan, respond(rater, task, c, known, scene, seed=seed, rep=rep))
                which, who, time = (np.full(len(here), label) for label in (place, number, rep))
                blocks.append((here, which, who, time, answers[here]))
    row, criterion, who, rep_, value = (np.concatenate(column) for column in zip(*blocks, strict=True))
    ratings = _ratings(task, items, names, row, criterion, who, rep_, value)
    return Draw(_raters(people), ratings, pd.concat(parts, ignore_index=True)[list(TRUTH)])


def _ratings(
    task: Task, items: pd.DataFrame, names: list[str], row: Ints, criterion: Ints, rater: Ints, rep: Ints, value: Floats
) -> pd.DataFrame:
    saw = np.array([shown(task, digest) for digest in items["digest"]], dtype=object)
    return pd.DataFrame(
        {
            "item": items["item"].to_numpy(dtype=object)[row],
            "variant": items["variant"].to_numpy(dtype=object)[row],
            "criterion": np.array([c.key for c in task.criteria], dtype=object)[criterion],
            "rater": np.array(names, dtype=object)[rater],
            "rep": rep,
            "value": value,
            "status": np.array(["ok", "refused"], dtype=object)[np.isnan(value).astype(int)],
            "shown": saw[row],
        }
    )


def _raters(people: Sequence[SimulatedRater]) -> pd.DataFrame:
    rows = [
        {"rater": r.name, "kind": "simulated", "role": r.role, "pool": r.pool, "aggregate": "none", **r.attributes}
        for r in people
    ]
    return pd.DataFrame(rows)


def _orders(rater: SimulatedRater, items: pd.DataFrame, scene: Scene, seed: int) -> pd.DataFrame:
    columns = {"item": items["item"], "variant": items["variant"], "criterion": "", "rater": rater.name}
    return pd.DataFrame({**columns, "parameter": "order", "value": scene.order(rater, seed)})
