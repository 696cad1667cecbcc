"""What would my design find, what would it only seem to? ``python -m judgekit.rehearse --items 120 --people 3``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgekit import simulations
from judgekit.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from judgekit.rehearsal.design import Design
    from judgekit.rehearsal.run import Plan
    from judgekit.schema import Task

HELP = """\
Rehearse a design before money is spent: studies like yours are simulated, with judges whose biases are planted and
judges who are innocent, and every statistic of bias is asked as you would ask it. Printed are how often each plant of
practical size is found (power), how often an innocent is flagged (false alarms), how far estimates lie from the truth,
how often their intervals hold it, and about how many items would do. Options that describe the design take several
values: all combinations are done. A finished design is kept in --out and not done again.

scenes:
  probes     edits of a task's own texts: judges whom edits move, judges whom they do not, must-move edits, length
  severity   severity, compression, noise, central tendency; could the judge be one more person?
  halo       criteria that go together more than people's do
  groups     a judge who sees some items as one group of people does, and the other group does not
  dif        people of a group, or a judge beside them, who rate harsher at equal quality
  reps       test and retest: unsteady judges, judges who drift, flips beyond a judge's own
  position   pairs in both orders: the candidate shown first
  careless   people who answer unread

exit status: 0 done, 2 the input was bad"""
EXAMPLES = """\
examples:
  python -m judgekit.rehearse --items 120 --people 3 --reps 2
  python -m judgekit.rehearse task=safety --scenes probes severity
  python -m judgekit.rehearse --items 60 120 240 --scenes probes --out plans.csv"""
#: A table's columns; a narrower terminal wraps lines rather than lose names.
WIDEST = 150
COLOURS = {"MISSED": "red", "weak": "yellow", "none": "dim"}
VERDICTS = {
    "ok": "found in 80 % of studies or more; an innocent: flagged in 5 % at most (within the simulation's error)",
    "weak": "a plant of practical size found in fewer than 80 % of studies",
    "MISSED": "an innocent flagged in more than 5 % of studies",
    "none": "nothing can be said in this design",
}
NO_LEVELS = 5


def parser() -> argparse.ArgumentParser:
    """Return the door's command line."""
    door = argparse.ArgumentParser(
        prog="python -m judgekit.rehearse",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXAMPLES,
    )
    design = door.add_argument_group("the design")
    design.add_argument(
        "task", nargs="?", default="", metavar="task=NAME | +experiment=NAME",
        help="whose texts are edited, and whose items and levels are the default (default: the texts of empathy)",
    )  # fmt: skip
    for name, text in (
        ("items", "items that are rated (default: those of the task, else 200)"),
        ("people", "people beside the judges (default: a scene's own: 5, 8 for severity, 12 for groups)"),
        ("levels", "levels of the scale (default: those of the task's first ordinal criterion, else 5)"),
    ):
        design.add_argument(f"--{name}", type=int, nargs="+", default=[], metavar="N", help=text)
    design.add_argument("--reps", type=int, default=2, metavar="N", help="how often a judge is asked (2)")
    for name, share, text in (
        ("missing", 0.0, "share of people's answers that are missing, at random"),
        ("careless", 0.0, "share of people who leave nine items in ten unread"),
        ("length", 0.5, "correlation of quality with length, in the scene probes"),
    ):
        design.add_argument(f"--{name}", type=float, default=share, metavar="SHARE", help=f"{text} ({share:g})")
    study = door.add_argument_group("the simulation")
    study.add_argument("--scenes", nargs="+", default=[], metavar="NAME", help="which ones (default: all)")
    study.add_argument("--data-sets", type=int, default=100, metavar="N", help="simulated studies a design (100)")
    study.add_argument("--replicates", type=int, default=500, metavar="N", help="draws an interval (500)")
    study.add_argument("--seed", type=int, default=0, metavar="N", help="of everything that is drawn (0)")
    study.add_argument("--jobs", type=int, default=1, metavar="N", help="processes; the result is the same (1)")
    study.add_argument("--out", type=Path, metavar="FILE", help="the CSV with every row (default: none is written)")
    study.add_argument("--figure", type=Path, metavar="FILE", help="draw the table, or all of --out (.png, .pdf)")
    return door


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, simulate, print; return the exit status."""
    from rich.console import Console

    asked = parser().parse_args(arguments)
    try:
        table, everything = simulate(asked)
        console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        console.width = max(console.width, WIDEST)
        show(console, table)
        for line in left_out(asked.scenes, table):
            console.print(line)
        if asked.figure is not None:
            print(f"figure: {draw(everything, asked.figure)}")
    except InputError as error:
        print(f"judgekit: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("judgekit: stopped; finished designs are kept in --out", file=sys.stderr)
        return 130
    return 0


def simulate(asked: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Do what is not done yet, writing after each design; return the rows asked for, and all that --out holds."""
    import pandas as pd

    from judgekit.progress import Progress
    from judgekit.rehearsal.run import Plan, designs, measure, steps

    if asked.jobs < 1:
        raise InputError(f"{asked.jobs} processes are none", fix="give --jobs 1 or more")
    task, n, levels = task_of(asked.task)
    cells = designs(
        list(dict.fromkeys(asked.scenes)), asked.items or [n], asked.people, asked.levels or [levels], asked.reps,
        asked.missing, asked.careless, asked.length,
    )  # fmt: skip
    plan = Plan(task.model_dump_json(), task.name, asked.data_sets, asked.replicates, asked.seed)
    done = finished(asked.out, plan)
    missing = [cell for cell in cells if cell not in done]
    with Progress() as progress, progress.phase("rehearsing", steps(missing, plan)) as step:
        for cell, rows in measure(missing, plan, asked.jobs, step):
            done[cell] = pd.DataFrame(rows).round(DIGITS)
            if asked.out is not None:
                write(done, asked.out)
    return tuple(pd.concat([done[cell] for cell in some], ignore_index=True) for some in (cells, in_order(done)))  # type: ignore[return-value]


