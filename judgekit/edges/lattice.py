"""The search for slices: single features, groups of people, and pairs of them, ranked by how far they stand out.

A lattice of slices searched from the top with bounds on support: Chung, Kraska, Polyzotis, Tae & Whang (2018),
arXiv:1807.06068.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from judgekit.edges.features import Feature
from judgekit.stats.resample import Array

Mask = NDArray[np.bool_]
#: A slice is put to the test where it stands out by this much, in standard errors.
STANDS_OUT = 1.645


@dataclass(frozen=True)
class View:
    """Failures of a judge: of all people (n × 1), or of each group of an attribute (n × groups); NaN unknown."""

    groups: tuple[str, ...]
    flags: Array

    @property
    def known(self) -> Mask:
        """Where there is something to know."""
        return np.isfinite(self.flags)


@dataclass(frozen=True)
class Found:
    """A slice: its name, the view and column that it is of, which items are in it, how far it stands out.

    ``score`` is that in standard errors, less what the best of as many innocent slices of its kind would: a pair has to
    stand out more than a single feature, because there are more pairs.
    """

    name: str
    view: int
    group: int
    mask: Mask
    score: float


@dataclass(frozen=True)
class Search:
    """What is searched: views of failure and features of items, within bounds on support (items in and out)."""

    views: tuple[View, ...]
    features: tuple[Feature, ...]
    least: int
    pairs: bool = True

    def best(self, here: Mask, alive: Sequence[Mask]) -> Found | None:
        """Return the slice that stands out most on the items ``here`` (n), None where none does.

        ``alive`` (n × groups, a view) leaves out what slices found before have taken.
        """
        found: Found | None = None
        for number, view in enumerate(self.views):
            there = view.known & alive[number]
            one = self._of_view(number, there & here[:, None], there & ~here[:, None])
            if one is not None and (found is None or one.score > found.score):
                found = one
        return found

    def _of_view(self, number: int, there: Mask, later: Mask) -> Found | None:
        view = self.views[number]
        y = np.where(there, np.nan_to_num(view.flags), 0.0)
        N, S = float(there.sum()), float(y.sum())
        F = self.masks
        best: Found | None = None
        for group, name in enumerate(view.groups):
            a, b, own = there[:, group].astype(float), later[:, group].astype(float), y[:, group]
            options: list[tuple[Array, Array, Array]] = []
            if view.groups != ("",):
                options.append((a.sum()[None], own.sum()[None], b.sum()[None]))
            options.append((a @ F, own @ F, b @ F))
            if view.groups == ("",) and self.pairs:
                both = [F.T @ (column[:, None] * F) for column in (a, own, b)]
                options.append((both[0][self.upper], both[1][self.upper], both[2][self.upper]))
            for option, (n, s, ahead) in enumerate(options):
                z = standing_out(n, s, N, S, self.least)
                # as many items must be left for the confirmation; whether they failed is not looked at
                z = np.where(ahead >= self.least, z, -np.inf)
                place = int(np.argmax(z)) if len(z) else 0
                if len(z) and z[place] >= STANDS_OUT:
                    score = float(z[place]) - ahead_by_chance(len(z) * len(view.groups))
                    if best is None or score > best.score:
                        best = self._named(number, group, name, option + (view.groups == ("",)), place, score)
        return best

    def _named(self, view: int, group: int, name: str, option: int, place: int, score: float) -> Found:
        """Return a slice from its place among the options: 0 the group alone, 1 a feature, 2 a pair of features."""
        n = len(self.views[view].flags)
        if option == 0:
            return Found(name, view, group, np.ones(n, dtype=bool), score)
        chosen = [place] if option == 1 else [int(side[place]) for side in self.upper]
        mask = np.all([self.features[one].mask for one in chosen], axis=0)
        names = [name] if name else []
        names += [self.features[one].name for one in chosen]
        return Found(" & ".join(names), view, group, mask, score)

    @cached_property
    def masks(self) -> Array:
        """The features side by side (n × features)."""
        if not self.features:
            return np.zeros((len(self.views[0].flags), 0))
        return np.column_stack([one.mask for one in self.features]).astype(float)

    @cached_property
    def upper(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The pairs of features of different columns."""
        columns = np.array([one.column for one in self.features], dtype=object)
        one, other = np.triu_indices(len(columns), 1)
        apart = columns[one] != columns[other]
        return one[apart], other[apart]

    @property
    def size(self) -> int:
        """How many slices there are to choose from."""
        pairs = len(self.upper[0]) if self.pairs else 0
        several = sum(len(view.groups) for view in self.views if view.groups != ("",))
        return len(self.features) * (1 + several) + several + pairs


def ahead_by_chance(options: int) -> float:
    """Return about how many standard errors the best of so many innocent slices stands out."""
    return float(np.sqrt(2 * np.log(max(options, 2))))


def standing_out(n: Array, s: Array, N: float, S: float, least: int) -> Array:
    """Return how far the share s / n in each slice lies above that elsewhere, in standard errors of a pooled share.

    -inf where fewer than ``least`` items are in or out.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        inside, outside = s / n, (S - s) / (N - n)
        share = S / N if N else 0.0
        se = np.sqrt(share * (1 - share) * (1 / n + 1 / (N - n)))
        z = np.where(se > 0, (inside - outside) / se, -np.inf)
    return np.where((n >= least) & (N - n >= least) & np.isfinite(z), z, -np.inf)


def slices_of(search: Search, here: Mask, most: int) -> list[tuple[Found, tuple[Mask, ...]]]:
    """Return the slices that stand out on the items ``here``, most of all first, and what was left when each was found.

    A slice takes its items (or, of a group of people, their failures on them) with it: the next is found in the rest,
    so that a part or a shadow of a slice is not found again.
    """
    alive = [np.ones_like(view.known) for view in search.views]
    found: list[tuple[Found, tuple[Mask, ...]]] = []
    while len(found) < most:
        one = search.best(here, alive)
        if one is None:
            break
        found.append((one, tuple(left.copy() for left in alive)))
        if search.views[one.view].groups == ("",):
            for left in alive:
                left[one.mask] = False
        else:
            alive[one.view][one.mask, one.group] = False
    return found


def sides(search: Search, one: Found, alive: Sequence[Mask], here: Mask) -> Array:
    """Return failures in the slice and elsewhere (n × 2, NaN where there is none) on the items ``here``.

    Elsewhere is the mean over the item's other groups, all of them where the item is not in the slice.
    """
    view = search.views[one.view]
    there = view.known & alive[one.view] & here[:, None]
    inside = np.where(there[:, one.group] & one.mask, view.flags[:, one.group], np.nan)
    rest = there.copy()
    rest[one.mask, one.group] = False
    n = rest.sum(axis=1)
    total = np.where(rest, np.nan_to_num(view.flags), 0.0).sum(axis=1)
    return np.column_stack([inside, np.where(n > 0, total / np.maximum(n, 1), np.nan)])
