"""A rater's way from consent to the completion code: one address that shows whatever stage they are at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from judgekit.humans.labels.card import ENDED, Seat
from judgekit.humans.page.cards import STEPS, Cards
from judgekit.humans.page.session import Posted, Session, go, root

ENDINGS = {
    "declined": ("You did not take part", "That is all right. You may close this page."),
    "screened_out": ("Thank you for your time", "This study needs other people just now. You may close this page."),
    "withdrawn": ("You have left the study", "Thank you for the time that you gave. You may close this page."),
    "closed": ("The study is closed", "No more answers are needed. Thank you for coming."),
    "waiting": (
        "Nothing to do just now",
        "Others are working on what is left. Please look again in a while; your link brings you back here.",
    ),
    "paused": ("A break", "Your place is kept. Your link brings you back here, on another device too."),
}


def onward(label: str, *, action: str = "", href: str = "", away: bool = False) -> dict[str, Any]:
    """Return the one thing to press at the end of a message."""
    return {"label": label, "action": action, "href": href, "away": away}


@dataclass(frozen=True)
class Raters:
    """The handlers of a rater's requests beside those of cards; they block, and run in threads."""

    session: Session
    cards: Cards

    def home(self, request: Request, posted: Posted) -> Response:
        """Show where the rater is: the next card, or the page of the stage."""
        token, seat, card = self.session.now(request)
        if card is not None and seat.stage in STEPS:
            return self.cards.page(request, token, seat, card)
        return self._stage(request, token, seat)

    def _stage(self, request: Request, token: str, seat: Seat) -> Response:
        design = self.session.desk.design
        settings = design.settings
        if seat.stage == "consent":
            return self.session.page(
                request,
                token,
                seat,
                "consent.html.j2",
                heading=settings.title or design.task.title,
                information=settings.information,
                consent=settings.consent,
            )
        if seat.stage in ("survey", "screening"):
            return self._survey(request, token, seat)
        if seat.stage == "thanks":
            link = settings.completion_url
            away = (
                onward("Go back with your code", href=link.replace("{code}", seat.code or ""), away=True)
                if link
                else None
            )
            return self._message(request, token, seat, "Thank you", "You have done all of it.", away, settings.thanks)
        press = {"paused": onward("Go on", action="/resume")}.get(seat.stage)
        if seat.stage not in ENDINGS or seat.stage == "waiting":
            press = onward("Look again", href=root(request))
        heading, words = ENDINGS.get(seat.stage, ENDINGS["waiting"])
        return self._message(request, token, seat, heading, words, press)

    def _message(
        self, request: Request, token: str, seat: Seat, heading: str, words: str, press: Any = None, prose: str = ""
    ) -> Response:
        return self.session.page(
            request,
            token,
            seat,
            "message.html.j2",
            heading=heading,
            words=words,
            prose=prose,
            onward=press,
            code=seat.code,
        )

    def _survey(
        self, request: Request, token: str, seat: Seat, problem: str = "", kept: Posted | None = None
    ) -> Response:
        early = seat.stage == "screening"
        return self.session.page(
            request,
            token,
            seat,
            "survey.html.j2",
            422 if problem else 200,
            heading="Before you begin" if early else "A few questions about you",
            words="Please answer these first." if early else "Every answer may be left out.",
            questions=seat.questions,
            needed=self._needed(seat),
            kept=kept or {},
            problem=problem,
        )

    def _needed(self, seat: Seat) -> set[str]:
        return {*self.session.desk.design.settings.plan.quotas} if seat.stage == "screening" else set()

    def consent(self, request: Request, posted: Posted) -> Response:
        """Record consent, or that it was declined."""
        _, rater = self.session.posted(request, posted)
        if posted.get("agreed") in ("yes", "no"):
            self.session.desk.consent(rater, posted["agreed"] == "yes")
        return go(request)

    def pause(self, request: Request, posted: Posted) -> Response:
        """Let the rater rest."""
        _, rater = self.session.posted(request, posted)
        self.session.desk.pause_rater(rater)
        return go(request)

    def resume(self, request: Request, posted: Posted) -> Response:
        """Go on after a break; where the study itself rests, say so."""
        token, rater = self.session.posted(request, posted)
        seat = self.session.desk.pause_rater(rater, False)
        if seat.stage != "paused":
            return go(request)
        words = "Your place is kept. Please come back by your link a little later."
        press = onward("Try again", action="/resume")
        return self._message(request, token, seat, "The study rests just now", words, press)

    def survey(self, request: Request, posted: Posted) -> Response:
        """Record answers about the rater; a question that a quota hangs on must be answered."""
        token, rater = self.session.posted(request, posted)
        seat = self.session.desk.seat(rater)
        if seat.stage not in ("survey", "screening"):
            return go(request)
        said: dict[str, str] = {}
        for question in seat.questions:
            value = posted.get(f"a.{question.key}", "").strip()[:200]
            if value and (not question.options or value in question.options):
                said[question.key] = value
            elif question.key in self._needed(seat):
                return self._survey(request, token, seat, f"Please answer: {question.label}", posted)
        self.session.desk.survey(rater, said)
        return go(request)

    def leaving(self, request: Request, posted: Posted) -> Response:
        """Ask once more before somebody leaves."""
        token, rater = self.session.who(request)
        seat = self.session.desk.seat(rater)
        if seat.stage in ENDED:
            return go(request)
        return self.session.page(request, token, seat, "leave.html.j2", heading="Leave the study?", over=True)

    def leave(self, request: Request, posted: Posted) -> Response:
        """End the rater's part."""
        _, rater = self.session.posted(request, posted)
        self.session.desk.withdraw(rater)
        return go(request)
