"""Which signals foretell failure: the area under the ROC curve of each, of their index, of a cross-fitted mixture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.edges.auc import auc_job, chance_p
from judgekit.edges.index import columns, combined, ranks, weights_of
from judgekit.edges.outcome import WAYS, outcome
from judgekit.edges.signals import SIGNALS
from judgekit.errors import InputError, listed
from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.multiple import by
from judgekit.stats.needed import POWER, detectable
from judgekit.stats.pairings import Slice, slices
from judgekit.stats.resample import Array, Bootstrap, Interval
from judgekit.stats.rows import number

if TYPE_CHECKING:
    from judgekit.study import Study

#: With fewer failures, or fewer other items, an area says next to nothing.
LEAST = 5


@dataclass(frozen=True)
class Candidate:
    """One number an item that may foretell failure."""

    statistic: str
    name: str
    values: Array
    said: str
    looks: bool = field(default=False)


@register("stats")
def signals(
    study: Study,
    *,
    boot: Bootstrap,
    way: str = "failure",
    pool: str | None = None,
    weights: Mapping[str, float] | None = None,
    folds: int = 5,
    margin: float = 0.1,
    embed: bool = False,
) -> Iterator[Estimate]:
    """Which signals of edge cases foretell a judge's failures on items held out: areas under the ROC curve.

    ``a`` is the judge, ``b`` the signal; ``way`` the failure (``judgekit.edges.outcome.WAYS``), against all people or
    those of ``pool``. A signal's direction and the index's weights (``weights``: signal → weight) are fixed beforehand;
    the mixture is a ridge logistic regression on ranks, each item foretold by a fit on the other ``folds``. Verdict:
    yes (foretells) where the interval lies above ½ and q, over the signals of a judge, agrees; no where it lies below
    ½ + ``margin``; else undecided.
    """
    if way not in WAYS:
        raise InputError(f"no way of failing is called '{way}'", where="signals", fix=f"choose one of: {listed(WAYS)}")
    pools = study.pools()
    if pool is not None and pool not in pools:
        raise InputError(f"no pool is called '{pool}'", where="signals", fix=f"there are: {listed(pools)}")
    if folds < 2 or not margin > 0:
        raise InputError(
            f"folds={folds}, margin={margin:g}", where="signals", fix="use 2 folds or more, a margin above 0"
        )
    chosen = weights_of(weights)
    for part in slices(study):
        if part.subset == "all":
            yield from _rows(study, part, boot, way, pool or "", chosen, folds, margin, embed)


def _rows(
    study: Study, part: Slice, boot: Bootstrap, way: str, pool: str, weights: Mapping[str, float], folds: int,
    margin: float, embed: bool,
) -> Iterator[Estimate]:  # fmt: skip
    table = columns(study, part.criterion, embed=embed)
    members = study.pools()[pool] if pool else study.people()
    for judge in study.judges():
        flags = outcome(study, part.criterion, judge, pool).flags.get(way)
        if flags is None:
            continue
        made = [
            Candidate("signals.auc", name, table[name].to_numpy(dtype=float), one.definition, one.sees == "both")
            for name, one in SIGNALS.items()
            if table[name].notna().any()
        ]
        made.append(Candidate("signals.index", "index", combined(table, weights), _told(weights)))
        blind = table[[name for name, one in SIGNALS.items() if one.sees != "both"]].to_numpy(dtype=float)
        rng = seeds.rng(boot.seed, *part.stream, "folds of signals")
        fitted = foretold(blind, flags, part.groups, folds, rng)
        said = f"ridge logistic regression on the ranks of the signals, {folds} folds by cluster"
        made.append(Candidate("signals.fitted", "fitted", fitted, said))
        known = [(flags > 0.5).sum() >= LEAST and (flags < 0.5).sum() >= LEAST] * len(made)
        jobs = [auc_job(flags, one.values) for one, enough in zip(made, known, strict=True) if enough]
        found = iter(boot.intervals((*part.stream, "signals"), part.groups, jobs))
        intervals = [next(found) if enough else Interval(np.nan, note=_few(flags)) for enough in known]
        tested = [np.isfinite(at.value) and not one.looks for one, at in zip(made, intervals, strict=True)]
        p = np.array(
            [
                chance_p(flags, one.values, part.groups) if test else np.nan
                for one, test in zip(made, tested, strict=True)
            ]
        )
        single = np.array([one.statistic == "signals.auc" for one in made])
        q = np.where(single, by(np.where(single, p, np.nan)), np.nan)
        for place, (one, at) in enumerate(zip(made, intervals, strict=True)):
            made_row = _row(study, part, judge, members, one, flags, at, boot, way, margin, p[place], q[place])
            n = int(np.isfinite(q).sum())
            said = f"q: Benjamini–Yekutieli over {n} signals; " if np.isfinite(q[place]) else ""
            yield replace(made_row, method=said + made_row.method)


def _told(weights: Mapping[str, float]) -> str:
    return "weighted mean of ranks: " + ", ".join(f"{name} {weights[name]:g}" for name in weights if weights[name] > 0)


def _few(flags: Array) -> str:
    failed, rest = int((flags > 0.5).sum()), int((flags < 0.5).sum())
    return f"not estimable: {failed} items failed and {rest} did not, {LEAST} of each are needed"


def foretold(X: Array, flags: Array, groups: NDArray[np.int64], folds: int, rng: np.random.Generator) -> Array:
    """Return each item's log odds of failing, by a fit on the items of the other folds (n); NaN where none can be had.

    ``X`` is items × signals; clusters are never divided. A signal that an item lacks counts as ½, the middle rank.
    """
    from sklearn.linear_model import LogisticRegression

    found = np.full(len(flags), np.nan)
    R = np.column_stack([ranks(column) for column in X.T]) if X.size else np.empty((len(flags), 0))
    R = np.where(np.isfinite(R), R, 0.5)
    R = R[:, np.ptp(R, axis=0) > 0] if R.size else R
    known = np.isfinite(flags)
    clusters = np.unique(groups)
    fold = (rng.permutation(len(clusters)) % folds)[np.searchsorted(clusters, groups)]
    for held in range(folds):
        train, test = known & (fold != held), known & (fold == held)
        if R.shape[1] == 0 or not test.any() or len(np.unique(flags[train])) < 2:
            continue
        fit = LogisticRegression(C=1.0, max_iter=1000).fit(R[train] - 0.5, flags[train] > 0.5)
        found[test] = fit.decision_function(R[test] - 0.5)
    return found


def _row(
    study: Study, part: Slice, judge: str, members: list[str], one: Candidate, flags: Array, found: Interval,
    boot: Bootstrap, way: str, margin: float, p: float, q: float,
) -> Estimate:  # fmt: skip
    used = np.isfinite(flags) & np.isfinite(one.values)
    answer: Answer3 | None = None
    if np.isfinite(found.value) and boot.n_boot and not one.looks:
        answer = "undecided"
        if np.isfinite(found.low):
            sure = not np.isfinite(q) or q <= 1 - boot.conf_level
            answer = "yes" if found.low > 0.5 and sure else "no" if found.high < 0.5 + margin else "undecided"
    words = {"yes": "foretells failure", "no": "does not foretell failure", "undecided": "too few items to tell"}
    told = [f"area under the ROC curve of {way}: {one.said}"]
    told += [f"{answer}: {words[answer] if not found.high < 0.5 else 'lower on failures'}"] if answer else []
    told += ["it looks at the failure itself: no test"] if one.looks else []
    told += ["p: DeLong's test, clusters by Obuchowski"] if np.isfinite(p) else []
    least = detectable(found, boot.conf_level)
    gap = f"an area of {0.5 + least:.2f} would be found in {POWER * 100:.0f} % of such studies"
    notes = [found.note, gap if answer in ("no", "undecided") and np.isfinite(least) else ""]
    raters = [judge, *members]
    return Estimate(
        statistic=one.statistic,
        criterion=part.criterion.key,
        a=judge,
        b=one.name,
        value=number(found.value),
        low=number(found.low),
        high=number(found.high),
        conf_level=boot.conf_level if np.isfinite(found.low) else None,
        margin=margin if answer else None,
        verdict=answer,
        p=number(p),
        q=number(q),
        n_items=int(used.sum()),
        n_raters=len(raters),
        n_ratings=int(part.answered(raters)[used].sum()),
        kind="simulated" if study.simulated(raters) else "",
        method="; ".join(text for text in (*told, found.method) if text),
        seed=boot.seed,
        note="; ".join(note for note in notes if note),
    )
