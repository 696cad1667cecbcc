"""Intraclass correlations: how much of the spread of ratings is spread between items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.mean_squares import FORMS, CompleteIcc, MeanSquares
from judgekit.stats.pairings import Pairing, Slice, levels_of, pairings, slices
from judgekit.stats.prior import NO_PRIOR, SINGLE, Prior
from judgekit.stats.resample import Array, Bootstrap, Interval, Job
from judgekit.stats.rows import confirmed, row
from judgekit.stats.unbalanced import UnbalancedIcc

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
#: On a continuum there are no levels for pseudo-items; heavy tails then ask for Satterthwaite's df as they are.
CONTINUUM = Prior(mass=0.0, unanimous=0.0, spread=1.0)
INTERVALS = ("bootstrap", "F")


@register("stats")
def icc(study: Study, *, boot: Bootstrap, interval: str = "bootstrap") -> Iterator[Estimate]:
    """Intraclass correlations in six forms: people, judge joined to people, judges (interval=F: classical limits)."""
    if interval not in INTERVALS:
        raise InputError(f"no interval is called '{interval}'", fix=f"choose one of: {', '.join(INTERVALS)}")
    for part in slices(study):
        if part.criterion.scale == "nominal":
            continue
        for pairing in _compared(study, part):
            X, groups = _table(part, pairing)
            found, said = _intervals(part, X, groups, boot, interval)
            k = float(1 / np.mean(1 / np.isfinite(X).sum(axis=1))) if len(X) else np.nan
            for form, one in zip(FORMS, found, strict=True):
                meaning = MEANING[form].format(k=k)
                yield row(study, f"icc.{form}", part, pairing, one, boot, f"{meaning}; {said}")


def _compared(study: Study, part: Slice) -> list[Pairing]:
    """Return the comparisons that are no single person's: pools, a judge with a pool or an aggregate, judges."""
    pools, persons, judges = set(study.pools()), set(study.people()), set(study.judges())
    return [
        pairing
        for pairing in pairings(study, part)
        if pairing.left == pairing.right
        or ({pairing.a, pairing.b} & judges and not {pairing.a, pairing.b} & (persons - pools))
    ]


def _table(part: Slice, pairing: Pairing) -> tuple[Array, NDArray[np.int64]]:
    """Return the ratings of items that both sides rated (at least twice within a pool) and the items' clusters."""
    X = part.matrix(pairing.raters)
    there = np.isfinite(X)
    used = there.sum(axis=1) >= 2
    if pairing.left != pairing.right:
        used &= part.answered(pairing.left).any(axis=1) & part.answered(pairing.right).any(axis=1)
    X = X[used]
    return X[:, np.isfinite(X).any(axis=0)], np.unique(part.groups[used], return_inverse=True)[1].astype(np.int64)


def _intervals(
    part: Slice, X: Array, groups: NDArray[np.int64], boot: Bootstrap, interval: str
) -> tuple[list[Interval], str]:
    """Return the six intervals of a table and how their values were made."""
    n, k = X.shape
    if n < 3 or k < 2:
        return [Interval(np.nan, note=f"not estimable: {n} items with two ratings, three are needed")] * 6, ""
    if np.isfinite(X).all():
        squares = MeanSquares.of(X)
        _confirm(X, squares)
        said = "mean squares of the complete table"
        if interval == "F":
            return _classical(squares, groups, boot), said
        centre = float(X.mean())
        found = _bootstrap(part, X, groups, boot, lambda width: CompleteIcc(n, k, centre, width), k)
        return found, said + "; these raters"
    width = int(np.median(np.isfinite(X).sum(axis=1)))
    model = UnbalancedIcc.of(X, None)
    said = "; ".join(word for word in ("REML variance components, cells missing", model.status) if word)
    if interval == "F":
        values = model.point(model.features(X).sum(axis=0))
        note = "no F interval: cells are missing, use the bootstrap"
        return [Interval(float(value), note=note) for value in values], said
    made = _bootstrap(part, X, groups, boot, lambda wide: UnbalancedIcc(**{**vars(model), "width": wide}), width)
    return made, said + "; replicates reweight REML's equations; these raters"


def _bootstrap(
    part: Slice, X: Array, groups: NDArray[np.int64], boot: Bootstrap, make: Any, width: int
) -> list[Interval]:
    """Return engine intervals: with pseudo-items where levels are declared, without on a continuum.

    A table without any disagreement has width from pseudo-items of the values seen.
    """
    codes = part.criterion.codes
    job = Job(make(width), X, codes, SINGLE) if codes else Job(make(None), X, (), CONTINUUM)
    found = boot.intervals(part.stream, groups, [job])
    if codes or not any(np.isfinite(one.value) and one.low == one.high for one in found):
        return found
    seen = levels_of(part.criterion, X)
    return boot.intervals(part.stream, groups, [Job(make(width), X, seen, SINGLE)])


def _classical(squares: MeanSquares, groups: NDArray[np.int64], boot: Bootstrap) -> list[Interval]:
    """Return the intervals from F distributions; they take items as independent and raters as drawn at random."""
    method = "F distributions, items and raters drawn at random"
    note = "clusters of items are ignored" if groups.max() + 1 < len(groups) else ""
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
    with np.errstate(divide="ignore", invalid="ignore"):
        table = intraclass_corr(long, targets="item", raters="rater", ratings="value").set_index("Type")["ICC"]
    names = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)")
    return {form: float(table[name]) for form, name in zip(FORMS, names, strict=True)}
