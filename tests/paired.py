"""Studies of pairs with planted worths, places, lengths and authors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from judgekit.schema import Criterion, Level, Source, Task
from judgekit.study import Study

CHOICES = tuple(Level(code=code, label=label) for code, label in ((0, "tie"), (1, "A"), (2, "B")))


def chosen(eta: np.ndarray, log_nu: float, rng: np.random.Generator) -> np.ndarray:
    """Draw 1 (first), 2 (second) or 0 (tie) with Davidson's probabilities of log-odds eta."""
    weights = np.exp(np.stack([np.full(len(eta), log_nu), eta / 2, -eta / 2], axis=1))
    edges = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    return (rng.random((len(eta), 1)) > edges[:, :2]).sum(axis=1).astype(float)


def pairs(
    n: int = 200,
    *,
    seed: int = 0,
    slot: float = 0.0,
    length: float = 0.0,
    own: float = 0.0,
    worth: float = 1.0,
    log_nu: float = -np.inf,
    people: int = 1,
    authors: bool = True,
    swapped: bool = True,
    form: str = "pairwise",
) -> Study:
    """Return n pairs that people all judge alike and one judge "bot" judges in both orders.

    ``worth`` is the judge's log-odds for the candidate that people prefer, ``slot`` for the one shown first, ``length``
    for a doubling of words, ``own`` for the text by its own model.
    """
    rng = np.random.default_rng(seed)
    doublings = rng.integers(-2, 3, n)
    words = np.stack([8 * 2 ** np.maximum(doublings, 0), 8 * 2 ** np.maximum(-doublings, 0)], axis=1)
    kin = rng.integers(0, 3, n)  # 1: the first is the judge's own, 2: the second is, 0: neither
    by = np.where(kin == 1, 1.0, np.where(kin == 2, -1.0, 0.0))
    better = rng.integers(1, 3, n)
    fixed = worth * np.where(better == 1, 1.0, -1.0) + length * doublings + own * by
    first = chosen(fixed + slot, log_nu, rng)
    second = chosen(-fixed + slot, log_nu, rng)
    second = np.where(second == 0, 0.0, 3 - second)
    names = [f"p{number:04d}" for number in range(n)]
    marked = np.where(rng.random((n, 2)) < 0.5, "**yes** ", "- ")
    texts = [
        [f"{mark}{'word ' * int(count)}".strip() for mark, count in zip(marks, counts, strict=True)]
        for marks, counts in zip(marked, words, strict=True)
    ]
    lines: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        for variant in ("original", "swapped")[: 1 + swapped]:
            shown = texts[number] if variant == "original" else texts[number][::-1]
            authored = [
                ("acme/bot-1" if kin[number] == place else "acme/bot-0" if number % 5 else "people") for place in (1, 2)
            ]
            line = {"item": name, "variant": variant, "group": name, "text": "Which?", "candidates": json.dumps(shown)}
            lines.append({**line, "author": json.dumps(authored)} if authors else line)
    answers = [("original", "bot", first), *([("swapped", "bot", second)] if swapped else [])]
    answers += [("original", f"person-{k}", better.astype(float)) for k in range(people)]
    ratings = pd.concat(
        pd.DataFrame({"item": names, "variant": variant, "rater": rater, "criterion": "better", "value": values})
        for variant, rater, values in answers
    )
    raters = pd.DataFrame(
        [{"rater": "bot", "kind": "judge", "provider": "acme", "model": "bot-1"}]
        + [{"rater": f"person-{k}", "kind": "human"} for k in range(people)]
    )
    levels = CHOICES if np.isfinite(log_nu) else CHOICES[1:]
    criterion = Criterion(key="better", question="Which is better?", scale="nominal", levels=levels)
    task = Task.model_validate(
        {
            "name": "pairs",
            "form": form,
            "criteria": [criterion.model_dump()],
            "source": Source(kind="frame").model_dump(),
        }
    )
    return Study.build(task, pd.DataFrame(lines), raters, ratings)
