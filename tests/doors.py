"""Run a door of the package as a user does: a process of its own, in a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

QUICK = ("n_boot=200", "report=false")


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    return {**kept, "JUDGEKIT_HOME": str(home), "OMP_NUM_THREADS": "1", "COLUMNS": "120", **more}


def door(
    name: str, *arguments: str, home: Path, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"judgekit.{name}", *arguments],
        capture_output=True,
        text=True,
        env=environment(home, **more),
        cwd=cwd or home,
        timeout=600,
    )


def one_line(done: subprocess.CompletedProcess[str], *says: str) -> None:
    """The door failed with exit code 2 and one line that says this."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("judgekit: ")]
    assert done.returncode == 2, done.stderr
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in says:
        assert word in lines[0], lines[0]
