"""A job before any draw: its unit sums, its values, what the jackknife says of them, what its reader must know."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.alike import Types
from judgekit.stats.coefficient import Coefficient, Direct, Family, Job, is_direct, is_family
from judgekit.stats.prior import Array, PriorDraws

#: Below this many items with a rarer label an interval mostly reflects how little was seen.
SCARCE, THIN = 5, 10
#: With fewer items on a level, the interval of what is said of that level alone held .86 to .92 of simulated truths.
SCARCE_LEVEL = 30
FEW_CLUSTERS = 15
#: From so many items on, what pairs of raters contribute is computed once for each distinct pair of ratings.
MANY_PAIRS = 1000
#: Numbers that are worked on in one go where units are left out in turn.
CELLS = 2**22


@dataclass(frozen=True)
class Prepared:
    """A job's unit sums and, for each of its outputs, what the jackknife says of them.

    ``rows`` is what the drawn weights are multiplied with: a row a type where ``typed`` (units of a type contribute
    the same), else a row a unit, sorted by type where there are types; a direct statistic has no use for them.
    """

    phi: Array
    rows: Array
    typed: bool
    values: Array
    informative: NDArray[np.int64]
    df: Array
    left_out: Array
    members: list[list[int]]
    one_label: list[bool]
    _psi: dict[int, Array] = field(default_factory=dict)

    def pseudo_sums(self, job: Job, prior: PriorDraws, rows: slice) -> Array:
        """Return the weighted sums of the pseudo-items' features for some replicates (b × F)."""
        coefficient = job.coefficient
        assert not is_direct(coefficient)
        named = getattr(coefficient, "prior_name", None)
        if named is not None:
            return prior.sums(named, coefficient.features)[rows]
        if is_family(coefficient):
            return coefficient.pseudo_sums(prior, rows)
        if 0 not in self._psi:
            self._psi[0] = coefficient.features(prior.rows)
        return prior.weights[rows] @ self._psi[0]

    @classmethod
    def of(
        cls, job: Job, groups: NDArray[np.int64], shared: dict[Hashable, Summed], types: Types | None = None
    ) -> Prepared:
        """Prepare a job; jobs that name the same features of the same ratings share them."""
        n_units = int(groups.max()) + 1 if len(groups) else 0
        if is_direct(job.coefficient):
            phi = np.zeros((n_units, 1))
            np.add.at(phi, groups, np.isfinite(job.X).sum(axis=1, keepdims=True) >= 2)
            values = job.coefficient.weighted(job.X, np.ones((1, len(job.X))))
            left_out = _leave_each_out(job.coefficient, job.X, groups, n_units)[:, None]
            summed = Summed(phi, phi, False)
        else:
            named = getattr(job.coefficient, "prior_name", None)
            key = (named, id(job.X)) if named is not None else object()
            alike = None if named is None or n_units < len(groups) else _alike(job.X[np.argsort(groups)])
            if key not in shared:
                shared[key] = Summed.of(_features(job, groups, n_units, alike), types)
            summed = shared[key]
            phi = summed.phi
            total = phi.sum(axis=0)
            values = np.atleast_1d(job.coefficient.point(total))
            if types is not None and summed.typed:
                left_out = _without(job.coefficient, total, summed.rows)[types.number]
            elif alike is not None:
                left_out = _without(job.coefficient, total, phi[alike[0]])[alike[1]]
            else:
                left_out = _without(job.coefficient, total, phi)
        if is_family(job.coefficient):
            members = [list(columns) for columns in job.coefficient.members]
            informs = _summed(job.coefficient.informs(job.X).astype(float), groups, n_units) > 0
        else:
            members = [list(range(job.X.shape[1]))]
            informs = np.any(phi != 0, axis=1, keepdims=True)
        informative = np.maximum(3, informs.sum(axis=0))
        df = degrees(left_out, values, informative)
        one_label = [_one_label(job.X[:, columns]) for columns in members]
        return cls(phi, summed.rows, summed.typed, values, informative, df, left_out, members, one_label)

    def undefined(self, q: int) -> str:
        """Say why output q has no value, if it has none."""
        if np.isfinite(self.values[q]):
            return ""
        return "no estimate: only one label occurs" if self.one_label[q] else "no estimate: undefined on these ratings"

    def warnings(self, job: Job, q: int, groups: NDArray[np.int64]) -> str:
        """Say what a reader of output q's interval must know."""
        notes = [self.undefined(q), scarcity(job.X[:, self.members[q]], job.codes, groups), few_clusters(groups)]
        return "; ".join(note for note in notes if note)


@dataclass(frozen=True)
class Summed:
    """Unit sums of features (units × F) and the rows that stand for them when they are weighted."""

    phi: Array
    rows: Array
    typed: bool

    @classmethod
    def of(cls, phi: Array, types: Types | None) -> Summed:
        """Find out whether one row a type is enough."""
        rows = None if types is None else types.rows(phi)
        if types is None or rows is not None:
            return cls(phi, phi if rows is None else rows, rows is not None)
        return cls(phi, phi[types.order], False)


