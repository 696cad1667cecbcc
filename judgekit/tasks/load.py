"""From a task to its study: the items, and the ratings that were recorded, of the task's source."""

from __future__ import annotations

import inspect

from judgekit.errors import InputError, listed
from judgekit.registry import find
from judgekit.schema import Task
from judgekit.study import Study


def load(task: Task) -> Study:
    """Return the study that the task's source holds, before any judge is asked."""
    source = find("source", task.source.kind)
    options = task.source.options
    parameters = list(inspect.signature(source).parameters.values())[1:]
    names = [parameter.name for parameter in parameters]
    unknown = [name for name in options if name not in names]
    if unknown:
        raise InputError(
            f"the source '{task.source.kind}' has no option {listed(unknown)}", fix=f"it has: {listed(names, 40)}"
        )
    absent = [p.name for p in parameters if p.default is p.empty and p.name not in options]
    if absent:
        raise InputError(f"the source '{task.source.kind}' needs {listed(absent)}", fix=f"set task.source.{absent[0]}")
    study: Study = source(task, **options)
    return study
