"""What an edit must have kept: numbers, names, negations, the words themselves."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher

from judgekit.probes.prose import QUOTED, sentences

NEGATION = re.compile(
    r"n['’]t\b|\b(?:not|cannot|never|no|none|nothing|nobody|nowhere|neither|nor|without|hardly|barely)\b", re.IGNORECASE
)
NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
#: How somebody begins who speaks of an edit instead of giving it.
_ASIDE = re.compile(
    r"^\W*(?:sure|certainly|of course|here(?:['’]s| is| are)|as requested|(?:the )?(?:rewritten|edited|revised|"
    r"paraphrased) (?:text|version))\b[^.\n]{0,80}:|\bI(?: have|['’]ve)? (?:rewrote|rewritten|rephrased|paraphrased)\b",
    re.IGNORECASE,
)
_LAYOUT = re.compile(r"^\s*(?:[-*•#>]|\d+[.)])\s|\*\*|[\u2600-\u27bf\U0001f300-\U0001faff]", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def numbers(text: str) -> Counter[str]:
    """Return the numbers in digits, each with how often it stands there."""
    return Counter(NUMBER.findall(text))


def names(text: str) -> Counter[str]:
    """Return the words with a capital inside a sentence (``I`` and its forms apart), each with how often."""
    found: Counter[str] = Counter()
    for sentence in sentences(text):
        for word in _WORD.findall(sentence)[1:]:
            if word[0].isupper() and not re.fullmatch(r"I(?:['’]\w+)?", word):
                found[word] += 1
    return found


def negations(text: str) -> int:
    """Return how often something is negated: ``don't`` as often as ``do not``."""
    return len(NEGATION.findall(re.sub(r"\bno one\b", "nobody", text, flags=re.IGNORECASE)))


def speech(text: str) -> list[str]:
    """Return the quoted speech, in order."""
    return QUOTED.findall(text)


def letters(text: str) -> str:
    """Return the letters and digits alone, in lower case: what stays when a text is only set differently."""
    return "".join(sign for sign in text.lower() if sign.isalnum())


def same_facts(before: str, after: str) -> bool:
    """Tell whether numbers, names, negations and quoted speech are those that they were."""
    return (
        numbers(before) == numbers(after)
        and not names(before) - names(after) - Counter(word for word in _WORD.findall(after))
        and negations(before) == negations(after)
        and speech(before) == speech(after)
    )


def complaint(
    before: str, after: str, *, low: float = 0.0, high: float = 9.0, changed: float = 0.0, strict: bool = True
) -> str:
    """Return in a few words what is wrong with a rewording, "" where nothing is.

    It has from ``low`` to ``high`` times the words, of which at least a share ``changed`` is other. Numbers, names,
    quoted speech, layout and the number of questions stay; so does how often something is negated, or, not ``strict``
    (a dialect may negate twice), whether anything is. Nothing is said about the rewording itself.
    """
    if not after.strip():
        return "an empty text"
    if _ASIDE.search(after) and not _ASIDE.search(before):
        return "speaks of the edit"
    if len(_LAYOUT.findall(after)) > len(_LAYOUT.findall(before)):
        return "another layout"
    if numbers(before) != numbers(after):
        return "other numbers"
    if names(before) - Counter(_WORD.findall(after)):
        return "a name is gone"
    if names(after) - Counter(_WORD.findall(before)):
        return "a new name"
    if speech(before) != speech(after):
        return "quoted speech changed"
    if before.count("?") != after.count("?"):
        return "more or fewer questions"
    denied = negations(before), negations(after)
    if (denied[0] != denied[1]) if strict else (bool(denied[0]) != bool(denied[1])):
        return "more or fewer negations"
    if not low <= len(after.split()) / max(1, len(before.split())) <= high:
        return f"not between {low:g} and {high:g} times the words"
    return "hardly changed" if kept(before, after) > 1 - changed else ""


def kept(before: str, after: str) -> float:
    """Return the share of a text's words that stand in another in their order."""
    old, new = ([word.lower() for word in _WORD.findall(text)] for text in (before, after))
    blocks = SequenceMatcher(a=old, b=new, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(1, len(old))
