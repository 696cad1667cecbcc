"""Bland and Altman's limits: by how much would a rater differ from another one on the next item?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.comparisons import CONTINUUM, flat
from judgekit.stats.linearised import check_interval
from judgekit.stats.pairings import Pairing, Slice, levels_of, pairings, slices
from judgekit.stats.prior import SINGLE, PriorDraws
from judgekit.stats.resample import Array, Bootstrap, Interval, Job
from judgekit.stats.rows import row

if TYPE_CHECKING:
    from judgekit.study import Study

NAMES = ("bias", "lower", "upper")


@dataclass(frozen=True)
class Limits:
    """Mean difference d̄ and limits d̄ ± multiple × s of the differences between two sides' means on an item.

    Bland & Altman (1986), doi:10.1016/S0140-6736(86)90837-8. The first ``left`` columns of X are one side.
    """

    left: int
    right: int
    multiple: float
    width: int | None = None

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Every rater takes part in bias and limits."""
        return (tuple(range(self.left + self.right)),) * 3

    def differences(self, X: Array) -> Array:
        """Return each item's mean of the left raters minus that of the right ones (n); NaN where a side is missing."""
        return _mean(X[:, : self.left]) - _mean(X[:, self.left :])

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Items that both sides rated say something."""
        return np.repeat(np.isfinite(self.differences(X))[:, None], 3, axis=1)

    def features(self, X: Array) -> Array:
        """Return 1, d and d² (n × 3); zero where a side is missing."""
        d = self.differences(X)
        there = np.isfinite(d)
        d = np.where(there, d, 0.0)
        return np.column_stack([there.astype(float), d, d * d])

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates."""
        return prior.sums(("differences", self.left), self.features)[rows]

    def point(self, S: Array) -> Array:
        """Return bias and limits with s² divided by n - 1."""
        return self._limits(S, S[..., 0] - 1)

    def population(self, S: Array) -> Array:
        """Return bias and limits of the distribution that the weights describe."""
        return self._limits(S, S[..., 0])

    def _limits(self, S: Array, df: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            bias = S[..., 1] / S[..., 0]
            squares = np.maximum(S[..., 2] - S[..., 1] * bias, 0)
            half = self.multiple * np.sqrt(np.where(df > 0, squares / np.where(df > 0, df, 1), np.nan))
        return np.stack([bias, bias - half, bias + half], axis=-1)


def _mean(X: Array) -> Array:
    n = np.isfinite(X).sum(axis=1)
    return np.where(n > 0, np.nansum(X, axis=1) / np.maximum(n, 1), np.nan)


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
            found = _analytic(limits, X, part, boot) if analytic else _bootstrap(limits, X, part, boot)
            for name, one in zip(NAMES, found, strict=True):
                yield row(study, f"bland_altman.{name}", part, pairing, one, boot, _meaning(pairing, name, multiple))


def _meaning(pairing: Pairing, name: str, multiple: float) -> str:
    sides = [f"mean of {len(side)} raters' answers" if len(side) > 1 else "" for side in (pairing.left, pairing.right)]
    what = "mean of a - b" if name == "bias" else f"mean of a - b {'-' if name == 'lower' else '+'} {multiple:g} s"
    means = [f"{letter}: {side}" for letter, side in zip("ab", sides, strict=True) if side]
    return "; ".join([what, *means])


def _bootstrap(limits: Limits, X: Array, part: Slice, boot: Bootstrap) -> list[Interval]:
    """Return engine intervals; where all differences are equal, pseudo-items give them their width."""
    found = boot.intervals(part.stream, part.groups, [Job(limits, X, (), CONTINUUM)])
    if not any(map(flat, found)):
        return found
    wide = Limits(limits.left, limits.right, limits.multiple, X.shape[1])
    made = boot.intervals(part.stream, part.groups, [Job(wide, X, levels_of(part.criterion, X), SINGLE)])
    reason = "no interval: no variation between items"
    return [Interval(one.value, method=one.method, note=reason) if flat(one) else one for one in made]


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
