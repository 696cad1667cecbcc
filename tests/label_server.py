"""Label page servers that a test starts and kills: ``python label_server.py`` forks one for each line it reads.

A line is JSON: {"url": where the study is kept, "key": its key file, "port": where to listen}. The answer is the
server's process id, on a line of its own. A new server is there in a tenth of a second, since what it needs is
imported already.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any


def serve(url: str, key: str, port: int) -> None:
    """Be a server, until killed."""
    from judgekit.humans.labels.desk import Desk
    from judgekit.humans.site import Site

    Site(Desk.open(url, key=key), "127.0.0.1", port).run()


def main() -> None:
    """Fork a server a line; leave with the end of the input, and take all of them along."""
    import judgekit.humans.page.app
    import judgekit.humans.site  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the killed
    started = []
    print("ready", flush=True)
    for line in sys.stdin:
        wanted: dict[str, Any] = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                serve(**wanted)
            finally:
                os._exit(1)
        started.append(pid)
        print(pid, flush=True)
    for pid in started:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


class Servers:
    """The process that forks servers of one study, for a ``with`` block."""

    def __init__(self, url: str, key: Path, port: int, root: Path) -> None:
        self.wanted = {"url": url, "key": str(key), "port": port}
        self.port, self.pid = port, 0
        self.process = subprocess.Popen(
            [sys.executable, __file__], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def start(self) -> None:
        """Start a server and wait until it answers."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(self.wanted) + "\n")
        self.process.stdin.flush()
        self.pid = int(self.process.stdout.readline())
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1):
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """Kill the server by its process id (SIGKILL)."""
        os.kill(self.pid, signal.SIGKILL)

    def __enter__(self) -> Servers:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


if __name__ == "__main__":
    main()
