"""Severity, compression and noise on one scale: against R, against differences, against planted truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from judgekit import paths
from judgekit.errors import InputError
from judgekit.registry import find
from judgekit.schema import Task
from judgekit.stats.battery import estimate
from judgekit.stats.severity import fit as fitting
from judgekit.stats.severity import likelihood
from judgekit.stats.severity.design import Design, anchor
from judgekit.stats.severity.fit import Fit, fit
from judgekit.stats.severity.laplace import crossed_laplace
from judgekit.stats.severity.likelihood import Counts, Evaluated
from judgekit.stats.severity.questions import compression_test, one_more
from judgekit.stats.severity.scale import NAMES, seen_from
from judgekit.stats.severity.table import Local, Table
from judgekit.study import Study

CUTS = [-3.0, -1.0, 1.0, 3.0]
CODES = np.arange(1.0, 6.0)
QUANTITIES = (*NAMES, "raw")


def ratings(
    n: int, people: int = 5, *, d: float = 0.0, b: float = 1.0, phi: float = 1.0, seed: int = 0, drawn: bool = False
) -> np.ndarray:
    """Return levels 0–4 (items × raters): people whose severities add up to 0, and a judge in the last column."""
    rng = np.random.default_rng(seed)
    value, harsh = 2 * rng.standard_normal(n), rng.normal(0, 0.5, people + 1)
    if not drawn:
        harsh -= harsh[:-1].mean()
        harsh[-1] = d
    slope, noise = np.ones(people + 1), np.ones(people + 1)
    slope[-1], noise[-1] = b, phi
    return np.searchsorted(CUTS, slope * value[:, None] - harsh + noise * rng.logistic(size=(n, people + 1)))


def counts(y: np.ndarray, levels: int = 5) -> Counts:
    n, raters = y.shape
    return Counts.of(np.repeat(np.arange(n), raters), np.tile(np.arange(raters), n), y.ravel(), raters, levels)


def panel(people: int = 5) -> np.ndarray:
    return np.arange(people + 1) < people


def study(y: np.ndarray, people: int | None = None, **more: object) -> Study:
    """Return a study of items × raters: the last columns beyond ``people`` are judges; NaN is missing."""
    people = y.shape[1] - 1 if people is None else people
    item, rater = np.nonzero(np.isfinite(y.astype(float)))
    names = np.array([f"person {r}" if r < people else f"judge {r - people}" for r in range(y.shape[1])])
    frame = pd.DataFrame(
        {
            "item": [f"i{i:04d}" for i in item],
            "rater": names[rater],
            "kind": np.where(rater < people, "human", "judge"),
            "value": y[item, rater].astype(float) + 1,
        }
    )
    levels = more.pop("levels", list(CODES))
    for name, column in more.items():
        frame[name] = np.asarray(column)[item]
    return Study.from_frame(frame, scale="ordinal", levels=levels)


def rows(made: Study, **options: object) -> pd.DataFrame:
    found = estimate(made, "severity", n_boot=0, **options)
    return found[found["subset"] == "all"].set_index(["statistic", "a"]).sort_index()


# the likelihood


def wine(reference: Path) -> tuple[pd.DataFrame, dict[str, dict[str, object]], Design, np.ndarray]:
    known = json.loads((reference / "r_published_examples.json").read_text(encoding="utf-8"))
    table = pd.DataFrame(known["clm_wine"]["data"])
    cell = ((table["temp"] == "warm") * 2 + (table["contact"] == "yes")).to_numpy().astype(np.int64)
    X = -np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    return table, known, Design.of(5, X, np.zeros((4, 0)), np.zeros((4, 0))), cell


def test_ordinal_regression_is_that_of_r_clm(reference: Path) -> None:
    table, known, design, cell = wine(reference)
    level = table["rating"].astype(int).to_numpy() - 1
    found = fit(Counts.of(np.arange(72), cell, level, 4, 5), design, prior=False, tol=1e-14)
    theirs = known["clm_wine"]
    np.testing.assert_allclose(found.psi, list(theirs["coef"].values()), atol=1e-9)
    # four thresholds, then the severity of each cell: of no contact and cold (0), contact, warm, both
    errors = np.sqrt(np.diag(found.covariance))
    named = dict(zip(("contactyes", "tempwarm"), errors[[5, 6]], strict=True))
    np.testing.assert_allclose(errors[:4], [error for name, error in theirs["se"].items() if "|" in name], atol=1e-9)
    assert named == pytest.approx({name: theirs["se"][name] for name in named}, abs=1e-9)
    assert found.loglik == pytest.approx(theirs["logLik"], abs=1e-9)


def test_random_effects_are_those_of_r_clmm_by_quadrature(reference: Path) -> None:
    table, _, design, cell = wine(reference)
    judge, level = (table[name].astype(int).to_numpy() - 1 for name in ("judge", "rating"))
    mixed = Design.of(5, design.X, np.ones((4, 1)), np.zeros((4, 0)))
    found = fit(Counts.of(judge, cell, level, 4, 5), mixed, prior=False, tol=1e-14)
    assert found.loglik == pytest.approx(-81.53246071, abs=1e-8)  # R 4.2.2, ordinal: clmm, nAGQ = 31


@pytest.mark.parametrize("name", ["likert5_complete_100x4", "likert5_missing_150x6", "likert5_sparse_300x20_k3"])
def test_random_items_and_raters_are_those_of_r_clmm(reference: Path, name: str) -> None:
    known = json.loads((reference / "r_models.json").read_text(encoding="utf-8"))["clmm_crossed"][f"{name}.csv"]
    table = pd.read_csv(reference / "data" / f"{name}.csv").filter(regex=r"^r\d+$").to_numpy(float)
    item, rater = np.nonzero(np.isfinite(table))
    found = crossed_laplace(
        np.unique(item, return_inverse=True)[1], rater, np.unique(table[item, rater], return_inverse=True)[1]
    )
    assert found.converged
    np.testing.assert_allclose(found.tau, list(known["thresholds"].values()), atol=2e-5)
    np.testing.assert_allclose([found.item, found.rater], [known["sd_item"], known["sd_rater"]], atol=2e-5)
    np.testing.assert_allclose(-found.severity, list(known["ranef_rater"].values()), atol=2e-5)
    assert known["logLik"] - 1e-7 < found.loglik < known["logLik"] + 1e-5


DESIGNS = {
    "full": Design.anchored(5, panel()),
    "slope": Design.anchored(5, panel(), "slope"),
    "none": Design.anchored(5, panel(), "none"),
    "shared": Design.uncompressed(5, panel()),
    "tied": Design.uncompressed(5, panel(), 5),
}


@pytest.mark.parametrize("name", list(DESIGNS))
def test_gradient_and_information_are_those_of_differences(name: str) -> None:
    design, made = DESIGNS[name], counts(ratings(40))
    search = fitting._Search(made, design, design.prior())
    psi = fitting.first_guess(made, design) + 0.1 * np.random.default_rng(1).standard_normal(sum(design.sizes))
    z = np.linspace(-6.5, 6.5, 121)

    def gradient(at: np.ndarray) -> np.ndarray:
        return search.gradient(at, search.at(at, z)[0])[0]

    steps = 1e-5 * np.eye(len(psi))
    slopes = [(search.at(psi + s, z)[1] - search.at(psi - s, z)[1]) / 2e-5 for s in steps]
    np.testing.assert_allclose(gradient(psi), slopes, atol=1e-6)
    bends = [(gradient(psi + s) - gradient(psi - s)) / 2e-5 for s in steps]
    here = search.at(psi, z)[0]
    info = search.information(psi, here, here.gradient(), here.missing())
    np.testing.assert_allclose(-np.array(bends), info, atol=1e-6)


def test_both_ways_to_the_missing_information_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    made, design = counts(ratings(50)), DESIGNS["full"]
    here = Evaluated.at(made, design.local(fitting.first_guess(made, design)), np.linspace(-6.5, 6.5, 61))
    dense = here.missing()
    monkeypatch.setattr(likelihood, "SMALL", 0)
    np.testing.assert_allclose(here.missing(), dense, atol=1e-9)


def test_the_mode_does_not_depend_on_the_way_there(monkeypatch: pytest.MonkeyPatch) -> None:
    made = counts(ratings(300))
    exact = fit(made, DESIGNS["full"], tol=1e-12)
    monkeypatch.setattr(fitting, "CHEAP", 0)
    monkeypatch.setattr(fitting, "ITEMS_A_PARAMETER", 0)
    other = fit(made, DESIGNS["full"], tol=1e-12)
    assert exact.converged
    assert other.converged
    np.testing.assert_allclose(other.psi, exact.psi, atol=1e-5)
    monkeypatch.setattr(fitting, "MANY_ITEMS", 100)  # steps from a sample, errors from outer products
    monkeypatch.setattr(fitting, "SAMPLE", 200)
    sampled = fit(made, DESIGNS["full"], tol=1e-12)
    np.testing.assert_allclose(sampled.psi, exact.psi, atol=1e-5)
    np.testing.assert_allclose(np.diag(sampled.covariance), np.diag(exact.covariance), rtol=0.5)


def test_a_finer_grid_changes_nothing() -> None:
    made = counts(ratings(60))
    found = fit(made, DESIGNS["full"], tol=1e-13)
    finer = Evaluated.at(made, found.local, np.linspace(-6.5, 6.5, 5 * len(found.z)))
    assert finer.loglik == pytest.approx(found.loglik, abs=1e-6)


def test_probabilities_far_out_are_not_lost() -> None:
    local = Local(np.array([-700.0, 0.0, 700.0]), np.zeros(1), np.ones(1), np.zeros(1))
    table = Table.of(local, np.array([-6.0, 0.0, 6.0]))
    assert np.isfinite(table.logp).all()
    np.testing.assert_allclose(np.exp(table.logp).sum(axis=1), 1, rtol=1e-12)
    assert table.logp[0, 3, 1] == pytest.approx(-700)


def test_anchor_adds_up_to_zero_over_the_panel() -> None:
    X = anchor(np.array([True, False, True, True, False]))
    assert X.shape == (5, 4)
    np.testing.assert_allclose(X[[0, 2, 3]].sum(axis=0), 0, atol=1e-12)
    assert np.linalg.matrix_rank(X) == 4


# the scale


def test_planted_severity_slope_and_noise_are_recovered() -> None:
    found = fit(counts(ratings(2000, d=-0.4, b=0.6, phi=1.5)), DESIGNS["full"])
    scale = seen_from(found, np.arange(5), CODES)
    for measured, truth in (
        (scale.severity, -0.4), (scale.slope, 0.6), (scale.compression, np.log(0.6)), (scale.noise, np.log(1.5)),
        (scale.high, -0.4 + 0.4 * 2), (scale.low, -0.4 - 0.4 * 2),
    ):  # fmt: skip
        assert abs(measured.value[5] - truth) < 3.5 * measured.se[5]
        assert 0 < measured.se[5] < 0.2
    assert scale.sigma == pytest.approx(2, abs=0.15)


def test_raw_severity_is_the_difference_of_mean_ratings() -> None:
    y = ratings(800, d=0.7)
    found = seen_from(fit(counts(y), DESIGNS["full"]), np.arange(5), CODES)
    assert found.raw.value[5] == pytest.approx(y[:, 5].mean() - y[:, :5].mean(), abs=0.03)
    assert found.raw.value[5] < -0.2 < 0.4 < found.severity.value[5]


def test_central_tendency_is_a_small_spread() -> None:
    y = ratings(800, b=0.6, phi=0.6)
    found = seen_from(fit(counts(y), DESIGNS["full"]), np.arange(5), CODES)
    assert found.spread.value[5] == pytest.approx(np.log(0.6), abs=0.12)
    assert np.std(y[:, 5]) < np.std(y[:, 0])


def test_every_anchor_gives_the_same_scale() -> None:
    made = counts(ratings(80))
    one = fit(made, DESIGNS["full"], prior=False, tol=1e-13)
    other = fit(made, Design.anchored(5, np.isin(np.arange(6), [1, 4])), prior=False, tol=1e-13)
    here, there = (seen_from(found, np.arange(5), CODES) for found in (one, other))
    for name in QUANTITIES:
        np.testing.assert_allclose(getattr(here, name).value, getattr(there, name).value, atol=1e-5)
        np.testing.assert_allclose(getattr(here, name).se, getattr(there, name).se, atol=1e-5)


def test_standard_errors_are_the_delta_methods() -> None:
    found = fit(counts(ratings(120, d=0.5)), DESIGNS["full"])
    scale, size = seen_from(found, np.arange(5), CODES), found.local.size

    def value(shift: np.ndarray, name: str) -> float:
        point = np.concatenate([found.local.tau, found.local.d, found.local.alpha, found.local.kappa]) + shift
        moved = Local(point[:4], *np.split(point[4:], 3))
        return float(getattr(seen_from(Fit(**{**vars(found), "local": moved}), np.arange(5), CODES), name).value[5])

    for name in QUANTITIES:
        slopes = np.array([value(1e-6 * e, name) - value(-1e-6 * e, name) for e in np.eye(size)]) / 2e-6
        assert getattr(scale, name).se[5] == pytest.approx(np.sqrt(slopes @ found.covariance @ slopes), rel=1e-5)


# the questions


def test_one_more_person_is_the_t_test_of_one_case() -> None:
    people, judge = np.array([-0.5, -0.1, 0.2, 0.4]), 1.5
    found = one_more(judge, 0.0, people, np.zeros(4), 0.95)
    t = (judge - people.mean()) / (people.std(ddof=1) * np.sqrt(1 + 1 / 4))
    assert found.p == pytest.approx(2 * stats.t.sf(t, 3))
    assert (found.p < 0.05) == (found.low > 0) == (found.answer == "yes")


def test_a_judge_measured_less_precisely_is_called_less_eagerly() -> None:
    people, errors = np.array([-0.5, -0.1, 0.2, 0.4]), np.full(4, 0.2)
    sure, unsure = (one_more(1.5, se, people, errors, 0.95) for se in (0.2, 0.8))
    assert unsure.p > sure.p
    own = 0.04 / 0.75
    wide = np.sqrt(people.var(ddof=1) * 1.25 + (0.64 - own / 4) - own)
    assert unsure.p == pytest.approx(2 * stats.t.sf(1.5 / wide, 3))


def test_a_judge_well_inside_is_said_to_be_inside() -> None:
    people = np.array([-1.0, -0.4, 0.1, 0.4, 0.9])
    assert one_more(0.1, 0.2, people, np.full(5, 0.2), 0.95).answer == "no"
    assert one_more(1.6, 0.6, people, np.full(5, 0.2), 0.95).answer == "undecided"
    with pytest.raises(ValueError, match="3 people are too few"):
        one_more(0.1, 0.2, people[:3], np.full(3, 0.2), 0.95)


@pytest.mark.parametrize(("b", "phi", "found"), [(0.5, 1.0, True), (1.0, 1.6, False), (1.0, 1.0, False)])
def test_compression_is_told_from_noise(b: float, phi: float, found: bool) -> None:
    made = counts(ratings(300, b=b, phi=phi, seed=3))
    free = fit(made, DESIGNS["shared"])
    p = compression_test(made, 5, panel(), 5, free)
    assert (p < 0.01) if found else (p > 0.05)


@pytest.mark.slow
def test_innocent_judges_are_seldom_called() -> None:
    """Each question has its own innocent judge; at a true 5 %, 30 calls in 400 have probability .99."""
    calls = np.zeros(4)
    for seed in range(400):
        for drawn in (False, True):
            y = ratings(60, seed=seed, drawn=drawn)
            made = counts(np.searchsorted(np.unique(y), y), len(np.unique(y)))
            found = fit(made, Design.anchored(made.n_levels, panel()))
            scale = seen_from(found, np.arange(5), np.unique(y).astype(float))
            x, se = scale.severity.value, scale.severity.se
            if drawn:
                calls[2] += one_more(x[5], se[5], x[:5], se[:5], 0.95).p < 0.05
                calls[3] += abs(x[5] / se[5]) > 1.96
            else:
                free = fit(made, Design.uncompressed(made.n_levels, panel()))
                calls[0] += abs(x[5] / se[5]) > 1.96
                calls[1] += compression_test(made, made.n_levels, panel(), 5, free) < 0.05
    assert (calls[:3] <= 32).all(), calls
    assert calls[3] > 80, "one person differs from the mean of the others: the z test does not ask what the t test asks"


# the rows


def test_five_people_get_both_questions_in_different_words() -> None:
    found = rows(study(ratings(150, d=2.5)))
    first, second = found.loc[("severity", "judge 0")], found.loc[("severity.one_more", "judge 0")]
    assert first["verdict"] == second["verdict"] == "yes"
    assert "yes: differs from the panel's mean" in first["method"]
    assert "yes: could not be one more person" in second["method"]
    for row in (first, second):
        assert row["low"] < row["value"] < row["high"]
        assert 0 <= row["p"] < 0.05
        assert row["n_items"] == 150
        assert row["n_raters"] == 6
        assert row["n_ratings"] == 900
    assert second["high"] - second["low"] > first["high"] - first["low"]


def test_a_judge_like_the_people_with_many_items_is_said_to_be_like_them() -> None:
    found = rows(study(ratings(1500)))
    for name in ("severity", "severity.compression", "severity.noise", "severity.spread"):
        assert found.loc[(name, "judge 0"), "verdict"] == "no", name


def test_a_judge_is_not_called_compressed_where_the_interval_holds_none() -> None:
    for seed in range(12):
        row = rows(study(ratings(60, seed=seed, phi=1.5))).loc[("severity.compression", "judge 0")]
        assert not (row["verdict"] == "yes" and row["low"] < 1 < row["high"])
        assert "the larger p" in row["method"]


def test_people_have_values_and_no_verdicts() -> None:
    found = rows(study(ratings(60)))
    person = found.loc[("severity", "person 0")]
    assert np.isfinite(person["low"])
    assert pd.isna(person["verdict"])
    assert pd.isna(person["p"])
    assert ("severity.one_more", "person 0") not in found.index
    severities = [found.loc[("severity", f"person {r}"), "value"] for r in range(5)]
    assert sum(severities) == pytest.approx(0, abs=1e-9)


def test_three_people_are_too_few_for_the_second_question() -> None:
    found = rows(study(ratings(60, people=3)))
    for name in ("severity.one_more", "severity.compression_one_more", "severity.noise_one_more"):
        row = found.loc[(name, "judge 0")]
        assert pd.isna(row["value"])
        assert pd.isna(row["verdict"])
        assert row["note"] == "not estimable: 3 people, 4 are needed to tell of one more"
    assert found.loc[("severity", "judge 0"), "verdict"] in {"yes", "no", "undecided"}


def test_two_levels_tell_no_noise() -> None:
    found = rows(study((ratings(200, d=1.0) > 2).astype(int), levels=[1.0, 2.0]))
    assert found.loc[("severity", "judge 0"), "value"] > 0
    for name in ("severity.noise", "severity.spread", "severity.noise_one_more"):
        assert pd.isna(found.loc[(name, "judge 0"), "value"])
        assert "two levels" in found.loc[(name, "judge 0"), "note"]


@pytest.mark.parametrize("level", [3, 4])
def test_a_constant_judge_is_said_to_be_one(level: int) -> None:
    y = ratings(60)
    y[:, 5] = level
    row = rows(study(y)).loc[("severity", "judge 0")]
    assert row["value"] < 0
    assert "one level only: one-sided, held by the prior" in row["note"]


def test_a_reversed_judge_is_said_to_be_one() -> None:
    y = ratings(120)
    y[:, 5] = 4 - y[:, 5]
    found = rows(study(y))
    assert "reversed" in found.loc[("severity", "judge 0"), "note"]
    assert "do not rise" in found.loc[("severity.compression_one_more", "judge 0"), "note"]


def test_perfect_agreement_is_said_to_be_saturated() -> None:
    y = np.repeat(ratings(60)[:, :1], 5, axis=1)
    row = rows(study(y)).loc[("severity", "judge 0")]
    assert "saturated" in row["note"]
    assert row["high"] > row["low"]


def test_a_judge_that_shares_no_item_with_people_is_refused() -> None:
    y = ratings(60).astype(float)
    y[:40, 5] = np.nan
    y[40:, :5] = np.nan
    found = rows(study(y))
    assert found.loc[("severity", "judge 0"), "note"] == "not estimable: no items in common with the people"
    assert pd.isna(found.loc[("severity", "judge 0"), "value"])


def test_nothing_but_reasons_where_nothing_varies_or_too_little_is_shared() -> None:
    same = rows(study(np.full((20, 4), 2)))
    assert set(same["note"]) == {"not estimable: only one label occurs"}
    few = rows(study(ratings(4)))
    assert set(few["note"]) == {"not estimable: 4 items rated by two, 5 are needed"}
    assert few["value"].isna().all()


def test_people_with_few_ratings_are_measured_as_one() -> None:
    rng = np.random.default_rng(5)
    y = ratings(120, people=40).astype(float)
    for i in range(120):
        y[i, rng.permutation(40)[4:]] = np.nan
    found = rows(study(y))
    assert set(found.index.get_level_values("a")) == {"judge 0"}
    row = found.loc[("severity", "judge 0")]
    assert "measured as one" in row["note"]
    assert row["n_raters"] == 41
    assert "as one cell" in found.loc[("severity.one_more", "judge 0"), "note"]


def test_order_of_items_and_raters_does_not_matter() -> None:
    y = ratings(60, d=0.4)
    one = rows(study(y))
    shuffled = np.random.default_rng(2).permutation(60)
    other = rows(study(np.hstack([y[shuffled][:, [3, 1, 0, 2, 4]], y[shuffled][:, 5:]])))
    for name in ("severity", "severity.compression", "severity.one_more"):
        for column in ("value", "low", "high", "p"):
            assert one.loc[(name, "judge 0"), column] == pytest.approx(other.loc[(name, "judge 0"), column], abs=1e-5)


def test_levels_that_nobody_used_change_nothing() -> None:
    y = ratings(60)
    one, other = rows(study(y)), rows(study(y, levels=[float(level) for level in range(-2, 9)]))
    pd.testing.assert_series_equal(one["value"], other["value"])


def test_items_given_twice_in_clusters_are_no_more_than_once() -> None:
    y = ratings(100, d=0.5)
    twice = np.repeat(y, 2, axis=0)
    once = rows(study(y, group=[f"g{i}" for i in range(100)]))
    clustered = rows(study(twice, group=[f"g{i // 2}" for i in range(200)]))
    naive = rows(study(twice))

    def width(found: pd.DataFrame) -> float:
        row = found.loc[("severity", "judge 0")]
        return float(row["high"] - row["low"])

    assert width(clustered) == pytest.approx(width(once), rel=0.15)
    assert width(naive) < 0.8 * width(clustered)


def test_the_fast_version_is_the_difference_of_means_on_complete_ratings() -> None:
    y = ratings(200, d=0.8)
    found = rows(study(y), model="gaussian")
    assert set(found.index.get_level_values("statistic")) == {"severity.raw", "severity.one_more"}
    row = found.loc[("severity.raw", "judge 0")]
    assert row["value"] == pytest.approx(y[:, 5].mean() - y[:, :5].mean())
    assert row["verdict"] == "yes"
    assert row["low"] < row["value"] < row["high"] < 0


def test_the_fast_version_takes_missing_ratings_for_what_they_are() -> None:
    y = ratings(400, d=0.0).astype(float)
    y[y[:, :5].mean(axis=1) > 2, 5] = np.nan  # the judge is asked about the worse items only
    naive = float(np.nanmean(y[:, 5]) - y[:, :5].mean())
    found = rows(study(y), model="gaussian").loc[("severity.raw", "judge 0")]
    assert naive < -0.5
    assert abs(found["value"]) < 0.2


def test_a_continuum_is_gaussian() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(50, 10, (400, 1)) + np.array([0.0, 1.0, -5.0]) + rng.normal(0, 3, (400, 3))
    frame = pd.DataFrame(
        [
            {"item": f"i{i}", "rater": rater, "kind": "judge" if rater == "judge" else "human", "value": y[i, r]}
            for i in range(400)
            for r, rater in enumerate(("a", "b", "judge"))
        ]
    )
    row = rows(Study.from_frame(frame, scale="interval")).loc[("severity.raw", "judge")]
    assert "continuum" in row["note"]
    assert row["low"] < -5.5 < row["high"]
    assert (row["high"] - row["low"]) / 2 == pytest.approx(1.96 * np.sqrt(9 * 1.5 / 400), rel=0.1)


def test_nominal_criteria_have_no_severity() -> None:
    y = ratings(30)
    frame = pd.DataFrame(
        [{"item": f"i{i}", "rater": f"r{r}", "value": float(y[i, r])} for i in range(30) for r in range(3)]
    )
    assert estimate(Study.from_frame(frame, scale="nominal"), "severity", n_boot=0).empty


@pytest.mark.parametrize(
    ("options", "told"),
    [({"model": "probit"}, "no model is called"), ({"margin": 0}, "margin must"), ({"ratio": 1}, "ratio must")],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        estimate(study(ratings(20)), "severity", n_boot=0, **options)


def test_three_experts_a_crowd_and_three_judges(mirror: Path) -> None:
    from omegaconf import OmegaConf

    file = paths.shipped("conf") / "task" / "lend_an_ear.yaml"
    task = Task.model_validate(OmegaConf.to_container(OmegaConf.load(file))).model_copy(update={"strata": ()})
    real = find("source", task.source.kind)(task, **task.source.options, mirror=mirror)
    found = estimate(real, "severity", n_boot=0)
    beside = found[found["b"] == "expert"]
    map_ = beside[beside["statistic"] == "severity"]
    assert list(map_["a"].unique()) == [
        "expert1", "expert2", "expert3", "crowd", "gpt-4o", "claude-3.7-sonnet", "gemini-2.5-pro"
    ]  # fmt: skip
    assert map_["value"].notna().all()
    assert (map_["low"] < map_["value"]).all()
    assert (map_["value"] < map_["high"]).all()
    second = beside[beside["statistic"] == "severity.one_more"]
    assert second["value"].isna().all()
    assert set(second["note"]) == {"not estimable: 3 people, 4 are needed to tell of one more"}
    raw = beside[(beside["statistic"] == "severity.raw") & (beside["criterion"] == "validating_emotions")]
    matrix = real.matrix("validating_emotions")
    experts = [name for name in matrix.columns if name.startswith("expert")]
    for judge in real.judges():
        value = raw.set_index("a").loc[judge, "value"]
        assert value == pytest.approx(matrix[judge].mean() - matrix[experts].to_numpy().mean(), abs=0.1)
