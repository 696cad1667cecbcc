"""Recompute a published study's table: ``python -m judgekit.reproduce STUDY``; without a name, list the studies."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from judgekit.errors import InputError

if TYPE_CHECKING:
    from judgekit.studies.reproduction import Reproduction

HELP = """\
Recompute the published cells of a study from its original files, under the study's own definitions, and write them
side by side. With no name, list the studies.

exit status: 0 every cell came out, 1 a cell was missed, 2 the input was bad"""
MOST_MISSES = 20


def parser() -> argparse.ArgumentParser:
    """Return the door's command line."""
    door = argparse.ArgumentParser(
        prog="python -m judgekit.reproduce",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: JUDGEKIT_MIRROR=~/mirror python -m judgekit.reproduce kumar2025",
    )
    door.add_argument("studies", nargs="*", metavar="STUDY", help="the studies to recompute; none: list them")
    door.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the side-by-side CSV (one study only; default: data/runs/reproduce/STUDY.csv)",
    )
    door.add_argument(
        "--published",
        type=Path,
        metavar="FOLDER",
        help="the folder with the published cells, STUDY.csv (default: experiments/reproduce)",
    )
    door.add_argument(
        "--mirror",
        type=Path,
        metavar="FOLDER",
        help="read the original files here, laid out owner/repo/commit/path (default: $JUDGEKIT_MIRROR, then download)",
    )
    return door


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, recompute, print; return the exit status."""
    asked = parser().parse_args(arguments)
    try:
        if not asked.studies:
            return list_studies()
        return recompute(list(dict.fromkeys(asked.studies)), asked.out, asked.published, asked.mirror)
    except InputError as error:
        print(f"judgekit: {error}", file=sys.stderr)
        return 2


def list_studies() -> int:
    """Print the studies that can be recomputed, one line each."""
    from judgekit.registry import summaries

    known = summaries("reproduce")
    width = max(map(len, known), default=0)
    for name, line in known.items():
        print(f"{name:<{width}}  {line}")
    return 0


def recompute(names: Sequence[str], out: Path | None, published: Path | None, mirror: Path | None) -> int:
    """Recompute the named studies, print what came out and write one CSV each."""
    from judgekit import paths
    from judgekit.registry import find

    if out is not None and len(names) > 1:
        raise InputError("--out names one file for several studies", fix="give one study, or leave --out away")
    missed = 0
    for name, function in [(name, find("reproduce", name)) for name in names]:
        done: Reproduction = function(published_in=published, mirror=mirror)
        print(f"{name}: {done.citation}")
        for line in done.lines:
            print(line)
        for cell in done.missed.head(MOST_MISSES).itertuples():
            print(f"missed: {cell.kind} of {cell.cell}: published {cell.published:g}, recomputed {cell.recomputed:.4f}")
        if len(done.missed) > MOST_MISSES:
            print(f"missed: {len(done.missed) - MOST_MISSES} more, see the table")
        missed += len(done.missed)
        print(f"side by side: {write(done, out or paths.data('runs', 'reproduce', f'{name}.csv'))}")
    return 1 if missed else 0


def write(done: Reproduction, path: Path) -> Path:
    """Write the side-by-side table whole or not at all."""
    from judgekit.runs import write_text

    if path.is_dir():
        raise InputError("is a folder", where=str(path), fix="give --out a file's name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, done.cells.to_csv(index=False))
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror})", where=str(path), fix="give another --out") from None
    return path


if __name__ == "__main__":
    sys.exit(main())
