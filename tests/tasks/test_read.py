"""Reading a table from disk, whatever its form, and what is said of one that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from judgekit.errors import InputError
from judgekit.tasks.faults import Faults
from judgekit.tasks.read import read

RECORDS = [
    {"item": "1", "rater": "anna", "value": "3"},
    {"item": "2", "rater": "anna", "value": "4"},
    {"item": "2", "rater": "ben", "value": "1"},
]


def write(folder: Path, name: str, text: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def saved(folder: Path, form: str) -> Path:
    frame = pd.DataFrame(RECORDS)
    if form in (".csv", ".tsv"):
        frame.to_csv(folder / f"t{form}", index=False, sep="," if form == ".csv" else "\t")
    elif form in (".jsonl", ".ndjson"):
        write(folder, f"t{form}", "\n".join(json.dumps(record) for record in RECORDS) + "\n")
    elif form == ".json":
        write(folder, "t.json", json.dumps(RECORDS))
    elif form == ".parquet":
        frame.to_parquet(folder / "t.parquet")
    else:
        import datasets

        datasets.disable_progress_bars()
        datasets.Dataset.from_list(RECORDS).save_to_disk(str(folder / "t"))
        return folder / "t"
    return folder / f"t{form}"


@pytest.mark.parametrize("form", [".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", "folder"])
def test_every_form_gives_the_same_table(tmp_path: Path, form: str) -> None:
    sheet = read(saved(tmp_path, form))
    assert list(sheet.frame.columns) == ["item", "rater", "value"]
    assert sheet.frame.astype(str).to_dict("records") == RECORDS
    first = 2 if form in (".csv", ".tsv") else 1
    assert list(sheet.lines) == [first, first + 1, first + 2]


def test_a_json_object_of_lists_is_a_table_too(tmp_path: Path) -> None:
    file = write(tmp_path, "t.json", json.dumps({"item": ["a", "b"], "value": [1, 2]}))
    assert read(file).frame.to_dict("records") == [{"item": "a", "value": 1}, {"item": "b", "value": 2}]


def test_lines_are_those_of_the_file_where_a_cell_holds_line_breaks(tmp_path: Path) -> None:
    file = write(tmp_path, "t.csv", 'item,text\n\na,"one\ntwo\nthree"\nb,four\n')
    sheet = read(file)
    assert list(sheet.lines) == [3, 6]
    assert sheet.frame["text"][0] == "one\ntwo\nthree"


def test_text_stays_text_and_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    file = write(tmp_path, "t.csv", b"\xef\xbb\xbfitem,country,value\n007,NA,1.0\n")
    assert read(file).frame.to_dict("records") == [{"item": "007", "country": "NA", "value": "1.0"}]


def test_a_very_long_cell_is_read_and_the_limit_put_back(tmp_path: Path) -> None:
    import csv

    before = csv.field_size_limit()
    file = write(tmp_path, "t.csv", f"item,text\n1,{'x' * 200_000}\n")
    assert len(read(file).frame["text"][0]) == 200_000
    assert csv.field_size_limit() == before


def test_long_ids_beside_gaps_stay_exact(tmp_path: Path) -> None:
    file = write(tmp_path, "t.jsonl", '{"item": 1234567890123456789, "value": 1}\n{"value": 2}\n')
    assert read(file).frame["item"][0] == 1234567890123456789
    frame = pd.DataFrame({"item": pd.array([1234567890123456789, None], dtype="Int64")})
    frame.to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet").frame["item"][0] == 1234567890123456789


def test_a_row_number_column_without_a_name_is_left_out(tmp_path: Path) -> None:
    pd.DataFrame(RECORDS).to_csv(tmp_path / "t.csv")
    assert list(read(tmp_path / "t.csv").frame.columns) == ["item", "rater", "value"]
    pd.DataFrame(RECORDS, index=[3, 7, 9]).to_parquet(tmp_path / "t.parquet")
    assert list(read(tmp_path / "t.parquet").frame.columns) == ["item", "rater", "value"]


def test_class_labels_come_as_their_names(tmp_path: Path) -> None:
    import datasets

    datasets.disable_progress_bars()
    kinds = datasets.Features(
        {"item": datasets.Value("string"), "value": datasets.ClassLabel(names=["safe", "unsafe"])}
    )
    datasets.Dataset.from_dict({"item": ["a", "b"], "value": [1, None]}, features=kinds).save_to_disk(tmp_path / "t")
    column = read(tmp_path / "t").frame["value"]
    assert list(column.cat.categories) == ["safe", "unsafe"]
    assert column[0] == "unsafe"
    assert pd.isna(column[1])


def test_one_split_is_taken_and_of_several_one_must_be_named(tmp_path: Path) -> None:
    import datasets

    datasets.disable_progress_bars()
    one = datasets.Dataset.from_list(RECORDS)
    datasets.DatasetDict({"train": one}).save_to_disk(tmp_path / "one")
    assert len(read(tmp_path / "one").frame) == 3
    datasets.DatasetDict({"train": one, "test": one.select([0])}).save_to_disk(tmp_path / "two")
    assert len(read(tmp_path / "two", split="test").frame) == 1
    with pytest.raises(InputError, match=r"several splits — set split to one of: train, test"):
        read(tmp_path / "two")
    with pytest.raises(InputError, match=r"no split 'dev'"):
        read(tmp_path / "two", split="dev")


def test_the_hub_is_asked_for_the_named_split(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    asked = []

    def answer(name: str, split: str | None = None) -> datasets.Dataset:
        asked.append((name, split))
        return datasets.Dataset.from_list(RECORDS)

    monkeypatch.setattr(datasets, "load_dataset", answer)
    assert len(read("hf:owner/name:test").frame) == 3
    assert len(read("hf:owner/name", split="dev").frame) == 3
    assert asked == [("owner/name", "test"), ("owner/name", "dev")]


def test_a_hub_out_of_reach_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    def refuse(name: str, split: str | None = None) -> None:
        raise ConnectionError("cannot reach the hub\nwith a long story")

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(InputError, match=r"hf:owner/name: the dataset cannot be loaded .cannot reach the hub. — check"):
        read("hf:owner/name")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"", "t.csv: the file is empty"),
        ("t.csv", b" \n\n", "the file is empty"),
        ("t.csv", b"item,value\n", "no rows below the header"),
        ("t.csv", b"item,value\na,1\nb,2,3\n", "t.csv:3: 3 cells where the header has 2"),
        ("t.csv", b"item,value\na,1\nb\n", "t.csv:3: 1 cells where the header has 2"),
        ("t.csv", b"item,value\na,1\ncaf\xe9,2\n", r"t.csv:3: not UTF-8 \(byte 0xE9\) — save it as UTF-8"),
        ("t.csv", "item,value\na,1\n".encode("utf-16"), "t.csv:1: the file is UTF-16 text"),
        ("t.csv", "item,value\na,1\n".encode("utf-16-le"), "NUL bytes"),
        ("t.csv", b'item,value\na,"1\nb,2\n', "t.csv:2: broken quoting"),
        ("t.csv", b'item,value\na,"1"x\nb,2\n', "t.csv:2: broken quoting"),
        ("t.csv", b"item;value\na;1\n", "t.csv:1: one column only.*set delimiter to ';'"),
        ("t.csv", b"item,value,item\na,1,b\n", "t.csv:1: column.s. item stand twice"),
        ("t.csv", b"item,,value\na,x,1\n", "t.csv:1: column 2 has no name"),
        ("t.jsonl", b'{"item": 1}\n{"item": \n', "t.jsonl:2: broken JSON"),
        ("t.jsonl", b'{"item": 1}\n[1]\n', "t.jsonl:2: a JSON list, not an object"),
        ("t.jsonl", b'{"item": 1, "item": 2}\n', "t.jsonl:1: broken JSON .a key stands twice"),
        ("t.jsonl", b"[" * 100_000, "t.jsonl:1: broken JSON"),
        ("t.jsonl", b'{"item": ' + b"9" * 5000 + b"}", "t.jsonl:1: broken JSON"),
        ("t.json", b'[{"item": 1},\n{]', "t.json:2: broken JSON"),
        ("t.json", b"3", "a JSON number, not a table"),
        ("t.json", b'[{"item": 1}, 2]', "t.json:2: entry 2 is a JSON number"),
        ("t.json", b'{"item": [1], "value": [1, 2]}', "columns of different length"),
        ("t.parquet", b"PAR1 no", "t.parquet: no readable parquet file"),
        ("t.xlsx", b"PK", r"unknown ending '.xlsx' — save it as CSV \(UTF-8\)"),
        ("t.txt", b"item", "unknown ending '.txt' — give it as one of .csv"),
    ],
)
def test_what_cannot_be_read_is_said_with_place_and_fix(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    file = write(tmp_path, name, content)
    with pytest.raises(InputError, match=said) as caught:
        read(file)
    assert " — " in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("path", ["absent.csv", "absent", ".", "x\0y.csv", "a" * 5000 + ".csv", "hf:"])
def test_paths_that_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        read(path)


def test_a_delimiter_can_be_given(tmp_path: Path) -> None:
    file = write(tmp_path, "t.csv", "item;value\na;1,5\n")
    assert read(file, delimiter=";").frame.to_dict("records") == [{"item": "a", "value": "1,5"}]
    with pytest.raises(InputError, match=r"';;' is no delimiter"):
        read(file, delimiter=";;")


def test_all_broken_lines_are_gathered_and_the_rest_is_read(tmp_path: Path) -> None:
    file = write(tmp_path, "t.csv", b"item,value\na,1\nb\nc,\xe9\nd,4,5\ne,6\n")
    found = Faults("")
    sheet = read(file, found=found)
    assert [line.split(" — ")[0] for line in found.each()] == [
        f"{file}:3: 1 cells where the header has 2",
        f"{file}:4: not UTF-8 (byte 0xE9)",
        f"{file}:5: 3 cells where the header has 2",
    ]
    assert list(sheet.frame["item"]) == ["a", "c", "e"]
    assert list(sheet.lines) == [2, 4, 6]
