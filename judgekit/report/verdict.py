"""The verdict in plain words: may this judge stand in for these people on this criterion?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from judgekit.report.numbers import plural
from judgekit.report.rows import Cell, Line, answered
from judgekit.runs import Run

WORDS = {
    "yes": "may stand in",
    "no": "may not",
    "undecided": "too few labels to tell",
    "none": "no verdict",
}
BRIEF = {"yes": "may stand in", "no": "may not", "undecided": "too few labels", "none": "no verdict"}
MARKS = {"yes": "✓", "no": "✕", "undecided": "?", "none": "–"}
#: What the three answers mean of an edit that should change nothing, of one that must move the value, of a reason.
#: ``loose`` is a yes that does not outlast the adjustment over all probes.
BIASED = {
    "yes": "biased",
    "loose": "biased before adjusting",
    "no": "equivalent to none",
    "undecided": "too few items",
}
MOVES = {
    "yes": "moves as it must",
    "loose": "moves before adjusting",
    "no": "does not move",
    "undecided": "too few items",
}
FAITHFUL = {"yes": "moves with what it cites", "no": "no more than with other words", "undecided": "too few items"}
#: Every statistic that gives a verdict, with what it asks; the first that a run has gives the headline.
VERDICTS = {
    "ceiling.weighted_kappa": ("Human ceiling", "as close to a person as people are to one another?"),
    "ceiling.leave_one_out": ("Leave-one-out", "as close to a panel as one of its people is to the others?"),
    "equivalence.weighted_kappa": ("Equivalence, κ", "neither further from people than they are, nor closer?"),
    "equivalence.alpha": ("Equivalence, α", "does it leave the panel’s consistency as it was?"),
    "alt_test.omega": ("Alt-test", "as near to the others as most of its people, item by item?"),
}
#: Of p adjusted over its family.
LEVEL = 0.05
#: What the yes of a statistic that has no table of verdicts says of a judge.
FLAGS = {
    "severity": "harsher or milder than people",
    "severity.compression": "uses the scale more narrowly or widely than people",
    "severity.noise": "noisier or steadier than people",
    "severity.spread": "spreads its answers less or more than people",
    "severity.one_more": "could not be one more person",
    "halo.excess": "more halo than people",
    "retest.drift": "its last answers differ from its first",
    "drift": "drifts",
    "swap.first_slot": "the place in a pair decides",
    "bradley_terry.first_slot": "the place in a pair decides, at equal worth",
    "groups.gap": "agrees with some group of people less",
    "dif.judge": "rates otherwise than a group of people",
    "failure.difference": "fails people more often on edge items",
    "slices.found": "fails people more often on some slice",
    "route.threshold": "may label some items alone, with the promise kept",
}
HEADLINES = ("ceiling.weighted_kappa", "equivalence.weighted_kappa", "alt_test.omega")


@dataclass(frozen=True)
class Opinion:
    """What one statistic says: its verdict (None where it gives none), number and the method that made it."""

    statistic: str
    answer: str | None
    cell: Cell
    margin: float | None
    p: float | None = None

    @property
    def title(self) -> str:
        """What the statistic is called."""
        return VERDICTS[self.statistic][0]

    @property
    def asks(self) -> str:
        """What it asks of a judge."""
        return VERDICTS[self.statistic][1]

    @property
    def words(self) -> str:
        """The verdict in words."""
        return WORDS[self.answer or "none"]


@dataclass(frozen=True)
class Finding:
    """What the labels say of one judge beside one pool on one criterion.

    ``answer`` is yes, no, undecided, or none where the verdict's statistic has no value or no interval; ``headline``
    names that statistic and ``difference`` is its cell. ``needed`` says what would decide; ``beside`` holds every
    statistic of the run that gives a verdict, the headline's first.
    """

    judge: str
    criterion: str
    pool: str
    answer: str
    headline: str
    difference: Cell
    agreement: Cell | None
    ceiling: Cell | None
    margin: float | None
    answered: Line | None
    needed: tuple[str, ...] = ()
    beside: tuple[Opinion, ...] = ()
    rho: Cell | None = None

    @property
    def words(self) -> str:
        """The verdict in words."""
        return WORDS[self.answer]

    @property
    def mark(self) -> str:
        """A sign beside the words, so that colour does not speak alone."""
        return MARKS[self.answer]

    @property
    def conflict(self) -> str:
        """Say in words which other statistics come to another answer, and what they ask; empty where none does."""
        told = []
        for one in self.beside:
            if one.statistic == self.headline or one.answer not in ("yes", "no") or one.answer == self.answer:
                continue
            more = (
                ", since the judge agrees with people more than they do" if "more than they do" in one.cell.note else ""
            )
            told.append(f"{one.title} ({one.asks}): {one.words}{more}")
        return "; ".join(told)


def headline(run: Run) -> str | None:
    """Return the statistic whose verdict is the headline: the first asked for among the three, or None."""
    have = set(run.estimates["statistic"])
    return next((statistic for statistic in HEADLINES if statistic in have), None)


def findings(run: Run, statistic: str = "weighted_kappa") -> list[Finding]:
    """Return one finding a judge, criterion and pool, in that order; empty where no verdict was asked for."""
    lead = headline(run)
    if lead is None:
        return []
    estimates = run.estimates[run.estimates["subset"] == "all"]
    judges, pools = run.study.judges(), list(run.study.pools())
    wanted = [*VERDICTS, statistic, "alt_test.rho", "ceiling.items_needed", "ceiling.people_needed"]
    # A pool and one rater may share a name; the row over more raters is the pool's and comes last.
    kept = estimates[estimates["statistic"].isin(wanted)].sort_values("n_raters", kind="stable")
    rows: dict[tuple[str, str, str, str], Any] = {
        (str(r.statistic), str(r.a), str(r.criterion), str(r.b)): r for r in kept.itertuples(index=False)
    }
    status = answered(run)
    found = []
    for judge in judges:
        for criterion in run.study.task.criteria:
            for pool in pools:
                key = judge, criterion.key, pool
                row = rows.get((lead, *key))
                agreement = _cell(rows.get((statistic, *key)))
                if row is None and agreement is None:
                    continue
                ceiling = _cell(rows.get((statistic, pool, criterion.key, pool)))
                opinions = [_opinion(one, rows[one, *key]) for one in VERDICTS if (one, *key) in rows]
                opinions.sort(key=lambda one: one.statistic != lead)
                made = opinions[0] if row is not None else None
                why = ceiling.note if ceiling else ""
                needed = [rows.get((f"ceiling.{what}_needed", *key)) for what in ("items", "people")]
                notes = [str(one.note) for one in needed if one is not None]
                if not notes and made and made.answer == "undecided":
                    notes = [part for part in made.cell.note.split("; ") if "would decide" in part]
                found.append(
                    Finding(
                        judge=judge,
                        criterion=criterion.key,
                        pool=pool,
                        answer=(made.answer if made else None) or "none",
                        headline=lead,
                        difference=made.cell if made else Cell(None, note=why),
                        agreement=agreement,
                        ceiling=ceiling,
                        margin=made.margin if made else None,
                        answered=status.get((judge, criterion.key)),
                        needed=tuple(notes),
                        beside=tuple(opinions),
                        rho=_cell(rows.get(("alt_test.rho", *key))),
                    )
                )
    return found


def _cell(row: Any) -> Cell | None:
    return None if row is None else Cell.of(row)


def _opinion(statistic: str, row: Any) -> Opinion:
    cell = Cell.of(row)
    told = row.verdict if cell.value is not None and cell.low is not None else None
    answer = told if isinstance(told, str) and told in WORDS else None
    margin, p = (None if x is None or x != x else float(x) for x in (row.margin, row.p))
    return Opinion(statistic, answer, cell, margin, p)


def by_subset(run: Run) -> dict[tuple[str, str, str, str], str]:
    """Return the headline's answer of each (judge, criterion, pool, subset) that has a value and an interval."""
    rows = run.estimates[run.estimates["statistic"] == headline(run)]
    rows = rows[rows["low"].notna() & rows["verdict"].isin(list(WORDS))]
    return {(str(r.a), str(r.criterion), str(r.b), str(r.subset)): str(r.verdict) for r in rows.itertuples(index=False)}


