"""The alternative annotator test: the authors' values, a slow second implementation, and what the paper lacks."""

from __future__ import annotations

import json
from itertools import product
from math import comb, factorial, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import panel_of, study_of
from scipy import stats as scipy_stats

from judgekit.errors import InputError
from judgekit.stats.advantage import alternative_annotator_test, nearer, nearer_to, t_test
from judgekit.stats.alt_test import PASS, alt_test, epsilon_of
from judgekit.stats.resample import Bootstrap
from judgekit.stats.trinomial import exact, signed_rank
from judgekit.study import Study

QUICK = Bootstrap(seed=1, n_boot=400)
SETS = 120  # simulated studies a check


def plain(judge: list, people: list[list], metric: str, epsilon: float, least: int, level: float = 0.05):
    """The published procedure, written out item by item; None is missing."""
    rho, p = {}, {}
    for j in range(len(people[0])):
        ahead_judge, ahead_person = [], []
        for f, row in zip(judge, people, strict=True):
            others = [h for k, h in enumerate(row) if k != j and h is not None]
            if f is None or row[j] is None or not others:
                continue

            def aligned(x, others=others):
                if metric == "accuracy":
                    return sum(x == h for h in others) / len(others)
                return -sqrt(sum((x - h) ** 2 for h in others) / len(others))

            ahead_judge.append(aligned(f) >= aligned(row[j]))
            ahead_person.append(aligned(row[j]) >= aligned(f))
        if len(ahead_judge) < least:
            continue
        d = [float(h) - float(f) for h, f in zip(ahead_person, ahead_judge, strict=True)]
        rho[j] = sum(ahead_judge) / len(ahead_judge)
        if len(set(d)) == 1:
            p[j] = 1.0 if d[0] > 0 else ((1 - epsilon) / (2 if d[0] < 0 else 1)) ** len(d)
        else:
            p[j] = float(scipy_stats.ttest_1samp(d, epsilon, alternative="less").pvalue)
    if not p:
        return float("nan"), float("nan"), p
    from statsmodels.stats.multitest import multipletests

    won = multipletests(list(p.values()), alpha=level, method="fdr_by")[0]
    return float(np.mean(won)), float(np.mean(list(rho.values()))), p


