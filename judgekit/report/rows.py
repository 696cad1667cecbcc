"""The estimates of a run as the lines of tables: agreement, contrast pairs, status rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from judgekit.runs import Run
from judgekit.schema import STATUSES

AGREEMENT = ("weighted_kappa", "alpha", "spearman", "percent", "percent.adjacent")
#: Further tables of the same lines: title, what it says, statistics. Each is shown where any of it was asked for.
TABLES = {
    "Other coefficients beyond chance": ("kappa", "ac1", "ac2", "fleiss", "conger", "light", "brennan_prediger"),
    "Order and values": ("icc.A1", "icc.C1", "ccc", "pearson", "tau_b"),
    "Against the panel’s word": ("accuracy", "accuracy.f1", "accuracy.mcc"),
    "Distributions over the levels (0: the same)": (
        "soft.js", "soft.js_floor", "soft.js_person", "soft.wasserstein", "soft.wasserstein_floor",
        "soft.wasserstein_person",
    ),
    "Failures of people (shares of items)": (
        "failure", "failure.farther", "failure.costly", "failure.confident", "failure.excess", "failure.difference",
    ),
}  # fmt: skip
#: Tables about one rater each.
SINGLES = {"Both orders of a pair": ("swap.consistency", "swap.first_slot")}
FURTHER = tuple(name for names in (*TABLES.values(), *SINGLES.values()) for name in names)
#: The ceilings with panels: both sides and their difference.
PANELS = {
    "ceiling.leave_one_out.judge": "Judge, leave-one-out",
    "ceiling.leave_one_out.people": "People, leave-one-out",
    "ceiling.leave_one_out": "Difference, leave-one-out",
    "ceiling.split_half.judge": "Judge, split-half",
    "ceiling.split_half.people": "People, split-half",
    "ceiling.split_half": "Difference, split-half",
}
CONTRAST = ("contrast", "contrast.tied", "contrast.against")


@dataclass(frozen=True)
class Cell:
    """One estimate in a table; ``value`` is None where it is not estimable, and ``note`` says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n_items: int = 0
    note: str = ""
    method: str = ""

    @classmethod
    def of(cls, row: Any) -> Cell:
        """Return the cell of a row of the estimates."""
        value, low, high = (None if pd.isna(x) else float(x) for x in (row.value, row.low, row.high))
        return cls(value, low, high, int(row.n_items), str(row.note or ""), str(row.method or ""))


@dataclass(frozen=True)
class Line:
    """One line of a table: who (``a``, or ``a`` beside ``b``) on which criterion, and a cell a statistic."""

    criterion: str
    a: str
    b: str
    role: str
    cells: Mapping[str, Cell] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Who stands beside whom, in words."""
        if not self.b:
            return self.a
        return f"{self.a} among themselves" if self.a == self.b else f"{self.a} and {self.b}"

    @property
    def n_items(self) -> int:
        """The most items that entered any cell."""
        return max((cell.n_items for cell in self.cells.values()), default=0)


def agreement(run: Run, subset: str = "all", statistics: Sequence[str] = AGREEMENT) -> list[Line]:
    """Return agreement by criterion: people among themselves, each judge beside each pool, judges among one another."""
    judges, pools = run.study.judges(), list(run.study.pools())
    pairs = [(pool, pool, "people") for pool in pools]
    pairs += [(judge, pool, "judge") for judge in judges for pool in pools]
    pairs += [(pools[i], other, "pools") for i in range(len(pools)) for other in pools[i + 1 :]]
    pairs += [(judges[i], other, "judges") for i in range(len(judges)) for other in judges[i + 1 :]]
    estimates = run.estimates
    chosen = estimates[(estimates["subset"] == subset) & estimates["statistic"].isin(list(statistics))]
    # A pool and one rater may share a name; the row over more raters is the pool's.
    chosen = chosen.sort_values("n_raters", ascending=False, kind="stable")
    cells = {(r.criterion, r.a, r.b, r.statistic): Cell.of(r) for r in reversed(list(chosen.itertuples(index=False)))}
    lines = []
    for criterion in run.study.task.criteria:
        for a, b, role in pairs:
            found = {s: cells.get((criterion.key, a, b, s)) or cells.get((criterion.key, b, a, s)) for s in statistics}
            there = {statistic: cell for statistic, cell in found.items() if cell is not None}
            if there:
                lines.append(Line(criterion.key, a, b, role, there))
    return lines


def panels(run: Run) -> list[Line]:
    """Return the two sides and the difference of the ceilings that set judge and people against panels."""
    estimates = run.estimates[run.estimates["subset"] == "all"]
    chosen = estimates[estimates["statistic"].isin(list(PANELS))]
    cells = {(str(r.criterion), str(r.a), str(r.b), str(r.statistic)): Cell.of(r) for r in chosen.itertuples()}
    lines = []
    for key, a, b in dict.fromkeys((criterion, a, b) for criterion, a, b, _ in cells):
        lines.append(Line(key, a, b, "judge", {s: cells[key, a, b, s] for s in PANELS if (key, a, b, s) in cells}))
    return lines


def others(run: Run, shown: Sequence[str]) -> pd.DataFrame:
    """Return the rows on all items of statistics that no other table shows, tests with their p and q."""
    estimates = run.estimates[run.estimates["subset"] == "all"]
    apart = (
        "ceiling.", "equivalence.", "contrast", "status.", "bias", "faithful", "failure", "signals", "slices",
        "calibration.agreement.", "calibration.consistent.", "route.risk.", "frontier.",  # points of curves: figures
    )  # fmt: skip
    mine = ~estimates["statistic"].isin(list(shown)) & ~estimates["statistic"].str.startswith(apart)
    known = {*run.study.pools(), *run.study.judges()}
    named = estimates["a"].isin(known) & (estimates["b"].isin(known) | (estimates["b"].fillna("") == ""))
    return estimates[mine & named]


def single(run: Run, statistics: Sequence[str]) -> list[Line]:
    """Return the lines of statistics about one rater or pool (contrast pairs, statuses): pools first, then judges."""
    estimates = run.estimates
    chosen = estimates[(estimates["subset"] == "all") & estimates["statistic"].isin(list(statistics))]
    pools, judges = list(run.study.pools()), run.study.judges()
    known = [*pools, *judges]
    order = known + [name for name in dict.fromkeys(chosen["a"]) if name not in known]
    lines = []
    for criterion in run.study.task.criteria:
        here = chosen[chosen["criterion"] == criterion.key]
        for name in order:
            cells = {row.statistic: Cell.of(row) for row in here[here["a"] == name].itertuples(index=False)}
            if cells:
                role = "judge" if name in judges else "people"
                lines.append(Line(criterion.key, name, "", role, {s: cells[s] for s in statistics if s in cells}))
    return lines


def contrast(run: Run) -> list[Line]:
    """Return how each pool and judge moved on the contrast pairs."""
    return single(run, CONTRAST)


def status(run: Run) -> list[Line]:
    """Return the share of each status among the answers of each rater that has such rows."""
    return single(run, [f"status.{name}" for name in STATUSES])


def answered(run: Run) -> dict[tuple[str, str], Line]:
    """Return the status line of each (rater, criterion), to stand beside its agreement."""
    return {(line.a, line.criterion): line for line in status(run)}
