"""Signals of edge cases: each is what its definition says."""

from __future__ import annotations

import sys
from itertools import combinations
from types import ModuleType

import numpy as np
import pytest
from edges.failing import failing, panel
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.edges.index import columns, combined, ranks, weights_of
from judgekit.edges.signals import SIGNALS, View
from judgekit.edges.signals.base import distances, signal
from judgekit.edges.signals.cues import found, lists
from judgekit.edges.signals.people import _disjoint
from judgekit.errors import InputError
from judgekit.study import Study


def of(study: Study, name: str, **options: object) -> np.ndarray:
    return SIGNALS[name].compute(View(study, study.task.criteria[0], **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(SIGNALS))
def test_each_has_a_definition_and_a_source(name: str) -> None:
    one = SIGNALS[name]
    assert one.definition.endswith(".")
    assert len(one.definition) > 40
    assert one.source.startswith(("doi:10.", "arXiv:"))


@pytest.mark.parametrize("name", list(SIGNALS))
def test_each_gives_a_number_or_nothing_an_item(name: str) -> None:
    found = of(panel(30, 0, bad=0.3), name)
    assert found.shape == (30,)
    assert not np.isinf(found).any()


def test_a_signal_without_a_source_is_refused() -> None:
    with pytest.raises(ValueError, match="names no source"):

        @signal("text")
        def guess(view: View) -> np.ndarray:
            """What somebody thinks."""
            return view.nothing()


@given(
    st.lists(st.lists(st.sampled_from([1.0, 2.0, 4.0, np.nan]), min_size=4, max_size=4), min_size=2, max_size=6),
    st.booleans(),
)
@settings(max_examples=40)
def test_distances_are_means_over_pairs(rows: list[list[float]], nominal: bool) -> None:
    X = np.array(rows)
    mine, chance = distances(X, nominal=nominal)

    def far(a: float, b: float) -> float:
        return float(a != b) if nominal else (a - b) ** 2

    for row, value in zip(X, mine, strict=True):
        pairs = [far(a, b) for a, b in combinations(row[np.isfinite(row)], 2)]
        assert value == pytest.approx(np.mean(pairs), abs=1e-9) if pairs else np.isnan(value)
    every = [far(a, b) for a, b in combinations(X[np.isfinite(X)], 2)]
    assert float(chance) == pytest.approx(np.mean(every), abs=1e-9) if every else np.isnan(chance)


@pytest.mark.parametrize("nominal", [False, True])
def test_products_of_pairs_that_share_nobody(nominal: bool) -> None:
    X = np.array([[1.0, 2.0, 2.0, 4.0, 5.0], [1.0, 1.0, 3.0, 3.0, np.nan]])

    def far(a: float, b: float) -> float:
        return float(a != b) if nominal else (a - b) ** 2

    for row, value in zip(X, _disjoint(X, nominal=nominal), strict=True):
        people = range(int(np.isfinite(row).sum()))
        products = [
            far(row[a], row[b]) * far(row[c], row[d])
            for a in people for b in people for c in people for d in people
            if len({a, b, c, d}) == 4
        ]  # fmt: skip
        assert value == pytest.approx(np.mean(products))


def test_disagreement_is_one_where_people_answer_at_random() -> None:
    g = np.random.default_rng(0)
    people = {f"p{k}": g.integers(1, 6, 400).astype(float).tolist() for k in range(6)}
    found = of(failing(people, {}), "disagreement")
    assert found.mean() == pytest.approx(1.0, abs=0.05)
    assert found.std() < 0.15, "nothing but chance: nearly all of it is shrunken away"


def test_disagreement_keeps_items_on_which_people_really_differ() -> None:
    g = np.random.default_rng(1)
    trait = np.repeat([1.0, 5.0], 100)
    torn = np.arange(200) % 4 == 0
    people = {f"p{k}": np.where(torn & (g.random(200) < 0.5), 6 - trait, trait).tolist() for k in range(6)}
    found = of(failing(people, {}), "disagreement")
    assert found[torn].min() > found[~torn].max() - 1e-9
    assert found[torn].mean() > 5 * max(found[~torn].mean(), 0.02)


def test_small_panels_are_shrunken_more() -> None:
    g = np.random.default_rng(2)
    trait = g.integers(1, 6, 200)
    people: dict[str, list[float | None]] = {}
    for k in range(8):
        noise = trait + g.choice([-1, 0, 0, 1], 200) * (1 + (np.arange(200) % 3 == 0))
        people[f"p{k}"] = [None if k > 1 and place < 50 else float(np.clip(x, 1, 5)) for place, x in enumerate(noise)]
    view = failing(people, {})
    raw = distances(View(view, view.task.criteria[0]).people, nominal=False)
    shrunken = of(view, "disagreement")
    ratio = shrunken.std() / (raw[0] / raw[1]).std()
    small, large = (shrunken[m].std() / (raw[0] / raw[1])[m].std() for m in (np.arange(200) < 50, np.arange(200) >= 50))
    assert ratio < 1
    assert small < 0.7 * large


def test_boundary_is_highest_at_a_tie() -> None:
    people = {"Ana": [1, 1, 2], "Ben": [1, 1, 2], "Cem": [2, 1, 2], "Dua": [2, 1, 1]}
    found = of(failing(people, {}, codes=(1, 2)), "boundary")
    assert found[0] == 1.0
    assert found[0] > found[2] > found[1]
    assert np.isnan(of(failing({"Ana": [1, 2]}, {}, codes=(1, 2)), "boundary")).all(), "one person is no vote"


def test_rarity_is_bits_of_the_rarest_level() -> None:
    study = failing({"Ana": [1] * 8}, {}, columns={"topic": list("aaaaaabc"), "size": list("xxxxyyyy")})
    assert of(study, "rarity").tolist() == pytest.approx([1, 1, 1, 1, 1, 1, 3, 3])


def test_novelty_finds_the_odd_one_out() -> None:
    texts = [f"the dog ran over the green field number {k}" for k in range(12)] + ["quantum chromodynamics lattice"]
    study = failing({"Ana": [1] * 13}, {}, texts=texts)
    found = of(study, "novelty")
    assert found.argmax() == 12
    assert found[12] == pytest.approx(1.0)
    assert found[:12].max() < 0.7


def test_an_edit_is_no_neighbour_of_its_original() -> None:
    texts = ["one plain tale of rain", "one plain tale of rain"] + [f"word{k} other{k} thing{k}" for k in range(8)]
    apart = of(failing({"Ana": [1] * 10}, {}, texts=texts), "novelty", neighbours=1)
    groups = ["g", "g", *(f"g{k}" for k in range(8))]
    together = of(failing({"Ana": [1] * 10}, {}, texts=texts, columns={"group": groups}), "novelty", neighbours=1)
    assert apart[0] == pytest.approx(0.0, abs=1e-9)
    assert together[0] > 0.9


def test_novelty_by_meaning_asks_a_sentence_model(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Model:
        def __init__(self, name: str) -> None:
            asked.append(name)

        def encode(self, texts: list[str], **options: object) -> np.ndarray:
            assert options["normalize_embeddings"]
            return np.eye(len(texts), 3)[:, :3] * 0 + np.array([[1.0, 0, 0]] * (len(texts) - 1) + [[0, 1.0, 0]])

    fake = ModuleType("sentence_transformers")
    fake.SentenceTransformer = Model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", fake)
    study = failing({"Ana": [1] * 9}, {})
    assert of(study, "novelty", embed="a/model").tolist() == pytest.approx([0.0] * 8 + [1.0])
    assert asked == ["a/model"]


def test_without_the_extra_meaning_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(InputError, match=r"judgekit-lab\[embed\]"):
        of(failing({"Ana": [1] * 9}, {}), "novelty", embed=True)


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        ("negation", "I do not think it can't be done, no.", 3),
        ("negation", "Nothing is a knot.", 1),
        ("mixed", "Part of me is glad, but it hurts.", 2),
        ("sarcasm", "Oh great. How convenient for them.", 2),
        ("implicit", "Those people are fine, I guess.", 3),
        ("implicit", "She finely ground the coffee.", 0),
    ],
)
def test_cues_are_whole_words_each_counted_once(name: str, text: str, number: int) -> None:
    assert len(found(name, text)) == number, found(name, text)
    study = failing({"Ana": [1, 1]}, {}, texts=[text, ""])
    assert of(study, name).tolist() == [number, 0]


