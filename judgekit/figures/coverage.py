"""The coverage study at a glance: every design a mark, statistic by statistic, beside the band it should lie in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from judgekit.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Verdicts as marks: those to look at lie on top.
MARKS = {
    "ok": ("as it should be", "o", "#8C8C8C"),
    "conservative": ("over .97", "o", "#56B4E9"),
    "warned": ("short, and a warning says so", "D", "#E69F00"),
    "low": ("short, within the simulation's error", "^", "#CC79A7"),
    "MISSED": ("short without a warning", "X", "#D55E00"),
}
BAND = (0.93, 0.97)
#: Coverage below the first and alarm rates above the second are drawn at the edge.
EDGES = (0.8, 0.2)
#: A longer name with its variant leaves no room for the axis.
LONG = 30
SAID = {"p": "p ≤ .05", "yes": "“yes”", "no": "“no”"}


def coverage(table: pd.DataFrame, path: Path | None = None, *, width: float = style.FULL) -> Figure:
    """Draw a table of ``judgekit.coverage``: coverage of the intervals, false alarms of the tests; ``path`` saves it.

    ``width`` is in inches. The kind of file is that of the path: png or pdf.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    drawn = table[table["rate"].notna()]
    parts = [drawn[drawn["what"] == "coverage"], drawn[drawn["what"] != "coverage"]]
    named = [part.assign(row=[_named(*row) for row in _cells(part)]) for part in parts]
    shown = [part for part in named if len(part)]
    lines = [part["row"].nunique() for part in shown]
    with style.context():
        figure = Figure(figsize=(width, 0.115 * sum(lines) + 0.55 * len(lines)), layout="constrained")
        axes = figure.subplots(max(len(shown), 1), 1, squeeze=False, height_ratios=lines or None)
        for axis, part in zip(axes[:, 0], shown, strict=False):
            _panel(axis, part)
        there = [verdict for verdict in MARKS if verdict in set(drawn["verdict"])]
        style.legend(
            figure,
            [Line2D([], [], color=MARKS[v][2], marker=MARKS[v][1], linestyle="", markersize=4, label=MARKS[v][0])
             for v in there],
        )  # fmt: skip
        figure.set_label(_caption(drawn))
    if path is not None:
        if path.suffix not in (".png", ".pdf"):
            raise ValueError(f"no figure is a '{path.suffix}'")
        style.save(figure, path.parent, path.stem, (path.suffix[1:],))
    return figure


def _cells(part: pd.DataFrame) -> Any:
    return part[["statistic", "variant", "what"]].itertuples(index=False)


def _named(statistic: str, variant: str, what: str) -> str:
    name = re.sub(r"^(accuracy|homogeneity)(.*)\.\d+$", r"\1\2.LEVEL", statistic)
    how = f" ({variant.replace('interval=', '')})" if variant else ""
    if variant and len(name + how) > LONG:
        name = name.replace("weighted_kappa", "κ").replace("equivalence.alpha", "equivalence.α")
    return name + how + (f", {SAID[what]}" if what in SAID else "")


def _panel(axis: Any, part: pd.DataFrame) -> None:
    covering = bool((part["what"] == "coverage").all())
    names = sorted(part["row"].unique())
    place = {name: len(names) - 1 - number for number, name in enumerate(names)}
    y = part["row"].map(place).to_numpy(dtype=float)
    # Designs of a row lie side by side in their order, so that equal rates do not hide one another.
    order = part.groupby("row").cumcount().to_numpy() / part.groupby("row")["row"].transform("size").to_numpy()
    y = y + 0.36 * (0.5 - order)
    rate = part["rate"].to_numpy()
    if covering:
        axis.axvspan(*BAND, color="#0072B2", alpha=0.13, linewidth=0)
        axis.axvline(0.95, color="#0072B2", linewidth=0.7)
        x = np.maximum(rate, EDGES[0])
        axis.set_xlim(EDGES[0] - 0.004, 1.003)
        band = f"band: {BAND[0]:g} to {BAND[1]:g}"
        axis.set_xlabel(f"share of intervals that hold the truth (under {EDGES[0]:g}: at the edge); {band}")
    else:
        axis.axvspan(0, 0.05, color="#0072B2", alpha=0.13, linewidth=0)
        axis.axvline(0.05, color="#0072B2", linewidth=0.7)
        x = np.minimum(rate, EDGES[1])
        axis.set_xlim(-0.002, EDGES[1] + 0.004)
        axis.set_xlabel(f"share of false alarms where the null hypothesis holds (over {EDGES[1]:g}: at the edge); "
                        "allowed: .05")  # fmt: skip
    for verdict, (_, marker, colour) in MARKS.items():
        mine = (part["verdict"] == verdict).to_numpy()
        axis.scatter(x[mine], y[mine], s=5 if marker == "o" else 9, marker=marker, color=colour, linewidths=0,
                     alpha=0.6 if marker == "o" else 0.95, zorder=2 + list(MARKS).index(verdict))  # fmt: skip
    axis.set_yticks(list(place.values()), list(place), fontsize=5.2)
    axis.set_ylim(-0.6, len(names) - 0.4)
    axis.grid(axis="y", linewidth=0.4)
    axis.set_title("coverage of 95 % intervals" if covering else "false alarms of tests")


def _caption(table: pd.DataFrame) -> str:
    designs = len(table[["levels", "items", "prevalence", "people", "missing", "cluster", "rho"]].drop_duplicates())
    sets = "–".join(f"{n:,}" for n in sorted({int(table["data_sets"].min()), int(table["data_sets"].max())}))
    return (
        f"Simulated coverage of 95 % intervals and false alarms of tests: {designs} designs, {sets} data sets each. "
        "A mark is one comparison in one design."
    )
