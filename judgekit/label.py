"""The label door: ``python -m judgekit.label +experiment=empathy`` serves the page on which people label."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from judgekit.errors import InputError, listed

if TYPE_CHECKING:
    import pandas as pd

    from judgekit.config import Plan
    from judgekit.humans.labels.design import Design
    from judgekit.humans.labels.desk import Desk
    from judgekit.humans.site import Site
    from judgekit.study import Study

HELP = """\
usage: python -m judgekit.label [+experiment=NAME] [label.KEY=VALUE …] [GROUP=OPTION …]      serve the page
       python -m judgekit.label COMMAND [+experiment=NAME] [label.KEY=VALUE …] [OPTIONS]

Collect people's labels of the task's items, matched to what the judges see. The page is served on this machine only
(label.host, label.port) until Ctrl-C; labels are kept in data/labels/NAME.sqlite, or at label.url (PostgreSQL).
Rater links and the researcher's link are printed; they hold secrets and are made anew of the study's key file.
The next run uses the labels: python -m judgekit.run +experiment=NAME humans=labels.

  (none)                       begin the study, or open it again, and serve it
  status                       how far it is: the plan, the raters
  links                        print all links again
  invite [N] [--pool P] [--arm blind|review] [--name NAME …]      further raters; adjudicators have names
  export FILE [--format F] [--public] [--comments] [--overwrite] [--option KEY=VALUE …]   in another tool's form
  import FILE --format F [--pool P] [--option KEY=VALUE …]     labels, or raters' attributes, from another tool
  refer                        send disagreements to the adjudicators
  erase RATER                  delete all that is kept of one rater

conf/label/default.yaml holds every setting with a line each; docs/labels.md says how to plan, host and protect a study.
"""
#: Commands that need no key: the labels may lie on another machine than the key.
KEYLESS = ("status", "refer", "erase")
COMMANDS = ("status", "links", "invite", "export", "import", "refer", "erase")


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line and return the exit status: 0 done, 2 bad input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if {"--help", "-h"} & set(words):
        print(HELP)
        return 0
    try:
        command = words.pop(0) if words and words[0] in COMMANDS else None
        given, overrides = _parsed(command, words)
        if command is None:
            serve(overrides)
        else:
            from judgekit.humans import errands

            with _opened(overrides, keyless=command in KEYLESS) as desk:
                for line in getattr(errands, f"{command}_lines")(desk, given):
                    print(line)
    except InputError as error:
        print(f"judgekit: {error}", file=sys.stderr)
        return 2
    return 0


def annotate(experiment: str | None = None, *overrides: str) -> Site:
    """Begin (or open) an experiment's label study and serve its page in the background; return the site.

    ``overrides`` are Hydra's (``"label.plan.pools.people.k=2"``, ``"label.port=0"``). Use it in a ``with`` block, or
    call ``stop()``. Raises InputError where something does not fit.
    """
    site = _begun([*([f"+experiment={experiment}"] if experiment else []), *overrides])
    return site.start()


def serve(overrides: Sequence[str]) -> None:
    """Serve a study's page and print its links, until Ctrl-C."""
    site = _begun(overrides)
    try:
        for line in site.welcome():
            print(line, flush=True)
        site.run()
    except KeyboardInterrupt:
        pass
    finally:
        site.stop()
    print("stopped: what was answered is kept; the same command goes on from there")


def design_of(plan: Plan) -> Design:
    """Return a plan's label study as declared: its items, the orders and edits that people see, the judge's labels."""
    from judgekit import pipeline
    from judgekit.humans.labels.design import Design
    from judgekit.judges.orders import in_orders
    from judgekit.tasks.load import load

    study = load(plan.task)
    settings = plan.label.model_copy(update={"name": plan.label.name or plan.settings.name})
    study = in_orders(study, [_Orders(settings.plan.orders == "both")], plan.settings.seed)  # type: ignore[list-item]
    edited = study.items
    if settings.probe_check.probes:
        absent = [name for name in settings.probe_check.probes if name not in plan.probes]
        if absent:
            raise InputError(
                f"the run has no probe {listed(absent)}", where="label.probe_check", fix="choose it: probes=[…]"
            )
        from judgekit.progress import Progress

        edited = pipeline.perturbed_by(plan, study, Progress(shown=False)).study.items
    return Design.make(study.task, edited, settings, _reviews(plan))


class _Orders:
    """Wants both orders shown, as a judge would."""

    def __init__(self, both: bool) -> None:
        self.both = both

    def orders(self, task: Any) -> int:
        return int(self.both)


def _reviews(plan: Plan) -> pd.DataFrame | None:
    """Return the labels of the judge that the review arm shows."""
    from judgekit import runs

    declared = plan.label.review
    if declared.judge is None:
        return None
    study: Study = runs.load(declared.run or plan.settings.name).study
    if declared.judge not in study.judges():
        raise InputError(
            f"the run has no judge '{declared.judge}'", where="label.review", fix=f"it has: {listed(study.judges())}"
        )
    rows = study.ratings[(study.ratings["rater"] == declared.judge) & (study.ratings["rep"] == 0)]
    return rows.loc[rows["status"] == "ok", ["item", "variant", "criterion", "value", "reason"]].reset_index(drop=True)


def _begun(overrides: Sequence[str]) -> Site:
    from judgekit import config
    from judgekit.humans.collected import where
    from judgekit.humans.labels.desk import Desk
    from judgekit.humans.site import Site, invite_all

    plan = config.build(config.compose(overrides))
    design = design_of(plan)
    settings = design.settings
    desk = Desk.open(where(str(settings.name), settings.url), design)
    try:
        invite_all(desk)
        return Site(desk, settings.host, settings.port)
    except BaseException:
        desk.close()
        raise


def _opened(overrides: Sequence[str], keyless: bool) -> Desk:
    from judgekit import config
    from judgekit.humans.collected import where
    from judgekit.humans.labels.desk import Desk

    plan = config.build(config.compose(overrides))
    return Desk.open(where(plan.label.name or plan.settings.name, plan.label.url), keyless=keyless)


def _parsed(command: str | None, words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Split a command's own words from Hydra's overrides."""
    parser = _Parser(add_help=False, allow_abbrev=False)
    if command == "invite":
        parser.add_argument("--pool")
        parser.add_argument("--arm", choices=["blind", "review"])
        parser.add_argument("--name", action="append", default=[])
    elif command == "export":
        parser.add_argument("--format", default="long")
        parser.add_argument("--option", action="append", default=[])
        for flag in ("--public", "--comments", "--overwrite"):
            parser.add_argument(flag, action="store_true")
    elif command == "import":
        parser.add_argument("--format", required=True)
        parser.add_argument("--option", action="append", default=[])
        parser.add_argument("--pool")
    given, rest = parser.parse_known_args(words)
    odd = [word for word in rest if word.startswith("-") and word != "-"]
    if odd:
        raise InputError(f"'{odd[0]}' is no option here", fix="see --help")
    given.plain = [word for word in rest if "=" not in word]
    wanted = {"invite": (0, 1), "export": (1, 1), "import": (1, 1), "erase": (1, 1)}.get(str(command), (0, 0))
    if not wanted[0] <= len(given.plain) <= wanted[1]:
        named = f"'{given.plain[-1]}' is too much" if given.plain else "a word is missing"
        raise InputError(named, where=command or "label", fix="see --help")
    return given, [word for word in rest if "=" in word]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise InputError(message, where="label", fix="see --help")


if __name__ == "__main__":
    sys.exit(main())
