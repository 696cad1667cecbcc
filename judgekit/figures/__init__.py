"""Figures: they draw what a run holds and compute nothing new."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from judgekit.errors import InputError
from judgekit.registry import discover, find

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from judgekit.runs import Run


class NoEstimatesError(InputError):
    """Say that a run has no estimates of the kind that a figure shows."""


def draw(run: Run, name: str, **options: Any) -> Figure:
    """Draw the registered figure called ``name``; its options are the keyword arguments of its function."""
    figure: Figure = find("figures", name)(run, **options)
    return figure


def draw_each(run: Run, names: Iterable[str] | None = None, **options: Any) -> dict[str, Figure]:
    """Draw every figure (or those named) that this run has estimates for; options go to each (``width``)."""
    drawn = {}
    for name in discover("figures") if names is None else names:
        try:
            drawn[name] = draw(run, name, **options)
        except NoEstimatesError:
            continue
    return drawn
