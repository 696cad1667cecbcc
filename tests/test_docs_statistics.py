"""The page on statistics is true to the code: every statistic, its rows, its options, its sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from asked import in_both_orders
from edges.failing import of_every_way
from paired import pairs
from probed import of_every_kind
from sliced import sliced
from stats.arms import armed

from judgekit import config, registry
from judgekit.pipeline import evaluate
from judgekit.stats.battery import estimate
from judgekit.study import Study

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "statistics.md"
STATISTICS = tuple(config.options("stats"))
PARTS = ("Question", "Formula", "Rows", "Options", "Misleads", "Interval", "Source")
#: Statistics whose rows are named after another one.
BORROWED = {"specific": "percent"}
SOURCE = r"doi:10\.|ISBN|arXiv:|https://|no paper|`proportion_confint`"
DOI = r"doi:(10\.\d{4,9}/[^\s`,;]+)"


@cache
def sections() -> dict[str, dict[str, str]]:
    """Return the parts of each statistic's entry."""
    entries = re.split(r"^## `([^`]+)`$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    names, bodies = entries[1::2], entries[2::2]
    assert len(set(names)) == len(names)
    part = re.compile(r"^- \*\*(\w+)\*\*: (.+)$", re.MULTILINE)
    return {name: dict(part.findall(body)) for name, body in zip(names, bodies, strict=True)}


def dois(text: str) -> set[str]:
    """Return the DOIs of a text, without the punctuation that follows them."""
    found = set()
    for doi in re.findall(DOI, text):
        doi = doi.rstrip(".:)'\"") if doi.count("(") < doi.count(")") else doi.rstrip(".:'\"")
        found.add(doi)
    return found


def rows_of(name: str) -> list[str]:
    """Return the rows that an entry names."""
    return re.findall(r"`([^`]+)`", sections()[name]["Rows"])


def fits(row: str, statistic: str) -> bool:
    """Tell whether a row's name on the page (LEVEL for any level) is that of an estimate."""
    return re.fullmatch(re.escape(row).replace("LEVEL", "[^.]+"), statistic) is not None


def test_every_statistic_has_an_entry_and_no_entry_is_of_another() -> None:
    assert set(sections()) == set(STATISTICS)


@pytest.mark.parametrize("name", STATISTICS)
def test_an_entry_has_all_its_parts(name: str) -> None:
    entry = sections()[name]
    assert tuple(entry) == PARTS
    assert re.search(SOURCE, entry["Source"])
    for row in rows_of(name):
        assert row.split(".")[0] == BORROWED.get(name, name)


@pytest.mark.parametrize("name", STATISTICS)
def test_options_and_their_defaults_are_the_functions(name: str) -> None:
    said = re.findall(r"`(\w+)=([^`]*)`", sections()[name]["Options"])
    knobs = registry.knobs(registry.find("stats", name))
    assert dict(said) == {knob: str(default) for knob, default in knobs.items()}
    if not knobs:
        assert sections()[name]["Options"] == "none"


def test_every_doi_stands_in_the_code_too() -> None:
    """A source is written twice, beside the formula and on the page; a slip in either shows."""
    files = [file for folder in ("stats", "edges") for file in (ROOT / "judgekit" / folder).rglob("*.py")]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    page = dois(PAGE.read_text(encoding="utf-8"))
    assert len(page) > 30
    assert page <= dois(code)


def test_every_option_named_in_the_table_exists() -> None:
    table = PAGE.read_text(encoding="utf-8").split("## Which coefficient for my data")[1].split("\n## ")[0]
    rows = [row for name in STATISTICS for row in rows_of(name)]
    for named in re.findall(r"`([a-z_0-9]+(?:\.\w+)?)`", table):
        assert named in STATISTICS or named in rows, named


def test_the_rules_named_are_those_there_are() -> None:
    told = PAGE.read_text(encoding="utf-8").split("### Other rules")[1].split("### Warnings")[0]
    rules = set(re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE)) - {"resampling"}
    assert rules == set(config.Settings.model_fields["resampling"].annotation.__args__)


def test_every_estimate_has_a_row_on_the_page(estimated: dict[str, set[str]]) -> None:
    for name, statistics in estimated.items():
        for statistic in statistics:
            assert any(fits(row, statistic) for row in rows_of(name)), f"{name} gives {statistic}"


def test_every_row_on_the_page_is_given(estimated: dict[str, set[str]]) -> None:
    for name, statistics in estimated.items():
        for row in rows_of(name):
            if row.endswith("_needed"):
                continue  # beside an undecided verdict with an interval, see test_needed
            if name != "status" or row == "status.ok":  # a status has a row where it occurs
                assert any(fits(row, statistic) for statistic in statistics), f"{name} never gives {row}"


@pytest.fixture(scope="module")
def estimated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The names of the rows that each statistic gives: on two small panels, and on a simulated study with edits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUDGEKIT_HOME", str(tmp_path_factory.mktemp("home")))
        few = ("judges=[lexical]", "probes=faithfulness", "stats=[]", "figures=[]", "report=false")
        edits = evaluate("empathy", *few, progress=False).study
    studies = {"contrast": [edits], "swap": [in_both_orders([1, 2, 0] * 8, [1, 2, 2] * 8)], "bias": [of_every_kind()]}
    studies["groups"] = [panel(5, {"Ana": "x", "Ben": "x", "Cem": "x", "Dua": "y", "Eva": "y", "Fay": "y"})]
    studies["slices"] = [sliced()]
    studies["faithful"] = [edits]
    studies["failure"] = studies["signals"] = [of_every_way()]
    studies["anchoring"] = studies["exclusions"] = [armed(excluded=1)]
    studies["dif"], studies["association"] = studies["groups"], [authored()]
    studies["bradley_terry"] = [pairs(60, log_nu=-0.5)]
    panels = [panel(2), panel(5)]
    return {
        name: {
            str(statistic)
            for study in studies.get(name, panels)
            for statistic in estimate(study, name, n_boot=0)["statistic"]
        }
        for name in STATISTICS
    }


def authored() -> Study:
    """Return the panel of five levels, its items written by three authors."""
    made = panel(5)
    items = made.items.assign(text="some words", author=np.resize(["judge", "other judge", "someone"], 60))
    return Study.build(made.task, items, made.raters, made.ratings)


def panel(K: int, countries: Mapping[str, str] | None = None) -> Study:
    """Return 60 items of three systems, rated on K levels by two judges and three people, or those of ``countries``."""
    rng = np.random.default_rng(K)
    trait = rng.standard_normal(60)
    cuts = np.linspace(-0.8, 0.8, K - 1)
    raters = ("judge", "other judge", *(countries or ("Ana", "Ben", "Cem")))
    frame = pd.concat(
        pd.DataFrame(
            {
                "item": [f"i{number:02d}" for number in range(60)],
                "rater": rater,
                "kind": "judge" if "judge" in rater else "human",
                "value": np.searchsorted(cuts, trait + rng.standard_normal(60)).astype(float),
                "system": np.resize(["x", "y", "z"], 60),
                **({"country": countries.get(rater)} if countries else {}),
            }
        )
        for rater in raters
    )
    return Study.from_frame(frame, scale="ordinal", levels=[float(level) for level in range(K)])
