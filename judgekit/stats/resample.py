"""The one bootstrap: weights over items × sufficient features, for every coefficient of agreement.

A coefficient says what one item contributes (``features``) and what a weighted sum of contributions is worth
(``point``, ``population``). A replicate is then one row of ``weights @ features``, so that thousands cost one matrix
product, and coefficients that are asked together share the very same draws: their differences are paired.

The default interval is a smoothed Bayesian bootstrap: Dirichlet weights over the observed units plus a little prior
mass on pseudo-items (Hjort 1991, "Bayesian and empirical Bayesian bootstrapping"), read off at percentiles that are
widened by a t quantile with an effective number of degrees of freedom (Hesterberg 2015,
doi:10.1080/00031305.2015.1089789, for the expanded percentile). It holds its level where labels are rare, where a
bootstrap that sees only the observed items does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.stats.prior import DIFFERENCE as DIFFERENCE
from judgekit.stats.prior import NO_PRIOR as NO_PRIOR
from judgekit.stats.prior import SINGLE as SINGLE
from judgekit.stats.prior import Array as Array
from judgekit.stats.prior import Prior as Prior
from judgekit.stats.prior import PriorDraws, prior_draws

LARGEST_BLOCK = 2048
#: Below this many items with a rarer label an interval mostly reflects how little was seen.
SCARCE, THIN = 5, 10
FEW_CLUSTERS = 15


class Coefficient(Protocol):
    """A statistic of the weighted sum of per-item features.

    ``width`` is the number of raters of a pseudo-item; None where none are wanted. A coefficient whose features depend
    on nothing but the ratings may have a ``prior_name``: what it computes of the pseudo-items is then kept.
    """

    @property
    def width(self) -> int | None:
        """Raters of a pseudo-item."""
        ...

    def features(self, X: Array) -> Array:
        """Return the contribution of each item: X (n items × raters, NaN missing) → (n × F)."""
        ...

    def point(self, S: Array) -> Array:
        """Return the estimate of sums S (… × F) with its small-sample form; NaN where undefined."""
        ...

    def population(self, S: Array) -> Array:
        """Return the parameter that weighted sums S (… × F) stand for: draws of it have no small-sample factor."""
        ...


@runtime_checkable
class Family(Protocol):
    """A coefficient with Q outputs from one set of features: ``point`` and ``population`` return (… × Q).

    ``members`` names the columns of X that take part in each output.
    """

    @property
    def width(self) -> int | None:
        """Raters of a pseudo-item."""
        ...

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The columns of X behind each output."""
        ...

    def features(self, X: Array) -> Array:
        """Return the contribution of each item (n × F)."""
        ...

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Tell which items say anything of each output (n × Q)."""
        ...

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates (b × F)."""
        ...

    def point(self, S: Array) -> Array:
        """Return the estimates of sums S (… × F)."""
        ...

    def population(self, S: Array) -> Array:
        """Return the parameters that weighted sums S (… × F) stand for."""
        ...


@runtime_checkable
class Direct(Protocol):
    """A statistic with no small sufficient features: computed from the ratings under each row of item weights."""

    @property
    def width(self) -> None:
        """No pseudo-items."""
        ...

    def weighted(self, X: Array, weights: Array) -> Array:
        """Return the statistic of X (n × raters) under each row of weights (B × n): B values, NaN where undefined."""
        ...


@dataclass(frozen=True)
class Job:
    """One coefficient to be given an interval: its ratings X (units' items × raters) and the declared levels."""

    coefficient: Coefficient | Family | Direct
    X: Array
    codes: tuple[float, ...]
    prior: Prior = SINGLE


@dataclass(frozen=True)
class Interval:
    """A value with its interval; ``note`` is empty, a warning, or the reason why there is none."""

    value: float
    low: float = np.nan
    high: float = np.nan
    method: str = ""
    note: str = ""


