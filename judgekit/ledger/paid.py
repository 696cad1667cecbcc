"""What ratings cost: the dollars of the calls behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import sqlalchemy as sa

from judgekit.ledger.table import calls

if TYPE_CHECKING:
    from judgekit.ledger.book import Ledger

#: Keys asked for in one query.
MANY = 500


def with_usd(ratings: pd.DataFrame, ledger: Ledger | None) -> pd.DataFrame:
    """Return the ratings with a column ``usd``: what the call behind each cost when it was made.

    A call behind several ratings stands at each of them with its whole price. Without a single priced call the ratings
    are returned as they are.
    """
    keys = [str(key) for key in ratings["call"].dropna().unique()]
    if ledger is None or not keys:
        return ratings

    def work(connection: sa.Connection) -> dict[str, float]:
        found: dict[str, float] = {}
        for start in range(0, len(keys), MANY):
            query = sa.select(calls.c.key, calls.c.usd).where(calls.c.key.in_(keys[start : start + MANY]))
            found |= {row.key: float(row.usd) for row in connection.execute(query.where(calls.c.usd.is_not(None)))}
        return found

    prices = ledger.look(work)
    return ratings.assign(usd=ratings["call"].map(prices).astype("float64")) if prices else ratings
