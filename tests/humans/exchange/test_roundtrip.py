"""What goes out to another tool's file comes back as it was, as far as the tool has a place for it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from humans.exchange.collected import ITEMS, RATERS, TASK, collected
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from label_site import CRITERIA, items

from judgekit.errors import InputError
from judgekit.humans.exchange.base import Format as Tool
from judgekit.humans.exchange.base import parted, unit
from judgekit.humans.exchange.long import defused, restored
from judgekit.humans.exchange.move import export_labels, import_labels, import_raters, made
from judgekit.registry import discover, summaries
from judgekit.schema import Criterion, Form, Level, Source, Task
from judgekit.study import Study

KEY = ["item", "variant", "criterion", "rater", "rep"]
ENDINGS = {"long": "csv", "wide": "csv", "crowdkit": "csv", "mturk": "csv", "label_studio": "json", "potato": "jsonl",
           "argilla": "d"}  # fmt: skip


def labels(study: Study, *more: str) -> pd.DataFrame:
    """Return a study's labels, sorted, under the raters' plain names."""
    rows = study.ratings[[*KEY, "value", "status", *more]].copy()
    return rows.sort_values(KEY).reset_index(drop=True)


def there_and_back(study: Study, form: str, folder: Path, **options: str) -> Study:
    path = folder / f"labels.{ENDINGS[form]}"
    export_labels(study, path, form, overwrite=True, **options)
    return import_labels(path, form, study.task, pseudonym=str, items=study.items, **options)


@pytest.mark.parametrize("form", sorted(set(ENDINGS) - {"crowdkit"}))
def test_whole_labels_come_back(form: str, tmp_path: Path) -> None:
    study = collected(simple=True)
    back = there_and_back(study, form, tmp_path)
    pd.testing.assert_frame_equal(labels(back), labels(study))
    assert set(back.raters.loc[back.raters["kind"] == "simulated", "rater"]) == {"bot"}
    assert set(back.raters.loc[back.raters["kind"] == "human", "rater"]) == {"anna", "ben"}


@pytest.mark.parametrize("form", ["long", "label_studio"])
def test_skips_repeats_and_comments_come_back_where_there_is_room(form: str, tmp_path: Path) -> None:
    study = collected()
    back = there_and_back(study, form, tmp_path)
    more = ("comment", "reason", "seconds", "at")
    ours, theirs = labels(study, *more), labels(back, *more)
    theirs, ours = (one.astype(object).where(one.notna(), "-") for one in (theirs, ours))
    pd.testing.assert_frame_equal(theirs, ours)


def test_the_long_form_keeps_raters_and_purposes(tmp_path: Path) -> None:
    back = there_and_back(collected(), "long", tmp_path)
    raters = back.raters.set_index("rater")
    assert raters["pool"].to_dict() == {"anna": "expert", "ben": "crowd", "bot": "crowd"}
    assert raters.at["anna", "age"] == 34
    assert "code" not in raters
    assert raters["arm"].to_dict() == {"anna": "blind", "ben": "review", "bot": "blind"}
    assert set(back.ratings["purpose"]) == {"item", "repeat"}


def test_items_come_with_the_labels(tmp_path: Path) -> None:
    study = collected(simple=True)
    for form in ("long", "label_studio", "argilla", "mturk", "wide"):
        path = tmp_path / f"{form}.{ENDINGS[form]}"
        export_labels(study, path, form)
        back = import_labels(path, form, TASK, pseudonym=str)
        key = ["item", "variant"]
        shown = back.items.set_index(key).loc[list(zip(ITEMS["item"], ITEMS["variant"], strict=True))].reset_index()
        assert shown["text"].tolist() == ITEMS["text"].tolist(), form
        assert shown["topic"].tolist() == ITEMS["topic"].tolist(), form
        assert shown["digest"].tolist() == study.items["digest"].tolist(), form  # text, context, candidates: the same


def test_crowdkit_holds_one_criterion(tmp_path: Path) -> None:
    study = collected()
    with pytest.raises(InputError, match="one criterion, the task has 3"):
        export_labels(study, tmp_path / "labels.csv", "crowdkit")
    assert not list(tmp_path.iterdir())
    done = export_labels(study, tmp_path / "labels.csv", "crowdkit", criterion="warmth")
    assert (tmp_path / "labels.csv").read_text().startswith("task,worker,label\na,anna,cold\n")
    assert any("repeated" in note for note in done.notes)
    assert any("comment" in note for note in done.notes)
    back = import_labels(done.path, "crowdkit", TASK, pseudonym=str, items=study.items, criterion="warmth")
    ours = labels(study)
    mine = ours[(ours["criterion"] == "warmth") & (ours["rep"] == 0) & (ours["status"] == "ok")]
    pd.testing.assert_frame_equal(labels(back), mine.reset_index(drop=True))


def test_what_has_no_place_is_said(tmp_path: Path) -> None:
    said = export_labels(collected(), tmp_path / "labels.csv", "wide").notes
    assert [note for note in said if "3 repeated answers" in note]
    assert [note for note in said if "without a value" in note]


def test_a_public_export_holds_no_own_words(tmp_path: Path) -> None:
    study = collected()
    raters = study.raters.assign(story=["I grew up by the sea, and worked there", "-", "-" * 60])
    study = Study.build(TASK, ITEMS, raters, study.ratings)
    done = export_labels(study, tmp_path / "public.csv", "long", public=True)
    text = done.path.read_text()
    for word in ("sorry", "enough context", "by the sea", "C1", "2026-01-01"):
        assert (word in text) == (word == "sorry"), word  # the item's own text stays
    assert "twice" not in text
    assert "age" in text.splitlines()[0]
    told = export_labels(study, tmp_path / "told.csv", "long", public=True, free=["age"])
    assert "age" not in told.path.read_text().splitlines()[0]
    assert "story" in done.notes[0]
    asked = export_labels(study, tmp_path / "asked.csv", "long", public=True, comments=True)
    assert "twice" in asked.path.read_text()


def test_nothing_is_overwritten_or_left_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "labels.json"
    path.write_text("mine")
    with pytest.raises(InputError, match="already a file"):
        export_labels(collected(), path, "label_studio")
    monkeypatch.setattr("json.dumps", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("power cut")))
    with pytest.raises(RuntimeError, match="power cut"):
        export_labels(collected(), path, "label_studio", overwrite=True)
    assert path.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["labels.json"]


def test_ids_become_pseudonyms_at_the_door(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("task,worker,label\na,A1B2C3,warm\na,simulated-x,cold\n")
    levels = (Level(code=0, label="cold"), Level(code=1, label="warm"))
    asked = Criterion(key="warmth", question="?", scale="nominal", levels=levels)
    task = Task(name="t", criteria=(asked,), source=Source(kind="frame"))
    study = import_labels(path, "crowdkit", task, pseudonym=lambda name: f"p-{len(name)}", pool="crowd")
    assert study.raters["rater"].tolist() == ["p-6", "p-1"]
    assert study.raters["kind"].tolist() == ["human", "simulated"]
    assert set(study.raters["pool"]) == {"crowd"}


names = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters=":"), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    named=st.lists(names, min_size=1, max_size=4, unique=True),
    raters=st.lists(names.filter(lambda name: not name.startswith("simulated-")), min_size=1, max_size=3, unique=True),
    words=st.lists(names, min_size=2, max_size=4, unique=True),
    form=st.sampled_from(["long", "crowdkit", "label_studio", "potato", "mturk", "wide"]),
    data=st.data(),
)
def test_any_names_and_levels_come_back(
    named: list[str], raters: list[str], words: list[str], form: str, data: st.DataObject, tmp_path: Path
) -> None:
    levels = tuple(Level(code=float(code), label=word) for code, word in enumerate(words))
    task = Task(name="t", criteria=(Criterion(key="q", question="?", scale="nominal", levels=levels),),
                source=Source(kind="frame"))  # fmt: skip
    rows = [{"item": item, "criterion": "q", "rater": rater, "value": float(data.draw(st.integers(0, len(words) - 1)))}
            for item in named for rater in raters]  # fmt: skip
    study = Study.build(task, pd.DataFrame({"item": named, "text": named}), pd.DataFrame({"rater": raters}),
                        pd.DataFrame(rows))  # fmt: skip
    pd.testing.assert_frame_equal(labels(there_and_back(study, form, tmp_path)), labels(study))


@given(item=st.text(min_size=1), variant=names)
def test_a_unit_is_parted_as_it_was_joined(item: str, variant: str) -> None:
    assert parted(unit(item, variant)) == (item, variant)
    assert parted(unit(item, "original")) == (item, "original")


@given(st.text(st.characters(exclude_categories=("C",)), max_size=6).map(lambda text: text.strip()))
def test_what_was_defused_is_restored(text: str) -> None:
    assert restored(defused(text)) == text
    assert not defused(text).startswith(("=", "@")) or not text


def test_every_format_is_one_and_says_what_it_is() -> None:
    assert set(discover("exchange")) == {*ENDINGS, "prolific"}
    for name, line in summaries("exchange").items():
        assert isinstance(made(name, {}), Tool), name
        assert len(line) in range(20, 161), (name, line)
    with pytest.raises(InputError, match="has no option colour"):
        made("wide", {"colour": "red"})


def test_prolific_gives_attributes(tmp_path: Path) -> None:
    path = tmp_path / "prolific_export.csv"
    path.write_text(
        "Submission id,Participant id,Status,Started at,Time taken,Completion code,Age,Sex,Country of birth\n"
        "s1,5e90,APPROVED,2026-01-01T10:00:00Z,300,C1,34,Female,Kenya\n"
        "s2,5c65,APPROVED,2026-01-01T10:00:00Z,300,C1,DATA_EXPIRED,Male,Japan\n"
    )
    told = import_raters(path, pseudonym=lambda name: f"p{name[-2:]}")
    assert told.columns.tolist() == ["rater", "age", "sex", "country_of_birth"]
    assert told.to_dict("list")["rater"] == ["p90", "p65"]
    assert told["age"].tolist() == ["34", None]
    assert np.array_equal(told["country_of_birth"], ["Kenya", "Japan"])
    with pytest.raises(InputError, match="hold raters, no labels"):
        import_labels(path, "prolific", TASK, pseudonym=str)


def test_prolific_codes_go_out_without_ids(tmp_path: Path) -> None:
    study = Study.build(TASK, ITEMS, RATERS.assign(stage=["thanks", "items", None]), collected().ratings)
    out = export_labels(study, tmp_path / "codes.csv", "prolific").path.read_text().splitlines()
    assert out[0] == "rater,stage,Completion code,labels"
    assert out[1] == "anna,thanks,C1,12"


@pytest.mark.parametrize("form", ["long", "mturk"])
def test_no_cell_that_a_rater_wrote_is_a_formula(form: str, tmp_path: Path) -> None:
    study = collected(simple=True)
    for text in ('=HYPERLINK("http://evil.example")', "@cmd", "'=1", "-1+1", "plain", "'quoted'"):
        study = Study.build(TASK, ITEMS, study.raters, study.ratings.assign(comment=text))
        done = export_labels(study, tmp_path / "labels.csv", form, overwrite=True)
        with done.path.open(newline="") as file:
            cells = {cell for row in csv.reader(file) for cell in row}
        assert not any(cell.startswith(("=", "@", "-1+")) for cell in cells)
        assert set(import_labels(done.path, form, TASK, pseudonym=str, items=study.items).ratings["comment"]) == {text}


@pytest.mark.parametrize("asked", ["pairwise", "ranking", "trajectory"])
@pytest.mark.parametrize("form", sorted(set(ENDINGS) - {"crowdkit"}))
def test_pairs_lists_and_trajectories_come_back(asked: Form, form: str, tmp_path: Path) -> None:
    shown = items(asked, 3)
    if asked == "pairwise":
        turned = [json.dumps(json.loads(pair)[::-1]) for pair in shown["candidates"]]
        shown = pd.concat([shown, shown.assign(variant="swapped", candidates=turned)], ignore_index=True)
        shown["variant"] = shown["variant"].fillna("original")
    task = Task(name="t", form=asked, criteria=CRITERIA[asked], source=Source(kind="frame"))
    key = task.criteria[0]
    rows = shown[["item"]].assign(variant=shown.get("variant", "original"), criterion=key.key)
    rows = pd.concat(
        [rows.assign(rater=name, value=[key.codes[(k + at) % len(key.codes)] for k in range(len(rows))])
         for at, name in enumerate(("ann", "bob"))], ignore_index=True)  # fmt: skip
    study = Study.build(task, shown, pd.DataFrame({"rater": ["ann", "bob"]}), rows)
    pd.testing.assert_frame_equal(labels(there_and_back(study, form, tmp_path)), labels(study))
    if form != "potato":  # it holds no texts
        back = import_labels(tmp_path / f"labels.{ENDINGS[form]}", form, task, pseudonym=str)
        ours = study.items.set_index(["item", "variant"])["digest"].sort_index()
        assert back.items.set_index(["item", "variant"])["digest"].sort_index().to_dict() == ours.to_dict()
