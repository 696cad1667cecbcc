"""The slot plot: what is drawn of each judge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from figures.fabricate import fabricate

from judgekit.figures import NoEstimatesError, draw
from judgekit.runs import Run, write_table


def points(run: Run) -> dict[float, str]:
    """Return the drawn shares with the colour that fills them."""
    axis = draw(run, "slots").axes[0]
    marks = [line for line in axis.lines if line.get_marker() == "o"]
    return {round(float(line.get_xdata()[0]), 6): str(line.get_markerfacecolor()) for line in marks}


def test_a_judge_that_prefers_a_place_is_filled(tmp_path: Path) -> None:
    run = fabricate(tmp_path, n_criteria=1)
    rows = run.estimates
    rows = rows[(rows["statistic"] == "bradley_terry.first_slot") & (rows["subset"] == "all")]
    drawn = points(run)
    assert set(drawn) == {round(value, 6) for value in rows["value"]}
    for value, verdict in zip(rows["value"], rows["verdict"], strict=True):
        assert (drawn[round(value, 6)] == "white") == (verdict != "yes")


def test_levels_of_strata_are_small_marks_and_consistency_stands_beside(tmp_path: Path) -> None:
    figure = draw(fabricate(tmp_path, n_criteria=1), "slots")
    axis = figure.axes[0]
    assert len([line for line in axis.lines if line.get_marker() == "|"]) == 3
    assert [text.get_text() for text in axis.texts] == ["80 %"] * 3
    assert "%: same choice in both orders" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_band_is_the_margin(tmp_path: Path) -> None:
    axis = draw(fabricate(tmp_path, n_criteria=1), "slots").axes[0]
    box = axis.patches[0].get_extents().transformed(axis.transData.inverted())
    assert (box.x0, box.x1) == pytest.approx((0.4, 0.6))


def test_a_judge_without_a_value_is_named(tmp_path: Path) -> None:
    run = fabricate(tmp_path, n_criteria=1)
    rows = run.estimates
    lost = (rows["statistic"] == "bradley_terry.first_slot") & (rows["a"] == "terse")
    rows.loc[lost, ["value", "low", "high"]] = np.nan
    write_table(tmp_path, "estimates", rows)
    axis = draw(Run(tmp_path), "slots").axes[0]
    assert "not estimable" in [text.get_text() for text in axis.texts]
    assert len(axis.get_yticks()) == 3


def test_without_pairs_it_says_what_there_is(tmp_path: Path) -> None:
    run = fabricate(tmp_path, n_criteria=1)
    rows = run.estimates
    write_table(tmp_path, "estimates", rows[~rows["statistic"].str.startswith("bradley_terry")])
    with pytest.raises(NoEstimatesError, match="first_slot"):
        draw(Run(tmp_path), "slots")
