"""Read one table from disk or from the hub, whatever its form, and say of every row on which line it stands."""

from __future__ import annotations

from pathlib import Path

from judgekit.errors import InputError
from judgekit.tasks.arrow import read_folder, read_hub, read_parquet
from judgekit.tasks.faults import Faults
from judgekit.tasks.sheet import Sheet
from judgekit.tasks.text import read_csv, read_json, read_jsonl, read_text

DELIMITERS = {".csv": ",", ".tsv": "\t"}
FORMS = ".csv, .tsv, .jsonl, .json, .parquet, a datasets folder, or hf:owner/name[:split]"


def read(
    path: str | Path, *, delimiter: str | None = None, split: str | None = None, found: Faults | None = None
) -> Sheet:
    """Read a table; cells of text files stay text.

    ``split`` chooses one of a dataset's splits. Broken lines raise InputError with place and fix; with ``found`` they
    are gathered there and left out. What cannot be read at all always raises.
    """
    where = str(path)
    gathered = Faults(where) if found is None else found
    gathered.where = where
    if where.startswith("hf:"):
        sheet = read_hub(where, split)
    else:
        try:
            file = Path(path).expanduser()
            sheet = read_folder(file, where, split) if file.is_dir() else _file(file, where, delimiter, gathered)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", where=where, fix="check the path") from error
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"cannot be read: {error}", where=where, fix="check the path") from error
    if found is None:
        gathered.stop()
    if sheet.frame.empty and not gathered.found:
        raise InputError("no rows below the header", where=where, fix="give at least one row")
    return sheet


def _file(file: Path, where: str, delimiter: str | None, found: Faults) -> Sheet:
    ending = file.suffix.lower()
    if not file.exists():
        raise InputError("no such file", where=where, fix=f"check the path (looked in {file.absolute().parent})")
    if ending in DELIMITERS:
        return read_csv(read_text(file, where, found), where, delimiter or DELIMITERS[ending], found)
    if ending in (".jsonl", ".ndjson"):
        return read_jsonl(read_text(file, where, found), where, found)
    if ending == ".json":
        return read_json(read_text(file, where, found), where)
    if ending in (".parquet", ".pq"):
        return read_parquet(file, where)
    fix = "save it as CSV (UTF-8)" if ending in (".xlsx", ".xls", ".ods") else f"give it as one of {FORMS}"
    raise InputError(f"unknown ending '{ending}'", where=where, fix=fix)
