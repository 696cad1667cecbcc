"""The units of a plan, from the design: so many labels of each (item, variant), by pool, arm and purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from judgekit.errors import InputError
from judgekit.humans.labels import assign
from judgekit.humans.labels.design import Design
from judgekit.humans.labels.material import Material
from judgekit.humans.labels.settings import Arm, PoolPlan, Purpose

COLUMNS = ["unit", "item", "variant", "purpose", "pool", "arm", "wanted", "probability", "note"]


@dataclass(frozen=True)
class Units:
    """The plan's units (columns ``COLUMNS``) and, by pool and arm, the sheets of units that its seats label."""

    frame: pd.DataFrame
    sheets: dict[tuple[str, Arm], list[list[int]]]


class _Maker:
    def __init__(self, design: Design, material: Material) -> None:
        self.design, self.material = design, material
        self.seed = design.settings.seed
        self.rows: list[dict[str, object]] = []
        self.at: dict[tuple[str, str, Purpose, str, Arm], int] = {}

    def add(
        self, item: str, variant: str, purpose: Purpose, pool: str, arm: Arm, wanted: int, probability: float | None
    ) -> int:
        """Add labels to a unit, which is made where it is not there, and return its number."""
        key = (item, variant, purpose, pool, arm)
        if key not in self.at:
            self.at[key] = len(self.rows)
            values = (len(self.rows), *key, 0, probability, None)
            self.rows.append(dict(zip(COLUMNS, values, strict=True)))
        row = self.rows[self.at[key]]
        row["wanted"] = int(str(row["wanted"])) + wanted
        return self.at[key]


def planned(design: Design, material: Material) -> Units:
    """Return the units and sheets that the design declares; InputError where a pool has nothing to label."""
    maker = _Maker(design, material)
    sheets: dict[tuple[str, Arm], list[list[int]]] = {}
    for pool, plan in design.settings.plan.pools.items():
        made = _pool(maker, pool, plan, "blind")
        if made:
            sheets[pool, "blind"] = made
    review = design.settings.review
    if review.judge is not None:
        pool = review.pool or next(iter(design.settings.plan.pools))
        own = design.settings.plan.pools[pool]
        shown = {item for (item, variant), case in material.cases.items() if case.review and variant == "original"}
        plan = own.model_copy(update={"k": review.k, "raters": review.raters, "overlap": "k", "queue": None})
        _pool(maker, pool, plan, "review", only=shown)
    _checks(maker)
    frame = pd.DataFrame(maker.rows, columns=COLUMNS)
    if frame.empty:
        raise InputError("the plan has nothing to label", where="label.plan", fix="name a pool, and items")
    return Units(frame, sheets)


def _pool(maker: _Maker, pool: str, plan: PoolPlan, arm: Arm, only: set[str] | None = None) -> list[list[int]]:
    where = f"label.plan.pools.{pool}"
    if plan.overlap == "queue":
        _queue(maker, pool, plan, arm)
        return []
    items = [item for item in maker.material.originals() if only is None or item in only]
    if not items:
        raise InputError("no items to label", where=where, fix="give items beside those with known answers")
    chosen, probability = _subset(maker, pool, plan, items)
    if plan.overlap == "k":
        for place, item in enumerate(chosen):
            orders = maker.material.orders(item)
            for variant, n in zip(orders, assign.orders(plan.k, len(orders), place), strict=True):
                if n:
                    maker.add(item, variant, "item", pool, arm, n, probability[place])
        return []
    if plan.overlap == "full":
        grid = [list(range(len(chosen)))] * plan.raters
    else:
        stream = assign.stream(maker.seed, "blocks", pool, arm)
        grid = assign.blocks(len(chosen), plan.k, plan.per_rater or len(chosen), plan.linking, stream)
        if not assign.linked(grid):
            raise InputError("the blocks share no items", where=where, fix="raise k, per_rater or linking")
    times = [0] * len(chosen)
    sheets = []
    for block in grid:
        sheet = []
        for place in block:
            orders = maker.material.orders(chosen[place])
            variant = orders[(times[place] + place) % len(orders)]
            times[place] += 1
            sheet.append(maker.add(chosen[place], variant, "item", pool, arm, 1, probability[place]))
        sheets.append(sheet)
    return sheets


def _subset(maker: _Maker, pool: str, plan: PoolPlan, items: Sequence[str]) -> tuple[list[str], list[float | None]]:
    if plan.items is None:
        return list(items), [None] * len(items)
    rows = maker.design.items[maker.design.items["variant"] == "original"].set_index("item")
    strata = rows.loc[list(items), list(plan.strata)].reset_index(drop=True)
    found = assign.drawn(strata, plan.items, plan.allocation, assign.stream(maker.seed, "subset", pool))
    return [items[int(place)] for place in found.index], [float(p) for p in found]


def _queue(maker: _Maker, pool: str, plan: PoolPlan, arm: Arm) -> None:
    for number, row in enumerate(maker.design.queues[pool].to_dict("records")):
        key = (str(row["item"]), str(row["variant"]))
        if key not in maker.material.cases:
            raise InputError(
                f"no item '{key[0]}' with the variant '{key[1]}'",
                where=f"{plan.queue}:{number + 2}",
                fix="name an (item, variant) of the study",
            )
        given = row["probability"]
        purpose: Purpose = row["purpose"]
        maker.add(*key, purpose, pool, arm, plan.k, None if given is None or np.isnan(given) else float(given))


def _checks(maker: _Maker) -> None:
    declared = maker.design.settings.probe_check
    pool = declared.pool or next(iter(maker.design.settings.plan.pools))
    for probe, items in maker.material.edits(declared.probes).items():
        if not items:
            raise InputError(
                f"no edit by '{probe}' to check",
                where="label.probe_check",
                fix="choose the probe for the run (probes=[…]); edits of the question have no text to compare",
            )
        n = min(declared.items, len(items))
        order = assign.stream(maker.seed, "check", probe).permutation(len(items))[:n]
        for place in sorted(int(place) for place in order):
            maker.add(items[place], probe, "check", pool, "blind", declared.k, n / len(items))
