"""Labels out to other tools' files and in from them: pseudonyms at the door, files whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.humans.exchange.base import OWN_WORDS, Format, filled
from judgekit.registry import find, knobs
from judgekit.schema import Task
from judgekit.study import Study
from judgekit.tables import RATERS
from judgekit.tasks.faults import Faults
from judgekit.tasks.long import study_of
from judgekit.tasks.sheet import Sheet
from judgekit.tasks.wanted import Missing, Wanted

#: What the study keeps of a rater for its own running: it never leaves.
INNER = ("code", "joined", "seen", "finished", "stage", "external", "token")
#: Raters' attributes that a public export drops as free text: more levels than this, or longer words.
MOST_LEVELS, LONGEST = 12, 40
#: From so many raters on, an attribute in which most differ is taken for free text.
MOST_ALIKE = 5
#: A simulated rater says so in its name, since most tools have no column for it.
SIMULATED = "simulated-"
#: Further columns of a rating that travel with it, where a format has a place for them.
CARRIED = ("comment", "span", "purpose")


@dataclass(frozen=True)
class Exported:
    """What became of an export: where it is, how many labels it was asked to hold, and what had no place there."""

    path: Path
    rows: int
    notes: tuple[str, ...] = ()


def export_labels(
    study: Study,
    path: str | Path,
    format: str = "long",
    *,
    public: bool = False,
    comments: bool = False,
    overwrite: bool = False,
    free: Sequence[str] = (),
    **options: Any,
) -> Exported:
    """Write a study's labels in another tool's form, whole or not at all.

    ``public`` drops what could lead to a person: the raters' own words (kept with ``comments``), attributes that are
    free text (those named in ``free``, and what looks like it), and times. ``options`` are the format's. InputError for
    a format or option that is not there, and for a file that is, unless ``overwrite``.
    """
    tool, out = made(format, options), Path(path).expanduser()
    if out.exists() and not overwrite:
        raise InputError("there is already a file", where=str(path), fix="choose another name, or overwrite it")
    if not out.absolute().parent.is_dir():
        raise InputError("its folder is not there", where=str(path), fix="make the folder first")
    notes: list[str] = []
    leaving = _named(study if tool.holds == "raters" else _without(study, INNER))
    if public:
        leaving, notes = _public(leaving, comments, free)
    part = out.absolute().with_name(f".{out.name}.part")
    try:
        _remove(part)
        notes += tool.write(leaving, part)
        if out.is_dir():
            _remove(out)
        os.replace(part, out)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror or error}", where=str(path), fix="check it") from error
    finally:
        _remove(part)
    return Exported(out, len(study.ratings), tuple(notes))


def import_labels(
    path: str | Path,
    format: str,
    task: Task,
    *,
    pseudonym: Callable[[str], str],
    items: pd.DataFrame | None = None,
    pool: str | None = None,
    missing: Missing = "skipped",
    **options: Any,
) -> Study:
    """Return the labels of another tool's file as a study; the first fault raises InputError with file and row.

    ``pseudonym`` turns an outside id into the study's own name for that person; nothing else keeps the id. ``items``
    is the items table that the labels must belong to (None: as the file has them). ``pool`` is given to people
    without one. ``missing`` is what an answer without a value is. Notes of the study say what was assumed or left out.
    """
    tool = made(format, options)
    if tool.holds == "raters":
        raise InputError(f"'{format}' files hold raters, no labels", where=str(path), fix="import its attributes")
    found = Faults(str(path))
    sheet = _read(tool, Path(path).expanduser(), task, found)
    frame = sheet.frame.reset_index(drop=True)
    carried = {name: frame.pop(name) for name in CARRIED if name in frame}
    outside = [str(name).strip() for name in frame["rater"]]
    frame["rater"] = [_hidden(name, pseudonym) for name in outside]
    simulated = np.array([name.startswith(SIMULATED) for name in outside])
    if simulated.any():
        before = frame["kind"] if "kind" in frame else pd.Series([None] * len(frame), dtype=object)
        frame["kind"] = np.where(simulated, "simulated", before.astype(object))
    if pool is not None:
        known = frame["pool"] if "pool" in frame else pd.Series([None] * len(frame), dtype=object)
        frame["pool"] = known.where(known.notna() & (known.astype(str).str.strip() != ""), pool)
    there = set(frame.columns) | set(() if items is None else items.columns)
    wanted = Wanted(
        task=task, items=items, missing=missing, strata=tuple(name for name in task.strata if name in there)
    )
    if not task.strata:
        wanted = replace(wanted, strata=())
    study = study_of(frame, wanted, found, name=task.name)
    found.stop()
    assert study is not None  # without a fault there is one
    return _carry(study, frame, carried)


def import_raters(path: str | Path, format: str = "prolific", *, pseudonym: Callable[[str], str]) -> pd.DataFrame:
    """Return what a file says of raters: their pseudonym and one column an attribute."""
    tool = made(format, {})
    if tool.holds != "raters":
        raise InputError(f"'{format}' files hold labels", where=str(path), fix="import its labels")
    found = Faults(str(path))
    sheet = _read(
        tool, Path(path).expanduser(), Task.model_validate({"name": "raters", "source": {"kind": "none"}}), found
    )
    frame = sheet.frame.copy()
    frame["rater"] = [_hidden(name, pseudonym) for name in frame["rater"]]
    return frame


def made(format: str, options: dict[str, Any]) -> Format:
    """Return a registered format with its options set."""
    kind = find("exchange", format)
    unknown = [name for name in options if name not in knobs(kind)]
    if unknown:
        raise InputError(
            f"the format '{format}' has no option {listed(unknown)}", fix=f"it has: {listed(knobs(kind)) or 'none'}"
        )
    tool: Format = kind(**{name: _read_option(name, value, knobs(kind)[name]) for name, value in options.items()})
    return tool


def _read_option(name: str, value: Any, default: Any) -> Any:
    """Return an option as its format takes it: a command line gives text."""
    if not isinstance(value, str):
        return value
    if isinstance(default, bool):
        if value.lower() not in ("true", "false"):
            raise InputError(f"{name} is '{value}'", fix="use true or false")
        return value.lower() == "true"
    if name == "columns":
        pairs = [part.partition(":") for part in value.split(",")]
        if not all(role and mark and column for role, mark, column in pairs):
            raise InputError(f"columns is '{value}'", fix="write columns=item:ID,rater:WHO,value:ANSWER")
        return {role.strip(): column.strip() for role, _, column in pairs}
    return value


def _read(tool: Format, path: Path, task: Task, found: Faults) -> Sheet:
    if not path.exists():
        raise InputError("no such file", where=found.where, fix="check the path")
    try:
        sheet = tool.read(path, task, found)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=found.where, fix="check it") from error
    found.stop()
    found.lines, found.columns = sheet.lines, sheet.columns
    if sheet.frame.empty:
        raise InputError("no labels in it", where=found.where, fix="give at least one")
    empty = sheet.frame["rater"].isna() | (sheet.frame["rater"].astype(str).str.strip() == "")
    found.rows(empty.to_numpy(), lambda _: "no rater", "fill it in, or take the row out")
    found.stop()
    return sheet


def _hidden(name: Any, pseudonym: Callable[[str], str]) -> str:
    return pseudonym(str(name).strip().removeprefix(SIMULATED))


def _named(study: Study) -> Study:
    """Return the study with simulated persons saying so in their names."""
    kinds = dict(zip(study.raters["rater"], study.raters["kind"], strict=True))
    names = {
        rater: f"{SIMULATED}{rater}"
        for rater, kind in kinds.items()
        if kind == "simulated" and not str(rater).startswith(SIMULATED)
    }
    if not names:
        return study
    raters = study.raters.assign(rater=[names.get(name, name) for name in study.raters["rater"]])
    ratings = study.ratings.assign(rater=[names.get(name, name) for name in study.ratings["rater"]])
    return replace(study, raters=raters, ratings=ratings, _cache={})


def _without(study: Study, columns: tuple[str, ...]) -> Study:
    return replace(study, raters=study.raters.drop(columns=[c for c in columns if c in study.raters]), _cache={})


def _public(study: Study, comments: bool, told: Sequence[str]) -> tuple[Study, list[str]]:
    own = [name for name in study.raters.columns if name not in RATERS.columns and not comments]
    free = [name for name in own if name in told or _is_free(study.raters[name])]
    dropped = [name for name in ("at", "claimed", *(() if comments else OWN_WORDS)) if name in study.ratings]
    ratings = study.ratings.assign(**dict.fromkeys([c for c in dropped if c in ("at", "reason")]))
    ratings = ratings.drop(columns=[c for c in dropped if c not in ("at", "reason")])
    notes = [f"public: {listed([*free, *dropped])} left out"] if free or dropped else []
    return replace(_without(study, tuple(free)), ratings=ratings, _cache={}), notes


def _is_free(column: pd.Series) -> bool:
    told = column.dropna().astype(str)
    numbers = pd.to_numeric(told, errors="coerce").notna().all()
    many = told.nunique() > MOST_LEVELS or (len(told) >= MOST_ALIKE and 2 * told.nunique() > len(told))
    return bool(len(told)) and (told.str.len().max() > LONGEST or (many and not numbers))


def _carry(study: Study, frame: pd.DataFrame, carried: dict[str, pd.Series]) -> Study:
    """Return the study with the further columns of its ratings; rows that were never asked are gone, and they too."""
    given = np.array([filled(value) is not None for value in frame["value"]])
    if "status" in frame:
        given |= np.array([filled(status) not in (None, "ok") for status in frame["status"]])
    asked = np.ones(len(frame), dtype=bool) if len(study.ratings) == len(frame) else given
    ratings = study.ratings.copy()
    for name, column in carried.items():
        values = [filled(value) for value in column[asked]]
        if any(values) and len(values) == len(ratings):
            ratings[name] = pd.Series(values, index=ratings.index, dtype=object)
    return replace(study, ratings=ratings, _cache={})


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
