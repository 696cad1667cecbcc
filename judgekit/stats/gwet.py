"""Gwet's AC1 and AC2: chance agreement that stays low where one level is rare."""

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
class Gwet(Panel):
    """Gwet's AC1 (identity weights) or AC2: p_e = Σ w_kl / (K (K - 1)) × Σ p_k (1 - p_k).

    Gwet (2008), doi:10.1348/000711006X126600; weighted form in Gwet (2014), ISBN 978-0970806284. K counts the declared
    levels, used or not: leaving one out changes the coefficient. The handbook's four raters and twelve units:

    >>> _ = np.nan
    >>> X = np.array([[1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, _],
    ...               [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _]]).T
    >>> ac1 = Gwet((1.0, 2.0, 3.0, 4.0, 5.0))
    >>> found = ac1.linearised(X, np.arange(12))
    >>> f"{found.value:.5f} ({found.error:.5f})"
    '0.77544 (0.14295)'
    """

    def chance(self, p: Array) -> Array:
        """Return Σ w_kl / (K (K - 1)) × Σ p_k (1 - p_k)."""
        return np.asarray(self._scale() * np.sum(p * (1 - p), axis=-1))

    def slope(self, p: Array) -> Array:
        """Return Σ w_kl / (K (K - 1)) × (1 - 2 p_k)."""
        return np.asarray(self._scale() * (1 - 2 * p))

    def _scale(self) -> float:
        K = len(self.codes)
        return float(agreement_weights(self.codes, self.weights).sum() / (K * (K - 1))) if K > 1 else np.nan


def _make(codes: tuple[float, ...], chosen: str, X: Array) -> Gwet:
    return Gwet(codes, chosen, usual_width(X))


@register("stats")
@joint
def ac1(study: Study, *, boot: Bootstrap, interval: str = "bootstrap") -> Asking:
    """Gwet's AC1 of all raters named: people, a judge joined to people, judges."""
    yield from panel_rows(study, "ac1", _make, boot, weights="identity", interval=interval)


@register("stats")
@joint
def ac2(study: Study, *, boot: Bootstrap, weights: str | None = None, interval: str = "bootstrap") -> Asking:
    """Gwet's AC2 (quadratic weights; identity where nominal, there it is AC1) of all raters named."""
    yield from panel_rows(study, "ac2", _make, boot, weights=weights, interval=interval)
