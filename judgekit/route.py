"""The door to people: ``python -m judgekit.route RUN --out queue.csv`` says who labels what, and merges the labels."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from judgekit.errors import InputError, listed

if TYPE_CHECKING:
    from judgekit.edges.chain import Chain
    from judgekit.schema import Estimate
    from judgekit.study import Study

HELP = """\
Accept a judge where it is sure enough, with a guarantee, and queue the other items for people.
Nothing is asked: all answers are the run's own, thresholds are replayed from them.

Without --labels the queue is written: item, variant, probability, purpose, as the label page reads it, and why
(routed: people's; audit: drawn from what the judge labels). With --labels the people's labels of a queue are merged
with the judge's.

exit status: 0 done, 2 bad input"""
EXAMPLES = """\
examples:
  python -m judgekit.route routing --judge cheap --pool expert --alpha 0.2 --out queue.csv
  python -m judgekit.route routing --judge cheap --pool expert --alpha 0.2 --out queue.csv --labels labels.csv"""


def parser() -> argparse.ArgumentParser:
    """Return the door's command line."""
    door = argparse.ArgumentParser(
        prog="python -m judgekit.route", description=HELP, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    door.add_argument("run", help="a run's folder, or an experiment's name (its newest finished run)")
    door.add_argument(
        "--judge", nargs="+", help="the judge; several: a cascade from cheap to dear (default: the first)"
    )
    door.add_argument("--criterion", help="(default: the task's first)")
    door.add_argument("--pool", help="the people to agree with (default: the first pool)")
    door.add_argument(
        "--signal", default="auto", help="probs, given, reps, jury, probes, combined (default: the first)"
    )
    door.add_argument("--alpha", type=float, default=0.1, help="disagreement allowed (default: %(default)s)")
    door.add_argument("--delta", type=float, default=0.1, help="chance of breaking that (default: %(default)s)")
    door.add_argument("--by", nargs="+", default=[], metavar="STRATUM", help="a threshold in each of their slices")
    door.add_argument("--groups", metavar="ATTRIBUTE", help="agreement with the people of each of its groups")
    door.add_argument("--within", type=float, default=0.0, help="how far from the panel's level agrees")
    door.add_argument("--audit", type=float, default=0.1, help="share of accepted items for people (default: 0.1)")
    door.add_argument("--unsure", action="store_true", help="audit items the more the less sure the judge is")
    door.add_argument("--seed", type=int, default=0)
    door.add_argument("--out", type=Path, default=Path("queue.csv"), help="the queue (default: %(default)s)")
    door.add_argument("--labels", type=Path, help="people's labels of the queue (csv: item, value): merge them")
    return door


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the queue or merge its labels; return the exit status."""
    asked = parser().parse_args(arguments)
    try:
        from judgekit.runs import load

        for line in lines(load(asked.run).study, asked):
            print(line)
    except InputError as problem:
        print(f"judgekit: {problem}", file=sys.stderr)
        return 2
    return 0


def lines(study: Study, asked: argparse.Namespace) -> Iterator[str]:
    """Do what is asked and yield what to print."""
    from judgekit.edges.queue import queue, read
    from judgekit.edges.route import Routed, Rule
    from judgekit.stats.resample import Bootstrap

    chain = chosen(study, asked)
    if chain.reason:
        raise InputError(chain.reason, where=chain.name, fix="ask the judge for confidence or reps, or add judges")
    routed = Routed.of(study, chain, Rule(asked.alpha, asked.delta), tuple(asked.by), asked.groups)
    boot = Bootstrap(asked.seed, 0 if asked.labels else 2000)
    yield f"{chain.name} on '{chain.one.criterion.key}': {chain.said}"
    if asked.labels is None:
        made = queue(study, routed, audit=asked.audit, toward="unsure" if asked.unsure else "even", seed=asked.seed)
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        made.to_csv(asked.out, index=False)
        yield from (told(one) for one in routed.rows(study, boot))
        n = made["why"].value_counts()
        yield f"{asked.out}: {n.get('routed', 0)} items for people, {n.get('audit', 0)} to audit the judge"
        return
    from judgekit.edges.merged import labels_of, merged

    labels = labels_of(asked.labels, chain.one.criterion)
    yield from (told(one) for one in merged(study, routed, read(asked.out), labels, boot))


def chosen(study: Study, asked: argparse.Namespace) -> Chain:
    """Return the judges, the criterion and the pool that are named, or the first ones."""
    from judgekit.edges.chain import chain_of
    from judgekit.edges.judged import judged

    judges = asked.judge or study.judges()[:1]
    keys = [criterion.key for criterion in study.task.criteria]
    for name, known, what in ((asked.criterion, keys, "criterion"), (asked.pool, list(study.pools()), "pool")):
        if name is not None and name not in known:
            raise InputError(f"no {what} is called '{name}'", fix=f"there are: {listed(known)}")
    odd = [name for name in judges if name not in study.judges()]
    if odd or not judges:
        raise InputError(f"no judge is called {listed(odd)}", fix=f"there are: {listed(study.judges())}")
    key, pool = asked.criterion or keys[0], asked.pool or next(iter(study.pools()), "")
    found = {
        one.judge: one
        for one in judged(study, pool=pool or None, within=asked.within)
        if one.criterion.key == key and one.judge in judges
    }
    if len(found) < len(set(judges)):
        raise InputError(f"{listed(set(judges) - set(found))} did not rate '{key}' with {pool}", fix="choose others")
    return chain_of(study, tuple(found[name] for name in judges), asked.signal, asked.seed)


def told(one: Estimate) -> str:
    """Write an estimate as a line."""
    value = "abstain" if one.value is None else f"{one.value:.3g}"
    between = f" ({one.low:.3g} to {one.high:.3g})" if one.low is not None and one.high is not None else ""
    note = f"  {one.note}" if one.note else ""
    return f"{one.subset:<20} {one.statistic:<18} {value}{between}{note}"


if __name__ == "__main__":
    sys.exit(main())
