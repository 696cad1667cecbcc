"""The bundled items: complete, honest about their edits, and each written for itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from judgekit.paths import shipped
from judgekit.schema import Task
from judgekit.study import Study
from judgekit.tasks.load import load

TASKS = ("empathy", "culture", "safety")
#: Two items of different groups share no run of this many words …
LONGEST_RUN = 8
#: … and at most this share of the shorter one's distinct word 4-grams.
MOST_SHARED = 0.08
CARD = ("what it is", "how it was written", "must not be used for")


@cache
def task(name: str) -> Task:
    return Task.model_validate(yaml.safe_load((shipped("conf") / "task" / f"{name}.yaml").read_text(encoding="utf-8")))


@cache
def study(name: str) -> Study:
    return load(task(name))


@cache
def records(name: str) -> list[dict[str, Any]]:
    text = (shipped("data/bundled") / name / "items.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def edits(name: str) -> list[dict[str, Any]]:
    return [record for record in records(name) if record["expect"]]


def words(record: dict[str, Any]) -> list[str]:
    return re.findall(r"\w+(?:['’]\w+)*", f"{record['context'] or ''} {record['text']}".lower())


def grams(tokens: list[str], n: int) -> set[tuple[str, ...]]:
    return {tuple(tokens[at : at + n]) for at in range(len(tokens) - n + 1)}


@pytest.mark.parametrize("name", TASKS)
def test_enough_items_and_edits(name: str) -> None:
    assert len(records(name)) - len(edits(name)) >= 60
    assert len(edits(name)) >= 20


@pytest.mark.parametrize("name", TASKS)
def test_ids_are_unique_and_no_item_stands_twice(name: str) -> None:
    assert len({record["item"] for record in records(name)}) == len(records(name))
    assert study(name).items["digest"].is_unique


@pytest.mark.parametrize("name", TASKS)
def test_every_stratum_has_a_level_everywhere(name: str) -> None:
    items = study(name).items
    assert task(name).strata
    for stratum in task(name).strata:
        assert items[stratum].notna().all()
        assert items[stratum].nunique() >= 2


@pytest.mark.parametrize("name", TASKS)
def test_every_item_has_an_aim_for_every_criterion_and_every_level_is_aimed_at(name: str) -> None:
    for criterion in task(name).criteria:
        aims = [record["aim"][criterion.key] for record in records(name)]
        assert set(aims) == set(criterion.codes)


@pytest.mark.parametrize("name", TASKS)
def test_an_edit_belongs_to_its_base_and_moves_as_it_says(name: str) -> None:
    by_id = {record["item"]: record for record in records(name)}
    for edit in edits(name):
        base = by_id[edit["expect"]["of"]]
        assert base["expect"] is None
        assert base["group"] == edit["group"]
        assert (base["context"], base["text"]) != (edit["context"], edit["text"])
        assert edit["expect"]["change"].strip()
        assert edit["expect"]["direction"]
        for criterion, direction in edit["expect"]["direction"].items():
            before, after = base["aim"][criterion], edit["aim"][criterion]
            moved = "lower" if after < before else "higher" if after > before else "same"
            assert moved == direction, f"{edit['item']} {criterion}: {before} to {after}, said {direction}"


@pytest.mark.parametrize("name", TASKS)
def test_edits_move_both_ways(name: str) -> None:
    directions = [way for edit in edits(name) for way in edit["expect"]["direction"].values()]
    assert directions.count("lower") >= 5
    assert directions.count("higher") >= 5


def pairs(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    return ((one, other) for one, other in combinations(records(name), 2) if one["group"] != other["group"])


@pytest.mark.parametrize("name", TASKS)
def test_items_are_written_one_by_one(name: str) -> None:
    tokens = {record["item"]: words(record) for record in records(name)}
    runs = {item: grams(found, LONGEST_RUN) for item, found in tokens.items()}
    fours = {item: grams(found, 4) for item, found in tokens.items()}
    shared_runs, too_near = [], []
    for one, other in pairs(name):
        a, b = one["item"], other["item"]
        common = runs[a] & runs[b]
        if common:
            shared_runs.append((a, b, " ".join(min(common))))
        shorter = min(len(fours[a]), len(fours[b]))
        share = len(fours[a] & fours[b]) / shorter if shorter else 0.0
        if share > MOST_SHARED:
            too_near.append((a, b, round(share, 3)))
    assert not shared_runs
    assert not too_near


@pytest.mark.parametrize("name", TASKS)
def test_the_card_says_what_it_is_and_what_it_is_not_for(name: str) -> None:
    card = Path(shipped("data/bundled") / name / "card.md").read_text(encoding="utf-8")
    headings = [line.lstrip("# ").strip().lower() for line in card.splitlines() if line.startswith("#")]
    for heading in CARD:
        assert any(heading in found for found in headings), f"no heading '{heading}' in {headings}"
    n, n_edits = len(records(name)), len(edits(name))
    for number in (n, n - n_edits, n_edits):
        assert re.search(rf"\b{number}\b", card), f"the card does not say {number}"
