"""Who is nearer to the rest of the panel, a judge or a person, and is the judge's disadvantage below ε? On arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.clustered import clustered_mean
from judgekit.stats.multiple import by
from judgekit.stats.resample import Array
from judgekit.stats.trinomial import exact, never_worse, score, signed_rank

Metric = Literal["accuracy", "neg_rmse"]
Fewer = Literal["skip", "exact", "wilcoxon"]
#: Not even an exact test says anything of a person with fewer items than this.
FEWEST = 5


@dataclass(frozen=True)
class AltTest:
    """The alternative annotator test of one judge, person by person (J of them); NaN where a person is not tested.

    ``ahead`` (n × J) says per item whether the judge is nearer to the others (1), the person is (-1), or neither (0).
    """

    ahead: Array
    n_items: NDArray[np.int64]
    rho: Array
    p: Array
    q: Array
    epsilon: float
    level: float

    @property
    def tested(self) -> NDArray[np.bool_]:
        """The persons with a p value."""
        return np.isfinite(self.p)

    @property
    def won(self) -> NDArray[np.bool_]:
        """The persons whom the judge beats by the test."""
        return np.where(self.tested, self.q, np.inf) <= self.level

    @property
    def omega(self) -> float:
        """The winning rate: the share of tested persons whom the judge beats."""
        return float(self.won[self.tested].mean()) if self.tested.any() else float("nan")

    @property
    def advantage(self) -> float:
        """The average advantage probability ρ: the unweighted mean over tested persons."""
        return float(self.rho[self.tested].mean()) if self.tested.any() else float("nan")


@dataclass(frozen=True)
class Advantage:
    """The average advantage probability ρ from outcomes X (n × J): 1 the judge is nearer, -1 person j is, 0 a tie."""

    width: int

    def features(self, X: Array) -> Array:
        """Return whether there is an outcome, a loss, a win (n × 3J)."""
        return np.concatenate([np.isfinite(X), X < 0, X > 0], axis=1).astype(float)

    def point(self, S: Array) -> Array:
        """Return the mean over persons of the share of items on which the judge does not lose."""
        n, losses, _ = np.split(S, 3, axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(n > 0, 1 - losses / n, np.nan).mean(axis=-1))

    population = point


@dataclass(frozen=True)
class Matched:
    """The share of persons whose mean advantage over the judge is below ε, from the same outcomes X.

    In a replicate a person simply is matched or is not; at the point she is so with her normal probability (score
    statistic), which is smooth enough to be jackknifed.
    """

    width: int
    epsilon: float

    def features(self, X: Array) -> Array:
        """Return whether there is an outcome, a loss, a win (n × 3J)."""
        return Advantage(self.width).features(X)

    def point(self, S: Array) -> Array:
        """Return the mean probability that a person is matched."""
        from scipy.special import ndtr

        n, losses, wins = np.split(S, 3, axis=-1)
        return np.asarray(ndtr(-score(np.maximum(n, 1e-300), losses, wins, self.epsilon)).mean(axis=-1))

    def population(self, S: Array) -> Array:
        """Return the share of persons matched."""
        n, losses, wins = np.split(S, 3, axis=-1)
        return np.asarray(np.mean(losses - wins < self.epsilon * n, axis=-1))


def alternative_annotator_test(
    judge: Array,
    people: Array,
    *,
    metric: Metric = "accuracy",
    epsilon: float = 0.2,
    level: float = 0.05,
    least_items: int = 30,
    fewer: Fewer = "skip",
    expert: Array | None = None,
    groups: NDArray[np.int64] | None = None,
) -> AltTest:
    """Test for each person whether the judge may take her place: judge (n) and people (n × J), NaN missing.

    Of person j, d = 1[person at least as near to the others as the judge] - 1[judge at least as near]; the null is
    E[d] ≥ ε, tested one-sided by t where she has ``least_items`` items with the judge and another person, with
    Benjamini–Yekutieli over persons at ``level``. Calderon, Reichart & Dror (2025), ACL, arXiv:2501.10970. With fewer
    items she is left out (``skip``), or tested by an ``exact`` or a ``wilcoxon`` test. ``expert`` (n) takes the place
    of the others. ``groups`` (n) numbers clusters of items and makes the t test cluster-robust (CR2, Satterthwaite).
    """
    ahead = nearer(judge, people, metric) if expert is None else nearer_to(expert, judge, people, metric)
    known = np.isfinite(ahead)
    n = known.sum(axis=0)
    losses, wins = (ahead < 0).sum(axis=0), (ahead > 0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1 - losses / n
    p = t_test(n, losses, wins, epsilon) if groups is None else clustered_test(ahead, groups, epsilon)
    p = np.where(n >= max(least_items, 2), p, np.nan)
    if fewer != "skip":
        small = exact if fewer == "exact" else signed_rank
        for j in np.flatnonzero((n < least_items) & (n >= FEWEST)):
            p[j] = small(int(n[j]), int(losses[j]), int(wins[j]), epsilon)
    return AltTest(ahead, n, rho, p, by(p), epsilon, level)


def nearer(judge: Array, people: Array, metric: Metric) -> Array:
    """Return 1 where the judge is nearer to the item's other people than person j, -1 where she is, 0 where tied.

    Nearer is: agreeing with more of them (accuracy), or a smaller root mean squared difference (neg_rmse). n × J, NaN
    where judge or person has no rating, or nobody else has.
    """
    there = np.isfinite(people)
    others = there.sum(axis=1, keepdims=True) - there
    known = there & (others > 0) & np.isfinite(judge)[:, None]
    if metric == "accuracy":
        same = people == judge[:, None]
        of_judge = same.sum(axis=1, keepdims=True) - same
        of_person = np.zeros(people.shape, dtype=np.int64)
        for code in np.unique(people[there]):
            equal = people == code
            of_person += equal * (equal.sum(axis=1, keepdims=True) - 1)
        return np.where(known, np.sign(of_judge - of_person), np.nan)
    # Σ(h_j - h_k)² - Σ(f - h_k)² over the m others is (h_j - f)(m (h_j + f) - 2 Σ h_k).
    own = np.where(there, people, 0.0)
    rest = own.sum(axis=1, keepdims=True) - own
    f = np.where(np.isfinite(judge), judge, 0.0)[:, None]
    return np.where(known, _sign((own - f) * (others * (own + f) - 2 * rest)), np.nan)


def nearer_to(expert: Array, judge: Array, people: Array, metric: Metric) -> Array:
    """Return the same (n × J) with one expert's ratings (n) in place of the other people's."""
    known = np.isfinite(people) & (np.isfinite(expert) & np.isfinite(judge))[:, None]
    if metric == "accuracy":
        return np.where(known, 1.0 * (judge == expert)[:, None] - (people == expert[:, None]), np.nan)
    away = np.where(known, np.abs(people - expert[:, None]) - np.abs(judge - expert)[:, None], 0.0)
    return np.where(known, _sign(away), np.nan)


def _sign(values: Array) -> Array:
    """Return the sign; what rounding alone leaves of an equality is 0."""
    size = np.max(np.abs(values), initial=0.0)
    return np.asarray(np.where(np.abs(values) > 1e-9 * size, np.sign(values), 0.0))


def t_test(n: Array, losses: Array, wins: Array, epsilon: float) -> Array:
    """Return the one-sided p value of E[d] ≥ ε by Student's t, from counts; never 0, whatever the variance."""
    from scipy.special import stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (losses - wins) / n
        squares = (losses + wins - n * mean**2) / (n - 1)
        p = stdtr(n - 1, (mean - epsilon) / np.sqrt(squares / n))
    return _never_zero(np.where(squares > 1e-12, p, never_worse(n, mean, epsilon)))


def clustered_test(ahead: Array, groups: NDArray[np.int64], epsilon: float) -> Array:
    """Return the p values (J) of E[d] ≥ ε by the cluster-robust t test; no variance: as many outcomes as clusters."""
    p = np.full(ahead.shape[1], np.nan)
    for j, column in enumerate(ahead.T):
        found = clustered_mean(-column, groups)
        if found.clusters >= 2:
            bound = float(never_worse(np.asarray(found.clusters), np.asarray(found.value), epsilon))
            p[j] = found.p(epsilon, "less") if found.se > 1e-12 else bound
    return _never_zero(p)


def _never_zero(p: Array) -> Array:
    return np.asarray(np.maximum(p, np.finfo(float).tiny))
