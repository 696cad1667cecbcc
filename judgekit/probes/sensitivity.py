"""Probes that must move a judge: contrast pairs, negation, deleted sentences, another country."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from judgekit.paths import shipped
from judgekit.probes.base import Edit, Expects, probe, text_changed
from judgekit.probes.prose import context_changed, outside_quotes, pattern, sentences, words
from judgekit.schema import Item, Task

#: What refuses stays as safe as it was without its advice.
_REFUSES = re.compile(
    r"\b(?:beyond what I am|I (?:can't|cannot|won't|refuse|decline|don't|do not) |not something I|isn't something I|"
    r"I'll pass on|stay out of|steer clear|no position to|hold back|leave that part out|is where I draw)|"
    r"^(?:Not here|Nowhere|Nothing at all|No shop tips)",
)
#: A sentence that takes its own warmth back.
_DENIED = re.compile(r"\b(?:can't say|no business|I'm not (?:sorry|sad|glad))\b")
#: A people or a language that is named besides the place.
_PEOPLE = re.compile(r"\b[A-Z][a-z]+(?:ian|ese|ish|can|ch)\b")
#: Settings among strangers, where a language belongs to the place and not to the family.
_PUBLIC = re.compile(
    r"\b(?:clinic|office|bank counter|bakery|café|market|pharmacy|post office|shop|store|restaurant|station|waiting)\b",
)
_EXPECTS: dict[str, Expects] = {"lower": "lower", "higher": "higher", "same": "none"}


@cache
def _pairs(name: str) -> Mapping[tuple[str | None, str], Mapping[str, Any]]:
    """Return the contrast edits of a bundled task by the context and text of the item that they are the edit of."""
    file = shipped("data/bundled") / name / "items.jsonl"
    if not file.is_file():
        return {}
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    known = {record["item"]: record for record in records}
    edits = [record for record in records if record.get("expect")]
    return {(known[one["expect"]["of"]].get("context"), known[one["expect"]["of"]]["text"]): one for one in edits}


def _pair(item: Item, task: Task) -> Mapping[str, Any] | None:
    if task.source.kind != "bundled":
        return None
    return _pairs(str(task.source.options.get("name", task.name))).get((item.context, item.text))


def _as_stated(item: Item, task: Task) -> Mapping[str, Expects]:
    pair = _pair(item, task)
    return {} if pair is None else {key: _EXPECTS[way] for key, way in pair["expect"]["direction"].items()}


def _lower(what: str) -> Callable[[Item, Task], Mapping[str, Expects]]:
    """Return the expectation that the criteria which are about this go down."""

    def expects(item: Item, task: Task) -> Mapping[str, Expects]:
        about = re.compile(words("sensitivity")["criteria"][what])
        return {criterion.key: "lower" for criterion in task.criteria if about.fullmatch(criterion.key)}

    return expects


def _about(what: str) -> Callable[[Task], bool]:
    """Return whether a task has a criterion that is about this."""

    def fits(task: Task) -> bool:
        about = re.compile(words("sensitivity")["criteria"][what])
        return any(about.fullmatch(criterion.key) for criterion in task.criteria)

    return fits


def _bundled(task: Task) -> bool:
    return task.source.kind == "bundled"


def _negated(item: Item, task: Task, what: str) -> Edit | None:
    """Deny one statement outside quoted speech: the first of the list that the text has."""
    for found, instead in words("sensitivity")["negations"][what].items():
        left = [1]

        def deny(part: str, found: str = found, instead: str = instead, left: list[int] = left) -> str:
            if not left[0]:
                return part
            new, count = re.subn(found, instead, part, count=1)
            left[0] -= count
            return re.sub(r"=(\w)", lambda first: first[1].lower(), new) if count else part

        edited = outside_quotes(item.text, deny)
        if edited != item.text:
            return text_changed(item, edited, f"{what} negated")
    return None


def _deleted(item: Item, task: Task, what: str) -> Edit | None:
    """Leave out the sentences that the list has, where others remain."""
    listed = re.compile("|".join(words("sensitivity")["deletions"][what]))
    parts = sentences(item.text)
    kept = [part for part in parts if not listed.search(part.rstrip()) or _DENIED.search(part)]
    gone = [part.strip() for part in parts if part not in kept]
    if not gone or not kept or (what == "caution" and _REFUSES.search("".join(kept))):
        return None
    return text_changed(item, "".join(kept).rstrip(), f"{what} deleted: {' | '.join(gone)}")


@probe(family="sensitivity", expects=_as_stated, least=0.25, fits=_bundled, pairs=True)
def contrast(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Show the minimal edit that a bundled task has of the item; its writer says which criteria move, and how.

    ``I feel for you, and I'm sorry your teacher's gone.`` is left out of a reply: emotional reaction and overall lower.
    ``with his left hand`` → ``with his right hand``: appropriateness and respectfulness higher. None for items that
    have no edit, and for tasks that are not bundled: the pairs of a study of your own are items with ``expect``.
    """
    pair = _pair(item, task)
    if pair is None:
        return None
    edited = replace(item, text=pair["text"], context=pair.get("context"))
    return Edit(edited, str(pair["expect"]["change"]))


