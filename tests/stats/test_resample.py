"""The resampling engine against its specification: the rule, degenerate samples, warnings, common draws, coverage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from references import drawn, study_of
from scipy import stats

from judgekit import seeds
from judgekit.schema import Criterion, Level
from judgekit.simulate.compact import FIVE_SKEWED, StudyJudge, cells
from judgekit.stats.alpha import Alpha
from judgekit.stats.battery import estimate
from judgekit.stats.fleiss import Fleiss
from judgekit.stats.gwet import Gwet
from judgekit.stats.kappa import kappa_family
from judgekit.stats.pairings import Pairing, Slice
from judgekit.stats.prior import DIFFERENCE, NO_PRIOR, SINGLE, Prior, prior_draws, prior_weights, pseudo_items
from judgekit.stats.resample import Bootstrap, Interval, Job, expanded_tail, satterthwaite, scarcity

Array = np.ndarray
BINARY = (0.0, 1.0)
STREAM = ("criterion", "all")


def alpha_job(X: Array, codes: tuple[float, ...] = BINARY, scale: str = "nominal") -> Job:
    width = int(np.median(np.isfinite(X).sum(axis=1)))
    return Job(Alpha(codes, scale, max(2, width)), X, codes)


def one(job: Job, groups: Array | None = None, seed: int = 0, n_boot: int = 10_000, level: float = 0.95) -> Interval:
    """Return the interval of one job; items are their own clusters unless told otherwise."""
    groups = np.arange(len(job.X)) if groups is None else groups
    return Bootstrap(seed, n_boot, level).intervals(STREAM, groups, [job])[0]


# The rule once more, from its description, for complete or ragged panels of K levels


def coincidences(X: Array, codes: tuple[float, ...]) -> Array:
    """Return each item's coincidence matrix, flat."""
    rows = []
    for line in X:
        given = [v for v in line if np.isfinite(v)]
        table = np.zeros((len(codes), len(codes)))
        for i, a in enumerate(given):
            for j, b in enumerate(given):
                if i != j:
                    table[codes.index(a), codes.index(b)] += 1 / (len(given) - 1)
        rows.append(table.ravel())
    return np.array(rows)


def nominal_alpha(S: Array, small_sample: bool) -> float:
    K = int(np.sqrt(len(S)))
    o = S.reshape(K, K)
    margin, n = o.sum(axis=0), o.sum()
    expected = n**2 - np.sum(margin**2)
    return 1 - (n - small_sample) * (n - np.trace(o)) / expected if expected > 1e-12 else np.nan


def pair_tables(X: Array, codes: tuple[float, ...]) -> Array:
    """Return the joint tables of judge and three people (6 pairs, judge's first), flat."""
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    return np.array([[float(x[i] == a and x[j] == b) for i, j in pairs for a in codes for b in codes] for x in X])


def judge_minus_people(S: Array, small_sample: bool) -> float:
    kappas = []
    for table in S.reshape(6, 2, 2):
        p = table / table.sum()
        chance = p.sum(axis=1) @ p.sum(axis=0)
        kappas.append((np.trace(p) - chance) / (1 - chance) if 1 - chance > 1e-12 else np.nan)
    return float(np.mean(kappas[:3]) - np.mean(kappas[3:]))


@dataclass(frozen=True)
class Obvious:
    """The rule step by step, one replicate after the other."""

    features: Callable[[Array, tuple[float, ...]], Array]
    statistic: Callable[[Array, bool], float]
    prior: Prior

    def interval(
        self, X: Array, codes: tuple[float, ...], R: int, groups: Array, B: int, seed: int
    ) -> tuple[float, float]:
        rng = np.random.default_rng(seed)
        per_item = self.features(X, codes)
        phi = np.array([per_item[groups == g].sum(axis=0) for g in np.unique(groups)])
        total = phi.sum(axis=0)
        theta = self.statistic(total, True)
        left = np.array([self.statistic(total - line, True) for line in phi])
        left = np.where(np.isfinite(left), left, theta)
        J = (len(phi) - 1) * (left.mean() - left)
        N = max(3, int(sum(line.any() for line in phi)))
        kurtosis = N * np.sum(J**4) / np.sum(J**2) ** 2 if np.isfinite(theta) and np.sum(J**2) > 1e-20 else N
        df = min(max(2 * N / (kurtosis - 1), 2), N - 1)
        df = min(N - 1, self.prior.spread * df)
        K, M, share = len(codes), self.prior.mass, self.prior.unanimous
        patterns = [np.array(p) for p in product(codes, repeat=R)]
        rows = [np.full(R, c) for c in codes] + patterns
        mass = np.array([M * share / K] * K + [M * (1 - share) / K**R] * len(patterns))
        psi = self.features(np.array(rows), codes)
        T = []
        for _ in range(B):
            weights, extra = rng.exponential(size=len(phi)), rng.gamma(np.maximum(mass, 1e-300)) * (mass > 0)
            T.append(self.statistic(weights @ phi + extra @ psi, False))
        p = stats.norm.cdf(-np.sqrt((N + 1) / (N - 1)) * stats.t.ppf(0.975, df))
        T = np.array(T)[np.isfinite(T)]
        low, high = np.quantile(T, [p, 1 - p], method="weibull")
        return (min(low, theta), max(high, theta)) if np.isfinite(theta) else (low, high)


