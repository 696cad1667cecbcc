"""The table of a simulation that takes long: read where it was stopped, written whole, drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from judgekit.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

C = TypeVar("C")


def finished(
    path: Path | None,
    settings: Mapping[str, Any],
    numbers: Iterable[str],
    cells: Callable[[pd.DataFrame], dict[C, pd.DataFrame]],
) -> dict[C, pd.DataFrame]:
    """Return what a CSV holds already, by design; InputError where it was made with other ``settings`` (columns).

    ``numbers`` are the columns in which nothing is no number; ``cells`` splits the table, or raises ValueError.
    """
    import pandas as pd

    if path is None or not path.exists():
        return {}
    try:
        table = pd.read_csv(path, keep_default_na=False, na_values={name: [""] for name in numbers})
        made = {tuple(row) for row in table[list(settings)].astype(str).to_numpy()}
        found = cells(table)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"is no table of this command ({error})", where=str(path), fix="give another --out") from None
    if made - {tuple(str(value) for value in settings.values())}:
        raise InputError(
            "was made with other settings", where=str(path), fix="give another --out, or the same settings"
        )
    return found


def write(frames: Iterable[pd.DataFrame], path: Path) -> None:
    """Write the frames below one another, whole or not at all."""
    import pandas as pd

    from judgekit.runs import write_text

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, pd.concat(list(frames), ignore_index=True).to_csv(index=False))
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror})", where=str(path), fix="give another --out") from None


def draw(figure: Callable[[pd.DataFrame, Path], object], table: pd.DataFrame, path: Path) -> Path:
    """Draw a table into a file and return it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure(table, path)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be drawn ({error})", where=str(path), fix="give a .png or .pdf") from None
    return path
