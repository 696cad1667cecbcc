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
from judgekit.stats.consensus import Rule, Ties, consensus, without_each
from judgekit.stats.pairings import Pairing, Slice, between_levels, levels_of, slices
from judgekit.stats.resample import SINGLE, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import row
from judgekit.stats.versus import judges_with_pools, level_name, people_of

if TYPE_CHECKING:
    from judgekit.stats.prior import PriorDraws
    from judgekit.study import Study

Abstain = Literal["drop", "wrong"]
RULES, TIES, ABSTAIN = ("majority", "median", "mean"), ("split", "drop"), ("drop", "wrong")
#: With more distinct values than this and no declared levels there are no classes to be right about.
MOST_LEVELS = 50


@dataclass(frozen=True)
class Confusion:
    """Right answers, the panel's words and the rater's answers by level, and what is made of them.

    With ``judge`` X is judge and people (an abstention is inf, NaN was not asked), else people alone, each against the
    others. ``left_out`` compares a judge with the panel without each person in turn. ``seen`` numbers the levels that
    occur: macro F1 is their mean. Outputs: accuracy, macro F1, MCC, then precision, recall and F1 of each level seen.
    """

    codes: tuple[float, ...]
    rule: Rule
    ties: Ties
    judge: bool
    left_out: bool
    seen: tuple[int, ...]
    width: int | None
    columns: int

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Every column is behind every output."""
        return (tuple(range(self.columns)),) * (3 + 3 * len(self.seen))

    @cached_property
    def _prior_name(self) -> tuple[object, ...]:
        return "confusion", self.codes, self.rule, self.ties, self.judge, self.left_out

    def features(self, X: Array) -> Array:
        """Return weights of right answers, panel's words, rater's answers by level, and of abstentions (n × 3K + 1)."""
        people = X[:, 1:] if self.judge else X
        counted = np.stack([np.equal(people, code).sum(axis=1) for code in self.codes], axis=1).astype(float)
        if not self.judge:
            words, share = without_each(counted, self.codes, self.rule, self.ties)
            weighted = words * share[:, :, None]
            right = np.einsum("nkk->nk", weighted)
            return np.concatenate([right, weighted.sum(axis=1), weighted.sum(axis=2), np.zeros((len(X), 1))], axis=1)
        if self.left_out:
            words, share = without_each(counted, self.codes, self.rule, self.ties)
            word = np.einsum("nlk,nl->nk", words, share)
        else:
            word = consensus(counted, self.codes, self.rule, self.ties)
        said = np.stack([np.equal(X[:, 0], code) for code in self.codes], axis=1).astype(float)
        gave_up = np.isinf(X[:, :1])
        word = word * (said.any(axis=1, keepdims=True) | gave_up)
        mass = word.sum(axis=1, keepdims=True)
        return np.concatenate([said * word, word, said * mass, gave_up * mass], axis=1)

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Tell which items say anything of each output."""
        _, words, answers, _ = self._parts(self.features(X))
        asked, given = words > 0, answers > 0
        some = asked.any(axis=1, keepdims=True)
        each = [np.stack([given[:, k], asked[:, k], given[:, k] | asked[:, k]], axis=1) for k in self.seen]
        return np.concatenate([some, some, some, *each], axis=1)

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates."""
        return prior.sums(self._prior_name, self.features)[rows]

    def _parts(self, S: Array) -> tuple[Array, Array, Array, Array]:
        K = len(self.codes)
        return S[..., :K], S[..., K : 2 * K], S[..., 2 * K : 3 * K], S[..., 3 * K]

    def point(self, S: Array) -> Array:
        """Return the outputs of sums S (… × 3K + 1); NaN where nothing can be right or wrong.

        The multi-class Matthews correlation is Gorodkin's (2004), doi:10.1016/j.compbiolchem.2004.09.006; abstentions
        are an answer that no word equals.
        """
        right, words, answers, none = self._parts(S)
        total, hits = words.sum(axis=-1), right.sum(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            f1 = np.where(words + answers > 0, 2 * right / (words + answers), np.nan)[..., list(self.seen)]
            spread = (total**2 - (answers**2).sum(axis=-1) - none**2) * (total**2 - (words**2).sum(axis=-1))
            above = hits * total - (words * answers).sum(axis=-1)
            mcc = np.where(spread > 1e-12 * np.maximum(total, 1e-300) ** 4, above / np.sqrt(np.abs(spread)), np.nan)
            macro = f1.mean(axis=-1) if self.seen else np.full_like(total, np.nan)
            summary = [hits / total, macro, mcc]
            each = [x for k in self.seen for x in (right[..., k] / answers[..., k], right[..., k] / words[..., k])]
        made = [*summary]
        for place in range(len(self.seen)):
            made += [each[2 * place], each[2 * place + 1], f1[..., place]]
        return np.stack(made, axis=-1)

    population = point


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
        rule = against or rule_of(part.criterion)
        asked = [
            Asked.judge(study, part, pairing, codes, rule, ties, leave_one_out, abstain)
            for pairing in judges_with_pools(study, part)
            if classes(part, pairing, codes)
        ]
        for pool, people in people_of(study, part).items():
            pairing = Pairing(pool, pool, people, people)
            if classes(part, pairing, codes):
                asked.append(Asked.people(part, pairing, codes, rule, ties))
        found = iter(boot.intervals(part.stream, part.groups, [one.job for one in asked]))
        for one in asked:
            intervals = [next(found) for _ in one.confusion.members]
            yield from one.rows(study, part, intervals, boot, strata or part.subset == "all")


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
    """One comparison with a panel: its ratings, its confusion, and what to say of it."""

    pairing: Pairing
    X: Array
    confusion: Confusion
    said: str

    @classmethod
    def judge(
        cls,
        study: Study,
        part: Slice,
        pairing: Pairing,
        codes: tuple[float, ...],
        rule: Rule,
        ties: Ties,
        left_out: bool,
        abstain: Abstain,
    ) -> Asked:
        """Return a judge against a pool."""
        X = part.matrix(pairing.raters).copy()
        if abstain == "wrong":
            X[failures(study, part, pairing.a) & ~np.isfinite(X[:, 0]), 0] = np.inf
        panel = f"the {rule} of the others, each person left out in turn" if left_out else f"the {rule} of the panel"
        said = f"against {panel}, ties {'shared' if ties == 'split' else 'left out'}"
        counted = "; failures of the judge count as wrong" if abstain == "wrong" else ""
        return cls(pairing, X, confusion_of(X, codes, rule, ties, True, left_out), said + counted)

    @classmethod
    def people(cls, part: Slice, pairing: Pairing, codes: tuple[float, ...], rule: Rule, ties: Ties) -> Asked:
        """Return each person of a pool against the others."""
        X = part.matrix(pairing.raters)
        said = f"each person against the {rule} of the others, ties {'shared' if ties == 'split' else 'left out'}"
        return cls(pairing, X, confusion_of(X, codes, rule, ties, False, True), said)

    @property
    def job(self) -> Job:
        """The job for the resampling engine."""
        return Job(self.confusion, self.X, self.confusion.codes, SINGLE)

    def rows(self, study: Study, part: Slice, found: list[Interval], boot: Bootstrap, each: bool) -> Iterator[Estimate]:
        """Yield the summaries and, where ``each``, the rows of each level."""
        c = self.confusion
        names = ["accuracy", "accuracy.f1", "accuracy.mcc"]
        labels = [level_name(part.criterion, c.codes[k]) for k in c.seen]
        names += [f"accuracy.{what}.{label}" for label in labels for what in ("precision", "recall", "f1")]
        shown = len(names) if each else 3
        phi = c.features(self.X)
        used = phi[:, len(c.codes) : 2 * len(c.codes)].sum(axis=1) > 0
        note = self.left(used)
        for name, interval in list(zip(names, found, strict=True))[:shown]:
            macro = "; mean over the levels that occur" if name == "accuracy.f1" else ""
            made = row(study, name, part, self.pairing, interval, boot, self.said + macro, note=note)
            yield replace(made, n_items=int(used.sum()))

    def left(self, used: NDArray[np.bool_]) -> str:
        """Say how many items were tied, and how many the judge did not answer."""
        c = self.confusion
        people = self.X[:, 1:] if c.judge else self.X
        counted = np.stack([np.equal(people, code).sum(axis=1) for code in c.codes], axis=1).astype(float)
        rated = counted.sum(axis=1) >= (2 if c.left_out else 1)
        tied = rated & ~consensus(counted, c.codes, c.rule, "drop").any(axis=1)
        texts = [f"{int(tied.sum())} items tied"] if tied.any() and not c.left_out else []
        if c.judge:
            silent = rated & ~np.isfinite(self.X[:, 0])
            texts += [f"{int(silent.sum())} items without an answer of the judge"] if silent.any() else []
        if not used.any():
            texts = ["not estimable: one person only, two are needed" if people.shape[1] < 2 and c.left_out else
                     "not estimable: no item with an answer and a consensus"]  # fmt: skip
        return "; ".join(texts)


def confusion_of(X: Array, codes: tuple[float, ...], rule: Rule, ties: Ties, judge: bool, left_out: bool) -> Confusion:
    """Return the coefficient for ratings X, which decide how wide a pseudo-item is and which levels occur."""
    people = X[:, 1:] if judge else X
    each = np.isfinite(people).sum(axis=1)
    usual = max(2, int(np.median(each[each > 0]))) if each.any() else 2
    made = Confusion(codes, rule, ties, judge, left_out, (), usual + judge, X.shape[1])
    _, words, answers, _ = made._parts(made.features(X).sum(axis=0))
    return replace(made, seen=tuple(int(k) for k in np.flatnonzero(words + answers > 0)))


def failures(study: Study, part: Slice, judge: str) -> NDArray[np.bool_]:
    """Tell on which items of a slice a judge was asked and gave no valid answer."""
    r = study.ratings
    mine = (r["criterion"] == part.criterion.key) & (r["rater"] == judge) & (r["variant"] == "original")
    failed = set(r.loc[mine & (r["rep"] == 0) & (r["status"] != "ok"), "item"])
    (mask,) = [mask for subset, mask in study.subsets() if subset == part.subset]
    return np.asarray(study.matrix(part.criterion.key).index.isin(failed)[mask])
