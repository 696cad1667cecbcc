"""From an interval to a row of estimates of a judge beside a pool, and sums that estimates are ratios of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.edges.judged import Judged
from judgekit.schema import Answer3, Estimate
from judgekit.stats.prior import PriorDraws
from judgekit.stats.resample import Array, Bootstrap, Interval
from judgekit.stats.rows import number

if TYPE_CHECKING:
    from judgekit.study import Study


@dataclass(frozen=True)
class Ratios:
    """Outputs that are ratios of summed columns of X (n × columns, NaN counts as 0): ``pairs`` name them."""

    pairs: tuple[tuple[int, int], ...]
    width: int | None = None

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The columns behind each output."""
        return self.pairs

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Tell which items count below the line of each output (n × Q)."""
        below = np.nan_to_num(X[:, [under for _, under in self.pairs]])
        return np.asarray(below != 0)

    def features(self, X: Array) -> Array:
        """Return the columns, missing cells as 0."""
        return np.nan_to_num(X)

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates."""
        return np.asarray(prior.weights[rows] @ self.features(prior.rows))

    def point(self, S: Array) -> Array:
        """Return the ratios of sums S (… × columns); NaN over 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.stack([np.where(S[..., b] > 0, S[..., a] / S[..., b], np.nan) for a, b in self.pairs], axis=-1)

    population = point


def estimate(
    study: Study,
    one: Judged,
    statistic: str,
    found: Interval,
    boot: Bootstrap,
    *,
    used: NDArray[np.bool_],
    said: str = "",
    subset: str = "all",
    a: str = "",
    also: Sequence[str] = (),
    margin: float | None = None,
    verdict: Answer3 | None = None,
    p: float | None = None,
    q: float | None = None,
    note: str = "",
    conf_level: float | None = None,
) -> Estimate:
    """Return a row about a judge (or ``a``) beside its pool, on the items ``used`` (n).

    ``also`` are further judges in it; ``conf_level`` is the interval's own where it is not the run's. Width 0 is no
    interval.
    """
    flat = np.isfinite(found.low) and not found.high - found.low > 1e-12
    known = np.isfinite(found.low) and not flat and used.any()
    notes = [note, found.note, "no interval: the same whatever the items" if flat else ""]
    people = np.isfinite(one.people[used])
    return Estimate(
        statistic=statistic,
        criterion=one.criterion.key,
        subset=subset,
        a=a or one.judge,
        b=one.pool,
        value=number(found.value),
        low=number(found.low) if known else None,
        high=number(found.high) if known else None,
        conf_level=(boot.conf_level if conf_level is None else conf_level) if known else None,
        margin=margin,
        verdict=verdict,
        p=p,
        q=q,
        n_items=int(used.sum()),
        n_raters=1 + len(also) + int(people.any(axis=0).sum()),
        n_ratings=int(used.sum()) * (1 + len(also)) + int(people.sum()),
        kind="simulated" if study.simulated([*one.raters(study), *also]) else "",
        method="; ".join(text for text in (said, found.method) if text),
        seed=boot.seed,
        note="; ".join(text for text in notes if text),
    )


def nothing(reason: str) -> Interval:
    """Return an interval that only says why there is none."""
    return Interval(np.nan, note=reason)
