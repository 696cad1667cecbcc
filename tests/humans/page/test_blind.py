"""Blind: what a rater is sent holds no judge's answer, nobody else's, and not what an item is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from label_pages import Walker
from label_site import judged

Make = Callable[..., Any]
GOLD = [{"item": "gold-item-xyz", "text": "So kind of you to write.", "answers": {"warmth": 3, "depth": 1}}]
WATCH = [{"item": "watch-item-xyz", "text": "Please choose cold and no.", "answers": {"warmth": 1, "depth": 0}}]
CHECKED = re.compile(r'<input type="(?:radio|checkbox)" name="[^"]*"[^>]* checked')
FORBIDDEN = ("gold", "repeat", "attention", "purpose", "original", "blind", "accepted", "rater")


def bytes_of(walker: Walker) -> str:
    """Return all that was sent to a rater: addresses, headers and pages, but for the cookie's own name."""
    return re.sub(r"jk_rater_\w{8}", "", "\n".join([*walker.heads, *walker.seen]))


def test_nothing_tells_gold_and_repeated_items_from_others(study: Make) -> None:
    site = study(n=3, checks={"gold": GOLD, "attention": WATCH, "repeats": 2})
    ann = site.rater()
    ann.through()
    sent = bytes_of(ann)
    assert "So kind of you to write." in sent
    assert "Please choose cold and no." in sent
    purposes = site.desk.ratings()["purpose"].unique().tolist()
    assert {"gold", "attention", "repeat", "item"} <= set(purposes)
    for word in (*FORBIDDEN, "gold-item-xyz", "watch-item-xyz", *(f">i{k}<" for k in range(3))):
        found = re.findall(rf".{{0,40}}{re.escape(word)}.{{0,40}}", sent)
        assert not found, found[:2]
    keys = set(re.findall(r'name="card" value="([^"]*)"', sent))
    assert len({len(key) for key in keys}) == 1, "keys of all cards look alike"


def test_pages_of_gold_and_other_items_differ_in_nothing_but_the_item(study: Make) -> None:
    site = study(n=3, checks={"gold": GOLD})
    ann = site.rater()
    ann.through()
    cards = [text for text in ann.seen if 'action="/answer"' in text]
    assert len(cards) == 4

    def bare(text: str) -> str:
        text = re.sub(r'(name="(?:csrf|card|nonce)" value=)"[^"]*"', r"\1", text)
        text = re.sub(r'(?s)<div class="shown".*?</div>', "", text)
        text = re.sub(r'(?s)<div class="part[^"]*">\s*<h2>Message</h2>\s*</div>', "", text)
        text = re.sub(r"Item \d+|value=\"\d+\" aria-labelledby", "", text)
        return re.sub(
            r'(?s)<details class="how".*?</details>|<button class="plain".*?</button>|<form id="undo".*?</form>',
            "",
            text,
        )

    assert len({re.sub(r"\s+", " ", bare(text)) for text in cards}) == 1


def test_nobody_sees_what_others_said(study: Make) -> None:
    site = study(n=3)
    ann = site.rater()
    while ann.page.has("/answer"):
        ann.answer(t__warmth="ann-was-here", q__warmth="I hear you")
    bob = site.rater()
    bob.through()
    sent = bytes_of(bob)
    assert "ann-was-here" not in sent
    assert not CHECKED.search(sent)
    names = site.desk.raters()["rater"].tolist()
    assert not [name for name in names if name in sent], "not even pseudonyms"
    assert not re.findall(r"agree|alpha|kappa", sent)


def test_a_judge_shows_in_the_review_arm_only(study: Make) -> None:
    review = {"judge": "model-xyz", "k": 1, "raters": 1}
    site = study(n=3, reviews=judged(3), review=review)
    blind = site.rater(arm="blind")
    blind.through()
    assert "model" not in bytes_of(blind).lower()
    assert not CHECKED.search(bytes_of(blind))
    anchored = site.rater(arm="review")
    assert "A model’s answer is filled in." in anchored.page.text
    fields = anchored.page.form("/answer").fields
    assert (fields["v.warmth"], fields["v.depth"]) == ("3.0", "1.0")
    assert "model-xyz" not in anchored.page.source
    anchored.through(lambda name, levels: levels[-1])
    ratings = site.desk.ratings()
    assert set(ratings[ratings["arm"] == "review"]["value"]) == {3.0, 1.0}


def test_an_adjudicator_sees_labels_but_nobody(study: Make) -> None:
    site = study(n=2, adjudication={"names": ["judy"], "gap": 2})
    for choose in (0, -1):
        walker = site.rater()
        while walker.page.has("/answer"):
            walker.answer(lambda name, levels, choose=choose: levels[choose], t__warmth="I-SAID-THIS")
    assert site.desk.refer() == 2
    (invitation,) = site.desk.invite(0, names=("judy",))
    judy = site.comes(invitation.token)
    assert "These people saw it differently." in judy.page.text
    assert "Person 1" in judy.page.text
    assert "cold" in judy.page.text
    judy.through()
    sent = bytes_of(judy)
    assert "I-SAID-THIS" not in sent
    names = site.desk.raters().query("rater != 'judy'")["rater"].tolist()
    assert not [name for name in names if name in sent]
    assert len(site.desk.ratings().query("purpose == 'adjudication'")) == 4
