"""Dealing: which units lack labels, who gets them, and what goes back to the pool."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa

from judgekit.humans.labels import assign
from judgekit.humans.labels.design import Design
from judgekit.humans.labels.settings import ADJUDICATORS, Extra, PoolPlan
from judgekit.humans.labels.tables import cards, events, raters, sheets, units

CHUNK = 5  # units at a time for a rater who helps out


@dataclass(frozen=True)
class New:
    """A card to be dealt."""

    item: str
    variant: str
    purpose: str
    rep: int = 0
    unit: int | None = None


class Dealer:
    """Deals cards inside a transaction of the caller. ``now`` is seconds since 1970."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.plan = design.settings.plan
        self.checks = design.settings.checks

    def open_units(self, connection: sa.Connection, pool: str, arm: str) -> pd.DataFrame:
        """Return a stream's units: unit, item, variant, purpose, wanted, done, held, left, pressure."""
        frame = rows(
            connection,
            sa.select(units.c.unit, units.c.item, units.c.variant, units.c.purpose, units.c.wanted).where(
                units.c.pool == pool, units.c.arm == arm
            ),
        )
        counted = rows(
            connection,
            sa.select(cards.c.unit, cards.c.state, sa.func.count().label("n"))
            .join(units, units.c.unit == cards.c.unit)
            .where(units.c.pool == pool, units.c.arm == arm, cards.c.state.in_(["open", "done"]), cards.c.rep == 0)
            .group_by(cards.c.unit, cards.c.state),
        )
        for name, state in (("done", "done"), ("held", "open")):
            mine = counted[counted["state"] == state].set_index("unit")["n"]
            frame[name] = frame["unit"].map(mine).astype("float64").fillna(0).astype(int)
        frame["left"] = (frame["wanted"] - frame["done"] - frame["held"]).clip(lower=0)
        frame["pressure"] = frame["left"] / frame["wanted"].clip(lower=1)
        return frame

    def return_silent(self, connection: sa.Connection, now: float) -> None:
        """Return the open cards of raters who have been silent for the plan's time-out."""
        silent = sa.select(raters.c.rater).where(raters.c.seen < now - 60 * self.plan.timeout)
        held = sa.and_(cards.c.state == "open", cards.c.stage == "items", cards.c.rater.in_(silent))
        found = connection.execute(
            sa.select(cards.c.rater, sa.func.count()).where(held, cards.c.unit.is_not(None)).group_by(cards.c.rater)
        ).all()
        if found:
            connection.execute(sa.update(cards).where(held, cards.c.unit.is_not(None)).values(state="returned"))
            told = [{"at": now, "rater": rater, "what": "timed out", "detail": str(n)} for rater, n in found]
            connection.execute(sa.insert(events), told)

    def return_all(self, connection: sa.Connection, rater: str) -> None:
        """Return all open cards of a rater."""
        connection.execute(
            sa.update(cards).where(cards.c.rater == rater, cards.c.state == "open").values(state="returned")
        )

    def extras(self, connection: sa.Connection, rater: Any, stage: str, given: Sequence[Extra], now: float) -> None:
        """Deal training or qualification cards, the latter once an attempt."""
        rep = int(rater.attempts) if stage == "qualification" else 0
        wanted = [New(extra.item, "original", stage, rep) for extra in given]
        had = {
            found.item
            for found in connection.execute(
                sa.select(cards.c.item).where(cards.c.rater == rater.rater, cards.c.stage == stage, cards.c.rep == rep)
            )
        }
        self._write(connection, rater.rater, stage, [new for new in wanted if new.item not in had], now)

    def items(self, connection: sa.Connection, rater: Any, now: float) -> int:
        """Deal a rater what the plan has for them now, and return how many cards that is."""
        self.return_silent(connection, now)
        mine = rows(
            connection,
            sa.select(cards.c.item, cards.c.variant, cards.c.state, cards.c.rep, cards.c.purpose).where(
                cards.c.rater == rater.rater, cards.c.stage == "items"
            ),
        )
        stream = self.open_units(connection, rater.pool, rater.arm)
        if rater.pool == ADJUDICATORS:
            had = set(mine.loc[mine["state"] != "returned", "item"])
            disputed = assign.chosen(stream, had, CHUNK, self._rng(rater, len(mine)))
            return self._write(connection, rater.rater, "items", self._news(stream, disputed), now)
        first = mine.empty
        kept = mine[(mine["state"] != "returned") & (mine["rep"] == 0)]
        checking = stream["purpose"] == "check"
        rated, checked = stream[~checking], stream[checking]
        plan = self.plan.pools[rater.pool]
        had = set(kept.loc[kept["purpose"] != "check", "item"])
        in_plan = int(kept["purpose"].isin(["item", "gold"]).sum()) - self._planted(kept)
        most = self._most(connection, rater, plan, rated, in_plan)
        rng = self._rng(rater, len(mine))
        sheet = self._sheet(connection, rater, rated) if first else None
        new = self._news(rated, assign.chosen(rated, had, most, rng, sheet))
        gone = set(kept.loc[kept["purpose"] == "check", "item"])
        share = math.ceil(checked["wanted"].sum() / plan.raters) if first else CHUNK if not new else 0
        later = self._news(checked, assign.chosen(checked, gone, share, rng))
        if first:
            new = self._mixed(new, rng) if new else []
        return self._write(connection, rater.rater, "items", [*new, *later], now)

    def per_rater(self, pool: str, arm: str, stream: pd.DataFrame) -> int:
        """Return how many of a stream's items one rater is to label."""
        plan = self.plan.pools[pool]
        rated = stream[stream["purpose"] != "check"]
        if plan.overlap == "full" and arm == "blind":
            return len(rated)
        n = self.design.settings.review.raters if arm == "review" else plan.raters
        return plan.per_rater or math.ceil(rated["wanted"].sum() / n)

    def seats(self, connection: sa.Connection, pool: str, arm: str) -> int:
        """Return how many raters a stream's plan needs: as many as it has sheets, else as it declares."""
        n = connection.execute(
            sa.select(sa.func.count(sa.distinct(sheets.c.sheet))).where(sheets.c.pool == pool, sheets.c.arm == arm)
        ).scalar_one()
        if n:
            return int(n)
        return self.design.settings.review.raters if arm == "review" else self.plan.pools[pool].raters

    def _most(self, connection: sa.Connection, rater: Any, plan: PoolPlan, rated: pd.DataFrame, had: int) -> int:
        """Return how many more units a rater may get: a share of the plan, and then what is left over by others."""
        share = self.per_rater(rater.pool, rater.arm, rated)
        room = (plan.most if plan.most is not None else len(rated)) - had
        if had < share:
            return max(0, min(room, share - had))
        if not self.plan.top_up:
            return 0
        # what those are to label who have not begun is not left over
        begun = sa.select(cards.c.rater).where(cards.c.stage == "items")
        stream = sa.and_(raters.c.pool == rater.pool, raters.c.arm == rater.arm)
        through = sa.or_(raters.c.rater.in_(begun), raters.c.stage.in_(["declined", "screened_out", "withdrawn"]))
        n = connection.execute(sa.select(sa.func.count()).select_from(raters).where(stream, through)).scalar_one()
        expected = max(0, self.seats(connection, rater.pool, rater.arm) - int(n)) * share
        return max(0, min(room, CHUNK, int(rated["left"].sum()) - expected))

    def _planted(self, kept: pd.DataFrame) -> int:
        gold = {extra.item for extra in self.checks.gold}
        return int(((kept["purpose"] == "gold") & kept["item"].isin(list(gold))).sum())

    def _sheet(self, connection: sa.Connection, rater: Any, stream: pd.DataFrame) -> set[int] | None:
        """Give a rater a sheet: the next that nobody has had, else the one that lacks most labels; None: no sheets."""
        mine = sa.and_(sheets.c.pool == rater.pool, sheets.c.arm == rater.arm)
        had = sa.select(raters.c.sheet).where(
            raters.c.pool == rater.pool, raters.c.arm == rater.arm, raters.c.sheet.is_not(None)
        )
        left = set(stream.loc[stream["left"] > 0, "unit"].tolist())
        free = connection.execute(sa.select(sa.func.min(sheets.c.sheet)).where(mine, sheets.c.sheet.not_in(had)))
        chosen = free.scalar()
        if chosen is None or not left & self._units(connection, mine, chosen):
            every = connection.execute(sa.select(sheets.c.sheet, sheets.c.unit).where(mine)).all()
            if not every:
                return None
            lacking = Counter(row.sheet for row in every if row.unit in left)
            if not lacking:
                return set()
            chosen = max(sorted(lacking), key=lambda sheet: lacking[sheet])
        connection.execute(sa.update(raters).where(raters.c.rater == rater.rater).values(sheet=chosen))
        return self._units(connection, mine, chosen)

    def _units(self, connection: sa.Connection, stream: sa.ColumnElement[bool], sheet: int) -> set[int]:
        return set(connection.execute(sa.select(sheets.c.unit).where(stream, sheets.c.sheet == sheet)).scalars())

    def _news(self, stream: pd.DataFrame, chosen: Sequence[int]) -> list[New]:
        columns = (stream[name].tolist() for name in ("unit", "item", "variant", "purpose"))
        by_unit = {row[0]: row[1:] for row in zip(*columns, strict=True)}
        found = []
        for unit in chosen:
            item, variant, purpose = by_unit[unit]
            found.append(New(item, variant, purpose, 0, unit))
        return found

    def _mixed(self, new: Sequence[New], rng: Any) -> list[New]:
        """Put gold and attention items among a rater's own, and some of those again near the end."""
        by_key = {f"{k}": one for k, one in enumerate(new)}
        planted = [New(extra.item, "original", "gold") for extra in self.checks.gold]
        planted += [New(extra.item, "original", "attention") for extra in self.checks.attention]
        extra = {f"x{k}": one for k, one in enumerate(planted)}
        order = assign.interleaved(list(by_key), list(extra), rng)
        eligible = {key for key, one in by_key.items() if one.purpose == "item"}
        again = assign.repeats(order, eligible, self.checks.repeats, rng)
        every = {**by_key, **extra}
        made: list[New] = []
        for place, key in enumerate([*order, None]):
            for repeated, before in again:
                if before == place:
                    one = every[repeated]
                    made.append(New(one.item, one.variant, "repeat", 1))
            if key is not None:
                made.append(every[key])
        return made

    def _write(self, connection: sa.Connection, rater: str, stage: str, new: Sequence[New], now: float) -> int:
        if not new:
            return 0
        place = connection.execute(
            sa.select(sa.func.coalesce(sa.func.max(cards.c.position), 0)).where(
                cards.c.rater == rater, cards.c.stage == stage
            )
        ).scalar_one()
        returned = {
            (found.item, found.variant, found.rep): found.card
            for found in connection.execute(
                sa.select(cards.c.card, cards.c.item, cards.c.variant, cards.c.rep).where(
                    cards.c.rater == rater, cards.c.stage == stage, cards.c.state == "returned"
                )
            )
        }
        added = []
        for position, one in enumerate(new, int(place) + 1):
            again = returned.get((one.item, one.variant, one.rep))
            if again is not None:
                connection.execute(
                    sa.update(cards).where(cards.c.card == again).values(state="open", position=position, dealt=now)
                )
                continue
            added.append(
                {
                    "card": secrets.token_urlsafe(12),
                    "rater": rater,
                    "unit": one.unit,
                    "item": one.item,
                    "variant": one.variant,
                    "rep": one.rep,
                    "purpose": one.purpose,
                    "stage": stage,
                    "position": position,
                    "state": "open",
                    "dealt": now,
                    "revisions": 0,
                }
            )
        if added:
            connection.execute(sa.insert(cards), added)
        return len(new)

    def _rng(self, rater: Any, begun: int) -> Any:
        return assign.stream(self.design.settings.seed, "order", rater.pool, rater.arm, rater.number, begun)


def rows(connection: sa.Connection, query: sa.Select[Any]) -> pd.DataFrame:
    """Return what a query finds as a frame with its columns, also where it finds nothing."""
    found = connection.execute(query)
    return pd.DataFrame([tuple(row) for row in found], columns=list(found.keys()))


def pairs(connection: sa.Connection, query: sa.Select[Any]) -> dict[Any, Any]:
    """Return what a query of two columns finds as a dict."""
    return {row[0]: row[1] for row in connection.execute(query)}