DIGITS = {
    **dict.fromkeys(("rate", "rate_low", "rate_high", "truth", "coverage", "coverage_low", "coverage_high"), 4),
    **dict.fromkeys(("bias", "bias_error", "spread"), 5),
    **dict.fromkeys(("n_items", "needed"), 1),
}


def task_of(word: str) -> tuple[Task, int, int]:
    """Return the task whose texts are edited, and how many items and levels are rehearsed by default."""
    from judgekit import config
    from judgekit.tasks.load import load

    if word and not word.startswith(("task=", "+experiment=")):
        raise InputError(
            f"'{word}' names no task", fix="write task=NAME or +experiment=NAME, and options as --items 120"
        )
    task = config.build(config.compose([word or "task=empathy", "judges=[lexical]", "probes=[]"])).task
    ordinal = [criterion for criterion in task.criteria if criterion.scale == "ordinal"]
    if not word:
        return task, 200, NO_LEVELS
    n = int((load(task).items["variant"] == "original").sum())
    return task, n, max(len(ordinal[0].levels), 3) if ordinal else NO_LEVELS


def in_order(done: dict[Design, pd.DataFrame]) -> list[Design]:
    """Return the designs in the table's order: scene, then the numbers."""
    from judgekit.rehearsal.run import SCENES

    places = list(SCENES)
    return sorted(done, key=lambda cell: (places.index(cell.scene), *list(cell.columns.values())[1:]))


def finished(path: Path | None, plan: Plan) -> dict[Design, pd.DataFrame]:
    """Return the designs that a CSV holds already; InputError where it was made with other settings."""
    return simulations.finished(path, plan.named, DIGITS, designs_of)


def designs_of(table: pd.DataFrame) -> dict[Design, pd.DataFrame]:
    """Split a table into its designs."""
    from judgekit.rehearsal.design import Design
    from judgekit.rehearsal.run import SCENES

    every: Iterable[tuple[Any, pd.DataFrame]] = table.groupby(list(Design.__dataclass_fields__), sort=False)
    found = {
        Design(str(scene), *(int(one) for one in rest[:-3]), *(float(one) for one in rest[-3:])): rows.reset_index(
            drop=True
        )
        for (scene, *rest), rows in every
    }
    if not {cell.scene for cell in found} <= set(SCENES):
        raise ValueError("an unknown scene")
    return found


