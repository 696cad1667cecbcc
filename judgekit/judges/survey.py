"""What judges would ask: a ledger that notes each question instead of calling."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from judgekit.ledger import Ledger, Reply, Request

DEEPEST = 12


class Survey(Ledger):
    """A ledger whose calls are noted, never made: ``asked`` holds the requests that a live run would pay for.

    What stands in the real ledger, in the run's mode, is answered from it. Any other question is answered with the
    emptiest answer of its form, so that a judge goes on to what it would ask next; what it makes of that is no rating
    and goes nowhere.
    """

    def __init__(self, ledger: Ledger | None, mode: str = "live") -> None:
        self.mode = "replay"  # a judge then needs neither key nor client
        self.guard = None
        self.asked: dict[str, Request] = {}
        self.found: set[str] = set()
        self._ledger, self._mode = ledger, mode

    async def ask(self, request: Request, call: Callable[[], Awaitable[Reply]], *, about: str = "") -> Reply:
        """Note the request, and return the recorded answer or a made-up one."""
        recorded = None if self._ledger is None else await self._ledger.find(request.key, self._mode)
        if recorded is not None:
            self.found.add(request.key)
            return recorded
        self.asked[request.key] = request
        return Reply("ok", emptiest(request.schema))

    def take(self) -> list[Request]:
        """Return what was asked since, and begin anew."""
        asked, self.asked, self.found = list(self.asked.values()), {}, set()
        return asked


def emptiest(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shortest object that a JSON schema allows, as far as its common words go."""
    made = _emptiest(schema, schema, 0)
    return made if isinstance(made, dict) else {}


def _emptiest(schema: Mapping[str, Any], whole: Mapping[str, Any], depth: int) -> Any:
    if depth > DEEPEST:
        return None
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return _emptiest(whole.get("$defs", {}).get(name, {}), whole, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if schema.get(several):
            return _emptiest(schema[several][0], whole, depth + 1)
    kind = schema.get("type")
    if kind == "object":
        return {name: _emptiest(part, whole, depth + 1) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        parts = schema.get("prefixItems") or [schema.get("items", {})] * int(schema.get("minItems", 0))
        return [_emptiest(part, whole, depth + 1) for part in parts]
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    return {"string": "", "boolean": False, "integer": int(least), "number": float(least)}.get(str(kind))
