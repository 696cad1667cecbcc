"""The cost frontier: the share of right labels against what an item costs, as more is left to judges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from judgekit.errors import InputError
from judgekit.figures import NoEstimatesError, style
from judgekit.figures import rows as select
from judgekit.figures.reliability import of_pool, ticks
from judgekit.registry import register

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from judgekit.runs import Run

#: What the horizontal axis may show -> its label.
COSTS = {"usd": "Dollars an item", "minutes": "People’s minutes an item"}


@register("figures")
def frontier(run: Run, *, cost: str = "usd", pool: str | None = None, width: float = style.FULL) -> Figure:
    """Draw the share of labels that are right against dollars (or people's minutes) an item, as more is left to judges.

    One panel a criterion, a line a judge or cascade beside ``pool`` (the first that there is); the leftmost point
    leaves all to judges, the rightmost all to people. ``cost`` is usd or minutes, ``width`` is in inches.
    """
    if cost not in COSTS:
        raise InputError(f"cost cannot be '{cost}'", where="figures.frontier", fix="choose usd or minutes")
    names = run.estimates["statistic"].astype(str)
    rows = run.estimates[names.str.startswith(("frontier.correct.", f"frontier.{cost}."))]
    rows = rows[rows["value"].notna()]
    if rows.empty:
        raise NoEstimatesError("the run has no cost frontier", fix="add stats=[frontier] and a confidence")
    rows = of_pool(rows, pool)
    chains = list(dict.fromkeys(rows["a"].astype(str)))
    panels = select.criteria(run, rows)
    with style.context():
        columns = style.columns_for(len(panels), width, least=1.6)
        deep = -(-len(panels) // columns)
        tall = min(1.9, (width - 0.5) / columns)
        figure, axes = style.canvas(
            run, width=width, height=deep * (tall + 0.3) + 0.1, rows=deep, columns=columns, sharex=True, sharey=True
        )
        for axis, criterion in zip(style.tidy(axes, len(panels)), panels, strict=True):
            _panel(axis, rows[rows["criterion"] == criterion], chains, cost)
            style.title(axis, select.spoken(criterion), (width - 0.6) / columns)
            axis.set_xlabel(COSTS[cost])
            axis.tick_params(labelbottom=True)
        right = rows[rows["statistic"].str.startswith("frontier.correct.")][["value", "low"]].min().min()
        floor = max(0.0, float(right) - 0.02)
        figure.axes[0].set_ylim(floor, 1.02)
        dearest = 1.05 * float(rows[rows["statistic"].str.startswith(f"frontier.{cost}.")]["value"].max() or 1.0)
        figure.axes[0].set_xlim(0, dearest)
        figure.axes[0].set_xticks(ticks(0, dearest, 4 if width / columns > 1.9 else 2))
        figure.axes[0].set_yticks(ticks(floor, 1.0, 4))
        for axis in figure.axes[::columns]:
            axis.set_ylabel("Right labels")
        _legend(figure, chains)
        shown = rows[rows["statistic"].str.startswith("frontier.correct.")]
        what = f"Share of labels that are the word of {rows['b'].iloc[0]}, people’s own being so, against "
        what += f"{COSTS[cost].lower()}; from left to right less is left to judges, in steps of a tenth of the items"
        figure.set_label(style.caption(run, what, shown))
    return figure


def _panel(axis: Any, rows: pd.DataFrame, chains: Sequence[str], cost: str) -> None:
    axis.grid(linewidth=0.4)
    for nth, chain in enumerate(chains):
        mine = rows[rows["a"] == chain]
        price, right = _by_share(mine, f"frontier.{cost}."), _by_share(mine, "frontier.correct.")
        shares = sorted(set(price) & set(right), reverse=True)
        colour, marker = style.COLOURS[nth % len(style.COLOURS)], style.MARKERS[nth % len(style.MARKERS)]
        x = [price[k][0] for k in shares]
        axis.plot(x, [right[k][0] for k in shares], color=colour, marker=marker, markersize=2.8, linewidth=0.9)
        for k, place in zip(shares, x, strict=True):
            low, high = right[k][1:]
            if low == low:
                axis.plot([place, place], [low, high], color=colour, linewidth=0.6, alpha=0.6)
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("0.", "."))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("0.", "."))


def _by_share(rows: pd.DataFrame, prefix: str) -> dict[int, tuple[float, float, float]]:
    here = rows[rows["statistic"].str.startswith(prefix)]
    return {
        int(str(r["statistic"]).removeprefix(prefix)): (float(r["value"]), float(r["low"]), float(r["high"]))
        for r in here.to_dict("records")
    }


def _legend(figure: Figure, chains: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    names = style.shorten(chains, 30)
    style.legend(figure, [
        Line2D([], [], color=style.COLOURS[n % len(style.COLOURS)], marker=style.MARKERS[n % len(style.MARKERS)],
               markersize=3, label=names[chain])
        for n, chain in enumerate(chains)
    ])  # fmt: skip
