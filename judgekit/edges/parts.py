"""Which items are edge cases: tagged so, of a named level, or high on the combined index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import InputError, listed
from judgekit.schema import Criterion

if TYPE_CHECKING:
    from judgekit.study import Study


@dataclass(frozen=True)
class Part:
    """The edge items of a study (n, over ``study.matrix``), and how they were told from core ones."""

    edge: NDArray[np.bool_]
    said: str


def part(study: Study, criterion: Criterion, edge: str = "auto", share: float = 0.25) -> Part:
    """Return the edge items of a criterion.

    ``edge`` is ``tags`` (items with any edge tag), ``tag=NAME`` (with that one), ``COLUMN=LEVEL`` or
    ``COLUMN!=LEVEL`` (a column of the items), ``index`` (the ``share`` with the highest combined index of the signals
    that do not look at judges, see ``judgekit.edges.mine``), or ``auto``: tags where there are any, else the index.
    """
    tags = study.item_column("edge")
    if edge == "auto":
        edge = "tags" if tags.notna().any() else "index"
    if edge == "tags":
        if not tags.notna().any():
            raise InputError("no item has an edge tag", where="edge=tags", fix="use edge=index or edge=COLUMN=LEVEL")
        return Part(tags.notna().to_numpy(), "edge: items with an edge tag")
    if edge == "index":
        return study.once(("edge items", criterion.key, share), lambda: _by_index(study, criterion, share))
    column, equals, level = edge.partition("!=") if "!=" in edge else edge.partition("=")
    column, level = column.strip(), level.strip()
    if not equals or not level:
        raise InputError(f"edge '{edge}' names no items", fix="give auto, tags, index, tag=NAME or COLUMN=LEVEL")
    if column == "tag":
        chosen = np.array([level in words(cell) for cell in tags])
    elif column in study.items:
        same = study.item_column(column).astype(str).to_numpy() == level
        chosen = ~same if equals == "!=" else same
    else:
        known = [name for name in study.items.columns if name not in ("text", "context", "candidates", "steps")]
        raise InputError(
            f"the items have no column '{column}'", where=f"edge={edge}", fix=f"use one of {listed(known)}"
        )
    if not chosen.any() or chosen.all():
        what = "no item" if not chosen.any() else "every item"
        raise InputError(f"{what} is an edge case", where=f"edge={edge}", fix="name a level that some items have")
    return Part(chosen, f"edge: {edge}")


def words(cell: object) -> list[str]:
    """Return the edge tags of an item: words between semicolons, commas or in a json list."""
    text = "" if cell is None or cell != cell else str(cell)
    return [tag for tag in (one.strip(" \"'[]") for one in text.replace(",", ";").split(";")) if tag]


def _by_index(study: Study, criterion: Criterion, share: float) -> Part:
    from judgekit.edges.index import before

    if not 0 < share < 1:
        raise InputError(f"share must lie between 0 and 1, not {share:g}", where="edge=index", fix="use 0.25")
    values = before(study, criterion)
    most = max(1, round(share * len(values)))
    order = np.argsort(-np.where(np.isfinite(values), values, -np.inf), kind="stable")
    chosen = np.zeros(len(values), dtype=bool)
    chosen[order[:most]] = True
    return Part(chosen, f"edge: the {most} items with the highest index of signals that do not look at judges")
