"""How a judge fails people on single items: one flag an item for each way of failing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from judgekit.schema import Criterion
from judgekit.stats.edited import moves
from judgekit.stats.spread import LEAST, beyond, compact, each_left_out, farther

if TYPE_CHECKING:
    from judgekit.stats.resample import Array
    from judgekit.study import Study

#: Way of failing -> what it means, in words.
WAYS: Mapping[str, str] = {
    "failure": "an answer outside the panel's spread, or none",
    "outside": "an answer that fewer than a tenth of the panel gave or went beyond",
    "farther": "further from the panel than most of its people are, each left out in turn",
    "costly": "outside the panel's spread on the side that the criterion calls worse",
    "confident": "outside the panel's spread, and confident",
    "refused": "refused, or an answer that cannot be read",
    "unstable": "other answers to the same question over reps, orders or edits that must change nothing",
}
#: Ways that have nothing to do with any panel.
ALONE = ("refused", "unstable")
#: Answers on more levels than this may differ by one level and count as the same.
FEW_LEVELS = 4
CONFIDENT = 0.9


@dataclass(frozen=True)
class Outcome:
    """What became of a judge's answers beside one pool of people, over the n items of ``study.matrix``.

    ``flags`` maps a way of failing (``WAYS``) to 1, 0 or NaN (nothing to tell) an item; ways that the study says
    nothing of are left out. ``cost`` is how far outside the spread the answer lies, as a share of the scale's span,
    more on the costly side.
    """

    judge: str
    pool: str
    flags: Mapping[str, Array]
    cost: Array


def outcome(
    study: Study,
    criterion: Criterion,
    judge: str,
    pool: str,
    *,
    least: float = LEAST,
    confident: float = CONFIDENT,
    weight: float = 2.0,
) -> Outcome:
    """Return how ``judge`` fails the people of ``pool`` ("": all people) on each item.

    ``least`` bounds the panel's spread (``judgekit.stats.spread``), ``confident`` is the least confidence that counts
    as such, ``weight`` what an error on the costly side counts beside one on the other.
    """
    table = study.matrix(criterion.key)
    values = table[judge].to_numpy()
    H = panel(study, criterion, pool)
    nominal = criterion.scale == "nominal"
    out = beyond(values, H, nominal=nominal, least=least)
    there = np.isfinite(out)
    flags: dict[str, Array] = {"outside": np.where(there, out != 0, np.nan)}
    refused = refusals(study, criterion, judge)
    asked = np.isfinite(H).any(axis=1)
    lost = np.where(asked & (refused == 1), 1.0, np.nan)
    flags["failure"] = np.where(np.isnan(lost), flags["outside"], lost)
    flags["farther"] = majority(farther(values, H, nominal=nominal))
    if criterion.worse:
        side = 1.0 if criterion.worse == "too_high" else -1.0
        flags["costly"] = np.where(there, out * side > 0, np.nan)
    sure = confidence(study, criterion, judge)
    if np.isfinite(sure).any():
        flags["confident"] = np.where(there & np.isfinite(sure), (out != 0) & (sure >= confident), np.nan)
    flags["refused"] = refused
    unstable = instability(study, criterion, judge)
    flags["unstable"] = np.where(np.isfinite(unstable), unstable > 0, np.nan)
    kept = {way: flags[way] for way in WAYS if way in flags and np.isfinite(flags[way]).any()}
    return Outcome(judge, pool, kept, cost(out, criterion, H, weight))


def panel(study: Study, criterion: Criterion, pool: str) -> Array:
    """Return the ratings of a pool's people ("": all people), compact (n × most people of an item)."""
    names = study.pools()[pool] if pool else study.people()
    return study.once(("panel", criterion.key, pool), lambda: compact(study.matrix(criterion.key)[names].to_numpy()))


def people(study: Study, criterion: Criterion, pool: str, *, least: float = LEAST) -> dict[str, Array]:
    """Return how often a pool's own people, each left out in turn, fail the rest of it: a share an item for each way.

    What a judge is measured by: where people differ in good faith, a person left out is outside the others' spread too.
    """
    H = panel(study, criterion, pool)
    nominal = criterion.scale == "nominal"
    gathered: dict[str, list[Array]] = {"outside": [], "farther": [], "costly": []}
    for answers, rest in each_left_out(H):
        out = beyond(answers, rest, nominal=nominal, least=least)
        there = np.isfinite(out)
        gathered["outside"].append(np.where(there, out != 0, np.nan))
        gathered["farther"].append(majority(farther(answers, rest, nominal=nominal)))
        if criterion.worse:
            side = 1.0 if criterion.worse == "too_high" else -1.0
            gathered["costly"].append(np.where(there, out * side > 0, np.nan))
    found = {way: mean(np.stack(columns, axis=1)) for way, columns in gathered.items() if columns}
    if "outside" in found:
        found = {"failure": found["outside"], **found}
    return {way: shares for way, shares in found.items() if np.isfinite(shares).any()}


