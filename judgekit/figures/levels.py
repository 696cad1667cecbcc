"""How often each level was given: what leniency, a narrowed scale or refusals look like before any coefficient."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from judgekit.figures import NoEstimatesError, style
from judgekit.figures import rows as select
from judgekit.registry import register
from judgekit.schema import Criterion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from judgekit.runs import Run

NO_ANSWER = "no answer"


@register("figures")
def levels(run: Run, *, most: int = 8, width: float = style.FULL) -> Figure:
    """Draw how often each rater gave each level.

    One panel a criterion. People are merged by pool where there are more than ``most`` raters. ``width`` is in inches.
    """
    from matplotlib.patches import Patch

    tables = {key: table for key, table in shares(run, most=most).items() if len(table)}
    if not tables:
        raise NoEstimatesError("no ratings", fix="give the study items that somebody rated")
    task = run.study.task
    with style.context():
        columns = style.columns_for(len(tables), width, least=1.65)
        lines = -(-len(tables) // columns)
        bars = max(len(table) for table in tables.values())
        keys = {key: _key(task.criterion(key), table) for key, table in tables.items()}
        room = (width - 0.9) / columns
        key_lines = {key: _wrap(labels, room) for key, labels in keys.items()}
        strip = 0.13 * max(1 + len(wrapped) for wrapped in key_lines.values()) + 0.05
        tall = style.height(lines, 0.2 * bars, least=0.13 * bars, extra=0.45 + strip)
        figure, axes = style.canvas(
            run, width=width, height=lines * (tall + 0.45 + strip) + 0.05, rows=lines, columns=columns,
            sharex=True, sharey=len({tuple(table.index) for table in tables.values()}) == 1,
        )  # fmt: skip
        for axis, (key, table) in zip(style.tidy(axes, len(tables)), tables.items(), strict=True):
            _panel(axis, table, task.criterion(key), room)
            style.title(axis, select.spoken(key), room)
            words = "\n".join(["% of answers", *key_lines[key]])
            axis.set_xlabel(words, fontsize=6, color=style.QUIET, linespacing=1.35, labelpad=3)
        if any(table[NO_ANSWER].any() for table in tables.values()):
            none = Patch(facecolor="white", edgecolor=style.QUIET, hatch="//////", linewidth=0.5)
            none.set_label("no answer (refused, unparsable or skipped)")
            style.legend(figure, [none])
        left_out = run.study.raters["aggregate"] != "none"
        note = "; means of people have no levels and are left out" if left_out.any() else ""
        figure.set_label(style.caption(run, f"Share of answers at each level, by rater{note}"))
    return figure


def shares(run: Run, *, most: int = 8) -> dict[str, pd.DataFrame]:
    """Return for each criterion the share of answers at each level: raters or pools × level codes and "no answer".

    The first answer (rep 0) to the items as they are; a share is of all that was asked of the rater or pool.
    """
    study = run.study
    pools, judges = study.pools(), study.judges()
    persons = [person for names in pools.values() for person in names]
    single = len(persons) + len(judges) <= most
    group = {**{p: p if single else pool for pool, names in pools.items() for p in names}, **{j: j for j in judges}}
    order = list(dict.fromkeys(group.values()))
    asked = study.ratings[(study.ratings["rep"] == 0) & (study.ratings["variant"] == "original")]
    found = {}
    for criterion in study.task.criteria:
        rows = asked[(asked["criterion"] == criterion.key) & asked["rater"].isin(list(group))]
        if rows.empty:
            continue
        level = _levels(rows, criterion)
        table = pd.crosstab(rows["rater"].map(group), level, normalize="index")
        known = [name for name in _columns(criterion, level) if name != NO_ANSWER]
        there = [name for name in order if name in table.index]
        found[criterion.key] = table.reindex(index=there, columns=[*known, NO_ANSWER]).fillna(0)
    return found


def _levels(rows: pd.DataFrame, criterion: Criterion) -> pd.Series:
    """Return the level of each answer as text; five equal steps where a scale has none, or too many to tell apart."""
    values = rows["value"].to_numpy(dtype=float) + 0.0  # no "-0"
    ok = np.isfinite(values)
    if 0 < len(criterion.codes) <= 11:
        told = [f"{value:g}" if fine else NO_ANSWER for value, fine in zip(values, ok, strict=True)]
        return pd.Series(told, index=rows.index)
    ends = criterion.codes or tuple(values[ok])
    if not ends:
        return pd.Series([NO_ANSWER] * len(rows), index=rows.index)
    edges = np.linspace(min(ends), max(ends), 6)
    names = [f"{a:.3g}–{b:.3g}" for a, b in pairwise(edges)]
    step = np.clip(np.searchsorted(edges, np.where(ok, values, edges[0]), side="right") - 1, 0, 4)
    return pd.Series([names[i] if fine else NO_ANSWER for i, fine in zip(step, ok, strict=True)], index=rows.index)


def _columns(criterion: Criterion, level: pd.Series) -> list[str]:
    if 0 < len(criterion.codes) <= 11:
        return [f"{code:g}" for code in criterion.codes]
    return sorted(set(level) - {NO_ANSWER}, key=lambda name: float(name.split("–")[0]) if name[0] != "-" else -np.inf)


def _key(criterion: Criterion, table: pd.DataFrame) -> list[str]:
    """Return what the codes in the bars mean, one entry a level."""
    words = {f"{level.code:g}": level.label for level in criterion.levels}
    told = [f"{name} {words[name]}" for name in table.columns if name in words and words[name] != name]
    return told if len(told) <= 4 or criterion.scale == "nominal" else [f"{told[0]} … {told[-1]}"]


def _wrap(parts: Sequence[str], room: float) -> list[str]:
    lines = [""]
    for part in parts:
        joined = f"{lines[-1]} · {part}" if lines[-1] else part
        if len(joined) * 0.048 <= room or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(part)
    return lines


def _panel(axis: Any, table: pd.DataFrame, criterion: Criterion, room: float) -> None:
    colours = _colours([name for name in table.columns if name != NO_ANSWER], nominal=criterion.scale == "nominal")
    left = np.zeros(len(table))
    for nth, name in enumerate(table.columns):
        width = table[name].to_numpy()
        answer = name != NO_ANSWER
        hatch = style.HATCHES[nth % len(style.HATCHES)] if criterion.scale == "nominal" else ""
        axis.barh(
            range(len(table)), width, left=left, height=0.78, color=colours[name] if answer else "white", linewidth=0.5,
            edgecolor="white" if answer and not hatch else style.QUIET if not answer else "#FFFFFFB0",
            hatch=hatch if answer else "//////",
        )  # fmt: skip
        for y, (start, share) in enumerate(zip(left, width, strict=True)):
            if answer and share * room >= 0.03 + 0.065 * len(name):
                _told(axis, start + share / 2, y, name, colours[name], boxed=bool(hatch))
        left = left + width
    names = style.shorten(table.index, 16)
    axis.set_yticks(range(len(table)), [names[name] for name in table.index])
    axis.set_ylim(len(table) - 0.4, -0.6)
    axis.set_xlim(0, 1)
    axis.set_xticks([0, 0.5, 1], ["0", "50", "100"])
    axis.tick_params(labelbottom=True)
    axis.spines[["left", "bottom"]].set_visible(False)


def _told(axis: Any, x: float, y: int, text: str, colour: str, *, boxed: bool) -> None:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
    box = {"facecolor": colour, "edgecolor": "none", "pad": 0.6} if boxed else None
    axis.text(x, y, text, ha="center", va="center_baseline", fontsize=6, color="white" if dark else style.INK, bbox=box)


def _colours(names: Sequence[str], *, nominal: bool) -> dict[str, str]:
    """Return one colour a level: pale to dark along an order, distinct ones where there is none."""
    if nominal:
        return {name: style.COLOURS[i % len(style.COLOURS)] for i, name in enumerate(names)}
    import seaborn as sns

    ramp = sns.blend_palette(["#E3EEF7", "#7FB2D9", "#0072B2", "#052A47"], max(2, len(names))).as_hex()
    return dict(zip(names, ramp, strict=False))
