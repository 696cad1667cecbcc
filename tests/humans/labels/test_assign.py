"""Who labels what: overlaps, blocks, draws, orders, drop-outs, quotas; and the plan is met in the end."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from label_site import design
from labelling import Clock, label, opened

from judgekit.errors import InputError
from judgekit.humans.labels import assign
from judgekit.humans.labels.desk import Desk
from judgekit.humans.labels.material import Material
from judgekit.humans.labels.settings import read
from judgekit.humans.labels.units import planned


def done(desk: Desk) -> dict[tuple[str, str], int]:
    frame = desk.ratings()
    first = frame[(frame["criterion"] == frame["criterion"].iloc[0]) & (frame["purpose"] == "item")]
    return Counter(zip(first["item"], first["variant"], strict=True))


@pytest.mark.parametrize(("n", "k", "size", "together"), [(7, 3, 3, 1), (13, 4, 4, 1), (9, 4, 3, 1), (6, 5, 3, 2)])
def test_where_a_balanced_incomplete_block_design_exists_it_is_found(n: int, k: int, size: int, together: int) -> None:
    found = assign.blocks(n, k, size, 0, np.random.default_rng(0))
    met = Counter(pair for block in found for pair in combinations(sorted(block), 2))
    assert {met[pair] for pair in combinations(range(n), 2)} == {together}
    assert {len(block) for block in found} == {size}


@settings(deadline=None, max_examples=60)
@given(st.integers(3, 40), st.integers(1, 5), st.integers(2, 12), st.integers(0, 3), st.integers(0, 99))
def test_blocks_hold_each_item_k_times_and_no_item_twice(n: int, k: int, size: int, linking: int, seed: int) -> None:
    size, linking = min(size, n), min(linking, size - 1, n - 1)
    found = assign.blocks(n, k, size, linking, np.random.default_rng(seed))
    counts = Counter(item for block in found for item in block)
    assert all(len(set(block)) == len(block) <= size for block in found)
    assert sorted(counts) == list(range(n))
    assert sum(count == len(found) for count in counts.values()) >= linking
    assert sorted(counts.values())[: n - linking] == [k] * (n - linking)
    if linking:
        assert assign.linked(found)


def test_linked_tells_sheets_that_share_no_chain_of_items() -> None:
    assert assign.linked([[1, 2], [2, 3], [3, 4]])
    assert not assign.linked([[1, 2], [3, 4], [4, 5]])
    assert assign.linked([])


@given(st.integers(1, 9), st.integers(1, 4), st.integers(0, 50))
def test_an_items_labels_are_shared_out_evenly_over_its_orders(k: int, orders: int, place: int) -> None:
    shares = assign.orders(k, orders, place)
    assert sum(shares) == k
    assert max(shares) - min(shares) <= 1


def test_a_stratified_draw_keeps_its_probabilities() -> None:
    strata = pd.DataFrame({"culture": ["ja"] * 60 + ["de"] * 30 + ["sw"] * 10})
    found = assign.drawn(strata, 0.2, "proportional", np.random.default_rng(0))
    by = found.groupby(strata["culture"].loc[found.index].to_numpy())
    assert by.count().to_dict() == {"ja": 12, "de": 6, "sw": 2}
    assert by.first().to_dict() == pytest.approx({"ja": 0.2, "de": 0.2, "sw": 0.2})
    found = assign.drawn(strata, 30, "equal", np.random.default_rng(0))
    by = found.groupby(strata["culture"].loc[found.index].to_numpy())
    assert by.count().to_dict() == {"ja": 10, "de": 10, "sw": 10}
    assert by.first().to_dict() == pytest.approx({"ja": 1 / 6, "de": 1 / 3, "sw": 1.0})
    # weighted by what was drawn, the strata weigh what they weigh
    assert (1 / found).groupby(strata["culture"].loc[found.index].to_numpy()).sum().to_dict() == pytest.approx(
        {"ja": 60, "de": 30, "sw": 10}
    )


def test_extras_are_spread_and_never_come_first() -> None:
    for seed in range(20):
        order = assign.interleaved([f"i{k}" for k in range(20)], ["x", "y"], np.random.default_rng(seed))
        first, second = sorted(place for place, name in enumerate(order) if not name.startswith("i"))
        assert 1 <= first < 12 <= second + 1
        assert sorted(order) == sorted([*(f"i{k}" for k in range(20)), "x", "y"])


def test_k_labels_an_item_whoever_labels_how_many(url: str) -> None:
    made = design(n=10, plan={"pools": {"people": {"k": 3, "raters": 6}}})
    with opened(url, made) as desk:
        cards = [label(desk, one.rater) for one in desk.invite(6)]
        assert [len(mine) for mine in cards] == [5] * 6
        assert set(done(desk).values()) == {3}
        assert desk.progress().met
        orders = {tuple(card.item for card in mine) for mine in cards}
        assert len(orders) == 6


def test_drop_outs_return_their_items_and_the_plan_is_met_exactly(url: str) -> None:
    clock = Clock()
    made = design(n=10, plan={"pools": {"people": {"k": 3, "raters": 6}}, "timeout": 30})
    with opened(url, made, clock=clock) as desk:
        invited = [one.rater for one in desk.invite(6)]
        for rater in invited[:2]:
            assert len(label(desk, rater, 2)) == 2  # and leaves
        assert len(label(desk, invited[2])) == 5
        assert desk.progress().streams[0].held == 6
        clock.on(31)
        for rater in invited[3:]:
            label(desk, rater)
        assert "timed out" in set(desk.events()["what"])
        progress = desk.progress()
        assert progress.met
        assert set(done(desk).values()) == {3}
        assert progress.streams[0].surplus == 0
        per_rater = desk.ratings().groupby("rater")["item"].nunique()
        assert per_rater.max() > 5  # those who stayed took what was left


def test_without_topping_up_a_new_rater_takes_what_was_left(url: str) -> None:
    clock = Clock()
    plan = {"pools": {"people": {"k": 2, "raters": 2}}, "timeout": 30, "top_up": False}
    with opened(url, design(n=6, plan=plan), clock=clock) as desk:
        gone, stays = (one.rater for one in desk.invite(2))
        label(desk, gone, 1)
        clock.on(60)
        assert len(label(desk, stays)) == 6
        assert not desk.progress().met
        assert desk.progress().streams[0].open == 5
        new = desk.invite(1)[0].rater
        assert len(label(desk, new)) == 5
        assert desk.progress().met
        assert desk.seat(desk.invite(1)[0].rater).stage == "closed"


def test_nobody_is_given_what_those_who_have_not_come_yet_are_to_label(url: str) -> None:
    with opened(url, design(n=6, plan={"pools": {"people": {"k": 2, "raters": 3}}})) as desk:
        first, second, third = (one.rater for one in desk.invite(3))
        assert [len(label(desk, rater)) for rater in (first, second, third)] == [4, 4, 4]


def test_who_is_late_may_still_answer_and_takes_the_item_back_from_who_has_not_seen_it(url: str) -> None:
    clock = Clock()
    plan = {"pools": {"people": {"k": 1, "raters": 1}}, "timeout": 30}
    with opened(url, design(n=3, plan=plan), clock=clock) as desk:
        late, other = (one.rater for one in desk.invite(2))
        card = desk.card(late)
        assert card is not None
        clock.on(45)
        shown = desk.card(other)
        assert shown is not None
        saying = {"warmth": 1.0, "depth": 0.0}
        from judgekit.humans.labels.card import Answer

        answers = {key: Answer(value=value) for key, value in saying.items()}
        assert desk.answer(late, card.key, answers, 5.0, card.nonce).new
        label(desk, other)
        label(desk, late)
        progress = desk.progress()
        assert progress.met
        assert progress.streams[0].surplus == int(shown.item == card.item)


def test_full_overlap_is_crossed_and_pairs_are_seen_in_both_orders(url: str) -> None:
    pairs = design("pairwise", 5).items
    swapped = pairs.assign(variant="swapped", candidates=[json.dumps(json.loads(c)[::-1]) for c in pairs["candidates"]])
    plan = {"pools": {"people": {"overlap": "full", "raters": 4}}}
    made = design("pairwise", 5, edits=swapped.drop(columns=["digest"]).to_dict("records"), plan=plan)
    with opened(url, made) as desk:
        for one in desk.invite(4):
            assert len({card.item for card in label(desk, one.rater)}) == 5
        assert set(done(desk).values()) == {2}
        assert len(done(desk)) == 10


def test_blocks_are_one_raters_each_and_a_replacement_finishes_a_block(url: str) -> None:
    clock = Clock()
    pool = {"overlap": "blocks", "k": 3, "per_rater": 3}
    with opened(
        url, design(n=7, plan={"pools": {"people": pool}, "timeout": 10, "top_up": False}), clock=clock
    ) as desk:
        assert desk.progress().streams[0].seats == 7
        invited = [one.rater for one in desk.invite(7)]
        label(desk, invited[0], 1)
        for rater in invited[1:]:
            assert len(label(desk, rater)) == 3
        clock.on(11)
        new = desk.invite(1)[0].rater
        rest = {card.item for card in label(desk, new)}
        assert desk.progress().met
        frame = desk.ratings()
        sheet = set(frame.loc[frame["rater"] == invited[0], "item"]) | rest
        assert len(sheet) == 3
        assert set(done(desk).values()) == {3}


def test_experts_label_a_stratified_subset_and_the_crowd_everything(url: str) -> None:
    rows = design(n=20).items.assign(culture=["ja"] * 15 + ["de"] * 5).drop(columns=["digest"])
    pools = {
        "crowd": {"k": 1, "raters": 2},
        "expert": {"overlap": "full", "raters": 1, "items": 0.4, "strata": ["culture"], "allocation": "equal"},
    }
    from judgekit.humans.labels.design import Design

    made = Design.make(design().task, rows, {"consent": {"required": False}, "plan": {"pools": pools}})
    with opened(url, made) as desk:
        for pool, n in (("crowd", 2), ("expert", 1)):
            for one in desk.invite(n, pool):
                label(desk, one.rater)
        assert desk.progress().met
        plan = desk.plan()
        expert = plan[plan["pool"] == "expert"].merge(rows[["item", "culture"]], on="item")
        assert expert.groupby("culture")["probability"].agg(["count", "first"]).to_dict("index") == {
            "ja": {"count": 4, "first": pytest.approx(4 / 15)},
            "de": {"count": 4, "first": pytest.approx(4 / 5)},
        }
        with pytest.raises(InputError, match="no pool is called 'nobody'"):
            desk.invite(1, "nobody")


def test_a_given_queue_is_labelled_with_its_probabilities(url: str, tmp_path: Path) -> None:
    file = tmp_path / "queue.csv"
    file.write_text("item,probability\ni3,0.5\ni1,0.25\n", encoding="utf-8")
    pool = {"overlap": "queue", "queue": str(file), "k": 2, "raters": 2}
    with opened(url, design(plan={"pools": {"people": pool}})) as desk:
        file.unlink()  # it is kept with the study
        for one in desk.invite(2):
            assert {card.item for card in label(desk, one.rater)} == {"i1", "i3"}
        plan = desk.plan().set_index("item")["probability"]
        assert plan.to_dict() == {"i3": 0.5, "i1": 0.25}
        assert desk.progress().met


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name\ni1\n", "no column item"),
        ("item,probability\ni1,1.5\n", r"csv:2: a probability"),
        ("item\ni1\ni1\n", r"csv:3: an item stands twice"),
        ("item,purpose\ni1,fun\n", "unknown purpose 'fun'"),
    ],
)
def test_a_queue_that_is_wrong_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "queue.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        design(plan={"pools": {"people": {"overlap": "queue", "queue": str(file)}}})


def test_a_queue_of_unknown_items_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "queue.csv"
    file.write_text("item\ni1\nnothing\n", encoding="utf-8")
    made = design(plan={"pools": {"people": {"overlap": "queue", "queue": str(file)}}})
    with pytest.raises(InputError, match=r"queue\.csv:3: no item 'nothing'"):
        planned(made, Material(made))


def test_a_full_quota_closes_a_level_and_a_drop_out_opens_it(url: str) -> None:
    clock = Clock()
    made = design(
        survey=[{"key": "gender", "label": "Gender", "options": ["woman", "man"]}],
        plan={"pools": {"people": {"k": 3, "raters": 3}}, "quotas": {"gender": {"man": 1}}, "timeout": 20},
    )
    with opened(url, made, clock=clock) as desk:
        one, two, three, four = (one.rater for one in desk.invite(4))
        assert desk.seat(one).stage == "screening"
        with pytest.raises(InputError, match="'gender' has no answer"):
            desk.survey(one, {})
        with pytest.raises(InputError, match="no option"):
            desk.survey(one, {"gender": "other"})
        assert desk.survey(one, {"gender": "man"}).stage == "items"
        assert desk.survey(two, {"gender": "man"}).stage == "screened_out"
        assert desk.survey(three, {"gender": "woman"}).stage == "items"
        clock.on(21)
        assert desk.survey(four, {"gender": "man"}).stage == "items"


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({"plan": {"pools": {}}}, "no pool"),
        ({"plan": {"pools": {"a": {"overlap": "blocks"}}}}, "per_rater"),
        ({"plan": {"pools": {"a": {"overlap": "queue"}}}}, "queue"),
        ({"plan": {"pools": {"a": {"overlap": "blocks", "per_rater": 2, "linking": 2}}}}, "linking"),
        ({"plan": {"pools": {"a": {"k": 0}}}}, "label.plan.pools.a.k"),
        ({"nonsense": 1}, "label.nonsense"),
    ],
)
def test_settings_that_do_not_fit_are_one_line_with_the_place(settings_: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read(settings_)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({"checks": {"gold": [{"item": "i0", "text": "own", "answers": {"warmth": 1}}]}}, "an item of the study has"),
        ({"checks": {"gold": [{"item": "none", "answers": {"warmth": 1}}]}}, "no text"),
        ({"checks": {"gold": [{"item": "i0", "answers": {"warmth": 7}}]}}, "unknown level 7"),
        ({"checks": {"gold": [{"item": "i0", "answers": {"cold": 1}}]}}, "no criterion 'cold'"),
        ({"plan": {"quotas": {"age": {"old": 1}}}}, "no question asks 'age'"),
        ({"plan": {"pools": {"a": {"items": 0.5, "strata": ["culture"]}}}}, "no column 'culture'"),
        ({"warnings": [{"text": "x", "stratum": "harm"}]}, "no column 'harm'"),
        ({"review": {"judge": "model"}}, "no labels to review"),
        ({"plan": {"pools": {"adjudicators": {}}}}, "another name"),
    ],
)
def test_settings_that_do_not_fit_the_items_are_refused(settings_: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        design(**settings_)


def test_a_design_is_read_back_as_it_was_written() -> None:
    made = design("ranking", 3, checks={"repeats": 1}, survey=[{"key": "age", "label": "Age"}])
    again = type(made).loaded(made.text())
    assert again.differs(made) is None
    assert again.text() == made.text()
    assert list(again.items["digest"]) == list(made.items["digest"])
