"""Routing: who labels what, guarantees in all, by slice and for each group, cascades, curves, prices, plans."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sliced import sliced

from judgekit.edges.chain import chains
from judgekit.edges.curve import Area, Curve, cut
from judgekit.edges.judged import agreement, judged, person_agreement
from judgekit.edges.route import Routed, Rule
from judgekit.errors import InputError
from judgekit.schema import Criterion, Level
from judgekit.stats.battery import estimate


def chain(study: object, **more: object) -> object:
    options = {"signal": "auto", "cascade": None, "pool": None, "within": 0.0, "seed": 0, "where": "test", **more}
    return list(chains(study, **options))[-1]


def test_agreement_is_the_panels_word_shared_where_it_is_tied() -> None:
    levels = tuple(Level(code=k, label=str(k)) for k in (0, 1, 2))
    nominal = Criterion(key="c", question="", scale="nominal", levels=levels)
    ordinal = Criterion(key="c", question="", scale="ordinal", levels=levels)
    people = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, np.nan], [np.nan] * 3, [0.0, 2.0, np.nan]])
    answers = np.array([0.0, 1.0, 1.0, 1.0])
    assert agreement(answers, people, nominal)[[0, 1, 3]].tolist() == [1.0, 0.5, 0.0]
    assert np.isnan(agreement(answers, people, nominal)[2])
    assert agreement(answers, people, ordinal)[3] == 1.0
    assert agreement(np.array([2.0] * 4), people, ordinal, within=1.0)[1] == 0.5
    assert person_agreement(people, nominal)[:2].tolist() == pytest.approx([1 / 3, 0.0])


def test_the_threshold_is_where_its_guarantee_holds_and_the_rest_is_for_people() -> None:
    study = sliced(800, reps=5)
    one = chain(study)
    routed = Routed.of(study, one, Rule(0.25, 0.1), (), None)
    (_, _, threshold), = routed.cells  # fmt: skip
    assert threshold.value is not None
    assert routed.accepted.tolist() == (one.scores[:, 0] >= threshold.value).tolist()
    rows = estimate(study, "route", n_boot=200, alpha=0.25).set_index("statistic")
    assert rows.loc["route.threshold", "value"] == threshold.value
    assert rows.loc["route.threshold", "verdict"] == "yes"
    assert rows.loc["route.accepted", "value"] == pytest.approx(routed.accepted.mean())
    assert rows.loc["route.agreement", "value"] >= 0.75
    shares = rows.loc[["route.share.judge", "route.share.people"], "value"]
    assert shares.sum() == pytest.approx(1)


def test_a_slice_that_overall_agreement_hides_is_left_to_people() -> None:
    study = sliced(900, gap=0.8, reps=3)
    whole = estimate(study, "route", n_boot=0, alpha=0.3, signal="reps")
    rows = estimate(study, "route", n_boot=0, alpha=0.3, signal="reps", by=["topic"])
    found = {r["subset"]: r for r in rows[rows["statistic"] == "route.threshold"].to_dict("records")}
    assert set(found) == {"topic=easy", "topic=hard"}
    assert found["topic=easy"]["verdict"] == "yes"
    assert found["topic=hard"]["verdict"] == "undecided"
    assert "abstain on all" in found["topic=hard"]["note"]
    accepted = rows[(rows["statistic"] == "route.accepted") & (rows["subset"] == "topic=hard")]
    assert accepted["value"].iloc[0] == 0
    assert whole[whole["statistic"] == "route.threshold"]["verdict"].iloc[0] == "yes"


def test_one_threshold_holds_for_every_group_of_people() -> None:
    study = sliced(700, reps=4, people=4)
    found = estimate(study, "route", n_boot=0, alpha=0.5, groups="country")
    told = found[found["statistic"] == "route.threshold"].iloc[0]
    assert told["verdict"] == "yes"
    assert "for each country" in told["method"]
    one = chain(study)
    taken = one.scores[:, 0] >= told["value"]
    for home in ("AU", "US"):
        names = study.raters.loc[study.raters["country"] == home, "rater"]
        people = study.matrix("value")[names].to_numpy()
        agreed = agreement(one.one.answers, people, one.one.criterion)
        assert agreed[taken].mean() >= 0.5


def test_a_judge_without_confidence_abstains_and_says_why() -> None:
    rows = estimate(sliced(100), "route", n_boot=0)
    assert rows["statistic"].tolist() == ["route.threshold"]
    assert rows["value"].isna().all()
    assert "abstain on all: no confidence" in rows["note"].iloc[0]


def test_clusters_are_tested_by_one_item_each_and_a_fitted_confidence_on_the_other_half() -> None:
    study = sliced(400, clusters=4, reps=3)
    one = chain(study)
    assert one.tested.sum() == 100
    assert len(np.unique(one.one.part.groups[one.tested])) == 100
    fitted = chain(sliced(400, judges=("judge", "other"), reps=3), signal="combined")
    assert fitted.tested.sum() == 200
    assert "fitted on one half" in fitted.note


def test_a_cascade_leaves_to_the_dear_judge_what_the_cheap_one_is_unsure_of() -> None:
    study = sliced(900, judges=("cheap", "dear"), reps=5)
    rows = estimate(study, "route", n_boot=0, alpha=0.3, signal="reps", cascade=["cheap", "dear"])
    mine = rows[rows["a"] == "cheap → dear"].set_index("statistic")["value"]
    assert mine[["route.share.cheap", "route.share.dear", "route.share.people"]].sum() == pytest.approx(1)
    alone = rows[(rows["a"] == "cheap") & (rows["statistic"] == "route.accepted")]["value"].iloc[0]
    assert mine["route.share.cheap"] + mine["route.share.dear"] >= alone - 0.15
    with pytest.raises(InputError, match="no judge is called nobody"):
        estimate(study, "route", n_boot=0, cascade=["cheap", "nobody"])


def test_the_curve_and_its_area_are_the_definitions() -> None:
    rng = np.random.default_rng(0)
    c, loss = rng.permutation(50) / 50.0, rng.integers(0, 2, 50).astype(float)
    X = np.column_stack([c, loss])
    order = np.argsort(-c)
    made = Curve(tuple(cut(c, share) for share in (0.2, 0.5, 1.0)))
    risks = made.point(made.features(X).sum(axis=0))
    assert risks == pytest.approx([loss[order][:k].mean() for k in (10, 25, 50)])
    by_hand = np.mean(np.cumsum(loss[order]) / np.arange(1, 51))
    assert Area().weighted(X, np.ones((1, 50)))[0] == pytest.approx(by_hand)
    tied = np.column_stack([np.ones(4), [1.0, 0, 0, 1]])
    made = Curve((cut(tied[:, 0], 0.5),))
    assert made.point(made.features(tied).sum(axis=0)) == pytest.approx([0.5])


def test_the_frontier_ends_at_people_and_prices_are_counted() -> None:
    study = sliced(300, judges=("cheap", "dear"), reps=4)
    rows = estimate(study, "frontier", n_boot=0, cascade=["cheap", "dear"], usd={"cheap": 0.01, "dear": 0.1},
                    minutes=3.0, hour=20.0, audit=0.0, signal="reps")  # fmt: skip
    value = rows.set_index(["a", "statistic"])["value"]
    for name in ("cheap", "dear", "cheap → dear"):
        assert value[name, "frontier.usd.000"] == pytest.approx(1.0)
        assert value[name, "frontier.minutes.000"] == pytest.approx(3.0)
        assert value[name, "frontier.correct.000"] == 1.0
    assert value["cheap", "frontier.usd.100"] == pytest.approx(0.01)
    assert value["dear", "frontier.minutes.100"] == 0
    agreed = {one.judge: one.agreed.mean() for one in judged(study)}
    assert value["cheap", "frontier.correct.100"] == pytest.approx(agreed["cheap"])
    assert value["cheap", "frontier.usd_correct.100"] == pytest.approx(0.01 / agreed["cheap"])
    assert ("cheap", "frontier.usd_precision.100") not in value.index, "nothing is audited"
    with pytest.raises(InputError, match="no judge is called x"):
        estimate(study, "frontier", n_boot=0, usd={"x": 1.0})


def test_a_unit_of_precision_is_what_the_merged_mean_costs() -> None:
    study = sliced(500, reps=4)
    rows = estimate(study, "frontier", n_boot=0, usd={"judge": 0.1}, minutes=3.0, audit=0.2)
    value = rows.set_index("statistic")["value"]
    (one,) = judged(study)
    h, m = one.word, one.answers
    expected = (0.1 + 0.2 * 1.0) * (h.var() + np.mean((1 / 0.2 - 1) * (h - m) ** 2))
    assert value["frontier.usd_precision.100"] == pytest.approx(expected)


def plan(rows: object, subset: str = "all") -> str:
    mine = rows[(rows["subset"] == subset) & (rows["verdict"] == "yes")]
    (name,) = mine["statistic"]
    return str(name).removeprefix("allocation.")


def test_the_plan_follows_cost_maturity_and_expertise() -> None:
    study = sliced(600, reps=5)
    common = {"n_boot": 100, "alpha": 0.3, "edge": "topic=hard", "usd": {"judge": 0.001}, "minutes": 2.0}
    assert plan(estimate(study, "allocation", error_cost=0.1, maturity="settled", **common)) == "model"
    assert plan(estimate(study, "allocation", error_cost=0.1, maturity="piloted", **common)) == "model_person"
    new = estimate(study, "allocation", error_cost=0.1, maturity="new", **common)
    assert plan(new) == "person"
    assert "a new task needs people's eyes" in "; ".join(new["note"])
    rows = estimate(study, "allocation", error_cost=0.1, maturity="settled", **common)
    error = rows[(rows["statistic"] == "allocation.error_model")].set_index("subset")["value"]
    assert error["edge"] > error["core"] + 0.2
    with pytest.raises(InputError, match="maturity cannot be 'old'"):
        estimate(study, "allocation", maturity="old", n_boot=0)


def test_a_declared_share_of_edge_cases_weighs_them() -> None:
    study = sliced(600, reps=5)
    costs = {}
    for share in (0.05, None, 0.6):
        rows = estimate(study, "allocation", n_boot=0, edge="topic=hard", edge_share=share)
        rows = rows[rows["statistic"] == "allocation.error_model"].set_index("subset")["value"]
        costs[share] = rows["all"]
        if share is not None:
            assert rows["all"] == pytest.approx(share * rows["edge"] + (1 - share) * rows["core"])
    assert costs[0.05] < costs[None] < costs[0.6]


def test_the_guarantee_is_kept_over_1000_studies_and_the_merged_mean_is_unbiased() -> None:
    study = sliced(400, reps=5)
    for by in (None, ["topic"]):
        rows = estimate(study, "guarantee", n_boot=0, alpha=0.2, by=by, studies=1000).set_index("statistic")
        broken = round(1000 * rows.loc["guarantee.broken", "value"])
        assert binomtest(broken, 1000).proportion_ci(0.95).low <= 0.1
        assert rows.loc["guarantee.accepted", "value"] > 0.2
        assert rows.loc["guarantee.merged", "verdict"] == "yes"
        assert rows.loc["guarantee.broken", "verdict"] in ("yes", "undecided")
    with pytest.raises(InputError, match="too few to tell"):
        estimate(study, "guarantee", n_boot=0, studies=10)


def test_a_stratum_that_is_not_there_is_refused() -> None:
    study = sliced(60, reps=3)
    with pytest.raises(InputError, match="no stratum is called mood"):
        estimate(study, "route", n_boot=0, by=["mood"])
    with pytest.raises(InputError, match="do not go together"):
        estimate(study, "route", n_boot=0, by=["topic"], groups="country")
