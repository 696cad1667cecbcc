"""Simulated panels and studies that the tests of judge against people share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from judgekit.study import Study


def panel_of(n: int, judge: float, person: float, raters: int = 3, seed: int = 0, group: int = 1) -> np.ndarray:
    """Five-point ratings of one latent trait, the judge first; ``judge`` and ``person`` are correlations with it."""
    rng = np.random.default_rng(seed)
    trait = np.repeat(rng.standard_normal(-(-n // group)), group)[:n]
    loading = np.array([judge] + [person] * raters)
    latent = trait[:, None] * loading + rng.standard_normal((n, raters + 1)) * np.sqrt(1 - loading**2)
    return 1.0 + np.searchsorted([-1.2, -0.4, 0.4, 1.2], latent)


def study_of(
    cells: np.ndarray,
    *,
    pool: str = "expert",
    group: int = 1,
    scale: str = "ordinal",
    levels: tuple[object, ...] | None = (1.0, 2.0, 3.0, 4.0, 5.0),
) -> Study:
    """Return a study of ratings (items × raters, NaN missing); the first column is ``judge``, then p1, p2, …"""
    n, raters = cells.shape
    names = ["judge", *(f"p{j}" for j in range(1, raters))]
    frame = pd.DataFrame(
        {
            "item": np.repeat([f"i{i:04d}" for i in range(n)], raters),
            "rater": np.tile(names, n),
            "value": cells.ravel(),
            "kind": np.tile(["judge", *["human"] * (raters - 1)], n),
            "pool": np.tile(["judges", *[pool] * (raters - 1)], n),
            "group": np.repeat([f"g{i // group:03d}" for i in range(n)], raters),
        }
    ).dropna(subset=["value"])
    return Study.from_frame(frame, scale=scale, levels=levels)
