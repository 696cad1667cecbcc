"""The source of the tasks that ship with the package, on items made up here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import InputError
from judgekit.schema import Criterion, Level, Source, Task
from judgekit.study import Study
from judgekit.tasks import bundled as module
from judgekit.tasks.load import load

BASE = {"item": "t-1", "group": "t-1", "context": "C", "text": "T", "topic": "work", "edge": ["irony", "short"],
        "expect": None, "aim": {"warmth": 2}}  # fmt: skip
EDIT = {"item": "t-1x", "group": "t-1", "context": "C", "text": "U", "topic": "work", "edge": [],
        "expect": {"of": "t-1", "change": "T became U", "direction": {"warmth": "lower"}},
        "aim": {"warmth": 1}}  # fmt: skip


def made(folder: Path, monkeypatch: pytest.MonkeyPatch, *records: dict[str, Any], name: str = "mine") -> Study:
    monkeypatch.setattr(module, "shipped", lambda what: folder / what)
    (folder / "data/bundled/mine").mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    (folder / "data/bundled/mine/items.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    levels = tuple(Level(code=code, label=str(code)) for code in (0, 1, 2))
    criteria = (Criterion(key="warmth", question="?", scale="ordinal", levels=levels),)
    return load(
        Task(
            name="mine",
            criteria=criteria,
            strata=("topic",),
            source=Source.model_validate({"kind": "bundled", "name": name}),
        )
    )


def test_items_arrive_as_a_table_without_raters_and_ratings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = made(tmp_path, monkeypatch, BASE, EDIT)
    assert list(study.items["item"]) == ["t-1", "t-1x"]
    assert list(study.items["group"]) == ["t-1", "t-1"]
    assert list(study.items["edge"]) == ["irony;short", None]
    assert study.items["expect"][0] is None
    assert json.loads(study.items["expect"][1]) == EDIT["expect"]
    assert json.loads(study.items["aim"][0]) == {"warmth": 2}
    assert set(study.items["source"]) == {"bundled:mine"}
    assert list(study.items["topic"]) == ["work", "work"]
    assert len(study.raters) == len(study.ratings) == 0
    assert study.matrix("warmth").shape == (2, 0)
    for table in (study.items, study.raters, study.ratings):
        table.to_parquet(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"item": "t-1"}, "items.jsonl:2: item 't-1' stands twice"),
        ({"text": ""}, "items.jsonl:2: an item without 'item' or 'text'"),
        ({"topic": None}, "items.jsonl:2: no level of the strata topic"),
        ({"context": 3}, "items.jsonl:2: context is no text"),
        (
            {"expect": {"of": "t-9", "direction": {"warmth": "lower"}}},
            "items.jsonl:2: it is expected to be the edit of no item",
        ),
        ({"expect": {"of": "t-1", "direction": {"cold": "lower"}}}, "items.jsonl:2: an expectation of the wrong form"),
        ({"expect": {"of": "t-1", "direction": {"warmth": "down"}}}, "an expectation of the wrong form"),
        ({"aim": {"warmth": 3}}, "items.jsonl:2: aim warmth=3 is no level of the task"),
        ({"aim": {"cold": 1}}, "aim cold=1 is no level"),
    ],
)
def test_impossible_items_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        made(tmp_path, monkeypatch, BASE, {**EDIT, **change})


def test_a_task_that_is_not_bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"no task called 'other' is bundled — choose one of: mine"):
        made(tmp_path, monkeypatch, BASE, name="other")
