"""Intraclass correlations: R's and the papers' values, pingouin, REML, and their intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from references import data_sets, read, study_of
from scipy import stats

from judgekit.errors import InputError
from judgekit.stats import icc
from judgekit.stats.battery import estimate
from judgekit.stats.mean_squares import FORMS, CompleteIcc, MeanSquares
from judgekit.stats.prior import SINGLE
from judgekit.stats.reml import components
from judgekit.stats.resample import Bootstrap, Job
from judgekit.stats.unbalanced import UnbalancedIcc

PSYCH = dict(zip(FORMS, ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"), strict=True))
#: irr's limits of the mean of k raters' agreement are of its own making; the others are those of psych.
IRR = {
    "1": "oneway_consistency_single",
    "A1": "twoway_agreement_single",
    "C1": "twoway_consistency_single",
    "1k": "oneway_consistency_average",
    "Ck": "twoway_consistency_average",
}


def drawn(seed: int, n: int, k: int, missing: float = 0.0, step: float = 0.0) -> np.ndarray:
    """Return ratings of moderate agreement, on a continuum or (``step``) in steps."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 1)) + rng.normal(0, 0.4, k) + rng.normal(0, 0.8, (n, k))
    X = np.round(X / step) * step if step else X
    X[rng.random((n, k)) < missing] = np.nan
    return X


def f_test(squares: MeanSquares, form: str) -> tuple[float, int, int, float]:
    """Return F, its degrees of freedom and p of a form's hypothesis of no agreement."""
    n, k = squares.n, squares.k
    below, df = (squares.within, n * (k - 1)) if form.startswith("1") else (squares.residual, (n - 1) * (k - 1))
    return squares.items / below, n - 1, df, float(stats.f.sf(squares.items / below, n - 1, df))


def values_of(X: np.ndarray) -> np.ndarray:
    """Return the six engine values of a table."""
    if np.isfinite(X).all():
        model: CompleteIcc | UnbalancedIcc = CompleteIcc(*X.shape, float(X.mean()), None)
    else:
        model = UnbalancedIcc.of(X)
    return model.point(model.features(X).sum(axis=0))


def test_values_and_f_limits_are_those_of_r(reference: Path) -> None:
    compared = 0
    for name, X, results in data_sets(reference):
        if "psych_ICC" not in results:
            continue
        squares = MeanSquares.of(X)
        ours = dict(zip(FORMS, zip(squares.iccs(), squares.f_intervals(0.95), strict=True), strict=True))
        engine = dict(zip(FORMS, values_of(X), strict=True))
        for form, (value, limits) in ours.items():
            theirs = results["psych_ICC"][PSYCH[form]]
            wanted = (theirs["ICC"], theirs["lower bound"], theirs["upper bound"])
            np.testing.assert_allclose((value, *limits), wanted, atol=1e-10, err_msg=f"{name} {form}")
            assert engine[form] == pytest.approx(theirs["ICC"], abs=1e-10)
        for form, key in IRR.items():
            theirs = results["irr_icc"][key]
            value, limits = ours[form]
            np.testing.assert_allclose((value, *limits), (theirs["icc"], theirs["lb"], theirs["ub"]), atol=1e-10)
        compared += 1
    assert compared == 4


def test_f_tests_are_those_of_r(reference: Path) -> None:
    compared = 0
    for name, X, results in data_sets(reference):
        if "psych_ICC" not in results:
            continue
        squares = MeanSquares.of(X)
        for form in FORMS:
            theirs = results["psych_ICC"][PSYCH[form]]
            wanted = [theirs[key] for key in ("F", "df1", "df2", "p")]
            assert f_test(squares, form) == pytest.approx(wanted, rel=1e-10), f"{name} {form}"
            compared += 1
        for form, key in {**IRR, "Ak": "twoway_agreement_average"}.items():
            theirs, found = results["irr_icc"][key], f_test(squares, form)
            assert found[0] == pytest.approx(theirs["F"], rel=1e-10), f"{name} {form}"
            compared += 1
            if not form.startswith("A"):  # irr's p of the agreement forms has the degrees of freedom of their limits
                assert found[-1] == pytest.approx(theirs["p"], rel=1e-10), f"{name} {form}"
                compared += 1
        mean = results["irr_icc"]["twoway_agreement_average"]["icc"]
        assert squares.iccs()[FORMS.index("Ak")] == pytest.approx(mean, abs=1e-10)
        compared += 1
    assert compared == 4 * (6 + 6 + 4 + 1)


