"""Variance components of crossed item × rater (× rep) ratings by restricted maximum likelihood (REML).

The model of a rating is mean + item + rater (+ item × rater, where the same rater answers the same item repeatedly) +
residual, all effects normal and independent; the criterion is that of Patterson & Thompson (1971),
doi:10.1093/biomet/58.3.545. The residual variance is profiled out, the other components are searched as ratios to it by
Newton steps with the average information of Gilmour, Thompson & Cullis (1995), doi:10.2307/2533274. A component of
exactly zero is an ordinary point of the search.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.crossed import Design, Index, Solved
from judgekit.stats.resample import Array

CONVERGED = "converged"
#: A residual sum of squares below this share of the total counts as none.
NOTHING = 1e-8
#: The largest ratio of a component to the residual variance that is searched.
LARGEST = 1e10
MOST_STEPS = 100
#: After so many steps the average information is too far from the curvature: differences of the gradient replace it.
PATIENCE = 6


@dataclass(frozen=True)
class Components:
    """Variances of item, rater, item × rater (NaN without repeated answers) and residual, with the fixed mean.

    ``criterion`` is -2 × the restricted log-likelihood, comparable with lme4's ``REMLcrit``. Where ``status`` is not
    "converged" it says what the ratings cannot tell; what is unknown is NaN.
    """

    item: float = np.nan
    rater: float = np.nan
    interaction: float = np.nan
    residual: float = np.nan
    mean: float = np.nan
    criterion: float = np.nan
    iterations: int = 0
    status: str = CONVERGED

    @property
    def known(self) -> bool:
        """Whether item and residual variance could be told apart."""
        return bool(np.isfinite(self.item) and np.isfinite(self.residual))


def components(values: Array, items: NDArray[Any], raters: NDArray[Any] | None = None) -> Components:
    """Return the REML variance components of a long list of ratings; NaN values are left out.

    ``values``, ``items`` and ``raters`` have one entry a rating; several ratings of one (item, rater) are reps.
    Without ``raters`` the model is one-way: mean + item + residual. Never raises on degenerate ratings.
    """
    y = np.asarray(values, dtype=float)
    there = np.isfinite(y)
    y = y[there]
    if len(y) < 3:
        return Components(status="fewer than three ratings")
    item = _numbered(np.asarray(items)[there])
    rater = np.zeros(len(y), dtype=np.int64) if raters is None else _numbered(np.asarray(raters)[there])
    centre, spread = float(y.mean()), float(y.std())
    if spread <= 1e-12 * max(1.0, float(np.abs(y).max())):
        return Components(0.0, 0.0, np.nan, 0.0, centre, status="all ratings are equal")
    design = Design.of((y - centre) / spread, item, rater, crossed=raters is not None and bool(rater.max() > 0))
    if not design.telling:
        return Components(mean=centre, status="no item has two ratings: its variance cannot be told apart")
    found = _fit(design)
    scale = spread**2
    return Components(
        item=float(scale * found.item),
        rater=float(scale * found.rater),
        interaction=float(scale * found.interaction),
        residual=float(scale * found.residual),
        mean=float(centre + spread * found.mean),
        criterion=float(found.criterion + (len(y) - 1) * np.log(scale)),
        iterations=found.iterations,
        status="; ".join(text for text in (design.said, found.status) if text) or CONVERGED,
    )


def predicted(found: Components, values: Array, items: NDArray[Any], raters: NDArray[Any]) -> tuple[Array, Array]:
    """Return the best linear unbiased predictions of the item and the rater effects (Henderson 1975).

    ``found`` are the components of the same ratings (none missing); one effect a distinct label, labels sorted
    (doi:10.2307/2529430). Without residual variance they are the least-squares effects, centred.
    """
    item, rater = _numbered(items), _numbered(raters)
    design = Design.of(np.asarray(values, dtype=float) - found.mean, item, rater, crossed=bool(rater.max() > 0))
    if found.residual > 0:
        parts = np.nan_to_num(np.array([found.item, found.rater, found.interaction])) / found.residual
        ratios = np.array([parts[1], parts[0], parts[2]]) if design.swapped else parts
        e = Solved.at(design, ratios).solve(design.y)
        big, small = ratios[0] * np.bincount(design.big, weights=e), ratios[1] * np.bincount(design.small, weights=e)
    else:
        big, small, _ = design.additive()
        big, small = (np.resize(effects - effects.mean(), 1 + f.max()) for effects, f in
                      ((big, design.big), (small, design.small)))  # fmt: skip
    return (small, big) if design.swapped else (big, small)


def _fit(design: Design) -> Components:
    """Return the components of standardised cells; an empty status means converged."""
    negligible = NOTHING * design.n
    if design.free[2] and design.within <= negligible:
        found = _fit(design.once())
        said = "; ".join(text for text in ("repeated answers are all equal", found.status) if text)
        return replace(found, interaction=found.residual, residual=0.0, criterion=np.nan, status=said)
    ratios, here, steps, status = _minimise(design)
    if here.residual < 1e-3 and design.within <= negligible:
        big, small, left = design.additive()
        if left <= negligible:
            parts = [float(effects.var(ddof=1)) if len(effects) > 1 else 0.0 for effects in (big, small)]
            item, rater = reversed(parts) if design.swapped else parts
            mean = float(big.mean() + small.mean())
            return Components(item, rater, np.nan, 0.0, mean, iterations=steps, status="no residual variance")
    scale = here.residual
    item, rater = scale * (ratios[[1, 0]] if design.swapped else ratios[:2])
    both = scale * ratios[2] if design.free[2] else np.nan
    return Components(item, rater, both, scale, here.mean, here.criterion, steps, status)


@dataclass(frozen=True)
class Point:
    """The profile criterion at given ratios with its best residual variance and mean."""

    criterion: float
    residual: float
    mean: float
    solved: Solved


def _evaluate(design: Design, ratios: Array) -> Point:
    solved = Solved.at(design, ratios)
    ones = solved.solve(np.ones(len(design.y)))
    mass = float(ones.sum())
    mean = float(ones @ design.y) / mass
    resid = design.y - mean
    residual = max((float(resid @ solved.solve(resid)) + design.within) / (design.n - 1), 1e-300)
    logdet = solved.logdet + float(np.sum(np.log(design.reps))) + float(np.log(mass))
    return Point((design.n - 1) * (1 + float(np.log(2 * np.pi * residual))) + logdet, residual, mean, solved)


def _slopes(design: Design, point: Point) -> tuple[Array, Array]:
    """Return the gradient of the profile criterion and its average-information curvature (3 and 3 × 3).

    The curvature is a little damped: where ratings come near to being additive it has no rank of its own.
    """
    solved = point.solved
    ones = solved.solve(np.ones(len(design.y)))
    mass = ones.sum()
    e = solved.solve(design.y - point.mean)
    raised = [_raise(e, design.big), _raise(e, design.small), e]
    centred = [_raise(ones, design.big), _raise(ones, design.small), ones]
    q = np.array([h @ e for h in raised])
    gradient = solved.traces() - np.array([h @ ones for h in centred]) / mass - q / point.residual
    projected = [v - ones * (v.sum() / mass) for v in map(solved.solve, raised)]
    information = np.array([[h @ v for v in projected] for h in raised])
    curvature = information / point.residual - np.outer(q, q) / ((design.n - 1) * point.residual**2)
    return gradient, curvature + 1e-8 * np.diag(np.diag(information)) / point.residual


def _minimise(design: Design) -> tuple[Array, Point, int, str]:
    """Walk down the profile criterion over ratios ≥ 0 by projected Newton steps with backtracking."""
    ratios = np.where(design.free, _first_guess(design), 0.0)
    here = _evaluate(design, ratios)
    for step in range(1, MOST_STEPS + 1):
        if here.residual <= NOTHING / 10:
            return ratios, here, step, "no residual variance"
        gradient, curvature = _slopes(design, here)
        moving = np.array(design.free) & ((ratios > 0) | (np.nan_to_num(gradient) < -1e-10))
        if not moving.any():
            return ratios, here, step, ""
        if step > PATIENCE:
            curvature = _differenced(design, ratios, gradient, curvature, moving)
        move = _newton(ratios, gradient, curvature, moving)
        taken = _backtrack(design, ratios, here, move, gradient)
        if taken is None:
            return ratios, here, step, "" if _level(ratios, gradient) else "stopped: no step lowers the criterion"
        before, (ratios, here) = ratios, taken
        still = bool(np.all(np.abs(ratios - before) <= 1e-9 * (ratios + 1e-9)))
        if (still or step > 3 * PATIENCE) and _level(ratios, gradient):
            return ratios, here, step, ""
    return ratios, here, MOST_STEPS, f"not converged in {MOST_STEPS} steps"


def _differenced(design: Design, ratios: Array, gradient: Array, curvature: Array, moving: NDArray[np.bool_]) -> Array:
    """Return the curvature from differences of the gradient, where that is positive definite; else the one given."""
    if np.any(moving & (ratios <= 0)):
        return curvature
    found = curvature.copy()
    for k in np.flatnonzero(moving):
        moved = ratios.copy()
        moved[k] *= 1 + 1e-5
        slope, _ = _slopes(design, _evaluate(design, moved))
        found[k] = (slope - gradient) / (moved[k] - ratios[k])
    inner = found[np.ix_(moving, moving)]
    inner = (inner + inner.T) / 2
    if np.linalg.eigvalsh(inner * np.outer(ratios[moving], ratios[moving])).min() <= 1e-9:
        return curvature
    found[np.ix_(moving, moving)] = inner
    return found


def _level(ratios: Array, gradient: Array) -> bool:
    """Tell whether the criterion changes by less than a millionth when a ratio changes by one percent.

    Where ratios are huge, rounding alone changes it by more.
    """
    return bool(np.nanmax(np.abs(gradient * ratios)) < 1e-4 + 1e-9 * ratios.max())


def _newton(ratios: Array, gradient: Array, curvature: Array, moving: NDArray[np.bool_]) -> Array:
    """Return the Newton step of the moving ratios, at most a hundredfold; scaled descent where it is not downhill."""
    move = np.zeros(3)
    g, H = gradient[moving], curvature[np.ix_(moving, moving)]
    scale = np.sqrt(np.maximum(np.diag(H), 1e-300))
    step = -np.linalg.lstsq(H / np.outer(scale, scale), g / scale, rcond=1e-15)[0] / scale
    move[moving] = step if g @ step < 0 else -g / scale**2
    longest = np.max(np.abs(move) / (100 * ratios + 1))
    return np.asarray(move / longest if longest > 1 else move)


def _backtrack(design: Design, ratios: Array, here: Point, move: Array, gradient: Array) -> tuple[Array, Point] | None:
    """Return the first of ever shorter steps (cut at zero) that lowers the criterion; None if there is none."""
    noise = 1e-13 * (abs(here.criterion) + design.n)
    for halvings in range(40):
        trial = np.clip(ratios + move / 2**halvings, 0, LARGEST)
        there = _evaluate(design, trial)
        wanted = 1e-4 * float(np.nansum(gradient * (trial - ratios)))
        if there.criterion <= here.criterion + min(wanted, 0.0) + noise:
            return trial, there
    return None


def _first_guess(design: Design) -> Array:
    """Return moment estimates of the ratios, kept above zero; exact on complete designs."""
    y, n = design.y - design.y.mean(), len(design.y)
    total = float(y @ y)
    explained, sizes, effective = np.zeros(2), np.ones(2), np.ones(2)
    for k, factor in enumerate((design.big, design.small)):
        if design.free[k]:
            count = np.bincount(factor).astype(float)
            explained[k] = np.sum(np.bincount(factor, weights=y) ** 2 / count)
            sizes[k] = len(count)
            effective[k] = (n - np.sum(count**2) / n) / max(len(count) - 1, 1)
    left = max(total - explained.sum(), 0.05 * total) / max(n - sizes.sum() + 1, 1)
    guess = (explained / np.maximum(sizes - 1, 1) / left - 1) / np.maximum(effective, 1e-9)
    return np.append(np.clip(guess, 1e-3, 1e4), 0.1)


def _raise(v: Array, factor: Index) -> Array:
    """Return Z Z' v: every cell's sum over its level of the factor."""
    return np.asarray(np.bincount(factor, weights=v)[factor])


def _numbered(labels: NDArray[Any]) -> Index:
    """Return labels as numbers 0, 1, … in sorted order; small integers are counted, not sorted."""
    if labels.dtype.kind in "iu" and len(labels) and int(np.ptp(labels)) <= 4 * len(labels):
        shifted = labels.astype(np.int64) - int(labels.min())
        return np.asarray((np.cumsum(np.bincount(shifted) > 0) - 1)[shifted])
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)
