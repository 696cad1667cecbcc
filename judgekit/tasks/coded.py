"""Columns as codes and labels: what makes a million rows quick to check and to tie together."""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import numpy as np
import pandas as pd

from judgekit.errors import brief


@dataclass(frozen=True)
class Coded:
    """A column as ``labels[codes]``; code -1 is a missing cell. Labels stand in the order of first appearance."""

    codes: np.ndarray
    labels: np.ndarray

    @classmethod
    def constant(cls, label: str, length: int) -> Coded:
        """Return a column that holds one label throughout."""
        return cls(np.zeros(length, dtype=np.int64), np.array([label], dtype=object))

    def texts(self) -> np.ndarray:
        """Return the column as an object array of str, None where missing."""
        with_empty: np.ndarray = np.append(self.labels, np.array([None], dtype=object))
        return np.asarray(with_empty[self.codes], dtype=object)

    def at(self, row: int) -> str:
        """Return one cell for an error line."""
        return "" if self.codes[row] < 0 else brief(self.labels[self.codes[row]])

    def among(self, allowed: Sequence[str]) -> np.ndarray:
        """Tell which rows hold one of these labels."""
        ok = np.append(np.isin(self.labels.astype(str), list(allowed)), False)
        return np.asarray(ok[self.codes], dtype=bool)

    @property
    def missing(self) -> np.ndarray:
        """Which rows are empty."""
        return self.codes < 0

    def unwritable(self) -> np.ndarray:
        """Tell which rows hold text that UTF-8 cannot write (half of a surrogate pair)."""
        bad = np.append(np.array([not _writable(label) for label in self.labels], dtype=bool), False)
        return bad[self.codes] if bad.any() else np.zeros(len(self.codes), dtype=bool)


def _writable(label: str) -> bool:
    try:
        label.encode()
    except UnicodeEncodeError:
        return False
    return True


def coded(column: pd.Series, *, verbatim: bool = False) -> Coded:
    """Return a column of any type as codes and labels.

    Whole numbers lose their ``.0``; surrounding blanks are cut unless ``verbatim``; a blank cell is missing.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, seen = column.cat.codes.to_numpy(dtype=np.int64), list(column.cat.categories)
    elif pd.api.types.is_object_dtype(column.dtype):
        codes, seen = _coded_objects(column.to_numpy())
    else:
        found, uniques = pd.factorize(column)
        codes, seen = np.asarray(found, dtype=np.int64), list(uniques)
    labels = np.empty(len(seen), dtype=object)
    labels[:] = [word(value, verbatim=verbatim) for value in seen]
    again, distinct = pd.factorize(labels)  # two spellings of one label (1 and "1") are one; None is missing
    renamed = np.append(np.asarray(again, dtype=np.int64), -1)
    return Coded(renamed[codes], np.asarray(distinct, dtype=object))


def _coded_objects(values: np.ndarray) -> tuple[np.ndarray, list[Any]]:
    if not set(map(type, values)) <= {str, int, float, type(None)}:
        # True equals 1 and a list has no hash: such columns go cell by cell
        cells = np.empty(len(values), dtype=object)
        cells[:] = [word(value, verbatim=True) for value in values]
        values = cells
    codes, seen = pd.factorize(values)
    return np.asarray(codes, dtype=np.int64), list(seen)


def word(value: Any, *, verbatim: bool = False) -> str | None:
    """Write one cell as text, or None where it is empty."""
    if isinstance(value, str):
        return (value if verbatim else value.strip()) if value.strip() else None
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(value) if abs(int(value)) < 10**300 else f"{int(value):#x}"
    if isinstance(value, float | np.floating):
        real = float(value)
        if math.isnan(real):
            return None
        return str(int(real)) if real.is_integer() and abs(real) < 1e15 else repr(real)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value) or None


def together(*columns: np.ndarray) -> np.ndarray:
    """Return one int64 key for each combination of codes (all >= 0), equal where every code is equal."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    size = 1
    for codes in columns:
        width = int(codes.max(initial=0)) + 1
        if size * width >= 2**62:  # would not fit: number the combinations so far
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
            size = int(key.max(initial=0)) + 1
        key = key * width + codes
        size *= width
    return key


def firsts(groups: np.ndarray, size: int, codes: np.ndarray) -> np.ndarray:
    """Return each group's first code that is not missing (-1 where it has none); groups are 0 … size-1, -1 for none."""
    first = np.full(max(size, 1), -1, dtype=np.int64)  # at least one, so that group -1 can be looked up
    given = np.flatnonzero((codes >= 0) & (groups >= 0))[::-1]  # backwards: the first of a group is written last
    first[groups[given]] = codes[given]
    return first


def strays(groups: np.ndarray, size: int, codes: np.ndarray) -> np.ndarray:
    """Tell which rows differ from their group's first; missing cells never do."""
    return np.asarray((codes >= 0) & (groups >= 0) & (firsts(groups, size, codes)[groups] != codes))
