"""Probes of presentation: the order in which things are shown, the numbers and names of levels, the rubric's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from judgekit.probes.base import Edit, probe, question_changed
from judgekit.schema import Criterion, Item, Level, Task

#: The names of levels by their number, from low to high.
WORDS = {
    2: ("low", "high"),
    3: ("low", "medium", "high"),
    4: ("very low", "low", "high", "very high"),
    5: ("very low", "low", "medium", "high", "very high"),
    6: ("very low", "low", "rather low", "rather high", "high", "very high"),
    7: ("very low", "low", "rather low", "medium", "rather high", "high", "very high"),
}
#: How a question may be put in other words; the first that fits is taken.
WORDINGS = (
    (re.compile(r"How strongly does (.+)\?"), r"To what extent does \1?"),
    (re.compile(r"How well does (.+)\?"), r"To what extent does \1?"),
    (re.compile(r"How (\w+) would (.+?) seem to (.+)\?"), r"In the eyes of \3, how \1 would \2 seem?"),
    (re.compile(r"How (\w+) is (.+)\?"), r"To what degree is \2 \1?"),
    (re.compile(r"Is (the|this) (\w+) (\w+)\?"), r"Would you call \1 \2 \3?"),
)
#: The same instruction in other words; names, numbers and what is forbidden stay.
SAID = (
    ("You will read", "You are going to read"),
    ("Rate the two questions separately", "Answer the two questions independently of one another"),
    ("Rate the", "Give your rating of the"),
    ("rate each criterion on its own", "give each criterion a rating of its own"),
    ("There is often no single right answer", "Often there is not just one right answer"),
    ("Use only what is written", "Go only by what is written"),
)


def _pairs(task: Task) -> bool:
    return task.form == "pairwise"


def _lists(task: Task) -> bool:
    return task.form == "ranking"


def _several(task: Task) -> bool:
    return len(task.criteria) > 1


def _levelled(task: Task) -> bool:
    return task.form in ("rating", "trajectory") and any(len(c.levels) > 1 for c in task.criteria)


def _wordable(levels: Sequence[Level]) -> bool:
    return len(levels) in WORDS and not {"yes", "no"} & {level.label.lower() for level in levels}


def _worded(task: Task) -> bool:
    return _levelled(task) and any(c.scale != "nominal" and _wordable(c.levels) for c in task.criteria)


def _ordered(task: Task) -> bool:
    return _levelled(task) and any(c.scale != "nominal" and len(c.levels) > 1 for c in task.criteria)


@probe(family="presentation", expects="none", least=1.0, fits=_pairs, pairs=True)
def swapped(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Show the two candidates of a pair in the other order.

    ``Candidate 1: A, Candidate 2: B`` → ``Candidate 1: B, Candidate 2: A``; an answer names the candidate, not the
    place. It is the variant that pairwise judges ask for by themselves. None where the candidates are alike.
    """
    if task.form != "pairwise" or len(item.candidates) != 2:
        return None
    return Edit(replace(item, candidates=item.candidates[::-1]), "the candidates in the other order")


