"""What the labels show so far: agreement and evidence on care, computed beside the requests and kept for a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from judgekit.errors import InputError
from judgekit.humans.labels.desk import Desk
from judgekit.schema import Estimate

LOG = logging.getLogger(__name__)
#: Replicates of an interval on the live page (a run has more), and the least seconds between two computations.
REPLICATES, PAUSE = 1_000, 15.0


@dataclass(frozen=True)
class Cell:
    """One piece of evidence: a value with its interval in words, and whether it lies beyond the declared rule."""

    value: str
    interval: str
    flagged: bool


@dataclass(frozen=True)
class Care:
    """The evidence on one rater's care: a cell a kind, None where there is none of it."""

    rater: str
    pool: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Found:
    """The state of things at ``at`` (seconds since 1970): estimates of agreement, evidence by rater, what is amiss."""

    labels: int
    at: float
    agreement: tuple[Estimate, ...] = ()
    care: tuple[Care, ...] = ()
    kinds: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    note: str = ""


@dataclass
class Live:
    """Compute at most one state at a time, in a thread of its own; requests get the last one that is finished."""

    desk: Desk
    _found: Found | None = None
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def state(self, labels: int) -> Found | None:
        """Return the last state; begin a new one where labels have come since and the last is old enough."""
        with self._lock:
            last = self._found
            stale = last is None or (last.labels != labels and time.time() - last.at > PAUSE)
            if stale and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._compute, args=(labels,), name="label-live", daemon=True)
                self._thread.start()
            return last

    def wait(self, seconds: float) -> None:
        """Wait until what is being computed is there."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _compute(self, labels: int) -> None:
        try:
            found = state_of(self.desk, labels)
        except Exception:  # a page without numbers is better than none
            LOG.exception("agreement so far could not be computed")
            found = Found(labels, time.time(), note="It could not be computed; the server's log says why.")
        with self._lock:
            self._found = found


def state_of(desk: Desk, labels: int) -> Found:
    """Return agreement so far among blind labels of ordinary items, and the evidence on care."""
    ratings, raters = desk.ratings(), desk.raters()
    note = ""
    estimates: tuple[Estimate, ...] = ()
    try:
        estimates = agreement(desk, ratings, raters)
    except InputError as error:
        note = str(error)
    kinds, care = evidence(desk, ratings, raters)
    return Found(labels, time.time(), estimates, care, kinds, tuple(rules(desk)), note)


def agreement(desk: Desk, ratings: pd.DataFrame, raters: pd.DataFrame) -> tuple[Estimate, ...]:
    """Return Krippendorff's alpha by criterion and pool, with its interval (doi:10.1080/19312450709336664)."""
    from judgekit.stats.alpha import alpha
    from judgekit.stats.resample import Bootstrap
    from judgekit.study import Study

    design = desk.design
    blind = ratings[(ratings["purpose"] == "item") & (ratings["arm"] == "blind") & (ratings["status"] == "ok")]
    if blind.empty:
        return ()
    task = design.task.model_copy(update={"strata": ()})
    columns = ["item", "variant", "criterion", "rater", "rep", "value", "status"]
    known = raters[raters["rater"].isin(blind["rater"])][["rater", "kind", "role", "pool", "aggregate"]]
    study = Study.build(task, design.items, known, blind[columns], where="labels so far")
    boot = Bootstrap(seed=design.settings.seed, n_boot=REPLICATES)
    pools = {*study.pools(), ""}
    return tuple(found for found in alpha(study, boot=boot) if {found.a, found.b} <= pools)


def evidence(desk: Desk, ratings: pd.DataFrame, raters: pd.DataFrame) -> tuple[tuple[str, ...], tuple[Care, ...]]:
    """Return the kinds of evidence that there are and each rater's (see ``judgekit.humans.labels.quality``)."""
    from judgekit.humans.labels import quality

    frame = quality.evidence(desk.design, ratings, raters)
    kinds = tuple(kind for kind in quality.EVIDENCE if (frame["evidence"] == kind).any())
    made = []
    for (rater, pool), rows in frame.groupby(["rater", "pool"], sort=False):
        known = {str(row["evidence"]): _cell(row) for row in rows.to_dict("records")}
        made.append(Care(str(rater), str(pool), tuple(known.get(kind) for kind in kinds)))
    return kinds, tuple(made)


def _cell(row: Mapping[Hashable, Any]) -> Cell | None:
    if pd.isna(row["value"]):
        return None
    pattern = "{:.0f}" if row["evidence"] == "straight" else "{:.2f}"
    low, high = row["low"], row["high"]
    interval = "" if pd.isna(low) or pd.isna(high) else f"[{pattern.format(low)}, {pattern.format(high)}]"
    return Cell(pattern.format(row["value"]), interval, row["flagged"] is True or row["flagged"] == 1)


def rules(desk: Desk) -> list[str]:
    """Return the declared rules of exclusion in words."""
    from judgekit.humans.labels import quality

    return quality.declared(desk.design.settings.exclusion)
