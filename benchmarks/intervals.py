"""Default intervals of alpha, 10,000 replicates, against looping the krippendorff package over bootstrap samples."""

from __future__ import annotations

from time import perf_counter

import krippendorff
import numpy as np

from judgekit.schema import Scale
from judgekit.stats.alpha import Alpha
from judgekit.stats.resample import Bootstrap, Job

CODES = (1.0, 2.0, 3.0, 4.0, 5.0)
SCALES: tuple[Scale, ...] = ("nominal", "ordinal")
REPLICATES = 10_000
LOOPED = 20


def ratings(items: int, raters: int, each: int, seed: int = 0) -> np.ndarray:
    """Return items × raters with ``each`` ratings an item, 1 to 5, agreeing moderately."""
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=(items, 1))
    X = np.clip(np.round(3 + trait + rng.normal(size=(items, raters))), 1, 5)
    if each < raters:
        keep = rng.random((items, raters)).argsort(axis=1) < each
        X[~keep] = np.nan
    return X


def main() -> int:
    for items, raters, each in ((1_000, 120, 120), (5_000, 50, 5)):
        X = ratings(items, raters, each)
        jobs = [Job(Alpha(CODES, scale, each), X, CODES) for scale in SCALES]
        boot = Bootstrap(seed=0, n_boot=REPLICATES)
        boot.intervals(("warm", "up"), np.arange(items), jobs)
        start = perf_counter()
        boot.intervals(("timed", "run"), np.arange(items), jobs)
        ours = perf_counter() - start

        rng = np.random.default_rng(1)
        start = perf_counter()
        for _ in range(LOOPED):
            drawn = X[rng.integers(0, items, items)]
            for scale in SCALES:
                krippendorff.alpha(reliability_data=drawn.T, level_of_measurement=scale)
        raw = (perf_counter() - start) * REPLICATES / LOOPED

        counts = np.stack([(code == X).sum(axis=1) for code in CODES], axis=1)
        start = perf_counter()
        for _ in range(LOOPED):
            drawn = counts[rng.integers(0, items, items)]
            for scale in SCALES:
                krippendorff.alpha(value_counts=drawn, value_domain=CODES, level_of_measurement=scale)
        best = (perf_counter() - start) * REPLICATES / LOOPED
        print(
            f"{items} items x {raters} raters, {each} each: {ours:.3f} s; "
            f"krippendorff in a loop {raw:.1f} s (x{raw / ours:.0f}), "
            f"on value_counts {best:.2f} s (x{best / ours:.1f}); "
            f"extrapolated from {LOOPED} of {REPLICATES}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