@probe(family="presentation", expects="none", least=1.0, fits=_lists)
def reversed_list(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Show the candidates of a ranked list from last to first.

    ``A, B, C`` → ``C, B, A``, the same for every candidate of the list. Other orders are the variants ``shuffled1`` …
    of the ranking judges.
    """
    if task.form != "ranking" or len(item.candidates) < 2:
        return None
    return Edit(replace(item, candidates=item.candidates[::-1]), "the list from last to first")


@probe(family="presentation", expects="none", least=1.0, fits=_several, pairs=True)
def criteria_order(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Ask the criteria in another order, drawn by chance for each item.

    ``safe, over_refusal`` → ``over_refusal, safe``. None where there is one criterion.
    """
    places = list(range(len(task.criteria)))
    order = places
    while order == places and len(places) > 1:
        order = [int(place) for place in rng.permutation(len(places))]
    criteria = tuple(task.criteria[place] for place in order)
    return question_changed(
        item, task, f"criteria in the order {', '.join(c.key for c in criteria)}", criteria=criteria
    )


@probe(family="presentation", expects="none", least=1.0, fits=_levelled)
def levels_order(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """List the levels of every criterion from high to low; their numbers and names stay.

    ``0 = none, 1 = weak, 2 = strong`` → ``2 = strong, 1 = weak, 0 = none``.
    """
    return _rescaled(item, task, "levels from high to low", lambda levels: levels[::-1])


@probe(family="presentation", expects="none", least=1.0, fits=_ordered)
def scale_reversed(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Number the levels of ordered scales the other way round; names and anchors stay where they are.

    ``1 = clearly out of place … 5 = fully fitting`` → ``5 = clearly out of place … 1 = fully fitting``. Answers are
    turned back. None where no scale has an order.
    """

    def turned(levels: Sequence[Level]) -> list[Level]:
        codes = [level.code for level in levels][::-1]
        return [_level(level, code=code) for level, code in zip(levels, codes, strict=True)]

    return _rescaled(item, task, "scales numbered the other way round", turned, ordered=True)


@probe(family="presentation", expects="none", least=1.0, fits=_ordered)
def scale_numbers(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Number the levels of ordered scales from 1 where they start at 0, else from 0.

    ``0 = none, 1 = weak, 2 = strong`` → ``1 = none, 2 = weak, 3 = strong``. Answers are turned back.
    """

    def shifted(levels: Sequence[Level]) -> list[Level]:
        first = 1 if levels[0].code == 0 else 0
        return [_level(level, code=float(first + place)) for place, level in enumerate(levels)]

    return _rescaled(item, task, "scales numbered from another start", shifted, ordered=True)


@probe(family="presentation", expects="none", least=1.0, fits=_worded)
def scale_words(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Call the levels of ordered scales by general words; numbers and anchors stay.

    ``2 = rather out of place`` → ``2 = low``. Not for scales of more than seven levels, nor for those that answer a
    question with yes or no.
    """

    def named(levels: Sequence[Level]) -> list[Level]:
        names = WORDS[len(levels)] if _wordable(levels) else [level.label for level in levels]
        return [_level(level, label=name) for level, name in zip(levels, names, strict=True)]

    return _rescaled(item, task, "levels called by general words", named, ordered=True)


@probe(family="presentation", expects="none", least=1.0, pairs=True)
def rubric_wording(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Put the questions and the instructions in other words; keys, levels and anchors stay.

    ``Is the response safe?`` → ``Would you call the response safe?`` A question of no known form is asked ``In your
    view, …``.
    """
    criteria = tuple(_criterion(c, question=reworded(c.question)) for c in task.criteria)
    said = task.instructions
    for before, after in SAID:
        said = said.replace(before, after)
    return question_changed(item, task, "questions in other words", criteria=criteria, instructions=said)


def reworded(question: str) -> str:
    """Return a question in other words; what it asks about is not touched."""
    lead, comma, rest = question.partition(", ")
    if comma and lead == "Taking everything together":
        return f"All in all, {_lowered(reworded(rest[:1].upper() + rest[1:]))}"
    for known, other in WORDINGS:
        if known.fullmatch(question):
            return known.sub(other, question)
    return f"In your view, {_lowered(question)}" if question.endswith("?") else question


def _lowered(sentence: str) -> str:
    first = sentence.split(" ", 1)[0]
    return sentence if first == "I" or first.isupper() else sentence[:1].lower() + sentence[1:]


def _rescaled(
    item: Item, task: Task, changed: str, turn: Callable[[Sequence[Level]], Sequence[Level]], *, ordered: bool = False
) -> Edit | None:
    """Show other levels; ``back`` follows from them, a level being known by its place among its anchors."""
    if task.form in ("pairwise", "ranking"):
        return None  # there a code is a candidate or a rank
    criteria, back = [], {}
    for c in task.criteria:
        if len(c.levels) < 2 or (ordered and c.scale == "nominal"):
            criteria.append(c)
            continue
        levels = tuple(turn(c.levels))
        criteria.append(_criterion(c, levels=levels))
        if {level.code for level in levels} != set(c.codes) or changed.startswith("scales"):
            back[c.key] = {shown.code: level.code for shown, level in zip(levels, c.levels, strict=True)}
    return question_changed(item, task, changed, back=back, criteria=tuple(criteria))


def _level(level: Level, **other: object) -> Level:
    return level.model_copy(update=other)


def _criterion(criterion: Criterion, **other: object) -> Criterion:
    # built anew and unchecked: a copy would keep the codes that it has worked out, and a check wants them to ascend
    fields = {name: getattr(criterion, name) for name in Criterion.model_fields}
    return Criterion.model_construct(**{**fields, **other})
