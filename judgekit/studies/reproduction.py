"""A published table and what came out here, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pandas as pd

from judgekit import paths
from judgekit.errors import InputError, listed

#: The columns that the cells of every study have; others may follow.
COLUMNS = ("cell", "kind", "published", "recomputed", "ok")


@dataclass(frozen=True)
class Reproduction:
    """A study's published cells beside the recomputed ones.

    ``cells`` has one row a cell with at least ``COLUMNS``; ``lines`` say the outcome in words, the first in short.
    """

    name: str
    citation: str
    cells: pd.DataFrame
    lines: tuple[str, ...]

    @property
    def missed(self) -> pd.DataFrame:
        """The cells that did not come out."""
        return self.cells[~self.cells["ok"].astype(bool)]


def published(name: str, columns: tuple[str, ...], folder: Path | None = None) -> tuple[pd.DataFrame, Path]:
    """Return a study's published cells as text (a cell's printed digits matter) and the file they stand in.

    ``folder`` takes the place of ``experiments/reproduce``. Lines that start with # are comments. Each column of
    ``columns`` must be there.
    """
    path = (folder or paths.shipped("experiments") / "reproduce") / f"{name}.csv"
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, comment="#", encoding="utf-8")
    except FileNotFoundError:
        raise InputError("no such file of published cells", where=str(path), fix="name its folder") from None
    except (OSError, ValueError) as error:
        why = " ".join(str(error).split())
        raise InputError(f"cannot be read ({why})", where=str(path), fix="restore it") from None
    absent = [column for column in columns if column not in frame]
    if absent or frame.empty:
        problem = f"no column {listed(absent)}" if absent else "no published cells"
        raise InputError(problem, where=str(path), fix=f"it needs the columns {listed(columns)}")
    return frame, path


def numbered(path: Path) -> Iterator[int]:
    """Yield the line numbers of a commented CSV's rows, for error lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [number for number, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
    yield from rows[1:]


def printed(cell: str, where: str) -> Decimal:
    """Return a printed number with all the digits it was printed with."""
    try:
        number = Decimal(cell)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InputError(f"'{cell}' is not a number", where=where, fix="give the published cell as it is printed")
    return number


def hits(number: Decimal, recomputed: float) -> bool:
    """Tell whether a value rounds to a printed number: at most half a unit of its last digit away."""
    half = 0.5 * 10.0 ** int(number.as_tuple().exponent)
    return abs(recomputed - float(number)) <= half + 1e-9
