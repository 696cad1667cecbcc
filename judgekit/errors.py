"""The one error that a user can mend."""

from __future__ import annotations

from collections.abc import Iterable


class InputError(ValueError):
    """Say in one line what is wrong, where, and how to mend it; doors print it and exit with 2."""

    def __init__(self, problem: str, *, where: str | None = None, fix: str | None = None) -> None:
        line = problem if where is None else f"{where}: {problem}"
        super().__init__(line if fix is None else f"{line} — {fix}")


def listed(names: Iterable[object], most: int = 8) -> str:
    """Write names as a short list for an error line: ``a, b, c … (12 in all)``."""
    shown = [str(name) for name in names]
    if len(shown) <= most:
        return ", ".join(shown) if shown else "none"
    return f"{', '.join(shown[:most])} … ({len(shown)} in all)"
