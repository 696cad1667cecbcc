"""What a panel says as one: majority, median or mean of its people, with ties made explicit; on counts of levels."""

from __future__ import annotations

from typing import Literal

import numpy as np

from judgekit.stats.resample import Array

Rule = Literal["majority", "median", "mean"]
Ties = Literal["split", "drop"]


def consensus(counted: Array, codes: tuple[float, ...], rule: Rule, ties: Ties) -> Array:
    """Return the weight of each level as the panel's word (n × K) from how many gave it (n × K); rows add up to 1 or 0.

    ``majority`` is the most frequent level, ``median`` and ``mean`` the declared level nearest to it. Where several
    levels are equally good, ``split`` shares the item among them (a tie broken at random, on average), ``drop`` leaves
    it out. Items without people have no weight.

    >>> one, two = np.array([[1.0, 2.0, 0.0]]), np.array([[1.0, 0.0, 1.0]])
    >>> consensus(one, (1.0, 2.0, 3.0), "majority", "split"), consensus(two, (1.0, 2.0, 3.0), "median", "split")
    (array([[0., 1., 0.]]), array([[0., 1., 0.]]))
    >>> consensus(two, (1.0, 2.0, 3.0), "majority", "split"), consensus(two, (1.0, 2.0, 3.0), "majority", "drop")
    (array([[0.5, 0. , 0.5]]), array([[0., 0., 0.]]))
    """
    m = counted.sum(axis=1, keepdims=True)
    if rule == "majority":
        best = counted == counted.max(axis=1, keepdims=True)
    else:
        middle = mean_of(counted, codes) if rule == "mean" else median_of(counted, codes)
        apart = np.abs(np.asarray(codes) - middle[:, None])
        best = apart <= apart.min(axis=1, keepdims=True) + 1e-9
    best &= m > 0
    tied = best.sum(axis=1, keepdims=True)
    if ties == "drop":
        return np.where(tied == 1, best, 0.0)
    return np.asarray(best / np.maximum(tied, 1))


def mean_of(counted: Array, codes: tuple[float, ...]) -> Array:
    """Return the mean level of each item (0 where nobody rated it)."""
    return np.asarray(counted @ np.asarray(codes) / np.maximum(counted.sum(axis=1), 1))


def median_of(counted: Array, codes: tuple[float, ...]) -> Array:
    """Return the median level of each item, the mean of the two middle ones for an even number of people."""
    m = counted.sum(axis=1)
    upto = np.cumsum(counted, axis=1)
    low = (upto < np.ceil(np.maximum(m, 1) / 2)[:, None]).sum(axis=1)
    high = (upto < (np.floor(m / 2) + 1)[:, None]).sum(axis=1)
    levels, last = np.asarray(codes), len(codes) - 1
    return np.asarray((levels[np.minimum(low, last)] + levels[np.minimum(high, last)]) / 2)


def without_each(counted: Array, codes: tuple[float, ...], rule: Rule, ties: Ties) -> tuple[Array, Array]:
    """Return the panel's word without one of its people, by the level she gave (n × K left out × K), and her share.

    Her share (n × K) is how many of the m people gave that level, over m; 0 where m is below two.
    """
    m = counted.sum(axis=1, keepdims=True)
    share = np.where(m >= 2, counted / np.maximum(m, 1), 0.0)
    words = np.stack([consensus(np.maximum(counted - one, 0), codes, rule, ties) for one in np.eye(len(codes))], axis=1)
    return words, share
