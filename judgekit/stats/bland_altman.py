"""Bland and Altman's limits: by how much would a rater differ from another one on the next item?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.comparisons import smooth_intervals
from judgekit.stats.limits import Limits
from judgekit.stats.linearised import check_interval
from judgekit.stats.pairings import Pairing, Slice, pairings, slices
from judgekit.stats.resample import Array, Bootstrap, Interval
from judgekit.stats.rows import row

if TYPE_CHECKING:
    from judgekit.study import Study

NAMES = ("bias", "lower", "upper")


@register("stats")
def bland_altman(
    study: Study, *, boot: Bootstrap, multiple: float = 1.96, interval: str = "bootstrap"
) -> Iterator[Estimate]:
    """Bias and limits of agreement: a judge minus the mean of people, and between single raters."""
    analytic = check_interval(interval)
    for part in slices(study):
        if part.criterion.scale == "nominal":
            continue
        for pairing in pairings(study, part):
            if pairing.left == pairing.right or set(pairing.left) & set(pairing.right):
                continue
            X = part.matrix([*pairing.left, *pairing.right])
            limits = Limits(len(pairing.left), len(pairing.right), multiple)
            if analytic:
                found = _analytic(limits, X, part, boot)
            else:
                found = smooth_intervals(part, X, boot, limits, X.shape[1])
            for name, one in zip(NAMES, found, strict=True):
                yield row(study, f"bland_altman.{name}", part, pairing, one, boot, _meaning(pairing, name, multiple))


def _meaning(pairing: Pairing, name: str, multiple: float) -> str:
    sides = [f"mean of {len(side)} raters' answers" if len(side) > 1 else "" for side in (pairing.left, pairing.right)]
    what = "mean of a - b" if name == "bias" else f"mean of a - b {'-' if name == 'lower' else '+'} {multiple:g} s"
    means = [f"{letter}: {side}" for letter, side in zip("ab", sides, strict=True) if side]
    return "; ".join([what, *means])


def _analytic(limits: Limits, X: Array, part: Slice, boot: Bootstrap) -> list[Interval]:
    """Return d̄ ± t s / √n and, for the limits, ± t s √(1 / n + multiple² / (2 (n - 1))).

    Bland & Altman (1999), doi:10.1177/096228029900800204; differences are taken as normal, items as independent.
    """
    from scipy.special import stdtrit

    d = limits.differences(X)
    d = d[np.isfinite(d)]
    values = limits.point(limits.features(X).sum(axis=0))
    if len(d) < 2 or not d.std() > 0:
        return [Interval(float(value), note="no analytic interval: no variation between items") for value in values]
    n, s = len(d), float(d.std(ddof=1))
    t = float(stdtrit(n - 1, (1 + boot.conf_level) / 2))
    halves = [t * s / np.sqrt(n)] + [t * s * np.sqrt(1 / n + limits.multiple**2 / (2 * (n - 1)))] * 2
    note = "clusters of items are ignored" if part.groups.max() + 1 < len(part.groups) else ""
    method = f"t with {n - 1} df, normal differences"
    return [
        Interval(float(value), float(value - half), float(value + half), method, note)
        for value, half in zip(values, halves, strict=True)
    ]
