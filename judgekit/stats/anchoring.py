"""Anchoring: how much closer do people come to a judge's label when they are shown it, and what time does it save?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from judgekit.errors import InputError, listed
from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.kappa import kappa_family
from judgekit.stats.pairings import Pairing, Slice, between_levels, levels_of, slices
from judgekit.stats.resample import DIFFERENCE, NO_PRIOR, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import number, row
from judgekit.stats.spent import spent

if TYPE_CHECKING:
    from judgekit.study import Study

#: What each answer means, in words.
WORDS: dict[Answer3, str] = {
    "yes": "anchored",
    "no": "not anchored, to within the margin",
    "undecided": "too few labels",
}
THESE = "these raters; for raters in general resampling=two_way"


@dataclass(frozen=True)
class Equal:
    """Share of answers equal to the first column's: those of the last ``after`` columns minus the others'."""

    after: int
    width: int | None = None

    @property
    def prior_name(self) -> tuple[object, ...]:
        """What the sums depend on."""
        return "equal to the first", self.after

    def features(self, X: Array) -> Array:
        """Return each item's answers and equal answers of either side (n × 4)."""
        there, same = np.isfinite(X) & np.isfinite(X[:, :1]), X[:, :1] == X
        middle = X.shape[1] - self.after
        sides = (slice(1, middle), slice(middle, None))
        return np.stack([part[:, side].sum(axis=1) for side in sides for part in (there, there & same)], axis=1).astype(
            float
        )

    def point(self, S: Array) -> Array:
        """Return the difference of the two shares."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(S[..., 3] / S[..., 2] - S[..., 1] / S[..., 0])

    population = point


@register("stats")
def anchoring(study: Study, *, boot: Bootstrap, judge: str | None = None, margin: float = 0.05) -> Iterator[Estimate]:
    """Anchoring in the review arm: agreement with the shown judge, review minus blind arm, and seconds saved a label.

    Both arms on the same items, with the judge whose label was shown (the raters' column ``reviewed``; ``judge`` names
    another). ``anchoring`` is the difference of weighted kappas, ``anchoring.equal`` of the shares of equal answers;
    it is called no anchoring where the interval of the latter lies below ``margin``. Reviewed labels may be better or
    merely led: the difference does not say which.
    """
    if not margin > 0:
        raise InputError(f"margin must be above 0, not {margin:g}", where="anchoring", fix="declare a margin")
    arms = _arms(study)
    if judge is not None and judge not in study.judges():
        raise InputError(f"no judge is called '{judge}'", where="anchoring", fix=f"there are: {listed(study.judges())}")
    for part in slices(study):
        if part.subset == "all":
            for arm in arms or [Arm("people", (), (), None)]:
                yield from _rows(study, part, arm, judge, boot, margin)
    for arm in arms:
        yield _saved(study, arm, boot)


@dataclass(frozen=True)
class Arm:
    """A pool's people who were shown a judge's label, those who were not, and which judge it was."""

    pool: str
    blind: tuple[str, ...]
    review: tuple[str, ...]
    shown: str | None


def _arms(study: Study) -> list[Arm]:
    """Return the review arms, each with the blind people of its own pool (of all pools where it has none)."""
    if "arm" not in study.raters:
        return []
    people = study.raters[study.raters["rater"].isin(study.people())]
    found = []
    for pool, rows in people[people["arm"] == "review"].groupby("pool", sort=False):
        blind = people[people["arm"].fillna("blind") == "blind"]
        home = str(pool).removesuffix(" (review)")
        own = blind[blind["pool"] == home]
        told = list(rows["reviewed"].dropna().unique()) if "reviewed" in rows else []
        side = own if len(own) else blind
        found.append(Arm(home, tuple(side["rater"]), tuple(rows["rater"]), str(told[0]) if len(told) == 1 else None))
    return found


def _rows(study: Study, part: Slice, arm: Arm, named: str | None, boot: Bootstrap, margin: float) -> Iterator[Estimate]:
    judge = named or arm.shown
    lacking = ""
    if not arm.review:
        lacking = "not estimable: no rater is in a review arm"
    elif not arm.blind:
        lacking = "not estimable: no rater is in a blind arm"
    elif judge is None:
        lacking = "not estimable: it is not told whose label was shown (option judge)"
    elif judge not in part.raters or not part.answered([judge]).any():
        lacking = f"not estimable: '{judge}', whose label was shown, is not in this run"
    if lacking:
        empty = row(study, "anchoring", part, Pairing(judge or "", arm.pool, (), ()), Interval(np.nan), boot)
        yield replace(empty, note=lacking)
        return
    assert judge is not None
    both = part.answered([judge])[:, 0] & part.answered(arm.blind).any(axis=1) & part.answered(arm.review).any(axis=1)
    whole = part.values if part.whole is None else part.whole
    part = replace(part, values=np.where(both[:, None], part.values, np.nan), whole=whole)
    blind, review = (tuple(r for r in side if part.answered([r]).any()) for side in (arm.blind, arm.review))
    sides = [Pairing(judge, arm.pool, (judge,), review), Pairing(judge, arm.pool, (judge,), blind)]
    every = Pairing(judge, arm.pool, (judge,), (*blind, *review))
    if not both.any() or between_levels(part.criterion, part.matrix(every.raters)):
        empty = row(study, "anchoring", part, every, Interval(np.nan), boot)
        why = "no items that the judge and both arms answered" if not both.any() else "answers between levels"
        yield replace(empty, note=f"not estimable: {why}")
        return
    difference, _ = kappa_family(part, sides, minus=((0, 1),))
    apart, said = kappa_family(part, sides)
    X = part.matrix([judge, *blind, *review])
    codes = levels_of(part.criterion, X) if part.criterion.codes else ()
    width = X.shape[1] if codes else None
    equal = Job(
        Equal(len(review), width), X, codes, DIFFERENCE if codes else NO_PRIOR, part.sampled([judge, *blind, *review])
    )
    found = boot.intervals(part.stream, part.groups, [difference, apart, equal], part.types)
    counts = f"{len(review)} raters in review, {len(blind)} blind, on the same items; {THESE}"
    yield row(study, "anchoring", part, every, found[0], boot, f"{said[0]}; review minus blind; {counts}")
    for name, side, one, text in zip(("review", "blind"), sides, found[1:3], said, strict=True):
        yield row(study, f"anchoring.{name}", part, side, one, boot, text)
    answer = _verdict(found[3], margin) if boot.n_boot and np.isfinite(found[3].low) else None
    told = f"share of answers equal to the label shown, review minus blind; {counts}"
    told += f"; {answer}: {WORDS[answer]}" if answer else ""
    yield row(study, "anchoring.equal", part, every, found[3], boot, told, margin=margin, verdict=answer)


def _verdict(found: Interval, margin: float) -> Answer3:
    if found.low > 0:
        return "yes"
    return "no" if found.high < margin else "undecided"


def _saved(study: Study, arm: Arm, boot: Bootstrap) -> Estimate:
    """Return the seconds that the review arm saves a label: Welch's t over raters, who each have their own pace."""
    cards = spent(study, [*arm.blind, *arm.review])
    cards = cards[cards["seconds"].notna() & (cards["rep"] == 0)]
    seen = [set(cards.loc[cards["rater"].isin(side), "item"]) for side in (arm.blind, arm.review)]
    cards = cards[cards["item"].isin(seen[0] & seen[1])]
    means = [cards.loc[cards["rater"].isin(side)].groupby("rater")["seconds"].mean().to_numpy() for side in
             (arm.blind, arm.review)]  # fmt: skip
    found = welch(means[0], means[1], boot.conf_level)
    n = int(cards["item"].nunique())
    note = found.note
    if np.isfinite(found.value):
        note = "; ".join(
            text for text in (note, f"{found.value * n / 60:.3g} minutes over {n} items, one label each") if text
        )
    return Estimate(
        statistic="anchoring.seconds_saved",
        criterion="all",
        a=arm.pool,
        b=f"{arm.pool} (review)",
        value=number(found.value),
        low=number(found.low),
        high=number(found.high),
        conf_level=boot.conf_level if np.isfinite(found.low) else None,
        n_items=n,
        n_raters=sum(map(len, means)),
        n_ratings=len(cards),
        kind="simulated" if study.simulated([*arm.blind, *arm.review]) else "",
        method="mean seconds a card, blind minus review, on the same items; " + (found.method or "no interval"),
        seed=boot.seed,
        note=note,
    )


