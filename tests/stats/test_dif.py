"""DIF by rater group: another package's ordinal logistic, planted groups, innocent ones, the real studies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from judgekit.errors import InputError
from judgekit.stats.battery import estimate
from judgekit.stats.ordinal import proportional_odds
from judgekit.studies.crehate import crehate
from judgekit.studies.crehate.cells import bare_task
from judgekit.study import Study


def rated(
    seed: int,
    n: int,
    groups: Mapping[str, int],
    *,
    higher: float = 0.0,
    judge: float = 0.0,
    spread: float = 0.5,
    levels: int = 5,
    missing: float = 0.0,
    apart: float = 0.0,
) -> Study:
    """Return ratings of n items; the people of group x rate ``higher`` (logits), the judge rates ``judge`` higher.

    ``spread`` is how far single people differ; with ``apart`` group x sees better items and the others worse ones.
    """
    rng = np.random.default_rng(seed)
    trait, cuts, names = rng.normal(0, 2, n), np.linspace(-3, 3, levels - 1), [f"i{i:04d}" for i in range(n)]
    raters = [(f"{group}{k}", group) for group, size in groups.items() for k in range(size)]
    frames = []
    for rater, group in [*raters, ("judge", None)]:
        shift = judge if group is None else rng.normal(0, spread) + higher * (group == "x")
        value = np.searchsorted(cuts, trait + shift + rng.logistic(size=n)).astype(float)
        seen = rng.random(n) >= (missing if group else 0.0)
        if apart and group:
            seen &= rng.random(n) < 1 / (1 + np.exp(-apart * trait * (1 if group == "x" else -1)))
        kind = "human" if group else "judge"
        frame = pd.DataFrame({"item": names, "rater": rater, "kind": kind, "value": value, "country": group})
        frames.append(frame[seen])
    table = pd.concat(frames, ignore_index=True)
    table["half"] = np.where(table["kind"] == "human", np.where(table["rater"].str[-1] < "3", "a", "b"), None)
    return Study.from_frame(table.drop(columns="half"), scale="ordinal", levels=[float(k) for k in range(levels)])


def of(table: pd.DataFrame, statistic: str, a: str, b: str | None = None) -> pd.Series:
    found = table[(table["statistic"] == statistic) & (table["a"] == a)]
    found = found if b is None else found[found["b"] == b]
    assert len(found) == 1
    return found.iloc[0]


@pytest.mark.parametrize("levels", [2, 5])
def test_it_is_the_ordered_model_of_statsmodels(levels: int) -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(levels)
    Z = rng.standard_normal((300, 2))
    level = np.searchsorted(np.linspace(-1.5, 1.5, levels - 1), Z @ [1.0, -0.5] + rng.logistic(size=300))
    theirs = OrderedModel(level, Z, distr="logit").fit(method="newton", disp=0, maxiter=200, tol=1e-8)
    ours = proportional_odds(Z, level.astype(np.int64), prior=False)
    assert ours.at.value == pytest.approx(float(theirs.llf), abs=1e-8)
    assert ours.parameters[levels - 1 :] == pytest.approx(np.asarray(theirs.params)[:2], abs=1e-6)
    cuts = theirs.model.transform_threshold_params(np.asarray(theirs.params))[1:-1]
    assert ours.parameters[: levels - 1] == pytest.approx(cuts, abs=1e-6)
    spread = np.sqrt(np.diag(ours.covariance))[levels - 1 :]
    assert spread == pytest.approx(np.asarray(theirs.bse)[:2], rel=1e-4)


def test_the_information_is_the_derivative_of_the_score() -> None:
    from judgekit.stats.ordinal import _evaluate

    rng = np.random.default_rng(0)
    Z, level = rng.standard_normal((40, 2)), np.r_[0, 1, 2, 3, rng.integers(0, 4, 36)]
    here, h = np.array([-1.0, 0.2, 1.1, 0.7, -0.3]), 1e-6
    at = _evaluate(Z, level, 4, here)
    for place in range(5):
        step = np.eye(5)[place] * h
        up, down = _evaluate(Z, level, 4, here + step), _evaluate(Z, level, 4, here - step)
        assert (up.value - down.value) / (2 * h) == pytest.approx(at.scores.sum(axis=0)[place], abs=1e-6)
        change = -(up.scores.sum(axis=0) - down.scores.sum(axis=0)) / (2 * h)
        assert change == pytest.approx(at.information.sum(axis=0)[place], abs=1e-5)


def test_leaving_a_cluster_out_is_what_a_refit_says() -> None:
    rng = np.random.default_rng(1)
    Z = rng.standard_normal((400, 2))
    level = np.searchsorted([-1.0, 1.0], Z @ [0.8, 0.0] + rng.logistic(size=400)).astype(np.int64)
    groups = np.repeat(np.arange(40), 10)
    fitted = proportional_odds(Z, level)
    changes = fitted.without(groups)
    for g in (0, 7, 39):
        again = proportional_odds(Z[groups != g], level[groups != g])
        assert changes[g] == pytest.approx(again.parameters - fitted.parameters, abs=0.01)


def test_a_group_and_a_judge_that_rate_higher_are_found() -> None:
    found = [
        estimate(rated(seed, 120, {"x": 10, "y": 10}, higher=1.5, judge=1.5), "dif", n_boot=10) for seed in range(6)
    ]
    rows = [of(table, "dif", "country=x") for table in found]
    assert all(row["verdict"] == "yes" and row["low"] > 0 for row in rows)
    # matched on a mean of people, log-odds are a little nearer to 0 than given the items' own worth
    assert 1.1 < np.mean([row["value"] for row in rows]) < 1.6
    for table in found:
        assert of(table, "dif", "country=y")["value"] == pytest.approx(
            -of(table, "dif", "country=x")["value"], abs=1e-3
        )
        assert of(table, "dif.judge", "judge", "country=y")["verdict"] == "yes"
        assert of(table, "dif.judge", "judge", "country=x")["verdict"] != "yes"
        assert table["q"].notna().any()


def test_a_group_that_tells_items_apart_less_has_a_slope() -> None:
    rng = np.random.default_rng(3)
    trait, names = rng.normal(0, 2, 150), [f"i{i:03d}" for i in range(150)]
    frames = []
    for k in range(16):
        value = np.searchsorted([-3, -1, 1, 3], trait * (0.4 if k < 8 else 1.0) + rng.logistic(size=150)).astype(float)
        frames.append(pd.DataFrame({"item": names, "rater": f"r{k}", "value": value, "country": "x" if k < 8 else "y"}))
    study = Study.from_frame(pd.concat(frames), scale="ordinal", levels=[0.0, 1.0, 2.0, 3.0, 4.0])
    row = of(estimate(study, "dif", n_boot=10), "dif.slope", "country=x")
    assert row["verdict"] == "yes"
    assert row["high"] < 0


@pytest.mark.parametrize(
    ("groups", "options"), [({"x": 3, "y": 3, "z": 3}, {}), ({"x": 12, "y": 12}, {"missing": 0.6, "levels": 2})]
)
def test_innocent_groups_and_judges_are_rarely_accused(groups: dict[str, int], options: dict[str, float]) -> None:
    """People differ from one another, groups do not: a sample of three people must not be taken for a country."""
    runs, alarms = 40, np.zeros(2)
    for seed in range(runs):
        table = estimate(rated(500 + seed, 60, groups, **options), "dif", n_boot=10, adjust="none")  # type: ignore[arg-type]
        alarms += [
            of(table, "dif", "country=x")["verdict"] == "yes",
            of(table, "dif.judge", "judge", "country=x")["verdict"] == "yes",
        ]
    assert (alarms <= 6).all()  # 2 expected; more than 6 has a chance below 1 %


def test_groups_that_rated_other_items_are_not_said_to_differ() -> None:
    table = estimate(rated(1, 100, {"x": 15, "y": 15}, apart=1.0), "dif", n_boot=10)
    row = of(table, "dif", "country=x")
    assert "rated other items" in row["note"]
    assert row["verdict"] != "yes"


def test_small_groups_have_a_reason_and_small_intersections_none() -> None:
    study = rated(2, 60, {"x": 6, "y": 5, "z": 2})
    raters = study.raters.assign(age=["old" if name[-1] in "03" else "young" for name in study.raters["rater"]])
    raters.loc[raters["rater"] == "judge", "age"] = None
    table = estimate(Study.build(study.task, study.items, raters, study.ratings), "dif", n_boot=10)
    assert of(table, "dif", "country=z")["note"] == "not estimable: 2 of the group's people rated here, 3 are needed"
    crossed = table[table["a"].str.contains("&")]
    assert set(crossed["a"]) == {"country=x & age=young", "country=y & age=young"}
    assert not (table["low"].isna() & (table["note"] == "")).any()


def test_more_people_make_it_surer_and_more_reps_of_items_do_not() -> None:
    widths = []
    for k in (4, 16):
        rows = [of(estimate(rated(s, 80, {"x": k, "y": k}), "dif", n_boot=10), "dif", "country=x") for s in range(4, 9)]
        widths.append(np.mean([row["high"] - row["low"] for row in rows]))
    assert widths[1] < 0.6 * widths[0]
    few = of(estimate(rated(4, 80, {"x": 4, "y": 4}), "dif", n_boot=10), "dif", "country=x")
    study = rated(4, 80, {"x": 4, "y": 4})
    items, ratings = study.items.assign(group=study.items["item"]), study.ratings
    twice = Study.build(
        study.task,
        pd.concat([items, items.assign(item=items["item"] + "b")]),
        study.raters,
        pd.concat([ratings, ratings.assign(item=ratings["item"] + "b")]),
    )
    again = of(estimate(twice, "dif", n_boot=10), "dif", "country=x")
    assert [again["value"], again["low"], again["high"]] == pytest.approx(
        [few["value"], few["low"], few["high"]], abs=0.1
    )


def test_what_has_no_order_has_a_reason() -> None:
    study = rated(5, 40, {"x": 3, "y": 3})
    frame = study.ratings.merge(study.raters[["rater", "country", "kind"]], on="rater")
    nominal = Study.from_frame(frame[["item", "rater", "value", "country", "kind"]], scale="nominal")
    assert "without an order" in estimate(nominal, "dif", n_boot=0)["note"].iloc[0]
    alone = Study.from_frame(frame[["item", "rater", "value", "kind"]], scale="ordinal", levels=[0.0, 1, 2, 3, 4])
    assert "no attribute of people" in estimate(alone, "dif", n_boot=0)["note"].iloc[0]


@pytest.mark.parametrize(
    ("options", "says"),
    [({"margin": 0.0}, "margin"), ({"least_raters": 1}, "too few"), ({"attributes": ["shoe"]}, "shoe")],
)
def test_bad_options_are_one_line(options: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        estimate(rated(1, 30, {"x": 3, "y": 3}), "dif", n_boot=0, **options)


@pytest.mark.slow
def test_countries_of_crehate(mirror: Path) -> None:
    """At equal mean label people of the US call fewer posts hateful; Singapore's tell posts apart least."""
    table = estimate(crehate(bare_task(), mirror=mirror), "dif", n_boot=10, attributes=["country"])
    values = {c: of(table, "dif", f"country={c}")["value"] for c in ("AU", "GB", "SG", "US", "ZA")}
    assert values == pytest.approx({"AU": 0.187, "GB": 0.026, "SG": 0.273, "US": -0.393, "ZA": -0.096}, abs=0.001)
    assert [c for c in values if of(table, "dif", f"country={c}")["verdict"] == "yes"] == ["US"]
    slopes = {c: of(table, "dif.slope", f"country={c}")["value"] for c in values}
    assert min(slopes, key=lambda c: slopes[c]) == "SG"
    assert (table["n_ratings"] == 39467).all()
