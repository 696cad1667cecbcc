"""What of the items moves raters beside their traits: names, length, strata, the order of candidates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.schema import Item, Task
from judgekit.simulate.noise import Floats, Keys, keys, uniforms
from judgekit.simulate.raters import SimulatedRater
from judgekit.tables import cases

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Scene:
    """What of the items moves raters beside their traits: names, length, strata, the order of candidates."""

    items: Keys
    cases: Keys
    length: Floats
    swapped: Bools
    columns: Mapping[str, npt.NDArray[np.object_]]
    reference: tuple[float, float]

    @classmethod
    def of(
        cls, shown: Sequence[Item], columns: Mapping[str, Any], reference: tuple[float, float] | None = None
    ) -> Scene:
        """Make a scene of items and of their columns (aligned lists).

        ``reference`` is the mean and the standard deviation of log words; by default those of the original items.
        """
        words = np.log([max(len(item.text.split()), 1) for item in shown])
        originals = words[[item.variant == "original" for item in shown]]
        if reference is None:
            measured = originals if len(originals) else words
            reference = float(measured.mean()), float(measured.std())
        middle, sd = reference
        return cls(
            items=keys(item.item for item in shown),
            cases=keys(f"{item.item}\x1f{item.variant}" for item in shown),
            length=(words - middle) / sd if sd > 0 else np.zeros(len(words)),
            swapped=np.array([item.variant == "swapped" for item in shown], dtype=bool),
            columns={name: np.array(list(column), dtype=object) for name, column in columns.items()},
            reference=reference,
        )

    @classmethod
    def all(cls, items: pd.DataFrame) -> Scene:
        """Make the scene of an items table."""
        return cls.of(cases(items), {str(name): items[name] for name in items})

    def mask(self, where: str) -> Bools:
        """Return the rows in a slice "stratum=level"; "" is every row. ``edge`` holds a json list of tags."""
        if not where:
            return np.ones(len(self.items), dtype=bool)
        name, _, level = (part.strip() for part in where.partition("="))
        if name not in self.columns:
            raise InputError(
                f"slice '{where}': the items have no column '{name}'", fix=f"use one of {listed(self.columns, 20)}"
            )
        column = self.columns[name]
        if name == "edge":
            return np.array([level in _tags(cell) for cell in column], dtype=bool)
        return np.array([str(cell) == level for cell in column], dtype=bool)

    def check(self, rater: SimulatedRater, task: Task) -> None:
        """Refuse a plant that cannot show: an unknown slice, position without an order, no authors."""
        for where in rater.slices:
            if not self.mask(where).any():
                raise InputError(f"slice '{where}': no item is in it", where=rater.name, fix="correct or remove it")
        if rater.position and task.form != "pairwise":
            raise InputError(
                f"position bias needs candidates in an order, and form '{task.form}' has none",
                where=rater.name,
                fix="set position to 0, or use a pairwise task",
            )
        if rater.self_preference and rater.author not in self.columns:
            raise InputError(
                f"self-preference needs an items column '{rater.author}' that names the author model",
                where=rater.name,
                fix="add the column, name another in 'author', or set self_preference to 0",
            )

    def shift(self, rater: SimulatedRater) -> Floats:
        """Return what moves the rater's answers beside the traits, in logits."""
        total = rater.length * self.length - rater.severity
        for where, planted in rater.slices.items():
            total = total + planted.shift * self.mask(where)
        if rater.self_preference:
            total = total + rater.self_preference * self.mask(f"{rater.author}={rater.family}")
        return total

    def spread(self, rater: SimulatedRater, seed: int) -> Floats:
        """Return the rater's noise on each row: more in slices, more later in the rater's own order."""
        total = np.full(len(self.items), rater.noise)
        for where, planted in rater.slices.items():
            total = total + planted.noise * self.mask(where)
        return total * (1.0 + rater.fatigue * self.order(rater, seed))

    def order(self, rater: SimulatedRater, seed: int) -> Floats:
        """Return how far along the own random order the rater was at each row (0 first, 1 last)."""
        return uniforms(seed, ("order", rater.name), self.cases)


def _tags(cell: Any) -> list[str]:
    """Read edge tags: a json list, or words between commas."""
    if isinstance(cell, str) and not cell.startswith("["):
        return [tag.strip() for tag in cell.split(",")]
    try:
        tags = json.loads(cell) if isinstance(cell, str) else cell
    except ValueError:
        return []
    return [str(tag) for tag in tags] if isinstance(tags, list | tuple) else []
