"""Intraclass correlations: how much of the spread of ratings is spread between items."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.comparisons import smooth_intervals, without_persons
from judgekit.stats.mean_squares import FORMS, CompleteIcc, MeanSquares
from judgekit.stats.pairings import Pairing, Slice, slices
from judgekit.stats.resample import Array, Bootstrap, Interval
from judgekit.stats.rows import confirmed, row
from judgekit.stats.unbalanced import UnbalancedIcc, harmonic

if TYPE_CHECKING:
    from judgekit.study import Study

#: What each form means (McGraw & Wong 1996, doi:10.1037/1082-989X.1.1.30).
MEANING = {
    "1": "one-way random, single rating",
    "A1": "two-way, absolute agreement, single rating",
    "C1": "two-way, consistency, single rating",
    "1k": "one-way random, mean of k = {k:.4g} ratings",
    "Ak": "two-way, absolute agreement, mean of k = {k:.4g} ratings",
    "Ck": "two-way, consistency, mean of k = {k:.4g} ratings",
}
#: Tables with more ratings are not sent to pingouin, which takes a second for each 10,000.
MOST_CONFIRMED = 20_000
INTERVALS = ("bootstrap", "F")


@register("stats")
def icc(study: Study, *, boot: Bootstrap, interval: str = "bootstrap") -> Iterator[Estimate]:
    """Intraclass correlations in six forms: people, judge joined to people, judges (interval=F: classical limits)."""
    if interval not in INTERVALS:
        raise InputError(f"no interval is called '{interval}'", fix=f"choose one of: {', '.join(INTERVALS)}")
    for part in slices(study):
        if part.criterion.scale == "nominal":
            continue
        for pairing in _asked(study, part):
            X = _table(part, pairing)
            found, said = _intervals(part, X, boot, interval)
            k = harmonic(X)
            for form, one in zip(FORMS, found, strict=True):
                meaning = MEANING[form].format(k=k)
                yield row(study, f"icc.{form}", part, pairing, one, boot, f"{meaning}; {said}")


def _asked(study: Study, part: Slice) -> list[Pairing]:
    """Return pools, judges joined to pools or aggregates, and judges; two pools are no panel."""
    judges = set(study.judges())
    return [p for p in without_persons(study, part) if p.left == p.right or {p.a, p.b} & judges]


def _table(part: Slice, pairing: Pairing) -> Array:
    """Return the ratings of those who rated; items that one side did not rate (or one person only) are blanked."""
    X = part.matrix(pairing.raters)
    used = np.isfinite(X).sum(axis=1) >= 2
    if pairing.left != pairing.right:
        used &= part.answered(pairing.left).any(axis=1) & part.answered(pairing.right).any(axis=1)
    X = np.where(used[:, None], X, np.nan)
    return np.asarray(X[:, np.isfinite(X).any(axis=0)])


def _intervals(part: Slice, X: Array, boot: Bootstrap, interval: str) -> tuple[list[Interval], str]:
    """Return the six intervals of a table and how their values were made."""
    table = X[np.isfinite(X).any(axis=1)]
    n, k = table.shape
    if n < 3 or k < 2:
        return [Interval(np.nan, note=f"not estimable: {n} items with two ratings, three are needed")] * 6, ""
    if np.isfinite(table).all():
        squares = MeanSquares.of(table)
        _confirm(table, squares)
        said = "mean squares of the complete table"
        if interval == "F":
            return _classical(squares, part, boot), said
        return smooth_intervals(part, X, boot, CompleteIcc(n, k, float(table.mean()), None), k), f"{said}; these raters"
    model = UnbalancedIcc.of(X)
    said = "; ".join(word for word in ("REML variance components, cells missing", model.status) if word)
    if interval == "F":
        values = model.point(model.features(X).sum(axis=0))
        note = "no F interval: cells are missing, use the bootstrap"
        return [Interval(float(value), note=note) for value in values], said
    width = int(np.median(np.isfinite(table).sum(axis=1)))
    return smooth_intervals(part, X, boot, model, width), f"{said}; replicates reweight REML's equations; these raters"


def _classical(squares: MeanSquares, part: Slice, boot: Bootstrap) -> list[Interval]:
    """Return the intervals from F distributions; they take items as independent and raters as drawn at random."""
    method = "F distributions, items and raters drawn at random"
    note = "clusters of items are ignored" if part.groups.max() + 1 < len(part.groups) else ""
    limits = squares.f_intervals(boot.conf_level)
    if not np.isfinite(limits[0][0]):
        note = "no F interval: no residual variance, use the bootstrap"
    return [
        Interval(float(value), low, high, method, note)
        for value, (low, high) in zip(squares.iccs(), limits, strict=True)
    ]


def _confirm(X: Array, squares: MeanSquares) -> None:
    """Refuse values that differ from pingouin's; it needs five items and is not asked about large tables."""
    spread = float(X.std())
    if len(X) < 5 or X.size > MOST_CONFIRMED or not spread > 0:
        return
    theirs = reference((X - X.mean()) / spread)
    for form, ours in zip(FORMS, squares.iccs(), strict=True):
        if np.isfinite(ours):
            size = max(1.0, abs(float(ours)))
            confirmed(f"icc.{form}", float(ours) / size, theirs[form] / size, f"{squares.n} items x {squares.k} raters")


def reference(X: Array) -> dict[str, float]:
    """Return pingouin's six coefficients of a complete table (items × raters)."""
    import pandas as pd
    from pingouin import intraclass_corr

    n, k = X.shape
    long = pd.DataFrame({"item": np.repeat(np.arange(n), k), "rater": np.tile(np.arange(k), n), "value": X.ravel()})
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore")  # of pingouin's own use of pandas and of F without residual variance
        table = intraclass_corr(long, targets="item", raters="rater", ratings="value").set_index("Type")["ICC"]
    names = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)")
    return {form: float(table[name]) for form, name in zip(FORMS, names, strict=True)}