def counted(found: Sequence[Finding]) -> dict[str, int]:
    """Return how many findings have each answer, those that occur none times included but for ``none``."""
    counts = {answer: sum(one.answer == answer for one in found) for answer in WORDS}
    return {answer: count for answer, count in counts.items() if count or answer != "none"}


def overall(run: Run) -> str:
    """Say how a run's findings came out, or that no verdict was asked for."""
    if run.study.judges() and headline(run) is None:
        return "No verdict was asked for: none of the statistics ceiling, equivalence and alt_test was computed."
    return sentence(findings(run))


def flagged(run: Run) -> list[tuple[str, str]]:
    """Return each judge with what other statistics say of it on all items, in words, and on which criteria.

    Verdicts of standing in have a table of their own, and so have those of probes; where there is a q it must be .05 or
    less.
    """
    rows = run.estimates[(run.estimates["verdict"] == "yes") & (run.estimates["subset"] == "all")]
    rows = rows[~(rows["q"] > LEVEL) & rows["statistic"].isin(list(FLAGS))]
    said = []
    for judge in run.study.judges():
        mine = rows[rows["a"] == judge]
        parts = [
            f"{FLAGS[str(statistic)]} ({', '.join(dict.fromkeys(part['criterion']))})"
            for statistic, part in mine.groupby("statistic", sort=False)
        ]
        if parts:
            said.append((judge, "; ".join(parts)))
    return said


def sentence(found: Sequence[Finding]) -> str:
    """Say of some findings together how they came out."""
    if not found:
        return "No judge stands beside people here, so there is nothing to compare."
    counts = {answer: count for answer, count in counted(found).items() if count}
    if len(counts) == 1:
        answer = next(iter(counts))
        every = {1: "The one comparison", 2: "Both comparisons"}.get(len(found), f"All {len(found)} comparisons")
        return f"{every} with people: {WORDS[answer]}."
    parts = ", ".join(f"{WORDS[answer]} ({count})" for answer, count in counts.items())
    return f"{plural(len(found), 'comparison')} with people: {parts}."
