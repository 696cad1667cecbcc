"""What a run may spend: prices, the cap that is never broken, whole items, and what is said of the rest."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import Server
from virtual import clock, run

from judgekit.errors import InputError
from judgekit.judges.ask import ask, run_sync
from judgekit.judges.base import Bench
from judgekit.judges.budget import Amount, Budget, Caps, OverBudgetError
from judgekit.judges.gate import Gate, gate_of
from judgekit.judges.limits import Limits
from judgekit.judges.llm import LLM
from judgekit.judges.prices import Price, Prices, Used, used
from judgekit.judges.survey import Survey, emptiest
from judgekit.ledger import Ledger, Reply, Request
from judgekit.schema import Answer, Criterion, Item, Kind, Level, Source, Task, Verdict
from judgekit.study import Study

LEVELS = (Level(code=1, label="cold"), Level(code=2, label="even"), Level(code=3, label="warm"))
TASK = Task(
    name="care",
    criteria=(Criterion(key="warmth", question="How warm?", scale="ordinal", levels=LEVELS),),
    source=Source(kind="frame"),
)
ITEMS = [Item(f"i{number:02}", f"reply {number}") for number in range(12)]
PRICED = {"openai/gpt": {"input": 10.0, "output": 40.0}}


# ---- prices


def test_the_shipped_prices_are_dated_sourced_and_sound(home: Path, root: Path) -> None:
    import yaml

    table = yaml.safe_load((root / "conf" / "prices.yaml").read_text(encoding="utf-8"))
    assert set(table["sources"]) == {name.partition("/")[0] for name in table["models"]}
    assert Prices().date == str(table["date"])
    for name, row in table["models"].items():
        assert Prices().find(*name.split("/")) == Price(**row)
        assert row.get("cached", 0) <= row["input"] <= row["output"]


def test_a_user_s_price_goes_first_and_another_address_has_none_of_its_own(home: Path) -> None:
    local = home / "conf" / "local"
    local.mkdir(parents=True)
    (local / "prices.yaml").write_text(
        "models:\n  openai/gpt-4o: {input: 1, output: 2}\n  lab/x: {input: 0, output: 0}\n"
    )
    prices = Prices({"openai@lab/gpt-4.1": {"input": 3, "output": 4}, "vllm/y": {"input": 5, "output": 6}})
    assert prices.find("openai", "gpt-4o") == Price(1, 2)
    assert prices.find("openai@http://there/v1", "gpt-4o") == Price(1, 2)
    assert prices.find("openai@lab", "gpt-4.1") == Price(3, 4)
    assert prices.find("openai@elsewhere", "gpt-4.1") is None
    assert prices.find("openai", "gpt-4o-2024-05-13") is None  # names must be equal: snapshots differ in price
    assert prices.find("lab", "x") == Price(0, 0)
    assert prices.find("vllm@http://there/v1", "y") == Price(5, 6)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"a/b": {"input": 1}}, "prices: no price of a/b — write a/b"),
        ({"a/b": {"input": 1, "output": 2, "inptu": 3}}, "unknown inptu"),
        ({"a/b": {"input": -1, "output": 2}}, "input of a/b is '-1'"),
        ({"a/b": {"input": "cheap", "output": 2}}, "input of a/b is 'cheap'"),
        ({"a/b": 3}, "no price of a/b"),
    ],
)
def test_a_wrong_price_is_one_line(home: Path, given: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Prices(given)


def reply(usage: Any, name: str = "usage") -> Reply:
    return Reply("ok", {}, response=json.dumps([{name: usage}]), tokens_in=1, tokens_out=1)


def test_cached_and_reasoning_tokens_are_billed_as_each_provider_counts_them() -> None:
    openai = {"prompt_tokens": 100, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 60},
              "completion_tokens_details": {"reasoning_tokens": 30}}  # fmt: skip
    assert used(reply(openai)) == Used(fresh=40, cached=60, output=50)
    anthropic = {
        "input_tokens": 40,
        "cache_read_input_tokens": 60,
        "cache_creation_input_tokens": 20,
        "output_tokens": 5,
    }
    assert used(reply(anthropic)) == Used(fresh=40, cached=60, written=20, output=5)
    google = {"prompt_token_count": 100, "cached_content_token_count": 60, "candidates_token_count": 5,
              "thoughts_token_count": 45}  # fmt: skip
    assert used(reply(google, "usage_metadata")) == Used(fresh=40, cached=60, output=50)
    several = Reply("ok", {}, response=json.dumps([{"usage": anthropic}, {"usage": anthropic}]))
    assert used(several) == Used(fresh=80, cached=120, written=40, output=10)
    assert used(Reply("ok", {}, response='["a string"]', tokens_in=7, tokens_out=3)) == Used(fresh=7, output=3)
    assert Price(10, 40, cached=1, written=12.5).usd(Used(40, 60, 20, 5)) == pytest.approx(910e-6)
    assert Price(10, 40).usd(Used(40, 60, 20, 5)) == pytest.approx(1400e-6)
    assert Price(10, 40, 1, 12.5).dearest == 12.5


# ---- the account


def test_a_cap_is_more_than_nothing() -> None:
    for caps in (Caps(usd=0.0), Caps(tokens=-1), Caps(minutes=0)):
        with pytest.raises(InputError, match=r"budget\.\w+ is .* — use more than 0, or null"):
            Budget(caps)


def test_what_is_in_flight_is_held() -> None:
    budget = Budget(Caps(tokens=100))
    with budget.call(Amount(0, 60)) as hold:
        with pytest.raises(OverBudgetError), budget.call(Amount(0, 41)):
            raise AssertionError("was let in")
        with budget.call(Amount(0, 40)):
            pass
        hold.cost = Amount(0, 10)
    assert (budget.spent, budget.held) == (Amount(0, 10), Amount(0, 0))
    assert budget.fits(Amount(0, 90))
    assert not budget.fits(Amount(0, 91))


def test_a_lost_answer_is_held_against_the_cap_and_a_try_again_needs_room_of_its_own() -> None:
    budget = Budget(Caps(tokens=100))
    with budget.call(Amount(0, 40)) as hold:
        budget.lost()
        assert budget.again()  # 80 held
        budget.lost()
        assert not budget.again()
        hold.cost = Amount(0, 0)
    assert budget.unseen == Amount(0, 80)
    assert not budget.fits(Amount(0, 21))


# ---- whole items, the cap never broken


class Straight(Ledger):
    """A ledger without a database: in these tests nothing is recorded."""

    def __init__(self) -> None:
        self.mode, self.guard = "live", None

    async def find(self, key: str, mode: str | None = None) -> Reply | None:
        return None

    async def ask(self, request: Request, call: Callable[[], Awaitable[Reply]], *, about: str = "") -> Reply:
        assert self.guard is not None
        return await self.guard(request, call)


class Fake:
    """A judge of chosen numbers of calls an item, of random cost and latency within what was declared."""

    kind: Kind = "simulated"

    def __init__(self, name: str, ledger: Ledger, calls: int, most: int, draw: Any, watch: Any) -> None:
        self.name, self.attributes = name, dict[str, Any]()
        self.ledger, self.calls, self.most, self.draw, self.watch = ledger, calls, most, draw, watch

    async def __call__(self, item: Item, task: Task, rep: int = 0) -> Verdict:
        async def one(number: int) -> None:
            messages = [{"role": "user", "content": f"{self.name} {item.text} {number}"}]
            request = Request("openai", self.name, messages, {}, {"max_tokens": self.most}, rep)

            async def call() -> Reply:
                await asyncio.sleep(self.draw.random() * 10)
                self.watch()
                sent, answered = self.draw.randint(1, len(request.text.encode())), self.draw.randint(0, self.most)
                usage = {"prompt_tokens": sent, "completion_tokens": answered}
                return Reply("ok", {}, response=json.dumps([{"usage": usage}]), tokens_in=sent, tokens_out=answered)

            await self.ledger.ask(request, call)

        await asyncio.gather(*(one(number) for number in range(self.calls)))
        return Verdict((Answer("warmth", 1.0),))


@settings(max_examples=60, deadline=None)
@given(
    usd=st.one_of(st.none(), st.floats(0.01, 3)),
    tokens=st.one_of(st.none(), st.integers(3_000, 150_000)),
    prices=st.lists(st.tuples(st.floats(0, 50), st.floats(0, 200)), min_size=2, max_size=2),
    calls=st.lists(st.integers(1, 3), min_size=2, max_size=2),
    most=st.integers(1, 2_000),
    reps=st.integers(1, 2),
    concurrency=st.integers(1, 20),
    seed=st.integers(0, 10**6),
)
def test_no_cap_is_ever_exceeded_and_what_is_begun_is_finished(
    usd: float | None, tokens: int | None, prices: Any, calls: Any, most: int, reps: int, concurrency: int, seed: int
) -> None:
    names, draw = ("a", "b"), random.Random(seed)
    given = {f"openai/{name}": {"input": i, "output": o} for name, (i, o) in zip(names, prices, strict=True)}
    limits, ledger = Limits(Caps(usd=usd, tokens=tokens), prices=given, clock=clock), Straight()
    ledger.guard = limits
    budget = limits.budget

    def watch() -> None:
        whole = budget.spent + budget.held
        assert usd is None or whole.usd <= usd * (1 + 1e-9)
        assert tokens is None or whole.tokens <= tokens

    def seated(at: Ledger) -> list[Fake]:
        return [Fake(name, at, n, most, draw, watch) for name, n in zip(names, calls, strict=True)]

    survey = Survey(ledger)
    each = dict.fromkeys(names, reps)
    gate = Gate(limits, seated(survey), survey, TASK, each)
    frame = run(ask(seated(ledger), ITEMS, TASK, reps=each, concurrency=concurrency, gate=gate))
    watch()
    assert budget.held == Amount()
    asked = frame.groupby("item").size()
    assert set(asked) <= {2 * reps}  # every judge and rep of an item, or none
    assert list(asked.index) == [item.item for item in ITEMS[: len(asked)]]
    if usd is None and tokens is None:
        assert len(asked) == len(ITEMS)
    assert gate.closed == (len(asked) < len(ITEMS))


def test_what_is_left_of_the_cap_is_less_than_an_item_s_worst_case() -> None:
    limits, ledger = Limits(Caps(tokens=40_000), clock=clock), Straight()
    ledger.guard = limits
    survey = Survey(ledger)

    def seated(at: Ledger) -> list[Fake]:
        return [Fake("a", at, 1, 1_000, random.Random(5), lambda: None)]

    many = [Item(f"i{number:03}", f"reply {number}") for number in range(200)]
    gate = Gate(limits, seated(survey), survey, TASK, {"a": 1})
    frame = run(ask(seated(ledger), many, TASK, gate=gate, concurrency=16))
    worst = 1_000 + 1_024 + 300
    assert 40_000 - worst < limits.budget.spent.tokens <= 40_000
    assert gate.missing(200) == [
        f"{200 - len(frame)} of 200 items not asked of a: budget (spent {limits.budget.spent})"
    ]


def test_a_judge_that_asks_more_than_was_foreseen_is_cut_short_within_the_cap() -> None:
    limits, ledger = Limits(Caps(tokens=9_000), clock=clock), Straight()
    ledger.guard = limits
    survey = Survey(ledger)
    foreseen = Fake("a", survey, 1, 1_000, random.Random(5), lambda: None)
    greedy = Fake("a", ledger, 6, 1_000, random.Random(5), lambda: None)
    gate = Gate(limits, [foreseen], survey, TASK, {"a": 1})
    frame = run(ask([greedy], ITEMS, TASK, gate=gate))
    assert limits.budget.spent.tokens <= 9_000
    assert gate.cut["a"] >= 1
    assert len(frame) + gate.cut["a"] == gate.begun
    assert any("not finished: budget" in line for line in gate.missing(len(ITEMS)))


def test_no_item_is_begun_after_the_minutes_are_over() -> None:
    limits, ledger = Limits(Caps(minutes=1), clock=clock), Straight()
    ledger.guard = limits
    survey = Survey(ledger)
    judge = Fake("a", ledger, 4, 10, random.Random(5), lambda: None)
    many = [Item(f"i{number:03}", f"reply {number}") for number in range(60)]

    async def scene() -> pd.DataFrame:
        limits.budget._started = clock()
        return await ask([judge], many, TASK, concurrency=2, gate=gate)

    gate = Gate(limits, [judge], survey, TASK, {"a": 1})
    frame = run(scene())
    assert 5 < len(frame) == gate.begun < 60
    assert gate.missing(60)[0].endswith("not asked of a: budget (its time was over)")


# ---- with a real judge


def study() -> Study:
    items = pd.DataFrame([{"item": item.item, "text": item.text} for item in ITEMS])
    ratings = pd.DataFrame({"item": ["i00"], "criterion": ["warmth"], "rater": ["ann"], "value": [1.0]})
    return Study.build(TASK, items, pd.DataFrame({"rater": ["ann"]}), ratings)


def spend(path: Path, server: Server, caps: Caps, prices: Any = None, **knobs: Any) -> tuple[pd.DataFrame, Limits, Any]:
    chosen = {"max_tokens": 100, "timeout": 5.0, "concurrency": 4, "endpoint": "lab", **knobs}
    seat = LLM(name="llm", model="openai/gpt", base_url=server.url, **chosen)
    with Ledger.open(path / "ledger.sqlite") as ledger:
        ledger.guard = limits = Limits(caps, prices=prices)
        bench = Bench(study(), 0, ledger)
        reps = {"llm": seat.reps}
        gate = gate_of(limits, [seat], bench, TASK, reps)
        frame = run_sync(ask(list(seat.judges(bench)), ITEMS, TASK, reps=reps, gate=gate))
    return frame, limits, gate


def dollars(path: Path) -> list[float]:
    import sqlite3

    with sqlite3.connect(path / "ledger.sqlite") as file:
        found = [row[0] for row in file.execute("SELECT usd FROM calls")]
    file.close()
    return found


def test_each_call_is_recorded_with_what_it_cost_and_a_replay_costs_nothing(
    home: Path, loopback: Server, tmp_path: Path
) -> None:
    _, limits, gate = spend(tmp_path, loopback, Caps(), PRICED)
    assert gate is None
    assert limits.calls == 12
    assert sum(dollars(tmp_path)) == pytest.approx(limits.budget.spent.usd)
    assert all(cost > 0 for cost in dollars(tmp_path))
    assert limits.said() == f"${sum(dollars(tmp_path)):,.4f}"
    _, again, _ = spend(tmp_path, loopback, Caps(usd=1e-9), PRICED)  # not a cent is needed
    assert (again.calls, again.budget.spent) == (0, Amount())
    assert loopback.calls == 12


def test_an_unpriced_model_is_recorded_without_dollars_and_refused_under_a_cap(
    home: Path, loopback: Server, tmp_path: Path
) -> None:
    _, limits, _ = spend(tmp_path, loopback, Caps())
    assert dollars(tmp_path) == [None] * 12
    assert limits.said() == "1 model unpriced"
    before = loopback.calls
    with pytest.raises(InputError, match=r"a cap in dollars needs the price of openai@lab/gpt — give it: 'prices="):
        spend(tmp_path, loopback, Caps(usd=1.0), temperature=0.5)
    with pytest.raises(InputError, match="nothing bounds the answers of openai@lab/gpt — set max_tokens"):
        spend(tmp_path, loopback, Caps(tokens=10_000), max_tokens=None)
    assert loopback.calls == before


def test_a_capped_run_stops_after_whole_items_and_a_bigger_cap_goes_on(
    home: Path, loopback: Server, tmp_path: Path
) -> None:
    frame, limits, gate = spend(tmp_path, loopback, Caps(usd=0.12), PRICED, reps=2)
    assert 0 < frame["item"].nunique() < 12
    assert set(frame.groupby("item").size()) == {2}
    assert limits.budget.spent.usd <= 0.12
    assert gate.missing(12)[0].startswith(
        f"{12 - frame['item'].nunique()} of 12 items not asked of llm: budget (spent $"
    )
    whole, more, gate = spend(tmp_path, loopback, Caps(usd=10.0), PRICED, reps=2)
    assert len(whole) == 24
    assert gate.missing(12) == []
    assert loopback.calls == 24
    assert limits.budget.spent.usd + more.budget.spent.usd == pytest.approx(sum(dollars(tmp_path)))


def test_a_cap_without_room_for_one_item_says_what_one_may_cost(home: Path, loopback: Server, tmp_path: Path) -> None:
    _, _, gate = spend(tmp_path, loopback, Caps(tokens=10))
    assert loopback.calls == 0
    with pytest.raises(
        InputError, match=r"budget: it has no room for one item, which may cost .* tokens — raise the cap"
    ):
        gate.missing(12)


def test_an_answer_that_never_came_may_have_cost(home: Path, loopback: Server, tmp_path: Path) -> None:
    loopback.script = ["ok", "dropped", "ok"]
    _, limits, _ = spend(tmp_path, loopback, Caps(tokens=1_000_000), http_retries=0, concurrency=1)
    assert limits.budget.unseen.tokens > 1_000
    assert "more for calls that never answered" in limits.said()


# ---- the survey


def test_the_emptiest_answer_fits_its_schema() -> None:
    from typing import Literal

    from pydantic import BaseModel, Field

    class Part(BaseModel):
        level: Literal[2, 3]

    class Whole(BaseModel):
        part: Part
        parts: list[Part] = Field(min_length=2)
        reason: str
        share: float = Field(ge=0.5)
        chosen: bool
        maybe: int | None

    made = Whole.model_validate(emptiest(Whole.model_json_schema()))
    assert (made.part.level, len(made.parts), made.share) == (2, 2, 0.5)
