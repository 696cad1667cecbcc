"""With and without the excluded: the same draws, the kappas of either side, and a reason where there is nothing."""

from __future__ import annotations

import pandas as pd
import pytest
from stats.arms import armed, unarmed

from judgekit.stats.exclusions import exclusions
from judgekit.stats.kappa import weighted_kappa
from judgekit.stats.resample import Bootstrap
from judgekit.study import Study
from judgekit.tables import estimates_frame

FEW = Bootstrap(n_boot=1000)


def rows(study: Study, boot: Bootstrap = FEW) -> pd.DataFrame:
    found = estimates_frame(list(exclusions(study, boot=boot)))
    return found[found["b"] == "people"].set_index(["statistic", "a"])


def test_excluding_random_answers_raises_agreement() -> None:
    found = rows(armed(excluded=2, blind=6))
    for side in ("people", "judge"):
        assert found.loc[("exclusions", side), "low"] > 0
        assert found.loc[("exclusions", side), "value"] == pytest.approx(
            found.loc[("exclusions.without", side), "value"] - found.loc[("exclusions.with", side), "value"]
        )
    note = found.loc[("exclusions", "people"), "note"]
    assert note.startswith("2 of 6 raters excluded: b0 (gold 0.2 under 0.7), b1")


def test_the_sides_are_the_weighted_kappas_of_those_raters() -> None:
    study = armed(excluded=2, blind=6)
    none = Bootstrap(n_boot=0)
    found = rows(study, none)
    kept = study.keep([rater for rater in study.raters["rater"] if rater not in ("b0", "b1")])
    for side, one in (("with", study), ("without", kept)):
        whole = estimates_frame(list(weighted_kappa(one, boot=none)))
        for a in ("people", "judge"):
            value = whole[(whole["a"] == a) & (whole["b"] == "people")]["value"].item()
            assert found.loc[(f"exclusions.{side}", a), "value"] == pytest.approx(value)


def test_nobody_excluded_and_no_rules_are_told_apart() -> None:
    assert "exclude nobody" in rows(armed()).loc[("exclusions", "people"), "note"]
    assert "no rules of exclusion were declared" in rows(unarmed()).loc[("exclusions", "people"), "note"]
    assert "4 of 4 raters excluded" in rows(armed(excluded=4)).loc[("exclusions", "judge"), "note"]
