"""The rater model: what is planted is recovered, what is not planted is not found, names decide every draw."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from judgekit.errors import InputError
from judgekit.schema import Criterion, Form, Level, Scale, Source, Task
from judgekit.simulate import (
    Latent,
    Panel,
    SimulatedJudge,
    SimulatedRater,
    Slice,
    Traits,
    draw,
    latent,
)
from judgekit.simulate.noise import keys, logistic, normals, uniforms
from judgekit.study import Study

N = 10_000
TOPICS = ("grief", "work", "illness", "money")


def task(
    levels: int = 2, *, scale: Scale = "ordinal", criteria: int = 1, form: Form = "rating", first: int = 0
) -> Task:
    codes = tuple(Level(code=k, label=str(k)) for k in range(first, first + levels))
    asked = tuple(Criterion(key=f"c{k}", question="?", scale=scale, levels=codes) for k in range(criteria))
    return Task(name="t", form=form, criteria=asked, strata=("topic",), source=Source(kind="frame"))


def items(n: int = N, **columns: object) -> pd.DataFrame:
    words = 1 + (np.arange(n) * 7919) % 50
    frame = pd.DataFrame({"item": [f"i{k}" for k in range(n)], "text": ["w " * k for k in words]})
    frame["topic"] = [TOPICS[k % 4] for k in range(n)]
    frame["author"] = ["me" if k % 3 == 0 else "other" for k in range(n)]
    return frame.assign(**columns)


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    return items()


def traits_of(truth: pd.DataFrame, criterion: str = "c0") -> pd.Series:
    rows = truth[(truth["parameter"] == "trait") & (truth["criterion"] == criterion)]
    return rows.set_index("item")["value"].astype(float)


def logit_fit(y: np.ndarray, *columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return maximum-likelihood coefficients (intercept first) of a logistic regression, and standard errors."""
    x = np.column_stack([np.ones(len(y)), *columns])
    beta = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ beta))
        information = x.T @ (x * (p * (1 - p))[:, None])
        beta = beta + np.linalg.solve(information, x.T @ (y - p))
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))


def recovered(frame: pd.DataFrame, rater: SimulatedRater | SimulatedJudge) -> tuple[dict[str, float], dict[str, float]]:
    """Fit what the model says of a binary criterion: logit P = (b theta − d + effects) / phi."""
    drawn = draw(task(), frame, [rater], seed=5)
    y = drawn.ratings.set_index("item")["value"].reindex(frame["item"]).to_numpy()
    words = np.log(frame["text"].str.split().str.len().to_numpy())
    covariates = {
        "discrimination": traits_of(drawn.truth).reindex(frame["item"]).to_numpy(),
        "length": (words - words.mean()) / words.std(),
        "topic=grief": (frame["topic"] == "grief").to_numpy(dtype=float),
        "author=me": (frame["author"] == "me").to_numpy(dtype=float),
    }
    estimates, errors = logit_fit(y, *covariates.values())
    names = ["leniency", *covariates]
    return dict(zip(names, estimates, strict=True)), dict(zip(names, errors, strict=True))


