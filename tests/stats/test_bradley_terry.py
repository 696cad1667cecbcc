"""Bradley–Terry with ties: other packages' numbers, planted slots, lengths and authors, innocent judges, real pairs."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from paired import chosen, pairs
from references import read
from scipy.special import xlogy

from judgekit import config
from judgekit.errors import InputError
from judgekit.stats.battery import estimate
from judgekit.stats.davidson import FirstGiven, davidson
from judgekit.stats.traces import kin, list_lines, marks
from judgekit.studies.llmbar import llmbar


def of(table: pd.DataFrame, statistic: str) -> pd.Series:
    found = table[(table["statistic"] == f"bradley_terry.{statistic}") & (table["subset"] == "all")]
    assert len(found) == 1
    return found.iloc[0]


def contests(wins: list[tuple[str, str, int, int]], base: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return Z, first and the names but base: one answer for each win of (first, second, wins of either)."""
    names = sorted({name for one, other, *_ in wins for name in (one, other)} - {base})
    lines = [[float(name == one) - float(name == other) for name in names] for one, other, *_ in wins]
    Z = np.repeat(np.array(lines), [won + lost for *_, won, lost in wins], axis=0)
    first = np.concatenate([np.repeat([1.0, -1.0], [won, lost]) for *_, won, lost in wins])
    return Z, first, names


def deviance(wins: list[tuple[str, str, int, int]], loglik: float) -> float:
    """Return twice what the log-likelihood lacks to that of the observed shares."""
    shares = [k / (won + lost) for *_, won, lost in wins for k in (won, lost)]
    counts = [k for *_, won, lost in wins for k in (won, lost)]
    return 2 * (float(np.sum(xlogy(counts, shares))) - loglik)


def test_six_models_and_the_place_as_bradleyterry2_has_them(reference: Path) -> None:
    theirs = read(reference, "r_models.json")["BT_position"]
    wins = list(zip(*(theirs[key] for key in ("first", "second", "wins_first", "wins_second")), strict=True))
    Z, first, names = contests(wins, "m1")
    found = davidson(np.column_stack([Z, np.ones(len(Z))]), first, prior_sd=1e6)
    assert [*(f"model{name}" for name in names), "first"] == list(theirs["coef"])
    assert found.parameters == pytest.approx(list(theirs["coef"].values()), abs=5e-8)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(list(theirs["se"].values()), abs=1e-8)
    assert deviance(wins, found.at.value) == pytest.approx(theirs["deviance"], abs=1e-9)
    alone = davidson(Z, first, prior_sd=1e6)
    assert alone.parameters == pytest.approx(list(theirs["coef_no_position"].values()), abs=5e-8)


def test_citations_between_journals_as_bradleyterry2_has_them(reference: Path) -> None:
    theirs = read(reference, "r_published_examples.json")["BT_citations"]
    printed = read(reference, "published.json")["bt_citations"]
    matrix = np.array(theirs["matrix"])  # cited × citing
    journals = ["Biometrika", "Comm Statist", "JASA", "JRSS-B"]
    wins = [(journals[i], journals[j], matrix[i, j], matrix[j, i]) for i, j in combinations(range(4), 2)]
    Z, first, names = contests(wins, "Biometrika")
    found = davidson(Z, first, prior_sd=1e6)
    assert [f"journal{name}" for name in names] == list(theirs["coef"])
    assert found.parameters == pytest.approx(list(theirs["coef"].values()), abs=2e-7)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(list(theirs["se"].values()), abs=1e-8)
    assert deviance(wins, found.at.value) == pytest.approx(theirs["deviance"], abs=1e-9)
    wanted = [printed[name] for name in ("CommStatist", "JASA", "JRSSB")]
    assert found.parameters == pytest.approx(wanted, abs=5.1e-6)


def test_without_ties_it_is_the_logit_of_statsmodels() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    Z = np.column_stack([np.ones(400), rng.standard_normal((400, 3))])
    first = np.where(rng.random(400) < 1 / (1 + np.exp(-Z @ [0.4, 1.0, -0.5, 0.0])), 1.0, -1.0)
    theirs = sm.Logit(first > 0, Z).fit(disp=0, tol=1e-12)
    ours = davidson(Z, first, prior_sd=1e6)
    assert ours.parameters == pytest.approx(theirs.params, abs=1e-7)
    assert np.sqrt(np.diag(ours.covariance)) == pytest.approx(theirs.bse, abs=1e-7)
    assert ours.at.value == pytest.approx(theirs.llf)


