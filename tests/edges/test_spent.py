"""What judges were paid is read back from the ledger, by the calls of their answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sliced import sliced

from judgekit.edges.spent import usd_an_item
from judgekit.ledger.store import Store
from judgekit.ledger.table import calls
from judgekit.study import Study


def recorded(tmp_path: Path, prices: dict[str, float | None]) -> str:
    """Write a ledger with a call of each key."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    common = {"provider": "p", "model": "m", "rep": 0, "request": "{}", "status": "ok", "attempts": "[]",
              "created": "2026-01-01"}  # fmt: skip
    store = Store(url)
    store.do(
        lambda connection: connection.execute(
            sa.insert(calls), [{"key": key, "usd": usd, **common} for key, usd in prices.items()]
        )
    )
    store.close()
    return url


def with_calls(study: Study, judge: str) -> Study:
    """Give each answer of a judge a call of its own."""
    ratings = study.ratings.copy()
    mine = ratings["rater"] == judge
    ratings.loc[mine, "call"] = [f"{judge}-{row}" for row in range(int(mine.sum()))]
    return Study.build(study.task, study.items, study.raters, ratings)


def test_dollars_an_item_are_those_of_all_its_reps(tmp_path: Path) -> None:
    study = with_calls(sliced(30, reps=3), "judge")
    url = recorded(tmp_path, {f"judge-{row}": 0.002 for row in range(90)})
    assert usd_an_item(study, url) == pytest.approx({"judge": 0.006})


def test_a_judge_whose_calls_have_no_price_or_are_not_there_is_left_out(tmp_path: Path) -> None:
    study = with_calls(sliced(30, reps=1), "judge")
    url = recorded(tmp_path, {f"judge-{row}": None if row == 3 else 0.002 for row in range(30)})
    assert usd_an_item(study, url) == {}
    assert usd_an_item(sliced(30), url) == {}
