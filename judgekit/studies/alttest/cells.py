"""The published winning rates and advantage probabilities, recomputed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Source, Task
from judgekit.stats.advantage import AltTest, alternative_annotator_test
from judgekit.stats.alt_test import PASS
from judgekit.studies.alttest.files import CITATION, PROVIDERS, SETS
from judgekit.studies.alttest.source import KEY, alttest
from judgekit.studies.reproduction import Reproduction, hits, numbered, printed, published
from judgekit.study import Study

COLUMNS = ("dataset", "judge", "metric", "epsilon", "winning_rate", "advantage_probability", "verdict")
#: What the published table calls a kind of cell -> its name in words.
KINDS = {"winning_rate": "winning rates", "advantage_probability": "advantage probabilities"}
#: How many judges and sets the published table has.
WHOLE = 52


@register("reproduce", "alttest")
def reproduce(*, published_in: Path | None = None, mirror: Path | str | None = None) -> Reproduction:
    """Calderon et al. (2025), alternative annotator test: 52 winning rates and 52 advantage probabilities in nine sets.

    ``published_in`` is the folder with the published cells (else experiments/reproduce), ``mirror`` the one with the
    original files.
    """
    table, path = published("alttest", COLUMNS, published_in)
    studies: dict[str, Study] = {}
    rows, verdicts = [], 0
    for line, cell in zip(numbered(path), table.to_dict("records"), strict=True):
        where = f"{path}:{line}"
        name, judge = str(cell["dataset"]), str(cell["judge"])
        if name not in SETS or judge not in PROVIDERS or cell["metric"] not in ("accuracy", "neg_rmse"):
            raise InputError(f"no such cell: {name}, {judge}, {cell['metric']}", where=where, fix="restore the file")
        if name not in studies:
            studies[name] = alttest(Task(name="alttest", source=Source(kind="alttest")), dataset=name, mirror=mirror)
        found = recompute(studies[name], judge, cell["metric"], float(printed(str(cell["epsilon"]), where)))
        verdicts += (found.omega >= PASS) == (cell["verdict"] == "PASSED")
        rows += [
            row(f"{name}/{judge}", kind, printed(str(cell[kind]), where), value)
            for kind, value in zip(KINDS, (found.omega, found.advantage), strict=True)
        ]
    cells = pd.DataFrame(rows)
    if len(table) != WHOLE or cells.duplicated(["cell", "kind"]).any():
        problem = f"published cells are missing or doubled: {len(table)} lines, not {WHOLE}"
        raise InputError(problem, where=str(path), fix="restore the file")
    counted = ((called, cells.loc[cells["kind"] == kind, "ok"]) for kind, called in KINDS.items())
    lines = (
        ", ".join(f"{int(ok.sum())}/{len(ok)} {called}" for called, ok in counted),
        f"{verdicts}/{len(table)} verdicts (passed where the winning rate is at least {PASS:g})",
        "an item counts with two people and the judge; a person with fewer than 30 such items is left out",
    )
    return Reproduction("alttest", CITATION, cells, lines)


def recompute(study: Study, judge: str, metric: Any, epsilon: float) -> AltTest:
    """Return the published test of one judge of a set."""
    ratings = study.matrix(KEY)
    people = ratings[study.people()].to_numpy()
    return alternative_annotator_test(ratings[judge].to_numpy(), people, metric=metric, epsilon=epsilon)


def row(cell: str, kind: str, number: Decimal, value: float) -> dict[str, Any]:
    """Return one cell: as published, as recomputed, and whether the two agree to the digits printed."""
    return {"cell": cell, "kind": kind, "published": float(number), "recomputed": value, "ok": hits(number, value)}
