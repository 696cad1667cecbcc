"""How often a judge fails people, on edge and on core items: rates, their difference and ratio, beside people's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from judgekit.edges.outcome import ALONE, CONFIDENT, WAYS, Outcome, beside, outcome, panel, people
from judgekit.edges.parts import Part, part
from judgekit.edges.rates import TWO, Excess, Gap, MeanOf, gap_job, gap_p
from judgekit.errors import InputError, listed
from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.contrast import Share
from judgekit.stats.needed import POWER, detectable
from judgekit.stats.pairings import Slice, slices
from judgekit.stats.resample import DIFFERENCE, NO_PRIOR, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import number
from judgekit.stats.spread import LEAST, beyond, consensus

if TYPE_CHECKING:
    from judgekit.study import Study


@dataclass(frozen=True)
class Side:
    """One judge beside one pool, or a pool's people (or another pool's consensus) beside it: flags an item."""

    a: str
    b: str
    raters: tuple[str, ...]
    flags: Mapping[str, Array]
    said: Mapping[str, str]
    cost: Array | None = None
    excess: Array | None = None


@register("stats")
def failure(
    study: Study,
    *,
    boot: Bootstrap,
    pool: str | None = None,
    edge: str = "auto",
    share: float = 0.25,
    least: float = LEAST,
    confident: float = CONFIDENT,
    weight: float = 2.0,
    margin: float = 0.1,
) -> Iterator[Estimate]:
    """How often a judge fails people, on edge and core items: outside their spread, costly, refused, unstable.

    ``a`` is the judge, ``b`` the pool (all pools, or ``pool``); ``a`` = ``b`` are the pool's own people, each left out
    in turn. ``edge`` tells edge from core items (``auto``, ``tags``, ``index``, ``COLUMN=LEVEL``; ``share`` of the
    index). ``least`` bounds the panel's spread, ``confident`` is the confidence from which a wrong answer is a
    confident one, ``weight`` what a costly error counts beside another. Verdict of ``.difference``: yes where the
    judge fails more often on edge items (interval above 0), no where the interval lies below ``margin``, else
    undecided.
    """
    pools = study.pools()
    if pool is not None and pool not in pools:
        raise InputError(f"no pool is called '{pool}'", where="failure", fix=f"there are: {listed(pools)}")
    if not 0 < least < 1 or not 0 < confident <= 1 or not weight >= 1 or not margin > 0:
        raise InputError(
            f"least={least:g}, confident={confident:g}, weight={weight:g}, margin={margin:g}",
            where="failure",
            fix="least and confident lie between 0 and 1, weight is 1 or more, margin above 0",
        )
    chosen = list(pools) if pool is None else [pool]
    for slice_ in slices(study):
        if slice_.subset != "all":
            continue
        cut = part(study, slice_.criterion, edge, share)
        sides = list(_sides(study, slice_, chosen, least, confident, weight))
        yield from _rows(study, slice_, cut, sides, boot, margin)


def _sides(
    study: Study, part_: Slice, pools: Sequence[str], least: float, confident: float, weight: float
) -> Iterator[Side]:
    criterion, members = part_.criterion, study.pools()
    rated = [name for name in pools if np.isfinite(panel(study, criterion, name)).any()]
    told: set[str] = set()
    asked = study.ratings.loc[study.ratings["criterion"] == criterion.key, "rater"].unique()
    for judge in (one for one in study.judges() if one in set(asked)):
        for name in rated:
            found = outcome(study, criterion, judge, name, least=least, confident=confident, weight=weight)
            said = _said(least, confident, len(members[name]))
            with_people = {way: flags for way, flags in found.flags.items() if way not in ALONE}
            shares = beside(study, criterion, judge, name, least=least)
            pair = shares if np.isfinite(shares).any() else None
            yield Side(judge, name, (judge, *members[name]), with_people, said, _costs(found), pair)
            if judge not in told:
                told.add(judge)
                alone = {way: flags for way, flags in found.flags.items() if way in ALONE}
                yield Side(judge, "", (judge,), alone, said)
    for name in rated:
        own = people(study, criterion, name, least=least)
        said = {way: f"{text}: people, each left out in turn" for way, text in _said(least, confident, 2).items()}
        yield Side(name, name, tuple(members[name]), own, said)
    for one, other in permutations(rated, 2):
        nominal = criterion.scale == "nominal"
        word = consensus(panel(study, criterion, one), nominal=nominal)
        out = beyond(word, panel(study, criterion, other), nominal=nominal, least=least)
        flags = {"truth": np.where(np.isfinite(out), out != 0, np.nan)}
        kind = "commonest answer" if nominal else "median"
        said = {"truth": f"the {kind} of {one} outside the spread of {other}"}
        if np.isfinite(out).any():
            yield Side(one, other, (*members[one], *members[other]), flags, said)


def _said(least: float, confident: float, n_people: int) -> dict[str, str]:
    said = {**WAYS, "outside": f"an answer that fewer than {least:.0%} of the panel gave or went beyond"}
    said["confident"] += f" (at {confident:g} or more)"
    return {way: text.replace("%", " %") for way, text in said.items()}


def _costs(found: Outcome) -> Array | None:
    return found.cost if np.isfinite(found.cost).any() else None


def _rows(
    study: Study, part_: Slice, cut: Part, sides: Sequence[Side], boot: Bootstrap, margin: float
) -> Iterator[Estimate]:
    """Yield each side's rates on all, edge and core items, the difference and the ratio: all of the same draws."""
    jobs: list[Job] = []
    made: list[tuple[Side, str, str, Array]] = []
    masks = {"all": np.ones(len(cut.edge), dtype=bool), "edge": cut.edge, "core": ~cut.edge}
    for side in sides:
        for way, flags in side.flags.items():
            never = not (flags > 0).any()
            for subset, mask in masks.items():
                if never and subset != "all":
                    continue
                X = np.where(mask, flags, np.nan)
                if np.isfinite(X).any() or subset == "all":
                    jobs.append(Job(Share(1), X[:, None], TWO, people=("",)))
                    made.append((side, way, subset, X))
            if not never:
                jobs.append(gap_job(flags, cut.edge))
                made.append((side, way, "gap", flags))
        if side.cost is not None:
            for subset, mask in masks.items():
                X = np.where(mask, side.cost, np.nan)
                if np.isfinite(X).any():
                    jobs.append(Job(MeanOf(), X[:, None], (), NO_PRIOR, people=("",)))
                    made.append((side, "severity", subset, X))
        if side.excess is not None:
            for subset, mask in masks.items():
                X = np.where(mask[:, None], side.excess, np.nan)
                if np.isfinite(X).all(axis=1).any():
                    jobs.append(Job(Excess(), X, TWO, DIFFERENCE, ("", "")))
                    made.append((side, "excess", subset, X[:, 0]))
    found = iter(boot.intervals((part_.criterion.key, "failure"), part_.groups, jobs))
    for (side, way, subset, X), job in zip(made, jobs, strict=True):
        if way == "excess":
            more = _row(study, part_, cut, side, way, subset, X, one := next(found), boot)
            yield _decided(more, one, boot, margin, ("than a person", "than a person would"))
            continue
        if not isinstance(job.coefficient, Gap):
            yield _row(study, part_, cut, side, way, subset, X, next(found), boot)
            continue
        difference, ratio = next(found), next(found)
        yield _compared(study, part_, cut, side, way, X, difference, boot, margin)
        ratio = ratio if np.isfinite(ratio.value) else Interval(np.nan, note=_no_ratio(X, cut))
        yield _row(study, part_, cut, side, f"{way}.ratio", "all", X, ratio, boot)


