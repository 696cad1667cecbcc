"""What people's ratings say of an item: whether they disagree, and whether they stand at a boundary."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from judgekit.edges.signals.base import Array, View, distances, signal
from judgekit.stats.spread import compact

#: Fewer panels of four do not say how much of a disagreement is the panel's own.
LEAST_ITEMS = 10


@signal("people")
def disagreement(view: View) -> Array:
    """How far people disagree on the item beyond chance, for a panel of its size.

    The mean distance over its pairs of ratings, over the mean over all pairs of the study (1: as answers drawn at
    random would differ; the item's part of Krippendorff's alpha, doi:10.1177/001316447003000105), shrunken towards the
    mean of all items the more the fewer people rated it: by the share of variance between items, Efron & Morris (1975),
    doi:10.1080/01621459.1975.10479864. What panels of a size bring by themselves falls with their size; it is told
    apart by products of pairs that share nobody, in panels of four or more, and without ten of these nothing shrinks.
    """
    found, chance = distances(view.people, nominal=view.nominal)
    if not chance > 0:
        return np.where(np.isfinite(found), 0.0, np.nan)
    ratio = np.asarray(found / chance)
    H = compact(view.people)
    sizes = np.isfinite(H).sum(axis=1)
    enough = sizes >= 4
    if enough.sum() < LEAST_ITEMS:
        return ratio
    squares = _disjoint(H[enough], nominal=view.nominal) / float(chance) ** 2
    known = ratio[enough]
    between = max(float(np.mean(squares)) - float(known.mean()) ** 2 + float(known.var(ddof=1)) / len(known), 0.0)
    unit = max(float(np.mean((known**2 - squares) * sizes[enough])), 0.0)
    spread = between + unit / np.maximum(sizes, 1)
    trust = np.where(spread > 0, between / np.where(spread > 0, spread, 1.0), 1.0)
    centre = float(np.nanmean(ratio))
    return np.asarray(centre + trust * (ratio - centre))


def _disjoint(H: Array, *, nominal: bool) -> Array:
    """Return the mean of d(a, b) × d(c, e) over four different people of each item (n): its disagreement squared."""
    found = np.empty(len(H))
    step = max(1, 2**22 // max(H.shape[1] ** 2, 1))
    for start in range(0, len(H), step):
        X = H[start : start + step]
        with np.errstate(invalid="ignore"):
            D = (X[:, :, None] != X[:, None, :]).astype(float) if nominal else (X[:, :, None] - X[:, None, :]) ** 2
        there = np.isfinite(X)
        D = np.where(there[:, :, None] & there[:, None, :], D, 0.0)
        m = there.sum(axis=1).astype(float)
        rows = D.sum(axis=2)
        pairs = rows.sum(axis=1) ** 2 - 4 * (rows**2).sum(axis=1) + 2 * (D**2).sum(axis=(1, 2))
        found[start : start + step] = pairs / (m * (m - 1) * (m - 2) * (m - 3))
    return found


@signal("people")
def boundary(view: View) -> Array:
    """How evenly people are split at the nearest decision: 1 a tie, 0 all on one side; with two people or more.

    Over the cuts between neighbouring levels, the largest 1 - |2 share - 1| of the people above the cut; on nominal
    levels 1 less the lead of the commonest answer over the next. Shares are (count + ½) / (people + 1). What
    active learning calls the margin: Scheffer, Decomain & Wrobel (2001), doi:10.1007/3-540-44816-0_31.
    """
    X = view.people
    m = np.isfinite(X).sum(axis=1)
    seen = view.criterion.codes or tuple(np.unique(X[np.isfinite(X)]))
    if len(seen) < 2:
        return view.nothing()
    if view.nominal:
        counts = np.sort(np.stack([np.equal(X, code).sum(axis=1) for code in seen], axis=1), axis=1)
        found = 1 - (counts[:, -1] - counts[:, -2]) / (m + 1)
    else:
        cuts = [(one + other) / 2 for one, other in pairwise(seen)]
        with np.errstate(invalid="ignore"):
            above = np.stack([(cut < X).sum(axis=1) for cut in cuts], axis=1)
        found = (1 - np.abs(2 * (above + 0.5) / (m[:, None] + 1) - 1)).max(axis=1)
    return np.where(m >= 2, found, np.nan)
