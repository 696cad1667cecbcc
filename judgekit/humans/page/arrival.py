"""How a rater comes in: by a link of their own, or by the study's open link."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from judgekit.humans.page.guard import TOKEN, Limit, RefusedError
from judgekit.humans.page.session import Posted, Session, go

#: The parameters of an open link that are read at all, and how long a value may be.
EXTERNAL = ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID", "workerId", "assignmentId", "hitId", "participant")
LONGEST = 128


@dataclass(frozen=True)
class Arrival:
    """The handlers of links. ``joins`` limits new seats, ``wrong`` links that open nothing, both by address."""

    session: Session
    joins: Limit
    wrong: Limit

    def link(self, request: Request, posted: Posted) -> Response:
        """Take the token out of the link and into a cookie."""
        token = request.path_params["token"]
        if not TOKEN.match(token) or self.session.desk.enter(token) is None:
            self.wrong(request)
            raise RefusedError(404, "This link opens nothing", "Please copy the whole link, or ask for a new one.")
        response = go(request)
        self.session.cookie.put(response, token)
        return response

    def door(self, request: Request, posted: Posted) -> Response:
        """Show the open link's page: nobody joins by a mere look, as link checkers do."""
        if not self.session.desk.design.settings.open:
            words = "Please use the personal link that you were sent."
            raise RefusedError(404, "This study has no open link", words)
        external = {name: value[:LONGEST] for name in EXTERNAL if (value := request.query_params.get(name, ""))}
        return self.session.look.page(
            request,
            "join.html.j2",
            heading="Welcome",
            words="You are about to begin. What the study asks of you comes first; you can still say no then.",
            external=external,
        )

    def join(self, request: Request, posted: Posted) -> Response:
        """Give somebody who came by the open link a seat, the same one whenever they come."""
        self.joins(request)
        desk, cookie = self.session.desk, self.session.cookie
        external = {name: value[:LONGEST] for name in EXTERNAL if (value := posted.get(f"x.{name}", ""))}
        token = cookie.read(request)
        response = go(request)
        if external or token is None or desk.rater_of(token) is None:
            invitation = desk.join(external)
            desk.enter(invitation.token)
            cookie.put(response, invitation.token)
        return response
