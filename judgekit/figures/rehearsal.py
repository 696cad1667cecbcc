"""A rehearsal at a glance: how often innocents are flagged, and how often plants are found, by statistic."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from judgekit.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Verdicts as colours: those to look at stand out.
COLOURS = {"ok": "#0072B2", "MISSED": "#D55E00", "weak": "#E69F00", "": "#8C8C8C"}
MEANT = {
    "ok": "as it should be", "MISSED": "innocents flagged too often", "weak": "practical plant found too seldom",
    "": "plant of another size",
}  # fmt: skip
#: False alarm rates above this are drawn at the edge.
EDGE = 0.25
ALARMS, POWER = 0.05, 0.8
#: Room beside the panels, in inches: the layout measures names too narrow.
ROOM = 0.35


def rehearsal(table: pd.DataFrame, path: Path | None = None, *, width: float = style.FULL) -> Figure:
    """Draw a table of ``judgekit.rehearse``: false alarms on innocents beside power at plants; ``path`` saves it.

    Lines are the simulation's 95 % intervals; a marker's shape is the number of items. ``width`` is in inches, the kind
    of file is that of the path: png or pdf.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    if path is not None and path.suffix not in (".png", ".pdf"):
        raise ValueError(f"no figure is a '{path.suffix}'")
    drawn = table[table["rate"].notna() & (table["role"] != "told")]
    drawn = drawn.assign(row=[_named(row) for row in drawn.to_dict("records")])
    parts = [drawn[drawn["role"] == "innocent"], drawn[drawn["role"] != "innocent"]]
    sizes = sorted(drawn["items"].unique())
    marks = dict(zip(sizes, style.MARKERS * (1 + len(sizes) // len(style.MARKERS)), strict=False))
    lines = [max(part["row"].nunique(), 1) for part in parts]
    with style.context():
        figure = Figure(figsize=(width, 0.15 * sum(lines) + 1.1), layout="constrained")
        axes = figure.subplots(2, 1, height_ratios=lines)
        for axis, part, alarms in zip(axes, parts, (True, False), strict=True):
            _panel(axis, part, marks, alarms=alarms)
        shown = [Line2D([], [], color=style.QUIET, marker=marks[n], linestyle="", markersize=4, label=f"{n} items")
                 for n in sizes]  # fmt: skip
        shown += [Line2D([], [], color=colour, marker="o", linestyle="", markersize=4, label=MEANT[name])
                  for name, colour in COLOURS.items() if name in set(drawn["verdict"])]  # fmt: skip
        style.legend(figure, shown)
        figure.get_layout_engine().set(w_pad=ROOM)  # type: ignore[union-attr, call-arg]
        figure.set_label(_caption(drawn))
    if path is not None:
        style.save(figure, path.parent, path.stem, (path.suffix[1:],))
    return figure


def _named(row: Mapping[Any, Any]) -> str:
    what = row["statistic"] + (f" {row['of']}" if row["of"] else "")
    if row["flag"] in ("no", "ever"):
        what += {"no": ", “none”", "ever": ", any flag"}[row["flag"]]
    told = row["who"] if row["role"] == "innocent" else row["planted"].removesuffix(" of the time")
    return f"{what}: {told}"


def _panel(axis: Any, part: pd.DataFrame, marks: dict[int, str], *, alarms: bool) -> None:
    names = list(dict.fromkeys(part["row"]))
    place = {name: len(names) - 1 - number for number, name in enumerate(names)}
    sizes = list(marks)
    edge = EDGE if alarms else 1.0
    for row in part.to_dict("records"):
        at = sizes.index(row["items"])
        y = place[row["row"]] + 0.32 * (0.5 - (at + 0.5) / len(sizes)) * 2
        colour = COLOURS.get(row["verdict"], COLOURS[""])
        low, high, x = (float(np.minimum(row[name], edge)) for name in ("rate_low", "rate_high", "rate"))
        axis.plot([low, high], [y, y], color=colour, linewidth=0.8, solid_capstyle="butt")
        axis.plot([x], [y], color=colour, marker=marks[row["items"]], markersize=3, linestyle="")
    limit = ALARMS if alarms else POWER
    axis.axvline(limit, color=style.INK, linewidth=0.7, linestyle=(0, (4, 2)))
    axis.set_yticks(list(place.values()), list(place), fontsize=5.4)
    axis.set_ylim(-0.7, max(len(names), 1) - 0.3)
    axis.set_xlim(-0.01 * edge, edge * 1.01)
    axis.grid(axis="y", linewidth=0.4)
    axis.set_title("innocents flagged (false alarms)" if alarms else "plants found (power)")
    axis.set_xlabel(f"share of simulated studies; allowed: {limit:.2f}" + (f" (over {EDGE:g}: at the edge)"
                    if (part["rate_high"] > EDGE).any() else "") if alarms
                    else f"share of simulated studies; wanted of a plant of practical size: {limit:.2f}")  # fmt: skip


def _caption(table: pd.DataFrame) -> str:
    sets = "–".join(f"{n:,}" for n in sorted({int(table["data_sets"].min()), int(table["data_sets"].max())}))
    return (
        f"Rehearsal: innocents flagged and plants found in {sets} simulated studies a design. Lines: 95 % intervals of "
        "the simulation (Wilson)."
    )
