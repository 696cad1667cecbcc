"""Small label studies of every form, and the page of one on loopback."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
import uvicorn

from judgekit.humans.labels.design import Design
from judgekit.humans.labels.desk import Desk
from judgekit.humans.page.app import make_app
from judgekit.schema import Criterion, Form, Level, Source, Task

EVIL = "<script>alert('item')</script><img src=http://evil.example/x.png>"
WARMTH = Criterion(
    key="warmth",
    question="How warm is the reply?",
    scale="ordinal",
    levels=(
        Level(code=1, label="cold", anchor="It could be to anybody."),
        Level(code=2, label="even", anchor="Kind, but general."),
        Level(code=3, label="warm", anchor="It is meant for this person."),
    ),
)
DEPTH = Criterion(
    key="depth",
    question="Does it understand?",
    scale="nominal",
    levels=(Level(code=0, label="no"), Level(code=1, label="yes")),
)
BETTER = Criterion(
    key="better",
    question="Which reply would help more?",
    scale="nominal",
    levels=(Level(code=0, label="both alike"), Level(code=1, label="the first"), Level(code=2, label="the second")),
)
PLACES = tuple(Level(code=place, label=f"place {place}") for place in (1, 2, 3))
RANK = Criterion(key="rank", question="Which is the warmest?", scale="ordinal", levels=PLACES)
NEEDED = Criterion(
    key="needed",
    question="Was this step needed?",
    scale="nominal",
    levels=(Level(code=0, label="no"), Level(code=1, label="yes")),
)
CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "rating": (WARMTH, DEPTH),
    "pairwise": (BETTER,),
    "ranking": (RANK,),
    "trajectory": (DEPTH,),
}


def items(form: Form, n: int, texts: Sequence[str] | None = None) -> pd.DataFrame:
    """Return n items of a form (a ranking has three rows an item, one a candidate)."""
    rows: list[dict[str, Any]] = []
    for number in range(n):
        text = texts[number % len(texts)] if texts else f"Reply number {number}: I hear you, and I am glad you wrote."
        row: dict[str, Any] = {"item": f"i{number}", "text": text, "context": f"Message {number}: a hard week."}
        if form == "pairwise":
            row |= {"text": "", "candidates": json.dumps([f"First of {number}: {text}", f"Second of {number}: no."])}
        if form == "trajectory":
            row |= {"text": "It is booked.", "steps": json.dumps([f"search {number}", "book a table"])}
        if form == "ranking":
            every = [f"{word} of {number}: {text}" for word in ("One", "Two", "Three")]
            listed = {"group": f"l{number}", "candidates": json.dumps(every)}
            rows += [{**row, **listed, "item": f"i{number}-{k}", "text": one} for k, one in enumerate(every)]
        else:
            rows.append(row)
    return pd.DataFrame(rows)


def design(
    asked: Form = "rating",
    n: int = 4,
    texts: Sequence[str] | None = None,
    *,
    reviews: pd.DataFrame | None = None,
    edits: Sequence[dict[str, Any]] = (),
    **settings: Any,
) -> Design:
    """Return a small study; what is not said is: one pool, every rater labels every item, no consent.

    ``reviews`` are a judge's labels (for the review arm), ``edits`` further rows of items (for probe checks).
    """
    task = Task(
        name="replies",
        title="Replies: how warm are they?",
        form=asked,
        instructions="Read the message, then the reply.\nJudge the reply only.",
        context_label="Message",
        text_label="Reply",
        criteria=CRITERIA[asked],
        source=Source(kind="frame"),
    )
    plain: dict[str, Any] = {
        "consent": {"required": False},
        "plan": {"pools": {"people": {"overlap": "full", "raters": 3}}},
    }
    if asked == "trajectory":
        plain["form"] = {"step_criteria": [NEEDED.model_dump()]}
    rows = items(asked, n, texts)
    every = pd.concat([rows, pd.DataFrame(edits)], ignore_index=True) if edits else rows
    return Design.make(task, every, {**plain, **settings}, reviews=reviews)


def judged(n: int) -> pd.DataFrame:
    """Return a judge's labels of the first n items: warm, and it understands."""
    rows = [
        {"item": f"i{k}", "variant": "original", "criterion": key, "value": value, "reason": "REASON-OF-THE-JUDGE"}
        for k in range(n)
        for key, value in (("warmth", 3.0), ("depth", 1.0))
    ]
    return pd.DataFrame(rows)


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """Serve a study's page on a free port of loopback; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(make_app(desk, port=port), port=port, log_level="error", access_log=False, lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
