"""From a long frame, one row a rating, to a study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.schema import Criterion, Scale, Source, Task
from judgekit.study import Study
from judgekit.tasks.cells import check_columns, read_cells, read_numbers, read_statuses
from judgekit.tasks.coded import Coded
from judgekit.tasks.faults import Faults
from judgekit.tasks.keys import Keys, check_once, check_raters, read_keys
from judgekit.tasks.parts import items_table, place_extras, raters_table, ratings_table
from judgekit.tasks.scales import Values, declared, make_criterion, only_words, slug, to_codes, values_of
from judgekit.tasks.wanted import Levels, Wanted
from judgekit.tasks.wide import wide_to_long

__all__ = ["from_long", "study_of", "wide_to_long"]

#: More names than this in the criterion column mean that it is another column.
MOST_CRITERIA = 200


def from_long(
    frame: pd.DataFrame,
    *,
    scale: Scale | Mapping[str, Scale],
    levels: Levels = None,
    name: str = "study",
    where: str = "frame",
) -> Study:
    """Make a study of a long frame; what the columns mean is said in ``Study.from_frame``.

    Raises InputError with the row (1-based, the header being row 1) and the fix.
    """
    if not scale:
        raise InputError("no scale is given", where=where, fix="scale='ordinal' (or nominal, interval, ratio)")
    if isinstance(levels, Iterable) and not isinstance(levels, str | Mapping):
        levels = list(levels)
    found = Faults(where, np.arange(len(frame), dtype=np.int64) + 2)
    study = study_of(frame, Wanted(scale, levels), found, name=name)
    found.stop()
    assert study is not None  # without a fault there is one
    return study


def study_of(frame: pd.DataFrame, wanted: Wanted, found: Faults, *, name: str = "study") -> Study | None:
    """Make a study of a long frame, or return None with every fault in ``found``.

    ``found.lines`` must hold the file's line of each row of the frame.
    """
    frame = frame.reset_index(drop=True)
    frame.columns = pd.Index([str(column) for column in frame.columns])
    if not check_columns(frame, found):
        return None
    keys = read_keys(frame, found)
    cells = read_cells(frame, keys, found)
    values = values_of(frame["value"])
    rated, status = read_statuses(cells, values, wanted, found)
    asked = rated | (status != "ok")
    means = _means(cells, keys, wanted)
    criteria, codes = _criteria(keys, values, rated & (status == "ok"), means, wanted, found)
    check_once(keys, asked, found)
    numbers = read_numbers(frame, found)
    extras = place_extras(frame, keys, wanted, found)
    check_raters(keys, asked, [] if wanted.raters is None else list(wanted.raters["rater"]), found)
    if found.found:
        return None
    task = _task(name, wanted, criteria, extras.strata, found)
    items = items_table(keys, cells, extras, wanted, found)
    raters = raters_table(keys, cells, extras, wanted, found)
    if found.found or task is None:
        return None
    ratings = ratings_table(keys, criteria, codes, status, cells, numbers)[asked].reset_index(drop=True)
    return Study.build(task, items, raters, ratings, where=found.where, notes=tuple(dict.fromkeys(found.notes)))


def _means(cells: Mapping[str, Coded], keys: Keys, wanted: Wanted) -> np.ndarray:
    """Tell which rows come from a rater that is a mean of people: their values show no levels."""
    names: set[str] = set()
    if "aggregate" in cells:
        rows = ~cells["aggregate"].missing & ~cells["aggregate"].among(["none"]) & ~keys.rater.missing
        names = {str(label) for label in keys.rater.labels[np.unique(keys.rater.codes[rows])]}
    if wanted.raters is not None and "aggregate" in wanted.raters:
        told = wanted.raters["aggregate"].fillna("none") != "none"
        names |= set(wanted.raters.loc[told, "rater"])
    return keys.rater.among(sorted(names))


def _criteria(
    keys: Keys, values: Values, answered: np.ndarray, means: np.ndarray, wanted: Wanted, found: Faults
) -> tuple[dict[str, Criterion], np.ndarray]:
    """Return the criteria by the file's name of them, and every row's code; faults where a value is no level."""
    names = [str(label) for label in keys.criterion.labels]
    codes = np.full(len(answered), np.nan)
    if len(names) > MOST_CRITERIA:
        found.whole(f"{len(names):,} different criteria", "check which column is the criterion")
        return {}, codes
    if wanted.asked is not None:
        criteria = _of_task(wanted.asked, keys, found)
    elif len({slug(name) for name in names}) < len(names):
        found.whole(f"two criteria have the same key: {listed(names)}", "rename one of them")
        return {}, codes
    else:
        told = declared(wanted.scale, wanted.levels, names)
        criteria = {}
        for at, name in enumerate(names):
            rows = np.flatnonzero((keys.criterion.codes == at) & answered)
            made = make_criterion(name, values, rows, np.flatnonzero(~means), *told[name], found)
            criteria |= {} if made is None else {name: made}
    for at, name in enumerate(names):
        if name in criteria:
            rows = np.flatnonzero((keys.criterion.codes == at) & answered)
            by_label = wanted.asked is None and only_words(criteria[name])
            codes[rows] = to_codes(values, rows, criteria[name], by_label=by_label)
            _check_codes(codes, rows, means, criteria[name], values, found)
    return criteria, codes


def _of_task(task: Task, keys: Keys, found: Faults) -> dict[str, Criterion]:
    by_key = {criterion.key: criterion for criterion in task.criteria}
    names = [str(label) for label in keys.criterion.labels]
    matched = {name: by_key.get(name, by_key.get(slug(name))) for name in names}
    found.rows(
        keys.criterion.among([name for name, criterion in matched.items() if criterion is None]),
        lambda row: f"criterion '{keys.criterion.at(row)}' is not in the task '{task.name}'",
        f"take the row out, or add it to the task's criteria ({listed(by_key)})",
    )
    return {name: criterion for name, criterion in matched.items() if criterion is not None}


def _check_codes(
    codes: np.ndarray, rows: np.ndarray, means: np.ndarray, criterion: Criterion, values: Values, found: Faults
) -> None:
    bad, low = np.zeros(len(codes), dtype=bool), np.zeros(len(codes), dtype=bool)
    bad[rows] = np.isnan(codes[rows])
    if criterion.codes:
        within = (codes[rows] >= criterion.codes[0]) & (codes[rows] <= criterion.codes[-1])
        bad[rows] |= ~np.where(means[rows], within, np.isin(codes[rows], criterion.codes))
    span = listed((level.label for level in criterion.levels), 12) if only_words(criterion) else criterion.span()
    quoted = (
        " (YAML reads a bare yes or no as true or false: quote it)" if {"true", "false"} & set(span.split(", ")) else ""
    )
    found.rows(
        bad,
        lambda row: f"unknown level '{values.words.at(row)}' for '{criterion.key}' (levels {span})",
        f"correct it, declare the level, or give the row the status unparsable{quoted}",
    )
    if criterion.scale == "ratio":
        low[rows] = codes[rows] < 0
        found.rows(low, lambda row: f"{values.words.at(row)} is below 0 on a ratio scale", "call the scale interval")


def _task(
    name: str, wanted: Wanted, criteria: Mapping[str, Criterion], strata: tuple[str, ...], found: Faults
) -> Task | None:
    if wanted.task is not None:
        asked = wanted.task.criteria or tuple(criteria.values())
        return wanted.task.model_copy(update={"criteria": asked, "strata": strata})
    try:
        return Task(name=name, criteria=tuple(criteria.values()), strata=strata, source=Source(kind="frame"))
    except ValueError:
        found.whole(f"'{name}' is no name for a study", "start with a letter; use letters, digits, _ and -")
        return None
