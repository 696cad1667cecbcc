"""Lin's concordance correlation: closeness to the line of identity, and what keeps raters from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.comparisons import smooth_intervals, without_persons
from judgekit.stats.linearised import check_interval
from judgekit.stats.moments import MomentKernel, Part
from judgekit.stats.pairings import Slice, slices
from judgekit.stats.pairmeans import PairMeans, PairSet
from judgekit.stats.resample import Array, Bootstrap, Interval
from judgekit.stats.rows import row

if TYPE_CHECKING:
    from judgekit.study import Study

#: The statistics that are made of one pair's moments, and what they are.
PARTS: dict[str, tuple[Part, str]] = {
    "ccc": ("ccc", "Lin's concordance correlation"),
    "ccc.bias_correction": ("bias_correction", "C_b = ccc / r"),
    "ccc.location": ("location", "u = (mean of a - mean of b) / sqrt(s_a s_b)"),
    "ccc.scale": ("scale", "v = s_a / s_b"),
}


@register("stats")
def ccc(study: Study, *, boot: Bootstrap, interval: str = "bootstrap") -> Iterator[Estimate]:
    """Lin's concordance correlation with its bias correction, location and scale shift: judge with people, judges."""
    analytic = check_interval(interval)
    for part in slices(study):
        if part.criterion.scale == "nominal":
            continue
        for pairing in without_persons(study, part):
            pairs = PairSet.of(part, [pairing])
            X = part.matrix(pairs.raters)
            seen = X[np.isfinite(X)]
            centre = float(seen.mean()) if len(seen) else 0.0
            for name, (kind, meaning) in PARTS.items():
                if pairing.left == pairing.right and kind in ("location", "scale"):
                    continue  # among exchangeable people neither has a sign
                kernel = MomentKernel(kind, centre)
                if analytic and kind == "ccc":
                    found = _analytic(X, kernel, pairs, part, boot)
                else:
                    found = _bootstrap(part, X, kernel, pairs, boot)
                text = "; ".join(word for word in (meaning, pairs.indices[0].describe()) if word)
                yield row(study, name, part, pairing, found, boot, text)


def _bootstrap(part: Slice, X: Array, kernel: MomentKernel, pairs: PairSet, boot: Bootstrap) -> Interval:
    """Return the engine's interval; the mean of log v over pairs is given as v."""
    found = smooth_intervals(part, X, boot, PairMeans(kernel, pairs, None), X.shape[1])[0]
    if kernel.part != "scale":
        return found
    return replace(
        found, value=float(np.exp(found.value)), low=float(np.exp(found.low)), high=float(np.exp(found.high))
    )


def _analytic(X: Array, kernel: MomentKernel, pairs: PairSet, part: Slice, boot: Bootstrap) -> Interval:
    """Return Lin's interval of one pair of raters; none for a mean over pairs."""
    value = float(PairMeans(kernel, pairs, None).point(PairMeans(kernel, pairs, None).features(X).sum(axis=0))[0])
    if len(pairs.own) != 1 or pairs.merged:
        return Interval(value, note="no analytic interval: a mean over pairs, use the bootstrap")
    both = X[:, list(pairs.own[0])]
    low, high = lin_interval(both[np.isfinite(both).all(axis=1)], boot.conf_level)
    if not np.isfinite(low):
        return Interval(value, note="no analytic interval: no disagreement or no variation, use the bootstrap")
    note = "clusters of items are ignored" if part.groups.max() + 1 < len(part.groups) else ""
    return Interval(value, low, high, "normal approximation on Fisher's z (Lin 1989)", note)


def lin_interval(pair: Array, conf_level: float) -> tuple[float, float]:
    """Return the limits of the concordance of two columns by its z-transform (Lin 1989, with the 2000 correction).

    Var z = ((1 - r²) c² / ((1 - c²) r²) + 2 c³ (1 - c) u² / (r (1 - c²)²) - c⁴ u⁴ / (2 r² (1 - c²)²)) / (n - 2) for
    concordance c, correlation r and location shift u (doi:10.2307/2532051, doi:10.1111/j.0006-341X.2000.00324.x).
    """
    from scipy.special import ndtri

    n = len(pair)
    if n < 3:
        return np.nan, np.nan
    x = pair - pair.mean()
    S = MomentKernel("ccc", 0.0).features(x[:, :1], x[:, 1:], np.ones((n, 1)))
    kinds: tuple[Part, ...] = ("ccc", "pearson", "location")
    c, r, u = (float(MomentKernel(kind, 0.0).values(S.sum(axis=0))[0][0]) for kind in kinds)
    if not (np.isfinite(r) and abs(c) < 1 - 1e-12 and abs(r) > 1e-12):
        return np.nan, np.nan
    first = (1 - r**2) * c**2 / ((1 - c**2) * r**2)
    second = 2 * c**3 * (1 - c) * u**2 / (r * (1 - c**2) ** 2)
    variance = (first + second - c**4 * u**4 / (2 * r**2 * (1 - c**2) ** 2)) / (n - 2)
    if not variance > 0:
        return np.nan, np.nan
    half = float(ndtri((1 + conf_level) / 2)) * float(np.sqrt(variance))
    return float(np.tanh(np.arctanh(c) - half)), float(np.tanh(np.arctanh(c) + half))
