"""Weighted sums of features, block by block: equal features are multiplied once, whichever statistic asks."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence

from judgekit.stats.draws import Block, Draws
from judgekit.stats.prior import Array
from judgekit.stats.stacked import Stacked

#: Features with more cells than this are not looked up: to tell them apart would take as long as to multiply them.
MOST_CELLS = 2**17
#: Of more distinct features than this at once none are kept: they are pairs of raters, which nobody else asks for.
MOST_KEPT = 8


class Sums:
    """The weighted sums of some jobs' features (each units or, ``typed``, types × F).

    Statistics that are asked one after the other on the same draws (``Draws.kept``) share those of equal features.
    """

    def __init__(self, source: Draws, features: Sequence[tuple[Array, bool]]) -> None:
        self._source = source
        distinct = {id(phi): (phi, typed) for phi, typed in features}
        self._names: dict[int, Hashable] = {}
        if source.kept is not None and len(distinct) <= MOST_KEPT:
            small = {number: one for number, one in distinct.items() if one[0].size <= MOST_CELLS}
            self._names = {number: _named(source, *one) for number, one in small.items()}
        self._known = {n: distinct[n] for n, name in self._names.items() if source.kept and name in source.kept.sums}
        rest = [one for number, one in distinct.items() if number not in self._known]
        self._stacks = {typed: Stacked.of([phi for phi, own in rest if own is typed]) for typed in (False, True)}

    def of(self, block: Block) -> dict[int, Array]:
        """Return the sums of a block's replicates (b × F) by the id of the features."""
        made: dict[int, Array] = {}
        for typed, stack in self._stacks.items():
            if stack.columns:
                made |= stack.sums(block.of_types if typed else block.of_units)
        kept = self._source.kept
        if kept is not None:
            for number, name in self._names.items():
                if number in made:
                    kept.keep(name, block.number, made[number])
            for number, (phi, typed) in self._known.items():
                held = kept.sums.get(self._names[number], {}).get(block.number)
                made[number] = (block.of_types if typed else block.of_units) @ phi if held is None else held
        return made


def _named(source: Draws, phi: Array, typed: bool) -> Hashable:
    return source.name, typed, phi.shape, hashlib.sha256(phi.tobytes()).digest()
