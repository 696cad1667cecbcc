"""The one bootstrap: weights over items × sufficient features, for every coefficient of agreement.

A coefficient says what one item contributes (``features``) and what a weighted sum of contributions is worth
(``point``, ``population``). A replicate is then one row of ``weights @ features``, so that thousands cost one matrix
product, and coefficients that are asked together share the very same draws: their differences are paired.

The default interval is a smoothed Bayesian bootstrap: Dirichlet weights over the observed units plus a little prior
mass on pseudo-items (Hjort 1991, "Bayesian and empirical Bayesian bootstrapping"), read off at percentiles that are
widened by a t quantile with an effective number of degrees of freedom (Hesterberg 2015, doi:10.1080/00031305.2015.1089789,
for the expanded percentile). It holds its level where labels are rare, where a bootstrap that sees only the observed
items does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds

Array = NDArray[np.float64]
BLOCK = 512
#: Below this many items with a rarer label an interval mostly reflects how little was seen.
SCARCE, THIN = 5, 10
FEW_CLUSTERS = 15


class Coefficient(Protocol):
    """A statistic of the weighted sum of per-item features.

    ``width`` is the number of raters of a pseudo-item; None where none are wanted.
    """

    width: int | None

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
class Direct(Protocol):
    """A statistic with no small sufficient features: computed from the ratings under each row of item weights."""

    width: None

    def weighted(self, X: Array, weights: Array) -> Array:
        """Return the statistic of X (n × raters) under each row of weights (B × n): B values, NaN where undefined."""
        ...


@dataclass(frozen=True)
class Prior:
    """How much mass the pseudo-items have (in items), and how much of it sits on unanimous ones."""

    mass: float
    unanimous: float
    #: df = min(N - 1, spread × Satterthwaite's)
    spread: float


SINGLE = Prior(mass=1.0, unanimous=0.5, spread=3.0)
DIFFERENCE = Prior(mass=2.0, unanimous=0.0, spread=1.0)
NO_PRIOR = Prior(mass=0.0, unanimous=0.0, spread=3.0)


@dataclass(frozen=True)
class Job:
    """One coefficient to be given an interval: its ratings X (units' items × raters) and the declared levels."""

    coefficient: Coefficient | Direct
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
        """Return one interval a job, all from the same draws.

        ``groups`` (n items) numbers the cluster of each item 0 … U-1; items of a cluster are drawn together.
        ``stream`` names the draws; equal names give equal draws, whichever jobs are asked.
        """
        prepared = [_Prepared.of(job, groups) for job in jobs]
        if self.n_boot == 0:
            return [Interval(p.value, note=p.undefined(), method="point only") for p in prepared]
        draws = [np.empty(self.n_boot) for _ in jobs]
        n_units = int(groups.max()) + 1 if len(groups) else 0
        priors = self._pseudo(stream, jobs)
        for block, rows in enumerate(_blocks(self.n_boot)):
            size = rows.stop - rows.start
            weights = seeds.rng(self.seed, *stream, "units", block).standard_exponential((size, n_units))
            masses: dict[tuple[int, int | None, Prior], Array] = {}
            for job, ready, out in zip(jobs, prepared, draws, strict=True):
                if isinstance(job.coefficient, Direct):
                    out[rows] = job.coefficient.weighted(job.X, weights[:, groups])
                    continue
                sums = weights @ ready.phi
                pseudo = priors[_prior_key(job)]
                if pseudo is not None:
                    rows_, mass = pseudo
                    key = _prior_key(job)
                    if key not in masses:
                        stream_ = (*stream, "prior", len(job.codes), job.coefficient.width, job.prior, block)
                        masses[key] = seeds.rng(self.seed, *stream_).standard_gamma(mass, (size, len(mass)))
                    sums += masses[key] @ job.coefficient.features(rows_)
                out[rows] = job.coefficient.population(sums)
        return [self._read(job, ready, T, groups) for job, ready, T in zip(jobs, prepared, draws, strict=True)]

    def _pseudo(
        self, stream: tuple[str, ...], jobs: Sequence[Job]
    ) -> dict[tuple[int, int | None, Prior], tuple[Array, Array] | None]:
        found: dict[tuple[int, int | None, Prior], tuple[Array, Array] | None] = {}
        for job in jobs:
            key = _prior_key(job)
            if key not in found:
                generator = seeds.rng(self.seed, *stream, "patterns", key[0], key[1])
                found[key] = pseudo_items(job.codes, job.coefficient.width, job.prior, generator)
        return found

    def _read(self, job: Job, ready: _Prepared, T: Array, groups: NDArray[np.int64]) -> Interval:
        T = np.sort(T[np.isfinite(T)])
        if len(T) < self.n_boot / 2:
            return Interval(ready.value, note=ready.undefined() or "no interval: undefined in most replicates")
        df = min(ready.informative - 1, job.prior.spread * ready.satterthwaite)
        tail = expanded_tail(self.conf_level, ready.informative, df)
        low, high = _quantile(T, tail), _quantile(T, 1 - tail)
        if np.isfinite(ready.value):
            low, high = min(low, ready.value), max(high, ready.value)
        smooth = "smoothed Bayesian bootstrap" if job.prior.mass else "Bayesian bootstrap"
        clustered = len(np.unique(groups)) < len(groups)
        method = (
            f"{smooth} over {'clusters of items' if clustered else 'items'}, effective df {df:.3g}, B={self.n_boot}"
        )
        notes = [ready.undefined(), scarcity(job, groups), few_clusters(groups) if clustered else ""]
        return Interval(ready.value, low, high, method, "; ".join(note for note in notes if note))


@dataclass(frozen=True)
class _Prepared:
    """A job's unit sums and what the jackknife says of them."""

    phi: Array
    value: float
    informative: int
    satterthwaite: float
    one_label: bool

    @classmethod
    def of(cls, job: Job, groups: NDArray[np.int64]) -> _Prepared:
        n_units = int(groups.max()) + 1 if len(groups) else 0
        if isinstance(job.coefficient, Direct):
            phi = np.zeros((n_units, 1))
            np.add.at(phi, groups, np.isfinite(job.X).sum(axis=1, keepdims=True) >= 2)
            value = float(job.coefficient.weighted(job.X, np.ones((1, len(job.X))))[0])
            left_out = _leave_each_out(job.coefficient, job.X, groups, n_units)
        else:
            per_item = job.coefficient.features(job.X)
            phi = np.zeros((n_units, per_item.shape[1]))
            np.add.at(phi, groups, per_item)
            total = phi.sum(axis=0)
            value = float(job.coefficient.point(total))
            left_out = job.coefficient.point(total - phi)
        seen = job.X[np.isfinite(job.X)]
        informative = max(3, int(np.any(phi != 0, axis=1).sum()))
        df = satterthwaite(left_out, value, informative)
        return cls(phi, value, informative, df, len(seen) > 0 and bool(np.all(seen == seen[0])))

    def undefined(self) -> str:
        """Say why there is no value, if there is none."""
        if np.isfinite(self.value):
            return ""
        return "no estimate: only one label occurs" if self.one_label else "no estimate: undefined on these ratings"


def _leave_each_out(coefficient: Direct, X: Array, groups: NDArray[np.int64], n_units: int) -> Array:
    """Return a direct statistic without each unit in turn, in blocks."""
    values = np.empty(n_units)
    for rows in _blocks(n_units):
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


def pseudo_items(
    codes: tuple[float, ...], width: int | None, prior: Prior, rng: np.random.Generator
) -> tuple[Array, Array] | None:
    """Return pseudo-items (rows of ``width`` ratings) and the prior mass of each; None without prior or levels.

    Uniform over all patterns of the declared levels (256 random ones where there are more than 512), with the prior's
    share on unanimous ones.
    """
    K = len(codes)
    if prior.mass == 0 or width is None or width < 1 or K < 2:
        return None
    levels = np.asarray(codes)
    if K ** min(width, 60) <= 512:
        patterns = levels[np.indices((K,) * width).reshape(width, -1).T]
    else:
        patterns = levels[rng.integers(0, K, (256, width))]
    spread = np.full(len(patterns), prior.mass * (1 - prior.unanimous) / len(patterns))
    if prior.unanimous == 0:
        return patterns, spread
    unanimous = np.repeat(levels[:, None], width, axis=1)
    masses = np.concatenate([np.full(K, prior.mass * prior.unanimous / K), spread])
    return np.concatenate([unanimous, patterns]), masses


def scarcity(job: Job, groups: NDArray[np.int64]) -> str:
    """Warn where few items hold any rating beside the most frequent one."""
    present = np.isfinite(job.X)
    if not job.codes or not present.any():
        return ""
    values, counts = np.unique(job.X[present], return_counts=True)
    rare = np.any(present & (values[counts.argmax()] != job.X), axis=1)
    u = len(np.unique(groups[rare]))
    if u < SCARCE:
        return (
            f"fewer than {SCARCE} items carry the rarer labels ({u}); the interval mostly reflects how little was seen"
        )
    return f"only {u} items carry the rarer labels: read the interval with caution" if u < THIN else ""


def few_clusters(groups: NDArray[np.int64]) -> str:
    """Warn where items come in few clusters."""
    n = len(np.unique(groups))
    return f"only {n} clusters of items: the interval is wide and conservative" if n < FEW_CLUSTERS else ""


def _prior_key(job: Job) -> tuple[int, int | None, Prior]:
    return len(job.codes), job.coefficient.width, job.prior


def _blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))


def _quantile(ordered: Array, p: float) -> float:
    """Type-6 quantile: rank p(B+1) - 1, linearly between neighbours, clipped at the ends."""
    rank = float(np.clip(p * (len(ordered) + 1) - 1, 0, len(ordered) - 1))
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (rank - below) * (ordered[above] - ordered[below]))
