"""One server of the label page's benchmark: ``python -m benchmarks._labelling KIND FOLDER RATERS`` prints its port.

KIND is ``page`` (the label page on an embedded database) or ``bare`` (one Starlette route that writes one row, and one
that gives a page of the same size).
"""

from __future__ import annotations

import socket
import sqlite3
import sys
import threading
from pathlib import Path

import pandas as pd
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from judgekit.humans.labels.design import Design
from judgekit.humans.labels.desk import Desk
from judgekit.humans.page.app import make_app
from judgekit.schema import Criterion, Level, Source, Task

LEVELS = tuple(Level(code=code, label=label, anchor=f"It is {label}, as most people would see it.")
               for code, label in enumerate(("cold", "cool", "even", "kind", "warm"), 1))  # fmt: skip
TASK = Task(
    name="bench",
    title="Replies: how warm are they?",
    instructions="Read the reply as the person who wrote the message would.",
    criteria=(
        Criterion(key="warmth", question="How warm is the reply?", scale="ordinal", levels=LEVELS),
        Criterion(key="depth", question="How well does it understand?", scale="ordinal", levels=LEVELS),
    ),
    source=Source(kind="frame"),
)
PROSE = "I hear how hard this week has been for you, and I am glad that you wrote to me about it. " * 6
ITEMS = 60


def page(folder: Path, raters: int) -> Starlette:
    """Return the label page of a study in which each rater labels each item; tokens go to ``tokens``."""
    rows = [{"item": f"i{k}", "text": f"{k}: {PROSE}", "context": f"Message {k}"} for k in range(ITEMS)]
    plan = {"pools": {"people": {"overlap": "full", "raters": raters}}}
    design = Design.make(TASK, pd.DataFrame(rows), {"kind": "simulated", "consent": {"required": False}, "plan": plan})
    desk = Desk.open(str(folder / "labels.sqlite"), design)
    (folder / "tokens").write_text("\n".join(one.token for one in desk.invite(raters)), encoding="utf-8")
    return make_app(desk)


def bare(folder: Path, raters: int) -> Starlette:
    """Return the least that could be called a label page: write the form as one row on disk, show a page."""
    (folder / "tokens").write_text("\n".join(f"token-{k:038d}" for k in range(raters)), encoding="utf-8")
    shown = (folder / "shown.html").read_text(encoding="utf-8")
    local = threading.local()

    def write(token: str, body: bytes) -> None:
        if not hasattr(local, "database"):
            local.database = sqlite3.connect(folder / "bare.sqlite", timeout=30, isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                local.database.execute(f"PRAGMA {pragma}")
        local.database.execute("INSERT INTO labels VALUES (?, ?)", (token, body))

    async def answer(request: Request) -> Response:
        await run_in_threadpool(write, request.headers.get("cookie", ""), await request.body())
        return RedirectResponse("/", 303)

    async def home(request: Request) -> Response:
        return HTMLResponse(shown)

    async def arrive(request: Request) -> Response:
        response = RedirectResponse("/", 303)
        response.set_cookie("rater", request.path_params["token"])
        return response

    with sqlite3.connect(folder / "bare.sqlite") as database:
        database.execute("CREATE TABLE labels (rater TEXT, body BLOB)")
    return Starlette(routes=[Route("/", home), Route("/r/{token}", arrive), Route("/answer", answer, methods=["POST"])])


def main(kind: str, folder: Path, raters: int) -> None:
    """Serve until the process is ended."""
    app = {"page": page, "bare": bare}[kind](folder, raters)
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a page waits 40 ms for an acknowledgement
    print(listening.getsockname()[1], flush=True)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", timeout_keep_alive=75)
    )
    server.run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
