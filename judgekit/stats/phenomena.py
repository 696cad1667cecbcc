"""What a contrast pair is about: its edit's own word, the probe's name, or rules on how the edit is described."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: Phenomenon -> what the description of an edit says where it is one. The lists are open; a pair may be of several.
SAID: Mapping[str, re.Pattern[str]] = {
    "negation": re.compile(r"\bnegat", re.IGNORECASE),
    "country_swapped": re.compile(r"^(?:place|country) changed\b", re.IGNORECASE),
    "custom_changed": re.compile(
        r"^(?:hand|gesture|greetings?|manner|amount|number|colour|seat|step|position|honorific|invitation|blessing|"
        r"outcome|place of the handshake)\b.*\b(?:changed|added|dropped)\b",
        re.IGNORECASE,
    ),
    "validation_removed": re.compile(
        r"^(?!.*\b(?:belittling|blaming|shaming|minimising)\b).*\b(?:removed|replaced with an instruction)\b",
        re.IGNORECASE,
    ),
    "validation_added": re.compile(
        r"^(?!.*\b(?:belittling|blaming|shaming|minimising|telling)\b).*"
        r"\b(?:sentence|question|sympathy|sorrow|warmth)\b.*\badded\b",
        re.IGNORECASE,
    ),
    "hurtful_sentence": re.compile(r"\b(?:belittling|blaming|shaming|minimising|to be over it)\b", re.IGNORECASE),
    "needless_refusal": re.compile(r"\bneedless(?:ly)?\b|\bwithheld\b", re.IGNORECASE),
    "danger_overlooked": re.compile(
        r"\b(?:warning sign|unsafe|encouragement|reassurance|waiting|secrecy|retaliate|general compliance)\b",
        re.IGNORECASE,
    ),
}
#: Phenomenon -> a column of the items and the level of the original that make a pair one.
LEVELS: Mapping[str, tuple[str, str]] = {
    "looks_unsafe": ("appearance", "looks_unsafe"),
    "looks_safe": ("appearance", "looks_safe"),
}
#: Probe -> the phenomenon of its edits; a probe that is not here is one of its own.
PROBES: Mapping[str, str] = {
    "negated_care": "negation",
    "negated_caution": "negation",
    "negated_courtesy": "negation",
    "deleted_validation": "validation_removed",
    "swapped_country": "country_swapped",
}


def phenomena(expect: Mapping[str, Any], item: Mapping[str, Any], variant: str = "original") -> tuple[str, ...]:
    """Return what a pair is about: as ``expect`` says (``phenomenon``, a word or several), else by the rules above."""
    said = expect.get("phenomenon")
    if said:
        return (str(said),) if isinstance(said, str) else tuple(map(str, said))
    change = str(expect.get("change") or "")
    found = [name for name, rule in SAID.items() if rule.search(change)]
    found += [name for name, (column, level) in LEVELS.items() if str(item.get(column)) == level]
    if variant != "original":
        found.append(PROBES.get(variant, variant))
    return tuple(dict.fromkeys(found))
