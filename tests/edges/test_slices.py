"""Slices: planted ones are found, innocent judges have none, and what is said of them is true."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, fisher_exact
from sliced import sliced

from judgekit.edges.confirm import clustered, detectable, higher
from judgekit.edges.features import Feature, features
from judgekit.edges.lattice import Search, View, sides, slices_of, standing_out
from judgekit.errors import InputError
from judgekit.stats.battery import estimate
from judgekit.stats.multiple import by
from judgekit.study import Study


def searched(seed: int, *, gap: float = 0.0, pair: bool = False, groups: int = 1, n: int = 1000) -> list[str]:
    """Return the slices confirmed among 30 features, with a failure rate that is ``gap`` higher on the planted one."""
    rng = np.random.default_rng([seed, pair, groups])
    masks = [rng.random(n) < rng.uniform(0.1, 0.5) for _ in range(30)]
    if pair:
        masks[:2] = [rng.random(n) < 0.45, rng.random(n) < 0.45]
    elif gap:
        masks[0] = rng.random(n) < 0.2
    planted = masks[0] & masks[1] if pair else masks[0]
    chosen = tuple(Feature(f"f{k}", f"f{k}", mask) for k, mask in enumerate(masks))
    cluster = np.arange(n) // groups
    # items of a cluster fail alike, so that single items would be counted for more than they are
    together = rng.normal(0, 1.0 if groups > 1 else 0.0, n)[cluster]
    y = (rng.random(n) < np.clip(0.15 + gap * planted + 0.1 * together, 0, 1)).astype(float)
    search = Search((View(("",), y[:, None]),), chosen, 20)
    here = (rng.permutation(cluster.max() + 1) < (cluster.max() + 1) // 2)[cluster]
    found = slices_of(search, here, 5)
    p = np.array([higher(sides(search, one, alive, ~here), cluster) for one, alive in found])
    return [one.name for (one, _), q in zip(found, by(p), strict=True) if q <= 0.05]


@pytest.mark.parametrize("groups", [1, 4])
def test_an_innocent_judge_has_no_slice_in_at_least_95_of_100_runs(groups: int) -> None:
    runs = 300
    alarms = sum(bool(searched(seed, groups=groups)) for seed in range(runs))
    assert binomtest(alarms, runs).proportion_ci(0.95).low <= 0.05


def test_a_planted_slice_is_found_with_the_power_that_is_promised() -> None:
    options = 30 + 30 * 29 // 2
    gap = detectable(0.15, 100, 400, 0.05 / (5 * np.sum(1 / np.arange(1, 6))), options)
    assert 0.15 < gap < 0.3
    hits = sum("f0" in searched(seed, gap=gap) for seed in range(150))
    assert hits >= 0.8 * 150
    pairs = [searched(seed, gap=0.35, pair=True) for seed in range(60)]
    assert sum("f0 & f1" in one for one in pairs) >= 48
    assert sum(any("f0" not in name and "f1" not in name for name in one) for one in pairs) <= 6


def test_standing_out_is_the_pooled_z_and_support_is_bounded() -> None:
    n, s = np.array([40.0, 5.0, 95.0]), np.array([20.0, 5.0, 30.0])
    z = standing_out(n, s, 100.0, 30.0, 20)
    pooled = (20 / 40 - 10 / 60) / np.sqrt(0.3 * 0.7 * (1 / 40 + 1 / 60))
    assert z[0] == pytest.approx(pooled)
    assert np.isneginf(z[1:]).all()


def test_the_tests_are_fishers_and_hold_their_level_in_clusters() -> None:
    X = np.full((30, 2), np.nan)
    X[:10, 0], X[10:, 1] = [1] * 6 + [0] * 4, [1] * 3 + [0] * 17
    assert higher(X, np.arange(30)) == pytest.approx(fisher_exact([[6, 4], [3, 17]], "greater").pvalue)
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(40), 5)
    p = []
    for _ in range(2000):
        y = (rng.random(200) < rng.beta(1, 4, 40)[cluster]).astype(float)
        inside = (rng.random(40) < 0.3)[cluster]
        if inside.any() and not inside.all():
            p.append(clustered(np.column_stack([np.where(inside, y, np.nan), np.where(inside, np.nan, y)]), cluster))
    assert binomtest(int((np.array(p) <= 0.05).sum()), len(p)).proportion_ci(0.99).low <= 0.05


def test_detectable_falls_with_items_and_is_not_told_where_nothing_would_be_found() -> None:
    gaps = [detectable(0.1, n, 4 * n, 0.01, 100) for n in (30, 100, 300, 1000)]
    assert gaps == sorted(gaps, reverse=True)
    assert np.isnan(detectable(0.1, 1, 4, 0.01, 100))
    assert np.isnan(detectable(0.5, 5, 20, 1e-6, 1000))


def test_a_studys_slice_is_found_with_its_size_examples_and_q() -> None:
    study = sliced(600)
    rows = estimate(study, "slices", n_boot=300)
    found = rows[rows["statistic"] == "slices.found"].iloc[0]
    assert (found["value"], found["verdict"], found["note"]) == (1.0, "yes", "topic=hard")
    gap = rows[(rows["statistic"] == "slices.gap") & (rows["subset"] == "topic=hard")].iloc[0]
    assert gap["low"] < 0.4 < gap["high"] + 0.15
    assert gap["q"] <= 0.05
    assert gap["p"] <= gap["q"]
    named = gap["note"].removeprefix("e.g. items ").split(", ")
    hard = study.item_column("topic") == "hard"
    assert len(named) == 3
    assert hard[named].all()
    later = int((hard & study.matrix("value")["judge"].notna()).sum())
    assert 0.3 * later < gap["n_items"] < 0.7 * later


def test_no_slice_comes_with_the_gap_that_would_have_been_found() -> None:
    rows = estimate(sliced(400, gap=0.0, seed=3), "slices", n_boot=0).set_index("statistic")
    assert rows.loc["slices.found", "value"] == 0
    assert rows.loc["slices.found", "verdict"] == "undecided"
    assert "no slice found; a gap of" in rows.loc["slices.found", "note"]
    assert 0.05 < rows.loc["slices.detectable", "value"] < 0.6


def test_a_group_of_people_that_a_judge_fails_is_a_slice() -> None:
    rng = np.random.default_rng(1)
    n = 300
    level = rng.integers(0, 4, n)
    parts = []
    for home, off in (("AU", 0), ("US", 0), ("ZA", 2)):
        for k in range(3):
            said = (level + off * (rng.random(n) < 0.6)) % 4
            parts.append(pd.DataFrame({"item": np.arange(n).astype(str), "rater": f"{home}{k}", "kind": "human",
                                       "value": said.astype(float), "country": home}))  # fmt: skip
    parts.append(pd.DataFrame({"item": np.arange(n).astype(str), "rater": "judge", "kind": "judge",
                               "value": level.astype(float)}))  # fmt: skip
    study = Study.from_frame(pd.concat(parts), scale="nominal", levels=[0.0, 1.0, 2.0, 3.0])
    rows = estimate(study, "slices", n_boot=200)
    found = rows[rows["statistic"] == "slices.found"].iloc[0]
    assert found["note"] == "country=ZA"
    assert rows[rows["statistic"] == "slices.gap"]["value"].iloc[0] > 0.2


def test_text_gives_cues_lengths_and_clusters_named_by_their_words() -> None:
    rng = np.random.default_rng(0)
    words = {"garden": "tomato soil seeds watering", "engine": "piston gearbox fuel torque"}
    texts = [" ".join(rng.permutation((words[kind] + (" not never" if k % 5 == 0 else "")).split()))
             + " more" * int(rng.integers(0, 9)) for k, kind in enumerate(["garden", "engine"] * 40)]  # fmt: skip
    frame = pd.DataFrame({"item": [f"i{k:02d}" for k in range(80)], "text": texts, "rater": "h", "value": 1.0})
    study = Study.from_frame(frame, scale="ordinal", levels=[0.0, 1.0])
    made = {one.name: one.mask for one in features(study, clusters=2)}
    assert made["cue=negation"].sum() == 16
    text = [name for name in made if name.startswith("text=")]
    assert len(text) == 2
    assert any("tomato" in name or "soil" in name or "seeds" in name or "watering" in name for name in text)
    assert any(name.startswith("length=over") for name in made)
    assert (made[text[0]] ^ made[text[1]]).all()


def test_the_order_of_items_and_the_same_seed_change_nothing() -> None:
    study = sliced(200)
    again = Study.build(study.task, study.items.sample(frac=1, random_state=1), study.raters,
                        study.ratings.sample(frac=1, random_state=2))  # fmt: skip
    one, other = (estimate(s, "slices", n_boot=100) for s in (study, again))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("option", [{"way": "badly"}, {"least": 1}, {"most": 0}, {"pool": "nobody"}])
def test_bad_options_are_refused(option: dict[str, object]) -> None:
    with pytest.raises(InputError):
        estimate(sliced(40), "slices", n_boot=0, **option)


def test_whole_studies_of_an_innocent_judge_have_no_slice_groups_of_people_included() -> None:
    runs = 60
    alarms = 0
    for seed in range(runs):
        rows = estimate(sliced(240, gap=0.0, people=6, seed=seed), "slices", n_boot=0)
        alarms += rows.loc[rows["statistic"] == "slices.found", "value"].sum() > 0
    assert binomtest(int(alarms), runs).proportion_ci(0.95).low <= 0.05
