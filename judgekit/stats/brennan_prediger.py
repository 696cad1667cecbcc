"""Brennan and Prediger's kappa: chance is a uniform draw from the declared levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judgekit.registry import register
from judgekit.stats.panel import Panel, panel_rows, usual_width
from judgekit.stats.resample import Array, Bootstrap
from judgekit.stats.together import Asking, joint
from judgekit.stats.weights import agreement_weights

if TYPE_CHECKING:
    from judgekit.study import Study


@dataclass(frozen=True)
class BrennanPrediger(Panel):
    """Brennan and Prediger's kappa: p_e = Σ w_kl / K², so 1 / K with identity weights.

    Brennan and Prediger (1981), doi:10.1177/001316448104100307; weighted form in Gwet (2014), ISBN 978-0970806284.
    With two levels it is PABAK. K counts the declared levels, used or not.

    >>> X = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 1.0], [0.0, 0.0]])
    >>> coefficient = BrennanPrediger((0.0, 1.0, 2.0))
    >>> f"{coefficient.point(coefficient.features(X).sum(axis=0)):.3f}"  # (3/4 - 1/3) / (2/3)
    '0.625'
    """

    def chance(self, p: Array) -> Array:
        """Return the mean of the weights, whatever the shares."""
        return np.full(p.shape[:-1], agreement_weights(self.codes, self.weights).mean())

    def slope(self, p: Array) -> Array:
        """Return zeros."""
        return np.zeros_like(p)


@register("stats")
@joint
def brennan_prediger(
    study: Study, *, boot: Bootstrap, weights: str | None = None, interval: str = "bootstrap"
) -> Asking:
    """Brennan and Prediger's kappa (quadratic weights; identity where nominal) of all raters named."""

    def make(codes: tuple[float, ...], chosen: str, X: Array) -> BrennanPrediger:
        return BrennanPrediger(codes, chosen, usual_width(X))

    yield from panel_rows(study, "brennan_prediger", make, boot, weights=weights, interval=interval)
