"""A label that was acknowledged is there, whoever is killed: the server, the database, in the middle of the work."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from label_pages import Walker
from label_server import Servers
from label_site import design
from labelling import opened
from postgres import Postgres

ROOT = Path(__file__).resolve().parents[3]
KILLS = 20
CLIENTS = 3
PLAN = {"pools": {"people": {"overlap": "k", "k": 30, "raters": 120, "per_rater": 20}}}


@dataclass
class Clients:
    """Raters who label through the page's HTTP as fast as they can, and remember what was acknowledged."""

    url: str
    tokens: list[str]
    acknowledged: dict[str, str] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    failures: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    problems: list[BaseException] = field(default_factory=list)

    def run(self) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._work, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def _work(self, number: int) -> None:
        try:
            for token in self.tokens[number::CLIENTS]:
                self._label(token, number)
                if self.over.is_set():
                    return
        except BaseException as error:
            self.problems.append(error)

    def _label(self, token: str, number: int) -> None:
        with httpx.Client(base_url=self.url, timeout=30) as client:
            walker = Walker(client)
            while not self.over.is_set():
                try:
                    response = client.get(f"/r/{token}", follow_redirects=True)
                    if response.status_code != 200 or not walker._read(response).has("/answer"):
                        if response.status_code == 200 and "answer" not in response.text:
                            return
                        time.sleep(0.02)
                        continue
                    self._answer(client, walker)
                except httpx.TransportError:
                    with self.lock:
                        self.failures += 1
                    time.sleep(0.02)

    def _answer(self, client: httpx.Client, walker: Walker) -> None:
        data = walker.filled(lambda name, levels: levels[len(self.acknowledged) % len(levels)])
        said = " ".join(f"{float(data[name]):g}" for name in sorted(data) if name.startswith("v."))
        with self.lock:
            self.sent.add(data["card"])
        done = client.post("/answer", data=data)
        if done.status_code == 303:
            with self.lock:
                self.acknowledged[data["card"]] = said


def run(url: str, key: Path, kill: list[str], servers: Servers, postgres: Postgres | None) -> Clients:
    with opened(url, None, key=key) as desk:
        tokens = [one.token for one in desk.invite(120)]
    clients = Clients(f"http://127.0.0.1:{servers.port}", tokens)
    threads = clients.run()
    try:
        for victim in kill:
            before = len(clients.acknowledged)
            until = time.monotonic() + 15
            while len(clients.acknowledged) < before + 3 and time.monotonic() < until:
                time.sleep(0.01)
            if victim == "database":
                assert postgres is not None
                postgres.kill()
                postgres.start()
            else:
                servers.kill()
                servers.start()
    finally:
        clients.over.set()
        for thread in threads:
            thread.join(60)
    assert not clients.problems, clients.problems
    return clients


def check(url: str, key: Path, clients: Clients) -> None:
    """Every acknowledged label is there with its value, once; and none that nobody sent."""
    with opened(url, None, key=key) as desk:
        ratings, plan = desk.ratings(), desk.plan()
        cards = desk._store.read(lambda c: c.exec_driver_sql("SELECT card, state FROM cards").all())
        labels = desk._store.read(lambda c: c.exec_driver_sql("SELECT card, criterion, value FROM labels").all())
    there: dict[str, dict[str, float]] = {}
    for card, criterion, value in labels:
        there.setdefault(card, {})[criterion] = value
    lost = [card for card in clients.acknowledged if card not in there]
    assert not lost, f"{len(lost)} of {len(clients.acknowledged)} lost"
    kept = {card: " ".join(f"{said[key]:g}" for key in sorted(said)) for card, said in there.items()}
    assert {card: kept[card] for card in clients.acknowledged} == clients.acknowledged
    assert set(there) <= clients.sent
    assert not ratings.duplicated(["rater", "item", "variant", "criterion", "rep"]).any()
    assert len(ratings) == 2 * len(there) == 2 * sum(state == "done" for _, state in cards)
    assert int(plan["done"].sum()) == len(there)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.slow
def test_no_acknowledged_label_is_lost_or_doubled_when_the_server_is_killed(tmp_path: Path) -> None:
    url, key = str(tmp_path / "labels.sqlite"), tmp_path / "key"
    with opened(url, design(n=80, plan=PLAN), key=key):
        pass
    with Servers(url, key, free_port(), ROOT) as servers:
        clients = run(url, key, ["server"] * KILLS, servers, None)
    check(url, key, clients)
    assert len(clients.acknowledged) >= 3 * KILLS
    assert clients.failures >= KILLS  # it was under load


@pytest.mark.slow
def test_no_acknowledged_label_is_lost_or_doubled_when_the_database_is_killed(
    tmp_path: Path, postgres: Postgres
) -> None:
    url, key = postgres.database(), tmp_path / "key"
    with opened(url, design(n=80, plan=PLAN), key=key):
        pass
    with Servers(url, key, free_port(), ROOT) as servers:
        clients = run(url, key, ["database", "server"] * 5, servers, postgres)
    check(url, key, clients)
    assert len(clients.acknowledged) >= 3 * 10
