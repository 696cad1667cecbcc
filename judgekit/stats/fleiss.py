"""Fleiss' kappa of a panel: chance is two draws from the panel's own distribution of levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judgekit.registry import register
from judgekit.stats.panel import Panel, counts, panel_rows, usual_width
from judgekit.stats.resample import Array, Bootstrap
from judgekit.stats.routes import fleiss_kappa
from judgekit.stats.rows import confirmed
from judgekit.stats.together import Asking, joint
from judgekit.stats.weights import agreement_weights

if TYPE_CHECKING:
    from judgekit.study import Study


@dataclass(frozen=True)
class Fleiss(Panel):
    """Fleiss' kappa: p_e = Σ w_kl p_k p_l (Fleiss 1971, doi:10.1037/h0031619), with any number of raters an item.

    With two raters and identity weights it is Scott's pi. The paper's table 1 (30 patients, six psychiatrists each,
    five diagnoses):

    >>> text = '''0 0 0 6 0  0 3 0 0 3  0 1 4 0 1  0 0 0 0 6  0 3 0 3 0  2 0 4 0 0  0 0 4 0 2  2 0 3 1 0  2 0 0 4 0
    ... 0 0 0 0 6  1 0 0 5 0  1 1 0 4 0  0 3 3 0 0  1 0 0 5 0  0 2 0 3 1  0 0 5 0 1  3 0 0 1 2  5 1 0 0 0  0 2 0 4 0
    ... 1 0 2 0 3  0 0 0 0 6  0 1 0 5 0  0 2 0 1 3  2 0 0 4 0  1 0 0 4 1  0 5 0 1 0  4 0 0 0 2  0 2 0 4 0  1 0 5 0 0
    ... 0 0 0 0 6'''
    >>> table = np.array(text.split(), dtype=int).reshape(30, 5)
    >>> X = np.array([np.repeat(np.arange(5.0), line) for line in table])
    >>> fleiss = Fleiss((0.0, 1.0, 2.0, 3.0, 4.0))
    >>> f"{fleiss.point(fleiss.features(X).sum(axis=0)):.3f}"
    '0.430'
    """

    def chance(self, p: Array) -> Array:
        """Return Σ w_kl p_k p_l."""
        return np.asarray(np.sum(p @ agreement_weights(self.codes, self.weights) * p, axis=-1))

    def slope(self, p: Array) -> Array:
        """Return 2 Σ_l w_kl p_l."""
        return np.asarray(2 * p @ agreement_weights(self.codes, self.weights))


@register("stats")
@joint
def fleiss(study: Study, *, boot: Bootstrap, weights: str = "identity", interval: str = "bootstrap") -> Asking:
    """Fleiss' kappa of all raters named: people, a judge joined to people, judges."""

    def make(codes: tuple[float, ...], chosen: str, X: Array) -> Fleiss:
        coefficient = Fleiss(codes, chosen, usual_width(X))
        counted = counts(codes, X)[np.isfinite(X).any(axis=1)]
        if chosen == "identity" and len(counted) and np.all(counted.sum(axis=1) == X.shape[1]) and X.shape[1] > 1:
            ours = float(coefficient.point(coefficient.features(X).sum(axis=0)))
            confirmed("fleiss", ours, fleiss_kappa(counted), f"{len(counted)} items x {X.shape[1]} raters")
        return coefficient

    yield from panel_rows(study, "fleiss", make, boot, weights=weights, interval=interval)
