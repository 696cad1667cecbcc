"""The edge forest: how often each judge fails people on edge items, beside core items and beside people themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from judgekit.figures import NoEstimatesError, style
from judgekit.figures import rows as select
from judgekit.registry import register

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from judgekit.runs import Run

PARTS = {"edge": "edge items", "core": "core items"}


@dataclass(frozen=True)
class _Series:
    """One pool's mark: its colour and its shape; edge items are filled, core items hollow."""

    pool: str
    colour: str
    marker: str


@register("figures")
def edges(run: Run, *, statistic: str = "failure", width: float = style.FULL) -> Figure:
    """Draw how often each judge fails each pool of people on edge items (filled) and on core items (hollow).

    One panel a criterion; below the judges the pools' own people, each left out in turn. ``statistic`` is a way of
    failing that the run has rows of (``failure``, ``failure.costly`` …). A star: more often on edge items. ``width`` is
    in inches.
    """
    rows = select.of(run, statistic)
    pools = list(run.study.pools())
    rows = rows[rows["b"].isin(pools) | (rows["b"].fillna("") == "")]
    judges = [judge for judge in run.study.judges() if judge in set(rows["a"])]
    people = [pool for pool in pools if ((rows["a"] == pool) & (rows["b"] == pool)).any()]
    if not judges and not people:
        raise NoEstimatesError(f"no '{statistic}' of a judge or a pool", fix="give the study people and a judge")
    entries = [*judges, *people]
    beside = [pool for pool in pools if pool in set(rows["b"])] or [""]
    series = [_Series(pool, style.COLOURS[i % 8], style.MARKERS[i % 8]) for i, pool in enumerate(beside)]
    panels = select.criteria(run, rows)
    more = run.estimates[
        (run.estimates["statistic"] == f"{statistic}.difference") & (run.estimates["verdict"] == "yes")
    ]
    with style.context():
        columns = style.columns_for(len(panels), width, least=1.6)
        down = -(-len(panels) // columns)
        each = max(0.22, 0.11 * len(series) + 0.12)
        tall = style.height(down, each * len(entries), least=0.13 * len(entries), extra=0.62)
        figure, axes = style.canvas(
            run, width=width, height=down * (tall + 0.62) + 0.05, rows=down, columns=columns, sharex=True, sharey=True
        )
        for axis, key in zip(style.tidy(axes, len(panels)), panels, strict=True):
            here = rows[rows["criterion"] == key]
            marked = more[more["criterion"] == key]
            _panel(axis, here, entries, series, set(zip(marked["a"], marked["b"].fillna(""), strict=True)))
            style.title(axis, select.spoken(key), (width - 0.9) / columns)
        names = style.shorten(entries, 16)
        _axes(figure, [names[name] for name in judges], [f"{names[name]} themselves" for name in people], rows)
        for axis in figure.axes[-columns:]:
            axis.set_xlabel("% of items that fail")
        _legend(figure, series, bool(len(more)))
        what = f"Share of items on which a judge fails people ({select.titled(statistic).lower()}): edge and core items"
        what += "; * more often on edge items; people: each left out in turn"
        whole = rows[rows["subset"] == "all"]
        figure.set_label(style.caption(run, what, whole if len(whole) else rows))
    return figure


def _panel(
    axis: Any, rows: pd.DataFrame, entries: Sequence[str], series: Sequence[_Series], more: set[tuple[str, str]]
) -> None:
    axis.grid(axis="x")
    found = {(r["a"], r["b"] or "", r["subset"]): r for r in rows.to_dict("records")}
    step = min(0.3, 0.84 / (2 * len(series)))
    for y, name in enumerate(entries):
        drawn = False
        for nth, one in enumerate(series):
            for place, part in enumerate(PARTS):
                row = found.get((name, one.pool, part))
                offset = (2 * nth + place - len(series) + 0.5) * step
                if row is not None and np.isfinite(float(row["value"])):
                    _point(axis, row, y + offset, one, filled=part == "edge")
                    if part == "edge" and (name, one.pool) in more:
                        _star(axis, row, y + offset)
                    drawn = True
            whole = found.get((name, one.pool, "all"))
            if whole is not None and not drawn and np.isfinite(float(whole["value"])):
                _point(axis, whole, y, one, filled=False)  # it never failed: there are no parts
                drawn = True
        if not drawn:
            axis.text(0.02, y, "not estimable", fontsize=6, style="italic", color=style.QUIET, va="center",
                      transform=axis.get_yaxis_transform())  # fmt: skip


def _star(axis: Any, row: Any, y: float) -> None:
    end = float(row["high"]) if np.isfinite(float(row["high"])) else float(row["value"])
    axis.annotate("*", (end, y), (3, -2.5), textcoords="offset points", fontsize=9, color=style.INK, va="center")


def _point(axis: Any, row: Any, y: float, one: _Series, *, filled: bool) -> None:
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    if np.isfinite(low) and np.isfinite(high):
        axis.plot([low, high], [y, y], color=one.colour, linewidth=1.0, solid_capstyle="butt", zorder=3)
    axis.plot(
        value, y, marker=one.marker, color=one.colour, markersize=3.6, markeredgewidth=0.8, linestyle="none", zorder=4,
        markeredgecolor=one.colour, markerfacecolor=one.colour if filled else "white",
    )  # fmt: skip


def _axes(figure: Figure, judges: Sequence[str], people: Sequence[str], rows: pd.DataFrame) -> None:
    from matplotlib.ticker import MaxNLocator

    ends = rows[["value", "high"]].to_numpy(dtype=float)
    ends = ends[np.isfinite(ends)]
    top = min(1.0, float(ends.max()) * 1.06 + 0.02) if len(ends) else 1.0
    first = figure.axes[0]
    first.set_xlim(-0.02 * top, top)
    ticks = [float(tick) for tick in MaxNLocator(4).tick_values(0, top) if 0 <= tick <= top]
    first.set_xticks(ticks, [f"{100 * tick:g}" for tick in ticks])
    labels = [*judges, *people]
    first.set_yticks(range(len(labels)), labels)
    first.set_ylim(len(labels) - 0.45, -0.55)
    for axis in figure.axes:
        axis.spines["left"].set_visible(False)
        axis.tick_params(labelbottom=True)
        for y in range(1, len(labels)):
            heavy = y == len(judges)
            axis.axhline(y - 0.5, color=style.QUIET if heavy else "#F0F0F0", linewidth=0.6, zorder=0)


def _legend(figure: Figure, series: Sequence[_Series], more: bool) -> None:
    from matplotlib.lines import Line2D

    handles: list[Any] = [
        Line2D(
            [],
            [],
            color=one.colour,
            marker=one.marker,
            markersize=3.6,
            label=f"fails {one.pool}" if one.pool else "all",
        )
        for one in series
    ]
    ink: dict[str, Any] = {"color": style.INK, "marker": "o", "markersize": 3.6, "linestyle": "none"}
    handles.append(Line2D([], [], label="edge items", **ink))
    handles.append(Line2D([], [], label="core items", markerfacecolor="white", **ink))
    if more:
        handles.append(Line2D([], [], linestyle="none", marker=(6, 2, 0), color=style.INK, label="more on edge items"))
    style.legend(figure, handles)
