"""The researcher's pages behind their own secret: the plan and how far it is, agreement so far, links, downloads."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
from starlette.requests import Request
from starlette.responses import Response

from judgekit.humans.labels.desk import Desk
from judgekit.humans.page.guard import TOKEN, Cookie, Limit, RefusedError, check_csrf
from judgekit.humans.page.live import Live
from judgekit.humans.page.look import Look
from judgekit.humans.page.session import Posted, go, root

#: The most raters that one press of the button adds.
MOST = 500
#: A cell that begins so is run as a formula by spreadsheets.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Researcher:
    """The handlers of the researcher's requests; all of them block, and run in threads."""

    desk: Desk
    look: Look
    cookie: Cookie
    wrong: Limit

    @cached_property
    def found(self) -> Live:
        """What is computed beside the requests."""
        return Live(self.desk)

    def _who(self, request: Request) -> str:
        token = self.cookie.read(request)
        if token is None or not self.desk.is_researcher(token):
            raise RefusedError(401, "This page is the researcher's", "Open it by the link that was printed.")
        return token

    def _posted(self, request: Request, posted: Posted) -> None:
        check_csrf(posted, self._secret(self._who(request)), "researcher")

    def _secret(self, token: str) -> str:
        return hmac.new(self.desk.secret("csrf"), f"researcher {token}".encode(), hashlib.sha256).hexdigest()

    def _page(self, request: Request, template: str, **facts: Any) -> Response:
        return self.look.page(
            request, template, secret=self._secret(self._who(request)), purpose="researcher",
            kind=self.desk.design.settings.kind, **facts,
        )  # fmt: skip

    def arrive(self, request: Request, posted: Posted) -> Response:
        """Take the secret out of the link and into a cookie."""
        token = request.path_params["token"]
        if not TOKEN.match(token) or not self.desk.is_researcher(token):
            self.wrong(request)
            raise RefusedError(404, "This link opens nothing", "Please copy the whole link as it was printed.")
        response = go(request, "/study")
        self.cookie.put(response, token)
        return response

    def home(self, request: Request, posted: Posted) -> Response:
        """Show the study as it stands."""
        self._who(request)
        return self._page(request, "study.html.j2", heading="How the study stands", **self._facts())

    def live(self, request: Request, posted: Posted) -> Response:
        """Return the part of the page that changes."""
        self._who(request)
        return self._page(request, "_live.html.j2", **self._facts())

    def _facts(self) -> dict[str, Any]:
        progress = self.desk.progress()
        settings = self.desk.design.settings
        return {
            "progress": progress,
            "found": self.found.state(progress.labels),
            "criteria": {criterion.key: criterion.question for criterion in self.desk.design.task.criteria},
            "stages": {stage.replace("_", " "): n for stage, n in progress.stages.items() if n},
            "people": cells(_people(progress.raters)),
            "pools": list(settings.plan.pools),
            "adjudicated": bool(settings.adjudication.names),
        }

    def links(self, request: Request, posted: Posted) -> Response:
        """Show every rater's link, for sending out."""
        self._who(request)
        here = f"{request.url.scheme}://{request.url.netloc}{root(request, '')}"
        base = (self.desk.design.settings.public_url or here).rstrip("/")
        lines = [(one, f"{base}/r/{one.token}") for one in self.desk.invitations()]
        return self._page(
            request, "links.html.j2", heading="The raters’ links", lines=lines,
            joining=f"{base}/join" if self.desk.design.settings.open else "",
        )  # fmt: skip

    def pause(self, request: Request, posted: Posted) -> Response:
        """Let the whole study rest, or go on."""
        self._posted(request, posted)
        self.desk.pause(posted.get("on") == "yes")
        return go(request, "/study")

    def invite(self, request: Request, posted: Posted) -> Response:
        """Add raters, and show the links."""
        self._posted(request, posted)
        number, pool = posted.get("n", ""), posted.get("pool", "")
        if not (number.isascii() and number.isdecimal() and len(number) < 5 and 1 <= int(number) <= MOST):
            raise RefusedError(400, "How many raters?", f"Please give a number from 1 to {MOST}.")
        if pool not in self.desk.design.settings.plan.pools:
            raise RefusedError(400, "Which pool?", "Please choose one of the pools of the plan.")
        self.desk.invite(int(number), pool)
        return go(request, "/study/links")

    def refer(self, request: Request, posted: Posted) -> Response:
        """Send disagreements beyond the declared gap to the adjudicators."""
        self._posted(request, posted)
        self.desk.refer()
        return go(request, "/study")

    def export(self, request: Request, posted: Posted) -> Response:
        """Return one of the study's tables as a csv file."""
        self._who(request)
        name = request.path_params["name"]
        tables: dict[str, Callable[[], pd.DataFrame]] = {
            "ratings.csv": self.desk.ratings,
            "raters.csv": self.desk.raters,
            "events.csv": self.desk.events,
            "plan.csv": self.desk.plan,
        }
        if name not in tables:
            raise RefusedError(404, "There is no such table", f"There are {', '.join(tables)}.")
        return Response(
            as_csv(tables[name]()),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )


def _people(told: pd.DataFrame) -> pd.DataFrame:
    """Return the raters as the page shows them: times to the minute, no empty column."""
    shown = told.drop(columns=["joined", "finished"]).rename(columns={"seen": "last seen (UTC)"})
    shown["last seen (UTC)"] = [None if pd.isna(at) else str(at)[:16].replace("T", " ") for at in told["seen"]]
    return shown


def cells(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return a frame as words for a table of the page: its columns, and rows in which nothing is missing."""
    shown = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return {"columns": [str(name).replace("_", " ") for name in frame.columns], "rows": shown}


def _cell(value: Any) -> str:
    if isinstance(value, dict | list | tuple):
        return ", ".join(map(str, value)) or "–"
    if value is None or pd.isna(value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.2f}"
    return str(value)


def as_csv(frame: pd.DataFrame) -> str:
    """Write a frame as csv; a text that a spreadsheet would run as a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    for row in frame.itertuples(index=False, name=None):
        writer.writerow([_safe(value) for value in row])
    return out.getvalue()


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return "" if value is None or (not isinstance(value, dict | list | tuple) and pd.isna(value)) else value
