"""A user's own ratings, from one file (and perhaps a table of items and one of raters beside it)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from judgekit.errors import InputError, listed
from judgekit.registry import register
from judgekit.schema import Task
from judgekit.study import Study
from judgekit.tasks.columns import Layout, beside, items_beside, to_long
from judgekit.tasks.faults import Faults
from judgekit.tasks.long import study_of
from judgekit.tasks.read import read
from judgekit.tasks.sheet import Sheet
from judgekit.tasks.wanted import Missing, Wanted


@dataclass(frozen=True)
class Examined:
    """A file as it was read, in long form, with all that is wrong with it; ``study`` is None where anything is."""

    sheet: Sheet
    long: Sheet
    found: Faults
    wanted: Wanted
    study: Study | None


@register("source", "file")
def file(
    task: Task,
    *,
    path: str | None = None,
    delimiter: str | None = None,
    split: str | None = None,
    columns: Mapping[str, Any] | None = None,
    wide: str | Sequence[str] | None = None,
    scale: Any = None,
    levels: Any = None,
    strata: Sequence[str] | None = None,
    missing: Missing | None = None,
    judges: Sequence[str] | None = None,
    baselines: Sequence[str] | None = None,
    gold: Sequence[str] | None = None,
    simulated: Sequence[str] | None = None,
    pools: Mapping[str, Sequence[str]] | None = None,
    aggregates: Mapping[str, str] | None = None,
    items: str | None = None,
    raters: str | None = None,
) -> Study:
    """Read a file of ratings: CSV, TSV, JSONL, JSON, parquet, a datasets folder or ``hf:owner/name[:split]``.

    ``columns`` and ``wide`` say how it is laid out; ``judges``, ``baselines``, ``gold``, ``simulated`` list raters by
    kind, ``pools`` by pool, ``aggregates`` those that are a mean of people. A task without criteria takes them from
    the file, with ``scale`` and ``levels`` (null: inferred, and a note of the study says so). ``missing`` is what an
    empty value means: error (the default), skipped, or drop (the default of a wide table).
    """
    examined = examine(
        task,
        path=path,
        delimiter=delimiter,
        split=split,
        layout=Layout(
            {role: column for role, column in _mapping(columns, "columns").items() if column is not None}, wide
        ),
        scale=scale,
        levels=levels,
        strata=strata,
        missing=missing,
        kinds={"judge": judges, "baseline": baselines, "gold": gold, "simulated": simulated},
        pools=_mapping(pools, "pools"),
        aggregates=_mapping(aggregates, "aggregates"),
        items=items,
        raters=raters,
    )
    examined.found.stop()
    assert examined.study is not None  # without a fault there is one
    return examined.study


def _mapping(given: Any, name: str) -> Mapping[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise InputError(f"{name} is {given!r}", fix=f"write it as {{key: value}}: {name}.key=value")
    return given or {}


def examine(
    task: Task,
    *,
    path: str | None,
    delimiter: str | None = None,
    split: str | None = None,
    layout: Layout,
    scale: Any = None,
    levels: Any = None,
    strata: Sequence[str] | None = None,
    missing: Missing | None = None,
    kinds: Mapping[str, Sequence[str] | None] | None = None,
    pools: Mapping[str, Sequence[str]] | None = None,
    aggregates: Mapping[str, str] | None = None,
    items: str | None = None,
    raters: str | None = None,
    lenient: bool = False,
) -> Examined:
    """Read a file and gather all that is wrong with it; only what cannot be read or laid out at all raises.

    ``lenient`` goes on after broken lines, so that the rest of the file is looked at too.
    """
    if not path:
        raise InputError("no file is named", fix="set task.source.path=my.csv")
    if missing is not None and missing not in get_args(Missing):
        raise InputError(f"missing is '{missing}'", fix=f"use one of {listed(get_args(Missing))}")
    if task.criteria and (scale is not None or levels is not None):
        raise InputError(
            f"the task '{task.name}' declares its criteria, and scale or levels are given beside them",
            fix="take source.scale and source.levels out, or the task's criteria",
        )
    if isinstance(strata, str):
        raise InputError(f"strata is '{strata}'", fix=f"list the columns: [{strata}]")
    found = Faults(str(path))
    sheet = read(path, delimiter=delimiter, split=split, found=found)
    if not lenient:
        found.stop()
    long = to_long(sheet, layout, found)
    found.lines, found.columns = long.lines, long.columns
    wanted = Wanted(
        scale=scale,
        levels=levels,
        strata=None if strata is None else tuple(strata),
        missing=missing or ("error" if layout.wide is None else "drop"),
        task=task,
        items=None if items is None else items_beside(read(items), layout, found),
        raters=beside(kinds or {}, pools, aggregates, None if raters is None else read(raters)),
    )
    return Examined(sheet, long, found, wanted, study_of(long.frame, wanted, found))