ALPHA = Obvious(coincidences, nominal_alpha, Prior(mass=1.0, unanimous=0.5, spread=3.0))
LEVELS3 = (1.0, 2.0, 3.0)


@pytest.mark.parametrize("design", ["rare", "ragged", "clustered", "three levels"])
def test_the_rule_as_described(design: str) -> None:
    rng = np.random.default_rng(11)
    codes, groups = BINARY, np.arange(40)
    X = (rng.normal(size=(40, 1)) + 0.6 * rng.normal(size=(40, 3)) > 1.6).astype(float)
    if design == "ragged":
        X = np.where(rng.random(X.shape) < 0.25, np.nan, (rng.random((40, 1)) < 0.4) ^ (rng.random((40, 3)) < 0.2))
    if design == "clustered":
        X = np.column_stack([np.repeat(rng.random(10) < 0.4, 4) ^ (rng.random(40) < 0.15) for _ in range(3)]) * 1.0
        groups = np.arange(40) // 4
    if design == "three levels":
        codes, X = LEVELS3, drawn(rng, 40, 3, LEVELS3)
    job = alpha_job(X, codes)
    theirs = np.mean([ALPHA.interval(X, codes, 3 if design != "ragged" else job.coefficient.width or 2, groups, 4000, s)
                      for s in range(3)], axis=0)  # fmt: skip
    ours = np.mean([(made.low, made.high) for made in (one(job, groups, s) for s in range(5))], axis=0)
    assert ours == pytest.approx(theirs, abs=0.025)


def test_the_rule_of_a_difference_as_described() -> None:
    rng = np.random.default_rng(12)
    trait = rng.random(40) < 0.4
    X = np.column_stack([trait ^ (rng.random(40) < flip) for flip in (0.25, 0.1, 0.1, 0.15)]).astype(float)
    rule = Obvious(pair_tables, judge_minus_people, Prior(mass=2.0, unanimous=0.0, spread=1.0))
    theirs = np.mean([rule.interval(X, BINARY, 4, np.arange(40), 4000, s) for s in range(3)], axis=0)
    study = study_of(X, levels=[0, 1], judges=("judge",))
    rows = [estimate(study, "ceiling", seed=s).iloc[0] for s in range(5)]
    assert rows[0]["value"] == pytest.approx(judge_minus_people(pair_tables(X, BINARY).sum(axis=0), True), abs=1e-12)
    assert np.mean([(row["low"], row["high"]) for row in rows], axis=0) == pytest.approx(theirs, abs=0.025)


# Degenerate samples

ONE_CLASS = np.zeros((30, 3))
ONE_POSITIVE = np.zeros((30, 3))
ONE_POSITIVE[0] = 1
NINE_POSITIVE = np.zeros((30, 3))
NINE_POSITIVE[:9] = 1
STRAY = np.zeros((30, 3))
STRAY[0, 0] = 1
OPPOSITE = np.column_stack([np.arange(30) % 2, 1 - np.arange(30) % 2]).astype(float)


