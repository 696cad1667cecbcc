"""The reliability diagram: how often a judge agrees with people when it is so sure, beside a calibrated one's band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.figures import NoEstimatesError, style
from judgekit.figures import rows as select
from judgekit.registry import register

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from judgekit.runs import Run

AGREEMENT, BAND = "calibration.agreement.", "calibration.consistent."


@register("figures")
def reliability(run: Run, *, pool: str | None = None, width: float = style.FULL) -> Figure:
    """Draw agreement with people against confidence, bin by bin, with the band in which calibrated bins would lie.

    One panel a criterion, a line a judge beside ``pool`` (the first that there is). ``width`` is in inches.
    """
    names = run.estimates["statistic"].astype(str)
    rows = run.estimates[names.str.startswith((AGREEMENT, BAND)) & (run.estimates["subset"] == "all")]
    if rows.empty:
        raise NoEstimatesError("the run has no reliability by bins", fix="add stats=[calibration] and a confidence")
    rows = of_pool(rows, pool)
    judges = [judge for judge in run.study.judges() if judge in set(rows["a"])]
    panels = select.criteria(run, rows)
    with style.context():
        columns = style.columns_for(len(panels), width, least=1.6)
        deep = -(-len(panels) // columns)
        side = min(2.6, (width - 0.5) / columns)
        figure, axes = style.canvas(
            run, width=width, height=deep * (side + 0.25) + 0.1, rows=deep, columns=columns, sharex=True, sharey=True
        )
        for axis, criterion in zip(style.tidy(axes, len(panels)), panels, strict=True):
            _panel(axis, rows[rows["criterion"] == criterion], judges)
            style.title(axis, select.spoken(criterion), (width - 0.6) / columns)
            axis.set_xlabel("Confidence")
            axis.tick_params(labelbottom=True)
        for axis in figure.axes[::columns]:
            axis.set_ylabel("Agrees with people")
        _legend(figure, judges)
        what = f"Share of items on which a judge agrees with {rows['b'].iloc[0]} against its mean confidence, by bins"
        what += "; pale bars: the band in which a calibrated judge would lie"
        seen = rows[rows["statistic"].str.startswith(AGREEMENT)]
        per_judge = seen.groupby(["criterion", "a"])["n_items"].transform("sum")
        figure.set_label(style.caption(run, what, seen.assign(n_items=per_judge)))
    return figure


def of_pool(rows: pd.DataFrame, pool: str | None) -> pd.DataFrame:
    """Return the rows of one pool, by default of the first; raise where it has none."""
    pools = list(dict.fromkeys(rows["b"].astype(str)))
    chosen = pools[0] if pool is None else pool
    if chosen not in pools:
        raise InputError(f"no rows beside '{chosen}'", where="figures", fix=f"there are: {listed(pools)}")
    return rows[rows["b"] == chosen]


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return about so many round ticks that lie within the ends: one beyond them would leave the page."""
    from matplotlib.ticker import MaxNLocator

    return [float(tick) for tick in MaxNLocator(most).tick_values(low, high) if low <= tick <= high]


def _panel(axis: Any, rows: pd.DataFrame, judges: Sequence[str]) -> None:
    axis.plot([0, 1], [0, 1], color=style.QUIET, linewidth=0.7, zorder=1)
    axis.grid(linewidth=0.4)
    for nth, judge in enumerate(judges):
        mine = rows[rows["a"] == judge]
        agreed = _by_bin(mine, AGREEMENT)
        band = _by_bin(mine, BAND)
        shared = [k for k in agreed if k in band]
        x = [band[k][0] for k in shared]
        y = [agreed[k][0] for k in shared]
        colour, marker = style.COLOURS[nth % len(style.COLOURS)], style.MARKERS[nth % len(style.MARKERS)]
        for k, place in zip(shared, x, strict=True):
            low, high = band[k][1:]
            if low == low:
                axis.plot([place, place], [low, high], color=colour, alpha=0.22, linewidth=5, solid_capstyle="butt")
            low, high = agreed[k][1:]
            if low == low:
                axis.plot([place, place], [low, high], color=colour, linewidth=0.8, zorder=3)
        axis.plot(x, y, color=colour, marker=marker, markersize=3.2, linewidth=0.7, markeredgecolor="white",
                  markeredgewidth=0.4, zorder=4)  # fmt: skip
    axis.set_xlim(-0.03, 1.03)
    axis.set_ylim(-0.03, 1.03)
    axis.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    axis.set_yticks([0, 0.5, 1], ["0", ".5", "1"])


def _by_bin(rows: pd.DataFrame, prefix: str) -> dict[str, tuple[float, float, float]]:
    here = rows[rows["statistic"].str.startswith(prefix)]
    return {
        str(r["statistic"]).removeprefix(prefix): (float(r["value"]), float(r["low"]), float(r["high"]))
        for r in here.to_dict("records")
    }


def _legend(figure: Figure, judges: Sequence[str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    names = style.shorten(judges)
    handles: list[Any] = [
        Line2D([], [], color=style.COLOURS[n % len(style.COLOURS)], marker=style.MARKERS[n % len(style.MARKERS)],
               markersize=3.2, label=names[judge])
        for n, judge in enumerate(judges)
    ]  # fmt: skip
    handles.append(Patch(facecolor=(style.QUIET, 0.22), edgecolor="none", label="band if calibrated"))
    style.legend(figure, handles)
