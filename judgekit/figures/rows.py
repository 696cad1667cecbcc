"""Which rows of the estimates a figure or a table shows, and what their statistics are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from judgekit.errors import listed
from judgekit.figures import NoEstimatesError

if TYPE_CHECKING:
    from judgekit.runs import Run

_TITLES = {
    "alpha": "Krippendorff’s α",
    "weighted_kappa": "Weighted κ",
    "spearman": "Spearman’s ρ",
    "percent": "Exact agreement",
    "percent.adjacent": "Agreement within one level",
    "ceiling.weighted_kappa": "Judge–human minus human–human weighted κ",
    "ceiling.leave_one_out": "Judge minus person, weighted κ with the others’ panel",
    "ceiling.split_half": "Judge minus half panel, weighted κ with the other half",
    "alt_test.omega": "Winning rate ω",
    "alt_test.rho": "Advantage probability ρ",
    "ac1": "Gwet’s AC1",
    "ac2": "Gwet’s AC2",
    "fleiss": "Fleiss’ κ",
    "conger": "Conger’s κ",
    "light": "Light’s κ",
    "kappa": "Cohen’s κ",
    "brennan_prediger": "Brennan–Prediger",
    "pearson": "Pearson’s r",
    "tau_b": "Kendall’s τ-b",
    "icc.A1": "ICC(A,1), agreement",
    "icc.C1": "ICC(C,1), consistency",
    "ccc": "Lin’s CCC",
    "accuracy": "Accuracy",
    "accuracy.f1": "Macro F1",
    "accuracy.mcc": "MCC",
    "soft.js": "Jensen–Shannon",
    "soft.js_floor": "floor: halves of the panel",
    "soft.js_person": "a person and the others",
    "soft.wasserstein": "Wasserstein",
    "soft.wasserstein_floor": "floor: halves of the panel",
    "soft.wasserstein_person": "a person and the others",
    "swap.consistency": "Same choice in both orders",
    "swap.first_slot": "Chose what came first",
    "bias": "Shift by a probe, human SDs",
    "bias.move": "Move that a probe asks for, human SDs",
    "bias.flip": "Answers that changed",
    "bias.agreement": "Change of agreement with people",
    "faithful": "Difference",
    "faithful.cites": "Quotes the text",
    "faithful.cited": "Moved without the cited words",
    "faithful.uncited": "Moved without as many others",
    "faithful.invented": "Quotes what is not there",
    "faithful.contradicts": "Names another level",
    "contrast": "Moved as expected",
    "contrast.tied": "Did not move",
    "contrast.against": "Moved against",
    "contrast.consistent": "Both sides right",
    "failure": "Outside people’s spread, or no answer",
    "failure.farther": "Further from the panel than most people",
    "failure.costly": "Outside on the costly side",
    "failure.confident": "Outside, and confident",
    "failure.excess": "Judge minus a person left out",
    "failure.difference": "Edge minus core items",
}


def titled(statistic: str) -> str:
    """Return what a statistic is called in a figure or a heading."""
    return _TITLES.get(statistic, statistic.replace("_", " "))


def spoken(key: str) -> str:
    """Return a criterion's or a stratum's key as words: ``emotional_reaction`` becomes ``emotional reaction``."""
    return key.replace("_", " ")


def of(run: Run, statistic: str) -> pd.DataFrame:
    """Return the rows of one statistic, or say which statistics the run has."""
    rows = run.estimates[run.estimates["statistic"] == statistic]
    if rows.empty:
        have = sorted(set(run.estimates["statistic"]))
        problem = f"the run has no estimates of '{statistic}'"
        raise NoEstimatesError(problem, fix=f"it has {listed(have, 20)}")
    return rows


def judge_people(run: Run, statistic: str) -> pd.DataFrame:
    """Return the rows that set a judge (a) beside a pool of people (b); raise where there is none."""
    rows = of(run, statistic)
    chosen = rows["a"].isin(run.study.judges()) & rows["b"].isin(run.study.pools())
    if not chosen.any():
        raise NoEstimatesError(
            f"no '{statistic}' between a judge and people",
            fix="give the study at least one judge and one person who rated the same items",
        )
    return _widest(rows[chosen])


def people(run: Run, statistic: str) -> pd.DataFrame:
    """Return the rows of people among themselves (a = b = pool): the human ceiling; may be empty."""
    rows = run.estimates[run.estimates["statistic"] == statistic]
    return _widest(rows[(rows["a"] == rows["b"]) & rows["a"].isin(run.study.pools())])


def _widest(rows: pd.DataFrame) -> pd.DataFrame:
    # A pool and a single rater may bear one name ("crowd"): the row over more raters is the pool's.
    ordered = rows.sort_values("n_raters", ascending=False, kind="stable")
    return ordered.drop_duplicates(["criterion", "subset", "a", "b"]).sort_index()


def criteria(run: Run, rows: pd.DataFrame) -> list[str]:
    """Return the criteria that the rows speak of, in the task's order."""
    there = set(rows["criterion"])
    return [c.key for c in run.study.task.criteria if c.key in there]


def levels_of(run: Run, rows: pd.DataFrame, stratum: str) -> list[str]:
    """Return the levels of a stratum that the rows speak of, in their order; raise where there is none."""
    found = [subset for subset in dict.fromkeys(rows["subset"]) if str(subset).startswith(f"{stratum}=")]
    if not found:
        have = listed(run.study.task.strata) if run.study.task.strata else "no strata"
        raise NoEstimatesError(f"no estimates by '{stratum}'", fix=f"the task declares {have}")
    return [str(subset).split("=", 1)[1] for subset in found]