def arrays(judge: list, people: list[list]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(judge, dtype=float), np.array(people, dtype=float)


@st.composite
def panels(draw: st.DrawFn) -> tuple[list, list[list]]:
    n, raters = draw(st.integers(2, 12)), draw(st.integers(2, 5))
    label = st.one_of(st.none(), st.integers(1, 4))
    judge = draw(st.lists(label, min_size=n, max_size=n))
    people = draw(st.lists(st.lists(label, min_size=raters, max_size=raters), min_size=n, max_size=n))
    return judge, people


@given(panels(), st.sampled_from(["accuracy", "neg_rmse"]), st.sampled_from([0.0, 0.1, 0.2]), st.integers(2, 6))
@settings(deadline=None, max_examples=150)
def test_equals_the_procedure_written_out(panel, metric: str, epsilon: float, least: int) -> None:
    omega, rho, p = plain(*panel, metric, epsilon, least)
    found = alternative_annotator_test(*arrays(*panel), metric=metric, epsilon=epsilon, least_items=least)
    np.testing.assert_equal(np.flatnonzero(found.tested), list(p))
    np.testing.assert_allclose(found.p[found.tested], list(p.values()), rtol=1e-9)
    np.testing.assert_allclose([found.omega, found.advantage], [omega, rho])


@given(panels(), st.sampled_from(["accuracy", "neg_rmse"]), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=50)
def test_neither_the_order_of_people_nor_of_items_matters(panel, metric: str, random) -> None:
    judge, people = arrays(*panel)
    items, raters = list(range(len(judge))), list(range(people.shape[1]))
    random.shuffle(items)
    random.shuffle(raters)
    one = alternative_annotator_test(judge, people, metric=metric, least_items=2)
    other = alternative_annotator_test(judge[items], people[items][:, raters], metric=metric, least_items=2)
    np.testing.assert_allclose(other.p, one.p[raters])
    np.testing.assert_allclose([other.omega, other.advantage], [one.omega, one.advantage])


@given(panels(), st.integers(1, 4))
@settings(deadline=None, max_examples=50)
def test_a_new_name_of_a_label_changes_nothing(panel, label: int) -> None:
    judge, people = arrays(*panel)
    renamed = [np.where(x == label, 99.5, x) for x in (judge, people)]
    np.testing.assert_array_equal(nearer(judge, people, "accuracy"), nearer(*renamed, "accuracy"))


@pytest.mark.parametrize("case", range(5))
def test_the_authors_values(reference: Path, case: int) -> None:
    given_ = json.loads((reference / "py_reference.json").read_text())["alt_test"]["cases"][case]
    people = pd.DataFrame(given_["humans"])
    judge = pd.Series(given_["llm"]).reindex(people.index)
    found = alternative_annotator_test(
        judge.to_numpy(float),
        people.to_numpy(float),
        metric=given_["scoring"],
        epsilon=given_["epsilon"],
        level=given_["q_fdr"],
    )
    np.testing.assert_allclose(found.p, given_["p_values"], rtol=1e-10)
    assert found.omega == pytest.approx(given_["winning_rate"], abs=1e-12)
    assert found.advantage == pytest.approx(given_["advantage_prob"], abs=1e-12)


def test_thirds_that_rounding_would_part_are_ties() -> None:
    judge, people = np.array([0.1 + 0.2]), np.array([[0.3, 0.9]])
    np.testing.assert_array_equal(nearer(judge, people, "neg_rmse"), [[0.0, 1.0]])


# tests for few items ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("losses", "wins", "n"), [(0, 0, 40), (0, 40, 40), (40, 0, 40)])
def test_outcomes_without_variance_give_a_bound_and_never_zero(losses: int, wins: int, n: int) -> None:
    p = float(t_test(np.array(n), np.array(losses), np.array(wins), 0.2))
    expected = {0: 0.8**40, 40: 0.4**40}[wins] if not losses else 1.0
    assert p == pytest.approx(expected)
    assert p > 0


def test_no_p_underflows_to_zero() -> None:
    assert float(t_test(np.array(100_000), np.array(1), np.array(0), 0.2)) > 0
    assert float(t_test(np.array(100_000), np.array(0), np.array(0), 0.2)) > 0


def chance_of_rejection(test, n: int, epsilon: float, wins: float, level: float = 0.05) -> float:
    """The chance that a test rejects, summed over every outcome, where E[d] is exactly ε."""
    loss = wins + epsilon
    total = 0.0
    for a, b in product(range(n + 1), repeat=2):
        if a + b <= n and test(n, a, b, epsilon) <= level:
            ways = factorial(n) // (factorial(a) * factorial(b) * factorial(n - a - b))
            total += ways * loss**a * wins**b * max(1 - loss - wins, 0) ** (n - a - b)
    return total


@pytest.mark.parametrize("epsilon", [0.1, 0.2])
@pytest.mark.parametrize("n", [6, 12, 20])
def test_the_exact_test_holds_its_level_whatever_the_share_of_wins(n: int, epsilon: float) -> None:
    rates = [chance_of_rejection(exact, n, epsilon, wins) for wins in (0.0, 0.05, 0.2, (1 - epsilon) / 2)]
    assert max(rates) <= 0.05 + 1e-6


def test_the_signed_rank_test_does_not_where_losses_are_rare() -> None:
    assert chance_of_rejection(signed_rank, 12, 0.2, 0.0) > 0.15


@pytest.mark.parametrize(("n", "losses", "wins"), [(8, 1, 3), (9, 0, 0), (10, 2, 2), (7, 0, 5)])
def test_the_exact_test_by_brute_force(n: int, losses: int, wins: int) -> None:
    epsilon = 0.15

    def statistic(a: int, b: int) -> float:
        # the likelihood maximised over a fine grid, instead of by the formula
        grid = np.linspace(1e-9, (1 - epsilon) / 2 - 1e-9, 20_001)
        like = a * np.log(grid + epsilon) + b * np.log(grid) + (n - a - b) * np.log(1 - 2 * grid - epsilon)
        share = grid[like.argmax()]
        return float((a - b - n * epsilon) / sqrt(n * (2 * share + epsilon - epsilon**2)))

    observed = statistic(losses, wins)
    tail = [(a, b) for a, b in product(range(n + 1), repeat=2) if a + b <= n and statistic(a, b) <= observed + 1e-3]
    worst = max(
        sum(
            comb(n, a) * comb(n - a, b) * (q + epsilon) ** a * q**b * max(1 - 2 * q - epsilon, 0) ** (n - a - b)
            for a, b in tail
        )
        for q in np.linspace(0, (1 - epsilon) / 2, 400)
    )
    assert exact(n, losses, wins, epsilon) == pytest.approx(worst, rel=1e-3)


@pytest.mark.parametrize(
    ("n", "losses", "wins", "epsilon"), [(9, 1, 3, 0.2), (10, 0, 0, 0.2), (8, 3, 2, 0.5), (7, 1, 4, 0.0)]
)
def test_the_signed_rank_test_over_all_signs(n: int, losses: int, wins: int, epsilon: float) -> None:
    away = np.round(np.array([1.0] * losses + [-1.0] * wins + [0.0] * (n - losses - wins)) - epsilon, 9)
    away = away[away != 0]
    ranks = scipy_stats.rankdata(np.abs(away))
    sums = [sum(r for r, sign in zip(ranks, signs, strict=True) if sign) for signs in product((0, 1), repeat=len(away))]
    expected = np.mean(np.array(sums) <= ranks[away > 0].sum() + 1e-9)
    assert signed_rank(n, losses, wins, epsilon) == pytest.approx(expected)


def test_a_single_expert_stands_for_the_others() -> None:
    expert, judge = np.array([1.0, 2, 3, 1, np.nan]), np.array([1.0, 2, 1, 2, 1])
    people = np.array([[1.0, 2], [1, 2], [2, 3], [1, np.nan], [1, 1]])
    np.testing.assert_array_equal(
        nearer_to(expert, judge, people, "accuracy"), [[0, 1], [1, 0], [0, -1], [-1, np.nan], [np.nan, np.nan]]
    )
    np.testing.assert_array_equal(nearer_to(expert, judge, people, "neg_rmse")[2], [-1, -1])


# as an option of the statistics -------------------------------------------------------------------------------------


def rows(study: Study, **options: object) -> pd.DataFrame:
    boot = options.pop("boot", QUICK)
    return pd.DataFrame([made.row() for made in alt_test(study, boot=boot, **options)])


def test_rows_of_a_judge_and_a_pool() -> None:
    cells = panel_of(80, 0.95, 0.8)
    found = rows(study_of(cells))
    straight = alternative_annotator_test(cells[:, 0], cells[:, 1:], metric="neg_rmse", epsilon=0.2)
    omega, rho = found.iloc[0], found.iloc[1]
    assert list(found["statistic"]) == ["alt_test.omega", *["alt_test.rho"] * 4]
    assert list(found["b"]) == ["expert", "expert", "p1", "p2", "p3"]
    assert (omega["value"], rho["value"]) == (straight.omega, pytest.approx(straight.advantage))
    np.testing.assert_allclose(found["p"][2:].astype(float), straight.p)
    np.testing.assert_allclose(found["q"][2:].astype(float), straight.q)
    assert omega["verdict"] == "yes"
    assert (found["margin"] == 0.2).all()
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()
    assert (found["n_items"] == 80).all()


@pytest.mark.parametrize(("judge", "n", "answer"), [(0.97, 200, "yes"), (-0.3, 200, "no"), (0.8, 31, "undecided")])
def test_the_verdict_has_three_states(judge: float, n: int, answer: str) -> None:
    found = rows(study_of(panel_of(n, judge, 0.85, seed=3)))
    omega = found.iloc[0]
    assert omega["verdict"] == answer
    if answer == "yes":
        assert omega["low"] >= PASS
    if answer == "no":
        assert omega["high"] < PASS


def test_nobody_with_enough_items_is_a_reason_and_not_a_crash() -> None:
    few = study_of(panel_of(12, 0.9, 0.8))
    found = rows(few)
    assert list(found["statistic"]) == ["alt_test.omega", "alt_test.rho"]
    assert found["value"].isna().all()
    assert found["note"].str.contains("no person has 30 items").all()
    assert found["note"].str.contains("fewer=exact").all()
    assert found["verdict"].iloc[0] == "undecided"
    tested = rows(few, fewer="exact")
    assert tested["value"].notna().all()
    assert tested["p"].iloc[2] == pytest.approx(exact(12, *outcomes(few, "p1"), 0.2))
    assert "exact unconditional test" in tested["method"].iloc[0]
    ranked = rows(few, fewer="wilcoxon")
    assert ranked["p"].iloc[2] == pytest.approx(signed_rank(12, *outcomes(few, "p1"), 0.2))
    assert ranked["note"].str.contains("fewer=exact").all()
    assert not tested["note"].str.contains("fewer=exact").any()


def outcomes(study: Study, person: str) -> tuple[int, int]:
    cells = study.matrix("value")
    people = study.people()
    ahead = nearer(cells["judge"].to_numpy(), cells[people].to_numpy(), "neg_rmse")[:, people.index(person)]
    return int((ahead < 0).sum()), int((ahead > 0).sum())


def test_one_person_is_a_reason() -> None:
    found = rows(study_of(panel_of(50, 0.9, 0.8, raters=1)))
    assert found["note"].str.contains("one person only").all()


def test_people_with_few_items_leave_the_denominator_and_are_named_in_the_note() -> None:
    cells = panel_of(60, 0.99, 0.6)
    cells[20:, 3] = np.nan
    found = rows(study_of(cells))
    straight = alternative_annotator_test(cells[:, 0], cells[:, 1:], metric="neg_rmse", epsilon=0.2)
    assert straight.tested.tolist() == [True, True, False]
    assert found["value"].iloc[0] == straight.won[:2].mean()
    assert found["value"].iloc[1] == pytest.approx(straight.rho[:2].mean())
    assert "1 of 3 people left out: fewer than 30 items" in found["note"].iloc[0]


def test_unanimity_has_an_interval_and_a_positive_p() -> None:
    cells = np.tile(np.arange(40)[:, None] % 5 + 1.0, (1, 4))
    found = rows(study_of(cells))
    rho = found.iloc[1]
    assert rho["value"] == 1.0
    assert 0.5 < rho["low"] < 1.0 == rho["high"]
    assert (found["p"][2:] > 0).all()
    assert "differ on 0 items only" in rho["note"]


def test_clusters_widen_intervals_and_on_demand_the_tests() -> None:
    cells = np.repeat(panel_of(20, 0.9, 0.8, seed=5), 6, axis=0)
    apart, together = rows(study_of(cells)), rows(study_of(cells, group=6))
    robust = rows(study_of(cells, group=6), clustered=True)
    width = [made["high"].iloc[1] - made["low"].iloc[1] for made in (apart, together)]
    assert width[1] > 1.5 * width[0]
    np.testing.assert_array_equal(apart["p"], together["p"])
    assert "for independent, as published" in together["note"].iloc[0]
    # Six copies of each item say no more than one: twenty clusters, so the t test of the twenty items.
    once = alternative_annotator_test(cells[::6, 0], cells[::6, 1:], metric="neg_rmse", least_items=2)
    np.testing.assert_allclose(robust["p"][2:].astype(float), once.p, rtol=1e-9)
    assert "cluster-robust" in robust["method"].iloc[0]


def test_options_decide_epsilon_metric_and_expert() -> None:
    study = study_of(panel_of(60, 0.9, 0.8), pool="crowd")
    assert (rows(study)["margin"] == 0.1).all()
    assert (rows(study, epsilon=0.3)["margin"] == 0.3).all()
    assert rows(study)["method"].str.startswith("neg_rmse").all()
    assert rows(study, metric="accuracy")["method"].str.startswith("accuracy").all()
    single = rows(study, expert="p2")
    assert list(single["b"]) == ["crowd", "crowd", "p1", "p3"]
    assert single["method"].str.contains("against the expert p2").all()
    assert [epsilon_of(pool) for pool in ("experts", "skilled", "crowd", "people")] == [0.2, 0.15, 0.1, 0.1]


@pytest.mark.parametrize(
    ("options", "says"),
    [({"epsilon": 1.5}, "epsilon"), ({"metric": "f1"}, "accuracy or neg_rmse"), ({"fewer": "t"}, "exact"),
     ({"expert": "nobody"}, "no rater 'nobody'")],
)  # fmt: skip
def test_bad_options_are_one_line(options: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        rows(study_of(panel_of(40, 0.9, 0.8)), **options)


def test_points_only() -> None:
    found = rows(study_of(panel_of(40, 0.9, 0.8)), boot=Bootstrap(n_boot=0))
    assert found["value"].notna().all()
    assert found["low"].isna().all()


@pytest.mark.slow
@pytest.mark.parametrize(("n", "judge", "person"), [(30, 0.98, 0.7), (60, 0.9, 0.9), (60, 0.7, 0.95)])
def test_intervals_cover_the_population(n: int, judge: float, person: float) -> None:
    whole = panel_of(300_000, judge, person, seed=99)
    ahead = nearer(whole[:, 0], whole[:, 1:], "neg_rmse")
    rho, matched = np.mean(ahead >= 0), np.mean(-ahead.mean(axis=0) < 0.2)
    hits = np.zeros(2)
    for seed in range(SETS):
        found = rows(study_of(panel_of(n, judge, person, seed=seed)), boot=Bootstrap(seed, 500))
        for number, truth in enumerate((matched, rho)):
            one = found.iloc[number]
            hits[number] += one["low"] - 1e-9 <= truth <= one["high"] + 1e-9
    assert (hits / SETS >= 0.93 - 2 * sqrt(0.95 * 0.05 / SETS)).all()


@pytest.mark.slow
def test_a_judge_who_is_one_more_person_is_hardly_ever_refused() -> None:
    refused = sum(
        rows(study_of(panel_of(60, 0.8, 0.8, seed=seed)), boot=Bootstrap(seed, 500))["verdict"].iloc[0] == "no"
        for seed in range(SETS)
    )
    assert refused <= 0.05 * SETS
