"""The label door: it serves, it prints links that work, its commands do what they say, bad input is one line."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pandas as pd
import pytest
import yaml
from doors import environment
from labelling import label

import judgekit as jk
from judgekit import config
from judgekit import label as door
from judgekit.errors import InputError
from judgekit.humans.collected import Collected, where
from judgekit.humans.labels.desk import Desk
from judgekit.humans.labels.material import Material
from judgekit.humans.labels.settings import Settings
from judgekit.humans.labels.units import planned
from judgekit.tasks.load import load

STUDY = (
    "+experiment=empathy",
    "label.kind=simulated",
    "label.port=0",
    "label.plan.pools.people={overlap: full, raters: 2, items: 4, usd_per_hour: 12}",
)


def knobs(node: object, where: str = "") -> set[str]:
    """The places of all settings; lists and pools of a user's own end a place."""
    if not isinstance(node, dict) or not node:
        return {where}
    return {place for name, value in node.items() for place in knobs(value, f"{where}.{name}")}


def test_the_default_file_writes_every_knob(root: Path) -> None:
    text = (root / "conf" / "label" / "default.yaml").read_text(encoding="utf-8")
    assert knobs(yaml.safe_load(text)) == knobs(Settings().model_dump(mode="json"))
    assert "  #" in text


@pytest.fixture
def begun(home: Path) -> Path:
    """A study of two raters, one of whom has answered everything."""
    with jk.annotate("empathy", *STUDY[1:]) as site:
        label(site.desk, site.desk.invitations()[0].rater)
    return home


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = door.main([*words, *STUDY])
    out, err = capsys.readouterr()
    return status, out, err


def test_help_is_quick_and_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert door.main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {command}" in out for command in door.COMMANDS)


def test_status_links_and_invite(begun: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = said(capsys, "status")
    assert status == 0
    assert "the plan is not met yet" in out
    assert "raters: 1 thanks, 1 consent" in out
    assert "cost so far" in out
    _, out, _ = said(capsys, "links")
    tokens = re.findall(r"/[rs]/(\S+)", out)
    assert len(set(tokens)) == 3
    _, out, _ = said(capsys, "invite", "2", "--pool", "people")
    assert len(re.findall(r"/r/(\S+)", out)) == 2
    _, out, _ = said(capsys, "status")
    assert "3 consent" in out


def test_export_import_and_erase(begun: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    assert said(capsys, "export", str(file))[0] == 0
    frame = pd.read_csv(file)
    assert set(frame["kind"]) == {"simulated"}
    assert len(frame) == 4 * 4
    status, _, err = said(capsys, "export", str(file))
    assert status == 2
    assert "already" in err
    assert (
        said(capsys, "export", str(tmp_path / "task.csv"), "--format", "crowdkit", "--option", "criterion=overall")[0]
        == 0
    )
    frame["rater"] = "somebody-else"
    frame.drop(columns=[name for name in frame if name in ("kind", "role", "pool")]).to_csv(file, index=False)
    status, out, err = said(capsys, "import", str(file), "--format", "long")
    assert status == 0, err
    assert "16 new labels of 1 raters" in out
    _, out, _ = said(capsys, "status")
    assert "the plan is met" in out
    assert "somebody-else" not in Path(where("empathy", None)).read_bytes().decode("latin-1")
    rater = next(iter(Desk.open(where("empathy", None)).raters()["rater"]))
    status, out, _ = said(capsys, "erase", rater)
    assert (status, "16 answers" in out) == (0, True)
    assert said(capsys, "erase", rater)[0] == 2


def test_edits_to_check_and_a_judge_to_correct_come_from_the_run(home: Path) -> None:
    def units(*words: str) -> dict[tuple[str, str], int]:
        made = door.design_of(config.build(config.compose(["+experiment=empathy", *words])))
        frame = planned(made, Material(made)).frame
        return {key: int(n) for key, n in frame.groupby(["purpose", "arm"])["wanted"].sum().items()}  # type: ignore[misc]

    items = units()["item", "blind"]
    assert units("probes=[longer]", "label.probe_check.probes=[longer]")["check", "blind"] == 10 * 2
    with pytest.raises(InputError, match="no probe longer"):
        units("label.probe_check.probes=[longer]")
    with pytest.raises(InputError, match="no finished run"):
        units("label.review.judge=lexical")
    quick = ("judges=[lexical]", "stats=[percent]", "figures=[]", "report=false", "n_boot=0")
    jk.evaluate("empathy", *quick, progress=False)
    assert units("label.review.judge=lexical")["item", "review"] == items // 3
    with pytest.raises(InputError, match="no judge 'nobody'"):
        units("label.review.judge=nobody")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("status", "--loud"), "--loud"),
        (("erase",), "a word is missing"),
        (("export", "a", "b"), "'b' is too much"),
        (("status", "label.nonsense=1"), "label.nonsense"),
        (("links", "label.plan.timeout=-1"), "label.plan.timeout"),
        (("invite", "many"), "no number"),
        (("import", "nothing.csv"), "--format"),
        (("import", "nothing.csv", "--format", "long"), "no such file"),
        (("refer",), "adjudication.names"),
        (("label.plan.pools.people.k=7",), "another label.plan"),
        (("label.port=99999",), "label.port"),
    ],
)
def test_bad_input_is_one_line(
    begun: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    status = door.main([*words, *(word for word in STUDY if not word.startswith(words[-1].split("=")[0]))])
    out, err = capsys.readouterr()
    assert status == 2, out
    assert err.count("\n") == 1
    assert err.startswith("judgekit: ")
    assert says in err


def test_where_nothing_was_begun_every_command_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("status",), ("links",), ("invite",), ("export", "x.csv"), ("erase", "x")):
        status, _, err = said(capsys, *words)
        assert status == 2
        assert "no label study here" in err
    with pytest.raises(InputError, match="no label study here"):
        Collected(name="empathy").join(load(config.build(config.compose(STUDY[:1])).task), 0)


