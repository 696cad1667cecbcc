"""Ratings and raters as a desk gives them, made up with known care, for the tests of quality and adjudication."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd

from judgekit.humans.labels.design import Design
from judgekit.schema import Criterion, Level, Source, Task

FIVE = tuple(Level(code=k, label=f"level {k}") for k in range(1, 6))
TASK = Task(
    name="warmth",
    criteria=(
        Criterion(key="warmth", question="?", scale="ordinal", levels=FIVE),
        Criterion(key="topic", question="?", scale="nominal", levels=FIVE[:3]),
    ),
    source=Source(kind="frame"),
)
GOLD = [{"item": f"g{k}", "text": "gold", "answers": {"warmth": [4, 5], "topic": 1}} for k in range(8)]
WATCH = [{"item": f"w{k}", "text": "choose 1", "answers": {"warmth": 1, "topic": 1}} for k in range(4)]


def design(n: int = 30, **settings: object) -> Design:
    """Return a study of n items of forty words, with gold, attention and repeated items."""
    items = pd.DataFrame({"item": [f"i{k:02d}" for k in range(n)], "text": ["word " * 40] * n})
    checks = {"gold": GOLD, "attention": WATCH, "repeats": 6, **dict(settings.pop("checks", {}))}  # type: ignore[call-overload]
    return Design.make(TASK, items, {"checks": checks, **settings})


def desked(care: Mapping[str, float], *, n: int = 30, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ratings and raters; ``care`` maps a rater to the share of cards that were read (others: 3, quickly)."""
    rng = np.random.default_rng(seed)
    truth = {f"i{k:02d}": (int(rng.integers(1, 6)), int(rng.integers(1, 4))) for k in range(n)}
    rows = []
    for rater, careful in care.items():
        cards = [(item, "item", 0, None) for item in truth]
        cards += [(extra["item"], kind, 0, extra["answers"]) for kind, extras in (("gold", GOLD), ("attention", WATCH))
                  for extra in extras]  # fmt: skip
        order = [cards[place] for place in rng.permutation(len(cards))]
        again = [(item, "repeat", 1, None) for item, kind, *_ in order if kind == "item"][:6]
        for position, (item, purpose, rep, answers) in enumerate(order + again):
            read = rng.random() < careful
            real = truth.get(str(item)) or (int(np.max(answers["warmth"])), int(np.max(answers["topic"])))
            for criterion, best, top in zip(("warmth", "topic"), real, (5, 3), strict=True):
                near = int(np.clip(best + rng.choice([0, 0, 0, 0, 1, -1]) * (criterion == "warmth"), 1, top))
                accepted = None if answers is None else json.dumps(np.atleast_1d(answers[criterion]).tolist())
                value = (near if accepted is None else best) if read else 3
                rows.append({"item": item, "variant": "original", "criterion": criterion, "rater": rater, "rep": rep,
                             "value": float(value), "status": "ok", "purpose": purpose, "arm": "blind", "pool": "crowd",
                             "seconds": 20.0 + rng.random() if read else 1.5, "position": position,
                             "accepted": accepted})  # fmt: skip
    raters = pd.DataFrame({"rater": list(care), "kind": "simulated", "pool": "crowd", "arm": "blind"})
    return pd.DataFrame(rows), raters
