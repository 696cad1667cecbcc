"""What items have that a slice may be made of: levels of strata, edge tags, cues in the text, length, text clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.edges.parts import words
from judgekit.edges.signals.base import shown
from judgekit.edges.signals.cues import found, lists

if TYPE_CHECKING:
    from judgekit.study import Study

#: A stratum with more levels than this is taken for a name.
MOST_LEVELS = 60
#: Dimensions that texts are reduced to before they are clustered.
DIMENSIONS = 20


@dataclass(frozen=True)
class Feature:
    """One property of items: ``name`` (``topic=grief``), where it holds (n), and the column that it is a level of."""

    name: str
    column: str
    mask: NDArray[np.bool_]


def features(study: Study, *, clusters: int = 8, seed: int = 0) -> list[Feature]:
    """Return the features of a study's original items, in the order of ``study.matrix``.

    ``clusters`` is the number of groups that the texts are put into (0: none). No rating is looked at.
    """
    return study.once(("features", clusters, seed), lambda: list(_features(study, clusters, seed)))


def _features(study: Study, clusters: int, seed: int) -> Iterator[Feature]:
    for stratum in study.task.strata:
        column = study.item_column(stratum)
        levels = sorted(column.dropna().unique(), key=str)
        if len(levels) <= MOST_LEVELS:
            yield from (Feature(f"{stratum}={level}", stratum, (column == level).to_numpy()) for level in levels)
    tags = [words(cell) for cell in study.item_column("edge")]
    for tag in sorted({tag for one in tags for tag in one}):
        yield Feature(f"edge={tag}", f"edge={tag}", np.array([tag in one for one in tags]))
    texts = shown(study)
    if not any(text.strip() for text in texts):
        return
    for cue in lists():
        yield Feature(f"cue={cue}", f"cue={cue}", np.array([bool(found(cue, text)) for text in texts]))
    yield from _length(texts)
    if clusters > 1:
        yield from _clusters(texts, clusters, seed)


def _length(texts: list[str]) -> Iterator[Feature]:
    n = np.array([len(text.split()) for text in texts])
    low, high = np.quantile(n, [1 / 3, 2 / 3])
    if low < high:
        yield Feature(f"length=up to {low:.0f} words", "length", n <= low)
        yield Feature(f"length=over {high:.0f} words", "length", n > high)


def _clusters(texts: list[str], clusters: int, seed: int) -> Iterator[Feature]:
    """Yield clusters of texts by their words, each named by the words that set it apart."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from threadpoolctl import threadpool_limits

    try:
        made = TfidfVectorizer(min_df=2, max_df=0.5, stop_words="english", sublinear_tf=True)
        X = made.fit_transform(texts)
    except ValueError:  # nothing but stop words, or no word twice
        return
    if X.shape[1] < 2 or len(set(texts)) <= clusters:
        return
    state = int(seeds.rng(seed, "text clusters").integers(2**31))
    with threadpool_limits(1):  # sums in another order would move a text at the border of two clusters
        reduced = TruncatedSVD(min(DIMENSIONS, X.shape[1] - 1), random_state=state).fit_transform(X)
        number = KMeans(clusters, n_init=1, random_state=state).fit_predict(reduced)
    terms = made.get_feature_names_out()
    overall = np.asarray(X.mean(axis=0)).ravel()
    for one in range(clusters):
        mask = number == one
        if mask.any():
            apart = np.asarray(X[mask].mean(axis=0)).ravel() - overall
            named = ", ".join(str(terms[place]) for place in np.argsort(-apart, kind="stable")[:3])
            yield Feature(f"text={named}", "text", mask)
