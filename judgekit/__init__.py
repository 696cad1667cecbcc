"""judgekit: may this LLM judge stand in for people here, for whom, and on which items not?

Public names are loaded when first used, so that ``import judgekit`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from judgekit.edges.mine import mine as mine
    from judgekit.errors import InputError as InputError
    from judgekit.label import annotate as annotate
    from judgekit.pipeline import draw as draw
    from judgekit.pipeline import evaluate as evaluate
    from judgekit.pipeline import options as options
    from judgekit.pipeline import table as table
    from judgekit.report.atlas import atlas as atlas
    from judgekit.runs import Run as Run
    from judgekit.runs import load as load
    from judgekit.schema import Criterion as Criterion
    from judgekit.schema import Level as Level
    from judgekit.schema import Task as Task
    from judgekit.stats.battery import estimate as estimate
    from judgekit.stats.diagnose import diagnose as diagnose
    from judgekit.study import Study as Study

__version__ = "0.1.0"

_HOMES = {
    "Criterion": "schema",
    "InputError": "errors",
    "Level": "schema",
    "Run": "runs",
    "Study": "study",
    "Task": "schema",
    "annotate": "label",
    "atlas": "report.atlas",
    "diagnose": "stats.diagnose",
    "draw": "pipeline",
    "estimate": "stats.battery",
    "evaluate": "pipeline",
    "load": "runs",
    "mine": "edges.mine",
    "options": "pipeline",
    "table": "pipeline",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"judgekit has no '{name}' (it has: {', '.join(sorted(_HOMES))})")
    return getattr(import_module(f"judgekit.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__"])