@pytest.mark.parametrize(
    ("X", "value", "low", "high"),
    [
        (ONE_CLASS, np.nan, -0.01, 1.00),
        (ONE_CLASS[:, :2], np.nan, -0.02, 1.00),
        (ONE_POSITIVE, 1.0, 0.23, 1.00),
        (NINE_POSITIVE, 1.0, 0.83, 1.00),
        (STRAY, 0.0, -0.04, 0.98),
        (OPPOSITE, -0.967, -1.00, -0.73),
    ],
    ids=["one class", "one class, two raters", "one positive", "nine positives", "stray", "total disagreement"],
)
def test_degenerate_samples(X: Array, value: float, low: float, high: float) -> None:
    made = [one(alpha_job(X), seed=seed) for seed in range(8)]
    assert made[0].value == pytest.approx(value, abs=5e-4, nan_ok=True)
    assert np.mean([found.low for found in made]) == pytest.approx(low, abs=0.03)
    assert np.mean([found.high for found in made]) == pytest.approx(high, abs=0.03)
    assert all(found.low < found.high for found in made)


@pytest.mark.parametrize(
    ("X", "value", "low", "high"), [(ONE_CLASS, np.nan, -1.02, 0.48), (NINE_POSITIVE, 0.0, -0.42, 0.18)]
)
def test_degenerate_differences(X: Array, value: float, low: float, high: float) -> None:
    """Judge and three people; the ends are the least and the largest of all draws, so they move with the seed.

    The lower end of the second case is -.36 … -.50 over seeds.
    """
    study = study_of(np.column_stack([X[:, 0], X]), levels=[0, 1], judges=("judge",))
    rows = [estimate(study, "ceiling", seed=seed).iloc[0] for seed in range(8)]
    assert rows[0]["value"] == pytest.approx(value, abs=1e-12, nan_ok=True)
    assert np.mean([row["low"] for row in rows]) == pytest.approx(low, abs=0.04)
    assert np.mean([row["high"] for row in rows]) == pytest.approx(high, abs=0.04)


def test_an_undefined_value_says_so_and_keeps_its_interval() -> None:
    found = one(alpha_job(ONE_CLASS))
    assert found.note.startswith("no estimate: only one label occurs; fewer than 5 items carry the rarer labels (0)")
    bare = Bootstrap(0, 500).intervals(
        STREAM, np.arange(30), [Job(Alpha(BINARY, "nominal", 3), ONE_CLASS, BINARY, NO_PRIOR)]
    )
    assert bare[0].note == "no estimate: only one label occurs"
    assert np.isnan(bare[0].low)


def test_the_interval_always_holds_the_estimate() -> None:
    rng = np.random.default_rng(3)
    for seed in range(40):
        X = (rng.random((12, 1)) < 0.3) ^ (rng.random((12, 3)) < rng.choice([0, 0.05, 0.3, 0.9]))
        found = one(alpha_job(X.astype(float)), seed=seed, n_boot=2000)
        if np.isfinite(found.value):
            assert found.low <= found.value <= found.high
        assert found.high > found.low


# Warnings


@pytest.mark.parametrize(
    ("rare", "said"), [(3, "fewer than 5 items"), (4, "(4)"), (5, "only 5 items"), (9, "only 9 items"), (10, "")]
)
def test_scarce_labels_are_warned_of(rare: int, said: str) -> None:
    X = np.zeros((60, 3))
    X[:rare, 1] = 1
    note = one(alpha_job(X), n_boot=500).note
    assert said in note
    assert bool(note) == bool(said)


