"""The slice table: where a judge fails more than elsewhere, by how much, and on how many items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.figures import rows as select
from judgekit.figures import style
from judgekit.figures.reliability import of_pool
from judgekit.registry import register

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from judgekit.runs import Run


#: Inches that the panels may take.
PAGE = 7.6


@register("figures")
def slices(run: Run, *, pool: str | None = None, most: int = 12, width: float = style.FULL) -> Figure:
    """Draw each slice that was tested: how much more often a judge fails there than elsewhere, with n, rate and q.

    One panel a criterion; filled: confirmed. Of more than ``most`` slices (or than fit on a page) those with the
    smallest q are drawn. Where no slice was tested the panel says so, with the gap that would have been found.
    ``width`` is in inches.
    """
    if most < 1:
        raise InputError(f"most must be 1 or more, not {most}", where="figures.slices", fix="use 12")
    found = of_pool(select.of(run, "slices.found"), pool)
    beside = run.estimates[run.estimates["b"] == found["b"].iloc[0]]
    gaps = beside[beside["statistic"] == "slices.gap"]
    judges = [judge for judge in run.study.judges() if judge in set(found["a"])]
    panels = select.criteria(run, found)
    shown = {key: gaps[gaps["criterion"] == key].sort_values("q", kind="stable").head(most) for key in panels}
    room = max(1, int((PAGE / len(panels) - 0.5) / 0.2))
    shown = {key: part.head(room) for key, part in shown.items()}
    lines = [max(len(shown[key]), 1) for key in panels]
    with style.context():
        figure, axes = style.canvas(
            run, width=width, height=0.2 * sum(lines) + 0.5 * len(panels) + 0.15, rows=len(panels), sharex=True,
            height_ratios=[0.2 * n + 0.25 for n in lines],
        )  # fmt: skip
        figure.get_layout_engine().set(w_pad=0.1)  # type: ignore[union-attr, call-arg]
        for axis, key in zip(axes[:, 0], panels, strict=True):
            _panel(axis, shown[key], beside[beside["criterion"] == key], judges, width)
            style.title(axis, select.spoken(key), width - 0.6)
        axes[-1, 0].set_xlabel("Failure rate minus elsewhere")
        _legend(figure, judges)
        what = (
            f"Slices on which a judge fails {found['b'].iloc[0]} more often than elsewhere: found on one half of the "
        )
        what += "items, drawn on the other; filled: confirmed (q)"
        # the counts are those of the items searched, the intervals those of the slices drawn
        drawn = gaps[gaps["low"].notna()]
        made = f"; lines: {style.confidence(drawn)} intervals ({listed(style.methods(drawn), 3)})" if len(drawn) else ""
        figure.set_label(style.caption(run, what + made, found))
    return figure


def _panel(axis: Any, rows: pd.DataFrame, beside: pd.DataFrame, judges: list[str], width: float) -> None:
    axis.grid(axis="x", linewidth=0.4)
    narrow = width <= style.COLUMN
    axis.set_xlim(-0.25, 1.3)
    axis.set_xticks([0, 0.5, 1] if narrow else [0, 0.25, 0.5, 0.75, 1])
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("0.", "."))
    axis.spines["left"].set_visible(False)
    axis.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    if rows.empty:
        axis.set_yticks([])
        least = beside.loc[beside["statistic"] == "slices.detectable", "value"].min()
        told = "no slice stood out" + (f"; a gap of {least:.2f} would have" if least == least else "")
        axis.text(0.02, 0.5, told, transform=axis.transAxes, fontsize=6, style="italic", color=style.QUIET)
        return
    axis.axvline(0, color=style.QUIET, linewidth=0.6)
    names = style.shorten([f"{n}\0{row['subset']}" for n, row in enumerate(rows.to_dict("records"))],
                          24 if narrow else 40)  # fmt: skip
    labels = []
    for y, (row, name) in enumerate(zip(rows.to_dict("records"), names.values(), strict=True)):
        nth = judges.index(row["a"]) if row["a"] in judges else 0
        colour, marker = style.COLOURS[nth % len(style.COLOURS)], style.MARKERS[nth % len(style.MARKERS)]
        value, low, high = (float(row[key]) for key in ("value", "low", "high"))
        if np.isfinite(low):
            axis.plot([low, high], [y, y], color=colour, linewidth=0.9, solid_capstyle="butt", zorder=3)
        face = colour if row["verdict"] == "yes" else "white"
        axis.plot(value, y, marker=marker, markersize=3.6, markerfacecolor=face, markeredgecolor=colour,
                  markeredgewidth=0.8, linestyle="none", zorder=4)  # fmt: skip
        labels.append(name.split("\0", 1)[-1])
        rate = beside[(beside["statistic"] == "slices.rate") & (beside["subset"] == row["subset"])]
        rate = rate[rate["a"] == row["a"]]["value"]
        told = f"n {int(row['n_items'])}"
        if not narrow:
            told += f", fails {100 * float(rate.iloc[0]):.0f} %" if len(rate) else ""
            told += f", q {row['q']:.2g}" if row["q"] == row["q"] else ""
        axis.annotate(told, (1, y), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=6,
                      color=style.QUIET)  # fmt: skip
    axis.set_yticks(range(len(labels)), labels, fontsize=6)


def _legend(figure: Figure, judges: list[str]) -> None:
    from matplotlib.lines import Line2D

    names = style.shorten(judges)
    handles: list[Any] = [
        Line2D([], [], color=style.COLOURS[n % len(style.COLOURS)], marker=style.MARKERS[n % len(style.MARKERS)],
               markersize=3.4, label=names[judge])
        for n, judge in enumerate(judges)
    ]  # fmt: skip
    ink: dict[str, Any] = {"color": style.INK, "marker": "o", "markersize": 3.4, "linestyle": "none"}
    handles.append(Line2D([], [], label="confirmed", **ink))
    handles.append(Line2D([], [], label="not confirmed", markerfacecolor="white", **ink))
    style.legend(figure, handles)
