"""The tables of a label study, and the steps by which an older database becomes today's."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from judgekit import databases

_META = sa.MetaData()
_T, _I, _D = sa.Text, sa.Integer, sa.Double

#: What holds for the whole study: task, items, settings, whether it is paused. Values are JSON.
meta = sa.Table("meta", _META, sa.Column("name", _T, primary_key=True), sa.Column("value", _T, nullable=False))

#: One row a unit of the plan: so many labels of this (item, variant), from this pool, in this arm.
units = sa.Table(
    "units",
    _META,
    sa.Column("unit", _I, primary_key=True),
    sa.Column("item", _T, nullable=False),
    sa.Column("variant", _T, nullable=False),
    sa.Column("purpose", _T, nullable=False),
    sa.Column("pool", _T, nullable=False),
    sa.Column("arm", _T, nullable=False),
    sa.Column("wanted", _I, nullable=False),
    sa.Column("probability", _D),
    sa.Column("note", _T),
)

#: Which units one seat of a plan in full or in blocks labels.
sheets = sa.Table(
    "sheets",
    _META,
    sa.Column("pool", _T, primary_key=True),
    sa.Column("arm", _T, primary_key=True),
    sa.Column("sheet", _I, primary_key=True),
    sa.Column("unit", _I, primary_key=True),
)

#: One row a rater. ``token`` and ``external`` are hashes; ``cursor`` is the card that the rater went back to.
raters = sa.Table(
    "raters",
    _META,
    sa.Column("rater", _T, primary_key=True),
    sa.Column("number", _I, nullable=False),
    sa.Column("token", _T, nullable=False, unique=True),
    sa.Column("generation", _I, nullable=False),
    sa.Column("kind", _T, nullable=False),
    sa.Column("pool", _T, nullable=False),
    sa.Column("arm", _T, nullable=False),
    sa.Column("external", _T, unique=True),
    sa.Column("stage", _T, nullable=False),
    sa.Column("resting", _I, nullable=False),
    sa.Column("attempts", _I, nullable=False),
    sa.Column("sheet", _I),
    sa.Column("cursor", _T),
    sa.Column("attributes", _T, nullable=False),
    sa.Column("joined", _D, nullable=False),
    sa.Column("consented", _D),
    sa.Column("seen", _D, nullable=False),
    sa.Column("finished", _D),
)

#: One row a card dealt: what a rater is to label, or has labelled.
cards = sa.Table(
    "cards",
    _META,
    sa.Column("card", _T, primary_key=True),
    sa.Column("rater", _T, nullable=False),
    sa.Column("unit", _I),
    sa.Column("item", _T, nullable=False),
    sa.Column("variant", _T, nullable=False),
    sa.Column("rep", _I, nullable=False),
    sa.Column("purpose", _T, nullable=False),
    sa.Column("stage", _T, nullable=False),
    sa.Column("position", _I, nullable=False),
    sa.Column("state", _T, nullable=False),
    sa.Column("dealt", _D, nullable=False),
    sa.Column("opened", _D),
    sa.Column("done", _D),
    sa.Column("seconds", _D),
    sa.Column("claimed", _D),
    sa.Column("revisions", _I, nullable=False),
    sa.UniqueConstraint("rater", "item", "variant", "rep", "stage"),
)

#: One row an answer. A ranking has one for each candidate's item; a step's question is ``criterion@1``.
labels = sa.Table(
    "labels",
    _META,
    sa.Column("rater", _T, primary_key=True),
    sa.Column("item", _T, primary_key=True),
    sa.Column("variant", _T, primary_key=True),
    sa.Column("criterion", _T, primary_key=True),
    sa.Column("rep", _I, primary_key=True),
    sa.Column("stage", _T, primary_key=True),
    sa.Column("card", _T, nullable=False),
    sa.Column("value", _D),
    sa.Column("status", _T, nullable=False),
    sa.Column("reason", _T),
    sa.Column("comment", _T),
    sa.Column("span", _T),
    sa.Column("confidence", _D),
    sa.Column("shown", _T, nullable=False),
    sa.Column("at", _D, nullable=False),
)

#: What happened, only ever added to. ``nonce`` and ``digest`` make a replayed answer known.
events = sa.Table(
    "events",
    _META,
    sa.Column("id", _I, primary_key=True),
    sa.Column("at", _D, nullable=False),
    sa.Column("rater", _T),
    sa.Column("what", _T, nullable=False),
    sa.Column("card", _T),
    sa.Column("item", _T),
    sa.Column("variant", _T),
    sa.Column("nonce", _T),
    sa.Column("digest", _T),
    sa.Column("detail", _T),
)

_FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE units (unit INTEGER PRIMARY KEY, item TEXT NOT NULL, variant TEXT NOT NULL, purpose TEXT NOT NULL,
  pool TEXT NOT NULL, arm TEXT NOT NULL, wanted INTEGER NOT NULL, probability DOUBLE PRECISION, note TEXT,
  UNIQUE (item, variant, purpose, pool, arm));
CREATE TABLE sheets (pool TEXT NOT NULL, arm TEXT NOT NULL, sheet INTEGER NOT NULL, unit INTEGER NOT NULL,
  PRIMARY KEY (pool, arm, sheet, unit));
CREATE TABLE raters (rater TEXT PRIMARY KEY, number INTEGER NOT NULL, token TEXT NOT NULL UNIQUE,
  generation INTEGER NOT NULL, kind TEXT NOT NULL, pool TEXT NOT NULL, arm TEXT NOT NULL, external TEXT UNIQUE,
  stage TEXT NOT NULL, resting INTEGER NOT NULL, attempts INTEGER NOT NULL, sheet INTEGER, cursor TEXT,
  attributes TEXT NOT NULL, joined DOUBLE PRECISION NOT NULL, consented DOUBLE PRECISION,
  seen DOUBLE PRECISION NOT NULL, finished DOUBLE PRECISION);
CREATE TABLE cards (card TEXT PRIMARY KEY, rater TEXT NOT NULL, unit INTEGER, item TEXT NOT NULL,
  variant TEXT NOT NULL, rep INTEGER NOT NULL, purpose TEXT NOT NULL, stage TEXT NOT NULL, position INTEGER NOT NULL,
  state TEXT NOT NULL, dealt DOUBLE PRECISION NOT NULL, opened DOUBLE PRECISION, done DOUBLE PRECISION,
  seconds DOUBLE PRECISION, claimed DOUBLE PRECISION, revisions INTEGER NOT NULL,
  UNIQUE (rater, item, variant, rep, stage));
CREATE INDEX cards_of_rater ON cards (rater, stage, position);
CREATE INDEX cards_of_unit ON cards (unit, state);
CREATE TABLE labels (rater TEXT NOT NULL, item TEXT NOT NULL, variant TEXT NOT NULL, criterion TEXT NOT NULL,
  rep INTEGER NOT NULL, stage TEXT NOT NULL, card TEXT NOT NULL, value DOUBLE PRECISION, status TEXT NOT NULL,
  reason TEXT, comment TEXT, span TEXT, confidence DOUBLE PRECISION, shown TEXT NOT NULL, at DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (rater, item, variant, criterion, rep, stage));
CREATE INDEX labels_of_card ON labels (card);
CREATE TABLE events (id {serial}, at DOUBLE PRECISION NOT NULL, rater TEXT, what TEXT NOT NULL, card TEXT, item TEXT,
  variant TEXT, nonce TEXT, digest TEXT, detail TEXT, UNIQUE (rater, card, nonce, digest));
"""


def _first(connection: sa.Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    serial = "INTEGER PRIMARY KEY AUTOINCREMENT" if sqlite else "BIGSERIAL PRIMARY KEY"
    for statement in _FIRST.format(serial=serial).split(";"):
        if statement.strip():
            connection.exec_driver_sql(statement)


#: Step n turns version n into n + 1. Steps are only ever added: a database written by any version can be opened.
MIGRATIONS: list[Callable[[sa.Connection], None]] = [_first]


def migrate(connection: sa.Connection, where: str) -> None:
    """Bring the database to today's version, inside the caller's transaction; refuse one from the future."""
    databases.migrate(connection, where, "label study", MIGRATIONS, "label_version")
