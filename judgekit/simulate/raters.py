"""Who rates in a simulation: people, judges with planted biases, and panels that people are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from judgekit.errors import InputError
from judgekit.schema import Role
from judgekit.seeds import rng
from judgekit.simulate.traits import facts
from judgekit.tables import RATERS


@dataclass(frozen=True)
class Slice:
    """What is different on part of the items: the answer is shifted (logits, up is higher), the noise grows."""

    shift: float = 0.0
    noise: float = 0.0

    @classmethod
    def of(cls, value: Any) -> Slice:
        """Read a slice from a number (a shift) or a mapping with ``shift`` and ``noise``."""
        if isinstance(value, Slice):
            return value
        if isinstance(value, Mapping):
            return cls(**{str(name): float(amount) for name, amount in value.items()})
        return cls(shift=float(value))


@dataclass(frozen=True)
class SimulatedRater:
    """One rater of the model in ``judgekit.simulate``; effects are in logits, shares within 0 and 1.

    ``stable`` is the share of noise variance that belongs to the rater's reading of the item and so returns at every
    rep. ``careless`` is the share of answers given without reading: at random, or ``straight``: always the same level.
    ``length`` is the effect of one standard deviation of log words; ``position`` of standing first (pairwise);
    ``self_preference`` of an item whose column ``author`` names ``family``. ``refusal`` is the share of items refused.
    ``halo`` is the share of noise variance that an item's criteria have in common; ``drift`` the shift from each rep to
    the next.
    """

    name: str
    pool: str = "people"
    role: Role = "person"
    attributes: Mapping[str, str] = field(default_factory=dict)
    reps: int = 1
    severity: float = 0.0
    discrimination: float = 1.0
    central: float = 0.0
    noise: float = 1.0
    stable: float = 0.5
    fatigue: float = 0.0
    missing: float = 0.0
    refusal: float = 0.0
    careless: float = 0.0
    straight: bool = False
    length: float = 0.0
    position: float = 0.0
    self_preference: float = 0.0
    halo: float = 0.0
    drift: float = 0.0
    author: str = "author"
    family: str = ""
    slices: Mapping[str, Slice] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("central", "stable", "halo", "missing", "refusal", "careless"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} is a share from 0 to 1, not {getattr(self, name):g}", where=self.name)
        if self.noise < 0 or self.fatigue < 0 or self.reps < 1:
            raise InputError("noise and fatigue must be ≥ 0 and reps ≥ 1", where=self.name)

    def truth(self) -> pd.DataFrame:
        """Return the rater's parameters as truth rows."""
        skipped = {"name", "pool", "role", "attributes", "reps", "author", "family", "slices"}
        values = {f.name: float(getattr(self, f.name)) for f in fields(self) if f.name not in skipped}
        for where, planted in self.slices.items():
            values[f"shift:{where}"], values[f"slice_noise:{where}"] = planted.shift, planted.noise
        return facts(values, rater=self.name)


@dataclass(frozen=True)
class SimulatedJudge:
    """A judge and its planted biases; all at 0 and noise 1 it answers as an average person of the default panel.

    ``leniency`` shifts every answer up (logits). ``compression`` is the share of the difference between items that is
    lost (discrimination 1 − compression); ``central`` draws the whole answer, noise too, to the middle of the scale.
    ``slices`` maps "stratum=level" to a shift or to {shift, noise}. The rest as in ``SimulatedRater``.
    """

    name: str = "simulated"
    reps: int = 1
    leniency: float = 0.0
    compression: float = 0.0
    central: float = 0.0
    noise: float = 1.0
    stable: float = 0.5
    length: float = 0.0
    position: float = 0.0
    self_preference: float = 0.0
    halo: float = 0.0
    drift: float = 0.0
    author: str = "author"
    slices: Mapping[str, Any] = field(default_factory=dict)
    refusal: float = 0.0

    def rater(self) -> SimulatedRater:
        """Return the judge in the parameters of the rater model."""
        return SimulatedRater(
            name=self.name,
            pool="judges",
            role="judge",
            attributes={"planted": self.planted()},
            reps=self.reps,
            severity=-self.leniency,
            discrimination=1.0 - self.compression,
            central=self.central,
            noise=self.noise,
            stable=self.stable,
            refusal=self.refusal,
            length=self.length,
            position=self.position,
            self_preference=self.self_preference,
            halo=self.halo,
            drift=self.drift,
            author=self.author,
            family=self.name,
            slices={where: Slice.of(value) for where, value in self.slices.items()},
        )

    def planted(self) -> str:
        """Name the biases that are not at 0: ``leniency 0.4, compression 0.5``."""
        names = ("leniency", "compression", "central", "length", "position", "self_preference", "halo", "drift")
        found = [f"{name} {getattr(self, name):g}" for name in (*names, "refusal") if getattr(self, name)]
        return ", ".join([*found, *self.slices]) or "nothing"


