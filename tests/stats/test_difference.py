from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels import panel_of

from judgekit.errors import InputError
from judgekit.stats.battery import estimate
from judgekit.study import Study

LEVELS = (1.0, 2.0, 3.0, 4.0, 5.0)
FIVE = [
    "alpha", "percent", "kappa", "weighted_kappa", "fleiss", "conger", "light", "ac1", "ac2", "brennan_prediger", "icc",
    "ccc", "bland_altman", "spearman", "pearson", "tau_b", "accuracy", "soft",
]  # fmt: skip


def two_judges(
    n: int = 60, seed: int = 0, missing: float = 0.0, scale: str = "ordinal", same: bool = False, noise: float = 0.0
) -> Study:
    """Judge A is closer to the three people than judge B is."""
    near, far = (panel_of(n, loading, 0.85, 3, seed) for loading in (0.9, 0.6))
    cells = np.column_stack([near[:, 0], near[:, 0] if same else far[:, 0], near[:, 1:]])
    rng = np.random.default_rng(seed + 1)
    cells = cells + noise * rng.standard_normal(cells.shape)
    if scale == "nominal":
        cells = (cells >= 3).astype(float)
    cells[rng.random(cells.shape) < missing] = np.nan
    frame = pd.DataFrame(
        {
            "item": np.repeat([f"i{i:04d}" for i in range(n)], 5),
            "rater": np.tile(["A", "B", "p1", "p2", "p3"], n),
            "value": cells.ravel(),
            "kind": np.tile(["judge", "judge", "human", "human", "human"], n),
            "pool": np.tile(["judges", "judges", "crowd", "crowd", "crowd"], n),
        }
    ).dropna(subset=["value"])
    levels = None if noise else ((0.0, 1.0) if scale == "nominal" else LEVELS)
    return Study.from_frame(frame, scale=scale, levels=levels)


def rows(study: Study, *of: str, n_boot: int = 400, **options: object) -> pd.DataFrame:
    found = estimate(study, "difference", n_boot=n_boot, of=list(of), **options)
    return found.set_index(["statistic", "a", "b"])


@pytest.mark.parametrize("name", FIVE)
def test_every_coefficient_has_paired_differences_that_are_those_of_its_rows(name: str) -> None:
    study = two_judges()
    plain = estimate(study, name, n_boot=0).set_index(["statistic", "a", "b"])["value"]
    found = rows(study, name)
    assert len(found)
    for (statistic, a, b), made in found.iterrows():
        of = statistic.removeprefix("difference.")
        less = plain[of, "crowd", "crowd"] if b == "crowd" else plain[of, b, "crowd"]
        assert made["value"] == pytest.approx(plain[of, a, "crowd"] - less, abs=1e-9)
        if "transforms" not in made["note"]:
            assert made["low"] < made["value"] < made["high"]


@pytest.mark.parametrize(("scale", "noise"), [("nominal", 0.0), ("interval", 0.5)])
def test_two_levels_and_a_continuum_are_served(scale: str, noise: float) -> None:
    found = rows(two_judges(scale=scale, noise=noise), "alpha", "spearman")
    assert found["low"].notna().all()
    assert set(found.index.get_level_values("b")) == {"B", "crowd"}


def test_the_ceiling_is_that_of_the_statistics_made_for_it() -> None:
    study = two_judges(n=120)
    ceiling = estimate(study, "ceiling", n_boot=4000).set_index(["statistic", "a"])
    equivalence = estimate(study, "equivalence", n_boot=4000).set_index(["statistic", "a"])
    found = rows(study, "weighted_kappa", "alpha", n_boot=4000)
    for judge in ("A", "B"):
        for ours, theirs in (
            (found.loc["difference.weighted_kappa", judge, "crowd"], ceiling.loc["ceiling.weighted_kappa", judge]),
            (found.loc["difference.alpha", judge, "crowd"], equivalence.loc["equivalence.alpha", judge]),
        ):
            for end in ("value", "low", "high"):
                assert ours[end] == pytest.approx(theirs[end], abs=0.02)


def test_the_other_way_round_the_signs_change() -> None:
    study = two_judges()
    turned = Study.build(
        study.task, study.items, study.raters.iloc[[1, 0, 2, 3, 4]].reset_index(drop=True), study.ratings
    )
    there, back = rows(study, "alpha", n_boot=4000), rows(turned, "alpha", n_boot=4000)
    one, other = there.loc["difference.alpha", "A", "B"], back.loc["difference.alpha", "B", "A"]
    assert one["value"] == pytest.approx(-other["value"], abs=1e-12)
    assert [one["low"], one["high"]] == pytest.approx([-other["high"], -other["low"]], abs=0.01)


def test_only_items_that_both_answered_count() -> None:
    study = two_judges(missing=0.15)
    cells = study.matrix("value")
    both = cells[["A", "B"]].notna().all(axis=1)
    kept = study.ratings[study.ratings["item"].isin(cells.index[both])]
    common = Study.build(study.task, study.items, study.raters, kept.reset_index(drop=True))
    plain = estimate(common, "weighted_kappa", n_boot=0).set_index(["a", "b"])["value"]
    made = rows(study, "weighted_kappa").loc["difference.weighted_kappa", "A", "B"]
    assert made["value"] == pytest.approx(plain["A", "crowd"] - plain["B", "crowd"])
    assert made["n_items"] == both.sum()


def test_judges_who_say_the_same_differ_by_nothing_and_the_interval_still_has_width() -> None:
    made = rows(two_judges(same=True), "weighted_kappa", "alpha")
    for name in ("weighted_kappa", "alpha"):
        one = made.loc[f"difference.{name}", "A", "B"]
        assert one["value"] == pytest.approx(0, abs=1e-12)
        assert one["low"] < 0 < one["high"]
        assert one["verdict"] == "undecided"


def test_verdicts_need_the_whole_interval() -> None:
    study = two_judges(n=200)
    assert rows(study, "weighted_kappa").loc["difference.weighted_kappa", "A", "B"]["verdict"] == "yes"
    wide = rows(two_judges(n=200, same=True), "weighted_kappa", margin=0.2)
    assert wide.loc["difference.weighted_kappa", "A", "B"]["verdict"] == "no"
    narrow = rows(two_judges(n=200, same=True), "weighted_kappa", margin=0.001)
    assert narrow.loc["difference.weighted_kappa", "A", "B"]["verdict"] == "undecided"


def test_draws_are_common_so_that_a_difference_is_narrower_than_its_sides() -> None:
    study = two_judges(n=200)
    sides = estimate(study, "weighted_kappa", n_boot=2000).set_index(["a", "b"])
    widths = [sides.loc[(judge, "crowd"), "high"] - sides.loc[(judge, "crowd"), "low"] for judge in "AB"]
    one = rows(study, "weighted_kappa", n_boot=2000).loc["difference.weighted_kappa", "A", "B"]
    assert one["high"] - one["low"] < np.hypot(*widths)


def test_raters_in_general_are_served() -> None:
    made = rows(two_judges(n=100), "weighted_kappa", resampling="two_way", ceiling=False)
    one = made.loc["difference.weighted_kappa", "A", "B"]
    assert one["low"] < one["value"] < one["high"]


@pytest.mark.parametrize(
    ("options", "says"),
    [({"margin": 0.0}, "margin must be above 0"), ({"of": ["difference"]}, "difference of differences"),
     ({"of": ["nothing"]}, "no stats is called 'nothing'")],
)  # fmt: skip
def test_bad_wishes_are_said(options: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        estimate(two_judges(), "difference", n_boot=0, **options)
