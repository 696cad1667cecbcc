"""Probes of dialect: the seeker's or the responder's words with the grammar of another variety of English."""

from __future__ import annotations

import re

import numpy as np

from judgekit.errors import InputError, listed
from judgekit.probes.base import Edit, probe, text_changed
from judgekit.probes.prose import (
    by_person,
    cased,
    context_changed,
    of_seekers,
    outside_quotes,
    replied,
    spoken_context,
    words,
)
from judgekit.schema import Item, Task

#: Words of a short text, in which two places are enough.
SHORT = 30
#: =word in a replacement: the verb's form in this variety; all others take -ing.
_FORMS = {
    "sitting": "sat", "standing": "stood", "see": "seeing", "know": "knowing", "knows": "knowing", "feels": "feeling",
    "hope": "hoping", "love": "loving", "like": "liking", "believe": "believing", "notice": "noticing",
    "imagine": "imagining", "owe": "owing", "wants": "wanting", "sounds": "sounding", "means": "meaning",
    "needs": "needing", "looks": "looking", "hurts": "hurting", "thinks": "thinking", "says": "saying",
    "makes": "making", "make": "making", "keeps": "keeping",
    "posts": "posting", "screams": "screaming",
    "speaks": "speaking", "lends": "lending",
}  # fmt: skip


def in_dialect(text: str, variety: str) -> tuple[str, tuple[str, ...]]:
    """Return a text in a variety's grammar, and the name of the feature for every place where one was put.

    Quoted speech stays as it is. The features are those of ``dialect.yaml``, with their sources.
    """
    put: list[str] = []
    for feature in words("dialect")[variety]["features"]:
        for found, instead in feature["rules"]:
            text = _put(text, re.compile(found, re.IGNORECASE), instead, feature["name"], put)
    return text, tuple(put)


def _put(text: str, found: re.Pattern[str], instead: str, name: str, put: list[str]) -> str:
    def change(match: re.Match[str]) -> str:
        new = re.sub(
            r"=(\w+)", lambda verb: _FORMS.get(verb[1].lower(), f"{verb[1].lower()}ing"), match.expand(instead)
        )
        put.append(name)
        return cased(new, match.group()) if new else new

    return outside_quotes(text, lambda part: found.sub(change, part))


def _richest(text: str, variety: str, rng: np.random.Generator, span: int) -> tuple[str, str] | None:
    """Return the text in the variety and what was changed, where the variety can be heard all through.

    That takes two features at least, in two places of a short text and three of a longer one, and one place in every
    ``span`` words.
    """
    known = words("dialect")
    if variety != "any" and variety not in known:
        raise InputError(f"no variety is called '{variety}'", fix=f"choose one of: any, {listed(sorted(known))}")
    found = []
    for name in sorted(known) if variety == "any" else [variety]:
        edited, put = in_dialect(text, name)
        length = len(text.split())
        if len(put) >= max(2 if length <= SHORT else 3, length / span) and len(set(put)) >= 2:
            found.append((edited, f"{known[name]['label']}: {', '.join(dict.fromkeys(put))} ({len(put)} places)"))
    return found[int(rng.integers(len(found)))] if found else None


@probe(family="identity", expects="none", least=0.15, fits=of_seekers, pairs=True)
def seeker_dialect(
    item: Item, task: Task, rng: np.random.Generator, *, variety: str = "any", span: int = 25
) -> Edit | None:
    """Put the seeker's words into the grammar of another variety of English, in several places.

    ``My dad died in March. He was nineteen and it was sudden.`` → ``Me dad died in March. He were nineteen and it were
    sudden.`` (Northern English). None where there are fewer than two features, or
    fewer places than one in ``span`` words; quoted speech stays.
    """
    context = spoken_context(item, task)
    found = _richest(context, variety, rng, span) if context else None
    return context_changed(item, *found) if found else None


@probe(family="identity", expects="none", least=0.2, fits=by_person)
def responder_dialect(
    item: Item, task: Task, rng: np.random.Generator, *, variety: str = "any", span: int = 25
) -> Edit | None:
    """Put the responder's words into the grammar of another variety of English, in several places.

    ``It doesn't mean you're wrong. I'm not going anywhere.`` → ``It don't mean you wrong. I ain't going nowhere.``
    (African American English). None as for ``seeker_dialect``, and for an assistant's response.
    """
    text = replied(item, task)
    found = _richest(text, variety, rng, span) if text else None
    return text_changed(item, *found) if found else None
