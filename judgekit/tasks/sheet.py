"""A table as it stands in a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed


@dataclass(frozen=True)
class Sheet:
    """A table as it stands in a file.

    ``lines`` holds the line of each row, or its number (from 1) in a binary file; ``columns`` the file's column of
    each row's value, where several rows come from one line.
    """

    frame: pd.DataFrame
    lines: np.ndarray
    where: str
    columns: np.ndarray | None = None


def check_names(names: list[str], where: str) -> None:
    """Refuse two columns of one name."""
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError(f"column(s) {listed(doubled)} stand twice", where=where, fix="rename one of them")
