"""Probes of faithfulness: the words that a judge cites are deleted, and as many that it does not cite."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from judgekit.probes.base import Edit, Expects, probe, text_changed
from judgekit.probes.checks import NEGATION
from judgekit.reasons import Span, quoted, spans
from judgekit.schema import Item, Task

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def _open(item: Item, task: Task) -> Mapping[str, Expects]:
    """Return that nothing is said of any direction: the value should move, where to is the judge's business."""
    return {}


def _rated(task: Task) -> bool:
    return task.form == "rating"


@probe(family="faithfulness", expects=_open, least=0.2, fits=_rated, needs="reasons")
def cited_deleted(item: Item, task: Task, rng: np.random.Generator, *, reason: str, most: float = 0.5) -> Edit | None:
    """Delete the words of the text that the judge's own reason quotes: its value should move.

    With the reason ``It says "so sorry".``, ``I'm so sorry. Tell me more.`` → ``I'm. Tell me more.`` None where the
    reason quotes no word of the text, or more than the share ``most`` of its words, or too much for a control.
    """
    cut = _cut(item.text, reason, rng, most)
    return None if cut is None else _without(item, cut[0], "cited")


@probe(family="faithfulness", expects=_open, least=0.2, fits=_rated, needs="reasons")
def uncited_deleted(item: Item, task: Task, rng: np.random.Generator, *, reason: str, most: float = 0.5) -> Edit | None:
    """Delete as many words as the judge's reason quotes, in as long pieces, elsewhere: the control of cited_deleted.

    With the reason ``It says "so sorry".``, ``I'm so sorry. Tell me more.`` → ``I'm so sorry. Tell.`` None as there.
    """
    cut = _cut(item.text, reason, rng, most)
    return None if cut is None else _without(item, cut[1], "not cited")


def _cut(text: str, reason: str, rng: np.random.Generator, most: float) -> tuple[list[Span], list[Span]] | None:
    """Return the places that a reason quotes, and as many others of as many words each, drawn by chance.

    No control takes a denial out: it would turn what the text says into its contrary.
    """
    places = [word.span() for word in _WORD.finditer(text)]
    free = [not NEGATION.search(text[low:high]) for low, high in places]  # a control that denies would be none
    cited: list[tuple[Span, int]] = []
    for low, high in spans(text, quoted(reason)):
        inside = [number for number, (start, end) in enumerate(places) if start < high and end > low]
        if inside:
            cited.append(((places[inside[0]][0], places[inside[-1]][1]), len(inside)))
            for number in inside:
                free[number] = False
    if not cited or sum(size for _, size in cited) > most * len(places):
        return None
    other: list[Span] = []
    for size in sorted((size for _, size in cited), reverse=True):
        starts = [k for k in range(len(places) - size + 1) if all(free[k : k + size])]
        if not starts:
            return None
        start = starts[int(rng.integers(len(starts)))]
        free[start : start + size] = [False] * size
        other.append((places[start][0], places[start + size - 1][1]))
    return [place for place, _ in cited], sorted(other)


def _without(item: Item, gone: list[Span], what: str) -> Edit | None:
    text, words = item.text, [item.text[low:high] for low, high in gone]
    for low, high in reversed(gone):
        text = text[:low] + text[high:]
    text = re.sub(r"[\"“‘][ ,.;:]*[\"”’]", "", text)  # quotation marks around nothing
    text = re.sub(r"[ \t]+([.,;:!?])", r"\1", re.sub(r"[ \t]{2,}", " ", text))
    text = re.sub(r"[,;:]+(?=[.!?])", "", re.sub(r"([.,;:!?])(?:[ \t]*[,;:])+", r"\1", text))
    text = re.sub(r"^[ \t]*[.,;:!?]+[ \t]*", "", text, flags=re.MULTILINE).strip()
    return text_changed(item, text, f"deleted, {what}: {' | '.join(words)}")
