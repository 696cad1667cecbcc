"""The card: what is judged and what is asked, shown, answered, left out and taken back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from judgekit.humans.labels.card import Card, Seat, StaleError
from judgekit.humans.page import forms
from judgekit.humans.page.guard import TOKEN
from judgekit.humans.page.session import Posted, Session, go

STEPS = {"training": "Practice", "qualification": "Qualification", "items": "Item"}


@dataclass(frozen=True)
class Cards:
    """The handlers of cards."""

    session: Session

    def page(
        self, request: Request, token: str, seat: Seat, card: Card, again: Mapping[str, forms.Slot] | None = None
    ) -> Response:
        """Show a card, or first its content warning; ``again`` are the questions with what was wrong in them."""
        step = STEPS.get(seat.stage, "Item")
        if card.warning and again is None and not self._agreed(request, card):
            return self.session.page(
                request, token, seat, "warning.html.j2", heading="Before you look", card=card, step=step
            )
        whole, steps = forms.slots(card)
        if again:
            whole = [again[slot.name] for slot in whole]
            steps = [[again[slot.name] for slot in asked] for asked in steps]
        wrong = sum(bool(slot.problem) for slot in (again or {}).values())
        others = [(c.question, [forms.worded(c, other.get(c.key)) for other in card.others]) for c in card.criteria]
        return self.session.page(
            request,
            token,
            seat,
            "card.html.j2",
            422 if wrong else 200,
            heading=f"{step} {card.position}",
            step=step,
            card=card,
            slots=whole,
            step_slots=list(zip(card.steps, steps, strict=True)) if steps else [],
            ranked_here=card.form == "ranking" and len(whole) == 1,
            review=bool(card.review),
            others={"people": len(card.others), "lines": others} if card.others else None,
            first=card.position == 1 and not again and seat.stage == self._first,
            problems=f"{'One question is' if wrong == 1 else f'{wrong} questions are'} still open." if wrong else "",
        )

    @property
    def _first(self) -> str:
        """The stage whose first card is the first of all: there the instructions stand open."""
        settings = self.session.desk.design.settings
        declared = {"training": settings.training.items, "qualification": settings.qualification.items}
        return next((stage for stage, items in declared.items() if items), "items")

    def answer(self, request: Request, posted: Posted) -> Response:
        """Record a card's answers; where one is missing, show the card again with what was said."""
        token, rater = self.session.posted(request, posted)
        desk = self.session.desk
        key = posted.get("card", "")
        card = desk.card(rater, key) if TOKEN.match(key) else None
        if card is None:
            return go(request)
        answers, again = forms.read(card, posted, desk.design.settings.form)
        if any(slot.problem for slot in again.values()):
            return self.page(request, token, desk.seat(rater), card, again)
        try:
            receipt = desk.answer(rater, key, answers, seconds(posted.get("seconds", "")), posted.get("nonce", ""))
        except StaleError:
            return go(request)  # given back to the pool meanwhile
        return go(request, f"/feedback?card={key}" if receipt.feedback else "/")

    def feedback(self, request: Request, posted: Posted) -> Response:
        """Say what was right on a practice card."""
        token, rater = self.session.who(request)
        desk = self.session.desk
        key = request.query_params.get("card", "")
        told = desk.feedback(rater, key) if TOKEN.match(key) else None
        if told is None:
            return go(request)
        lines = []
        for criterion in told.card.criteria:
            given, accepted = told.given.get(criterion.key), told.accepted.get(criterion.key)
            if accepted:
                right = given is not None and given.value in accepted
                said = " or ".join(criterion.label(code) for code in accepted)
                line = {"question": criterion.question, "given": forms.worded(criterion, given)}
                lines.append({**line, "accepted": said, "right": right})
        task = desk.design.task
        labels = {"context": task.context_label, "text": task.text_label}
        parts = sorted(forms.parts(told.card).items(), key=lambda part: part[0] != "context")
        shown = [(labels.get(name) or _counted(name), text) for name, text in parts if text]
        return self.session.page(
            request,
            token,
            desk.seat(rater),
            "feedback.html.j2",
            heading="How it is meant",
            right=told.right,
            text=told.text,
            lines=lines,
            shown=shown,
        )

    def show(self, request: Request, posted: Posted) -> Response:
        """Show an item with a content warning, now that the rater agrees to see it (or all that it warns of)."""
        _, rater = self.session.posted(request, posted)
        card, cookie = self.session.desk.card(rater), self.session.cookie
        response = go(request)
        if card is not None and card.key == posted.get("card"):
            agreed = _all(card) if posted.get("always") else _one(card)
            kept = [agreed, *(mark for mark in self._shown(request) if mark.isalnum() and mark != agreed)]
            response.set_cookie(
                f"{cookie.name}_shown",
                ".".join(kept[:8]),
                path="/",
                httponly=True,
                samesite="lax",
                secure=cookie.secure,
            )
        return response

    def _shown(self, request: Request) -> list[str]:
        return request.cookies.get(f"{self.session.cookie.name}_shown", "").split(".")

    def _agreed(self, request: Request, card: Card) -> bool:
        return not {_one(card), _all(card)}.isdisjoint(self._shown(request))

    def skip(self, request: Request, posted: Posted) -> Response:
        """Leave out an item that comes with a content warning."""
        _, rater = self.session.posted(request, posted)
        card = self.session.desk.card(rater)
        if card is not None and card.warning and card.key == posted.get("card"):
            self.session.desk.skip(rater, card.key, "content warning", posted.get("nonce", ""))
        return go(request)

    def undo(self, request: Request, posted: Posted) -> Response:
        """Go back one card."""
        _, rater = self.session.posted(request, posted)
        self.session.desk.undo(rater)
        return go(request)


def _counted(name: str) -> str:
    """Name a part as the card does: ``candidate 0`` is Candidate 1."""
    word, _, place = name.rpartition(" ")
    return f"{word.capitalize()} {int(place) + 1}"


def _one(card: Card) -> str:
    return hashlib.sha256(f"{card.key}\n{card.warning}".encode()).hexdigest()[:16]


def _all(card: Card) -> str:
    return hashlib.sha256(card.warning.encode()).hexdigest()[:16]


def seconds(text: str) -> float | None:
    """Return the page's claim of how long a card took: a number between 0 and a day, or None."""
    try:
        said = float(text)
    except ValueError:
        return None
    return said if 0 <= said <= 86_400 else None