PLANTS: dict[str, tuple[SimulatedRater | SimulatedJudge, Mapping[str, float]]] = {
    "nothing, a person": (SimulatedRater("me"), {}),
    "nothing, a judge": (SimulatedJudge("me"), {}),
    "severity": (SimulatedRater("me", severity=0.8), {"leniency": -0.8}),
    "leniency": (SimulatedJudge("me", leniency=0.5), {"leniency": 0.5}),
    "compression": (SimulatedJudge("me", compression=0.6), {"discrimination": 0.4}),
    "central": (SimulatedJudge("me", central=0.6), {}),  # a single cut is its own middle: the answer stays
    "length": (SimulatedJudge("me", length=0.4), {"length": 0.4}),
    "slice": (SimulatedJudge("me", slices={"topic=grief": -0.7}), {"topic=grief": -0.7}),
    "self-preference": (SimulatedJudge("me", self_preference=0.6), {"author=me": 0.6}),
    "noise": (SimulatedRater("me", noise=2.0, severity=1.0), {"leniency": -0.5, "discrimination": 0.5}),
    "stable noise alone": (SimulatedRater("me", stable=1.0), {}),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_plant_is_recovered_and_nothing_else_is_found(many: pd.DataFrame, plant: str) -> None:
    rater, expected = PLANTS[plant]
    estimates, errors = recovered(many, rater)
    for name, estimate in estimates.items():
        truth = expected.get(name, 1.0 if name == "discrimination" else 0.0)
        assert abs(estimate - truth) < 4 * errors[name], f"{name}: {estimate:.3f} for {truth}"
        assert errors[name] < 0.08


def test_central_tendency_empties_the_outer_levels_by_the_formula(many: pd.DataFrame) -> None:
    drawn = draw(task(4), many, [SimulatedJudge("plain"), SimulatedJudge("central", central=0.5)], seed=1)
    cuts = drawn.truth[drawn.truth["parameter"].str.startswith("threshold")]["value"].to_numpy()
    theta = traits_of(drawn.truth).to_numpy()
    shares = drawn.ratings.groupby("rater")["value"].agg(lambda y: (y == 3).mean())
    for name, cut in (("plain", cuts[2]), ("central", cuts[1] + 2 * (cuts[2] - cuts[1]))):
        expected = (1 / (1 + np.exp(cut - theta))).mean()
        assert abs(shares[name] - expected) < 4 * np.sqrt(0.25 / N)
    assert shares["central"] < shares["plain"] / 2


def test_an_average_person_uses_the_levels_in_the_declared_shares(many: pd.DataFrame) -> None:
    shares = (0.5, 0.3, 0.15, 0.05)
    drawn = draw(task(4), many, [SimulatedRater("a")], seed=2, traits=Traits(shares={"c0": shares}))
    seen = drawn.ratings["value"].value_counts(normalize=True).sort_index().to_numpy()
    np.testing.assert_allclose(seen, shares, atol=0.02)


def test_fatigue_makes_the_end_noisier_than_the_start(many: pd.DataFrame) -> None:
    people = [SimulatedRater("tired", fatigue=3.0), SimulatedRater("fresh")]
    drawn = draw(task(5), many, people, seed=3)
    order = drawn.truth[(drawn.truth["parameter"] == "order")].set_index("item")["value"]
    assert set(drawn.truth.loc[drawn.truth["parameter"] == "order", "rater"]) == {"tired"}
    late = (order > 0.5).reindex(many["item"]).to_numpy()
    theta = traits_of(drawn.truth).to_numpy()
    fit = {}
    for name, rows in drawn.ratings.groupby("rater"):
        y = rows.set_index("item")["value"].reindex(many["item"]).to_numpy()
        fit[name] = np.corrcoef(theta[late], y[late])[0, 1] - np.corrcoef(theta[~late], y[~late])[0, 1]
    assert fit["tired"] < -0.1
    assert abs(fit["fresh"]) < 0.02


def test_missing_refused_and_careless_shares() -> None:
    frame = items(4000)
    people = [
        SimulatedRater("gaps", missing=0.3),
        SimulatedRater("shy", refusal=0.2),
        SimulatedRater("line", careless=0.9, straight=True),
        SimulatedRater("dice", careless=1.0),
    ]
    asked = task(5, criteria=2)
    drawn = draw(asked, frame, people, seed=4)
    by = dict(tuple(drawn.ratings.groupby("rater")))
    assert abs(len(by["gaps"]) / (2 * 4000) - 0.7) < 0.03
    refused = by["shy"]["status"] == "refused"
    assert abs(refused.mean() - 0.2) < 0.03
    assert by["shy"]["value"].isna().eq(refused).all()
    assert by["shy"].groupby("item")["status"].nunique().eq(1).all()
    assert by["line"]["value"].value_counts(normalize=True).iloc[0] > 0.9
    dice = by["dice"].pivot(index="item", columns="criterion", values="value")
    assert abs(dice.corrwith(pd.Series(traits_of(drawn.truth))).iloc[0]) < 0.07
    np.testing.assert_allclose(by["dice"]["value"].value_counts(normalize=True), 0.2, atol=0.03)
    study = Study.build(asked, frame, drawn.raters, drawn.ratings, truth=drawn.truth)
    assert study.people() == [person.name for person in people]
    assert study.simulated(study.people())


def test_a_further_rater_criterion_or_item_moves_nobody() -> None:
    panel = Panel("crowd", 3, severity_sd=1.0, attributes={"gender": {"w": 0.5, "m": 0.5}}, missing=0.2, fatigue=1.0)
    few, more = panel.people(7), Panel(**{**panel.__dict__, "n": 5}).people(7)
    assert more[:3] == few
    frame = items(200)
    base = draw(task(5), frame, few, seed=7)
    wider = draw(task(5, criteria=3), items(260).sample(frac=1, random_state=0), [*reversed(more)], seed=7)
    key = ["item", "criterion", "rater", "rep"]
    both = base.ratings.merge(wider.ratings, on=key, suffixes=("", "_wider"), how="left")
    assert both["value"].equals(both["value_wider"])
    assert not draw(task(5), frame, few, seed=8).ratings["value"].equals(base.ratings["value"])


def test_reps_share_the_stable_part_only() -> None:
    judges = [SimulatedJudge("same", reps=2, stable=1.0), SimulatedJudge("new", reps=2, stable=0.0)]
    drawn = draw(task(5), items(3000), judges, seed=1)
    wide = drawn.ratings.pivot(index="item", columns=["rater", "rep"], values="value")
    assert wide["same"][0].equals(wide["same"][1])
    theta = traits_of(drawn.truth).reindex(wide.index)
    residual = wide["new"].sub(np.polyval(np.polyfit(theta, wide["new"][0], 3), theta), axis=0)
    assert not wide["new"][0].equals(wide["new"][1])
    assert abs(residual[0].corr(residual[1])) < 0.1


def test_variants_of_an_item_share_its_trait_and_the_stable_noise() -> None:
    frame = pd.concat([items(50).assign(variant=variant) for variant in ("original", "longer")])
    drawn = draw(task(5), frame, [SimulatedJudge("j", stable=1.0)], seed=1)
    wide = drawn.ratings.pivot(index="item", columns="variant", values="value")
    assert wide["original"].equals(wide["longer"])


def test_truth_can_be_read_back_and_drawn_around_again(tmp_path: Path) -> None:
    unordered = Criterion(key="kind", question="?", scale="nominal", levels=task(3).criteria[0].levels)
    asked = Task(name="t", criteria=(*task(5).criteria, unordered), source=Source(kind="frame"))
    frame = items(60)
    first = draw(asked, frame, [SimulatedRater("a", severity=0.4, slices={"topic=work": Slice(1.0, 0.5)})], seed=1)
    file = tmp_path / "truth.parquet"
    first.truth.to_parquet(file)
    again = draw(asked, frame, [SimulatedJudge("b")], seed=1, truth=pd.read_parquet(file))
    fresh = draw(asked, frame, [SimulatedJudge("b")], seed=1)
    pd.testing.assert_frame_equal(again.ratings, fresh.ratings)
    assert set(again.truth["rater"]) == {"b"}
    told = first.truth[first.truth["rater"] == "a"].set_index("parameter")["value"]
    assert told["severity"] == 0.4
    assert (told["shift:topic=work"], told["slice_noise:topic=work"]) == (1.0, 0.5)
    assert len(first.truth[first.truth["parameter"].str.startswith("trait:")]) == 3 * 60
    with pytest.raises(InputError, match="no trait on 'c0' of i60"):
        Latent.of(first.truth, asked, items(61).assign(variant="original"))


def test_halo_and_clusters_correlate_traits() -> None:
    frame = items(8000, group=[f"g{k // 2}" for k in range(8000)])
    known = latent(task(2, criteria=2), frame.assign(variant="original"), traits=Traits(halo=0.4, cluster=0.3, sigma=2))
    one, two = known.values["c0"], known.values["c1"]
    assert abs(np.std(one) - 2) < 0.1
    assert abs(np.corrcoef(one, two)[0, 1] - 0.4) < 0.05
    assert abs(np.corrcoef(one[::2], one[1::2])[0, 1] - 0.3) < 0.06
    plain = latent(task(2, criteria=2), frame.assign(variant="original"))
    assert abs(np.corrcoef(plain.values["c0"], plain.values["c1"])[0, 1]) < 0.05


def pairs(with_aims: bool, n: int = 40) -> pd.DataFrame:
    rows = []
    for k in range(n):
        name = f"p{k}"
        for item, code, direction in (
            (name, 3, None),
            (f"{name}x", 1, {"c0": "lower", "c1": "same"}),
            (f"{name}y", 4, {"c0": "higher"}),
        ):
            expect = json.dumps({"of": name, "change": "?", "direction": direction}) if direction else None
            aim = json.dumps({"c0": code, "c1": 2}) if with_aims else None
            shown = {"item": item, "group": name, "text": "a b", "topic": "grief"}
            rows.append({**shown, "expect": expect, "aim": aim})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("with_aims", [True, False])
def test_an_edit_moves_the_trait_as_expected_and_by_nothing_else(with_aims: bool) -> None:
    frame = pairs(with_aims)
    truth = draw(task(5, criteria=2), frame, [SimulatedRater("a")], seed=3).truth
    c0, c1 = traits_of(truth, "c0"), traits_of(truth, "c1")
    for k in range(40):
        assert c0[f"p{k}x"] < c0[f"p{k}"] < c0[f"p{k}y"]
        assert c1[f"p{k}x"] == c1[f"p{k}"] == c1[f"p{k}y"]
    steps = {round(c0[f"p{k}"] - c0[f"p{k}x"], 9) for k in range(40)}
    assert len(steps) == 1, "an edit and its original share the item's noise"
    assert c0[[f"p{k}" for k in range(40)]].std() > 0.3
    if with_aims:  # the edit stays where it is when its original is not in the study
        alone = draw(task(5, criteria=2), frame[frame["item"].str.endswith("x")], [SimulatedRater("a")], seed=3)
        np.testing.assert_allclose(traits_of(alone.truth), c0[[f"p{k}x" for k in range(40)]])


def test_most_people_give_the_level_aimed_at() -> None:
    asked = task(3)
    frame = items(3000, aim=[json.dumps({"c0": k % 3}) for k in range(3000)])
    for kind in (asked, task(3, scale="nominal")):
        drawn = draw(kind, frame, [SimulatedRater("a", noise=0.5)], seed=1, traits=Traits(step=2.0))
        hit = drawn.ratings["value"].to_numpy() == np.arange(3000) % 3
        assert hit.mean() > 0.6


def test_unordered_levels_follow_utilities_and_leniency_leans_to_the_last() -> None:
    frame = items(6000)
    judges = [SimulatedJudge("plain", noise=0.3), SimulatedJudge("lenient", noise=0.3, leniency=2.0)]
    drawn = draw(task(3, scale="nominal"), frame, judges, seed=1)
    truth = drawn.truth[drawn.truth["parameter"].str.startswith("trait:")]
    best = truth.pivot(index="item", columns="parameter", values="value").to_numpy().argmax(axis=1)
    wide = drawn.ratings.pivot(index="item", columns="rater", values="value")
    assert (wide["plain"] == best).mean() > 0.75
    np.testing.assert_allclose(wide["plain"].value_counts(normalize=True), 1 / 3, atol=0.03)
    assert (wide["lenient"] == 2).mean() > (wide["plain"] == 2).mean() + 0.1


def test_numbers_without_levels() -> None:
    asked = Task(
        name="t",
        criteria=(
            Criterion(key="c0", question="?", scale="interval"),
            Criterion(key="c1", question="?", scale="ratio"),
        ),
        source=Source(kind="frame"),
    )
    drawn = draw(asked, items(2000), [SimulatedRater("a", severity=1.0, noise=0.01)], seed=1)
    wide = drawn.ratings.pivot(index="item", columns="criterion", values="value")
    theta = traits_of(drawn.truth).reindex(wide.index)
    np.testing.assert_allclose(wide["c0"], theta - 1.0, atol=0.15)
    assert (wide["c1"] > 0).all()


def test_position_bias_follows_the_order_shown() -> None:
    frame = pd.concat([items(3000).assign(variant=variant) for variant in ("original", "swapped")])
    asked = task(2, scale="nominal", form="pairwise", first=1)
    judges = [SimulatedJudge("fair"), SimulatedJudge("first", position=1.0)]
    wide = draw(asked, frame, judges, seed=1).ratings.pivot(index="item", columns=["rater", "variant"], values="value")
    shares = (wide == 1).mean()
    assert shares["first"]["original"] > 0.55 > 0.45 > shares["first"]["swapped"]
    assert abs(shares["fair"]["original"] - shares["fair"]["swapped"]) < 0.03


def test_group_effects_reach_the_right_people_on_the_right_items() -> None:
    panel = Panel(
        "crowd",
        200,
        attributes={"gender": {"woman": 0.7, "man": 0.3}},
        group_effects={"gender=woman & topic=grief": -1.0, "gender=man": 0.5},
        careless=0.25,
        severity_sd=0.6,
    )
    people = panel.people(11)
    women = [person for person in people if person.attributes["gender"] == "woman"]
    assert abs(len(women) / 200 - 0.7) < 0.1
    for person in people:
        woman = person.attributes["gender"] == "woman"
        assert person.slices == ({"topic=grief": Slice(-1.0)} if woman else {"": Slice(0.5)})
    careless = [person for person in people if person.careless]
    assert abs(len(careless) / 200 - 0.25) < 0.1
    assert 0.2 < np.mean([person.straight for person in careless]) < 0.8
    assert abs(np.std([person.severity for person in people]) - 0.6) < 0.1


ERRORS = {
    "form": (task(form="rating"), SimulatedJudge("j", position=1.0), "position bias needs candidates"),
    "author": (task(), SimulatedJudge("j", self_preference=1.0, author="model"), "needs an items column 'model'"),
    "stratum": (task(), SimulatedJudge("j", slices={"culture=ja": 1.0}), "no column 'culture'"),
    "level": (task(), SimulatedJudge("j", slices={"topic=greif": 1.0}), "no item is in it"),
    "ranking": (task(form="ranking"), SimulatedJudge("j"), "do not rank"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_a_plant_that_cannot_show_is_refused(case: str) -> None:
    asked, judge, message = ERRORS[case]
    with pytest.raises(InputError, match=message):
        draw(asked, items(8), [judge])


def test_bad_parameters_are_refused() -> None:
    with pytest.raises(InputError, match="central is a share"):
        SimulatedJudge("j", central=1.5).rater()
    with pytest.raises(InputError, match="no rater has country=JP"):
        Panel("crowd", 2, group_effects={"country=JP": 1.0})
    with pytest.raises(InputError, match="shares of 'gender'"):
        Panel("crowd", 2, attributes={"gender": {"w": 0.9}})
    with pytest.raises(InputError, match="add up to at most 1"):
        Traits(halo=0.6, cluster=0.6)
    with pytest.raises(InputError, match="aim 9 is no level of 'c0'"):
        draw(task(), items(2, aim=['{"c0": 1}', '{"c0": 9}']), [SimulatedRater("a")])
    with pytest.raises(InputError, match="items:2: 'aim' is not json"):
        draw(task(), items(2, aim=["{c0", None]), [SimulatedRater("a")])
    with pytest.raises(InputError, match="one name each"):
        draw(task(), items(2), [SimulatedRater("a"), SimulatedRater("a")])


def test_named_noise_has_the_declared_distributions() -> None:
    cells = keys(f"cell {k}" for k in range(100_000))
    u, z = uniforms(1, ("a",), cells), normals(1, ("a",), cells)
    assert 0 < u.min() < 1e-4
    assert 1 - 1e-4 < u.max() < 1
    assert np.abs(np.quantile(u, np.linspace(0, 1, 21)) - np.linspace(0, 1, 21)).max() < 0.006
    assert abs(z.mean()) < 0.013
    assert abs(z.std() - 1) < 0.01
    assert abs((z**4).mean() - 3) < 0.15
    e = logistic(z)
    assert abs(e.std() - np.pi / np.sqrt(3)) < 0.02
    assert abs((e > np.log(9)).mean() - 0.1) < 0.004
    for other in (uniforms(2, ("a",), cells), uniforms(1, ("b",), cells), np.roll(u, 1)):
        assert abs(np.corrcoef(u, other)[0, 1]) < 0.013
