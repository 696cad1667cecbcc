"""A card as a form: what is offered, and what is read from whatever comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from label_site import BETTER, DEPTH, NEEDED, RANK, WARMTH

from judgekit.humans.labels.card import Answer, Card, Span
from judgekit.humans.labels.settings import Form
from judgekit.humans.page import forms
from judgekit.schema import Criterion, Level

CARD = Card(
    key="card-one", nonce="n", item="i", variant="original", purpose="item", form="rating",
    text="I hear you. I hear you well.", context="A hard week.", candidates=(), steps=(), criteria=(WARMTH, DEPTH),
    step_criteria=(), position=1, total=4, shown="",
)  # fmt: skip
ASKS = Form(confidence=True)


def test_levels_are_chosen_by_their_own_digit_or_by_their_place() -> None:
    assert [choice.key for choice in forms.choices(DEPTH)] == ["0", "1"]
    halves = Criterion(
        key="half", question="?", scale="interval", levels=tuple(Level(code=c / 2, label=f"{c}") for c in range(12))
    )
    assert [choice.key for choice in forms.choices(halves)] == [*map(str, range(1, 10)), "", "", ""]


def test_pairs_stand_as_first_tie_second() -> None:
    assert [choice.code for choice in forms.choices(BETTER, pair=True)] == [1, 0, 2]


def test_a_whole_answer_is_read() -> None:
    posted = {
        "v.warmth": "3.0", "t.warmth": " kind ", "q.warmth": "hear  you well", "c.warmth": "0.75", "v.depth": "skip",
        "w.depth": "too distressing",
    }  # fmt: skip
    answers, again = forms.read(CARD, posted, ASKS)
    spans = (Span("text", 14, 27, "hear you well"),)
    assert answers["warmth"] == Answer(value=3.0, comment="kind", span=spans, confidence=0.75)
    assert answers["depth"] == Answer(status="skipped", reason="too distressing")
    assert not [slot for slot in again.values() if slot.problem]


@pytest.mark.parametrize(
    "posted, problem",
    [
        ({}, forms.UNANSWERED_OR),
        ({"v.depth": "7.0"}, forms.UNANSWERED_OR),
        ({"v.depth": "1"}, forms.UNANSWERED_OR),
        ({"v.depth": "skip"}, forms.WHY),
        ({"v.depth": "skip", "w.depth": "a reason nobody offered"}, forms.WHY),
    ],
)
def test_what_is_missing_is_said_where_it_is_missing(posted: dict[str, str], problem: str) -> None:
    answers, again = forms.read(CARD, {"v.warmth": "1.0", **posted}, ASKS)
    assert set(answers) == {"warmth"}
    assert again["depth"].problem == problem
    assert again["warmth"].kept.value == 1.0


def test_cannot_judge_is_no_way_out_where_it_is_not_offered() -> None:
    answers, again = forms.read(CARD, {"v.warmth": "skip", "v.depth": "1.0"}, Form(cannot_judge=False))
    assert set(answers) == {"depth"}
    assert again["warmth"].problem == forms.UNANSWERED


@pytest.mark.parametrize("places", [("1", "2", "2"), ("1", "2", ""), ("0", "1", "2"), ("1", "2", "4"), ("1", "2", "³")])
def test_a_ranking_needs_each_place_once(places: tuple[str, str, str]) -> None:
    card = replace(CARD, form="ranking", candidates=("a", "b", "c"), criteria=(RANK,))
    posted = {f"r.rank.{k}": place for k, place in enumerate(places)}
    answers, again = forms.read(card, posted, ASKS)
    assert not answers
    assert again["rank"].problem == forms.RANKS


def test_a_ranking_is_read_in_the_order_shown() -> None:
    card = replace(CARD, form="ranking", candidates=("a", "b", "c"), criteria=(RANK,))
    answers, _ = forms.read(card, {"r.rank.0": "3", "r.rank.1": "1", "r.rank.2": "2"}, ASKS)
    assert answers["rank"].ranks == (3, 1, 2)
    assert answers["rank"].value is None


def test_questions_of_steps_have_names_of_their_own() -> None:
    card = replace(CARD, form="trajectory", steps=("a", "b"), criteria=(DEPTH,), step_criteria=(NEEDED,))
    answers, _ = forms.read(card, {"v.depth": "1.0", "v.needed@1": "0.0", "v.needed@2": "1.0"}, ASKS)
    assert {name: answer.value for name, answer in answers.items()} == {"depth": 1, "needed@1": 0, "needed@2": 1}


@pytest.mark.parametrize(
    "said, value", [("7", 7.0), ("7,5", 7.5), ("-1e3", -1000.0), ("nan", None), ("", None), ("x", None)]
)
def test_a_number_is_a_number(said: str, value: float | None) -> None:
    card = replace(CARD, criteria=(Criterion(key="years", question="?", scale="ratio"),))
    answers, again = forms.read(card, {"n.years": said}, ASKS)
    if value is None:
        assert again["years"].problem == forms.NUMBER
    else:
        assert answers["years"].value == value


def test_a_hint_tells_which_of_several_passages_is_meant() -> None:
    assert [s.start for s in forms.spans(CARD, "I hear you", "text:12")] == [12]
    assert [s.start for s in forms.spans(CARD, "I hear you", "")] == [0]
    assert list(forms.spans(CARD, "a hard week", "")) == [Span("text", 0, 0, "a hard week")]
    assert list(forms.spans(CARD, "A hard week", "context:0")) == [Span("context", 0, 11, "A hard week")]
    assert list(forms.spans(CARD, "nowhere", "../../etc:5")) == [Span("text", 0, 0, "nowhere")]


def test_offsets_count_characters_beyond_the_first_plane() -> None:
    card = replace(CARD, text="😀😀 你好\r\nworld")
    (found,) = forms.spans(card, "你好 world", "text:3")
    assert card.text[found.start : found.end] == "你好\r\nworld"


def test_earlier_answers_stand_in_the_form_again() -> None:
    earlier = {"warmth": Answer(value=2.0, comment="so", span=(Span("text", 0, 6, "I hear"),), confidence=0.5)}
    slot = forms.slots(replace(CARD, earlier=earlier))[0][0]
    kept = slot.kept
    assert (kept.value, kept.comment, kept.quotes, kept.hints, kept.confidence) == (2.0, "so", "I hear", "text:0", 0.5)
    posted = {"v.warmth": "2.0", "t.warmth": "so", "q.warmth": kept.quotes, "h.warmth": kept.hints, "c.warmth": "0.5"}
    answers, _ = forms.read(CARD, posted, ASKS)
    assert answers["warmth"] == earlier["warmth"]


NAMES = st.sampled_from(
    [f"{f}.{s}" for f in "vwctqhnr" for s in ("warmth", "depth", "rank.0", "needed@1", "__class__")]
)
SAID = st.text(max_size=40) | st.sampled_from(["skip", "1.0", "inf", "-0", "1e999", "0x1", "text:99999999999"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, SAID, max_size=12))
def test_whatever_is_posted_is_an_answer_that_was_offered_or_a_problem(posted: dict[str, str]) -> None:
    answers, again = forms.read(CARD, posted, ASKS)
    assert set(again) == {"warmth", "depth"}
    for key, criterion in (("warmth", WARMTH), ("depth", DEPTH)):
        assert (key in answers) != bool(again[key].problem)
        if key in answers:
            given_answer = answers[key]
            assert given_answer.value in (*criterion.codes, None)
            assert (given_answer.value is None) == (given_answer.status == "skipped")
            for span in given_answer.span:
                text = forms.parts(CARD)[span.part]
                assert 0 <= span.start <= span.end <= len(text)
                assert span.end == 0 or text[span.start : span.end] == span.quote