def test_the_lists_are_patterns_without_doubles() -> None:
    for name, cues in lists().items():
        written = [cue.pattern for cue in cues]
        assert len(written) == len(set(written)) >= 15, name


def test_length_is_extreme_on_both_ends() -> None:
    texts = ["w " * 20] * 9 + ["w " * 22, "w " * 200, "w"]
    found = of(failing({"Ana": [1] * 12}, {}, texts=texts), "length")
    assert set(found.argsort()[-2:]) == {10, 11}


def test_divided_and_inconsistent_and_unsure() -> None:
    judges = {"one": [1, 1, 5, 3], "two": [1, 5, 5, 3]}
    study = failing(
        {"Ana": [1, 1, 5, 3]}, judges, reps={"one": [[1, 1, 1, 3]]}, confidence={"two": [1.0, 0.5, 0.9, 0.9]}
    )
    assert of(study, "divided").argmax() == 1
    assert of(study, "inconsistency").tolist() == [0, 0, 1, 0]
    assert of(study, "unsure").tolist() == pytest.approx([0.0, 0.5, 0.1, 0.1])


def test_against_grows_with_distance_and_confidence() -> None:
    study = failing({"Ana": [1, 1, 1], "Ben": [1, 1, 1]}, {"one": [1, 5, 5]}, confidence={"one": [1.0, 0.9, 0.3]})
    assert of(study, "against").tolist() == pytest.approx([0.0, 0.9, 0.3])


def test_judges_do_not_move_the_signals_that_do_not_see_them() -> None:
    one, other = panel(40, 5), panel(40, 5, bad=1.0)
    for name, signal_ in SIGNALS.items():
        if signal_.sees in ("text", "people"):
            np.testing.assert_array_equal(of(one, name), of(other, name))


def test_ranks_and_the_index() -> None:
    assert ranks(np.array([3.0, 1.0, 1.0, np.nan])).tolist()[:3] == pytest.approx([5 / 6, 1 / 3, 1 / 3])
    study = panel(30, 0)
    table = columns(study, study.task.criteria[0])
    only = combined(table, {"length": 2.0})
    np.testing.assert_allclose(only, ranks(table["length"].to_numpy()))
    index = combined(table, weights_of())
    assert np.nanmin(index) >= 0
    assert np.nanmax(index) <= 1
    assert np.isnan(combined(table, {})).all()


def test_unknown_weights_are_refused() -> None:
    with pytest.raises(InputError, match="no signal is called lenght"):
        weights_of({"lenght": 1.0})
    with pytest.raises(InputError, match="above 0"):
        weights_of(dict.fromkeys(SIGNALS, 0.0))
