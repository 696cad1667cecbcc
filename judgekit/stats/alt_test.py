"""The alternative annotator test: would the judge represent the panel at least as well as one of its people?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from judgekit.errors import InputError, listed
from judgekit.registry import register
from judgekit.schema import Answer3, Criterion, Estimate
from judgekit.stats.advantage import FEWEST, Advantage, AltTest, Fewer, Matched, Metric, alternative_annotator_test
from judgekit.stats.multiple import by
from judgekit.stats.pairings import Pairing, Slice, slices
from judgekit.stats.resample import SINGLE, Bootstrap, Interval, Job, scarcity
from judgekit.stats.rows import number, row
from judgekit.stats.versus import clusters_of, judge_and_people, judges_with_pools

if TYPE_CHECKING:
    from judgekit.study import Study

#: What a judge's lower price is worth against people of a pool, as the authors advise; else the strictest.
EPSILON = {"expert": 0.2, "skilled": 0.15, "crowd": 0.1}
#: The winning rate from which the authors let a judge stand in.
PASS = 0.5
#: Judge and people differ on fewer items than this: a warning.
APART = 10
#: Of tests by signed ranks, which take gains and losses for symmetric.
RANKED = "the Wilcoxon test of few items finds too much where losses are rare: fewer=exact does not"
TESTS = {"skip": "", "exact": "exact unconditional test", "wilcoxon": "Wilcoxon signed-rank test"}


@dataclass(frozen=True)
class Settings:
    """How the test is done, as in ``alternative_annotator_test``; None leaves it to the pool or the scale."""

    epsilon: float | None
    metric: Metric | None
    level: float
    least_items: int
    fewer: Fewer
    clustered: bool
    expert: str | None

    def check(self, study: Study) -> None:
        """Refuse options that mean nothing."""
        if self.epsilon is not None and not 0 <= self.epsilon < 1:
            problem = f"epsilon must lie from 0 to below 1, not at {self.epsilon:g}"
            raise InputError(problem, where="alt_test", fix="use .1, .15 or .2")
        if self.metric not in (None, "accuracy", "neg_rmse"):
            raise InputError(f"no metric is '{self.metric}'", where="alt_test", fix="use accuracy or neg_rmse")
        if self.fewer not in TESTS:
            raise InputError(f"fewer cannot be '{self.fewer}'", where="alt_test", fix=f"choose one of: {listed(TESTS)}")
        if self.expert is not None and self.expert not in set(study.raters["rater"]):
            raise InputError(f"there is no rater '{self.expert}'", where="alt_test", fix="name one of the study's")

    def test(self, part: Slice, pairing: Pairing) -> AltTest:
        """Return the test of a judge against a pool."""
        judge, people = judge_and_people(part, pairing)
        return alternative_annotator_test(
            judge,
            people,
            metric=self.metric or metric_of(part.criterion),
            epsilon=epsilon_of(pairing.b) if self.epsilon is None else self.epsilon,
            level=self.level,
            least_items=self.least_items,
            fewer=self.fewer,
            expert=None if self.expert is None else part.matrix([self.expert])[:, 0],
            groups=clusters_of(part) if self.clustered else None,
        )

    def described(self, part: Slice, found: AltTest) -> str:
        """Say what was computed."""
        against = "the other people" if self.expert is None else f"the expert {self.expert}"
        t = "cluster-robust t tests (CR2)" if self.clustered and clusters_of(part) is not None else "t tests"
        small = self.fewer != "skip" and bool((found.tested & (found.n_items < self.least_items)).any())
        return (
            f"{self.metric or metric_of(part.criterion)} against {against}; one-sided {t}"
            + (f", {TESTS[self.fewer]} below {self.least_items} items" if small else "")
            + f", Benjamini–Yekutieli at {found.level:g}, epsilon {found.epsilon:g}"
        )


@register("stats")
def alt_test(
    study: Study,
    *,
    boot: Bootstrap,
    epsilon: float | None = None,
    metric: Metric | None = None,
    q: float = 0.05,
    least_items: int = 30,
    fewer: Fewer = "skip",
    clustered: bool = False,
    expert: str | None = None,
) -> Iterator[Estimate]:
    """Alternative annotator test: winning rate (omega) and advantage probability (rho) of each judge against people.

    Calderon, Reichart & Dror (2025), ACL, arXiv:2501.10970. ``epsilon`` is by default .2 for a pool called expert, .15
    for skilled, .1 for crowd and any other. ``metric`` is accuracy (default where nominal) or neg_rmse. A person with
    fewer than ``least_items`` items is left out, as published, or tested (``fewer``: exact, wilcoxon). ``clustered``
    makes the t tests allow for clusters of items (the published test does not; the intervals always do). ``expert``
    names one rater whose ratings take the place of the other people's: the single-expert variant.

    alt_test.omega keeps the published value. Its interval is one of what it aims at, the share of people against whom
    the judge's disadvantage is below epsilon; verdict: yes where omega and the whole interval are at least one half,
    no where both are below, else undecided.
    """
    settings = Settings(epsilon, metric, q, least_items, fewer, clustered, expert)
    settings.check(study)
    for part in slices(study):
        for pairing in judges_with_pools(study, part):
            people = tuple(person for person in pairing.right if person != expert)
            if people and expert != pairing.a:
                yield from rows_of(study, part, replace(pairing, right=people), boot, settings)


def rows_of(study: Study, part: Slice, pairing: Pairing, boot: Bootstrap, settings: Settings) -> Iterator[Estimate]:
    """Yield omega, rho and (on all items) rho against each tested person."""
    found = settings.test(part, pairing)
    said = settings.described(part, found)
    if not found.tested.any():
        nothing, reason = Interval(np.nan), why_not(pairing, found, settings)
        for name in ("omega", "rho"):
            made = row(study, f"alt_test.{name}", part, pairing, nothing, boot, said, margin=found.epsilon)
            yield replace(counted(made, found), note=reason, verdict="undecided" if name == "omega" else None)
        return
    *persons, rho, matched = intervals(part, found, boot)
    omega = about_omega(found, matched)
    notes = warnings(part, pairing, found, settings)
    passed = f"published rule: {'passed' if found.omega >= PASS else 'failed'} (omega >= {PASS:g})"
    made = row(study, "alt_test.omega", part, pairing, omega, boot, said, margin=found.epsilon,
               verdict=verdict(omega) if boot.n_boot else None, note="; ".join([passed, *notes]))  # fmt: skip
    yield counted(made, found)
    made = row(study, "alt_test.rho", part, pairing, rho, boot, said, margin=found.epsilon, note="; ".join(notes))
    yield counted(made, found)
    if part.subset == "all":
        yield from person_rows(study, part, pairing, found, persons, boot, said, settings)


def intervals(part: Slice, found: AltTest, boot: Bootstrap) -> list[Interval]:
    """Return the intervals of ρ against each tested person, of mean ρ, and of the share of people matched."""
    X = found.ahead[:, found.tested]
    J = X.shape[1]
    outcomes = (-1.0, 0.0, 1.0)
    jobs = [Job(Advantage(1), X[:, [j]], outcomes, SINGLE) for j in range(J)]
    jobs += [Job(Advantage(J), X, outcomes, SINGLE), Job(Matched(J, found.epsilon), X, outcomes, SINGLE)]
    made = boot.intervals(part.stream, part.groups, jobs, part.types)
    return [replace(one, note=reworded(one.note, job, part)) for one, job in zip(made, jobs, strict=True)]


def reworded(note: str, job: Job, part: Slice) -> str:
    """Put a warning of few outcomes that tell judge and people apart in the place of the engine's, of rare labels."""
    apart = int((np.isfinite(job.X) & (job.X != 0)).any(axis=1).sum())
    few = f"judge and people differ on {apart} items only: read the interval with caution, or add items"
    few = few if apart < APART else ""
    kept = note.replace(scarcity(job.X, job.codes, part.groups), "").strip("; ")
    return "; ".join(text for text in (few, kept) if text)


