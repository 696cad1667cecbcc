"""Equivalence of a judge with people: values by another route, verdicts, and false alarms at the margin."""

from __future__ import annotations

from itertools import combinations

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import panel_of, study_of
from sklearn.metrics import cohen_kappa_score

from judgekit.errors import InputError
from judgekit.stats.ceiling import ceiling
from judgekit.stats.equivalence import equivalence, verdict
from judgekit.stats.resample import Bootstrap, Interval

QUICK = Bootstrap(seed=2, n_boot=500)
LEVELS = [1.0, 2.0, 3.0, 4.0, 5.0]


def rows(study, boot: Bootstrap = QUICK, **options) -> pd.DataFrame:
    return pd.DataFrame([made.row() for made in equivalence(study, boot=boot, **options)]).set_index("statistic")


def kappa(x: np.ndarray, y: np.ndarray, weights: str | None) -> float:
    return float(cohen_kappa_score(x, y, weights=weights, labels=LEVELS))


def kappa_change(cells: np.ndarray, weights: str | None = "quadratic") -> float:
    people = range(1, cells.shape[1])
    one = np.mean([kappa(cells[:, 0], cells[:, j], weights) for j in people])
    return float(one - np.mean([kappa(cells[:, i], cells[:, j], weights) for i, j in combinations(people, 2)]))


def alpha_change(cells: np.ndarray, level: str) -> float:
    sides = (cells, cells[:, 1:])
    joined, people = (krippendorff.alpha(X.T, level_of_measurement=level, value_domain=LEVELS) for X in sides)
    return float(joined - people)


@given(st.integers(0, 10_000), st.integers(2, 5))
@settings(deadline=None, max_examples=20)
def test_values_are_those_of_sklearn_and_krippendorff(seed: int, raters: int) -> None:
    cells = panel_of(40, 0.7, 0.8, raters, seed)
    found = rows(study_of(cells), Bootstrap(n_boot=0))
    assert found["value"]["equivalence.weighted_kappa"] == pytest.approx(kappa_change(cells))
    assert found["value"]["equivalence.alpha"] == pytest.approx(alpha_change(cells, "ordinal"))


def test_nominal_criteria_take_unweighted_kappa_and_nominal_alpha() -> None:
    cells = panel_of(60, 0.7, 0.8)
    found = rows(study_of(cells, scale="nominal"), Bootstrap(n_boot=0))
    assert found["value"]["equivalence.weighted_kappa"] == pytest.approx(kappa_change(cells, None))
    assert found["value"]["equivalence.alpha"] == pytest.approx(alpha_change(cells, "nominal"))


def test_values_on_a_continuum_take_interval_alpha() -> None:
    cells = panel_of(80, 0.8, 0.8) + np.random.default_rng(0).normal(0, 0.1, (80, 4))
    found = rows(study_of(cells, scale="interval", levels=None))
    assert found["value"]["equivalence.alpha"] == pytest.approx(
        krippendorff.alpha(cells.T, level_of_measurement="interval")
        - krippendorff.alpha(cells[:, 1:].T, level_of_measurement="interval")
    )
    assert found["low"].notna().all()
    assert "interval distances" in found["method"]["equivalence.alpha"]


def test_only_items_that_the_judge_rated_count() -> None:
    cells = panel_of(70, 0.7, 0.8)
    cells[50:, 0] = np.nan
    found = rows(study_of(cells), Bootstrap(n_boot=0))
    assert found["value"]["equivalence.weighted_kappa"] == pytest.approx(kappa_change(cells[:50]))
    assert found["value"]["equivalence.alpha"] == pytest.approx(alpha_change(cells[:50], "ordinal"))
    assert (found["n_items"] == 50).all()


