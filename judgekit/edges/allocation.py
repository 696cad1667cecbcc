"""Who labels what: the model alone, the model then a person, a person alone, or an expert, by what errors cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from judgekit.edges.chain import Chain, chain_of
from judgekit.edges.confidence import Signal
from judgekit.edges.judged import Judged, agreement, judged, person_agreement
from judgekit.edges.parts import part as edge_part
from judgekit.edges.prices import Prices
from judgekit.edges.route import Routed, Rule
from judgekit.edges.rows import Ratios, estimate, nothing
from judgekit.edges.thresholds import check_levels, p_values
from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.pairings import LEAST_ITEMS
from judgekit.stats.resample import NO_PRIOR, Array, Bootstrap, Interval, Job

if TYPE_CHECKING:
    from judgekit.study import Study

Expertise = Literal["anyone", "expert"]
Maturity = Literal["new", "piloted", "settled"]
#: Who may label -> in words, from the least to the most of people's work.
OPTIONS = {
    "model": "model alone", "model_person": "model, then a person where it is unsure",
    "person": "person alone", "expert": "expert",
}  # fmt: skip


@dataclass(frozen=True)
class Declared:
    """What a study declares of its task, and the guarantee that it asks of a model."""

    error_cost: float
    expertise: Expertise
    maturity: Maturity
    edge_share: float | None
    alpha: float
    delta: float

    def check(self) -> None:
        """Refuse what means nothing."""
        check_levels(self.alpha, self.delta, 1, 1)
        if self.expertise not in ("anyone", "expert"):
            raise InputError(f"expertise cannot be '{self.expertise}'", where="allocation", fix="say anyone or expert")
        if self.maturity not in ("new", "piloted", "settled"):
            raise InputError(
                f"maturity cannot be '{self.maturity}'", where="allocation", fix="say new, piloted or settled"
            )
        if self.error_cost < 0 or (self.edge_share is not None and not 0 <= self.edge_share <= 1):
            raise InputError("error_cost is 0 or more, edge_share a share", where="allocation", fix="correct them")


@register("stats")
def allocation(
    study: Study,
    *,
    boot: Bootstrap,
    error_cost: float = 1.0,
    expertise: Expertise = "anyone",
    maturity: Maturity = "piloted",
    edge_share: float | None = None,
    edge: str = "auto",
    experts: str = "expert",
    alpha: float = 0.1,
    delta: float = 0.1,
    signal: Signal = "auto",
    usd: Mapping[str, float] | None = None,
    minutes: float | None = None,
    hour: float = 20.0,
    expert_hour: float = 60.0,
    within: float = 0.0,
) -> Iterator[Estimate]:
    """Who labels what: model alone, model then person, person alone or expert, with expected error and cost an item.

    Declared: the cost of a wrong label in dollars, the ``expertise`` that the task needs (anyone, expert), its
    ``maturity`` (new: no model labels unseen; piloted: a model where the guarantee of ``route`` holds; settled: a model
    alone where its agreement over all items is tested), and the share of edge cases among the items to come (None: as
    here). Errors are disagreement with the pool ``experts`` where there is one, else with people, each of whom is held
    against the others. The value is labelling plus errors, in dollars; verdict yes is the plan: the cheapest allowed.
    """
    declared = Declared(error_cost, expertise, maturity, edge_share, alpha, delta)
    declared.check()
    prices = Prices.of(study, usd, minutes, hour, 1)
    pools = study.pools()
    reference = experts if experts in pools else None
    for one in judged(study, pool=reference, within=within):
        others = [name for name in pools if name != one.pool]
        crowd = pools[others[0]] if reference and others else None
        made = Plans.of(study, one, declared, prices, expert_hour, reference, crowd, signal, boot.seed)
        core = edge_part(study, one.criterion, edge).edge if edge else np.zeros(len(one.answers), dtype=bool)
        weights = edge_weights(core, made.used, edge_share)
        for subset, mask in study.subsets():
            if subset == "all" or mask.sum() >= LEAST_ITEMS:
                yield from made.rows(study, boot, subset, mask, weights if subset == "all" else None)
        for subset, mask in (("edge", core), ("core", ~core)):
            if (mask & made.used).sum() >= LEAST_ITEMS:
                yield from made.rows(study, boot, subset, mask, None)


def edge_weights(edge: NDArray[np.bool_], used: NDArray[np.bool_], share: float | None) -> Array:
    """Return weights of items (n) under which edge cases are a declared share of those used; 1 where none is."""
    here = float((edge & used).sum()) / max(int(used.sum()), 1)
    if share is None or not 0 < here < 1:
        return np.ones(len(edge))
    return np.where(edge, share / here, (1 - share) / (1 - here))


@dataclass(frozen=True)
class Plans:
    """The options for one judge: what each costs and how often it errs on each item (n), and why one is not allowed."""

    one: Judged
    declared: Declared
    label: Mapping[str, Array]
    error: Mapping[str, Array]
    barred: Mapping[str, str]
    used: NDArray[np.bool_]
    said: str

    @classmethod
    def of(
        cls, study: Study, one: Judged, declared: Declared, prices: Prices, expert_hour: float, reference: str | None,
        crowd: list[str] | None, signal: Signal, seed: int,
    ) -> Plans:  # fmt: skip
        """Lay out the options."""
        n = len(one.answers)
        own = 1 - person_agreement(one.people, one.criterion, one.within)
        person = own if crowd is None else disagreement(one, crowd)
        chain = chain_of(study, (one,), signal, seed)
        routed = _routed(chain, declared, study)
        accepted = routed.accepted if routed is not None else np.zeros(n, dtype=bool)
        usd = float(prices.usd.get(one.judge, 0.0))
        expert = prices.minutes / 60 * expert_hour
        needs = declared.expertise == "expert"
        after, fee = (own, expert) if needs and reference else (person, expert if needs else prices.person)
        label = {
            "model": np.full(n, usd), "model_person": usd + np.where(accepted, 0.0, fee),
            "person": np.full(n, prices.person), "expert": np.full(n, expert),
        }  # fmt: skip
        error = {
            "model": one.loss, "model_person": np.where(accepted, one.loss, after), "person": person,
            "expert": own if reference else np.full(n, np.nan),
        }  # fmt: skip
        used = np.isfinite(one.loss) & np.isfinite(person) & np.isfinite(after)
        whom = f"the experts of {reference}" if reference else f"{one.pool}, each person held against the others"
        return cls(one, declared, label, error, _barred(chain, routed, declared, needs, reference), used,
                   f"errors: disagreement with {whom}; a wrong label costs {declared.error_cost:g} dollars; "
                   f"{prices.said}, an expert {expert_hour:g}; task {declared.maturity}, for {declared.expertise}"
                   )  # fmt: skip

    def rows(
        self, study: Study, boot: Bootstrap, subset: str, mask: NDArray[np.bool_], weights: Array | None
    ) -> Iterator[Estimate]:
        """Yield cost and error of each option on some items, the plan among them."""
        used = mask & self.used
        if used.sum() < 2:
            return
        w = np.where(used, 1.0 if weights is None else weights, np.nan)
        there = [name for name in OPTIONS if np.isfinite(self.error[name][used]).all()]
        costs = [self.label[name] + self.declared.error_cost * self.error[name] for name in there]
        X = np.column_stack([w, *(w * cost for cost in costs), *(w * self.error[name] for name in there)])
        pairs = tuple((k + 1, 0) for k in range(2 * len(there)))
        part = self.one.part
        found = boot.intervals(part.stream, part.groups, [Job(Ratios(pairs), X, (), NO_PRIOR)])
        cost = dict(zip(there, found, strict=False))
        error = dict(zip(there, found[len(there) :], strict=True))
        allowed = [name for name in there if name not in self.barred]
        best = min(allowed, key=lambda name: cost[name].value, default=None)
        for name, words in OPTIONS.items():
            if name not in cost:
                lost = nothing(f"not estimable: {self.barred.get(name, 'no errors of theirs are known')}")
                yield estimate(study, self.one, f"allocation.{name}", lost, boot, used=used, subset=subset)
                yield estimate(study, self.one, f"allocation.error_{name}", lost, boot, used=used, subset=subset)
                continue
            answer = self._answer(name, best, cost)
            note = "; ".join(
                text for text in (self._evidence(name, best, cost, error), self.barred.get(name, "")) if text
            )
            yield estimate(
                study, self.one, f"allocation.{name}", cost[name], boot, used=used, subset=subset, verdict=answer,
                said=f"{words}: expected dollars an item; {self.said}", note=note,
            )  # fmt: skip
            yield estimate(study, self.one, f"allocation.error_{name}", error[name], boot, used=used, subset=subset,
                           said=f"{words}: expected share of wrong labels; {self.said}")  # fmt: skip

    def _answer(self, name: str, best: str | None, cost: Mapping[str, Interval]) -> Answer3:
        if name == best:
            return "yes"
        if name in self.barred or best is None:
            return "no"
        return "no" if np.isfinite(cost[name].low) and cost[name].low > cost[best].high else "undecided"

    def _evidence(
        self, name: str, best: str | None, cost: Mapping[str, Interval], error: Mapping[str, Interval]
    ) -> str:
        if name != best:
            return ""
        beside = ", ".join(f"{OPTIONS[k]} {v.value:.3g}" for k, v in cost.items() if k != name)
        wrong = f"{100 * error[name].value:.0f} % wrong"
        return f"the plan: {OPTIONS[name]} at {cost[name].value:.3g} dollars an item, {wrong}; beside {beside}"


def disagreement(one: Judged, people: list[str]) -> Array:
    """Return how far people of another pool disagree with the reference panel on each item (n), on average."""
    X = one.part.matrix(people)
    agreed = np.column_stack([agreement(column, one.people, one.criterion, one.within) for column in X.T])
    known = np.isfinite(agreed)
    m = known.sum(axis=1)
    return np.where(m > 0, 1 - np.where(known, agreed, 0.0).sum(axis=1) / np.maximum(m, 1), np.nan)


def _routed(chain: Chain, declared: Declared, study: Study) -> Routed | None:
    if chain.reason or not chain.tested.any():
        return None
    return Routed.of(study, chain, Rule(declared.alpha, declared.delta), (), None)


def _barred(
    chain: Chain, routed: Routed | None, declared: Declared, needs: bool, reference: str | None
) -> dict[str, str]:
    """Say why an option is not allowed."""
    barred: dict[str, str] = {}
    losses = chain.losses[chain.tested]
    p = float(p_values(losses.sum()[None], np.array([len(losses)]), declared.alpha, binary=chain.binary)[0])
    promise = f"agreement of {1 - declared.alpha:g}"
    if declared.maturity != "settled":
        barred["model"] = f"not allowed: a {declared.maturity} task needs people's eyes"
    elif p > declared.delta:
        barred["model"] = f"not allowed: {promise} over all items is not shown (p = {p:.2g})"
    if declared.maturity == "new":
        barred["model_person"] = "not allowed: a new task needs people's eyes on every item"
    elif routed is None or not routed.accepted.any():
        barred["model_person"] = f"not allowed: no threshold guarantees {promise}"
    if needs:
        barred["person"] = "not allowed: the task needs an expert"
    if reference is None:
        barred["expert"] = "no pool of experts"
    return barred
