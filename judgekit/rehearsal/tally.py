"""Counting over data sets: flags, how far estimates lie from the truth, how often intervals hold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from judgekit.rehearsal.design import Design
from judgekit.rehearsal.question import LEVEL, Key, Question, Row

#: A plant of practical size should be found so often; an interval cover so often at least.
POWER, LEAST = 0.8, 0.93
NAN = float("nan")


@dataclass
class Count:
    """One row's sums: questions asked, those answered, flags; estimates, their squares; errors; intervals that hold."""

    asked: int = 0
    told: int = 0
    flags: int = 0
    valued: int = 0
    value: float = 0.0
    square: float = 0.0
    true: int = 0
    truth: float = 0.0
    error: float = 0.0
    error_square: float = 0.0
    intervals: int = 0
    held: int = 0
    items: int = 0

    def add(self, question: Question, row: Row | None) -> None:
        """Count what one data set's row says."""
        key, truth = question.key, question.truth
        self.asked += 1
        if row is None:
            return
        flagged = row.flagged(key)
        if flagged is not None:
            self.told += 1
            self.flags += flagged
        if row.value is None or (key.log and row.value <= 0):
            return
        value, truth = np.log([row.value, truth]) if key.log else (row.value, truth)
        self.valued += 1
        self.value += float(value)
        self.square += float(value) ** 2
        self.items += row.n_items
        if np.isfinite(truth):
            self.true += 1
            self.truth += float(truth)
            self.error += float(value - truth)
            self.error_square += float(value - truth) ** 2
            if row.low is not None and row.high is not None:
                self.intervals += 1
                self.held += bool(row.low - 1e-9 <= question.truth <= row.high + 1e-9)

    def merge(self, other: Count) -> None:
        """Add another portion's counts."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


Tally = dict[Key, Count]


def merged(tallies: Iterable[Tally]) -> Tally:
    """Return the counts of several portions together."""
    total: Tally = {}
    for tally in tallies:
        for key, count in tally.items():
            total.setdefault(key, Count()).merge(count)
    return total


def rows(design: Design, tally: Mapping[Key, Count]) -> list[dict[str, Any]]:
    """Return a design's rows of the table; of ratios, ``truth``, ``bias`` and ``spread`` are of their logarithms."""
    return [_row(design, key, count) for key, count in tally.items()]


def _row(design: Design, key: Key, count: Count) -> dict[str, Any]:
    rate, low, high = _share(count.flags, count.told)
    covered, covered_low, covered_high = _share(count.held, count.intervals)
    middle = count.value / count.valued if count.valued else NAN
    spread = _spread(count.value, count.square, count.valued)
    bias = count.error / count.true if count.true else NAN
    error = _spread(count.error, count.error_square, count.true)
    return {
        **design.columns,
        "who": key.who,
        "planted": key.planted,
        "statistic": key.statistic,
        "of": key.of,
        "role": key.role,
        "flag": key.flag,
        "rate": rate,
        "rate_low": low,
        "rate_high": high,
        "verdict": verdict(key, count),
        "truth": count.truth / count.true if count.true else NAN,
        "bias": bias,
        "bias_error": error / np.sqrt(count.true) if count.true else NAN,
        "spread": spread,
        "coverage": covered,
        "coverage_low": covered_low,
        "coverage_high": covered_high,
        "n_items": count.items / count.valued if count.valued else NAN,
        "needed": needed(design, key, count.truth / count.true if count.true else middle, spread),
        "asked": count.asked,
        "told": count.told,
    }


def verdict(key: Key, count: Count) -> str:
    """Call a row ok, MISSED (a false alarm too often), weak (a practical plant found too seldom), none, or nothing.

    Both allow for the error of the simulation: the Monte Carlo interval begins above 5 %, or ends below 80 %.
    """
    if key.role not in ("innocent", "practical"):
        return ""
    if not count.told:
        return "none"
    low, high = wilson(count.flags, count.told)
    if key.role == "innocent":
        return "ok" if low <= LEVEL else "MISSED"
    return "ok" if high >= POWER else "weak"


def needed(design: Design, key: Key, effect: float, spread: float) -> float:
    """Return about how many items would find a practical plant in 80 % of studies; NaN where items do not help.

    ``effect`` is the true one, or where no truth is known the mean estimate. Over its standard error it grows with the
    square root of the items: n (2.8 / it)².
    """
    null = np.log(key.null) if key.log else key.null
    if key.role != "practical" or not key.helped or key.flag in ("found", "ever") or not spread > 0:
        return NAN
    seen = abs(effect - null) / spread
    return float(np.ceil(design.items * ((1.96 + 0.8416) / seen) ** 2)) if seen > 0 else NAN


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share (1927, doi:10.1080/01621459.1927.10502953).

    >>> tuple(round(end, 3) for end in wilson(93, 100))
    (0.863, 0.966)
    """
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(hits, n, alpha=0.05, method="wilson")
    return float(low), float(high)


def _share(hits: int, n: int) -> tuple[float, float, float]:
    return (hits / n, *wilson(hits, n)) if n else (NAN, NAN, NAN)


def _spread(total: float, squares: float, n: int) -> float:
    if n < 2:
        return NAN
    return float(np.sqrt(max(squares - total**2 / n, 0.0) / (n - 1)))
