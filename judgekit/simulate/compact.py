"""The compact simulator of statistical tests: one criterion, unit-variance normal answers, agreement set by ``rho``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
import pandas as pd

from judgekit.errors import InputError
from judgekit.schema import Criterion, Level, Scale
from judgekit.seeds import rng
from judgekit.simulate.noise import Floats
from judgekit.simulate.traits import TRUTH, facts
from judgekit.study import Study, empty_task

#: Shares of five skewed levels at which interval coverage is checked.
FIVE_SKEWED = (0.62, 0.20, 0.10, 0.05, 0.03)


@dataclass(frozen=True)
class StudyJudge:
    """A judge of the compact model: its severity, and its loading on the trait as a multiple of a person's."""

    name: str = "judge"
    severity: float = 0.15
    loading: float = 0.95


@dataclass(frozen=True)
class Cells:
    """Answers (items × raters, judges first, NaN missing) and what they were drawn from; ``cuts`` before severity."""

    values: Floats
    traits: Floats
    cuts: Floats
    groups: np.ndarray
    raters: tuple[StudyJudge, ...]


def cells(
    n_items: int,
    n_raters: int,
    *,
    levels: int | None = 2,
    prevalence: float | None = None,
    shares: Sequence[float] | None = None,
    skew: float = 0.0,
    rho: float = 0.8,
    severities: Sequence[float] | None = None,
    judges: Sequence[StudyJudge] = (),
    missing: float = 0.0,
    cluster: int = 1,
    model: Literal["trait", "class"] = "trait",
    seed: int = 0,
) -> Cells:
    """Draw the answers of ``n_raters`` people and the judges before them.

    Rater r answers from y = lambda t + sqrt(1 − lambda²) e with t, e ~ N(0, 1) and lambda = sqrt(rho), so that two
    people's y correlate rho; the level is the number of cuts below y, cuts at the normal quantiles of the cumulated
    ``shares`` plus the rater's severity (default: fixed, spread evenly about 0). Shares: as given; or of two levels
    (1 − prevalence, prevalence); or proportional to exp(−skew k). ``levels`` None keeps y itself. In clusters of size
    ``cluster`` > 1, traits correlate .5. People's cells are missing completely at random. Under ``model`` "class" the
    trait is cut once into a true class, named with sensitivity .85 − .2 severity and specificity .975 + .03 severity.
    """
    cuts = _cuts(levels, prevalence, shares, skew)
    people = _people(n_raters, severities)
    raters = (*judges, *people)
    if model == "class" and levels != 2:
        raise InputError("the class model has two levels", fix="set levels=2")
    groups = np.arange(n_items) // max(cluster, 1)
    t = rng(seed, "trait").standard_normal(n_items)
    if cluster > 1:
        t = np.sqrt(0.5) * rng(seed, "cluster").standard_normal(groups[-1] + 1)[groups] + np.sqrt(0.5) * t
    values = np.empty((n_items, len(raters)))
    for column, rater in enumerate(raters):
        stream = rng(seed, "rater", rater.name)
        if model == "class":
            right = np.where(t > cuts[0], 0.85 - 0.2 * rater.severity, 0.975 + 0.03 * rater.severity)
            values[:, column] = (t > cuts[0]) ^ (stream.random(n_items) >= right)
        else:
            loading = np.sqrt(rho) * rater.loading
            y = loading * t + np.sqrt(1.0 - loading**2) * stream.standard_normal(n_items)
            values[:, column] = y - rater.severity if levels is None else np.searchsorted(cuts + rater.severity, y)
        if missing and column >= len(judges):
            values[stream.random(n_items) < missing, column] = np.nan
    return Cells(values, t, cuts, groups, raters)


