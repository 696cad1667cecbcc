"""The risk–coverage curve: how often a judge disagrees with people among the items it is surest of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.edges.chain import Chain
from judgekit.edges.rows import estimate
from judgekit.schema import Estimate
from judgekit.stats.prior import PriorDraws
from judgekit.stats.resample import NO_PRIOR, SINGLE, Array, Bootstrap, Job

if TYPE_CHECKING:
    from judgekit.study import Study

#: Shares of items accepted at which the curve is drawn, in percent.
COVERAGES = tuple(range(10, 101, 10))


@dataclass(frozen=True)
class Curve:
    """The risk among the surest items at each share accepted, of X = (confidence, loss); ties share an item."""

    cuts: tuple[tuple[float, float], ...]
    width: int | None = 2

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Both columns are behind each output."""
        return ((0, 1),) * len(self.cuts)

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Tell which items are accepted at each share."""
        return np.asarray(self.weights(X) > 0)

    def weights(self, X: Array) -> Array:
        """Return how much of each item is accepted at each share (n × shares)."""
        known = np.all(np.isfinite(X), axis=1)[:, None]
        cut, tied = (np.array([one[k] for one in self.cuts]) for k in (0, 1))
        c = np.where(known, X[:, :1], -np.inf)
        return np.where(known, (c > cut) + np.equal(c, cut) * tied, 0.0)

    def features(self, X: Array) -> Array:
        """Return each item's part of the count and of the loss at each share (n × 2 shares)."""
        w = self.weights(X)
        return np.concatenate([w, w * np.nan_to_num(X[:, 1:2])], axis=1)

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates."""
        return np.asarray(prior.weights[rows] @ self.features(prior.rows))

    def point(self, S: Array) -> Array:
        """Return the risk at each share."""
        Q = len(self.cuts)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(S[..., :Q] > 0, S[..., Q:] / S[..., :Q], np.nan))

    population = point


def curve(study: Study, chain: Chain, boot: Bootstrap) -> Iterator[Estimate]:
    """Yield the risk–coverage curve of a single judge (El-Yaniv & Wiener 2010,
    https://jmlr.org/papers/v11/el-yaniv10a.html), and the area under it."""
    if len(chain.stages) > 1:
        return
    c, loss = chain.best, chain.losses[:, 0]
    used = np.isfinite(c) & np.isfinite(loss)
    if used.sum() < 2:
        return
    cuts = tuple(cut(c[used], share / 100) for share in COVERAGES)
    X = np.where(used[:, None], np.column_stack([c, loss]), np.nan)
    part = chain.one.part
    found = boot.intervals(part.stream, part.groups, [Job(Curve(cuts), X, (0.0, 1.0), SINGLE)])
    for share, interval in zip(COVERAGES, found, strict=True):
        said = f"{chain.said}; disagreement among the surest {share} %"
        yield estimate(study, chain.one, f"route.risk.{share:03d}", interval, boot, used=used, said=said)
    area = boot.intervals(part.stream, part.groups, [Job(Area(), X, (), NO_PRIOR)])[0]
    said = f"{chain.said}; area under the risk–coverage curve, mean over all shares accepted"
    yield estimate(study, chain.one, "route.aurc", area, boot, used=used, said=said)


def cut(c: Array, share: float) -> tuple[float, float]:
    """Return the confidence above which all are accepted, and the part of those at it, for a share of all items."""
    wanted = share * len(c)
    ordered = np.sort(c)[::-1]
    value = float(ordered[min(int(np.ceil(wanted - 1e-9)), len(c)) - 1])
    above, at = int((c > value).sum()), int(np.equal(c, value).sum())
    return value, (wanted - above) / at


@dataclass(frozen=True)
class Area:
    """The area under the risk–coverage curve of X = (confidence, loss): Geifman, Uziel & El-Yaniv 2019,
    arXiv:1805.08206."""

    width: None = None

    def weighted(self, X: Array, weights: Array) -> Array:
        """Return the area under each row of item weights (B × n): the mean of the risks at every share accepted."""
        known = np.flatnonzero(np.all(np.isfinite(X), axis=1))
        order = known[np.argsort(-X[known, 0], kind="stable")]
        # items with equal confidence come in at once
        last = np.flatnonzero(np.append(np.diff(X[order, 0]) != 0, True))
        w = weights[:, order]
        n, loss = np.cumsum(w, axis=1)[:, last], np.cumsum(w * X[order, 1], axis=1)[:, last]
        with np.errstate(divide="ignore", invalid="ignore"):
            risk = np.where(n > 0, loss / n, 0.0)
            step = np.diff(n, axis=1, prepend=0.0)
            return np.asarray(np.where(n[:, -1] > 0, (risk * step).sum(axis=1) / n[:, -1], np.nan))