def beside(study: Study, criterion: Criterion, judge: str, pool: str, *, least: float = LEAST) -> Array:
    """Return how often the judge, and a person left out, fail the same rest of the pool (n × 2), as shares an item.

    Like is measured by like: both face panels without that person. A refusal of the judge fails. NaN where either has
    nothing to tell.
    """
    values = study.matrix(criterion.key)[judge].to_numpy()
    refused = refusals(study, criterion, judge) == 1
    nominal = criterion.scale == "nominal"
    judged, persons = [], []
    for answers, rest in each_left_out(panel(study, criterion, pool)):
        own, other = (beyond(x, rest, nominal=nominal, least=least) for x in (answers, values))
        known = np.isfinite(own) & (np.isfinite(other) | refused)
        judged.append(np.where(known, refused | (np.isfinite(other) & (other != 0)), np.nan))
        persons.append(np.where(known, own != 0, np.nan))
    if not judged:
        return np.full((len(values), 2), np.nan)
    return np.column_stack([mean(np.stack(judged, axis=1)), mean(np.stack(persons, axis=1))])


def majority(shares: Array) -> Array:
    """Return whether a share is more than half (n); NaN stays."""
    return np.where(np.isfinite(shares), shares > 0.5, np.nan)


def mean(X: Array) -> Array:
    """Return the mean of what is there in each row (n); NaN where nothing is."""
    counts = np.isfinite(X).sum(axis=1)
    return np.where(counts > 0, np.nansum(X, axis=1) / np.maximum(counts, 1), np.nan)


def cost(out: Array, criterion: Criterion, H: Array, weight: float) -> Array:
    """Return each error as a share of the scale's span, ``weight`` times as much on the costly side (n)."""
    seen = H[np.isfinite(H)]
    ends = criterion.codes or ((float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0))
    span = 1.0 if criterion.scale == "nominal" else (float(max(ends) - min(ends)) or 1.0)
    side = {"too_high": 1.0, "too_low": -1.0}.get(criterion.worse or "", 0.0)
    with np.errstate(invalid="ignore"):
        return np.abs(out) / span * np.where(out * side > 0, weight, 1.0)


def refusals(study: Study, criterion: Criterion, judge: str) -> Array:
    """Return whether the judge gave no answer of its own (refused, unparsable) to each item it was asked (n)."""
    asked = first(study, criterion, judge).set_index("item")["status"]
    status = asked.reindex(study.matrix(criterion.key).index)
    failed = status.isin(["refused", "unparsable"])
    return np.where(failed | (status == "ok"), failed, np.nan)


def confidence(study: Study, criterion: Criterion, judge: str) -> Array:
    """Return the judge's confidence in its first answer: its probability of that level, else its own word (n)."""
    rows = first(study, criterion, judge)
    rows = rows[rows["status"] == "ok"]
    told = [
        likeliest(probs) if isinstance(probs, str) and probs else own
        for probs, own in zip(rows["probs"], rows["confidence"], strict=True)
    ]
    return pd.Series(told, index=rows["item"], dtype=float).reindex(study.matrix(criterion.key).index).to_numpy()


def likeliest(probs: str) -> float:
    """Return the largest share of a distribution over levels, written as json."""
    shares = [float(share) for share in dict(json.loads(probs)).values()]
    return max(shares) / sum(shares) if shares and sum(shares) > 0 else float("nan")


def first(study: Study, criterion: Criterion, judge: str) -> pd.DataFrame:
    """Return the judge's first answers to the items as they are."""
    rows = study.ratings
    chosen = (rows["criterion"] == criterion.key) & (rows["rater"] == judge)
    return rows[chosen & (rows["variant"] == "original") & (rows["rep"] == 0)]


def instability(study: Study, criterion: Criterion, judge: str) -> Array:
    """Return the share of pairs of the judge's answers to the same question that differ, over reps and variants (n).

    The same question are reps, the other order of a pair or list, and edits that must leave this criterion as it is.
    On more than four ordered levels answers within one level count as the same. NaN with fewer than two answers.
    """
    return study.once(("instability", criterion.key, judge), lambda: _instability(study, criterion, judge))


def _instability(study: Study, criterion: Criterion, judge: str) -> Array:
    asked = study.once("moves of edits", lambda: moves(study))
    items = study.matrix(criterion.key).index
    rows = study.ratings
    mine = rows[(rows["criterion"] == criterion.key) & (rows["rater"] == judge) & (rows["status"] == "ok")]
    columns = []
    for (variant, _), answers in mine.groupby(["variant", "rep"], sort=True):
        values = answers.set_index("item")["value"].reindex(items).to_numpy(dtype=float)
        if variant != "original":
            same = asked.get((str(variant), criterion.key), {})
            values = np.where([same.get(str(item)) == 0 for item in items], values, np.nan)
        columns.append(values)
    X = np.stack(columns, axis=1) if columns else np.full((len(items), 0), np.nan)
    one, other = np.triu_indices(X.shape[1], 1)
    both = np.isfinite(X[:, one]) & np.isfinite(X[:, other])
    slack = criterion.scale != "nominal" and len(criterion.codes) > FEW_LEVELS
    step = float(np.diff(criterion.codes).min()) if slack else 0.0
    with np.errstate(invalid="ignore"):
        differ = both & (np.abs(X[:, one] - X[:, other]) > step + 1e-9)
    pairs = both.sum(axis=1)
    return np.where(pairs > 0, differ.sum(axis=1) / np.maximum(pairs, 1), np.nan)
