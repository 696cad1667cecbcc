"""What the resampling engine asks of a statistic, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypeIs

from judgekit.stats.prior import SINGLE, Array, Prior, PriorDraws


class Coefficient(Protocol):
    """A statistic of the weighted sum of per-item features.

    ``width`` is the number of raters of a pseudo-item; None where none are wanted. A coefficient whose features depend
    on nothing but the ratings may have a ``prior_name``: what it computes of the pseudo-items is then kept.
    """

    @property
    def width(self) -> int | None:
        """Raters of a pseudo-item."""
        ...

    def features(self, X: Array) -> Array:
        """Return the contribution of each item: X (n items × raters, NaN missing) → (n × F)."""
        ...

    def point(self, S: Array) -> Array:
        """Return the estimate of sums S (… × F) with its small-sample form; NaN where undefined."""
        ...

    def population(self, S: Array) -> Array:
        """Return the parameter that weighted sums S (… × F) stand for: draws of it have no small-sample factor."""
        ...


@runtime_checkable
class Family(Protocol):
    """A coefficient with Q outputs from one set of features: ``point`` and ``population`` return (… × Q).

    ``members`` names the columns of X that take part in each output.
    """

    @property
    def width(self) -> int | None:
        """Raters of a pseudo-item."""
        ...

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The columns of X behind each output."""
        ...

    def features(self, X: Array) -> Array:
        """Return the contribution of each item (n × F)."""
        ...

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Tell which items say anything of each output (n × Q)."""
        ...

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates (b × F)."""
        ...

    def point(self, S: Array) -> Array:
        """Return the estimates of sums S (… × F)."""
        ...

    def population(self, S: Array) -> Array:
        """Return the parameters that weighted sums S (… × F) stand for."""
        ...


@runtime_checkable
class Direct(Protocol):
    """A statistic with no small sufficient features: computed from the ratings under each row of item weights."""

    @property
    def width(self) -> None:
        """No pseudo-items."""
        ...

    def weighted(self, X: Array, weights: Array) -> Array:
        """Return the statistic of X (n × raters) under each row of weights (B × n): B values, NaN where undefined."""
        ...


@runtime_checkable
class Refitted(Protocol):
    """A coefficient whose features rest on more than the item's own ratings: other ratings ask for another fit."""

    def refitted(self, X: Array) -> Array:
        """Return the estimates on other ratings X of the same raters, some of whom may have none."""
        ...


def is_family(coefficient: object) -> TypeIs[Family]:
    """Tell whether a coefficient has several outputs."""
    # isinstance of a protocol looks at every member each time: a good part of a small study's time
    return hasattr(type(coefficient), "pseudo_sums")


def is_direct(coefficient: object) -> TypeIs[Direct]:
    """Tell whether a coefficient is computed from the ratings themselves."""
    return hasattr(type(coefficient), "weighted")


@dataclass(frozen=True)
class Job:
    """One coefficient to be given an interval: its ratings X (units' items × raters) and the declared levels.

    ``people`` names the pool of each column whose rater is a sample of it, "" of a judge; None where a value without
    some of them would mean something else. A coefficient with such outputs among others may tell them by ``sized``.
    """

    coefficient: Coefficient | Family | Direct
    X: Array
    codes: tuple[float, ...]
    prior: Prior = SINGLE
    people: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Interval:
    """A value with its interval; ``note`` is empty, a warning, or the reason why there is none.

    ``units`` is how many items (clusters) say anything of it, ``df`` its effective degrees of freedom, where known.
    ``source`` is the job and the number of its output, where a point alone was asked for.
    """

    value: float
    low: float = np.nan
    high: float = np.nan
    method: str = ""
    note: str = ""
    units: int = 0
    df: float = np.nan
    source: tuple[Job, int] | None = field(default=None, repr=False, compare=False)
