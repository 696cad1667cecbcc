"""From the values in a file to a criterion with its levels, and from words to codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from judgekit.errors import InputError, listed
from judgekit.schema import SCALES, Criterion, Level, Scale
from judgekit.tasks.coded import Coded, coded, word
from judgekit.tasks.faults import Faults

#: More different whole numbers than this are a measurement, not the points of a rating scale.
MOST_POINTS = 11
#: More different values than this are no scale that a person was shown.
MOST_LEVELS = 100
#: No rating is as large as this; an id is.
MOST = 1e12
#: What programs write into an empty cell. A word that is a declared level is an answer all the same.
NO_VALUE = ("NA", "N/A", "#N/A", "n/a", "NaN", "nan", "NULL", "null", "<NA>")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Values:
    """The value column: ``number`` is NaN where the cell is no finite number, ``words`` holds every cell as text."""

    number: np.ndarray
    words: Coded
    categories: tuple[str, ...] = ()
    ordered: bool = False


def values_of(column: pd.Series) -> Values:
    """Read a column of answers: numbers, words, or both; the categories of a categorical column are kept in order."""
    words = coded(column)
    numbers = np.array([number(label) for label in words.labels] + [np.nan])
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return Values(numbers[words.codes], words)
    categories = tuple(str(word(label)) for label in column.cat.categories)
    return Values(numbers[words.codes], words, categories, bool(column.cat.ordered))


def number(label: str) -> float:
    """Return the number that a text is, else NaN: ``4,5`` is a word, and so is an id of 13 digits."""
    found = float(label) if _NUMBER.fullmatch(label) else np.nan
    return found if abs(found) < MOST else np.nan


def infer_scale(values: Values, rows: np.ndarray) -> tuple[Scale, str]:
    """Return the scale that these rows suggest, and why.

    Words are nominal; whole numbers with at most 11 different ones are ordinal; other numbers are interval. Numbers
    mixed with words are refused by the caller, and ratio is never inferred: only the user knows whether 0 is none.
    """
    codes = np.unique(values.words.codes[rows])
    labels = values.words.labels[codes[codes >= 0]]
    seen = np.array([number(label) for label in labels])
    if np.isnan(seen).any():
        return "nominal", f"{len(labels)} different words"
    seen = np.unique(seen)
    whole = bool((seen == np.floor(seen)).all())
    if whole and len(seen) <= MOST_POINTS:
        return "ordinal", f"{len(seen)} different whole numbers, {seen.min():g} to {seen.max():g}"
    what = f"more than {MOST_POINTS} different whole numbers" if whole else "numbers with decimals"
    return "interval", f"{what}, {seen.min():g} to {seen.max():g}"


def declared(scale: Any, levels: Any, criteria: list[str]) -> dict[str, tuple[Scale | None, list[object] | None]]:
    """Return scale and levels of every criterion (as named in the file), None where not declared."""
    scales = _each(scale, criteria, "scale")
    named = _each(levels, criteria, "levels")
    chosen: dict[str, tuple[Scale | None, list[object] | None]] = {}
    for key in criteria:
        kind, points = scales.get(key), named.get(key)
        if kind is not None and kind not in SCALES:
            raise InputError(f"unknown scale '{kind}' for '{key}'", fix=f"use one of {listed(SCALES)}")
        if isinstance(points, str) or not isinstance(points, Iterable | None):
            raise InputError(f"levels of '{key}' are no list: {points!r}", fix="list them from low to high")
        chosen[key] = (kind, None if points is None else list(points))
    return chosen


def _each(given: Any, criteria: list[str], what: str) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        return dict.fromkeys(criteria, given)
    plain = {slug(key): key for key in criteria}
    renamed = {plain.get(str(key), str(key)): value for key, value in given.items()}
    unknown = [key for key in renamed if key not in criteria]
    if unknown:
        raise InputError(
            f"{what} given for {listed(unknown)}, of which there are no ratings",
            fix=f"use the criteria of the file: {listed(criteria)}",
        )
    return renamed


def slug(name: str) -> str:
    """Return a criterion's name as a key: letters, digits and _; one that starts otherwise gets a ``c_`` in front."""
    key = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
    return key if key[:1].isalpha() else f"c_{key}".rstrip("_")


def make_levels(points: Iterable[object], key: str, scale: Scale) -> tuple[Level, ...]:
    """Return declared points as levels: numbers are their own codes, words get 0, 1, … in the declared order."""
    given = list(points)
    if given and all(isinstance(point, Level | Mapping) for point in given):
        try:
            return tuple(point if isinstance(point, Level) else Level.model_validate(point) for point in given)
        except ValidationError as error:
            said = error.errors()[0]["msg"]
            raise InputError(f"levels of '{key}': {said}", fix="give code and label of each") from error
    labels = [word(point) for point in given]
    if None in labels or len(set(labels)) != len(labels):
        raise InputError(f"levels of '{key}' are empty or doubled: {listed(given)}", fix="list each level once")
    texts = [str(label) for label in labels]
    codes = [number(text) for text in texts]
    if not np.isnan(codes).any():
        if scale != "nominal" and codes != sorted(codes):
            raise InputError(f"levels of '{key}' are not in order: {listed(texts)}", fix="list them from low to high")
        if len(set(codes)) != len(codes):
            raise InputError(f"levels of '{key}' are doubled: {listed(texts)}", fix="list each level once")
        return tuple(Level(code=code, label=f"{code:g}") for code in sorted(codes))
    if not np.isnan(codes).all():
        raise InputError(f"levels of '{key}' mix numbers and words: {listed(texts)}", fix="use the one or the other")
    if scale in ("interval", "ratio"):
        raise InputError(f"levels of '{key}' are words, which have no distances", fix="call it ordinal or nominal")
    return tuple(Level(code=code, label=text) for code, text in enumerate(texts))


