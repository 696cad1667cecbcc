"""Newton's search for the mode, and the covariance of what it finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.stats.resample import Array
from judgekit.stats.severity.design import Design
from judgekit.stats.severity.likelihood import Counts, Evaluated
from judgekit.stats.severity.table import Local

MOST_STEPS, MOST_HALVINGS = 200, 30
#: Above so many items steps rest on a sample of them, and standard errors on the outer products of scores.
MANY_ITEMS, SAMPLE = 30_000, 20_000
#: Up to so many operations (items × parameters² × nodes) the exact information is worth its while at every step.
CHEAP = 3e8
#: Far from the mode outer products will do, where there are so many items a parameter.
ITEMS_A_PARAMETER = 10


@dataclass(frozen=True)
class Fit:
    """The mode: ``local`` parameters with their covariance (in the order of ``Local``), and how it was reached.

    ``clustered`` is the covariance where items cluster. ``loglik`` is without the prior. ``thin`` is the smallest
    eigenvalue of the information over the largest.
    """

    design: Design
    counts: Counts
    psi: Array
    local: Local
    covariance: Array
    loglik: float
    z: Array
    steps: int
    converged: bool
    thin: float
    clustered: Array | None = None

    def errors(self, J: Array) -> Array:
        """Return the standard errors of what has these slopes (rows of J) by the parameters.

        Of items that cluster the larger of the two: with nearly as many parameters as clusters a sandwich is far too
        small for some of what it is asked for, and innocent judges were flagged.
        """
        each = [self.covariance] + ([] if self.clustered is None else [self.clustered])
        variances = [np.einsum("ij,ij->i", J @ covariance, J) for covariance in each]
        return np.asarray(np.sqrt(np.maximum(np.max(variances, axis=0), 0)))


@dataclass
class _Search:
    """Where the search stands."""

    counts: Counts
    design: Design
    precision: Array

    def at(self, psi: Array, z: Array) -> tuple[Evaluated, float]:
        """Return the likelihood at ψ and the penalised log-likelihood."""
        here = Evaluated.at(self.counts, self.design.local(psi), z)
        return here, here.loglik - float(self.precision @ psi**2) / 2

    def gradient(self, psi: Array, here: Evaluated) -> tuple[Array, Array]:
        """Return the penalised gradient by ψ and the local one."""
        local = here.gradient()
        return self.design.jacobian(psi).T @ local - self.precision * psi, local

    def information(self, psi: Array, here: Evaluated, local: Array, lost: Array | None) -> Array:
        """Return minus the Hessian; ``lost`` stands for the missing information, None for outer products instead."""
        J = self.design.jacobian(psi)
        if lost is None:
            found = J.T @ here.outer() @ J
        else:
            found = J.T @ (here.complete() - lost) @ J - self.design.curvature(psi, local)
        return np.asarray(found + np.diag(self.precision))

    def sampled(self, psi: Array, here: Evaluated) -> Array:
        """Return the missing information, from a sample of the items where there are many."""
        if self.counts.n <= MANY_ITEMS:
            return here.missing()
        chosen = np.sort(seeds.rng(0, "severity", "steps").choice(self.counts.n, SAMPLE, replace=False))
        some = Evaluated.at(self.counts.some(chosen), self.design.local(psi), here.table.z)
        return some.missing() * (self.counts.n / SAMPLE)


def fit(counts: Counts, design: Design, *, prior: bool = True, start: Array | None = None, tol: float = 1e-9) -> Fit:
    """Return the mode of the model (with ``prior=False`` the maximum of the likelihood); it never raises.

    ``counts`` must have every level used by somebody. ``start`` is ψ; ``tol`` is Newton's decrement at which to stop.
    """
    psi = first_guess(counts, design) if start is None else start.copy()
    search = _Search(counts, design, design.prior() if prior else np.zeros(len(psi)))
    z = counts.grid(design.local(psi).alpha)
    here, value = search.at(psi, z)
    cheap = counts.n * len(psi) ** 2 * 40 < CHEAP
    held: Array | None = None
    decrement, damping, done, step = np.inf, 0.0, False, 0
    while step < MOST_STEPS and not done:
        step += 1
        g, local = search.gradient(psi, here)
        exact = cheap or held is not None or decrement < 2 or counts.n < ITEMS_A_PARAMETER * len(psi)
        if exact and (cheap or held is None):
            held = search.sampled(psi, here)
        info = search.information(psi, here, local, held if exact else None)
        values, vectors = np.linalg.eigh(info)
        size = np.maximum(np.abs(values), 1e-10 * max(float(np.abs(values).max()), 1e-300))
        pulled = vectors.T @ g
        before, decrement = decrement, float(pulled**2 @ (1 / size)) / 2
        if exact and not cheap and decrement > before / 5:
            held = None
        moved = _accepted(search, psi, z, value, vectors, pulled, size, damping)
        if moved is None:
            done = decrement < 1e-6
            break
        psi, here, value, damping = moved
        finer = counts.grid(design.local(psi).alpha, z)
        done = decrement < tol and finer is z
        if finer is not z:
            z = finer
            here, value = search.at(psi, z)
    return _finished(search, psi, here, step, done)


def _accepted(
    search: _Search, psi: Array, z: Array, value: float, vectors: Array, pulled: Array, size: Array, damping: float
) -> tuple[Array, Evaluated, float, float] | None:
    """Return the first of ever more damped steps that does not lower the criterion, None if there is none."""
    for _ in range(MOST_HALVINGS):
        move = vectors @ (pulled / (size + damping))
        move *= min(1.0, 2 / max(float(np.abs(move).max()), 1e-300))
        trial = psi + move
        if np.all(np.diff(trial[: search.design.edges]) > 0):
            there, reached = search.at(trial, z)
            if reached >= value - 1e-12 * abs(value):
                return trial, there, reached, damping / 8
        damping = max(4 * damping, 1e-3 * float(size.mean()))
    return None


def _finished(search: _Search, psi: Array, here: Evaluated, steps: int, done: bool) -> Fit:
    """Return the fit with its covariance: exact observed information, outer products where items are many."""
    _, local = search.gradient(psi, here)
    many = search.counts.n > MANY_ITEMS
    info = search.information(psi, here, local, None if many else here.missing())
    values, vectors = np.linalg.eigh(info)
    kept = np.maximum(values, 1e-12 * max(float(values.max()), 1e-300))
    J = search.design.jacobian(psi) @ (vectors / np.sqrt(kept))
    thin = float(values.min() / max(float(values.max()), 1e-300))
    return Fit(search.design, search.counts, psi, search.design.local(psi), J @ J.T, here.loglik, here.table.z, steps,
               done, thin)  # fmt: skip


def first_guess(counts: Counts, design: Design) -> Array:
    """Return a start: thresholds from the shares of the levels, severities from the cells' mean levels."""
    table = counts.levels()
    shares = np.clip(np.cumsum(table.sum(axis=0))[:-1] / table.sum(), 1e-4, 1 - 1e-4)
    shares = np.maximum.accumulate(shares + 1e-6 * np.arange(len(shares)))
    tau = np.log(shares / (1 - shares)) * np.sqrt(1 + 0.346 * 1.5**2)
    codes = np.arange(counts.n_levels)
    means = table @ codes / np.maximum(table.sum(axis=1), 1)
    grand = float(table.sum(axis=0) @ codes / table.sum())
    spread = np.sqrt(float(table.sum(axis=0) @ (codes - grand) ** 2 / table.sum()))
    harsh = np.clip(-1.7 * (means - grand) / max(spread, 1e-9), -3, 3)
    beta = np.linalg.lstsq(design.X, harsh, rcond=None)[0] if design.X.shape[1] else np.zeros(0)
    slopes = np.full(len(design.A), 1.5)
    a = np.linalg.lstsq(design.A, slopes, rcond=None)[0] if design.A.shape[1] else np.zeros(0)
    return np.concatenate([tau, beta, a, np.zeros(design.G.shape[1])])


def ordered(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], Array]:
    """Return each value's number among the distinct ones, and these, low to high: unused levels are no levels."""
    codes, number = np.unique(values, return_inverse=True)
    return number.astype(np.int64), codes
