"""Whose judge is it: each group of people, what they reach among themselves, and how near each judge comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.figures import NoEstimatesError, style
from judgekit.figures import rows as select
from judgekit.registry import register

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from judgekit.runs import Run

CEILING, JUDGE = "groups.ceiling", "groups.judge"
BAND = "#D9D9D9"


@register("figures")
def groups(run: Run, *, width: float = style.FULL, attribute: str | None = None, most: int = 44) -> Figure:
    """Draw each judge's agreement with each group of people beside the group's own ceiling, with intervals.

    One panel a criterion, a line a group; the grey bar is the ceiling's interval, its tick the ceiling. ``attribute``
    draws one attribute of people alone (``country``, or crossed: ``gender & age``); else those that are not crossed,
    as many groups as ``most``. ``width`` is in inches.
    """
    if most < 1:
        raise InputError(f"most must be 1 or more, not {most}", where="figures.groups", fix="use 44")
    select.of(run, CEILING)
    rows = run.estimates
    rows = rows[rows["statistic"].isin([CEILING, JUDGE]) & (rows["subset"] == "all")]
    rows = rows.assign(attribute=[_attribute(str(label)) for label in rows["b"]])
    chosen = rows["attribute"] == attribute if attribute else ~rows["attribute"].str.contains("&")
    if not chosen.any():
        have = listed(dict.fromkeys(rows["attribute"]))
        raise NoEstimatesError(f"no groups of '{attribute}'", fix=f"choose an attribute: {have}")
    rows = rows[chosen]
    every = list(dict.fromkeys(zip(rows["attribute"], rows["b"].astype(str), strict=True)))
    order = list(dict.fromkeys(name for name, _ in every))
    lines = sorted(every, key=lambda one: order.index(one[0]))[:most]
    judges = [judge for judge in run.study.judges() if judge in set(rows.loc[rows["statistic"] == JUDGE, "a"])]
    panels = select.criteria(run, rows)
    with style.context():
        columns = style.columns_for(len(panels), width, least=1.6)
        down = -(-len(panels) // columns)
        each = max(0.2, 0.07 * len(judges) + 0.06)
        tall = style.height(down, each * len(lines) + 0.1, least=0.12 * len(lines), extra=0.62)
        figure, axes = style.canvas(
            run, width=width, height=down * (tall + 0.62) + 0.05, rows=down, columns=columns, sharex=True, sharey=True
        )
        for axis, key in zip(style.tidy(axes, len(panels)), panels, strict=True):
            _panel(axis, rows[rows["criterion"] == key], lines, judges)
            style.title(axis, select.spoken(key), (width - 0.9) / columns)
        _axes(figure, rows, lines, width / columns)
        _legend(figure, judges)
        what = "Agreement (kappa) of each judge with each group of people" if judges else "Agreement (kappa) of people"
        what += "; grey: of the group's people with one another"
        left = len(every) - len(lines)
        what += f"; {left} further groups are not shown" if left else ""
        figure.set_label(style.caption(run, what, rows))
    return figure


def _attribute(label: str) -> str:
    """Return the attribute of a group's label: ``gender=female & age=55+`` is of ``gender & age``."""
    return " & ".join(part.split("=", 1)[0].strip() for part in label.split(" & "))


def _panel(axis: Any, rows: pd.DataFrame, lines: Sequence[tuple[str, str]], judges: Sequence[str]) -> None:
    found = {(r["statistic"], r["b"], r["a"]): r for r in rows.to_dict("records")}
    offsets = (np.arange(len(judges)) - (len(judges) - 1) / 2) * min(0.22, 0.75 / max(1, len(judges)))
    for y, (_, label) in enumerate(lines):
        ceiling = found.get((CEILING, label, label))
        if ceiling is None or not np.isfinite(float(ceiling["value"])):
            axis.text(0.02, y, "too few people or items", fontsize=6, style="italic", color=style.QUIET, va="center",
                      transform=axis.get_yaxis_transform())  # fmt: skip
            continue
        low, high = float(ceiling["low"]), float(ceiling["high"])
        if np.isfinite(low) and np.isfinite(high):
            axis.fill_betweenx([y - 0.4, y + 0.4], low, high, color=BAND, linewidth=0, zorder=1)
        axis.plot([float(ceiling["value"])] * 2, [y - 0.4, y + 0.4], color=style.QUIET, linewidth=1.4, zorder=2)
        for nth, (judge, offset) in enumerate(zip(judges, offsets, strict=True)):
            row = found.get((JUDGE, label, judge))
            if row is not None and np.isfinite(float(row["value"])):
                _point(axis, row, y + offset, nth)


def _point(axis: Any, row: Mapping[Any, Any], y: float, nth: int) -> None:
    colour, marker = _look(nth)
    low, high = float(row["low"]), float(row["high"])
    if np.isfinite(low) and np.isfinite(high):
        axis.plot([low, high], [y, y], color=colour, linewidth=0.8, zorder=3)
    axis.plot(row["value"], y, marker, color=colour, markersize=3.2, linestyle="none", zorder=4)


def _look(nth: int) -> tuple[str, str]:
    """Return colour and marker of a judge: no two alike, though colours come round again."""
    round_ = nth // len(style.COLOURS)
    return style.COLOURS[nth % len(style.COLOURS)], style.MARKERS[(nth + round_) % len(style.MARKERS)]


def _axes(figure: Figure, rows: pd.DataFrame, lines: Sequence[tuple[str, str]], room: float) -> None:
    from matplotlib.ticker import MaxNLocator

    first = figure.axes[0]
    alone = len({name for name, _ in lines}) == 1 and "&" not in lines[0][0]
    told = {label: label.split("=", 1)[1] if alone else label.replace("=", " = ") for _, label in lines}
    names = style.shorten(told.values(), 16 if room < 2 else 30)
    first.set_yticks(range(len(lines)), [names[told[label]] for _, label in lines])
    first.set_ylim(len(lines) - 0.4, -0.6)
    ends = rows[["value", "low", "high"]].to_numpy(dtype=float)
    ends = ends[np.isfinite(ends)]
    low, high = (min(float(ends.min()), 0.0), float(ends.max())) if len(ends) else (0.0, 1.0)
    pad = 0.04 * max(high - low, 0.1)
    first.set_xlim(low - pad, high + pad)
    ticks = MaxNLocator(3 if room < 2 else 6, steps=[1, 2, 5, 10]).tick_values(low - pad, high + pad)
    shown = [float(tick) for tick in ticks if low - pad <= tick <= high + pad]
    first.set_xticks(shown, [f"{round(tick, 6):g}".replace("-", "−").replace("0.", ".") for tick in shown])
    firsts = [y for y, (name, _) in enumerate(lines) if y and lines[y - 1][0] != name]
    for axis in figure.axes:
        axis.axvline(0, color=style.QUIET, linewidth=0.6, zorder=0)
        axis.spines["left"].set_visible(False)
        axis.tick_params(labelbottom=True)
        axis.grid(True, axis="x")
        axis.set_xlabel("kappa" + (f", by {lines[0][0]}" if alone else ""), fontsize=6.5)
        for y in firsts:
            axis.axhline(y - 0.5, color=style.QUIET, linewidth=0.5)


def _legend(figure: Figure, judges: Sequence[str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    names = style.shorten(judges, 26)
    handles: list[Any] = []
    for nth, judge in enumerate(judges):
        colour, marker = _look(nth)
        handles.append(Line2D([], [], color=colour, marker=marker, markersize=3.6, linewidth=0.8, label=names[judge]))
    handles.append(Patch(facecolor=BAND, label="the group’s people with one another"))
    style.legend(figure, handles)
