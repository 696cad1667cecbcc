"""Evidence tells careless raters from careful ones, says how sure it is, and deletes nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from humans.labels.desked import TASK, design, desked
from hypothesis import given
from hypothesis import strategies as st

from judgekit.humans.labels.care import RestAgreement, chance_of_run, longest_run
from judgekit.humans.labels.quality import COLUMNS, EVIDENCE, declared, evidence, excluded, words
from judgekit.humans.labels.settings import Exclusion
from judgekit.stats.kappa import weighted_kappa
from judgekit.stats.resample import Bootstrap
from judgekit.study import Study

CARE = {"anna": 1.0, "ben": 1.0, "cai": 1.0, "dan": 0.9, "lazy": 0.0}
RULES = {"gold": 0.7, "attention": 0.5, "fast": 0.5, "straight": 15, "consistency": 0.5}


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    ratings, raters = desked(CARE)
    return evidence(design(exclusion=RULES), ratings, raters)


def of(found: pd.DataFrame, rater: str, name: str) -> pd.Series:
    return found[(found["rater"] == rater) & (found["evidence"] == name)].squeeze()


def test_every_rater_has_every_kind_of_evidence(found: pd.DataFrame) -> None:
    assert list(found.columns) == COLUMNS
    assert found.groupby("rater")["evidence"].agg(set).map(lambda kinds: kinds == set(EVIDENCE)).all()
    assert (found["kind"] == "simulated").all()


def test_a_careless_rater_shows(found: pd.DataFrame) -> None:
    for name, bound in (("gold", 0.3), ("attention", 0.3)):
        assert of(found, "lazy", name)["high"] < bound + 0.3
        assert of(found, "anna", name)["value"] == 1
    assert of(found, "lazy", "fast")["value"] == 1
    assert of(found, "anna", "fast")["value"] == 0
    assert of(found, "lazy", "straight")["value"] == 48
    assert of(found, "anna", "agreement")["low"] > 0.4
    assert of(found, "lazy", "agreement")["value"] == pytest.approx(0, abs=1e-9)


def test_intervals_hold_the_value_and_are_never_empty(found: pd.DataFrame) -> None:
    told = found[found["low"].notna()]
    assert (told["low"] <= told["value"] + 1e-12).all()
    assert (told["value"] <= told["high"] + 1e-12).all()
    assert (told["high"] - told["low"] > 0.01).all()
    assert (told["method"] != "").all()


def test_declared_rules_exclude_with_reasons(found: pd.DataFrame) -> None:
    reasons = excluded(found)
    assert set(reasons) == {"lazy"}
    for word in ("gold", "attention", "fast", "straight"):
        assert word in reasons["lazy"]
    few = of(found, "anna", "attention")
    assert few["verdict"] == "yes" or few["cards"] == 4  # four cards alone decide little


def test_no_rule_excludes_nobody_and_says_what_was_declared() -> None:
    ratings, raters = desked(CARE)
    found = evidence(design(), ratings, raters)
    assert excluded(found) == {}
    assert not found["flagged"].any()
    assert declared(Exclusion()) == []
    assert declared(Exclusion(gold=0.7, straight=12)) == [
        "less than 70% of gold answers accepted",
        "a run of more than 12 equal answers",
    ]


def test_disagreement_is_no_rule(found: pd.DataFrame) -> None:
    assert found.loc[found["evidence"] == "agreement", "rule"].isna().all()


def test_agreement_is_the_weighted_kappa_with_the_others_drawn_together() -> None:
    ratings, _ = desked({"anna": 1.0, "ben": 0.6}, seed=3)
    rows = ratings[(ratings["purpose"] == "item") & (ratings["criterion"] == "warmth")]
    task = TASK.model_copy(update={"criteria": TASK.criteria[:1]})
    ours = RestAgreement.of(task, rows).of_rater("anna", 0.95)
    study = Study.build(task, pd.DataFrame({"item": rows["item"].unique()}), pd.DataFrame({"rater": ["anna", "ben"]}),
                        rows[["item", "rater", "criterion", "value"]])  # fmt: skip
    theirs = next(weighted_kappa(study, boot=Bootstrap(n_boot=0)))
    assert ours is not None
    assert ours.value == pytest.approx(theirs.value, abs=1e-12)


def test_one_question_of_two_kinds_counts_each_once() -> None:
    ratings, _ = desked({"anna": 1.0, "ben": 1.0, "cai": 1.0})
    rows = ratings[ratings["purpose"] == "item"]
    whole = RestAgreement.of(TASK, rows).of_rater("anna", 0.95)
    parts = [
        RestAgreement.of(TASK, rows[rows["criterion"] == key]).of_rater("anna", 0.95) for key in ("warmth", "topic")
    ]
    assert whole is not None
    assert whole.value == pytest.approx(np.mean([part.value for part in parts if part is not None]))


def test_too_little_is_told_as_too_little() -> None:
    ratings, raters = desked({"anna": 1.0, "ben": 1.0}, n=3)
    agreed = of(evidence(design(3), ratings, raters), "anna", "agreement")
    assert np.isnan(agreed["value"])
    assert "too few" in agreed["note"]
    assert evidence(design(), ratings.iloc[:0], raters).empty


def test_a_review_arm_does_not_count_as_agreement() -> None:
    ratings, raters = desked({"anna": 1.0, "ben": 1.0})
    seen = ratings.assign(arm=np.where(ratings["rater"] == "ben", "review", "blind"))
    assert not (evidence(design(), seen, raters)["evidence"] == "agreement").any()


@given(st.lists(st.integers(0, 2), min_size=1, max_size=12))
def test_a_run_is_as_long_as_a_loop_says(values: list[int]) -> None:
    best = run = 1
    for before, value in itertools.pairwise(values):
        run = run + 1 if value == before else 1
        best = max(best, run)
    assert longest_run(np.array([values], dtype=float))[0] == best


def test_the_chance_of_a_run_knows_a_raters_own_shares() -> None:
    rng = np.random.default_rng(0)
    assert chance_of_run(np.ones(20), 20, rng) == 1
    assert chance_of_run(np.repeat([1.0, 2.0], 10), 10, rng) < 0.02


def test_words_of_every_script() -> None:
    assert words("one two, three!") == 3
    assert words("") == 0
    assert 4 < words("私はとても悲しい") < 6
    assert words("مرحبا بكم هنا") == 3
