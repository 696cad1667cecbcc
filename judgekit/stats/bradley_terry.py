"""Pairs: what a judge prefers beside what is better, by a Bradley–Terry model with ties, and the place in the pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Answer3, Criterion, Estimate
from judgekit.stats.davidson import FirstGiven, davidson
from judgekit.stats.flips import sign_flip
from judgekit.stats.length import reliability_said
from judgekit.stats.limits import side_mean
from judgekit.stats.newton import Fitted
from judgekit.stats.pairings import LEAST_ITEMS
from judgekit.stats.resample import DIFFERENCE, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import number
from judgekit.stats.swap import FIRST, SWAPPED, TIE
from judgekit.stats.traces import differences, kinships

if TYPE_CHECKING:
    from judgekit.study import Study

WORDS: dict[Answer3, str] = {
    "yes": "prefers a place",
    "no": "no preference for a place, to within the margin",
    "undecided": "too few pairs",
}
SHARE = "share of choices of the candidate shown first, of two of equal worth: conditional on the pair"
MODEL = "Bradley–Terry model, Davidson ties, log-odds"
#: Covariate -> what one more of it means.
UNITS = {
    "slot": "of the candidate shown first, others equal",
    "quality": "of the better candidate, by people (one preferred by all against the other)",
    "length": "a doubling of {unit}",
    "markdown": "a doubling of 1 + marks of Markdown",
    "lists": "a doubling of 1 + lines of lists",
    "own": "of the judge's own text against another's",
    "family": "of a text by the judge's provider against another's",
    "tie": "of a tie between equals, log ν",
}
#: With fewer answers than this a covariate there is no model.
LEAST_ANSWERS = 5
JITTER = 1e-9


@dataclass(frozen=True)
class Judged:
    """One judge's answers to n pairs: the original order and the swapped one (n × 2), NaN missing."""

    judge: str
    X: Array

    @property
    def first(self) -> Array:
        """1 where the candidate shown first was chosen, -1 the other, 0 a tie (n × 2)."""
        return np.where(np.isfinite(self.X), np.where(self.X == TIE, 0.0, np.where(self.X == FIRST, 1.0, -1.0)), np.nan)

    @property
    def changed(self) -> int:
        """How many pairs' answers change with the order."""
        return int((self.X[:, 0] != self.X[:, 1])[np.isfinite(self.X).all(axis=1)].sum())


@register("stats")
def bradley_terry(
    study: Study, *, boot: Bootstrap, margin: float = 0.1, author: str = "author", strata: bool = False
) -> Iterator[Estimate]:
    """Pairs: share of first places at equal worth, and log-odds of place, people's choice, length, markup, own text.

    ``bradley_terry.first_slot`` needs both orders and compares each pair with itself; ``margin`` is how far from 1/2
    counts as no preference. The model's log-odds compare pairs with one another: but for ``slot`` they are
    associations, without verdict or p. ``author`` is the items' column with who wrote the two candidates (a JSON list).
    ``strata`` fits the model on each level of each stratum too. Intervals allow for clusters of items.
    """
    if not 0 < margin < 0.5:
        raise InputError(f"margin must lie between 0 and 0.5, not {margin:g}", where="bradley_terry", fix="use 0.1")
    for criterion in study.task.criteria:
        if study.task.form != "pairwise":
            reason = f"not estimable: a place in a pair needs pairs, this task's form is {study.task.form}"
            yield Estimate("bradley_terry.slot", criterion.key, None, seed=boot.seed, note=reason)
            continue
        orders = (study.matrix(criterion.key, variant=variant) for variant in ("original", SWAPPED))
        original, swapped = orders
        swapped = swapped.reindex(original.index)
        asked = [
            Judged(judge, np.column_stack([original[judge], swapped[judge]]).astype(float))
            for judge in study.judges()
            if original[judge].notna().any() or swapped[judge].notna().any()
        ]
        people = original[study.people()].to_numpy(dtype=float)
        for subset, mask in study.subsets():
            if subset != "all" and mask.sum() < LEAST_ITEMS:
                continue
            here = [replace(one, X=one.X[mask]) for one in asked]
            groups = np.unique(study.clusters[mask], return_inverse=True)[1].astype(np.int64)
            yield from _places(study, criterion, subset, here, groups, boot, margin)
            if subset == "all" or strata:
                for one in here:
                    model = Model.of(study, one, people[mask], mask, groups, author)
                    yield from model.rows(study, criterion, subset, boot)


