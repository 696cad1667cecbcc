"""The arithmetic behind the evidence on a rater's care: runs of equal answers, and agreement with the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from judgekit.schema import Task

Array = NDArray[np.float64]
#: Random orders that say how long a run comes about by chance.
ORDERS = 500
#: With fewer items in common no agreement is told.
LEAST = 5


def longest_run(values: Array) -> NDArray[np.int64]:
    """Return the longest run of equal neighbours in each row (B × n).

    >>> longest_run(np.array([[1.0, 1, 2, 2, 2], [1, 2, 1, 2, 1]])).tolist()
    [3, 1]
    """
    run = np.ones(len(values), dtype=np.int64)
    best = run * min(values.shape[1], 1)
    for column in range(1, values.shape[1]):
        run = np.where(values[:, column] == values[:, column - 1], run + 1, 1)
        best = np.maximum(best, run)
    return np.asarray(best, dtype=np.int64)


def chance_of_run(values: Array, length: int, rng: np.random.Generator) -> float:
    """Return the share of random orders of the same answers (n) that have a run this long."""
    orders = rng.permuted(np.tile(values, (ORDERS, 1)), axis=1)
    return float((1 + (longest_run(orders) >= length).sum()) / (1 + ORDERS))


@dataclass(frozen=True)
class Agreed:
    """A rater's agreement with the rest: value, interval, answers compared, items."""

    value: float
    low: float
    high: float
    n: int
    items: int
    note: str = ""

    @property
    def numbers(self) -> tuple[float, float, float, int, int]:
        """Value, low, high, n, items."""
        return self.value, self.low, self.high, self.n, self.items


@dataclass(frozen=True)
class RestAgreement:
    """First blind answers to the study's own items, beside the other raters' answers of the pool.

    For a rater with answers x_i and the others' answers y_ij, observed disagreement is the mean over items of the mean
    over j of d(x_i, y_ij); expected disagreement is that of these answers with the others' to any of these items; the
    value is 1 - observed / expected, a weighted kappa with a rater drawn from the rest (Cohen 1968,
    doi:10.1037/h0026256). d is squared distance, or 0/1 where the scale is nominal. The mean over criteria is told,
    with a jackknife over items.
    """

    of_criteria: tuple[Compared, ...]

    @classmethod
    def of(cls, task: Task, ratings: pd.DataFrame) -> RestAgreement:
        """Return what is needed of a desk's ratings."""
        mine = (ratings["purpose"] == "item") & (ratings["rep"] == 0) & (ratings["status"] == "ok")
        if "arm" in ratings:
            mine &= ratings["arm"].fillna("blind") == "blind"
        rows = ratings.loc[mine, ["item", "variant", "criterion", "rater", "value"]].copy()
        rows["pool"] = ratings.loc[mine, "pool"] if "pool" in ratings else ""
        rows["unit"] = pd.factorize(rows["item"].astype(str) + "\x1f" + rows["variant"].astype(str))[0]
        nominal = {criterion.key: criterion.scale == "nominal" for criterion in task.criteria}
        return cls(
            tuple(
                Compared.of(part, nominal[str(key)]) for key, part in rows.groupby("criterion") if str(key) in nominal
            )
        )

    def of_rater(self, rater: str, conf_level: float) -> Agreed | None:
        """Return the agreement of one rater; None where nobody shares an item."""
        from scipy.special import stdtrit

        rows = [np.flatnonzero((part.raters == rater) & part.shared) for part in self.of_criteria]
        found_in = [part.units[at] for part, at in zip(self.of_criteria, rows, strict=True)]
        units = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *found_in]))
        answers, items = sum(map(len, rows)), len(units)
        if not items:
            return None
        values, leaves = [], []
        for part, at in zip(self.of_criteria, rows, strict=True):
            S = np.zeros((items, part.features.shape[1]))
            S[np.searchsorted(units, part.units[at])] = part.features[at]
            total = S.sum(axis=0)
            values.append(_kappa(total[None, :], part.nominal))
            leaves.append(_kappa(total - S, part.nominal))
        value, without = _mean(np.array(values)), _mean(np.array(leaves))
        if items < LEAST or not np.isfinite(value[0]):
            note = f"{items} item(s) in common: too few" if items < LEAST else "these answers do not vary"
            return Agreed(np.nan, np.nan, np.nan, answers, items, note)
        without = without[np.isfinite(without)]
        error = float(np.sqrt((len(without) - 1) / len(without) * np.sum((without - without.mean()) ** 2)))
        half, found = float(stdtrit(items - 1, (1 + conf_level) / 2)) * error, float(value[0])
        if not half > 1e-9:
            note = "no interval: leaving out any item changes nothing"
            return Agreed(found, np.nan, np.nan, answers, items, note)
        return Agreed(found, max(-1.0, found - half), min(1.0, found + half), answers, items)


@dataclass(frozen=True)
class Compared:
    """One criterion's answers: whose, of which unit, whether anybody shares it, and each one's sums (rows × F)."""

    raters: NDArray[np.object_]
    units: NDArray[np.int64]
    shared: NDArray[np.bool_]
    features: Array
    nominal: bool

    @classmethod
    def of(cls, rows: pd.DataFrame, nominal: bool) -> Compared:
        """Return the sums of each answer with those of the others of its unit and pool."""
        group = np.unique(
            np.stack([rows["unit"].to_numpy(), pd.factorize(rows["pool"])[0]]), axis=1, return_inverse=True
        )[1].ravel()
        x = rows["value"].to_numpy(dtype=float)
        others = np.bincount(group)[group] - 1.0
        with np.errstate(invalid="ignore", divide="ignore"):
            if nominal:
                hot = (x[:, None] == np.unique(x)).astype(float)
                counts = np.zeros((group.max(initial=-1) + 1, hot.shape[1]))
                np.add.at(counts, group, hot)
                shares = (counts[group] - hot) / others[:, None]
                F = np.column_stack([np.ones(len(x)), (hot * shares).sum(axis=1), hot, shares])
            else:
                m1, m2 = ((np.bincount(group, weights=y)[group] - y) / others for y in (x, x**2))
                F = np.column_stack([np.ones(len(x)), x, x**2, m1, m2, x * m1])
        return cls(rows["rater"].to_numpy(dtype=object), rows["unit"].to_numpy(np.int64), others > 0, F, nominal)


def _mean(values: Array) -> Array:
    """Return the mean over criteria (C × n) of those that are defined; NaN where none is."""
    there = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(
            np.where(there, values, 0).sum(axis=0) / np.where(there.any(axis=0), there.sum(axis=0), np.nan)
        )


def _kappa(sums: Array, nominal: bool) -> Array:
    """Return 1 - observed / expected disagreement of sums (n × F); NaN where nothing is expected."""
    n = np.where(sums[:, :1] > 0, sums[:, :1], np.nan)
    means = sums / n
    if nominal:
        K = (sums.shape[1] - 2) // 2
        observed, expected = 1 - means[:, 1], 1 - (means[:, 2 : 2 + K] * means[:, 2 + K :]).sum(axis=1)
    else:
        _, x, xx, m1, m2, xm = means.T
        observed, expected = xx - 2 * xm + m2, xx - 2 * x * m1 + m2
    with np.errstate(invalid="ignore"):
        return np.asarray(1 - observed / np.where(expected > 1e-12, expected, np.nan))
