"""What labels cost as more is left to judges: dollars and minutes, an item, a right label, a unit of precision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.edges.chain import Chain, chains
from judgekit.edges.confidence import Signal
from judgekit.edges.prices import Prices
from judgekit.edges.rows import estimate, nothing
from judgekit.edges.thresholds import stage_of
from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.prior import PriorDraws
from judgekit.stats.resample import NO_PRIOR, Array, Bootstrap, Job

if TYPE_CHECKING:
    from judgekit.study import Study

#: Shares of items left to judges, in percent.
SHARES = tuple(range(0, 101, 10))
ROWS = {
    "usd": "dollars an item",
    "minutes": "people's minutes an item",
    "correct": "share of labels that are the panel's word, people's own being so",
    "usd_correct": "dollars a label that is the panel's word",
    "usd_precision": "dollars for a mean with a standard error of 1 in the scale's units (of s: over s squared)",
}


@register("stats")
def frontier(
    study: Study,
    *,
    boot: Bootstrap,
    signal: Signal = "auto",
    cascade: Sequence[str] | None = None,
    usd: Mapping[str, float] | None = None,
    minutes: float | None = None,
    hour: float = 20.0,
    labels: int = 1,
    audit: float = 0.1,
    pool: str | None = None,
    within: float = 0.0,
) -> Iterator[Estimate]:
    """Cost frontier: dollars and people's minutes an item, a right label and a unit of precision, by share judged.

    At each share the surest items are left to the judge (or to a ``cascade`` of judges, cheap to dear), the others go
    to ``labels`` people each. ``usd`` is what one answer of each judge costs, ``hour`` an hour of a person's, who takes
    ``minutes`` an item (None: the median recorded, else 1). A share ``audit`` of the accepted items is labelled too,
    which makes the mean of merged labels unbiased: its variance is what precision costs.
    """
    prices = Prices.of(study, usd, minutes, hour, labels)
    if not 0 <= audit <= 1:
        raise InputError(f"audit is a share from 0 to 1, not {audit:g}", where="frontier", fix="use 0.1")
    for chain in chains(
        study, signal=signal, cascade=cascade, pool=pool, within=within, seed=boot.seed, where="frontier"
    ):  # fmt: skip
        also = [stage.judge for stage in chain.stages[1:]]
        used = chain.rated
        if chain.reason or used.sum() < 2:
            reason = f"not estimable: {chain.reason or 'fewer than two items that judge and people both answered'}"
            yield estimate(study, chain.one, "frontier.usd.000", nothing(reason), boot, used=used, a=chain.name)
            continue
        X = np.column_stack([column for share in SHARES for column in columns(chain, share / 100, prices, audit)])
        h = chain.one.word
        X = np.where(used[:, None], np.column_stack([X, used.astype(float), h, h * h]), np.nan)
        part = chain.one.part
        found = iter(boot.intervals(part.stream, part.groups, [Job(Costs(len(SHARES)), X, (), NO_PRIOR)]))
        for share in SHARES:
            for name, what in ROWS.items():
                interval = next(found)
                if name == "usd_precision" and (not measured(chain) or (share and not audit)):
                    continue
                said = (
                    f"{what}; the surest {share} % left to {chain.name}; {prices.said}; audit {audit:g}; {chain.said}"
                )
                yield estimate(
                    study, chain.one, f"frontier.{name}.{share:03d}", interval, boot, used=used, said=said,
                    a=chain.name, also=also, note=prices.note([stage.judge for stage in chain.stages]),
                )  # fmt: skip


def measured(chain: Chain) -> bool:
    """Tell whether a mean value means something: not on three or more unordered levels."""
    criterion = chain.one.criterion
    return criterion.scale != "nominal" or len(criterion.codes) == 2


def columns(chain: Chain, share: float, prices: Prices, audit: float) -> list[Array]:
    """Return for each item its dollars, people's minutes, whether its label is right, and what auditing adds (n each).

    The last is the variance that drawing the audited items adds to the mean, times the number of items squared.
    """
    best, used = chain.best, chain.rated
    ordered = np.sort(np.where(np.isfinite(best[used]), best[used], -np.inf))[::-1]
    count = int(np.ceil(share * int(used.sum()) - 1e-9))
    cut = float(ordered[count - 1]) if count else None
    stage = stage_of(chain.scores, cut)
    accepted = stage >= 0
    place = np.maximum(stage, 0)
    rows = np.arange(len(stage))
    wrong = np.where(accepted, np.nan_to_num(chain.losses[rows, place], nan=1.0), 0.0)
    answers = np.column_stack([one.answers for one in chain.stages])[rows, place]
    apart = np.where(accepted, np.nan_to_num(answers - chain.one.word), 0.0)
    asked = prices.asked([one.judge for one in chain.stages])
    # an item that nobody accepts has been put to every judge; nobody is asked where nothing is left to judges
    paid = np.where(accepted, asked[place], asked[-1]) if count else np.zeros(len(stage))
    people = np.where(accepted, audit, 1.0) * prices.labels
    drawn = np.where(accepted, (1 / audit - 1) * apart**2, 0.0) if audit else np.zeros(len(stage))
    return [paid + people * prices.person, people * prices.minutes, 1 - wrong, drawn]


@dataclass(frozen=True)
class Costs:
    """The outputs of ``ROWS`` at each share, from per-item columns of ``columns`` and then 1, h, h²."""

    shares: int
    width: None = None

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Every output rests on its share's columns."""
        return tuple(tuple(range(4 * k, 4 * k + 4)) for k in range(self.shares) for _ in ROWS)

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Every item that is there says something."""
        return np.repeat(np.all(np.isfinite(X), axis=1)[:, None], self.shares * len(ROWS), axis=1)

    def features(self, X: Array) -> Array:
        """Return the columns, 0 for items that do not count."""
        return np.where(np.all(np.isfinite(X), axis=1)[:, None], np.nan_to_num(X), 0.0)

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features; there are none."""
        return np.asarray(prior.weights[rows] @ self.features(prior.rows))

    def point(self, S: Array) -> Array:
        """Return the outputs of sums S (… × columns)."""
        n, h, hh = (S[..., 4 * self.shares + k] for k in range(3))
        out = []
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.maximum(hh / n - (h / n) ** 2, 0.0)
            for k in range(self.shares):
                usd, minutes, correct, drawn = (S[..., 4 * k + column] / n for column in range(4))
                out += [usd, minutes, correct, np.where(correct > 0, usd / correct, np.nan), usd * (spread + drawn)]
        return np.stack(out, axis=-1)

    population = point
