"""Route to people: accept the judge where it is sure enough, with a guarantee; the rest is for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.edges.chain import Chain, chains
from judgekit.edges.confidence import Signal
from judgekit.edges.curve import curve
from judgekit.edges.judged import agreement
from judgekit.edges.rows import estimate, nothing
from judgekit.edges.thresholds import (
    LEAST,
    Threshold,
    check_levels,
    first_failure,
    fixed_sequence,
    p_values,
    stage_of,
    walked,
)
from judgekit.errors import InputError, listed
from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.attributes import groupings
from judgekit.stats.resample import SINGLE, Array, Bootstrap, Interval, Job
from judgekit.stats.soft import MeanDistance

if TYPE_CHECKING:
    from judgekit.study import Study

WORDS: dict[Answer3, str] = {"yes": "guaranteed", "no": "", "undecided": "abstain on all"}


@register("stats")
def route(
    study: Study,
    *,
    boot: Bootstrap,
    alpha: float = 0.1,
    delta: float = 0.1,
    signal: Signal = "auto",
    by: Sequence[str] | None = None,
    groups: str | None = None,
    cascade: Sequence[str] | None = None,
    least: int = LEAST,
    starts: int = 1,
    pool: str | None = None,
    within: float = 0.0,
) -> Iterator[Estimate]:
    """Accept the judge above a threshold, send the rest to people: agreement of 1 - alpha guaranteed, or abstain.

    The threshold is the lowest that fixed-sequence testing passes: among accepted items like these, agreement with the
    pool is at least 1 - ``alpha`` with probability 1 - ``delta``; where nothing passes it abstains on all. ``by`` names
    strata: each of their (crossed) slices has its own threshold at delta / slices, so that all hold at once, and with
    them the whole. ``groups`` names an attribute of people: one threshold holds for agreement with each group's people.
    ``cascade`` names judges from cheap to dear, asked in turn. ``route.risk`` is the risk–coverage curve.
    """
    check_levels(alpha, delta, least, starts)
    rule = Rule(alpha, delta, least, starts)
    for chain in chains(
        study, signal=signal, cascade=cascade, pool=pool, within=within, seed=boot.seed, where="route"
    ):  # fmt: skip
        if chain.reason or not chain.tested.any():
            reason = chain.reason or "no items that judge and people both answered"
            said = nothing(f"abstain on all: {reason}")
            yield estimate(study, chain.one, "route.threshold", said, boot, used=chain.rated, a=chain.name,
                           margin=alpha, verdict="undecided", also=others(chain))  # fmt: skip
            continue
        routed = Routed.of(study, chain, rule, () if by is None else tuple(by), groups)
        yield from routed.rows(study, boot)
        yield from curve(study, chain, boot)


@dataclass(frozen=True)
class Rule:
    """The guarantee that is asked for, and how thresholds are walked."""

    alpha: float
    delta: float
    least: int = LEAST
    starts: int = 1

    def test(self, scores: Array, losses: Array, share: int = 1, binary: bool | None = None) -> Threshold:
        """Return the threshold on some items at delta / ``share``."""
        return fixed_sequence(
            scores, losses, self.alpha, self.delta / share, least=self.least, starts=self.starts, binary=binary
        )


@dataclass(frozen=True)
class Routed:
    """A chain with the threshold of each of its cells, which share out the items: who labels what."""

    chain: Chain
    rule: Rule
    cells: tuple[tuple[str, NDArray[np.bool_], Threshold], ...]
    groups: str = ""

    @classmethod
    def of(cls, study: Study, chain: Chain, rule: Rule, by: tuple[str, ...], groups: str | None) -> Routed:
        """Find the thresholds: one in all, one a slice of strata, or one that holds for every group of people."""
        if by and groups:
            raise InputError("'by' and 'groups' do not go together", where="route", fix="run it once with each")
        if groups:
            threshold = of_groups(study, chain, rule, groups)
            return cls(chain, rule, (("all", np.ones(len(chain.scores), dtype=bool), threshold),), groups)
        masks = cells(study, by) if by else {"all": np.ones(len(chain.scores), dtype=bool)}
        found = []
        for name, mask in masks.items():
            here = mask & chain.tested
            found.append((name, mask, rule.test(chain.scores[here], chain.losses[here], len(masks), chain.binary)))
        return cls(chain, rule, tuple(found))

    @cached_property
    def stage(self) -> NDArray[np.int64]:
        """Who labels each item (n): the number of the judge in the chain, -1 people."""
        found = np.full(len(self.chain.scores), -1, dtype=np.int64)
        for _, mask, threshold in self.cells:
            found[mask] = stage_of(self.chain.scores[mask], threshold.value)
        return found

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Which items a judge labels (n)."""
        return np.asarray(self.stage >= 0)

    @property
    def loss(self) -> Array:
        """Return the disagreement of the judge that labels each item (n, NaN where people do or gave nothing)."""
        stage = np.maximum(self.stage, 0)
        return np.where(self.accepted, self.chain.losses[np.arange(len(stage)), stage], np.nan)

    def rows(self, study: Study, boot: Bootstrap) -> Iterator[Estimate]:
        """Yield threshold, share accepted and agreement among the accepted of each cell, and of all together."""
        every = np.ones(len(self.stage), dtype=bool)
        parts: list[tuple[str, NDArray[np.bool_], Threshold | None]] = list(self.cells)
        if len(parts) > 1:
            parts.insert(0, ("all", every, None))
        chain, rated = self.chain, self.chain.rated
        jobs = []
        for _, mask, _ in parts:
            accepted = np.where(mask & rated, self.accepted.astype(float), np.nan)
            agreed = np.where(mask & rated, 1 - self.loss, np.nan)
            jobs += [Job(MeanDistance(1), column[:, None], (0.0, 1.0), SINGLE) for column in (accepted, agreed)]
        found = iter(boot.intervals(chain.one.part.stream, chain.one.part.groups, jobs))
        for name, mask, threshold in parts:
            share, right = next(found), next(found)
            some = bool((self.accepted & mask).any())
            verdict: Answer3 = "yes" if some else "undecided"
            said = f"{chain.said}; {verdict}: {WORDS[verdict]} ({self.promise})"
            if threshold is not None:
                yield self._row(
                    study, boot, "route.threshold", name, mask,
                    Interval(threshold.value if threshold.value is not None else np.nan), said,
                    verdict=verdict,
                    note="; ".join(t for t in (threshold.note, chain.note, self._counted(threshold)) if t),
                )  # fmt: skip
            yield self._row(study, boot, "route.accepted", name, mask, share, said)
            if not some:
                right = nothing("nothing is accepted")
            note = "the threshold was chosen on these items: new ones may agree a little less" if some else ""
            yield self._row(study, boot, "route.agreement", name, mask & self.accepted, right, said,
                            verdict=verdict, note=note)  # fmt: skip
        yield from self._stages(study, boot)

    def _stages(self, study: Study, boot: Bootstrap) -> Iterator[Estimate]:
        """Yield the share of items that each judge labels, and people."""
        rated, part = self.chain.rated, self.chain.one.part
        names = [*(stage.judge for stage in self.chain.stages), "people"]
        places = [*range(len(self.chain.stages)), -1]
        jobs = [
            Job(MeanDistance(1), np.where(rated, (self.stage == k).astype(float), np.nan)[:, None], (0.0, 1.0), SINGLE)
            for k in places
        ]
        for name, found in zip(names, boot.intervals(part.stream, part.groups, jobs), strict=True):
            label = name.replace(".", "_")
            said = f"share of items labelled by {name}; {self.chain.said}"
            yield self._row(study, boot, f"route.share.{label}", "all", rated, found, said)

    def _row(
        self, study: Study, boot: Bootstrap, statistic: str, subset: str, mask: NDArray[np.bool_], found: Interval,
        said: str, *, verdict: Answer3 | None = None, note: str = "",
    ) -> Estimate:  # fmt: skip
        return estimate(
            study, self.chain.one, statistic, found, boot, used=mask & self.chain.rated, said=said, subset=subset,
            a=self.chain.name, also=others(self.chain), margin=self.rule.alpha, verdict=verdict, note=note,
        )  # fmt: skip

    @property
    def promise(self) -> str:
        """Say what is guaranteed."""
        rule, share = self.rule, len(self.cells)
        each = f", in each of {share} slices at once" if share > 1 else ""
        whom = f", for each {self.groups}" if self.groups else ""
        test = "exact binomial" if self.chain.binary else "Hoeffding–Bentkus"
        return (
            f"agreement ≥ {1 - rule.alpha:g} with probability {1 - rule.delta:g}{each}{whom}; "
            f"fixed-sequence test, {test}"
        )

    def _counted(self, threshold: Threshold) -> str:
        if threshold.value is None:
            return ""
        n, wrong = threshold.accepted, threshold.errors
        return f"{n} of {threshold.n} tested items accepted, {wrong:g} of them disagree (p = {threshold.p:.2g})"


