"""Mining: a table of signals, an index whose weights can be changed, sheets drawn with known chances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from edges.failing import failing, panel
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.edges.mine import Mined, inclusion, mine, systematic
from judgekit.edges.signals import SIGNALS
from judgekit.errors import InputError


@pytest.fixture(scope="module")
def mined() -> Mined:
    return mine(panel(60, 0, bad=0.5))


def test_one_row_an_item_and_criterion(mined: Mined) -> None:
    assert list(mined.table.columns) == ["item", "criterion", *SIGNALS, "index"]
    assert len(mined.table) == 60
    assert not mined.table.duplicated(["item", "criterion"]).any()


def test_weights_are_shown_and_can_be_changed(mined: Mined) -> None:
    told = mined.definitions.set_index("signal")
    assert told.loc["against", "weight"] == 0, "what looks at the failure weighs nothing unless asked"
    assert (told.drop("against")["weight"] == 1).all()
    other = mined.reweighted(length=5.0, rarity=0.0)
    assert other.definitions.set_index("signal").loc["length", "weight"] == 5
    assert not np.allclose(other.table["index"], mined.table["index"])
    again = mine(mined.study, weights={"length": 5.0, "rarity": 0.0})
    np.testing.assert_allclose(other.table["index"], again.table["index"])


def test_unknown_names_are_one_line(mined: Mined) -> None:
    with pytest.raises(InputError, match="no criterion is called 'cold'"):
        mine(mined.study, criterion="cold")
    with pytest.raises(InputError, match="no signal is called tone"):
        mine(mined.study, weights={"tone": 1})
    with pytest.raises(InputError, match="neighbours must be 1 or more"):
        mine(mined.study, neighbours=0)
    with pytest.raises(InputError, match="n must be 1 to 60"):
        mined.sheet(61)


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=30), st.data())
@settings(max_examples=60)
def test_chances_add_up_and_keep_proportion(sizes: list[float], data: st.DataObject) -> None:
    n = data.draw(st.integers(1, len(sizes)))
    chances = inclusion(np.array(sizes), n)
    assert chances.sum() == pytest.approx(n)
    assert chances.max() <= 1 + 1e-9
    below = chances < 1 - 1e-9
    if below.sum() > 1:
        ratio = chances[below] / np.array(sizes)[below]
        assert ratio.max() == pytest.approx(ratio.min())


@given(st.integers(0, 1000), st.integers(1, 12))
@settings(max_examples=60)
def test_a_sheet_has_as_many_rows_as_asked(seed: int, n: int) -> None:
    chances = inclusion(np.linspace(0.1, 2, 12), n)
    drawn = systematic(chances, np.random.default_rng(seed))
    assert len(drawn) == len(set(drawn)) == n
    assert set(np.flatnonzero(chances >= 1 - 1e-9)) <= set(drawn), "who is certain to be drawn is"


def test_items_are_drawn_as_often_as_told() -> None:
    chances = inclusion(np.linspace(0.2, 2, 20), 6)
    times = np.zeros(20)
    for seed in range(4000):
        times[systematic(chances, np.random.default_rng(seed))] += 1
    assert np.abs(times / 4000 - chances).max() < 4 * np.sqrt(0.25 / 4000)


def test_inverse_chances_give_back_the_mean(mined: Mined) -> None:
    """The weighted mean of a sheet is unbiased for all items, though edge cases are drawn more often."""
    truth = mined.items()
    weighted, plain = [], []
    for seed in range(300):
        sheet = mined.sheet(15, seed=seed)
        value = truth[sheet["item"]].to_numpy()
        weighted.append(float((value / sheet["probability"]).sum()) / len(truth))
        plain.append(float(value.mean()))
    error = np.std(weighted) / np.sqrt(300)
    assert abs(np.mean(weighted) - truth.mean()) < 4 * error
    assert np.mean(plain) > truth.mean() + 0.01, "the sheet itself leans to edge cases"


def test_the_same_seed_draws_the_same_sheet(mined: Mined) -> None:
    pd.testing.assert_frame_equal(mined.sheet(10, seed=3), mined.sheet(10, seed=3))
    assert set(mined.sheet(10, seed=3)["item"]) != set(mined.sheet(10, seed=4)["item"])


def test_a_sheet_is_what_a_label_study_reads(mined: Mined, tmp_path: Path) -> None:
    from judgekit.humans.labels.design import queued

    sheet = mined.sheet(12)
    file = mined.save(tmp_path / "sheet.csv", sheet)
    read = queued(str(file))
    assert read["item"].tolist() == sheet["item"].tolist()
    assert read["probability"].to_numpy() == pytest.approx(sheet["probability"].to_numpy())


def test_files_are_csv_or_parquet(mined: Mined, tmp_path: Path) -> None:
    back = pd.read_parquet(mined.save(tmp_path / "all.parquet"))
    assert len(back) == 60
    with pytest.raises(InputError, match=r"\.csv or \.parquet"):
        mined.save(tmp_path / "all.xlsx")


def test_a_text_is_no_formula_in_a_csv(tmp_path: Path) -> None:
    texts = ["=cmd|' /C calc'!A0", "+1", "@x", "plain", "-2"]
    found = mine(failing({"Ana": [1, 2, 3, 4, 5]}, {}, texts=texts))
    sheet = found.sheet(5)
    back = pd.read_csv(found.save(tmp_path / "sheet.csv", sheet)).set_index("item")["text"].sort_index()
    assert back.tolist() == [f"'{text}" if text != "plain" else text for text in texts]


def test_a_stratum_may_be_called_like_a_signal() -> None:
    study = failing({"Ana": [1, 2, 3]}, {}, columns={"length": ["short", "long", "long"]})
    sheet = mine(study).sheet(3)
    assert set(sheet["length (stratum)"]) == {"short", "long"}
    assert pd.api.types.is_float_dtype(sheet["length"])
