from __future__ import annotations

import pytest
from edits import edits_of, say, share_of

from judgekit.probes import culture
from judgekit.probes.prose import everything, pattern, words


@pytest.mark.parametrize("probe", [culture.nearby_place, culture.newcomer_nationality], ids=lambda probe: probe.name)
def test_applies_to_most_items_of_the_tasks_that_it_is_for(probe):
    assert share_of(probe, "culture") >= 0.1


def test_places_of_a_line_are_different_and_stand_in_one_line_only():
    lines = words("places")["nearby"]
    assert all(len(set(line)) == len(line) >= 2 for line in lines)
    settings = [line[0] for line in lines]
    assert len(set(settings)) == len(settings)


def test_only_the_place_changes_and_nothing_names_the_old_one():
    lines = words("places")["nearby"]
    for item, edit in edits_of(culture.nearby_place):
        assert edit.item.text == item.text
        old, new = edit.changed.removeprefix("place: ").split(" becomes ")
        assert any(old in line and new in line for line in lines)
        assert edit.item.context == item.context.replace(old, new)
        assert old not in everything(edit.item)


def test_a_place_that_the_act_names_too_stays():
    assert say(culture.nearby_place, "He waits.", "A shop in Leeds.", task="culture") is not None
    assert say(culture.nearby_place, "He says Leeds is fine.", "A shop in Leeds.", task="culture") is None
    assert say(culture.nearby_place, "He waits.", "A shop in Leeds, far from Lyon.", task="culture") is None
    assert say(culture.nearby_place, "He waits.", "A shop in town.", task="culture") is None


def test_a_newcomer_never_comes_from_the_country_of_the_setting():
    homes = words("places")["homes"]
    seen = set()
    for item, edit in edits_of(culture.newcomer_nationality):
        country = edit.changed.removeprefix("the newcomer comes from ")
        seen.add(country)
        assert not pattern(homes[country]).search(everything(item))
        assert f"from {country}" in everything(edit.item)
        assert (edit.item.text == item.text) != (edit.item.context == item.context)
    assert len(seen) >= 5


def test_people_of_the_place_are_given_no_country():
    assert say(culture.newcomer_nationality, "Tunde stays on the sofa.", "A room in Ibadan.", task="culture") is None
    edit = say(culture.newcomer_nationality, "A trekker strides past.", "A bus stop near Pokhara.", task="culture")
    assert edit.item.text.startswith("A trekker from ")
