"""What a judge's reason says in so many words: what it quotes, where that stands in a text, which level it names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from judgekit.schema import Criterion

Span = tuple[int, int]
#: Words between quotation marks of any kind. A single mark is one only where it is no apostrophe.
_QUOTES = re.compile(
    r"“([^”\n]{1,400})”|„([^“”\n]{1,400})[“”]|«([^»\n]{1,400})»|\"([^\"\n]{1,400})\"|‘([^’\n]{1,400})’(?!\w)|"
    r"(?<!\w)'(?=\S)([^\n]{1,400}?)(?<=\S)'(?!\w)|`([^`\n]{1,400})`"
)
_ALIKE = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "…": " ", "–": "-", "—": "-"})
#: A level that is given in so many words: "a rating of 4", "I would give it a 2", "score: 3", "4/7", "level 2".
_GIVEN = re.compile(
    r"\b(?:rat(?:e|ed|ing)|scor(?:e|ed|ing)|level|grade|value|answer)\b(?: (?:is|was|of|as|at|it|this|an?|be|would|"
    r"should|the|level)){0,4}\s*[:=]?\s*(-?\d+(?:\.\d+)?)\b(?!\s*(?:words?|times|points?|%|people|sentences?))|"
    r"\b(?:give|gave|choose|chose|assign|pick)(?: (?:it|this|the|reply|response|text|an?|here|level|rating|score|"
    r"of)){0,5} (-?\d+(?:\.\d+)?)\b(?!\s*(?:words?|times|%|people|sentences?))|"
    r"(?<![\d/.])(-?\d+(?:\.\d+)?)\s*(?:/|out of)\s*\d+\b",
    re.IGNORECASE,
)
#: What turns a level that is named into one that is not given.
_AWAY = re.compile(
    r"\b(?:not|n't|never|neither|nor|rather than|instead of|short of|below|above|less than|more than|beyond|between|"
    r"almost|nearly|could|might|up to|than|if|versus|vs|either|from|or)\b[^.;!?]{0,40}$",
    re.IGNORECASE,
)


def quoted(reason: str) -> list[str]:
    """Return what a reason has between quotation marks, in order, each once; an ellipsis cuts a quotation in two.

    >>> quoted("It says “I'm so sorry … for you” and 'hear' you.")
    ["I'm so sorry", 'for you', 'hear']
    """
    found = []
    for match in _QUOTES.finditer(reason):
        whole = next(part for part in match.groups() if part is not None)
        found += [part.strip(" ,.;:!") for part in re.split(r"…|\.\.\.|\[\.*\]", whole)]
    return [part for part in dict.fromkeys(found) if part]


def spans(text: str, quotations: Sequence[str]) -> list[Span]:
    """Return where quotations stand in a text, each place once, joined where they touch; letter case does not matter.

    A quotation counts as whole words only; typographic signs and spaces count as alike.

    >>> spans("I'm so sorry. So sorry!", ["so sorry", "orry"])
    [(4, 12), (14, 22)]
    """
    plain = text.translate(_ALIKE)
    found: list[Span] = []
    for quotation in quotations:
        parts = [re.escape(part) for part in quotation.translate(_ALIKE).split()]
        if not parts:
            continue
        start, end = (r"(?<!\w)" if parts[0][:1].isalnum() else ""), (r"(?!\w)" if parts[-1][-1:].isalnum() else "")
        found += [m.span() for m in re.finditer(start + r"\s+".join(parts) + end, plain, re.IGNORECASE)]
    joined: list[Span] = []
    for low, high in sorted(found):
        if joined and low <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(high, joined[-1][1])
        else:
            joined.append((low, high))
    return joined


def named(reason: str, criterion: Criterion, text: str = "") -> list[float]:
    """Return the declared levels that a reason says it gives, in so many words; what it weighs or denies is left out.

    A level's label counts where it stands in quotation marks, and not where ``text`` has the words too.

    >>> from judgekit.schema import Level
    >>> levels = tuple(Level(code=code, label=label) for code, label in ((1, "cold"), (2, "lukewarm"), (3, "warm")))
    >>> warmth = Criterion(key="warmth", question="How warm?", scale="ordinal", levels=levels)
    >>> named("It asks back, so I give it a 3.", warmth), named("Not a rating of 3; 'lukewarm' fits.", warmth)
    ([3.0], [2.0])
    """
    found = []
    for match in _GIVEN.finditer(reason):
        code = float(next(part for part in match.groups() if part is not None))
        if code in criterion.codes and not _AWAY.search(reason[: match.start()]):
            found.append(code)
    for quotation in _QUOTES.finditer(reason):
        word = next(part for part in quotation.groups() if part is not None).strip(" ,.;:!").lower()
        for level in criterion.levels:
            here = level.label.lower() == word and not spans(text, [word])
            if here and not _AWAY.search(reason[: quotation.start()]):
                found.append(level.code)
    return list(dict.fromkeys(found))