def test_shrout_and_fleiss_table_4(reference: Path) -> None:
    published = read(reference, "published.json")["shrout_fleiss_1979"]
    worked = read(reference, "r_published_examples.json")["shrout_fleiss1979"]
    squares = MeanSquares.of(np.array(worked["data"], dtype=float))
    names = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,4)", "ICC(2,4)", "ICC(3,4)")
    for form, name, value, limits in zip(FORMS, names, squares.iccs(), squares.f_intervals(0.95), strict=True):
        assert round(value, 2) == published[name]
        theirs = worked["icc"][PSYCH[form]]
        np.testing.assert_allclose(limits, (theirs["lower bound"], theirs["upper bound"]), atol=1e-10)
        assert value == pytest.approx(theirs["ICC"], abs=1e-10)
        assert f_test(squares, form) == pytest.approx([theirs[key] for key in ("F", "df1", "df2", "p")], rel=1e-10)


def test_the_anxiety_and_video_ratings_of_irr(reference: Path) -> None:
    published = read(reference, "r_published_examples.json")
    anxiety = MeanSquares.of(pd.DataFrame(published["anxiety"]["data"]).to_numpy(float))
    assert anxiety.iccs()[1] == pytest.approx(published["anxiety"]["icc_tw_agr"], abs=1e-10)
    np.testing.assert_allclose(anxiety.f_intervals(0.95)[1], published["anxiety"]["icc_tw_agr_ci"], atol=1e-10)
    video = MeanSquares.of(pd.DataFrame(published["video"]["data"]).to_numpy(float))
    # The file does not say which form it is: single ratings, agreement.
    assert video.iccs()[FORMS.index("A1")] == pytest.approx(published["video"]["icc"], abs=1e-10)


def test_a_generalisability_study_has_g_and_phi(reference: Path) -> None:
    theirs = read(reference, "r_models.json")["gstudy_pxr_anova"]
    X = next(X for name, X, _ in data_sets(reference) if name == "likert5_complete_100x4.csv")
    _, a1, c1, _, ak, ck = values_of(X)
    wanted = [theirs[key] for key in ("Phi_1", "G_1", "Phi_nr", "G_nr")]
    np.testing.assert_allclose([a1, c1, ak, ck], wanted, atol=1e-10)
    squares = MeanSquares.of(X)
    wanted = [theirs[key] for key in ("MS_item", "MS_rater", "MS_res")]
    np.testing.assert_allclose([squares.items, squares.raters, squares.residual], wanted, atol=1e-10)


@pytest.mark.parametrize(("n", "k", "step"), [(8, 2, 0.0), (30, 3, 1.0), (25, 7, 0.5), (60, 4, 0.0)])
def test_pingouin_agrees_on_random_tables(n: int, k: int, step: float) -> None:
    for seed in range(3):
        X = drawn(seed, n, k, step=step)
        theirs = icc.reference(X)
        np.testing.assert_allclose(values_of(X), [theirs[form] for form in FORMS], atol=1e-9)


@given(st.integers(0, 10_000), st.integers(4, 25), st.integers(2, 5))
@settings(max_examples=40, deadline=None)
def test_replicates_are_the_moments_written_out(seed: int, n: int, k: int) -> None:
    X = drawn(seed, n, k, step=0.5)
    w = np.random.default_rng(seed).standard_exponential(n)
    found = CompleteIcc(n, k, float(X.mean()), None)
    share = w / w.sum()
    mean = share @ X
    cov = (X - mean).T @ ((X - mean) * share[:, None])
    variance, common = np.trace(cov) / k, (cov.sum() - np.trace(cov)) / (k * (k - 1))
    # the raters' means vary by chance, in the ratings and once more in the weights: 2 / n each
    item, residual = common / (1 - 2 / n), (variance - common) / (1 - 2 / n)
    rater = mean.var(ddof=1) - 2 / n * residual
    if min(variance, item + rater + residual) > 1e-6:
        ours = found.population(w @ found.features(X))
        assert ours[2] == pytest.approx(common / variance, abs=1e-9)
        assert ours[1] == pytest.approx(item / (item + rater + residual), abs=1e-9)
        assert ours[5] == pytest.approx(item / (item + residual / k), abs=1e-6)


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_missing_cells_give_the_ratios_of_reml_components(seed: int) -> None:
    X = drawn(seed, 30, 5, missing=0.35)
    X = X[np.isfinite(X).sum(axis=1) >= 2]
    item, rater = np.nonzero(np.isfinite(X))
    two, one = components(X[item, rater], item, rater), components(X[item, rater], item)
    k = 1 / np.mean(1 / np.isfinite(X).sum(axis=1))
    wanted = [
        one.item / (one.item + one.residual),
        two.item / (two.item + two.rater + two.residual),
        two.item / (two.item + two.residual),
        one.item / (one.item + one.residual / k),
        two.item / (two.item + (two.rater + two.residual) / k),
        two.item / (two.item + two.residual / k),
    ]
    np.testing.assert_allclose(values_of(X), wanted, atol=1e-9)