def _alike(X: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return one of each distinct pair of ratings (n × 2) and which of them each row is; None for other widths."""
    if X.shape[1] != 2 or len(X) < MANY_PAIRS:
        return None
    (one, other), (first, second) = zip(*(np.unique(side, return_inverse=True) for side in X.T), strict=True)
    if len(one) * len(other) * 8 > len(X):
        return None
    places, number = np.unique(first * len(other) + second, return_index=True, return_inverse=True)[1:]
    return places, number


def _features(
    job: Job, groups: NDArray[np.int64], n_units: int, alike: tuple[NDArray[np.int64], NDArray[np.int64]] | None
) -> Array:
    """Return the units' summed features, of each distinct pair of ratings computed once."""
    assert not is_direct(job.coefficient)
    if alike is None:
        return _summed(job.coefficient.features(job.X), groups, n_units)
    places, number = alike
    return job.coefficient.features(job.X[np.argsort(groups)][places])[number]


def _without(coefficient: Coefficient | Family, total: Array, rows: Array) -> Array:
    """Return the outputs without each row in turn (rows × outputs), some rows at a time."""
    step = max(1, CELLS // max(rows.shape[1], 1))
    parts = [coefficient.point(total - rows[start : start + step]) for start in range(0, len(rows), step)]
    return np.concatenate(parts).reshape(len(rows), -1) if parts else np.empty((0, np.size(coefficient.point(total))))


def _summed(per_item: Array, groups: NDArray[np.int64], n_units: int) -> Array:
    if n_units == len(groups):
        order = np.argsort(groups)
        return per_item if np.array_equal(order, np.arange(n_units)) else per_item[order]
    sums = np.zeros((n_units, per_item.shape[1]))
    np.add.at(sums, groups, per_item)
    return sums


def _one_label(X: Array) -> bool:
    seen = X[np.isfinite(X)]
    return len(seen) > 0 and bool(np.all(seen == seen[0]))


def _leave_each_out(coefficient: Direct, X: Array, groups: NDArray[np.int64], n_units: int) -> Array:
    """Return a direct statistic without each unit in turn, in blocks."""
    values = np.empty(n_units)
    step = max(1, 2**20 // n_units)
    for start in range(0, n_units, step):
        left_out = np.arange(start, min(start + step, n_units))
        values[left_out] = coefficient.weighted(X, (groups != left_out[:, None]).astype(float))
    return values


def satterthwaite(left_out: Array, value: float, informative: int) -> float:
    """Return the degrees of freedom of one output's jackknife variance (see ``degrees``)."""
    return float(degrees(left_out[:, None], np.array([value]), np.array([informative]))[0])


def degrees(left_out: Array, values: Array, informative: NDArray[np.int64]) -> Array:
    """Return the degrees of freedom of the jackknife's variance of each output: clip(2N / (kurtosis - 1), 2, N - 1).

    ``left_out`` (units × outputs) holds the values without each unit in turn, ``informative`` each output's N. Without
    variance the kurtosis counts as N.
    """
    filled = np.ascontiguousarray(np.where(np.isfinite(left_out), left_out, values).T)
    squared = ((filled.shape[1] - 1) * (filled.mean(axis=1, keepdims=True) - filled)) ** 2
    squares, fourths = squared.sum(axis=1), (squared**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        varies = np.isfinite(squares) & (squares > 1e-24)
        kurtosis = np.where(varies, informative * fourths / squares**2, informative)
        df = np.where(kurtosis > 1, 2 * informative / (kurtosis - 1), np.inf)
    return np.asarray(np.clip(df, 2, np.maximum(2, informative - 1)))


def scarcity(X: Array, codes: tuple[float, ...], groups: NDArray[np.int64]) -> str:
    """Warn where few items hold any rating beside the most frequent one."""
    if not codes or not np.isfinite(X).any():
        return ""
    u = rarer(X, codes, groups)
    if u < SCARCE:
        return (
            f"fewer than {SCARCE} items carry the rarer labels ({u}); "
            "the interval mostly reflects how little was seen, add items that may carry them"
        )
    if u >= THIN:
        return ""
    return f"only {u} items carry the rarer labels: read the interval with caution, or add items that may carry them"


def rarer(X: Array, codes: tuple[float, ...], groups: NDArray[np.int64]) -> int:
    """Return how many units hold any rating beside the most frequent one."""
    present = np.isfinite(X)
    rare = np.any(present & (_modal(X, present, codes) != X), axis=1)
    return int(np.count_nonzero(np.bincount(groups[rare])))


def scarce_level(n: int, level: str) -> str:
    """Warn of a statement on one level that n items carry, where these are few."""
    if n >= SCARCE_LEVEL:
        return ""
    return f"only {n} items carry '{level}': read the interval with caution, or label more items of this level"


def _modal(X: Array, present: NDArray[np.bool_], codes: tuple[float, ...]) -> float:
    """Return the most frequent rating, the lowest of several."""
    values = sorted(codes)
    counts = [int(np.count_nonzero(value == X)) for value in values]
    if sum(counts) < np.count_nonzero(present):
        seen, counted = np.unique(X[present], return_counts=True)
        return float(seen[counted.argmax()])
    return values[int(np.argmax(counts))]


def few_clusters(groups: NDArray[np.int64]) -> str:
    """Warn where items come in few clusters."""
    n = int(groups.max()) + 1
    if n == len(groups) or n >= FEW_CLUSTERS:
        return ""
    return f"only {n} clusters of items: the interval is wide and conservative, items of more clusters would help"


def units(groups: NDArray[np.int64]) -> str:
    """Name what is drawn."""
    return "clusters of items" if groups.max() + 1 < len(groups) else "items"
