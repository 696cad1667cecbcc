"""What judges' own answers say of an item: unstable, unsure, divided, or confident against people."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from judgekit.edges.outcome import confidence, cost, first, instability, mean
from judgekit.edges.signals.base import Array, View, distances, signal
from judgekit.stats.spread import beyond, compact


@signal("judge")
def inconsistency(view: View) -> Array:
    """How often judges answer the same question differently: share of pairs over reps, orders and idle edits, 0 to 1.

    Edits count where they must leave the answer as it is. The mean over judges who were asked more than once. Agreement
    of a model with itself as a sign that it knows: Wang et al. (2023), arXiv:2203.11171.
    """
    found = [instability(view.study, view.criterion, judge) for judge in view.study.judges()]
    return mean(np.stack(found, axis=1)) if found else view.nothing()


@signal("judge")
def divided(view: View) -> Array:
    """How far judges disagree with one another: mean distance over pairs of judges, over that of answers at random.

    A jury of different models in place of one: Verga et al. (2024), arXiv:2404.18796.
    """
    found, chance = distances(view.judges, nominal=view.nominal)
    return found / chance if chance > 0 else np.where(np.isfinite(found), 0.0, np.nan)


@signal("judge")
def unsure(view: View) -> Array:
    """How unsure judges are of their own answer: 1 less the lead of the likeliest level over the next, averaged.

    By their probabilities or votes; by 1 less the confidence that they state where there are none. Uncertainty as a
    reason to ask a person: Lewis & Gale (1994), doi:10.1007/978-1-4471-2099-5_1.
    """
    found = [_doubt(view, judge) for judge in view.study.judges()]
    return mean(np.stack(found, axis=1)) if found else view.nothing()


def _doubt(view: View, judge: str) -> Array:
    rows = first(view.study, view.criterion, judge)
    rows = rows[rows["status"] == "ok"]
    told = [_lead(probs, own) for probs, own in zip(rows["probs"], rows["confidence"], strict=True)]
    lead = pd.Series(told, index=rows["item"], dtype=float)
    return 1 - lead.reindex(view.study.matrix(view.criterion.key).index).to_numpy()


def _lead(probs: object, own: float) -> float:
    if not isinstance(probs, str) or not probs:
        return own
    shares = sorted((float(share) for share in dict(json.loads(probs)).values()), reverse=True)
    total = sum(shares)
    return (shares[0] - (shares[1] if len(shares) > 1 else 0.0)) / total if total > 0 else float("nan")


@signal("both")
def against(view: View) -> Array:
    """How confidently judges disagree with people: confidence × distance outside the panel's spread, mean over judges.

    Distance as a share of the scale; a judge without a word on its confidence counts as sure. It looks at the failure
    itself, so it weighs nothing in the index unless asked. Confident errors: Northcutt, Jiang & Chuang (2021),
    doi:10.1613/jair.1.12125.
    """
    H = compact(view.people)
    found = []
    for judge, values in zip(view.study.judges(), view.judges.T, strict=True):
        apart = cost(beyond(values, H, nominal=view.nominal), view.criterion, H, 1.0)
        sure = confidence(view.study, view.criterion, judge)
        found.append(apart * np.where(np.isfinite(sure), sure, 1.0))
    return mean(np.stack(found, axis=1)) if found else view.nothing()
