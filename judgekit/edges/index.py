"""The combined index: a weighted mean of the signals' ranks, with the weights in the open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from judgekit.edges.signals import SIGNALS, View
from judgekit.edges.signals.base import Array
from judgekit.errors import InputError, listed
from judgekit.schema import Criterion

if TYPE_CHECKING:
    from judgekit.study import Study


def weights_of(given: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the weight of each signal: 1, and 0 for what looks at the failure itself, unless ``given`` says else."""
    made = {name: 0.0 if one.sees == "both" else 1.0 for name, one in SIGNALS.items()}
    odd = [name for name in given or {} if name not in made]
    if odd:
        raise InputError(f"no signal is called {listed(odd)}", where="weights", fix=f"there are: {listed(made, 20)}")
    made |= {name: float(weight) for name, weight in (given or {}).items()}
    if min(made.values()) < 0 or not sum(made.values()) > 0:
        raise InputError("weights must be 0 or more, one of them above 0", where="weights", fix="set one to 1")
    return made


def columns(study: Study, criterion: Criterion, *, neighbours: int = 5, embed: bool | str = False) -> pd.DataFrame:
    """Return every signal of a criterion: items × signals, NaN where the study says nothing of it."""
    key = ("signals", criterion.key, neighbours, embed)
    return study.once(key, lambda: _columns(View(study, criterion, neighbours, embed)))


def _columns(view: View) -> pd.DataFrame:
    items = view.study.matrix(view.criterion.key).index
    return pd.DataFrame({name: one.compute(view) for name, one in SIGNALS.items()}, index=items)


def ranks(values: Array) -> Array:
    """Return each value's place among the others, 0 to 1, ties in the middle; NaN stays.

    A signal that is the same on all items gets ½ everywhere.
    """
    column = pd.Series(values)
    n = int(column.notna().sum())
    return np.asarray((column.rank() - 0.5) / max(n, 1), dtype=np.float64)


def combined(signals: pd.DataFrame, weights: Mapping[str, float]) -> Array:
    """Return the index (n): the weighted mean of the ranks of the signals that an item has; NaN where it has none."""
    used = [str(name) for name in signals if weights.get(str(name), 0.0) > 0]
    if not used:
        return np.full(len(signals), np.nan)
    R = np.stack([ranks(signals[name].to_numpy(dtype=float)) for name in used], axis=1)
    W = np.where(np.isfinite(R), [weights[name] for name in used], 0.0)
    total = W.sum(axis=1)
    return np.where(total > 0, np.nansum(R * W, axis=1) / np.where(total > 0, total, 1.0), np.nan)


def before(study: Study, criterion: Criterion) -> Array:
    """Return the index of those signals that do not look at any judge, equally weighted (n)."""
    weights = {name: float(one.sees in ("text", "people")) for name, one in SIGNALS.items()}
    return combined(columns(study, criterion), weights)
