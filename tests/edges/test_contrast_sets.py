"""A user's own contrast pairs, and probes' edits as items that people can label."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from edges.failing import expect, failing

from judgekit.edges.contrast import from_probes, pairs, with_pairs
from judgekit.errors import InputError
from judgekit.stats.battery import estimate
from judgekit.study import Study


def plain() -> Study:
    return failing({"Ana": [1, 3, 3, 2]}, {"bot": [1, 3, 3, 3]})


def mine(**more: object) -> pd.DataFrame:
    row = {"item": "i000", "of": "i001", "criterion": "warmth", "direction": "lower", **more}
    return pd.DataFrame([row])


def test_own_pairs_are_estimated_like_bundled_ones(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    mine(phenomenon="irony; doubt", change="made dry").to_csv(file, index=False)
    study = with_pairs(plain(), file)
    rows = estimate(study, "contrast", n_boot=0)
    assert rows.loc[(rows["statistic"] == "contrast") & (rows["a"] == "bot"), "value"].tolist() == [1.0]
    listed = pairs(study).iloc[0]
    assert listed["phenomenon"] == "irony;doubt"
    assert listed["before"] == "reply i001"
    again = with_pairs(plain(), pairs(study).assign(phenomenon="irony;doubt"))
    assert again.items["expect"].tolist() == study.items["expect"].tolist(), "what is listed can be read back"


def test_other_items_keep_their_pairs() -> None:
    study = failing({"Ana": [1, 3, 3, 2]}, {}, columns={"expect": [None, None, None, expect("i002", "lower")]})
    both = with_pairs(study, mine())
    assert len(pairs(both)) == 2


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (mine(item="i009"), "pairs:2: unknown item 'i009'"),
        (mine(of="i000"), "is its own edit"),
        (mine(criterion="cold"), "unknown criterion 'cold'"),
        (mine(direction="down"), "unknown direction 'down'"),
        (pd.concat([mine(), mine(of="i002")]), "pairs:3: 'i000' is the edit of two items"),
        (mine().drop(columns="of"), "no column of"),
    ],
)
def test_what_does_not_fit_is_said_with_its_row(table: pd.DataFrame, said: str) -> None:
    with pytest.raises(InputError, match=said):
        with_pairs(plain(), table)


def test_a_file_that_is_no_csv_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        with_pairs(plain(), tmp_path / "absent.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match="cannot be read"):
        with_pairs(plain(), tmp_path / "empty.csv")


def test_probes_edits_become_items_for_people() -> None:
    study = plain()
    told = json.dumps({"of": "i001", "change": "warmth denied", "direction": {"warmth": "lower"}})
    edit = study.items[study.items["item"] == "i001"].assign(variant="negated_care", text="colder", expect=told)
    edited = Study.build(study.task, pd.concat([study.items, edit]), study.raters, study.ratings)
    made = from_probes(edited)
    assert made["item"].tolist() == ["i001@negated_care"]
    assert made["variant"].tolist() == ["original"]
    assert made["group"].tolist() == ["i001"], "an edit stays beside its original where items are drawn"
    together = Study.build(study.task, pd.concat([study.items, made], ignore_index=True), study.raters, study.ratings)
    assert pairs(together)["phenomenon"].tolist() == ["negation"] or pairs(together)["of"].tolist() == ["i001"]
    with pytest.raises(InputError, match="no probe's edit must move anything"):
        from_probes(study)
