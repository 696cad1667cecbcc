"""Who labels what: the units of a plan, its blocks, the choice of a rater's next units, and their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from judgekit import seeds
from judgekit.errors import InputError, listed

SWAPS = 4000


def drawn(strata: pd.DataFrame, wanted: float, allocation: str, rng: np.random.Generator) -> pd.Series:
    """Return the sampling probability of each item drawn, indexed by its row; those not drawn are not there.

    ``strata`` has a row an item and a column a stratum (none: one stratum). ``wanted`` below 1 is a share, else a
    number. ``proportional`` gives each stratum its share, ``equal`` the same number as far as it reaches; at least one
    item of each. Within a stratum items are drawn without replacement, all alike likely: probability n / N.
    """
    total = len(strata)
    n = min(total, max(1, round(wanted * total) if wanted < 1 else round(wanted)))
    names = list(strata.columns)
    groups = (
        [np.asarray(rows) for _, rows in sorted(strata.groupby(names, dropna=False).indices.items(), key=_name)]
        if names
        else [np.arange(total)]
    )
    sizes = _allocated([len(rows) for rows in groups], max(n, len(groups)), allocation)
    found = {}
    for rows, size in zip(groups, sizes, strict=True):
        for row in rng.choice(rows, size=size, replace=False):
            found[int(row)] = size / len(rows)
    return pd.Series(found, dtype="float64").sort_index()


def _name(group: tuple[object, object]) -> str:
    return str(group[0])


def _allocated(sizes: Sequence[int], n: int, allocation: str) -> list[int]:
    """Share n out over groups, by largest remainder; nobody gets more than there is, everybody at least one."""
    given = [1] * len(sizes)
    weights = [float(size) if allocation == "proportional" else 1.0 for size in sizes]
    target = [n * weight / sum(weights) for weight in weights]
    for _ in range(min(n, sum(sizes)) - len(sizes)):
        room = [k for k, size in enumerate(sizes) if given[k] < size]
        k = max(room, key=lambda k: (target[k] - given[k], -k))
        given[k] += 1
    return given


def orders(n: int, total: int, place: int) -> list[int]:
    """Split ``n`` labels of an item over ``total`` orders as evenly as can be; ``place`` says who gets the odd one."""
    return [(n + (place + k) % total) // total for k in range(total)]


def blocks(n: int, k: int, size: int, linking: int, rng: np.random.Generator) -> list[list[int]]:
    """Return blocks of items 0 … n − 1: each item in k of them, the first ``linking`` (after a shuffle) in all.

    Blocks have ``size`` items (some one fewer), and any two items stand together as equally often as a seeded search
    finds: where a balanced incomplete block design exists it is approached, elsewhere the concurrences differ by one
    or two. InputError where no item would link two blocks.
    """
    if size > n:
        raise InputError(f"blocks of {size} of {n} items", where="label.plan", fix="lower per_rater")
    order = [int(item) for item in rng.permutation(n)]
    links, rest = order[:linking], order[linking:]
    copies = len(rest) * k
    number = max(-(-copies // (size - linking)), k if rest else 1)
    room = [copies // number + (sheet < copies % number) for sheet in range(number)]
    found = _filled(len(rest), k, room, rng)
    _balance(found, len(rest), rng)
    return [sorted(links + [rest[item] for item in block]) for block in found]


def _filled(n: int, k: int, room: Sequence[int], rng: np.random.Generator) -> list[list[int]]:
    left = np.full(n, k)
    met = np.zeros((n, n))
    found = []
    for number, size in enumerate(room):
        block: list[int] = []
        sheets_left = len(room) - number
        noise = rng.random(n)
        together = np.zeros(n)
        for _ in range(size):
            # an item whose copies fill every block that is left has to be in this one
            urgency = np.where(left >= sheets_left, 1e6, 0.0) + 10.0 * left - together - 0.5 * noise
            urgency[left == 0] = -np.inf
            urgency[block] = -np.inf
            item = int(np.argmax(urgency))
            block.append(item)
            together += met[item]
        left[block] -= 1
        met[np.ix_(block, block)] += 1
        found.append(block)
    return found


def _balance(found: list[list[int]], n: int, rng: np.random.Generator) -> None:
    """Swap items between blocks as long as that makes concurrences more equal (their squares' sum smaller)."""
    if len(found) < 2 or n < 3:
        return
    met = np.zeros((n, n))
    for block in found:
        met[np.ix_(block, block)] += 1
    np.fill_diagonal(met, 0)
    for _ in range(SWAPS):
        a, b = (int(x) for x in rng.choice(len(found), size=2, replace=False))
        one, two = int(rng.integers(len(found[a]))), int(rng.integers(len(found[b])))
        x, y = found[a][one], found[b][two]
        if x == y or x in found[b] or y in found[a]:
            continue
        mine = [item for item in found[a] if item != x]
        theirs = [item for item in found[b] if item != y]
        # change of the sum of squares of all concurrences, counted once a pair
        change = (
            (1 - 2 * met[x, mine]).sum()
            + (1 + 2 * met[y, mine]).sum()
            + (1 - 2 * met[y, theirs]).sum()
            + (1 + 2 * met[x, theirs]).sum()
        )
        shared = set(mine) & set(theirs)
        if shared:  # such a pair loses one and gains one: nothing changes
            both = list(shared)
            change -= ((1 - 2 * met[x, both]) + (1 + 2 * met[x, both])).sum()
            change -= ((1 - 2 * met[y, both]) + (1 + 2 * met[y, both])).sum()
        if change < 0 or (change == 0 and rng.random() < 0.5):
            for item, sign in [(other, -1) for other in mine]:
                met[x, item] += sign
                met[item, x] += sign
                met[y, item] -= sign
                met[item, y] -= sign
            for item in theirs:
                met[y, item] -= 1
                met[item, y] -= 1
                met[x, item] += 1
                met[item, x] += 1
            found[a][one], found[b][two] = y, x


def linked(sheets: Sequence[Sequence[object]]) -> bool:
    """Tell whether chains of shared items join all sheets, so that severity can be told from the items' traits."""
    if not sheets:
        return True
    reached, todo = {0}, [0]
    where: dict[object, list[int]] = {}
    for number, sheet in enumerate(sheets):
        for item in sheet:
            where.setdefault(item, []).append(number)
    while todo:
        for item in sheets[todo.pop()]:
            for other in where[item]:
                if other not in reached:
                    reached.add(other)
                    todo.append(other)
    return len(reached) == len(sheets)


def chosen(
    units: pd.DataFrame, had: set[str], most: int, rng: np.random.Generator, sheet: set[int] | None = None
) -> list[int]:
    """Return the units a rater gets: those that lack most labels first, no item twice, orders in turn.

    ``units`` has the columns unit, item, variant, left (labels nobody holds or has given), pressure (the higher the
    sooner). ``had`` are the items that the rater has had in any variant. With a ``sheet`` only its units are taken.
    """
    open_units = units[(units["left"] > 0) & ~units["item"].isin(list(had))]
    if sheet is not None:
        open_units = open_units[open_units["unit"].isin(list(sheet))]
    noise = pd.Series(rng.random(len(open_units)), index=open_units.index)
    ranked = open_units.assign(noise=noise).sort_values(["pressure", "noise"], ascending=[False, True])
    by_item: dict[str, list[tuple[str, int]]] = {}
    for item, variant, unit in zip(ranked["item"], ranked["variant"], ranked["unit"], strict=True):
        by_item.setdefault(str(item), []).append((str(variant), int(unit)))
    counts: dict[str, int] = {}
    taken: list[int] = []
    for options in by_item.values():
        if len(taken) >= most:
            break
        variant, unit = min(options, key=lambda one: counts.get(one[0], 0))
        counts[variant] = counts.get(variant, 0) + 1
        taken.append(unit)
    return taken


def interleaved(items: Sequence[str], extras: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Return items in a random order with the extras spread among them: one a stretch, never the first card."""
    order = [items[int(place)] for place in rng.permutation(len(items))]
    mixed = [extras[int(place)] for place in rng.permutation(len(extras))]
    if not order or not mixed:
        return order + mixed
    edges = np.linspace(1, len(order) + 1, len(mixed) + 1)
    places = [int(rng.integers(int(low), max(int(low) + 1, int(high)))) for low, high in pairwise(edges)]
    for shift, (place, extra) in enumerate(zip(places, mixed, strict=True)):
        order.insert(place + shift, extra)
    return order


def repeats(order: Sequence[str], eligible: set[str], n: int, rng: np.random.Generator) -> list[tuple[str, int]]:
    """Return n items of the first half to be shown again, and before which place of the second half each goes."""
    first = [item for item in order[: len(order) // 2] if item in eligible]
    picked = [first[int(place)] for place in rng.permutation(len(first))[:n]]
    low = len(order) - len(order) // 4
    return [(item, int(rng.integers(low, len(order) + 1))) for item in picked]


def stream(seed: int, *names: object) -> np.random.Generator:
    """Return the random stream of one part of the plan."""
    return seeds.rng(seed, "label", *names)


def quota_full(counts: Mapping[str, int], limits: Mapping[str, int], level: str) -> bool:
    """Tell whether a level of an attribute has all the raters that its quota allows."""
    return level in limits and counts.get(level, 0) >= limits[level]


def known(what: str, names: Sequence[str], there: Sequence[str], where: str) -> None:
    """Refuse names that are not there."""
    odd = [name for name in names if name not in there]
    if odd:
        raise InputError(f"no {what} is called {listed(odd)}", where=where, fix=f"there are: {listed(there, 20)}")
