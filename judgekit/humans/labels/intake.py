"""What comes into a study from outside: its design when it is begun, labels and attributes from other tools."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from judgekit import paths
from judgekit.errors import InputError, listed
from judgekit.humans.labels.deal import pairs, rows
from judgekit.humans.labels.design import Design
from judgekit.humans.labels.flow import event
from judgekit.humans.labels.material import Material
from judgekit.humans.labels.store import Store
from judgekit.humans.labels.tables import cards, labels, meta, raters, sheets, units
from judgekit.humans.labels.tokens import Key, hashed
from judgekit.humans.labels.units import planned
from judgekit.study import Study


def key_of(store: Store, file: str | Path | None, design: Design | None) -> Key:
    """Return a study's key: beside an SQLite file, else under ``data/labels``; made only where a study is begun."""
    sqlite = store.url.get_backend_name() == "sqlite"
    usual = Path(f"{store.url.database}.key") if sqlite else paths.data("labels", f"{store.url.database}.key")
    fresh = design is not None and not _held(store)
    return Key.at(usual if file is None else Path(file), create=fresh)


def _held(store: Store) -> dict[str, str]:
    return store.read(lambda c: pairs(c, sa.select(meta.c.name, meta.c.value)))


def begun(store: Store, key: Key | None, design: Design | None, now: float) -> Design:
    """Return the study's design: the one it was begun with, or this one, which begins it; no key: to read only."""
    held = _held(store)
    if "design" not in held:
        if design is None or key is None:
            raise InputError("no study was begun here", where=store.where, fix="begin one: python -m judgekit.label")
        fresh = design
        made = planned(fresh, Material(fresh))
        mine = key
        if store.write(lambda c: _begin(c, fresh, mine, made.frame, made.sheets, now)):
            return design
        return begun(store, key, design, now)  # another process was first
    if key is not None and held["key"] != key.fingerprint:
        raise InputError("this is another study's key", where=store.where, fix="bring the study's own key file")
    found = Design.loaded(held["design"])
    if design is None:
        return found
    other = found.differs(design)
    if other is not None:
        raise InputError(
            f"the study was begun with another {other}",
            where=store.where,
            fix="what was declared stays: change it back, or begin another study with label.name=…",
        )
    return Design(found.task, found.items, design.settings, found.queues, found.reviews)


def _begin(
    connection: sa.Connection,
    design: Design,
    key: Key,
    frame: pd.DataFrame,
    grids: dict[Any, list[list[int]]],
    now: float,
) -> bool:
    if connection.execute(sa.select(meta.c.name).where(meta.c.name == "design")).first() is not None:
        return False
    values = {"design": design.text(), "key": key.fingerprint, "paused": "false"}
    connection.execute(sa.insert(meta), [{"name": name, "value": value} for name, value in values.items()])
    cells = frame.astype(object).where(frame.notna(), None).to_dict("records")
    connection.execute(sa.insert(units), [{str(name): cell for name, cell in row.items()} for row in cells])
    seated = [
        {"pool": pool, "arm": arm, "sheet": number, "unit": unit}
        for (pool, arm), grid in grids.items()
        for number, sheet in enumerate(grid)
        for unit in sheet
    ]
    if seated:
        connection.execute(sa.insert(sheets), seated)
    event(connection, now, None, "begun")
    return True


