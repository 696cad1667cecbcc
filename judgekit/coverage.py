"""How would my design's intervals behave? ``python -m judgekit.coverage --items 60 --people 3 --levels 5``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgekit import simulations
from judgekit.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from judgekit.stats.coverage.cell import Cell
    from judgekit.stats.coverage.run import Plan

HELP = """\
Say how a design's intervals and tests would behave: studies like yours are simulated, with a known truth, and it is
counted how often each interval holds it and how often each test finds what is not there. Every option that describes
the design takes several values: all combinations are done. A finished combination is kept in --out and not done again.

exit status: 0 done, 2 the input was bad"""
EXAMPLES = """\
examples:
  python -m judgekit.coverage --items 80 --people 3 --levels 5 --missing 0.2 --statistics alpha weighted_kappa ceiling
  python -m judgekit.coverage --items 40 80 160 --levels 2 --prevalence 0.05 --statistics alpha --out safety.csv"""
#: From so many designs on a summary is printed in the place of every row.
MOST_TABLES = 4
#: A table's columns; a narrower terminal wraps lines rather than lose names.
WIDEST = 150
COLOURS = {"MISSED": "red", "warned": "yellow", "low": "yellow", "conservative": "cyan", "none": "dim"}
VERDICTS = {
    "ok": "covers as it should (a test: alarms no more often than it may)",
    "conservative": "covers more than 97 %: wider than needed",
    "low": "below its bound, but within the error of this simulation",
    "warned": "below its bound, but only where a warning says so",
    "MISSED": "below its bound without a warning",
    "none": "no interval in any data set; the note of the row says why",
}


def parser() -> argparse.ArgumentParser:
    """Return the door's command line."""
    door = argparse.ArgumentParser(
        prog="python -m judgekit.coverage",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXAMPLES,
    )
    design = door.add_argument_group("the design")
    for name, kind, default, text in (
        ("items", int, [60], "items that are rated"),
        ("people", int, [3], "people beside one judge"),
        ("levels", int, [2], "levels of the scale: 2 is nominal, more are ordinal"),
        ("prevalence", float, [0.3], "share of the upper half of the levels"),
        ("missing", float, [0.0], "share of people's answers that are missing, at random"),
        ("cluster", int, [1], "items that come together in a cluster; 1: none do"),
    ):
        design.add_argument(
            f"--{name}", type=kind, nargs="+", default=default, help=f"{text} (default: {default[0]})",
            metavar="N" if kind is int else "SHARE",
        )  # fmt: skip
    design.add_argument(
        "--rho", type=float, default=0.8, metavar="R", help="correlation of two people's latent answers (default: .8)"
    )
    study = door.add_argument_group("the simulation")
    study.add_argument("--statistics", nargs="+", default=[], metavar="NAME", help="which ones (default: all)")
    study.add_argument("--data-sets", type=int, default=400, metavar="N", help="simulated studies a design (400)")
    study.add_argument("--replicates", type=int, default=1000, metavar="N", help="draws an interval (1000)")
    study.add_argument("--seed", type=int, default=0, metavar="N", help="of everything that is drawn (0)")
    study.add_argument("--jobs", type=int, default=1, metavar="N", help="processes; the result is the same (1)")
    study.add_argument("--out", type=Path, metavar="FILE", help="the CSV with every row (default: none is written)")
    study.add_argument("--figure", type=Path, metavar="FILE", help="draw the table (.png, .pdf)")
    return door


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, simulate, print; return the exit status."""
    from rich.console import Console

    asked = parser().parse_args(arguments)
    try:
        table = simulate(asked)
        console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        console.width = max(console.width, WIDEST)
        show(console, table)
        if asked.figure is not None:
            print(f"figure: {draw(table, asked.figure)}")
    except InputError as error:
        print(f"judgekit: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("judgekit: stopped; finished designs are kept in --out", file=sys.stderr)
        return 130
    return 0


def simulate(asked: argparse.Namespace) -> pd.DataFrame:
    """Do what is not done yet, writing after each design; return the rows of all that were asked for."""
    import pandas as pd

    from judgekit.progress import Progress
    from judgekit.stats.coverage.cell import grid, in_order
    from judgekit.stats.coverage.run import Plan, measure, steps

    if asked.jobs < 1:
        raise InputError(f"{asked.jobs} processes are none", fix="give --jobs 1 or more")
    cells = grid(asked.levels, asked.items, asked.prevalence, asked.people, asked.missing, asked.cluster, asked.rho)
    names = tuple(dict.fromkeys(asked.statistics))
    plan = Plan(names, asked.data_sets, asked.replicates, asked.seed)
    done = finished(asked.out, plan)
    missing = [cell for cell in in_order(cells) if cell not in done]
    with Progress() as progress, progress.phase("simulating", steps(missing, plan)) as step:
        for cell, rows in measure(missing, plan, asked.jobs, step):
            done[cell] = pd.DataFrame(rows).round(DIGITS)
            if asked.out is not None:
                write(done, asked.out)
    return pd.concat([done[cell] for cell in cells], ignore_index=True)


DIGITS = {
    **dict.fromkeys(("rate", "error", "warned", "unwarned_rate", "width", "without", "truth"), 4),
    "truth_error": 5,
}


def finished(path: Path | None, plan: Plan) -> dict[Cell, pd.DataFrame]:
    """Return the designs that a CSV holds already; InputError where it was made with other settings."""
    return simulations.finished(path, plan.named, DIGITS, cells_of)


def cells_of(table: pd.DataFrame) -> dict[Cell, pd.DataFrame]:
    """Split a table into its designs."""
    from judgekit.stats.coverage.cell import Cell
    from judgekit.stats.coverage.tally import CELL

    every: Iterable[tuple[Any, pd.DataFrame]] = table.astype({"variant": str}).groupby(list(CELL), sort=False)
    return {
        Cell(int(k), int(n), float(share), int(people), float(none), int(size), float(rho)): rows.reset_index(drop=True)
        for (k, n, share, people, none, size, rho), rows in every
    }


def write(done: dict[Cell, pd.DataFrame], path: Path) -> None:
    """Write the table whole or not at all, designs in order."""
    simulations.write((done[cell] for cell in sorted(done, key=lambda cell: tuple(vars(cell).values())[:7])), path)


def show(console: Console, table: pd.DataFrame) -> None:
    """Print a table a design, or, of many, how the statistics fared."""
    from judgekit.stats.coverage.tally import CELL

    designs = [*table.groupby(list(CELL), sort=False)]
    if len(designs) <= MOST_TABLES:
        for cell, rows in designs:
            console.print(f"\n{spoken(dict(zip(CELL, cell, strict=True)))}", style="bold")
            _rows(console, rows)
    else:
        _summary(console, table, len(designs))
    console.print()
    for verdict in [name for name in VERDICTS if name in set(table["verdict"])]:
        console.print(f"{verdict:<12} {(table['verdict'] == verdict).sum():>5}  {VERDICTS[verdict]}")


def spoken(cell: dict[str, Any]) -> str:
    """Say a design in words."""
    size, none = cell["cluster"], cell["missing"]
    parts = [
        f"{cell['items']:.0f} items" + (f" in clusters of {size:.0f}" if size > 1 else ""),
        f"{cell['people']:.0f} {'person' if cell['people'] == 1 else 'people'} and a judge",
        f"{cell['levels']:.0f} levels, the upper {cell['levels'] // 2:.0f} given {cell['prevalence']:.0%} of the time",
    ]
    return ", ".join(parts) + (f", {none:.0%} of people's answers missing" if none else "")


def _rows(console: Console, table: pd.DataFrame) -> None:
    from rich.table import Table

    made = Table(box=None, pad_edge=False, header_style="dim")
    made.add_column("statistic", no_wrap=True)
    made.add_column("of", no_wrap=True)
    for name in ("truth", "rate", "±", "should be", "width", "warned", "no interval"):
        made.add_column(name, justify="right", no_wrap=True)
    made.add_column("verdict", no_wrap=True)
    for row in table.to_dict("records"):
        name = f"{row['statistic']} ({row['variant']})" if row["variant"] else str(row["statistic"])
        how = {"coverage": "", "p": ": false alarms, p", "yes": ": false “yes”", "no": ": false “no”"}[row["what"]]
        should = f"{row['nominal']:.3g}" if row["what"] == "coverage" else f"≤ {row['nominal']:.3g}"
        shown = [_number(number) for number in (row["truth"], row["rate"], 1.96 * row["error"])]
        shown += [should, *(_number(row[name]) for name in ("width", "warned", "without"))]
        made.add_row(name + how, row["comparison"], *shown, row["verdict"], style=COLOURS.get(row["verdict"], ""))
    console.print(made)


def _number(value: Any) -> str:
    return "" if value != value else f"{value:.3f}"


def _summary(console: Console, table: pd.DataFrame, designs: int) -> None:
    from rich.table import Table

    console.print(f"{designs} designs", style="bold")
    made = Table(box=None, pad_edge=False, header_style="dim")
    made.add_column("statistic")
    for name in ("rows", "worst", *VERDICTS):
        made.add_column(name, justify="right")
    for (statistic, variant, what), rows in table.groupby(["statistic", "variant", "what"], sort=True):
        coverage = what == "coverage"
        name = f"{statistic} ({variant})" if variant else str(statistic)
        worst = rows["rate"].min() if coverage else rows["rate"].max()
        counts = [str((rows["verdict"] == verdict).sum() or "") for verdict in VERDICTS]
        style = "red" if (rows["verdict"] == "MISSED").any() else ""
        said = name if coverage else f"{name}: false alarms"
        made.add_row(said, str(len(rows)), _number(worst), *counts, style=style)
    console.print(made)


def draw(table: pd.DataFrame, path: Path) -> Path:
    """Draw the table."""
    from judgekit.figures.coverage import coverage

    return simulations.draw(coverage, table, path)


if __name__ == "__main__":
    sys.exit(main())
