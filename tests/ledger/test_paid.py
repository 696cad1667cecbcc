"""Ratings know what the calls behind them cost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pandas as pd
import pytest

from judgekit.ledger import Ledger, Reply, Request
from judgekit.ledger.paid import with_usd


def test_each_rating_has_the_price_of_its_call(tmp_path: Path) -> None:
    async def fill(ledger: Ledger) -> list[str]:
        keys = []
        for text, usd in (("a", 0.25), ("b", None)):
            request = Request("openai", "m", [{"role": "user", "content": text}], {"type": "object"}, {})

            async def call(usd: float | None = usd) -> Reply:
                return Reply("ok", {"warmth": 1}, usd=usd)

            await ledger.ask(request, call)
            keys.append(request.key)
        return keys

    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        keys = asyncio.run(fill(ledger))
        ratings = pd.DataFrame({"rater": list("jjjp"), "call": [keys[0], keys[0], keys[1], None]})
        assert with_usd(ratings, ledger)["usd"].fillna(-1).tolist() == [0.25, 0.25, -1, -1]
        unpriced = ratings[ratings["call"] != keys[0]]
        assert "usd" not in with_usd(unpriced, ledger)
        many = pd.DataFrame({"call": [f"k{k}" for k in range(1200)] + [keys[0]]})
        assert with_usd(many, ledger)["usd"].sum() == pytest.approx(0.25)
