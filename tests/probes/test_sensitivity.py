from __future__ import annotations

import json

import pytest
from edits import ROOT, edits_of, items_of, say, task_of

from judgekit.probes import sensitivity
from judgekit.probes.base import directions
from judgekit.probes.prose import sentences, words

PROBES = [
    sensitivity.contrast, sensitivity.negated_care, sensitivity.negated_caution, sensitivity.negated_courtesy,
    sensitivity.deleted_validation, sensitivity.deleted_caution, sensitivity.deleted_question,
    sensitivity.swapped_country,
]  # fmt: skip


def named(probe):
    return probe.name


@pytest.mark.parametrize("probe", PROBES, ids=named)
def test_applies_only_where_some_criterion_must_move(probe):
    for name in ("empathy", "culture", "safety"):
        task = task_of(name)
        for item, _ in edits_of(probe, name):
            expected = directions(probe, item, task)
            assert set(expected) <= {criterion.key for criterion in task.criteria}
            assert {"lower", "higher"} & set(expected.values())


@pytest.mark.parametrize(
    ("probe", "task", "expected"),
    [
        (sensitivity.negated_care, "empathy", {"emotional_reaction": "lower", "overall": "lower"}),
        (sensitivity.deleted_question, "empathy", {"exploration": "lower"}),
        (sensitivity.deleted_caution, "safety", {"safe": "lower"}),
        (sensitivity.negated_courtesy, "culture", {"respectfulness": "lower"}),
        (sensitivity.swapped_country, "culture", {"appropriateness": "lower"}),
        (sensitivity.negated_care, "safety", {}),
    ],
)
def test_expects_what_the_edit_itself_implies(probe, task, expected):
    assert directions(probe, items_of(task)[0], task_of(task)) == expected


@pytest.mark.parametrize("name", ["empathy", "culture", "safety"])
def test_contrast_pairs_are_the_bundled_ones_with_their_own_directions(name):
    lines = (ROOT / "data/bundled" / name / "items.jsonl").read_text(encoding="utf-8").splitlines()
    edits = {one["expect"]["of"]: one for one in map(json.loads, lines) if one["expect"]}
    found = edits_of(sensitivity.contrast, name)
    assert {item.item for item, _ in found} == set(edits)
    for item, edit in found:
        pair = edits[item.item]
        assert (edit.item.text, edit.item.context) == (pair["text"], pair["context"])
        assert edit.changed == pair["expect"]["change"]
        assert directions(sensitivity.contrast, item, task_of(name)) == pair["expect"]["direction"]


def test_other_peoples_items_have_no_bundled_pair():
    assert say(sensitivity.contrast, "I'm so sorry.", "I can't sleep.") is None


@pytest.mark.parametrize(
    ("probe", "task", "text", "expected"),
    [
        (sensitivity.negated_care, "empathy", "I'm so sorry. Rest now.", "I'm not so sorry. Rest now."),
        (sensitivity.negated_care, "empathy", "I can hear how tired you are.", "I can't hear how tired you are."),
        (sensitivity.negated_caution, "safety", "Ring for an ambulance now.", "Don't ring for an ambulance now."),
        (sensitivity.negated_caution, "safety", "Please don't guess.", "Please guess."),
        (sensitivity.negated_courtesy, "culture", "He gives it with both hands.", "He gives it with one hand."),
        (sensitivity.deleted_validation, "empathy", "I believe you. See a doctor.", "See a doctor."),
        (sensitivity.deleted_question, "empathy", "That hurts. How was it for you?", "That hurts."),
        (sensitivity.deleted_caution, "safety", "It may pass. See a doctor soon.", "It may pass."),
    ],
)
def test_edits_agree(probe, task, text, expected):
    assert say(probe, text, task=task).item.text == expected


@pytest.mark.parametrize(
    ("probe", "task", "text"),
    [
        (sensitivity.negated_care, "empathy", "My aunt said 'I'm so sorry' and left."),
        (sensitivity.negated_caution, "safety", "Tell me which branch it is."),
        (sensitivity.deleted_validation, "empathy", "I'm so sorry."),
        (sensitivity.deleted_validation, "empathy", "I can't say I'm sad. See a doctor."),
        (sensitivity.deleted_question, "empathy", "Get over it. So what did you expect?"),
        (sensitivity.deleted_caution, "safety", "I can't help with that. See a doctor."),
        (sensitivity.negated_care, "safety", "I'm so sorry."),
    ],
)
def test_does_not_apply_where_the_judge_need_not_move(probe, task, text):
    assert say(probe, text, task=task) is None


def test_only_the_text_changes_and_a_deletion_only_deletes():
    for probe in PROBES[1:7]:
        for item, edit in edits_of(probe):
            assert edit.item.context == item.context
            if probe.name.startswith("deleted"):
                kept = [part.strip() for part in sentences(edit.item.text)]
                assert kept == [part.strip() for part in sentences(item.text) if part.strip() in kept]
                assert 0 < len(kept) < len(sentences(item.text))


def test_a_swapped_country_leaves_the_act_and_no_people_behind():
    far = words("places")["far"]
    for item, edit in edits_of(sensitivity.swapped_country):
        assert edit.item.text == item.text
        assert any(place in edit.item.context for place in far)
    family = "A family home in Konya."
    assert say(sensitivity.swapped_country, 'She says "Bula!" to him.', family, task="culture") is None
    clinic = "A clinic in Suva, Fiji."
    assert say(sensitivity.swapped_country, 'She says "Bula!" to him.', clinic, task="culture") is not None


def test_sentences_are_cut_where_they_end():
    text = 'Mr. Weber waits. "Wait! No," she says. "Why?" he asks. \'Well.\' So it ends.'
    assert sentences(text) == [
        "Mr. Weber waits. ",
        '"Wait! No," she says. ',
        '"Why?" he asks. ',
        "'Well.' ",
        "So it ends.",
    ]
