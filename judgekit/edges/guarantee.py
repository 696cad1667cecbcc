"""Does the guarantee hold at this study's size? Studies like it are drawn, routed, and checked against the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.edges.calibrators import calibrator
from judgekit.edges.chain import Chain, chains
from judgekit.edges.confidence import Signal
from judgekit.edges.queue import merge, probabilities
from judgekit.edges.route import Routed, Rule, cells, others
from judgekit.edges.rows import estimate, nothing
from judgekit.edges.thresholds import LEAST, check_levels, stage_of
from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.resample import Array, Bootstrap, Interval

if TYPE_CHECKING:
    from judgekit.study import Study

WORDS: dict[Answer3, str] = {"yes": "held", "no": "not held", "undecided": "too few studies to tell"}
#: The confidence level of what is counted over simulated studies.
LEVEL = 0.99


@register("stats")
def guarantee(
    study: Study,
    *,
    boot: Bootstrap,
    alpha: float = 0.1,
    delta: float = 0.1,
    signal: Signal = "auto",
    by: Sequence[str] | None = None,
    cascade: Sequence[str] | None = None,
    least: int = LEAST,
    starts: int = 1,
    audit: float = 0.1,
    studies: int = 1000,
    items: int | None = None,
    pool: str | None = None,
    within: float = 0.0,
) -> Iterator[Estimate]:
    """Is the promise of ``route`` kept? Share of simulated studies like this one in which it is broken, by simulation.

    Each of ``studies`` draws as many ``items`` (None: as many as were tested) with their confidence from the study's,
    and agreement by the isotonic fit of the study's agreement on confidence, which is then the truth. A study breaks
    the promise where the true agreement among what its own thresholds accept is under 1 - ``alpha``, in any slice.
    Verdict yes (held) where the share is at most ``delta`` (99 % interval), no where it is above. ``guarantee.merged``
    is the bias of the mean of merged labels (queue drawn anew from this study's items as often) against labelling all,
    in standard errors of one draw: yes where the interval holds 0.
    """
    check_levels(alpha, delta, least, starts)
    if studies < 100:
        raise InputError(f"{studies} studies are too few to tell", where="guarantee", fix="give 100 or more")
    rule = Rule(alpha, delta, least, starts)
    for chain in chains(
        study, signal=signal, cascade=cascade, pool=pool, within=within, seed=boot.seed, where="guarantee"
    ):  # fmt: skip
        if chain.reason or chain.tested.sum() < 2:
            found = nothing(f"not estimable: {chain.reason or 'no items that judge and people both answered'}")
            yield estimate(study, chain.one, "guarantee.broken", found, boot, used=chain.rated, a=chain.name,
                           also=others(chain))  # fmt: skip
            continue
        world = World.of(study, chain, () if by is None else tuple(by))
        n = int(chain.tested.sum()) if items is None else items
        risks, shares = world.replayed(rule, studies, n, boot.seed)
        broken = np.any(risks > alpha + 1e-12, axis=1)
        yield _row(study, chain, boot, "broken", share(broken), f"share of {studies} simulated studies of {n} items",
                   delta, held(share(broken), delta))  # fmt: skip
        abstained = np.all(~np.isfinite(risks), axis=1)
        yield _row(study, chain, boot, "abstained", share(abstained), f"share of {studies} studies that abstain on all")
        yield _row(study, chain, boot, "accepted", average(shares), f"mean share accepted over {studies} studies")
        yield _merged(study, chain, Routed.of(study, chain, rule, () if by is None else tuple(by), None), boot, audit,
                      studies)  # fmt: skip


@dataclass(frozen=True)
class World:
    """What studies are drawn from: items' scores and true risks (m × judges), and the slice of each (m)."""

    scores: Array
    risks: Array
    cell: NDArray[np.int64]
    cells: int

    @classmethod
    def of(cls, study: Study, chain: Chain, by: tuple[str, ...]) -> World:
        """Take a study's tested items as the world, with risks by the isotonic fit a judge (in all, or a slice)."""
        masks = list(cells(study, by).values()) if by else [np.ones(len(chain.scores), dtype=bool)]
        cell = np.argmax(np.stack(masks), axis=0)
        scores, losses = chain.scores[chain.tested], chain.losses[chain.tested]
        cell = cell[chain.tested]
        risks = np.ones_like(scores)
        for place in range(scores.shape[1]):
            for number in range(len(masks)):
                here = (cell == number) & np.isfinite(scores[:, place])
                if here.any():
                    c = scores[here, place]
                    risks[here, place] = 1 - calibrator("isotonic", c, 1 - losses[here, place])(c)
        return cls(scores, risks, cell, len(masks))

    def replayed(self, rule: Rule, studies: int, n: int, seed: int) -> tuple[Array, Array]:
        """Return the true risk of what each study accepts (studies × cells, NaN: nothing), and the share accepted."""
        risks, shares = np.full((studies, self.cells), np.nan), np.empty(studies)
        for number in range(studies):
            rng = seeds.rng(seed, "guarantee", number)
            drawn = rng.integers(0, len(self.scores), n)
            losses = (rng.random((n, self.scores.shape[1])) < self.risks[drawn]).astype(float)
            accepted = 0.0
            for cell in range(self.cells):
                mine = drawn[self.cell[drawn] == cell]
                found = rule.test(self.scores[mine], losses[self.cell[drawn] == cell], self.cells, True)
                if found.value is not None:
                    here = self.cell == cell
                    stage = stage_of(self.scores[here], found.value)
                    taken = stage >= 0
                    risks[number, cell] = self.risks[here][taken, stage[taken]].mean()
                    accepted += taken.sum()
            shares[number] = accepted / len(self.scores)
        return risks, shares


def share(events: NDArray[np.bool_]) -> Interval:
    """Return the share of simulated studies with an event, and its exact interval (Clopper & Pearson 1934,
    doi:10.1093/biomet/26.4.404)."""
    from scipy.stats import beta

    n, k, tail = len(events), int(events.sum()), (1 - LEVEL) / 2
    low = float(beta.ppf(tail, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    return Interval(k / n, low, high, "Clopper–Pearson over simulated studies")


def average(values: Array) -> Interval:
    """Return a mean over simulated studies and its normal interval."""
    from scipy.special import ndtri

    half = float(ndtri((1 + LEVEL) / 2)) * float(values.std(ddof=1)) / np.sqrt(len(values))
    mean = float(values.mean())
    return Interval(mean, mean - half, mean + half, "normal interval over simulated studies")


def held(found: Interval, delta: float) -> Answer3:
    """Return whether a share of broken promises is within what is allowed."""
    return "yes" if found.high <= delta else "no" if found.low > delta else "undecided"


def _merged(study: Study, chain: Chain, routed: Routed, boot: Bootstrap, audit: float, studies: int) -> Estimate:
    """Return the bias of the merged mean against labelling all, over queues drawn anew."""
    used = chain.rated
    stage = np.maximum(routed.stage, 0)[used]
    answers = np.column_stack([one.answers for one in chain.stages])[used][np.arange(int(used.sum())), stage]
    people, probability = chain.one.word[used], probabilities(routed, audit)[used]
    if not audit:
        found = nothing("not estimable: nothing that is accepted is audited")
        return _row(study, chain, boot, "merged", found, "bias of the mean of merged labels")
    truth, off = float(people.mean()), np.empty(studies)
    judge = np.where(routed.accepted[used], answers, np.nan)
    for number in range(studies):
        fate = seeds.rng(boot.seed, "merged", number).random(len(people))
        off[number] = merge(np.where(fate < probability, people, np.nan), judge, probability).value - truth
    scale = float(off.std(ddof=1))
    if not scale > 1e-12:
        return _row(study, chain, boot, "merged", Interval(0.0), "bias: none, people label every item", None, "yes")
    found = average(off / scale)
    answer: Answer3 = "yes" if found.low <= 0 <= found.high else "no"
    said = f"bias of the mean of merged labels in standard errors, audit {audit:g}; true mean {truth:.3g}"
    return _row(study, chain, boot, "merged", found, f"{said}, standard error {scale:.2g}", None, answer)


def _row(
    study: Study, chain: Chain, boot: Bootstrap, name: str, found: Interval, said: str, margin: float | None = None,
    verdict: Answer3 | None = None,
) -> Estimate:  # fmt: skip
    told = f"{said}; {verdict}: {WORDS[verdict]}" if name == "broken" and verdict else said
    return estimate(
        study, chain.one, f"guarantee.{name}", found, boot, used=chain.rated, said=f"{told}; {chain.said}",
        a=chain.name, also=others(chain), margin=margin, verdict=verdict, conf_level=LEVEL, note=chain.note,
    )  # fmt: skip
