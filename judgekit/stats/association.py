"""What goes with a judge's values at equal quality, without any experiment: length, the judge's own texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.length import lengths, reliability
from judgekit.stats.limits import side_mean
from judgekit.stats.pairings import Slice, slices
from judgekit.stats.resample import NO_PRIOR, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import number
from judgekit.stats.traces import kinships

if TYPE_CHECKING:
    from judgekit.study import Study

#: With fewer items than this there is no regression.
LEAST = 20
#: With fewer of the judge's own (its provider's) texts than this, or of others', they are not compared.
LEAST_OWN = 5
#: Below this reliability of the people's mean nothing is held equal by it.
LEAST_RELIABLE = 0.2
SAID = {
    "length": "a doubling of {unit}",
    "own": "the judge's own texts against others'",
    "family": "texts by the judge's provider against others'",
}


@dataclass(frozen=True)
class Corrected:
    """Coefficients of a regression on people's mean and c covariates, corrected for the people's noise.

    X is items × (value, people's mean, its error variance, the people's number, sum and sum of squares, covariates).
    Least squares by moments, with the mean error variance taken off the variance of the people's mean: Fuller (1987),
    doi:10.1002/9780470316665. Coefficients are over the standard deviation of all ratings by people. ``place`` is the
    covariate asked for; NaN where too little of the mean's variance is left.

    >>> one = Corrected(0)
    >>> X = np.array([[1.0, 1, 0.5, 2, 2, 4], [2.0, 3, 0.5, 2, 6, 20], [4.0, 5, 0.5, 2, 10, 52]])
    >>> X = np.column_stack([X, [0.0, 1, 0]])
    >>> round(float(one.point(one.features(X).sum(axis=0))), 4)  # -0.5 over 1.915
    -0.2611
    """

    place: int
    corrected: bool = True
    width: None = None

    def features(self, X: Array) -> Array:
        """Return the products of 1, the mean, the covariates and the value, the error variance, the people's sums."""
        there = np.isfinite(X).all(axis=1, keepdims=True)
        Y = np.where(there, X, 0.0)
        Z = np.column_stack([there, Y[:, 1], Y[:, 6:], Y[:, 0]]).astype(float)
        return np.hstack([(Z[:, :, None] * Z[:, None, :]).reshape(len(X), -1), Y[:, 2:6]])

    def point(self, S: Array) -> Array:
        """Return the coefficient in standard deviations of people's ratings."""
        S = np.asarray(S, dtype=float)
        d = int(np.sqrt(S.shape[-1] - 4))
        M = S[..., :-4].reshape(*S.shape[:-1], d, d)
        error, n, total, squares = np.moveaxis(S[..., -4:], -1, 0)
        A, b = M[..., :-1, :-1].copy(), M[..., :-1, -1]
        before = A[..., 1, 1] - A[..., 0, 1] ** 2 / np.maximum(A[..., 0, 0], 1e-300)
        if self.corrected:
            A[..., 1, 1] -= error
        after = A[..., 1, 1] - A[..., 0, 1] ** 2 / np.maximum(A[..., 0, 0], 1e-300)
        variance = squares / np.maximum(n, 1e-300) - (total / np.maximum(n, 1e-300)) ** 2
        scale = np.sqrt(np.diagonal(A, axis1=-2, axis2=-1).clip(1e-300))
        R = A / (scale[..., :, None] * scale[..., None, :])
        bad = ~(after > LEAST_RELIABLE * before) | (variance < 1e-12) | ~(np.linalg.det(R) > 1e-9)
        R = np.where(bad[..., None, None], np.eye(d - 1), R)
        found = np.linalg.solve(R, (b / scale)[..., None])[..., 0] / scale
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(bad, np.nan, found[..., 2 + self.place] / np.sqrt(np.maximum(variance, 1e-300))))

    population = point


@register("stats")
def association(
    study: Study, *, boot: Bootstrap, pool: str | None = None, author: str = "author"
) -> Iterator[Estimate]:
    """Associations of a judge's values with length and own authorship at equal human quality; never a verdict.

    A regression of the judge's values on the people's mean (of ``pool``, by default all), corrected for the people's
    noise, with log length, and with whether the judge or its provider wrote the text where the items' column ``author``
    tells. No experiment: what goes with length beside the people's quality is in it. For pairs see ``bradley_terry``.
    """
    from judgekit.errors import InputError, listed

    pools = study.pools()
    if pool is not None and pool not in pools:
        raise InputError(f"no pool is called '{pool}'", where="association", fix=f"there are: {listed(pools)}")
    names = tuple(study.people() if pool is None else pools[pool])
    for part in slices(study):
        if part.subset != "all":
            continue
        reason = _lacking(study, part, names)
        if reason:
            yield Estimate("association.length", part.criterion.key, None, seed=boot.seed, note=reason)
            continue
        people = part.matrix(names)
        length, unit = lengths(list(study.item_column("text").to_numpy()))
        for judge in study.judges():
            yield from _rows(study, part, judge, names, people, length / np.log(2.0), unit, author, boot)