def _places(
    study: Study, criterion: Criterion, subset: str, asked: Sequence[Judged], groups: NDArray[np.int64],
    boot: Bootstrap, margin: float,
) -> Iterator[Estimate]:  # fmt: skip
    """Yield the share of first places at equal worth of each judge who answered both orders."""
    asked = [one for one in asked if np.isfinite(one.X).all(axis=1).any()]
    codes = criterion.codes
    found = boot.intervals(
        (criterion.key, subset), groups, [Job(FirstGiven(), one.X, codes, DIFFERENCE) for one in asked]
    )
    for one, made in zip(asked, found, strict=True):
        both = np.isfinite(one.X).all(axis=1)
        p = sign_flip(np.where(both, one.first.sum(axis=1), np.nan), groups)
        if not np.isfinite(made.value):
            made = Interval(np.nan, note="not estimable: no pair's answer changes with the order")
        answer = _verdict(made, margin, p, boot.conf_level) if boot.n_boot and np.isfinite(made.low) else None
        told = [SHARE, f"{one.changed} of {int(both.sum())} pairs change"]
        told += [f"{answer}: {WORDS[answer]} (margin {margin:g})"] if answer else []
        yield Estimate(
            statistic="bradley_terry.first_slot",
            criterion=criterion.key,
            subset=subset,
            a=one.judge,
            value=number(made.value),
            low=number(made.low),
            high=number(made.high),
            conf_level=boot.conf_level if np.isfinite(made.low) else None,
            margin=margin,
            verdict=answer,
            p=number(p) if np.isfinite(made.value) else None,
            n_items=int(both.sum()),
            n_raters=1,
            n_ratings=2 * int(both.sum()),
            kind="simulated" if study.simulated([one.judge]) else "",
            method="; ".join(text for text in (*told, "p: sign-flip test", made.method) if text),
            seed=boot.seed,
            note=made.note,
        )


def _verdict(found: Interval, margin: float, p: float, conf_level: float) -> Answer3:
    if 0.5 - margin < found.low and found.high < 0.5 + margin:
        return "no"
    sure = p <= 1 - conf_level + 1e-12
    return "yes" if sure and (found.low > 0.5 or found.high < 0.5) else "undecided"


