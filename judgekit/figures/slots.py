"""The slot plot: of two answers of equal worth, how often each judge takes the one that it is shown first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from judgekit.figures import rows as select
from judgekit.figures import style
from judgekit.registry import register

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from judgekit.runs import Run

SHARE, SAME = "bradley_terry.first_slot", "swap.consistency"
BAND = "#EFEFEF"


@register("figures")
def slots(run: Run, *, width: float = style.FULL) -> Figure:
    """Draw each judge's share of first places at equal worth, its margin, and how often its choice survives the order.

    One panel a criterion, a line a judge; filled where it prefers a place, small marks are the levels of the strata.
    On the right stands the share of pairs with the same answer in both orders. ``width`` is in inches.
    """
    rows = select.of(run, SHARE)
    same = run.estimates[(run.estimates["statistic"] == SAME) & (run.estimates["subset"] == "all")]
    whole = rows[rows["subset"] == "all"]
    judges = [judge for judge in run.study.judges() if judge in set(whole["a"])]
    panels = select.criteria(run, whole)
    with style.context():
        columns = style.columns_for(len(panels), width, least=1.6)
        down = -(-len(panels) // columns)
        tall = style.height(down, 0.24 * len(judges) + 0.1, least=0.14 * len(judges), extra=0.62)
        figure, axes = style.canvas(
            run, width=width, height=down * (tall + 0.62) + 0.05, rows=down, columns=columns, sharex=True, sharey=True
        )
        for axis, key in zip(style.tidy(axes, len(panels)), panels, strict=True):
            consistent = dict(
                zip(same.loc[same["criterion"] == key, "a"], same["value"][same["criterion"] == key], strict=True)
            )
            _panel(axis, rows[rows["criterion"] == key], judges, consistent)
            style.title(axis, select.spoken(key), (width - 0.9) / columns - 0.35 * bool(len(same)))
        _axes(figure, judges, narrow=width / columns < 2)
        _legend(figure, strata=bool((rows["subset"] != "all").any()), beside=bool(len(same)))
        text = "Share of choices of the candidate shown first, of two of equal worth"
        text += "; band: the margin; filled: prefers a place"
        text += "; on the right: pairs with the same answer in both orders" if len(same) else ""
        figure.set_label(style.caption(run, text, whole))
    return figure


def _panel(axis: Any, rows: pd.DataFrame, judges: Sequence[str], consistent: Mapping[str, float]) -> None:
    margin = rows["margin"].dropna()
    if len(margin):
        axis.axvspan(0.5 - float(margin.iloc[0]), 0.5 + float(margin.iloc[0]), color=BAND, linewidth=0, zorder=0)
    axis.axvline(0.5, color=style.QUIET, linewidth=0.6, zorder=1)
    for y, judge in enumerate(judges):
        mine = rows[rows["a"] == judge]
        for row in mine[mine["subset"] != "all"].to_dict("records"):
            axis.plot(row["value"], y, "|", color=style.COLOURS[0], alpha=0.55, markersize=5, zorder=2)
        for row in mine[mine["subset"] == "all"].to_dict("records"):
            _point(axis, row, y)
        share = float(consistent.get(judge, np.nan))
        if np.isfinite(share):
            axis.text(1.03, y, f"{100 * share:.0f} %", transform=axis.get_yaxis_transform(), fontsize=6, va="center",
                      color=style.QUIET)  # fmt: skip


def _point(axis: Any, row: Mapping[Any, Any], y: int) -> None:
    colour = style.COLOURS[0]
    if not np.isfinite(float(row["value"])):
        axis.text(0.02, y, "not estimable", fontsize=6, style="italic", color=style.QUIET, va="center",
                  transform=axis.get_yaxis_transform())  # fmt: skip
        return
    if np.isfinite(float(row["low"])) and np.isfinite(float(row["high"])):
        axis.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=1.1, zorder=3)
    face = colour if row["verdict"] == "yes" else "white"
    axis.plot(row["value"], y, "o", color=colour, markerfacecolor=face, markersize=4.2, markeredgewidth=0.9, zorder=4)


def _axes(figure: Figure, judges: Sequence[str], *, narrow: bool) -> None:
    first = figure.axes[0]
    names = style.shorten(judges, 12 if narrow else 18)
    first.set_yticks(range(len(judges)), [names[judge] for judge in judges])
    first.set_ylim(len(judges) - 0.4, -0.6)
    first.set_xlim(-0.03, 1.03)
    first.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
    for axis in figure.axes:
        axis.spines["left"].set_visible(False)
        axis.tick_params(labelbottom=True)
        axis.grid(True, axis="x")
        axis.set_xlabel("share of first places", fontsize=6.5)


def _legend(figure: Figure, *, strata: bool, beside: bool) -> None:
    from matplotlib.lines import Line2D

    look = {"color": style.COLOURS[0], "marker": "o", "markersize": 4.2}
    handles = [
        Line2D([], [], label="prefers a place", **look),  # type: ignore[arg-type]
        Line2D([], [], label="not shown to prefer one", markerfacecolor="white", **look),  # type: ignore[arg-type]
    ]
    if strata:
        handles.append(
            Line2D(
                [],
                [],
                color=style.COLOURS[0],
                alpha=0.55,
                marker="|",
                linestyle="none",
                markersize=5,
                label="levels of the strata",
            )
        )
    if beside:
        handles.append(Line2D([], [], linestyle="none", label="%: same choice in both orders"))
    style.legend(figure, handles)
