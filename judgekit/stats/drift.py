"""Drift: do a judge's answers to the same anchor items move over time, and with them its agreement with people?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.limits import side_mean
from judgekit.stats.pairings import Slice, slices
from judgekit.stats.prior import PriorDraws
from judgekit.stats.resample import DIFFERENCE, NO_PRIOR, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import number

if TYPE_CHECKING:
    from judgekit.study import Study

WORDS: dict[Answer3, str] = {
    "yes": "has drifted",
    "no": "no drift, to within the margin",
    "undecided": "too few labels to tell",
}
SAID = {
    "drift": "change of the answer to an item from the judge's first day to its last, least squares within items",
    "drift.distance": "the same of the distance to the people's mean: above 0 it moves away from people",
}
#: With less time than this (seconds) between a judge's first answer and its last the reps are the clock.
LEAST_SECONDS = 60.0
#: From so many reps on a trend must show over their means too.
LEAST_REPS = 4
#: Words in an ``anchor`` column that do not make an item one.
NOT_ANCHORS = ("", "0", "0.0", "no", "false", "none", "nan")


@dataclass(frozen=True)
class Trend:
    """Slope of X's first half of columns (answers) on the other half (times 0 to 1), within items; NaN without times.

    A pseudo-item has two answers only, at times 0 and 1. Σ (t - mean t) y / Σ (t - mean t)², the estimator with a
    level of its own for each item.

    >>> one = Trend(3)
    >>> X = np.array([[1.0, 2.0, 2.0, 0.0, 0.5, 1.0], [3.0, 3.0, np.nan, 0.0, 1.0, np.nan]])
    >>> one.point(one.features(X).sum(axis=0))  # (.5 × 1 + .5 × 0) / (.5 + .5)
    array([0.5])
    """

    reps: int
    width: int | None = 2

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The columns of X that are answers."""
        return (tuple(range(self.reps)),)

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Items answered at two times say something."""
        return np.asarray(self.features(X)[:, :1] > 0)

    def features(self, X: Array) -> Array:
        """Return of each item the sum of squares of its times and of their products with its answers (n × 2)."""
        pseudo = X.shape[1] == 2
        answers, times = (X, np.broadcast_to([0.0, 1.0], X.shape)) if pseudo else np.hsplit(X, 2)
        there = np.isfinite(answers) & np.isfinite(times)
        t = np.where(there, times, 0.0)
        t = np.where(there, t - (t.sum(axis=1) / np.maximum(there.sum(axis=1), 1))[:, None], 0.0)
        return np.column_stack([(t * t).sum(axis=1), (t * np.where(there, answers, 0.0)).sum(axis=1)])

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates."""
        return prior.sums("trend", self.features)[rows]

    def point(self, S: Array) -> Array:
        """Return the change from time 0 to time 1."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(S[..., :1] > 1e-12, S[..., 1:] / S[..., :1], np.nan))

    population = point


@dataclass(frozen=True)
class Clock:
    """A judge's answers to the anchors and when they were given (items × reps), 0 the first and 1 the last."""

    answers: Array
    times: Array
    said: str


@register("stats")
def drift(study: Study, *, boot: Bootstrap, margin: float = 0.05, anchor: str = "anchor") -> Iterator[Estimate]:
    """Drift on an anchor set: change of a judge's answers to the same items over time, and of their distance to people.

    The clock is ``at``, when an answer was given, else the number of the rep. ``anchor`` is the items' column that
    marks the anchor set; without it all items that were answered twice are the anchors. ``margin`` is the share of the
    scale's span that counts as no drift. From four reps on a drift must show over the reps' means too.
    """
    if not margin > 0:
        raise InputError(f"margin must be above 0, not {margin:g}", where="drift", fix="declare a margin")
    marked = _marked(study, anchor)
    for part in slices(study):
        if part.subset != "all":
            continue
        for judge in study.judges():
            yield from _rows(study, part, judge, marked, boot, margin)


def _marked(study: Study, column: str) -> NDArray[np.bool_] | None:
    if column not in study.items:
        return None
    return np.array([str(cell).strip().lower() not in NOT_ANCHORS for cell in study.item_column(column)])


