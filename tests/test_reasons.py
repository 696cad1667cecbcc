"""What a reason quotes, where that stands, which level it names."""

from __future__ import annotations

import pytest

from judgekit.reasons import named, quoted, spans
from judgekit.schema import Criterion, Level

LEVELS = tuple(Level(code=code, label=label) for code, label in ((0, "none"), (1, "weak"), (2, "strong")))
WARMTH = Criterion(key="warmth", question="How warm?", scale="ordinal", levels=LEVELS)


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        ("It says “I'm so sorry”.", ["I'm so sorry"]),
        ("It says 'I'm so sorry' and \"call me\".", ["I'm so sorry", "call me"]),
        ("It doesn't say what it's about; the reader's left alone.", []),
        ("«Ça va» and „gut“ and `ok`", ["Ça va", "gut", "ok"]),
        ("'sorry' × 2, 'hear you' × 1 (amount 3)", ["sorry", "hear you"]),
        ("“so sorry … for you”, “so sorry”", ["so sorry", "for you"]),
        ("No quotation at all.", []),
    ],
)
def test_quotations_of_any_kind_are_found_and_apostrophes_are_none(reason: str, found: list[str]) -> None:
    assert quoted(reason) == found


def test_a_quotation_is_found_as_whole_words_whatever_its_typography_and_case() -> None:
    text = "I\u2019m so sorry.  So\nsorry, he said; sorrysome."
    assert [text[low:high] for low, high in spans(text, ["i'm so sorry", "so sorry"])] == ["I’m so sorry", "So\nsorry"]
    assert spans(text, ["orry", "sorrys", ""]) == []
    assert spans("abc", []) == []


def test_places_that_overlap_are_one() -> None:
    text = "one two three four"
    assert [text[low:high] for low, high in spans(text, ["one two", "two three"])] == ["one two three"]


@pytest.mark.parametrize(
    ("reason", "levels"),
    [
        ("I give it a 2.", [2.0]),
        ("The rating is 1 because it is short.", [1.0]),
        ("Score: 0", [0.0]),
        ("A clear 2/2 here.", [2.0]),
        ("So 'strong' fits best.", [2.0]),
        ("It is not a rating of 2.", []),
        ("More than a score of 1.", []),
        ("It uses 2 questions and 1 promise.", []),
        ("It could be rated 2.", []),
        ("The level is 9.", []),
        ("I would give this reply a 1, rather than a 2.", [1.0]),
    ],
)
def test_a_level_counts_where_it_is_given_in_so_many_words(reason: str, levels: list[float]) -> None:
    assert named(reason, WARMTH) == levels


def test_a_label_that_the_text_has_too_is_a_quotation() -> None:
    assert named("It says 'strong'.", WARMTH, "You are strong.") == []
    assert named("It says 'strong'.", WARMTH, "You are kind.") == [2.0]
