"""Edited variants of a study's items: rows of the items table, and what each probe could be applied to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from judgekit.drafts import Editor
from judgekit.probes import editor as edited_by_model
from judgekit.probes.base import Edit, Probe, directions, stream
from judgekit.probes.editor import Made
from judgekit.schema import Asked, Item, Task, canonical
from judgekit.study import Study, stack
from judgekit.tables import cases, check_items

Case = tuple[str, str]
#: The column of the items table that names the model which made an edit; such edits are for people to check.
EDITED_BY = "edited_by"


@dataclass(frozen=True)
class Reach:
    """How many of the items a probe was applied to.

    ``fits`` is whether it is for the task at all, ``lost`` how often each reason stood against a model's edit.
    """

    probe: str
    family: str
    expects: str
    items: int
    applied: int
    fits: bool = True
    lost: Mapping[str, int] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """The share of items that it was applied to, 0 to 1."""
        return self.applied / self.items if self.items else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the reach as plain data for the manifest."""
        told = {"probe": self.probe, "family": self.family, "expects": self.expects, "fits": self.fits}
        told |= {"lost": dict(self.lost)} if self.lost else {}
        return {**told, "items": self.items, "applied": self.applied, "share": round(self.share, 4)}


@dataclass(frozen=True)
class Perturbed:
    """A study with its probes' variants. ``asked`` holds the question of those that are shown another."""

    study: Study
    asked: Mapping[Case, Asked] = field(default_factory=dict)
    reach: tuple[Reach, ...] = ()


def perturb(study: Study, probes: Mapping[str, Probe], seed: int, editor: Editor | None = None) -> Perturbed:
    """Return the study in which each original item has, for each probe that applies to it, a variant of its name.

    A variant's row is its item's, with what is shown and ``expect`` (json: of, change, direction a criterion) its own;
    ``edited_by`` names the model that made it, if one did. Nobody has rated it yet: people's ratings stay with the
    originals. A variant that the items table holds already (a recorded one) is kept as it is, and counts as applied.
    Probes that need an editor apply to nothing without one; those that need judges' reasons are left to ``deleted``.
    """
    originals = study.items[study.items["variant"] == "original"]
    rows = originals.to_dict("records")
    shown = cases(originals)
    known = set(zip(study.items["item"], study.items["variant"], strict=True))
    added: list[dict[str, Any]] = []
    asked: dict[Case, Asked] = {}
    tasks: dict[str, Task] = {}
    reach = []
    for probe in probes.values():
        if probe.needs == "reasons":
            continue
        there = {item.item for item in shown if (item.item, probe.name) in known}
        made = list(_made(probe, [item for item in shown if item.item not in there], study.task, seed, editor))
        edits = {item.item: one.edit for item, one in made if one.edit is not None}
        maker = editor.name if editor is not None and probe.needs == "editor" else None
        for row, item in zip(rows, shown, strict=True):
            edit = edits.get(item.item)
            if edit is None:
                continue
            added.append(_row(row, edit, probe.name, directions(probe, item, study.task), maker))
            if edit.task is not None:  # one object a question: a judge prepares its prompt once
                task = tasks.setdefault(canonical(edit.task.model_dump()), edit.task)
                asked[item.item, probe.name] = Asked(task, edit.back or {})
        lost = edited_by_model.counted([one for _, one in made]) if probe.needs == "editor" else {}
        reach.append(_reach(probe, study.task, len(rows), len(there) + len(edits), lost))
    return Perturbed(_with(study, added), asked, tuple(reach))


