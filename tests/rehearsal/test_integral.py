"""The integrals that estimates are held to, against what many simulated answers come to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from judgekit.errors import InputError
from judgekit.rehearsal.cast import SIGMA, people_of, scale_of, task_of, traits
from judgekit.rehearsal.design import Design
from judgekit.rehearsal.integral import chances, mean, moments, repeated, spread
from judgekit.rehearsal.scenes import halo, position
from judgekit.rehearsal.scenes import repeated as reps
from judgekit.rehearsal.scenes.groups import JUDGE, TOPIC, Served
from judgekit.rehearsal.solve import solved
from judgekit.schema import Item
from judgekit.simulate import Latent, Scene, SimulatedJudge, SimulatedRater, Slice, respond

N = 60_000
TASK = task_of(5)
SCALE = scale_of(TASK, "value")
RATERS = (
    SimulatedRater("plain"),
    SimulatedRater("severe", severity=1.2, discrimination=0.6),
    SimulatedRater("central", central=0.4, severity=0.5, noise=1.5),
    SimulatedRater("careless", careless=0.5),
)


def answers(*raters: SimulatedRater, criteria: tuple[str, ...] = ("value",), **columns: object) -> np.ndarray:
    """Return many answers: items × raters × criteria."""
    rng = np.random.default_rng(5)
    task = task_of(5, criteria)
    shown = [Item(f"i{place}", "") for place in range(N)]
    scene = Scene.of(shown, columns)
    values = {key: SIGMA * rng.standard_normal(N) for key in criteria}
    known = Latent(values, {key: np.asarray(SCALE.cuts) for key in criteria})
    drawn = [[respond(rater, task, c, known, scene, seed=3) for c in task.criteria] for rater in raters]
    return np.transpose(np.array(drawn), (2, 0, 1))


def test_levels_of_an_average_rater_are_equally_frequent_and_chances_add_up() -> None:
    theta, weights = traits()
    share = chances(RATERS[0], SCALE, theta)
    assert share.shape == (len(theta), 5)
    assert share.sum(axis=1) == pytest.approx(1.0)
    assert weights @ share == pytest.approx(np.full(5, 0.2), abs=0.01)


def test_means_and_spread_are_those_of_simulated_answers() -> None:
    drawn = answers(*RATERS)[:, :, 0]
    theta, weights = traits()
    for place, rater in enumerate(RATERS):
        first, second = moments(rater, SCALE, theta, weights)
        assert drawn[:, place].mean() == pytest.approx(first, abs=0.03), rater.name
        assert (drawn[:, place] ** 2).mean() == pytest.approx(second, abs=0.15), rater.name
        assert float(weights @ mean(rater, SCALE, theta)) == pytest.approx(first)
    assert drawn.std() == pytest.approx(spread(RATERS, SCALE, theta, weights), abs=0.01)


def test_a_known_part_of_the_noise_leaves_the_chances_as_they_are_on_average() -> None:
    x, w = np.polynomial.hermite_e.hermegauss(31)
    share = chances(RATERS[0], SCALE, np.full(31, 0.7), known=x, part=0.5)
    assert (w / w.sum()) @ share == pytest.approx(chances(RATERS[0], SCALE, np.array([0.7]))[0], abs=1e-4)
    joint = repeated(replace(RATERS[0], stable=0.0), SCALE, SIGMA)
    steady = repeated(replace(RATERS[0], stable=0.9), SCALE, SIGMA)
    assert joint.sum() == pytest.approx(1.0)
    assert joint.sum(axis=0) == pytest.approx(steady.sum(axis=0), abs=1e-3)
    assert np.trace(steady) > np.trace(joint) + 0.2
    assert reps.alpha(np.diag(steady.sum(axis=0))) == pytest.approx(1.0)


def test_a_group_is_served_as_many_simulated_people_are() -> None:
    one = [SimulatedRater(f"h{k}", severity=0.3 * k) for k in range(3)]
    moved = [replace(p, slices={f"{TOPIC}=theirs": Slice(-1.0), f"{TOPIC}=other": Slice(1.0)}) for p in one]
    for people in (one, moved):
        column = ["other", "theirs"] * (N // 2)
        drawn = answers(JUDGE.rater(), *people, **{TOPIC: column})[:, :, 0]
        judge, own = drawn[:, 0], drawn[:, 1:]
        apart = np.mean((judge[:, None] - own) ** 2)
        chance = np.mean((judge[:, None] - own[np.random.default_rng(1).permutation(N)]) ** 2)
        assert Served.of(people, SCALE).judge == pytest.approx(1 - apart / chance, abs=0.015)
    assert Served.of(one, SCALE).difference > Served.of(moved, SCALE).difference


def test_halo_is_what_simulated_criteria_have_in_common() -> None:
    others = halo.Others.of([SimulatedRater(f"h{k}", halo=0.2) for k in range(2)], SCALE)
    plain = SimulatedRater("plain", halo=0.2)
    assert others.excess(plain) == pytest.approx(0.0, abs=1e-9)
    share = others.share(replace(plain, noise=1.5), 0.1)
    assert others.excess(replace(plain, noise=1.5, halo=share)) == pytest.approx(0.1, abs=1e-4)
    rater = SimulatedRater("haloed", halo=0.6)
    drawn = answers(rater, criteria=("a", "b"))[:, 0]
    own = halo.Means.of(rater, SCALE)
    seen = float(np.cov(drawn.T)[0, 1])
    _x, w = np.polynomial.hermite_e.hermegauss(9)
    w = w / w.sum()
    within = float(np.sum(np.outer(w, w) * (own.by_halo - own.by_common[:, None]) ** 2))
    assert seen == pytest.approx(within, abs=0.03)  # the traits of the two criteria have nothing in common here


def test_first_places_are_one_half_without_a_preference_and_grow_with_it() -> None:
    assert position.first_slot(SimulatedJudge().rater()) == pytest.approx(0.5, abs=0.002)
    shares = [position.first_slot(SimulatedJudge(position=x).rater()) for x in (0.5, 1.0, 3.0, 30.0)]
    assert shares == sorted(shares)
    assert shares[-1] > 0.98


def test_a_plant_has_the_size_that_was_asked_for_or_is_refused() -> None:
    assert solved(lambda x: x**3, 8.0) == pytest.approx(2.0, abs=1e-4)
    with pytest.raises(InputError, match="no plant has the size 2"):
        solved(lambda x: x / 100, 2.0)


def test_people_keep_their_parameters_when_more_join_them() -> None:
    few, many = (people_of(Design("severity", 50, n, 5), seed=4) for n in (3, 6))
    assert many[:3] == few
    assert people_of(Design("severity", 50, 3, 5, careless=0.9), seed=4)[0].straight is False
