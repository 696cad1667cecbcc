"""Associations at equal human quality: what is planted comes out, people's noise does not pass for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from paired import pairs

from judgekit.errors import InputError
from judgekit.stats.association import Corrected
from judgekit.stats.battery import estimate
from judgekit.study import Study


def written(
    seed: int, n: int = 200, *, people: int = 3, noise: float = 1.0, goes: float = 0.6, length: float = 0.0,
    own: float = 0.0, family: float = 0.0, scale: float = 1.0,
) -> Study:  # fmt: skip
    """Return n texts whose length goes with their quality, rated by noisy people and by one judge.

    ``length`` is the judge's effect of a doubling, ``own`` and ``family`` of its own and its provider's texts,
    ``scale`` its slope on quality.
    """
    rng = np.random.default_rng(seed)
    quality = rng.standard_normal(n)
    words = np.exp(3.5 + 0.5 * (goes * quality + np.sqrt(1 - goes**2) * rng.standard_normal(n))).astype(int) + 1
    by = rng.integers(0, 3, n)
    effects = length * (np.log2(words) - np.log2(words).mean()) + own * (by == 1) + family * (by == 2)
    values = {f"p{k}": quality + noise * rng.standard_normal(n) for k in range(people)}
    values["bot"] = scale * quality + effects + 0.7 * rng.standard_normal(n)
    names = [f"i{number:04d}" for number in range(n)]
    frame = pd.concat(
        pd.DataFrame({"item": names, "rater": rater, "value": value, "kind": "judge" if rater == "bot" else "human"})
        for rater, value in values.items()
    )
    study = Study.from_frame(frame, scale="interval")
    items = study.items.set_index("item").loc[names].reset_index()
    items["text"] = [" ".join(["word"] * count) for count in words]
    items["author"] = [("someone", "acme/bot-1", "acme/bot-0")[who] for who in by]
    raters = study.raters.assign(model=None, provider=None)
    raters.loc[raters["rater"] == "bot", ["model", "provider"]] = ["bot-1", "acme"]
    return Study.build(study.task, items, raters, study.ratings)


def of(table: pd.DataFrame, kind: str) -> pd.Series:
    found = table[table["statistic"] == f"association.{kind}"]
    assert len(found) == 1
    return found.iloc[0]


def test_without_people_s_noise_it_is_least_squares() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(0)
    quality, length, value = rng.standard_normal((3, 80))
    X = np.column_stack([value, quality, np.zeros(80), np.ones(80), quality, quality**2, length])
    one = Corrected(0)
    theirs = sm.OLS(value, sm.add_constant(np.column_stack([quality, length]))).fit()
    assert one.point(one.features(X).sum(axis=0)) == pytest.approx(theirs.params[2] / quality.std())


def test_what_is_planted_comes_out_in_human_standard_deviations() -> None:
    table = estimate(written(3, 1200, length=0.4, own=0.6, family=0.3), "association", n_boot=500)
    for kind, truth in (("length", 0.4), ("own", 0.6), ("family", 0.3)):
        row = of(table, kind)
        assert row["low"] < truth / np.sqrt(2) < row["high"], kind
        assert row["value"] == pytest.approx(truth / np.sqrt(2), abs=0.12)


@pytest.mark.parametrize(
    "made",
    [{}, {"people": 2}, {"people": 5, "noise": 2.0}, {"scale": 0.4}],
    ids=["three", "two", "noisy", "compressed"],
)
def test_people_s_noise_does_not_pass_for_a_taste_for_length(made: dict[str, float]) -> None:
    """Uncorrected, length goes with an innocent judge's values; the corrected interval holds 0 as often as it says."""
    runs, held, plain = 40, 0, []
    for seed in range(runs):
        row = of(estimate(written(seed, **made), "association", n_boot=200), "length")  # type: ignore[arg-type]
        held += row["low"] <= 0 <= row["high"]
        plain.append(float(row["note"].split()[1].rstrip(";")))
    assert held >= 33  # 38 expected; fewer than 33 has a chance below 1 %
    assert np.mean(plain) > 0.04


def test_it_never_raises_a_flag() -> None:
    table = estimate(written(2, length=2.0, own=2.0), "association", n_boot=100)
    assert table["verdict"].isna().all()
    assert table["p"].isna().all()
    assert table["method"].str.contains("association, no experiment").all()


def test_one_person_an_item_cannot_be_corrected_and_says_so() -> None:
    row = of(estimate(written(3, people=1), "association", n_boot=100), "length")
    assert "one person an item" in row["note"]
    assert np.isfinite(row["low"])


def test_people_who_tell_nothing_hold_nothing_equal() -> None:
    row = of(estimate(written(4, noise=20.0), "association", n_boot=100), "length")
    assert np.isnan(row["value"])
    assert "too noisy" in row["note"]


def test_every_row_has_an_interval_or_a_reason() -> None:
    study = written(5, 60)
    bare = Study.build(study.task, study.items.drop(columns=["author"]).assign(text=None), study.raters, study.ratings)
    constant = study.ratings.assign(value=study.ratings["value"].where(study.ratings["rater"] != "bot", 1.0))
    flat = Study.build(study.task, study.items, study.raters, constant)
    for one in (study, bare, flat, written(6, 8), pairs(20), study.keep(["bot"]), study.keep(["p0", "p1"])):
        table = estimate(one, "association", n_boot=100)
        assert len(table)
        assert not (table["low"].isna() & (table["note"] == "")).any()
    assert "do not vary" in of(estimate(flat, "association", n_boot=100), "length")["note"]
    assert "no texts" in of(estimate(bare, "association", n_boot=100), "length")["note"]


def test_an_unknown_pool_is_one_line() -> None:
    with pytest.raises(InputError, match="no pool is called 'crew'"):
        estimate(written(1, 30), "association", pool="crew")
