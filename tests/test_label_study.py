"""A whole study on loopback: scripted raters answer through the page, some leave, and the next run uses the labels."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from label_pages import Walker
from labelling import Clock

import judgekit as jk
from judgekit import config
from judgekit.humans.collected import where
from judgekit.humans.labels.desk import Desk
from judgekit.humans.simulated import Simulated
from judgekit.humans.site import Site, invite_all
from judgekit.label import design_of
from judgekit.study import Study
from judgekit.tasks.load import load

RATERS = 12
PLAN = [
    "+experiment=empathy",
    "label.kind=simulated",
    f"label.plan.pools.people={{overlap: k, k: 3, raters: {RATERS}, items: 24, strata: [situation]}}",
    "label.checks.gold=[{item: shown-gold, text: 'I am so sorry. I am here for you.', answers: {overall: [5, 6, 7]}}]",
    "label.checks.repeats=1",
    "label.survey=[{key: age, label: Your age, options: [18-34, 35+]}]",
]
QUICK = ("n_boot=200", "judges=[lexical,simulated]", "stats=[alpha,ceiling,percent,status]", "figures=[levels]")


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


class Script:
    """A simulated panel that labels by HTTP: each person says on each item what the panel's draw says."""

    def __init__(self, site: Site, panel: Study) -> None:
        self.site = site
        items = panel.items[panel.items["variant"] == "original"]
        texts = ([flat(text or "") for text in items[name]] for name in ("text", "context"))
        every = zip(*texts, items["item"], strict=True)
        self.items = sorted(every, key=lambda one: -len(one[0]))  # a text may hold a shorter one
        values = panel.ratings[panel.ratings["variant"] == "original"]
        self.values = {
            (row.rater, row.item, row.criterion): row.value for row in values.itertuples(index=False) if row.rep == 0
        }
        self.people = panel.people()

    def labels(self, number: int, link: str, most: int | None, then: str | None = None) -> Walker:
        """Let person number n label so many items (all: None) from a link, then do something else on the page."""
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            walker = Walker(client)
            page = walker.open(link)
            client.base_url = self.site.url
            if page.has("/consent"):
                walker.send("/consent", agreed="yes")
            answered = 0
            while walker.page.has("/answer") and (most is None or answered < most):
                walker.answer(self.says(number, walker))
                assert walker.status == 200, walker.page.text
                answered += 1
            if then == "leave":
                walker.open("/leave")
                walker.send("/leave")
            elif walker.page.has("/survey"):
                walker.send("/survey", a__age="35+")
            return walker

    def says(self, number: int, walker: Walker) -> Callable[[str, list[str]], str]:
        shown = walker.page.text
        item = next((item for text, context, item in self.items if text in shown and context in shown), None)
        person = self.people[number % len(self.people)]

        def choose(name: str, levels: list[str]) -> str:
            value = None if item is None else self.values.get((person, item, name))
            wanted = 6.0 if value is None else value  # the gold item is no item of the study
            return min(levels, key=lambda level: abs(float(level) - wanted))

        return choose


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, object]:
    """Twelve scripted raters have answered: nine to the end, two vanished, one left."""
    home = tmp_path_factory.mktemp("home")
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUDGEKIT_HOME", str(home))
        plan = config.build(config.compose(PLAN))
        desk = Desk.open(where("empathy", None), design_of(plan), clock=clock)
        panel = Simulated(pools={"people": RATERS}, careless=0.0, missing=0.0).join(load(plan.task), 3)
        invite_all(desk)
        with Site(desk, "127.0.0.1", 0).start() as site:
            script = Script(site, panel)
            links = list(site.links()["link"])
            for number in (0, 1):
                script.labels(number, links[number], 2)
            script.labels(2, links[2], 1, "leave")
            dropped = desk.progress()
            clock.on(61)  # silence: the items of those who vanished go back
            with ThreadPoolExecutor(4) as pool:
                walkers = list(pool.map(lambda k: script.labels(k, links[k], None), range(3, RATERS)))
            assert threading.active_count() < 100
            kept = {
                "home": home,
                "dropped": dropped,
                "progress": desk.progress(),
                "ratings": desk.ratings(),
                "raters": desk.raters(),
                "plan": desk.plan(),
                "last": [walker.page.text for walker in walkers],
                "seen": [page for walker in walkers for page in walker.seen],
                "panel": panel,
            }
    return kept


