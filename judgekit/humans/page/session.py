"""Whose request it is: the token of the link, kept in a cookie, and the form token that is made of it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from judgekit.humans.labels.card import ENDED, Card, Seat
from judgekit.humans.labels.desk import Desk
from judgekit.humans.page.guard import Cookie, RefusedError, check_csrf
from judgekit.humans.page.look import Look

Posted = Mapping[str, str]


def root(request: Request, path: str = "/") -> str:
    """Return a path of the page, below where it is mounted."""
    return f"{request.scope.get('root_path', '')}{path}"


def go(request: Request, path: str = "/") -> Response:
    """Send the browser on to a path of the page, by GET."""
    return RedirectResponse(root(request, path), status_code=303)


def _nobody() -> RefusedError:
    words = "This page needs the personal link that you were sent. Open it again."
    return RefusedError(401, "Please open your own link", words)


@dataclass(frozen=True)
class Session:
    """The sessions of a study's raters."""

    desk: Desk
    look: Look
    cookie: Cookie

    def who(self, request: Request) -> tuple[str, str]:
        """Return token and rater of a request; RefusedError where there is none."""
        token = self.cookie.read(request)
        rater = None if token is None else self.desk.rater_of(token)
        if token is None or rater is None:
            raise _nobody()
        return token, rater

    def now(self, request: Request) -> tuple[str, Seat, Card | None]:
        """Return token, seat and card of a request; RefusedError where nobody's token is in it."""
        token = self.cookie.read(request)
        found = None if token is None else self.desk.now(token)
        if token is None or found is None:
            raise _nobody()
        return token, *found

    def posted(self, request: Request, posted: Posted) -> tuple[str, str]:
        """Return token and rater of a form; RefusedError where it is not one of this session."""
        token, rater = self.who(request)
        check_csrf(posted, self.secret(token), "rater")
        return token, rater

    def secret(self, token: str) -> str:
        """Return what the form tokens of a session are made of."""
        return hmac.new(self.desk.secret("csrf"), token.encode(), hashlib.sha256).hexdigest()

    def page(
        self, request: Request, token: str, seat: Seat, template: str, status: int = 200, **facts: Any
    ) -> Response:
        """Return a page for a rater."""
        facts.setdefault("over", seat.stage in ENDED)
        return self.look.page(
            request, template, status, secret=self.secret(token), kind=seat.kind, seat=seat, leaving=True, **facts
        )