@dataclass(frozen=True)
class Bootstrap:
    """Settings of a run's resampling: named streams under one seed, replicates, confidence level."""

    seed: int = 0
    n_boot: int = 10_000
    conf_level: float = 0.95

    def intervals(self, stream: tuple[str, ...], groups: NDArray[np.int64], jobs: Sequence[Job]) -> list[Interval]:
        """Return one interval a job (one an output where a coefficient has several), all from the same draws.

        ``groups`` (n items) numbers the cluster of each item 0 … U-1; items of a cluster are drawn together.
        ``stream`` names the draws; equal names give equal draws, whichever jobs are asked.
        """
        prepared = [_Prepared.of(job, groups) for job in jobs]
        if self.n_boot == 0:
            return [
                Interval(v, note=p.undefined(q), method="point only") for p in prepared for q, v in enumerate(p.values)
            ]
        n_units = int(groups.max()) + 1 if len(groups) else 0
        priors = [prior_draws(j.codes, j.coefficient.width, j.prior, self.seed, self.n_boot) for j in jobs]
        draws = [np.empty((self.n_boot, len(ready.values))) for ready in prepared]
        for block, rows in enumerate(_blocks(self.n_boot, n_units)):
            shape = (rows.stop - rows.start, n_units)
            weights = seeds.rng(self.seed, *stream, "units", block).standard_exponential(shape)
            for job, ready, prior, out in zip(jobs, prepared, priors, draws, strict=True):
                if isinstance(job.coefficient, Direct):
                    out[rows, 0] = job.coefficient.weighted(job.X, weights[:, groups])
                    continue
                sums = weights @ ready.phi
                if prior is not None:
                    sums += ready.pseudo_sums(job, prior, rows)
                out[rows] = job.coefficient.population(sums).reshape(shape[0], -1)
        return [
            self._read(job, ready, q, T[:, q], groups)
            for job, ready, T in zip(jobs, prepared, draws, strict=True)
            for q in range(T.shape[1])
        ]

    def _read(self, job: Job, ready: _Prepared, q: int, T: Array, groups: NDArray[np.int64]) -> Interval:
        value, informative = float(ready.values[q]), int(ready.informative[q])
        T = np.sort(T[np.isfinite(T)])
        if len(T) < self.n_boot / 2:
            return Interval(value, note=ready.undefined(q) or "no interval: undefined in most replicates")
        df = min(informative - 1, job.prior.spread * float(ready.df[q]))
        tail = expanded_tail(self.conf_level, informative, df)
        low, high = _quantile(T, tail), _quantile(T, 1 - tail)
        if np.isfinite(value):
            low, high = min(low, value), max(high, value)
        smooth = "smoothed Bayesian bootstrap" if job.prior.mass else "Bayesian bootstrap"
        clustered = groups.max() + 1 < len(groups)
        units = "clusters of items" if clustered else "items"
        method = f"{smooth} over {units}, effective df {df:.3g}, B={self.n_boot}"
        X = job.X[:, ready.members[q]]
        notes = [ready.undefined(q), scarcity(X, job.codes, groups), few_clusters(groups) if clustered else ""]
        return Interval(value, low, high, method, "; ".join(note for note in notes if note))


@dataclass(frozen=True)
class _Prepared:
    """A job's unit sums and, for each of its outputs, what the jackknife says of them."""

    phi: Array
    values: Array
    informative: NDArray[np.int64]
    df: Array
    members: list[list[int]]
    one_label: list[bool]
    _psi: dict[int, Array] = field(default_factory=dict)

    def pseudo_sums(self, job: Job, prior: PriorDraws, rows: slice) -> Array:
        """Return the weighted sums of the pseudo-items' features for some replicates (b × F)."""
        coefficient = job.coefficient
        assert not isinstance(coefficient, Direct)
        if isinstance(coefficient, Family):
            return coefficient.pseudo_sums(prior, rows)
        named = getattr(coefficient, "prior_name", None)
        if named is not None:
            return prior.sums(named, coefficient.features)[rows]
        if 0 not in self._psi:
            self._psi[0] = coefficient.features(prior.rows)
        return prior.weights[rows] @ self._psi[0]

    @classmethod
    def of(cls, job: Job, groups: NDArray[np.int64]) -> _Prepared:
        n_units = int(groups.max()) + 1 if len(groups) else 0
        if isinstance(job.coefficient, Direct):
            phi = np.zeros((n_units, 1))
            np.add.at(phi, groups, np.isfinite(job.X).sum(axis=1, keepdims=True) >= 2)
            values = job.coefficient.weighted(job.X, np.ones((1, len(job.X))))
            left_out = _leave_each_out(job.coefficient, job.X, groups, n_units)[:, None]
        else:
            per_item = job.coefficient.features(job.X)
            phi = per_item[np.argsort(groups)] if n_units == len(groups) else _summed(per_item, groups, n_units)
            total = phi.sum(axis=0)
            values = np.atleast_1d(job.coefficient.point(total))
            left_out = job.coefficient.point(total - phi).reshape(n_units, -1)
        if isinstance(job.coefficient, Family):
            members = [list(columns) for columns in job.coefficient.members]
            informs = _summed(job.coefficient.informs(job.X).astype(float), groups, n_units) > 0
        else:
            members = [list(range(job.X.shape[1]))]
            informs = np.any(phi != 0, axis=1, keepdims=True)
        informative = np.maximum(3, informs.sum(axis=0))
        df = np.array([satterthwaite(left_out[:, q], values[q], int(n)) for q, n in enumerate(informative)])
        return cls(phi, values, informative, df, members, [_one_label(job.X[:, columns]) for columns in members])

    def undefined(self, q: int) -> str:
        """Say why output q has no value, if it has none."""
        if np.isfinite(self.values[q]):
            return ""
        return "no estimate: only one label occurs" if self.one_label[q] else "no estimate: undefined on these ratings"