def _rows(
    study: Study, part: Slice, judge: str, marked: NDArray[np.bool_] | None, boot: Bootstrap, margin: float
) -> Iterator[Estimate]:
    key = part.criterion.key
    clock = study.once(("clock", key, judge), partial(_clock, study, key, judge))
    answers = clock.answers if marked is None else np.where(marked[:, None], clock.answers, np.nan)
    used = np.isfinite(answers).sum(axis=1) > 1
    people = part.matrix(study.people())
    mean = side_mean(people) if people.shape[1] else np.full(len(answers), np.nan)
    reason = ""
    if part.criterion.scale == "nominal" and len(part.criterion.codes) != 2:
        reason = "not estimable: levels without an order"
    elif not used.any():
        reason = "not estimable: no anchor item was answered twice"
    found: dict[str, Interval] = dict.fromkeys(SAID, Interval(np.nan, note=reason))
    if not reason:
        reps, level = answers.shape[1], len(part.criterion.codes) > 1
        X = np.column_stack([answers, clock.times])
        away = np.column_stack([np.abs(answers - mean[:, None]), clock.times])
        jobs = [Job(Trend(reps, 2 if level else None), X, part.criterion.codes, DIFFERENCE if level else NO_PRIOR)]
        if np.isfinite(mean[used]).any():
            jobs.append(Job(Trend(reps, None), away, (), NO_PRIOR))
        else:
            found["drift.distance"] = Interval(np.nan, note="not estimable: no people rated the anchors")
        made = boot.intervals((*part.stream, "drift"), part.groups, jobs)
        found |= dict(zip(SAID, made, strict=False))
    ends = part.criterion.codes or tuple(answers[np.isfinite(answers)].tolist()) or (0.0, 1.0)
    limit = margin * (max(ends) - min(ends))
    for name, one in found.items():
        p = trend_p(answers, clock.times) if name == "drift" and np.isfinite(one.value) else np.nan
        answer = _verdict(one, limit, p, boot) if name == "drift" and boot.n_boot and np.isfinite(one.low) else None
        told = [SAID[name], clock.said, "marked anchors" if marked is not None else "all items answered twice"]
        told += [f"{answer}: {WORDS[answer]} (margin {limit:g})"] if answer else []
        told += ["p: t test over the reps' means"] if np.isfinite(p) else []
        here = used & np.isfinite(mean) if name == "drift.distance" else used
        flat = np.isfinite(one.low) and one.high - one.low < 1e-9
        notes = [one.note, "no width: no answer ever changed" if flat else ""]
        yield Estimate(
            statistic=name,
            criterion=key,
            subset=part.subset,
            a=judge,
            value=number(one.value),
            low=number(one.low),
            high=number(one.high),
            conf_level=boot.conf_level if np.isfinite(one.low) else None,
            margin=limit if name == "drift" else None,
            verdict=answer,
            p=number(p),
            n_items=int(here.sum()),
            n_raters=1,
            n_ratings=int(np.isfinite(answers[here]).sum()),
            kind="simulated" if study.simulated([judge]) else "",
            method="; ".join(text for text in (*told, one.method) if text),
            seed=boot.seed,
            note="; ".join(text for text in notes if text),
        )


def trend_p(answers: Array, times: Array) -> float:
    """Return the p value of a trend of the reps' means over time; NaN with fewer than ``LEAST_REPS`` reps.

    A rep is often one session, whose answers share a mood of their own: that is no drift, and items know nothing of it.
    Means are of answers less their item's mean, of the items that were answered every time.
    """
    from scipy.special import stdtr

    every = np.isfinite(answers).all(axis=1)
    k = answers.shape[1]
    if k < LEAST_REPS or not every.any():
        return float("nan")
    means, t = answers[every].mean(axis=0), times[every].mean(axis=0)
    means, t = means - means.mean(), t - t.mean()
    slope = float(t @ means) / float(t @ t)
    rest = float(np.sum((means - slope * t) ** 2)) / (k - 2)
    if rest <= 1e-24:
        return 1.0 if abs(slope) < 1e-12 else 0.0
    return 2 * float(stdtr(k - 2, -abs(slope) / np.sqrt(rest / float(t @ t))))


def _verdict(found: Interval, margin: float, p: float, boot: Bootstrap) -> Answer3:
    if -margin < found.low and found.high < margin:
        return "no"
    sure = np.isnan(p) or p <= 1 - boot.conf_level + 1e-12
    return "yes" if sure and (found.low > 0 or found.high < 0) else "undecided"


def _clock(study: Study, key: str, judge: str) -> Clock:
    """Lay out a judge's answers with their times."""
    import pandas as pd

    r = study.ratings
    chosen = (r["criterion"] == key) & (r["variant"] == "original") & (r["status"] == "ok") & (r["rater"] == judge)
    rows = r.loc[chosen, ["item", "rep", "value", "at"]]
    items = study.matrix(key).index
    reps = sorted(int(rep) for rep in rows["rep"].unique())
    answers, times = np.full((2, len(items), max(len(reps), 2)), np.nan)
    where = items.get_indexer(pd.Index(rows["item"])), np.searchsorted(reps, rows["rep"].to_numpy(dtype=int))
    answers[where] = rows["value"].to_numpy(dtype=float)
    stamps = pd.to_datetime(rows["at"], utc=True, errors="coerce", format="ISO8601")
    seconds = (stamps - stamps.min()).dt.total_seconds().to_numpy(dtype=float)
    if not len(rows) or not np.isfinite(seconds).all() or seconds.max() < LEAST_SECONDS:
        last = max(len(reps) - 1, 1)
        times[where] = where[1] / last
        return Clock(
            answers, times, f"the clock is the rep, 1 to {len(reps)}: no times that differ by a minute are known"
        )
    times[where] = seconds / seconds.max()
    first, final = (f"{stamp:%Y-%m-%d %H:%M}" for stamp in (stamps.min(), stamps.max()))
    return Clock(answers, times, f"from {first} to {final} UTC")
