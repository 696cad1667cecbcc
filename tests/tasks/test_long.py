"""From a long (or wide) frame to a study: what each column becomes, and what is refused."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.errors import InputError
from judgekit.study import Study
from judgekit.tasks.long import from_long
from judgekit.tasks.wide import wide_to_long


def frame(**columns: Any) -> pd.DataFrame:
    base = {"item": ["a", "a", "b", "b"], "rater": ["x", "y", "x", "y"], "value": [1, 2, 2, 3]}
    return pd.DataFrame({**base, **columns})


def study(scale: Any = "ordinal", levels: Any = None, **columns: Any) -> Study:
    return Study.from_frame(frame(**columns), scale=scale, levels=levels)


def test_the_three_columns_are_enough() -> None:
    made = study()
    assert list(made.items["item"]) == ["a", "b"]
    assert set(made.items["variant"]) == {"original"}
    assert list(made.raters["rater"]) == ["x", "y"]
    assert set(made.raters["kind"]) == {"human"}
    assert made.people() == ["x", "y"]
    assert made.judges() == []
    row = made.ratings.iloc[3]
    assert (row["item"], row["rater"], row["criterion"], row["rep"], row["value"], row["status"]) == (
        "b", "y", "value", 0, 3.0, "ok",
    )  # fmt: skip
    asked = made.task.criteria[0]
    assert (asked.key, asked.scale, asked.codes) == ("value", "ordinal", (1.0, 2.0, 3.0))


def test_numbers_that_name_things_lose_no_digit_and_gain_none() -> None:
    made = study(item=[1.0, 1.0, 2.0, 2.0], rater=[7, "8", "7", 8])
    assert list(made.items["item"]) == ["1", "2"]
    assert list(made.raters["rater"]) == ["7", "8"]


def test_declared_levels_are_kept_even_where_nobody_chose_them() -> None:
    made = study(levels=range(1, 6))
    assert made.task.criteria[0].codes == (1, 2, 3, 4, 5)
    assert not any("values seen" in note for note in made.notes)
    assert any("values seen" in note for note in study().notes)


def test_nominal_words_get_codes_in_the_declared_order() -> None:
    made = study("nominal", ["unsafe", "unsure", "safe"], value=["safe", "unsafe", "unsafe", "safe"])
    assert [(level.code, level.label) for level in made.task.criteria[0].levels] == [
        (0, "unsafe"), (1, "unsure"), (2, "safe"),
    ]  # fmt: skip
    assert list(made.ratings["value"]) == [2, 0, 0, 2]
    undeclared = study("nominal", value=["safe", "unsafe", "unsafe", "safe"])
    assert list(undeclared.ratings["value"]) == [0, 1, 1, 0]


def test_ordinal_words_need_an_order() -> None:
    words = ["low", "high", "mid", "low"]
    with pytest.raises(InputError, match=r"ordinal and its values are words .high, low, mid. — declare the levels"):
        study(value=words)
    assert list(study(levels=["low", "mid", "high"], value=words).ratings["value"]) == [0, 2, 1, 0]
    ordered = pd.Categorical(words, categories=["low", "mid", "high", "top"], ordered=True)
    made = study(value=ordered)
    assert list(made.ratings["value"]) == [0, 2, 1, 0]
    assert len(made.task.criteria[0].levels) == 4
    with pytest.raises(InputError, match=r"declare the levels"):
        study(value=pd.Categorical(words))


def test_numbers_are_no_codes_of_levels_declared_as_words() -> None:
    with pytest.raises(InputError, match=r"frame:2: unknown level '1' for 'value' .levels low, high."):
        study(levels=["low", "high"], value=[1, 0, 0, 1])


def test_interval_with_many_values_or_decimals_has_no_levels() -> None:
    n = 40
    long = pd.DataFrame({"item": range(n), "rater": "x", "value": np.arange(n)})
    assert Study.from_frame(long, scale="interval").task.criteria[0].levels == ()
    assert Study.from_frame(long.assign(value=long["value"] / 7), scale="ratio").task.criteria[0].levels == ()
    few = Study.from_frame(long.assign(value=long["value"] % 7), scale="interval")
    assert few.task.criteria[0].codes == tuple(range(7))


def test_scales_and_levels_by_criterion() -> None:
    long = frame(criterion=["warmth", "warmth", "is safe", "is safe"], value=["3", "4", "no", "yes"])
    made = Study.from_frame(long, scale={"warmth": "ordinal", "is safe": "nominal"}, levels={"warmth": [1, 2, 3, 4, 5]})
    assert [(c.key, c.scale, len(c.levels)) for c in made.task.criteria] == [
        ("warmth", "ordinal", 5), ("is_safe", "nominal", 2),
    ]  # fmt: skip
    assert "is safe" in made.task.criteria[1].question
    with pytest.raises(InputError, match=r"scale given for warm, of which there are no ratings"):
        Study.from_frame(long, scale={"warm": "ordinal"})


def test_further_columns_become_strata_and_attributes() -> None:
    made = study(
        topic=["work", "work", "home", "home"],
        gender=["w", "m", "w", "m"],
        age=[30, 41, 30, 41],
        noise=[1, 2, 3, 4],
        batch="b1",
        text=["A", "A", "B", None],
        group=["g", "g", "g", "g"],
    )
    assert made.task.strata == ("topic",)
    assert list(made.item_column("topic")) == ["home", "work"] or list(made.item_column("topic")) == ["work", "home"]
    assert dict(zip(made.items["item"], made.items["topic"], strict=True)) == {"a": "work", "b": "home"}
    assert list(made.items["text"]) == ["A", "B"]
    assert list(made.items["group"]) == ["g", "g"]
    assert list(made.raters["gender"]) == ["w", "m"]
    assert list(made.raters["age"]) == [30, 41]
    assert "noise" not in made.items
    assert "noise" not in made.raters
    assert any("noise" in note for note in made.notes)
    assert "batch" not in made.task.strata
    assert set(made.items["batch"]) == {"b1"} == set(made.raters["batch"])


def test_a_column_with_a_level_an_item_is_no_stratum() -> None:
    n = 60
    long = pd.DataFrame({"item": range(n), "rater": "x", "value": np.arange(n) % 2, "url": [f"u{i}" for i in range(n)]})
    made = Study.from_frame(long.assign(third=np.arange(n) % 3), scale="nominal")
    assert made.task.strata == ("third",)
    assert list(made.items["url"][:2]) == ["u0", "u1"]


def test_columns_of_ratings_items_and_raters_find_their_tables() -> None:
    made = study(
        value=[1, None, 2, 3],
        status=["ok", "refused", "ok", "ok"],
        reason=["because", None, None, None],
        kind=["human", "judge", "human", "judge"],
        pool=["expert", None, "expert", None],
        confidence=[0.5, None, None, 1.0],
        context=["c", "c", None, None],
    )
    assert made.judges() == ["y"]
    assert list(made.raters["pool"]) == ["expert", "judges"]
    assert list(made.ratings["status"]) == ["ok", "refused", "ok", "ok"]
    assert made.ratings["reason"][0] == "because"
    assert made.ratings["confidence"][3] == 1.0
    assert list(made.items["context"]) == ["c", None]


def test_reps_and_variants_are_part_of_the_key() -> None:
    made = study(item="a", rater="x", rep=[0, 1, 2, 3])
    assert list(made.ratings["rep"]) == [0, 1, 2, 3]
    made = study(item="a", variant=["original", None, "swapped", "swapped"])
    assert len(made.items) == 2
    assert list(made.matrix("value", variant="swapped").iloc[0]) == [2, 3]


def test_a_mean_of_people_may_lie_between_levels_and_shows_none() -> None:
    made = study(value=[1, 1.5, 2, 1.75], aggregate=["none", "mean", "none", "mean"])
    assert made.task.criteria[0].codes == (1, 2)
    assert made.people() == ["x"]
    assert list(made.ratings["value"]) == [1, 1.5, 2, 1.75]
    with pytest.raises(InputError, match=r"frame:3: unknown level '2.5'"):
        study(value=[1, 2.5, 2, 1.75], aggregate=["none", "mean", "none", "mean"])


def test_true_and_false_are_words() -> None:
    made = study("nominal", value=[True, False, True, True])
    assert [level.label for level in made.task.criteria[0].levels] == ["false", "true"]
    assert list(made.ratings["value"]) == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"value": [1, 2, None, 3]}, "frame:4: no value"),
        ({"value": [1, 2, "NA", 3]}, "frame:4: no value"),
        ({"item": ["a", None, "b", "b"]}, "frame:3: no item"),
        ({"rater": ["x", "y", " ", "y"]}, "frame:4: no rater"),
        ({"criterion": ["c", "c", None, "c"]}, "frame:4: no criterion"),
        (
            {"rater": ["x", "x", "x", "y"]},
            "frame:3: doubled key item=a, variant=original, criterion=value, rater=x, rep=0",
        ),
        ({"value": [1, 2, "x", 3]}, "frame:4: 'x' is a word; 'value' is ordinal"),
        ({"value": [1, 2, "2,5", 3]}, "frame:4: '2,5' is a word"),
        ({"value": [1, 2, np.inf, 3]}, "frame:4: 'inf' is a word"),
        ({"value": [1, 1, 1, 1]}, "only one level of 'value' occurs"),
        ({"kind": ["human", "robot", "human", "robot"]}, "frame:3: unknown kind 'robot'"),
        ({"kind": ["human", "human", "judge", "human"]}, "frame:4: rater 'x' had another kind before"),
        ({"text": ["A", "other", "B", "B"]}, "frame:3: item 'a' had another text before"),
        ({"status": ["ok", "ok", "done", "ok"]}, "frame:4: unknown status 'done'"),
        ({"status": ["ok", "ok", "refused", "ok"]}, "frame:4: a value .'2'. beside the status 'refused'"),
        ({"value": [1, None, 1, 2], "status": ["ok"] * 4}, "frame:3: no value"),
        ({"rep": [0, 0, -1, 0]}, "frame:4: rep '-1' is no whole number"),
        ({"rep": [0, 0, "one", 0]}, "frame:4: rep 'one' is no whole number"),
        ({"confidence": [1, 1, "high", 1]}, "frame:4: confidence 'high' is no number"),
        ({"probs": [None, "{1: .5}", None, None]}, "frame:3: 'probs' is not a JSON object"),
        ({"candidates": ['["A"]', '["A"]', '"B"', '"B"']}, "frame:4: 'candidates' is not a JSON list"),
        ({"criterion": ["a b", "a b", "a_b", "a_b"]}, "two criteria have the same key"),
        ({"text": pd.Series(["A", "A", "\ud800", "\ud800"], dtype=object)}, "frame:4: broken text in 'text'"),
        ({"item": pd.Series(["a", "a", "\ud800", "\ud800"], dtype=object)}, "frame:4: broken text in 'item'"),
        ({"value": [1, 2, 1e300, 3]}, "frame:4: '1e.300' is a word"),
    ],
)
def test_a_bad_cell_is_refused_with_its_row(columns: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        study(**columns)
    assert " — " in str(caught.value)


def test_declarations_that_cannot_be() -> None:
    with pytest.raises(InputError, match=r"no scale is given"):
        from_long(frame(), scale=None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"unknown scale 'cardinal'"):
        study("cardinal")
    with pytest.raises(InputError, match=r"frame:5: unknown level '3' for 'value' .levels 1–2."):
        study(levels=[1, 2])
    with pytest.raises(InputError, match=r"not in order"):
        study(levels=[3, 2, 1])
    with pytest.raises(InputError, match=r"mix numbers and words"):
        study(levels=[1, 2, "three"])
    with pytest.raises(InputError, match=r"are empty or doubled"):
        study(levels=[1, 2, 2])
    with pytest.raises(InputError, match=r"at least two levels"):
        study(levels=[1])
    with pytest.raises(InputError, match=r"levels of 'value' are no list"):
        study(levels="abc")
    with pytest.raises(InputError, match=r"words, which have no distances"):
        study("interval", levels=["low", "high"])
    with pytest.raises(InputError, match=r"no name for a study"):
        Study.from_frame(frame(), scale="ordinal", name="7 things")
    with pytest.raises(InputError, match=r"below 0 on a ratio scale"):
        study("ratio", value=[-1, 0, 1, 2])
    with pytest.raises(InputError, match=r"no column 'item', 'rater' .there are: who, value. — say which it is"):
        Study.from_frame(pd.DataFrame({"who": ["x"], "value": [1]}), scale="ordinal")
    with pytest.raises(InputError, match=r"frame: no rows"):
        Study.from_frame(frame().iloc[:0], scale="ordinal")
    with pytest.raises(InputError, match=r"stand twice"):
        Study.from_frame(pd.concat([frame(), frame()[["value"]]], axis=1), scale="ordinal")


def test_free_text_as_value_is_seen_for_what_it_is() -> None:
    long = pd.DataFrame({"item": range(300), "rater": "x", "value": [f"I think {i}" for i in range(300)]})
    with pytest.raises(InputError, match=r"300 different values, too many for a nominal scale"):
        Study.from_frame(long, scale="nominal")


def test_the_caller_keeps_the_frame() -> None:
    mine = frame(topic=["t", "t", "u", "u"])
    before = mine.copy()
    Study.from_frame(mine, scale="ordinal")
    pd.testing.assert_frame_equal(mine, before)


def test_tables_can_be_written_whatever_the_types(tmp_path: Any) -> None:
    made = study(
        mixed=[1, 1, "x", "x"],
        listed=[[1], [1], [2], [2]],
        day=[pd.Timestamp("2020-01-01")] * 2 + [pd.NaT] * 2,
        flag=[True, True, None, None],
    )
    for table in (made.items, made.raters, made.ratings):
        table.to_parquet(tmp_path / "t.parquet")
        assert len(pd.read_parquet(tmp_path / "t.parquet")) == len(table)


def test_wide_becomes_long_row_by_row() -> None:
    wide = pd.DataFrame({"id": ["a", "b"], "topic": ["t", "u"], "anna": [1, np.nan], "ben": [2, 3]})
    long = wide_to_long(wide, item="id", raters=["anna", "ben"])
    assert long[["item", "rater", "value", "topic"]].values.tolist() == [
        ["a", "anna", 1, "t"], ["a", "ben", 2, "t"], ["b", "ben", 3, "u"],
    ]  # fmt: skip
    assert list(long.index) == [0, 0, 1]
    made = Study.from_frame(long, scale="ordinal")
    assert made.task.strata == ("topic",)
    assert list(made.matrix("value")["ben"]) == [2, 3]


def test_rater_columns_by_pattern() -> None:
    wide = pd.DataFrame({"item": ["a"], "r_anna": [1], "r_ben": [2], "note": ["n"]})
    assert list(wide_to_long(wide, raters="r_*")["rater"]) == ["r_anna", "r_ben"]
    assert list(wide_to_long(wide, raters="r_{rater}")["rater"]) == ["anna", "ben"]
    both = pd.DataFrame({"item": ["a"], "warmth__anna": [1], "kind_words__anna": ["2"]})
    long = wide_to_long(both, raters="{criterion}__{rater}")
    assert long[["criterion", "rater", "value"]].values.tolist() == [["warmth", "anna", 1], ["kind_words", "anna", "2"]]
    with pytest.raises(InputError, match=r"column 'a_b_c' fits '{criterion}_{rater}' in more than one way"):
        wide_to_long(pd.DataFrame({"item": ["i"], "a_b_c": [1]}), raters="{criterion}_{rater}")
    with pytest.raises(InputError, match=r"no column matches 'q\*'"):
        wide_to_long(wide, raters="q*")
    with pytest.raises(InputError, match=r"no column for the rater.s. carla"):
        wide_to_long(wide, raters=["carla"])
    with pytest.raises(InputError, match=r"no column 'id'"):
        wide_to_long(wide, item="id", raters="r_*")


def test_the_same_ratings_in_another_order_are_the_same_study() -> None:
    long = frame(topic=["t", "t", "u", "u"], gender=["w", "m", "w", "m"])
    one, other = study(topic=long["topic"], gender=long["gender"]), from_long(long.iloc[::-1], scale="ordinal")
    left, right = one.matrix("value"), other.matrix("value")
    pd.testing.assert_frame_equal(left, right[left.columns])
    assert one.task.criteria == other.task.criteria
    assert one.task.strata == other.task.strata


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_rating_arrives_where_it_belongs(data: st.DataObject) -> None:
    names = st.text("abc0é漢 ", min_size=1, max_size=4).filter(lambda text: text.strip())
    keys = data.draw(
        st.lists(st.tuples(names, names), min_size=1, max_size=30, unique_by=lambda k: (k[0].strip(), k[1].strip()))
    )
    values = data.draw(st.lists(st.integers(0, 6), min_size=len(keys), max_size=len(keys)))
    long = pd.DataFrame({"item": [k[0] for k in keys], "rater": [k[1] for k in keys], "value": values})
    made = from_long(long, scale="ordinal", levels=range(7))
    matrix = made.matrix("value")
    for (item, rater), value in zip(keys, values, strict=True):
        assert matrix.loc[item.strip(), rater.strip()] == value
    assert int(matrix.notna().to_numpy().sum()) == len(keys)


def test_a_million_rows_take_seconds() -> None:
    n, raters = 1_000_000, 50
    items = np.repeat(np.arange(n // raters), raters)
    people = np.tile(np.arange(raters), n // raters)
    long = pd.DataFrame({"item": items, "rater": people, "value": (items * 7 + people * 3) % 5, "topic": items % 4})
    begin = time.process_time()
    made = from_long(long, scale="ordinal")
    spent = time.process_time() - begin
    assert len(made.ratings) == n
    assert made.task.strata == ("topic",)
    assert spent < 15, f"{spent:.1f} s of CPU"
