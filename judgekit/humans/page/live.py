"""What the labels show so far: agreement and evidence on care, computed beside the requests and kept for a while."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

import pandas as pd

from judgekit.errors import InputError
from judgekit.humans.labels.desk import Desk
from judgekit.schema import Estimate

LOG = logging.getLogger(__name__)
#: Replicates of an interval on the live page (a run has more), and the least seconds between two computations.
REPLICATES, PAUSE = 1_000, 15.0


@dataclass(frozen=True)
class Found:
    """The state of things at ``at`` (seconds since 1970): estimates of agreement, evidence by rater, what is amiss."""

    labels: int
    at: float
    agreement: tuple[Estimate, ...] = ()
    quality: pd.DataFrame = field(default_factory=pd.DataFrame)
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
    return Found(labels, time.time(), estimates, evidence(desk, ratings, raters), note)


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
    return tuple(found for found in alpha(study, boot=boot) if found.subset == "all")


def evidence(desk: Desk, ratings: pd.DataFrame, raters: pd.DataFrame) -> pd.DataFrame:
    """Return the evidence on each rater's care: see ``judgekit.humans.labels.quality``."""
    from judgekit.humans.labels import quality

    return quality.evidence(desk.design, ratings, raters)
