"""The page of probes and the printed edits are those of the code."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from edits import ROOT

from judgekit import registry

PAGE = ROOT / "docs" / "probes.md"
FAMILIES = sorted(set(registry.families("probes").values()))


@cache
def printer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("edits_page", ROOT / "docs" / "edits.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_tables_are_those_that_are_measured(home: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert printer().with_tables(page) == page, "run python docs/edits.py"


@pytest.mark.parametrize("family", FAMILIES)
def test_printed_edits_are_those_of_the_probes(family: str, home: Path) -> None:
    made = printer().page(family, printer().families()[family])
    kept = (ROOT / "docs" / "edits" / f"{family}.md").read_text(encoding="utf-8")
    assert made == kept, "run python docs/edits.py"


def test_every_probe_and_family_has_its_place_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in registry.discover("probes") if f"| `{name}`" not in page] == []
    assert [family for family in FAMILIES if f"\n## {family}: " not in page] == []
    assert sorted(file.stem for file in (ROOT / "docs" / "edits").glob("*.md")) == FAMILIES
