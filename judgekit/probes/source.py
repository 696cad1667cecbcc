"""Probes of source: who is said to have written the text that is judged."""

from __future__ import annotations

import re

import numpy as np

from judgekit.probes.base import Edit, probe, text_changed
from judgekit.probes.prose import called
from judgekit.schema import Item, Task

#: A text that speaks of its writer's own life cannot be said to be a machine's.
_LIVED = re.compile(
    r"\b(?:my|our) (?:own )?(?:\w+ )?(?:uncle|aunt|cousin|mother|father|mum|dad|gran|brother|sister|son|daughter|wife|"
    r"husband|partner|wedding|marriage|parents|family|house|body|job|boss|driving|throat|weekends|accent)\b|"
    r"\bwhen I was\b|\b(?:I|we) (?:used to|once|grew up|laughed|cried|cooked|failed|had to|lost|left|hibernate)\b|"
    r"\bmine lives\b|\bI get (?:this|like that)\b",
    re.IGNORECASE,
)
_MACHINE = re.compile(r"\b(?:as an AI|AI (?:language )?model|language model|chatbot|my training data)\b", re.IGNORECASE)


def _by(item: Item, task: Task, writer: str) -> Edit | None:
    line = f"[This {called(task)} was written by {writer}.]"
    return (
        text_changed(item, f"{line}\n\n{item.text}", f"said to be written by {writer}") if item.text.strip() else None
    )


@probe(family="source", expects="none", least=0.8)
def source_ai(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Say that an AI system wrote the text.

    ``I'm so sorry.`` → ``[This reply was written by an AI system.]`` and the text below it. None where the writer
    speaks of their own life ("my uncle passed"): the note would contradict it.
    """
    return None if _LIVED.search(item.text) else _by(item, task, "an AI system")


@probe(family="source", expects="none", least=0.8)
def source_model(item: Item, task: Task, rng: np.random.Generator, *, model: str = "GPT-4o") -> Edit | None:
    """Say that a language model wrote the text, by its name; give the judge's own name to ask for self-preference.

    ``I'm so sorry.`` → ``[This reply was written by GPT-4o.]`` and the text below it. None as for ``source_ai``.
    """
    return None if _LIVED.search(item.text) else _by(item, task, model)


@probe(family="source", expects="none", least=0.95)
def source_nurse(item: Item, task: Task, rng: np.random.Generator, *, profession: str = "a nurse") -> Edit | None:
    """Say that a nurse wrote the text (or a person of another profession).

    ``I'm so sorry.`` → ``[This reply was written by a nurse.]`` and the text below it. None where the text says that a
    machine wrote it.
    """
    return None if _MACHINE.search(item.text) else _by(item, task, profession)


@probe(family="source", expects="none", least=0.95)
def source_person(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Say that a person wrote the text, of whom nothing else is known.

    ``I'm so sorry.`` → ``[This reply was written by a person.]`` and the text below it. None as for ``source_nurse``.
    """
    return None if _MACHINE.search(item.text) else _by(item, task, "a person")


@probe(family="source", expects="none", least=1.0)
def source_unknown(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Say that nobody knows who wrote the text: what a note above it does by itself, whomever it names.

    ``I'm so sorry.`` → ``[This reply was written by somebody who is not known.]`` and the text below it. The effect of
    another source beyond this one's is the source's own.
    """
    return _by(item, task, "somebody who is not known")
