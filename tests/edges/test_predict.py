"""Which signals foretell failure: areas that equal scikit-learn's, plants found, noise left alone."""

from __future__ import annotations

import numpy as np
import pytest
from edges.failing import failing, panel

from judgekit.edges.auc import Auc, auc_job, chance_p, places
from judgekit.edges.predict import foretold
from judgekit.errors import InputError
from judgekit.stats.battery import estimate
from judgekit.study import Study


@pytest.mark.parametrize("levels", [3, 40, 1000])
def test_the_area_is_that_of_scikit_learn(levels: int) -> None:
    from sklearn.metrics import roc_auc_score

    g = np.random.default_rng(levels)
    values = g.integers(0, levels, 800).astype(float)
    flags = (g.random(800) < 0.1 + 0.3 * values / levels).astype(float)
    job = auc_job(flags, values)
    mine = float(Auc().point(Auc().features(job.X).sum(axis=0))[0])
    exact = 1e-12 if levels <= 64 else 2e-3  # more distinct values than bins
    assert mine == pytest.approx(roc_auc_score(flags, values), abs=exact)


def test_missing_values_do_not_count() -> None:
    flags, values = np.array([1.0, 0.0, np.nan, 1.0]), np.array([2.0, 1.0, 5.0, np.nan])
    job = auc_job(flags, values)
    assert float(Auc().point(Auc().features(job.X).sum(axis=0))[0]) == 1.0
    assert np.isnan(places(values)[3])


def test_p_is_uniform_where_there_is_nothing() -> None:
    ps = []
    for seed in range(400):
        g = np.random.default_rng(seed)
        groups = np.arange(120) // 3
        values = g.normal(size=40)[groups] + 0.3 * g.normal(size=120)
        flags = (g.random(40) < 0.4)[groups].astype(float)
        ps.append(chance_p(flags, values, groups))
    assert np.mean(np.array(ps) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert np.mean(np.array(ps) <= 0.5) == pytest.approx(0.5, abs=0.1)


def test_p_is_delongs() -> None:
    """The variance of the placements, worked out by hand on a small table."""
    flags, values = np.array([1, 1, 1, 0, 0, 0, 0.0]), np.array([3, 2, 5, 1, 2, 4, 0.0])
    hits, rest = values[flags == 1], values[flags == 0]
    psi = (hits[:, None] > rest) + 0.5 * (hits[:, None] == rest)
    area = psi.mean()
    variance = np.sum((psi.mean(axis=1) - area) ** 2) / 9 + np.sum((psi.mean(axis=0) - area) ** 2) / 16
    from scipy.stats import t

    expected = 2 * t.sf(abs(area - 0.5) / np.sqrt(variance * 7 / 6), 2)
    assert chance_p(flags, values, np.arange(7)) == pytest.approx(expected)


def planted(seed: int) -> Study:
    """Return a study in which a judge fails on long texts and nowhere else."""
    g = np.random.default_rng(seed)
    n = 160
    long = g.random(n) < 0.4
    trait = g.integers(1, 4, n)
    people = {f"p{k}": np.clip(trait + g.choice([-1, 0, 0, 1], n), 1, 5).tolist() for k in range(4)}
    judge = np.where(long & (g.random(n) < 0.7), 5, np.clip(trait + g.choice([-1, 0, 0, 1], n), 1, 5))
    texts = [" ".join(["word"] * int(g.integers(60, 90) if one else g.integers(8, 12))) for one in long]
    return failing(people, {"bot": judge.tolist()}, texts=texts)


def test_the_planted_signal_is_found_and_noise_is_not() -> None:
    rows = estimate(planted(0), "signals", n_boot=500).set_index(["statistic", "b"])
    length = rows.loc[("signals.auc", "length")]
    assert length["verdict"] == "yes"
    assert length["value"] > 0.75
    assert length["q"] < 0.01
    assert rows.loc[("signals.fitted", "fitted"), "value"] > 0.75
    cue = rows.loc[("signals.auc", "negation")]
    assert cue["verdict"] != "yes"
    assert "would be found in 80 % of such studies" in cue["note"]


def test_what_looks_at_the_failure_is_not_tested() -> None:
    rows = estimate(planted(1), "signals", n_boot=200).set_index(["statistic", "b"])
    against = rows.loc[("signals.auc", "against")]
    assert against["value"] > 0.9
    assert np.isnan(against["p"])
    assert against["verdict"] is None or against["verdict"] != against["verdict"]
    assert "looks at the failure itself" in against["method"]


def test_held_out_items_do_not_see_themselves() -> None:
    """On noise a fit that saw its own items would look good; this one must not."""
    areas = []
    for seed in range(30):
        g = np.random.default_rng(seed)
        X, flags = g.normal(size=(80, 12)), (g.random(80) < 0.4).astype(float)
        out = foretold(X, flags, np.arange(80), 5, np.random.default_rng(seed))
        areas.append(float(Auc().point(Auc().features(auc_job(flags, out).X).sum(axis=0))[0]))
    assert np.mean(areas) < 0.54


def test_clusters_are_never_divided_between_folds() -> None:
    g = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 4)
    own = g.random(30) < 0.5
    X = np.eye(30)[groups] + 0.01 * g.normal(size=(120, 30))
    out = foretold(X, own[groups].astype(float), groups, 5, np.random.default_rng(1))
    area = float(Auc().point(Auc().features(auc_job(own[groups].astype(float), out).X).sum(axis=0))[0])
    assert area < 0.7, "a cluster's own mark says nothing of other clusters"


def test_too_few_failures_give_a_reason() -> None:
    rows = estimate(panel(30, 0), "signals", way="refused", n_boot=100)
    assert rows["value"].isna().all()
    assert (rows["note"].str.startswith("not estimable: 0 items failed")).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [({"way": "odd"}, "no way of failing"), ({"pool": "x"}, "no pool"), ({"folds": 1}, "2 folds"),
     ({"weights": {"tone": 1}}, "no signal is called tone")],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_one_line(options: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        estimate(panel(20, 0), "signals", n_boot=0, **options)


@pytest.mark.slow
@pytest.mark.parametrize(("shift", "n", "share"), [(0.0, 100, 0.2), (1.0, 100, 0.2), (0.5, 300, 0.05)])
def test_the_interval_of_an_area_covers(shift: float, n: int, share: float) -> None:
    from scipy.special import ndtr

    from judgekit.stats.resample import Bootstrap

    inside = []
    for seed in range(250):
        g = np.random.default_rng([seed, n])
        flags = (g.random(n) < share).astype(float)
        if flags.sum() < 5:
            continue
        found = Bootstrap(seed, 400).intervals(
            ("x",), np.arange(n), [auc_job(flags, g.normal(size=n) + shift * flags)]
        )[0]
        inside.append(found.low <= ndtr(shift / np.sqrt(2)) <= found.high)
    assert np.mean(inside) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / len(inside))