@pytest.mark.slow
def test_the_plan_is_met_though_three_of_twelve_dropped_out(collected: Mapping[str, object]) -> None:
    before, after = collected["dropped"], collected["progress"]
    assert not before.met  # type: ignore[attr-defined]
    assert after.met  # type: ignore[attr-defined]
    plan = collected["plan"]
    assert set(plan["done"]) == {3}  # type: ignore[index]
    assert len(plan) == 24  # type: ignore[arg-type]
    stages = dict(collected["raters"]["stage"].value_counts())  # type: ignore[index]
    assert stages == {"thanks": 9, "items": 2, "withdrawn": 1}
    codes = collected["raters"]["code"].dropna()  # type: ignore[index]
    assert all(any(code in text for text in collected["last"]) for code in codes)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_what_was_answered_is_what_was_said_and_says_simulated(collected: Mapping[str, object]) -> None:
    ratings, panel = collected["ratings"], collected["panel"]
    assert set(collected["raters"]["kind"]) == {"simulated"}  # type: ignore[index]
    assert {"item", "gold", "repeat"} <= set(ratings["purpose"])  # type: ignore[index]
    known = {(row.item, row.criterion, row.value) for row in panel.ratings.itertuples(index=False)}  # type: ignore[attr-defined]
    mine = ratings[ratings["purpose"] == "item"]  # type: ignore[index]
    assert all((row.item, row.criterion, row.value) in known for row in mine.itertuples(index=False))
    assert not ratings.duplicated(["item", "variant", "criterion", "rater", "rep"]).any()  # type: ignore[attr-defined]
    assert not any(item in page for page in collected["seen"] for item in set(mine["item"]))  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_next_run_uses_the_labels_beside_the_judges(
    collected: Mapping[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGEKIT_HOME", str(collected["home"]))
    run = jk.evaluate("empathy", "humans=labels", *QUICK, progress=False)
    mine = collected["ratings"][collected["ratings"]["purpose"].isin(["item", "repeat"])]  # type: ignore[index]
    assert set(run.study.people()) == set(mine["rater"])
    assert run.simulated
    told = run.estimates.set_index("statistic")["kind"]
    assert set(told) <= {"simulated", ""}  # nothing for a baseline alone
    assert set(told[[name.startswith(("alpha", "ceiling")) for name in told.index]]) == {"simulated"}
    matched = run.manifest["matched"]
    assert matched["mismatched"] == matched["unknown"] == 0
    assert matched["matched"] == 2 * len(mine[mine["rep"] == 0]) + 2 * len(mine[mine["rep"] == 1])
    notes = " ".join(run.manifest["notes"])
    assert "100.0% of" in notes
    assert "the plan is met" in notes
    report = (Path(run.path) / "report.html").read_text(encoding="utf-8")
    assert "simulated" in report
    assert "are matched labels" in report
    people = run.ratings[run.ratings["rater"].isin(run.study.people())]
    key = ["item", "variant", "criterion", "rater", "rep"]
    told = people.set_index(key)["value"].sort_index()
    assert told.equals(mine.set_index(key)["value"].sort_index().astype(told.dtype))
    assert set(people["probability"].round(6)) == set(collected["plan"]["probability"].round(6))  # type: ignore[index]
    assert set(run.study.raters["age"].dropna()) == {"35+"}


@pytest.mark.slow
def test_labels_of_another_version_are_not_called_matched(
    collected: Mapping[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGEKIT_HOME", str(collected["home"]))
    run = jk.evaluate("empathy", "humans=labels", "task.version=2", "report=false", *QUICK, progress=False)
    assert run.manifest["matched"]["matched"] == 0
    assert any("no matched labels" in note for note in run.manifest["notes"])
