"""What can be chosen by name: a plain dict of groups, filled by a decorator. Knows nothing of Hydra."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar

from judgekit.errors import InputError, listed

T = TypeVar("T", bound=Callable[..., Any])

#: group -> the package whose modules register into it.
PACKAGES = {
    "source": ("judgekit.tasks", "judgekit.studies"),
    "stats": ("judgekit.stats",),
    "figures": ("judgekit.figures",),
    "reproduce": ("judgekit.studies",),
}
_GROUPS: dict[str, dict[str, Callable[..., Any]]] = {}


def register(group: str, name: str | None = None) -> Callable[[T], T]:
    """Make a function an option of ``group``; its first docstring line is its help, its keyword defaults its knobs."""

    def add(function: T) -> T:
        key = name or function.__name__
        known = _GROUPS.setdefault(group, {})
        if key in known and known[key] is not function:
            raise ValueError(f"{group}/{key} is registered twice: {target(known[key])} and {target(function)}")
        known[key] = function
        return function

    return add


def discover(group: str) -> Mapping[str, Callable[..., Any]]:
    """Import the packages of ``group`` and return its options by name, sorted."""
    for package in PACKAGES.get(group, ()):
        module = import_module(package)
        for found in iter_modules(module.__path__):
            import_module(f"{package}.{found.name}")
    return dict(sorted(_GROUPS.get(group, {}).items()))


def find(group: str, name: str) -> Callable[..., Any]:
    """Return one option, or say which there are."""
    known = discover(group)
    if name not in known:
        raise InputError(f"no {group} is called '{name}'", fix=f"choose one of: {listed(known, 40)}")
    return known[name]


def target(function: Callable[..., Any]) -> str:
    """Return the dotted path that Hydra's ``_target_`` takes."""
    return f"{function.__module__}.{function.__qualname__}"


def knobs(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the keyword-only parameters that have a default, with it."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty}


def summary(function: Callable[..., Any]) -> str:
    """Return the first line of the docstring."""
    return (inspect.getdoc(function) or "").split("\n", 1)[0].strip()
