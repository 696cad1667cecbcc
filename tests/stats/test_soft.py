"""Soft labels: scipy's values, the exact floor of a finite panel, and where distributions come from."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import panel_of, study_of
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from judgekit.errors import InputError
from judgekit.stats.distances import jensen_shannon, js_within, wasserstein, wasserstein_within
from judgekit.stats.resample import Bootstrap
from judgekit.stats.soft import soft
from judgekit.study import Study

QUICK = Bootstrap(seed=5, n_boot=400)


def test_values_of_scipy_as_saved(reference: Path) -> None:
    saved = json.loads((reference / "py_reference.json").read_text())["soft_labels"]
    P, Q = np.array(saved["p"]), np.array(saved["q"])
    np.testing.assert_allclose(jensen_shannon(P, Q), saved["jsd_base2"], rtol=1e-10)
    np.testing.assert_allclose(jensen_shannon(P, Q) * np.log(2), saved["jsd_nat"], rtol=1e-10)
    codes = tuple(range(P.shape[1]))
    np.testing.assert_allclose(wasserstein(P, Q, codes), saved["wasserstein_ordinal"], rtol=1e-10)


shares = st.lists(st.integers(0, 5), min_size=3, max_size=3).filter(any).map(lambda x: np.array(x) / sum(x))


@given(shares, shares)
@settings(deadline=None)
def test_values_of_scipy_anew(p: np.ndarray, q: np.ndarray) -> None:
    # scipy's jensenshannon is the distance: the square root of the divergence.
    assert float(jensen_shannon(p, q)) == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-12)
    codes = (1.0, 2.0, 5.0)
    assert float(wasserstein(p, q, codes)) == pytest.approx(wasserstein_distance(codes, codes, p, q), abs=1e-12)


@given(st.lists(st.integers(0, 2), min_size=2, max_size=7), st.sampled_from(["half", "one"]))
@settings(deadline=None, max_examples=60)
def test_the_floor_is_the_mean_over_every_split(ratings: list[int], kind: str) -> None:
    m, codes = len(ratings), (1.0, 2.0, 5.0)
    first = m // 2 if kind == "half" else 1
    js, apart = [], []
    for side in combinations(range(m), first):
        one = np.bincount([ratings[i] for i in side], minlength=3) / first
        other = np.bincount([ratings[i] for i in range(m) if i not in side], minlength=3) / (m - first)
        js.append(jensenshannon(one, other, base=2) ** 2)
        apart.append(wasserstein_distance(codes, codes, one, other))
    counted = np.bincount(ratings, minlength=3)[None, :]
    assert js_within(counted, first)[0] == pytest.approx(np.mean(js), abs=1e-9)
    assert wasserstein_within(counted, codes, first)[0] == pytest.approx(np.mean(apart), abs=1e-9)


def test_the_floor_of_a_large_panel() -> None:
    rng = np.random.default_rng(0)
    ratings = rng.integers(0, 3, 123)
    counted = np.bincount(ratings, minlength=3)[None, :]
    drawn = []
    for _ in range(4000):
        rng.shuffle(ratings)
        halves = [np.bincount(part, minlength=3) / len(part) for part in (ratings[:61], ratings[61:])]
        drawn.append(jensen_shannon(*halves))
    assert js_within(counted, 61)[0] == pytest.approx(np.mean(drawn), rel=0.06)


def rows(study: Study, boot: Bootstrap = QUICK) -> pd.DataFrame:
    return pd.DataFrame([made.row() for made in soft(study, boot=boot)])


def with_probs(cells: np.ndarray, probs: list[str | None]) -> Study:
    study = study_of(cells)
    ratings = study.ratings.copy()
    place = {item: number for number, item in enumerate(sorted(set(ratings["item"])))}
    mine = ratings["rater"] == "judge"
    ratings.loc[mine, "probs"] = pd.Series(
        [probs[place[item]] for item in ratings.loc[mine, "item"]], index=ratings.index[mine], dtype=object
    )
    return Study.build(study.task, study.items, study.raters, ratings)


def test_rows_of_a_judge_with_one_rating() -> None:
    cells = panel_of(60, 0.9, 0.7)
    found = rows(study_of(cells)).set_index("statistic")
    assert list(found.index) == [
        "soft.js", "soft.wasserstein", "soft.js_floor", "soft.js_person", "soft.wasserstein_floor",
        "soft.wasserstein_person",
    ]  # fmt: skip
    by_hand = []
    for judge, *people in cells:
        p = np.bincount(np.array(people, int), minlength=6) / 3
        by_hand.append((jensenshannon(np.eye(6)[int(judge)], p, base=2) ** 2, np.mean(np.abs(people - judge))))
    np.testing.assert_allclose(found["value"][:2], np.mean(by_hand, axis=0))
    assert "the judge's one rating" in found["method"]["soft.js"]
    assert (found["low"] < found["value"]).all()
    assert (found["value"] < found["high"]).all()
    assert (found["n_items"] == 60).all()


def test_a_judge_that_is_one_more_person_is_as_far_as_a_person() -> None:
    found = rows(study_of(panel_of(4000, 0.8, 0.8, raters=5, seed=1)), Bootstrap(0, 200)).set_index("statistic")
    # against five people instead of four others: a little nearer, never farther
    assert found["value"]["soft.js"] <= found["value"]["soft.js_person"]
    assert found["value"]["soft.js"] == pytest.approx(found["value"]["soft.js_person"], rel=0.06)
    assert found["value"]["soft.wasserstein"] == pytest.approx(found["value"]["soft.wasserstein_person"], rel=0.03)


def test_probabilities_come_before_votes_and_votes_before_one_rating() -> None:
    cells = np.array([[1.0, 1, 1, 2], [2, 2, 3, 3]])
    probs = rows(with_probs(cells, ['{"1": 0.5, "2": 0.5}', '{"2": 1, "3": 3}']), Bootstrap(n_boot=0))
    P = np.array([[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]])
    Q = np.array([[0.5, 0.5, 0], [0, 0.25, 0.75]])
    assert probs["value"].iloc[0] == pytest.approx(jensen_shannon(Q, P).mean())
    assert "probabilities" in probs["method"].iloc[0]
    study = study_of(cells)
    more = study.ratings[study.ratings["rater"] == "judge"].assign(rep=1, value=[2.0, 3.0])
    votes = Study.build(study.task, study.items, study.raters, pd.concat([study.ratings, more], ignore_index=True))
    found = rows(votes, Bootstrap(n_boot=0))
    assert found["value"].iloc[0] == pytest.approx(jensen_shannon(np.array([[0.5, 0.5, 0], [0, 0.5, 0.5]]), P).mean())
    assert "votes, up to 2 an item" in found["method"].iloc[0]


@pytest.mark.parametrize(
    ("probs", "says"),
    [('{"9": 1}', "unknown level 9"), ('{"1": -1, "2": 2}', "shares of 0"), ('{"1": 0}', "above 0")],
)
def test_probabilities_that_are_none_are_one_line(probs: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        rows(with_probs(np.array([[1.0, 1, 2]]), [probs]))


def test_items_with_one_person_do_not_count_and_failures_of_the_judge_neither() -> None:
    cells = panel_of(50, 0.9, 0.8)
    cells[:10, 2:] = np.nan
    cells[40:, 0] = np.nan
    found = rows(study_of(cells)).set_index("statistic")
    assert found["n_items"]["soft.js"] == 30
    assert found["n_items"]["soft.js_floor"] == 40
    lonely = rows(study_of(panel_of(20, 0.9, 0.8, raters=1)))
    assert lonely["value"].isna().all()
    assert lonely["note"].str.contains("not estimable").all()


def test_nominal_scales_have_no_wasserstein_and_unanimity_has_width() -> None:
    same = np.tile(np.arange(30)[:, None] % 5 + 1.0, (1, 4))
    found = rows(study_of(same, scale="nominal"))
    assert not found["statistic"].str.contains("wasserstein").any()
    assert found["value"].tolist() == [0.0, 0.0, 0.0]
    assert ((found["high"] > 0.01) & (found["high"] < 0.3)).all()
    assert found["note"].str.contains("only 0 items with any distance").all()


def test_a_continuum_has_no_levels() -> None:
    cells = panel_of(60, 0.8, 0.8) + np.random.default_rng(0).normal(size=(60, 4))
    assert rows(study_of(cells, scale="interval", levels=None)).empty


@pytest.mark.slow
@pytest.mark.parametrize(("n", "judge"), [(30, 0.95), (60, 0.7), (200, 0.7)])
def test_intervals_cover(n: int, judge: float) -> None:
    truth = rows(study_of(panel_of(20_000, judge, 0.85, seed=77)), Bootstrap(n_boot=0))["value"].to_numpy()
    hits, studies = np.zeros(len(truth)), 120
    for seed in range(studies):
        found = rows(study_of(panel_of(n, judge, 0.85, seed=seed)), Bootstrap(seed, 400))
        hits += (found["low"] <= truth) & (truth <= found["high"])
    assert (hits / studies >= 0.93 - 2 * np.sqrt(0.95 * 0.05 / studies)).all()
