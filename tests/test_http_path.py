"""The same path over HTTP: a served recording gives the recording's estimates; an interrupted run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from doors import QUICK, door, environment
from loopback import Recorded, serve

import judgekit as jk
from judgekit import config
from judgekit.tasks.load import load

pytestmark = pytest.mark.door


def test_a_served_recording_gives_exactly_the_estimates_of_the_recording(
    mirror: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGEKIT_MIRROR", str(mirror))
    study = load(config.build(config.compose(["+experiment=lend_an_ear"])).task)
    gemini = next(judge for judge in study.judges() if "gemini" in judge)
    common = ("n_boot=200", "report=false", "~stats.faithful")  # the recording holds no reasons
    with serve(Recorded(study, gemini)) as server:
        asked = jk.evaluate(
            "lend_an_ear", "judges=[llm]", f"judges.llm.name={gemini}", f"judges.llm.base_url={server.url}",
            *common, progress=False,
        )  # fmt: skip
        assert server.calls == 50
    replayed = jk.evaluate("lend_an_ear", f"judges.replay.raters=[{gemini}]", *common, progress=False)
    pd.testing.assert_frame_equal(asked.estimates, replayed.estimates, check_exact=True)
    assert set(asked.ratings.loc[asked.ratings["rater"] == gemini, "status"]) == {"ok"}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_an_interrupted_run_goes_on_where_it_stopped(how: signal.Signals, tmp_path: Path) -> None:
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    broken.mkdir()
    whole.mkdir()
    with serve(latency=0.05) as server:
        words = [
            "+experiment=safety", "judges=[llm,lexical]", f"judges.llm.base_url={server.url}",
            "judges.llm.endpoint=loopback", "judges.llm.concurrency=4", *QUICK,
        ]  # fmt: skip
        child = subprocess.Popen(
            [sys.executable, "-m", "judgekit.run", *words],
            env=environment(broken), cwd=broken, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until = time.monotonic() + 60
        while server.calls < 40 and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(child.pid, how)
        _, said = child.communicate(timeout=60)
        before = server.calls
        assert 40 <= before < 100
        if how == signal.SIGINT:
            assert child.returncode == 130
            assert "goes on" in said
        again = door("run", *words, home=broken)
        assert again.returncode == 0, again.stderr
        items = server.calls - before
        assert door("run", *words, home=whole).returncode == 0
        every = server.calls - before - items
    assert before + items <= every + 4, "more was asked anew than had been in flight"
    one, two = (next((folder / "data/runs/safety").glob("*/estimates.parquet")) for folder in (broken, whole))
    assert one.read_bytes() == two.read_bytes()
    columns = ["item", "criterion", "rater", "rep", "value", "status", "shown", "call"]
    tables = [pd.read_parquet(path.with_name("ratings.parquet"))[columns] for path in (one, two)]
    pd.testing.assert_frame_equal(*tables)
