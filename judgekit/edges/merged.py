"""What the merged labels of judges and people say: means and shares over all items, unbiased by design weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from judgekit.edges.judged import clustered
from judgekit.edges.queue import Merged, hajek, merge, probabilities
from judgekit.edges.route import Routed, others
from judgekit.edges.rows import estimate
from judgekit.errors import InputError, listed
from judgekit.schema import Estimate
from judgekit.stats.pairings import LEAST_ITEMS
from judgekit.stats.resample import Array, Bootstrap, Interval

if TYPE_CHECKING:
    from judgekit.schema import Criterion
    from judgekit.study import Study


def merged(study: Study, routed: Routed, drawn: pd.DataFrame, labels: pd.Series, boot: Bootstrap) -> Iterator[Estimate]:
    """Yield the mean of a criterion over all items from merged labels, in all and by stratum.

    ``drawn`` is the queue that was given to people, ``labels`` their mean value by item. ``merged.mean`` corrects the
    judge's labels where people labelled too, ``merged.hajek`` uses people's alone. Intervals are normal.
    """
    chain = routed.chain
    names = pd.Index(study.matrix(chain.one.criterion.key).index)
    place = names.get_indexer(pd.Index(drawn["item"]))
    odd = drawn["item"][place < 0]
    if len(odd):
        raise InputError(f"the queue has items that the study has not: {listed(odd)}", fix="give the study's own queue")
    chance = probabilities(routed, 0.5)
    chance[place] = drawn["probability"].to_numpy(dtype=float)
    people = labels.reindex(drawn["item"]).to_numpy(dtype=float)
    lost = drawn["item"][~np.isfinite(people)]
    if len(lost):
        raise InputError(
            f"{len(lost)} items of the queue have no label: {listed(lost)}", fix="label them all, then merge"
        )
    h = np.full(len(names), np.nan)
    h[place] = people
    answers = np.column_stack([one.answers for one in chain.stages])
    judge = np.where(routed.accepted, answers[np.arange(len(h)), np.maximum(routed.stage, 0)], np.nan)
    for subset, mask in study.subsets():
        if subset != "all" and mask.sum() < LEAST_ITEMS:
            continue
        made = merge(h[mask], judge[mask], chance[mask])
        yield _row(study, routed, "merged.mean", made, mask, subset, boot, h)
        if np.isfinite(h[mask]).any():
            yield _row(study, routed, "merged.hajek", hajek(h[mask], chance[mask]), mask, subset, boot, h)


def _row(
    study: Study, routed: Routed, name: str, made: Merged, mask: Array, subset: str, boot: Bootstrap, h: Array
) -> Estimate:
    low, high = made.interval(boot.conf_level)
    found = Interval(made.value, low, high, "normal interval")
    said = f"{made.method}; {made.n} of {made.items} items labelled by people, the others by {routed.chain.name}"
    used = np.asarray(mask, dtype=bool)
    note = "items come in clusters: the interval takes them as independent" if clustered(routed.chain.one.part) else ""
    return estimate(study, routed.chain.one, name, found, boot, used=used, said=said, subset=subset,
                    a=routed.chain.name, also=others(routed.chain), note=note)  # fmt: skip


def labels_of(path: Path, criterion: Criterion) -> pd.Series:
    """Return the mean label of each item in a csv (columns item, value; a column criterion picks its rows).

    Rows whose status is not ok are left out. InputError names what is wrong with which row.
    """
    try:
        frame = pd.read_csv(path, dtype={"item": str})
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", where=str(path), fix="give a csv with item and value") from None
    absent = [name for name in ("item", "value") if name not in frame]
    if absent:
        raise InputError(f"no column {listed(absent)}", where=str(path), fix="name them item and value")
    if "criterion" in frame:
        frame = frame[frame["criterion"] == criterion.key]
    if "status" in frame:
        frame = frame[frame["status"] == "ok"]
    value = pd.to_numeric(frame["value"], errors="coerce").to_numpy(dtype=float)
    bad = ~np.isfinite(value)
    if criterion.codes:
        bad |= ~np.isin(value, criterion.codes)
    if bad.any():
        row = int(frame.index[np.flatnonzero(bad)[0]]) + 2
        raise InputError(
            f"a value is no level of '{criterion.key}' ({criterion.span()})", where=f"{path}:{row}", fix="correct it"
        )
    if frame.empty:
        raise InputError(f"no labels of '{criterion.key}'", where=str(path), fix="give labels of this criterion")
    return frame.assign(value=value).groupby("item")["value"].mean()
