"""What can be chosen by name: a plain dict of groups, filled by a decorator. Knows nothing of Hydra."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, TypeVar

from judgekit.errors import InputError, listed

T = TypeVar("T", bound=Callable[..., Any])

#: group -> the package whose modules register into it.
PACKAGES = {
    "source": ("judgekit.tasks", "judgekit.studies"),
    "stats": ("judgekit.stats", "judgekit.edges"),
    "figures": ("judgekit.figures",),
    "probes": ("judgekit.probes",),
    "reproduce": ("judgekit.studies",),
    "exchange": ("judgekit.humans.exchange",),
}
#: group -> the decorator of its own that registers a function under its name.
MARKS = {"probes": "probe"}
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
        _import(package)
    return dict(sorted(_GROUPS.get(group, {}).items()))


@lru_cache
def _import(package: str) -> None:
    """Import every module of a package: once, for looking through its folder takes longer than a small statistic."""
    for found in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{found.name}")


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


def summaries(group: str) -> dict[str, str]:
    """Return each option's first docstring line, read from the sources: a list of options imports none of them."""
    return {name: (ast.get_docstring(node) or "").split("\n", 1)[0].strip() for name, node, _ in _registered(group)}


def families(group: str, about: str = "family") -> dict[str, str]:
    """Return the family of each option that has one (or another word of its decorator), read from the sources."""
    found: dict[str, str] = {}
    for name, _, mark in _registered(group) if group in MARKS else []:
        for word in mark.keywords:
            if word.arg == about and isinstance(word.value, ast.Constant):
                found[name] = str(word.value.value)
    return found


def _registered(group: str) -> list[tuple[str, ast.FunctionDef | ast.ClassDef, ast.Call]]:
    """Return the options of a group by name, each with its definition and the decorator that registers it."""
    found = []
    for package in PACKAGES.get(group, ()):
        for folder in import_module(package).__path__:
            for file in Path(folder).rglob("*.py"):
                text = file.read_text(encoding="utf-8")
                if f'@register("{group}"' in text or (group in MARKS and f"@{MARKS[group]}(" in text):
                    found += list(_marked(ast.parse(text), group))
    return sorted(found, key=lambda one: one[0])


def _marked(tree: ast.Module, group: str) -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef, ast.Call]]:
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        for mark in node.decorator_list:
            by = getattr(mark.func, "id", "") if isinstance(mark, ast.Call) else ""
            if not isinstance(mark, ast.Call) or by not in ("register", MARKS.get(group)):
                continue
            names = [argument.value for argument in mark.args if isinstance(argument, ast.Constant)]
            if by == MARKS.get(group) or names[0] == group:
                yield str(names[1]) if len(names) > 1 else node.name, node, mark
