"""The door to a paper: ``python -m judgekit.paper empathy`` writes a run's figures and tables for LaTeX."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from judgekit.errors import InputError


def main(arguments: Sequence[str] | None = None) -> int:
    """Export a run for a paper and return the exit code: 0 done, 2 bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m judgekit.paper",
        description="Write a run's figures (PDF, one column wide) and tables (LaTeX, booktabs) for a paper.",
    )
    parser.add_argument("run", help="a run's folder, or an experiment's name (its newest finished run)")
    parser.add_argument("--to", default="paper/generated", type=Path, help="where to (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    try:
        from judgekit.report.paper import export
        from judgekit.runs import load

        for path in export(load(chosen.run), chosen.to):
            print(path)
    except InputError as problem:
        print(f"judgekit: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
