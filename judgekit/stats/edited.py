"""A judge's answers to the edits of a probe beside its answers to the originals, on one slice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.contrast import MOVES
from judgekit.stats.pairings import Slice
from judgekit.stats.resample import Array
from judgekit.stats.swap import SWAPPED

if TYPE_CHECKING:
    from judgekit.study import Study

#: (variant, criterion) -> item -> the move that the edit asks for: -1, 0, 1.
Moves = Mapping[tuple[str, str], Mapping[str, int]]


@dataclass(frozen=True)
class Edited:
    """The answers of a judge to a probe's edits, over the n items of a slice; NaN missing.

    ``move`` is what the probe asks of each item's value (-1, 0, 1; NaN: it leaves the criterion open), ``applied`` is
    where the items table has the edit. ``reps`` are the answers to the original (n × reps, rep 0 first).
    """

    judge: str
    probe: str
    answers: Array
    reps: Array
    move: Array
    applied: NDArray[np.bool_]

    @property
    def original(self) -> Array:
        """The answers to the original that the edit's are compared with."""
        return np.asarray(self.reps[:, 0])

    @property
    def both(self) -> NDArray[np.bool_]:
        """Where the judge answered both forms."""
        return np.isfinite(self.answers) & np.isfinite(self.original)


def probes_of(study: Study) -> list[str]:
    """Return the variants that are not the original, in the order of the items table.

    Those with a colon in their name belong to one judge and criterion each: ``faithful`` reads them.
    """
    return [str(name) for name in dict.fromkeys(study.items["variant"]) if name != "original" and ":" not in str(name)]


def moves(study: Study) -> Moves:
    """Return what each variant asks of each criterion of its item; items that it leaves open are not there.

    Read from the items' ``expect`` column (``direction``: criterion → lower | higher | same). The other order of a
    pair or a list, which declares nothing, asks for the same answer.
    """
    found: dict[tuple[str, str], dict[str, int]] = {}
    rows = study.items.loc[study.items["variant"] != "original", ["item", "variant", "expect"]]
    same = {criterion.key: "same" for criterion in study.task.criteria}
    for item, variant, text in rows.itertuples(index=False):
        ways = json.loads(text).get("direction", {}) if text else same if variant == SWAPPED else {}
        for key, way in ways.items():
            found.setdefault((str(variant), key), {})[str(item)] = MOVES[way]
    return found


def edited(study: Study, part: Slice, mask: NDArray[np.bool_]) -> Iterator[Edited]:
    """Yield each judge with each probe that it was asked of; ``mask`` is where the slice's items are among all."""
    key = part.criterion.key
    asked_for = study.once("moves of edits", lambda: moves(study))
    ratings = study.ratings[study.ratings["criterion"] == key]
    asked = set(zip(ratings["rater"], ratings["variant"], strict=True))
    reps = sorted(int(rep) for rep in ratings.loc[ratings["variant"] == "original", "rep"].unique()) or [0]
    reps = [0, *(rep for rep in reps if rep != 0)]
    items = study.matrix(key).index[mask]
    originals = [study.matrix(key, rep=rep).loc[items] for rep in reps]
    for probe in probes_of(study):
        answers = study.matrix(key, variant=probe)
        applied = items.isin(answers.index)
        answers = answers.reindex(items)
        wanted = asked_for.get((probe, key), {})
        move = np.array([wanted.get(str(item), np.nan) for item in items], dtype=float)
        for judge in study.judges():
            if (judge, probe) not in asked or not applied.any():
                continue
            own = np.column_stack([table[judge].to_numpy(dtype=float) for table in originals])
            yield Edited(judge, probe, answers[judge].to_numpy(dtype=float), own, move, np.asarray(applied))
