"""What a rater's work took: seconds and dollars of each card, that is of all that was asked of one item at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from judgekit.study import Study

CARD = ["rater", "item", "variant", "rep"]


def spent(study: Study, raters: Sequence[str]) -> pd.DataFrame:
    """Return one row a card of these raters: ``CARD``, seconds and usd; NaN where not recorded.

    A person's card has its time on each of its ratings and counts once; times that differ between criteria add up. A
    judge's call counts once, shared evenly by the cards it answered (a list ranked in one call), and calls of one card
    add up. Dollars of people are those that the study declares: ``usd_per_label`` a card, or ``usd_per_hour``.
    """
    rows = study.ratings[study.ratings["rater"].isin(list(raters))]
    told = rows.assign(usd=np.nan) if "usd" not in rows else rows
    told = told[[*CARD, "call", "seconds", "usd"]]
    called = told["call"].notna()
    people = told[~called].drop_duplicates([*CARD, "seconds", "usd"])
    calls = told[called].drop_duplicates([*CARD, "call"])
    shared = calls.groupby(["rater", "call"])["item"].transform("size")
    whole = calls.assign(seconds=calls["seconds"] / shared, usd=calls["usd"] / shared)
    cards = [part.groupby(CARD, sort=False)[["seconds", "usd"]].sum(min_count=1) for part in (people, whole)]
    import pandas as pd

    found = (
        pd.concat([part for part in cards if len(part)] or cards[:1]).groupby(level=CARD, sort=False).sum(min_count=1)
    )
    return _paid(study, found.reset_index())


def _paid(study: Study, cards: pd.DataFrame) -> pd.DataFrame:
    """Return the cards with the declared pay of people, where no dollars are recorded."""
    import pandas as pd

    for column, unit in (("usd_per_label", None), ("usd_per_hour", 3600.0)):
        if column not in study.raters:
            continue
        rate = (
            pd.to_numeric(study.raters.set_index("rater")[column], errors="coerce").reindex(cards["rater"]).to_numpy()
        )
        due = rate if unit is None else rate * cards["seconds"].to_numpy(dtype=float) / unit
        cards["usd"] = cards["usd"].where(cards["usd"].notna(), due)
    return cards
