"""Reference values read in place, and rating matrices to try statistics on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from judgekit.stats.panel import Panel
from judgekit.study import Study

#: What R calls a set of weights -> what judgekit does.
R_WEIGHTS = {"unweighted": "identity"}


def read(reference: Path, name: str) -> Any:
    """Return one JSON file of the reference values."""
    return json.loads((reference / name).read_text(encoding="utf-8"))


def data_sets(reference: Path) -> Iterator[tuple[str, np.ndarray, dict[str, Any]]]:
    """Yield name, ratings (items × raters, NaN missing) and R's results of each fixed data set."""
    for name, results in read(reference, "r_reference.json").items():
        yield name, pd.read_csv(reference / "data" / name).to_numpy(float), results


def published_panels(reference: Path) -> Iterator[tuple[str, np.ndarray, dict[str, Any]]]:
    """Yield the published panels shipped with irrCAC; letters become 1, 2, … and blanks NaN."""
    for name, entry in read(reference, "r_published_examples.json")["irrCAC"].items():
        if "data" in entry:
            yield name, coded(entry["data"]), entry["coefs"]


def coded(columns: dict[str, list[str | None]]) -> np.ndarray:
    """Return columns of words as numbers: numerals as they are, other words by rank, blanks NaN."""
    words = [[(cell or "").strip() for cell in column] for column in columns.values()]
    seen = sorted({word for column in words for word in column if word})
    code = {word: float(word) if word.isdigit() else rank + 1.0 for rank, word in enumerate(seen)}
    return np.array([[code.get(word, np.nan) for word in column] for column in words]).T


def codes_of(X: np.ndarray) -> tuple[float, ...]:
    """Return the values seen, low to high."""
    return tuple(float(v) for v in np.unique(X[np.isfinite(X)]))


def spread(counted: Any) -> np.ndarray:
    """Return a panel (items × raters) with these counts of levels 0, 1, … an item."""
    table = np.asarray(counted, dtype=int)
    most = int(table.sum(axis=1).max())
    lines = [np.repeat(np.arange(table.shape[1], dtype=float), line) for line in table]
    return np.array([np.pad(line, (0, most - len(line)), constant_values=np.nan) for line in lines])


def pairs_of_table(table: Any) -> np.ndarray:
    """Return two raters' ratings (n × 2, levels 0, 1, …) with this joint table."""
    cells = np.asarray(table, dtype=int)
    return np.array([[i, j] for (i, j), n in np.ndenumerate(cells) for _ in range(n)], dtype=float)


def drawn(
    rng: np.random.Generator, n: int, raters: int, codes: tuple[float, ...], missing: float = 0.0, noise: float = 0.6
) -> np.ndarray:
    """Return ratings that share a trait: items × raters, cells missing at random, raters of unequal severity."""
    trait = rng.standard_normal(n)[:, None] + noise * rng.standard_normal((n, raters)) + rng.normal(0, 0.3, raters)
    index = np.clip(np.digitize(trait, np.linspace(-1, 1, len(codes) + 1)[1:-1]), 0, len(codes) - 1)
    X = np.asarray(codes)[index]
    return np.where(rng.random((n, raters)) < missing, np.nan, X)


class Observed(Panel):
    """Weighted percent agreement: no correction for chance."""

    def chance(self, p: np.ndarray) -> np.ndarray:
        return np.zeros(p.shape[:-1])

    def slope(self, p: np.ndarray) -> np.ndarray:
        return np.zeros_like(p)


@st.composite
def panels(draw: st.DrawFn, *, levels: int = 3, most_items: int = 12, most_raters: int = 4, gaps: bool = True) -> Any:
    """Draw ratings of levels 1 … K by 2 to 4 raters; with ``gaps`` some cells are missing."""
    n, raters = draw(st.integers(2, most_items)), draw(st.integers(2, most_raters))
    low = 0 if gaps else 1
    cells = draw(arrays(np.int64, (n, raters), elements=st.integers(low, levels)))
    return np.where(cells == 0, np.nan, cells.astype(float))


def study_of(
    X: np.ndarray,
    scale: str = "nominal",
    levels: list[object] | None = None,
    judges: tuple[str, ...] = (),
    groups: list[str] | None = None,
) -> Study:
    """Return a study of ratings X (items × raters h1, h2 …); raters named in ``judges`` come first in X."""
    names = [*judges, *(f"h{k + 1}" for k in range(X.shape[1] - len(judges)))]
    rows = [
        {"item": f"i{i:04d}", "rater": names[r], "value": X[i, r], "kind": "judge" if names[r] in judges else "human"}
        for r, i in np.argwhere(np.isfinite(X.T))
    ]
    frame = pd.DataFrame(rows)
    if groups is not None:
        frame["group"] = [groups[int(item[1:])] for item in frame["item"]]
    return Study.from_frame(frame, scale=scale, levels=levels)
