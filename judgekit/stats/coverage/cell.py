"""A design of the coverage study, and the simulated data sets that are drawn of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import product
from typing import Any, Literal

import numpy as np
import pandas as pd

from judgekit import seeds
from judgekit.errors import InputError
from judgekit.schema import Criterion, Level, Scale, sha
from judgekit.simulate.compact import StudyJudge, cells
from judgekit.stats.pairings import LEAST_ITEMS
from judgekit.stats.resample import Array
from judgekit.study import Study, empty_task

#: work: a judge much like the people, who differ in severity. innocent: exchangeable people, and judges about whom a
#: null hypothesis holds. edits: pairs of an item and its edit, and a judge that sometimes refuses.
Scene = Literal["work", "innocent", "edits"]
#: twin and second are drawn as a person is; weak agrees with people less than they do; blind not at all.
JUDGES: Mapping[Scene, tuple[StudyJudge, ...]] = {
    "work": (StudyJudge(),),
    "innocent": (
        StudyJudge("twin", 0.0, 1.0),
        StudyJudge("second", 0.0, 1.0),
        StudyJudge("weak", 0.0, 0.8),
        StudyJudge("blind", 0.0, 0.0),
    ),
    "edits": (StudyJudge(),),
}
#: An edit lowers the trait by so many standard deviations; a judge refuses so often.
EDIT, REFUSED = 1.0, 0.1
#: What makes a design, in the order of a design's name.
FACTORS = ("levels", "items", "prevalence", "people", "missing", "cluster", "rho")


@dataclass(frozen=True)
class Cell:
    """One design: ``items`` rated by ``people`` and one judge on ``levels`` levels.

    ``prevalence`` is the share of the upper levels // 2 levels; the shares of all levels form a geometric series.
    ``missing`` is the share of people's cells that are missing, ``cluster`` the items of a cluster (1: none), ``rho``
    the correlation of two people's latent answers.
    """

    levels: int
    items: int
    prevalence: float
    people: int
    missing: float
    cluster: int
    rho: float = 0.8

    def __post_init__(self) -> None:
        for good, problem, fix in (
            (self.levels >= 2, f"{self.levels} levels are no scale", "give 2 or more"),
            (self.items >= LEAST_ITEMS, f"{self.items} items are too few", f"give {LEAST_ITEMS} or more"),
            (self.people >= 1, f"{self.people} people are nobody", "give 1 or more"),
            (0 < self.prevalence < 1, f"a prevalence of {self.prevalence:g} is none", "give a share between 0 and 1"),
            (
                0 <= self.missing < 1,
                f"{self.missing:g} of the cells cannot be missing",
                "give a share from 0 to below 1",
            ),
            (1 <= self.cluster <= self.items, f"no {self.items} items make clusters of {self.cluster}", "1: none"),
            (0 < self.rho < 1, f"people cannot correlate {self.rho:g}", "give a number between 0 and 1"),
        ):
            if not good:
                raise InputError(problem, where="coverage", fix=fix)

    @cached_property
    def shares(self) -> tuple[float, ...]:
        """The shares of the levels, low to high: proportional to q^k, with q set by the prevalence."""
        low, high = 1e-9, 1e9
        for _ in range(200):
            q = float(np.sqrt(low * high))
            low, high = (
                (q, high) if _series(q, self.levels)[-(self.levels // 2) :].sum() < self.prevalence else (low, q)
            )
        return tuple(float(share) for share in _series(q, self.levels))

    @property
    def population(self) -> Cell:
        """The design without what changes no population value: the number of items, and clusters."""
        return replace(self, items=LEAST_ITEMS, cluster=1)

    @property
    def name(self) -> str:
        """The design as the name of a random stream."""
        return " ".join(f"{vars(self)[factor]:g}" for factor in FACTORS)


def grid(
    levels: Sequence[int] = (2, 5),
    items: Sequence[int] = (30, 60, 200),
    prevalence: Sequence[float] = (0.06, 0.3),
    people: Sequence[int] = (1, 3, 5),
    missing: Sequence[float] = (0.0, 0.3),
    cluster: Sequence[int] = (1, 4),
    rho: float = 0.8,
) -> list[Cell]:
    """Return every combination; by default those of the committed table: 72 designs on two and on five levels."""
    every = product(levels, items, prevalence, people, missing, cluster)
    return list(dict.fromkeys(Cell(k, n, share, m, none, size, rho) for k, n, share, m, none, size in every))


def in_order(cells: Sequence[Cell]) -> list[Cell]:
    """Return cells in the order to do them in: at any time, what is done is a fair sample of them.

    First come those with an even number of factors away from their first value: of a grid they are a half in which
    every value of a factor meets every value of the others. Within each half the order is one of chance.
    """
    places = [{value: place for place, value in enumerate(sorted({vars(cell)[f] for cell in cells}))} for f in FACTORS]

    def late(cell: Cell) -> tuple[int, str]:
        steps = sum(place[vars(cell)[name]] for name, place in zip(FACTORS, places, strict=True))
        return steps % 2, sha(cell.name)

    return sorted(cells, key=late)


def draw(cell: Cell, scene: Scene, numbers: Sequence[int], seed: int, items: int | None = None) -> Sheet:
    """Return data sets ``numbers`` of a cell (with ``items`` items: populations), each a criterion of one study.

    Criteria have random streams of their own, so that the data sets are independent. The study's only subset is not
    called ``all``, so that statistics give no rows for single pairs of raters.
    """
    n = items or cell.items
    cell = replace(cell, cluster=1) if items else cell
    sheet = _sheet(replace(cell, items=n), scene, tuple(numbers))
    matrices, ok = {}, []
    for key, number in zip((criterion.key for criterion in sheet.task.criteria), numbers, strict=True):
        values, answered = _answers(cell, scene, n, seeds.rng(seed, "coverage", cell.name, scene, number))
        matrices[key] = values + sheet.task.criteria[0].codes[0]
        ok.append(answered)
    return sheet.filled(matrices, ok)


def _answers(cell: Cell, scene: Scene, n: int, generator: np.random.Generator) -> tuple[Array, np.ndarray]:
    """Return one data set: level numbers (items × raters, judges first), and where each judge did not refuse."""
    model: dict[str, Any] = {"levels": cell.levels, "shares": cell.shares, "rho": cell.rho, "cluster": cell.cluster}
    model["seed"] = int(generator.integers(2**62))
    if scene != "edits":
        alike = [0.0] * cell.people if scene == "innocent" else None
        judges = JUDGES[scene]
        drawn = cells(n, cell.people, severities=alike, judges=judges, missing=cell.missing, **model)
        return drawn.values, np.ones((n, len(judges)), dtype=bool)
    # Lowering the trait by d is the same as raising each rater's severity by d times its loading.
    before = cells(n, cell.people, judges=JUDGES[scene], **model)
    lower = EDIT * float(np.sqrt(cell.rho))
    harsher = [StudyJudge(f"{r.name} again", r.severity + lower * r.loading, r.loading) for r in before.raters]
    values = np.concatenate([before.values, cells(n, 0, judges=harsher, **model).values])
    ok = generator.random((2 * n, 1)) >= REFUSED
    values[:, :1][~ok] = np.nan
    values[:, 1:][generator.random((2 * n, cell.people)) < cell.missing] = np.nan
    return values, ok


@dataclass(frozen=True)
class Sheet(Study):
    """Simulated data sets of one cell side by side: a study with one criterion a data set, whose tables need no check.

    ``ratings`` holds the judges' answers alone: no statistic looks up people's there.
    """

    subset: str = "simulated"
    _kept: dict[str, pd.Series] = field(default_factory=dict, repr=False, compare=False)

    def filled(self, values: Mapping[str, Array], ok: Sequence[np.ndarray]) -> Sheet:
        """Return the study with answers: by criterion items × raters; ``ok`` (each items × judges): not refused."""
        items, judges = self.items["item"].to_numpy(), self.judges()
        keys = pd.Categorical(np.repeat(list(values), len(judges) * len(items)), categories=list(values))
        ratings = pd.DataFrame(
            {
                "item": np.tile(items, len(judges) * len(values)),
                "variant": pd.Categorical(["original"] * len(keys)),
                "criterion": keys,
                "rater": pd.Categorical(np.tile(np.repeat(judges, len(items)), len(values))),
                "rep": 0,
                "value": np.concatenate([cells[:, : len(judges)].T.ravel() for cells in values.values()]),
                "status": pd.Categorical(np.where(np.concatenate([one.T.ravel() for one in ok]), "ok", "refused")),
                "probs": None,
            }
        )
        index, columns = pd.Index(items, name="item"), pd.Index(self._names, name="rater")
        matrices: dict[object, pd.DataFrame] = {
            (key, "original", 0): pd.DataFrame(cells, index, columns) for key, cells in values.items()
        }
        return replace(self, ratings=ratings, _cache=matrices)

    def only(self, judge: str, *, singly: bool) -> Sheet:
        """Return the study with the judges named (all: empty), perhaps with rows for single pairs of raters.

        For statistics that do not look at ``ratings``.
        """
        if singly:
            return replace(self.only(judge, singly=False), subset="all")
        mine = [not judge or name in judge.split() or name in self.people() for name in self._names]
        matrices: dict[object, pd.DataFrame] = {
            key: cells.loc[:, mine] for key, cells in self._cache.items() if isinstance(cells, pd.DataFrame)
        }
        return replace(self, raters=self.raters[mine].reset_index(drop=True), _cache=matrices)

    def people(self, *, aggregates: bool = False) -> list[str]:
        """Return the people."""
        return self._roles["person"]

    def judges(self) -> list[str]:
        """Return the judges."""
        return self._roles["judge"]

    def pools(self) -> dict[str, list[str]]:
        """Return the one pool."""
        return {"people": self.people()}

    def simulated(self, raters: object) -> bool:
        """Everybody is."""
        return True

    def item_column(self, name: str, *, variant: str = "original") -> pd.Series:
        """Return one column of the items, looked up once."""
        if name not in self._kept:
            self._kept[name] = super().item_column(name, variant=variant)
        return self._kept[name]

    def subsets(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield all items, under the name that the scene gives them."""
        yield self.subset, np.ones(len(self.items), dtype=bool)

    @cached_property
    def _names(self) -> list[str]:
        return [str(name) for name in self.raters["rater"]]

    @cached_property
    def _roles(self) -> dict[str, list[str]]:
        roles = list(self.raters["role"])
        return {
            kind: [name for name, role in zip(self._names, roles, strict=True) if role == kind]
            for kind in ("person", "judge")
        }


