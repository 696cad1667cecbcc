"""The search for slices, 1,000 items × 30 features and all their pairs, against the same search slice by slice.

``python -m benchmarks.slices`` prints both and their ratio and exits with 1 where the target is missed. The baseline is
the same statistic computed with pandas one slice at a time, as one writes it down; both must find the same slice.
"""

from __future__ import annotations

import sys
from itertools import combinations
from time import process_time

import numpy as np
import pandas as pd

from judgekit.edges.confirm import higher
from judgekit.edges.features import Feature
from judgekit.edges.lattice import Search, View, ahead_by_chance, sides, slices_of
from judgekit.stats.multiple import by

TARGET_S, ITEMS, FEATURES, LEAST, MOST = 2.0, 1000, 30, 20, 5


def made(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return failures, features (items × features), and which half is searched; one feature fails more."""
    rng = np.random.default_rng(seed)
    F = rng.random((ITEMS, FEATURES)) < rng.uniform(0.1, 0.5, FEATURES)
    y = (rng.random(ITEMS) < 0.15 + 0.3 * F[:, 7]).astype(float)
    return y, F, rng.permutation(ITEMS) < ITEMS // 2


def ours(y: np.ndarray, F: np.ndarray, here: np.ndarray) -> tuple[list[str], int]:
    """Return the slices found and confirmed on the other half, and how many were tested there."""
    search = Search(
        (View(("",), y[:, None]),), tuple(Feature(f"f{k}", f"f{k}", F[:, k]) for k in range(FEATURES)), LEAST
    )
    found = slices_of(search, here, MOST)
    p = np.array([higher(sides(search, one, alive, ~here), np.arange(ITEMS)) for one, alive in found])
    return [one.name for (one, _), q in zip(found, by(p), strict=True) if q <= 0.05], len(found)


def one_by_one(y: np.ndarray, F: np.ndarray, here: np.ndarray) -> str:
    """Return the slice that stands out most, by a group-by of each (the first of at most five rounds)."""
    frame = pd.DataFrame(F, columns=[f"f{k}" for k in range(FEATURES)]).assign(y=y)[here]
    best, name = -np.inf, ""
    options = [(column,) for column in frame.columns[:-1]] + list(combinations(frame.columns[:-1], 2))
    for columns in options:
        inside = frame[list(columns)].all(axis=1)
        grouped = frame.groupby(inside)["y"].agg(["mean", "size"])
        if len(grouped) == 2 and grouped["size"].min() >= LEAST:
            share = frame["y"].mean()
            se = np.sqrt(share * (1 - share) * (1 / grouped["size"]).sum())
            kind = FEATURES if len(columns) == 1 else len(options) - FEATURES
            score = (grouped.loc[True, "mean"] - grouped.loc[False, "mean"]) / se - ahead_by_chance(kind)
            if score > best:
                best, name = score, " & ".join(columns)
    return name


def main() -> int:
    """Time both, check that they agree, print."""
    data = made()
    taken = []
    for _ in range(5):
        start = process_time()
        found, rounds = ours(*data)
        taken.append(process_time() - start)
    start = process_time()
    first = one_by_one(*data)
    slow = process_time() - start
    assert found[:1] == [first] == ["f7"], (found, first)
    quick = min(taken)
    held = "pass" if quick <= TARGET_S else "MISS"
    pairs = FEATURES * (FEATURES - 1) // 2
    print(f"slices {ITEMS:,} items x {FEATURES} features, {pairs} pairs: {quick:.3f} s (target {TARGET_S:g}: {held}), "
          f"{rounds} rounds and their tests")  # fmt: skip
    print(f"one round slice by slice with pandas: {slow:.2f} s: {rounds * slow / quick:,.0f}x")
    return 0 if quick <= TARGET_S else 1


if __name__ == "__main__":
    sys.exit(main())