def _no_ratio(flags: Array, cut: Part) -> str:
    core = np.isfinite(flags[~cut.edge])
    return "not estimable: no core item failed" if core.any() and np.isfinite(flags[cut.edge]).any() else _lacking(cut)


def _lacking(cut: Part) -> str:
    return "not estimable: edge or core items without a rating"


def _compared(
    study: Study, part_: Slice, cut: Part, side: Side, way: str, flags: Array, found: Interval, boot: Bootstrap,
    margin: float,
) -> Estimate:  # fmt: skip
    """Return the difference of the rates with its test and verdict."""
    p = number(gap_p(flags, cut.edge, part_.groups)) if np.isfinite(found.value) else None
    if not np.isfinite(found.value):
        found = Interval(np.nan, note=_lacking(cut))
    made = _row(study, part_, cut, side, f"{way}.difference", "all", flags, found, boot)
    told = "; ".join(text for text in ("p: score test" if p is not None else "", made.method) if text)
    return _decided(replace(made, p=p, method=told), found, boot, margin, ("on edge items", "on edge items"))


def _decided(made: Estimate, found: Interval, boot: Bootstrap, margin: float, than: tuple[str, str]) -> Estimate:
    """Return a difference with its verdict (yes: fails more) and, where it is not yes, what would have been found."""
    answer: Answer3 = "undecided"
    if np.isfinite(found.low):
        answer = "yes" if found.low > 0 else "no" if found.high < margin else "undecided"
    decided = answer if boot.n_boot and np.isfinite(found.value) else None
    words = {
        "yes": f"fails more {than[0]}",
        "no": f"not {margin:g} more {than[1]}",
        "undecided": "too few items to tell",
    }
    least = detectable(found, boot.conf_level)
    gap = f"a difference of {least:.2f} would be found in {POWER * 100:.0f} % of such studies"
    notes = [made.note, gap if answer != "yes" and np.isfinite(least) else ""]
    return replace(
        made,
        margin=margin,
        verdict=decided,
        method="; ".join(t for t in (f"{decided}: {words[decided]}" if decided else "", made.method) if t),
        note="; ".join(note for note in notes if note),
    )