def test_place_within_pairs_is_the_conditional_logit_of_statsmodels() -> None:
    from statsmodels.discrete.conditional_models import ConditionalLogit

    rng = np.random.default_rng(2)
    worth = rng.normal(0, 1.5, 300)
    X = np.column_stack([chosen(worth + 0.8, -np.inf, rng), 3 - chosen(-worth + 0.8, -np.inf, rng)])
    one = FirstGiven()
    share = float(one.point(one.features(X).sum(axis=0)))
    changed = X[X[:, 0] != X[:, 1]]  # the package leaves out the others, with a warning
    numbers = np.repeat(np.arange(len(changed)), 2)
    place = np.tile([1.0, -1.0], len(changed))[:, None]
    theirs = ConditionalLogit((changed == 1).astype(int).ravel(), place, groups=numbers).fit(disp=0)
    assert np.log(share / (1 - share)) == pytest.approx(float(theirs.params[0]), abs=1e-4)


def test_place_with_ties_is_the_maximum_of_the_conditional_likelihood() -> None:
    from scipy.optimize import minimize

    rng = np.random.default_rng(3)
    worth = rng.normal(0, 1, 200)
    X = np.column_stack([chosen(worth + 0.6, -0.5, rng), chosen(-worth + 0.6, -0.5, rng)])
    X[:, 1] = np.where(X[:, 1] == 0, 0, 3 - X[:, 1])
    y = np.where(X == 0, 0.0, np.where(X == 1, 0.5, -0.5))
    outcomes = [(a, b) for a in (0.5, 0.0, -0.5) for b in (0.5, 0.0, -0.5)]

    def lost(parameters: np.ndarray) -> float:
        delta, log_nu = parameters
        weight = {(a, b): (a - b) * delta + ((a == 0) + (b == 0)) * log_nu for a, b in outcomes}
        every = [
            (weight[a, b], np.logaddexp.reduce([w for (c, d), w in weight.items() if c + d == a + b])) for a, b in y
        ]
        return float(sum(total - mine for mine, total in every))

    delta = minimize(lost, [0.0, 0.0], method="BFGS").x[0]
    one = FirstGiven()
    share = float(one.point(one.features(X).sum(axis=0)))
    assert np.log(share / (1 - share)) == pytest.approx(delta, abs=1e-4)


def test_ties_are_those_of_a_multinomial_logit() -> None:
    """With no covariate but the place: shares of first, second and tie are reached exactly."""
    first = np.array([1.0] * 30 + [-1.0] * 10 + [0.0] * 20)
    fitted = davidson(np.ones((60, 1)), first, prior_sd=1e6)
    delta, log_nu = fitted.parameters
    weights = np.exp([delta / 2, -delta / 2, log_nu])
    assert weights / weights.sum() == pytest.approx([0.5, 1 / 6, 1 / 3], abs=1e-8)


def test_what_is_planted_comes_out() -> None:
    """Place, people's choice, length and own text, with ties, of 1,500 pairs."""
    table = estimate(
        pairs(1500, seed=4, slot=0.8, length=0.4, own=0.6, worth=1.2, log_nu=-0.5), "bradley_terry", n_boot=300
    )
    for name, truth in (("slot", 0.8), ("quality", 1.2), ("length", 0.4), ("own", 0.6), ("tie", -0.5)):
        row = of(table, name)
        assert row["low"] < truth < row["high"], name
        assert row["value"] == pytest.approx(truth, abs=0.2)
    place = of(table, "first_slot")
    assert place["low"] < 1 / (1 + np.exp(-0.8)) < place["high"]
    assert place["verdict"] == "yes"
    assert place["p"] < 1e-6


def test_only_the_place_is_flagged_and_the_rest_is_called_an_association() -> None:
    table = estimate(pairs(300, slot=1.0, length=2.0, own=2.0), "bradley_terry", n_boot=200)
    flagged = table[table["verdict"].notna() | table["p"].notna()]
    assert set(flagged["statistic"]) == {"bradley_terry.first_slot"}
    for name in ("length", "markdown", "own", "family"):
        assert "association, no experiment" in of(table, name)["method"]
    assert "reliability of the people's mean" in of(table, "length")["note"]


def test_innocent_judges_are_rarely_accused() -> None:
    alarms, equivalent, runs = 0, 0, 60
    for seed in range(runs):
        row = of(estimate(pairs(200, seed=seed, length=0.5, log_nu=-1.0), "bradley_terry", n_boot=200), "first_slot")
        alarms += row["verdict"] == "yes"
        equivalent += row["verdict"] == "no"
    assert alarms <= 8  # 3 expected; more than 8 has a chance below 1 %
    assert equivalent > runs / 2


