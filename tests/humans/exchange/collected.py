"""A small label study, as it would be collected, for the tests of the exchange."""

from __future__ import annotations

import json

import pandas as pd

from judgekit.schema import Criterion, Level, Source, Task
from judgekit.study import Study

WARMTH = Criterion(
    key="warmth",
    question="How warm is the reply?",
    scale="ordinal",
    levels=tuple(Level(code=k, label=word) for k, word in enumerate(("cold", "lukewarm", "warm, kind"), start=1)),
)
FIVE = Criterion(
    key="clear",
    question="How clear?",
    scale="ordinal",
    levels=tuple(Level(code=k, label=str(k)) for k in (1, 2, 3, 4, 5)),
)
SHARE = Criterion(key="share", question="What share is true?", scale="ratio")
TASK = Task(name="replies", criteria=(WARMTH, FIVE, SHARE), strata=("topic",), source=Source(kind="frame"))
ITEMS = pd.DataFrame(
    {
        "item": ["a", "b", "a"],
        "variant": ["original", "original", "swapped"],
        "text": ['Well, "dear" friend,\nso sorry', "Nein — 他说", "so sorry, friend"],
        "context": ["I lost it", None, "I lost it"],
        "candidates": [None, json.dumps(["x, y", "z"]), None],
        "group": ["a", "b", "a"],
        "topic": ["loss", "work", "loss"],
    }
)
RATERS = pd.DataFrame(
    {
        "rater": ["anna", "ben", "bot"],
        "kind": ["human", "human", "simulated"],
        "pool": ["expert", "crowd", "crowd"],
        "age": ["34", "51", None],
        "arm": ["blind", "review", "blind"],
        "code": ["C1", "C2", None],
    }
)


def collected(*, simple: bool = False) -> Study:
    """Return three raters' labels of three units: skipped answers, repeats and comments unless ``simple``."""
    rows = []
    for at, (item, variant) in enumerate(zip(ITEMS["item"], ITEMS["variant"], strict=True)):
        for who, rater in enumerate(RATERS["rater"]):
            values = {"warmth": 1 + (at + who) % 3, "clear": 1 + (2 * at + who) % 5, "share": 0.1 * (at + 1) + who / 3}
            for key, value in values.items():
                rows.append(
                    {"item": item, "variant": variant, "criterion": key, "rater": rater, "rep": 0, "value": value,
                     "status": "ok", "reason": None, "comment": None, "seconds": 4.5 + at + who,
                     "at": f"2026-01-0{at + 1}T10:00:0{who}.000+00:00", "purpose": "item", "arm": "blind"}
                )  # fmt: skip
    if not simple:
        for row in rows:
            if (row["item"], row["rater"], row["criterion"]) == ("b", "ben", "clear"):
                row |= {"value": None, "status": "skipped", "reason": "not enough context"}
            if (row["item"], row["variant"], row["rater"]) == ("a", "original", "anna") and row[
                "criterion"
            ] == "warmth":
                row["comment"] = 'says "sorry", twice; ok'
        rows += [{**row, "rep": 1, "purpose": "repeat", "comment": None} for row in rows
                 if row["rater"] == "anna" and row["item"] == "b"]  # fmt: skip
    return Study.build(TASK, ITEMS, RATERS, pd.DataFrame(rows))
