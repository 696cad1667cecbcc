"""Who may label: one judge, or judges in a chain (cheap → dear → people), each with its confidence and its loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.edges.confidence import Signal, confidence, lacking
from judgekit.edges.judged import Judged, clustered, judged, one_a_cluster
from judgekit.edges.thresholds import ranks
from judgekit.errors import InputError, listed
from judgekit.stats.resample import Array

if TYPE_CHECKING:
    from judgekit.study import Study

ARROW = " → "


@dataclass(frozen=True)
class Chain:
    """Judges in the order in which they are asked, over the n items of a criterion.

    ``scores`` is their confidence (n × judges, NaN: never accepted), ``losses`` their disagreement with the panel (n ×
    judges, 0 to 1, NaN where people gave nothing). ``tested`` is where a threshold may be tested: items that people
    rated, one of each cluster, and (where the confidence was fitted) those of the half it was not fitted on.
    """

    stages: tuple[Judged, ...]
    scores: Array
    losses: Array
    tested: NDArray[np.bool_]
    signal: str
    note: str = ""
    reason: str = ""

    @property
    def one(self) -> Judged:
        """The first judge, with what was asked and of whom."""
        return self.stages[0]

    @property
    def name(self) -> str:
        """The judges' names in their order."""
        return ARROW.join(stage.judge for stage in self.stages)

    @property
    def rated(self) -> NDArray[np.bool_]:
        """Where people rated what every judge was asked."""
        return np.asarray(np.isfinite(self.losses).all(axis=1))

    @property
    def binary(self) -> bool:
        """Whether every loss is 0 or 1."""
        return bool(np.isin(self.losses[self.rated], (0.0, 1.0)).all())

    @property
    def best(self) -> Array:
        """Return each item's highest score (n, NaN without any): what a threshold is compared with."""
        known = np.isfinite(self.scores)
        return np.where(known.any(axis=1), np.where(known, self.scores, -np.inf).max(axis=1), np.nan)

    @property
    def said(self) -> str:
        """Say what is confidence, and what is agreement."""
        kind = "" if len(self.stages) == 1 else ", as each judge's rank"
        return f"confidence: {self.signal}{kind}; {self.one.said}"


def chains(
    study: Study,
    *,
    signal: Signal,
    cascade: Sequence[str] | None,
    pool: str | None,
    within: float,
    seed: int,
    where: str,
) -> Iterator[Chain]:
    """Yield each judge alone and, after those of a criterion and pool, the ``cascade`` of judges (cheapest first)."""
    wanted = [] if cascade is None else list(cascade)
    odd = [name for name in wanted if name not in study.judges()]
    if odd or (cascade is not None and len(set(wanted)) < 2):
        problem = f"no judge is called {listed(odd)}" if odd else "a cascade needs two judges or more"
        raise InputError(problem, where=f"{where}, option cascade", fix=f"there are: {listed(study.judges())}")
    panels: dict[tuple[str, str], list[Judged]] = {}
    for one in judged(study, pool=pool, within=within):
        panels.setdefault((one.criterion.key, one.pool), []).append(one)
    for stages in panels.values():
        for one in stages:
            yield chain_of(study, (one,), signal, seed)
        named = {one.judge: one for one in stages}
        if wanted and all(name in named for name in wanted):
            yield chain_of(study, tuple(named[name] for name in wanted), signal, seed)


def chain_of(study: Study, stages: tuple[Judged, ...], signal: Signal, seed: int) -> Chain:
    """Return some judges with their confidence; several are made alike by ranks, which look at no label."""
    first = stages[0]
    if signal == "combined":
        stages, halves = tuple(stages), half(first, seed)
        found = [fitted(study, one, halves, seed) for one in stages]
    else:
        halves = np.ones(len(first.answers), dtype=bool)
        found = [confidence(study, one, signal, seed=seed)[:2] for one in stages]
    silent = [one.judge for one, (_, name) in zip(stages, found, strict=True) if not name]
    columns = [c if len(stages) == 1 or signal == "combined" else ranks(c) for c, _ in found]
    losses = np.column_stack([one.loss for one in stages])
    tested = np.isfinite(losses).all(axis=1) & halves
    notes = []
    if signal == "combined":
        notes.append("confidence fitted on one half of the items, thresholds tested on the other")
    if clustered(first.part) and tested.any():
        stream = seeds.rng(seed, "one a cluster", first.criterion.key)
        tested = one_a_cluster(first.part, tested, stream)
        notes.append("tested on one item of each cluster: a test counts items as independent")
    names = ", ".join(dict.fromkeys(name for _, name in found if name))
    reason = f"{lacking(signal)} ({listed(silent)})" if silent else ""
    return Chain(stages, np.column_stack(columns), losses, tested, names, "; ".join(notes), reason)


def half(one: Judged, seed: int) -> NDArray[np.bool_]:
    """Return the half of the items (by clusters) on which thresholds are tested where confidence is fitted."""
    n = int(one.part.groups.max()) + 1
    order = seeds.rng(seed, "halves", one.criterion.key).permutation(n)
    return np.asarray(order[one.part.groups] < n // 2)


def fitted(study: Study, one: Judged, tested: NDArray[np.bool_], seed: int) -> tuple[Array, str]:
    """Return the probability of agreement by all signals, fitted on the half that is not tested, and its name."""
    from judgekit.edges.calibrators import calibrator
    from judgekit.edges.confidence import signals, stacked

    there = signals(study, one)
    if not there:
        return np.full(len(one.answers), np.nan), ""
    X, answered = stacked(there, one)
    train = answered & one.known & ~tested
    if train.sum() < 2:
        return np.full(len(one.answers), np.nan), ""
    p = calibrator("logistic", X[train], one.agreed[train])(X)
    return np.where(answered, p, np.nan), f"combined ({', '.join(there)})"
