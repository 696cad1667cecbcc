"""Small studies with known failures, shared by the tests of edge cases."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from judgekit.schema import Criterion, Level, Scale, Source, Task
from judgekit.study import Study

Values = Sequence[float | None]


def failing(
    people: Mapping[str, Values],
    judges: Mapping[str, Values],
    *,
    codes: Sequence[float] = (1, 2, 3, 4, 5),
    scale: Scale = "ordinal",
    worse: str | None = "too_high",
    pools: Mapping[str, str] | None = None,
    texts: Sequence[str] | None = None,
    columns: Mapping[str, Sequence[Any]] | None = None,
    reps: Mapping[str, Sequence[Values]] | None = None,
    confidence: Mapping[str, Sequence[float]] | None = None,
) -> Study:
    """Return a study of one criterion ``warmth``; None is a refusal of a judge, and no answer of a person."""
    n = len(next(iter(people.values())))
    names = [f"i{number:03d}" for number in range(n)]
    levels = tuple(Level(code=code, label=f"level {code:g}") for code in codes)
    criterion = Criterion(key="warmth", question="How warm?", scale=scale, levels=levels, worse=worse)
    strata = tuple(name for name in columns or {} if name not in ("edge", "group", "context", "expect"))
    task = Task(name="care", criteria=(criterion,), strata=strata, source=Source(kind="frame"))
    items = pd.DataFrame({"item": names, "text": texts or [f"reply {name}" for name in names], **(columns or {})})
    ratings: list[dict[str, Any]] = []
    for person, values in people.items():
        ratings += [_row(item, person, value) for item, value in zip(names, values, strict=True) if value is not None]
    for judge, values in judges.items():
        for rep, some in enumerate([values, *(reps or {}).get(judge, [])]):
            for place, (item, value) in enumerate(zip(names, some, strict=True)):
                sure = {"confidence": confidence[judge][place]} if confidence and judge in confidence else {}
                ratings.append({**_row(item, judge, value, rep), **sure, "reason": f"because {place}"})
    raters = [{"rater": p, "kind": "human", "pool": (pools or {}).get(p, "people")} for p in people]
    raters += [{"rater": judge, "kind": "judge"} for judge in judges]
    return Study.build(task, items, pd.DataFrame(raters), pd.DataFrame(ratings))


def of_every_way() -> Study:
    """Return twelve items, half of them tagged, on which a judge fails experts and crowd in every way."""
    n = 12
    people = {"Ana": [1, 2] * 6, "Ben": [1, 2] * 6, "Cem": [2, 3] * 6, "Dua": [4, 3] * 6, "Eva": [4, 3] * 6}
    pools = {"Ana": "expert", "Ben": "expert", "Cem": "expert", "Dua": "crowd", "Eva": "crowd"}
    answers: list[float | None] = [5, 1, 1, None, 5, 3, 2, 2, 5, None, 1, 3]
    return failing(
        people,
        {"bot": answers, "other": [2, 3] * 6},
        pools=pools,
        columns={"edge": ["irony", None] * 6},
        reps={"bot": [[1, 1, 5, 5, 5, 3, 2, 2, 1, 1, 1, 3]]},
        confidence={"bot": [0.95, 0.5] * 6},
        texts=[f"reply {k} {'word ' * k}" for k in range(n)],
    )


def _row(item: str, rater: str, value: float | None, rep: int = 0) -> dict[str, Any]:
    status = "ok" if value is not None else "refused"
    return {"item": item, "criterion": "warmth", "rater": rater, "value": value, "status": status, "rep": rep}


def expect(of: str, way: str, **more: Any) -> str:
    """Return what an items table says of a contrast pair."""
    return json.dumps({"of": of, "direction": {"warmth": way}, **more})


def panel(n: int, seed: int, *, bad: float = 0.0, share: float = 0.5, raters: int = 5) -> Study:
    """Return n items rated by people around a trait, a judge like them, and one that is wrong on a stratum.

    On the ``share`` of items whose stratum ``kind`` is ``odd`` the judge ``wrong`` answers the top level with
    probability ``bad``.
    """
    g = np.random.default_rng(seed)
    trait = g.normal(size=n)

    def answers() -> np.ndarray:
        return np.searchsorted([-1.0, 0.0, 1.0], trait + 0.5 * g.normal(size=n)) + 1.0

    odd = np.arange(n) < round(share * n)
    wrong = np.where(odd & (g.random(n) < bad), 4.0, answers())
    people = {f"p{k}": answers().tolist() for k in range(raters)}
    judges = {"fair": answers().tolist(), "wrong": wrong.tolist()}
    return failing(people, judges, codes=(1, 2, 3, 4), columns={"kind": np.where(odd, "odd", "plain").tolist()})