def test_scarcity_counts_clusters_not_items() -> None:
    X = np.zeros((60, 3))
    X[:12, 0] = 1
    assert scarcity(X, BINARY, np.arange(60)) == ""
    assert "(3)" in scarcity(X, BINARY, np.arange(60) // 4)
    assert "only 8 clusters of items" in one(alpha_job(X[:32]), np.arange(32) // 4, n_boot=500).note
    assert "clusters of items:" not in one(alpha_job(X), np.arange(60) // 4, n_boot=500).note


def test_method_names_the_rule() -> None:
    X = NINE_POSITIVE.copy()
    X[[20, 25, 28], [0, 2, 1]] = 1
    assert one(alpha_job(X), n_boot=300).method.startswith("smoothed Bayesian bootstrap over items, effective df ")
    assert one(alpha_job(X), np.arange(30) // 2, n_boot=300).method.startswith(
        "smoothed Bayesian bootstrap over clusters of items, "
    )
    assert one(alpha_job(X), n_boot=300).method.endswith("B=300")
    plain = Job(Alpha(BINARY, "nominal", 3), X, BINARY, NO_PRIOR)
    assert one(plain, n_boot=300).method.startswith("Bayesian bootstrap over items")


# Common draws


def some_jobs() -> list[Job]:
    rng = np.random.default_rng(4)
    X = drawn(rng, 50, 3, LEVELS3, missing=0.1)
    return [
        Job(Alpha(LEVELS3, "nominal", 3), X, LEVELS3),
        Job(Alpha(LEVELS3, "ordinal", 3), X, LEVELS3),
        Job(Gwet(LEVELS3, "identity", 3), X, LEVELS3),
        Job(Fleiss(LEVELS3, "quadratic", 3), X, LEVELS3),
        Job(Fleiss(LEVELS3, "identity", 2), X[:, :2], LEVELS3),
    ]


def test_jobs_asked_together_or_apart_are_the_same() -> None:
    jobs, boot, groups = some_jobs(), Bootstrap(7, 3000), np.arange(50)
    together = boot.intervals(STREAM, groups, jobs)
    apart = [boot.intervals(STREAM, groups, [job])[0] for job in jobs]
    backwards = boot.intervals(STREAM, groups, jobs[::-1])[::-1]
    for a, b, c in zip(together, apart, backwards, strict=True):
        # a product of matrices may round its last digit otherwise in another company
        assert [a.low, a.high] == pytest.approx([b.low, b.high], abs=1e-12)
        assert [a.low, a.high] == pytest.approx([c.low, c.high], abs=1e-12)
        assert (a.value, a.method, a.note) == (b.value, b.method, b.note) == (c.value, c.method, c.note)


def test_seed_and_stream_name_the_draws() -> None:
    job, groups = some_jobs()[0], np.arange(50)
    first = Bootstrap(1, 2000).intervals(STREAM, groups, [job])[0]
    assert Bootstrap(1, 2000).intervals(STREAM, groups, [job])[0] == first
    assert Bootstrap(2, 2000).intervals(STREAM, groups, [job])[0].low != first.low
    assert Bootstrap(1, 2000).intervals(("criterion", "x=1"), groups, [job])[0].low != first.low


@pytest.mark.parametrize(("width", "prior"), [(1, SINGLE), (3, SINGLE), (3, DIFFERENCE)])
def test_the_draws_of_pseudo_items_do_not_hang_on_how_floats_are_summed(width: int, prior: Prior) -> None:
    draws = prior_draws((1.0, 2.0, 3.0), width, prior, seed=1, n_boot=20)
    assert draws is not None
    stream = seeds.rng(1, "pseudo-weights", len(draws.masses), prior.mass)
    np.testing.assert_array_equal(draws.weights, prior_weights(np.asarray(draws.masses), 20, stream))


def test_without_replicates_there_is_the_value_alone() -> None:
    job = some_jobs()[0]
    found = Bootstrap(0, 0).intervals(STREAM, np.arange(50), [job])[0]
    assert found.value == pytest.approx(one(job, n_boot=200).value)
    assert found.method == "point only"
    assert np.isnan(found.low)


def slice_of(X: Array, codes: tuple[float, ...], groups: Array | None = None, scale: str = "nominal") -> Slice:
    """Return a slice with judge j and people h1 … as columns of X."""
    criterion = Criterion(
        key="value", question="", scale=scale, levels=tuple(Level(code=code, label=f"{code:g}") for code in codes)
    )
    raters = ("j", *(f"h{k + 1}" for k in range(X.shape[1] - 1)))
    return Slice(criterion, "all", X, raters, np.arange(len(X)) if groups is None else groups)


def judge_and_people(part: Slice) -> list[Pairing]:
    people = part.raters[1:]
    return [Pairing("j", "people", ("j",), people), Pairing("people", "people", people, people)]


def test_a_coefficient_minus_itself_is_nothing_in_every_draw() -> None:
    part = slice_of(drawn(np.random.default_rng(5), 40, 4, LEVELS3, missing=0.1), LEVELS3)
    for weights in ("identity", "linear", "quadratic"):
        job, _ = kappa_family(part, judge_and_people(part), weights, minus=((0, 0), (1, 1), (0, 1)))
        itself, again, other = Bootstrap(0, 1000).intervals(STREAM, part.groups, [job])
        for found in (itself, again):
            assert found.value == 0
            assert [found.low, found.high] == pytest.approx([0, 0], abs=1e-12)
        assert other.high - other.low > 0.1


def test_a_difference_is_paired() -> None:
    rng = np.random.default_rng(6)
    X = drawn(rng, 150, 4, BINARY)
    X[:, 0] = np.where(rng.random(150) < 0.03, 1 - X[:, 1], X[:, 1])
    part = slice_of(X, BINARY)
    chosen = [Pairing("j", "h2", ("j",), ("h2",)), Pairing("h1", "h2", ("h1",), ("h2",))]
    single, _ = kappa_family(part, chosen, "identity")
    difference, _ = kappa_family(part, chosen, "identity", minus=((0, 1),))
    first, second, paired = Bootstrap(0, 3000).intervals(STREAM, part.groups, [single, difference])
    apart = np.hypot(first.high - first.low, second.high - second.low)
    assert paired.value == pytest.approx(first.value - second.value, abs=1e-12)
    assert paired.high - paired.low < 0.7 * apart


# Clusters


def test_clusters_of_one_are_items_and_copies_of_items_are_one_unit() -> None:
    X = drawn(np.random.default_rng(8), 60, 3, BINARY)
    job = alpha_job(X)
    alone = one(job, n_boot=3000)
    twice = one(alpha_job(np.repeat(X, 2, axis=0)), np.repeat(np.arange(60), 2), n_boot=3000)
    naive = one(alpha_job(np.repeat(X, 2, axis=0)), n_boot=3000)
    assert [twice.low, twice.high] == pytest.approx([alone.low, alone.high], abs=0.02)
    assert naive.high - naive.low < 0.8 * (alone.high - alone.low)


def test_the_order_of_items_within_their_clusters_does_not_matter() -> None:
    X = drawn(np.random.default_rng(9), 60, 3, BINARY)
    groups = np.arange(60) // 3
    order = np.random.default_rng(10).permutation(60)
    straight = one(alpha_job(X), groups, n_boot=1000)
    mixed = one(alpha_job(X[order]), groups[order], n_boot=1000)
    assert [mixed.low, mixed.high] == pytest.approx([straight.low, straight.high], abs=1e-12)
    items = one(alpha_job(X[order]), order, n_boot=1000)
    assert [items.low, items.high] == pytest.approx([one(alpha_job(X), n_boot=1000).low,
                                                     one(alpha_job(X), n_boot=1000).high], abs=1e-12)  # fmt: skip


# Parts


def test_satterthwaite() -> None:
    rng = np.random.default_rng(0)
    assert satterthwaite(rng.normal(size=4000), 0.0, 4000) == pytest.approx(3999, rel=0.1)
    spike = np.zeros(50)
    spike[0] = 1.0
    assert satterthwaite(spike, 0.0, 50) == pytest.approx(2.08, abs=0.05)
    assert satterthwaite(np.full(50, 0.3), 0.3, 50) == pytest.approx(100 / 49)
    assert satterthwaite(np.full(50, np.nan), np.nan, 50) == pytest.approx(100 / 49)
    assert satterthwaite(np.tile([0.0, 1.0], 25), 0.5, 50) == 49


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_expanded_tail(level: float) -> None:
    assert expanded_tail(level, 10**7, 10**7) == pytest.approx((1 - level) / 2, rel=1e-4)
    expected = stats.norm.cdf(-np.sqrt(31 / 29) * stats.t.ppf((1 + level) / 2, 6.2))
    assert expanded_tail(level, 30, 6.2) == pytest.approx(expected, rel=1e-9)
    assert expanded_tail(level, 30, 6.2) < (1 - level) / 2


@pytest.mark.parametrize(("K", "width"), [(2, 2), (2, 5), (5, 3), (5, 5), (7, 12)])
@pytest.mark.parametrize("prior", [SINGLE, DIFFERENCE])
def test_pseudo_items(K: int, width: int, prior: Prior) -> None:
    codes = tuple(float(k) for k in range(K))
    made = pseudo_items(codes, width, prior, np.random.default_rng(0))
    assert made is not None
    rows, mass = made
    assert rows.shape == (len(mass), width)
    assert mass.sum() == pytest.approx(prior.mass)
    assert len(rows) - (K if prior.unanimous else 0) == (K**width if K**width <= 512 else 256)
    if prior.unanimous:
        assert (rows[:K] == np.array(codes)[:, None]).all()
        assert mass[:K].sum() == pytest.approx(prior.mass * prior.unanimous)
    assert pseudo_items(codes, width, NO_PRIOR, np.random.default_rng(0)) is None
    assert pseudo_items(codes[:1], width, prior, np.random.default_rng(0)) is None


def test_a_difference_has_half_an_item_in_each_cell_of_every_pair() -> None:
    made = pseudo_items(BINARY, 4, DIFFERENCE, np.random.default_rng(0))
    assert made is not None
    rows, mass = made
    for i, j in ((0, 1), (1, 3)):
        for a, b in product(BINARY, repeat=2):
            assert mass[(rows[:, i] == a) & (rows[:, j] == b)].sum() == pytest.approx(0.5)


@pytest.mark.parametrize(
    "mass", [np.full(8, 0.25), np.r_[np.full(5, 0.1), np.full(256, 0.5 / 256)], np.full(256, 2 / 256)]
)
def test_prior_weights_are_gamma(mass: Array) -> None:
    drawn = prior_weights(mass, 40_000, np.random.default_rng(1))
    weights = drawn if isinstance(drawn, np.ndarray) else drawn.toarray()
    total = weights.sum(axis=1)
    assert (weights >= 0).all()
    assert total.mean() == pytest.approx(mass.sum(), rel=0.03)
    assert total.var() == pytest.approx(mass.sum(), rel=0.06)
    assert weights.mean(axis=0) == pytest.approx(mass, abs=6 * np.sqrt(mass.max() / 40_000))
    half = weights[:, len(mass) // 2 :].sum(axis=1)
    share = mass[len(mass) // 2 :].sum()
    assert half.var() == pytest.approx(share, rel=0.08)
    assert stats.kstest(half, "gamma", args=(share,)).statistic < 0.02


# Coverage


#: The columns of the published coverage table that say how data are drawn.
DESIGN = ["raters", "judge", "prev", "missing", "clustered", "rho", "dgp", "judge_loading", "judge_severity"]


@dataclass(frozen=True)
class Cell:
    """One cell of the published coverage table, and how many people, levels and judges it has."""

    coefficient: str
    raters: int
    n: int
    prev: str
    missing: float = 0.0
    clustered: int = 0
    judge: int = 0
    rho: float = 0.8
    dgp: str = "latent"
    judge_loading: float = np.nan
    judge_severity: float = np.nan

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares of the levels."""
        return FIVE_SKEWED if self.prev == "skew5" else (1 - float(self.prev), float(self.prev))

    @property
    def codes(self) -> tuple[float, ...]:
        """The levels."""
        return tuple(float(k) for k in range(len(self.shares)))

    def drawn(self, seed: int) -> tuple[Array, Array]:
        """Return one simulated data set and its clusters."""
        own = {"loading": self.judge_loading, "severity": self.judge_severity}
        judge = StudyJudge(**{name: value for name, value in own.items() if np.isfinite(value)})
        data = cells(
            self.n, self.raters, levels=len(self.shares), shares=self.shares, rho=self.rho, missing=self.missing,
            cluster=4 if self.clustered else 1, judges=(judge,) if self.judge else (),
            model="class" if self.dgp == "class" else "trait", seed=seed,
        )  # fmt: skip
        return data.values, data.groups

    def job(self, X: Array) -> Job:
        """Return the coefficient's job.

        For ``diff_loo`` it has the judge and the people beside the majority of all but one; the table left out ties,
        which ``ceiling.leave_one_out`` shares.
        """
        codes = self.codes
        if self.coefficient in ("alpha", "alpha_ord"):
            return alpha_job(X, codes, "ordinal" if self.coefficient == "alpha_ord" else "nominal")
        if self.coefficient in ("ac1", "fleiss"):
            return Job((Gwet if self.coefficient == "ac1" else Fleiss)(codes, "identity", self.raters), X, codes)
        if self.coefficient == "judge_maj":
            X = np.column_stack([X[:, 0], majority(X[:, 1:])])
        people = range(1, self.raters + 1)
        if self.coefficient == "diff_loo":
            X = np.column_stack([X, *(majority(np.delete(X, [0, person], axis=1)) for person in people)])
        part = slice_of(X, codes, scale="nominal" if len(codes) == 2 else "ordinal")
        if self.coefficient == "diff_pair":
            return kappa_family(part, judge_and_people(part), minus=((0, 1),))[0]
        pairs = [("j", "h1")]
        if self.coefficient == "diff_loo":
            pairs = [(one or f"h{k}", f"h{self.raters + k}") for one in ("j", "") for k in people]
        return kappa_family(part, [Pairing(a, b, (a,), (b,)) for a, b in pairs])[0]

    def value(self, found: Array) -> Array:
        """Return the coefficient from its job's outputs (… × outputs): of ``diff_loo`` the mean difference."""
        made = np.asarray(found).reshape(*np.shape(found)[:1], -1)
        if self.coefficient != "diff_loo":
            return made[:, 0]
        return np.mean(made[:, : self.raters] - made[:, self.raters :], axis=1)


def majority(X: Array) -> Array:
    """Return the majority of two levels (n), NaN for a tie."""
    share = X.mean(axis=1)
    return np.where(share == 0.5, np.nan, (share > 0.5).astype(float))


def test_population_values_are_those_of_the_table(reference: Path) -> None:
    """Each design drawn once, large; errors of ours by leaving out blocks, of the table's by its 3,000,000 items."""
    n, blocks = 300_000, 50
    table = pd.read_csv(reference / "intervals_coverage.csv", dtype={"prev": str})
    table = table[table["default"] == 1]
    off, compared = [], 0
    for seed, (design, rows) in enumerate(table.groupby(DESIGN, dropna=False)):
        named = dict(zip(DESIGN, design, strict=True))
        X, _ = Cell("", n=n, **named).drawn(seed)
        for coefficient, same in rows.groupby("coefficient"):
            cell = Cell(str(coefficient), n=n, **named)
            job = cell.job(X)
            # a block holds whole clusters
            sums = np.array([job.coefficient.features(block).sum(axis=0) for block in np.split(job.X, blocks)])
            total = sums.sum(axis=0)
            found, left_out = (cell.value(job.coefficient.point(S)) for S in (total[None], total - sums))
            error = np.sqrt((blocks - 1) / blocks * np.sum((left_out - left_out.mean()) ** 2) * (1 + n / 3e6))
            apart = found[0] - same["truth"].to_numpy()
            assert np.all(np.abs(apart) < 4.5 * error + 5e-5), cell
            off.append(apart[0] / np.hypot(error, 5e-5))
            compared += len(same)
    assert compared == len(table) == 462
    assert len(off) == 157
    assert 0.8 < np.sqrt(np.mean(np.square(off))) < 1.2


@pytest.mark.slow
@pytest.mark.parametrize(
    "cell",
    [
        Cell("alpha", 3, 30, "0.06"),
        Cell("alpha", 5, 60, "0.3", clustered=1),
        Cell("ac1", 3, 60, "0.3"),
        Cell("kappa", 1, 60, "0.06", missing=0.3, judge=1),
        Cell("qwk", 2, 60, "skew5"),
        Cell("diff_pair", 3, 60, "0.3", judge=1),
        Cell("alpha_ord", 3, 60, "skew5"),
        Cell("fleiss", 3, 60, "0.3"),
    ],
    ids=lambda cell: f"{cell.coefficient}-{cell.n}-{cell.prev}",
)
def test_coverage_is_that_of_the_table(reference: Path, cell: Cell) -> None:
    table = pd.read_csv(reference / "intervals_coverage.csv", dtype={"prev": str})
    row = table[
        (table["default"] == 1) & (table["coefficient"] == cell.coefficient) & (table["raters"] == cell.raters)
        & (table["n"] == cell.n) & (table["prev"] == cell.prev) & (table["missing"] == cell.missing)
        & (table["clustered"] == cell.clustered) & (table["rho"] == 0.8) & (table["dgp"] == "latent")
        & table["judge_loading"].isna()
    ]  # fmt: skip
    assert len(row) == 1
    truth, covered, width = (float(row[name].iloc[0]) for name in ("truth", "coverage", "mean_width"))
    sets, made = 300, []
    for seed in range(sets):
        X, groups = cell.drawn(1000 + seed)
        made.append(one(cell.job(X), groups, seed, n_boot=2000))
    share = np.mean([found.low <= truth <= found.high for found in made])
    spread = np.sqrt(max(covered * (1 - covered), 0.01) * (1 / sets + 1 / 1000))
    assert share == pytest.approx(covered, abs=3 * spread)
    assert share >= 0.92
    assert np.mean([found.high - found.low for found in made]) == pytest.approx(width, rel=0.06)
