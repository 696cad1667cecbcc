"""Where people's ratings come from, behind one small protocol."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from judgekit.study import Study


@runtime_checkable
class Humans(Protocol):
    """A configured source of people (one file of ``conf/humans``)."""

    def join(self, study: Study, seed: int) -> Study:
        """Return the study with these people in it; recorded judges stay."""
        ...
