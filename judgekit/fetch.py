"""Pinned files of published studies: from a mirror folder, from the cache, else downloaded; never unchecked."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from judgekit import paths
from judgekit.errors import InputError

RAW = "https://raw.githubusercontent.com"
CHUNK = 1 << 16


@dataclass(frozen=True)
class Pinned:
    """One file of one commit of a public repository, known by its SHA-256."""

    repo: str
    commit: str
    path: str
    sha256: str

    @property
    def place(self) -> str:
        """Where the file lies under a mirror, the cache or the server: ``owner/repo/commit/path``."""
        return f"{self.repo}/{self.commit}/{self.path}"

    def url(self, base: str | None = None) -> str:
        """Return the address; ``base`` (else ``$JUDGEKIT_FETCH_BASE``) takes the place of raw.githubusercontent.com."""
        chosen = base or os.environ.get("JUDGEKIT_FETCH_BASE") or RAW
        return f"{chosen.rstrip('/')}/{quote(self.place)}"


def fetch(pinned: Pinned, *, mirror: Path | str | None = None, base: str | None = None, timeout: float = 30.0) -> Path:
    """Return the path of a file whose checksum is right.

    Looked for in ``mirror`` (else ``$JUDGEKIT_MIRROR``), then in the cache ``data/downloads``, then downloaded into
    the cache (``timeout`` in seconds for connecting and for each read). Raises InputError where that cannot be done.
    """
    folder = mirror or os.environ.get("JUDGEKIT_MIRROR")
    if folder:
        mirrored = _root(folder) / pinned.place
        if mirrored.is_file():
            return _checked(mirrored, pinned, "restore the file in the mirror, or unset JUDGEKIT_MIRROR to download it")
    cached = paths.data("downloads", *pinned.place.split("/"))
    if cached.is_file():
        return _checked(cached, pinned, "delete the file and run again to download it anew")
    return _download(pinned, cached, base, timeout)


def _root(folder: Path | str) -> Path:
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise InputError(
            "the mirror is not a folder", where=str(root), fix="point JUDGEKIT_MIRROR at one, or unset it to download"
        )
    return root


def _checked(path: Path, pinned: Pinned, fix: str) -> Path:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=str(path), fix=fix) from None
    if found != pinned.sha256:
        raise InputError(f"wrong checksum {_short(found)}, expected {_short(pinned.sha256)}", where=str(path), fix=fix)
    return path


def _download(pinned: Pinned, path: Path, base: str | None, timeout: float) -> Path:
    """Download next to the final place and give the file its name only when its checksum is right."""
    url = pinned.url(base)
    if not url.startswith(("https://", "http://")):
        raise InputError("not a web address", where=url, fix="give JUDGEKIT_FETCH_BASE as http(s)://…")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise InputError(
            f"cannot be written ({error.strerror})", where=str(path), fix="set JUDGEKIT_HOME to a folder of yours"
        ) from None
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            found = _receive(url, file, timeout)
        if found != pinned.sha256:
            raise InputError(
                f"wrong checksum {_short(found)}, expected {_short(pinned.sha256)}",
                where=url,
                fix="the server sent another file: try again, or set JUDGEKIT_MIRROR to a folder that holds it",
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _receive(url: str, file: IO[bytes], timeout: float) -> str:
    """Write the body to ``file`` and return its SHA-256."""
    digest, received = hashlib.sha256(), 0
    try:
        with urlopen(Request(url, headers={"User-Agent": "judgekit"}), timeout=timeout) as answer:
            promised = answer.headers.get("Content-Length")
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
    except HTTPError as error:
        error.close()
        raise _failed(url, f"HTTP {error.code} {error.reason}") from None
    except URLError as error:
        raise _failed(url, _why(error.reason)) from None
    except (OSError, HTTPException) as error:
        raise _failed(url, _why(error)) from None
    # urllib ends a broken-off body without a word; only the length tells.
    if promised is not None and promised.isdigit() and received != int(promised):
        raise _failed(url, f"the download broke off after {received} of {promised} bytes")
    return digest.hexdigest()


def _why(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return " ".join(str(reason).split()) or type(reason).__name__


def _failed(url: str, why: str) -> InputError:
    return InputError(
        f"cannot download: {why}",
        where=url,
        fix="connect to the network, or set JUDGEKIT_MIRROR to a folder that holds owner/repo/commit/path",
    )


def _short(digest: str) -> str:
    return f"{digest[:12]}…"