@lru_cache(maxsize=8)
def _sheet(cell: Cell, scene: Scene, numbers: tuple[int, ...]) -> Sheet:
    """Return the empty study of some data sets of a cell."""
    lowest = 0 if cell.levels == 2 else 1
    levels = tuple(Level(code=code, label=str(code)) for code in range(lowest, lowest + cell.levels))
    scale: Scale = "nominal" if cell.levels == 2 else "ordinal"
    keys = [f"data_set_{number}" if number >= 0 else f"population_{-number}" for number in numbers]
    criteria = tuple(Criterion(key=key, question="", scale=scale, levels=levels) for key in keys)
    names = [f"i{number:06d}" for number in range(cell.items)]
    groups = [f"g{number // cell.cluster:06d}" for number in range(cell.items)]
    items = pd.DataFrame(
        {"item": names, "variant": "original", "group": groups, "text": "", "expect": None}, dtype=object
    )
    if scene == "edits":
        told = [json.dumps({"of": name, "direction": dict.fromkeys(keys, "lower")}) for name in names]
        edits = items.assign(item=[f"j{name[1:]}" for name in names], expect=np.array(told, dtype=object))
        items = pd.concat([items, edits.astype(object)], ignore_index=True)
    judges, people = [judge.name for judge in JUDGES[scene]], [f"h{number + 1}" for number in range(cell.people)]
    raters = pd.DataFrame(
        {
            "rater": [*judges, *people],
            "kind": "simulated",
            "role": ["judge"] * len(judges) + ["person"] * len(people),
            "pool": ["judges"] * len(judges) + ["people"] * len(people),
            "aggregate": "none",
        },
        dtype=object,
    )
    return Sheet(empty_task("simulated", criteria), items, raters, pd.DataFrame())


def _series(q: float, levels: int) -> Array:
    powers = np.arange(levels) * np.log(q)
    heights = np.exp(powers - powers.max())
    return np.asarray(heights / heights.sum())
