"""Counting over data sets: how often an interval held the truth, how often a test cried wolf, who was warned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from judgekit import seeds
from judgekit.schema import Estimate
from judgekit.stats import icc, routes
from judgekit.stats.coverage.cell import Cell, draw
from judgekit.stats.coverage.questions import Key, Question, warned
from judgekit.stats.coverage.truth import Truth
from judgekit.stats.draws import Kept
from judgekit.stats.resample import Bootstrap
from judgekit.study import Study

#: Nominal 95 % must cover so often: a coefficient, a difference; above the last it is conservative.
LEAST, LEAST_DIFFERENCE, MOST = 0.93, 0.92, 0.97
LEVEL = 0.05
#: A rate is clearly off its bound where chance gives so many hits, or so few, less often than this.
CHANCE = 0.025
#: Data sets that are computed together: they share the draws of the pseudo-items, and nothing else.
CHUNK = 25


@dataclass
class Count:
    """One row's counts: data sets, those with an interval (a test), hits, the warned, hits among these, Σ width."""

    seen: int = 0
    known: int = 0
    hits: int = 0
    warned: int = 0
    warned_hits: int = 0
    width: float = 0.0

    def add(self, key: Key, made: Estimate, value: float) -> None:
        """Count one data set's estimate against the population's value."""
        self.seen += 1
        if (made.p is None) if key.what == "p" else (made.low is None or made.high is None):
            return
        self.known += 1
        warns = warned(made)
        hit = _hit(key, made, value)
        self.hits += hit
        self.warned += warns
        self.warned_hits += warns and hit
        if made.low is not None and made.high is not None:
            self.width += made.high - made.low

    def merge(self, other: Count) -> None:
        """Add another chunk's counts."""
        for name in ("seen", "known", "hits", "warned", "warned_hits", "width"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def _hit(key: Key, made: Estimate, value: float) -> bool:
    if key.what == "p":
        return bool(made.p is not None and made.p <= LEVEL)
    if key.what in ("yes", "no"):
        return made.verdict == key.what
    assert made.low is not None
    assert made.high is not None
    return bool(made.low - 1e-9 <= value <= made.high + 1e-9)


Tally = dict[Key, Count]


def chunk(cell: Cell, asked: Sequence[Question], numbers: range, known: Truth, n_boot: int, seed: int) -> Tally:
    """Return the counts over data sets ``numbers`` of a cell."""
    tally: Tally = {}
    prior = int(seeds.rng(seed, "coverage", cell.name, numbers.start).integers(2**31))
    with unconfirmed():
        for scene in dict.fromkeys(question.scene for question in asked):
            boot = Bootstrap(prior, n_boot, kept=Kept())
            drawn = draw(cell, scene, numbers, seed)
            parts: dict[tuple[str, bool], Study] = {}
            for question in asked:
                if question.scene != scene or not question.fits(cell.levels, cell.missing):
                    continue
                part = question.judge, question.singly
                if part not in parts:
                    parts[part] = drawn.only(question.judge, singly=question.singly)
                made = question.ask(parts[part], boot, known.planted)
                for key, estimate in question.rows(made or ()):
                    value, _ = known.of(key)
                    if key.what != "coverage" or np.isfinite(value):
                        tally.setdefault(key, Count()).add(key, estimate, value)
    return tally


@contextmanager
def unconfirmed() -> Iterator[None]:
    """Leave out the second routes to point values, which take longer than all else together."""
    before = icc.MOST_CONFIRMED, routes.MOST_PAIRS
    icc.MOST_CONFIRMED, routes.MOST_PAIRS = 0, 0
    try:
        yield
    finally:
        icc.MOST_CONFIRMED, routes.MOST_PAIRS = before


def merged(tallies: Iterable[Tally]) -> Tally:
    """Return the counts of several chunks together."""
    total: Tally = {}
    for tally in tallies:
        for key, count in tally.items():
            total.setdefault(key, Count()).merge(count)
    return total


def nominal(key: Key) -> float:
    """Return what a row's rate should be (of an interval), or at most be (of a test, a verdict)."""
    return 1 - LEVEL if key.what == "coverage" else LEVEL


def verdict(key: Key, count: Count) -> str:
    """Call a row ok, conservative, low (short, but within Monte Carlo error), warned, MISSED, or none (no interval).

    warned: short or alarming, but not where nothing warned of it.
    """
    if not count.known:
        return "none"
    rate = count.hits / count.known
    if not _short(key, count.hits, count.known, clearly=False):
        return "conservative" if key.what == "coverage" and rate > MOST else "ok"
    unwarned = count.known - count.warned
    if not unwarned or not _short(key, count.hits - count.warned_hits, unwarned, clearly=False):
        return "warned"
    return "MISSED" if _short(key, count.hits - count.warned_hits, unwarned, clearly=True) else "low"


def _short(key: Key, hits: int, n: int, *, clearly: bool) -> bool:
    """Tell whether a rate is on the wrong side of its bound; an alarm rate only if clearly so (exact test)."""
    from scipy.special import bdtr, bdtrc

    least = LEAST_DIFFERENCE if key.difference else LEAST
    if key.what != "coverage":
        most = 1 - least if key.statistic.startswith("difference") else nominal(key)  # its interval without 0
        return bool(hits and bdtrc(hits - 1, n, most) < CHANCE)
    return bool(bdtr(hits, n, least) < CHANCE) if clearly else hits / n < least


def rows(cell: Cell, tally: Mapping[Key, Count], known: Truth) -> list[dict[str, Any]]:
    """Return a cell's rows of the coverage table."""
    made = []
    for key, count in sorted(tally.items(), key=lambda pair: tuple(map(str, vars(pair[0]).values()))):
        n, unwarned = count.known, count.known - count.warned
        if not n and (key.variant or (key.comparison == "people" and cell.people == 1)):
            continue
        value, error = known.of(key) if key.what == "coverage" else (float("nan"), float("nan"))
        rate = count.hits / n if n else float("nan")
        made.append(
            {
                **{name: getattr(cell, name) for name in CELL},
                **vars(key),
                "nominal": nominal(key),
                "rate": rate,
                "error": float(np.sqrt(max(rate * (1 - rate), 1 / n) / n)) if n else float("nan"),
                "warned": count.warned / n if n else float("nan"),
                "unwarned_rate": (count.hits - count.warned_hits) / unwarned if unwarned else float("nan"),
                "width": count.width / n if n and key.what == "coverage" else float("nan"),
                "without": 1 - n / count.seen,
                "truth": value,
                "truth_error": error,
                "verdict": verdict(key, count),
            }
        )
    return made


CELL = ("levels", "items", "prevalence", "people", "missing", "cluster", "rho")