def make_criterion(
    name: str,
    values: Values,
    rows: np.ndarray,
    people: np.ndarray,
    scale: Scale | None,
    points: list[object] | None,
    found: Faults,
) -> Criterion | None:
    """Return the criterion that these rows answer; None (and a fault) where they cannot be one.

    ``rows`` are the rows with an answer, ``people`` those whose rater is not a mean: only they show what levels exist.
    """
    key, codes = slug(name), values.number
    named = any(np.isnan(number(label_of(point))) for point in points or ())
    plain = np.intersect1d(rows, people, assume_unique=True)
    worded = np.isnan(codes[plain])
    if points is None and worded.any() and (not worded.all() or scale in ("interval", "ratio")):
        odd = np.zeros(len(codes), dtype=bool)
        odd[plain[worded if scale or 2 * worded.sum() <= len(plain) else ~worded]] = True
        other, rest = ("word", "number") if np.isnan(codes[odd]).all() else ("number", "word")
        found.rows(
            odd,
            lambda row: f"'{values.words.at(row)}' is a {other}; '{name}' is {scale or f'a {rest} elsewhere'}",
            "correct the cell, empty it, or declare the levels; a decimal is written with a point",
        )
        return None
    if scale is None:
        if points is None and not len(plain):
            found.whole(f"'{name}' is answered by means of people only: its levels are unknown", "declare the levels")
            return None
        scale, why = ("nominal" if named else "ordinal", "declared levels") if points else infer_scale(values, plain)
        found.notes.append(f"Scale of '{key}' inferred as {scale} ({why}); declare it if that is wrong.")
    if points is None:
        points = _seen(name, values, plain, scale, found)
        if points is None:
            return None
    try:
        return Criterion(key=key, question=question(name), scale=scale, levels=make_levels(points, name, scale))
    except InputError as error:
        found.whole(str(error), "correct the declaration")
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        found.whole(f"'{name}' cannot be a criterion: {said}", "declare its levels, from low to high")
    return None


def label_of(point: object) -> str:
    """Return the label of a declared level, which may be a number, a word, a Level or its mapping."""
    label = point.label if isinstance(point, Level) else point.get("label") if isinstance(point, Mapping) else point
    return str(word(label))


def question(name: str) -> str:
    """Return the question asked where the file has only a criterion's name."""
    return "How do you rate this?" if name == "value" else f"How do you rate this for {name.replace('_', ' ')}?"


def _seen(name: str, values: Values, rows: np.ndarray, scale: Scale, found: Faults) -> list[object] | None:
    """Return the levels that occur: numbers in order, words by category or else alphabet."""
    codes = np.unique(values.words.codes[rows])
    labels = [str(label) for label in values.words.labels[codes[codes >= 0]]]
    points: list[object] = [*sorted({number(label) for label in labels})] if _numeric(labels) else [*sorted(labels)]
    if scale in ("interval", "ratio"):
        whole = all(float(str(point)).is_integer() for point in points)
        if not whole or not 2 <= len(points) <= MOST_POINTS:
            return []
    if values.categories and not _numeric(labels) and (values.ordered or scale == "nominal"):
        points = list(values.categories)
    elif scale == "ordinal" and not _numeric(labels):
        found.whole(
            f"'{name}' is ordinal and its values are words ({listed(sorted(labels))})",
            "declare the levels from low to high",
        )
        return None
    if len(points) > MOST_LEVELS:
        found.whole(
            f"'{name}' has {len(points):,} different values, too many for a {scale} scale",
            "check the value column, declare the levels, or call the scale interval",
        )
        return None
    if len(points) < 2 and scale in ("nominal", "ordinal"):
        found.whole(
            f"only one level of '{name}' occurs ({listed(points)})" if points else f"'{name}' has no answers",
            "declare the levels that raters could choose",
        )
        return None
    shown = listed(_short(points), 12)
    if len({str(point).casefold() for point in points}) < len(points):
        found.notes.append(f"Some levels of '{slug(name)}' differ in case only ({shown}): are they one?")
    found.notes.append(f"Levels of '{slug(name)}' are the values seen ({shown}); declare them if the scale has more.")
    return points


def _short(points: Iterable[object]) -> list[str]:
    return [f"{point:g}" if isinstance(point, float) else str(point) for point in points]


def _numeric(labels: list[str]) -> bool:
    return not any(np.isnan(number(label)) for label in labels)


def to_codes(values: Values, rows: np.ndarray, criterion: Criterion, *, by_label: bool) -> np.ndarray:
    """Return the code of each row: the number itself, or the code of the level with that label; NaN where neither.

    ``by_label``: numbers in the file are labels too, never codes (the levels were declared as words).
    """
    codes = np.full(len(rows), np.nan) if by_label else values.number[rows].copy()
    left = np.isnan(codes)
    if left.any() and criterion.levels:
        by_word = {level.label: level.code for level in criterion.levels}
        table = np.array([by_word.get(label, np.nan) for label in values.words.labels] + [np.nan])
        codes[left] = table[values.words.codes[rows[left]]]
    return codes


def only_words(criterion: Criterion) -> bool:
    """Tell whether the levels' labels are words throughout."""
    return bool(criterion.levels) and all(np.isnan(number(level.label)) for level in criterion.levels)