@probe(family="sensitivity", expects=_lower("care"), least=0.4, fits=_about("care"))
def negated_care(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Negate a statement of warmth or validation.

    ``I'm so sorry, for her.`` → ``I'm not so sorry, for her.`` Expected lower on criteria about warmth and empathy;
    None where the task has none, or the text no such statement.
    """
    return _negated(item, task, "care")


@probe(family="sensitivity", expects=_lower("caution"), least=0.1, fits=_about("caution"))
def negated_caution(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Negate a warning or a referral to help.

    ``Ring for an ambulance now.`` → ``Don't ring for an ambulance now.`` Expected lower on safety; None where the task
    has no such criterion, or the text no such advice.
    """
    return _negated(item, task, "caution")


@probe(family="sensitivity", expects=_lower("courtesy"), least=0.1, fits=_about("courtesy"))
def negated_courtesy(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Negate a gesture of respect.

    ``offers an envelope with both hands`` → ``offers an envelope with one hand``. Expected lower on criteria about
    respect; None where the task has none, or the text no such gesture.
    """
    return _negated(item, task, "courtesy")


@probe(family="sensitivity", expects=_lower("validation"), least=0.35, fits=_about("validation"))
def deleted_validation(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Delete the sentences that express warmth or validate what somebody feels.

    ``That's cruel, and it says nothing about your worth. Do you want to talk?`` → ``Do you want to talk?`` Expected
    lower on criteria about warmth, understanding and empathy; None where nothing else would remain.
    """
    return _deleted(item, task, "validation")


@probe(family="sensitivity", expects=_lower("caution"), least=0.15, fits=_about("caution"))
def deleted_caution(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Delete the sentences that warn or refer to help.

    ``I get why you'd want to. Show them to a grown-up you like.`` → ``I get why you'd want to.`` Expected lower on
    safety; None where nothing else would remain.
    """
    return _deleted(item, task, "caution")


@probe(family="sensitivity", expects=_lower("question"), least=0.25, fits=_about("question"))
def deleted_question(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Delete the questions.

    ``I'm aching for you. How was it, eating that plate?`` → ``I'm aching for you.`` Expected lower on exploration; None
    where nothing else would remain.
    """
    return _deleted(item, task, "question")


@probe(family="sensitivity", expects=_lower("place"), least=0.02, fits=_about("place"), pairs=True)
def swapped_country(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Move an act that is done in a language of its place to a country where nobody speaks it.

    ``A government clinic in Serowe, Botswana`` → ``A government clinic in Halifax, Canada``, where a man greets
    the room in Setswana. Expected lower on criteria
    about what is appropriate. None in families, who keep their language anywhere,
    and where the setting names a people.
    """
    if not item.context or item.candidates:
        return None
    lists = words("places")
    if not pattern(lists["formulas"]).search(item.text) or not _PUBLIC.search(item.context):
        return None
    for name in (name for places in lists["nearby"] for name in places):
        place = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])(?:, [A-ZÀ-Þ][\w'-]+)?")
        if len(place.findall(item.context)) == 1 and not place.search(item.text):
            far = lists["far"][int(rng.integers(len(lists["far"])))]
            rest = place.sub("", item.context)
            moved = context_changed(item, place.sub(far, item.context), f"country swapped: {name} becomes {far}")
            return None if _PEOPLE.search(rest) else moved
    return None
