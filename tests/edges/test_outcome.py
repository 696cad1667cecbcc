"""Ways of failing people, item by item."""

from __future__ import annotations

import numpy as np
from edges.failing import failing

from judgekit.edges.outcome import likeliest, outcome, people

PEOPLE = {"Ana": [1, 2, 2, 3], "Ben": [2, 2, 3, 3], "Cem": [2, 3, 3, 4]}


def flags(study, way, pool="people"):
    return outcome(study, study.task.criteria[0], "bot", pool).flags[way].tolist()


def test_each_way_is_what_it_says() -> None:
    study = failing(PEOPLE, {"bot": [5, 1, 3, None]}, worse="too_high")
    assert flags(study, "outside")[:3] == [1.0, 1.0, 0.0]
    assert np.isnan(flags(study, "outside")[3])
    assert flags(study, "failure") == [1.0, 1.0, 0.0, 1.0], "a refusal fails, and is no low value"
    assert flags(study, "refused") == [0.0, 0.0, 0.0, 1.0]
    assert flags(study, "costly")[:3] == [1.0, 0.0, 0.0], "too high is worse, too low is not"
    assert flags(study, "farther")[:3] == [1.0, 1.0, 0.0]


def test_without_a_costly_side_nothing_is_costly() -> None:
    study = failing(PEOPLE, {"bot": [5, 1, 3, 3]}, worse=None)
    found = outcome(study, study.task.criteria[0], "bot", "people")
    assert "costly" not in found.flags
    assert found.cost.tolist() == [0.75, 0.25, 0.0, 0.0]


def test_a_costly_error_weighs_more() -> None:
    study = failing(PEOPLE, {"bot": [5, 1, 3, 3]}, worse="too_high")
    assert outcome(study, study.task.criteria[0], "bot", "people", weight=2).cost.tolist() == [1.5, 0.25, 0.0, 0.0]


def test_confident_and_wrong_needs_both() -> None:
    study = failing(PEOPLE, {"bot": [5, 1, 3, 3]}, confidence={"bot": [0.95, 0.5, 0.95, 0.5]})
    assert flags(study, "confident") == [1.0, 0.0, 0.0, 0.0]
    assert likeliest('{"1": 0.2, "2": 0.6}') == 0.6 / 0.8


def test_a_judge_without_a_word_on_its_confidence_is_not_confident() -> None:
    study = failing(PEOPLE, {"bot": [5, 1, 3, 3]})
    assert "confident" not in outcome(study, study.task.criteria[0], "bot", "people").flags


def test_unstable_allows_one_level_where_there_are_many() -> None:
    study = failing(PEOPLE, {"bot": [3, 3, 3, 3]}, reps={"bot": [[3, 4, 5, 1]]})
    assert flags(study, "unstable") == [0.0, 0.0, 1.0, 1.0]
    few = failing(PEOPLE, {"bot": [3, 3, 3, 3]}, reps={"bot": [[3, 4, 2, 1]]}, codes=(1, 2, 3, 4))
    assert flags(few, "unstable") == [0.0, 1.0, 1.0, 1.0]


def test_on_nominal_levels_an_answer_nobody_gave_is_outside() -> None:
    study = failing(PEOPLE, {"bot": [3, 2, 2, 1]}, scale="nominal", worse=None)
    assert flags(study, "outside") == [1.0, 0.0, 0.0, 1.0]


def test_each_pool_has_its_own_truth() -> None:
    pools = {"Ana": "expert", "Ben": "crowd", "Cem": "crowd"}
    study = failing(PEOPLE, {"bot": [1, 3, 2, 4]}, pools=pools)
    assert flags(study, "outside", "expert") == [0.0, 1.0, 0.0, 1.0]
    assert flags(study, "outside", "crowd") == [1.0, 0.0, 1.0, 0.0]
    assert flags(study, "outside", "") == [0.0, 0.0, 0.0, 0.0], "all people as one panel"


def test_people_left_out_in_turn_are_measured_alike() -> None:
    study = failing(PEOPLE, {"bot": [1, 1, 1, 1]})
    shares = people(study, study.task.criteria[0], "people")
    # 1 | 2 2: outside; 2 | 1 2: inside, twice; and so on along the items
    assert shares["outside"].tolist() == [1 / 3, 1 / 3, 1 / 3, 1 / 3]
    assert shares["costly"].tolist() == [0.0, 1 / 3, 0.0, 1 / 3]


def test_one_person_is_a_panel_but_has_no_rest() -> None:
    study = failing({"Ana": [1, 2, 3, 4]}, {"bot": [1, 2, 4, 4]})
    found = outcome(study, study.task.criteria[0], "bot", "people")
    assert found.flags["outside"].tolist() == [0.0, 0.0, 1.0, 0.0]
    assert "farther" not in found.flags
    assert people(study, study.task.criteria[0], "people") == {}
