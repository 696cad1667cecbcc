"""The risk–coverage curve: how often a judge disagrees with people among the items that it is surest of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from judgekit.figures import NoEstimatesError, style
from judgekit.figures import rows as select
from judgekit.figures.reliability import of_pool, ticks
from judgekit.registry import register

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from judgekit.runs import Run

RISK = "route.risk."


@register("figures")
def risk(run: Run, *, pool: str | None = None, width: float = style.FULL) -> Figure:
    """Draw disagreement with people against the share of items accepted, with bands, alpha, and what was accepted.

    One panel a criterion, a curve a judge beside ``pool`` (the first that there is); a ring marks the share that the
    guarantee accepts. ``width`` is in inches.
    """
    names = run.estimates["statistic"].astype(str)
    rows = run.estimates[names.str.startswith(RISK) & (run.estimates["subset"] == "all")]
    if rows.empty:
        raise NoEstimatesError("the run has no risk–coverage curve", fix="add stats=[route] and a confidence")
    rows = of_pool(rows, pool)
    beside = run.estimates[(run.estimates["b"] == rows["b"].iloc[0]) & (run.estimates["subset"] == "all")]
    judges = [judge for judge in run.study.judges() if judge in set(rows["a"])]
    panels = select.criteria(run, rows)
    with style.context():
        columns = style.columns_for(len(panels), width, least=1.6)
        deep = -(-len(panels) // columns)
        tall = min(1.9, (width - 0.5) / columns)
        figure, axes = style.canvas(
            run, width=width, height=deep * (tall + 0.3) + 0.1, rows=deep, columns=columns, sharex=True, sharey=True
        )
        for axis, criterion in zip(style.tidy(axes, len(panels)), panels, strict=True):
            here = beside[beside["criterion"] == criterion]
            _panel(axis, rows[rows["criterion"] == criterion], here, judges)
            style.title(axis, select.spoken(criterion), (width - 0.6) / columns)
            axis.set_xlabel("Share accepted, %")
            axis.tick_params(labelbottom=True)
        top = 1.04 * float(rows[["value", "high"]].max().max())
        figure.axes[0].set_ylim(0, top)
        figure.axes[0].set_yticks(ticks(0, top, 4))
        for axis in figure.axes[::columns]:
            axis.set_ylabel("Disagrees with people")
        _legend(figure, judges)
        what = f"Disagreement with {rows['b'].iloc[0]} among the items that a judge is surest of, by the share accepted"
        what += "; dashed: alpha; ring: the share that the guarantee accepts, none where it abstains"
        figure.set_label(style.caption(run, what, rows))
    return figure


def _panel(axis: Any, rows: pd.DataFrame, beside: pd.DataFrame, judges: Sequence[str]) -> None:
    axis.grid(linewidth=0.4)
    accepted = beside[beside["statistic"] == "route.accepted"].set_index("a")
    for alpha in sorted(set(accepted["margin"].dropna())):
        axis.axhline(float(alpha), color=style.QUIET, linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)
    for nth, judge in enumerate(judges):
        mine = rows[rows["a"] == judge]
        x = [int(str(name).removeprefix(RISK)) for name in mine["statistic"]]
        colour, marker = style.COLOURS[nth % len(style.COLOURS)], style.MARKERS[nth % len(style.MARKERS)]
        low, high = mine["low"].to_numpy(dtype=float), mine["high"].to_numpy(dtype=float)
        axis.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
        axis.plot(x, mine["value"].to_numpy(dtype=float), color=colour, marker=marker, markersize=2.6, linewidth=0.9)
        if judge in accepted.index and accepted.loc[[judge], "value"].iloc[0] > 0:
            share = 100 * float(accepted.loc[[judge], "value"].iloc[0])
            agreed = beside[(beside["statistic"] == "route.agreement") & (beside["a"] == judge)]["value"]
            if len(agreed) and agreed.iloc[0] == agreed.iloc[0]:
                axis.plot(share, 1 - float(agreed.iloc[0]), marker="o", markersize=7, markerfacecolor="none",
                          markeredgecolor=colour, markeredgewidth=1.2, linestyle="none", zorder=5)  # fmt: skip
    axis.set_xlim(0, 105)
    axis.set_xticks([0, 50, 100])
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("0.", "."))


def _legend(figure: Figure, judges: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    names = style.shorten(judges)
    handles: list[Any] = [
        Line2D([], [], color=style.COLOURS[n % len(style.COLOURS)], marker=style.MARKERS[n % len(style.MARKERS)],
               markersize=3, label=names[judge])
        for n, judge in enumerate(judges)
    ]  # fmt: skip
    handles.append(Line2D([], [], color=style.QUIET, linestyle=(0, (4, 3)), linewidth=0.7, label="alpha"))
    handles.append(Line2D([], [], color=style.INK, marker="o", markersize=6, markerfacecolor="none", linestyle="none",
                          label="accepted with the guarantee"))  # fmt: skip
    style.legend(figure, handles)