def deleted(unjudged: Study, judged: Study, probes: Mapping[str, Probe], seed: int) -> Perturbed:
    """Return the study as it was before judges were asked, with the variants that their reasons call for.

    For each judge and criterion each probe that needs reasons has variants of its own, named ``PROBE:JUDGE:CRITERION``,
    of the items whose first answer (rep 0, ok) gave a reason; they are for that judge alone. Its reach counts answers
    with a reason, over all judges and criteria.
    """
    chosen = [probe for probe in probes.values() if probe.needs == "reasons"]
    originals = unjudged.items[unjudged.items["variant"] == "original"]
    rows = dict(zip(originals["item"], originals.to_dict("records"), strict=True))
    shown = {item.item: item for item in cases(originals)}
    ratings = judged.ratings
    first = ratings[(ratings["variant"] == "original") & (ratings["rep"] == 0) & (ratings["status"] == "ok")]
    first = first[first["rater"].isin(judged.judges()) & first["reason"].notna()]
    added: list[dict[str, Any]] = []
    applied = dict.fromkeys((probe.name for probe in chosen), 0)
    for name, judge, criterion, reason in first[["item", "rater", "criterion", "reason"]].itertuples(index=False):
        for probe in chosen:
            # one for both, since the control is drawn beside what it controls; alike reasons need one call
            rng = stream(seed, f"deleted:{judge}", str(name))
            edit = probe(shown[name], unjudged.task, rng, reason=str(reason))
            if edit is not None:
                applied[probe.name] += 1
                added.append(_row(rows[name], edit, f"{probe.name}:{judge}:{criterion}", {}, None))
    reach = [_reach(probe, unjudged.task, len(first), applied[probe.name]) for probe in chosen]
    return Perturbed(_with(unjudged, added), {}, tuple(reach))


def to_check(study: Study) -> pd.DataFrame:
    """Return the edits that a model made, a row each for people to check; three columns are theirs to fill in.

    Columns: item, variant, part (what was edited), original, edited, change, edited_by; and, empty, same_meaning,
    natural, comment.
    """
    columns = [
        "item",
        "variant",
        "part",
        "original",
        "edited",
        "change",
        EDITED_BY,
        "same_meaning",
        "natural",
        "comment",
    ]
    if EDITED_BY not in study.items:
        return pd.DataFrame(columns=columns)
    before = {item.item: item for item in cases(study.items[study.items["variant"] == "original"])}
    made = study.items[study.items[EDITED_BY].notna()]
    lines = []
    for item, told, maker in zip(cases(made), made["expect"], made[EDITED_BY], strict=True):
        for part, old, new in _parts(before[item.item], item):
            change = json.loads(told)["change"]
            lines.append([item.item, item.variant, part, old, new, change, maker, "", "", ""])
    return pd.DataFrame(lines, columns=columns)


def _parts(before: Item, after: Item) -> Iterable[tuple[str, str, str]]:
    shown = [("text", before.text, after.text), ("context", before.context or "", after.context or "")]
    pairs = enumerate(zip(before.candidates, after.candidates, strict=True), 1)
    shown += [(f"candidate {number}", old, new) for number, (old, new) in pairs]
    return [one for one in shown if one[1] != one[2]]


def _made(
    probe: Probe, items: Sequence[Item], task: Task, seed: int, editor: Editor | None
) -> Iterable[tuple[Item, Made]]:
    if probe.needs == "editor":
        return edited_by_model.edits(probe, items, task, seed, editor)
    return [(item, Made(probe(item, task, stream(seed, probe.name, item.item)))) for item in items]


def _row(
    row: Mapping[Any, Any], edit: Edit, variant: str, direction: Mapping[str, str], maker: str | None
) -> dict[str, Any]:
    expect = {"of": edit.item.item, "change": edit.changed, "direction": direction}
    made = {
        **{str(name): cell for name, cell in row.items()},
        "variant": variant,
        "text": edit.item.text,
        "context": edit.item.context,
        "candidates": _listed(edit.item.candidates),
        "steps": _listed(edit.item.steps),
        "expect": json.dumps(expect, ensure_ascii=False, sort_keys=True),
        "digest": None,
    }
    return made if maker is None else {**made, EDITED_BY: maker}


def _reach(probe: Probe, task: Task, items: int, applied: int, lost: Mapping[str, int] | None = None) -> Reach:
    told: str = "each criterion its own" if callable(probe.expects) else probe.expects
    if probe.needs == "reasons":
        told = "to move" if probe.name.startswith("cited") else "control"
    return Reach(probe.name, probe.family, told, items, applied, probe.fits(task), lost or {})


def _with(study: Study, added: Sequence[Mapping[str, Any]]) -> Study:
    if not added:
        return study
    items = stack(study.items, check_items(pd.DataFrame(added), study.task))
    return replace(study, items=items, _cache={})


def _listed(texts: tuple[str, ...]) -> str | None:
    return json.dumps(list(texts), ensure_ascii=False) if texts else None
