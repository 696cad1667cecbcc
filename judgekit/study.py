"""A study: the task, its items, its raters and their ratings, frozen and checked."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

from judgekit.errors import InputError
from judgekit.schema import Criterion, Item, Scale, Source, Task
from judgekit.tables import cases, check_items, check_raters, check_ratings

T = TypeVar("T")


@dataclass(frozen=True)
class Study:
    """Items, raters and ratings that belong to one task.

    ``items`` has one row an (item, variant), ``raters`` one a rater, ``ratings`` one an answer; columns as in
    ``judgekit.tables``. ``truth`` holds what a simulation knew (or is None); no statistic reads it.
    """

    task: Task
    items: pd.DataFrame
    raters: pd.DataFrame
    ratings: pd.DataFrame
    truth: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    _cache: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def build(
        cls,
        task: Task,
        items: pd.DataFrame,
        raters: pd.DataFrame,
        ratings: pd.DataFrame,
        *,
        where: str = "ratings",
        notes: tuple[str, ...] = (),
        truth: pd.DataFrame | None = None,
    ) -> Study:
        """Check the tables and freeze them; ``where`` names the file in error lines."""
        items = check_items(items, task, where)
        raters = check_raters(raters, where)
        return cls(task, items, raters, check_ratings(ratings, task, items, raters, where), truth, notes)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        scale: Scale | Mapping[str, Scale],
        levels: Iterable[object] | Mapping[str, Iterable[object]] | None = None,
        name: str = "study",
        where: str = "frame",
    ) -> Study:
        """Make a study of a long frame: columns item, rater, value; optional criterion, kind, variant, rep, status …

        ``scale`` must be given (one for all criteria, or a mapping); ``levels`` are the declared levels from low to
        high (default: the values seen). Nominal words get the codes 0, 1, … in the declared order. A further column
        that is constant within item is a stratum, one that is constant within rater an attribute.
        """
        from judgekit.tasks.long import from_long

        return from_long(frame, scale=scale, levels=levels, name=name, where=where)

    def people(self, *, aggregates: bool = False) -> list[str]:
        """Return the raters who are persons, in table order; a column that is a mean of people is not one."""
        return self._raters("person", aggregates)

    humans = people

    def judges(self) -> list[str]:
        """Return the raters who are judges (models, baselines, simulated judges), in table order."""
        return self._raters("judge", True)

    def _raters(self, role: str, aggregates: bool) -> list[str]:
        def chosen() -> tuple[str, ...]:
            rows = self.raters["role"] == role
            if not aggregates:
                rows &= self.raters["aggregate"] == "none"
            return tuple(self.raters.loc[rows, "rater"])

        return list(self.once(("raters", role, aggregates), chosen))

    def pools(self) -> dict[str, list[str]]:
        """Return the persons of each pool, pools in table order."""

        def split() -> dict[str, tuple[str, ...]]:
            people = self.raters[self.raters["rater"].isin(self.people())]
            return {str(pool): tuple(rows["rater"]) for pool, rows in people.groupby("pool", sort=False)}

        return {pool: list(raters) for pool, raters in self.once("pools", split).items()}

    def cases(self) -> list[Item]:
        """Return what raters are shown, one an (item, variant)."""
        return cases(self.items)

    def simulated(self, raters: Iterable[str]) -> bool:
        """Tell whether any of these raters is simulated."""
        return not self._simulated.isdisjoint(raters)

    @cached_property
    def _simulated(self) -> frozenset[str]:
        return frozenset(self.raters.loc[self.raters["kind"] == "simulated", "rater"])

    def matrix(self, criterion: str, *, variant: str = "original", rep: int = 0) -> pd.DataFrame:
        """Return the ok values of one criterion: items (of the variant, sorted) × raters (table order), NaN missing."""
        return self.once((criterion, variant, rep), lambda: self._laid_out(criterion, variant, rep))

    def _laid_out(self, criterion: str, variant: str, rep: int) -> pd.DataFrame:
        r = self.ratings
        chosen = (r["criterion"] == criterion) & (r["variant"] == variant) & (r["rep"] == rep) & (r["status"] == "ok")
        rows = r.loc[chosen, ["item", "rater", "value"]]
        items = pd.Index(sorted(self.items.loc[self.items["variant"] == variant, "item"]), name="item")
        raters = pd.Index(self.raters["rater"], name="rater")
        cells = np.full((len(items), len(raters)), np.nan)
        cells[items.get_indexer(rows["item"]), raters.get_indexer(rows["rater"])] = rows["value"].to_numpy()
        return pd.DataFrame(cells, index=items, columns=raters)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` makes of this study under ``key``: made once, then kept with the study."""
        if key not in self._cache:
            self._cache[key] = make()
        return cast(T, self._cache[key])

    def counts(self, criterion: str) -> pd.DataFrame:
        """Return how many persons gave each declared level: items × level codes."""
        asked = self.task.criterion(criterion)
        cells = self.matrix(criterion)[self.people()].to_numpy()
        codes = asked.codes or tuple(np.unique(cells[np.isfinite(cells)]))
        table = np.stack([(cells == code).sum(axis=1) for code in codes], axis=1)
        return pd.DataFrame(table, index=self.matrix(criterion).index, columns=list(codes))

    def item_column(self, name: str, *, variant: str = "original") -> pd.Series:
        """Return one column of the items, indexed and sorted like ``matrix``."""
        rows = self.items[self.items["variant"] == variant]
        return rows.set_index("item")[name].sort_index()

    def subsets(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield ("all", mask) and then ("stratum=level", mask) over the rows of ``matrix``."""
        yield from self._subsets

    @cached_property
    def _subsets(self) -> list[tuple[str, np.ndarray]]:
        masks = [("all", np.ones(len(self.clusters), dtype=bool))]
        for stratum in self.task.strata:
            column = self.item_column(stratum)
            for level in sorted(column.dropna().unique(), key=str):
                masks.append((f"{stratum}={level}", (column == level).to_numpy()))
        return masks

    @cached_property
    def clusters(self) -> np.ndarray:
        """The number of each item's ``group``, over the rows of ``matrix``: 0, 1, … in the order of the names."""
        groups = self.item_column("group").to_numpy().astype(str)
        return np.asarray(np.unique(groups, return_inverse=True)[1], dtype=np.int64)

    def matched(self) -> dict[str, int]:
        """Count judge–person pairs of ratings by whether both saw the same item, criteria and levels.

        Keys: matched, mismatched, and unknown where either side (a recorded study, say) does not tell what was shown.
        """
        key = ["item", "variant", "criterion"]
        columns = self.ratings[[*key, "rater", "shown"]]
        judged = columns[columns["rater"].isin(self.judges())]
        people = columns[columns["rater"].isin(self.people(aggregates=True))]
        seen = people.groupby([*key, "shown"], dropna=False, sort=False).size().rename("pairs").reset_index()
        pairs = judged[[*key, "shown"]].merge(seen, on=key, suffixes=("", "_person"))
        unknown = pairs["shown"].isna() | pairs["shown_person"].isna()
        same = ~unknown & (pairs["shown"] == pairs["shown_person"])
        counts = {"matched": same, "mismatched": ~unknown & ~same, "unknown": unknown}
        return {name: int(pairs.loc[rows, "pairs"].sum()) for name, rows in counts.items()}

    def join(self, raters: pd.DataFrame, ratings: pd.DataFrame, *, truth: pd.DataFrame | None = None) -> Study:
        """Return the study with further raters and their ratings."""
        again = set(raters["rater"]) & set(self.raters["rater"])
        if again:
            raise InputError(f"two raters share the name {sorted(again)}", fix="rename one of them")
        return replace(
            Study.build(
                self.task,
                self.items,
                stack(self.raters, raters),
                stack(self.ratings, ratings),
                notes=self.notes,
            ),
            truth=truth if self.truth is None else stack(self.truth, truth) if truth is not None else self.truth,
        )

    def keep(self, raters: Iterable[str]) -> Study:
        """Return the study with these raters and their ratings only."""
        names = list(raters)
        return replace(
            self,
            raters=self.raters[self.raters["rater"].isin(names)].reset_index(drop=True),
            ratings=self.ratings[self.ratings["rater"].isin(names)].reset_index(drop=True),
            _cache={},
        )


def stack(*frames: pd.DataFrame) -> pd.DataFrame:
    """Put frames below one another; empty ones do not decide any column's type."""
    full = [frame for frame in frames if len(frame)]
    if not full:
        return frames[0]
    columns = list(dict.fromkeys(name for frame in full for name in frame.columns))
    wide = [frame.reindex(columns=columns).astype(object) for frame in full]
    return pd.concat(wide, ignore_index=True).infer_objects()


def empty_task(name: str, criteria: tuple[Criterion, ...], strata: tuple[str, ...] = ()) -> Task:
    """Return a task for ratings that came without one."""
    return Task(name=name, criteria=criteria, strata=strata, source=Source(kind="frame"))
