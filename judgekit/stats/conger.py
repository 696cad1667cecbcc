"""Conger's kappa of a panel: chance is a draw from each of two raters' own distributions of levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.registry import register
from judgekit.stats.linearised import Linearised, linearise
from judgekit.stats.panel import corrected, counts, pair_agreement, panel_rows
from judgekit.stats.resample import Array, Bootstrap
from judgekit.stats.together import Asking, joint
from judgekit.stats.weights import agreement_weights

if TYPE_CHECKING:
    from judgekit.study import Study


@dataclass(frozen=True)
class Conger:
    """Conger's kappa: p_e = Σ_{g≠h} Σ w_kl p_gk p_hl / (R (R - 1)) with the shares p_g of each of R raters.

    Conger (1980), doi:10.1037/0033-2909.88.2.322; with missing ratings as in Gwet (2014), ISBN 978-0970806284: p_a as
    in Fleiss' kappa, p_g over the items that rater g rated. With two raters it is Cohen's kappa. ``width`` is the
    number of raters: each has margins of its own.

    >>> X = np.array([[1, 1, 1], [2, 2, 1], [1, 2, 1], [2, 2, 2.0]])
    >>> conger = Conger((1.0, 2.0))
    >>> f"{conger.point(conger.features(X).sum(axis=0)):.4f}"  # (2/3 - 11/24) / (13/24)
    '0.3846'
    """

    codes: tuple[float, ...]
    weights: str = "identity"
    width: int | None = None

    def features(self, X: Array) -> Array:
        """Return each item's: paired (1 or 0), share of agreeing pairs, each rater's levels (n × 2+R·K)."""
        counted = counts(self.codes, X)
        agreeing = pair_agreement(counted, agreement_weights(self.codes, self.weights))
        hot = (X[:, :, None] == np.asarray(self.codes)).astype(float)
        paired = np.stack([counted.sum(axis=1) > 1, agreeing], axis=1)
        return np.concatenate([paired, hot.reshape(len(X), X.shape[1] * len(self.codes))], axis=1)

    def point(self, S: Array) -> Array:
        """Return the coefficient; NaN where chance agreement is 1 or fewer than two raters rated."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return corrected(S[..., 1] / S[..., 0], self._chance(self._shares(S)))

    population = point

    def _shares(self, S: Array) -> Array:
        """Return each rater's shares (… × R × K); zeros for one who rated nothing."""
        margins = S[..., 2:].reshape(*S.shape[:-1], -1, len(self.codes))
        n = margins.sum(axis=-1, keepdims=True)
        return np.asarray(np.divide(margins, n, out=np.zeros_like(margins), where=n > 0))

    def _chance(self, p: Array) -> Array:
        """Return the weighted agreement of independent draws from two different raters, averaged over pairs."""
        w = agreement_weights(self.codes, self.weights)
        R = np.any(p > 0, axis=-1).sum(axis=-1)
        together = p.sum(axis=-2)
        every = np.einsum("...k,kl,...l->...", together, w, together)
        alone = np.sum((p @ w) * p, axis=(-1, -2))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(R > 1, (every - alone) / (R * (R - 1)), np.nan))

    def linearised(self, X: Array, groups: NDArray[np.int64]) -> Linearised:
        """Return the coefficient with its linearised standard error (Gwet 2014, ISBN 978-0970806284, chapter 5).

        The number of items with two ratings or more counts as fixed; an item with one rating agrees in no pair.
        """
        there = np.isfinite(X).any(axis=1)
        X = X[:, np.isfinite(X).any(axis=0)][there]
        phi = self.features(X)
        total = phi.sum(axis=0)
        value = float(self.point(total))
        if not np.isfinite(value):
            return Linearised(value, np.nan, np.nan)
        n, R, K = *X.shape, len(self.codes)
        p = self._shares(total)
        expected = float(self._chance(p))
        observed = n / total[0] * (phi[:, 1] - expected * phi[:, 0]) / (1 - expected)
        # one item moves rater g's shares by (its level - p_g) / n_g, and each share meets those of all other raters
        others = (p.sum(axis=0) - p) @ agreement_weights(self.codes, self.weights)
        hot = phi[:, 2:].reshape(n, R, K)
        rated = hot.sum(axis=2)
        met = np.einsum("ngk,gk->ng", hot, others) - rated * np.sum(p * others, axis=1)
        moved = 2 / (R * (R - 1)) * met @ (n / rated.sum(axis=0))
        return linearise(value, observed - value - (1 - value) / (1 - expected) * moved, groups[there])


@register("stats")
@joint
def conger(study: Study, *, boot: Bootstrap, weights: str = "identity", interval: str = "bootstrap") -> Asking:
    """Conger's kappa of all raters named, each with margins of its own: people, a judge joined to people, judges."""

    def make(codes: tuple[float, ...], chosen: str, X: Array) -> Conger:
        return Conger(codes, chosen, X.shape[1])

    yield from panel_rows(study, "conger", make, boot, weights=weights, interval=interval)