def test_reml_and_mean_squares_agree_where_no_cell_is_missing() -> None:
    X = drawn(3, 40, 4)
    model = UnbalancedIcc.of(X)
    np.testing.assert_allclose(model.point(model.features(X).sum(axis=0))[1:3], values_of(X)[1:3], atol=1e-7)


def test_reweighting_follows_a_refit_of_the_reweighted_items() -> None:
    """A replicate is one step, not a refit: the two move together."""
    X = drawn(7, 150, 5, missing=0.3)
    X = X[np.isfinite(X).sum(axis=1) >= 2]
    model = UnbalancedIcc.of(X)
    rng = np.random.default_rng(0)
    steps, refits = [], []
    for _ in range(30):
        counts = np.bincount(rng.integers(0, len(X), len(X)), minlength=len(X))
        steps.append(model.point(counts @ model.features(X)))
        again = np.repeat(X, counts, axis=0)
        refits.append(values_of(again))
    moved = np.array(steps) - np.array(refits)
    spread = np.std(refits, axis=0)
    assert np.all(np.sqrt(np.mean(moved**2, axis=0)) < 0.25 * spread)
    assert np.all([np.corrcoef(a, b)[0, 1] > 0.95 for a, b in zip(np.array(steps).T, np.array(refits).T, strict=True)])


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3]))
@settings(max_examples=20, deadline=None)
def test_order_of_raters_and_items_and_units_do_not_matter(seed: int, missing: float) -> None:
    rng = np.random.default_rng(seed)
    X = drawn(seed, 20, 4, missing=missing)
    X = X[np.isfinite(X).sum(axis=1) >= 2]
    found = values_of(X)
    np.testing.assert_allclose(values_of(X[rng.permutation(len(X))]), found, atol=1e-6)
    np.testing.assert_allclose(values_of(X[:, rng.permutation(4)]), found, atol=1e-6)
    np.testing.assert_allclose(values_of(1000 - 7 * X), found, atol=1e-6)


def test_a_shift_between_raters_costs_agreement_not_consistency() -> None:
    X = drawn(5, 30, 3)
    moved = X + np.array([0.0, 1.0, 2.0])
    assert values_of(moved)[2] == pytest.approx(values_of(X)[2])
    assert values_of(moved)[1] < values_of(X)[1] - 0.05


def test_blank_items_change_nothing() -> None:
    X = drawn(2, 20, 3)
    blank = np.vstack([X, np.full((4, 3), np.nan)])
    for model in (CompleteIcc(20, 3, float(X.mean()), None), UnbalancedIcc.of(blank)):
        np.testing.assert_array_equal(model.features(blank)[20:], 0)
        np.testing.assert_array_equal(model.informs(blank).sum(axis=0), 20)


def rows_of(X: np.ndarray, judges: tuple[str, ...] = (), **options: object) -> pd.DataFrame:
    study = study_of(X, "interval", judges=judges)
    found = estimate(study, "icc", n_boot=400, **options)
    return found[found["subset"] == "all"].set_index(["statistic", "a", "b"])


def test_rows_are_pools_joined_judges_and_judges() -> None:
    found = rows_of(drawn(0, 40, 5), judges=("one", "two"))
    assert set(found.index.droplevel(0)) == {("people", "people"), ("one", "people"), ("two", "people"), ("one", "two")}
    assert list(dict.fromkeys(found.index.get_level_values(0))) == [f"icc.{form}" for form in FORMS]
    assert np.all((found["low"] < found["value"]) & (found["value"] < found["high"]))
    assert found.loc[("icc.Ak", "one", "people"), "n_raters"] == 4
    assert "mean of k = 4 ratings" in found.loc[("icc.Ak", "one", "people"), "method"]


