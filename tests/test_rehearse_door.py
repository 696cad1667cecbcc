"""The rehearsal's door: a design in, power and false alarms out; finished designs are not done again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from judgekit import rehearse

QUICK = ("--data-sets", "4", "--replicates", "200", "--scenes", "position")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = rehearse.main(words)
    told = capsys.readouterr()
    return status, told.out, told.err


def test_help_names_every_option_and_scene(capsys: pytest.CaptureFixture[str]) -> None:
    from judgekit.rehearsal.run import SCENES

    with pytest.raises(SystemExit) as ended:
        rehearse.main(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    for option in ("items", "people", "levels", "reps", "missing", "careless", "length", "scenes", "data-sets",
                   "replicates", "seed", "jobs", "out", "figure"):  # fmt: skip
        assert f"--{option} " in out
    for scene in SCENES:
        assert f"\n  {scene} " in out


def test_a_design_gives_power_false_alarms_and_advice(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(capsys, *QUICK, "--items", "40")
    assert status == 0
    assert "position: 40 items" in out
    assert "≤ .05" in out
    assert "≥ .80" in out
    assert "items find all plants of practical size in 80 % of studies" in out
    assert "rehearsing: 1 of 1" in err


def test_a_task_lends_its_items_and_levels(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = said(capsys, "task=safety", "--data-sets", "2", "--replicates", "200", "--scenes", "reps")
    assert status == 0
    assert "reps: 113 items, 5 people, 3 levels, judges asked 2 times" in out
    assert rehearse.task_of("+experiment=safety")[0].name == "safety"


def test_finished_designs_are_kept_and_others_added(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "table.csv"
    assert said(capsys, *QUICK, "--items", "40", "--out", str(path))[0] == 0
    first = path.read_text(encoding="utf-8")
    drawn = tmp_path / "drawn.png"
    status, _, err = said(capsys, *QUICK, "--items", "30", "40", "--out", str(path), "--figure", str(drawn))
    assert status == 0
    assert "rehearsing: 1 of 1" in err
    both = pd.read_csv(path)
    assert both["items"].unique().tolist() == [30, 40]
    assert both[both["items"] == 40].to_csv(index=False).split("\n")[1:] == first.split("\n")[1:]
    assert drawn.stat().st_size > 10_000
    other = tmp_path / "other.csv"
    assert said(capsys, *QUICK, "--items", "30", "40", "--out", str(other))[0] == 0
    assert other.read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_several_processes_give_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--data-sets", "22", "--replicates", "200", "--scenes", "position", "reps", "--items", "30")
    for jobs in ("1", "2"):
        assert said(capsys, *words, "--jobs", jobs, "--out", str(tmp_path / f"{jobs}.csv"))[0] == 0
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_another_seed_does_not_mix_with_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "table.csv"
    assert said(capsys, *QUICK, "--items", "30", "--out", str(path))[0] == 0
    before = path.read_bytes()
    status, _, err = said(capsys, *QUICK, "--items", "30", "--seed", "1", "--out", str(path))
    assert status == 2
    assert "was made with other settings" in err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--items", "5"), "5 items are too few"),
        (("--levels", "2"), "2 levels are too few"),
        (("--scenes", "bias"), "no scene is called bias"),
        (("--data-sets", "1"), "1 data sets are too few"),
        (("--replicates", "10"), "10 replicates are too few"),
        (("--jobs", "0"), "0 processes are none"),
        (("empathy",), "'empathy' names no task"),
        (("task=nothing",), "no task is called 'nothing'"),
        (("--items", "20", "--figure", "drawn.txt"), "give a .png or .pdf"),
    ],
)
def test_bad_input_is_one_line(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    first = words[:1] if not words[0].startswith("-") else ()
    status, _, err = said(capsys, *first, *QUICK, *words[len(first) :])
    assert status == 2
    assert told in err
    assert "Traceback" not in err


def test_a_file_that_is_no_table_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("my,notes\n1,2\n", encoding="utf-8")
    status, _, err = said(capsys, *QUICK, "--items", "30", "--out", str(path))
    assert status == 2
    assert "is no table of this command" in err
    assert path.read_text(encoding="utf-8") == "my,notes\n1,2\n"
