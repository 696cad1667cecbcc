"""The label page being served: its address, its links, its server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from judgekit.errors import InputError
from judgekit.humans.labels.desk import Desk
from judgekit.humans.labels.settings import ADJUDICATORS

if TYPE_CHECKING:
    from judgekit.humans.labels.card import Invitation


class Site:
    """A label study with its page being served; stops with the ``with`` block or ``stop()``.

    ``url`` is where, ``desk`` the study; ``links()`` and ``researcher`` hold the ways in.
    """

    def __init__(self, desk: Desk, host: str, port: int) -> None:
        self.desk = desk
        self._socket = _listening(host, port)
        port = int(self._socket.getsockname()[1])
        self.url = address(desk, host, port)
        self._server = _server(desk, port, desk.design.settings.public_url is not None)
        self._thread: threading.Thread | None = None

    @property
    def researcher(self) -> str:
        """The researcher's link."""
        return f"{self.url}/s/{self.desk.researcher_token}"

    def links(self) -> pd.DataFrame:
        """Return the raters' links: rater, pool, arm, link."""
        return links_of(self.desk.invitations(), self.url)

    def welcome(self) -> list[str]:
        """Return what to tell whoever serves the page: where the labels are, and the links."""
        settings = self.desk.design.settings
        lines = [f"{settings.name}: labels are kept in {self.desk.where}", f"serving {self.url} (Ctrl-C stops)", ""]
        if settings.kind == "simulated":
            lines.insert(1, "REHEARSAL: every rater of this study is marked simulated")
        if settings.host not in ("127.0.0.1", "localhost", "::1") and settings.public_url is None:
            lines.append("NOTE: others can reach this page, and it is not encrypted: see docs/labels.md on TLS")
        lines += [f"researcher   {self.researcher}", *link_lines(self.links())]
        return [*lines, f"everybody    {self.url}/join"] if settings.open else lines

    def run(self) -> None:
        """Serve until Ctrl-C or a signal to end."""
        self._server.run(sockets=[self._socket])

    def start(self) -> Self:
        """Serve in a thread of its own, and return when the page answers."""
        self._thread = threading.Thread(target=self.run, name="label page", daemon=True)
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the label page did not start")
            self._thread.join(0.02)
        return self

    def stop(self) -> None:
        """Stop serving and close the study."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        self._socket.close()
        self.desk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def address(desk: Desk, host: str, port: int) -> str:
    """Return where people reach the page: the declared public address, else this host and port."""
    named = f"[{host}]" if ":" in host else host
    return (desk.design.settings.public_url or f"http://{named}:{port}").rstrip("/")


def links_of(invitations: Sequence[Invitation], url: str) -> pd.DataFrame:
    """Return raters' links: rater, pool, arm, link."""
    rows = [(one.rater, one.pool, one.arm, f"{url}/r/{one.token}") for one in invitations]
    return pd.DataFrame(rows, columns=["rater", "pool", "arm", "link"])


def link_lines(links: pd.DataFrame) -> list[str]:
    """Return links as lines to print."""
    return [
        f"{pool:<12} {link}   {rater}{' (review)' if arm == 'review' else ''}"
        for rater, pool, arm, link in links.itertuples(index=False, name=None)
    ]


def invite_all(desk: Desk) -> None:
    """Invite the raters that the plan declares, once; adjudicators by name."""
    settings = desk.design.settings
    if not desk.invitations() and not settings.open:
        seats = {(one.pool, one.arm): one.seats for one in desk.progress().streams}
        for (pool, arm), n in seats.items():
            desk.invite(n, pool, arm)
    if settings.adjudication.names:
        desk.invite(pool=ADJUDICATORS, names=settings.adjudication.names)


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        made = socket.create_server((host, port), family=family, backlog=512)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen there: {error}", where=f"{host}:{port}", fix="choose another: label.port=…"
        ) from None
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a page waits 40 ms for an acknowledgement
    made.setblocking(False)
    return made


def _server(desk: Desk, port: int, proxied: bool) -> Any:
    import uvicorn

    from judgekit.humans.page.app import make_app

    app = make_app(desk, port=port, proxied=proxied)
    # no access log: paths hold tokens; a proxy's headers are believed only where one is declared, and only from here
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=proxied,
            forwarded_allow_ips="127.0.0.1" if proxied else "",
            timeout_graceful_shutdown=5,
            timeout_keep_alive=75,  # people read between two answers
        )
    )
