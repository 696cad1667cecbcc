"""The plan's door: ``python -m judgekit.plan +experiment=empathy judges=[llm]``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from judgekit.errors import InputError

if TYPE_CHECKING:
    from judgekit.config import Plan
    from judgekit.judges.forecast import Forecast, Past
    from judgekit.judges.limits import Limits
    from judgekit.ledger import Ledger
    from judgekit.study import Study

HELP = """\
usage: python -m judgekit.plan [+experiment=NAME] [GROUP=OPTION …] [KEY=VALUE …]

Say what a run would ask and cost, before a cent is spent: the same words as python -m judgekit.run takes.

Every question is put to nobody: no key is needed, nothing is sent, no run is made. What the ledger holds is subtracted.

  calls      questions in all; recorded: answered by the ledger already; anew: still to be asked
  tokens     counted as characters / 4 and answers as long as max_tokens allows, or, where the ledger knows
             calls to the model, at their own means
  usd        by conf/prices.yaml (dated!), conf/local/prices.yaml and prices={…}; at most: the worst case that
             a cap (budget.usd) holds back, re-asks included
  time       at the judge's concurrency and the endpoint's rates (pace.requests, pace.tokens)

A sweep (-m) is planned job by job. Exit status: 0 planned, 2 bad input.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the plan of a run; return the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if {"--help", "-h"} & set(words):
        print(HELP)
        return 0
    try:
        odd = [word for word in words if word.startswith("-")]
        if odd:
            raise InputError(f"'{odd[0]}' is no option of the plan", fix="see --help")
        from judgekit import config

        for line in lines(config.build(config.compose(words))):
            print(line)
    except InputError as error:
        print(f"judgekit: {error}", file=sys.stderr)
        return 2
    return 0


def lines(plan: Plan) -> list[str]:
    """Return the plan as lines of text: a table with a row a judge and their total, and what it rests on."""
    from judgekit.judges.forecast import together
    from judgekit.judges.limits import Limits

    settings = plan.settings
    limits = Limits(settings.budget, settings.pace, settings.prices, settings.seed)
    found, items, later = forecasts(plan, limits)
    total = together(found, limits, settings.concurrency)
    grounds = [*_grounds(found, total, limits), *later]
    return [f"{settings.name}: {items} items", "", *_table([*found, total]), "", *grounds]


def forecasts(plan: Plan, limits: Limits) -> tuple[list[Forecast], int, list[str]]:
    """Return the editor's (where it is asked) and each judge's forecast, the number of items, and what comes on top."""
    from judgekit import pipeline
    from judgekit.judges.ask import run_sync
    from judgekit.judges.base import Bench
    from judgekit.judges.forecast import forecast, taken
    from judgekit.judges.survey import Survey
    from judgekit.probes.apply import perturb
    from judgekit.progress import Progress

    people = pipeline.people(plan, Progress(shown=False))
    ledger = _ledger(plan)
    with nullcontext() if ledger is None else ledger:
        survey, past = Survey(ledger, plan.settings.ledger.mode), _past(plan, ledger)
        editor = None if plan.editor is None else plan.editor.open_at(survey)
        perturbed = perturb(people, plan.probes, plan.settings.seed, editor)
        asked = editor is not None and any(probe.needs == "editor" for probe in plan.probes.values())
        edits = [taken("editor", survey, set(), limits, past, editor.model.concurrency)] if asked and editor else []
        study, persons = pipeline.laid_out(plan, perturbed.study)
        bench = Bench(study, plan.settings.seed, survey, perturbed.asked)
        seated = [(one, seat.reps) for seat in plan.judges.values() for one in seat.judges(bench)]
        judges, reps = [one for one, _ in seated], {one.name: n for one, n in seated}
        items = persons.cases()
        found = run_sync(forecast(judges, items, persons.task, reps, survey, limits, past, plan.settings.concurrency))
        return [*edits, *found], len(items), _later(plan, persons, sum(one.anew for one in edits))


