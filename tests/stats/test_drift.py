"""Drift on an anchor set: planted trends by the day and by the rep, stable judges, sessions with a mood."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from judgekit.errors import InputError
from judgekit.stats.battery import estimate
from judgekit.stats.drift import trend_p
from judgekit.study import Study

DAYS = ("2026-01-01", "2026-01-11", "2026-02-10", "2026-03-02", "2026-04-11")


def repeated(
    seed: int, n: int = 80, *, drift: float = 0.0, mood: float = 0.0, days: Sequence[str] | None = DAYS,
    noise: float = 0.6, levels: bool = True,
) -> Study:  # fmt: skip
    """Return n items answered on each day; ``drift`` is the change over all days, ``mood`` a day's own spread."""
    rng = np.random.default_rng(seed)
    worth = rng.normal(3, 1, n)
    names = [f"i{number:03d}" for number in range(n)]
    last = (pd.to_datetime(DAYS) - pd.Timestamp(DAYS[0])).days / 100
    frames = []
    for rep, day in enumerate(days or DAYS):
        value = worth + drift * last[rep] + mood * rng.standard_normal() + noise * rng.standard_normal(n)
        value = np.clip(np.round(value), 1, 5) if levels else value
        frame = pd.DataFrame({"item": names, "rater": "bot", "kind": "judge", "rep": rep, "value": value})
        frames.append(frame.assign(at=f"{day}T12:00:00+00:00" if days else None))
    for person in ("ann", "ben"):
        value = np.clip(np.round(worth + 0.5 * rng.standard_normal(n)), 1, 5)
        frames.append(
            pd.DataFrame({"item": names, "rater": person, "kind": "human", "rep": 0, "value": value, "at": None})
        )
    frame = pd.concat(frames, ignore_index=True)
    made = Study.from_frame(frame.drop(columns="at"), scale="ordinal" if levels else "interval",
                            levels=[1.0, 2.0, 3.0, 4.0, 5.0] if levels else None)  # fmt: skip
    ratings = made.ratings.drop(columns="at").merge(frame[["item", "rater", "rep", "at"]], on=["item", "rater", "rep"])
    return Study.build(made.task, made.items, made.raters, ratings)


def of(table: pd.DataFrame, statistic: str = "drift") -> pd.Series:
    found = table[table["statistic"] == statistic]
    assert len(found) == 1
    return found.iloc[0]


def test_the_slope_is_that_of_a_regression_with_a_level_an_item() -> None:
    import statsmodels.api as sm

    study = repeated(1, 20, drift=1.0, levels=False)
    rows = study.ratings[study.ratings["rater"] == "bot"]
    time = (pd.to_datetime(rows["at"], utc=True) - pd.Timestamp(DAYS[0], tz="UTC")).dt.total_seconds() / (
        100 * 86400 + 43200
    )
    time = (time - time.min()) / (time.max() - time.min())
    design = pd.get_dummies(rows["item"]).astype(float).assign(time=time)
    theirs = sm.OLS(rows["value"].to_numpy(), design.to_numpy()).fit().params[-1]
    assert of(estimate(study, "drift", n_boot=0))["value"] == pytest.approx(theirs)


def test_a_drift_over_days_is_found_and_dated() -> None:
    for seed in range(5):
        row = of(estimate(repeated(seed, drift=1.0), "drift", n_boot=200))
        assert row["verdict"] == "yes"
        assert row["value"] == pytest.approx(0.9, abs=0.25)
        assert "from 2026-01-01 12:00 to 2026-04-11 12:00 UTC" in row["method"]


def test_without_times_the_rep_is_the_clock() -> None:
    row = of(estimate(repeated(1, drift=1.0, days=None), "drift", n_boot=200))
    assert "the clock is the rep, 1 to 5" in row["method"]
    assert row["low"] > 0


@pytest.mark.parametrize("mood", [0.0, 0.3])
def test_a_judge_that_does_not_drift_is_rarely_said_to(mood: float) -> None:
    """Days with a mood of their own are no trend, though every item moves with them."""
    runs = 60
    said = [
        of(estimate(repeated(900 + seed, mood=mood, noise=0.4), "drift", n_boot=200))["verdict"] for seed in range(runs)
    ]
    assert said.count("yes") <= 8  # 3 expected; more than 8 has a chance below 1 %
    if not mood:
        assert said.count("no") > runs / 3


def test_a_judge_that_moves_away_from_people_is_seen() -> None:
    row = of(estimate(repeated(3, drift=2.0), "drift", n_boot=200), "drift.distance")
    assert row["low"] > 0


def test_marked_anchors_alone_count() -> None:
    study = repeated(4)
    marked = study.items.assign(anchor=[name < "i020" for name in study.items["item"]])
    row = of(estimate(Study.build(study.task, marked, study.raters, study.ratings), "drift", n_boot=50))
    assert (row["n_items"], row["n_ratings"]) == (20, 100)
    assert "marked anchors" in row["method"]


def test_no_answer_that_ever_changed_has_an_interval_of_some_width() -> None:
    row = of(estimate(repeated(5, noise=0.0), "drift", n_boot=200))
    assert row["value"] == pytest.approx(0, abs=1e-9)
    assert row["low"] < 0 < row["high"]
    assert row["verdict"] == "no"


def test_every_row_has_an_interval_or_a_reason() -> None:
    once = repeated(6, days=DAYS[:1])
    short = repeated(6, n=4)
    for study in (once, short, short.keep(["bot"]), repeated(6, n=12, levels=False)):
        table = estimate(study, "drift", n_boot=100)
        assert len(table)
        assert not (table["low"].isna() & (table["note"] == "")).any()
    assert "no anchor item was answered twice" in of(estimate(once, "drift", n_boot=10))["note"]
    assert estimate(once.keep(["ann", "ben"]), "drift", n_boot=10).empty


def test_the_trend_of_the_reps_is_a_regression_of_their_means() -> None:
    from scipy.stats import linregress

    rng = np.random.default_rng(0)
    answers, times = rng.standard_normal((30, 6)), np.tile(np.linspace(0, 1, 6), (30, 1))
    assert trend_p(answers, times) == pytest.approx(linregress(times[0], answers.mean(axis=0)).pvalue)
    assert np.isnan(trend_p(answers[:, :3], times[:, :3]))


def test_a_margin_of_nothing_is_one_line() -> None:
    with pytest.raises(InputError, match="margin must be above 0"):
        estimate(repeated(1, 10), "drift", margin=0.0)
