"""The weights of a slice: types and items see the same replicates, whatever is asked, kept or shared out."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from references import drawn, study_of
from scipy import stats

from judgekit.schema import Criterion, Level
from judgekit.stats import draws as module
from judgekit.stats.alike import Types, number_types
from judgekit.stats.alpha import Alpha
from judgekit.stats.battery import estimate
from judgekit.stats.draws import Block, Draws, Kept
from judgekit.stats.gwet import Gwet
from judgekit.stats.kappa import kappa_family
from judgekit.stats.pairings import Pairing, Slice, by_missing
from judgekit.stats.resample import Bootstrap, Job

Array = np.ndarray
LEVELS = (1.0, 2.0, 3.0)
NUMBERS = np.array([0, 1, 2, 1, 0, 1, 2, 1, 1, 1, 1, 1])


def weights(numbers: Array | None, n: int = 12, n_boot: int = 20_000) -> tuple[Array | None, Array, Types | None]:
    """Return the drawn weights of types and of units (in the units' own order)."""
    types = Types.of(numbers, np.arange(n))
    source = Draws(3, n_boot, ("criterion", "all"), n, types)
    blocks: list[Block] = []
    source.each(blocks.append)
    of_units = np.concatenate([block.of_units for block in blocks])
    if types is None:
        return None, of_units, None
    own = np.empty_like(of_units)
    own[:, types.order] = of_units
    return np.concatenate([block.of_types for block in blocks]), own, types


def test_types_weigh_gamma_of_their_sizes() -> None:
    of_types, _, types = weights(NUMBERS)
    assert of_types is not None
    assert types is not None
    assert types.sizes.tolist() == [2, 8, 2]
    for weight, size in zip(of_types.T, types.sizes, strict=True):
        assert stats.kstest(weight, "gamma", args=(size,)).pvalue > 1e-3
    assert np.abs(np.corrcoef(of_types.T)[np.triu_indices(3, 1)]).max() < 0.03


def test_items_weigh_exponentially_and_independently() -> None:
    _, of_units, _ = weights(NUMBERS)
    for weight in of_units.T:
        assert stats.kstest(weight, "expon").pvalue > 1e-3
    assert np.abs(np.corrcoef(of_units.T)[np.triu_indices(12, 1)]).max() < 0.03
    assert stats.kstest(of_units.sum(axis=1), "gamma", args=(12,)).pvalue > 1e-3
    for i, j in combinations((0, 1, 3, 4, 6), 2):  # beyond correlation: the smaller of two is exponential, too
        assert stats.kstest(2 * np.minimum(of_units[:, i], of_units[:, j]), "expon").pvalue > 1e-3


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_items_of_a_type_weigh_together_what_the_type_weighs(numbers: list[int]) -> None:
    of_types, of_units, types = weights(np.array(numbers), len(numbers), 50)
    assert types is not None
    summed = np.stack([of_units[:, np.array(numbers) == one].sum(axis=1) for one in sorted(set(numbers))], axis=1)
    np.testing.assert_allclose(of_types, summed, rtol=1e-12)


def test_without_types_and_with_clusters_there_are_units_alone() -> None:
    assert Types.of(None, np.arange(12)) is None
    assert Types.of(NUMBERS, np.arange(12) // 2) is None
    _, of_units, types = weights(None)
    assert types is None
    assert stats.kstest(of_units[:, 0], "expon").pvalue > 1e-3


def test_rows_stand_for_types_where_units_of_a_type_contribute_the_same() -> None:
    types = Types.of(NUMBERS, np.arange(12))
    assert types is not None
    phi = np.array([[0.1, 3.0], [0.7, 1.0], [0.0, 2.0]])[NUMBERS]
    rows = types.rows(phi)
    assert rows is not None
    np.testing.assert_array_equal(rows, [[0.1, 3.0], [0.7, 1.0], [0.0, 2.0]])
    phi[5, 1] += 1e-6
    assert types.rows(phi) is None


# Which items are alike


def test_equal_rows_are_alike() -> None:
    X = np.array([[1, 2], [2, 1], [1, np.nan], [np.nan, 1]])[np.arange(64) % 4]
    numbers = number_types(X, LEVELS, ("", ""))
    assert numbers is not None
    np.testing.assert_array_equal(numbers[:, None] == numbers, np.equal.outer(np.arange(64) % 4, np.arange(64) % 4))


def test_who_of_a_pool_said_it_does_not_count_where_rows_are_seldom_equal() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(1, 4, (400, 6)).astype(float)
    numbers = number_types(X, LEVELS, ("",) + ("people",) * 5)
    assert numbers is not None
    assert len(np.unique(X, axis=0)) > 50
    key = [(row[0], *sorted(row[1:])) for row in X]
    if len(set(key)) > 50:
        key = [tuple(sorted(row[1:])) for row in X]
    assert len(set(zip(numbers, key, strict=True))) == len(set(key)) == len(set(numbers))


def test_items_that_are_seldom_equal_have_no_types() -> None:
    rng = np.random.default_rng(1)
    assert number_types(rng.integers(1, 4, (40, 60)).astype(float), LEVELS, ("",) * 60) is None
    assert number_types(rng.integers(1, 4, (40, 60)).astype(float), LEVELS, ("people",) * 60) is None
    assert number_types(rng.normal(size=(400, 2)), (), ("", "")) is None
    assert number_types(np.ones((7, 2)), LEVELS, ("", "")) is None


def test_many_columns_are_told_apart_and_values_beside_the_levels_as_well() -> None:
    rows = np.random.default_rng(2).integers(1, 4, (3, 90)).astype(float)
    which = np.arange(90) % 3
    numbers = number_types(rows[which], LEVELS, ("",) * 90)
    assert numbers is not None
    assert len(set(zip(numbers, which, strict=True))) == 3
    between = number_types(np.where(np.arange(80)[:, None] % 2, 1.5, 2.5), LEVELS, ("",))
    assert between is not None
    assert len(set(between)) == 2


def part_of(X: Array) -> Slice:
    """Return a slice with judge j and people h1 … as columns of X."""
    levels = tuple(Level(code=code, label=f"{code:g}") for code in LEVELS)
    people = tuple(f"h{k + 1}" for k in range(X.shape[1] - 1))
    criterion = Criterion(key="value", question="", scale="ordinal", levels=levels)
    return Slice(criterion, "all", X, ("j", *people), np.arange(len(X)), dict.fromkeys(people, "people"))


def test_setting_ratings_aside_leaves_the_types() -> None:
    X = drawn(np.random.default_rng(3), 400, 3, LEVELS)
    X[:40, 0] = np.nan
    part = part_of(X)
    ((alone, _),) = by_missing(part, [Pairing("j", "people", ("j",), ("h1", "h2"))])
    assert np.isnan(alone.values[:40]).all()
    assert part.types is not None
    np.testing.assert_array_equal(alone.types, part.types)
    in_pairs = Slice(part.criterion, "all", X, part.raters, np.arange(400) // 2)
    assert in_pairs.types is None


# Intervals


def asked(part: Slice) -> list[Job]:
    """Return jobs of which some see types, some items: alpha and AC1 of the people, AC1 of all, kappas, differences."""
    people = part.raters[1:]
    comparisons = [Pairing("j", "people", ("j",), people), Pairing("people", "people", people, people)]
    kappas, _ = kappa_family(part, comparisons, "identity")
    apart, _ = kappa_family(part, comparisons, "identity", minus=((0, 1), (0, 0)))
    X, every = part.matrix(people), part.matrix(part.raters)
    return [
        Job(Alpha(LEVELS, "ordinal", 5), X, LEVELS),
        Job(Gwet(LEVELS, "identity", 5), X, LEVELS),
        Job(Gwet(LEVELS, "identity", 6), every, LEVELS),
        kappas,
        apart,
    ]


@pytest.fixture
def part() -> Slice:
    """240 items by a judge and five people: the counts repeat, the rows do not."""
    found = part_of(drawn(np.random.default_rng(4), 240, 6, LEVELS))
    assert found.types is not None
    assert len(np.unique(found.values, axis=0)) > 30
    return found


def test_jobs_see_the_same_replicates_whether_asked_together_or_apart(part: Slice) -> None:
    boot, jobs = Bootstrap(7, 1500), asked(part)
    together = boot.intervals(part.stream, part.groups, jobs, part.types)
    apart = [one for job in jobs for one in boot.intervals(part.stream, part.groups, [job], part.types)]
    for a, b in zip(together, apart, strict=True):
        assert [a.low, a.high] == pytest.approx([b.low, b.high], abs=1e-12)
        assert (a.value, a.method, a.note) == (b.value, b.method, b.note)
    nothing = together[-1]
    assert [nothing.low, nothing.high] == pytest.approx([0, 0], abs=1e-12)


def test_a_statistic_of_types_is_that_of_their_items(part: Slice) -> None:
    """What a rater's name tells apart is drawn item by item, and leads to the same replicates as the types."""
    X = part.matrix(part.raters[1:])
    by_type = Job(Alpha(LEVELS, "ordinal", 5), X, LEVELS)
    named = Job(NamedAlpha(LEVELS, "ordinal", 5), X, LEVELS)
    first, second = Bootstrap(7, 2000).intervals(part.stream, part.groups, [by_type, named], part.types)
    assert [first.low, first.high] == pytest.approx([second.low, second.high], abs=1e-12)
    assert first.value == pytest.approx(second.value, abs=1e-12)
    assert (first.method, first.note) == (second.method, second.note)


class NamedAlpha(Alpha):
    """Alpha with one more feature, which it does not use, of who said what."""

    @property
    def prior_name(self) -> tuple[object, ...]:
        return "named", self.codes

    def features(self, X: Array) -> Array:
        return np.column_stack([super().features(X), X[:, 0]])

    def point(self, S: Array) -> Array:
        return super().point(S[..., :-1])

    def population(self, S: Array) -> Array:
        return super().population(S[..., :-1])


def test_types_leave_the_rule_and_the_distribution(part: Slice) -> None:
    jobs = asked(part)
    ends: dict[bool, list[list[float]]] = {True: [], False: []}
    for seed in range(8):
        for typed, rows in ends.items():
            made = Bootstrap(seed, 4000).intervals(part.stream, part.groups, jobs, part.types if typed else None)
            rows.append([end for one in made for end in (one.low, one.high)])
    assert [(one.value, one.method, one.note) for one in made] == [
        (one.value, one.method, one.note)
        for one in Bootstrap(seed, 4000).intervals(part.stream, part.groups, jobs, part.types)
    ]
    assert np.mean(ends[True], axis=0) == pytest.approx(np.mean(ends[False], axis=0), abs=0.006)


@pytest.mark.parametrize("typed", [True, False])
def test_neither_threads_nor_keeping_move_a_digit(part: Slice, typed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    types, jobs = part.types if typed else None, asked(part)
    monkeypatch.setattr(module, "_processors", lambda: 1)
    alone = Bootstrap(1, 5000).intervals(part.stream, part.groups, jobs, types)
    monkeypatch.setattr(module, "_processors", lambda: 3)
    monkeypatch.setattr(module, "WORTH_THREADS", 0)
    assert Bootstrap(1, 5000).intervals(part.stream, part.groups, jobs, types) == alone
    kept = Kept()
    for _ in range(2):
        assert Bootstrap(1, 5000, kept=kept).intervals(part.stream, part.groups, jobs, types) == alone
    assert kept.weights


def test_an_error_in_a_block_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_processors", lambda: 2)
    monkeypatch.setattr(module, "WORTH_THREADS", 0)

    def fails(block: Block) -> None:
        raise ArithmeticError(f"block {block.number}")

    with pytest.raises(ArithmeticError, match="block 0"):
        Draws(0, 5000, ("criterion", "all"), 10).each(fails)


def test_what_is_kept_is_bounded_and_tells_seed_stream_and_types_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_BYTES", 3 * 100 * 12 * 8)
    kept, types = Kept(), Types.of(NUMBERS, np.arange(12))
    made = [
        Block(Draws(seed, 100, stream, 12, one, kept), 0, slice(0, 100)).of_units
        for seed, stream, one in ((0, ("a",), None), (1, ("a",), None), (0, ("b",), None), (0, ("a",), types))
    ]
    assert all((one != other).any() for one, other in combinations(made, 2))
    assert 0 < kept.used == sum(block.nbytes for block in kept.weights.values()) <= module.KEPT_BYTES
    assert Block(Draws(0, 100, ("a",), 12, types, kept), 0, slice(0, 100)).of_units is made[-1]
    again = Block(Draws(0, 100, ("a",), 12, None, kept), 0, slice(0, 100)).of_units
    assert again is not made[0]  # it made room
    np.testing.assert_array_equal(again, made[0])
    large = Draws(0, 100, ("a",), 40, None, kept)
    assert not large.keeps(40)
    assert Block(large, 0, slice(0, 100)).of_units is not Block(large, 0, slice(0, 100)).of_units


@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize("bytes_kept", [0, 2**30])
def test_the_parts_of_a_block_have_its_weights(typed: bool, bytes_kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_BYTES", bytes_kept)
    types = Types.of(np.arange(900) % 7, np.arange(900)) if typed else None
    for kept in (None, Kept()):
        whole = Block(Draws(1, 1500, ("a",), 900, types, kept), 1, slice(1024, 1500))
        parts = list(whole.parts())
        assert len(parts) > 2
        np.testing.assert_array_equal(np.concatenate([part.of_units for part in parts]), whole.of_units)
        if typed:
            np.testing.assert_array_equal(np.concatenate([part.of_types for part in parts]), whole.of_types)


def test_statistics_asked_together_or_apart_are_the_same_table() -> None:
    study = study_of(drawn(np.random.default_rng(5), 240, 5, LEVELS), levels=LEVELS, judges=("judge",))
    names = ("alpha", "ac1", "fleiss", "kappa", "percent")
    together = estimate(study, *names, n_boot=800)
    apart = [estimate(study, name, n_boot=800) for name in names]
    rows = [row for frame in apart for row in frame.to_dict("records")]
    for one, other in zip(together.to_dict("records"), rows, strict=True):
        assert str(one) == str(other)
