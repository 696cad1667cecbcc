"""Cohen's kappa with what is needed to read it: prevalence, bias and the kappa that corrects for both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.kappa import confirm_kappas, kappa_family
from judgekit.stats.kernels import TableKernel, joint_cells, margins
from judgekit.stats.linearised import Linearised, analytic_row, check_interval, linearise
from judgekit.stats.pairings import Pairing, Slice, between_levels, pairings, slices
from judgekit.stats.pairmeans import PairMeans, PairSet, thin_features
from judgekit.stats.pairwise import PairIndex
from judgekit.stats.panel import categories
from judgekit.stats.prepared import SCARCE_LEVEL, rarer
from judgekit.stats.resample import Array, Bootstrap, Job
from judgekit.stats.rows import row
from judgekit.stats.twobytwo import index_job
from judgekit.stats.weights import disagreement

if TYPE_CHECKING:
    from judgekit.study import Study


def asymptotic(
    pairs: PairIndex, codes: tuple[float, ...], cost: Array, X: Array, groups: NDArray[np.int64]
) -> Linearised:
    """Return kappa with its asymptotic standard error (Fleiss, Cohen and Everitt 1969, doi:10.1037/h0028106).

    ``cost`` is K × K disagreement. For one pair and single items that is the paper's formula, with its second one
    (kappa 0) for the test; a mean over pairs is linearised alike, pairs keeping their weight; clusters of items are
    summed and get t with one degree of freedom less than there are clusters.
    """
    added, used = np.zeros(len(X)), np.zeros(len(X), dtype=bool)
    mass, total, nulls = 0.0, 0.0, []
    for cells in _tables(pairs, codes, X):
        n = float(cells.sum())
        table = cells.sum(axis=0) / max(n, 1e-300)
        first, second = table.sum(axis=1), table.sum(axis=0)
        observed, expected = float(np.sum(table * cost)), float(first @ cost @ second)
        if expected <= 1e-12:
            continue
        meant = (cost @ second)[:, None] + (first @ cost)[None, :]
        move = (observed * (meant - 2 * expected) / expected - (cost - observed)) / expected
        added += np.einsum("nij,ij->n", cells, move)
        used |= cells.any(axis=(1, 2))
        mass, total = mass + n, total + n * (1 - observed / expected)
        nulls.append(float(np.sqrt(np.sum(np.outer(first, second) * (cost - meant + expected) ** 2) / n) / expected))
    if mass == 0:
        return Linearised(np.nan, np.nan, np.nan)
    single = len(np.unique(groups[used])) == used.sum()
    found = linearise(total / mass, added[used] * used.sum() / mass, groups[used], normal=single)
    return replace(found, null=nulls[0]) if single and len(nulls) == 1 else found


def _tables(pairs: PairIndex, codes: tuple[float, ...], X: Array) -> Iterator[Array]:
    """Yield each pair's joint table item by item (n × K × K), merged pairs last."""
    K = len(codes)
    for i, j in pairs.own:
        both = (np.isfinite(X[:, i]) & np.isfinite(X[:, j])).astype(float)
        yield joint_cells(codes, X[:, [i]], X[:, [j]], both[:, None]).reshape(-1, K, K)
    if pairs.merged:
        yield thin_features(TableKernel(codes, ()), pairs, X).reshape(-1, K, K)


@dataclass(frozen=True)
class Bias:
    """The absolute bias index |b - c| / n of a pair whose order means nothing, from its 2 × 2 table."""

    codes: tuple[float, ...]
    size: int = 4

    def features(self, x: Array, y: Array, weight: Array) -> Array:
        """Return the joint table's cells (n × 4 × P)."""
        return joint_cells(self.codes, x, y, weight)

    def values(self, S: Array) -> tuple[Array, Array]:
        """Return the absolute difference of the margins and the mass of each pair."""
        first, second, n = margins(S, 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.abs(first[1] - second[1]) / n, n


@register("stats")
def kappa(study: Study, *, boot: Bootstrap, interval: str = "bootstrap") -> Iterator[Estimate]:
    """Cohen's kappa, at two levels with prevalence and bias index and PABAK: people, judge with people, judges."""
    analytic = check_interval(interval)
    for part in slices(study):
        asked = [p for p in pairings(study, part) if not between_levels(part.criterion, part.matrix(p.raters))]
        if not asked:
            continue
        _, none = categories(study, part)
        if none is not None:
            yield from (row(study, "kappa", part, pairing, none, boot) for pairing in asked)
            continue
        job, said = kappa_family(part, asked, "identity")
        assert isinstance(job.coefficient, PairMeans)
        beside = _beside(part, asked, job.coefficient.pairs) if len(part.criterion.codes) == 2 else []
        found = boot.intervals(part.stream, part.groups, [job, *(one for _, _, _, one in beside)], part.types)
        confirm_kappas("kappa", job, found)
        for pairing, index, made, text in zip(asked, job.coefficient.pairs.indices, found, said, strict=False):
            X = part.matrix(pairing.raters)
            if analytic:
                cost = np.asarray(disagreement(job.codes, "identity"))
                error = asymptotic(index, job.codes, cost, X, part.groups)
                few = few_for_normal(rarer(X, job.codes, part.groups))
                yield analytic_row(study, "kappa", part, pairing, error, boot, text, few)
            else:
                yield row(study, "kappa", part, pairing, made, boot, text)
        for (name, pairing, text, _), made in zip(beside, found[len(asked) :], strict=True):
            yield row(study, f"kappa.{name}", part, pairing, made, boot, text)


def few_for_normal(n: int) -> str:
    """Warn where n items with the rarer levels are too few for a normal approximation (it covers .90 or less there)."""
    if n >= SCARCE_LEVEL:
        return ""
    return f"only {n} items carry the rarer labels: the analytic interval is too narrow, take the bootstrap's"


def _beside(part: Slice, asked: Sequence[Pairing], pairs: PairSet) -> list[tuple[str, Pairing, str, Job]]:
    """Return name, comparison, wording and job of each index that stands beside kappa at two levels."""
    codes = part.criterion.codes
    high = part.criterion.label(codes[1])
    rows: list[tuple[str, Pairing, str, Job]] = []
    for pairing in asked:
        X = part.matrix(pairing.raters)
        exchangeable = pairing.left == pairing.right
        said = {
            "prevalence_index": f"share of pairs both '{high}' minus share of pairs neither",
            "bias_index": f"share of pairs with only {pairing.a} '{high}' minus with only {pairing.b}",
            "pabak": "prevalence- and bias-adjusted kappa, 2 × percent agreement - 1",
        }
        for name, text in said.items():
            if name == "bias_index" and exchangeable:
                bias = PairMeans(Bias(codes), PairSet.of(part, [pairing]), X.shape[1])
                one = Job(bias, X, codes, people=part.sampled(pairing.raters))
                text = f"mean absolute difference of two raters' shares of '{high}'"
            else:
                one = index_job(X, codes, name, 0 if exchangeable else len(pairing.left), part.sampled(pairing.raters))
            rows.append((name, pairing, text, one))
    return rows
