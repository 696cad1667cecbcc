"""Disagreements beyond a declared gap, with the anonymised labels, for the named adjudicators."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from judgekit.humans.labels.design import Design
from judgekit.judges.orders import extra as order_of
from judgekit.schema import Criterion

COLUMNS = ["item", "variant", "criterion", "gap", "n", "labels"]


def disagreements(design: Design, ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the labels that lie further apart than declared: one row an item and criterion; columns ``COLUMNS``.

    The gap is counted in levels between the lowest and the highest answer (in the scale's own unit where it has no
    levels); on a nominal scale any two different answers are one of 1. Labels of the blind arm's first answers to
    items count, of all pools together, in the canonical codes; two orders of one pair are one item (its original).
    ``labels`` is a JSON list, sorted, each {value, comment}: who gave which is not told. Nothing where nobody is named
    as adjudicator.
    """
    declared = design.settings.adjudication
    if not declared.names or ratings.empty:
        return pd.DataFrame(columns=COLUMNS)
    mine = (ratings["purpose"] == "item") & (ratings["rep"] == 0) & (ratings["status"] == "ok")
    if "arm" in ratings:
        mine &= ratings["arm"].fillna("blind") == "blind"
    rows = ratings[mine]
    shown = ["original" if order_of(str(variant)) else str(variant) for variant in rows["variant"]]
    rows = rows.assign(variant=np.array(shown, dtype=object))
    made: list[dict[str, Any]] = []
    for criterion in design.task.criteria:
        asked = rows[rows["criterion"] == criterion.key]
        for (item, variant), given in asked.groupby(["item", "variant"], sort=False):
            values = given["value"].to_numpy(dtype=float)
            apart = gap(criterion, values)
            if apart >= (1.0 if criterion.scale == "nominal" else declared.gap):
                made.append({"item": item, "variant": variant, "criterion": criterion.key, "gap": apart,
                             "n": len(values), "labels": json.dumps(anonymous(given), ensure_ascii=False)})  # fmt: skip
    found = pd.DataFrame(made, columns=COLUMNS)
    return found.sort_values(
        ["gap", "item", "variant"], ascending=[False, True, True], kind="stable", ignore_index=True
    )


def gap(criterion: Criterion, values: np.ndarray) -> float:
    """Return how far answers lie apart: in levels, in the scale's unit without them, 1 for different nominal ones."""
    if len(values) < 2:
        return 0.0
    low, high = float(values.min()), float(values.max())
    if criterion.scale == "nominal":
        return float(low < high)
    if not criterion.codes:
        return high - low
    codes = np.asarray(criterion.codes)
    return float(np.searchsorted(codes, high) - np.searchsorted(codes, low))


def anonymous(given: pd.DataFrame) -> list[dict[str, Any]]:
    """Return labels without who gave them, when, or in which order: sorted by value and comment."""
    comments = given["comment"] if "comment" in given else pd.Series([None] * len(given), index=given.index)
    told = [
        {"value": float(value), "comment": None if pd.isna(comment) else str(comment)}
        for value, comment in zip(given["value"], comments, strict=True)
    ]
    return sorted(told, key=lambda label: (label["value"], label["comment"] or ""))