def study(
    n_items: int = 200,
    n_raters: int = 3,
    *,
    levels: int | None = 2,
    prevalence: float | None = None,
    shares: Sequence[float] | None = None,
    skew: float = 0.0,
    rho: float = 0.8,
    severities: Sequence[float] | None = None,
    judges: Sequence[StudyJudge] = (),
    missing: float = 0.0,
    cluster: int = 1,
    model: Literal["trait", "class"] = "trait",
    scale: Scale | None = None,
    seed: int = 0,
) -> Study:
    """Return a simulated study of one criterion ``value``, with its truth; the options are those of ``cells``.

    Two levels have the codes 0, 1 (nominal by default), K levels 1 … K (ordinal), no levels an interval scale.
    """
    drawn = cells(
        n_items, n_raters, levels=levels, prevalence=prevalence, shares=shares, skew=skew, rho=rho,
        severities=severities, judges=judges, missing=missing, cluster=cluster, model=model, seed=seed,
    )  # fmt: skip
    lowest = 0 if levels == 2 else 1
    codes = range(lowest, lowest + (levels or 0))
    measured: Scale = scale or ("interval" if levels is None else "nominal" if levels == 2 else "ordinal")
    criterion = Criterion(
        key="value", question="", scale=measured, levels=tuple(Level(code=k, label=str(k)) for k in codes)
    )
    names = [f"i{number:05d}" for number in range(1, n_items + 1)]
    groups = [f"g{number + 1:05d}" for number in drawn.groups] if cluster > 1 else names
    judged = {judge.name for judge in judges}
    raters = pd.DataFrame(
        [{"rater": r.name, "kind": "simulated", "role": "judge" if r.name in judged else "person",
          "pool": "judges" if r.name in judged else "people"} for r in drawn.raters]
    )  # fmt: skip
    row, column = np.nonzero(~np.isnan(drawn.values))
    ratings = pd.DataFrame(
        {
            "item": np.array(names, dtype=object)[row],
            "criterion": "value",
            "rater": raters["rater"].to_numpy(dtype=object)[column],
            "value": drawn.values[row, column] + (lowest if levels else 0),
        }
    )
    items = pd.DataFrame({"item": names, "group": groups, "text": ""})
    return Study.build(
        empty_task("simulated", (criterion,)), items, raters, ratings, where="simulated", truth=_truth(drawn, names)
    )


def _truth(drawn: Cells, names: list[str]) -> pd.DataFrame:
    traits = pd.DataFrame(
        {"item": names, "variant": "original", "criterion": "value", "rater": "", "parameter": "trait",
         "value": drawn.traits}
    )  # fmt: skip
    parts = [traits]
    if len(drawn.cuts):
        parts.append(facts({f"threshold:{k + 1}": cut for k, cut in enumerate(drawn.cuts)}, criterion="value"))
    parts += [facts({"severity": r.severity, "loading": r.loading}, rater=r.name) for r in drawn.raters]
    return pd.concat(parts, ignore_index=True)[list(TRUTH)]


def _people(n: int, severities: Sequence[float] | None) -> tuple[StudyJudge, ...]:
    if severities is None:
        widest = {1: 0.0, 2: 0.15, 3: 0.2}.get(n, 0.3)
        severities = [float(s) for s in np.linspace(-widest, widest, n)] if n > 1 else [0.0] * n
    if len(severities) != n:
        raise InputError(f"{len(severities)} severities for {n} raters", fix="give one a rater")
    return tuple(StudyJudge(f"h{k}", float(severity), 1.0) for k, severity in enumerate(severities, start=1))


def _cuts(levels: int | None, prevalence: float | None, shares: Sequence[float] | None, skew: float) -> Floats:
    if levels is None:
        return np.empty(0)
    if prevalence is not None:
        if levels != 2 or shares is not None:
            raise InputError("prevalence is the share of the upper of two levels", fix="give shares for more levels")
        shares = (1 - prevalence, prevalence)
    if shares is None:
        heights = np.exp(-skew * np.arange(levels))
        shares = [float(share) for share in heights / heights.sum()]
    if len(shares) != levels or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise InputError(f"{levels} levels need {levels} shares above 0 that add up to 1, not {list(shares)}")
    return np.array([NormalDist().inv_cdf(float(below)) for below in np.cumsum(shares)[:-1]])