def test_a_judge_is_joined_on_the_items_it_rated() -> None:
    X = drawn(0, 40, 4)
    X[10:, 0] = np.nan
    found = rows_of(X, judges=("judge",))
    joined = found.loc[("icc.A1", "judge", "people")]
    assert joined["n_items"] == 10
    assert joined["value"] == pytest.approx(values_of(X[:10])[1])
    assert found.loc[("icc.A1", "people", "people"), "n_items"] == 40


def test_missing_cells_say_so_and_have_intervals() -> None:
    found = rows_of(drawn(0, 60, 4, missing=0.3))
    assert found["method"].str.contains("REML").all()
    assert np.all((found["low"] < found["value"]) & (found["value"] < found["high"]))
    refused = rows_of(drawn(0, 60, 4, missing=0.3), interval="F")
    assert refused["low"].isna().all()
    assert refused["note"].str.contains("cells are missing").all()


def test_f_limits_on_request() -> None:
    X = drawn(1, 30, 3)
    found = rows_of(X, interval="F")
    limits = MeanSquares.of(X).f_intervals(0.95)
    np.testing.assert_allclose(found[["low", "high"]].to_numpy(float), limits)
    with pytest.raises(InputError, match="no interval is called 'f'"):
        rows_of(X, interval="f")


def test_perfect_agreement_keeps_an_interval() -> None:
    X = np.repeat(np.arange(20.0)[:, None] % 5, 3, axis=1)
    for missing in (False, True):
        X[0, 0] = np.nan if missing else X[0, 0]
        found = rows_of(X)
        np.testing.assert_allclose(found["value"], 1)
        assert np.all((found["low"] < 0.99) & (found["high"] >= found["value"]))


def test_what_cannot_be_estimated_has_a_reason() -> None:
    assert rows_of(np.full((10, 3), 2.0))["note"].str.contains("only one label").all()
    assert rows_of(drawn(0, 10, 1))["note"].str.contains("one rater").all()
    assert rows_of(drawn(0, 2, 3))["note"].str.contains("three are needed").all()
    study = study_of(np.array([[1.0, 2.0], [2.0, 2.0], [1.0, 1.0]]), "nominal")
    assert estimate(study, "icc", n_boot=0).empty


def test_two_routes_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(icc, "reference", lambda X: dict.fromkeys(FORMS, 0.5))
    with pytest.raises(ArithmeticError, match=r"two routes to icc\.1"):
        rows_of(drawn(0, 10, 3))


def test_few_items_on_a_continuum_are_warned_about() -> None:
    assert rows_of(drawn(0, 30, 3))["note"].str.contains("fewer than 60 items").all()
    study = study_of(drawn(0, 30, 3, step=1.0), "interval", levels=[float(v) for v in range(-5, 6)])
    assert not estimate(study, "icc", n_boot=200)["note"].str.contains("fewer than 60 items").any()


@pytest.mark.slow
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_intervals_cover(missing: float) -> None:
    """Five levels, four of ten ratings at the lowest: 95 % intervals of these raters' agreement hold their level."""
    cuts, severity = np.array([-0.25, 0.5, 1.0, 1.6]), np.array([-0.2, 0.0, 0.2])

    def ratings(rng: np.random.Generator, n: int) -> np.ndarray:
        latent = 0.8 * rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(n, 3)) + severity
        return 1 + np.sum(latent[..., None] > cuts, axis=2).astype(float)

    large = ratings(np.random.default_rng(1), 400_000)
    truth = values_of(large)[[1, 2]]
    hits = np.zeros(2)
    for seed in range(300):
        rng = np.random.default_rng(seed)
        X = ratings(rng, 60)
        X[rng.random(X.shape) < missing] = np.nan
        X[np.isfinite(X).sum(axis=1) < 2] = np.nan
        if missing:
            model: CompleteIcc | UnbalancedIcc = UnbalancedIcc.of(X, width=2)
        else:
            model = CompleteIcc(60, 3, float(X.mean()), 3)
        job = Job(model, X, (1.0, 2.0, 3.0, 4.0, 5.0), SINGLE)
        found = Bootstrap(seed, 1_000).intervals(("icc",), np.arange(60), [job])
        hits += [found[q].low <= t <= found[q].high for q, t in zip((1, 2), truth, strict=True)]
    assert np.all(hits / 300 >= 0.92), hits / 300
