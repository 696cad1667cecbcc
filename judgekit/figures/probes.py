"""The probe forest: what each edit does to each judge's answers, beside the margin that counts as nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from judgekit.errors import InputError
from judgekit.figures import rows as select
from judgekit.figures import style
from judgekit.registry import register

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from judgekit.runs import Run

MOVE = "bias.move"


@register("figures")
def probes(run: Run, *, most: int = 40, width: float = style.FULL) -> Figure:
    """Draw the shift by each probe of each judge's answers, in human SDs, with the margin as a band.

    One panel a criterion; edits that must move the value stand below the others. Of more than ``most`` probes those
    with the largest shifts are drawn. A filled point has the verdict yes (biased; below: moves). ``width`` is in
    inches.
    """
    if most < 1:
        raise InputError(f"most must be 1 or more, not {most}", where="figures.probes", fix="use 40")
    rows = run.estimates
    if not (rows["statistic"] == MOVE).any():
        select.of(run, "bias")
    rows = rows[rows["statistic"].isin(["bias", MOVE]) & (rows["subset"] == "all")]
    every = [(str(name), str(probe)) for name, probe in zip(rows["statistic"], rows["b"], strict=True)]
    reach = rows["value"].abs().groupby(pd.Series(every, index=rows.index)).max().fillna(0)
    largest = set(reach.sort_values(ascending=False, kind="stable").index[:most])
    lines = [one for one in dict.fromkeys(every) if one in largest]
    lines.sort(key=lambda one: one[0] == MOVE)
    judges = [judge for judge in run.study.judges() if judge in set(rows["a"])]
    panels = select.criteria(run, rows)
    with style.context():
        columns = style.columns_for(len(panels), width)
        deep = -(-len(panels) // columns)
        each = max(0.16, 0.07 * len(judges) + 0.06)
        tall = style.height(deep, each * len(lines), least=0.09 * len(lines), extra=0.5)
        figure, axes = style.canvas(
            run, width=width, height=deep * (tall + 0.4) + 0.15, rows=deep, columns=columns, sharex=True, sharey=True
        )
        figure.get_layout_engine().set(w_pad=0.1)  # type: ignore[union-attr, call-arg]
        for axis, criterion in zip(style.tidy(axes, len(panels)), panels, strict=True):
            _panel(axis, rows[rows["criterion"] == criterion], lines, judges)
            style.title(axis, select.spoken(criterion), (width - 0.9) / columns)
        _axes(figure, rows, lines, narrow=width / columns < 1.5)
        for axis in figure.axes[-columns:]:
            axis.set_xlabel("Shift, human SDs")
        _legend(figure, judges, rows)
        what = (
            "Shift of each judge’s answers by each probe, in standard deviations of people’s ratings; band: the margin"
        )
        what += "; filled: biased, and below, where an edit must move the value, moves as it must"
        left = len(dict.fromkeys(every)) - len(lines)
        what += f"; {left} further rows with smaller shifts are not shown" if left else ""
        figure.set_label(style.caption(run, what, rows))
    return figure


def _panel(axis: Any, rows: pd.DataFrame, lines: Sequence[tuple[str, str]], judges: Sequence[str]) -> None:
    axis.grid(axis="x")
    found = {(r["statistic"], r["b"], r["a"]): r for r in rows.to_dict("records")}
    offsets = (np.arange(len(judges)) - (len(judges) - 1) / 2) * min(0.24, 0.8 / max(1, len(judges)))
    for margin in sorted(set(rows["margin"].dropna())):
        for statistic, left in (("bias", -margin), (MOVE, 0.0)):
            here = [y for y, line in enumerate(lines) if line[0] == statistic]
            if here:
                span = [here[0] - 0.5, here[-1] + 0.5]
                axis.fill_betweenx(span, left, margin, color=style.QUIET, alpha=0.13, linewidth=0, zorder=1)
    for y, (statistic, probe) in enumerate(lines):
        for nth, (judge, offset) in enumerate(zip(judges, offsets, strict=True)):
            row = found.get((statistic, probe, judge))
            if row is not None and np.isfinite(float(row["value"])):
                _point(axis, row, y + offset, nth)
    if not any(np.isfinite(float(row["value"])) for row in found.values()):
        axis.text(0.02, 0.5, "not estimable", transform=axis.transAxes, fontsize=6, style="italic", color=style.QUIET)


def _point(axis: Any, row: Mapping[Any, Any], y: float, nth: int) -> None:
    colour, marker = _look(nth)
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    if np.isfinite(low) and np.isfinite(high):
        axis.plot([low, high], [y, y], color=colour, linewidth=0.9, solid_capstyle="butt", zorder=3)
    face = colour if row["verdict"] == "yes" else "white"
    axis.plot(
        value, y, marker=marker, color=colour, markersize=3.2, markeredgewidth=0.7, markeredgecolor=colour,
        markerfacecolor=face, linestyle="none", zorder=4,
    )  # fmt: skip


def _look(nth: int) -> tuple[str, str]:
    return style.COLOURS[nth % len(style.COLOURS)], style.MARKERS[nth % len(style.MARKERS)]


def _axes(figure: Figure, rows: pd.DataFrame, lines: Sequence[tuple[str, str]], *, narrow: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    names = style.shorten(dict.fromkeys(probe for _, probe in lines), 14 if narrow else 24)
    moving = [y for y, line in enumerate(lines) if line[0] == MOVE]
    first = figure.axes[0]
    first.set_yticks(range(len(lines)), [select.spoken(names[probe]) for _, probe in lines])
    first.set_ylim(len(lines) - 0.5, -0.5)
    low, high = _limits(rows)
    first.set_xlim(low, high)
    ticks = MaxNLocator(3 if narrow else 5).tick_values(low, high)
    first.set_xticks([float(tick) for tick in ticks if low <= tick <= high])
    for axis in figure.axes:
        axis.axvline(0, color=style.QUIET, linewidth=0.6, zorder=2)
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−").replace("0.", "."))
        if 0 < len(moving) < len(lines):
            axis.axhline(moving[0] - 0.5, color=style.QUIET, linewidth=0.6)
        axis.spines["left"].set_visible(False)
        axis.tick_params(labelbottom=True)
        axis.tick_params(axis="y", labelsize=6 if len(lines) > 20 else 6.5)


def _limits(rows: pd.DataFrame) -> tuple[float, float]:
    """Return ends that hold every value and all but the widest intervals, which few items make."""
    margin = float(rows["margin"].max()) if rows["margin"].notna().any() else 0.2
    values = rows["value"].dropna().to_numpy(dtype=float)
    ends = rows[["low", "high"]].to_numpy(dtype=float)
    ends = ends[np.isfinite(ends)]
    least, largest = (np.quantile(ends, [0.03, 0.97]).tolist()) if len(ends) else (0.0, 0.0)
    low, high = min([*values, least, -margin]), max([*values, largest, margin])
    room = 0.06 * (high - low)
    return float(low - room), float(high + room)


def _legend(figure: Figure, judges: Sequence[str], rows: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    names = style.shorten(judges)
    handles: list[Any] = []
    for nth, judge in enumerate(judges):
        colour, marker = _look(nth)
        handles.append(Line2D([], [], color=colour, marker=marker, markersize=3.2, label=names[judge]))
    ink: dict[str, Any] = {"color": style.INK, "marker": "o", "markersize": 3.2, "linestyle": "none"}
    handles.append(Line2D([], [], label="biased (below: moves)", **ink))
    handles.append(Line2D([], [], label="not, or too few items", markerfacecolor="white", **ink))
    margins = sorted({f"{float(one):g}" for one in rows["margin"].dropna()})
    handles.append(Patch(facecolor=(style.QUIET, 0.15), edgecolor="none", label=f"margin {'/'.join(margins)}"))
    style.legend(figure, handles)
