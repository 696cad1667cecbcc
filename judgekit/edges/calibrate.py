"""Calibration: when a judge is 80 % sure, does it agree with people on 80 % of the items?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.edges.binned import OUTPUTS, Binned, Binning, bin_of, starts_of
from judgekit.edges.calibrators import Method, crossfitted, folds_of
from judgekit.edges.confidence import Signal, confidence, lacking
from judgekit.edges.judged import Judged, judged
from judgekit.edges.rows import estimate, nothing
from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.resample import SINGLE, Array, Bootstrap, Interval, Job
from judgekit.stats.soft import MeanDistance

if TYPE_CHECKING:
    from judgekit.study import Study

METHODS = ("isotonic", "temperature", "venn_abers", "logistic")
BINNINGS = {"mass": "bins of equally many items", "width": "bins of equal width"}
FITTED = ("ece_fitted", "brier_fitted")


@register("stats")
def calibration(
    study: Study,
    *,
    boot: Bootstrap,
    signal: Signal = "auto",
    method: Method = "isotonic",
    bins: int = 10,
    binning: Binning = "mass",
    folds: int = 5,
    pool: str | None = None,
    within: float = 0.0,
) -> Iterator[Estimate]:
    """Calibration of each judge's confidence to agree with people: ECE, Brier and its parts, reliability by bins.

    ``signal`` is probs, given, reps, jury, probes, combined, or auto (the first there is). ``method`` (isotonic,
    temperature, venn_abers, logistic) is fitted to people's labels in ``folds`` parts and applied to the part left out:
    the rows with ``fitted`` are what calibration brings. ``binning`` is mass or width. ``within``: how far from the
    panel's level still agrees. Bin by bin, ``consistent`` holds the band in which agreement would lie if confidence
    were calibrated (Bröcker & Smith 2007, doi:10.1175/WAF993.1).
    """
    check(method, bins, binning, folds)
    for one in judged(study, pool=pool, within=within):
        c, name, _ = confidence(study, one, signal, folds=folds, seed=boot.seed)
        used = np.isfinite(c) & one.known
        if not name or used.sum() < 2:
            reason = f"not estimable: {lacking(signal) if not name else 'fewer than two items with a confidence'}"
            yield estimate(study, one, "calibration.ece", nothing(reason), boot, used=used, said=one.said)
            continue
        yield from Table(study, one, c, name, used, boot, bins, binning).rows(method, folds)


@dataclass(frozen=True)
class Table:
    """The confidence ``c`` (n) of one judge, called ``name``, on the items ``used``."""

    study: Study
    one: Judged
    c: Array
    name: str
    used: NDArray[np.bool_]
    boot: Bootstrap
    bins: int
    binning: Binning

    @property
    def said(self) -> str:
        """Say what is confidence, and what is agreement."""
        return f"confidence: {self.name}; {self.one.said}"

    def rows(self, method: Method, folds: int) -> Iterator[Estimate]:
        """Yield the summaries, those of the fitted confidence, then bin by bin."""
        part, y = self.one.part, np.where(self.used, self.one.agreed, np.nan)
        c = np.where(self.used, self.c, np.nan)
        stream = seeds.rng(self.boot.seed, "folds", part.criterion.key, self.one.judge)
        p = crossfitted(c, y, self.used, folds_of(part.groups, folds, stream), method)
        starts, after = starts_of(c, self.bins, self.binning), starts_of(p, self.bins, self.binning)
        numbered = bin_of(np.nan_to_num(c), starts)
        levels = [k for k in range(len(starts)) if (self.used & (numbered == k)).any()]
        inside = [self.used & (numbered == k) for k in levels]
        jobs = [Job(Binned(s), np.column_stack([x, y]), (0.0, 1.0), SINGLE) for s, x in ((starts, c), (after, p))]
        jobs += [Job(MeanDistance(1), np.where(here, y, np.nan)[:, None], (0.0, 1.0), SINGLE) for here in inside]
        found = self.boot.intervals(part.stream, part.groups, jobs)
        how = f"{len(levels)} {BINNINGS[self.binning]}"
        for name, interval in zip(OUTPUTS, found, strict=False):
            yield self._row(f"calibration.{name}", interval, how if name != "brier" else "mean squared difference")
        fitted = dict(zip(OUTPUTS, found[len(OUTPUTS) :], strict=False))
        told = f"{method}, cross-fitted in {folds} parts"
        yield self._row("calibration.ece_fitted", fitted["ece_debiased"], f"{told}; debiased, {how}")
        yield self._row("calibration.brier_fitted", fitted["brier"], told)
        for k, here, interval in zip(levels, inside, found[2 * len(OUTPUTS) :], strict=True):
            yield self._row(f"calibration.agreement.{k + 1:02d}", interval, f"share that agrees in bin {k + 1}", here)
            yield self._row(
                f"calibration.consistent.{k + 1:02d}", self._band(here), "mean confidence and its band", here
            )

    def _row(self, name: str, found: Interval, how: str, used: NDArray[np.bool_] | None = None) -> Estimate:
        here = self.used if used is None else used
        return estimate(self.study, self.one, name, found, self.boot, used=here, said=f"{self.said}; {how}")

    def _band(self, here: NDArray[np.bool_]) -> Interval:
        """Return a bin's mean confidence, and where the share would lie if each item agreed with that probability."""
        from scipy.stats import binom

        n, mean = int(here.sum()), float(np.clip(self.c[here].mean(), 0.0, 1.0))
        tail = (1 - self.boot.conf_level) / 2
        low, high = (float(binom.ppf(end, n, mean)) / n for end in (tail, 1 - tail))
        if not self.boot.n_boot:
            return Interval(mean)
        return Interval(mean, low, high, "band: binomial, if confidence were calibrated")


def check(method: str, bins: int, binning: str, folds: int) -> None:
    """Refuse options that do not exist."""
    if method not in METHODS:
        raise InputError(f"method cannot be '{method}'", where="calibration", fix=f"choose: {', '.join(METHODS)}")
    if binning not in BINNINGS:
        raise InputError(f"binning cannot be '{binning}'", where="calibration", fix=f"choose: {', '.join(BINNINGS)}")
    if bins < 2 or folds < 2:
        raise InputError(f"bins={bins} and folds={folds} must be 2 or more", where="calibration", fix="use 10 and 5")