def about_omega(found: AltTest, matched: Interval) -> Interval:
    """Return the published winning rate with the interval of the share of people matched, stretched to hold it."""
    if not np.isfinite(matched.low):
        return replace(matched, value=found.omega)
    J = int(found.tested.sum())
    # A share of J people is one of J + 1 numbers; the engine read its ends between draws, or at the smooth point.
    low, high = min(round(matched.low * J) / J, found.omega), max(round(matched.high * J) / J, found.omega)
    certain = ["every replicate says the same of every person"] * (low == high)
    return Interval(
        found.omega,
        low,
        high,
        f"interval of the share of people matched within epsilon: {matched.method}",
        "; ".join(text for text in (matched.note, *certain) if text),
    )


def verdict(omega: Interval) -> Answer3:
    """Return yes (may stand in), no (may not), or undecided: too few labels to tell."""
    if omega.value >= PASS and omega.low >= PASS:
        return "yes"
    return "no" if omega.value < PASS and omega.high < PASS else "undecided"


def warnings(part: Slice, pairing: Pairing, found: AltTest, settings: Settings) -> list[str]:
    """Say what the published test leaves out or takes for granted here."""
    said = []
    untested = int((~found.tested).sum())
    if untested:
        least = settings.least_items if settings.fewer == "skip" else FEWEST
        said.append(f"{untested} of {len(pairing.right)} people left out: fewer than {least} items")
    if settings.fewer == "wilcoxon" and (found.tested & (found.n_items < settings.least_items)).any():
        said.append(RANKED)
    if found.tested.sum() < 3 and settings.expert is None:
        said.append("the authors ask for three people or more")
    if clusters_of(part) is not None and not settings.clustered:
        said.append("the t tests take the items of a cluster for independent, as published")
    return said


