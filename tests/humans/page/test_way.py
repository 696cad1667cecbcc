"""A rater's way through the study, by plain HTTP: what is shown when, and what lands on the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from label_pages import Walker

Make = Callable[..., Any]
GIVEN = {"item": "t0", "text": "Poor you.", "answers": {"warmth": [2, 3], "depth": 0}, "feedback": "It is general."}


def test_the_whole_way(study: Make) -> None:
    site = study(
        n=3,
        consent={"required": True, "text": "I may stop at any time."},
        information="You will read three replies.",
        training={"items": [GIVEN]},
        qualification={"items": [{**GIVEN, "item": "q0"}]},
        survey=[{"key": "age", "label": "How old are you?", "options": ["under 30", "30 and over"]}],
        thanks="We are grateful.",
        completion_code="CODE77",
        completion_url="https://app.prolific.com/submissions/complete?cc={code}",
    )
    ann = site.rater()
    assert "You will read three replies." in ann.page.text
    assert "I may stop at any time." in ann.page.text
    ann.send("/consent", agreed="yes")
    assert "Practice 1 of 1" in ann.page.text
    ann.answer(lambda name, levels: {"warmth": "1.0", "depth": "0.0"}[name])
    assert "Not quite" in ann.page.text
    assert "It is general." in ann.page.text
    assert "even or warm" in ann.page.text
    ann.open("/")
    assert "Qualification 1 of 1" in ann.page.text
    ann.answer(lambda name, levels: {"warmth": "2.0", "depth": "0.0"}[name])
    assert "It is general." not in ann.page.text
    for number in (1, 2, 3):
        assert f"Item {number} of 3" in ann.page.text
        ann.answer()
    assert "How old are you?" in ann.page.text
    ann.send("/survey", a__age="30 and over")
    assert "CODE77" in ann.page.text
    assert "We are grateful." in ann.page.text
    links = [known["href"] for tag, known in ann.page.tags if tag == "a" and known.get("rel") == "noopener noreferrer"]
    assert links == ["https://app.prolific.com/submissions/complete?cc=CODE77"]
    ratings = site.desk.ratings()
    assert len(ratings) == 6
    assert set(ratings["status"]) == {"ok"}
    assert site.desk.raters()["age"].tolist() == ["30 and over"]


@pytest.mark.parametrize("form, answers", [("pairwise", 1), ("ranking", 3), ("trajectory", 1)])
def test_every_form_is_answered_to_the_end(study: Make, form: str, answers: int) -> None:
    site = study(form, 2)
    ann = site.rater()
    assert "Thank you" in ann.through().text
    assert len(site.desk.ratings()) == 2 * answers
    if form == "trajectory":
        assert len(site.desk.extras()) == 4  # two steps of two items


def test_who_declines_is_asked_no_more(study: Make) -> None:
    site = study(consent={"required": True, "text": "?"})
    ann = site.rater()
    ann.send("/consent", agreed="no")
    assert "You did not take part" in ann.page.text
    assert site.desk.raters()["stage"].tolist() == ["declined"]
    assert not ann.open("/").forms


def test_who_does_not_qualify_is_thanked(study: Make) -> None:
    site = study(qualification={"items": [{**GIVEN, "answers": {"warmth": 1, "depth": 0}}], "share": 1.0})
    ann = site.rater()
    ann.answer(lambda name, levels: levels[-1])
    assert "Thank you for your time" in ann.page.text


def test_a_rater_goes_on_where_they_left_on_another_device(study: Make) -> None:
    site = study()
    (invitation,) = site.desk.invite(1)
    phone = site.comes(invitation.token)
    phone.answer()
    shown = phone.page.form("/answer").fields["card"]
    desktop = site.comes(invitation.token)
    assert desktop.page.form("/answer").fields["card"] == shown
    assert "Item 2 of 4" in desktop.page.text


def test_a_break_and_back(study: Make) -> None:
    site = study()
    ann = site.rater()
    ann.answer()
    ann.send("/pause")
    assert "A break" in ann.page.text
    assert "A break" in ann.open("/").text
    ann.send("/resume")
    assert "Item 2 of 4" in ann.page.text
    site.desk.pause(True)
    ann.open("/")
    ann.send("/resume")
    assert "The study rests just now" in ann.page.text
    site.desk.pause(False)
    ann.open("/")
    if ann.page.has("/resume"):
        ann.send("/resume")
    assert "Item 2 of 4" in ann.page.text


def test_one_can_go_back_and_change_an_answer(study: Make) -> None:
    site = study()
    ann = site.rater()
    first = ann.page.form("/answer").fields["card"]
    ann.answer(t__warmth="plain kindness")
    ann.send("/undo")
    assert ann.page.form("/answer").fields["card"] == first
    assert ann.page.form("/answer").fields["v.warmth"] == "1.0"
    assert ann.page.form("/answer").fields["t.warmth"] == "plain kindness"
    ann.answer(lambda name, levels: levels[-1])
    assert "Item 2 of 4" in ann.page.text
    ratings = site.desk.ratings()
    assert len(ratings) == 2
    assert ratings.set_index("criterion")["value"].to_dict() == {"depth": 1.0, "warmth": 3.0}


def test_what_is_missing_is_asked_for_and_nothing_is_lost(study: Make) -> None:
    site = study()
    ann = site.rater()
    form = ann.page.form("/answer")
    ann.post("/answer", {**form.fields, "v.depth": "1.0", "t.depth": "I think so"})
    assert ann.status == 422
    assert "One question is still open" in ann.page.text
    again = ann.page.form("/answer").fields
    assert (again["v.depth"], again["t.depth"], again["nonce"] != "") == ("1.0", "I think so", True)
    assert len(site.desk.ratings()) == 0


def test_cannot_judge_with_a_reason(study: Make) -> None:
    site = study()
    ann = site.rater()
    ann.answer(v__depth="skip", w__depth="not enough context", q__warmth="glad you wrote", t__warmth="hm")
    ratings = site.desk.ratings().set_index("criterion")
    assert ratings.loc["depth", "status"] == "skipped"
    assert ratings.loc["depth", "reason"] == "not enough context"
    assert ratings.loc["warmth", "comment"] == "hm"
    assert "glad you wrote" in str(ratings.loc["warmth", "span"])


def test_double_clicks_replays_and_old_pages_are_one_label(study: Make) -> None:
    site = study()
    ann = site.rater()
    data = ann.filled()
    for _ in range(3):
        ann.post("/answer", data)
    assert "Item 2 of 4" in ann.page.text
    assert len(site.desk.ratings()) == 2
    ann.through()
    ann.post("/answer", data)
    assert "Thank you" in ann.page.text
    assert len(site.desk.ratings()) == 8


def test_a_second_tab_changes_the_answer_rather_than_losing_it(study: Make) -> None:
    site = study()
    ann = site.rater()
    other = Walker(ann.client)
    other.open("/")
    ann.answer()
    other.answer(lambda name, levels: levels[-1])
    ratings = site.desk.ratings()
    assert len(ratings) == 2
    assert set(ratings["value"]) == {3.0, 1.0}
    assert "Item 2 of 4" in other.page.text


def test_a_content_warning_comes_before_the_text(study: Make) -> None:
    site = study(n=3, texts=["a terrible thing"], warnings=[{"text": "Some of this is about harm."}])
    ann = site.rater()
    assert "Some of this is about harm." in ann.page.text
    assert "a terrible thing" not in ann.page.source
    ann.send("/skip")
    assert "a terrible thing" not in ann.page.source
    ann.send("/show")
    assert "a terrible thing" in ann.page.source
    ann.answer()
    assert "a terrible thing" not in ann.page.source
    ann.post("/show", {**ann.page.form("/show").fields, "always": "yes"})
    assert "a terrible thing" in ann.page.source
    ann.through()
    ratings = site.desk.ratings()
    assert ratings["status"].tolist().count("skipped") == 2
    assert ratings["status"].tolist().count("ok") == 4


def test_the_open_link_seats_a_person_once(study: Make) -> None:
    site = study(open=True)
    query = "/join?PROLIFIC_PID=5f1e2d3c4b5a&STUDY_ID=s1&SESSION_ID=x1"
    ann = Walker(site.browser())
    ann.open(query)
    assert site.desk.raters().empty, "looking is not joining"
    ann.send("/join")
    assert "Item 1 of 4" in ann.page.text
    again = Walker(site.browser())
    again.open(query)
    again.send("/join")
    assert len(site.desk.raters()) == 1
    assert "5f1e2d3c4b5a" not in site.desk.raters().to_csv() + site.desk.events().to_csv()
    nobody = Walker(site.browser())
    nobody.open("/join")
    nobody.send("/join")
    nobody.open("/join")
    nobody.send("/join")
    assert len(site.desk.raters()) == 2, "a browser that has a seat keeps it"


def test_quotas_are_asked_before_the_items(study: Make) -> None:
    site = study(
        survey=[{"key": "age", "label": "How old?", "options": ["young", "old"]}, {"key": "town", "label": "Where?"}],
        plan={"pools": {"people": {"overlap": "full", "raters": 3}}, "quotas": {"age": {"young": 1}}},
    )
    ann = site.rater()
    assert "Before you begin" in ann.page.text
    ann.send("/survey")
    assert ann.status == 422
    assert "Please answer: How old?" in ann.page.text
    ann.send("/survey", a__age="young")
    assert "Item 1 of 4" in ann.page.text
    bob = site.rater()
    bob.send("/survey", a__age="young")
    assert "This study needs other people just now" in bob.page.text


def test_leaving_is_asked_twice_and_then_done(study: Make) -> None:
    site = study()
    ann = site.rater()
    ann.answer()
    ann.open("/leave")
    ann.send("/leave")
    assert "You have left the study" in ann.page.text
    assert len(site.desk.ratings()) == 2
    assert site.desk.raters()["stage"].tolist() == ["withdrawn"]


def test_no_more_than_the_plan_wants(study: Make) -> None:
    site = study(n=2, consent={"required": True}, plan={"pools": {"people": {"overlap": "k", "k": 1, "raters": 1}}})
    site.rater().through()
    late = site.rater()
    assert "The study is closed" in late.page.text


def test_a_probe_check_asks_whether_the_edit_kept_the_meaning(study: Make) -> None:
    edit = {"item": "i0", "variant": "shorter", "text": "I hear you.", "context": "Message 0: a hard week."}
    site = study(n=1, edits=[edit], probe_check={"probes": ["shorter"], "items": 1, "k": 1})
    ann = site.rater()
    while "After the edit" not in ann.page.text:
        ann.answer()
    assert "Before the edit" in ann.page.text
    assert "shorter" not in ann.page.source
    assert ann.asks == ["v.kept", "v.natural"]
    ann.answer(lambda name, levels: {"kept": "0.0", "natural": "1.0"}[name])
    ann.through()
    assert site.desk.checks().set_index("criterion")["value"].to_dict() == {"kept": 0.0, "natural": 1.0}
    assert len(site.desk.ratings()) == 2, "answers on edits are no ratings"
