"""Find the plant, in logits, that has a wanted size in the statistic's own units."""

from __future__ import annotations

from collections.abc import Callable

from judgekit.errors import InputError

#: No plant is larger than this (logits).
MOST = 12.0


def solved(size: Callable[[float], float], wanted: float, *, low: float = -MOST, high: float = MOST) -> float:
    """Return x from ``low`` to ``high`` with ``size(x)`` as wanted; InputError where no x has this size."""
    from scipy.optimize import brentq

    if not min(size(low), size(high)) <= wanted <= max(size(low), size(high)):
        raise InputError(
            f"no plant has the size {wanted:g} in this design", where="rehearsal", fix="give more levels or reps"
        )
    return float(brentq(lambda x: size(x) - wanted, low, high, xtol=1e-5))
