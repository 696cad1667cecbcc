"""What edits do to the judges, in words: biased, equivalent to none, too few items; and whether reasons hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from judgekit.figures.rows import spoken
from judgekit.report.numbers import number
from judgekit.report.rows import Cell
from judgekit.report.verdict import BIASED, FAITHFUL, MARKS, MOVES
from judgekit.runs import Run

#: The statistics of edits that should change nothing, and of those that must move the value.
SAME, MOVE = "bias", "bias.move"
FAITH = (
    "faithful.cites",
    "faithful.cited",
    "faithful.uncited",
    "faithful",
    "faithful.invented",
    "faithful.contradicts",
)
#: How many effects a sentence names, and how many contradictions a page lists.
NAMED, LISTED = 4, 12
_LEAST = re.compile(r"an effect of ([\d.e+-]+) human SDs would be found in (\d+) %")
_NO_UNIT = "no human standard deviation"


@dataclass(frozen=True)
class Effect:
    """What one probe does to one judge's answers on one criterion.

    ``answer`` is yes, no, undecided, or loose: yes by its own test, and not after adjusting over the battery.

    ``cell`` is the shift in human SDs, ``flip`` the share of answers that changed, ``least`` the smallest effect that
    would have been found (None where it was), ``q`` the adjusted p.
    """

    probe: str
    criterion: str
    judge: str
    answer: str
    cell: Cell
    words: str
    least: float | None
    q: float | None
    flip: Cell | None = None
    agreement: Cell | None = None


@dataclass(frozen=True)
class Battery:
    """All effects of one kind of probe (no change wanted, or a move): rows of a table a criterion."""

    statistic: str
    words: Mapping[str, str]
    effects: Sequence[Effect]
    families: Mapping[str, str] = field(default_factory=dict)
    margin: float | None = None

    @property
    def judges(self) -> list[str]:
        """The judges, in the order of the estimates."""
        return list(dict.fromkeys(one.judge for one in self.effects))

    def of(self, criterion: str) -> dict[str, dict[str, dict[str, Effect]]]:
        """Return the effects on one criterion: by family, probe and judge."""
        found: dict[str, dict[str, dict[str, Effect]]] = {}
        for one in self.effects:
            if one.criterion == criterion:
                family = self.families.get(one.probe, "other variants")
                found.setdefault(family, {}).setdefault(one.probe, {})[one.judge] = one
        return found

    @property
    def looks(self) -> Mapping[str, tuple[str, str]]:
        """How each answer is shown: a style and a mark; a bias is bad news, an asked-for move is good."""
        good, bad, open_ = ("yes", MARKS["yes"]), ("no", "!"), ("undecided", MARKS["undecided"])
        if self.statistic == SAME:
            return {"yes": bad, "loose": ("undecided", "!"), "no": good, "undecided": open_}
        return {"yes": good, "loose": ("undecided", "!"), "no": ("no", MARKS["no"]), "undecided": open_}

    def counted(self, judge: str) -> dict[str, int]:
        """Return how many effects on a judge have each answer."""
        mine = [one for one in self.effects if one.judge == judge]
        return {answer: sum(one.answer == answer for one in mine) for answer in self.words}

    def said(self, judge: str) -> str:
        """Say which probes bias a judge (or fail to move it), the largest first."""
        wanted = ("yes", "loose") if self.statistic == SAME else ("no",)
        parts = []
        for answer in wanted:
            mine = [one for one in self.effects if one.judge == judge and one.answer == answer]
            told: dict[str, list[Effect]] = {}
            for one in sorted(mine, key=lambda one: -abs(one.cell.value or 0)):
                told.setdefault(one.probe, []).append(one)
            named = [f"{spoken(probe)} ({_shifts(found)})" for probe, found in list(told.items())[:NAMED]]
            left = len(told) - len(named)
            named += [f"{left} more"] if left else []
            if named:
                parts.append(f"{self.words[answer]}: {', '.join(named)}")
        return "; ".join(parts) or ("biased by none" if self.statistic == SAME else "moved by all that could be told")


def battery(run: Run, statistic: str = SAME) -> Battery | None:
    """Return a run's effects of one kind, None where it has none; an effect that is not estimable is undecided."""
    estimates = run.estimates[run.estimates["subset"] == "all"]
    words = BIASED if statistic == SAME else MOVES
    rows: dict[str, dict[tuple[str, str, str], Any]] = {
        name: {
            (str(r.b), str(r.criterion), str(r.a)): r
            for r in estimates[estimates["statistic"] == name].itertuples(index=False)
        }
        for name in (statistic, f"{statistic}{'.' if statistic == SAME else '_'}raw", "bias.flip", "bias.agreement")
    }
    main, raw, flips, agreements = rows.values()
    effects = []
    for (probe, criterion, judge), row in main.items():
        key = probe, criterion, judge
        cell = Cell.of(row)
        if cell.value is None and _NO_UNIT in cell.note and key in raw:
            cell = Cell.of(raw[key])
        q = None if pd.isna(row.q) else float(row.q)
        answer = str(row.verdict) if isinstance(row.verdict, str) and row.verdict in words else "undecided"
        if answer == "yes" and q is not None and row.conf_level and q > 1 - float(row.conf_level) + 1e-12:
            answer = "loose"
        least = _LEAST.search(cell.note)
        effects.append(
            Effect(
                probe,
                criterion,
                judge,
                answer,
                cell,
                str(row.method or ""),
                float(least[1]) if least else None,
                q,
                _cell(flips.get(key)),
                _cell(agreements.get(key)),
            )
        )
    families = {str(one["probe"]): str(one["family"]) for one in run.manifest.get("probes") or []}
    margins = [float(row.margin) for row in main.values() if not pd.isna(row.margin)]
    return Battery(statistic, words, effects, families, next(iter(margins), None)) if effects else None


def faith(run: Run) -> list[dict[str, Any]]:
    """Return a line a judge and criterion on what its reasons are worth: cells by statistic, the verdict's words."""
    estimates = run.estimates[run.estimates["statistic"].isin(FAITH) & (run.estimates["subset"] == "all")]
    lines = []
    for (judge, criterion), rows in estimates.groupby(["a", "criterion"], sort=False):
        cells = {str(row.statistic): Cell.of(row) for row in rows.itertuples(index=False)}
        verdicts = rows.loc[rows["statistic"] == "faithful", "verdict"].dropna()
        answer = str(verdicts.iloc[0]) if len(verdicts) else "none"
        lines.append({"judge": judge, "criterion": criterion, "cells": cells, "answer": answer,
                      "words": FAITHFUL.get(answer, "")})  # fmt: skip
    return lines


def contradicting(run: Run) -> list[dict[str, Any]]:
    """Return the first contradictions between reason and value, or reason and item, that the run's list holds."""
    file = run.path / "contradictions.csv"
    if not file.is_file():
        return []
    rows = pd.read_csv(file, dtype={"item": str, "rater": str, "said": str, "reason": str}, keep_default_na=False)
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]


def _cell(row: Any) -> Cell | None:
    return None if row is None else Cell.of(row)


def _shifts(effects: Sequence[Effect]) -> str:
    return ", ".join(f"{spoken(one.criterion)} {number(one.cell.value, plus=True)}" for one in effects)
