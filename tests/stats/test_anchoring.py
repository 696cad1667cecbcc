"""Anchoring: planted leads are found with their size, none where none is planted, and time saved knows its raters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference
from stats.arms import armed, unarmed

from judgekit.errors import InputError
from judgekit.stats.anchoring import anchoring, welch
from judgekit.stats.kappa import weighted_kappa
from judgekit.stats.resample import Bootstrap
from judgekit.study import Study
from judgekit.tables import estimates_frame

FEW = Bootstrap(n_boot=1000)


def rows(study: Study, boot: Bootstrap = FEW, **options: object) -> pd.DataFrame:
    return estimates_frame(list(anchoring(study, boot=boot, **options))).set_index("statistic")  # type: ignore[arg-type]


def test_a_led_arm_is_anchored() -> None:
    found = rows(armed(led=0.5))
    assert found.loc["anchoring.equal", "verdict"] == "yes"
    assert 0.2 < found.loc["anchoring.equal", "value"] < 0.45  # half of the answers that differ, by .5
    assert found.loc["anchoring", "low"] > 0
    difference = found.loc["anchoring.review", "value"] - found.loc["anchoring.blind", "value"]
    assert found.loc["anchoring", "value"] == pytest.approx(difference)
    assert found.loc["anchoring", "n_raters"] == 8
    assert found.loc["anchoring", "a"] == "judge"
    assert found.loc["anchoring", "b"] == "people"


def test_the_sides_are_the_weighted_kappas_on_common_items() -> None:
    study = armed()
    found = rows(study, Bootstrap(n_boot=0))
    whole = estimates_frame(list(weighted_kappa(study, boot=Bootstrap(n_boot=0))))
    for name, pool in (("blind", "people"), ("review", "people (review)")):
        row = whole[(whole["a"] == "judge") & (whole["b"] == pool)]
        assert found.loc[f"anchoring.{name}", "value"] == pytest.approx(row["value"].item())


@pytest.mark.slow
def test_no_anchoring_is_seldom_called_one() -> None:
    verdicts = [rows(armed(led=0.0, n=60, seed=seed)).loc["anchoring.equal", "verdict"] for seed in range(60)]
    assert verdicts.count("yes") <= 7  # the raters differ, and are taken as they are


def test_a_wide_study_without_a_lead_says_no() -> None:
    found = rows(armed(led=0.0, n=1500, seed=4))
    assert found.loc["anchoring.equal", "verdict"] == "no"


def test_equal_share_against_a_loop() -> None:
    study = armed(led=0.3)
    X = study.matrix("warmth")
    judge = X["judge"].to_numpy()
    shares = [np.mean(X[[c for c in X if c.startswith(side)]].to_numpy() == judge[:, None]) for side in "vb"]
    assert rows(study, Bootstrap(n_boot=0)).loc["anchoring.equal", "value"] == pytest.approx(shares[0] - shares[1])


def test_time_saved_is_welch_over_raters() -> None:
    found = rows(armed(saved=10.0)).loc["anchoring.seconds_saved"]
    assert found["low"] < 10 < found["high"]
    assert found["n_raters"] == 7
    assert "minutes over 80 items" in found["note"]
    x, y = [30.0, 32.0, 29.0, 35.0], [20.0, 21.0, 25.0]
    ours, theirs = welch(x, y, 0.9), reference.ttest_ind(x, y, equal_var=False).confidence_interval(0.9)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize("resampling", ["two_way", "percentile", "bayesian"])
def test_other_rules_of_the_interval(resampling: str) -> None:
    found = rows(armed(), Bootstrap(n_boot=400, interval=resampling))  # type: ignore[arg-type]
    assert found.loc["anchoring", "low"] < found.loc["anchoring", "value"] < found.loc["anchoring", "high"]
    assert np.isfinite(found.loc["anchoring.equal", "low"])


def test_raters_in_general_are_less_sure_than_these_raters() -> None:
    study = armed()
    wide = {
        rule: rows(study, Bootstrap(n_boot=400, interval=rule)).loc["anchoring"] for rule in ("smoothed", "two_way")
    }  # type: ignore[arg-type]
    assert wide["two_way"]["high"] - wide["two_way"]["low"] > wide["smoothed"]["high"] - wide["smoothed"]["low"]


def test_what_cannot_be_told_says_why() -> None:
    assert rows(unarmed()).loc["anchoring", "note"] == "not estimable: no rater is in a review arm"
    study = armed()
    gone = study.keep([rater for rater in study.raters["rater"] if rater != "judge"])
    assert "'judge', whose label was shown, is not in this run" in rows(gone).loc["anchoring", "note"]
    blind = Study.build(study.task, study.items, study.raters.drop(columns="reviewed"), study.ratings)
    assert "not told whose label" in rows(blind).loc["anchoring", "note"]
    assert np.isfinite(rows(blind, judge="judge").loc["anchoring", "value"])
    with pytest.raises(InputError, match="no judge is called 'gpt'"):
        rows(study, judge="gpt")
    with pytest.raises(InputError, match="margin must be above 0"):
        rows(study, margin=0)
    lone = study.keep([rater for rater in study.raters["rater"] if rater not in ("v5", "v6")])
    assert "one rater only" in rows(lone).loc["anchoring.seconds_saved", "note"]
