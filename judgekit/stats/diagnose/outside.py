"""Answers that are not on the scale: kept as unparsable rows, and told here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from judgekit.errors import brief, listed
from judgekit.stats.diagnose.finding import MOST_NAMED, Finding

if TYPE_CHECKING:
    from judgekit.study import Study

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def outside(study: Study) -> Iterator[Finding]:
    """Yield a finding a criterion with answers that could not be read on its scale, naming raters, rows and values."""
    unread = np.flatnonzero((study.ratings["status"] == "unparsable").to_numpy())
    table = study.ratings.iloc[unread]
    for criterion in study.task.criteria:
        mine = (table["criterion"] == criterion.key).to_numpy()
        if not mine.any():
            continue
        rows, found = unread[mine], table[mine]
        raters = Counter(map(str, found["rater"]))
        said = Counter(_value(reason) for reason in found["reason"] if isinstance(reason, str) and reason.strip())
        values = f": {listed([f'{text} ({n}×)' for text, n in said.most_common()], 5)}" if said else ""
        who = listed([f"{name} ({n})" for name, n in raters.most_common()], 5)
        n = len(rows)
        yield Finding(
            "outside",
            criterion.key,
            tuple(raters)[:MOST_NAMED],
            f"{n} answer{'s' if n > 1 else ''} on '{criterion.key}' {'are' if n > 1 else 'is'} not on its scale "
            f"({criterion.span()}){values}; from {who}; counted as unparsable, never as a level: correct "
            f"{'them' if n > 1 else 'it'} at the source, or declare the level if it was meant.",
            "medium",
            items=tuple(map(str, found["item"]))[:MOST_NAMED],
            rows=tuple(int(row) for row in rows[:MOST_NAMED]),
            numbers={"n_ratings": float(n), "n_raters": float(len(raters))},
        )


def _value(reason: str) -> str:
    """Return the one number that a reason names, else its beginning."""
    numbers = NUMBER.findall(reason)
    return numbers[0] if len(set(numbers)) == 1 else brief(reason, 40)
