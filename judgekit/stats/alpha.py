"""Krippendorff's alpha at all four levels of measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from judgekit.errors import InputError, listed
from judgekit.registry import register
from judgekit.schema import SCALES, Scale
from judgekit.stats.pairings import Pairing, Slice, between_levels, levels_of, pairings, slices
from judgekit.stats.resample import Array, Bootstrap, Job
from judgekit.stats.rows import confirmed, row
from judgekit.stats.together import Asking, Request, joint

if TYPE_CHECKING:
    from judgekit.study import Study


@dataclass(frozen=True)
class Alpha:
    """Alpha from packed coincidences: 1 - (n - 1) Σ o_ck d_ck / Σ n_c n_k d_ck over pairable values.

    Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability",
    https://repository.upenn.edu/asc_papers/43. ``codes`` are the levels, ``width`` the raters of a pseudo-item.

    The paper's example C (four observers, twelve units):

    >>> _ = np.nan
    >>> X = np.array([[1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    ...               [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _]]).T
    >>> for scale in ("nominal", "ordinal", "interval", "ratio"):
    ...     coefficient = Alpha((1.0, 2.0, 3.0, 4.0, 5.0), scale, 4)
    ...     print(scale, f"{coefficient.point(coefficient.features(X).sum(axis=0)):.3f}")
    nominal 0.743
    ordinal 0.815
    interval 0.849
    ratio 0.797
    """

    codes: tuple[float, ...]
    scale: Scale
    width: int | None

    @property
    def prior_name(self) -> tuple[object, ...]:
        """Coincidences depend on the levels alone, not on the scale."""
        return "coincidences", self.codes

    @cached_property
    def _packed(self) -> tuple[np.ndarray, np.ndarray]:
        return np.triu_indices(len(self.codes))

    def counts(self, X: Array) -> Array:
        """Return how often each level was given to each item (n × K); items with one rating count as none."""
        counted = np.stack([np.sum(np.float64(code) == X, axis=1) for code in self.codes], axis=1).astype(float)
        counted[counted.sum(axis=1) < 2] = 0
        return counted

    def features(self, X: Array) -> Array:
        """Return each item's coincidences o_ck, upper triangle (n × K(K+1)/2)."""
        counted = self.counts(X)
        c, k = self._packed
        pairs = counted[:, c] * counted[:, k] - np.where(c == k, counted[:, c], 0)
        return np.asarray(pairs / np.maximum(counted.sum(axis=1) - 1, 1)[:, None])

    def _parts(self, S: Array) -> tuple[Array, Array, Array]:
        """Return the number of pairable values, Σ o d and Σ n n d (both over ordered pairs)."""
        c, k = self._packed
        margins = self._margins(S)
        d = self._distances(margins)
        observed = 2 * np.sum(S * d, axis=-1)
        expected = 2 * np.sum(margins[..., c] * margins[..., k] * d, axis=-1)
        return margins.sum(axis=-1), observed, expected

    def _margins(self, S: Array) -> Array:
        """Return how many pairable values each level has (… × K)."""
        margins = np.zeros((*S.shape[:-1], len(self.codes)))
        for column, (i, j) in enumerate(zip(*self._packed, strict=True)):
            margins[..., i] += S[..., column]
            if i != j:
                margins[..., j] += S[..., column]
        return margins

    def _distances(self, margins: Array) -> Array:
        """Return δ² for the packed pairs; ordinal distances depend on the margins, so on the replicate."""
        c, k = self._packed
        levels = np.asarray(self.codes)
        if self.scale == "nominal":
            return np.asarray((c != k).astype(float))
        if self.scale == "interval":
            return np.asarray((levels[c] - levels[k]) ** 2)
        if self.scale == "ratio":
            total = levels[c] + levels[k]
            return np.asarray(np.where(total == 0, 0.0, (levels[c] - levels[k]) / np.where(total == 0, 1, total)) ** 2)
        below = np.cumsum(margins, axis=-1)
        between = below[..., k] - below[..., c] + margins[..., c] - (margins[..., c] + margins[..., k]) / 2
        return np.asarray(between**2)

    def point(self, S: Array) -> Array:
        """Return alpha with its small-sample factor n - 1."""
        n, observed, expected = self._parts(S)
        return _one_minus((n - 1) * observed, expected)

    def population(self, S: Array) -> Array:
        """Return alpha of the distribution that the weights describe: factor n."""
        n, observed, expected = self._parts(S)
        return _one_minus(n * observed, expected)

    def chance_fixed(self, S: Array, total: Array) -> Array:
        """Return alpha of sums S with the expected disagreement, and ordinal distances, of the whole sample."""
        n, _, expected = self._parts(total)
        c, k = self._packed
        share = np.where(c == k, 1.0, 2.0)  # a packed cell off the diagonal stands for two
        observed = 2 * np.sum(S * self._distances(self._margins(total)), axis=-1)
        return _one_minus((n - 1) * n * observed / np.sum(S * share, axis=-1), expected)


@dataclass(frozen=True)
class AlphaMoments:
    """Interval alpha of values on a continuum, from moments: no levels needed, so no pseudo-items either."""

    centre: float
    width: None = None

    def features(self, X: Array) -> Array:
        """Return each item's m, Σx, Σx² and within-item disagreement (n × 4)."""
        x = X - self.centre
        m = np.isfinite(x).sum(axis=1).astype(float)
        first, second = np.nansum(x, axis=1), np.nansum(x**2, axis=1)
        within = 2 * (m * second - first**2) / np.maximum(m - 1, 1)
        return np.asarray(np.stack([m, first, second, within], axis=1) * (m >= 2)[:, None])

    def point(self, S: Array) -> Array:
        """Return alpha with its small-sample factor n - 1."""
        n, first, second, within = np.moveaxis(S, -1, 0)
        return _one_minus((n - 1) * within, 2 * (n * second - first**2))

    def population(self, S: Array) -> Array:
        """Return alpha of the distribution that the weights describe: factor n."""
        n, first, second, within = np.moveaxis(S, -1, 0)
        return _one_minus(n * within, 2 * (n * second - first**2))


def _one_minus(above: Array, below: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(below > 1e-300, 1 - above / below, np.nan))


@register("stats")
@joint
def alpha(study: Study, *, boot: Bootstrap, scales: Sequence[Scale] = ()) -> Asking:
    """Krippendorff's alpha at each criterion's scale: people, judge joined to people, judges.

    ``scales`` (nominal, ordinal, interval, ratio) asks for alpha at these levels of measurement as well, from the same
    draws: rows ``alpha.nominal`` … of every criterion whose levels have an order, or numbers at all.
    """
    unknown = [name for name in scales if name not in SCALES]
    if unknown:
        raise InputError(f"no scale is called {listed(unknown)}", fix=f"choose among: {listed(SCALES)}")
    for part in slices(study):
        chosen = [p for p in pairings(study, part) if len(p.raters) >= 2 or p.a == p.b]
        jobs = [_job(part, p) for p in chosen]
        asked = [("alpha", pairing, job) for pairing, job in zip(chosen, jobs, strict=True)]
        asked += [
            (f"alpha.{scale}", pairing, replace(job, coefficient=replace(job.coefficient, scale=scale)))
            for scale in dict.fromkeys(scales)
            for pairing, job in zip(chosen, jobs, strict=True)
            if isinstance(job.coefficient, Alpha) and part.criterion.scale not in ("nominal", scale)
        ]
        found = yield Request(part, [job for _, _, job in asked])
        for (name, pairing, job), interval in zip(asked, found, strict=True):
            scale = job.coefficient.scale if isinstance(job.coefficient, Alpha) else "interval"
            confirmed("alpha", interval.value, reference(job), scale)
            yield row(study, name, part, pairing, interval, boot, f"{scale} distances")


def _job(part: Slice, pairing: Pairing) -> Job:
    X = part.matrix(pairing.raters)
    codes = levels_of(part.criterion, X)
    if between_levels(part.criterion, X) or len(codes) > 50:
        centre = float(np.nanmean(X)) if np.isfinite(X).any() else 0.0
        return Job(AlphaMoments(centre), X, (), people=part.sampled(pairing.raters))
    rated = np.isfinite(X).sum(axis=1)
    width = int(np.median(rated[rated > 0])) if (rated > 0).any() else 2
    scale = part.criterion.scale
    return Job(Alpha(codes, scale, max(2, width)), X, codes, people=part.sampled(pairing.raters))


def reference(job: Job) -> float | None:
    """Return the krippendorff package's value for the same ratings, None where it has none."""
    import krippendorff

    X = job.X[np.isfinite(job.X).sum(axis=1) >= 2]
    values = np.unique(X[np.isfinite(X)])
    if len(values) < 2:
        return None
    counts = np.stack([(value == X).sum(axis=1) for value in values], axis=1)
    level = job.coefficient.scale if isinstance(job.coefficient, Alpha) else "interval"
    return float(krippendorff.alpha(value_counts=counts, value_domain=values, level_of_measurement=level))
