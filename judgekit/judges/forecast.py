"""What a run would ask and cost, before it asks: every question is put, none is sent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judgekit.judges.base import Judge
from judgekit.judges.gate import foreseen
from judgekit.judges.limits import CHARACTERS, Limits, answer_bound
from judgekit.judges.prices import MILLION
from judgekit.judges.survey import Survey
from judgekit.ledger import Request
from judgekit.schema import Item, Task

ASSUMED_SECONDS = 2.0  # of a call, where the ledger knows none of the model


@dataclass(frozen=True)
class Past:
    """What the ledger's calls to a model were like, a call: tokens out, seconds, tokens in per character asked."""

    n: int
    tokens_out: float
    seconds: float
    density: float


@dataclass
class Forecast:
    """What one judge would still ask. ``usd`` and ``most`` are NaN where a model has no price (or no ``max_tokens``).

    ``most`` is the dearest that these calls can be, tries again after lost answers apart; ``usd`` is the expectation.
    ``seconds`` is at the judge's concurrency and the endpoint's rates, ``work`` the sum over calls.
    """

    judge: str
    models: tuple[str, ...] = ()
    calls: int = 0
    recorded: int = 0
    tokens_in: float = 0.0
    tokens_out: float = 0.0
    usd: float = 0.0
    most: float = 0.0
    seconds: float = 0.0
    work: float = 0.0
    guessed: tuple[str, ...] = ()
    unpriced: tuple[str, ...] = ()

    @property
    def anew(self) -> int:
        """How many calls are still to be made."""
        return self.calls - self.recorded


async def forecast(
    judges: Sequence[Judge],
    items: Sequence[Item],
    task: Task,
    reps: Mapping[str, int],
    survey: Survey,
    limits: Limits,
    past: Mapping[tuple[str, str], Past],
    concurrency: int = 64,
) -> list[Forecast]:
    """Return a forecast for each judge (seated at the survey); what two judges ask alike is counted for the first."""
    found: list[Forecast] = []
    known: set[str] = set()
    for judge in judges:
        for item in items:
            for rep in range(reps.get(judge.name, 1)):
                await foreseen(judge, item, task, rep)
        at_once = min(concurrency, int(getattr(judge, "concurrency", concurrency)))
        found.append(taken(judge.name, survey, known, limits, past, at_once))
    return found


def taken(
    name: str,
    survey: Survey,
    known: set[str],
    limits: Limits,
    past: Mapping[tuple[str, str], Past],
    at_once: int,
) -> Forecast:
    """Return the forecast of who has just put its questions to the survey; ``known`` ones are not counted again."""
    recorded = survey.found - known
    requests = [request for request in survey.take() if request.key not in known]
    known |= recorded | {request.key for request in requests}
    return _forecast(name, requests, len(recorded), limits, past, at_once)


def together(found: Sequence[Forecast], limits: Limits, concurrency: int = 64) -> Forecast:
    """Return the total of forecasts; its seconds are those of judges that ask side by side."""
    total = Forecast("total")
    for one in found:
        total.calls += one.calls
        total.recorded += one.recorded
        total.tokens_in += one.tokens_in
        total.tokens_out += one.tokens_out
        total.usd += one.usd
        total.most += one.most
        total.work += one.work
    slowest = max((one.seconds for one in found), default=0.0)
    total.seconds = max(slowest, total.work / concurrency)
    for label in {model.rpartition("/")[0] for one in found for model in one.models}:
        mine = [one for one in found if any(model.startswith(f"{label}/") for model in one.models)]
        tokens = sum(one.tokens_in + one.tokens_out for one in mine)
        total.seconds = max(total.seconds, _rated(limits, label, sum(one.anew for one in mine), tokens))
    return total


def _forecast(
    name: str,
    requests: Sequence[Request],
    recorded: int,
    limits: Limits,
    past: Mapping[tuple[str, str], Past],
    at_once: int,
) -> Forecast:
    one = Forecast(name, calls=len(requests) + recorded, recorded=recorded)
    models, guessed, unpriced = dict[str, None](), dict[str, None](), dict[str, None]()
    for request in requests:
        who = f"{request.provider}/{request.model}"
        models[who] = None
        price = limits.price(request.provider, request.model)
        known = past.get((request.provider, request.model))
        bound = answer_bound(request.parameters)
        if known is None:
            guessed[who] = None
        tokens_in = len(request.text) * (1 / CHARACTERS if known is None else known.density)
        tokens_out = known.tokens_out if known is not None else math.nan if bound is None else float(bound)
        one.tokens_in += tokens_in
        one.tokens_out += tokens_out
        one.work += ASSUMED_SECONDS if known is None else known.seconds
        if price is None:
            unpriced[who] = None
        one.usd += math.nan if price is None else (tokens_in * price.input + tokens_out * price.output) / MILLION
        one.most += math.nan if price is None or bound is None else limits.worst(request).usd
    rated = [_rated(limits, who.rpartition("/")[0], one.anew, one.tokens_in + one.tokens_out) for who in models]
    one.seconds = max([one.work / max(1, at_once), *rated])
    one.models, one.guessed, one.unpriced = tuple(models), tuple(guessed), tuple(unpriced)
    return one


def _rated(limits: Limits, label: str, calls: int, tokens: float) -> float:
    """Return the seconds that an endpoint's rates ask for so many calls and tokens."""
    lane = limits.lane(label)
    times = [calls / lane.requests if lane.requests else 0.0, tokens / lane.tokens if lane.tokens else 0.0]
    return 60 * max(time for time in times if not math.isnan(time)) if not all(map(math.isnan, times)) else 0.0
