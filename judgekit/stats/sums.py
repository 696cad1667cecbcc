"""Weighted sums of features, block by block: equal features are multiplied once, whichever statistic asks."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from judgekit.stats.draws import Block, Draws
from judgekit.stats.prior import Array
from judgekit.stats.stacked import Stacked

#: Features with more cells than this are not looked up: to tell them apart would take as long as to multiply them.
MOST_CELLS = 2**17
#: Of more distinct features than this at once none are kept: they are pairs of raters, which nobody else asks for.
MOST_KEPT = 8


class Sums:
    """The weighted sums of features (each units or, ``typed``, types × F) of some lists of jobs; equal ones once.

    Each list's are multiplied side by side, so that no digit of theirs hangs on what else is asked. Statistics that are
    asked one after the other on the same draws (``Draws.kept``) share those of equal features.
    """

    def __init__(self, source: Draws, asked: Sequence[Sequence[tuple[Array, bool]]]) -> None:
        self._source = source
        kept = source.kept.sums if source.kept is not None else {}
        self._name: dict[int, Hashable] = {}
        self._of: dict[Hashable, tuple[Array, bool]] = {}
        self._known: set[Hashable] = set()
        self._stacks: list[dict[bool, Stacked]] = []
        for features in asked:
            distinct = {id(phi): (phi, typed) for phi, typed in features}
            small = len(distinct) <= MOST_KEPT
            rest = []
            for number, one in distinct.items():
                name = _named(source, *one) if small and one[0].size <= MOST_CELLS else number
                self._name[number] = name
                if name not in self._of:
                    self._of[name] = one
                    if name in kept:
                        self._known.add(name)
                    else:
                        rest.append(one)
            self._stacks.append({t: Stacked.of([phi for phi, own in rest if own is t]) for t in (False, True)})
        self.asks_weights = len(self._known) < len(self._of)

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
        made: dict[int, Array] = {}
        for stacks in self._stacks:
            if stacks[True].columns:
                made |= stacks[True].sums(block.of_types)
        of_units = [stacks[False] for stacks in self._stacks if stacks[False].columns]
        if of_units:
            parts = [_merged(stack.sums(part.of_units) for stack in of_units) for part in block.parts()]
            made |= parts[0] if len(parts) == 1 else {n: np.concatenate([part[n] for part in parts]) for n in parts[0]}
        return made


def _merged(parts: Iterable[dict[int, Array]]) -> dict[int, Array]:
    return {number: sums for part in parts for number, sums in part.items()}


def _product(block: Block, phi: Array, typed: bool) -> Array:
    return np.asarray((block.of_types if typed else block.of_units) @ phi)


def _named(source: Draws, phi: Array, typed: bool) -> Hashable:
    name = None if source.kept is None else source.name
    return name, typed, phi.shape, hashlib.sha256(np.ascontiguousarray(phi).data).digest()
