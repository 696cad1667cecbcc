"""What chance-corrected coefficients of a whole panel share: counts of levels an item, and their rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.linearised import Linearised, analytic_row, check_interval, linearise
from judgekit.stats.pairings import Slice, between_levels, levels_of, pairings, slices
from judgekit.stats.resample import Array, Bootstrap, Coefficient, Interval, Job
from judgekit.stats.rows import row
from judgekit.stats.together import Asking, Request
from judgekit.stats.weights import agreement_weights, default_weights, described

if TYPE_CHECKING:
    from judgekit.study import Study

#: With more distinct values than this and no declared levels there are no categories to speak of.
MOST_LEVELS = 50


@dataclass(frozen=True)
class Panel:
    """A coefficient (p_a - p_e) / (1 - p_e) of a panel whose raters are exchangeable: any number of them an item.

    p_a is the mean over items with two ratings or more of the weighted share of agreeing pairs, p_k the mean over
    items with any rating of the share of level k (Gwet 2014, "Handbook of Inter-Rater Reliability", 4th ed., ISBN
    978-0970806284). Subclasses say what p_e is of the shares p. ``weights`` is a name of ``judgekit.stats.weights``.
    """

    codes: tuple[float, ...]
    weights: str = "identity"
    width: int | None = None

    @property
    def prior_name(self) -> tuple[object, ...]:
        """What the features depend on: neither on how chance is reckoned nor on whether near misses count."""
        return "panel", self.codes, self._near

    @abstractmethod
    def chance(self, p: Array) -> Array:
        """Return p_e of the shares of the levels (… × K)."""

    @abstractmethod
    def slope(self, p: Array) -> Array:
        """Return the derivative of p_e by each share (… × K), up to a constant within a row: shares add up to 1."""

    @property
    def _near(self) -> str:
        """The weights of near misses that the features hold beside exact agreement."""
        return "quadratic" if self.weights == "identity" else self.weights

    @property
    def _agreeing(self) -> int:
        """The column of the features that holds this coefficient's agreement."""
        return 2 if self.weights == "identity" else 3

    def features(self, X: Array) -> Array:
        """Return each item's: rated or not, paired or not, shares of exact and of near agreement, of levels (n × 4+K).

        Both agreements are there so that coefficients with identity weights and with others share their sums.
        """
        counted = counts(self.codes, X)
        m = counted.sum(axis=1)
        agreeing = [pair_agreement(counted, agreement_weights(self.codes, one)) for one in ("identity", self._near)]
        shares = counted / np.maximum(m, 1)[:, None]
        return np.concatenate([np.stack([m > 0, m > 1, *agreeing], axis=1), shares], axis=1)

    def point(self, S: Array) -> Array:
        """Return the coefficient; NaN where chance agreement is 1 or nobody can be compared."""
        rated, paired, agreeing = S[..., 0], S[..., 1], S[..., self._agreeing]
        with np.errstate(divide="ignore", invalid="ignore"):
            observed = agreeing / paired
            return corrected(observed, self.chance(S[..., 4:] / rated[..., None]))

    population = point

    def linearised(self, X: Array, groups: NDArray[np.int64]) -> Linearised:
        """Return the coefficient with its linearised standard error (Gwet 2008, doi:10.1348/000711006X126600).

        The number of items with two ratings or more counts as fixed; an item with one rating agrees in no pair.
        """
        phi = self.features(X)
        there = phi[:, 0] > 0
        phi, total = phi[there], phi.sum(axis=0)
        value = float(self.point(total))
        if not np.isfinite(value):
            return Linearised(value, np.nan, np.nan)
        p = total[4:] / total[0]
        expected = float(self.chance(p))
        observed = len(phi) / total[1] * (phi[:, self._agreeing] - expected * phi[:, 1]) / (1 - expected)
        moved = (phi[:, 4:] - p) @ self.slope(p)
        return linearise(value, observed - value - (1 - value) / (1 - expected) * moved, groups[there])


def counts(codes: tuple[float, ...], X: Array) -> Array:
    """Return how often each level was given to each item: X (n × raters, NaN missing) → n × K."""
    return np.stack([np.equal(X, code).sum(axis=1) for code in codes], axis=1).astype(float)


def pair_agreement(counted: Array, weights: Array) -> Array:
    """Return the share of an item's pairs that agree (n), of counts (n × K) under agreement weights (K × K)."""
    m = counted.sum(axis=1)
    agreeing = np.einsum("nk,kl,nl->n", counted, weights, counted) - counted @ np.diag(weights)
    return np.asarray(agreeing / np.maximum(m * (m - 1), 1))


def corrected(observed: Array, expected: Array) -> Array:
    """Return (observed - expected) / (1 - expected); NaN where chance alone would agree everywhere."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(1 - expected > 1e-12, (observed - expected) / (1 - expected), np.nan))


class Linear(Coefficient, Protocol):
    """A coefficient that also has an analytic standard error."""

    def linearised(self, X: Array, groups: NDArray[np.int64]) -> Linearised:
        """Return the coefficient on X (n × raters) with its standard error; items of a group count as one."""
        ...


#: Makes a coefficient of levels, weights and the ratings that it will see.
Maker = Callable[[tuple[float, ...], str, Array], Linear]


def panel_rows(
    study: Study,
    statistic: str,
    make: Maker,
    boot: Bootstrap,
    *,
    weights: str | None = None,
    interval: str = "bootstrap",
) -> Asking:
    """Yield a row a comparison: people, a judge joined to people, judges. Without ``weights`` the scale decides."""
    analytic = check_interval(interval)
    for part in slices(study):
        codes, none = categories(study, part)
        chosen = weights or default_weights(part.criterion)
        asked = [p for p in pairings(study, part) if not between_levels(part.criterion, part.matrix(p.raters))]
        if none is not None:
            yield from (row(study, statistic, part, pairing, none, boot) for pairing in asked)
            continue
        note = "" if part.criterion.codes else "no declared levels: the values seen stand for them"
        matrices = [part.matrix(pairing.raters) for pairing in asked]
        made = [make(codes, chosen, X) for X in matrices]
        if analytic:
            for pairing, X, coefficient in zip(asked, matrices, made, strict=True):
                yield analytic_row(study, statistic, part, pairing, coefficient.linearised(X, part.groups), boot,
                                   described(chosen), note)  # fmt: skip
            continue
        jobs = [
            Job(coefficient, X, codes, people=part.sampled(pairing.raters))
            for coefficient, X, pairing in zip(made, matrices, asked, strict=True)
        ]
        intervals = yield Request(part, jobs)
        for pairing, found in zip(asked, intervals, strict=True):
            yield row(study, statistic, part, pairing, found, boot, described(chosen), note=note)


def categories(study: Study, part: Slice) -> tuple[tuple[float, ...], Interval | None]:
    """Return the declared levels, or all values of the criterion; and, where those are too many, why nothing comes."""
    codes = levels_of(part.criterion, study.matrix(part.criterion.key).to_numpy())
    if part.criterion.codes or len(codes) <= MOST_LEVELS:
        return codes, None
    return codes, Interval(np.nan, note=f"not estimable: {len(codes)} distinct values and no declared levels")


def usual_width(X: Array, lead: int = 0) -> int:
    """Return the raters of a pseudo-item: ``lead`` named ones and the median number of the others, at least two."""
    rated = np.isfinite(X[:, lead:]).sum(axis=1)
    return max(2, lead + int(np.median(rated[rated > 0]))) if (rated > 0).any() else max(2, lead + 1)
