"""The check door: what a file is, what it can support, what is wrong with it, row by row."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from judgekit import check
from judgekit.tasks.load import load


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUDGEKIT_HOME", str(tmp_path))
    return tmp_path


def ratings(n: int = 40, people: int = 3, judges: int = 1, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    trait = rng.integers(1, 6, n)
    names = [f"p{k}" for k in range(people)] + [f"j{k}" for k in range(judges)]
    rows = [
        (f"i{i}", name, int(np.clip(trait[i] + rng.integers(-1, 2), 1, 5)), ["ja", "en"][i % 2], f"Text {i}")
        for i in range(n)
        for name in names
    ]
    return pd.DataFrame(rows, columns=["id", "who", "mark", "lang", "text"])


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = check.main(list(words))
    return status, capsys.readouterr().out


MAP = ("--item", "id", "--rater", "who", "--value", "mark")


def test_a_good_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ratings().to_csv("my.csv", index=False)
    status, out = said(capsys, "my.csv", *MAP, "--judges", "j0", "--scale", "ordinal", "--levels", *"12345")
    assert status == 0
    assert "my.csv: 160 rows, columns id, who, mark, lang, text" in out
    assert "items       40, with texts" in out
    assert "3 human (pool people): p0, p1, p2" in out
    assert "1 judge (pool judges): j0" in out
    assert "value: ordinal, 1 " in out
    assert "people an item 3 (40 of 40 items); judges 1; 40 items have both" in out
    assert "lang: ja (20), en (20)" in out
    assert "yes   agreement among people: 40 items with two or more people" in out
    assert "yes   human ceiling: 40 items with three or more people" in out
    assert "yes   judge against people: 40 items rated by judge and people" in out
    assert "yes   stratum lang: 2 of 2 levels can be estimated" in out
    assert "Krippendorff's alpha would be known to about ±0." in out
    assert "inferred" not in out
    assert out.index("what it is") < out.index("what it can support") < out.index("what is wrong with it\n  nothing")
    assert "\x1b" not in out


def test_the_command_it_ends_with_reads_the_same_study(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from judgekit import config

    ratings().rename(columns={"who": "the rater's name"}).to_csv("my file.csv", index=False)
    words = ["my file.csv", "--item", "id", "--rater", "the rater's name", "--value", "mark", "--judges", "j0"]
    words += ["--scale", "mark=ordinal", "--levels", "mark=1,2,3,4,5", "--strata", "lang"]
    asked = check.parser().parse_args(words)
    assert said(capsys, *words)[0] == 2  # the criterion is called "value" where one column is named
    words[words.index("mark=ordinal")], words[words.index("mark=1,2,3,4,5")] = "value=ordinal", "value=1,2,3,4,5"
    asked = check.parser().parse_args(words)
    status, out = said(capsys, *words)
    assert status == 0
    line = check.command(asked)
    assert f"to run it: {line}" in out
    overrides = shlex.split(line)[3:]
    made = load(config.build(config.compose(overrides)).task)
    expected = check.look(asked).study
    assert expected is not None
    pd.testing.assert_frame_equal(made.ratings, expected.ratings)
    assert made.task.criteria == expected.task.criteria
    assert made.task.strata == expected.task.strata == ("lang",)


def test_every_fault_is_listed_with_its_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ratings(n=4).to_csv(index=False).splitlines()
    lines[2] = lines[2].replace(",p1,", ",,")
    lines[5] = "broken"
    lines[6] = "i1,p1,seven,en,Text 1"
    lines[7] = lines[8].replace(",j0,", ",j0,")
    lines[9] = "i2,p0,,ja,Text 2"
    lines[10] = "i2,p1,3,ja,Another text"
    Path("my.csv").write_text("\n".join(lines), encoding="utf-8")
    status, out = said(capsys, "my.csv", *MAP, "--judges", "j0", "nobody")
    assert status == 2
    wrong = out.split("what is wrong with it\n")[1].strip().splitlines()
    assert [line.split(" — ")[0].strip() for line in wrong] == [
        "my.csv: 1 rater(s) without ratings: nobody",
        "my.csv:3: no rater",
        "my.csv:6: 1 cells where the header has 5",
        "my.csv:7: 'seven' is a word; 'value' is a number elsewhere",
        "my.csv:9: doubled key item=i1, variant=original, criterion=value, rater=j0, rep=0",
        "my.csv:10: no value",
        "my.csv:11: item 'i2' had another text before",
        "7 in all",
    ]


def test_the_sound_rows_are_described_all_the_same(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = ratings()
    frame.loc[[3, 50], "mark"] = 9
    frame.to_csv("my.csv", index=False)
    status, out = said(capsys, "my.csv", *MAP, "--scale", "ordinal", "--levels", *"12345")
    assert status == 2
    assert "what it is (its rows without a fault)" in out
    assert "ratings     158" in out
    assert "my.csv:5: unknown level '9' for 'value' (levels 1–5)" in out
    assert "my.csv:52: unknown level '9'" in out
    assert "2 in all" in out
    assert "to run it" not in out


def test_no_more_than_twenty_faults_are_shown_and_all_are_counted(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ratings().assign(mark=9).to_csv("my.csv", index=False)
    status, out = said(capsys, "my.csv", *MAP, "--scale", "ordinal", "--levels", *"12345")
    assert status == 2
    assert out.count("unknown level '9'") == 20
    assert "… and 140 more" in out
    assert "160 in all" in out


@pytest.mark.parametrize(
    ("frame", "lines"),
    [
        (ratings(people=1), ["no    agreement among people: one person only", "yes   judge against people: 40 items"]),
        (ratings(judges=0), ["yes   agreement among people", "no    judge against people: no rater is a judge"]),
        (ratings(people=2), ["thin  human ceiling: one pair of people an item sets it"]),
        (ratings(n=12), ["thin  agreement among people: 12 items", "no    stratum lang: 0 of 2 levels"]),
        (ratings(people=0), ["no    agreement among people: no rater is a person", "no    judge against people"]),
        (ratings().drop(columns="text"), ["items       40, without texts", "no    asking further judges"]),
    ],
)
def test_what_a_file_cannot_support_is_said_with_the_reason(
    here: Path, capsys: pytest.CaptureFixture[str], frame: pd.DataFrame, lines: list[str]
) -> None:
    frame.to_csv("my.csv", index=False)
    judges = sorted({name for name in frame["who"] if name.startswith("j")})
    _, out = said(capsys, "my.csv", *MAP, *(["--judges", *judges] if judges else []))
    for line in lines:
        assert line in out


def test_people_who_share_no_item_cannot_agree(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = ratings(people=2, judges=0)
    frame = frame[(frame["who"] == "p0") == (frame["lang"] == "ja")]
    frame.to_csv("my.csv", index=False)
    status, out = said(capsys, "my.csv", *MAP)
    assert status == 0
    assert "no    agreement among people: no item was rated by two people" in out


def test_few_minority_items_are_warned_of(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = ratings()
    frame["mark"] = np.where(frame["id"].isin(["i3", "i8"]), "unsafe", "safe")
    frame.to_csv("my.csv", index=False)
    _, out = said(capsys, "my.csv", *MAP, "--judges", "j0")
    assert "fewer than 5 items carry the rarer labels" in out
    assert "Scale of 'value' inferred as nominal (2 different words)" in out


def test_one_column_a_rater_and_one_a_criterion(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("wide.csv").write_text("id,anna,ben,gpt\na,1,2,2\nb,2,,3\nc,3,3,1\n", encoding="utf-8")
    status, out = said(capsys, "wide.csv", "--item", "id", "--wide", "anna", "ben", "gpt", "--judges", "gpt")
    assert status == 0
    assert "people an item 1 to 2, median 2 (3 of 3 items)" in out
    Path("talks.csv").write_text("item,rater,warm,safe\na,x,1,no\na,y,2,yes\nb,x,2,yes\nb,y,2,no\n", encoding="utf-8")
    status, out = said(capsys, "talks.csv", "--value", "warm", "safe", "--scale", "warm=ordinal", "safe=nominal")
    assert status == 0
    assert "criterion   warm: ordinal" in out
    assert "criterion   safe: nominal, no 50%, yes 50%" in out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["absent.csv"], "absent.csv: no such file — check the path"),
        (["my.csv"], "my.csv: no column 'item', 'rater', 'value'"),
        (["my.csv", *MAP, "--scale", "ordinal", "nominal"], "several scales: ordinal, nominal"),
        (["my.csv", *MAP, "--aggregates", "p0"], "'p0' is no NAME=VALUE"),
        (["my.csv", *MAP, "--scale", "warmth=ordinal"], "scale given for warmth, of which there are no ratings"),
        (["my.csv", *MAP, "--missing", "never"], "missing is 'never'"),
        (["my.csv", "--wide", "x*"], "no column matches 'x*'"),
    ],
)
def test_what_cannot_be_looked_at_at_all(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], line: str
) -> None:
    ratings().to_csv("my.csv", index=False)
    status, out = said(capsys, *words)
    assert status == 2
    assert line in out


def test_a_users_words_are_printed_as_they_are(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("my.csv").write_text("item,rater,value\na,[red]x,1\nb,:smile:,2\nc,\x1b[31my,2\n", encoding="utf-8")
    status, out = said(capsys, "my.csv")
    assert status == 0
    assert "[red]x, :smile:, �[31my" in out


@pytest.mark.door
def test_the_door_in_a_process_of_its_own(here: Path) -> None:
    ratings().to_csv("my.csv", index=False)
    good = subprocess.run(
        [sys.executable, "-m", "judgekit.check", "my.csv", *MAP], capture_output=True, text=True, timeout=120
    )
    assert (good.returncode, good.stderr) == (0, "")
    bad = subprocess.run(
        [sys.executable, "-m", "judgekit.check", "my.csv"], capture_output=True, text=True, timeout=120
    )
    assert (bad.returncode, bad.stderr) == (2, "")
    assert sorted(path.name for path in here.iterdir()) == ["my.csv"]


def test_levels_may_be_given_with_commas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ratings.csv"
    rows = [f"i{i},{rater},{1 + (i + k) % 3}" for i in range(12) for k, rater in enumerate("ab")]
    file.write_text("\n".join(["item,rater,value", *rows]) + "\n", encoding="utf-8")
    said = []
    for levels in (["1,2,3,4"], ["1", "2", "3", "4"]):
        assert check.main([str(file), "--scale", "ordinal", "--levels", *levels]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
