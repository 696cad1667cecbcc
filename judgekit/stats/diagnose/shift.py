"""A rater whose rows slipped: answers agree with the others' some rows further on, and not as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from judgekit.stats.diagnose.finding import Finding, Suspect, sure
from judgekit.stats.diagnose.permuted import tail
from judgekit.stats.diagnose.sheet import Sheet
from judgekit.stats.resample import Array

#: Fewest items, the furthest slip that is looked for in part of the table, and the parts (from which share on).
LEAST, FURTHEST, STARTS = 20, 12, (0.0, 0.25, 0.5, 0.75)
#: Who rated fewer of the items has no neighbouring rows to slip to.
COVERED = 0.1
#: As it stands, agreement must be below this share of what it is once the rows are moved.
AS_IT_STANDS = 0.5
#: Largest p value of the paired test that the moved rows agree better.
BETTER = 0.005


@dataclass(frozen=True)
class _Slip:
    """The best slip of one rater: by how many rows, from which row on, and how surely."""

    p: float
    rows: int
    start: int
    r: float
    r_before: float
    p_better: float


def shift(sheet: Sheet) -> Iterator[Suspect]:
    """Yield a test a rater: do the answers agree better with the others' when moved by some rows in table order?

    Every slip of up to half the table is tried on the whole, and short ones on its later parts (a row that was lost or
    doubled moves only what follows it). p is Bonferroni's over them, a slip of k rows having a share of 1 / k. The slip
    must also agree better than the answers as they stand (paired over items).
    """
    n = len(sheet.items)
    if len(sheet.raters) < 2 or n < LEAST:
        return
    mean, here, them = sheet.others()
    common = here.sum(axis=0)
    one = not sheet.judge.all() and len(sheet.people) == 1
    only_two = not sheet.judge.any() and len(sheet.raters) == 2
    for column, name in enumerate(sheet.raters):
        if (one and not sheet.judge[column]) or (only_two and column) or common[column] < max(LEAST, COVERED * n):
            continue
        a, b = sheet.scores[:, column], mean[:, column]
        slip = best_slip(a, b)
        if slip is None:
            continue
        named = sheet.raters if only_two else (name,)
        way = "down" if slip.rows > 0 else "up"
        of = f"from item '{sheet.items[slip.start]}' on" if slip.start else "throughout"
        size = f"{abs(slip.rows)} row{'s' if abs(slip.rows) != 1 else ''}"
        yield Suspect(
            slip.p,
            Finding(
                "shift",
                sheet.criterion.key,
                tuple(named),
                f"The answers of {name} on '{sheet.criterion.key}' seem to have slipped {size} {way} in the table "
                f"{of}: they agree {slip.r:.2f} with those of {them[column]} {size} away and {slip.r_before:.2f} as "
                f"they stand ({sure(slip.p)}); check the row order or item ids of that file and join them again.",
                "high",
                items=tuple(map(str, sheet.items[slip.start : slip.start + 5])),
                numbers={"rows": float(slip.rows), "start": float(slip.start), "r_moved": slip.r,
                         "r": slip.r_before, "n_items": float(common[column])},
            ),
            plain=slip.r > 0.1 and slip.r_before < AS_IT_STANDS * slip.r and slip.p_better <= BETTER,
        )  # fmt: skip


def best_slip(a: Array, b: Array) -> _Slip | None:
    """Return the slip k ≠ 0 and start at which a_(i + k) · b_i is largest for its chance; a, b: items × dimensions."""
    n = len(a)
    best: _Slip | None = None
    for share in STARTS:
        start = round(share * n)
        if n - start < LEAST:
            break
        furthest = (n - start) // 2 if not start else min(FURTHEST, (n - start) // 2)
        slip = _of_part(a[start:], b[start:], furthest, len(STARTS))
        if slip is not None and (best is None or slip.p < best.p):
            best = replace(slip, start=start)
    return None if best is None else _located(a, b, best)


def _of_part(a: Array, b: Array, furthest: int, parts: int) -> _Slip | None:
    m = len(a)
    norm = np.sqrt((a * a).sum() * (b * b).sum())
    if norm <= 0:
        return None
    squares = np.einsum("nd,ne->de", a, a), np.einsum("nd,ne->de", b, b)
    variance = float((squares[0] * squares[1]).sum()) / max(m - 1, 1)
    third = float((a**3).sum() * (b**3).sum()) if a.shape[1] == 1 else 0.0
    skew = third / max(m - 2, 1) / max(variance, 1e-300) ** 1.5
    size = 1 << (2 * m - 1).bit_length()
    products = np.fft.irfft(
        np.einsum("fd,fd->f", np.fft.rfft(a, size, axis=0), np.conj(np.fft.rfft(b, size, axis=0))), size
    )
    slips = np.concatenate([np.arange(1, furthest + 1), -np.arange(1, furthest + 1)])
    left = np.maximum(m - np.abs(slips), 1) / m
    chances = tail(products[slips] / np.sqrt(variance * left), np.full(len(slips), skew) / np.sqrt(left))
    chances = chances * np.abs(slips) * (2 * (1 / np.arange(1, furthest + 1)).sum()) * parts
    at = int(np.argmin(chances))
    k = int(slips[at])
    moved, still = _products(a, b, k), (a * b).sum(axis=1)
    gain = moved - still
    spread = float(np.sqrt((gain**2).sum()))
    better = float(tail(np.array(gain.sum() / spread if spread else 0.0), np.array(0.0)))
    r, before = float(moved.sum() / norm / left[at]), float(still.sum() / norm)
    return _Slip(min(1.0, float(chances[at])), k, 0, r, before, better)


def _products(a: Array, b: Array, k: int) -> Array:
    """Return a_(i + k) · b_i, zero beyond the ends."""
    moved = np.zeros_like(a)
    if k > 0:
        moved[:-k] = a[k:]
    else:
        moved[-k:] = a[:k]
    return np.asarray((moved * b).sum(axis=1))


def _located(a: Array, b: Array, slip: _Slip) -> _Slip:
    """Return the slip with the row it begins at: where what is gained after it is largest."""
    gained = np.cumsum((_products(a, b, slip.rows) - (a * b).sum(axis=1))[::-1])[::-1]
    start = int(np.argmax(gained))
    # Within a few rows of the top the start is chance, not evidence.
    start = 0 if start <= max(5, len(a) // 20) else start
    here = slice(start, None)
    moved, still = _products(a, b, slip.rows)[here].sum(), (a * b).sum(axis=1)[here].sum()
    norm = float(np.sqrt((a[here] ** 2).sum() * (b[here] ** 2).sum()))
    left = max(len(a) - start - abs(slip.rows), 1) / max(len(a) - start, 1)
    if norm <= 0:
        return slip
    return replace(slip, start=start, r=float(moved / norm / left), r_before=float(still / norm))