def _lacking(study: Study, part: Slice, names: Sequence[str]) -> str:
    if study.task.form == "pairwise":
        return "not estimable: pairs have no values, see bradley_terry"
    if part.criterion.scale == "nominal" and len(part.criterion.codes) != 2:
        return "not estimable: levels without an order"
    if not names or not np.isfinite(part.matrix(names)).any():
        return "not estimable: no people, so that quality cannot be held equal"
    return "" if study.judges() else "not estimable: no judge"


def _rows(
    study: Study, part: Slice, judge: str, names: tuple[str, ...], people: Array, length: Array, unit: str, author: str,
    boot: Bootstrap,
) -> Iterator[Estimate]:  # fmt: skip
    columns = {"length": length}
    lacking: dict[str, str] = {}
    for kind, column in (kinships(study, judge, author) or {}).items():
        ours, others = int((column == 1).sum()), int((column == 0).sum())
        if min(ours, others) < LEAST_OWN:
            lacking[kind] = f"not estimable: {ours} such texts and {others} others, {LEAST_OWN} of each are needed"
        else:
            columns[kind] = column
    if not np.isfinite(length).any():
        lacking["length"] = "not estimable: no texts"
        del columns["length"]
    laid = Laid.of(part, judge, people, columns)
    found = laid.intervals(part, boot)
    for kind in (*columns, *lacking):
        one = Interval(np.nan, note=lacking[kind]) if kind in lacking else found[kind]
        told = f"association, no experiment: {SAID[kind].format(unit=unit)}, in human SDs, at equal people's mean"
        known = np.isfinite(one.low)
        yield Estimate(
            statistic=f"association.{kind}",
            criterion=part.criterion.key,
            subset=part.subset,
            a=judge,
            b=kind,
            value=number(one.value),
            low=number(one.low),
            high=number(one.high),
            conf_level=boot.conf_level if known else None,
            n_items=int(laid.used.sum()),
            n_raters=1 + int(np.isfinite(people[laid.used]).any(axis=0).sum()),
            n_ratings=int(laid.used.sum() + np.isfinite(people[laid.used]).sum()),
            kind="simulated" if study.simulated([judge, *names]) else "",
            method="; ".join(text for text in (told, laid.how, one.method) if text),
            seed=boot.seed,
            note=one.note,
        )


@dataclass(frozen=True)
class Laid:
    """The table of a judge's regression, and how the people's noise is allowed for."""

    X: Array
    kinds: tuple[str, ...]
    used: NDArray[np.bool_]
    corrected: bool
    how: str

    @classmethod
    def of(cls, part: Slice, judge: str, people: Array, columns: dict[str, Array]) -> Laid:
        """Lay out the items that the judge and people rated; with two people each, where most have two."""
        k = np.isfinite(people).sum(axis=1)
        mean = side_mean(people)
        squares = np.nansum((people - mean[:, None]) ** 2, axis=1)
        twice = k >= 2
        corrected = bool(twice.sum() * 2 >= (k > 0).sum())
        error = np.where(twice, squares / np.maximum(k * (k - 1), 1), np.nan if corrected else 0.0)
        total, total2 = np.nansum(people, axis=1), np.nansum(people**2, axis=1)
        own = part.matrix([judge])[:, 0]
        X = np.column_stack([own, mean, error, k, total, total2, *columns.values()])
        used = np.isfinite(X).all(axis=1)
        told = reliability(people[used])
        how = f"corrected for the people's noise (reliability of their mean {told:.2f})" if corrected else ""
        return cls(np.where(used[:, None], X, np.nan), tuple(columns), used, corrected, how)

    def intervals(self, part: Slice, boot: Bootstrap) -> dict[str, Interval]:
        """Return each covariate's coefficient, with what it would be without the correction."""
        n = int(self.used.sum())
        known = self.X[self.used]
        reason = ""
        if n < LEAST:
            reason = f"not estimable: {n} items, {LEAST} are needed"
        elif not np.std(known[:, 0]) > 1e-9:
            reason = "not estimable: the judge's values do not vary"
        if reason:
            return {kind: Interval(np.nan, note=reason) for kind in self.kinds}
        jobs = [Job(Corrected(place, self.corrected), self.X, (), NO_PRIOR) for place in range(len(self.kinds))]
        found = boot.intervals((*part.stream, "association"), part.groups, jobs)
        made = {}
        for place, (kind, one) in enumerate(zip(self.kinds, found, strict=True)):
            plain = Corrected(place, False)
            raw = float(plain.point(plain.features(self.X).sum(axis=0)))
            note = f"uncorrected {raw:.2g}" if self.corrected else "one person an item: the people's noise goes into it"
            if not np.isfinite(one.value):
                note = "not estimable: the people's mean is too noisy, or covariates coincide"
            made[kind] = Interval(one.value, one.low, one.high, one.method, "; ".join(t for t in (note, one.note) if t))
        return made
