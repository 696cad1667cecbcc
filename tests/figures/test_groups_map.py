"""Groups × judges × ceilings: what is drawn of each group."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from figures.fabricate import fabricate

from judgekit.errors import InputError
from judgekit.figures import NoEstimatesError, draw
from judgekit.runs import Run, write_table


def labels(run: Run, **options: object) -> list[str]:
    axis = draw(run, "groups", **options).axes[0]
    return [tick.get_text() for tick in axis.get_yticklabels()]


def test_lines_are_groups_and_crossed_ones_only_when_asked(tmp_path: Path) -> None:
    run = fabricate(tmp_path, n_criteria=1)
    assert labels(run) == ["country = x", "country = y", "age = old", "age = young"]
    assert labels(run, attribute="country") == ["x", "y"]
    assert labels(run, attribute="age & country") == ["age = young & country = x"]
    assert labels(run, most=3) == ["country = x", "country = y", "age = old"]


def test_every_judge_stands_beside_the_groups_ceiling(tmp_path: Path) -> None:
    run = fabricate(tmp_path, n_criteria=1)
    rows = run.estimates
    axis = draw(run, "groups", attribute="country").axes[0]
    drawn = {round(float(line.get_xdata()[0]), 6) for line in axis.lines if line.get_marker() not in ("None", "", None)}
    judged = rows[(rows["statistic"] == "groups.judge") & rows["b"].str.fullmatch("country=.")]
    assert drawn == {round(value, 6) for value in judged["value"]}
    ceilings = rows[(rows["statistic"] == "groups.ceiling") & rows["b"].str.fullmatch("country=.")]
    spans = sorted(tuple(c.get_paths()[0].get_extents().intervalx) for c in axis.collections)
    ends = sorted(zip(ceilings["low"], ceilings["high"], strict=True))
    assert np.ravel(spans) == pytest.approx(np.ravel(ends))


def test_without_judges_the_ceilings_stand_beside_one_another(tmp_path: Path) -> None:
    run = fabricate(tmp_path, n_criteria=1)
    rows = run.estimates
    write_table(tmp_path, "estimates", rows[rows["statistic"] != "groups.judge"])
    figure = draw(Run(tmp_path), "groups")
    assert len(figure.axes[0].collections) == 4
    assert "of people" in figure.get_label()


def test_a_group_that_is_too_small_is_named(tmp_path: Path) -> None:
    run = fabricate(tmp_path, n_criteria=1)
    rows = run.estimates
    lost = rows["statistic"].str.startswith("groups.") & (rows["b"] == "age=old")
    rows.loc[lost, ["value", "low", "high"]] = np.nan
    write_table(tmp_path, "estimates", rows)
    axis = draw(Run(tmp_path), "groups").axes[0]
    assert [text.get_text() for text in axis.texts] == ["too few people or items"]


def test_judges_beyond_the_colours_look_different(tmp_path: Path) -> None:
    run = fabricate(tmp_path, judges=[f"judge {n}" for n in range(12)], n_criteria=1)
    axis = draw(run, "groups", attribute="country").axes[0]
    marks = {
        (line.get_color(), line.get_marker()) for line in axis.lines if line.get_marker() not in ("None", "", None)
    }
    assert len(marks) == 12


def test_an_unknown_attribute_is_one_line(tmp_path: Path) -> None:
    run = fabricate(tmp_path, n_criteria=1)
    with pytest.raises(NoEstimatesError, match="choose an attribute: country, age"):
        draw(run, "groups", attribute="shoes")
    with pytest.raises(InputError, match="most must be 1 or more"):
        draw(run, "groups", most=0)
