"""The matrix of pairs: how well every rater agrees with every other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from judgekit.figures import NoEstimatesError, style
from judgekit.figures import rows as select
from judgekit.registry import register

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from judgekit.runs import Run

#: The smallest cell, in inches, that holds a number of 6 points.
LEGIBLE = 0.23


@register("figures")
def pairs(run: Run, *, statistic: str = "weighted_kappa", most: int = 12, width: float = style.FULL) -> Figure:
    """Draw the agreement of every rater with every other as a heat map.

    One panel a criterion. More than ``most`` raters are drawn as pools (the diagonal: people among themselves).
    ``width`` is in inches.
    """
    rows = select.of(run, statistic)
    rows = rows[rows["subset"] == "all"]
    panels = select.criteria(run, rows)
    names, blocks, pools = _singles(run, rows)
    columns, cell = _grid(len(panels), len(names), width)
    merged = _merged(run, rows)
    alone = bool(merged[2]) and not set(names) & set(run.study.people())  # judges only: people stand in pools
    if len(names) > most or alone or (cell < LEGIBLE and 2 <= len(merged[0]) < len(names)):
        names, blocks, pools = merged
        columns, cell = _grid(len(panels), len(names), width)
    rows = rows[rows["a"].isin(names) & rows["b"].isin(names)]
    rows = rows.sort_values("n_raters", ascending=not pools, kind="stable")
    if rows.empty:
        problem = f"no pair of raters has '{statistic}'"
        raise NoEstimatesError(problem, fix="a pair needs two raters")
    with style.context():
        lines = -(-len(panels) // columns)
        figure, axes = style.canvas(
            run, width=width, height=lines * (cell * len(names) + 0.35) + 1.1, rows=lines, columns=columns,
            sharex=True, sharey=True,
        )  # fmt: skip
        kept = style.tidy(axes, len(panels))
        for axis, key in zip(kept, panels, strict=True):
            mesh = _panel(axis, _square(rows[rows["criterion"] == key], names, pools), blocks, pools, cell)
            style.title(axis, select.spoken(key), width / columns * 0.8)
        bar = figure.colorbar(mesh, ax=kept, location="bottom", aspect=40, shrink=0.6, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label(f"{select.titled(statistic)} (0 or less is palest; hatched: not estimable)")
        bar.ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("0.", "."))
        what = f"Agreement of every pair of raters: {select.titled(statistic)}"
        what += "; pools on the diagonal: people among themselves" if pools else ""
        figure.set_label(style.caption(run, what, rows, intervals=False))
    return figure


def _singles(run: Run, rows: pd.DataFrame) -> tuple[list[str], list[int], list[str]]:
    """Return every rater who stands in a pair (people by pool, aggregates, judges) and where each block ends."""
    study = run.study
    there, judges = set(rows["a"]) | set(rows["b"]), study.judges()
    persons = [[person for person in pool if person in there] for pool in study.pools().values()]
    known = {*judges, *(person for pool in persons for person in pool)}
    others = [str(name) for name in study.raters["rater"] if name in there and name not in known]
    blocks = [*persons, others, [judge for judge in judges if judge in there]]
    ends = np.cumsum([len(block) for block in blocks])
    inner = sorted({int(end) for end in ends[:-1]} - {0, int(ends[-1])})
    return [name for block in blocks for name in block], inner, []


def _merged(run: Run, rows: pd.DataFrame) -> tuple[list[str], list[int], list[str]]:
    """Return the pools and the judges, where the pools end, and which names are pools."""
    there = set(rows["a"]) | set(rows["b"])
    pools = [pool for pool in run.study.pools() if pool in there]
    judges = [judge for judge in run.study.judges() if judge in there]
    return [*pools, *judges], [len(pools)] if pools and judges else [], pools


def _square(rows: pd.DataFrame, names: Sequence[str], pooled: Sequence[str]) -> pd.DataFrame:
    """Return the lower triangle: NaN where a pair has no value, the diagonal only for pools."""
    table = pd.DataFrame(np.nan, index=list(names), columns=list(names))
    place = {name: i for i, name in enumerate(names)}
    for a, b, value in rows.drop_duplicates(["a", "b"])[["a", "b", "value"]].itertuples(index=False):
        if a != b or a in pooled:
            table.iloc[max(place[a], place[b]), min(place[a], place[b])] = value
    return table


def _grid(panels: int, raters: int, width: float) -> tuple[int, float]:
    """Return panels side by side and the size of a cell in inches: cells that hold a number where a page has room."""
    room = width - 0.85
    for columns in range(min(panels, 4), 0, -1):
        cell = min(0.42, room / columns / raters - 0.02)
        if cell >= LEGIBLE and -(-panels // columns) * (cell * raters + 0.35) < 9:
            return columns, cell
    columns = min(panels, 4 if width > 5 else 2)
    return columns, min(0.42, room / columns / raters - 0.02)


def _panel(axis: Any, table: pd.DataFrame, blocks: Sequence[int], pools: Sequence[str], cell: float) -> Any:
    import seaborn as sns
    from matplotlib.patches import Rectangle

    # Where a name has no place on the diagonal, the first row or the last column would stand empty.
    skip, keep = 0 if pools else 1, len(table) - (0 if table.index[-1] in pools else 1)
    here = np.tril(np.ones(table.shape, dtype=bool))
    here[np.diag_indices(len(table))] = [name in pools for name in table.index]
    values, here = table.to_numpy()[skip:, :keep], here[skip:, :keep]
    labels = style.shorten(table.index, 14)
    sns.heatmap(
        values, mask=~here | ~np.isfinite(values), vmin=0, vmax=1, cmap=sns.light_palette("#0B4F8A", as_cmap=True),
        annot=np.array([[_told(value) for value in line] for line in values]) if cell >= LEGIBLE else False, fmt="",
        annot_kws={"fontsize": 6.5 if cell >= 0.27 else 6}, cbar=False, square=True, linewidths=0.6, linecolor="white",
        ax=axis, xticklabels=[labels[name] for name in table.columns[:keep]],
        yticklabels=[labels[name] for name in table.index[skip:]],
    )  # fmt: skip
    for y, x in zip(*np.nonzero(here & ~np.isfinite(values)), strict=True):
        look: dict[str, Any] = {"facecolor": "#F4F4F4", "edgecolor": "#8A8A8A", "hatch": "////", "linewidth": 0}
        axis.add_patch(Rectangle((x + 0.05, y + 0.05), 0.9, 0.9, **look))
    for end in blocks:
        axis.plot([0, end], [end - skip] * 2, color=style.INK, linewidth=0.7)
        axis.plot([end] * 2, [end - skip, len(values)], color=style.INK, linewidth=0.7)
    axis.tick_params(length=0, labelsize=6.5, labelbottom=True)
    axis.tick_params(axis="x", rotation=90)
    axis.tick_params(axis="y", rotation=0)
    return axis.collections[0]


def _told(value: float) -> str:
    if not np.isfinite(value):
        return ""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("0.", ".").replace("-", "−")
