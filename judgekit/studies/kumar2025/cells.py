"""The published table, cell by cell: under its own definitions, with the toolkit's own values beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Criterion, Level
from judgekit.studies.kumar2025.files import CITATION, EXPERTS, FRAMEWORKS, Framework
from judgekit.studies.kumar2025.source import CROWD, kumar2025
from judgekit.studies.reproduction import Reproduction, hits, numbered, printed, published
from judgekit.study import Study, empty_task

CONSENSUS = "median(expert)"
POOL = "expert"
#: What the published table calls a side -> the rater here. The published "llm" is one judge, not the mean of three.
SIDES = {**{name: name for name in EXPERTS}, "experts": CONSENSUS, "crowd": CROWD, "llm": "gemini-2.5-pro", POOL: POOL}
KINDS = {"kappa": "weighted kappas", "spearman": "Spearman", "alpha": "expert alphas"}
#: What the toolkit calls the statistic of a published column.
OWN = {"kappa": "weighted_kappa", "spearman": "spearman", "alpha": "alpha"}
#: How many published cells there are of each kind.
WHOLE = {"kappa": 126, "spearman": 126, "alpha": 21}
PAIRS = {"expert–expert": set(EXPERTS), "expert–LLM": {"experts", "llm"}, "expert–crowd": {"experts", "crowd"}}


@dataclass(frozen=True)
class Cell:
    """One published number."""

    framework: str
    criterion: str
    a: str
    b: str
    kind: str
    number: Decimal


@register("reproduce", "kumar2025")
def reproduce(*, published_in: Path | None = None, mirror: Path | str | None = None) -> Reproduction:
    """Kumar et al. (2026), empathic communication: 126 weighted kappas, 126 Spearman correlations, 21 expert alphas.

    ``published_in`` is the folder with the published cells (else experiments/reproduce), ``mirror`` the one with the
    original files. Column ``recomputed`` follows the authors' definitions, ``own`` the toolkit's: its weighted kappa is
    quadratic on the declared values, theirs on the index of the observed categories.
    """
    told = published_cells(published_in)
    studies = {
        name: with_consensus(FRAMEWORKS[name], mirror) for name in dict.fromkeys(cell.framework for cell in told)
    }
    owns = {name: own_values(study) for name, study in studies.items()}
    rows = []
    for cell in told:
        value = recompute(cell.kind, studies[cell.framework].matrix(cell.criterion), cell.a, cell.b)
        own = owns[cell.framework][OWN[cell.kind], cell.criterion, *sorted((SIDES[cell.a], SIDES[cell.b]))]
        rows.append(
            {
                "cell": f"{cell.framework}/{cell.criterion}/{cell.a}–{cell.b}",
                "kind": cell.kind,
                "published": float(cell.number),
                "recomputed": value,
                "ok": hits(cell.number, value),
                "own": own,
                "own_ok": hits(cell.number, own),
                "framework": cell.framework,
                "criterion": cell.criterion,
                "a": cell.a,
                "b": cell.b,
            }
        )
    cells = pd.DataFrame(rows)
    return Reproduction("kumar2025", CITATION, cells, (in_short(cells), *in_full(cells)))


def published_cells(folder: Path | None = None) -> list[Cell]:
    """Return the published numbers, all of them and each once; InputError where the file is damaged."""
    table, path = published("kumar2025", ("framework", "criterion", "a", "b", *KINDS), folder)
    found = []
    for line, row in zip(numbered(path), table.to_dict("records"), strict=True):
        where = f"{path}:{line}"
        name, criterion, a, b = (str(row[column]) for column in ("framework", "criterion", "a", "b"))
        given = [kind for kind in KINDS if row[kind]]
        if not known(name, criterion, a, b, given):
            raise InputError(
                f"no such cell: {', '.join([name, criterion, a, b, *given])}", where=where, fix="restore the file"
            )
        found += [Cell(name, criterion, a, b, kind, printed(str(row[kind]), where)) for kind in given]
    counted = {kind: sum(cell.kind == kind for cell in found) for kind in KINDS}
    once = {(cell.framework, cell.criterion, cell.a, cell.b, cell.kind) for cell in found}
    if counted != WHOLE or len(once) < len(found):
        problem = f"published cells are missing or doubled: {counted}, should be {WHOLE}"
        raise InputError(problem, where=str(path), fix="restore the file")
    return found


def known(framework: str, criterion: str, a: str, b: str, kinds: Sequence[str]) -> bool:
    """Tell whether a line of the published table names a cell: a pair of raters, or the alpha of all experts."""
    if framework not in FRAMEWORKS or criterion not in FRAMEWORKS[framework].criteria:
        return False
    if a == b == POOL:
        return kinds == ["alpha"]
    return a != b and {a, b} <= set(SIDES) - {POOL} and kinds == ["kappa", "spearman"]


def with_consensus(framework: Framework, mirror: Path | str | None = None) -> Study:
    """Return a framework's study with the experts' median as a rater of its own; single crowd workers left out."""
    levels = tuple(Level(code=code, label=str(code)) for code in range(framework.low, framework.high + 1))
    asked = tuple(Criterion(key=key, question=key, scale="interval", levels=levels) for key in framework.criteria)
    study = kumar2025(empty_task(framework.name, asked), framework=framework.name, mirror=mirror)
    study = study.keep(rater for rater in SIDES.values() if rater in set(study.raters["rater"]))
    experts = study.ratings[study.ratings["rater"].isin(EXPERTS)]
    medians = experts.groupby(["item", "criterion"], as_index=False)["value"].median()
    raters = pd.DataFrame([{"rater": CONSENSUS, "kind": "human", "pool": POOL, "aggregate": "median"}])
    return study.join(raters, medians.assign(rater=CONSENSUS))


def recompute(kind: str, cells: pd.DataFrame, a: str, b: str) -> float:
    """Return one published statistic of two sides under the authors' definition; ``cells`` is items × raters."""
    if kind == "alpha":
        return interval_alpha(cells[list(EXPERTS)].to_numpy())
    statistic = index_kappa if kind == "kappa" else rank_correlation
    return statistic(cells[SIDES[a]].to_numpy(), cells[SIDES[b]].to_numpy())


