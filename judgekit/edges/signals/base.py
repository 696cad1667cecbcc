"""What a signal of an edge case is: a number an item, its definition, its source, and what it looks at."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from judgekit.schema import Criterion

if TYPE_CHECKING:
    from judgekit.study import Study

Array = NDArray[np.float64]
#: text: what is shown; people: their ratings; judge: its answers alone; both: its answers beside people's.
Sees = Literal["text", "people", "judge", "both"]
SOURCE = re.compile(r"doi:10\.\d{4,9}/[^\s,;]+|arXiv:\d{4}\.\d{4,5}")


@dataclass(frozen=True)
class View:
    """What signals are computed from: the originals of a study on one criterion, n items in the order of ``matrix``.

    ``neighbours`` is how many nearest texts novelty looks at; ``embed`` compares meanings instead of
    words (true: by the model of the extra ``embed``; or the name or folder of a sentence model).
    """

    study: Study
    criterion: Criterion
    neighbours: int = 5
    embed: bool | str = False

    @cached_property
    def values(self) -> Array:
        """All first answers (n × raters, NaN missing)."""
        return self.study.matrix(self.criterion.key).to_numpy()

    @cached_property
    def people(self) -> Array:
        """The people's ratings (n × people)."""
        return self.study.matrix(self.criterion.key)[self.study.people()].to_numpy()

    @cached_property
    def judges(self) -> Array:
        """The judges' first answers (n × judges)."""
        return self.study.matrix(self.criterion.key)[self.study.judges()].to_numpy()

    @cached_property
    def texts(self) -> list[str]:
        """What is rated of each item: its text with its candidates or steps, without the context."""
        return self.study.once("texts of originals", lambda: shown(self.study))

    @cached_property
    def nominal(self) -> bool:
        """Whether levels have no order."""
        return self.criterion.scale == "nominal"

    @property
    def size(self) -> int:
        """How many items there are."""
        return len(self.values)

    def nothing(self) -> Array:
        """Return NaN an item: the study says nothing of it."""
        return np.full(self.size, np.nan)


@dataclass(frozen=True)
class Signal:
    """One signal: larger means more of an edge case; ``compute`` returns a number an item, NaN where unknown."""

    name: str
    sees: Sees
    compute: Callable[[View], Array]
    definition: str
    source: str


def signal(sees: Sees) -> Callable[[Callable[[View], Array]], Signal]:
    """Make a signal of a function: its name, its docstring as the definition, and the source named there."""

    def make(function: Callable[[View], Array]) -> Signal:
        told = inspect.getdoc(function) or ""
        found = [_bare(source) for source in SOURCE.findall(told)]
        if not found:
            raise ValueError(f"signal {function.__name__} names no source")
        return Signal(function.__name__, sees, function, " ".join(told.split("\n\n")[0].split()), "; ".join(found))

    return make


def _bare(source: str) -> str:
    """Return a source without the stop or the bracket that closes its sentence."""
    source = source.rstrip(".:")
    return source.rstrip(").:") if source.count("(") < source.count(")") else source


def shown(study: Study) -> list[str]:
    """Return the texts that are rated, over the rows of ``study.matrix``."""
    cases = {case.item: case for case in study.cases() if case.variant == "original"}
    items = study.item_column("text").index
    return ["\n".join((cases[str(i)].text, *cases[str(i)].candidates, *cases[str(i)].steps)) for i in items]


def distances(X: Array, *, nominal: bool) -> tuple[Array, Array]:
    """Return the mean distance over each item's pairs of ratings, and the mean over all pairs of ratings (a number).

    Distances are squared differences, on nominal levels 0 or 1. NaN with fewer than two ratings.
    """
    there = np.isfinite(X)
    m = there.sum(axis=1).astype(float)
    pairs = m * (m - 1) / 2
    all_ = X[there]
    if nominal:
        counts = np.stack([(value == X).sum(axis=1) for value in np.unique(all_)], axis=1) if len(all_) else X[:, :0]
        apart = pairs - (counts * (counts - 1) / 2).sum(axis=1)
        whole = counts.sum(axis=0).astype(float)
        total = len(all_) * (len(all_) - 1) / 2
        chance = (total - float((whole * (whole - 1) / 2).sum())) / total if total else np.nan
    else:
        x = np.where(there, X - (all_.mean() if len(all_) else 0.0), 0.0)
        apart = m * (x * x).sum(axis=1) - x.sum(axis=1) ** 2
        chance = 2 * float(np.var(all_, ddof=1)) if len(all_) > 1 else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(pairs > 0, np.maximum(apart, 0.0) / pairs, np.nan), np.asarray(chance)
