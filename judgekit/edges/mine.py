"""Mining edge cases: every signal of every item, the combined index, and review sheets drawn with known chances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from judgekit import seeds
from judgekit.edges.index import columns, combined, ranks, weights_of
from judgekit.edges.signals import SIGNALS
from judgekit.errors import InputError, listed

if TYPE_CHECKING:
    from judgekit.study import Study


@dataclass(frozen=True)
class Mined:
    """The items of a study with their signals.

    ``table`` has one row an item and criterion: ``item``, ``criterion``, one column a signal (larger is more of an edge
    case, empty where the study says nothing of it), ``index`` (0 to 1: the weighted mean of the signals' ranks).
    ``weights`` are the index's, ``definitions`` says of each signal what it is, what it looks at and where it is from.
    """

    study: Study
    table: pd.DataFrame
    weights: Mapping[str, float]

    @property
    def definitions(self) -> pd.DataFrame:
        """Return one row a signal: signal, weight, sees (text, people, judge, both), definition, source."""
        rows = [(one.name, self.weights[one.name], one.sees, one.definition, one.source) for one in SIGNALS.values()]
        return pd.DataFrame(rows, columns=["signal", "weight", "sees", "definition", "source"])

    def reweighted(self, **weights: float) -> Mined:
        """Return the same with other weights in the index: those named change, the rest stay."""
        made = weights_of({**self.weights, **weights})
        parts = [
            rows.assign(index=combined(rows[list(SIGNALS)], made))
            for _, rows in self.table.groupby("criterion", sort=False)
        ]
        return Mined(self.study, pd.concat(parts, ignore_index=True), made)

    def items(self) -> pd.Series:
        """Return each item's highest index over the criteria, highest first; items without one come last."""
        return self.table.groupby("item")["index"].max().sort_values(ascending=False, kind="stable")

    def probabilities(self, n: int, sharpness: float = 2.0, floor: float = 0.25) -> pd.Series:
        """Return each item's chance to be drawn into a sheet of ``n``; the chances add up to n.

        In proportion to (``floor`` + the place of the item's index among all, 0 to 1) to the power of ``sharpness``:
        none is left out, so that what is found on the sheet says something of all items; sharpness 0 draws them alike.
        Chances above 1 are 1 and the rest is shared out.
        """
        index = self.items()
        if not 1 <= n <= len(index):
            raise InputError(
                f"n must be 1 to {len(index)}, not {n}", where="sheet", fix="ask for no more than there are"
            )
        if not floor > 0 or not sharpness >= 0:
            raise InputError(
                f"floor={floor:g}, sharpness={sharpness:g}", where="sheet", fix="floor above 0, sharpness 0 or more"
            )
        size = (floor + np.nan_to_num(ranks(index.to_numpy()))) ** sharpness
        return pd.Series(inclusion(size, n), index=index.index, name="probability")

    def sheet(
        self, n: int = 50, *, seed: int = 0, sharpness: float = 2.0, floor: float = 0.25, purpose: str = "item"
    ) -> pd.DataFrame:
        """Return a review sheet: ``n`` items drawn with known chances, more of the edge cases.

        Columns: item, variant, probability (the chance that this item had to be drawn; weigh by its inverse), purpose,
        index, the signals (of the criterion where the item's index is highest), text, context, strata. Drawn by
        systematic sampling in random order: Madow (1949), doi:10.1214/aoms/1177729988. Weighing by the inverse: Horvitz
        & Thompson (1952), doi:10.1080/01621459.1952.10483446. The first four columns are what a label study takes as a
        given queue.
        """
        chances = self.probabilities(n, sharpness, floor)
        drawn = systematic(chances.to_numpy(), seeds.rng(seed, "review sheet", self.study.task.name, n))
        chosen = chances.iloc[drawn]
        best = self.table.sort_values("index", ascending=False, kind="stable", na_position="last").drop_duplicates(
            "item"
        )
        originals = self.study.items[self.study.items["variant"] == "original"].set_index("item")
        shown = [name for name in ("text", "context", *self.study.task.strata) if name in originals]
        sheet = pd.DataFrame(
            {"item": chosen.index, "variant": "original", "probability": chosen.to_numpy(), "purpose": purpose}
        )
        told = originals[shown].rename(columns={name: f"{name} (stratum)" for name in shown if name in SIGNALS})
        return sheet.join(best.set_index("item")[["index", *SIGNALS]], on="item").join(told, on="item")

    def save(self, path: str | Path, sheet: pd.DataFrame | None = None) -> Path:
        """Write a sheet (else the whole table) as CSV or parquet, by the name's ending; return the path.

        In a CSV a text that a spreadsheet would take for a formula gets an apostrophe before it, but for items' names.
        """
        target = Path(path)
        frame = self.table if sheet is None else sheet
        if target.suffix == ".parquet":
            frame.to_parquet(target, index=False)
        elif target.suffix == ".csv":
            safe(frame).to_csv(target, index=False)
        else:
            raise InputError(f"'{target.name}' is neither", where="save", fix="end the name in .csv or .parquet")
        return target


def mine(
    study: Study,
    *,
    criterion: str | None = None,
    weights: Mapping[str, float] | None = None,
    neighbours: int = 5,
    embed: bool | str = False,
) -> Mined:
    """Return every item's signals of being an edge case, and their combined index.

    ``criterion`` keeps one (default: all). ``weights`` maps a signal to its weight in the index (default 1 each, 0 for
    ``against``, which looks at the failure itself). ``neighbours`` and ``embed`` are novelty's: see
    ``judgekit.edges.signals``. Which of them foretell failure here is what the statistic ``signals`` estimates.
    """
    keys = [one.key for one in study.task.criteria]
    if criterion is not None and criterion not in keys:
        raise InputError(f"no criterion is called '{criterion}'", where="mine", fix=f"there are: {listed(keys)}")
    if neighbours < 1:
        raise InputError(f"neighbours must be 1 or more, not {neighbours}", where="mine", fix="use 5")
    chosen = weights_of(weights)
    parts = []
    for one in study.task.criteria:
        if criterion in (None, one.key):
            found = columns(study, one, neighbours=neighbours, embed=embed)
            found = found.assign(index=combined(found, chosen)).reset_index()
            found.insert(1, "criterion", one.key)
            parts.append(found)
    return Mined(study, pd.concat(parts, ignore_index=True), chosen)


def inclusion(size: np.ndarray, n: int) -> np.ndarray:
    """Return chances in proportion to ``size`` that add up to ``n``; none is above 1."""
    sure = np.zeros(len(size), dtype=bool)
    while True:
        rest = n - int(sure.sum())
        chances = np.where(sure, 1.0, size * rest / size[~sure].sum() if rest else 0.0)
        over = (chances > 1 + 1e-12) & ~sure
        if not over.any():
            return np.minimum(chances, 1.0)
        sure |= over


def systematic(chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw rows with these chances, a fixed number of them: steps of 1 along their sum in random order."""
    order = rng.permutation(len(chances))
    ends = np.cumsum(chances[order])
    ends[-1] = round(float(ends[-1]))  # the chances add up to a whole number
    marks = rng.random() + np.arange(int(ends[-1]))
    return np.sort(order[np.searchsorted(ends, marks, side="right")])


def safe(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose texts, but for the names of items, no spreadsheet takes for a formula."""

    def quoted(cell: object) -> object:
        return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell

    return pd.DataFrame(
        {name: frame[name].map(quoted) if name != "item" and _texts(frame[name]) else frame[name] for name in frame}
    )


def _texts(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column)
