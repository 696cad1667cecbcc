from __future__ import annotations

import re

import pytest
from edits import edits_of, say, share_of

from judgekit.probes.gender import mirrored, pronouns

GENDERED = re.compile(r"\b(?:he|she|him|his|hers?|himself|herself|dad|mum|wife|husband)\b", re.I)


def test_applies_to_most_items_of_the_tasks_that_it_is_for():
    assert share_of(pronouns, "empathy") >= 0.3
    assert share_of(pronouns, "safety") >= 0.3
    assert share_of(pronouns, "culture") == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My dad died. I had my phone out to ring him.", "My mum died. I had my phone out to ring her."),
        ("I don't believe her.", "I don't believe him."),
        ("Her last hour was hers alone.", "His last hour was his alone."),
        ("I asked my wife about her job and her.", "I asked my husband about his job and him."),
        ("She's proud of herself; it is hers.", "He's proud of himself; it is his."),
        ("The bike was his.", "The bike was hers."),
        ("I looked after Mum.", "I looked after Dad."),
    ],
)
def test_pronouns_and_nouns_agree(text, expected):
    assert mirrored(text) == expected


@pytest.mark.parametrize("text", ["I gave her time.", "We let her go.", "I saw her cry."])
def test_an_ambiguous_her_is_left_alone(text):
    assert mirrored(text) is None


def test_every_word_becomes_its_counterpart_and_none_is_left():
    pairs = {("he", "she"), ("him", "her"), ("his", "her"), ("his", "hers"), ("himself", "herself"), ("dad", "mum"),
             ("wife", "husband")}  # fmt: skip
    for item, edit in edits_of(pronouns):
        for old, new in ((item.context, edit.item.context), (item.text, edit.item.text)):
            before, after = ([word.lower() for word in GENDERED.findall(part)] for part in (old, new))
            assert len(before) == len(after)
            assert all((one, other) in pairs or (other, one) in pairs for one, other in zip(before, after, strict=True))


def test_only_gendered_words_change():
    for item, edit in edits_of(pronouns):
        for old, new in ((item.context, edit.item.context), (item.text, edit.item.text)):
            assert len(old.split()) == len(new.split())
            for before, after in zip(old.split(), new.split(), strict=True):
                assert before == after or before.lower() != after.lower()


def test_context_and_text_change_together():
    edit = say(pronouns, "I'm sorry that you lost him.", "My father died. He wasn't kind.")
    assert edit.item.context == "My mother died. She wasn't kind."
    assert edit.item.text == "I'm sorry that you lost her."


@pytest.mark.parametrize("context", ["I was pregnant and he left.", "I'm trans and he left.", "I can't sleep."])
def test_bodies_and_genderless_items_are_left_alone(context):
    assert say(pronouns, "That's hard.", context) is None