@pytest.mark.slow
def test_intervals_of_the_model_cover() -> None:
    names, truths, runs = ("slot", "quality", "length", "own"), (0.5, 1.0, 0.3, 0.4), 150
    hits = np.zeros(4)
    for seed in range(runs):
        made = pairs(150, seed=seed, slot=0.5, worth=1.0, length=0.3, own=0.4)
        table = estimate(made, "bradley_terry", n_boot=10)
        rows = [of(table, name) for name in names]
        hits += [row["low"] < truth < row["high"] for row, truth in zip(rows, truths, strict=True)]
    assert (hits / runs > 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs)).all(), hits / runs


def test_twice_the_same_pairs_say_no_more_than_once() -> None:
    once = pairs(80, slot=0.7)
    items, ratings = once.items, once.ratings
    again = [table.assign(item=table["item"] + "b") for table in (items, ratings)]
    twice = type(once).build(once.task, pd.concat([items, again[0]]), once.raters, pd.concat([ratings, again[1]]))
    one, two = (estimate(study, "bradley_terry", n_boot=200) for study in (once, twice))
    for name in ("first_slot", "slot", "length"):
        first, second = (of(table, name)[["value", "low", "high"]].to_numpy(float) for table in (one, two))
        assert first == pytest.approx(second, abs=0.02), name


def test_one_order_has_no_place_within_pairs_and_says_so() -> None:
    table = estimate(pairs(100, swapped=False), "bradley_terry", n_boot=100)
    assert "bradley_terry.first_slot" not in set(table["statistic"])
    assert "one order only" in of(table, "slot")["note"]


def test_without_people_worth_is_not_held_equal() -> None:
    table = estimate(pairs(100, people=0), "bradley_terry", n_boot=100)
    assert "bradley_terry.quality" not in set(table["statistic"])
    assert "worth is not held equal" in of(table, "length")["note"]


def test_every_row_has_an_interval_or_a_reason() -> None:
    few = pairs(3)
    consistent = pairs(30, worth=40.0, length=0.0)
    ratings = pairs(5, form="rating")
    for study in (few, consistent, ratings):
        table = estimate(study, "bradley_terry", n_boot=100)
        assert len(table)
        assert not (table["low"].isna() & (table["note"] == "")).any()
    assert "needs pairs" in table["note"].iloc[0]
    assert "no pair's answer changes" in of(estimate(consistent, "bradley_terry", n_boot=100), "first_slot")["note"]


def test_bad_margins_are_one_line() -> None:
    with pytest.raises(InputError, match="must lie between"):
        estimate(pairs(10), "bradley_terry", margin=0.5)


def test_traces_of_texts() -> None:
    assert marks("Plain text, 2 * 3 * 4 = 24, snake_case_name.") == 0
    assert marks("**a** and *b*\n```\ncode\n```\n[x](http://x) > no quote\n> quote") == 6
    assert list_lines("1. one\n 2) two\n* three\nnot - four\n\n- five") == 4
    judge = {"rater": "claude", "model": "claude-3", "provider": "anthropic"}
    authors = {"claude-3": "own", "anthropic/claude-3": "own", "anthropic/claude-2": "family", "openai/gpt": ""}
    assert {author: kin(author, judge) for author in authors} == authors
    assert kin(None, judge) == ""


def test_six_judges_of_llmbar(mirror: Path) -> None:
    """GPT-4 shows no preference for a place; Falcon, of two equal answers, takes the first in nearly nine of ten."""
    plan = config.build(config.compose(["+experiment=llmbar"]))
    assert {"swap", "bradley_terry"} <= set(plan.stats)
    table = estimate(llmbar(plan.task, mirror=mirror), "bradley_terry", n_boot=500)
    places = table[(table["statistic"] == "bradley_terry.first_slot") & (table["subset"] == "all")].set_index("a")
    shares = {"GPT-4": 0.507, "ChatGPT": 0.863, "ChatGPT-0301": 0.808, "LLaMA2": 0.674, "PaLM2": 0.593, "Falcon": 0.871}
    assert places["value"].to_dict() == pytest.approx(shares, abs=0.0005)
    assert places.loc["GPT-4", "verdict"] == "no"
    assert (places.drop("GPT-4")["verdict"] == "yes").all()
    length = table[table["statistic"] == "bradley_terry.length"].set_index("a")
    assert (length["low"] > 0).all()  # all six go with length at equal gold label, LLaMA2 most
    assert length["value"].idxmax() == "LLaMA2"
    assert length.loc["LLaMA2", "value"] == pytest.approx(0.902, abs=0.001)