def index_kappa(x: np.ndarray, y: np.ndarray) -> float:
    """Return kappa with quadratic weights on the *index* of the observed categories of ratings × 100.

    A crowd's means of 2 and 2⅓ are then as far apart as 2⅓ and 4, if nothing observed lies between them.
    """
    from sklearn.metrics import cohen_kappa_score

    return float(cohen_kappa_score((x * 100).astype(int), (y * 100).astype(int), weights="quadratic"))


def rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return Spearman's rank correlation."""
    from scipy.stats import spearmanr

    return float(spearmanr(x, y).statistic)


def interval_alpha(ratings: np.ndarray) -> float:
    """Return Krippendorff's alpha at interval level; ``ratings`` is items × raters."""
    import krippendorff

    return float(krippendorff.alpha(reliability_data=ratings.T, level_of_measurement="interval"))


def own_values(study: Study) -> dict[tuple[str, ...], float]:
    """Return the toolkit's own values by (statistic, criterion, the two sides sorted)."""
    from judgekit.stats.battery import estimate

    found = estimate(study, *OWN.values(), n_boot=0)
    found = found[found["subset"] == "all"]
    columns = (found[name] for name in ("statistic", "criterion", "a", "b", "value"))
    return {(s, c, *sorted((a, b))): float(value) for s, c, a, b, value in zip(*columns, strict=True)}


def in_short(cells: pd.DataFrame) -> str:
    """Count the cells that came out: ``126/126 weighted kappas, …``."""
    counted = ((called, cells.loc[cells["kind"] == kind, "ok"]) for kind, called in KINDS.items())
    return ", ".join(f"{int(ok.sum())}/{len(ok)} {called}" for called, ok in counted)


def in_full(cells: pd.DataFrame) -> list[str]:
    """Say the medians, and where the toolkit's own definitions give other values."""
    kappas = cells[cells["kind"] == "kappa"]
    medians = []
    for called, sides in PAIRS.items():
        of_pair = kappas.loc[kappas["a"].isin(sides) & kappas["b"].isin(sides), "recomputed"]
        medians.append(f"{called} {_short(of_pair.median())}")
    others = {kind: int((~cells.loc[cells["kind"] == kind, "own_ok"]).sum()) for kind in KINDS}
    return [
        f"median weighted kappa: {', '.join(medians)}",
        "published weighted kappa: quadratic on the index of the observed categories of ratings × 100; "
        "experts = median of three, LLM = Gemini 2.5 Pro alone",
        f"the toolkit's own weighted kappa, quadratic on the declared values, differs in {others['kappa']} of "
        f"{len(kappas)} cells (column own); its Spearman in {others['spearman']}, its alpha in {others['alpha']}",
    ]


def _short(value: float) -> str:
    """Write a coefficient without its leading zero: .58."""
    return str(Decimal(value).quantize(Decimal("0.01"))).replace("0.", ".", 1)
