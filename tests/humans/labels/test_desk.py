"""The desk: a rater's way, answers that are one label whatever happens, and what the study holds in the end."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from label_site import NEEDED, design, judged
from labelling import Clock, begin, label, opened

from judgekit.errors import InputError
from judgekit.humans.labels.card import Answer, Span, StaleError
from judgekit.humans.labels.desk import Desk
from judgekit.schema import shown
from judgekit.study import Study
from judgekit.tables import cases

WARM = {"warmth": Answer(value=3.0), "depth": Answer(value=1.0)}
AGE = [{"key": "age", "label": "Age"}]
COLD = {"warmth": Answer(value=1.0), "depth": Answer(value=0.0)}


def values(desk: Desk, criterion: str = "warmth") -> list[float]:
    frame = desk.ratings()
    return [float(value) for value in frame.loc[frame["criterion"] == criterion, "value"]]


def test_a_rater_goes_from_consent_to_the_completion_code(url: str) -> None:
    made = design(
        consent={"required": True},
        training={
            "items": [{"item": "t", "text": "so sorry", "answers": {"warmth": [2, 3]}, "feedback": "It is warm."}]
        },
        qualification={"items": [{"item": "q", "text": "go away", "answers": {"warmth": 2}}]},
        survey=[{"key": "age", "label": "Age"}, {"key": "country", "label": "Country", "when": "start"}],
    )
    with opened(url, made) as desk:
        (invited,) = desk.invite(1)
        assert desk.enter("nobody's") is None
        seat = desk.enter(invited.token)
        assert seat is not None
        assert (seat.rater, seat.stage) == (invited.rater, "consent")
        assert desk.card(invited.rater) is None
        assert [one.key for one in desk.consent(invited.rater, True).questions] == ["country"]
        assert desk.survey(invited.rater, {"country": " Ghana "}).stage == "training"
        (practised,) = label(desk, invited.rater, 1)
        told = desk.feedback(invited.rater, practised.key)
        assert told is not None
        assert told.right
        assert told.text == "It is warm."
        assert told.given["warmth"].value == 2.0
        assert desk.seat(invited.rater).stage == "qualification"
        label(desk, invited.rater, 1)
        assert [card.purpose for card in label(desk, invited.rater)] == ["item"] * 4
        seat = desk.seat(invited.rater)
        assert (seat.stage, [one.key for one in seat.questions]) == ("survey", ["age"])
        seat = desk.survey(invited.rater, {"age": ""})
        assert seat.stage == "thanks"
        assert seat.code
        raters = desk.raters()
        assert list(raters["country"]) == ["Ghana"]
        assert list(raters["code"]) == [seat.code]
        assert len(desk.ratings()) == 4 * 2
        assert set(desk.extras()["purpose"]) == {"training", "qualification"}


def test_who_declines_or_does_not_qualify_labels_nothing(url: str) -> None:
    test = {"items": [{"item": "q", "text": "go away", "answers": {"warmth": 1, "depth": 0}}], "attempts": 2}
    with opened(url, design(consent={"required": True}, qualification=test)) as desk:
        first, second, third = (one.rater for one in desk.invite(3))
        assert desk.consent(first, False).stage == "declined"
        assert desk.consent(first, True).stage == "declined"
        assert desk.consent(second, True).stage == "qualification"
        label(desk, second, 1)
        assert desk.seat(second).stage == "qualification"  # a second attempt
        label(desk, second, 1)
        assert desk.seat(second).stage == "screened_out"
        assert desk.card(second) is None
        desk.consent(third, True)
        label(desk, third, 1)
        label(desk, third, 1, lambda card: COLD)
        assert desk.seat(third).stage == "items"
        assert desk.ratings().empty


def test_labels_are_matched_to_what_a_judge_would_be_shown(url: str) -> None:
    for form in ("rating", "pairwise", "ranking", "trajectory"):
        made = design(form)  # type: ignore[arg-type]
        place = url if form == "rating" else f"{Path(url).with_suffix('')}-{form}" if "://" not in url else None
        if place is None:
            continue
        with opened(place, made) as desk:
            label(desk, desk.invite(1)[0].rater)
            ratings = desk.ratings()
        digests = {(one.item, one.variant): shown(made.task, one.digest) for one in cases(made.items)}
        told = zip(ratings["item"], ratings["variant"], ratings["shown"], strict=True)
        assert all(digests[item, variant] == digest for item, variant, digest in told)
        assert set(ratings["item"]) == set(made.items["item"])
        Study.build(made.task, made.items, desk_raters(ratings), ratings)


def desk_raters(ratings: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"rater": ratings["rater"].unique()})


def test_a_swapped_pair_is_recorded_as_the_candidate_not_the_place(url: str) -> None:
    pairs = design("pairwise", 4).items
    swapped = pairs.assign(variant="swapped", candidates=[json.dumps(json.loads(c)[::-1]) for c in pairs["candidates"]])
    rows = swapped.drop(columns=["digest"]).to_dict("records")
    plan = {"pools": {"people": {"overlap": "k", "k": 2, "raters": 2}}}
    with opened(url, design("pairwise", 4, edits=rows, plan=plan, survey=AGE)) as desk:
        first, second = (one.rater for one in desk.invite(2))
        for rater in (first, second):
            cards = label(
                desk, rater, says=lambda card: {"better": Answer(value=1.0 if "First" in card.candidates[0] else 2.0)}
            )
            assert sorted(card.variant for card in cards) == ["original"] * 2 + ["swapped"] * 2
            assert len({card.item for card in cards}) == 4
        assert values(desk, "better") == [1.0] * 8
        back = desk.undo(first)
        assert back is not None
        assert back.earlier["better"].value == (1.0 if back.variant == "original" else 2.0)
        assert sorted(desk.plan()["done"]) == [1] * 8


def test_a_list_is_one_card_and_a_rank_an_item(url: str) -> None:
    with opened(url, design("ranking", 2, survey=AGE)) as desk:
        rater = desk.invite(1)[0].rater
        cards = label(desk, rater, says=lambda card: {"rank": Answer(ranks=(3, 1, 1))})
        assert len(cards) == 2
        ratings = desk.ratings()
        assert len(ratings) == 6
        assert sorted(ratings["value"]) == [1, 1, 1, 1, 3, 3]
        again = desk.undo(rater)
        assert again is not None
        assert again.earlier["rank"].ranks == (3, 1, 1)
        for wrong in ((1, 2), (0, 1, 2), (1, 2, 4)):
            with pytest.raises(InputError, match="rank"):
                desk.answer(rater, again.key, {"rank": Answer(ranks=wrong)}, 1.0, "n")


def test_steps_have_questions_of_their_own_kept_apart(url: str) -> None:
    with opened(url, design("trajectory", 2)) as desk:
        rater = desk.invite(1)[0].rater
        card = desk.card(rater)
        assert card is not None
        assert card.step_criteria == (NEEDED,)
        answers = {"depth": Answer(value=1.0), "needed@1": Answer(value=1.0)}
        with pytest.raises(InputError, match="needed@2"):
            desk.answer(rater, card.key, answers, 1.0, card.nonce)
        label(desk, rater)
        assert set(desk.ratings()["criterion"]) == {"depth"}
        assert set(desk.extras()["criterion"]) == {"needed@1", "needed@2"}


def test_a_replayed_answer_is_one_label(url: str) -> None:
    with opened(url, design()) as desk:
        rater = desk.invite(1)[0].rater
        card = desk.card(rater)
        assert card is not None
        receipts = [desk.answer(rater, card.key, WARM, 2.0, card.nonce) for _ in range(3)]
        assert [receipt.new for receipt in receipts] == [True, False, False]
        assert values(desk) == [3.0]
        assert desk.seat(rater).done == 1


def test_a_double_click_from_two_threads_and_two_servers_is_one_label(url: str) -> None:
    with opened(url, design()) as desk, opened(url, None) as other:
        rater = desk.invite(1)[0].rater
        card = desk.card(rater)
        assert card is not None
        with ThreadPoolExecutor(8) as pool:
            made = [pool.submit((desk, other)[k % 2].answer, rater, card.key, WARM, 2.0, card.nonce) for k in range(16)]
            assert sum(one.result().new for one in made) == 1
        assert values(desk) == values(other) == [3.0]
        assert list(desk.plan()["done"]).count(1) == 1


def test_the_last_of_two_tabs_counts_and_both_are_in_the_events(url: str) -> None:
    with opened(url, design()) as desk:
        rater = desk.invite(1)[0].rater
        one, two = desk.card(rater), desk.card(rater)
        assert one is not None
        assert two is not None
        assert one.key == two.key
        assert desk.answer(rater, one.key, WARM, 2.0, one.nonce).revised is False
        assert desk.answer(rater, two.key, COLD, 3.0, two.nonce).revised is True
        assert not desk.answer(rater, one.key, WARM, 2.0, one.nonce).new  # the first, sent again, takes nothing back
        assert values(desk) == [1.0]
        assert list(desk.ratings()["revisions"]) == [1, 1]
        events = desk.events()
        detail = json.loads(events.loc[events["what"] == "revised", "detail"].iloc[0])
        assert {row["criterion"]: row["value"] for row in detail} == {"warmth": 3.0, "depth": 1.0}


def test_undo_goes_back_card_by_card_and_what_stood_stays_until_it_is_changed(url: str) -> None:
    with opened(url, design()) as desk:
        rater = desk.invite(1)[0].rater
        assert desk.undo(rater) is None
        cards = label(desk, rater, 3)
        back = desk.undo(rater)
        assert back is not None
        assert back.key == cards[2].key
        back = desk.undo(rater)
        assert back is not None
        assert (back.key, back.position) == (cards[1].key, 2)
        assert back.earlier["warmth"].value == 2.0
        assert desk.card(rater).key == back.key  # type: ignore[union-attr]
        assert values(desk) == [2.0] * 3
        desk.answer(rater, back.key, WARM, 1.0, back.nonce)
        assert values(desk) == [2.0, 3.0, 2.0]
        assert desk.card(rater).position == 4  # type: ignore[union-attr]
        label(desk, rater)
        assert desk.seat(rater).stage == "thanks"
        assert desk.undo(rater) is None


def test_an_answer_is_checked(url: str) -> None:
    with opened(url, design()) as desk:
        rater, stranger = (one.rater for one in desk.invite(2))
        card = desk.card(rater)
        assert card is not None
        bad = {
            "'depth' has no answer": {"warmth": Answer(value=2.0)},
            "no level 9": {**WARM, "warmth": Answer(value=9.0)},
            "no level 2.5": {**WARM, "warmth": Answer(value=2.5)},
            "'warmth' has no answer": {**WARM, "warmth": Answer(value=float("nan"))},
            "does not ask 'colour'": {**WARM, "colour": Answer(value=1.0)},
            "nor a reason|a reason": {**WARM, "warmth": Answer(status="skipped")},
            "comment": {**WARM, "warmth": Answer(value=2.0, comment="x" * 5001)},
            "confidence": {**WARM, "warmth": Answer(value=2.0, confidence=1.5)},
            "not there": {**WARM, "warmth": Answer(value=2.0, span=(Span("text", 0, 9999),))},
        }
        for words, answers in bad.items():
            with pytest.raises(InputError, match=words):
                desk.answer(rater, card.key, answers, 1.0, card.nonce)
        with pytest.raises(StaleError):
            desk.answer(stranger, card.key, WARM, 1.0, card.nonce)
        with pytest.raises(StaleError):
            desk.answer(rater, "no-such-card", WARM, 1.0, card.nonce)
        assert desk.ratings().empty
        quoted = Answer(value=2.0, comment=" so \x00warm ", span=(Span("text", 0, 5, "claimed"),), confidence=0.5)
        desk.answer(rater, card.key, {**WARM, "warmth": quoted}, 1.0, card.nonce)
        row = desk.ratings().set_index("criterion").loc["warmth"]
        assert row["comment"] == "so warm"
        assert json.loads(row["span"]) == [{"part": "text", "start": 0, "end": 5, "quote": "Reply"}]


def test_who_cannot_judge_says_why_and_who_skips_leaves_the_item_to_others(url: str) -> None:
    plan = {"pools": {"people": {"overlap": "full", "raters": 1}}}
    with opened(url, design(plan=plan, warnings=[{"text": "It is harsh."}])) as desk:
        rater = desk.invite(1)[0].rater
        card = desk.card(rater)
        assert card is not None
        assert card.warning == "It is harsh."
        unable = {**WARM, "depth": Answer(status="skipped", reason="too little context")}
        desk.answer(rater, card.key, unable, 1.0, card.nonce)
        second = desk.card(rater)
        assert second is not None
        assert desk.skip(rater, second.key, "too distressing").new
        label(desk, rater)
        frame = desk.ratings()
        assert (
            list(frame.loc[frame["status"] == "skipped", "reason"]) == ["too little context"] + ["too distressing"] * 2
        )
        progress = desk.progress()
        assert progress.skipped == 1
        assert not progress.met
        label(desk, desk.invite(1)[0].rater)
        assert desk.progress().met


def test_seconds_are_the_pages_claim_bounded_by_the_servers_clock(url: str) -> None:
    clock = Clock()
    with opened(url, design(), clock=clock) as desk:
        rater = desk.invite(1)[0].rater
        for claimed, minutes, kept in ((30.0, 1.0, 30.0), (9e9, 1.0, 60.0), (-5.0, 0.5, 30.0), (None, -30.0, 0.0)):
            card = desk.card(rater)
            assert card is not None
            clock.on(minutes)
            desk.answer(rater, card.key, WARM, claimed, card.nonce)
            frame = desk.ratings()
            assert frame["seconds"].iloc[-1] == pytest.approx(kept)
        assert len(desk.ratings()) == 8


def test_a_rater_rests_and_comes_back_on_another_device_after_the_server_was_restarted(url: str) -> None:
    with opened(url, design()) as desk:
        (invited,) = desk.invite(1)
        label(desk, invited.rater, 2)
        waiting = desk.card(invited.rater)
        assert desk.pause_rater(invited.rater).stage == "paused"
        code = desk.researcher_token
    with opened(url, None) as desk:
        assert desk.researcher_token == code
        assert desk.is_researcher(code)
        assert not desk.is_researcher(invited.token)
        assert desk.invitations() == [invited]
        seat = desk.enter(invited.token)
        assert seat is not None
        assert (seat.stage, seat.done, seat.total) == ("items", 2, 4)
        card = desk.card(invited.rater)
        assert card is not None
        assert waiting is not None
        assert card.key == waiting.key


def test_the_whole_study_rests_and_what_comes_in_meanwhile_is_kept(url: str) -> None:
    with opened(url, design()) as desk:
        (invited,) = desk.invite(1)
        card = desk.card(invited.rater)
        assert card is not None
        desk.pause(True)
        assert desk.seat(invited.rater).stage == "paused"
        assert desk.progress().paused
        desk.answer(invited.rater, card.key, WARM, 1.0, card.nonce)
        desk.pause(False)
        assert desk.seat(invited.rater).done == 1


def test_review_raters_see_the_judge_and_blind_ones_never_do(url: str) -> None:
    made = design(
        review={"judge": "model", "k": 1, "raters": 1},
        reviews=judged(3),
        plan={"pools": {"people": {"k": 1, "raters": 1}}},
    )
    with opened(url, made) as desk:
        blind, review = desk.invite(2)
        assert (blind.arm, review.arm) == ("blind", "review")
        assert all(not card.review for card in label(desk, blind.rater))
        cards = label(desk, review.rater)
        assert {card.item for card in cards} == {"i0", "i1", "i2"}
        assert {card.review["warmth"].value for card in cards} == {3.0}
        frame = desk.ratings()
        assert dict(frame.groupby("arm")["item"].nunique()) == {"blind": 4, "review": 3}
        assert desk.progress().met


def test_disagreements_come_back_to_named_adjudicators_without_names(url: str) -> None:
    made = design(
        adjudication={"names": ["Ada"], "gap": 2}, plan={"pools": {"people": {"overlap": "full", "raters": 2}}}
    )
    with opened(url, made) as desk:
        for invited, says in zip(desk.invite(2), (WARM, COLD), strict=True):
            label(desk, invited.rater, 1, lambda card, says=says: says if card.item == "i0" else WARM)  # type: ignore[misc]
            label(desk, invited.rater, says=lambda card, says=says: says if card.item == "i0" else WARM)  # type: ignore[misc]
        assert desk.refer() == 1
        assert desk.refer() == 0
        (ada,) = [one for one in desk.invitations() if one.pool == "adjudicators"]
        begin(desk, ada.rater)
        card = desk.card(ada.rater)
        assert card is not None
        assert (ada.rater, card.item, card.purpose) == ("Ada", "i0", "adjudication")
        assert sorted(other["warmth"].value for other in card.others) == [1.0, 3.0]  # type: ignore[type-var]
        desk.answer("Ada", card.key, {one.key: Answer(value=one.codes[1]) for one in card.criteria}, 1.0, card.nonce)
        assert desk.seat("Ada").stage in ("waiting", "closed")
        frame = desk.ratings()
        assert len(frame[frame["purpose"] == "item"]) == 2 * 4 * 2
        assert set(frame.loc[frame["purpose"] == "adjudication", "rater"]) == {"Ada"}


def test_a_probe_check_asks_whether_the_edit_kept_the_meaning(url: str) -> None:
    rows = design().items.assign(variant="longer", text="Much longer.").drop(columns=["digest"]).to_dict("records")
    made = design(edits=rows, probe_check={"probes": ["longer"], "items": 2, "k": 1})
    with opened(url, made) as desk:
        cards = label(desk, desk.invite(1)[0].rater)
        checks = [card for card in cards if card.purpose == "check"]
        assert {card.form for card in checks} == {"check"}
        assert {card.text for card in checks} == {"Much longer."}
        assert all(card.before is not None and card.before.startswith("Reply number") for card in checks)
        assert set(desk.checks()["criterion"]) == {"kept", "natural"}
        assert set(desk.ratings()["variant"]) == {"original"}


def test_gold_attention_and_repeats_come_silently_among_the_items(url: str) -> None:
    checks = {
        "gold": [{"item": "g", "text": "gold", "answers": {"warmth": 3}}],
        "attention": [{"item": "a", "text": "choose cold", "answers": {"warmth": 1}}],
        "repeats": 2,
    }
    with opened(url, design(n=12, checks=checks)) as desk:
        (invited,) = desk.invite(1)
        cards = label(desk, invited.rater)
        purposes = [card.purpose for card in cards]
        assert purposes[0] == "item"
        assert {name: purposes.count(name) for name in set(purposes)} == {
            "item": 12,
            "gold": 1,
            "attention": 1,
            "repeat": 2,
        }
        first = {card.item: card.position for card in cards if card.purpose == "item"}
        assert all(card.position - first[card.item] > 2 for card in cards if card.purpose == "repeat")
        frame = desk.ratings()
        assert set(frame.loc[frame["purpose"] == "repeat", "rep"]) == {1}
        told = frame[frame["criterion"] == "warmth"].set_index("purpose")["accepted"]
        assert (told["gold"], told["attention"]) == ("[3.0]", "[1.0]")
        keys = " ".join(card.key for card in cards)
        assert not any(word in keys for word in ("gold", "attention", "repeat"))


def test_nothing_of_an_erased_rater_is_left(tmp_path: Path) -> None:
    file = tmp_path / "labels.sqlite"
    with opened(str(file), design(survey=[{"key": "town", "label": "Town"}])) as desk:
        gone, stays = (one.rater for one in desk.invite(2))
        secret = {**WARM, "warmth": Answer(value=3.0, comment="ZEBRA-CROSSING")}
        label(desk, gone, says=lambda card: secret)
        desk.survey(gone, {"town": "YGGDRASIL"})
        label(desk, stays)
        assert desk.erase(gone) == 8
        with pytest.raises(InputError, match="no rater"):
            desk.erase(gone)
        assert list(desk.raters()["rater"]) == [stays]
        assert gone not in desk.events()["rater"].tolist()
        for name in file.parent.iterdir():
            kept = name.read_bytes()
            assert not any(word.encode() in kept for word in ("ZEBRA-CROSSING", "YGGDRASIL", gone)), name
        assert not desk.progress().met


def test_a_drop_out_stays_erased_and_the_items_come_back(url: str) -> None:
    with opened(url, design(plan={"pools": {"people": {"k": 1, "raters": 1}}})) as desk:
        gone = desk.invite(1)[0].rater
        label(desk, gone)
        assert desk.progress().met
        desk.erase(gone)
        new = desk.invite(1)[0].rater
        assert new != gone
        assert len(label(desk, new)) == 4
        assert desk.progress().met


def test_only_hashes_of_tokens_are_kept_and_the_key_lies_apart(tmp_path: Path) -> None:
    file = tmp_path / "labels.sqlite"
    with opened(str(file), design(open=True)) as desk:
        tokens = [one.token for one in desk.invite(3)] + [desk.researcher_token]
        tokens.append(desk.join({"PROLIFIC_PID": "5f0c2a"}).token)
        desk.pause(True)
    key = tmp_path / "labels.sqlite.key"
    assert key.stat().st_mode & 0o777 == 0o600
    secret = key.read_text(encoding="ascii").strip()
    for name in tmp_path.glob("labels.sqlite*"):
        kept = name.read_bytes()
        if name != key:
            assert not any(word.encode() in kept for word in (*tokens, secret, "5f0c2a"))
    key.write_text("0" * 64 + "\n", encoding="ascii")
    with pytest.raises(InputError, match="another study's key"):
        Desk.open(str(file))
    key.unlink()
    with pytest.raises(InputError, match="no key"):
        Desk.open(str(file))


def test_a_new_link_closes_the_old_one(url: str) -> None:
    with opened(url, design()) as desk:
        (old,) = desk.invite(1)
        new = desk.revoke(old.rater)
        assert desk.enter(old.token) is None
        seat = desk.enter(new.token)
        assert seat is not None
        assert seat.rater == old.rater


def test_who_comes_twice_by_the_open_link_has_one_seat(url: str) -> None:
    with opened(url, design()) as desk, pytest.raises(InputError, match="no open link"):
        desk.join({"PROLIFIC_PID": "a"})
    with opened(url, design(open=True)) as desk:
        one, again, other = (desk.join({"PROLIFIC_PID": name}) for name in ("a", "a", "b"))
        assert one == again
        assert one.rater != other.rater
        assert one.rater == desk.pseudonym("a")
        assert desk.join({}).rater != desk.join({}).rater
        with pytest.raises(InputError, match="identifier"):
            desk.join({"PROLIFIC_PID": "x" * 201})


def test_a_study_keeps_what_was_declared(url: str) -> None:
    with opened(url, design()) as desk:
        assert desk.design.settings.plan.pools["people"].raters == 3
    with opened(url, design(port=9999, contact="me")) as desk:
        assert desk.design.settings.port == 9999
    with pytest.raises(InputError, match=r"another label\.plan"):
        Desk.open(url, design(plan={"pools": {"people": {"k": 9}}}))
    with pytest.raises(InputError, match="another items"):
        Desk.open(url, design(n=5))


def test_labels_from_another_tool_count_for_the_plan(url: str) -> None:
    made = design(plan={"pools": {"people": {"k": 2, "raters": 2}}})
    rows = [
        {"item": f"i{k}", "criterion": key, "rater": "outside", "value": 1.0, "comment": "hm"}
        for k in range(4)
        for key in ("warmth", "depth")
    ]
    raters = pd.DataFrame([{"rater": "outside", "pool": "people", "country": "Peru"}])
    with opened(url, made) as desk:
        outside = Study.build(made.task, made.items, raters, pd.DataFrame(rows))
        assert desk.take(outside) == 8
        assert desk.take(outside) == 0
        label(desk, desk.invite(1)[0].rater)
        assert desk.progress().met
        frame = desk.ratings()
        assert frame.loc[frame["rater"] == "outside", "shown"].isna().all()
        told = desk.raters().set_index("rater")
        assert told.loc["outside", "country"] == "Peru"
        assert desk.describe(pd.DataFrame([{"rater": "outside", "age": 30}, {"rater": "nobody", "age": 4}])) == 1
        assert desk.raters().set_index("rater").loc["outside", "age"] == "30"
