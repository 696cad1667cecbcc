from __future__ import annotations

from dataclasses import replace

import pytest
from edits import edits_of, say, share_of, task_of

from judgekit.probes import source
from judgekit.probes.base import stream
from judgekit.schema import Item

PROBES = [source.source_ai, source.source_model, source.source_nurse, source.source_person, source.source_unknown]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_applies_to_most_items_of_the_tasks_that_it_is_for(probe):
    for task in ("empathy", "culture", "safety"):
        assert share_of(probe, task) >= 0.8


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_puts_one_line_above_the_text_and_changes_nothing_else(probe):
    for item, edit in edits_of(probe):
        line, gap, rest = edit.item.text.partition("\n\n")
        assert line.startswith("[This ")
        assert line.endswith(".]")
        assert gap
        assert rest == item.text
        assert edit.item.context == item.context


def test_calls_the_text_what_the_task_calls_it_and_an_act_a_description():
    assert say(source.source_ai, "Fine.").item.text.startswith("[This reply was written by an AI system.]")
    assert say(source.source_ai, "Fine.", task="safety").item.text.startswith("[This response was")
    assert say(source.source_ai, "He bows.", task="culture").item.text.startswith("[This description was")


def test_no_machine_is_said_to_have_lived():
    assert say(source.source_ai, "This takes me back to when my uncle passed.") is None
    assert say(source.source_model, "We had a terrible time when I was ten.") is None
    assert say(source.source_nurse, "This takes me back to when my uncle passed.") is not None


def test_no_person_is_said_to_have_written_what_a_machine_says_of_itself():
    assert say(source.source_nurse, "As an AI, I cannot feel.") is None
    assert say(source.source_person, "I'm a language model.") is None
    assert say(source.source_ai, "As an AI, I cannot feel.") is not None


def test_the_model_and_the_profession_can_be_named():
    assert "written by judge-7.]" in say(source.source_model.having(model="judge-7"), "Fine.").item.text
    assert "written by a plumber.]" in say(source.source_nurse.having(profession="a plumber"), "Fine.").item.text


def test_of_a_pair_one_candidate_has_the_line():
    task = task_of("empathy").model_copy(update={"form": "pairwise"})
    item = Item(item="p", text="", candidates=("One.", "Two."))
    edit = source.source_ai(item, task, stream(1, "source_ai", "p"))
    changed = [old != new for old, new in zip(item.candidates, edit.item.candidates, strict=True)]
    assert sorted(changed) == [False, True]
    assert replace(edit.item, candidates=(), variant="original") == replace(item, candidates=())
