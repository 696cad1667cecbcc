from __future__ import annotations

import re

import pytest
from edits import edits_of, say, share_of

from judgekit.errors import InputError
from judgekit.probes import dialect
from judgekit.probes.dialect import in_dialect
from judgekit.probes.prose import QUOTED, words

VARIETIES = sorted(words("dialect"))


@pytest.mark.parametrize("probe", [dialect.seeker_dialect, dialect.responder_dialect], ids=lambda probe: probe.name)
def test_applies_to_most_items_of_the_tasks_that_it_is_for(probe):
    assert share_of(probe, "empathy") >= 0.2
    assert share_of(probe, "culture") == 0


@pytest.mark.parametrize("probe", [dialect.seeker_dialect, dialect.responder_dialect], ids=lambda probe: probe.name)
def test_a_variety_is_heard_in_several_places_and_speech_is_left_alone(probe):
    for item, edit in edits_of(probe):
        features, places = re.fullmatch(r".+?: (.+) \((\d+) places\)", edit.changed).groups()
        assert len(features.split(", ")) >= 2
        old, new = (item.context, edit.item.context) if probe is dialect.seeker_dialect else (item.text, edit.item.text)
        assert int(places) >= (2 if len(old.split()) <= 30 else 3)
        assert QUOTED.findall(old) == QUOTED.findall(new)
        assert not re.search(r"[=~\\]|\s{2}", new)


@pytest.mark.parametrize(
    ("variety", "plain", "expected"),
    [
        ("african_american", "I'm not going to tell anyone.", "I ain't going to tell no one."),
        ("african_american", "It doesn't mean they're allowed to.", "It don't mean they allowed to."),
        ("african_american", "You were tricked, and it hurts.", "You was tricked, and it hurt."),
        ("northern_english", "My dad died. He was nineteen.", "Me dad died. He were nineteen."),
        ("northern_english", "I haven't told my mum anything.", "I've not told me mum nowt."),
        ("northern_english", "He asked me to wait until Friday.", "He asked us to wait while Friday."),
        ("indian", "I know what he wants.", "I am knowing what he is wanting."),
        ("indian", "What should I do?", "What I should do?"),
        ("indian", "My father died last week.", "My father died last week only."),
    ],
)
def test_features_are_put_with_agreement(variety, plain, expected):
    assert in_dialect(plain, variety)[0] == expected


def test_questions_with_do_keep_their_verbs():
    assert in_dialect("Do you know, and what do you want?", "indian")[0] == "Do you know, and what do you want?"


def test_quoted_speech_keeps_its_own_grammar():
    text = "My mum said 'I wasn't there, my love'. My dad was there."
    assert in_dialect(text, "northern_english")[0] == "Me mum said 'I wasn't there, my love'. Me dad were there."


def test_too_few_places_are_no_dialect():
    assert say(dialect.seeker_dialect, "ok", "I saw my friend in town yesterday and we talked about it.") is None


def test_a_variety_can_be_chosen_and_must_be_known():
    for variety in VARIETIES:
        label = words("dialect")[variety]["label"]
        edits = edits_of(dialect.seeker_dialect.having(variety=variety), "empathy")
        assert edits
        assert all(edit.changed.startswith(label) for _, edit in edits)
    with pytest.raises(InputError, match="no variety is called 'posh'"):
        say(dialect.seeker_dialect.having(variety="posh"), "ok", "I can't sleep.")
