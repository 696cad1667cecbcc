"""A study whose judge fails people on one slice of the items, or on none."""

from __future__ import annotations

import numpy as np
import pandas as pd

from judgekit.study import Study


def sliced(
    n: int = 400,
    *,
    gap: float = 0.4,
    judges: tuple[str, ...] = ("judge",),
    reps: int = 1,
    people: int = 3,
    levels: int = 5,
    clusters: int = 1,
    seed: int = 0,
) -> Study:
    """Return n items in two topics, a fifth of them hard: there a judge errs ``gap`` more often, elsewhere 1 in 10.

    An error is an answer two levels off. People are right on 8 of 10 items and one level off on the others; they live
    in two countries. A judge asked again (``reps``) errs anew on hard items, so that its repeats tell.
    """
    rng = np.random.default_rng(seed)
    level = rng.integers(0, levels, n)
    topic = np.where(rng.random(n) < 0.2, "hard", "easy")
    names = np.array([f"i{number:04d}" for number in range(n)])
    common = {"item": names, "topic": topic, "place": rng.choice(["north", "south"], n)}
    if clusters > 1:
        common["group"] = np.array([f"g{number // clusters:04d}" for number in range(n)])
    frames = []
    for person in range(people):
        said = np.clip(level + rng.choice([-1, 0, 0, 0, 0, 0, 0, 0, 0, 1], n), 0, levels - 1)
        home = "AU" if person % 2 else "US"
        frames.append(pd.DataFrame({**common, "rater": f"h{person}", "kind": "human", "value": said, "country": home}))
    for judge in judges:
        doubt = np.where(topic == "hard", 0.1 + gap, 0.1)
        wrong = rng.random(n) < doubt
        for rep in range(reps):
            again = wrong if rep == 0 else rng.random(n) < np.where(wrong, 0.7, doubt / 2)
            off = np.where(level >= levels // 2, -2, 2)
            said = np.clip(np.where(again, level + off, level), 0, levels - 1)
            frames.append(pd.DataFrame({**common, "rater": judge, "kind": "judge", "value": said, "rep": rep}))
    frame = pd.concat(frames, ignore_index=True).astype({"value": float})
    return Study.from_frame(frame, scale="ordinal", levels=[float(k) for k in range(levels)])
