"""Thresholds: reference values, the guarantee itself by simulation, and that nothing passes where nothing should."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from judgekit.edges.thresholds import fixed_sequence, p_values, ranks, stage_of
from judgekit.errors import InputError


def test_it_gives_the_reference_thresholds_and_fails_closed(reference: Path) -> None:
    told = json.loads((reference / "py_reference.json").read_text())["selective_fst"]
    c, loss = np.array(told["conf"]), 1.0 - np.array(told["correct"])
    for name, threshold in told["lambda_"].items():
        alpha, delta = (float(part.split("=")[1]) for part in name.split(","))
        assert fixed_sequence(c, loss, alpha, delta).value == threshold, name


def test_the_exact_p_is_the_binomial_tail_and_hoeffding_bentkus_is_never_smaller() -> None:
    n = np.array([1.0, 30.0, 200.0])
    errors = np.array([0.0, 2.0, 11.0])
    exact = p_values(errors, n, 0.1, binary=True)
    assert exact == pytest.approx(
        [binomtest(int(k), int(m), 0.1, "less").pvalue for k, m in zip(errors, n, strict=True)]
    )
    assert (p_values(errors, n, 0.1, binary=False) >= exact - 1e-12).all()
    assert p_values(np.zeros(1), np.zeros(1), 0.1, binary=True)[0] == 1.0


@pytest.mark.parametrize("binary", [True, False])
def test_p_values_are_valid_at_the_border_of_the_hypothesis(binary: bool) -> None:
    rng = np.random.default_rng(1)
    n, alpha = 60, 0.15
    losses = rng.random((20_000, n)) < alpha
    total = losses.sum(axis=1) if binary else rng.beta(0.6, 3.4, (20_000, n)).sum(axis=1)
    p = p_values(total.astype(float), np.full(20_000, float(n)), alpha, binary=binary)
    for level in (0.01, 0.05, 0.1):
        held = binomtest(int((p <= level).sum()), len(p), level)
        assert held.proportion_ci(0.99).low <= level


def test_nothing_passes_where_the_judge_is_wrong_or_items_are_few() -> None:
    rng = np.random.default_rng(0)
    c = rng.random(500)
    none = fixed_sequence(c, np.ones(500), 0.2, 0.1)
    assert none.value is None
    assert none.accepted == 0
    assert none.note.startswith("abstain on all")
    few = fixed_sequence(c[:20], np.zeros(20), 0.2, 0.1)
    assert few.value is None
    assert "too few items" in few.note
    assert fixed_sequence(np.full(50, np.nan), np.zeros(50), 0.2, 0.1).value is None


def test_an_item_without_confidence_is_never_accepted_and_a_loss_unknown_counts_as_wrong() -> None:
    c = np.r_[np.full(100, 0.9), np.full(10, np.nan)]
    found = fixed_sequence(c, np.zeros(110), 0.1, 0.1)
    assert (found.value, found.accepted) == (0.9, 100)
    assert (stage_of(c[:, None], found.value)[100:] == -1).all()
    assert fixed_sequence(np.full(100, 0.9), np.full(100, np.nan), 0.1, 0.1).value is None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.1, 0.2, 0.3]), st.sampled_from([1, 3]))
def test_order_does_not_matter_and_laxer_demands_accept_no_less(seed: int, alpha: float, starts: int) -> None:
    rng = np.random.default_rng(seed)
    c = rng.integers(0, 20, 150) / 20
    loss = (rng.random(150) > c).astype(float)
    order = rng.permutation(150)
    found = fixed_sequence(c, loss, alpha, 0.1, starts=starts)
    assert fixed_sequence(c[order], loss[order], alpha, 0.1, starts=starts) == found
    assert fixed_sequence(c, loss, alpha + 0.1, 0.1, starts=starts).accepted >= found.accepted
    if found.value is not None:
        taken = c >= found.value
        assert found.accepted == taken.sum()
        assert found.errors == loss[taken].sum()
        assert binom.cdf(found.errors, found.accepted, alpha) <= 0.1


def test_a_cascade_takes_the_first_judge_that_is_sure() -> None:
    S = np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.1], [np.nan, 0.9]])
    assert stage_of(S, 0.7).tolist() == [0, 1, -1, 1]
    assert stage_of(S, None).tolist() == [-1] * 4
    many = np.tile(S, (50, 1))
    wrong = np.tile([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [1.0, 0.0]], (50, 1))
    found = fixed_sequence(many, wrong, 0.1, 0.1)
    assert (found.value, found.accepted, found.errors) == (0.8, 150, 0.0)


def test_ranks_are_shares_of_scores_at_most_as_high() -> None:
    assert ranks(np.array([5.0, 1.0, 1.0, np.nan])).tolist()[:3] == pytest.approx([1.0, 2 / 3, 2 / 3])
    assert np.isnan(ranks(np.array([np.nan]))).all()


def test_levels_that_mean_nothing_are_refused() -> None:
    for alpha, delta, least, starts in ((0.0, 0.1, 30, 1), (0.1, 1.0, 30, 1), (0.1, 0.1, 0, 1), (0.1, 0.1, 30, 0)):
        with pytest.raises(InputError):
            fixed_sequence(np.ones(40), np.zeros(40), alpha, delta, least=least, starts=starts)


def broken(risk: str, starts: int, studies: int, n: int = 300, alpha: float = 0.1, delta: float = 0.1) -> float:
    """Return in what share of studies the true risk among the accepted exceeds alpha."""
    count = 0
    for seed in range(studies):
        rng = np.random.default_rng([seed, starts, len(risk)])
        c = rng.random(n)
        # at the border: every threshold accepts a risk just above alpha; rising: some do
        true = np.full(n, alpha + 0.001) if risk == "border" else 0.25 * (1 - c) + 0.02
        found = fixed_sequence(c, (rng.random(n) < true).astype(float), alpha, delta, starts=starts)
        if found.value is not None:
            count += risk == "border" or 0.25 * (1 - (found.value + 1) / 2) + 0.02 > alpha
    return count / studies


@pytest.mark.parametrize("risk", ["border", "rising"])
@pytest.mark.parametrize("starts", [1, 3])
def test_the_promise_is_broken_in_no_more_than_delta_of_1000_simulated_studies(risk: str, starts: int) -> None:
    share = broken(risk, starts, 1000)
    assert binomtest(round(1000 * share), 1000, 0.1).proportion_ci(0.95).low <= 0.1
