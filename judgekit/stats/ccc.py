"""Lin's concordance correlation: closeness to the line of identity, and what keeps raters from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.comparisons import Asked, smooth_intervals, without_persons
from judgekit.stats.linearised import check_interval
from judgekit.stats.moments import MomentKernel, MomentParts, Part
from judgekit.stats.pairings import Pairing, Slice, slices
from judgekit.stats.pairmeans import PairSet
from judgekit.stats.resample import Array, Bootstrap, Interval
from judgekit.stats.rows import row

if TYPE_CHECKING:
    from judgekit.study import Study

#: The statistics that are made of a pair's moments, and what they are.
NAMES: dict[Part, tuple[str, str]] = {
    "ccc": ("ccc", "Lin's concordance correlation"),
    "bias_correction": ("ccc.bias_correction", "C_b = ccc / r"),
    "location": ("ccc.location", "u = (mean of a - mean of b) / sqrt(s_a s_b)"),
    "scale": ("ccc.scale", "v = s_a / s_b"),
}
#: With fewer items than this C_b is told too low: sampling error counts as a difference of means and of spreads.
MANY_ITEMS = 300
ALL: tuple[Part, ...] = ("ccc", "bias_correction", "location", "scale")


@register("stats")
def ccc(study: Study, *, boot: Bootstrap, interval: str = "bootstrap") -> Iterator[Estimate]:
    """Lin's concordance correlation with its bias correction, location and scale shift: judge with people, judges."""
    analytic = check_interval(interval)
    for part in slices(study):
        if part.criterion.scale == "nominal":
            continue
        asked = without_persons(study, part)
        jobs = [_job(part, pairing) for pairing in asked]
        for pairing, (model, job), found in zip(
            asked, jobs, smooth_intervals(part, boot, [j for _, j in jobs]), strict=True
        ):
            for kind, one in zip(model.parts, found, strict=True):
                name, meaning = NAMES[kind]
                if kind == "ccc" and analytic:
                    one = _analytic(model.pairs, job.X, one.value, part, boot)
                text = "; ".join(word for word in (meaning, model.pairs.indices[0].describe()) if word)
                made = row(study, name, part, pairing, _exp(one) if kind == "scale" else one, boot, text)
                yield biased_by_few(made) if kind == "bias_correction" else made


def biased_by_few(made: Estimate) -> Estimate:
    """Return the row of C_b with a warning where its items are too few for it."""
    if made.value is None or made.n_items >= MANY_ITEMS or made.n_raters <= 2:
        return made
    why = f"{made.n_items} items are few for a mean of C_b over pairs, which sampling error lowers"
    fix = f"read ccc.location and ccc.scale, or label {MANY_ITEMS} items"
    return replace(made, note="; ".join(text for text in (made.note, f"{why}: {fix}") if text))


def _job(part: Slice, pairing: Pairing) -> tuple[MomentParts, Asked]:
    """Return a comparison's statistics and their job; among exchangeable people there is no shift to be told."""
    pairs = PairSet.of(part, [pairing])
    X = part.matrix(pairs.raters)
    seen = X[np.isfinite(X)]
    parts = ALL[:1] if pairing.left == pairing.right else ALL
    model = MomentParts(parts, pairs, float(seen.mean()) if len(seen) else 0.0)
    return model, Asked(X, model, X.shape[1], people=part.sampled(pairs.raters))


def _exp(found: Interval) -> Interval:
    """Return the interval of v from that of the mean of log v over pairs."""
    value, low, high = (float(np.exp(limit)) for limit in (found.value, found.low, found.high))
    return replace(found, value=value, low=low, high=high)


def _analytic(pairs: PairSet, X: Array, value: float, part: Slice, boot: Bootstrap) -> Interval:
    """Return Lin's interval of one pair of raters; none for a mean over pairs."""
    if len(pairs.own) != 1 or pairs.merged:
        return Interval(value, note="no analytic interval: a mean over pairs, use the bootstrap")
    both = X[:, list(pairs.own[0])]
    low, high = lin_interval(both[np.isfinite(both).all(axis=1)], boot.conf_level)
    if not np.isfinite(low):
        return Interval(value, note="no analytic interval: no disagreement or no variation, use the bootstrap")
    notes = (
        "clusters of items are ignored" if part.groups.max() + 1 < len(part.groups) else "",
        "takes levels for normal: the bootstrap interval holds better" if part.criterion.codes else "",
    )
    note = "; ".join(one for one in notes if one)
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
