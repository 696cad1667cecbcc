"""Say what a file of ratings is, what it can support, and what is wrong with it: ``python -m judgekit.check FILE``."""

from __future__ import annotations

import argparse
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from judgekit.errors import InputError, listed

if TYPE_CHECKING:
    from rich.console import Console

    from judgekit.study import Study
    from judgekit.tasks.columns import Layout
    from judgekit.tasks.file import Examined

HELP = """\
Say what a file of ratings is, what it can support, and what is wrong with it, row by row.
FILE is a .csv, .tsv, .jsonl, .json or .parquet file, a datasets folder, or hf:owner/name[:split].

exit status: 0 nothing is wrong, 2 something is"""
EXAMPLES = """\
examples:
  python -m judgekit.check ratings.csv --rater annotator --judges gpt4
  python -m judgekit.check wide.csv --item id --wide anna ben gpt4 --judges gpt4 --scale ordinal --levels 1 2 3 4 5
  python -m judgekit.check talks.parquet --value warmth clarity --scale warmth=ordinal clarity=nominal

Every other role of conf/task/from_file.yaml is an option too (--variant, --aggregate, --reason, --confidence …)."""
MOST_FAULTS = 20
#: With more ratings than this no interval is computed, to stay quick.
MOST_RATINGS = 200_000
MAIN_ROLES = ("item", "rater", "value", "criterion", "kind", "text", "context", "group", "pool", "status", "rep")
COLOURS = {"yes": "green", "thin": "yellow", "no": "red"}


def parser() -> argparse.ArgumentParser:
    """Return the door's command line."""
    from judgekit.schema import SCALES
    from judgekit.tasks.columns import ROLES

    door = argparse.ArgumentParser(
        prog="python -m judgekit.check",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXAMPLES,
    )
    door.add_argument("file", metavar="FILE")
    for role in sorted(ROLES, key=lambda name: (name not in MAIN_ROLES, ROLES.index(name))):
        several = (
            {"nargs": "+", "help": "the column of the answers; several: one a criterion"} if role == "value" else {}
        )
        text = (
            f"the column that holds it (default: {role}, if there is one)" if role in MAIN_ROLES else argparse.SUPPRESS
        )
        door.add_argument(f"--{role}", **{"metavar": "COLUMN", "help": text, **several})  # type: ignore[arg-type]
    door.add_argument("--wide", nargs="+", metavar="COLUMN", help="one column a rater: their names, or one pattern")
    door.add_argument("--scale", nargs="+", metavar="SCALE", help=f"{', '.join(SCALES)}; or CRITERION=SCALE …")
    door.add_argument("--levels", nargs="+", metavar="LEVEL", help="low to high: 1 2 3 or 1,2,3; or CRITERION=1,2,3 …")
    door.add_argument("--strata", nargs="*", metavar="COLUMN", help="(default: whatever is constant within item)")
    for kind in ("judges", "baselines", "gold", "simulated"):
        door.add_argument(f"--{kind}", nargs="+", metavar="RATER", help="raters of this kind, by name")
    door.add_argument("--aggregates", nargs="+", metavar="RATER=HOW", help="means of people: mean, median or majority")
    door.add_argument("--missing", help="what an empty value is: error (default), skipped, drop (default of --wide)")
    door.add_argument("--delimiter", help="of a CSV file")
    door.add_argument("--split", help="of a dataset")
    door.add_argument("--items", metavar="FILE", help="a further file, one row an item")
    door.add_argument("--raters", metavar="FILE", help="a further file, one row a rater")
    return door


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, look, print; return the exit status."""
    from rich.console import Console

    asked = parser().parse_args(arguments)
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    try:
        examined = look(asked)
    except InputError as error:
        _print(console, "what is wrong with it", "bold")
        _print(console, f"  {error}", "red")
        return 2
    return show(console, examined, asked)


def look(asked: argparse.Namespace) -> Examined:
    """Examine the file that the command line names; InputError where it cannot be read or laid out at all."""
    from judgekit.schema import Source, Task
    from judgekit.tasks.file import examine

    return examine(
        Task(name="check", source=Source(kind="file")),
        path=asked.file,
        delimiter=asked.delimiter,
        split=asked.split,
        layout=layout(asked),
        scale=_by_criterion(asked.scale, several=False),
        levels=_by_criterion(asked.levels, several=True),
        strata=asked.strata,
        missing=asked.missing,
        kinds={"judge": asked.judges, "baseline": asked.baselines, "gold": asked.gold, "simulated": asked.simulated},
        aggregates=dict(_pair(text) for text in asked.aggregates or ()),
        items=asked.items,
        raters=asked.raters,
        lenient=True,
    )


def layout(asked: argparse.Namespace) -> Layout:
    """Return the column map that the command line gives."""
    from judgekit.tasks.columns import ROLES, Layout

    columns = {role: getattr(asked, role) for role in ROLES if getattr(asked, role) is not None}
    if len(columns.get("value", ())) == 1:
        columns["value"] = columns["value"][0]
    one = asked.wide is not None and len(asked.wide) == 1 and any(mark in asked.wide[0] for mark in "*?[{")
    return Layout(columns, asked.wide[0] if one else asked.wide)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise InputError(f"'{text}' is no NAME=VALUE", fix="write e.g. crowd=mean")
    return name, value


def _by_criterion(words: list[str] | None, *, several: bool) -> Any:
    """Return one declaration for all criteria, or a mapping by criterion where any is written NAME=…."""
    if words is None:
        return None
    if any("=" in word for word in words):
        named = dict(_pair(word) for word in words)
        return {name: value.split(",") for name, value in named.items()} if several else named
    if several and len(words) == 1:
        return words[0].split(",")
    if not several and len(words) > 1:
        raise InputError(f"several scales: {listed(words)}", fix="give one, or CRITERION=SCALE for each")
    return words if several else words[0]


def sound(examined: Examined) -> Study | None:
    """Return the study of the rows that have no fault, or None where there is none."""
    import numpy as np

    from judgekit.tasks.faults import Faults
    from judgekit.tasks.long import study_of

    if examined.study is not None:
        return examined.study
    keep = np.setdiff1d(np.arange(len(examined.long.frame)), examined.found.bad_rows())
    rest = Faults(examined.found.where, examined.long.lines[keep])
    try:
        return study_of(examined.long.frame.iloc[keep], examined.wanted, rest, name="check") if len(keep) else None
    except InputError:
        return None


def show(console: Console, examined: Examined, asked: argparse.Namespace) -> int:
    """Print what the file is, what it can support and what is wrong with it; return the exit status."""
    from judgekit.stats.pairings import LEAST_ITEMS
    from judgekit.tasks.support import describe, supports

    study = sound(examined)
    wrong = examined.found.count
    sheet = examined.sheet
    _print(console, f"{asked.file}: {len(sheet.frame):,} rows, columns {listed(sheet.frame.columns, 30)}", "bold")
    if study is not None:
        part = " (its rows without a fault)" if wrong else ""
        _print(console, f"\nwhat it is{part}", "bold")
        for name, text in describe(study):
            _print(console, f"  {name:<11} {text}")
        for note in study.notes or examined.found.notes:
            _print(console, f"  note        {note}", "dim")
        _print(console, "\nwhat it can support", "bold")
        for one in supports(study, least_items=LEAST_ITEMS):
            of = f" of {one.criterion}" if one.criterion else ""
            _print(console, f"  {one.answer:<5} {one.question}{of}: {one.why}", COLOURS[one.answer])
        for line in precision(study):
            _print(console, f"  {line}")
    _print(console, "\nwhat is wrong with it", "bold")
    for number, line in enumerate(examined.found.each()):
        if number == MOST_FAULTS:
            _print(console, f"  … and {wrong - MOST_FAULTS:,} more", "red")
            break
        _print(console, f"  {line}", "red")
    if wrong:
        _print(console, f"  {wrong:,} in all", "red")
        return 2
    _print(console, "  nothing", "green")
    _print(console, f"\nto run it: {command(asked)}", "dim")
    return 0


def precision(study: Study) -> Iterator[str]:
    """Yield how precisely agreement among people would be known: alpha's 95% interval at this number of ratings."""
    from dataclasses import replace

    from judgekit.stats.battery import estimate

    people = study.keep(study.people())
    if not len(people.ratings):
        return
    if len(people.ratings) > MOST_RATINGS:
        yield f"precision: not computed for more than {MOST_RATINGS:,} ratings"
        return
    plain = replace(people, task=people.task.model_copy(update={"strata": ()}))
    found = estimate(plain, "alpha", n_boot=2_000)
    for row in found[(found["a"] == found["b"]) & found["a"].isin(list(study.pools()))].itertuples():
        name = f"precision of {row.criterion} ({row.a}): "
        yield name + _width(row)


