"""How many more labels would decide: a projection of the interval to more items, or to more people an item."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from judgekit.schema import Answer3
from judgekit.stats.kappa import kappa_family
from judgekit.stats.pairings import Pairing, Slice
from judgekit.stats.prepared import Prepared
from judgekit.stats.resample import Interval, expanded_tail

#: A study of the projected size decides with this probability, if the observed difference held.
POWER = 0.8
#: A projection beyond this many times the present study is no plan.
MOST_TIMES = 1000


@dataclass(frozen=True)
class Bounds:
    """Where an interval must lie: yes above ``floor`` and below ``roof``, no below ``under`` or above ``roof``."""

    floor: float
    under: float
    roof: float = np.inf

    def gaps(self, value: float) -> dict[Answer3, list[tuple[float, bool]]]:
        """Return for each answer how far inside its bounds a value lies, and whether its lower end must clear them."""
        ways: dict[Answer3, list[tuple[float, bool]]] = {"yes": [(value - self.floor, True)]}
        if np.isfinite(self.roof):
            ways["yes"].append((self.roof - value, False))
        ways["no"] = [(value - self.roof, True)] if value > self.roof else [(self.under - value, False)]
        return ways


@dataclass(frozen=True)
class Needed:
    """How many (items in all, or people an item) would decide, for which answer; inf where no number would."""

    number: float
    answer: Answer3
    share: float = np.nan


def items_needed(found: Interval, bounds: Bounds, n_items: int, conf_level: float) -> Needed:
    """Return how many items in all would decide with probability ``POWER`` if the observed difference held.

    Each half of the interval is its quantile times a standard error that falls with the square root of the number of
    items; quantile and effective df are those of the default interval at that number. The upper and the lower half keep
    their proportion, the mix of items and the people an item stay as they are.
    """
    best = Needed(np.inf, "undecided")
    for answer, gaps in bounds.gaps(found.value).items():
        most = max(_times(found, gap, lower, conf_level, n_items, len(gaps)) for gap, lower in gaps)
        if most * n_items < best.number:
            best = Needed(most * n_items, answer)
    return replace(best, number=float(np.ceil(best.number))) if np.isfinite(best.number) else best


def detectable(found: Interval, conf_level: float) -> float:
    """Return the smallest true effect that ``POWER`` of such studies would have told from none; NaN without interval.

    Half the interval × (1 + z / q), the standard error times the sum of two quantiles: q that of the interval, z the
    normal one of the power. Bloom (1995), doi:10.1177/0193841X9501900504.
    """
    from scipy.special import ndtri

    if not np.isfinite(found.low):
        return float("nan")
    tail = expanded_tail(conf_level, found.units, found.df) if found.units > 1 else (1 - conf_level) / 2
    half = max(found.value - found.low, found.high - found.value)
    return float(half * (1 + float(ndtri(POWER)) / -float(ndtri(tail))))


def people_needed(
    found: Interval, bounds: Bounds, part: Slice, pairing: Pairing, n_items: int, conf_level: float
) -> Needed | None:
    """Return how many people an item would decide on the same items, or None where that cannot be told.

    The variance of the difference is split into what items (and the judge) bring and what people bring, V = A + B / P
    with P the pairs of people of an item: the jackknife over items gives V with all people (the median number m) and
    with one of them left out in turn, so three are needed. In simulated panels of 3 and 4 this foretold the variance
    with 10 to within a third. ``share`` is the people's part of V.
    """
    m, whole, fewer = _variances(part, pairing)
    if m < 3 or not (np.isfinite(whole) and np.isfinite(fewer) and whole > 0):
        return None
    pairs, less = m * (m - 1) / 2, (m - 1) * (m - 2) / 2
    B = min(max(fewer - whole, 0.0) / (1 / less - 1 / pairs), whole * pairs)
    A = whole - B / pairs
    best = Needed(np.inf, "undecided", 1 - A / whole)
    for answer, gaps in bounds.gaps(found.value).items():
        allowed = min(_variance_ratio(found, gap, lower, conf_level, n_items, len(gaps)) for gap, lower in gaps)
        room = allowed * whole - A
        number = float(np.ceil((1 + np.sqrt(1 + 8 * B / room)) / 2)) if room > 0 else np.inf
        if number < best.number and number <= MOST_TIMES * m:
            best = replace(best, number=number, answer=answer)
    return best


def items_sentence(needed: Needed, n_items: int, words: dict[Answer3, str]) -> str:
    """Say how many items would decide, and under what assumption."""
    if not np.isfinite(needed.number):
        return "no number of items would decide: the difference sits at the margin"
    total = int(rounded(needed.number))
    return (
        f"about {total:,} items in all ({max(total - n_items, 1):,} more) would decide for '{words[needed.answer]}', "
        f"in {POWER:.0%} of studies, if the observed difference held"
    ).replace("%", " %")


def people_sentence(needed: Needed, m: int, words: dict[Answer3, str]) -> str:
    """Say how many people an item would decide, and what part of the variance is theirs."""
    part = f"people bring {needed.share:.0%} of the variance, items and judge the rest".replace("%", " %")
    if not np.isfinite(needed.number):
        return f"no number of people would decide on these items alone: {part}"
    told = f"about {needed.number:.0f} people an item instead of {m} would decide on these items"
    return f"{told} for '{words[needed.answer]}': {part}"


def rounded(number: float) -> float:
    """Round up to two digits: a projection has no more; inf stays."""
    if not np.isfinite(number):
        return number
    step = 10 ** max(int(np.floor(np.log10(max(number, 1)))) - 1, 0)
    return float(np.ceil(number / step) * step)


def people_an_item(part: Slice, pairing: Pairing) -> int:
    """Return the median number of people among the items that the judge rated."""
    there = np.isfinite(part.matrix(list(pairing.right)))[part.answered(pairing.left)[:, 0]].sum(axis=1)
    there = there[there > 0]
    return int(np.median(there)) if len(there) else 0


def _known(found: Interval, n_items: int) -> tuple[int, float]:
    units = found.units or n_items
    return units, found.df if np.isfinite(found.df) else max(units - 1.0, 2.0)


def _quantile(units: float, df: float, conf_level: float) -> float:
    from scipy.special import stdtrit

    return float(np.sqrt((units + 1) / (units - 1)) * stdtrit(min(df, units - 1), (1 + conf_level) / 2))


def _beyond(ends: int) -> float:
    """Return the normal quantile that keeps the chance of deciding, where one or both ends must clear a bound."""
    from scipy.special import ndtri

    return float(ndtri(POWER if ends == 1 else (1 + POWER) / 2))


def _times(found: Interval, gap: float, lower: bool, conf_level: float, n_items: int, ends: int) -> float:
    """Return how many times the present items one end needs; inf where the value lies on the wrong side."""
    half = found.value - found.low if lower else found.high - found.value
    units, df = _known(found, n_items)
    if gap <= 0 or not half > 0:
        return np.inf
    se = half / _quantile(units, df, conf_level)

    def short(times: float) -> bool:
        reach = _quantile(units * times, df * times, conf_level) + _beyond(ends)
        return bool(se / np.sqrt(times) * reach > gap)

    if not short(1.0):
        return 1.0
    if short(MOST_TIMES):
        return np.inf
    below, above = 1.0, float(MOST_TIMES)
    while above / below > 1 + 1e-4:
        middle = float(np.sqrt(below * above))
        below, above = (middle, above) if short(middle) else (below, middle)
    return above


def _variance_ratio(found: Interval, gap: float, lower: bool, conf_level: float, n_items: int, ends: int) -> float:
    """Return what the variance may be at most, over what it is, for one end to clear its bound on the same items."""
    half = found.value - found.low if lower else found.high - found.value
    if gap <= 0 or not half > 0:
        return 0.0
    q = _quantile(*_known(found, n_items), conf_level)
    return float((gap / (q + _beyond(ends)) / (half / q)) ** 2)


def _variances(part: Slice, pairing: Pairing) -> tuple[int, float, float]:
    """Return people an item, the jackknife's variance of the difference, and that with one person fewer an item."""
    m = people_an_item(part, pairing)
    if m < 3:
        return m, np.nan, np.nan
    columns = [part.column[person] for person in pairing.right]
    order = np.cumsum(part.present[:, columns], axis=1) - 1
    each = np.maximum(part.present[:, columns].sum(axis=1, keepdims=True), 1)
    fewer = []
    for left_out in range(m):
        values = part.values.copy()
        mine = values[:, columns]
        mine[order == left_out % each] = np.nan
        values[:, columns] = mine
        fewer.append(_jackknife(replace(part, values=values), pairing))
    return m, _jackknife(part, pairing), float(np.mean(fewer))


def _jackknife(part: Slice, pairing: Pairing) -> float:
    people = Pairing(pairing.b, pairing.b, pairing.right, pairing.right)
    job, _ = kappa_family(part, [pairing, people], minus=((0, 1),))
    left_out = Prepared.of(job, part.groups, {}).left_out[:, 0]
    spread: NDArray[np.float64] = left_out - left_out.mean()
    return float((len(left_out) - 1) / len(left_out) * np.sum(spread**2))
