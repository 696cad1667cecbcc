"""The items on which a judge and people differ most, with what each of them said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from judgekit.runs import Run
from judgekit.schema import Criterion, Item
from judgekit.study import Study


@dataclass(frozen=True)
class Difference:
    """One item, one criterion, one judge: how far the judge is from people (0–1) and what was said.

    ``people`` holds a pool with what its people said, in words.
    """

    judge: str
    criterion: str
    item: Item
    distance: float
    said: str
    reason: str
    people: tuple[tuple[str, str], ...]


def differ(run: Run, *, each: int = 5, most: int = 20) -> list[Difference]:
    """Return the items that differ most: at most ``each`` a judge and criterion and ``most`` in all.

    Where ``most`` cannot hold them all, every judge and criterion gives its first before any gives its second. First
    answers (rep 0) to the items as they are; the distance is the mean over people, on nominal scales the share who
    said something else.
    """
    study = run.study
    people = study.people() or study.people(aggregates=True)
    ranked = [
        (rank, -distance, len(people), judge, criterion, item)
        for judge in study.judges()
        for criterion in study.task.criteria
        for rank, (item, distance) in enumerate(_distances(study, criterion, judge, people).head(each).items())
    ]
    kept = sorted(ranked, key=lambda one: (one[0], one[1]))[:most]
    shown = {(case.item, case.variant): case for case in study.cases()}
    place = {judge: i for i, judge in enumerate(study.judges())}
    keys = [criterion.key for criterion in study.task.criteria]
    kept.sort(key=lambda one: (place[one[3]], keys.index(one[4].key), one[0]))
    reasons = _reasons(study)
    return [
        Difference(
            judge=judge, criterion=criterion.key, item=shown[(str(item), "original")], distance=-minus,
            said=_word(criterion, float(study.matrix(criterion.key)[judge][str(item)])),
            reason=reasons.get((str(item), criterion.key, judge), ""),
            people=tuple(_said(study, criterion, str(item))),
        )
        for _, minus, _, judge, criterion, item in kept
    ]  # fmt: skip


def _distances(study: Study, criterion: Criterion, judge: str, people: list[str]) -> pd.Series:
    """Return the distance of each item on which judge and people are apart, farthest first."""
    values = study.matrix(criterion.key)
    cells, own = values[people].to_numpy(), values[judge].to_numpy()[:, None]
    nominal = criterion.scale == "nominal"
    apart = (cells != own).astype(float) if nominal else np.abs(cells - own) / _span(criterion, cells)
    apart[np.isnan(cells) | np.isnan(own)] = np.nan
    counts = np.isfinite(apart).sum(axis=1)
    means = np.nansum(apart, axis=1) / np.maximum(counts, 1)
    found: pd.Series = pd.Series(means, index=values.index)[(counts > 0) & (means > 0)]
    return found.sort_values(ascending=False, kind="stable")


def _span(criterion: Criterion, cells: np.ndarray) -> float:
    ends = criterion.codes or tuple(cells[np.isfinite(cells)])
    return float(max(ends) - min(ends)) or 1.0 if ends else 1.0


def _said(study: Study, criterion: Criterion, item: str) -> list[tuple[str, str]]:
    """Say for each pool what its people answered: one by one where they are few, else how many chose each level.

    A mean of people follows under its own name.
    """
    line: Any = study.matrix(criterion.key).loc[item]
    rows = study.raters[study.raters["role"] == "person"]
    told = []
    for pool, group in rows.groupby("pool", sort=False):
        means = set(group.loc[group["aggregate"] != "none", "rater"])
        values = {str(rater): float(line[rater]) for rater in group["rater"] if np.isfinite(line[rater])}
        people = {rater: value for rater, value in values.items() if rater not in means}
        if len(people) <= 4:
            parts = [f"{rater}: {_word(criterion, value)}" for rater, value in people.items()]
        else:
            counts = Counter(people.values())
            parts = [f"{counts[value]} × {_word(criterion, value)}" for value in sorted(counts)]
        parts += [f"{rater}: {_word(criterion, value)}" for rater, value in values.items() if rater in means]
        if parts:
            told.append((str(pool), "; ".join(parts)))
    return told


def _word(criterion: Criterion, value: float) -> str:
    code = f"{value:.2f}".rstrip("0").rstrip(".")
    label = criterion.label(value)
    return code if label in (code, f"{value:g}") else f"{code} ({label})"


def _reasons(study: Study) -> dict[tuple[str, str, str], str]:
    rows = study.ratings[(study.ratings["variant"] == "original") & (study.ratings["rep"] == 0)]
    rows = rows[rows["reason"].notna()]
    keys = zip(rows["item"], rows["criterion"], rows["rater"], strict=True)
    return dict(zip(keys, rows["reason"].astype(str), strict=True))
