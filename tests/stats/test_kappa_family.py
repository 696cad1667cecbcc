"""Cohen's and Light's kappa and the indices beside them, against R, statsmodels and scikit-learn."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import combinations
from math import atanh
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from references import Observed, coded, codes_of, data_sets, drawn, pairs_of_table, panels, read, study_of
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from judgekit.stats.battery import estimate
from judgekit.stats.brennan_prediger import BrennanPrediger
from judgekit.stats.cohen import asymptotic
from judgekit.stats.fleiss import Fleiss
from judgekit.stats.gwet import Gwet
from judgekit.stats.linearised import Linearised
from judgekit.stats.pairwise import PairIndex
from judgekit.stats.weights import disagreement
from judgekit.study import Study

ONE_PAIR = PairIndex(((0, 1),), (), False)

#: What irrCAC's functions for tables call our coefficients of panels.
PANELS = {"scott": Fleiss, "gwet": Gwet, "bp": BrennanPrediger, "pa": Observed}


def found(X: np.ndarray, weights: str = "identity", codes: tuple[float, ...] | None = None) -> Linearised:
    """Return kappa of the first two columns with its asymptotic error."""
    levels = codes or codes_of(X)
    return asymptotic(ONE_PAIR, levels, np.asarray(disagreement(levels, weights)), X, np.arange(len(X)))


def table(study: Study, name: str, n_boot: int = 0, **options: object) -> pd.DataFrame:
    return estimate(study, name, n_boot=n_boot, **options)


def pair_rows(reference: Path) -> list[tuple[np.ndarray, dict]]:
    """Raters 1 and 2 of each data set where R compared them on levels."""
    rows = [
        (X[np.isfinite(X[:, :2]).all(axis=1), :2], results.get("pair12") or {})
        for _, X, results in data_sets(reference)
    ]
    return [(X, results) for X, results in rows if "irr_kappa2_unweighted" in results]


def test_two_raters_as_in_r(reference: Path) -> None:
    rows, binary = pair_rows(reference), 0
    assert len(rows) == 7
    for X, theirs in rows:
        assert len(X) == theirs["n"]
        for weights, irr in {"identity": "unweighted", "linear": "equal", "quadratic": "squared"}.items():
            made, printed = found(X, weights), theirs[f"irr_kappa2_{irr}"]
            assert made.value == pytest.approx(printed["kappa"], abs=1e-10)
            assert made.value / made.null == pytest.approx(printed["z"], rel=1e-9)
            assert made.p == pytest.approx(printed["p"], rel=1e-7, abs=5e-15)
        vcd = theirs["vcd_Kappa_FleissCohen"]
        for weights, (value, error) in {"identity": vcd["unw"], "quadratic": vcd["w"],
                                        "linear": theirs["vcd_Kappa_equal"]["w"]}.items():  # fmt: skip
            assert found(X, weights).value == pytest.approx(value, abs=1e-10)
            assert found(X, weights).error == pytest.approx(error, abs=1e-10)
        # psych's var_w of more than two levels is left out: it disagrees with vcd and statsmodels, and is 0 in one
        psych = theirs["psych_cohen_kappa"]
        assert found(X).value == pytest.approx(psych["kappa"], abs=1e-10)
        assert found(X).error ** 2 == pytest.approx(psych["var"], abs=1e-10)
        if len(codes_of(X)) == 2:
            assert found(X, "quadratic").error ** 2 == pytest.approx(psych["var_w"], abs=1e-10)
            binary += 1
        assert found(X, "quadratic").value == pytest.approx(psych["weighted_quadratic"], abs=1e-10)
    assert binary == 2


def test_a_published_table_of_two_abstractors(reference: Path) -> None:
    entry = read(reference, "r_published_examples.json")["irrCAC"]["cont3x3abstractors"]
    X, compared = pairs_of_table(entry["table"]), 0
    n = len(X)
    for weights, name in {"identity": "unweighted", "linear": "linear", "quadratic": "quadratic"}.items():
        cohen = entry["coefs"]["cohen"][name]
        assert [found(X, weights).value, found(X, weights).error] == pytest.approx(
            [cohen["est"], cohen["se"]], abs=1e-9
        )
        for which, made in PANELS.items():
            theirs, ours = entry["coefs"][which][name], made((0, 1, 2), weights).linearised(X, np.arange(n))
            assert ours.value == pytest.approx(theirs["est"], abs=1e-10)
            same = replace(ours, error=ours.error * np.sqrt((n - 1) / n))  # over n there, over n - 1 here
            assert same.error == pytest.approx(theirs["se"], abs=1e-11)
            assert same.p == pytest.approx(float(theirs["p"]), abs=5e-15)
            low, high = (float(text) for text in theirs["ci"].strip("()").split(","))
            interval = same.interval(0.95)
            assert [interval.low, interval.high] == pytest.approx([low, high], abs=5.1e-4)
            compared += 1
    assert compared == 3 * 4


def test_light_as_in_r(reference: Path) -> None:
    # not compared: irr's z of Light's kappa, which has a bootstrap here and no formula
    compared = 0
    for _, X, results in data_sets(reference):
        if "irr_light" in results:
            value = table(study_of(X), "light")["value"][0]
            assert value == pytest.approx(results["irr_light"]["kappa"], abs=1e-10)
            compared += 1
    assert compared == 3
    published = read(reference, "r_published_examples.json")
    anxiety = pd.DataFrame(published["anxiety"]["data"]).to_numpy(float)
    assert table(study_of(anxiety), "light")["value"][0] == pytest.approx(published["anxiety"]["light"], abs=1e-10)
    entry = published["fleiss1971"]
    X = coded({rater: [word[0] for word in column] for rater, column in entry["data"].items()})
    assert table(study_of(X), "light")["value"][0] == pytest.approx(entry["light"], abs=1e-10)
    assert found(X[:, 1:3], codes=codes_of(X)).value == pytest.approx(entry["kappa2_23"], abs=1e-10)


@pytest.mark.parametrize("seed", range(10))
def test_random_tables_as_statsmodels_and_sklearn_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = tuple(float(k) for k in range(int(rng.integers(2, 6))))
    X = drawn(rng, int(rng.integers(12, 90)), 2, codes)
    counted = np.array([[np.sum((X[:, 0] == a) & (X[:, 1] == b)) for b in codes] for a in codes])
    for weights, theirs, sklearn in (
        ("identity", None, None),
        ("linear", "linear", "linear"),
        ("quadratic", "quadratic", "quadratic"),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = cohens_kappa(counted, wt=theirs)
            score = cohen_kappa_score(X[:, 0], X[:, 1], labels=list(codes), weights=sklearn)
        made = found(X, weights, codes)
        assert made.value == pytest.approx(score, abs=1e-12)
        assert made.value == pytest.approx(expected.kappa, abs=1e-12)
        assert made.error == pytest.approx(expected.std_kappa, abs=1e-12)
        assert made.null == pytest.approx(expected.std_kappa0, abs=1e-12)


def slow_kappa(x: np.ndarray, y: np.ndarray) -> float:
    both = [(a, b) for a, b in zip(x, y, strict=True) if np.isfinite(a) and np.isfinite(b)]
    if not both:
        return np.nan
    n = len(both)
    observed = sum(a == b for a, b in both) / n
    chance = sum(sum(a == k for a, _ in both) * sum(b == k for _, b in both) for k in (1, 2, 3)) / n**2
    return (observed - chance) / (1 - chance) if chance < 1 else np.nan


@settings(max_examples=60, deadline=None)
@given(panels(most_raters=2))
def test_as_the_loops_say_whatever_the_order_and_names(X: np.ndarray) -> None:
    expected = slow_kappa(X[:, 0], X[:, 1])
    rng = np.random.default_rng(0)
    shuffled = X[rng.permutation(len(X))][:, ::-1]
    renamed = np.array([np.nan, 7.0, 0.0, 3.0])[np.where(np.isfinite(X), X, 0).astype(int)]
    for version, codes in ((X, (1.0, 2.0, 3.0)), (shuffled, (1.0, 2.0, 3.0)), (renamed, (0.0, 3.0, 7.0))):
        assert found(version, codes=codes).value == pytest.approx(expected, abs=1e-9, nan_ok=True)


@settings(max_examples=12, deadline=None)
@given(panels(levels=3, most_items=30, most_raters=4))
def test_light_is_the_plain_mean_of_the_pairs_own_kappas(X: np.ndarray) -> None:
    X = np.vstack([X] * 6)
    assume(np.isfinite(X).any(axis=0).all())
    kappas = [slow_kappa(X[:, i], X[:, j]) for i, j in combinations(range(X.shape[1]), 2)]
    common = [np.isfinite(X[:, [i, j]]).all(axis=1).sum() for i, j in combinations(range(X.shape[1]), 2)]
    assume(all(n == 0 or n >= 10 for n in common))
    assume(any(np.isfinite(k) for k in kappas))
    value = table(study_of(X, levels=[1, 2, 3]), "light")["value"][0]
    assert value == pytest.approx(np.nanmean(kappas), abs=1e-9)


def test_rows_beside_kappa_and_the_identity_that_binds_them() -> None:
    X = drawn(np.random.default_rng(2), 120, 4, (0.0, 1.0), missing=0.15)
    X[:, 0] = np.where(np.isfinite(X[:, 0]), X[:, 0], 1.0)
    study = study_of(X, levels=[0, 1], judges=("judge",))
    rows = table(study, "kappa", n_boot=2000).set_index(["statistic", "a", "b"])
    assert set(rows.index.get_level_values(0)) == {
        "kappa", "kappa.prevalence_index", "kappa.bias_index", "kappa.pabak"
    }  # fmt: skip
    for one, other, (i, j) in (("judge", "h1", (0, 1)), ("h1", "h3", (1, 3))):
        k, pi, bi, adjusted = (rows.loc[(f"kappa{name}", one, other), "value"] for name in
                               ("", ".prevalence_index", ".bias_index", ".pabak"))  # fmt: skip
        assert k == pytest.approx((adjusted - pi**2 + bi**2) / (1 - pi**2 + bi**2), abs=1e-12)
        both = X[np.isfinite(X[:, [i, j]]).all(axis=1)][:, [i, j]]
        assert bi == pytest.approx(both[:, 0].mean() - both[:, 1].mean(), abs=1e-12)
        assert adjusted == pytest.approx(2 * np.mean(both[:, 0] == both[:, 1]) - 1, abs=1e-12)
        assert k == pytest.approx(cohen_kappa_score(both[:, 0], both[:, 1]), abs=1e-12)
    assert rows["value"].between(rows["low"], rows["high"]).all()
    pool = str(study.raters.loc[study.raters["rater"] == "h1", "pool"].iloc[0])
    pairs = [X[np.isfinite(X[:, [0, j]]).all(axis=1)][:, [0, j]] for j in (1, 2, 3)]
    mean = np.average([cohen_kappa_score(*pair.T) for pair in pairs], weights=[len(pair) for pair in pairs])
    assert rows.loc[("kappa", "judge", pool), "value"] == pytest.approx(mean, abs=1e-12)
    shift = sum((pair[:, 0] - pair[:, 1]).sum() for pair in pairs) / sum(len(pair) for pair in pairs)
    assert rows.loc[("kappa.bias_index", "judge", pool), "value"] == pytest.approx(shift, abs=1e-12)
    among = rows.loc[("kappa.bias_index", pool, pool)]
    assert among["value"] > 0
    assert among["method"].startswith("mean absolute difference of two raters' shares of '1'")


def test_indices_stand_only_beside_two_levels() -> None:
    study = study_of(drawn(np.random.default_rng(3), 60, 3, (1.0, 2.0, 3.0)))
    assert set(table(study, "kappa")["statistic"]) == {"kappa"}
    assert table(study, "specific").empty


def test_analytic_rows() -> None:
    X = drawn(np.random.default_rng(4), 80, 3, (0.0, 1.0))
    study = study_of(X, levels=[0, 1])
    rows = table(study, "kappa", interval="analytic")
    rows = rows[rows["statistic"] == "kappa"].set_index(["a", "b"])
    counted = np.array([[np.sum((X[:, 0] == a) & (X[:, 1] == b)) for b in (0, 1)] for a in (0, 1)])
    theirs = cohens_kappa(counted)
    one = rows.loc[("h1", "h2")]
    assert [one["low"], one["high"]] == pytest.approx([theirs.kappa_low, theirs.kappa_upp], abs=1e-9)
    assert one["p"] == pytest.approx(theirs.pvalue_two_sided, rel=1e-6)
    assert one["method"].endswith("linearised standard error over items, normal")
    pool = rows.iloc[0]
    boot = table(study, "kappa", n_boot=4000).iloc[0]
    assert pool["value"] == boot["value"]
    assert pool["high"] - pool["low"] == pytest.approx(boot["high"] - boot["low"], rel=0.15)


def test_errors_of_a_mean_over_pairs_and_of_clusters_are_those_of_the_jackknife() -> None:
    rng = np.random.default_rng(5)
    X = drawn(rng, 300, 3, (1.0, 2.0, 3.0), missing=0.1)
    pairs = PairIndex(((0, 1), (0, 2), (1, 2)), (), True)
    cost = np.asarray(disagreement((1.0, 2.0, 3.0), "linear"))
    for groups in (np.arange(300), np.arange(300) // 3):
        made = asymptotic(pairs, (1.0, 2.0, 3.0), cost, X, groups)
        G = groups[-1] + 1
        left_out = np.array([asymptotic(pairs, (1.0, 2.0, 3.0), cost, X[groups != g], groups[groups != g]).value
                             for g in range(G)])  # fmt: skip
        jackknife = np.sqrt((G - 1) / G * np.sum((left_out - left_out.mean()) ** 2))
        assert made.error == pytest.approx(jackknife, rel=0.03)
        assert made.df == (np.inf if G == 300 else G - 1)


def test_specific_agreement_by_counting() -> None:
    X = drawn(np.random.default_rng(6), 50, 4, (0.0, 1.0), missing=0.2)
    study = study_of(X, levels=[0, 1], judges=("judge",))
    rows = table(study, "specific", n_boot=1000)
    rows = rows.set_index(["statistic", "a", "b"])
    pool = str(study.raters.loc[study.raters["rater"] == "h1", "pool"].iloc[0])
    for name, level in (("percent.specific_positive", 1.0), ("percent.specific_negative", 0.0)):
        for a, pairs in ((pool, list(combinations((1, 2, 3), 2))), ("judge", [(0, 1), (0, 2), (0, 3)])):
            both = split = 0
            for line in X:
                for i, j in pairs:
                    if np.isfinite(line[[i, j]]).all():
                        both += line[i] == line[j] == level
                        split += line[i] != line[j]
            assert rows.loc[(name, a, pool), "value"] == pytest.approx(2 * both / (2 * both + split), abs=1e-12)
    assert ((rows["low"] < rows["value"]) & (rows["value"] <= rows["high"])).all()


def test_perfect_agreement_and_one_label() -> None:
    perfect = study_of(np.repeat(np.array([[0.0], [1.0]] * 10), 2, axis=1), levels=[0, 1])
    for name in ("kappa", "light"):
        row = table(perfect, name, n_boot=1000).iloc[0]
        assert [row["value"], row["high"]] == [1, 1]
        assert row["low"] < 0.95
    one = study_of(np.zeros((20, 2)), levels=[0, 1])
    row = table(one, "kappa", n_boot=1000).iloc[0]
    assert np.isnan(row["value"])
    assert row["note"].startswith("no estimate: only one label occurs")
    positive = table(one, "specific", n_boot=1000).iloc[0]
    assert positive["statistic"] == "percent.specific_positive"
    assert np.isnan(positive["value"])


def test_mean_rank_correlations_of_r_use_fishers_z(reference: Path) -> None:
    """What R calls meanrho is not a mean of correlations; from our own pairs it comes out all the same."""
    compared = 0
    for _, X, results in data_sets(reference):
        if "irr_meanrho" in results:
            rows = table(study_of(X, "ordinal"), "spearman")
            single = rows[rows["a"].str.startswith("h") & rows["b"].str.startswith("h") & (rows["n_raters"] == 2)]
            rhos = single.drop_duplicates(["a", "b"])["value"]
            assert np.tanh(np.mean([atanh(rho) for rho in rhos])) == pytest.approx(results["irr_meanrho"], abs=1e-9)
            compared += 1
    assert compared == 3


@pytest.mark.parametrize(("share", "warns"), [(0.06, True), (0.4, False)])
def test_analytic_kappa_warns_where_the_rarer_label_is_scarce(share: float, warns: bool) -> None:
    rng = np.random.default_rng(7)
    first = rng.random(200) < share
    X = np.column_stack([first, np.where(rng.random(200) < 0.02, ~first, first)]).astype(float)
    table = estimate(study_of(X, levels=[0, 1], judges=("judge",)), "kappa", n_boot=0, interval="analytic")
    note = table[(table["statistic"] == "kappa") & (table["a"] == "judge")].iloc[0]["note"]
    assert ("take the bootstrap's" in note) is warns
