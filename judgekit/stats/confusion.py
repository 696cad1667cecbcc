"""A rater's answers beside the panel's word, level by level: what accuracy and its family are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.consensus import Rule, Ties, consensus, without_each
from judgekit.stats.resample import Array

if TYPE_CHECKING:
    from judgekit.stats.prior import PriorDraws


@dataclass(frozen=True)
class Confusion:
    """Right answers, the panel's words and the rater's answers by level, and what is made of them.

    With ``judge`` X is judge and people (an abstention is inf, NaN was not asked), else people alone, each against the
    others. ``left_out`` compares a judge with the panel without each person in turn. ``seen`` numbers the levels that
    occur: macro F1 is their mean. Outputs: accuracy, macro F1, MCC; with ``each`` also precision, recall and F1 of each
    level seen.
    """

    codes: tuple[float, ...]
    rule: Rule
    ties: Ties
    judge: bool
    left_out: bool
    each: bool
    columns: int
    width: int | None = None
    seen: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, X: Array, codes: tuple[float, ...], rule: Rule, ties: Ties, *, judge: bool, left_out: bool, each: bool
    ) -> Confusion:
        """Return the coefficient for ratings X, which decide how wide a pseudo-item is and which levels occur."""
        rated = np.isfinite(X[:, 1:] if judge else X).sum(axis=1)
        usual = max(2, int(np.median(rated[rated > 0]))) if rated.any() else 2
        made = cls(codes, rule, ties, judge, left_out, each, X.shape[1], usual + judge)
        _, words, answers, _ = made._parts(made.features(X).sum(axis=0))
        return replace(made, seen=tuple(int(k) for k in np.flatnonzero(words + answers > 0)))

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Every column is behind every output."""
        return (tuple(range(self.columns)),) * (3 + 3 * len(self.levels))

    @property
    def levels(self) -> tuple[int, ...]:
        """The levels that have outputs of their own."""
        return self.seen if self.each else ()

    @property
    def _features_name(self) -> tuple[object, ...]:
        """What the features depend on, beside the ratings."""
        return "confusion", self.codes, self.rule, self.ties, self.judge, self.left_out

    def counts(self, X: Array) -> Array:
        """Return how many people gave each level to each item (n × K)."""
        people = X[:, 1:] if self.judge else X
        return np.stack([np.equal(people, code).sum(axis=1) for code in self.codes], axis=1).astype(float)

    def used(self, X: Array) -> NDArray[np.bool_]:
        """Tell which items have an answer and a word of the panel."""
        return np.asarray(self._parts(self.features(X))[1].sum(axis=1) > 0)

    def features(self, X: Array) -> Array:
        """Return weights of right answers, panel's words, rater's answers by level, and of abstentions (n × 3K + 1)."""
        counted = self.counts(X)
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
        each = [np.stack([given[:, k], asked[:, k], given[:, k] | asked[:, k]], axis=1) for k in self.levels]
        return np.concatenate([some, some, some, *each], axis=1)

    def carried(self, X: Array) -> list[int]:
        """Return for each output of a level how many items are on it: as rater and panel use it, on average."""
        _, words, answers, _ = self._parts(self.features(X).sum(axis=0))
        an_item = words.sum() / max(1, self.used(X).sum())  # with people alone, each of them counts
        each = [(answers[k], words[k], (answers[k] + words[k]) / 2) for k in self.levels]
        return [int(number / an_item) if an_item > 0 else 0 for numbers in each for number in numbers]

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates."""
        return prior.sums(self._features_name, self.features)[rows]

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
            for place, k in enumerate(self.levels):
                summary += [right[..., k] / answers[..., k], right[..., k] / words[..., k], f1[..., place]]
        return np.stack(summary, axis=-1)

    population = point
