"""Weighted sums of features, block by block: equal features are multiplied once, whichever statistic asks."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence

import numpy as np

from judgekit.stats.draws import Block, Draws
from judgekit.stats.prior import Array
from judgekit.stats.stacked import Stacked

#: Features with more cells than this are not looked up: to tell them apart would take as long as to multiply them.
MOST_CELLS = 2**17
#: Of more distinct features than this at once none are kept: they are pairs of raters, which nobody else asks for.
MOST_KEPT = 8


class Sums:
    """The weighted sums of some jobs' features (each units or, ``typed``, types × F); equal ones are summed once.

    Statistics that are asked one after the other on the same draws (``Draws.kept``) share those of equal features.
    """

    def __init__(self, source: Draws, features: Sequence[tuple[Array, bool]]) -> None:
        distinct = {id(phi): (phi, typed) for phi, typed in features}
        small = len(distinct) <= MOST_KEPT
        self._source = source
        self._name = {n: _named(source, *one) if small and one[0].size <= MOST_CELLS else n
                      for n, one in distinct.items()}  # fmt: skip
        self._of = {name: distinct[number] for number, name in reversed(self._name.items())}
        kept = source.kept.sums if source.kept is not None else {}
        self._known = {name for name in self._of if name in kept}
        rest = [one for name, one in self._of.items() if name not in self._known]
        self._stacks = {typed: Stacked.of([phi for phi, own in rest if own is typed]) for typed in (False, True)}
        self.asks_weights = bool(rest)

    def of(self, block: Block) -> dict[int, Array]:
        """Return the sums of a block's replicates (b × F) by the id of the features."""
        summed = self._summed(block)
        made = {name: summed[id(phi)] for name, (phi, _) in self._of.items() if name not in self._known}
        kept = self._source.kept
        if kept is not None:
            for name, sums in made.items():
                if not isinstance(name, int):
                    kept.keep(name, block.number, sums)
            for name in self._known:
                held = kept.sums.get(name, {}).get(block.number)
                made[name] = _product(block, *self._of[name]) if held is None else held
        return {number: made[name] for number, name in self._name.items()}

    def _summed(self, block: Block) -> dict[int, Array]:
        """Return the sums that are not kept: of types at once, of units in parts."""
        of_types, of_units = self._stacks[True], self._stacks[False]
        made = of_types.sums(block.of_types) if of_types.columns else {}
        if of_units.columns:
            parts = [of_units.sums(part.of_units) for part in block.parts()]
            made |= parts[0] if len(parts) == 1 else {n: np.concatenate([part[n] for part in parts]) for n in parts[0]}
        return made


def _product(block: Block, phi: Array, typed: bool) -> Array:
    return np.asarray((block.of_types if typed else block.of_units) @ phi)


def _named(source: Draws, phi: Array, typed: bool) -> Hashable:
    name = None if source.kept is None else source.name
    return name, typed, phi.shape, hashlib.sha256(np.ascontiguousarray(phi).data).digest()
