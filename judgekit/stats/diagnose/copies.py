"""Two raters whose answers are (nearly) the same, beyond what others reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.diagnose.finding import Finding, Suspect, sure
from judgekit.stats.diagnose.sheet import Ints, Sheet
from judgekit.stats.panel import MOST_LEVELS
from judgekit.stats.resample import Array

#: Fewest items in common; two raters of their own mind are not taken to correlate above LIKE.
LEAST, LIKE = 20, 0.95
#: Other pairs must differ at least this many times as often; with more raters than MOST only those with most ratings.
TIMES, MOST = 2.0, 400
#: A pair so unlike two minds is suspected, and no measure for other pairs.
SUSPECT = 0.001


def copies(sheet: Sheet) -> Iterator[Suspect]:
    """Yield a test a pair of raters: do they differ less often than two minds of latent correlation .95 would?

    With cuts t_k between the levels (normal quantiles of the shares below), two such raters fall on two sides of a cut
    with chance phi(t_k) √(2 (1 - .95)) √(2 / pi), and the number of items on which they differ is binomial. Beside
    that, the other pairs of the same roles must differ at least twice as often and significantly so (binomial against
    the pair that differs least); a pair without such others must agree everywhere. Raters who all agree with one
    another find the task easy: that is no copying.
    """
    if not sheet.criterion.codes and len(sheet.codes) > MOST_LEVELS and sheet.criterion.scale == "nominal":
        return
    chosen = _busiest(sheet)
    pairs = _Pairs.of(sheet, chosen)
    if not len(pairs.n):
        return
    expected = _expected(sheet, chosen)
    usual = np.clip(np.minimum(expected[pairs.one], expected[pairs.other]), 1e-9, 1 - 1e-9)
    alone = _so_few(pairs, usual)
    rivals = _rivals(pairs, alone <= SUSPECT)
    p = np.where(np.isfinite(rivals), np.maximum(alone, _so_few(pairs, np.clip(rivals, 1e-9, 1 - 1e-9))), alone)
    twins = (pairs.differing == 0) & (len(sheet.raters) == 2)
    plain = np.where(np.isfinite(rivals), pairs.differing / pairs.n * TIMES <= rivals, twins) & (p <= SUSPECT)
    for at in range(len(p)):
        yield Suspect(float(p[at]), _told(sheet, chosen, pairs, at, rivals[at], p[at]) if plain[at] else None)


def _told(sheet: Sheet, chosen: Ints, pairs: _Pairs, at: int, rival: float, p: float) -> Finding:
    one, other = (sheet.raters[chosen[column]] for column in (pairs.one[at], pairs.other[at]))
    n, d = float(pairs.n[at]), float(pairs.differing[at])
    same = f"all {n:.0f} items" if not d else f"{n - d:.0f} of {n:.0f} items"
    known = bool(np.isfinite(rival))
    beside = f", where the most alike of the other pairs differ on {rival:.0%}" if known else ""
    return Finding(
        "copy",
        sheet.criterion.key,
        (one, other),
        f"{one} and {other} gave the same answer on {same} on '{sheet.criterion.key}'{beside} ({sure(float(p))}): they "
        "are hardly two opinions; check whether one was copied from the other, and count them as one rater if so.",
        "high",
        numbers={"differing": d, "n_items": n, **({"others": float(rival)} if known else {})},
    )


def _so_few(pairs: _Pairs, usual: Array) -> Array:
    """Return the chance of so few differences were each as likely as ``usual``."""
    from scipy.special import betainc

    return np.asarray(betainc(np.maximum(pairs.n - pairs.differing, 1e-9), pairs.differing + 1, 1 - usual))


@dataclass(frozen=True)
class _Pairs:
    """Pairs of raters (column numbers), the items they share, and on how many of them they differ."""

    one: Ints
    other: Ints
    n: Array
    differing: Array
    kind: Ints

    @classmethod
    def of(cls, sheet: Sheet, chosen: Ints) -> _Pairs:
        values, there = sheet.values[:, chosen], sheet.present[:, chosen].astype(np.float32)
        common = there.T @ there
        same = np.zeros_like(common)
        if len(sheet.codes) <= MOST_LEVELS:
            for code in sheet.codes:
                gave = (values == code).astype(np.float32)
                same += gave.T @ gave
        else:
            for column in range(len(chosen)):
                same[column] = (values == values[:, [column]]).sum(axis=0)
        one, other = np.triu_indices(len(chosen), 1)
        enough = common[one, other] >= LEAST
        one, other = one[enough].astype(np.int64), other[enough].astype(np.int64)
        n = np.rint(common[one, other]).astype(float)
        roles = sheet.judge[chosen].astype(np.int64)
        return cls(one, other, n, n - np.rint(same[one, other]), roles[one] + roles[other])


def _busiest(sheet: Sheet) -> Ints:
    counted = sheet.present.sum(axis=0)
    return np.sort(np.argsort(-counted, kind="stable")[:MOST]).astype(np.int64)


def _expected(sheet: Sheet, chosen: Ints) -> Array:
    """Return for each rater how often another of latent correlation .95 and the same shares would differ."""
    from scipy.special import ndtri

    if len(sheet.codes) > MOST_LEVELS:  # numbers: a rounded answer may well be met, half of them are not
        return np.full(len(chosen), 0.5)
    values, counted = sheet.values[:, chosen], np.maximum(sheet.present[:, chosen].sum(axis=0), 1)
    share = np.stack([(values == code).sum(axis=0) for code in sheet.codes]) / counted
    below = share if sheet.unordered else np.cumsum(share, axis=0)[:-1]
    density = np.where((below > 0) & (below < 1), np.exp(-(ndtri(np.clip(below, 1e-9, 1 - 1e-9)) ** 2) / 2), 0.0)
    across = density / np.sqrt(2 * np.pi) * np.sqrt(2 * (1 - LIKE)) * np.sqrt(2 / np.pi)
    if sheet.unordered:
        return np.asarray(across.sum(axis=0) / 2)
    return np.asarray(1 - np.prod(1 - across, axis=0))


def _rivals(pairs: _Pairs, suspected: NDArray[np.bool_]) -> Array:
    """Return for each pair how often the most alike other pair of the same roles differs; NaN where there is none.

    Pairs that are suspected themselves stand back; where all are, everybody agrees with everybody: 0.
    """
    rate = pairs.differing / pairs.n
    found = np.full(len(rate), np.nan)
    for kind in np.unique(pairs.kind):
        mine = pairs.kind == kind
        free = np.sort(rate[mine & ~suspected])
        if mine.sum() > 1:
            found[mine] = free[0] if len(free) else 0.0
            # A pair is not its own rival.
            own = mine & ~suspected & (rate == found[mine][0])
            found[own] = free[1] if len(free) > 1 else 0.0
    return found
