"""What a label study declares before anybody answers: task, items and settings, frozen and kept with the answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.humans.labels.settings import ADJUDICATORS, Extra, Settings, read
from judgekit.schema import Task, canonical
from judgekit.tables import check_items

#: Settings that may differ when a study is opened again; all else is declared once.
LOOSE = ("name", "url", "host", "port", "open", "contact", "thanks", "completion_url", "public_url", "joins_per_minute")


@dataclass(frozen=True)
class Design:
    """A label study as declared: the task, its items (a checked items table) and the settings.

    ``queues`` holds the queue file of each pool that has one (item, variant, probability, purpose); ``reviews`` the
    judge's labels of the review arm (item, variant, criterion, value, reason).
    """

    task: Task
    items: pd.DataFrame
    settings: Settings
    queues: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    reviews: pd.DataFrame | None = None

    @classmethod
    def make(
        cls,
        task: Task,
        items: pd.DataFrame,
        settings: Settings | Mapping[str, Any] | None = None,
        reviews: pd.DataFrame | None = None,
    ) -> Design:
        """Return a checked design; InputError in one line for a setting that does not fit the task or its items.

        For pairs and lists whose both orders are to be labelled, ``items`` holds the variants ``swapped`` and
        ``shuffled1`` …; for a probe check those of the probes.
        """
        made = settings if isinstance(settings, Settings) else read(settings or {})
        checked = check_items(items, task)
        queues = {pool: queued(plan.queue) for pool, plan in made.plan.pools.items() if plan.queue is not None}
        design = cls(task, checked, made, queues, reviews)
        check(design)
        return design

    def text(self) -> str:
        """Return the design as JSON, from which ``loaded`` makes it again."""
        plain = {
            "task": self.task.model_dump(mode="json"),
            "items": _records(self.items),
            "settings": self.settings.model_dump(mode="json"),
            "queues": {pool: _records(frame) for pool, frame in self.queues.items()},
            "reviews": None if self.reviews is None else _records(self.reviews),
        }
        return canonical(plain)

    @classmethod
    def loaded(cls, text: str) -> Design:
        """Return the design that ``text`` wrote."""
        plain = json.loads(text)
        task = Task.model_validate(plain["task"])
        reviews = None if plain["reviews"] is None else pd.DataFrame(plain["reviews"])
        return cls(
            task,
            check_items(pd.DataFrame(plain["items"]), task),
            Settings.model_validate(plain["settings"]),
            {pool: pd.DataFrame(rows) for pool, rows in plain["queues"].items()},
            reviews,
        )

    def differs(self, other: Design) -> str | None:
        """Say what is declared otherwise in another design, None where nothing is that counts."""
        mine, theirs = json.loads(self.text()), json.loads(other.text())
        for part in ("task", "items", "queues", "reviews"):
            if mine[part] != theirs[part]:
                return part
        for knob in mine["settings"]:
            if knob not in LOOSE and mine["settings"][knob] != theirs["settings"][knob]:
                return f"label.{knob}"
        return None

    def extras(self) -> list[Extra]:
        """Return all items with known answers."""
        s = self.settings
        return [*s.training.items, *s.qualification.items, *s.checks.gold, *s.checks.attention]


def queued(file: str) -> pd.DataFrame:
    """Read a queue: csv with the columns item, and variant, probability, purpose where it tells them."""
    try:
        frame = pd.read_csv(file, dtype={"item": str, "variant": str, "purpose": str})
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", where=file, fix="give a csv file with a column item") from None
    if "item" not in frame:
        raise InputError("no column item", where=f"{file}:1", fix="name the items in a column item")
    frame["variant"] = frame["variant"].fillna("original") if "variant" in frame else "original"
    frame["purpose"] = frame["purpose"].fillna("item") if "purpose" in frame else "item"
    odd = np.flatnonzero(~frame["purpose"].isin(["item", "gold", "check"]))
    if len(odd):
        raise InputError(
            f"unknown purpose '{frame['purpose'].iloc[odd[0]]}'",
            where=f"{file}:{odd[0] + 2}",
            fix="use item, gold or check",
        )
    if "probability" not in frame:
        frame["probability"] = np.nan
    bad = np.flatnonzero(~((frame["probability"] > 0) & (frame["probability"] <= 1)) & frame["probability"].notna())
    if len(bad):
        raise InputError("a probability is not in (0, 1]", where=f"{file}:{bad[0] + 2}", fix="correct it")
    again = np.flatnonzero(frame.duplicated(["item", "variant"]))
    if len(again):
        raise InputError("an item stands twice", where=f"{file}:{again[0] + 2}", fix="keep one row an item and variant")
    return frame[["item", "variant", "probability", "purpose"]]


def check(design: Design) -> None:
    """Refuse settings that do not fit the task or its items."""
    task, items, s = design.task, design.items, design.settings
    if not task.criteria:
        raise InputError("the task asks nothing", where="task.criteria", fix="name a criterion with its levels")
    there = set(items["item"])
    for extra in design.extras():
        where = f"label, item '{extra.item}'"
        if extra.own and extra.item in there:
            raise InputError("an item of the study has this name", where=where, fix="give it another name")
        if not extra.own and extra.item not in there:
            raise InputError("it has no text and is no item of the study", where=where, fix="give it a text")
        for key, codes in extra.answers.items():
            keys = [criterion.key for criterion in task.criteria]
            if key not in keys:
                raise InputError(f"no criterion '{key}'", where=where, fix=f"use {listed(keys)}")
            declared = task.criterion(key).codes
            odd = [code for code in codes if declared and code not in declared]
            if odd:
                raise InputError(f"unknown level {odd[0]:g} for '{key}'", where=where, fix=f"levels are {declared}")
    names = [extra.item for extra in design.extras()]
    if len(set(names)) < len(names):
        again = next(name for name in names if names.count(name) > 1)
        raise InputError(f"'{again}' stands twice", where="label", fix="use each extra item once")
    asked = {question.key for question in s.survey}
    for attribute in s.plan.quotas:
        if attribute not in asked:
            raise InputError(f"no question asks '{attribute}'", where="label.plan.quotas", fix="add it to label.survey")
    for pool, plan in s.plan.pools.items():
        for stratum in plan.strata:
            if stratum not in items:
                raise InputError(f"no column '{stratum}'", where=f"label.plan.pools.{pool}", fix="name a stratum")
    for warning in s.warnings:
        if warning.stratum is not None and warning.stratum not in items:
            raise InputError(f"no column '{warning.stratum}'", where="label.warnings", fix="name a stratum")
    for part in ("review", "probe_check"):
        pool = getattr(s, part).pool
        if pool is not None and pool not in s.plan.pools:
            raise InputError(f"no pool '{pool}'", where=f"label.{part}.pool", fix="name a pool of the plan")
    if s.review.judge is not None and (design.reviews is None or design.reviews.empty):
        raise InputError("there are no labels to review", where="label.review", fix="name a run and its judge")
    if ADJUDICATORS in s.plan.pools:
        raise InputError(f"a pool is called {ADJUDICATORS}", where="label.plan.pools", fix="give it another name")


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    cells = frame.astype(object).where(frame.notna(), None)
    return [{str(name): _plain(cell) for name, cell in row.items()} for row in cells.to_dict("records")]


def _plain(cell: Any) -> Any:
    return cell.item() if isinstance(cell, np.generic) else cell
