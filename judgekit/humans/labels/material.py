"""What raters are shown: the study's items, lists, edits and the extra items, as cases that cards are made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from judgekit.humans.labels.card import Answer
from judgekit.humans.labels.design import Design
from judgekit.humans.labels.settings import Extra
from judgekit.judges.orders import extra as order_of
from judgekit.schema import Criterion, Item, Level, Task, shown
from judgekit.tables import cases

#: The questions of a probe check.
KEPT, NATURAL = "kept", "natural"


@dataclass(frozen=True)
class Case:
    """One thing to show. ``members`` are the items of a list, by the place of their candidate; digests likewise.

    ``accepted`` maps a criterion to its accepted codes; ``review`` to the judge's canonical value.
    """

    item: Item
    shown: str
    members: tuple[str, ...] = ()
    member_shown: tuple[str, ...] = ()
    accepted: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    feedback: str = ""
    warning: str = ""
    before: Item | None = None
    review: Mapping[str, Answer] = field(default_factory=dict)


class Material:
    """All cases of a design by (item, variant), and the criteria that are asked of them."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.task: Task = design.task
        self.check_criteria = _check_criteria(design)
        self.step_criteria: tuple[Criterion, ...] = design.settings.form.step_criteria
        warned = _warnings(design)
        reviews = _reviews(design)
        every = cases(design.items)
        originals = {one.item: one for one in every if one.variant == "original"}
        self.cases: dict[tuple[str, str], Case] = {}
        if self.task.form == "ranking":
            self._lists(every, warned)
        else:
            for one in every:
                key = (one.item, one.variant)
                self.cases[key] = Case(
                    one,
                    shown(self.task, one.digest),
                    warning=warned.get(one.item, ""),
                    before=originals.get(one.item),
                    review=reviews.get(key, {}),
                )
        for extra in design.extras():
            self._extra(extra)

    def originals(self) -> list[str]:
        """Return what can be labelled: items, lists by their first row; not what has known answers."""
        known = {extra.item for extra in self.design.extras()}
        return [item for item, variant in self.cases if variant == "original" and item not in known]

    def orders(self, item: str) -> list[str]:
        """Return the orders in which an item is there: the original, swapped or shuffled."""
        both = self.design.settings.plan.orders == "both" and self.task.form in ("pairwise", "ranking")
        found = [variant for variant in self.variants.get(item, ()) if both and order_of(variant)]
        return ["original", *sorted(found)]

    @property
    def variants(self) -> Mapping[str, Sequence[str]]:
        """The variants of each item."""
        if not hasattr(self, "_variants"):
            self._variants: dict[str, list[str]] = {}
            for item, variant in self.cases:
                self._variants.setdefault(item, []).append(variant)
        return self._variants

    def edits(self, probes: Iterable[str]) -> dict[str, list[str]]:
        """Return the items that each probe has edited, where the edit is one of what is shown, not of the question."""
        return {
            probe: [
                item
                for (item, variant), case in self.cases.items()
                if variant == probe and case.before is not None and case.before.digest != case.item.digest
            ]
            for probe in probes
        }

    def _lists(self, every: Sequence[Item], warned: Mapping[str, str]) -> None:
        lists: dict[tuple[str | None, tuple[str, ...], str], list[Item]] = {}
        for one in every:
            lists.setdefault((one.context, one.candidates, one.variant), []).append(one)
        first: dict[frozenset[str], str] = {}
        for (_, candidates, variant), rows in lists.items():
            # a list bears the name of its first row in every order
            head = first.setdefault(frozenset(row.item for row in rows), rows[0].item)
            at = {row.text: row for row in rows}
            here = [at.get(text) for text in candidates]
            self.cases[head, variant] = Case(
                Item(head, "", variant, rows[0].context, candidates),
                shown(self.task, rows[0].digest),
                members=tuple("" if row is None else row.item for row in here),
                member_shown=tuple("" if row is None else shown(self.task, row.digest) for row in here),
                warning=next((warned[row.item] for row in rows if row.item in warned), ""),
            )

    def _extra(self, extra: Extra) -> None:
        key = (extra.item, "original")
        if not extra.own:
            self.cases[key] = replace(self.cases[key], accepted=extra.answers, feedback=extra.feedback)
            return
        one = Item(extra.item, extra.text or "", "original", extra.context, extra.candidates, extra.steps)
        members = tuple(f"{extra.item}-{place}" for place in range(len(extra.candidates)))
        digest = shown(self.task, one.digest)
        listed = members if self.task.form == "ranking" else ()
        self.cases[key] = Case(one, digest, listed, (digest,) * len(listed), extra.answers, extra.feedback)


def _check_criteria(design: Design) -> tuple[Criterion, ...]:
    levels = (Level(code=0, label="no"), Level(code=1, label="yes"))
    declared = design.settings.probe_check
    return (
        Criterion(key=KEPT, question=declared.question, scale="nominal", levels=levels),
        Criterion(key=NATURAL, question=declared.natural, scale="nominal", levels=levels),
    )


def _warnings(design: Design) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    originals = design.items[design.items["variant"] == "original"]
    for warning in design.settings.warnings:
        rows = originals
        if warning.stratum is not None:
            rows = originals[originals[warning.stratum].astype(str).isin(warning.levels)]
        for item in rows["item"]:
            found.setdefault(str(item), []).append(warning.text)
    return {item: " ".join(texts) for item, texts in found.items()}


def _reviews(design: Design) -> dict[tuple[str, str], dict[str, Answer]]:
    found: dict[tuple[str, str], dict[str, Answer]] = {}
    if design.reviews is None:
        return found
    for row in design.reviews.to_dict("records"):
        if pd.notna(row["value"]):
            reason = row.get("reason")
            said = None if reason is None or pd.isna(reason) else str(reason)
            answer = Answer(value=float(row["value"]), reason=said)
            found.setdefault((str(row["item"]), str(row["variant"])), {})[str(row["criterion"])] = answer
    return found


def texts(raw: str | None) -> tuple[str, ...]:
    """Return the texts of a JSON list; none where there is none."""
    return tuple(json.loads(raw)) if raw else ()