def welch(first: Sequence[float] | Array, second: Sequence[float] | Array, conf_level: float) -> Interval:
    """Return the difference of two means with Welch's t interval (Welch 1947, doi:10.1093/biomet/34.1-2.28).

    >>> found = welch([12.0, 14.0, 16.0], [9.0, 10.0, 11.0], 0.95)
    >>> f"{found.value:.1f} ({found.low:.2f} to {found.high:.2f})"
    '4.0 (-0.16 to 8.16)'
    """
    from scipy.special import stdtrit

    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if not (len(x) and len(y)):
        return Interval(np.nan, note="not estimable: no times in one of the arms")
    value = float(x.mean() - y.mean())
    if min(len(x), len(y)) < 2:
        return Interval(value, note="no interval: one rater only in an arm")
    parts = [float(np.var(z, ddof=1)) / len(z) for z in (x, y)]
    if not sum(parts) > 0:
        return Interval(value, note="no interval: raters take exactly the same time")
    df = sum(parts) ** 2 / sum(part**2 / (len(z) - 1) for part, z in zip(parts, (x, y), strict=True))
    half = float(stdtrit(df, (1 + conf_level) / 2)) * float(np.sqrt(sum(parts)))
    return Interval(value, value - half, value + half, f"Welch's t over raters, {df:.3g} df")
