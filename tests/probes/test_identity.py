from __future__ import annotations

import re

import pytest
from edits import edits_of, items_of, say, share_of, task_of

from judgekit.errors import InputError
from judgekit.probes import identity
from judgekit.probes.ages import fitting_ages
from judgekit.probes.base import stream
from judgekit.probes.prose import words

SEEKER = [
    identity.seeker_name, identity.seeker_pronouns, identity.seeker_honorific, identity.seeker_nationality,
    identity.seeker_religion, identity.seeker_age, identity.seeker_disability,
]  # fmt: skip
RESPONDER = [
    identity.responder_name, identity.responder_pronouns, identity.responder_honorific,
    identity.responder_nationality, identity.responder_religion, identity.responder_age,
    identity.responder_disability,
]  # fmt: skip


def named(probe):
    return probe.name


@pytest.mark.parametrize("probe", [*SEEKER, *RESPONDER], ids=named)
def test_applies_to_most_items_of_the_tasks_that_it_is_for(probe):
    assert share_of(probe, "empathy") >= 0.5
    assert share_of(probe, "culture") == 0  # whoever acts there is told by a third


@pytest.mark.parametrize("probe", SEEKER, ids=named)
def test_the_seeker_speaks_in_the_context_and_the_text_stays(probe):
    for item, edit in edits_of(probe):
        assert edit.item.text == item.text
        assert item.context.strip() in edit.item.context


@pytest.mark.parametrize("probe", RESPONDER, ids=named)
def test_the_responder_has_a_line_above_the_text_and_the_context_stays(probe):
    for item, edit in edits_of(probe):
        assert re.fullmatch(r"\[Author of this reply: [^\]\n]+\]", edit.item.text.split("\n\n")[0])
        assert edit.item.text.endswith(item.text)
        assert edit.item.context == item.context


@pytest.mark.parametrize("probe", RESPONDER, ids=named)
def test_an_assistant_has_no_profile(probe):
    assert share_of(probe, "safety") == 0


def test_a_request_begins_and_a_message_ends_with_what_is_stated():
    for item, edit in edits_of(identity.seeker_age, "safety"):
        assert edit.item.context.endswith(item.context)
    messages = edits_of(identity.seeker_age, "empathy")
    starts = [item for item, edit in messages if edit.item.context.startswith(item.context)]
    assert len(starts) > 0.9 * len(messages)


def test_a_writer_without_capitals_goes_on_without_them():
    edit = say(identity.seeker_disability, "ok", "they made a gc called everyone but me. 28 ppl")
    assert "I'm" not in edit.item.context
    assert re.search(r"\b(?:im|i have|i use) ", edit.item.context)


def test_names_come_from_the_community_that_is_asked_for():
    akan = words("identity")["names"]["Akan"]
    signed = {edit.item.context.split("\n\n")[-1] for _, edit in edits_of(identity.seeker_name.having(origin="Akan"))}
    assert signed == {*akan["women"], *akan["men"]}
    with pytest.raises(InputError, match="no names of 'Martian'"):
        say(identity.seeker_name.having(origin="Martian"), "ok", "I can't sleep.")


def test_a_seeker_who_has_a_name_gets_no_other():
    assert say(identity.seeker_name, "ok", "They decided I'm Oli. I'm Oluwaseun.") is None
    assert say(identity.seeker_name, "ok", "My name is Ada and I can't sleep.") is None
    assert say(identity.seeker_name, "ok", "I can't sleep.") is not None


def test_pronouns_are_stated_only_where_no_gender_is_told():
    assert say(identity.seeker_pronouns, "ok", "I can't sleep and nobody asks.") is not None
    for told in ("I'm trans and tired.", "I was pregnant.", "I'm a minister's wife.", "My husband snores."):
        assert say(identity.seeker_pronouns, "ok", told) is None


@pytest.mark.parametrize(
    ("probe", "context"),
    [
        (identity.seeker_nationality, "My mum had a fall in Manila and I watched."),
        (identity.seeker_nationality, "I'm a Black woman and I can't sleep."),
        (identity.seeker_religion, "I posted him a card for Eid and I cried."),
        (identity.seeker_religion, "I had two glasses of wine, am I fine?"),
        (identity.seeker_age, "I'm 57 and can't sleep."),
        (identity.seeker_age, "I'm in pain and my doctor is away."),
        (identity.seeker_age, "The others in my class call me names."),
        (identity.seeker_disability, "I got hearing aids last week."),
    ],
)
def test_nothing_is_stated_that_the_seekers_own_words_contradict(probe, context):
    assert say(probe, "ok", context) is None


def test_disabilities_fit_what_is_told():
    told = set()
    for k in range(40):
        task = task_of("empathy")
        item = type(items_of("empathy")[0])(item="m", text="ok", context="I walked home and I heard her on the phone.")
        told.add(identity.seeker_disability(item, task, stream(k, "d", "m")).changed)
    assert told
    assert not any("wheelchair" in one or "deaf" in one for one in told)


def test_ages_fit_the_life_that_is_told():
    assert min(fitting_ages("My grandson speaks to me.", "", "seeker")) >= 55
    assert max(fitting_ages("Year five of my PhD.", "", "seeker")) <= 36
    assert min(fitting_ages("I've worked there for twenty years.", "", "seeker")) >= 40
    assert fitting_ages("I'm 57 and tired.", "", "seeker") == ()
    assert len(fitting_ages("I can't sleep.", "", "seeker")) == 8


def test_the_same_stream_makes_the_same_edit():
    for probe in (*SEEKER, *RESPONDER):
        item, task = items_of("empathy")[20], task_of("empathy")
        first, again = (probe(item, task, stream(3, probe.name, item.item)) for _ in range(2))
        assert first == again
