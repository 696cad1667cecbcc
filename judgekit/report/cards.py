"""What the atlas shows of each failure: the item, what people said, each judge's answer and why, signals, slices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from judgekit.edges.features import features
from judgekit.edges.index import ranks
from judgekit.edges.mine import Mined
from judgekit.edges.outcome import Outcome, first, outcome
from judgekit.edges.parts import words
from judgekit.edges.signals import SIGNALS
from judgekit.schema import Criterion, Item
from judgekit.study import Study

#: Way of failing -> how it is said of one answer.
BRIEF: Mapping[str, str] = {
    "outside": "outside the spread",
    "farther": "further than most people",
    "costly": "costly side",
    "confident": "confident",
    "refused": "no answer",
    "unstable": "unstable",
}
#: Ways that make a card; the others only say more of one.
MAKES = ("outside", "refused", "unstable")
#: More distinct values than this are summed up.
MOST_LEVELS = 12


@dataclass(frozen=True)
class Level:
    """One level of the scale on one item: how many of each pool gave it, as counts and shares, and which judges."""

    label: str
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    judges: tuple[str, ...]


@dataclass(frozen=True)
class Word:
    """What one judge said of an item: the answer in words, its confidence, how it fails whom, and its reason."""

    judge: str
    said: str
    confidence: float | None
    fails: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Signal:
    """One signal of an item: its value, and its place among all items (0 to 1)."""

    name: str
    value: float
    rank: float


@dataclass(frozen=True)
class Card:
    """One item on one criterion on which a judge fails."""

    item: Item
    criterion: Criterion
    pools: tuple[str, ...]
    levels: tuple[Level, ...]
    summary: str
    judges: tuple[Word, ...]
    signals: tuple[Signal, ...]
    strata: tuple[str, ...]
    slices: tuple[str, ...]
    severity: float
    index: float

    @property
    def ways(self) -> list[str]:
        """Every way in which a judge fails here."""
        said = {text.partition(":")[0] for word in self.judges for text in word.fails}
        return [way for way in BRIEF.values() if way in said]

    @property
    def failing(self) -> list[str]:
        """The judges that fail here."""
        return [word.judge for word in self.judges if word.fails]


def cards(study: Study, mined: Mined, confirmed: Mapping[tuple[str, str], Sequence[str]], seed: int) -> list[Card]:
    """Return a card for each item and criterion on which a judge fails anybody, gravest first.

    ``confirmed`` maps (criterion, judge) to the names of slices that were found.
    """
    shown = {case.item: case for case in study.cases() if case.variant == "original"}
    strata = _strata(study)
    found = []
    for criterion in study.task.criteria:
        of = {
            judge: {pool: outcome(study, criterion, judge, pool) for pool in study.pools()} for judge in study.judges()
        }
        table = mined.table[mined.table["criterion"] == criterion.key].set_index("item")
        placed = {name: ranks(table[name].to_numpy(dtype=float)) for name in SIGNALS}
        inside = _inside(study, criterion, confirmed, seed)
        reasons = {judge: _reasons(study, criterion, judge) for judge in study.judges()}
        for place, item in enumerate(study.matrix(criterion.key).index):
            if not any(_flag(one, way, place) for side in of.values() for one in side.values() for way in MAKES):
                continue
            levels, summary = _levels(study, criterion, place)
            cost = [float(one.cost[place]) for side in of.values() for one in side.values()]
            index = float(table["index"].loc[item]) if item in table.index else float("nan")
            found.append(
                Card(
                    item=shown[str(item)],
                    criterion=criterion,
                    pools=tuple(study.pools()),
                    levels=levels,
                    summary=summary,
                    judges=tuple(_word(study, criterion, place, j, side, reasons[j]) for j, side in of.items()),
                    signals=_signals(table.loc[item], {name: float(at[place]) for name, at in placed.items()}),
                    strata=strata[place],
                    slices=tuple(name for name, mask in inside.items() if mask[place]),
                    severity=max((one for one in cost if np.isfinite(one)), default=0.0),
                    index=index,
                )
            )
    return sorted(found, key=lambda card: (-card.severity, -_or_zero(card.index), card.item.item, card.criterion.key))


def _or_zero(value: float) -> float:
    return value if np.isfinite(value) else 0.0


def _flag(one: Outcome, way: str, place: int) -> bool:
    return way in one.flags and bool(one.flags[way][place] > 0)


def _levels(study: Study, criterion: Criterion, place: int) -> tuple[tuple[Level, ...], str]:
    """Return the levels with who gave them, or a sentence where there are too many values."""
    line: Any = study.matrix(criterion.key).iloc[place]
    people = {pool: np.array([line[name] for name in names], dtype=float) for pool, names in study.pools().items()}
    people = {pool: values[np.isfinite(values)] for pool, values in people.items()}
    judged = {judge: float(line[judge]) for judge in study.judges() if np.isfinite(line[judge])}
    seen = sorted({*np.concatenate([*people.values(), np.array(list(judged.values()), dtype=float)]).tolist()})
    codes = criterion.codes or tuple(seen)
    if len(codes) > MOST_LEVELS:
        parts = [
            f"{pool}: median {np.median(values):.3g}, {values.min():.3g} to {values.max():.3g} ({len(values)} people)"
            for pool, values in people.items()
            if len(values)
        ]
        return (), "; ".join(parts)
    made = []
    for code in codes:
        counts = [int((values == code).sum()) for values in people.values()]
        shares = [c / len(values) if len(values) else 0.0 for c, values in zip(counts, people.values(), strict=True)]
        gave = tuple(judge for judge, value in judged.items() if value == code)
        made.append(Level(worded(criterion, code), tuple(counts), tuple(shares), gave))
    return tuple(made), ""


def worded(criterion: Criterion, value: float) -> str:
    """Write a value with its label: ``2 (unsure)``."""
    code = f"{value:.2f}".rstrip("0").rstrip(".")
    label = criterion.label(value)
    return code if label in (code, f"{value:g}") else f"{code} ({label})"


def _word(
    study: Study, criterion: Criterion, place: int, judge: str, side: Mapping[str, Outcome], rows: pd.DataFrame
) -> Word:
    item = study.matrix(criterion.key).index[place]
    row: Any = rows.loc[item] if item in rows.index else None
    if row is None:
        said = "not asked"
    elif row["status"] == "ok":
        said = worded(criterion, float(row["value"]))
    else:
        said = str(row["status"])
    fails = []
    for way, text in BRIEF.items():
        whom = [pool for pool, one in side.items() if _flag(one, way, place)]
        if whom:
            alone = way in ("refused", "unstable") or len(side) == 1
            fails.append(text if alone else f"{text}: {', '.join(whom)}")
    sure = None if row is None or pd.isna(row["confidence"]) else float(row["confidence"])
    reason = "" if row is None or not isinstance(row["reason"], str) else row["reason"]
    return Word(judge, said, sure, tuple(fails), reason)


def _reasons(study: Study, criterion: Criterion, judge: str) -> pd.DataFrame:
    return first(study, criterion, judge).set_index("item")[["value", "status", "confidence", "reason"]]


def _signals(row: Any, placed: Mapping[str, float]) -> tuple[Signal, ...]:
    """Return the signals that the item has, the one that stands out most first."""
    made = [Signal(name, float(row[name]), at) for name, at in placed.items() if np.isfinite(row[name])]
    return tuple(sorted(made, key=lambda one: -one.rank))


def _strata(study: Study) -> list[tuple[str, ...]]:
    """Return the levels of strata and the edge tags of each item, over the rows of ``study.matrix``."""
    columns = {name: study.item_column(name) for name in study.task.strata}
    tags = study.item_column("edge")
    return [
        (
            *(f"{name}={column.iloc[place]}" for name, column in columns.items() if pd.notna(column.iloc[place])),
            *(f"edge={tag}" for tag in words(tags.iloc[place])),
        )
        for place in range(len(tags))
    ]


def _inside(
    study: Study, criterion: Criterion, confirmed: Mapping[tuple[str, str], Sequence[str]], seed: int
) -> dict[str, np.ndarray]:
    """Return where each confirmed slice of a criterion holds; parts that are groups of people hold everywhere."""
    names = [name for (key, _), found in confirmed.items() if key == criterion.key for name in found]
    if not names:
        return {}
    known = {one.name: one.mask for one in features(study, seed=seed)}
    made = {}
    for name in dict.fromkeys(names):
        masks = [known[part] for part in name.split(" & ") if part in known]
        if masks:
            made[name] = np.all(masks, axis=0)
    return made


def slices_of(estimates: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """Return the names of the slices that a run confirmed, by criterion and judge."""
    rows = estimates[(estimates["statistic"] == "slices.rate") & (estimates["verdict"] == "yes")]
    found: dict[tuple[str, str], list[str]] = {}
    for criterion, judge, name in rows[["criterion", "a", "subset"]].itertuples(index=False):
        found.setdefault((str(criterion), str(judge)), []).append(str(name))
    return found


def choices(texts: Iterable[Sequence[str]]) -> list[str]:
    """Return what can be chosen in a filter: every word that a card has, once, sorted."""
    return sorted({text for some in texts for text in some})