def _summed(per_item: Array, groups: NDArray[np.int64], n_units: int) -> Array:
    sums = np.zeros((n_units, per_item.shape[1]))
    np.add.at(sums, groups, per_item)
    return sums


def _one_label(X: Array) -> bool:
    seen = X[np.isfinite(X)]
    return len(seen) > 0 and bool(np.all(seen == seen[0]))


def _leave_each_out(coefficient: Direct, X: Array, groups: NDArray[np.int64], n_units: int) -> Array:
    """Return a direct statistic without each unit in turn, in blocks."""
    values = np.empty(n_units)
    for rows in _blocks(n_units, n_units):
        weights = (groups[None, :] != np.arange(rows.start, rows.stop)[:, None]).astype(float)
        values[rows] = coefficient.weighted(X, weights)
    return values


def satterthwaite(left_out: Array, value: float, informative: int) -> float:
    """Return the degrees of freedom of the jackknife's variance: clip(2N / (kurtosis - 1), 2, N - 1).

    ``left_out`` holds the value without each unit in turn. Without variance the kurtosis counts as N.
    """
    filled = np.where(np.isfinite(left_out), left_out, value)
    pseudo = (len(filled) - 1) * (filled.mean() - filled)
    squares = float(np.sum(pseudo**2))
    if not np.isfinite(squares) or squares <= 1e-24:
        kurtosis = float(informative)
    else:
        kurtosis = informative * float(np.sum(pseudo**4)) / squares**2
    df = 2 * informative / (kurtosis - 1) if kurtosis > 1 else np.inf
    return float(np.clip(df, 2, max(2, informative - 1)))


def expanded_tail(conf_level: float, informative: int, df: float) -> float:
    """Return the tail probability at which the draws are read: Φ(-√((N+1)/(N-1)) · t_df)."""
    from scipy.special import ndtr, stdtrit

    quantile = stdtrit(df, (1 + conf_level) / 2)
    return float(ndtr(-np.sqrt((informative + 1) / (informative - 1)) * quantile))


def scarcity(X: Array, codes: tuple[float, ...], groups: NDArray[np.int64]) -> str:
    """Warn where few items hold any rating beside the most frequent one."""
    present = np.isfinite(X)
    if not codes or not present.any():
        return ""
    values, counts = np.unique(X[present], return_counts=True)
    rare = np.any(present & (values[counts.argmax()] != X), axis=1)
    u = int(np.count_nonzero(np.bincount(groups[rare])))
    if u < SCARCE:
        return (
            f"fewer than {SCARCE} items carry the rarer labels ({u}); the interval mostly reflects how little was seen"
        )
    return f"only {u} items carry the rarer labels: read the interval with caution" if u < THIN else ""


def few_clusters(groups: NDArray[np.int64]) -> str:
    """Warn where items come in few clusters."""
    n = int(groups.max()) + 1
    return f"only {n} clusters of items: the interval is wide and conservative" if n < FEW_CLUSTERS else ""


def _blocks(n: int, n_units: int) -> Iterator[slice]:
    """Yield blocks of replicates, smaller the more units there are, so that memory stays bounded."""
    size = int(np.clip(2**22 // max(n_units, 1), 64, LARGEST_BLOCK))
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def _quantile(ordered: Array, p: float) -> float:
    """Type-6 quantile: rank p(B+1) - 1, linearly between neighbours, clipped at the ends."""
    rank = float(np.clip(p * (len(ordered) + 1) - 1, 0, len(ordered) - 1))
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (rank - below) * (ordered[above] - ordered[below]))
