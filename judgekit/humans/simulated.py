"""Simulated people: for trying a pipeline out, and for tests that need a known truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from judgekit.errors import InputError, listed
from judgekit.simulate import Panel, Traits, draw
from judgekit.study import Study


@dataclass(frozen=True)
class Simulated:
    """Pools of simulated people who rate every item; each knob holds for all pools that do not set their own.

    ``pools`` maps a pool's name to its number of people, or to {n, and any knob of ``judgekit.simulate.Panel``}.
    Effects are in logits (see ``judgekit.simulate``); ``sigma``, ``spread``, ``halo``, ``cluster`` and ``shares``
    describe the items' traits as in ``judgekit.simulate.Traits``.
    """

    pools: Mapping[str, int | Mapping[str, Any]] = field(default_factory=lambda: {"people": 5})
    severity_sd: float = 0.5
    discrimination: float = 1.0
    discrimination_sd: float = 0.0
    noise: float = 1.0
    noise_sd: float = 0.0
    central: float = 0.0
    careless: float = 0.0
    missing: float = 0.0
    fatigue: float = 0.0
    attributes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    group_effects: Mapping[str, float] = field(default_factory=dict)
    sigma: float = 2.0
    spread: float = 0.3
    halo: float = 0.0
    cluster: float = 0.0
    shares: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def panels(self) -> list[Panel]:
        """Return the populations that the pools are drawn from."""
        if not self.pools:
            raise InputError("no pool of people", where="humans.pools", fix="name one: {crowd: 8}")
        knobs = {f.name for f in fields(Panel)} - {"pool", "n"}
        common = {name: getattr(self, name) for name in knobs}
        panels = []
        for pool, own in self.pools.items():
            options = dict(own) if isinstance(own, Mapping) else {"n": own}
            odd = set(options) - knobs - {"n"}
            if odd or "n" not in options:
                raise InputError(
                    f"unknown knob(s) {listed(sorted(odd))}" if odd else "no number of people (n)",
                    where=f"humans.pools.{pool}",
                    fix=f"give n and any of {listed(sorted(knobs), 20)}",
                )
            panels.append(Panel(pool=str(pool), **{**common, **options}))
        return panels

    def join(self, study: Study, seed: int) -> Study:
        """Return the study with the simulated people, their ratings and the truth behind them."""
        people = [person for panel in self.panels() for person in panel.people(seed)]
        traits = Traits(sigma=self.sigma, spread=self.spread, halo=self.halo, cluster=self.cluster, shares=self.shares)
        drawn = draw(study.task, study.items, people, seed=seed, traits=traits, truth=study.truth)
        return study.join(drawn.raters, drawn.ratings, truth=drawn.truth)