@dataclass(frozen=True)
class Panel:
    """A pool of people drawn from one population; each person depends on the seed and the own name only.

    Severity is normal, discrimination and noise log-normal about their centres. ``careless`` is the share of people
    who do not read (nine answers in ten; half of them straight-line). ``attributes`` maps an attribute to its levels'
    shares; ``group_effects`` maps "attribute=level & stratum=level" (or "attribute=level": all items) to a shift.
    """

    pool: str
    n: int
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

    def __post_init__(self) -> None:
        if self.n < 1:
            raise InputError(f"{self.n} raters", where=f"pool '{self.pool}'", fix="draw at least one")
        for name, shares in self.attributes.items():
            if name in RATERS.columns:
                raise InputError(f"no attribute can be called '{name}'", where=f"pool '{self.pool}'", fix="rename it")
            if not shares or min(shares.values()) < 0 or abs(sum(shares.values()) - 1) > 1e-6:
                raise InputError(f"the shares of '{name}' must be ≥ 0 and add up to 1", where=f"pool '{self.pool}'")
        for effect in self.group_effects:
            attribute, level, _ = _effect(effect)
            if level not in {str(known) for known in self.attributes.get(attribute, {})}:
                raise InputError(
                    f"group effect '{effect}': no rater has {attribute}={level}",
                    where=f"pool '{self.pool}'",
                    fix='write "attribute=level & stratum=level" with an attribute and level of the pool',
                )

    def people(self, seed: int) -> tuple[SimulatedRater, ...]:
        """Draw the people; the k-th is the same for every n."""
        return tuple(self._person(f"{self.pool}-{k:03d}", seed) for k in range(1, self.n + 1))

    def _person(self, name: str, seed: int) -> SimulatedRater:
        severity, slope, noise = rng(seed, "person", name).standard_normal(3)
        idle, straight = rng(seed, "attention", name).random(2)
        mine = {attribute: self._level(attribute, name, seed) for attribute in self.attributes}
        slices: dict[str, Slice] = {}
        for effect, shift in self.group_effects.items():
            attribute, level, where = _effect(effect)
            if mine.get(attribute) == level:
                slices[where] = Slice(shift=slices.get(where, Slice()).shift + float(shift))
        return SimulatedRater(
            name=name,
            pool=self.pool,
            attributes=mine,
            severity=float(self.severity_sd * severity),
            discrimination=float(self.discrimination * np.exp(self.discrimination_sd * slope)),
            noise=float(self.noise * np.exp(self.noise_sd * noise)),
            central=self.central,
            fatigue=self.fatigue,
            missing=self.missing,
            careless=0.9 if idle < self.careless else 0.0,
            straight=bool(idle < self.careless and straight < 0.5),
            slices=slices,
        )

    def _level(self, attribute: str, name: str, seed: int) -> str:
        shares = self.attributes[attribute]
        below = np.cumsum(list(shares.values()))
        place = int(np.searchsorted(below, rng(seed, "attribute", attribute, name).random() * below[-1], side="right"))
        return str(list(shares)[min(place, len(shares) - 1)])


def _effect(text: str) -> tuple[str, str, str]:
    """Split "attribute=level & stratum=level" into attribute, level and slice ("" is every item)."""
    who, _, where = text.partition("&")
    attribute, _, level = who.strip().partition("=")
    return attribute.strip(), level.strip(), where.strip()
