"""Run every benchmark: ``python -m benchmarks`` (or name some: ``python -m benchmarks intervals``)."""

from __future__ import annotations

import platform
import sys
from importlib import import_module
from pathlib import Path


def main(names: list[str]) -> int:
    every = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    print(f"Python {platform.python_version()}, {platform.machine()}, one process")
    missed = 0
    for name in names or every:
        print(f"\n== {name}")
        missed += bool(import_module(f"benchmarks.{name}").main())
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
