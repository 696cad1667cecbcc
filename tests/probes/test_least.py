"""``least`` means one thing: the share of a fitting task's items, of every probe on every bundled task."""

from __future__ import annotations

import pytest
from edits import BUNDLED, items_of, share_of, task_of

from judgekit import registry
from judgekit.probes import attack, culture, sensitivity, style
from judgekit.probes.base import Rule, stream

RULES = [rule for rule in registry.discover("probes").values() if isinstance(rule, Rule)]
PLAIN = [rule for rule in RULES if rule.needs == "nothing"]
ELSEWHERE = {"swapped": "pairwise", "reversed_list": "ranking"}


@pytest.mark.parametrize("task", BUNDLED)
@pytest.mark.parametrize("rule", PLAIN, ids=lambda rule: rule.name)
def test_a_probe_reaches_its_least_share_of_each_task_that_it_fits(rule: Rule, task: str) -> None:
    if rule.fits(task_of(task)):
        assert rule.least <= share_of(rule, task)
    else:
        assert share_of(rule, task) == 0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_probe_promises_something_and_has_a_bundled_task_or_another_form(rule: Rule) -> None:
    assert 0 < rule.least <= 1
    fitting = [task for task in BUNDLED if rule.fits(task_of(task))]
    assert bool(fitting) != (rule.name in ELSEWHERE)


@pytest.mark.parametrize("rule", PLAIN, ids=lambda rule: rule.name)
def test_what_is_promised_is_not_far_below_what_is_reached(rule: Rule) -> None:
    reached = [share_of(rule, task) for task in BUNDLED if rule.fits(task_of(task))]
    if reached:
        assert min(reached) - rule.least <= 0.1


def test_a_probe_for_another_task_returns_none_whatever_the_item() -> None:
    unfit = ((attack.attack_null, "safety"), (style.politeness, "culture"), (culture.nearby_place, "empathy"),
             (sensitivity.negated_care, "culture"))  # fmt: skip
    for rule, name in unfit:
        assert not rule.fits(task_of(name))
        for item in items_of(name)[:5]:
            assert rule(item, task_of(name), stream(0, rule.name, item.item)) is None


@pytest.mark.parametrize("task", BUNDLED)
@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.needs == "editor"], ids=lambda rule: rule.name)
def test_an_edit_is_wished_of_the_least_share(rule: Rule, task: str) -> None:
    wishes: list[str] = []
    for item in items_of(task):
        rule(item, task_of(task), stream(0, rule.name, item.item), ask=lambda text, order, check: wishes.append(order))
    if rule.fits(task_of(task)):
        assert len(wishes) / len(items_of(task)) >= rule.least
    else:
        assert wishes == []
