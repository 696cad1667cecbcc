"""The one error that a user can mend."""

from __future__ import annotations

from collections.abc import Iterable


class InputError(ValueError):
    """Say in one line what is wrong, where, and how to mend it; doors print it and exit with 2."""

    def __init__(self, problem: str, *, where: str | None = None, fix: str | None = None) -> None:
        line = problem if where is None else f"{where}: {problem}"
        said = line if fix is None else f"{line} — {fix}"
        super().__init__(" ".join(said.splitlines()))  # a user's own words may hold line breaks


def brief(value: object, most: int = 60) -> str:
    """Write a user's own words for an error line: at most so many characters."""
    text = str(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def listed(names: Iterable[object], most: int = 8) -> str:
    """Write names as a short list for an error line: ``a, b, c … (12 in all)``."""
    shown = [brief(name) for name in names]
    if len(shown) <= most:
        return ", ".join(shown) if shown else "none"
    return f"{', '.join(shown[:most])} … ({len(shown)} in all)"
