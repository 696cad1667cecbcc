"""The ledger's door: ``python -m judgekit.ledger list | cost | verify``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from judgekit.errors import InputError


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what a ledger holds; 1 if ``verify`` finds a fault, 2 if there is no ledger to read."""
    parser = argparse.ArgumentParser(
        prog="python -m judgekit.ledger", description="Look into the record of model calls."
    )
    parser.add_argument(
        "command",
        choices=("list", "cost", "verify"),
        help="list: calls by model and status; cost: tokens and dollars by model; verify: check every row's hash",
    )
    parser.add_argument("--url", help="the ledger's file name or database URL (default: data/ledger.sqlite)")
    chosen = parser.parse_args(arguments)
    try:
        return _do(chosen.command, chosen.url)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2


def _do(command: str, url: str | None) -> int:
    from judgekit.ledger import read

    if command == "verify":
        n, wrong = read.verify(url)
        for line in wrong:
            print(line)
        print(f"{n:,} calls, {len(wrong)} fault(s)")
        return 1 if wrong else 0
    frame = read.summary(url) if command == "list" else read.cost(url)
    if frame.empty:
        print("no calls")
        return 0
    formats = {"usd": "{:,.4f}".format, "seconds": "{:.2f}".format, **dict.fromkeys(_WHOLE, "{:,}".format)}
    print(frame.to_string(index=False, na_rep="-", formatters={k: f for k, f in formats.items() if k in frame}))
    return 0


_WHOLE = ("calls", "tokens_in", "tokens_out")

if __name__ == "__main__":
    sys.exit(main())
