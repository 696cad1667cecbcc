"""Presentation, style and authority on the bundled tasks: how many items, what stays, always the same."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from asked import study

from judgekit import config, registry
from judgekit.errors import InputError
from judgekit.probes.apply import perturb
from judgekit.probes.base import Edit, Rule, stream
from judgekit.probes.checks import letters, numbers, speech
from judgekit.schema import Item, Task
from judgekit.tables import cases
from judgekit.tasks.load import load

BUNDLED = ("empathy", "culture", "safety")
MINE = ("presentation", "style", "authority")
ELSEWHERE = {"swapped": "pairwise", "reversed_list": "ranking"}


def probes(*families: str) -> dict[str, Rule]:
    found = registry.discover("probes")
    return {name: p for name, p in found.items() if isinstance(p, Rule) and p.family in families}


@cache
def bundled(name: str) -> tuple[Task, list[Item]]:
    asked = config.build(config.compose([f"task={name}"])).task
    return asked, cases(load(asked).items)


@cache
def edits(probe: str, name: str) -> list[tuple[Item, Edit]]:
    asked, items = bundled(name)
    rule = probes(*MINE)[probe]
    made = [(item, rule(item, asked, stream(0, probe, item.item))) for item in items]
    return [(item, edit) for item, edit in made if edit is not None]


@pytest.mark.parametrize("probe", ELSEWHERE)
def test_orders_of_candidates_reach_every_pair_and_list(probe: str) -> None:
    of = study(ELSEWHERE[probe])  # type: ignore[arg-type]
    perturbed = perturb(of, {probe: probes("presentation")[probe]}, 0)
    assert [reach.share for reach in perturbed.reach] == [1.0]


@pytest.mark.parametrize("name", BUNDLED)
@pytest.mark.parametrize("probe", [*probes("style"), "fake_citation"])
def test_an_edit_of_the_text_leaves_the_rest_and_the_numbers(probe: str, name: str) -> None:
    for item, edit in edits(probe, name):
        assert edit.task is None
        assert edit.item.text != item.text
        assert (edit.item.item, edit.item.variant) == (item.item, probe)
        assert (edit.item.context, edit.item.candidates, edit.item.steps) == (item.context, (), ())
        added = numbers(edit.item.text) - numbers(item.text)
        assert not numbers(item.text) - numbers(edit.item.text)
        assert bool(added) == (probe == "fake_citation")
        if probe not in ("fake_citation",):
            assert [one for one in speech(item.text) if one not in edit.item.text] == []


@pytest.mark.parametrize("name", BUNDLED)
@pytest.mark.parametrize("probe", [p for p in probes("presentation", "authority") if p != "fake_citation"])
def test_an_edit_of_the_question_leaves_the_item(probe: str, name: str) -> None:
    asked, _ = bundled(name)
    for item, edit in edits(probe, name):
        assert edit.item.digest == item.digest
        assert edit.task is not None
        assert edit.task != asked
        assert {c.key for c in edit.task.criteria} == {c.key for c in asked.criteria}
        anchors = [sorted(level.anchor for c in t.criteria for level in c.levels) for t in (asked, edit.task)]
        assert anchors[0] == anchors[1]


def test_words_that_are_only_set_otherwise_stay_the_same_words() -> None:
    for name in BUNDLED:
        for item, edit in edits("bullets", name):
            assert letters(edit.item.text) == letters(item.text)
        for item, edit in edits("markdown", name):
            heading, _, body = edit.item.text.partition("\n\n")
            assert heading == f"### {bundled(name)[0].text_label}"
            assert body.count("**") == 2
            assert letters(body) == letters(item.text)


def test_length_goes_where_it_is_sent() -> None:
    for name in BUNDLED:
        for item, edit in edits("longer", name):
            assert edit.item.text.startswith(item.text)
            assert len(edit.item.text.split()) >= 1.1 * len(item.text.split())
        for item, edit in edits("shorter", name):
            assert 0.6 * len(item.text.split()) < len(edit.item.text.split()) < len(item.text.split())


def test_a_misspelling_has_the_letters_of_the_word() -> None:
    for name in BUNDLED:
        for item, edit in edits("typos", name):
            pairs = list(zip(item.text.split(), edit.item.text.split(), strict=True))
            wrong = [(a, b) for a, b in pairs if a != b]
            assert 1 <= len(wrong) <= max(1, round(0.05 * len(pairs)))
            for right, slip in wrong:
                assert not Counter(slip) - Counter(right)
                assert right[0] == slip[0]


def test_edits_depend_on_seed_probe_and_item_alone() -> None:
    asked, items = bundled("safety")
    for name, rule in probes(*MINE).items():
        one = rule(items[7], asked, stream(3, name, items[7].item))
        again = rule(items[7], asked, stream(3, name, items[7].item))
        assert one == again


def test_families_and_probes_have_different_names() -> None:
    bundles = config.bundles("probes")
    assert set(bundles["all"]) == set(registry.discover("probes"))
    assert not set(bundles) & set(bundles["all"])
    assert set(MINE) <= set(bundles)


def test_probes_are_chosen_by_name_by_family_and_all_at_once() -> None:
    def names(*overrides: str) -> list[str]:
        return sorted(config.build(config.compose(overrides)).probes)

    assert names() == []
    by_model = {name for name, need in registry.families("probes", "needs").items() if need == "editor"}
    assert names("probes=all") == sorted(set(registry.discover("probes")) - by_model)
    assert names("probes=all", "editor=llm") == sorted(registry.discover("probes"))
    assert names("probes=style") == sorted(probes("style"))
    assert names("probes=[longer,presentation]") == sorted(["longer", *probes("presentation")])
    plan = config.build(config.compose(["probes=[longer]", "probes.longer.share=0.7"]))
    assert isinstance(rule := plan.probes["longer"], Rule)
    assert rule.options == {"share": 0.7}


def test_an_unknown_probe_is_one_line_with_those_there_are() -> None:
    with pytest.raises(InputError, match="no probes is called 'louder' — choose one of: all, anchor_high"):
        config.compose(["probes=[louder]"])
    for line in config.options("probes").values():
        assert 20 <= len(line) <= 160