def write(done: dict[Design, pd.DataFrame], path: Path) -> None:
    """Write the table whole or not at all, designs in order."""
    simulations.write((done[cell] for cell in in_order(done)), path)


def show(console: Console, table: pd.DataFrame) -> None:
    """Print a table a design, what the verdicts mean, and the number of items that would do."""
    from judgekit.rehearsal.design import Design

    for _, rows in table.groupby(list(Design.__dataclass_fields__), sort=False):
        console.print(f"\n{spoken(rows.iloc[0].to_dict())}", style="bold")
        _rows(console, rows)
    console.print()
    for verdict in [name for name in VERDICTS if name in set(table["verdict"])]:
        console.print(f"{verdict:<7} {(table['verdict'] == verdict).sum():>4}  {VERDICTS[verdict]}")
    for line in advice(table):
        console.print(line)


def spoken(cell: Mapping[Any, Any]) -> str:
    """Say a design in words."""
    rated = "" if cell["scene"] == "position" else f", {cell['people']} people, {cell['levels']} levels"
    again = f", judges asked {cell['reps']} times" if cell["scene"] == "reps" else ""
    lost = f", {cell['missing']:.0%} missing" if cell["missing"] else ""
    idle = f", {cell['careless']:.0%} of people careless" if cell["careless"] else ""
    return f"{cell['scene']}: {cell['items']} items{rated}{again}{lost}{idle}"


def _rows(console: Console, table: pd.DataFrame) -> None:
    from rich.table import Table

    made = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("who", "planted", "statistic"):
        made.add_column(name, no_wrap=True)
    for name in ("flagged", "± (95 %)", "should be", "truth", "off by", "covered", "items needed"):
        made.add_column(name, justify="right", no_wrap=True)
    made.add_column("verdict", no_wrap=True)
    for row in table.to_dict("records"):
        should = {"innocent": "≤ .05", "practical": "≥ .80"}.get(row["role"], "")
        name = f"{row['statistic']} {row['of']}".strip() + (" (called none)" if row["flag"] == "no" else "")
        rate = _number(row["rate"], 2)
        span = f"{row['rate_low']:.2f}–{row['rate_high']:.2f}" if rate else ""
        told = [_number(row[cell], 3) for cell in ("truth", "bias")] + [
            _number(row["coverage"], 2),
            _whole(row["needed"]),
        ]
        made.add_row(row["who"], row["planted"], name, rate, span, should, *told, row["verdict"],
                     style=COLOURS.get(row["verdict"], ""))  # fmt: skip
    console.print(made)


def _number(value: Any, digits: int) -> str:
    return "" if value != value else f"{value:.{digits}f}"


def _whole(value: Any) -> str:
    return "" if value != value else f"{value:.0f}"


def advice(table: pd.DataFrame) -> list[str]:
    """Say how many items would find every plant of practical size, and where people are too few, whatever the items."""
    said = []
    wanted = table[table["role"] == "practical"]
    for (scene, people), every in wanted.groupby(["scene", "people"], sort=False):
        rows = every[every["items"] == every["items"].max()]
        here = f"{scene}, {people} people"
        known = rows[rows["needed"].notna()].sort_values("needed").to_dict("records")
        if known:
            most = known[-1]
            whom = f"{most['statistic']} {most['of']}".strip()
            enough = f"about {most['needed']:.0f} items find all plants of practical size in 80 % of studies"
            said.append(f"{here}: {enough} (most for {whom})")
        for row in rows[(rows["verdict"] == "weak") & rows["needed"].isna()].to_dict("records"):
            said.append(f"{here}: {row['statistic']} finds too little; more people would help, more items would not")
    return said


def left_out(scenes: Sequence[str], table: pd.DataFrame) -> list[str]:
    """Say which scenes so few people cannot play."""
    from judgekit.rehearsal.run import FEWEST_PEOPLE, SCENES

    lost = [name for name in scenes or SCENES if name not in set(table["scene"])]
    return [f"{name}: left out, it needs {FEWEST_PEOPLE[name]} people" for name in lost]


def draw(table: pd.DataFrame, path: Path) -> Path:
    """Draw the table."""
    from judgekit.figures.rehearsal import rehearsal

    return simulations.draw(rehearsal, table, path)


if __name__ == "__main__":
    sys.exit(main())