def test_labels_are_read_without_the_key_and_links_are_not_made(
    begun: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(where("empathy", None) + ".key").unlink()
    study = load(config.build(config.compose(STUDY[:1])).task)
    assert len(Collected(name="empathy").join(study, 0).people()) == 1
    assert said(capsys, "status")[0] == 0
    status, _, err = said(capsys, "links")
    assert (status, "no key" in err) == (2, True)
    status, _, err = said(capsys)
    assert (status, "no key" in err) == (2, True)  # a new one would make other pseudonyms


def test_labels_are_the_studys_people_and_nobody_elses(begun: Path) -> None:
    study = load(config.build(config.compose(STUDY[:1])).task)
    found = Collected(name="empathy").join(study, 0)
    assert len(found.people()) == 1
    assert set(found.raters["kind"]) == {"simulated"}
    assert set(found.ratings["rater"]) == set(found.people())
    assert {"stage", "code", "joined"}.isdisjoint(found.raters)
    assert {"comment", "span"}.isdisjoint(found.ratings)
    assert set(found.raters["usd_per_hour"]) == {12.0}
    with pytest.raises(InputError, match="no pool is called expert"):
        Collected(name="empathy", pools=["expert"]).join(study, 0)
    with pytest.raises(InputError, match="nobody has labelled"):
        Collected(name="empathy", arms=["review"]).join(study, 0)


@contextmanager
def serving(home: Path) -> Iterator[tuple[list[str], subprocess.Popen[str]]]:
    """Run the door as a user does; yields what it printed until the links were there, and its process."""
    command = [sys.executable, "-m", "judgekit.label", *STUDY]
    process = subprocess.Popen(
        command, env=environment(home), cwd=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        printed: list[str] = []
        while sum("/r/" in line for line in printed) < 2:
            assert process.stdout is not None
            assert process.stderr is not None
            printed.append(process.stdout.readline())
            assert printed[-1], process.stderr.read()
        yield printed, process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.door
def test_it_serves_until_it_is_interrupted_and_goes_on_from_there(home: Path) -> None:
    tokens = []
    for _ in range(2):
        with serving(home) as (printed, process):
            link = next(line for line in printed if "/r/" in line).split()[1]
            with httpx.Client(follow_redirects=True, timeout=60) as client:
                page = client.get(link)
            assert page.status_code == 200
            assert "Simulated raters" in page.text
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, err
            assert "what was answered is kept" in out
            assert "Traceback" not in err
            assert not re.search(r"/[rs]/", err)  # no token in a log
            tokens.append(re.findall(r"/[rs]/(\S+)", "".join(printed)))
            assert any("REHEARSAL" in line for line in printed)
    assert tokens[0] == tokens[1]


def test_a_file_of_ones_own_brings_its_questions(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("item,text,rater,value\n" + "".join(f"i{k},text {k},h,{k % 3}\n" for k in range(6)), "utf-8")
    words = ["+experiment=from_file", f"task.source.path={file}", "task.source.scale=ordinal"]
    design = door.design_of(config.build(config.compose(words)))
    (criterion,) = design.task.criteria
    assert criterion.codes == (0.0, 1.0, 2.0)
    with pytest.raises(InputError, match="the task asks nothing"):
        type(design).make(design.task.model_copy(update={"criteria": ()}), design.items)