def _later(plan: Plan, study: Study, edits: int) -> list[str]:
    """Say what is asked beside: edits that are not made yet, and those that judges' reasons will call for."""
    said = []
    if edits:
        said.append(
            f"{edits:,} edits are not made yet: each that passes its check is a further question of every judge and rep"
        )
    second = sum(probe.needs == "reasons" for probe in plan.probes.values())
    if second:
        most = second * len(study.task.criteria) * int((study.items["variant"] == "original").sum())
        said.append(
            f"second pass: up to {most:,} further questions of each judge that gives reasons, by what they quote"
        )
    return said


def _ledger(plan: Plan) -> Ledger | None:
    """Return the ledger to read, or None where there is none yet: a plan makes none."""
    from pathlib import Path

    from judgekit import paths
    from judgekit.ledger import Ledger

    url = plan.settings.ledger.url
    file = paths.data("ledger.sqlite") if url is None else Path(url.removeprefix("sqlite:///"))
    if (url is None or "://" not in url or url.startswith("sqlite:///")) and not file.is_file():
        return None
    return Ledger.open(url, mode="replay")


def _past(plan: Plan, ledger: Ledger | None) -> dict[tuple[str, str], Past]:
    from judgekit.judges.forecast import Past
    from judgekit.ledger.read import past

    if ledger is None:
        return {}
    rows = past(plan.settings.ledger.url).to_dict("records")
    return {
        (str(row["provider"]), str(row["model"])): Past(row["n"], row["tokens_out"], row["seconds"], row["density"])
        for row in rows
    }


def _table(rows: Sequence[Forecast]) -> list[str]:
    from judgekit.progress import spell

    head = ("judge", "model", "calls", "recorded", "anew", "tokens in", "tokens out", "usd", "at most", "time")
    cells = [head]
    for row in rows:
        some = row.anew > 0
        cells.append(
            (
                row.judge,
                ", ".join(row.models) or "-",
                f"{row.calls:,}",
                f"{row.recorded:,}",
                f"{row.anew:,}",
                _whole(row.tokens_in),
                _whole(row.tokens_out),
                _dollars(row.usd),
                _dollars(row.most),
                spell(row.seconds) if some else "-",
            )
        )
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    left = 2  # judge and model
    return [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def _grounds(found: Sequence[Forecast], total: Forecast, limits: Limits) -> list[str]:
    """Say what the numbers rest on, and whether they fit the budget."""
    from judgekit.errors import listed
    from judgekit.judges.forecast import ASSUMED_SECONDS

    caps, said = limits.budget.caps, [f"prices of {limits.prices.date}: check them against your provider's"]
    guessed = dict.fromkeys(model for one in found for model in one.guessed)
    if guessed:
        said.append(
            f"no calls on record to {listed(guessed)}: tokens in are characters / 4, answers as long as max_tokens, "
            f"{ASSUMED_SECONDS:g} s a call assumed"
        )
    unpriced = dict.fromkeys(model for one in found for model in one.unpriced)
    if unpriced:
        said.append(f"no price of {listed(unpriced)}: give it in conf/local/prices.yaml or prices={{…}}")
    for cap, need, unit in ((caps.usd, total.most, "usd"), (caps.tokens, total.tokens_in + total.tokens_out, "tokens")):
        if cap is not None:
            fits = "fits" if need <= cap else "may end the run early: the items left are not asked"
            said.append(f"budget.{unit}={cap:,}: {'unknown' if need != need else fits}")
    if caps.minutes is not None and total.seconds > 60 * caps.minutes:
        said.append(f"budget.minutes={caps.minutes:g}: ends the run early: the items left are not asked")
    return said


def _whole(number: float) -> str:
    return "-" if number != number else f"{number:,.0f}"


def _dollars(number: float) -> str:
    return "-" if number != number else f"{number:,.4f}"


if __name__ == "__main__":
    sys.exit(main())
