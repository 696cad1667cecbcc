"""Fixtures that the whole suite shares."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

pytest_plugins = ["loopback"]  # the fixture `loopback`: an OpenAI-compatible server

# A shell that starts the suite in the background leaves Ctrl-C ignored for all that it starts; some tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent


def _folder(variable: str, what: str) -> Path:
    named = os.environ.get(variable)
    if not named or not Path(named).is_dir():
        pytest.skip(f"{variable} does not name a folder with {what}")
    return Path(named).resolve()


@pytest.fixture
def mirror() -> Path:
    """The folder with the published studies' original files (`JUDGEKIT_MIRROR`)."""
    return _folder("JUDGEKIT_MIRROR", "the published studies' files")


@pytest.fixture
def reference() -> Path:
    """The folder with reference values (`JUDGEKIT_REFERENCE`)."""
    return _folder("JUDGEKIT_REFERENCE", "reference values")


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for runs, ledger and downloads."""
    monkeypatch.setenv("JUDGEKIT_HOME", str(tmp_path))
    return tmp_path
