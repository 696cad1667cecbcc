"""Files as other tools write them, and files that are not what they should be."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from humans.exchange.collected import TASK

from judgekit.errors import InputError
from judgekit.humans.exchange.move import import_labels, import_raters
from judgekit.humans.exchange.prolific import settle
from judgekit.schema import Criterion, Level, Source, Task
from judgekit.study import Study

LEVELS = (Level(code=1, label="cold"), Level(code=2, label="mild"), Level(code=3, label="warm"))
TONE = Criterion(key="tone", question="?", scale="ordinal", levels=LEVELS)
ONE = Task(name="tone", criteria=(TONE,), source=Source(kind="frame"))


def values(study: Study) -> dict[tuple[str, str, int], float | None]:
    rows = study.ratings[["item", "rater", "rep", "value"]].itertuples(index=False)
    return {(row.item, row.rater, row.rep): None if pd.isna(row.value) else row.value for row in rows}


def taken(path: Path, form: str, text: str, task: Task = ONE, **options: object) -> Study:
    path.write_text(text, encoding="utf-8")
    return import_labels(path, form, task, pseudonym=str, **options)  # type: ignore[arg-type]


def annotation(by: object, kind: str, value: dict[str, object], **more: object) -> dict[str, object]:
    result = [{"id": "Dx", "from_name": "tone", "to_name": "txt", "type": kind, "value": value}]
    return {"id": "1", "completed_by": by, "result": result, "was_cancelled": False, "lead_time": 4.3, **more}


def test_label_studio(tmp_path: Path) -> None:
    tasks = [
        {"id": 7, "data": {"text": "hello"}, "drafts": [{}], "predictions": [{"result": []}], "annotations": [
            annotation(10, "choices", {"choices": ["warm"]}),
            annotation({"id": 3, "email": "a@b.c"}, "rating", {"rating": 2}),
            annotation(10, "choices", {"choices": ["mild"]}),
            annotation(4, "choices", {"choices": []}, was_cancelled=True),
        ]},
        {"id": 8, "data": {"text": "bye"}, "annotations": [annotation(10, "taxonomy", {"taxonomy": [["cold"]]}),
                                                           annotation(3, "number", {"number": 3})]},
    ]  # fmt: skip
    study = taken(tmp_path / "ls.json", "label_studio", json.dumps(tasks))
    assert values(study) == {("7", "10", 0): 3, ("7", "3", 0): 2, ("7", "10", 1): 2, ("7", "4", 0): None,
                             ("8", "10", 0): 1, ("8", "3", 0): 3}  # fmt: skip
    assert study.ratings.loc[study.ratings["rater"] == "4", "status"].item() == "skipped"
    assert study.ratings["seconds"].max() == 4.3
    assert any("1 draft" in note for note in study.notes)
    assert study.items.set_index("item")["text"].to_dict() == {"7": "hello", "8": "bye"}


def test_label_studio_pairs(tmp_path: Path) -> None:
    levels = tuple(Level(code=k, label=w) for k, w in enumerate(("tie", "first", "second")))
    pair = Task(name="p", form="pairwise", source=Source(kind="f"), criteria=(
        Criterion(key="tone", question="?", scale="nominal", levels=levels),))  # fmt: skip
    chosen = [annotation(by, "pairwise", {"selected": side}) for by, side in ((1, "left"), (2, "right"))]
    tasks = [{"id": 1, "data": {"text1": "x", "text2": "y"}, "annotations": chosen}]
    assert values(taken(tmp_path / "p.json", "label_studio", json.dumps(tasks), pair)) == {
        ("1", "1", 0): 1,
        ("1", "2", 0): 2,
    }


def test_potato_in_all_its_forms(tmp_path: Path) -> None:
    export = [
        {"instance_id": "i1", "user_id": "ann", "labels": {"tone": {"warm": True}}, "spans": {}, "links": {}},
        {"instance_id": "i1", "user_id": "bob", "labels": {"tone": {"cold": "true", "mild": False}}, "spans": {}},
        {"instance_id": "i2", "user_id": "bob", "labels": {"tone": {"scale": "2"}, "tone_comment": {"text_box": "hm"}}},
    ]
    study = taken(tmp_path / "annotations.jsonl", "potato", "\n".join(json.dumps(line) for line in export))
    assert values(study) == {("i1", "ann", 0): 3, ("i1", "bob", 0): 1, ("i2", "bob", 0): 2}
    assert study.ratings["comment"].tolist() == [None, None, "hm"]
    states = {
        "ann": {"user_id": "ann", "instance_id_to_label_to_value": {"i1": {"tone": {"labels": {"warm": True}}}}},
        "bob": {"user_id": "bob", "instance_id_to_label_to_value": {
            "i1": [[{"schema": "tone", "name": "cold"}, True]], "i2": [[{"schema": "tone", "name": "scale"}, "2"]]}},
    }  # fmt: skip
    for name, state in states.items():
        (tmp_path / "output" / name).mkdir(parents=True)
        (tmp_path / "output" / name / "user_state.json").write_text(json.dumps(state))
    kept = import_labels(tmp_path / "output", "potato", ONE, pseudonym=str)
    assert values(kept) == values(study)
    (tmp_path / "old" / "ann").mkdir(parents=True)
    line = {"id": "i1", "displayed_text": "x", "label_annotations": {"tone": {"warm": "warm"}}, "span_annotations": {}}
    (tmp_path / "old" / "ann" / "annotated_instances.jsonl").write_text(json.dumps(line) + "\n")
    assert values(import_labels(tmp_path / "old", "potato", ONE, pseudonym=str)) == {("i1", "ann", 0): 3}


def test_argilla(tmp_path: Path) -> None:
    from datasets import Dataset

    Dataset.from_dict(
        {
            "id": ["r1", "r2"],
            "_server_id": ["s1", "s2"],
            "status": ["completed", "pending"],
            "text": ["hello", "bye"],
            "tone.responses": [["warm", "cold"], ["mild", None]],
            "tone.responses.users": [["u1", "u2"], ["u1", "u2"]],
            "tone.responses.status": [["submitted", "submitted"], ["draft", "discarded"]],
            "tone.suggestion": ["mild", "mild"],
            "tone.suggestion.agent": ["model", "model"],
        }
    ).save_to_disk(str(tmp_path / "hf"))
    study = import_labels(tmp_path / "hf", "argilla", ONE, pseudonym=str)
    assert values(study) == {("r1", "u1", 0): 3, ("r1", "u2", 0): 1, ("r2", "u2", 0): None}
    assert any("1 response(s) that were not submitted" in note for note in study.notes)
    assert study.items["text"].tolist() == ["hello", "bye"]


@pytest.mark.parametrize(
    ("columns", "first", "second"),
    [
        ("Answer.tone", "warm", "1"),
        ("Answer.tone.label", "warm", "cold"),
        ("Answer.tone.1,Answer.tone.2,Answer.tone.3", "false,false,true", "true,false,false"),
        ("Answer.taskAnswers", '"[{""tone"":{""label"":""warm""}}]"', '"[{""tone"":{""1"":true,""3"":false}}]"'),
    ],
)
def test_mturk_in_all_its_forms(columns: str, first: str, second: str, tmp_path: Path) -> None:
    head = "HITId,AssignmentId,WorkerId,AssignmentStatus,SubmitTime,WorkTimeInSeconds,Input.item,Input.text"
    rows = [f"H1,A1,W1,Approved,Thu Oct 09 07:30:20 UTC 2025,12,i1,hello,{first},x,",
            f"H1,A2,W2,Rejected,Thu Oct 09 07:31:20 UTC 2025,3,i1,hello,{second},,too fast"]  # fmt: skip
    text = "\n".join([f"{head},{columns},Approve,Reject", *rows]) + "\n"
    study = taken(tmp_path / "Batch_1_batch_results.csv", "mturk", text)
    assert values(study) == {("i1", "W1", 0): 3, ("i1", "W2", 0): 1}
    assert study.ratings["seconds"].tolist() == [12, 3]
    assert any("1 assignment(s) were rejected" in n for n in study.notes)
    kept = taken(tmp_path / "again.csv", "mturk", text, rejected=False)
    assert values(kept) == {("i1", "W1", 0): 3}


def test_wide_and_long_as_spreadsheets_have_them(tmp_path: Path) -> None:
    study = taken(tmp_path / "w.csv", "wide", "item,tone:ann,tone:bob\ni1,warm,1\ni2,,mild\n")
    assert values(study) == {("i1", "ann", 0): 3, ("i1", "bob", 0): 1, ("i2", "bob", 0): 2}
    study = taken(tmp_path / "g.csv", "wide", "item,r_ann,r_bob\ni1,3,1\n",
                  Task(name="x", criteria=(TONE.model_copy(update={"key": "value"}),), source=Source(kind="f")),
                  template="r_*")  # fmt: skip
    assert values(study) == {("i1", "r_ann", 0): 3, ("i1", "r_bob", 0): 1}
    study = taken(tmp_path / "l.tsv", "long", "id\twho\tcriterion\tanswer\ni1\tann\ttone\twarm\n",
                  columns={"item": "id", "rater": "who", "value": "answer"})  # fmt: skip
    assert values(study) == {("i1", "ann", 0): 3}


@pytest.mark.parametrize(
    ("form", "name", "text", "said"),
    [
        ("crowdkit", "c.csv", "task,worker,label\na,w,warm\nb,w,tepid\n", "c.csv:3: unknown level 'tepid' for 'tone'"),
        ("crowdkit", "c.csv", "task,worker,label\na,w,warm\na,w,cold\n", "c.csv:3: doubled key"),
        ("crowdkit", "c.csv", "item,rater,value\na,w,warm\n", "no column task, worker, label"),
        ("crowdkit", "c.csv", "task,worker,label\na,,warm\n", "c.csv:2: no rater"),
        ("crowdkit", "c.csv", "task,worker,label\n", "no rows below the header"),
        ("long", "c.csv", "item,rater,value,criterion\na,w,warm,mood\n", "c.csv:2: criterion 'mood' is not in"),
        ("wide", "c.csv", "item,anna,ben\na,1,2\n", "no column matches"),
        ("label_studio", "c.json", "{", "c.json:1: broken JSON"),
        ("label_studio", "c.json", '[{"id": 1, "text": "x", "tone": "warm"}]', "c.json:1: no Label Studio task"),
        ("label_studio", "c.json", '[{"id": 1, "data": {}, "annotations": [{"result": []}]}]', "no annotator"),
        ("label_studio", "c.json", json.dumps([{"id": 1, "data": {}, "annotations": [
            {**annotation(1, "choices", {"choices": ["warm"]}), "result": [
                {"from_name": "sentiment", "to_name": "t", "type": "choices", "value": {"choices": ["warm"]}}]}]}]),
            "no control is called like a criterion"),
        ("label_studio", "c.json", json.dumps([{"id": 1, "data": {}, "annotations": [
            annotation(1, "choices", {"choices": ["warm", "cold"]})]}]), "has 2 choices"),
        ("potato", "c.jsonl", '{"instance_id": "a", "labels": {}}', "c.jsonl:1: no Potato annotation"),
        ("potato", "c.jsonl", '{"id": "a", "user_id": "u", "labels": {"mood": {"x": 1}}}', "no scheme called"),
        ("potato", "c.jsonl", '{"id": "a", "user_id": "u", "labels": {"tone": {"warm": 1, "cold": 1}}}', "2 labels"),
        ("argilla", "c.jsonl", '{"id": "a", "mood.responses": ["x"]}', "no responses to a question called like"),
        ("argilla", "c.jsonl", '{"id": "a", "tone.responses": ["warm"], "tone.responses.users": []}', "1 responses of"),
        ("mturk", "c.csv", "HITId,WorkerId,Answer.mood\na,w,x\n", "no answer called like a criterion"),
        ("mturk", "c.csv", "HITId,WorkerId,Answer.taskAnswers\na,w,nope\n", "c.csv:2: Answer.taskAnswers is no JSON"),
        ("mturk", "c.csv", "HITId,WorkerId,Answer.tone.1,Answer.tone.2\na,w,true,true\n", "c.csv:2: 'tone' has 2"),
    ],
)  # fmt: skip
def test_bad_files_are_told_in_one_line(form: str, name: str, text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        taken(tmp_path / name, form, text)
    line = str(caught.value)
    assert said in line
    assert "\n" not in line
    assert name in line
    assert " — " in line


def test_labels_of_other_items_are_refused(tmp_path: Path) -> None:
    items = pd.DataFrame({"item": ["a"], "variant": ["original"], "text": ["x"]})
    with pytest.raises(InputError, match=r"c.csv:3: item 'b' is not in the items table"):
        taken(tmp_path / "c.csv", "crowdkit", "task,worker,label\na,w,warm\nb,w,warm\n", items=items)


def test_missing_files_and_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        import_labels(tmp_path / "nothing.csv", "crowdkit", ONE, pseudonym=str)
    with pytest.raises(InputError, match=r"no user_state.json"):
        import_labels(tmp_path, "potato", ONE, pseudonym=str)
    with pytest.raises(InputError, match="no exchange is called 'excel'"):
        import_labels(tmp_path, "excel", TASK, pseudonym=str)
    (tmp_path / "p.csv").write_text("id,age\n1,2\n")
    with pytest.raises(InputError, match="no Prolific demographic export"):
        import_raters(tmp_path / "p.csv", pseudonym=str)


def test_prolific_submissions_beside_what_they_did_here(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "Submission id,Participant id,Status,Completion code\n"
        "s1,p1,AWAITING REVIEW,C1\ns2,p2,AWAITING REVIEW,C9\ns3,p3,RETURNED,\n"
        "s4,p4,AWAITING REVIEW,C1\ns5,p5,APPROVED,C1\n"
    )
    here = pd.DataFrame(
        {"rater": ["x1", "x2", "x4"], "stage": ["thanks", "thanks", "items"], "code": ["C1", "C2", None]}
    )
    found = settle(path, here, lambda name: name.replace("p", "x")).set_index("Submission id")["advice"]
    assert found["s1"] == "approve"
    assert found["s3"] == "returned"
    assert found["s2"].endswith("the code is another")
    assert found["s4"].endswith("left at 'items'")
    assert "nobody came" in found["s5"]


def test_options_of_a_command_line_are_text(tmp_path: Path) -> None:
    text = "id,who,criterion,answer\ni1,ann,tone,warm\n"
    told = taken(tmp_path / "l.csv", "long", text, columns="item:id,rater:who,value:answer")
    assert values(told) == {("i1", "ann", 0): 3}
    with pytest.raises(InputError, match="write columns=item:ID"):
        taken(tmp_path / "l.csv", "long", text, columns="id")
    head = "HITId,WorkerId,AssignmentStatus,Answer.tone\n"
    assert (
        taken(tmp_path / "m.csv", "mturk", f"{head}h,w,Rejected,1\nh,x,Approved,1\n", rejected="false").raters.shape[0]
        == 1
    )
    with pytest.raises(InputError, match="use true or false"):
        taken(tmp_path / "m.csv", "mturk", f"{head}h,w,Approved,1\n", rejected="no")