def others(chain: Chain) -> list[str]:
    """Return the judges of a chain after the first."""
    return [stage.judge for stage in chain.stages[1:]]


def cells(study: Study, by: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Return the slices that some strata cut the items into, crossed; an item without a level is in a slice "none"."""
    odd = [name for name in by if name not in study.task.strata]
    if odd:
        raise InputError(
            f"no stratum is called {listed(odd)}",
            where="route, option by",
            fix=f"there are: {listed(study.task.strata)}",
        )
    columns = [study.item_column(name) for name in by]
    names = [
        " & ".join(f"{stratum}={level if level is not None and level == level else 'none'}"
                   for stratum, level in zip(by, row, strict=True))
        for row in zip(*columns, strict=True)
    ]  # fmt: skip
    return {name: np.array([one == name for one in names]) for name in sorted(set(names))}


def of_groups(study: Study, chain: Chain, rule: Rule, attribute: str) -> Threshold:
    """Return the threshold above which agreement with the people of every group of an attribute is guaranteed.

    A threshold is rejected where it is for every group (the largest p decides: Berger 1982,
    doi:10.1080/00401706.1982.10487790), which needs no share of delta. A group counts the items that it rated, and the
    walk begins where each has enough of them.
    """
    (found,) = groupings(study, [attribute], [])
    S = chain.scores[chain.tested]
    grid, n, errors = walked(S, chain.losses[chain.tested])
    worst, enough = np.zeros(len(grid)), np.ones(len(grid), dtype=bool)
    seen = 0
    for group in found.groups:
        inside = [name for name in group.people if name in chain.one.raters(study)]
        if not inside:
            continue
        people = chain.one.part.matrix(inside)
        columns = [1 - agreement(stage.answers, people, stage.criterion, stage.within) for stage in chain.stages]
        loss = np.column_stack(columns)[chain.tested]
        known = np.all(np.isfinite(loss), axis=1)
        wrong = walked(S, np.where(known[:, None], loss, 0.0))[2]
        count = walked(S, np.where(known[:, None], np.ones_like(loss), 0.0))[2]
        binary = bool(np.isin(loss[known], (0.0, 1.0)).all())
        worst = np.maximum(worst, p_values(wrong, count, rule.alpha, binary=binary))
        enough &= count >= rule.least
        seen += 1
    if not seen:
        return Threshold(None, len(S), 0, 0.0, 1.0, f"abstain on all: no group of '{attribute}' rated these items")
    return first_failure(grid, n, errors, worst, enough, rule.delta, rule.starts, len(S))
