"""Pinned downloads, against a server on loopback that can misbehave."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from judgekit import fetch as fetching
from judgekit.errors import InputError
from judgekit.fetch import Pinned, fetch

BODY = b"item,value\nfirst,1\n" * 9000  # more than one chunk
RIGHT = hashlib.sha256(BODY).hexdigest()
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.release = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        mode = self.path.rsplit("/", 1)[1].removesuffix(".csv")
        if mode in ("404", "500"):
            self.send_error(int(mode))
            return
        if mode == "silent":
            self.server.release.wait(10)
            return
        self.send_response(200)
        if mode != "unsized":
            self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write({"truncated": BODY[:70_000], "other": BODY[::-1]}.get(mode, BODY))

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    running = Server()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setenv("JUDGEKIT_FETCH_BASE", f"http://127.0.0.1:{running.server_port}")
    yield running
    running.release.set()
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUDGEKIT_MIRROR", raising=False)
    monkeypatch.delenv("JUDGEKIT_FETCH_BASE", raising=False)


def pinned(name: str, sha256: str = RIGHT) -> Pinned:
    return Pinned("owner/repo", COMMIT, f"a folder/{name}.csv", sha256)


def put(folder: Path, file: Pinned, body: bytes) -> Path:
    path = folder / file.place
    path.parent.mkdir(parents=True)
    path.write_bytes(body)
    return path


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_address_is_derived_and_quoted() -> None:
    expected = f"https://raw.githubusercontent.com/owner/repo/{COMMIT}/a%20folder/x.csv"
    assert pinned("x").url() == expected
    assert pinned("x").url("http://127.0.0.1:1/").startswith("http://127.0.0.1:1/owner/repo/")


def test_downloads_once_then_reads_the_cache(server: Server, home: Path) -> None:
    path = fetch(pinned("good"))
    assert path == home / "data" / "downloads" / "owner" / "repo" / COMMIT / "a folder" / "good.csv"
    assert path.read_bytes() == BODY
    assert fetch(pinned("good")) == path
    assert len(server.asked) == 1
    assert files(home) == [path]


def test_a_body_without_a_length_is_taken_by_its_checksum(server: Server) -> None:
    assert fetch(pinned("unsized")).read_bytes() == BODY


def test_an_argument_overrides_the_server_of_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    base = f"http://127.0.0.1:{server.server_port}/prefix/"
    monkeypatch.setenv("JUDGEKIT_FETCH_BASE", "http://127.0.0.1:1")
    fetch(pinned("good"), base=base)
    assert server.asked[0].startswith("/prefix/owner/repo/")


def test_two_at_once_both_get_the_whole_file(server: Server, home: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch(pinned("good")), range(4)))
    assert {path.read_bytes() for path in paths} == {BODY}
    assert files(home) == [paths[0]]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("404", "HTTP 404"),
        ("500", "HTTP 500"),
        ("other", "wrong checksum"),
        ("truncated", rf"broke off after 70000 of {len(BODY)} bytes"),
    ],
)
def test_a_bad_answer_is_one_line_and_leaves_nothing(server: Server, home: Path, name: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        fetch(pinned(name))
    line = str(caught.value)
    assert "\n" not in line
    assert pinned(name).url() in line
    assert "JUDGEKIT_MIRROR" in line
    assert files(home) == []


def test_a_server_that_never_answers(server: Server, home: Path) -> None:
    with pytest.raises(InputError, match="no answer in time"):
        fetch(pinned("silent"), timeout=0.1)
    assert files(home) == []


def test_no_network(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(InputError, match=r"refused.*connect to the network, or set JUDGEKIT_MIRROR") as caught:
            fetch(pinned("good"), base=base)
    assert "\n" not in str(caught.value)
    assert files(home) == []


def test_an_interrupted_download_leaves_nothing(server: Server, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    receive = fetching._receive

    def interrupted(*arguments: object) -> str:
        receive(*arguments)  # type: ignore[arg-type]
        assert len(files(home)) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching, "_receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(pinned("good"))
    assert files(home) == []


def test_only_web_addresses(tmp_path: Path, home: Path) -> None:
    source = put(tmp_path / "elsewhere", pinned("good"), BODY)
    with pytest.raises(InputError, match="not a web address"):
        fetch(pinned("good"), base=(tmp_path / "elsewhere").as_uri())
    assert files(home) == [source]


def test_the_mirror_comes_first(server: Server, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch(pinned("good"))
    there = put(tmp_path / "mirror", pinned("good"), BODY)
    monkeypatch.setenv("JUDGEKIT_MIRROR", str(tmp_path / "mirror"))
    assert fetch(pinned("good")) == there
    assert fetch(pinned("unsized")).is_relative_to(home / "data"), "what the mirror lacks is downloaded"


def test_a_mirror_may_be_named_in_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = put(tmp_path / "mirror", pinned("good"), BODY)
    monkeypatch.setenv("JUDGEKIT_MIRROR", str(tmp_path / "not there"))
    assert fetch(pinned("good"), mirror=tmp_path / "mirror") == there
    with pytest.raises(InputError, match="not a folder"):
        fetch(pinned("good"))


def test_a_wrong_file_in_the_mirror_is_refused_not_replaced(server: Server, tmp_path: Path) -> None:
    there = put(tmp_path / "mirror", pinned("good"), BODY + b"x")
    with pytest.raises(InputError, match=rf"{re.escape(str(there))}: wrong checksum .* unset JUDGEKIT_MIRROR"):
        fetch(pinned("good"), mirror=tmp_path / "mirror")
    assert server.asked == []


def test_a_wrong_file_in_the_cache_is_named_for_deletion(server: Server) -> None:
    path = fetch(pinned("good"))
    path.write_bytes(BODY[:-1])
    with pytest.raises(InputError, match=rf"{re.escape(str(path))}: wrong checksum .* delete the file"):
        fetch(pinned("good"))
    path.unlink()
    assert fetch(pinned("good")).read_bytes() == BODY


def test_a_cache_that_cannot_be_written(server: Server, home: Path) -> None:
    (home / "data").write_text("in the way")
    with pytest.raises(InputError, match=r"cannot be written .* JUDGEKIT_HOME"):
        fetch(pinned("good"))