def person_rows(
    study: Study,
    part: Slice,
    pairing: Pairing,
    found: AltTest,
    each: list[Interval],
    boot: Bootstrap,
    said: str,
    settings: Settings,
) -> Iterator[Estimate]:
    """Yield ρ against each tested person with p and q; verdict: is the judge's disadvantage against her below ε?"""
    worse = by(1 - found.p) <= found.level
    for j, interval in zip(np.flatnonzero(found.tested), each, strict=True):
        person = pairing.right[j]
        answer: Answer3 = "yes" if found.won[j] else "no" if worse[j] else "undecided"
        single = Pairing(pairing.a, person, pairing.left, (person,))
        n = int(found.n_items[j])
        ranked = settings.fewer == "wilcoxon" and n < settings.least_items
        made = row(study, "alt_test.rho", part, single, interval, boot, said, margin=found.epsilon, verdict=answer,
                   note=RANKED if ranked else "")  # fmt: skip
        yield replace(made, p=number(found.p[j]), q=number(found.q[j]), n_items=n, n_ratings=2 * n)


def counted(made: Estimate, found: AltTest) -> Estimate:
    """Return a row with the items on which the judge can be compared, and the ratings of judge and people there."""
    used = np.isfinite(found.ahead[:, found.tested] if found.tested.any() else found.ahead)
    n = int(used.any(axis=1).sum())
    return replace(made, n_items=n, n_ratings=n + int(used.sum()))


def epsilon_of(pool: str) -> float:
    """Return the authors' ε for a pool, by what it is called; .1, their strictest, where that says nothing."""
    return next((value for name, value in EPSILON.items() if pool.lower().startswith(name)), min(EPSILON.values()))


def metric_of(criterion: Criterion) -> Metric:
    """Return accuracy for nominal criteria, neg_rmse for all others."""
    return "accuracy" if criterion.scale == "nominal" else "neg_rmse"


def why_not(pairing: Pairing, found: AltTest, settings: Settings) -> str:
    """Say why nobody could be tested."""
    if len(pairing.right) < 2 and settings.expert is None:
        return "not estimable: one person only, two are needed"
    most, skip = int(found.n_items.max(initial=0)), settings.fewer == "skip"
    company = "the judge and another person" if settings.expert is None else "the judge and the expert"
    least = settings.least_items if skip else FEWEST
    reason = f"not estimable: no person has {least} items with {company} (at most {most})"
    return reason + ("; fewer=exact tests smaller numbers" if skip and most >= FEWEST else "")
