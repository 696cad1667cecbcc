"""Contrast pairs: an edit with a known direction, and who noticed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from judgekit.figures import rows as select
from judgekit.figures import style
from judgekit.registry import register

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from judgekit.runs import Run

#: statistic -> word, colour, hatch, in the order of the bar
OUTCOMES = {
    "contrast": ("as expected", "#0072B2", ""),
    "contrast.tied": ("no move", "#E8E8E8", "...."),
    "contrast.against": ("against", "#D55E00", "////"),
}


@register("figures")
def contrast(run: Run, *, width: float = style.FULL, phenomena: bool = False) -> Figure:
    """Draw on what share of contrast pairs each rater moved as expected, not at all, or the other way.

    One panel a criterion; people by pool, then judges; with ``phenomena`` again for each kind of edit that has rows.
    ``width`` is in inches.
    """
    select.of(run, "contrast")
    rows = run.estimates[run.estimates["statistic"].isin(list(OUTCOMES))]
    subsets = [str(one) for one in dict.fromkeys(rows["subset"]) if one == "all" or phenomena]
    rows = rows[rows["subset"].isin(subsets)]
    study = run.study
    order = [*study.pools(), *study.judges()]
    raters = [name for name in order if name in set(rows["a"])] or list(dict.fromkeys(rows["a"]))
    rows = rows[rows["a"].isin(raters)].drop_duplicates(["statistic", "criterion", "a", "subset"])
    panels = select.criteria(run, rows)
    entries: list[tuple[str, str]] = []
    for subset in subsets:
        entries += [(subset, "")] if len(subsets) > 1 else []
        entries += [(subset, rater) for rater in raters]
    with style.context():
        columns = style.columns_for(len(panels), width, least=1.6)
        lines = -(-len(panels) // columns)
        tall = style.height(lines, 0.24 * len(entries), least=0.14 * len(entries), extra=0.52)
        figure, axes = style.canvas(
            run, width=width, height=lines * (tall + 0.52) + 0.05, rows=lines, columns=columns, sharex=True, sharey=True
        )
        names = style.shorten(raters, 16)
        for axis, key in zip(style.tidy(axes, len(panels)), panels, strict=True):
            here = rows[rows["criterion"] == key]
            shares = {
                (r["subset"], r["a"], r["statistic"]): (float(r["value"]), float(r["low"]), float(r["high"]))
                for r in here.to_dict("records")
            }
            for y, (subset, rater) in enumerate(entries):
                if rater:
                    _bar(axis, [shares.get((subset, rater, name)) for name in OUTCOMES], y)
            style.title(axis, select.spoken(key), (width - 0.8) / columns)
            axis.set_xlabel(f"% of {style.ranged(here['n_items'])} pairs")
        labels = [names[rater] if rater else _heading(subset) for subset, rater in entries]
        people = len([r for r in raters if r in study.pools()]) if len(subsets) == 1 else 0
        _axes(figure, labels, people, [y for y, (_, rater) in enumerate(entries) if not rater])
        _legend(figure)
        what = "Contrast pairs: share in which a rater moved in the expected direction, not at all, or against it"
        what += " (upper interval: expected, lower: against)"
        what += "; below, by what the edit is about" if len(subsets) > 1 else ""
        text = style.caption(run, what, rows)
        figure.set_label(text.replace(" items,", " pairs,", 1))
    return figure


def _bar(axis: Any, shares: list[tuple[float, float, float] | None], y: int) -> None:
    """Draw one rater's bar: expected from the left, against from the right, each with its interval."""
    expected, _, against = shares
    if expected is None or not np.isfinite(expected[0]):
        axis.text(0.02, y, "not estimable", fontsize=6, style="italic", color=style.QUIET, va="center")
        return
    start = 0.0
    for (name, (_, colour, hatch)), one in zip(OUTCOMES.items(), shares, strict=True):
        if one is not None and np.isfinite(one[0]):
            left = 1 - one[0] if name == "contrast.against" else start
            look = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.5}
            axis.barh(y, one[0], left=left, height=0.72, zorder=2, **look)
            start += one[0]
    _whisker(axis, expected[1], expected[2], y - 0.12)
    if against is not None:
        _whisker(axis, 1 - against[2], 1 - against[1], y + 0.12)


def _whisker(axis: Any, low: float, high: float, y: float) -> None:
    if np.isfinite(low) and np.isfinite(high):
        axis.plot([low, high], [y, y], color="white", linewidth=2.6, solid_capstyle="butt", zorder=3)
        axis.plot([low, high], [y, y], color=style.INK, linewidth=1.1, solid_capstyle="butt", zorder=4)
        axis.plot([low, high], [y, y], color=style.INK, marker="|", markersize=4, linestyle="none", zorder=4)


def _heading(subset: str) -> str:
    return "all pairs" if subset == "all" else style.shorten([select.spoken(subset.partition("=")[2])], 20).popitem()[1]


def _axes(figure: Figure, labels: list[str], pools: int, headings: list[int]) -> None:
    first = figure.axes[0]
    first.set_xlim(0, 1)
    first.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
    first.set_yticks(range(len(labels)), labels)
    first.set_ylim(len(labels) - 0.45, -0.55)
    for y in headings:
        first.get_yticklabels()[y].set_fontweight("bold")
    for axis in figure.axes:
        axis.spines[["left", "bottom"]].set_visible(False)
        axis.tick_params(labelbottom=True)
        if 0 < pools < len(labels):
            axis.axhline(pools - 0.5, color=style.QUIET, linewidth=0.6)


def _legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = []
    for name, (word, colour, hatch) in OUTCOMES.items():
        edge = "white" if name == "contrast" else style.QUIET
        handles.append(Patch(facecolor=colour, hatch=hatch, edgecolor=edge, linewidth=0, label=word))
    handles.append(Line2D([], [], color=style.INK, marker="|", markersize=4, label="interval"))
    style.legend(figure, handles)
