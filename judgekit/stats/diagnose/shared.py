"""What judges and people share: correlations within and between the two sides, with a jackknife over blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judgekit.seeds import rng
from judgekit.stats.diagnose.sheet import Bools, Ints, Sheet
from judgekit.stats.resample import Array

#: Most blocks of items that the jackknife leaves out one by one, and least.
BLOCKS, LEAST_BLOCKS = 200, 8
#: Least number of items that carry a side's variance (participation ratio): under it a few items decide.
CARRIED = 5.0


@dataclass(frozen=True)
class Shared:
    """Correlations of single raters: of two people, of two judges, of a judge and a person; with all blocks, then less.

    Each array holds the value of all items first, then the values with each block left out; NaN where no two raters
    share items.
    """

    people: Array
    judges: Array
    across: Array
    carried: float
    n: int

    @classmethod
    def agreed(cls, sheet: Sheet, judges: Ints, people: Ints, seed: int) -> Shared:
        """Return agreement in place of correlations: one minus squared differences over those expected by chance.

        Within a side that is Krippendorff's alpha up to a finite-size term, across the mean concordance of a judge and
        a person (Lin 1989, doi:10.2307/2532051): a side that answers higher throughout agrees less.
        """
        left, right = _Side.of(sheet, judges, sheet.uncentred), _Side.of(sheet, people, sheet.uncentred)
        columns = [
            left.n * right.n,
            (left.total * right.total).sum(axis=1),
            right.n * left.squares + left.n * right.squares,
        ]
        for side in (left, right):
            columns += [side.pairs, side.n * side.squares - (side.total**2).sum(axis=1), side.n, side.squares]
        kept = _kept(np.stack(columns, axis=1), sheet, seed)
        means = [_kept(side.total, sheet, seed) for side in (left, right)]
        w, cross, squares, w_j, apart_j, n_j, square_j, w_p, apart_p, n_p, square_p = kept.T
        with np.errstate(divide="ignore", invalid="ignore"):
            mean_j, mean_p = means[0] / n_j[:, None], means[1] / n_p[:, None]
            v_j = square_j / n_j - (mean_j**2).sum(axis=1)
            v_p = square_p / n_p - (mean_p**2).sum(axis=1)
            expected = v_j + v_p + ((mean_j - mean_p) ** 2).sum(axis=1)
            across = 1 - (squares - 2 * cross) / w / expected
            among_j, among_p = 1 - apart_j / w_j / v_j, 1 - apart_p / w_p / v_p
        return cls(among_p, among_j, across, _carried(left, right), _common(left, right))

    @classmethod
    def of(cls, sheet: Sheet, judges: Ints, people: Ints, seed: int) -> Shared:
        """Sum products of scores over pairs of raters, item by item: linear in the number of ratings."""
        left, right = _Side.of(sheet, judges, sheet.scores), _Side.of(sheet, people, sheet.scores)
        columns = [left.n * right.n, (left.total * right.total).sum(axis=1)]
        for side in (left, right):
            columns += [side.pairs, (side.total**2).sum(axis=1) - side.squares, side.n, side.squares]
        kept = _kept(np.stack(columns, axis=1), sheet, seed)
        w, cross, w_j, own_j, n_j, square_j, w_p, own_p, n_p, square_p = kept.T
        with np.errstate(divide="ignore", invalid="ignore"):
            v_j, v_p = square_j / n_j, square_p / n_p
            across = cross / w / np.sqrt(v_j * v_p)
            among_p, among_j = own_p / w_p / v_p, own_j / w_j / v_j
        return cls(among_p, among_j, across, _carried(left, right), _common(left, right))


@dataclass(frozen=True)
class _Side:
    n: Array
    total: Array
    squares: Array

    @classmethod
    def of(cls, sheet: Sheet, columns: Ints, scores: Array) -> _Side:
        X = scores[:, columns]
        return cls(sheet.present[:, columns].sum(axis=1).astype(float), X.sum(axis=1), np.einsum("nrd,nrd->n", X, X))

    @property
    def pairs(self) -> Array:
        return self.n * (self.n - 1)

    def carried(self, here: Bools) -> float:
        """Return how many items the variance of the side's mean rests on: (sum d²)² / sum d⁴."""
        rated = here & (self.n > 0)
        mean = self.total[rated] / self.n[rated][:, None]
        square = ((mean - mean.mean(axis=0)) ** 2).sum(axis=1) if rated.any() else np.zeros(1)
        return float(square.sum() ** 2 / (square**2).sum()) if square.any() else 0.0


def below(statistic: Array) -> tuple[float, float]:
    """Return the chance of so low a statistic were its true value 0, and its standard error (jackknife, Student's t).

    ``statistic`` holds the value of all items, then those with each block left out; p is NaN where it is undefined.
    """
    from scipy.special import stdtr

    value, left = float(statistic[0]), statistic[1:]
    B = len(left)
    if B < LEAST_BLOCKS or not np.isfinite(statistic).all():
        return float("nan"), float("nan")
    error = float(np.sqrt((B - 1) / B * ((left - left.mean()) ** 2).sum()))
    if error <= 0:
        return float("nan"), 0.0
    return float(stdtr(B - 1, value / error)), error


def _carried(left: _Side, right: _Side) -> float:
    return min(left.carried(right.n > 0), right.carried(left.n > 0))


def _common(left: _Side, right: _Side) -> int:
    return int(((left.n > 0) & (right.n > 0)).sum())


def _kept(columns: Array, sheet: Sheet, seed: int) -> Array:
    """Return the sums of columns (items × sums): over all items, then with each block left out."""
    blocks = _blocks(sheet, seed)
    sums = np.stack([np.bincount(blocks, column) for column in columns.T], axis=1)
    whole = sums.sum(axis=0)
    return np.vstack([whole, whole - sums])


def _blocks(sheet: Sheet, seed: int) -> Ints:
    """Return each item's block: a group of items is in one block; blocks are filled at random where groups are many."""
    known, group = np.unique(sheet.groups, return_inverse=True)
    if len(known) <= BLOCKS:
        return np.asarray(group.ravel().astype(np.int64))
    shuffled = rng(seed, "diagnose", sheet.criterion.key).permutation(len(known)) % BLOCKS
    return np.asarray(shuffled[group.ravel()].astype(np.int64))
