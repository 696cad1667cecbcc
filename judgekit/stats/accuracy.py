"""Accuracy, precision, recall, F1 and Matthews correlation of a judge against what the panel says as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Criterion, Estimate
from judgekit.stats.confusion import Confusion
from judgekit.stats.consensus import Rule, Ties, consensus
from judgekit.stats.pairings import Pairing, Slice, between_levels, levels_of, slices
from judgekit.stats.resample import SCARCE_LEVEL, SINGLE, Array, Bootstrap, Interval, Job, scarce_level
from judgekit.stats.rows import row
from judgekit.stats.versus import judges_with_pools, level_name, people_of

if TYPE_CHECKING:
    from judgekit.study import Study

Abstain = Literal["drop", "wrong"]
RULES, TIES, ABSTAIN = ("majority", "median", "mean"), ("split", "drop"), ("drop", "wrong")
#: With more distinct values than this and no declared levels there are no classes to be right about.
MOST_LEVELS = 50


@register("stats")
def accuracy(
    study: Study,
    *,
    boot: Bootstrap,
    against: Rule | None = None,
    leave_one_out: bool = False,
    ties: Ties = "split",
    abstain: Abstain = "drop",
    strata: bool = False,
) -> Iterator[Estimate]:
    """Accuracy, precision, recall, F1 and MCC of judges against a pool's consensus, beside people against the others.

    ``against`` is majority, median or mean (the nearest declared level); by default what suits the scale. With
    ``leave_one_out`` the judge meets the panel without each person in turn, as people do: each person of a pool against
    the others is the ceiling (a = b = pool). Ties are shared among the tied levels (``split``) or left out (``drop``).
    A judge's failures (refused, unparsable, error, skipped) are left out (``drop``) or count as ``wrong``. Precision,
    recall and F1 of each level are given on all items; with ``strata`` on each level of each stratum too.
    """
    for name, value, known in (("against", against, RULES), ("ties", ties, TIES), ("abstain", abstain, ABSTAIN)):
        if value is not None and value not in known:
            raise InputError(f"{name} cannot be '{value}'", where="accuracy", fix=f"choose one of: {', '.join(known)}")
    for part in slices(study):
        codes = levels_of(part.criterion, study.matrix(part.criterion.key).to_numpy())
        pools = [Pairing(pool, pool, people, people) for pool, people in people_of(study, part).items()]
        asked = [
            Asked(
                pairing,
                answers(study, part, pairing, abstain),
                codes,
                against or rule_of(part.criterion),
                ties,
                left_out=leave_one_out or pairing in pools,
                each=strata or part.subset == "all",
                wrong=abstain == "wrong",
            )
            for pairing in [*judges_with_pools(study, part), *pools]
            if classes(part, pairing, codes)
        ]
        found = iter(boot.intervals(part.stream, part.groups, [one.job for one in asked], part.types))
        for one in asked:
            yield from one.rows(study, part, [next(found) for _ in one.confusion.members], boot)


def rule_of(criterion: Criterion) -> Rule:
    """Return majority for nominal, median for ordinal, mean for interval and ratio criteria."""
    rules: dict[str, Rule] = {"nominal": "majority", "ordinal": "median"}
    return rules.get(criterion.scale, "mean")


def classes(part: Slice, pairing: Pairing, codes: tuple[float, ...]) -> bool:
    """Tell whether there are levels to be right or wrong about."""
    few = bool(part.criterion.codes) or len(codes) <= MOST_LEVELS
    return few and len(codes) >= 2 and not between_levels(part.criterion, part.matrix(pairing.raters))


@dataclass(frozen=True)
class Asked:
    """One comparison with a panel: of a judge, or (a pool paired with itself) of each person with the others."""

    pairing: Pairing
    X: Array
    codes: tuple[float, ...]
    rule: Rule
    ties: Ties
    left_out: bool
    each: bool
    wrong: bool

    @property
    def judge(self) -> bool:
        """Whether a judge is compared: the first column of X."""
        return self.pairing.left != self.pairing.right

    @cached_property
    def confusion(self) -> Confusion:
        """What is computed."""
        return Confusion.of(
            self.X, self.codes, self.rule, self.ties, judge=self.judge, left_out=self.left_out, each=self.each
        )

    @property
    def job(self) -> Job:
        """The job for the resampling engine."""
        return Job(self.confusion, self.X, self.codes, SINGLE)

    def described(self) -> str:
        """Say what was computed."""
        others = f"the {self.rule} of the others"
        if not self.judge:
            panel = f"each person against {others}"
        elif self.left_out:
            panel = f"against {others}, each person left out in turn"
        else:
            panel = f"against the {self.rule} of the panel"
        failed = "; failures of the judge count as wrong" if self.judge and self.wrong else ""
        return f"{panel}, ties {'shared' if self.ties == 'split' else 'left out'}{failed}"

    def rows(self, study: Study, part: Slice, found: list[Interval], boot: Bootstrap) -> Iterator[Estimate]:
        """Yield the summaries, then the rows of each level."""
        names = {"accuracy": "", "accuracy.f1": "", "accuracy.mcc": ""}
        for label in (level_name(part.criterion, self.codes[k]) for k in self.confusion.levels):
            names |= {f"accuracy.{what}.{label}": label for what in ("precision", "recall", "f1")}
        used = self.confusion.used(self.X)
        note = self.warning(used)
        carried = [0, 0, 0, *self.confusion.carried(self.X)]
        for (name, label), interval, on in zip(names.items(), found, carried, strict=True):
            macro = "; mean over the levels that occur" if name == "accuracy.f1" else ""
            few = scarce_level(on, label) if label else ""
            notes = (note, self.scarce_levels(part) if macro else few)
            made = row(study, name, part, self.pairing, interval, boot, self.described() + macro,
                       note="; ".join(one for one in notes if one))  # fmt: skip
            yield replace(made, n_items=int(used.sum()))

    def scarce_levels(self, part: Slice) -> str:
        """Name the levels that occur on few items: a mean over levels gives each of them the weight of the others."""
        on = {code: len(np.unique(part.groups[np.equal(code, self.X).any(axis=1)])) for code in self.codes}
        few = [level_name(part.criterion, code) for code, n in on.items() if 0 < n < SCARCE_LEVEL]
        if not few:
            return ""
        names = ", ".join(few)
        return f"fewer than {SCARCE_LEVEL} items carry {names}: the mean over levels hangs on them, look at each level"

    def warning(self, used: NDArray[np.bool_]) -> str:
        """Say why there is nothing to estimate, or how many items were tied and how many have no answer."""
        counted = self.confusion.counts(self.X)
        if not used.any():
            one = self.left_out and len(self.pairing.right) < 2
            return f"not estimable: {'one person only, two are needed' if one else 'no item with answer and consensus'}"
        rated = counted.sum(axis=1) >= (2 if self.left_out else 1)
        tied = rated & ~consensus(counted, self.codes, self.rule, "drop").any(axis=1)
        texts = [f"{int(tied.sum())} items tied"] if tied.any() and not self.left_out else []
        silent = rated & ~np.isfinite(self.X[:, 0])
        if self.judge and silent.any():
            texts.append(f"{int(silent.sum())} items without an answer of the judge")
        return "; ".join(texts)


def answers(study: Study, part: Slice, pairing: Pairing, abstain: Abstain) -> Array:
    """Return the ratings of a comparison; a failure of the judge that counts as wrong is inf."""
    X = part.matrix(pairing.raters)
    if abstain == "drop" or pairing.left == pairing.right:
        return X
    failed = failures(study, part, pairing.a) & ~np.isfinite(X[:, 0])
    return np.column_stack([np.where(failed, np.inf, X[:, 0]), X[:, 1:]])


def failures(study: Study, part: Slice, judge: str) -> NDArray[np.bool_]:
    """Tell on which items of a slice a judge was asked and gave no valid answer."""
    r = study.ratings
    mine = (r["criterion"] == part.criterion.key) & (r["rater"] == judge) & (r["variant"] == "original")
    failed = set(r.loc[mine & (r["rep"] == 0) & (r["status"] != "ok"), "item"])
    (mask,) = [mask for subset, mask in study.subsets() if subset == part.subset]
    return np.asarray(study.matrix(part.criterion.key).index.isin(failed)[mask])
