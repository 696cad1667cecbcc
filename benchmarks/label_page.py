"""The label page under 200 simultaneous raters, each answering every two seconds, against a bare Starlette route.

``python -m benchmarks label_page`` prints a line a target and exits with 1 where one is missed. An answer is what a
rater waits for: the POST, and the GET of the next card that it leads to. Server and raters are processes of their own
on the same machine; the baseline (one route that writes the form as one row on disk, one that gives a page of the same
size) gets the same load from the same raters. ``server CPU`` is the server's CPU seconds an answer.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from urllib.parse import urlencode

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RATERS = 200
THINK = (1.0, 3.0)  # seconds between an answer's page and the next answer, uniform
SECONDS = 20.0
TARGET_MS = 100.0
FIELD = re.compile(r'name="(csrf|card|nonce)" value="([^"]*)"')


class Rater:
    """One browser: a kept connection, a cookie, the last page."""

    def __init__(self, port: int, token: str, seed: int) -> None:
        self.port, self.token, self.draw = port, token, random.Random(seed)
        self.cookie, self.text = "", ""
        self.taken: list[float] = []
        self.failed = 0
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        """Send a request and return the status and where it redirects to; keeps cookies and text."""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {self.cookie}\r\n"
        if method == "POST":
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        if self.writer is None or self.reader.at_eof():  # the server has closed a connection that lay idle
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        self.writer.write(f"{head}\r\n{body}".encode())
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = [line.partition(": ")[::2] for line in lines[1:] if line]
        known = {name.lower(): value for name, value in headers}
        if "set-cookie" in known:
            self.cookie = known["set-cookie"].partition(";")[0]
        self.text = (await self.reader.readexactly(int(known.get("content-length", 0)))).decode("utf-8")
        return int(lines[0].split()[1]), known.get("location", "")

    async def arrive(self) -> None:
        """Open the link and look at the first card."""
        _, there = await self.ask("GET", f"/r/{self.token}")
        status, _ = await self.ask("GET", there)
        assert status == 200, self.text

    async def work(self, until: float) -> None:
        """Answer a card, look at the next, think, as long as there is time."""
        await asyncio.sleep(self.draw.uniform(0, THINK[1]))
        while perf_counter() < until:
            found = dict(FIELD.findall(self.text))
            levels = {"v.warmth": f"{self.draw.randint(1, 5)}.0", "v.depth": f"{self.draw.randint(1, 5)}.0"}
            body = urlencode({**found, **levels, "seconds": "2.0"})
            start = perf_counter()
            status, there = await self.ask("POST", "/answer", body)
            if status == 303:
                status, _ = await self.ask("GET", there)
            self.taken.append(perf_counter() - start)
            self.failed += status != 200
            await asyncio.sleep(self.draw.uniform(*THINK))
        if self.writer is not None:
            self.writer.close()


@contextmanager
def server(kind: str, folder: Path) -> Iterator[tuple[int, int]]:
    """Run a server in a process; yields its port and its process id."""
    command = [sys.executable, "-m", "benchmarks._labelling", kind, str(folder), str(RATERS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline()), process.pid
    finally:
        process.terminate()
        process.wait(20)


def cpu_of(pid: int) -> float:
    """Return the CPU seconds that a process has taken (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def load(port: int, pid: int, tokens: list[str]) -> tuple[np.ndarray, float, int, str]:
    """Return the milliseconds of every answer, CPU milliseconds an answer, how many failed, and a page."""
    raters = [Rater(port, token, seed) for seed, token in enumerate(tokens)]
    for first in range(0, len(raters), 10):
        await asyncio.gather(*(rater.arrive() for rater in raters[first : first + 10]))
    text, cpu = raters[0].text, cpu_of(pid)
    await asyncio.gather(*(rater.work(perf_counter() + SECONDS) for rater in raters))
    taken = 1000 * np.array([one for rater in raters for one in rater.taken])
    return taken, 1000 * (cpu_of(pid) - cpu) / len(taken), sum(rater.failed for rater in raters), text


def measured(kind: str, folder: Path) -> tuple[np.ndarray, float, int, str]:
    """Run a server under the load."""
    with server(kind, folder) as (port, pid):
        return asyncio.run(load(port, pid, (folder / "tokens").read_text(encoding="utf-8").split()))


def main() -> int:
    """Measure both, print, and return 1 where the target is missed."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        ours, cpu, failed, text = measured("page", folder)
        (folder / "shown.html").write_text(text, encoding="utf-8")
        theirs, least, _, _ = measured("bare", folder)
    (p50, p95, most), (bare50, bare95, _) = np.percentile(ours, [50, 95, 100]), np.percentile(theirs, [50, 95, 100])
    met = p95 < TARGET_MS and failed == 0
    rate = len(ours) / SECONDS
    verdict = "pass" if met else "MISS"
    print(f"{RATERS} raters, {rate:.0f} answers/s, {os.cpu_count()} cores: p50 {p50:.1f} ms, p95 {p95:.1f} ms "
          f"(target < {TARGET_MS:g} ms: {verdict}), longest {most:.0f} ms, {failed} failed")  # fmt: skip
    print(f"bare Starlette route that writes one row: p50 {bare50:.1f} ms, p95 {bare95:.1f} ms; "
          f"ours {p95 / bare95:.1f}x at p95")  # fmt: skip
    print(f"server CPU an answer: {cpu:.2f} ms, bare {least:.2f} ms: {cpu / least:.1f}x")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
