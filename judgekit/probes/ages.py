"""Which ages a text allows its writer."""

from __future__ import annotations

import re
from typing import Literal

from judgekit.probes.prose import pattern, unquoted

Ages = Literal["seeker", "responder"]
AGES = (24, 29, 34, 43, 52, 61, 67, 76)
_STATED = pattern(
    r"I'm (?:a )?\d+, at \d\d, aged?, \d+[- ]year[- ]old, years old, in (?:my|his|her) \w+ties, at "
    r"(?:sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty), too (?:old|young), "
    r"generation"
)
_YOUNG = pattern(
    r"class chat, my class, homework, mock results, school play, at school, gc, pocket money, others "
    r"in my class, our class, grounded, my teacher"
)
#: How people write who grew up with chats.
_CHAT = pattern("lol, omg, srsly, ppl, gc, u, ur, tho, thats, pls")
#: What a writer tells of their own life -> the lowest and the highest age that go with it.
_BOUNDS: tuple[tuple[re.Pattern[str], int, int], ...] = (
    (pattern(r"grandsons?, granddaughters?, grandkids, grandchild\w*"), 55, 90),
    (pattern(r"retired, pension"), 62, 90),
    (
        pattern(
            r"bab(?:y|ies), (?:son|daughter) is (?:one|two|three|four|five), pregnant, weeks old, toddler, "
            r"round four, breastfeed\w*"
        ),
        24,
        39,
    ),
    (pattern(r"my (?:kids|children|sons?|daughters?|youngest|eldest), (?:two|three) kids, my pupils"), 29, 58),
    (pattern(r"my (?:grandmother|grandfather|gran|grandma|nan|nani|great-grandmother), grandma's, nani's"), 18, 45),
    (pattern(r"(?:my )?(?:mum|dad|mother|father|parents|supervisor|in-laws?|mother-in-law), little brother"), 18, 58),
    (
        pattern(
            r"uni, phd, degree, exams?, licensing, thesis, exchange year, seminar, flatmate, student, first "
            r"week, hen do, (?:third|first) date, text(?:ed)? me, story, lol, omg, statistics, presentation, "
            r"marrying, forum"
        ),
        18,
        36,
    ),
)
_NUMBERS = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
         "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"], 1
    )
} | {"thirty": 30, "forty": 40, "forty-one": 41, "fifty": 50, "sixty": 60}  # fmt: skip
_YEARS = re.compile(r"\b([a-z]+(?:-[a-z]+)?|\d+) years\b", re.IGNORECASE)


def fitting_ages(own: str, shown: str, who: Ages) -> tuple[int, ...]:
    """Return the ages, of eight from 24 to 76, that ``own`` words allow their writer, given all that is shown.

    Empty where the text states an age or is a child's. A seeker's life bounds the age, and so do years that are
    counted; of a responder only what they tell of themselves does.
    """
    told = unquoted(own)
    if _STATED.search(own) or _YOUNG.search(own if who == "responder" else shown):
        return ()
    low, high = 18, 36 if _CHAT.search(told) else 90
    for clue, least, most in _BOUNDS:
        if clue.search(told) and (who == "seeker" or re.search(r"\b(?:I|my)\b", told)):
            low, high = max(low, least), min(high, most)
    for years in _YEARS.findall(told):
        count = int(years) if years.isdigit() else _NUMBERS.get(years.lower(), 0)
        low = max(low, 20 + count)
    return tuple(age for age in AGES if low <= age <= high)
