"""The plan's door: what a run would ask and cost, before it asks."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from doors import QUICK, door, one_line
from loopback import Server

from judgekit import config, plan
from judgekit.judges.forecast import Forecast, together
from judgekit.judges.limits import Limits
from judgekit.judges.pace import Pace

MODEL = "judges=[llm]"
PRICE = "prices={openai/gpt-4o-mini: {input: 1, output: 2}}"


def rows(text: str) -> dict[str, list[str]]:
    """The table's rows by their first cell."""
    cells = [re.split(r"\s{2,}", line) for line in text.splitlines()]
    return {line[0]: line[1:] for line in cells if len(line) == 10}


def planned(*words: str) -> tuple[list[Forecast], int, Limits]:
    made = config.build(config.compose([*words]))
    settings = made.settings
    limits = Limits(settings.budget, settings.pace, settings.prices)
    found, items, _ = plan.forecasts(made, limits)
    return found, items, limits


@pytest.mark.door
def test_it_needs_no_key_sends_nothing_and_leaves_nothing(home: Path) -> None:
    done = door("plan", "+experiment=safety", "judges=[llm,lexical]", home=home)
    assert done.returncode == 0, done.stderr
    table = rows(done.stdout)
    model, calls, recorded, anew, tokens_in, tokens_out, usd, most, time = table["llm"]
    assert (model, calls, recorded, anew) == ("openai/gpt-4o-mini", "113", "0", "113")
    assert table["total"][1:8] == table["llm"][1:8]
    assert table["lexical"][1] == "0"
    assert float(tokens_in.replace(",", "")) > 10_000
    assert float(tokens_out.replace(",", "")) == 113 * 1024  # nothing on record: as long as max_tokens
    assert 0 < float(usd) < float(most)
    assert time != "-"
    assert "prices of 20" in done.stdout
    assert "characters / 4" in done.stdout
    assert not list(home.rglob("*.*"))


@pytest.mark.door
def test_bad_input_is_one_line_and_help_is_complete(home: Path) -> None:
    one_line(door("plan", "+experiment=nothing", home=home), "no experiment is called 'nothing'")
    one_line(door("plan", "-m", "+experiment=safety", home=home), "'-m' is no option")
    one_line(door("plan", "+experiment=safety", MODEL, "judges.llm.model=gpt", home=home), "no provider string")
    one_line(door("plan", "+experiment=safety", MODEL, "budget.usd=-1", home=home), "budget.usd is -1")
    said = door("plan", "--help", home=home)
    assert said.returncode == 0
    assert "before a cent is spent" in said.stdout


@pytest.mark.door
def test_what_the_ledger_holds_is_subtracted_and_its_means_are_used(home: Path, loopback: Server) -> None:
    words = ["+experiment=safety", MODEL, f"judges.llm.base_url={loopback.url}", "judges.llm.endpoint=lab", PRICE]
    before, _, _ = planned(*words)
    assert (before[0].calls, before[0].recorded) == (113, 0)
    done = door("run", *words, *QUICK, "budget.usd=0.06", home=home)
    assert done.returncode == 0, done.stderr
    asked = loopback.calls
    assert 0 < asked < 113
    assert f"{113 - asked} of 113 items not asked of llm: budget" in next(home.rglob("manifest.json")).read_text()
    after, _, limits = planned(*words)
    assert (after[0].calls, after[0].recorded, after[0].anew) == (113, asked, 113 - asked)
    with sqlite3.connect(home / "data" / "ledger.sqlite") as file:
        sent, answered, usd = file.execute("SELECT sum(tokens_in), sum(tokens_out), sum(usd) FROM calls").fetchone()
    file.close()
    assert after[0].tokens_out == pytest.approx((113 - asked) * answered / asked)
    assert after[0].tokens_in == pytest.approx((113 - asked) * sent / asked, rel=0.2)
    assert after[0].guessed == ()
    # the forecast holds: the rest costs about what was said, and no more than the worst case
    assert door("run", *words, *QUICK, home=home).returncode == 0
    with sqlite3.connect(home / "data" / "ledger.sqlite") as file:
        whole = file.execute("SELECT sum(usd) FROM calls").fetchone()[0]
    file.close()
    assert whole - usd == pytest.approx(after[0].usd, rel=0.2)
    assert whole - usd <= after[0].most
    assert together(after, limits).anew == 113 - asked
    done_all, _, _ = planned(*words)
    assert (done_all[0].anew, done_all[0].usd) == (0, 0.0)
    with sqlite3.connect(home / "data" / "ledger.sqlite") as file:
        file.execute("UPDATE calls SET status = 'refused' WHERE key IN (SELECT key FROM calls ORDER BY key LIMIT 3)")
    file.close()
    assert planned(*words)[0][0].anew == 0  # a refusal is an answer
    assert planned(*words, "ledger.mode=refresh")[0][0].anew == 3


def test_reps_prompts_and_an_unpriced_model_show(home: Path) -> None:
    words = ("+experiment=safety", MODEL, "judges.llm.model=mine/x", "judges.llm.base_url=http://127.0.0.1:9/v1")
    once, items, _ = planned(*words)
    thrice, _, _ = planned(*words, "judges.llm.reps=3")
    assert thrice[0].calls == 3 * once[0].calls == 3 * items
    short, _, _ = planned(*words, "judges.llm.asking.reason=none")
    assert short[0].tokens_in < once[0].tokens_in
    assert once[0].usd != once[0].usd  # not a number: no price
    assert once[0].unpriced == ("mine@http://127.0.0.1:9/v1/x",)
    said = "\n".join(plan.lines(config.build(config.compose([*words]))))
    assert "no price of mine@http://127.0.0.1:9/v1/x" in said
    assert rows(said)["llm"][6:8] == ["-", "-"]


def test_the_budget_is_held_against_the_plan(home: Path) -> None:
    def said(*words: str) -> str:
        return "\n".join(plan.lines(config.build(config.compose(["+experiment=safety", MODEL, PRICE, *words]))))

    assert "budget.usd=100.0: fits" in said("budget.usd=100")
    assert "budget.usd=0.001: may end the run early" in said("budget.usd=0.001")
    assert "budget.minutes=1: ends the run early" in said("budget.minutes=1", "pace.requests=10")


def test_rates_lengthen_the_time_and_judges_of_one_endpoint_share_them() -> None:
    limits = Limits(pace=Pace(requests=60.0))
    judges = [Forecast(name, ("openai/a",), calls=120, work=120.0, seconds=120.0) for name in ("x", "y")]
    assert together(judges, limits).seconds == 240
    apart = [Forecast("x", ("openai/a",), 120, seconds=120.0), Forecast("y", ("google/b",), 120, seconds=120.0)]
    assert together(apart, limits).seconds == 120


def test_an_editor_has_a_row_and_what_its_edits_and_reasons_will_ask_is_said(home: Path) -> None:
    asked = config.build(config.compose(
        ["+experiment=empathy", "judges=[llm]", "probes=[paraphrased,cited_deleted,uncited_deleted]", "editor=llm",
         "editor.model=ollama/writer"]
    ))  # fmt: skip
    told = plan.lines(asked)
    (row,) = [line for line in told if line.startswith("editor")]
    assert row.split()[1:5] == ["ollama/writer", "111", "0", "111"]
    assert any("111 edits are not made yet" in line for line in told)
    assert any("second pass: up to 888 further questions" in line for line in told)
    assert not any(path.suffix == ".sqlite" for path in home.rglob("*"))
