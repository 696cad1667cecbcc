"""Read a table from text: delimited, JSON, or one JSON object a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.tasks.faults import Faults
from judgekit.tasks.sheet import Sheet, check_names

_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x00\x00\xfe\xff": "UTF-32"}


def read_text(file: Path, where: str, found: Faults) -> str:
    """Return a file's text; lines that are not UTF-8 become faults."""
    raw = file.read_bytes()
    if not raw.strip(b" \t\r\n\xef\xbb\xbf"):
        raise InputError("the file is empty", where=where, fix="give at least a header and one row")
    other = next((name for bom, name in _BOMS.items() if raw.startswith(bom)), None)
    if other or b"\0" in raw:
        line = raw[: max(raw.find(b"\0"), 0)].count(b"\n") + 1
        raise InputError(
            f"the file is {other} text" if other else "the file holds NUL bytes: it is binary, or UTF-16 text",
            where=f"{where}:{line}",
            fix="save it as UTF-8 (e.g. iconv -f UTF-16 -t UTF-8)",
        )
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        fix = "save it as UTF-8 (spreadsheets: 'CSV UTF-8'; or iconv -f WINDOWS-1252 -t UTF-8)"
        for at, row in enumerate(raw.split(b"\n"), start=1):
            byte = _bad_byte(row)
            if byte is not None:
                found.line(at, f"not UTF-8 (byte 0x{byte:02X})", fix)
        return raw.decode(errors="replace")


def _bad_byte(line: bytes) -> int | None:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return line[error.start]
    return None


@contextmanager
def _any_length(length: int) -> Iterator[None]:
    """Let cells be as long as the file: the csv module's limit is global, so it is put back."""
    before = csv.field_size_limit(max(length, 1) + 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def read_csv(text: str, where: str, delimiter: str, found: Faults) -> Sheet:
    """Read delimited text with a header; lines with too few or too many cells become faults and no rows."""
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise InputError(f"'{delimiter}' is no delimiter", where=where, fix="give one character, e.g. ';'")
    rows: list[list[str]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    with _any_length(len(text)):
        try:
            for row in reader:
                if row and (len(row) > 1 or row[0].strip()):
                    rows.append(row)
                    lines.append(before + 1)
                before = reader.line_num
        except csv.Error as error:
            found.line(
                before + 1, f"broken quoting ({error})", 'close every quote; write a quote inside a quoted cell as ""'
            )
    if not rows:
        return Sheet(pd.DataFrame(), np.empty(0, dtype=np.int64), where)
    names = _names(rows[0], f"{where}:{lines[0]}", delimiter)
    body, at = rows[1:], np.array(lines[1:], dtype=np.int64)
    widths = np.fromiter(map(len, body), dtype=np.int64, count=len(body))
    for odd in np.flatnonzero(widths != len(names)):
        found.line(
            int(at[odd]),
            f"{widths[odd]} cells where the header has {len(names)}",
            "add or take out cells; quote a cell that holds the delimiter",
        )
    fit = np.flatnonzero(widths == len(names))
    whole = body if len(fit) == len(body) else [body[row] for row in fit]
    columns = list(zip(*whole, strict=True)) if whole else [()] * len(names)
    kept = {name: pd.Series(column, dtype=object) for name, column in zip(names, columns, strict=True)}
    unnamed = [name for name in kept if name.startswith("\0")]
    for name in unnamed:
        cells = kept.pop(name)
        counts = [str(number) for number in range(len(cells))]
        if not (cells == "").all() and list(cells) != counts and list(cells) != [str(int(c) + 1) for c in counts]:
            raise InputError(f"column {int(name[1:])} has no name", where=f"{where}:{lines[0]}", fix="name it")
    return Sheet(pd.DataFrame(kept, dtype=object), at[fit], where)


def _names(header: list[str], where: str, delimiter: str) -> list[str]:
    """Return the header's names; an unnamed column gets its number behind a NUL, which no file can hold."""
    names = [name.strip() or f"\0{at}" for at, name in enumerate(header, start=1)]
    if len(names) == 1:
        other = next((mark for mark in ";\t|," if mark != delimiter and mark in names[0]), None)
        if other:
            raise InputError(
                f"one column only, '{names[0][:60]}': the cells seem to be divided by {other!r}",
                where=where,
                fix=f"set delimiter to {other!r}, or save the file with {delimiter!r}",
            )
    check_names(names, where)
    return names


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return record


def read_jsonl(text: str, where: str, found: Faults) -> Sheet:
    """Read one JSON object a line; broken lines become faults and no rows."""
    records: list[dict[str, Any]] = []
    lines: list[int] = []
    for at, line in enumerate(text.split("\n"), start=1):  # not splitlines: U+2028 may stand in a text
        if not line.strip():
            continue
        try:
            record = json.loads(line, object_pairs_hook=_pairs)
        except (ValueError, RecursionError) as error:
            found.line(at, f"broken JSON ({_reason(error)})", "write one JSON object a line")
            continue
        if isinstance(record, dict):
            records.append(record)
            lines.append(at)
        else:
            found.line(at, f"a JSON {_kind(record)}, not an object", "write one JSON object a line")
    return Sheet(_frame(records, where), np.array(lines, dtype=np.int64), where)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.colno}"
    return str(error).split(";")[0]


def _kind(value: Any) -> str:
    names = {list: "list", str: "text", bool: "true or false", type(None): "null", dict: "object"}
    return names.get(type(value), "number")


def read_json(text: str, where: str) -> Sheet:
    """Read a list of objects, or an object of equally long lists; a row's line is its number."""
    try:
        data = json.loads(text, object_pairs_hook=_pairs)
    except (ValueError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        fix = "correct it; for one object a line use the ending .jsonl"
        raise InputError(f"broken JSON ({_reason(error)})", where=f"{where}{line}", fix=fix) from error
    if isinstance(data, dict) and data and all(isinstance(column, list) for column in data.values()):
        lengths = {len(column) for column in data.values()}
        if len(lengths) > 1:
            raise InputError(
                f"columns of different length: {listed(sorted(lengths))}", where=where, fix="make them equal"
            )
        data = [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]
    if not isinstance(data, list):
        fix = "write a list of objects, or an object of equally long lists"
        raise InputError(f"a JSON {_kind(data)}, not a table", where=where, fix=fix)
    odd = next((at for at, record in enumerate(data) if not isinstance(record, dict)), None)
    if odd is not None:
        fix = "write a list of objects"
        raise InputError(
            f"entry {odd + 1} is a JSON {_kind(data[odd])}, not an object", where=f"{where}:{odd + 1}", fix=fix
        )
    return Sheet(_frame(data, where), np.arange(1, len(data) + 1), where)


def _frame(records: list[dict[str, Any]], where: str) -> pd.DataFrame:
    """Make a frame of Python objects: nothing is converted, so that a long id with gaps in its column stays exact."""
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = {name: pd.Series([record.get(name) for record in records], dtype=object) for name in names}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(records)), dtype=object)
    frame.columns = pd.Index([name.strip() for name in names], dtype=object)
    check_names(list(frame.columns), where)
    return frame
