"""Severity, compression and noise of judges and people on one scale, and the two questions about a judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.pairings import Slice, slices
from judgekit.stats.resample import FEW_CLUSTERS, Bootstrap
from judgekit.stats.severity.cells import Laid
from judgekit.stats.severity.design import Design
from judgekit.stats.severity.fit import Fit, fit
from judgekit.stats.severity.gaussian import gaussian_means
from judgekit.stats.severity.likelihood import Evaluated, Index
from judgekit.stats.severity.lines import Line, Lines
from judgekit.stats.severity.questions import compression_test
from judgekit.stats.severity.scale import Measured, seen_from

if TYPE_CHECKING:
    from judgekit.study import Study

MODELS = ("ordinal", "gaussian")
#: With more distinct values than this the ratings are taken for a continuum.
MOST_LEVELS = 20
#: Compression is tested by likelihood ratio up to so many ratings: beyond, Wald's test says the same.
MOST_REFITTED = 50_000
LEAST_ITEMS = 5


@register("stats")
def severity(
    study: Study, *, boot: Bootstrap, model: str = "ordinal", margin: float = 0.25, ratio: float = 1.25
) -> Iterator[Estimate]:
    """Severity, scale compression and noise of judges and people on one scale (ordinal model), with two tests.

    A rater's latent answer is b θ - d + φ e, θ normal over items, e logistic, cut at thresholds that all share: d is
    severity (logits), b < 1 compression, φ > 1 noise (McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x, with
    raters' own location and scale). Each is measured from the mean of a pool's people. ``margin`` (in standard
    deviations of the items) and ``ratio`` say what is no difference; ``model=gaussian`` is the fast version: severity
    only, in units of the ratings. Wald intervals of the observed
    information, where items cluster no narrower than cluster-robust ones.
    """
    if model not in MODELS:
        raise InputError(f"no model is called '{model}'", where="severity", fix=f"choose one of: {', '.join(MODELS)}")
    if not margin > 0:
        raise InputError(f"margin must be above 0, not {margin:g}", where="severity", fix="declare a margin")
    if not ratio > 1:
        raise InputError(f"ratio must be above 1, not {ratio:g}", where="severity", fix="declare a ratio")
    for part in slices(study):
        if part.criterion.scale == "nominal":
            continue
        laid = Laid.of(study, part)
        for line in _lines(laid, boot, model, Lines(laid, boot.conf_level, margin, ratio)):
            yield estimate(study, laid, line, boot)


def _lines(laid: Laid, boot: Bootstrap, model: str, lines: Lines) -> Iterator[Line]:
    panels = laid.panels()
    asked = [(n, pool) for pool in panels for n, cell in enumerate(laid.cells) if cell.role == "judge"]
    left_out = [(judge, pool, why) for judge, why in laid.out.items() for pool in panels]
    for judge, pool, why in left_out:
        yield from lines.none(judge, pool, why)
    reason = _lacking(laid)
    continuous = len(laid.levels[1]) > MOST_LEVELS
    if not reason and (continuous or model == "gaussian"):
        means, covariance, reason = gaussian_means(laid)
        for pool, panel in panels.items() if not reason else ():
            J = np.eye(len(means))
            J = J - J[panel].mean(axis=0)
            raw = Measured(J @ means, np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", J, covariance, J), 0)))
            yield from lines.gaussian(pool, panel, raw, "a continuum: Gaussian model" if continuous else "")
    elif not reason:
        yield from _ordinal(laid, boot, lines)
    if reason:
        for n, pool in asked:
            yield from lines.none(laid.cells[n].name, pool, reason)


def _lacking(laid: Laid) -> str:
    """Say why nothing can be estimated, where that is so."""
    if not len(laid.value):
        return "not estimable: no ratings"
    if len(laid.levels[1]) < 2:
        return "not estimable: only one label occurs"
    shared = int((np.asarray((laid.counts.by_cell > 0).sum(axis=1)) >= 2).sum())
    if shared < LEAST_ITEMS:
        return f"not estimable: {shared} items rated by two, {LEAST_ITEMS} are needed"
    return ""


def _ordinal(laid: Laid, boot: Bootstrap, lines: Lines) -> Iterator[Line]:
    counts, (_, codes) = laid.counts, laid.levels
    panels = laid.panels()
    K, C = len(codes), len(laid.cells)
    people = np.isin(np.arange(C), max(panels.values(), key=len)) if panels else np.ones(C, dtype=bool)
    found = fit(counts, Design.anchored(K, people, "full" if K > 2 else "slope"))
    clustered = int(laid.clusters.max()) + 1 < counts.n
    if clustered:
        found = robust(found, laid.clusters)
        lines = replace(lines, df=float(laid.clusters.max()))
    for pool, panel in panels.items():
        judges = [n for n, cell in enumerate(laid.cells) if cell.role == "judge"]
        tests: dict[int, float] = {}
        if K > 2 and not clustered and judges and len(laid.value) <= MOST_REFITTED:
            shared = np.isin(np.arange(C), panel)
            free = fit(counts, Design.uncompressed(K, shared))
            tests = {n: compression_test(counts, K, shared, n, free) for n in judges}
        yield from lines.ordinal(pool, seen_from(found, panel, codes), found, tests)


def robust(found: Fit, clusters: Index) -> Fit:
    """Return a fit with the cluster sandwich beside its own covariance: scores are added up within clusters of items.

    Liang & Zeger (1986), doi:10.1093/biomet/73.1.13, times U / (U - 1) for U clusters.
    """
    here = Evaluated.at(found.counts, found.local, found.z)
    scores = here.scores(slice(None))
    sums = np.zeros((int(clusters.max()) + 1, scores.shape[1]))
    np.add.at(sums, clusters, scores)
    U = len(sums)
    middle = sums.T @ sums * (U / max(U - 1, 1))
    return replace(found, clustered=found.covariance @ middle @ found.covariance)


def estimate(study: Study, laid: Laid, line: Line, boot: Bootstrap) -> Estimate:
    """Return a line as an estimate, with its counts; simulated if any rater of the model is."""
    part: Slice = laid.part
    one = part.answered(line.raters).any(axis=1)
    panel = part.answered(line.panel)
    used = one & panel.any(axis=1)
    raters = list(dict.fromkeys([*line.raters, *line.panel]))
    every = [rater for cell in laid.cells for rater in cell.members]
    groups = len(np.unique(part.groups[used])) if used.any() else 0
    few = 0 < groups < min(FEW_CLUSTERS, int(used.sum()))
    notes = [line.note, f"fewer than {FEW_CLUSTERS} clusters of items" if few and line.value is not None else ""]
    return Estimate(
        statistic=line.statistic,
        criterion=part.criterion.key,
        subset=part.subset,
        a=line.a,
        b=line.pool,
        value=line.value,
        low=line.low,
        high=line.high,
        conf_level=boot.conf_level if line.low is not None else None,
        margin=line.margin,
        verdict=line.verdict,
        p=line.p,
        n_items=int(used.sum()),
        n_raters=len(raters),
        n_ratings=int(part.answered(raters)[used].sum()),
        kind="simulated" if study.simulated(every or raters) else "",
        method=line.method,
        seed=boot.seed,
        note="; ".join(note for note in notes if note),
    )
