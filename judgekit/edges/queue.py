"""Which items people are to label, each with the probability with which it was drawn, and what their labels say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from judgekit import seeds
from judgekit.edges.route import Routed
from judgekit.errors import InputError, listed
from judgekit.stats.resample import Array

if TYPE_CHECKING:
    from judgekit.study import Study

COLUMNS = ("item", "variant", "probability", "purpose")
Toward = Literal["even", "unsure"]
#: An accepted item's probability is never below this part of ``audit`` where unsure items are preferred.
LEAST_PART = 0.25


def probabilities(routed: Routed, audit: float, toward: Toward = "even") -> Array:
    """Return the probability with which each item is put to people (n): 1 where it is theirs, ``audit`` elsewhere.

    ``unsure`` lets the accepted items' probability grow with the square root of 1 - confidence, ``audit`` on average
    (up to 1): an item that may be wrong says more (Zrnic & Candès 2024, arXiv:2403.03208).
    """
    if not 0 <= audit <= 1:
        raise InputError(f"audit is a share from 0 to 1, not {audit:g}", fix="use 0.1")
    accepted = routed.accepted
    drawn = np.ones(len(accepted))
    if not accepted.any():
        return drawn
    drawn[accepted] = audit
    if toward == "unsure" and 0 < audit < 1:
        doubt = np.sqrt(np.clip(1 - routed.chain.best[accepted], 0, 1))
        low, high = 0.0, 1 / max(float(doubt[doubt > 0].min(initial=1.0)), 1e-6)
        for _ in range(60 if doubt.max() > 0 else 0):  # the factor at which the mean is what was asked for
            factor = (low + high) / 2
            drawn[accepted] = np.clip(factor * doubt, LEAST_PART * audit, 1.0)
            low, high = (low, factor) if drawn[accepted].mean() > audit else (factor, high)
    return drawn


def queue(study: Study, routed: Routed, *, audit: float = 0.1, toward: Toward = "even", seed: int = 0) -> pd.DataFrame:
    """Return the items drawn for people: columns item, variant, probability, purpose, why (routed, audit).

    The first four are those of the label page's given queue, to which all of these are items to label alike.
    Each is drawn by itself (Poisson sampling) with its own stream: an item's fate does not hang on the others, nor on
    their order.
    """
    key = routed.chain.one.criterion.key
    names = study.matrix(key).index
    probability = probabilities(routed, audit, toward)
    fate = np.array([float(seeds.rng(seed, "queue", key, routed.chain.name, name).random()) for name in names])
    kept = fate < probability
    why = np.where(routed.accepted, "audit", "routed")
    return pd.DataFrame(
        {
            "item": [str(name) for name in names[kept]],
            "variant": "original",
            "probability": probability[kept],
            "purpose": "item",
            "why": why[kept],
        }
    )


@dataclass(frozen=True)
class Merged:
    """The mean of a criterion over all N items from judges' and people's labels, with its standard error.

    ``n`` is how many items people labelled. The interval is normal: value ± z · se.
    """

    value: float
    se: float
    n: int
    items: int
    method: str

    def interval(self, conf_level: float = 0.95) -> tuple[float, float]:
        """Return the normal interval."""
        from scipy.special import ndtri

        half = float(ndtri((1 + conf_level) / 2)) * self.se
        return self.value - half, self.value + half


def merge(people: Array, judge: Array, probability: Array) -> Merged:
    """Return the mean of people's values over all N items (n): the judge's, corrected where people labelled too.

    (1 / N) Σ [m_i + S_i (h_i - m_i) / pi_i], h people's value (NaN where not drawn), m the judge's (NaN: none, which
    needs pi = 1), pi the probability of being drawn: the difference estimator, whose bias is 0 whatever the judge's
    errors (Särndal, Swensson & Wretman 1992, doi:10.1007/978-1-4612-4378-6, 6.3; the weights are those of Horvitz &
    Thompson 1952, doi:10.1080/01621459.1952.10483446). Items are drawn each by itself, so the N parts are independent
    and their variance holds both what the draws bring and what the items bring as a sample of more.

    >>> merge(np.array([1.0, np.nan, 3.0]), np.array([2.0, 2.0, np.nan]), np.array([0.5, 0.5, 1.0])).value
    1.6666666666666667
    """
    drawn, N = np.isfinite(people), len(people)
    check(people, judge, probability)
    m = np.nan_to_num(judge)
    apart = np.where(drawn, np.nan_to_num(people) - m, 0.0)
    parts = m + apart / probability
    se = float(np.sqrt(parts.var(ddof=1) / N)) if N > 1 else float("nan")
    return Merged(float(parts.mean()), se, int(drawn.sum()), N, "difference estimator")


def hajek(people: Array, probability: Array) -> Merged:
    """Return the mean by people's labels alone, weighted by 1 / pi: Σ S h / pi over Σ S / pi (Hájek 1971).

    The judge is not needed; the variance is that of the linearised ratio.
    """
    drawn, N = np.isfinite(people), len(people)
    if not drawn.any():
        raise InputError("no item of the queue has a label", fix="label some of them first")
    weight = np.where(drawn, 1 / probability, 0.0)
    value = float(np.sum(weight * np.nan_to_num(people)) / weight.sum())
    residual = np.where(drawn, np.nan_to_num(people) - value, 0.0)
    variance = float(np.sum((residual / np.where(drawn, probability, 1.0)) ** 2)) / weight.sum() ** 2
    return Merged(value, float(np.sqrt(variance)), int(drawn.sum()), N, "Hájek's ratio")


def check(people: Array, judge: Array, probability: Array) -> None:
    """Refuse labels that no design weight can stand for."""
    drawn = np.isfinite(people)
    if not ((probability > 0) & (probability <= 1)).all():
        raise InputError("probabilities must lie above 0 and up to 1", fix="give the queue that was drawn")
    lost = ~drawn & ~np.isfinite(judge)
    if lost.any():
        raise InputError(
            f"{int(lost.sum())} items have neither a judge's answer nor a person's label",
            fix="label all items of the queue whose probability is 1",
        )
    missing = ~drawn & (probability >= 1)
    if missing.any():
        raise InputError(
            f"{int(missing.sum())} items that were people's for certain have no label", fix="label them, then merge"
        )


def read(path: Path) -> pd.DataFrame:
    """Return a queue's rows, checked; InputError names the column or row that does not fit."""
    try:
        frame = pd.read_csv(path, dtype={"item": str, "variant": str, "purpose": str})
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", where=str(path), fix="give the csv of a queue") from None
    absent = [name for name in COLUMNS if name not in frame]
    if absent:
        raise InputError(f"no column {listed(absent)}", where=str(path), fix=f"a queue has {listed(COLUMNS)}")
    chance = pd.to_numeric(frame["probability"], errors="coerce").to_numpy()
    bad = np.flatnonzero(~((chance > 0) & (chance <= 1)))
    if len(bad):
        raise InputError("a probability lies above 0 and up to 1", where=f"{path}:{bad[0] + 2}", fix="correct it")
    doubled = np.flatnonzero(frame.duplicated(["item", "variant"]).to_numpy())
    if len(doubled):
        raise InputError("an item stands twice", where=f"{path}:{doubled[0] + 2}", fix="keep one row an item")
    return frame.assign(probability=chance)
