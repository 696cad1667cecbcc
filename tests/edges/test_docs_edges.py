"""The page on edge cases names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from judgekit.edges.outcome import WAYS
from judgekit.edges.signals import SIGNALS

PAGE = (Path(__file__).parents[2] / "docs" / "edges.md").read_text(encoding="utf-8")


def test_every_signal_stands_there_with_its_source() -> None:
    for one in SIGNALS.values():
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{one.name}` |"))
        for source in one.source.split("; "):
            assert source in line
        assert one.definition in line.replace("\\|", "|")


def test_every_way_of_failing_stands_there() -> None:
    told = set(re.findall(r"^\| `(\w+)` \| (?!text|people|judges)", PAGE, re.MULTILINE))
    assert set(WAYS) - {"failure"} <= told


def test_every_path_exists() -> None:
    for path in re.findall(r"`(judgekit/[^`]+)`", PAGE):
        assert (Path(__file__).parents[2] / path).exists()
