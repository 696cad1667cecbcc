"""Soft labels: how far the judge's distribution over the levels lies from the people's, item by item."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Criterion, Estimate
from judgekit.stats.distances import jensen_shannon, js_within, wasserstein, wasserstein_within
from judgekit.stats.pairings import Pairing, Slice, between_levels, levels_of, slices
from judgekit.stats.resample import NO_PRIOR, SINGLE, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import row
from judgekit.stats.versus import judges_with_pools, people_of

if TYPE_CHECKING:
    from judgekit.study import Study

#: With more distinct values than this and no declared levels there is no distribution over levels to speak of.
MOST_LEVELS = 50
#: With fewer items with any distance, the interval of the mean distance fell short in simulated studies.
FEW_APART = 25
SAID = {
    "js": "mean Jensen–Shannon divergence, base 2",
    "wasserstein": "mean Wasserstein-1 distance, in the scale's units",
}


@dataclass(frozen=True)
class MeanDistance:
    """The mean of one distance an item (X is n × 1, NaN where there is none)."""

    width: int | None

    def features(self, X: Array) -> Array:
        """Return whether there is a distance, and the distance (n × 2)."""
        known = np.isfinite(X[:, 0])
        return np.stack([known, np.where(known, X[:, 0], 0.0)], axis=1).astype(float)

    def point(self, S: Array) -> Array:
        """Return the mean."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(S[..., 0] > 0, S[..., 1] / S[..., 0], np.nan))

    population = point


@register("stats")
def soft(study: Study, *, boot: Bootstrap) -> Iterator[Estimate]:
    """Soft labels: Jensen–Shannon and Wasserstein distance of judge and people per item, beside what a panel can reach.

    The judge's distribution is its probabilities where it gave any, else its votes over reps, else its one rating. The
    distances are soft.js (divergence, base 2, 0 to 1; its square root is the distance) and, unless nominal,
    soft.wasserstein. A finite panel is no population: soft.js_floor is what two random halves of it are apart,
    soft.js_person what one person is from the others, both the exact mean over all splits. A judge that gives a
    distribution can fall below the floor; one rating can hardly do better than a person. Items need two people.
    """
    whole: dict[tuple[str, str], tuple[Array, str]] = {}
    for part in slices(study):
        levels = study.matrix(part.criterion.key).to_numpy()
        codes = levels_of(part.criterion, levels)
        if len(codes) < 2 or (not part.criterion.codes and len(codes) > MOST_LEVELS):
            continue
        kinds = ["js"] if part.criterion.scale == "nominal" else ["js", "wasserstein"]
        asked: list[tuple[str, Pairing, Array, str]] = []
        (mask,) = [mask for subset, mask in study.subsets() if subset == part.subset]
        for pairing in judges_with_pools(study, part):
            if between_levels(part.criterion, part.matrix(pairing.raters)):
                continue
            key = part.criterion.key, pairing.a
            if key not in whole:
                whole[key] = distributions(study, part.criterion, pairing.a, codes)
            Q, source = whole[key]
            counted = counts(part, pairing, codes)
            asked += [(f"soft.{kind}", pairing, from_panel(kind, Q[mask], counted, codes), source) for kind in kinds]
        for pool, people in people_of(study, part).items():
            pairing = Pairing(pool, pool, people, people)
            if between_levels(part.criterion, part.matrix(pairing.raters)):
                continue
            for kind in kinds:
                counted = counts(part, pairing, codes)
                for name, size, said in SPLITS:
                    apart = within_panel(kind, counted, codes, size)
                    asked.append((f"soft.{kind}_{name}", pairing, apart, said))
        jobs = [Job(MeanDistance(None), apart[:, None], (), NO_PRIOR) for _, _, apart, _ in asked]
        for (name, pairing, apart, said), found in zip(
            asked, boot.intervals(part.stream, part.groups, jobs, part.types), strict=True
        ):
            kind = name.removeprefix("soft.").split("_")[0]
            kept = never_without_width(found, part, apart, 1.0 if kind == "js" else codes[-1] - codes[0], boot)
            note = warning(apart)
            made = row(study, name, part, pairing, kept, boot, f"{SAID[kind]}; {said}", note=note)
            yield replace(made, n_items=int(np.isfinite(apart).sum()))


