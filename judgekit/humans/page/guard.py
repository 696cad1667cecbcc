"""What stands between the page and the world: headers, small bodies, CSRF tokens, cookies and a limit on joining."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: The largest form that is read, in bytes, and the most fields in it.
BODY, FIELDS = 256 * 1024, 2_000
#: How long a rater's cookie is kept, in seconds: they may come back another day.
KEPT = 60 * 24 * 3600
TOKEN = re.compile(r"[A-Za-z0-9_-]{8,128}\Z")
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # no-referrer would make browsers hide where a form comes from
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "x-robots-tag": "noindex, nofollow",
}
PRIVATE = "no-store"


class RefusedError(Exception):
    """A request that is not answered: its HTTP status and a kind sentence for whoever sent it."""

    def __init__(self, status: int, title: str, words: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(title)
        self.status, self.title, self.words, self.headers = status, title, words, dict(headers or {})


@dataclass(frozen=True)
class Headers:
    """ASGI middleware that puts the headers on every response; what says nothing of caching is not kept anywhere."""

    app: ASGIApp
    secure: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with the headers on it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if self.secure:
                    headers["strict-transport-security"] = "max-age=31536000"
                headers.setdefault("cache-control", PRIVATE)
            await send(message)

        await self.app(scope, receive, guarded)


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a posted form, the last of each name; RefusedError where it is too large or no form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise RefusedError(415, "That was not a form of this page", "Please go back and use the form on the page.")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY:
            raise RefusedError(413, "That was too long", "Please shorten your comment. Nothing else is lost.")
    try:
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
    except ValueError:
        raise RefusedError(400, "That could not be read", "Please go back, and send the form again.") from None
    return {name: clean(value) for name, value in fields}


CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def clean(text: str) -> str:
    """Return a text without control characters and lone surrogates, with plain line ends: a database can keep it."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def same_site(request: Request) -> None:
    """Refuse a form that another site made the browser send, where the browser says so."""
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise RefusedError(403, "That came from another page", "Please open your link again and go on from there.")


def csrf(token: str, purpose: str) -> str:
    """Return the form token of a session: derived from its cookie, so that it holds after a restart of the server."""
    return hmac.new(token.encode(), f"form:{purpose}".encode(), hashlib.sha256).hexdigest()[:40]


def check_csrf(form: Mapping[str, str], token: str, purpose: str) -> None:
    """Refuse a form without the session's token."""
    if not hmac.compare_digest(form.get("csrf", "").encode(), csrf(token, purpose).encode()):
        raise RefusedError(
            403, "This form belongs to another session", "Nothing is lost. Please go back and send it again."
        )


@dataclass(frozen=True)
class Cookie:
    """A session cookie of one study: its name is the study's own, since ports of a host share cookies."""

    study: str
    purpose: str
    secure: bool = False

    @property
    def name(self) -> str:
        """The cookie's name; browsers hold ``__Host-`` to HTTPS, this host and no sub-domain."""
        mark = hashlib.sha256(self.study.encode()).hexdigest()[:8]
        return f"{'__Host-' if self.secure else ''}jk_{self.purpose}_{mark}"

    def read(self, request: Request) -> str | None:
        """Return the token in the cookie, or None where there is none that could be one."""
        found = request.cookies.get(self.name, "")
        return found if TOKEN.match(found) else None

    def put(self, response: Response, token: str) -> None:
        """Keep the token in the browser, out of reach of scripts and of other sites' requests."""
        response.set_cookie(self.name, token, max_age=KEPT, path="/", httponly=True, samesite="lax", secure=self.secure)

    def drop(self, response: Response) -> None:
        """Forget the token."""
        response.delete_cookie(self.name, path="/", httponly=True, samesite="lax", secure=self.secure)


@dataclass
class Limit:
    """At most ``most`` per ``seconds`` for each address, kept in memory; the longest unseen address is forgotten."""

    most: int
    seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic
    remembered: int = 10_000
    _seen: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> None:
        """Count a request; RefusedError where its address has used up what it has."""
        address = request.client.host if request.client else "unknown"
        with self._lock:
            now = self.clock()
            left, then = self._seen.pop(address, (float(self.most), now))
            left = min(float(self.most), left + (now - then) * self.most / self.seconds)
            allowed = left >= 1
            self._seen[address] = (left - allowed, now)
            while len(self._seen) > self.remembered:
                self._seen.popitem(last=False)
        if not allowed:
            wait = max(1, round((1 - left) * self.seconds / self.most))
            raise RefusedError(
                429, "Too many at once", f"Please wait {wait} seconds and try again.", {"retry-after": str(wait)}
            )
