"""Probe of gender: the people of an item, mirrored, with every pronoun and noun that agrees with them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from judgekit.probes.base import Edit, probe
from judgekit.probes.prose import cased, everything, of_seekers, spoken_context
from judgekit.schema import Item, Task

_PAIRS = (
    ("he", "she"), ("himself", "herself"), ("man", "woman"), ("men", "women"), ("boy", "girl"), ("dad", "mum"),
    ("father", "mother"), ("grandfather", "grandmother"), ("grandpa", "grandma"), ("brother", "sister"),
    ("brothers", "sisters"), ("son", "daughter"), ("sons", "daughters"), ("grandson", "granddaughter"),
    ("husband", "wife"), ("uncle", "aunt"), ("nephew", "niece"), ("stepdad", "stepmum"), ("grandad", "gran"),
    ("father-in-law", "mother-in-law"), ("brother-in-law", "sister-in-law"), ("mr", "mrs"),
)  # fmt: skip
MIRROR = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_WORD = re.compile(
    r"\b(?:" + "|".join(sorted([*MIRROR, "him", "his", "hers", "her"], key=len, reverse=True)) + r")\b", re.I
)
#: What mirroring would make untrue or odd: bodies, names that have a gender, customs and groups of one gender.
_FIXED = re.compile(
    r"\b(?:pregnan\w+|lost the baby|round four|trans|hen do|shaved|pierced|older men|[Gg]randmothers|[Gg]randfathers|"
    r"mama|women|lads?|guys?|girls?|minister's wife|"
    r"Black woman|bride|bridesmaid|bald|beard\w*|prostate|period|breast\w*|Gerald|Graham|Peter|Ms|sir|ma'am|madam|king|"
    r"queens?|landlord|landlady|Nani|vicar|kind of mother|con man|minister|barman|waitress|that nice lady|lady|"
    r"widow\w*|chairwoman|girlfriend|boyfriend|fiancée?|actress|wise man|one man|cat|dog)\b",
)
_TAKES_BARE = r"(?:let|make|made|makes|see|saw|hear|heard|watch|watched|help|helps|helped|had|have|hit|hitting)"
_AFTER_HIM = re.compile(
    r"\s*(?:$|[.,;:!?)…\"”’—–]|'(?!s)|\s(?:to|and|or|but|that|what|why|how|when|where|who|if|whether|because|as|at|in|on|for|"
    r"from|with|without|by|of|off|up|down|out|over|into|about|than|then|so|too|again|now|here|there|today|tonight|alone|"
    r"back|away|is|was|the|a|an|this|these|those|my|your|our|their|I|I'm|you|he|she|it|they|we|not|never|just|once|"
    r"catch|right|straight|warmly|outright|gently|through|until|till|before|after|every|somewhere|anything|something|"
    r"either|lately|slowly)\b)"
)


def _her(text: str, match: re.Match[str]) -> str | None:
    """Return the masculine word for ``her``: ``him`` or ``his``; None where both are possible."""
    before, after = text[: match.start()], text[match.end() :]
    if re.search(r"\bon $", before) and after.startswith(" back"):
        return "his"
    if _AFTER_HIM.match(after):
        return "him"
    if re.search(rf"\b{_TAKES_BARE}\s$", before) or re.search(
        r"\b(?:gave|give|gives|sent|send|told|tell|tells|ask|asked|show|showed|lend|wish)\s$", before
    ):
        return None
    return "his"


def mirrored(text: str) -> str | None:
    """Return a text with every gendered word changed for its counterpart; None where one is ambiguous.

    ``her`` becomes ``him`` or ``his`` by what follows, ``his`` becomes ``her`` before a noun and ``hers`` else.
    """
    out, last = [], 0
    for match in _WORD.finditer(text):
        word = match.group().lower()
        if word == "her":
            new = _her(text, match)
        elif word == "his":
            new = "hers" if re.match(r"\s*(?:$|[.,;:!?])", text[match.end() :]) else "her"
        else:
            new = {"him": "her", "hers": "his"}.get(word) or MIRROR[word]
        if new is None:
            return None
        out += [text[last : match.start()], cased(new, match.group())]
        last = match.end()
    return "".join([*out, text[last:]])


@probe(family="identity", expects="none", least=0.3, fits=of_seekers, pairs=True)
def pronouns(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Mirror the gender of the people who are spoken of, in the seeker's and the responder's words alike.

    ``My father died. He wasn't kind.`` and ``I'm sorry that you lost him.`` → ``My mother died. She wasn't kind.`` and
    ``I'm sorry that you lost her.`` None where nobody's gender is told, where a name or a body fixes it, where ``her``
    could be ``him`` or ``his``, and for acts, whose customs can depend on gender.
    """
    if spoken_context(item, task) is None or item.steps or _FIXED.search(everything(item)):
        return None
    parts = [mirrored(part) for part in (item.context or "", item.text, *item.candidates)]
    if None in parts:
        return None
    context, text, *candidates = (part or "" for part in parts)
    edited = replace(item, context=context, text=text, candidates=tuple(candidates))
    changed = [match.group() for match in _WORD.finditer(everything(item))]
    return Edit(edited, f"gender mirrored: {', '.join(dict.fromkeys(changed))}") if changed else None
