"""The label page as a web application: which address is answered by what, and what is said where something is wrong."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from judgekit.errors import InputError
from judgekit.humans.labels.card import StaleError
from judgekit.humans.labels.desk import Desk
from judgekit.humans.labels.store import AwayError
from judgekit.humans.page.arrival import Arrival
from judgekit.humans.page.cards import Cards
from judgekit.humans.page.guard import Cookie, Headers, Limit, RefusedError, read_form, same_site
from judgekit.humans.page.look import Look
from judgekit.humans.page.rater import Raters
from judgekit.humans.page.researcher import Researcher
from judgekit.humans.page.session import Posted, Session, go

LOG = logging.getLogger(__name__)
Handler = Callable[[Request, Posted], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(desk: Desk, *, port: int = 8765, proxied: bool = False) -> Starlette:
    """Return the label page of an open study.

    ``port`` is where it is served: studies side by side on a host have cookies of their own. ``proxied`` says that
    people reach it over HTTPS through a proxy: cookies are then marked Secure.
    """
    settings, task = desk.design.settings, desk.design.task
    look = Look(desk.design)
    study = f"{settings.name or task.name}:{port}"
    wrong = Limit(settings.joins_per_minute)
    session = Session(desk, look, Cookie(study, "rater", proxied))
    arrival = Arrival(session, Limit(settings.joins_per_minute), wrong)
    cards = Cards(session)
    raters = Raters(session, cards)
    researcher = Researcher(desk, look, Cookie(study, "research", proxied), wrong)

    def endpoint(handler: Handler, posted: bool) -> Endpoint:
        async def answered(request: Request) -> Response:
            try:
                form: Posted = {}
                if posted:
                    same_site(request)
                    form = await read_form(request)
                return await run_in_threadpool(handler, request, form)
            except RefusedError as error:
                return _say(look, request, error)
            except StaleError:
                return go(request)
            except AwayError as error:
                LOG.warning("%s", error)
                return _say(look, request, AWAY)
            except InputError as error:
                return _say(look, request, RefusedError(400, "That did not work", str(error)))
            except Exception:
                LOG.exception("the label page could not answer a request")
                return _say(look, request, BROKEN)

        return answered

    def get(path: str, handler: Handler) -> Route:
        return Route(path, endpoint(handler, False), methods=["GET"])

    def post(path: str, handler: Handler) -> Route:
        return Route(path, endpoint(handler, True), methods=["POST"])

    async def static(request: Request) -> Response:
        return look.static(request)

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def unknown(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        title, words = WORDS.get(status, WORDS[404])
        return _say(look, request, RefusedError(status, title, words))

    return Starlette(
        routes=[
            get("/", raters.home),
            get("/r/{token}", arrival.link),
            get("/join", arrival.door),
            post("/join", arrival.join),
            post("/consent", raters.consent),
            post("/answer", cards.answer),
            get("/feedback", cards.feedback),
            post("/show", cards.show),
            post("/skip", cards.skip),
            post("/undo", cards.undo),
            post("/pause", raters.pause),
            post("/resume", raters.resume),
            post("/survey", raters.survey),
            get("/leave", raters.leaving),
            post("/leave", raters.leave),
            get("/s/{token}", researcher.arrive),
            get("/study", researcher.home),
            get("/study/live", researcher.live),
            get("/study/links", researcher.links),
            get("/study/export/{name}", researcher.export),
            post("/study/pause", researcher.pause),
            post("/study/invite", researcher.invite),
            post("/study/refer", researcher.refer),
            Route("/static/{name}", static, methods=["GET"]),
            Route("/healthz", health, methods=["GET"]),
        ],
        middleware=[Middleware(Headers, secure=proxied)],
        exception_handlers={HTTPException: unknown},
    )


WORDS = {
    404: ("There is no such page", "Please use the link that you were sent."),
    405: ("That is not how this page works", "Please go back to the page and use its buttons."),
}
AWAY = RefusedError(
    503, "One moment, please", "What you saved is safe. This answer is not saved yet: please send it again in a minute."
)
BROKEN = RefusedError(
    500, "Something went wrong here", "What you saved is safe. Please wait a moment and load the page again."
)


def _say(look: Look, request: Request, error: RefusedError) -> Response:
    return look.page(
        request, "message.html.j2", error.status, heading=error.title, words=error.words, headers=error.headers
    )
