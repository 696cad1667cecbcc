"""Whose judge is it: groups' ceilings, a judge that follows one group, one that follows none, the real studies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stats.arms import armed

from judgekit.errors import InputError
from judgekit.schema import Criterion
from judgekit.stats.attributes import groupings
from judgekit.stats.battery import estimate
from judgekit.stats.served import Served
from judgekit.stats.shrunken import gap, shrunken
from judgekit.studies.basicness import basicness
from judgekit.studies.basicness.cells import bare_task as bare_basicness
from judgekit.studies.crehate import crehate
from judgekit.studies.crehate.cells import bare_task as bare_crehate
from judgekit.study import Study

GAPS = ("groups.gap", "groups.ceiling_gap")


def long(
    seed: int, n: int, groups: Mapping[str, int], *, shared: float = 1.0, follows: str = "", severity: float = 0.0
) -> pd.DataFrame:
    """Return ratings of n items by groups of people who share a part of the trait, and by one judge.

    Trait and noise of each person have variance 1; traits of two groups correlate at ``shared``. The judge answers as
    a person of the group that it ``follows``, else of the trait that all share. People differ by ``severity``.
    """
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(n)
    own = {name: np.sqrt(shared) * common + np.sqrt(1 - shared) * rng.standard_normal(n) for name in groups}
    raters = [(f"{name}{k}", name) for name, size in groups.items() for k in range(size)]
    frames = []
    for rater, group in [*raters, ("judge", follows)]:
        value = own.get(group, common) + rng.standard_normal(n)
        if rater != "judge":
            value = value + severity * rng.standard_normal()
        frames.append(
            pd.DataFrame(
                {
                    "item": [f"i{i:04d}" for i in range(n)],
                    "rater": rater,
                    "kind": "judge" if rater == "judge" else "human",
                    "value": value,
                    "country": None if rater == "judge" else group,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def study(frame: pd.DataFrame) -> Study:
    return Study.from_frame(frame, scale="interval")


def of(table: pd.DataFrame, statistic: str, b: str | None = None, a: str | None = None) -> pd.Series:
    """Return the one row."""
    found = table[(table["statistic"] == statistic) & (table["subset"] == "all")]
    found = found if b is None else found[found["b"] == b]
    found = found if a is None else found[found["a"] == a]
    assert len(found) == 1
    return found.iloc[0]


def by_hand(X: np.ndarray, nominal: bool) -> tuple[float, float]:
    """Return judge's and people's kappa with loops over persons, levels and items."""

    def apart(a: float, b: float) -> float:
        return float(a != b) if nominal else (a - b) ** 2

    kept = [(row[0], row[1:][np.isfinite(row[1:])]) for row in X if np.isfinite(row[0])]
    kept = [(judge, people) for judge, people in kept if len(people) > 1]
    with_judge = np.mean([np.mean([apart(judge, p) for p in people]) for judge, people in kept])
    among = np.mean([np.mean([apart(p, q) for p, q in permutations(people, 2)]) for _, people in kept])
    chance_judge = np.mean([np.mean([apart(judge, p) for p in people]) for judge, _ in kept for _, people in kept])
    chance = np.mean(
        [np.mean([[apart(p, q) for p in people] for q in others]) for _, people in kept for _, others in kept]
    )
    return 1 - with_judge / chance_judge, 1 - among / chance


@pytest.mark.parametrize("scale", ["nominal", "ordinal"])
def test_kappas_are_those_of_persons_and_items_by_hand(scale: str) -> None:
    rng = np.random.default_rng(3)
    X = rng.integers(0, 4, (25, 5)).astype(float)
    X[rng.random(X.shape) < 0.25] = np.nan
    levels = [{"code": code, "label": str(code)} for code in range(4)]
    criterion = Criterion.model_validate({"key": "c", "question": "?", "scale": scale, "levels": levels})
    coefficient = Served.of_criterion(criterion, X, "judge", judged=True)
    job = [coefficient.job(X, criterion.codes, "g", which) for which in ("judge", "people", "difference")]
    judge, people, difference = (float(one.coefficient.point(one.coefficient.features(X).sum(axis=0))) for one in job)  # type: ignore[union-attr, arg-type]
    assert (judge, people) == pytest.approx(by_hand(X, scale == "nominal"))
    assert difference == pytest.approx(judge - people)


def test_a_judge_that_follows_one_group_is_found() -> None:
    """People reach a kappa of ½; with the group not followed the judge reaches ½ × correlation .2: a gap of .4."""
    gaps = []
    for seed in range(20):
        table = estimate(study(long(seed, 300, {"x": 4, "y": 4}, shared=0.2, follows="x")), "groups", n_boot=20)
        gaps.append(of(table, "groups.gap"))
        assert "best country=x, worst country=y" in gaps[-1]["method"]
        assert gaps[-1]["p"] < 0.005
        assert gaps[-1]["low"] > 0.1
    assert np.mean([one["value"] for one in gaps]) == pytest.approx(0.4, abs=0.035)
    assert sum(one["low"] < 0.4 < one["high"] for one in gaps) >= 17


def test_each_group_s_rows_hold_the_truth_of_the_judge_that_follows_one() -> None:
    table = estimate(study(long(3, 400, {"x": 4, "y": 4}, shared=0.2, follows="x")), "groups", n_boot=1000)
    for group, truth in (("x", 0.0), ("y", -0.4)):
        row = of(table, "groups.difference", f"country={group}")
        assert row["low"] < truth < row["high"]
        assert of(table, "groups.ceiling", f"country={group}")["value"] == pytest.approx(0.5, abs=0.1)
    assert of(table, "groups.ceiling_gap")["p"] > 0.05
    assert np.isfinite(of(table, "groups.gap")["q"])


def test_a_small_group_is_named_and_shrinks_most() -> None:
    frame = long(2, 300, {"big": 6, "other": 6, "small": 3})
    rare = frame["country"].eq("small") & (frame["item"] > "i0039")
    table = estimate(study(frame[~rare]), "groups", n_boot=500)
    found = of(table, "groups.gap")
    assert "smallest country=small (3 people, 40 items)" in found["method"]
    wide = {
        name: of(table, statistic, "country=small")["high"] - of(table, statistic, "country=small")["low"]
        for name, statistic in (("raw", "groups.difference"), ("shrunken", "groups.shrunken"))
    }
    assert wide["shrunken"] < 0.8 * wide["raw"]


def test_the_smallest_group_is_set_beside_the_others() -> None:
    """The judge follows the small group: it is served better by the .4 that the others miss."""
    values = []
    for seed in range(12):
        frame = long(seed, 300, {"x": 3, "y": 5, "z": 5}, shared=0.2, follows="x")
        row = of(estimate(study(frame), "groups", n_boot=20), "groups.smallest")
        assert (row["a"], row["b"]) == ("judge", "country=x")
        assert "smallest group (3 people, 300 items) minus the mean of the others" in row["method"]
        assert row["p"] < 0.01
        values.append((row["value"], row["low"] < 0.4 < row["high"]))
    assert np.mean([value for value, _ in values]) == pytest.approx(0.4, abs=0.05)
    assert sum(held for _, held in values) >= 9


def test_a_smallest_group_like_the_others_is_seldom_accused() -> None:
    alarms = 0
    for seed in range(40):
        table = estimate(study(long(300 + seed, 80, {"x": 3, "y": 4, "z": 5})), "groups", n_boot=20, adjust="none")
        alarms += int(of(table, "groups.smallest")["p"] <= 0.05)
    assert alarms <= 6  # 2 expected; more than 6 has a chance below 1 %


def test_every_row_has_an_interval_or_a_reason() -> None:
    frame = long(4, 60, {"x": 4, "y": 3, "z": 2, "alone": 1})
    frame["age"] = np.where(frame["rater"] == "judge", None, np.where(frame["rater"].str[-1] < "2", "young", "old"))
    for options in ({}, {"resampling": "two_way"}):
        table = estimate(study(frame), "groups", n_boot=200, **options)
        silent = table[table["low"].isna() & (table["note"] == "")]
        assert silent.empty
        assert not (table["value"].notna() & table["low"].isna() & ~table["note"].str.startswith("no ")).any()
    few = of(table, "groups.ceiling", "country=z")
    assert pd.isna(few["value"])
    assert few["note"] == "not estimable: 2 of the group's people rated here, 3 are needed"


def test_intersections_are_given_where_they_are_large_enough() -> None:
    frame = long(5, 60, {"x": 7, "y": 4})
    frame["age"] = np.where(frame["rater"] == "judge", None, np.where(frame["rater"].str[-1] < "3", "young", "old"))
    table = estimate(study(frame), "groups", n_boot=200)
    crossed = table[table["b"].str.contains("&") & (table["statistic"] == "groups.difference")]
    assert set(crossed["b"]) == {"country=x & age=old", "country=x & age=young", "country=y & age=young"}
    found = of(table, "groups.gap", "country & age")
    assert found["note"].startswith("1 of 4 groups are too small")
    assert np.isfinite(found["low"])
    named = estimate(study(frame), "groups", n_boot=0, attributes=["age"])
    assert set(named["b"]) == {"age=old", "age=young", "age"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"attributes": ["shoes"]}, "no attribute of raters is called shoes"),
        ({"intersections": ["country"]}, "country alone cannot be crossed"),
        ({"attributes": ["pool"]}, "fewer than two levels of pool"),
        ({"least_raters": 1}, "too few"),
    ],
)
def test_bad_options_are_one_line(options: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        estimate(study(long(1, 30, {"x": 3, "y": 3})), "groups", n_boot=0, **options)


def test_without_attributes_there_is_a_reason() -> None:
    table = estimate(study(long(1, 30, {"x": 3}).drop(columns="country")), "groups", n_boot=0)
    assert table["note"].tolist() == ["not estimable: no attribute of people has 2 to 12 levels"]


def test_items_of_a_cluster_are_drawn_together() -> None:
    """Twice the same items in pairs say no more than once."""
    once = long(6, 80, {"x": 3, "y": 3}, shared=0.5, follows="x")
    again = once.assign(group=once["item"])
    twice = pd.concat([again, again.assign(item=again["item"] + "b")], ignore_index=True)
    one, two = (estimate(study(frame), "groups", n_boot=300) for frame in (once, twice))
    for name in ("groups.gap", "groups.ceiling_gap"):
        numbers = ["value", "low", "high", "p"]
        assert of(one, name)[numbers].to_numpy(float) == pytest.approx(of(two, name)[numbers].to_numpy(float))


def test_the_order_of_the_rows_does_not_matter() -> None:
    frame = long(7, 50, {"x": 3, "y": 3})
    tables = [estimate(study(one), "groups", n_boot=200) for one in (frame, frame.sample(frac=1, random_state=1))]
    numbers = ["value", "low", "high", "p"]
    one, two = (table.sort_values(["statistic", "a", "b"])[numbers].to_numpy(float) for table in tables)
    assert one == pytest.approx(two, nan_ok=True)


def test_raters_in_general_are_less_certain_than_these() -> None:
    frame = long(8, 200, {"x": 5, "y": 5}, severity=1.0)
    these, others = (
        of(estimate(study(frame), "groups", n_boot=500, resampling=rule), "groups.gap")  # type: ignore[arg-type]
        for rule in ("smoothed", "two_way")
    )
    assert others["high"] - others["low"] > 1.2 * (these["high"] - these["low"])
    assert others["p"] > these["p"]


def test_shrunken_values_keep_what_is_certain() -> None:
    values = np.array([-0.3, 0.0, 0.1, 0.2])
    certain = shrunken(values, np.diag([1e-8] * 4), 0.95)
    assert [one.value for one in certain] == pytest.approx(values, abs=1e-4)
    unsure = [one.value for one in shrunken(values, np.diag([1.0] * 4), 0.95)]
    assert max(unsure) - min(unsure) < 0.1
    assert np.argsort(unsure).tolist() == [0, 1, 2, 3]


def test_a_gap_of_many_equal_groups_is_no_finding_half_the_time_at_half() -> None:
    """The best of ten equal groups lies far from the worst: p must know that they were chosen."""
    rng = np.random.default_rng(9)
    p = []
    for _ in range(200):
        values = rng.standard_normal(10)
        chosen = int(values.argmax()), int(values.argmin())
        p.append(gap(values, chosen, np.eye(10), 1e6, rng, 0.95).p)
    assert 0.4 < np.mean(np.array(p) < 0.5) < 0.6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "severity", "groups"),
    [("smoothed", 0.0, {"x": 4, "y": 4, "z": 3}), ("two_way", 0.5, {"x": 10, "y": 10})],
)
def test_an_innocent_judge_is_seldom_accused(rule: str, severity: float, groups: dict[str, int]) -> None:
    """All groups and the judge share one trait; of people who differ, two-way asks about people in general."""
    runs = 200
    alarms = 0
    for run in range(runs):
        table = estimate(
            study(long(1000 + run, 80, groups, severity=severity)),
            "groups",
            n_boot=20,
            resampling=rule,  # type: ignore[arg-type]
            adjust="none",
        )
        alarms += int(of(table, "groups.gap")["p"] <= 0.05)
    rate = alarms / runs
    assert rate - 1.96 * np.sqrt(0.05 * 0.95 / runs) <= 0.05


@lru_cache
def languages(mirror: Path) -> pd.DataFrame:
    return estimate(basicness(bare_basicness(), mirror=mirror), "groups", n_boot=500)


def test_basicness_has_four_languages_and_nine_judges(mirror: Path) -> None:
    table = languages(mirror)
    everything = table[table["subset"] == "all"]
    assert (everything["statistic"] == "groups.gap").sum() == 9
    assert (everything["statistic"] == "groups.difference").sum() == 36
    ceilings = everything[everything["statistic"] == "groups.ceiling"].set_index("b")["value"]
    assert ceilings.idxmin() == "language=es"  # as the published alphas of its people
    study_ = basicness(bare_basicness(), mirror=mirror)
    X = study_.matrix("basicness")[["es-1", "es-2", "es-3"]].to_numpy()
    within = np.mean([(X[:, i] - X[:, j]) ** 2 for i, j in combinations(range(3), 2)])
    assert ceilings["language=es"] == pytest.approx(1 - within / (2 * X.var()))
    assert everything["note"].str.contains("clusters").sum() == 0


def test_crehate_has_group_ceilings_only(mirror: Path) -> None:
    study_ = crehate(bare_crehate(), mirror=mirror)
    table = estimate(study_, "groups", n_boot=200, attributes=["country", "religion"])
    everything = table[table["subset"] == "all"]
    assert set(everything["statistic"]) == {f"groups.ceiling{end}" for end in ("", "_shrunken", "_smallest", "_gap")}
    assert everything["b"].str.startswith("country=").sum() >= 10
    hindu = of(table, "groups.ceiling", "religion=Hindu")
    assert hindu["note"] == "not estimable: 18 items with two of the group's people, 20 are needed"
    people = study_.raters.loc[study_.raters["country"].eq("US") & study_.raters["rater"].isin(study_.people())]
    yes = study_.matrix("hate")[list(people["rater"])]
    m, k = yes.notna().sum(axis=1), yes.sum(axis=1)
    apart, share = (2 * k * (m - k) / (m * (m - 1)))[m > 1], (k / m)[m > 1]
    ours = of(table, "groups.ceiling", "country=US")["value"]
    assert ours == pytest.approx(1 - apart.mean() / (2 * share.mean() * (1 - share.mean())))
    assert everything["b"].str.contains("&").any()


def test_how_raters_took_part_in_a_label_study_makes_no_groups() -> None:
    assert [grouping.attribute for grouping in groupings(armed(), None, None)] == []
