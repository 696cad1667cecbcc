"""One model call: what was asked, and what came back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from judgekit.schema import Status, canonical


def now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Request:
    """All that decides an answer, and nothing that does not: no API key, no time-out, no item name.

    ``rep`` belongs to it: left out, every judge would look perfectly consistent with itself. ``provider`` names the
    endpoint too where one is given, so that two servers of one model name are never taken for each other.
    """

    provider: str
    model: str
    messages: Sequence[Mapping[str, Any]]
    schema: Mapping[str, Any]
    parameters: Mapping[str, Any]
    rep: int = 0

    @cached_property
    def text(self) -> str:
        """The request as canonical JSON."""
        return canonical(
            {
                "provider": self.provider,
                "model": self.model,
                "messages": self.messages,
                "schema": self.schema,
                "parameters": self.parameters,
                "rep": self.rep,
            }
        )

    @cached_property
    def key(self) -> str:
        """SHA-256 of the canonical JSON: the ledger's key (equal to ``judgekit.schema.sha`` of the same mapping)."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Reply:
    """What came of a call.

    ``parsed`` is the answer by response field (ok only); ``note`` says in a few words why there is none.
    ``response`` is the raw completions as JSON, one an attempt (not read back on replay). ``attempts`` holds the facts
    of each: HTTP status, finish reason, tokens. Tokens are sums over attempts; ``at`` is UTC, ISO 8601.
    """

    status: Status
    parsed: Mapping[str, Any] | None = None
    note: str | None = None
    response: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    usd: float | None = None
    seconds: float | None = None
    model_reported: str | None = None
    attempts: Sequence[Mapping[str, Any]] = ()
    at: str | None = None
    replayed: bool = False