def test_it_is_the_ceiling_with_the_same_draws() -> None:
    study = study_of(panel_of(60, 0.7, 0.8))
    (other,) = (made for made in ceiling(study, boot=QUICK) if made.statistic == "ceiling.weighted_kappa")
    mine = rows(study).loc["equivalence.weighted_kappa"]
    assert (mine["value"], mine["low"], mine["high"]) == pytest.approx((other.value, other.low, other.high))
    plain = rows(study, cautious=False).loc["equivalence.weighted_kappa"]
    assert (mine["conf_level"], plain["conf_level"]) == pytest.approx((0.95, 0.9))
    assert mine["low"] < plain["low"] < plain["high"] < mine["high"]


@pytest.mark.parametrize(
    ("low", "high", "equivalent", "noninferior"),
    [(-0.05, 0.05, "yes", "yes"), (-0.2, 0.05, "undecided", "undecided"), (-0.4, -0.2, "no", "no"),
     (0.02, 0.3, "undecided", "yes"), (0.2, 0.4, "no", "yes"), (-0.2, 0.2, "undecided", "undecided"),
     (-0.1, 0.05, "undecided", "undecided")],
)  # fmt: skip
def test_verdicts(low: float, high: float, equivalent: str, noninferior: str) -> None:
    found = Interval((low + high) / 2, low, high)
    assert verdict(found, 0.1, False) == equivalent
    assert verdict(found, 0.1, True) == noninferior


def test_an_undefined_difference_is_undecided() -> None:
    assert verdict(Interval(np.nan), 0.1, False) == "undecided"


@pytest.mark.parametrize(("judge", "answer"), [(0.85, "yes"), (0.4, "no")])
def test_plain_cases(judge: float, answer: str) -> None:
    found = rows(study_of(panel_of(1500, judge, 0.85)), Bootstrap(0, 300))
    assert set(found["verdict"]) == {answer}
    assert rows(study_of(panel_of(30, judge + 0.1, 0.6)), Bootstrap(0, 300))["verdict"].iloc[0] == "undecided"


def test_a_judge_above_people_is_not_equivalent_but_not_inferior_and_the_note_says_so() -> None:
    study = study_of(panel_of(400, 0.999, 0.6))
    found = rows(study)
    assert found["verdict"]["equivalence.weighted_kappa"] == "no"
    assert "agrees with people more than they do" in found["note"]["equivalence.weighted_kappa"]
    assert set(rows(study, noninferiority=True)["verdict"]) == {"yes"}


def test_margins() -> None:
    study = study_of(panel_of(60, 0.8, 0.8))
    found = rows(study, margin=0.2)
    assert found["margin"].tolist() == pytest.approx([0.2, 0.1])  # 3 people: half of all pairs are the judge's
    assert rows(study, margin_alpha=0.03)["margin"].tolist() == pytest.approx([0.1, 0.03])


def test_one_person_is_a_reason() -> None:
    found = rows(study_of(panel_of(40, 0.8, 0.8, raters=1)))
    assert found["value"].isna().all()
    assert found["note"].str.contains("one").all()
    assert set(found["verdict"]) == {"undecided"}


def test_unanimity_has_width() -> None:
    found = rows(study_of(np.tile(np.arange(40)[:, None] % 5 + 1.0, (1, 4))))
    assert (found["low"] < found["high"]).all()


@pytest.mark.parametrize(
    ("options", "says"),
    [({"margin": 0}, "margin must"), ({"margin_alpha": -1}, "margin_alpha"), ({"level": 0.6}, ".5")],
)
def test_bad_options_are_one_line(options: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        rows(study_of(panel_of(40, 0.8, 0.8)), **options)


@pytest.mark.slow
def test_a_judge_at_the_margin_passes_no_more_often_than_the_level() -> None:
    whole = panel_of(100_000, 0.6, 0.85, seed=1)
    margin = -kappa_change(whole)
    assert 0.15 < margin < 0.25
    passed = np.zeros(2)
    studies = 200
    for seed in range(studies):
        found = rows(study_of(panel_of(60, 0.6, 0.85, seed=seed)), Bootstrap(seed, 500), margin=margin)
        passed += (found["verdict"] == "yes").to_numpy()
    assert (passed / studies <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / studies)).all()
