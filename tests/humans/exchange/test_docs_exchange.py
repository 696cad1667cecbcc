"""The page on exchange names every format with its options, and its example lines are what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from humans.exchange.collected import TASK

from judgekit.errors import InputError
from judgekit.humans.exchange.move import import_labels
from judgekit.registry import discover, knobs


def test_every_format_and_option_is_on_the_page(root: Path) -> None:
    page = (root / "docs" / "exchange.md").read_text(encoding="utf-8")
    rows = {name: row for row in page.splitlines() for name in re.findall(r"^\| `(\w+)` \|", row)}
    assert set(rows) == set(discover("exchange"))
    for name, kind in discover("exchange").items():
        for option in knobs(kind):
            assert f"`{option}" in rows[name], (name, option)


def test_the_error_line_is_of_that_form(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("task,worker,label\na,w,tepid\n")
    with pytest.raises(InputError, match=r"labels.csv:2: unknown level 'tepid' for 'warmth' \(levels .* — correct it"):
        import_labels(file, "crowdkit", TASK, pseudonym=str, criterion="warmth")
