"""What a run says at its end in the terminal: a line a judge and criterion, and where the report is."""

from __future__ import annotations

import os
from pathlib import Path

from judgekit.report.moved import battery
from judgekit.report.numbers import interval, number, share
from judgekit.report.verdict import BRIEF, WORDS, Finding, findings, flagged, overall
from judgekit.runs import Run

COLOURS = {"yes": "green", "no": "red", "undecided": "yellow", "none": "dim"}
#: Narrower terminals get the verdict's brief words.
NARROW = 95
SIMULATED = "Simulated raters: for trying the pipeline, not evidence."


def summary(run: Run) -> None:
    """Print what was found wrong, each judge's verdicts as a table, a sentence over all, and the report's path."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    wide = Console()
    console = Console(highlight=False, width=None if wide.is_terminal else max(wide.width, 100))
    words = WORDS if console.width >= NARROW else BRIEF
    for finding in run.manifest.get("findings") or []:
        console.print(f"[yellow]![/] {escape(str(finding['text']))}", soft_wrap=True)
    found = findings(run)
    for judge in dict.fromkeys(one.judge for one in found):
        table = Table(title=f"[bold]{escape(judge)}[/] beside people", title_justify="left", box=None, title_style="")
        for heading in ("criterion", "people", "agreement", "ceiling", "difference", "verdict"):
            right = heading in ("agreement", "ceiling", "difference")
            table.add_column(heading, justify="right" if right else "left", header_style="dim")
        for one in found:
            if one.judge == judge:
                table.add_row(
                    one.criterion,
                    escape(one.pool),
                    number(one.agreement.value if one.agreement else None),
                    number(one.ceiling.value if one.ceiling else None),
                    escape(
                        f"{number(one.difference.value, plus=True)} {interval(one.difference.low, one.difference.high)}"
                    ),
                    f"[{COLOURS[one.answer]}]{one.mark} {words[one.answer]}[/]{_unanswered(one)}",
                )
        console.print(table)
        for one in found:
            if one.judge == judge:
                where = escape(f"{one.criterion}, {one.pool}")
                for text in one.needed[:1]:
                    console.print(f"  [dim]{where}: {escape(text)}[/]")
                if one.conflict:
                    console.print(f"  {where}: {one.words}, but {escape(one.conflict)}")
        console.print()
    console.print(overall(run))
    for judge, told in _moved(run):
        console.print(f"[bold]{escape(judge)}[/] {escape(told)}", soft_wrap=True)
    for judge, told in flagged(run):
        console.print(f"[bold]{escape(judge)}[/]: {escape(told)}", soft_wrap=True)
    if run.simulated:
        console.print(f"[bold]{SIMULATED}[/]")
    console.print(f"run:    {shown(run.path)}")
    if run.report.exists():
        console.print(f"report: {shown(run.report)}")


def _moved(run: Run) -> list[tuple[str, str]]:
    """Return what the probes found of each judge, in words; nothing where none was asked for."""
    same = battery(run)
    return (
        []
        if same is None
        else [(judge, f"under edits that should change nothing: {same.said(judge)}") for judge in same.judges]
    )


def _unanswered(one: Finding) -> str:
    """Name the share of items that the judge answered, where it is not all of them."""
    cell = one.answered.cells.get("status.ok") if one.answered else None
    return "" if cell is None or cell.value is None or cell.value == 1 else f" (answered {share(cell.value)})"


def shown(path: Path) -> str:
    """Write a path relative to the working directory where it lies below it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