def _width(row: Any) -> str:
    import math

    note = f"; {row.note}" if row.note else ""
    if not (math.isfinite(row.low) and math.isfinite(row.high)):
        return f"none{note}"
    return f"Krippendorff's alpha would be known to about ±{(row.high - row.low) / 2:.2f} (95%){note}"


def command(asked: argparse.Namespace) -> str:
    """Return the run's command line for the same file and layout."""
    import shlex

    from judgekit.tasks.columns import ROLES

    given = {"path": asked.file}
    given |= {f"columns.{role}": getattr(asked, role) for role in ROLES if getattr(asked, role) is not None}
    if isinstance(given.get("columns.value"), list) and len(given["columns.value"]) == 1:
        given["columns.value"] = given["columns.value"][0]
    shaped = layout(asked)
    given |= {} if shaped.wide is None else {"wide": shaped.wide}
    given |= {"scale": _by_criterion(asked.scale, several=False), "levels": _by_criterion(asked.levels, several=True)}
    names = ("strata", "missing", "delimiter", "split", "judges", "baselines", "gold", "simulated", "items", "raters")
    given |= {name: getattr(asked, name) for name in names}
    given["aggregates"] = dict(_pair(text) for text in asked.aggregates or ()) or None
    words = [shlex.quote(f"task.source.{key}={_hydra(value)}") for key, value in given.items() if value is not None]
    return " ".join(["python -m judgekit.run +experiment=from_file", *words])


def _hydra(value: Any) -> str:
    """Write a value in Hydra's override grammar."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}: {_hydra(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_hydra(part) for part in value) + "]"
    text = str(value)
    plain = text.replace("_", "").replace("-", "").replace(".", "").replace("/", "").isalnum()
    return text if plain and text.isascii() else "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _print(console: Console, text: str, style: str = "") -> None:
    """Print a line whatever a file's cells hold: control characters and what cannot be encoded show as �."""
    kept = "".join("�" if unicodedata.category(char) in ("Cc", "Cs") and char != "\n" else char for char in text)
    console.print(kept, style=style)


if __name__ == "__main__":
    sys.exit(main())