@dataclass(frozen=True)
class Model:
    """The model of one judge: covariates (answers × c, for the candidate shown first), answers, clusters."""

    judge: str
    names: tuple[str, ...]
    Z: Array
    first: Array
    pair: NDArray[np.int64]
    groups: NDArray[np.int64]
    reason: str
    unit: str
    people: Array
    persons: tuple[str, ...]
    flat: tuple[str, ...]
    one_order: bool

    @classmethod
    def of(
        cls, study: Study, one: Judged, people: Array, mask: NDArray[np.bool_], groups: NDArray[np.int64], author: str
    ) -> Model:
        """Lay out a judge's answers, leaving out pairs that lack a covariate."""
        traces, unit = study.once("traces of candidates", partial(differences, study))
        columns = {name: column[mask] for name, column in traces.items()}
        if np.isfinite(people).any():
            worth = side_mean(
                np.where(np.isfinite(people), np.where(people == TIE, 0, np.where(people == 1, 1, -1)), np.nan)
            )
            columns = {"quality": worth, **columns}
        kinds = kinships(study, one.judge, author) or {}
        columns |= {name: column[mask] for name, column in kinds.items()}
        known = np.all(np.isfinite(np.column_stack(list(columns.values()))), axis=1)
        flat = tuple(name for name, column in columns.items() if not np.any(np.abs(column[known]) > JITTER))
        kept = [name for name in columns if name not in flat]
        own = np.column_stack([columns[name] for name in kept]) if kept else np.empty((len(known), 0))
        pair, order = np.nonzero(np.isfinite(one.X) & known[:, None])
        sign = np.where(order == 0, 1.0, -1.0)
        Z = np.column_stack([np.ones(len(pair)), sign[:, None] * own[pair]])
        first = one.first[pair, order]
        few = len(first) < LEAST_ANSWERS * (Z.shape[1] + 1)
        reason = f"not estimable: {len(first)} answers, {LEAST_ANSWERS} a covariate are needed" if few else ""
        numbered = np.unique(groups[pair], return_inverse=True)[1].astype(np.int64)
        if not reason and (int(numbered.max()) < 2):
            reason = "not estimable: fewer than three clusters of pairs"
        persons = tuple(
            name for name, column in zip(study.people(), people.T, strict=True) if np.isfinite(column).any()
        )
        return cls(
            one.judge, ("slot", *kept), Z, first, pair, numbered, reason, unit, people[known], persons, flat,
            len(set(order.tolist())) < 2,
        )  # fmt: skip

    def rows(self, study: Study, criterion: Criterion, subset: str, boot: Bootstrap) -> Iterator[Estimate]:
        """Yield a row a covariate."""
        from scipy.special import stdtrit

        fitted = None if self.reason else davidson(self.Z, self.first)
        names = (*self.names, *(["tie"] if bool((self.first == 0).any()) else []))
        spread = np.full(len(names), np.nan)
        if fitted is not None and boot.n_boot:
            spread = np.sqrt(np.diag(fitted.clustered(self.groups)))
        G = int(self.groups.max(initial=-1)) + 1
        reach = float(stdtrit(max(G - 1, 1), (1 + boot.conf_level) / 2))
        for place, name in enumerate(names):
            value = np.nan if fitted is None else float(fitted.parameters[place])
            half = reach * float(spread[place])
            yield self._row(study, criterion, subset, name, value, half, G, fitted, boot)
        for name in self.flat:
            reason = "not estimable: the candidates of a pair do not differ in it"
            yield self._row(study, criterion, subset, name, np.nan, np.nan, G, None, boot, reason)

    def _row(
        self, study: Study, criterion: Criterion, subset: str, name: str, value: float, half: float, G: int,
        fitted: Fitted | None, boot: Bootstrap, reason: str = "",
    ) -> Estimate:  # fmt: skip
        raters = [self.judge, *(self.persons if "quality" in self.names else ())]
        notes = [reason or self.reason]
        if not notes[0]:
            notes = ["" if fitted is None or fitted.converged else "the fit did not converge"]
            notes += ["one order only: the place is confounded with what stands there"] * (
                self.one_order and name == "slot"
            )
            if name not in ("slot", "quality", "tie"):
                told = (
                    reliability_said(self.people) if "quality" in self.names else "no people: worth is not held equal"
                )
                notes.append(told.replace("goes to length", "goes to what goes with it"))
            notes += ["no interval: n_boot=0"] * (not boot.n_boot)
        known = np.isfinite(half)
        kind = "" if name in ("slot", "tie", "quality") else "association, no experiment; "
        made = "cluster jackknife (one step), t" if known else ""
        method = (
            f"{kind}{MODEL} {UNITS[name].format(unit=self.unit)}; {made} with df {max(G - 1, 1)}" if known else MODEL
        )
        return Estimate(
            statistic=f"bradley_terry.{name}",
            criterion=criterion.key,
            subset=subset,
            a=self.judge,
            value=number(value),
            low=number(value - half),
            high=number(value + half),
            conf_level=boot.conf_level if known else None,
            n_items=len(set(self.pair.tolist())),
            n_raters=len(raters),
            n_ratings=len(self.first),
            kind="simulated" if study.simulated(raters) else "",
            method=method,
            seed=boot.seed,
            note="; ".join(text for text in notes if text),
        )
