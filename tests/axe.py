"""A browser for pages, and axe-core's word on how accessible they are; tests skip where either is absent."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

#: axe-core from the npm registry, or where JUDGEKIT_AXE names the file axe.min.js.
PACKAGE = "axe-core@4"


@cache
def axe() -> str:
    """Return axe-core's script: that of JUDGEKIT_AXE, else installed with npm for this session."""
    named = os.environ.get("JUDGEKIT_AXE")
    if named:
        return Path(named).read_text(encoding="utf-8")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("axe-core needs npm, or JUDGEKIT_AXE")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode:
            pytest.skip(f"axe-core cannot be installed: {(done.stderr.strip() or 'npm failed').splitlines()[-1]}")
        return (Path(folder) / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@contextmanager
def browser() -> Iterator[Any]:
    """Yield Chromium: the machine's own, else playwright's."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="pages are looked at with playwright")
    known = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    with sync_api.sync_playwright() as play:
        try:
            started = play.chromium.launch(executable_path=known, args=["--no-sandbox"])
        except sync_api.Error as error:
            pytest.skip(f"no Chromium: {str(error).splitlines()[0]}")
        try:
            yield started
        finally:
            started.close()


def violations(page: Any) -> list[str]:
    """Return what axe-core finds wrong with an open page: the rule and the first places, one line each.

    It runs in the page's own world, beside the page's policy for scripts, so that pages need not allow it.
    """
    session = page.context.new_cdp_session(page)
    tree = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    world = session.send("Page.createIsolatedWorld", {"frameId": tree, "worldName": "axe"})["executionContextId"]
    session.send("Runtime.evaluate", {"expression": axe(), "contextId": world})
    told = session.send(
        "Runtime.evaluate",
        {
            "expression": "axe.run(document).then(r => r.violations.map(v => v.id + ': ' + v.help + ' at ' + "
            "v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | ')))",
            "contextId": world,
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    if "exceptionDetails" in told:
        raise AssertionError(f"axe did not run: {told['exceptionDetails']}")
    found: list[str] = told["result"]["value"]
    return found
