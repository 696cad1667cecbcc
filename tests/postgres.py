"""A PostgreSQL server of the test's own: in a temporary folder, on a unix socket, killed and started again at will."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

FOLDERS = ("/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin")


class Postgres:
    """A server with one empty database; ``url`` is what SQLAlchemy takes."""

    def __init__(self) -> None:
        self.bin = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path may have 107 characters
        self.data, self.log = self.folder / "data", self.folder / "log"
        self.user = "postgres"
        if os.getuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale")
        self.start()
        self.made = 0

    def start(self) -> None:
        """Start the server (again: it recovers by its own log) and wait until it answers."""
        # without syncfs, recovery would first sync each of a thousand files by itself
        options = f"-k {self.folder} -c listen_addresses='' -c max_connections=60 -c recovery_init_sync_method=syncfs"
        command = ("pg_ctl", "-D", str(self.data), "-o", options, "-l", str(self.log), "-w", "-t", "60", "start")
        until = time.monotonic() + 30
        while subprocess.run(self._as_user(*command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            # the memory of the one that was killed may be in use for a moment more
            assert time.monotonic() < until, self.log.read_text(encoding="utf-8")[-2000:]
            time.sleep(0.2)

    @property
    def pid(self) -> int:
        """The postmaster's process."""
        return int((self.data / "postmaster.pid").read_text(encoding="ascii").split()[0])

    def kill(self) -> None:
        """Kill the server and all its processes at once (SIGKILL), as a machine that loses its power would."""
        pid = self.pid
        os.kill(pid, signal.SIGSTOP)  # or it would start further processes meanwhile
        group = [pid, *children(pid)]
        for one in group:
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                continue
        until = time.monotonic() + 20
        while any(alive(one) for one in group) and time.monotonic() < until:
            time.sleep(0.01)

    def database(self) -> str:
        """Make a further empty database and return its URL."""
        self.made += 1
        name = f"study{self.made}"
        self._run("createdb", "-h", str(self.folder), "-U", "postgres", name)
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        subprocess.run(self._as_user("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop"), capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(self._as_user(program, *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert done.returncode == 0, done.stderr.decode()

    def _as_user(self, program: str, *arguments: str) -> list[str]:
        command = [str(self.bin / program), *arguments]
        # PostgreSQL refuses to run as root
        return (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
            if os.getuid() == 0
            else command
        )


def programs() -> Path:
    """Return the folder of the server's programs; skip where there is none, or no driver."""
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL (extra postgres)")
    named = shutil.which("initdb")
    found = [Path(folder) for folder in FOLDERS if (Path(folder) / "initdb").exists()]
    if named is None and not found:
        pytest.skip("no PostgreSQL server is installed")
    if os.getuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    return found[0] if found else Path(str(named)).resolve().parent


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


def alive(pid: int) -> bool:
    """Tell whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
