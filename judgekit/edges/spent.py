"""What a study's judges were paid, read back from the ledger: a threshold is replayed without a call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from judgekit.ledger.read import asked
from judgekit.ledger.table import calls

if TYPE_CHECKING:
    from judgekit.study import Study

#: Keys that are looked up in one question.
MOST_KEYS = 500


def usd_an_item(study: Study, url: str | Path | None = None) -> dict[str, float]:
    """Return the dollars that each judge's answers to originals cost an item, reps included, by the ledger's calls.

    A judge whose calls have no price, or are not on record, is left out. ``url`` None is the home folder's ledger.
    """
    r = study.ratings
    mine = r["call"].notna() & (r["variant"] == "original") & r["rater"].isin(study.judges())
    rows = r.loc[mine, ["rater", "item", "call"]].drop_duplicates(["rater", "call"])
    if rows.empty:
        return {}
    keys = sorted(set(rows["call"]))
    price = asked(url, lambda connection: _prices(connection, keys))
    found = {}
    for judge, own in rows.groupby("rater", sort=False):
        paid = [price.get(str(key)) for key in own["call"]]
        if all(one is not None for one in paid):
            found[str(judge)] = sum(one for one in paid if one is not None) / int(own["item"].nunique())
    return found


def _prices(connection: sa.Connection, keys: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for start in range(0, len(keys), MOST_KEYS):
        query = sa.select(calls.c.key, calls.c.usd).where(calls.c.key.in_(keys[start : start + MOST_KEYS]))
        found |= {str(row.key): float(row.usd) for row in connection.execute(query) if row.usd is not None}
    return found
