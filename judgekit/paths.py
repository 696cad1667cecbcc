"""Where things are: what ships with the package, and what a user makes."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent


def shipped(name: str) -> Path:
    """Return a folder that ships with the package (``conf``, ``data/bundled``, ``experiments``).

    In a wheel it lies inside the package, in a checkout beside it.
    """
    inside = PACKAGE / name
    return inside if inside.exists() else CHECKOUT / name


def home() -> Path:
    """Return the folder under which runs, labels, the ledger and downloads are kept.

    ``$JUDGEKIT_HOME`` if set; else the nearest folder upwards from here whose ``pyproject.toml`` names judgekit-lab or
    that holds a ``.judgekit`` marker; else the working directory.
    """
    named = os.environ.get("JUDGEKIT_HOME")
    if named:
        return Path(named).expanduser().resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".judgekit").exists():
            return folder
        project = folder / "pyproject.toml"
        if project.is_file() and '"judgekit-lab"' in project.read_text(encoding="utf-8", errors="replace"):
            return folder
    return here


def data(*parts: str) -> Path:
    """Return a path under ``home()/data`` (not created)."""
    return home().joinpath("data", *parts)
