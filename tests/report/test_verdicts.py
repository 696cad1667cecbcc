"""The report speaks from what was asked: every verdict, what would decide, where verdicts differ; nothing invented."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from figures.fabricate import fabricate

from judgekit.report import rows, verdict
from judgekit.report.html import write
from judgekit.report.latex import tables
from judgekit.report.numbers import pvalue
from judgekit.report.terminal import summary
from judgekit.runs import Run, write_table
from judgekit.schema import Estimate
from judgekit.tables import estimates_frame

APART = "severity|bias|groups|failure|calibration|route|frontier|slices|swap|bradley_terry"  # no agreement
FACTS: dict[str, Any] = {"n_items": 24, "n_raters": 4, "kind": "human", "conf_level": 0.95}


def more(statistic: str, value: float | None, verdict_: str | None = None, **facts: Any) -> Estimate:
    ends = {"low": None, "high": None} if value is None else {"low": value - 0.05, "high": value + 0.05}
    return Estimate(
        statistic, "emotional_reaction", value, verdict=verdict_, a="lexical", b="expert",
        **{**FACTS, "margin": 0.1, **ends, **facts},
    )  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Run]:
    """Make a run of one judge with some statistics dropped and others added."""

    def make(*added: Estimate, drop: str = "nothing", **changed: Any) -> Run:
        run = fabricate(tmp_path / "run", n_criteria=1, judges=["lexical"], pools={"expert": 3}, simulated=False)
        kept = run.estimates[~run.estimates["statistic"].str.match(f"{drop}|{APART}")]
        table = pd.concat([kept, estimates_frame(list(added))], ignore_index=True) if added else kept
        ceiling = (table["statistic"] == "ceiling.weighted_kappa") & (table["subset"] == "all")
        for column, value in changed.items():
            table.loc[ceiling, column] = value
        write_table(run.path, "estimates", table)
        return Run(run.path)

    return make


def text_of(run: Run) -> str:
    page = write(run, {}).read_text(encoding="utf-8").split("<main", 1)[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_nothing_is_said_of_what_was_not_asked(made: Callable[..., Run]) -> None:
    text = text_of(made())
    assert "may stand in" in text
    for name, _ in list(verdict.VERDICTS.values())[1:]:
        assert name not in text
    for absent in ("Where the verdicts differ", "What would decide", "Every verdict", "Human ceilings with panels",
                   "All other estimates", *rows.TABLES):  # fmt: skip
        assert absent not in text
    assert "verdicts" not in tables(made(), "x")


def test_without_any_verdict_asked_for_there_is_none(
    made: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    run = made(drop="ceiling")
    text = text_of(run)
    assert "No verdict was asked for" in text
    assert not re.search("may stand in|may not|too few labels", text)
    assert "lexical and expert" in text, "the agreement itself is still told"
    summary(run)
    assert "No verdict was asked for" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("statistic", "told"),
    [("equivalence.weighted_kappa", "test of equivalence"), ("alt_test.omega", "winning rate of the alternative")],
)
def test_another_verdict_leads_where_the_ceiling_was_not_asked(
    made: Callable[..., Run], statistic: str, told: str
) -> None:
    run = made(more(statistic, 0.7, "no"), drop="ceiling")
    (one,) = verdict.findings(run)
    assert (one.headline, one.answer, one.words) == (statistic, "no", "may not")
    text = text_of(run)
    assert told in text
    assert "The human ceiling was not asked for" in text
    assert "within the human ceiling" not in text


def test_a_verdict_that_differs_is_said_in_words(made: Callable[..., Run], capsys: pytest.CaptureFixture[str]) -> None:
    run = made(more("alt_test.omega", 1.0, "yes"), more("alt_test.rho", 0.8), verdict="no")
    (one,) = verdict.findings(run)
    assert one.conflict == f"Alt-test ({verdict.VERDICTS['alt_test.omega'][1]}): may stand in"
    text = text_of(run)
    assert f"may not. But {one.conflict}." in text
    assert "ρ .80 [.75, .85]" in text
    summary(run)
    assert "may not, but Alt-test" in re.sub(r"\s+", " ", capsys.readouterr().out)
    latex = tables(run, "x")["verdicts"]
    assert r"lexical and expert & may not & may stand in \\" in latex


def test_agreeing_verdicts_are_no_conflict_and_half_a_panel_gives_none(made: Callable[..., Run]) -> None:
    run = made(more("equivalence.weighted_kappa", 0.0, "yes"), more("ceiling.split_half", -0.2), verdict="yes")
    (one,) = verdict.findings(run)
    assert one.conflict == ""
    assert "Where the verdicts differ" not in text_of(run)
    assert [said.statistic for said in one.beside] == [
        "ceiling.weighted_kappa", "equivalence.weighted_kappa"
    ]  # fmt: skip


def test_a_judge_above_people_is_named_as_the_reason(made: Callable[..., Run]) -> None:
    note = "the judge agrees with people more than they do"
    run = made(more("equivalence.weighted_kappa", 0.3, "no", note=note), verdict="yes")
    assert "may not, since the judge agrees with people more than they do" in verdict.findings(run)[0].conflict


def test_what_would_decide_stands_with_the_verdict_and_not_among_the_notes(
    made: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    items = "about 90 items in all (66 more) would decide for 'may stand in', in 80 % of studies"
    people = "no number of people would decide on these items alone: people bring 20 % of the variance"
    none = {"low": None, "high": None, "conf_level": None}
    run = made(
        more("ceiling.items_needed", 90.0, note=items, **none),
        more("ceiling.people_needed", None, note=people, **none),
        verdict="undecided",
    )  # fmt: skip
    text = text_of(run)
    assert text.count("items in all (66 more)") == 1
    assert "What would decide" in text
    assert people in text
    summary(run)
    assert "about 90 items in all (66 more)" in re.sub(r"\s+", " ", capsys.readouterr().out)


def test_without_intervals_there_is_no_verdict(made: Callable[..., Run]) -> None:
    run = made(low=None, high=None, verdict=None)
    assert [one.answer for one in verdict.findings(run)] == ["none"]
    assert "The one comparison with people: no verdict." in text_of(run)


def test_every_estimate_on_all_items_is_somewhere(made: Callable[..., Run]) -> None:
    added = [more(statistic, 0.4321) for names in rows.TABLES.values() for statistic in names]
    tests = [more("homogeneity.bhapkar", 5.4, p=0.012, q=0.024, low=None, high=None)]
    text = text_of(made(*added, *tests))
    for heading in rows.TABLES:
        assert heading in text
    assert text.count(".43 [.38, .48]") == len(added)
    assert re.search(r"homogeneity\.bhapkar lexical and expert 5\.40 \.012 \.024", text)


def test_panels_have_both_sides_and_the_difference(made: Callable[..., Run]) -> None:
    sides = [("leave_one_out.judge", 0.61), ("leave_one_out.people", 0.72), ("leave_one_out", -0.11)]
    text = text_of(made(*(more(f"ceiling.{name}", value, "undecided") for name, value in sides)))
    assert "Human ceilings with panels" in text
    assert re.search(r"\.61 \[\.56, \.66\] \.72 \[\.67, \.77\] −\.11 \[−\.16, −\.06\]", text)
    assert "split-half" not in text, "it was not asked for"


def test_p_values() -> None:
    assert [pvalue(x) for x in (0.0123, 0.00004, 1.0, None, float("nan"))] == [".012", "<.001", "1.000", "–", "–"]


def test_a_name_is_no_markup(made: Callable[..., Run]) -> None:
    evil = "<script>alert(1)</script>"
    run = made(more("homogeneity.bhapkar", 5.4, note=evil, p=0.01), more("ceiling.items_needed", 9.0, note=evil))
    assert "<script" not in write(run, {}).read_text(encoding="utf-8")
    assert json.loads((run.path / "manifest.json").read_text())["experiment"] == "empathy"
