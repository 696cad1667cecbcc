"""The agreement forest: each judge beside people, the people's own agreement as a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from judgekit.figures import rows as select
from judgekit.figures import style
from judgekit.registry import register

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from judgekit.runs import Run


@dataclass(frozen=True)
class _Series:
    """One judge against one pool, or one pool for every judge: what shares a colour and a marker."""

    label: str
    judge: str | None
    pool: str
    colour: str
    marker: str


@register("figures")
def forest(run: Run, *, statistic: str = "weighted_kappa", stratum: str = "", width: float = style.FULL) -> Figure:
    """Draw each judge's agreement with people, with the people's own agreement as a band.

    One panel a criterion. Rows are the judges, or, where ``stratum`` is given, its levels. ``width`` is in inches.
    """
    points = select.judge_people(run, statistic)
    bands = select.people(run, statistic)
    pools = [pool for pool in run.study.pools() if pool in set(points["b"])]
    judges = [judge for judge in run.study.judges() if judge in set(points["a"])]
    groups = select.levels_of(run, points, stratum) if stratum else judges
    shown = [f"{stratum}={level}" for level in groups] if stratum else ["all"]
    points, bands = points[points["subset"].isin(shown)], bands[bands["subset"].isin(shown)]
    panels = select.criteria(run, points)
    series = _series(judges, pools, by_level=bool(stratum))
    with style.context():
        columns = style.columns_for(len(panels), width)
        lines = -(-len(panels) // columns)
        tall = max(0.22, 0.12 * len(series) + 0.1) * len(groups)
        tall = style.height(lines, tall, least=0.08 * len(series) * len(groups), extra=0.4)
        figure, axes = style.canvas(
            run, width=width, height=lines * (tall + 0.4) + 0.15, rows=lines, columns=columns, sharex=True, sharey=True
        )
        for axis, criterion in zip(style.tidy(axes, len(panels)), panels, strict=True):
            here, people = points[points["criterion"] == criterion], bands[bands["criterion"] == criterion]
            _panel(axis, here, people, groups, series, stratum)
            style.title(axis, select.spoken(criterion), (width - 0.062 * max(map(len, groups))) / columns)
        _axes(figure, axes, groups, points, bands, stratum)
        for axis in figure.axes[-columns:]:
            axis.set_xlabel(select.titled(statistic))
        _legend(figure, series, bands, by_level=bool(stratum))
        what = f"Agreement of each judge with people: {select.titled(statistic)}{f', by {stratum}' if stratum else ''}"
        band = "; the band is the people’s agreement among themselves (dashed: its value)" if len(bands) else ""
        figure.set_label(style.caption(run, what + band, points))
    return figure


def _series(judges: Sequence[str], pools: Sequence[str], *, by_level: bool) -> list[_Series]:
    if not by_level:
        return [_Series(f"judge and {pool}", None, pool, *_look(i)) for i, pool in enumerate(pools)]
    pairs = [(judge, pool) for judge in judges for pool in pools]
    names = style.shorten(judges)
    return [
        _Series(names[judge] + (f" and {pool}" if len(pools) > 1 else ""), judge, pool, *_look(i))
        for i, (judge, pool) in enumerate(pairs)
    ]


def _look(i: int) -> tuple[str, str]:
    return style.COLOURS[i % len(style.COLOURS)], style.MARKERS[(i + i // len(style.COLOURS)) % len(style.MARKERS)]


def _panel(
    axis: Any, points: pd.DataFrame, bands: pd.DataFrame, groups: Sequence[str], series: list[_Series], stratum: str
) -> None:
    axis.grid(axis="x")
    offsets = (np.arange(len(series)) - (len(series) - 1) / 2) * min(0.24, 0.8 / max(1, len(series)))
    for y, group in enumerate(groups):
        subset = f"{stratum}={group}" if stratum else "all"
        for pool in dict.fromkeys(one.pool for one in series):
            band = bands[(bands["a"] == pool) & (bands["subset"] == subset)]
            tint = style.QUIET if stratum else next(one.colour for one in series if one.pool == pool)
            _band(axis, band, y, tint, list(dict.fromkeys(one.pool for one in series)).index(pool))
        for one, offset in zip(series, offsets, strict=True):
            judge = one.judge or group
            row = points[(points["a"] == judge) & (points["b"] == one.pool) & (points["subset"] == subset)]
            _point(axis, row, y + offset, one)


def _band(axis: Any, rows: pd.DataFrame, y: int, tint: str, nth: int) -> None:
    """Draw the human ceiling of one row; those of neighbouring rows join into one band."""
    if rows.empty or not np.isfinite(rows["value"].iloc[0]):
        return
    value, low, high = (float(rows[name].iloc[0]) for name in ("value", "low", "high"))
    if np.isfinite(low) and np.isfinite(high):
        axis.fill_betweenx([y - 0.5, y + 0.5], low, high, color=tint, alpha=0.13, linewidth=0, zorder=1)
        if style.HATCHES[nth]:
            axis.fill_betweenx(
                [y - 0.5, y + 0.5], low, high, facecolor="none", edgecolor=tint, alpha=0.35, linewidth=0,
                hatch=style.HATCHES[nth], zorder=1,
            )  # fmt: skip
    axis.plot([value, value], [y - 0.5, y + 0.5], color=tint, linewidth=0.9, linestyle=(0, (3, 1.5)), zorder=2)


def _point(axis: Any, rows: pd.DataFrame, y: float, one: _Series) -> None:
    """Draw a point with its interval; a hollow one has none, and words stand where there is no value."""
    if rows.empty or not np.isfinite(rows["value"].iloc[0]):
        axis.text(
            0.02, y, "not estimable" if len(rows) else "no estimate", transform=axis.get_yaxis_transform(), fontsize=6,
            color=one.colour, style="italic", va="center", zorder=5,
        )  # fmt: skip
        return
    value, low, high = (float(rows[name].iloc[0]) for name in ("value", "low", "high"))
    whole = np.isfinite(low) and np.isfinite(high)
    if whole:
        axis.plot([low, high], [y, y], color=one.colour, linewidth=1.2, solid_capstyle="butt", zorder=3)
    axis.plot(
        value, y, marker=one.marker, color=one.colour, markersize=4, markeredgewidth=0.8, linestyle="none",
        markeredgecolor="white" if whole else one.colour, markerfacecolor=one.colour if whole else "white", zorder=4,
    )  # fmt: skip


def _axes(
    figure: Figure, axes: np.ndarray, groups: Sequence[str], points: pd.DataFrame, bands: pd.DataFrame, stratum: str
) -> None:
    first = axes.flat[0]
    ends = pd.concat([points[["value", "low", "high"]], bands[["value", "low", "high"]]]).to_numpy(dtype=float)
    finite = ends[np.isfinite(ends)]
    low = min(0.0, float(np.floor(finite.min() * 10) / 10)) if len(finite) else 0.0
    first.set_xlim(low - 0.02, 1.02)
    first.set_xticks([tick for tick in (-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1) if tick >= low - 0.02])
    names = style.shorten(groups)
    labels = [select.spoken(names[group]) if stratum else names[group] for group in groups]
    first.set_yticks(range(len(groups)), labels)
    first.set_ylim(len(groups) - 0.5, -0.5)
    for axis in figure.axes:
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−").replace("0.", "."))
        if low < 0:
            axis.axvline(0, color=style.QUIET, linewidth=0.6, zorder=1)
        for y in range(1, len(groups)):
            axis.axhline(y - 0.5, color="#F0F0F0", linewidth=0.6, zorder=0)
        axis.spines["left"].set_visible(False)
        axis.tick_params(labelbottom=True)


def _legend(figure: Figure, series: list[_Series], bands: pd.DataFrame, *, by_level: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=one.colour, marker=one.marker, markersize=4, markeredgecolor="white", label=one.label)
        for one in series
    ]
    for nth, pool in enumerate(dict.fromkeys(one.pool for one in series)):
        tint = style.QUIET if by_level else next(one.colour for one in series if one.pool == pool)
        if bands.loc[bands["a"] == pool, "value"].notna().any():
            look: dict[str, Any] = {"facecolor": (tint, 0.15), "edgecolor": (tint, 0.6), "linewidth": 0.4}
            handles.append(Patch(label=f"{pool} among themselves", hatch=style.HATCHES[nth], **look))
        else:
            handles.append(Patch(label=f"{pool} among themselves: not estimable", facecolor="none", edgecolor="none"))
    style.legend(figure, handles)
