"""The researcher's pages: what they say is what the desk says, and only the researcher is told."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from label_pages import Walker

from judgekit.humans.page import live
from judgekit.humans.page.researcher import as_csv
from judgekit.stats.alpha import alpha
from judgekit.stats.resample import Bootstrap
from judgekit.study import Study

Make = Callable[..., Any]


def works(walker: Walker, rng: np.random.Generator, most: int = 99) -> None:
    """Answer cards as somebody who sees roughly what others see."""
    for _ in range(most):
        if not walker.page.has("/answer"):
            return
        truth = int(walker.page.text.partition("Reply number ")[2].split(":")[0] or 0)
        level = {"warmth": min(2, max(0, truth % 3 + int(rng.choice([0, 0, 0, 1, -1])))), "depth": truth % 2}
        walker.answer(lambda name, levels, level=level: levels[level[name]])


@pytest.fixture
def answered(study: Make) -> Any:
    """A study that three people have worked on, one of them in part."""
    pools = {"people": {"overlap": "full", "raters": 3, "usd_per_hour": 12.0}}
    site = study(n=8, plan={"pools": pools}, checks={"repeats": 2}, exclusion={"fast": 0.5})
    rng = np.random.default_rng(0)
    for most in (99, 99, 3):
        works(site.rater(), rng, most)
    return site


def test_progress_is_the_desks(answered: Any) -> None:
    boss = answered.researcher()
    text = boss.page.text
    progress = answered.desk.progress()
    (items,) = [one for one in progress.streams if one.purpose == "item"]
    assert f"{items.done} of {items.wanted}" in text
    assert f"Labels {progress.labels}" in text
    assert progress.labels == 2 * (10 + 10 + 3)
    assert "Raters by stage: " in text
    for rater in progress.raters["rater"]:
        assert rater in text
    assert "$" in text


def test_agreement_so_far_is_what_the_statistic_says(answered: Any) -> None:
    found = live.state_of(answered.desk, 1)
    ratings = answered.desk.ratings().query("purpose == 'item'")
    assert {one.criterion for one in found.agreement} == {"warmth", "depth"}
    for one in found.agreement:
        assert one.low is not None
        assert one.low <= one.value <= one.high
        assert one.n_items == ratings[ratings["criterion"] == one.criterion]["item"].nunique()
    design = answered.desk.design
    raters = answered.desk.raters()[["rater", "kind", "pool"]]
    columns = ["item", "variant", "criterion", "rater", "rep", "value", "status"]
    study = Study.build(design.task, design.items, raters, ratings[columns])
    again = {one.criterion: one.value for one in alpha(study, boot=Bootstrap(n_boot=0)) if one.a == "people"}
    assert {one.criterion: one.value for one in found.agreement} == pytest.approx(again)


def test_agreement_is_computed_beside_the_requests_and_kept(answered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    boss = Walker(answered.browser())
    boss.open(f"/s/{answered.desk.researcher_token}")
    shown = live.Live(answered.desk)
    calls = []
    real = live.state_of
    monkeypatch.setattr(live, "state_of", lambda desk, labels: calls.append(labels) or real(desk, labels))
    assert shown.state(46) is None
    assert shown.state(46) is None
    shown.wait(60)
    found = shown.state(46)
    assert found is not None
    assert found.labels == 46
    assert shown.state(47) is found, "not again within seconds"
    assert calls == [46]


def test_evidence_on_care_is_shown_with_the_declared_rules(answered: Any) -> None:
    found = live.state_of(answered.desk, 1)
    assert {"fast", "straight", "agreement"} <= set(found.kinds)
    fast = found.kinds.index("fast")
    assert all(one.cells[fast].flagged for one in found.care if one.cells[fast]), "a script reads faster than people"
    assert found.rules == ("more than 50% of items answered faster than they can be read",)


def test_what_cannot_be_computed_is_said(answered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = live.Live(answered.desk)
    monkeypatch.setattr(live, "state_of", lambda desk, labels: 1 / 0)
    shown.state(1)
    shown.wait(20)
    found = shown.state(1)
    assert found is not None
    assert "could not be computed" in found.note


def test_pausing_and_adding_raters(study: Make) -> None:
    site = study()
    boss, ann = site.researcher(), site.rater()
    boss.send("/study/pause")
    assert "The study is paused." in boss.page.text
    assert "A break" in ann.open("/").text
    boss.send("/study/pause")
    assert "The study is paused." not in boss.page.text
    boss.send("/study/invite", n="3", pool="people")
    assert len(site.desk.raters()) == 4
    for invitation in site.desk.invitations():
        assert f"http://127.0.0.1:8765/r/{invitation.token}" in boss.page.text
    for n, pool in (
        ("0", "people"),
        ("501", "people"),
        ("x", "people"),
        ("-1", "people"),
        ("1", "nobody"),
        ("²", "people"),
    ):
        boss.open("/study")
        boss.send("/study/invite", n=n, pool=pool)
        assert boss.status == 400
    assert len(site.desk.raters()) == 4


@pytest.mark.parametrize("name", ["ratings", "raters", "events", "plan"])
def test_tables_are_downloaded_as_the_desk_has_them(answered: Any, name: str) -> None:
    boss = answered.researcher()
    answer = boss.client.get(f"/study/export/{name}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    mine = getattr(answered.desk, name)()
    read = pd.read_csv(io.StringIO(answer.text))
    assert read.columns.tolist() == mine.columns.tolist()
    assert len(read) == len(mine) > 0


def test_a_comment_is_no_formula_for_a_spreadsheet() -> None:
    text = as_csv(pd.DataFrame({"comment": ["=1+1", "@x", "fine", None], "value": [-1.0, 2.5, np.nan, 0.0]}))
    assert text.splitlines() == ["comment,value", "'=1+1,-1.0", "'@x,2.5", "fine,", ",0.0"]
