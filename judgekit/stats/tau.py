"""Kendall's tau-b at item level and at system level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.comparisons import Asked, smooth_intervals
from judgekit.stats.concordance import TauOfMany
from judgekit.stats.kernels import JointTable, margins
from judgekit.stats.pairings import Pairing, Slice, pairings, seen_values, slices
from judgekit.stats.pairmeans import PairMeans, PairSet
from judgekit.stats.pairwise import PairIndex
from judgekit.stats.resample import Array, Bootstrap
from judgekit.stats.rows import row
from judgekit.stats.systems import system_rows

if TYPE_CHECKING:
    from judgekit.study import Study

#: Beyond this many distinct values a linearised count takes the place of joint tables.
MOST_LEVELS = 12


@dataclass(frozen=True)
class TauKernel(JointTable):
    """Kendall's tau-b from the joint table: 2 (C - D) / √((n² - Σ n_i.²) (n² - Σ n_.j²)).

    Kendall (1945), doi:10.1093/biomet/33.3.239. C and D are the masses of concordant and discordant pairs of items;
    what an item is paired with itself counts as tied on both sides and drops out of numerator and denominator.
    """

    def of_tables(self, S: Array) -> tuple[Array, Array]:
        """Walk the table from its last row up: ``later`` holds each column's mass in the rows below."""
        K = len(self.codes)
        first, second, n = margins(S, K)
        later = [np.zeros_like(n) for _ in range(K)]
        surplus = np.zeros_like(n)
        for i in reversed(range(K)):
            above, below = np.zeros_like(n), np.asarray(sum(later[1:], np.zeros_like(n)))
            for j in range(K):
                surplus += S[:, i * K + j] * (below - above)
                above += later[j]
                below -= later[j + 1] if j + 1 < K else 0
            for j in range(K):
                later[j] += S[:, i * K + j]
        x = np.asarray(n * n - sum(mass * mass for mass in first))
        y = np.asarray(n * n - sum(mass * mass for mass in second))
        tiny = 1e-12 * n * n
        with np.errstate(divide="ignore", invalid="ignore"):
            tau = np.where((x > tiny) & (y > tiny), 2 * surplus / np.sqrt(x * y), np.nan)
        return np.asarray(np.clip(tau, -1, 1)), n


@register("stats")
def tau_b(study: Study, *, boot: Bootstrap) -> Iterator[Estimate]:
    """Kendall's tau-b over items (and over systems): people with people, judge with people, judges."""
    for part in slices(study):
        if part.criterion.scale == "nominal" and len(part.criterion.codes) > 2:
            continue
        asked = pairings(study, part)
        few = [pairing for pairing in asked if len(seen_values(part.matrix(pairing.raters))) <= MOST_LEVELS]
        many = [pairing for pairing in asked if pairing not in few]
        jobs, said = [], []
        if few:
            pairs, job = _from_tables(part, few)
            jobs.append(job)
            said += [index.describe() for index in pairs.indices]
        for pairing in many:
            X = part.matrix(pairing.raters)
            index = PairIndex.of(pairing, X)
            jobs.append(Asked(X, TauOfMany.of(index, X), 0, ()))
            said.append("; ".join(word for word in (index.describe(), "linearised in the items' weights") if word))
        found = [one for rows in smooth_intervals(part, boot, jobs) for one in rows]
        made = dict(zip(few + many, zip(found, said, strict=True), strict=True))
        for pairing in asked:
            one, text = made[pairing]
            yield row(study, "tau_b", part, pairing, one, boot, "; ".join(w for w in ("item level", text) if w))
        yield from system_rows(study, part, boot, "tau_b")


def _from_tables(part: Slice, few: list[Pairing]) -> tuple[PairSet, Asked]:
    """Return the pairs of comparisons with few distinct values and the job of all their joint tables."""
    pairs = PairSet.of(part, few)
    X = part.matrix(pairs.raters)
    declared = part.criterion.codes if len(part.criterion.codes) <= MOST_LEVELS else ()
    kernel = TauKernel(
        tuple(sorted({*declared, *(value for pairing in few for value in seen_values(part.matrix(pairing.raters)))}))
    )
    return pairs, Asked(X, PairMeans(kernel, pairs, None), X.shape[1], declared)
