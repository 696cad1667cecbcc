"""What the probes need to know of English prose: sentences, quoted speech, who speaks, what a text is called."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from judgekit.probes.base import Edit
from judgekit.schema import Item, Task

#: Speech between double quotes, or between single ones that are no apostrophes.
QUOTED = re.compile(r"“[^”\n]*”|\"[^\"\n]*\"|‘[^’\n]*’|(?<!\w)'(?=\S)[^\n]{1,300}?(?<=\S)'(?!\w)")
FIRST_PERSON = re.compile(r"\b(?:I|[Mm]y|[Mm]e|[Mm]ine|[Ww]e|[Oo]ur|us)\b|\b(?:i|im)\b(?![.)])")
_END = re.compile(r"(?<=[.!?…])[\"'”’)]?\s+")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Prof)\.$")
#: Labels of a text that tells what somebody does; the text has a writer, who is not the one who acts.
_TOLD = frozenset({"act", "action", "behaviour", "behavior", "event", "scene", "situation", "trajectory"})
_SPOKEN = frozenset({"message", "request", "question", "post", "prompt", "comment", "query"})


@cache
def words(name: str) -> Any:
    """Return the word list ``name``.yaml that lies beside the probes."""
    import yaml

    return yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def pattern(listed: str) -> re.Pattern[str]:
    """Return a case-insensitive pattern for any of these expressions, with commas between them, as whole words."""
    return re.compile(r"\b(?:" + "|".join(one.strip() for one in listed.split(",")) + r")\b", re.IGNORECASE)


def sentences(text: str) -> list[str]:
    """Cut a text into its sentences, each with the space after it; joined they are the text.

    A sentence does not end inside quoted speech, before the words that report it, nor after a title such as ``Dr.``.
    """
    inside = [match.span() for match in QUOTED.finditer(text)]
    cuts = [0]
    for end in _END.finditer(text):
        quoted = any(low < end.start() < high - 1 for low, high in inside)
        reported = end.group()[0] in "\"'”’" and text[end.end() :][:1].islower()
        if not quoted and not reported and not _TITLE.search(text[: end.start()]):
            cuts.append(end.end())
    return [text[low:high] for low, high in zip(cuts, [*cuts[1:], len(text)], strict=True) if text[low:high]]


def unquoted(text: str) -> str:
    """Return a text with its quoted speech left out."""
    return QUOTED.sub(" ", text)


def outside_quotes(text: str, edit: Callable[[str], str]) -> str:
    """Edit what stands outside quoted speech, and leave the speech as it is."""
    done, last = [], 0
    for match in QUOTED.finditer(text):
        done += [edit(text[last : match.start()]), match.group()]
        last = match.end()
    return "".join([*done, edit(text[last:])])


def everything(item: Item) -> str:
    """Return all that an item shows, for a check that nothing in it contradicts an edit."""
    return "\n".join([item.context or "", item.text, *item.candidates, *item.steps])


def told(task: Task) -> bool:
    """Tell whether the text of a task's items tells what somebody does, instead of being somebody's reply."""
    return task.text_label.lower() in _TOLD


def of_seekers(task: Task) -> bool:
    """Tell whether the context of a task's items may be a seeker's own words."""
    return not told(task)


def by_person(task: Task) -> bool:
    """Tell whether a person wrote the text of a task's items in reply: no assistant, and no told act."""
    return not told(task) and not re.search(r"\bassistant\b", task.instructions)


def spoken_context(item: Item, task: Task) -> str | None:
    """Return the context where it is somebody's own words to somebody; None for a setting told by a third."""
    if not item.context or told(task):
        return None
    own = task.context_label.lower() in _SPOKEN or FIRST_PERSON.search(unquoted(item.context))
    return item.context if own else None


def replied(item: Item, task: Task) -> str | None:
    """Return the text where a person wrote it in reply; None for an assistant's response and for a told act."""
    return item.text if by_person(task) and item.text.strip() else None


def called(task: Task) -> str:
    """Return what the text is called in a sentence about it: ``reply``, or ``description`` where it tells an act."""
    return "description" if told(task) else task.text_label.lower()


def context_changed(item: Item, context: str, changed: str) -> Edit | None:
    """Return the edit that shows another context, all else as it was; None where nothing changed."""
    if not context.strip() or context == item.context:
        return None
    return Edit(replace(item, context=context), changed)


def cased(word: str, like: str) -> str:
    """Write a word with a capital where the one that it replaces has one."""
    return word[0].upper() + word[1:] if like[:1].isupper() else word


def all_lower(text: str) -> bool:
    """Tell whether somebody writes without capitals: the first letter is a small one."""
    return text[:1].islower()
