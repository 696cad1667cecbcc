"""Default intervals of six coefficients of a panel, 10,000 replicates, against looping the krippendorff package.

Alpha nominal and ordinal, AC1, AC2, Fleiss and Brennan–Prediger, asked in one call of the engine, which begins with the
ratings, and through ``jk.estimate`` (the study made beforehand); the package loops over the two alphas alone. Every
timing has a seed of its own, so that nothing drawn before helps. ``python -m benchmarks.intervals`` exits with 1 where
a target is missed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from time import perf_counter

import krippendorff
import numpy as np
import pandas as pd

import judgekit as jk
from judgekit.schema import Scale
from judgekit.stats.alpha import Alpha
from judgekit.stats.brennan_prediger import BrennanPrediger
from judgekit.stats.fleiss import Fleiss
from judgekit.stats.gwet import Gwet
from judgekit.stats.pairings import Slice, slices
from judgekit.stats.resample import Bootstrap, Coefficient, Job

CODES = (1.0, 2.0, 3.0, 4.0, 5.0)
SCALES: tuple[Scale, ...] = ("nominal", "ordinal")
PANEL = ("alpha", "ac1", "ac2", "fleiss", "brennan_prediger")
REPLICATES = 10_000
LOOPED = 20
#: items, raters, ratings an item, seconds
DESIGNS = ((1_000, 120, 120, 0.1), (5_000, 50, 5, 0.2))
TIMES_RAW, TIMES_COUNTS = 500, 30


def ratings(items: int, raters: int, each: int, seed: int = 0) -> np.ndarray:
    """Return items × raters with ``each`` ratings an item, 1 to 5, agreeing moderately."""
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=(items, 1))
    X = np.clip(np.round(3 + trait + rng.normal(size=(items, raters))), 1, 5)
    if each < raters:
        keep = rng.random((items, raters)).argsort(axis=1) < each
        X[~keep] = np.nan
    return X


def study(X: np.ndarray) -> jk.Study:
    """Return the ratings as a study of one ordinal criterion."""
    item, rater = np.nonzero(np.isfinite(X))
    frame = pd.DataFrame({"item": item, "rater": rater, "value": X[item, rater].astype(int)})
    frame["item"], frame["rater"] = "i" + frame["item"].astype(str), "r" + frame["rater"].astype(str)
    return jk.Study.from_frame(frame, scale="ordinal", levels=[int(code) for code in CODES])


def jobs(X: np.ndarray, each: int) -> list[Job]:
    """Return the six coefficients on one matrix of ratings."""
    coefficients: tuple[Coefficient, ...] = (
        *(Alpha(CODES, scale, each) for scale in SCALES),
        Gwet(CODES, "identity", each),
        Gwet(CODES, "quadratic", each),
        Fleiss(CODES, "identity", each),
        BrennanPrediger(CODES, "quadratic", each),
    )
    return [Job(coefficient, X, CODES) for coefficient in coefficients]


def engine(part: Slice, each: int, seed: int) -> None:
    """Ask the engine for all six at once, beginning with the ratings."""
    boot = Bootstrap(seed, REPLICATES)
    alone = Slice(part.criterion, part.subset, part.values, part.raters, part.groups, part.pools)
    boot.intervals(alone.stream, alone.groups, jobs(alone.values, each), alone.types)


def public(made: jk.Study, seed: int) -> None:
    """Ask for the table that a user asks for."""
    jk.estimate(made, *PANEL, scales=["nominal"], n_boot=REPLICATES, seed=seed)


def seconds(ask: Callable[[int], None]) -> float:
    """Return the best of some timings after a first, untimed one."""
    taken, seeds = [], count()
    ask(next(seeds))
    for _ in range(7):
        start = perf_counter()
        ask(next(seeds))
        taken.append(perf_counter() - start)
    return min(taken)


def looped(alphas: Callable[[np.ndarray, Scale], object], rows: np.ndarray) -> float:
    """Return the seconds of all replicates of the package's two alphas, from some of them."""
    rng = np.random.default_rng(1)
    start = perf_counter()
    for _ in range(LOOPED):
        drawn = rows[rng.integers(0, len(rows), len(rows))]
        for scale in SCALES:
            alphas(drawn, scale)
    return (perf_counter() - start) * REPLICATES / LOOPED


def raw(drawn: np.ndarray, scale: Scale) -> object:
    """Alpha from the ratings."""
    return krippendorff.alpha(reliability_data=drawn.T, level_of_measurement=scale)


def on_counts(drawn: np.ndarray, scale: Scale) -> object:
    """Alpha from the counts of the levels, the package's quickest way."""
    return krippendorff.alpha(value_counts=drawn, value_domain=CODES, level_of_measurement=scale)


def verdict(met: bool) -> str:
    """Say whether a target is met."""
    return "met" if met else "MISSED"


def main() -> int:
    """Time, compare, print."""
    missed = 0
    for items, raters, each, target in DESIGNS:
        X = ratings(items, raters, each)
        made = study(X)
        (part,) = slices(made)
        at_once = seconds(partial(engine, part, each))
        tables = seconds(partial(public, made))
        slow = looped(raw, X)
        best = looped(on_counts, np.stack([np.equal(X, code).sum(axis=1) for code in CODES], axis=1))
        lines = [
            (f"{at_once:.3f} s in one call, target {target} s", at_once <= target),
            (f"{tables:.3f} s through jk.estimate, target {target} s", tables <= target),
            (f"krippendorff.alpha in a loop {slow:.0f} s: x{slow / at_once:.0f}, target x{TIMES_RAW}",
             slow >= TIMES_RAW * at_once),
            (f"on value_counts {best:.1f} s: x{best / at_once:.0f}, target x{TIMES_COUNTS}",
             best >= TIMES_COUNTS * at_once),
        ]  # fmt: skip
        print(f"{items} items x {raters} raters, {each} each, {REPLICATES} replicates of six coefficients")
        for text, met in lines:
            print(f"  {text}: {verdict(met)}")
            missed += not met
    print(f"the loops run two alphas alone and are extrapolated from {LOOPED} of {REPLICATES} replicates")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
