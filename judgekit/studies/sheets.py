"""A pinned CSV of a published study, as text."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from judgekit.errors import InputError
from judgekit.fetch import Pinned, fetch


def sheet(pinned: Pinned, mirror: Path | str | None) -> pd.DataFrame:
    """Return a file's rows, every cell as it is written; an empty one stays an empty text."""
    path = fetch(pinned, mirror=mirror)
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except ValueError as error:
        why = " ".join(str(error).split())
        raise InputError(f"cannot be read ({why})", where=str(path), fix="fetch it anew") from None
