"""What a study holds, as frames in the words of ``judgekit.tables``, and its progress."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, cast

import pandas as pd
import sqlalchemy as sa

from judgekit.humans.labels.card import Progress, Stream
from judgekit.humans.labels.deal import Dealer, rows
from judgekit.humans.labels.flow import Flow, paused
from judgekit.humans.labels.material import Material
from judgekit.humans.labels.settings import ADJUDICATORS, Arm, Purpose
from judgekit.humans.labels.tables import cards, events, labels, raters, units

RATED = ("item", "gold", "repeat", "attention", "adjudication")


def answers(connection: sa.Connection, material: Material, purposes: tuple[str, ...], steps: bool) -> pd.DataFrame:
    """Return labels of some purposes, columns as ``Desk.ratings`` says; ``steps`` tells whether only steps or none."""
    query = (
        sa.select(
            *(labels.c[name] for name in ("item", "variant", "criterion", "rater", "rep", "value", "status")),
            *(labels.c[name] for name in ("confidence", "reason")),
            *(cards.c.seconds, labels.c.shown, labels.c.at, cards.c.purpose, raters.c.arm, raters.c.pool),
            *(labels.c.comment, labels.c.span, cards.c.position, cards.c.revisions, cards.c.claimed),
        )
        .join(cards, cards.c.card == labels.c.card)
        .join(raters, raters.c.rater == labels.c.rater)
        .where(cards.c.purpose.in_(purposes))
        .order_by(raters.c.number, cards.c.position, labels.c.criterion, labels.c.item)
    )
    stepped = labels.c.criterion.like("%@%")
    frame = rows(connection, query.where(stepped if steps else sa.not_(stepped)))
    frame["at"] = [_iso(at) for at in frame["at"]]
    for name in ("value", "confidence", "seconds", "claimed"):
        frame[name] = frame[name].astype("float64")
    frame["shown"] = frame["shown"].where(frame["shown"] != "", None)  # imported labels do not tell
    frame["accepted"] = _accepted(frame, material)
    return frame


def _accepted(frame: pd.DataFrame, material: Material) -> list[str | None]:
    found = []
    for item, variant, criterion, purpose in zip(
        frame["item"], frame["variant"], frame["criterion"], frame["purpose"], strict=True
    ):
        case = material.cases.get((item, variant))
        known = {} if case is None or purpose == "repeat" else case.accepted
        found.append(json.dumps(list(known[criterion])) if criterion in known else None)
    return found


def people(connection: sa.Connection, flow: Flow) -> pd.DataFrame:
    """Return the raters table, attributes as columns."""
    names = ("rater", "kind", "pool", "arm", "stage", "attributes", "joined", "seen", "finished")
    frame = rows(connection, sa.select(*(raters.c[name] for name in names)).order_by(raters.c.number))
    attributes = [json.loads(text) for text in frame.pop("attributes")]
    frame.insert(2, "role", "person")
    frame.insert(4, "aggregate", "none")
    frame["code"] = [
        flow.code(rater) if stage == "thanks" else None
        for rater, stage in zip(frame["rater"], frame["stage"], strict=True)
    ]
    for name in ("joined", "seen", "finished"):
        frame[name] = [None if pd.isna(at) else _iso(at) for at in frame[name]]
    plans = flow.settings.plan.pools
    for name in ("usd_per_hour", "usd_per_label"):
        frame[name] = [getattr(plans[pool], name) if pool in plans else None for pool in frame["pool"]]
        frame[name] = frame[name].astype("float64")
    for key in dict.fromkeys(key for one in attributes for key in one):
        frame[key if key not in frame else f"{key}_said"] = [one.get(key) for one in attributes]
    return frame


def plan(connection: sa.Connection) -> pd.DataFrame:
    """Return the units with how many labels each has and awaits."""
    counted = (
        sa.select(cards.c.unit, cards.c.state, sa.func.count().label("n"))
        .where(cards.c.unit.is_not(None), cards.c.rep == 0)
        .group_by(cards.c.unit, cards.c.state)
    )
    found = rows(connection, counted)
    frame = rows(connection, sa.select(units).order_by(units.c.unit)).drop(columns="note")
    for name, state in (("done", "done"), ("held", "open")):
        mine = found[found["state"] == state].set_index("unit")["n"]
        frame[name] = frame["unit"].map(mine).astype("float64").fillna(0).astype(int)
    frame["probability"] = frame["probability"].astype("float64")
    return frame


def happened(connection: sa.Connection) -> pd.DataFrame:
    """Return the events, oldest first."""
    names = ("at", "rater", "what", "item", "variant", "detail")
    frame = rows(connection, sa.select(*(events.c[name] for name in names)).order_by(events.c.id))
    frame["at"] = [_iso(at) for at in frame["at"]]
    return frame


def progress(connection: sa.Connection, dealer: Dealer, flow: Flow, now: float) -> Progress:
    """Return the plan and how far it is."""
    frame = plan(connection)
    everyone = people(connection, flow)
    timed = rows(
        connection,
        sa.select(cards.c.rater, cards.c.state, sa.func.sum(cards.c.seconds).label("s"), sa.func.count().label("n"))
        .where(cards.c.stage == "items")
        .group_by(cards.c.rater, cards.c.state),
    )
    streams = []
    for key, mine in frame.groupby(["pool", "arm", "purpose"], sort=False):
        pool, arm, purpose = str(key[0]), str(key[1]), str(key[2])
        declared = dealer.plan.pools.get(pool)
        surplus = (mine["done"] - mine["wanted"]).clip(lower=0)
        done = int((mine["done"] - surplus).sum())
        held = int((mine["wanted"] - mine["done"]).clip(lower=0).clip(upper=mine["held"]).sum())
        seats = dealer.seats(connection, pool, arm) if declared is not None else 0
        streams.append(
            Stream(
                pool=pool,
                arm=cast(Arm, arm),
                purpose=cast(Purpose, purpose),
                wanted=int(mine["wanted"].sum()),
                done=done,
                held=held,
                surplus=int(surplus.sum()),
                raters=int(((everyone["pool"] == pool) & (everyone["arm"] == arm)).sum()),
                seats=seats,
                usd_per_hour=None if declared is None else declared.usd_per_hour,
                usd_per_label=None if declared is None else declared.usd_per_label,
            )
        )
    labelled = timed[timed["state"] == "done"]
    seconds, n = float(labelled["s"].sum()), int(labelled["n"].sum())
    told = everyone[["rater", "pool", "arm", "stage", "joined", "seen", "finished"]].copy()
    for name, states in (("done", ["done"]), ("held", ["open"]), ("skipped", ["skipped"])):
        counts = timed[timed["state"].isin(states)].groupby("rater")["n"].sum()
        told[name] = told["rater"].map(counts).astype("float64").fillna(0).astype(int)
    told["minutes"] = told["rater"].map(timed.groupby("rater")["s"].sum() / 60).astype("float64").fillna(0.0)
    revisions = connection.execute(sa.select(sa.func.coalesce(sa.func.sum(cards.c.revisions), 0))).scalar_one()
    return Progress(
        streams=tuple(streams),
        stages={str(stage): int(k) for stage, k in everyone["stage"].value_counts(sort=False).items()},
        paused=paused(connection),
        labels=int(connection.execute(sa.select(sa.func.count()).select_from(labels)).scalar_one()),
        revisions=int(revisions),
        skipped=int(told["skipped"].sum()),
        minutes=float(timed["s"].sum()) / 60,
        seconds_per_item=seconds / n if n else None,
        usd=_usd(told, dealer),
        raters=told,
    )


def _usd(told: pd.DataFrame, dealer: Dealer) -> float | None:
    """Return what the labels so far cost, by the hour and by the item; None where no pool has a price."""
    total, priced = 0.0, False
    for pool, mine in told.groupby("pool"):
        declared = dealer.plan.pools.get(str(pool))
        if declared is None or pool == ADJUDICATORS:
            continue
        if declared.usd_per_hour is not None:
            total, priced = total + declared.usd_per_hour * float(mine["minutes"].sum()) / 60, True
        if declared.usd_per_label is not None:
            total, priced = total + declared.usd_per_label * int(mine["done"].sum()), True
    return total if priced else None


def _iso(at: Any) -> str:
    return datetime.fromtimestamp(float(at), UTC).isoformat(timespec="milliseconds")
