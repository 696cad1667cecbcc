"""Read a table from parquet, or from a dataset of the ``datasets`` package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.tasks.sheet import Sheet, check_names


def read_parquet(file: Path, where: str) -> Sheet:
    """Read a parquet file; a row's line is its number."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as opened:
            return _arrow(opened.read(), where)
    except InputError:
        raise
    except Exception as error:  # a damaged file makes pyarrow raise errors of many kinds
        raise _damaged("parquet file", where, error) from error


def _damaged(what: str, where: str, error: Exception) -> InputError:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
    return InputError(f"no readable {what} ({reason})", where=where, fix="write it again")


def _arrow(table: Any, where: str) -> Sheet:
    names = [str(name).strip() for name in table.column_names]
    check_names(names, where)
    frame = table.to_pandas(ignore_metadata=True, integer_object_nulls=True).set_axis(names, axis=1)
    columns = {}
    for name in names:
        column = frame[name]
        if not (pd.api.types.is_numeric_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype)):
            column = pd.Series(column.array, dtype=object)  # strings that are not UTF-8 show themselves here
        if not name.startswith("__index_level_"):
            columns[name] = column
    return Sheet(pd.DataFrame(columns), np.arange(1, len(frame) + 1), where)


def read_hub(where: str, split: str | None) -> Sheet:
    """Read ``hf:owner/name[:split]`` from the hub (or its local cache)."""
    name, _, own_split = where.removeprefix("hf:").partition(":")
    if not name:
        raise InputError("no dataset is named", where=where, fix="write hf:owner/name or hf:owner/name:split")
    import datasets

    try:
        loaded = datasets.load_dataset(name, split=own_split or split)
    except Exception as error:  # the hub, the network and the builders each raise their own
        reason = (str(error).splitlines() or [type(error).__name__])[0][:160]
        fix = "check name, split and network, or download it and give the folder"
        raise InputError(f"the dataset cannot be loaded ({reason})", where=where, fix=fix) from error
    return _dataset(loaded, where, split)


def read_folder(folder: Path, where: str, split: str | None) -> Sheet:
    """Read a folder that ``datasets`` saved; class labels come as their names."""
    if not any((folder / name).is_file() for name in ("state.json", "dataset_dict.json")):
        fix = "name a file in it, or a folder that datasets' save_to_disk wrote"
        raise InputError("a folder, and no dataset in it", where=where, fix=fix)
    import datasets

    try:
        loaded = datasets.load_from_disk(str(folder))
        return _dataset(loaded, where, split)
    except InputError:
        raise
    except Exception as error:  # as with parquet
        raise _damaged("datasets folder", where, error) from error


def _dataset(loaded: Any, where: str, split: str | None) -> Sheet:
    if isinstance(loaded, dict):
        if split is None and len(loaded) == 1:
            split = next(iter(loaded))
        if split not in loaded:
            fix = f"set split to one of: {listed(loaded)}"
            raise InputError(f"no split '{split}'" if split else "several splits", where=where, fix=fix)
        loaded = loaded[split]
    classes = {name: kind.names for name, kind in loaded.features.items() if hasattr(kind, "names")}
    sheet = _arrow(loaded.with_format("arrow")[:], where)
    for name, labels in classes.items():
        codes = pd.array(sheet.frame[name.strip()], dtype="Int64").fillna(-1).to_numpy(dtype=np.int64)
        sheet.frame[name.strip()] = pd.Categorical.from_codes(np.where(codes < len(labels), codes, -1), labels)
    return sheet
