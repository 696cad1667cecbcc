"""Contrast sets beside the bundled ones: a user's own pairs, and probes' edits as items that people can label too."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.stats.contrast import MOVES, expected_moves
from judgekit.tables import ITEMS, check_items

if TYPE_CHECKING:
    from judgekit.study import Study

#: The columns of a table of pairs; change and phenomenon may be left out.
COLUMNS = ("item", "of", "criterion", "direction", "change", "phenomenon")
WAYS = {move: way for way, move in MOVES.items()}


def pairs(study: Study, *, probes: bool = True) -> pd.DataFrame:
    """Return the study's contrast pairs: item, variant, of, criterion, direction, change, phenomenon, and both texts.

    One row a pair and criterion; with ``probes`` the edits of probes that must move something as well. What
    ``with_pairs`` reads, and what can be handed on.
    """
    found = expected_moves(study, probes=probes)
    shown = {(case.item, case.variant): case.text for case in study.cases()}
    told = study.items.set_index(["item", "variant"])["expect"]
    rows = [
        {
            "item": item,
            "variant": variant,
            "of": of,
            "criterion": criterion,
            "direction": WAYS[move],
            "change": json.loads(told[item, variant]).get("change", ""),
            "phenomenon": ";".join(words),
            "before": shown.get((of, "original"), ""),
            "after": shown.get((item, variant), ""),
        }
        for item, variant, of, criterion, move, words in found.itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["item", "variant", *COLUMNS[1:], "before", "after"])


def with_pairs(study: Study, table: pd.DataFrame | str | Path) -> Study:
    """Return the study with a user's own contrast pairs among its items.

    ``table`` (a frame, or a CSV file) has the columns item (the edit), of (what it is the edit of), criterion,
    direction (lower, higher, same) and perhaps change and phenomenon (several between semicolons). Both sides must be
    items of the study. Pairs that the items had keep their place; an item named here gets these.
    """
    where = "pairs" if isinstance(table, pd.DataFrame) else str(table)
    frame = table if isinstance(table, pd.DataFrame) else _read(Path(table))
    absent = [name for name in COLUMNS[:4] if name not in frame]
    if absent:
        raise InputError(f"no column {listed(absent)}", where=where, fix=f"give {listed(COLUMNS[:4])}")
    known = set(study.items.loc[study.items["variant"] == "original", "item"])
    keys = {criterion.key for criterion in study.task.criteria}
    expects: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(frame.to_dict("records"), 2):
        item, of, way = str(row["item"]), str(row["of"]), str(row["direction"])
        line = f"{where}:{number}"
        odd = [one for one in (item, of) if one not in known]
        if odd:
            raise InputError(f"unknown item '{odd[0]}'", where=line, fix="both sides must be items of the study")
        if item == of:
            raise InputError(f"'{item}' is its own edit", where=line, fix="name another item in 'of'")
        if str(row["criterion"]) not in keys:
            raise InputError(f"unknown criterion '{row['criterion']}'", where=line, fix=f"use one of {listed(keys)}")
        if way not in MOVES:
            raise InputError(f"unknown direction '{way}'", where=line, fix=f"use one of {listed(MOVES)}")
        made = expects.setdefault(item, {"of": of, "direction": {}})
        if made["of"] != of:
            raise InputError(f"'{item}' is the edit of two items", where=line, fix="copy the item, once a pair")
        made["direction"][str(row["criterion"])] = way
        for name in ("change", "phenomenon"):
            if isinstance(row.get(name), str) and row[name]:
                words = [word.strip() for word in row[name].split(";") if word.strip()]
                made[name] = words if name == "phenomenon" else row[name]
    told = {item: json.dumps(expect, ensure_ascii=False, sort_keys=True) for item, expect in expects.items()}
    mine = study.items["item"].isin(list(told)) & (study.items["variant"] == "original")
    expect = study.items["expect"].where(~mine, study.items["item"].map(told))
    return replace(study, items=study.items.assign(expect=expect), _cache={})


def from_probes(study: Study) -> pd.DataFrame:
    """Return probes' edits that must move something as items of their own (``ITEM@PROBE``), with what they are to move.

    An items table that can stand below the study's own, so that people label the edits as they label the originals.
    """
    found = expected_moves(study, probes=True)
    edits = found.loc[found["variant"] != "original", ["item", "variant"]].drop_duplicates()
    rows = study.items.merge(edits, on=["item", "variant"])
    if rows.empty:
        raise InputError("no probe's edit must move anything", where="from_probes", fix="run probes=[sensitivity]")
    told = rows.assign(item=rows["item"] + "@" + rows["variant"], variant="original")
    told = told[[*ITEMS.columns, *(name for name in told if name not in ITEMS.columns)]].assign(digest=None)
    return check_items(told, study.task, "edits of probes")


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(
            f"cannot be read ({type(error).__name__})", where=str(path), fix="give a CSV in UTF-8"
        ) from error
