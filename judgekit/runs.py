"""A run: the directory that a study was computed into, opened first and closed whatever happens."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from judgekit import paths
from judgekit.errors import InputError, listed
from judgekit.schema import Task
from judgekit.study import Study

if TYPE_CHECKING:
    from datasets import Dataset

TABLES = ("items", "raters", "ratings", "truth", "estimates")
RECORDED = (
    *("judgekit-lab", "numpy", "pandas", "scipy", "statsmodels", "krippendorff", "pingouin", "seaborn", "datasets"),
    *("instructor", "openai", "hydra-core", "pydantic", "matplotlib", "pyarrow"),
)


@dataclass(frozen=True)
class Run:
    """A directory with a study's tables, its estimates, its figures, its report and its manifest."""

    path: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What was run, with which versions, when, how it ended, and the digest of every table."""
        loaded: dict[str, Any] = json.loads((self.path / "manifest.json").read_text(encoding="utf-8"))
        return loaded

    @cached_property
    def study(self) -> Study:
        """The study as it was judged."""
        task = Task.model_validate_json((self.path / "task.json").read_text(encoding="utf-8"))
        notes = tuple(self.manifest.get("notes", ()))
        tables = {name: self._table(name) for name in ("items", "raters", "ratings")}
        truth = self._table("truth") if (self.path / "truth.parquet").exists() else None
        return Study.build(task, **tables, notes=notes, truth=truth, where=str(self.path / "ratings.parquet"))

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Every number that a figure or a paper may quote, one row each."""
        return self._table("estimates")

    @property
    def items(self) -> pd.DataFrame:
        """The items table."""
        return self.study.items

    @property
    def raters(self) -> pd.DataFrame:
        """The raters table."""
        return self.study.raters

    @property
    def ratings(self) -> pd.DataFrame:
        """The ratings table."""
        return self.study.ratings

    @property
    def simulated(self) -> bool:
        """Whether any rater of this run is simulated."""
        return bool((self.raters["kind"] == "simulated").any())

    @property
    def report(self) -> Path:
        """The report's path."""
        return self.path / "report.html"

    def to_dataset(self) -> Dataset:
        """Return the ratings as a Hugging Face ``datasets.Dataset``."""
        from datasets import Dataset

        return Dataset.from_pandas(self.ratings, preserve_index=False)

    def _table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.path / f"{name}.parquet")

    def __repr__(self) -> str:
        return f"Run({self.manifest.get('experiment', '?')}, {self.manifest.get('status', '?')}, {self.path})"


def write_table(folder: Path, name: str, frame: pd.DataFrame) -> str:
    """Write a table so that a crash leaves the old one or the new one, never half of it; return its SHA-256."""
    whole = folder / f"{name}.parquet"
    part = folder / f".{name}.parquet.part"
    frame.to_parquet(part, index=False)
    os.replace(part, whole)
    return hashlib.sha256(whole.read_bytes()).hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def write_study(folder: Path, study: Study) -> dict[str, str]:
    """Write the study's task and tables into a run's folder; return each table's SHA-256."""
    write_text(folder / "task.json", study.task.model_dump_json(indent=1))
    tables = {"items": study.items, "raters": study.raters, "ratings": study.ratings}
    if study.truth is not None:
        tables["truth"] = study.truth
    return {name: write_table(folder, name, frame) for name, frame in tables.items()}


@contextmanager
def opened(folder: Path, facts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Open a run's folder: the manifest is written first, and closed with how it ended (finished, failed, interrupted).

    Yields the manifest, to which further facts may be added. Bad input that ends it before anything was written removes
    the folder again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest: dict[str, Any] = {
        **facts,
        "status": "running",
        "started": now(),
        "python": platform.python_version(),
        "versions": versions(),
    }
    save_manifest(folder, manifest)
    try:
        yield manifest
        manifest["status"] = "finished"
    except KeyboardInterrupt:
        manifest["status"] = "interrupted"
        raise
    except InputError:
        if {path.name for path in folder.iterdir()} == {"manifest.json"}:  # nothing was computed: leave nothing behind
            shutil.rmtree(folder)
        manifest["status"] = "failed"
        raise
    except BaseException as error:
        manifest["status"] = "failed"
        manifest["error"] = str(error)[:500]
        raise
    finally:
        manifest["finished"] = now()
        if folder.is_dir():
            save_manifest(folder, manifest)


def save_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write what is known of a run so far."""
    write_text(folder / "manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False, default=str) + "\n")


def now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def versions() -> dict[str, str]:
    """Return the installed version of each library that numbers depend on."""
    found = {}
    for name in RECORDED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def load(name: str | Path) -> Run:
    """Load a run by its folder, or the newest finished run of an experiment by the experiment's name."""
    folder = Path(name)
    if (folder / "manifest.json").is_file():
        return Run(folder.resolve())
    runs = sorted((paths.data("runs") / str(name)).glob("**/manifest.json"), key=lambda path: path.parent.as_posix())
    finished = [path.parent for path in runs if json.loads(path.read_text(encoding="utf-8"))["status"] == "finished"]
    if not finished:
        raise InputError(
            f"no finished run is called '{name}'",
            fix=f"run it first; there are runs of: {listed(sorted(p.name for p in paths.data('runs').glob('*')))}",
        )
    newest = max(
        finished, key=lambda path: json.loads((path / "manifest.json").read_text(encoding="utf-8"))["finished"]
    )
    return Run(newest)
