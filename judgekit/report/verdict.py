"""The verdict in plain words: may this judge stand in for these people on this criterion?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from judgekit.report.numbers import plural
from judgekit.report.rows import Cell, Line, answered
from judgekit.runs import Run

WORDS = {
    "yes": "within the human ceiling",
    "no": "below the human ceiling",
    "undecided": "too few labels to tell",
    "none": "not estimable",
}
BRIEF = {"yes": "within", "no": "below", "undecided": "too few labels", "none": "not estimable"}
MARKS = {"yes": "✓", "no": "✕", "undecided": "?", "none": "–"}


@dataclass(frozen=True)
class Finding:
    """What the labels say of one judge beside one pool on one criterion.

    ``answer`` is yes, no, undecided, or none where the estimate is missing; ``difference`` is judge–human minus
    human–human agreement, ``margin`` what may be missing to people's own agreement.
    """

    judge: str
    criterion: str
    pool: str
    answer: str
    difference: Cell
    agreement: Cell | None
    ceiling: Cell | None
    margin: float | None
    answered: Line | None

    @property
    def words(self) -> str:
        """The verdict in words."""
        return WORDS[self.answer]

    @property
    def mark(self) -> str:
        """A sign beside the words, so that colour does not speak alone."""
        return MARKS[self.answer]


def findings(run: Run, statistic: str = "weighted_kappa") -> list[Finding]:
    """Return one finding a judge, criterion and pool, in that order; empty where no judge stands beside people."""
    estimates = run.estimates[run.estimates["subset"] == "all"]
    judges, pools = run.study.judges(), list(run.study.pools())
    ceilings = estimates[estimates["statistic"] == f"ceiling.{statistic}"]
    verdicts: dict[Any, Any] = {(r.a, r.criterion, r.b): r for r in ceilings.itertuples(index=False)}
    values = estimates[estimates["statistic"] == statistic].sort_values("n_raters", kind="stable")
    cells = {(r.a, r.criterion, r.b): Cell.of(r) for r in values.itertuples(index=False)}
    status = answered(run)
    found = []
    for judge in judges:
        for criterion in run.study.task.criteria:
            for pool in pools:
                row, agreement = verdicts.get((judge, criterion.key, pool)), cells.get((judge, criterion.key, pool))
                if row is None and agreement is None:
                    continue
                ceiling = cells.get((pool, criterion.key, pool))
                why = ceiling.note if ceiling else ""
                difference = Cell.of(row) if row is not None else Cell(None, note=why)
                told = row.verdict if row is not None and difference.value is not None else None
                found.append(
                    Finding(
                        judge=judge,
                        criterion=criterion.key,
                        pool=pool,
                        answer=told if isinstance(told, str) and told in WORDS else "none",
                        difference=difference,
                        agreement=agreement,
                        ceiling=ceiling,
                        margin=float(row.margin) if row is not None and row.margin == row.margin else None,
                        answered=status.get((judge, criterion.key)),
                    )
                )
    return found


def by_subset(run: Run, statistic: str = "weighted_kappa") -> dict[tuple[str, str, str, str], str]:
    """Return the answer of each (judge, criterion, pool, subset) that has a value."""
    rows = run.estimates[run.estimates["statistic"] == f"ceiling.{statistic}"]
    rows = rows[rows["value"].notna() & rows["verdict"].isin(list(WORDS))]
    return {(str(r.a), str(r.criterion), str(r.b), str(r.subset)): str(r.verdict) for r in rows.itertuples(index=False)}


def counted(found: Sequence[Finding]) -> dict[str, int]:
    """Return how many findings have each answer, those that occur none times included but for ``none``."""
    counts = {answer: sum(one.answer == answer for one in found) for answer in WORDS}
    return {answer: count for answer, count in counts.items() if count or answer != "none"}


def sentence(found: Sequence[Finding]) -> str:
    """Say of some findings together how they came out."""
    if not found:
        return "No judge stands beside people here, so there is nothing to compare."
    counts = {answer: count for answer, count in counted(found).items() if count}
    if len(counts) == 1:
        answer = next(iter(counts))
        every = {1: "The one comparison", 2: "Both comparisons"}.get(len(found), f"All {len(found)} comparisons")
        return f"{every} with people: {WORDS[answer]}."
    parts = [f"{count} {WORDS[answer]}" for answer, count in counts.items()]
    return f"Of {plural(len(found), 'comparison')} with people, {', '.join(parts[:-1])} and {parts[-1]}."