def take(connection: sa.Connection, material: Material, study: Study, now: float) -> int:
    """Put the ratings of a study's persons into this one; see ``Desk.take``."""
    people = study.raters[(study.raters["role"] == "person") & (study.raters["aggregate"] == "none")]
    ratings = study.ratings[study.ratings["rater"].isin(people["rater"])]
    known = set(material.cases)
    odd = [key for key in zip(ratings["item"], ratings["variant"], strict=True) if key not in known]
    if odd:
        raise InputError(
            f"{listed(dict.fromkeys(f'{item} ({variant})' for item, variant in odd))} is not in this study",
            where="import",
            fix="bring labels of this study's items",
        )
    there = set(connection.execute(sa.select(raters.c.rater)).scalars())
    number = int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(raters.c.number), 0))).scalar_one())
    told = [name for name in people if name not in ("rater", "kind", "role", "pool", "aggregate", "arm")]
    pools = material.design.settings.plan.pools
    for row in people.to_dict("records"):
        if row["rater"] in there:
            continue
        number += 1
        attributes = {str(name): str(row[name]) for name in told if pd.notna(row[name])}
        connection.execute(
            sa.insert(raters).values(
                rater=row["rater"],
                number=number,
                token=hashed(secrets.token_hex(32)),
                generation=0,
                kind=row["kind"],
                pool=row["pool"] if row["pool"] in pools else next(iter(pools)),
                arm="blind",
                stage="thanks",
                resting=0,
                attempts=0,
                attributes=json.dumps(attributes, ensure_ascii=False),
                joined=now,
                seen=now,
                finished=now,
            )
        )
        event(connection, now, str(row["rater"]), "imported")
    return _take_labels(connection, ratings, now)


def _take_labels(connection: sa.Connection, ratings: pd.DataFrame, now: float) -> int:
    held = rows(
        connection, sa.select(labels.c.rater, labels.c.item, labels.c.variant, labels.c.criterion, labels.c.rep)
    )
    there = set(held.itertuples(index=False, name=None))
    pool_of = pairs(connection, sa.select(raters.c.rater, raters.c.pool))
    unit_of = {
        (row.item, row.variant, row.pool): row.unit
        for row in connection.execute(sa.select(units).where(units.c.purpose == "item", units.c.arm == "blind"))
    }
    taken = 0
    place: dict[str, int] = {}
    for key, mine in ratings.groupby(["rater", "item", "variant", "rep"], sort=False):
        rater, item, variant, rep = str(key[0]), str(key[1]), str(key[2]), int(str(key[3]))
        new = [row for row in mine.to_dict("records") if (rater, item, variant, row["criterion"], rep) not in there]
        if not new:
            continue
        place[rater] = place.get(rater, 0) + 1
        card = secrets.token_urlsafe(12)
        seconds = new[0].get("seconds")
        connection.execute(
            sa.insert(cards).values(
                card=card,
                rater=rater,
                unit=unit_of.get((item, variant, pool_of[rater])) if rep == 0 else None,
                item=item,
                variant=variant,
                rep=rep,
                purpose="item" if rep == 0 else "repeat",
                stage="items",
                position=place[rater],
                state="done",
                dealt=now,
                done=now,
                seconds=None if seconds is None or pd.isna(seconds) else float(seconds),
                revisions=0,
            )
        )
        connection.execute(sa.insert(labels), [_label(row, rater, item, variant, rep, card, now) for row in new])
        taken += len(new)
    return taken


def _label(row: dict[Any, Any], rater: str, item: str, variant: str, rep: int, card: str, now: float) -> dict[str, Any]:
    def cell(name: str) -> Any:
        value = row.get(name)
        return None if value is None or pd.isna(value) else value

    # what the other tool showed is known only where it was recorded: nothing says that it was this study's very item
    return {
        "rater": rater,
        "item": item,
        "variant": variant,
        "criterion": row["criterion"],
        "rep": rep,
        "stage": "items",
        "card": card,
        "value": cell("value"),
        "status": row["status"],
        "reason": cell("reason"),
        "comment": cell("comment"),
        "span": cell("span"),
        "confidence": cell("confidence"),
        "shown": cell("shown") or "",
        "at": now,
    }


def describe(connection: sa.Connection, attributes: pd.DataFrame, now: float) -> int:
    """Add attributes to raters; see ``Desk.describe``."""
    n = 0
    for row in attributes.to_dict("records"):
        name = str(row["rater"])
        held = connection.execute(sa.select(raters.c.attributes).where(raters.c.rater == name)).scalar()
        if held is None:
            continue
        n += 1
        new = {str(key): str(cell) for key, cell in row.items() if key != "rater" and pd.notna(cell)}
        text = json.dumps({**json.loads(held), **new}, ensure_ascii=False)
        connection.execute(sa.update(raters).where(raters.c.rater == name).values(attributes=text))
        event(connection, now, name, "described", detail=json.dumps(sorted(new)))
    return n