def distributions(study: Study, criterion: Criterion, judge: str, codes: tuple[float, ...]) -> tuple[Array, str]:
    """Return a judge's distribution over the levels for each item (n × K, NaN without one), and where it is from.

    Items are those of ``study.matrix``. Several reps are averaged, each its probabilities or else its rating.
    """
    import pandas as pd

    index = study.matrix(criterion.key).index
    r = study.ratings
    mine = (r["criterion"] == criterion.key) & (r["rater"] == judge) & (r["variant"] == "original")
    given = r.loc[mine & (r["status"] == "ok"), ["item", "value", "probs"]]
    items = index.get_indexer(pd.Index(given["item"]))
    shares = np.equal(given["value"].to_numpy(dtype=float)[:, None], codes).astype(float)
    told = given["probs"].notna().to_numpy()
    for number in np.flatnonzero(told):
        shares[number] = parsed(given["probs"].iloc[number], criterion, codes)
    total, answers = np.zeros((len(index), len(codes))), np.bincount(items, minlength=len(index))
    np.add.at(total, items, shares)
    with np.errstate(invalid="ignore"):
        Q = np.where(answers[:, None] > 0, total / answers[:, None], np.nan)
    if told.any():
        source = "the judge's probabilities"
    elif answers.max(initial=0) > 1:
        source = f"the judge's votes, up to {int(answers.max())} an item"
    else:
        source = "the judge's one rating"
    return Q, source


def parsed(probs: str, criterion: Criterion, codes: tuple[float, ...]) -> Array:
    """Return written probabilities ``{level: probability}`` as K shares that add up to 1."""
    place = {code: number for number, code in enumerate(codes)}
    shares = np.zeros(len(codes))
    for level, share in json.loads(probs).items():
        if float(level) not in place:
            raise InputError(
                f"probabilities of an unknown level {level} for '{criterion.key}'",
                where="ratings, column probs",
                fix=f"give them over the levels {criterion.span()}",
            )
        shares[place[float(level)]] = float(share)
    if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0):
        raise InputError(
            f"probabilities that are none for '{criterion.key}': {probs}",
            where="ratings, column probs",
            fix="give shares of 0 or more, one of them above 0",
        )
    return np.asarray(shares / shares.sum())


def counts(part: Slice, pairing: Pairing, codes: tuple[float, ...]) -> NDArray[np.int64]:
    """Return how many people gave each level to each item (n × K)."""
    X = part.matrix(list(pairing.right))
    return np.stack([np.equal(X, code).sum(axis=1) for code in codes], axis=1)


def from_panel(kind: str, Q: Array, counted: NDArray[np.int64], codes: tuple[float, ...]) -> Array:
    """Return each item's distance of distribution Q (n × K) from the panel's shares (n); NaN under two people."""
    m = counted.sum(axis=1, keepdims=True)
    P = np.where(m >= 2, counted / np.maximum(m, 1), np.nan)
    return jensen_shannon(Q, P) if kind == "js" else wasserstein(Q, P, codes)


SPLITS: tuple[tuple[str, Callable[[int], int], str], ...] = (
    ("floor", lambda m: m // 2, "two random halves of the panel"),
    ("person", lambda m: 1, "one person from the others"),
)


def within_panel(kind: str, counted: NDArray[np.int64], codes: tuple[float, ...], size: Callable[[int], int]) -> Array:
    """Return for each item the mean distance of ``size(m)`` of its m people from the others (n); NaN under two."""
    apart = np.full(len(counted), np.nan)
    people = counted.sum(axis=1)
    for m in np.unique(people[people >= 2]):
        mine, first = people == m, size(int(m))
        some = counted[mine]
        apart[mine] = js_within(some, first) if kind == "js" else wasserstein_within(some, codes, first)
    return apart


def warning(apart: Array) -> str:
    """Say why there is nothing to estimate, or that few items have any distance at all."""
    if not np.isfinite(apart).any():
        return "not estimable: no item with two people"
    some = int((apart[np.isfinite(apart)] > 1e-12).sum())
    few = f"only {some} items with any distance: read the interval with caution, or add items"
    return few if some < FEW_APART else ""


def never_without_width(found: Interval, part: Slice, apart: Array, most: float, boot: Bootstrap) -> Interval:
    """Where all items are equally far apart, let half an item at 0 and half at the most possible give width."""
    if not (np.isfinite(found.low) and found.high - found.low < 1e-9):
        return found
    job = Job(MeanDistance(1), apart[:, None], (0.0, most), SINGLE)
    (wider,) = boot.intervals(part.stream, part.groups, [job], part.types)
    return replace(wider, note="all items are equally far apart")
