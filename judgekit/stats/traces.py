"""What a candidate's text shows beside what it says: its length, markup and lists, and who wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from judgekit.stats.length import lengths
from judgekit.stats.resample import Array

if TYPE_CHECKING:
    from judgekit.study import Study

Kin = Literal["own", "family", ""]
#: Headings, bold or italic words, code, table rows, quotes, links: marks of Markdown that are no list.
MARKS = re.compile(
    r"^\s{0,3}#{1,6}\s|\*\*[^*\n]+\*\*|__[^_\n]+__|(?<![*\w])\*[^*\s][^*\n]*\*(?![*\w])|`[^`\n]+`|^\s*```|^\s*\|.*\|\s*$"
    r"|^\s*>\s|\[[^\]\n]+\]\([^)\n]+\)",
    re.MULTILINE,
)
#: A line that opens with a bullet or a number.
LISTED = re.compile(r"^\s*(?:[-*+•‣–]|\(?\d{1,2}[.)])\s+\S", re.MULTILINE)


def marks(text: str) -> int:
    """Count the marks of Markdown in a text, lists apart.

    >>> marks("## Plan\\nThis is **bold** and `code`.\\n- a list")
    3
    """
    return len(MARKS.findall(text))


def list_lines(text: str) -> int:
    """Count the lines of lists in a text.

    >>> list_lines("First:\\n- one\\n2. two\\n3-4 of them")
    2
    """
    return len(LISTED.findall(text))


def pairs(study: Study) -> list[tuple[str, str] | None]:
    """Return the two candidates of each pair in their canonical order; None where there are not two."""
    found: list[tuple[str, str] | None] = []
    for cell in study.item_column("candidates"):
        texts = json.loads(cell) if isinstance(cell, str) else []
        found.append((str(texts[0]), str(texts[1])) if len(texts) == 2 else None)
    return found


def differences(study: Study) -> tuple[dict[str, Array], str]:
    """Return what the first canonical candidate has more of than the second (n pairs, NaN unknown), and length's unit.

    ``length`` is in doublings of words (characters where texts have no spaces), ``markdown`` and ``lists`` are in
    doublings of 1 + their count.
    """
    texts = pairs(study)
    flat = [text for pair in texts for text in (pair or (None, None))]
    length, unit = lengths(flat)
    found = {"length": length / np.log(2.0)}
    for name, count in (("markdown", marks), ("lists", list_lines)):
        found[name] = np.array([np.nan if text is None else np.log2(1 + count(text)) for text in flat])
    return {name: column[::2] - column[1::2] for name, column in found.items()}, unit


def kin(author: object, judge: Mapping[str, object]) -> Kin:
    """Tell whether an author is the judge itself (own), of its provider (family), or neither.

    ``author`` is a model's name, ``provider/model``, or a provider; ``judge`` has the raters' columns (rater, model,
    provider).

    >>> kin("openai/gpt-4o", {"rater": "gpt", "model": "gpt-4o", "provider": "openai"})
    'own'
    >>> kin("openai/gpt-4o-mini", {"rater": "gpt", "model": "gpt-4o", "provider": "openai"})
    'family'
    """
    if not isinstance(author, str) or not author.strip():
        return ""
    name = author.strip().lower()
    ours = {str(judge[key]).lower() for key in ("rater", "model") if isinstance(judge.get(key), str)}
    given = judge.get("provider")
    provider = str(given).lower() if isinstance(given, str) else ""
    if name in ours or name.rpartition("/")[2] in ours or name in {one.rpartition("/")[2] for one in ours}:
        return "own"
    return "family" if provider and provider in (name, name.partition("/")[0]) else ""


def kinships(study: Study, judge: str, column: str) -> dict[str, Array] | None:
    """Return where an item was written by the judge (``own``) or by its provider (``family``): 1 or 0, NaN unknown.

    Of a pair: the first candidate's less the second's, its authors being a JSON list in their canonical order. None
    where the items have no such column.
    """
    if column not in study.items:
        return None
    raters = study.raters.set_index("rater")
    about = {"rater": judge, **{str(name): cell for name, cell in raters.loc[judge].items()}}
    rows = [_authors(cell, study.task.form == "pairwise") for cell in study.item_column(column)]
    found = {}
    for kind in ("own", "family"):
        cells = [
            np.nan if authors is None else _signed([kin(who, about) == kind for who in authors]) for authors in rows
        ]
        found[kind] = np.array(cells, dtype=float)
    return found


def _signed(hits: Sequence[bool]) -> float:
    """Return the first less the second, or the one alone."""
    return float(hits[0]) - float(len(hits) > 1 and hits[1])


def _authors(cell: object, paired: bool) -> Sequence[object] | None:
    if not isinstance(cell, str) or not cell.strip():
        return None
    if not paired:
        return [cell]
    try:
        named = json.loads(cell)
    except ValueError:
        return None
    return named if isinstance(named, list) and len(named) == 2 else None