def _row(
    study: Study, part_: Slice, cut: Part, side: Side, way: str, subset: str, X: Array, found: Interval, boot: Bootstrap
) -> Estimate:
    used = np.isfinite(X)
    base, _, form = way.partition(".")
    what = {"": "share of items", "difference": "share on edge less share on core items", "ratio": "share on edge over"}
    if way == "severity":
        said = "mean distance outside the panel's spread, share of the scale's span, costly errors weighted"
    elif way == "excess":
        said = f"{side.said['failure']}: the judge less a person left out, both beside the rest of the panel"
    else:
        said = f"{what[form]}{' share on core items' if form == 'ratio' else ''}: {side.said[base]}"
    statistic = "failure" if base == "failure" else f"failure.{base}"
    reason = "" if used.any() else "not estimable: nothing to tell it from"
    return Estimate(
        statistic=f"{statistic}.{form}" if form else statistic,
        criterion=part_.criterion.key,
        subset=subset,
        a=side.a,
        b=side.b,
        value=None if reason else number(found.value),
        low=None if reason else number(found.low),
        high=None if reason else number(found.high),
        conf_level=boot.conf_level if np.isfinite(found.low) and not reason else None,
        n_items=int(used.sum()),
        n_raters=len(set(side.raters)),
        n_ratings=int(part_.answered([r for r in part_.raters if r in set(side.raters)])[used].sum()),
        kind="simulated" if study.simulated(side.raters) else "",
        method="; ".join(text for text in (said, cut.said if form or subset != "all" else "", found.method) if text),
        seed=boot.seed,
        note=reason or _note(side, found),
    )


def _note(side: Side, found: Interval) -> str:
    """Return the interval's warning, without that of rare labels: failures are meant to be rare."""
    texts = [text for text in found.note.split("; ") if "rarer label" not in text and "mostly reflects" not in text]
    return "; ".join(text for text in texts if text)
