"""How sure a judge is of each answer: what it said, its probabilities, its repeats, other judges, edits; or all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from judgekit import seeds
from judgekit.edges.calibrators import crossfitted, folds_of
from judgekit.edges.judged import Judged
from judgekit.errors import InputError, listed
from judgekit.stats.edited import edited
from judgekit.stats.resample import Array
from judgekit.stats.soft import parsed

if TYPE_CHECKING:
    from judgekit.schema import Criterion
    from judgekit.study import Study

Signal = Literal["auto", "probs", "given", "reps", "jury", "probes", "combined"]
#: The signals in the order in which ``auto`` looks for one.
SIGNALS: dict[str, str] = {
    "probs": "the probability that the judge's own distribution gives its answer",
    "given": "the confidence that the judge gave",
    "reps": "how near the judge's repeats are to its answer",
    "jury": "how near the other judges are to its answer",
    "probes": "how near its answers to neutral edits are to its answer",
}
#: A signal known on a smaller share of a judge's answers is not there.
LEAST_KNOWN = 0.5


def signals(study: Study, one: Judged) -> dict[str, Array]:
    """Return the signals that there are of a judge's confidence, each over the items (n, 0 to 1, NaN unknown).

    Nearness of two answers is 1 where they are equal, else 0 on nominal scales and 1 - distance / span on others. A
    signal that is known of less than half of the answers, or is the same on all, is left out.
    """
    key = one.criterion.key
    found = study.once(("confidence", key, one.judge), partial(_signals, study, one))
    return dict(found)


def _signals(study: Study, one: Judged) -> dict[str, Array]:
    answered = np.isfinite(one.answers)
    made = {
        "probs": _probs(study, one),
        "given": _given(study, one),
        "reps": _reps(study, one),
        "jury": _jury(study, one),
        "probes": _probes(study, one),
    }
    kept = {}
    for name, signal in made.items():
        signal = np.where(answered, signal, np.nan)
        known = np.isfinite(signal)
        if answered.any() and known.sum() >= LEAST_KNOWN * answered.sum() and np.ptp(signal[known]) > 1e-12:
            kept[name] = signal
    return kept


def confidence(
    study: Study, one: Judged, signal: Signal = "auto", *, folds: int = 5, seed: int = 0
) -> tuple[Array, str, bool]:
    """Return a judge's confidence in each answer (n, NaN unknown), which signal it is, and whether it was fitted.

    ``auto`` takes the first of probs, given, reps, jury, probes that there is, without a look at people's labels.
    ``combined`` is the probability of agreement by a logistic model of all signals, cross-fitted over clusters of
    items in ``folds`` parts: no item's confidence rests on its own label. InputError names what a judge lacks.
    """
    if signal not in ("auto", "combined", *SIGNALS):
        raise InputError(f"no confidence is called '{signal}'", fix=f"choose: auto, combined, {listed(SIGNALS)}")
    there = signals(study, one)
    if not there:
        return np.full(len(one.answers), np.nan), "", False
    if signal == "combined":
        X, known = stacked(there, one)
        part = folds_of(one.part.groups, folds, seeds.rng(seed, "folds", one.criterion.key, one.judge))
        fitted = crossfitted(X, one.agreed, known & one.known, part, "logistic")
        return np.where(known, fitted, np.nan), f"combined ({', '.join(there)})", True
    if signal == "auto":
        name = next(name for name in SIGNALS if name in there)
        return there[name], name, False
    if signal not in there:
        return np.full(len(one.answers), np.nan), "", False
    return there[signal], signal, False


def stacked(there: dict[str, Array], one: Judged) -> tuple[Array, NDArray[np.bool_]]:
    """Return the signals side by side (n × signals; a missing one is its mean), and where the judge answered."""
    columns = [np.where(np.isfinite(s), s, np.nanmean(s)) for s in there.values()]
    return np.column_stack(columns), np.isfinite(one.answers)


def lacking(signal: Signal) -> str:
    """Say why a judge has no confidence."""
    if signal in ("auto", "combined"):
        return "no confidence: the judge gave none, and has no probabilities, reps, jury or probes that differ"
    return f"no confidence: {SIGNALS[signal]} is not known, or the same on all items"


def nearness(answers: Array, others: Array, criterion: Criterion) -> Array:
    """Return how near other answers (n × k, NaN missing) are to these (n) on average; NaN where there is none."""
    if criterion.scale == "nominal":
        near = np.equal(answers[:, None], others).astype(float)
    else:
        ends = criterion.codes or tuple(answers[np.isfinite(answers)]) or (0.0, 1.0)
        span = max(max(ends) - min(ends), 1e-12)
        near = 1 - np.minimum(np.abs(np.where(np.isfinite(others), others, 0.0) - answers[:, None]) / span, 1.0)
    there = np.isfinite(others) & np.isfinite(answers)[:, None]
    n = there.sum(axis=1)
    return np.where(n > 0, np.where(there, near, 0.0).sum(axis=1) / np.maximum(n, 1), np.nan)


def _rows(study: Study, one: Judged, column: str) -> tuple[NDArray[np.intp], list[object]]:
    """Return the items and the cells of a column of the judge's rep 0 answers to originals."""
    import pandas as pd

    r = study.ratings
    mine = (r["criterion"] == one.criterion.key) & (r["rater"] == one.judge) & (r["variant"] == "original")
    mine &= (r["rep"] == 0) & (r["status"] == "ok") & r[column].notna()
    rows = r.loc[mine, ["item", column]]
    places = study.matrix(one.criterion.key).index.get_indexer(pd.Index(rows["item"]))
    return np.asarray(places), list(rows[column])


def _given(study: Study, one: Judged) -> Array:
    found = np.full(len(one.answers), np.nan)
    places, cells = _rows(study, one, "confidence")
    found[places] = np.array(cells, dtype=float)
    return found


def _probs(study: Study, one: Judged) -> Array:
    found, codes = np.full(len(one.answers), np.nan), one.criterion.codes
    if not codes:
        return found
    places, cells = _rows(study, one, "probs")
    for place, cell in zip(places, cells, strict=True):
        mine = np.flatnonzero(np.equal(codes, one.answers[place]))
        if len(mine):
            found[place] = parsed(str(cell), one.criterion, codes)[mine[0]]
    return found


def _reps(study: Study, one: Judged) -> Array:
    key, r = one.criterion.key, study.ratings
    mine = (r["criterion"] == key) & (r["rater"] == one.judge) & (r["variant"] == "original") & (r["rep"] > 0)
    again = sorted(int(rep) for rep in r.loc[mine, "rep"].unique())
    if not again:
        return np.full(len(one.answers), np.nan)
    others = np.column_stack([study.matrix(key, rep=rep)[one.judge].to_numpy(dtype=float) for rep in again])
    return nearness(one.answers, others, one.criterion)


def _jury(study: Study, one: Judged) -> Array:
    others = [judge for judge in study.judges() if judge != one.judge]
    if not others:
        return np.full(len(one.answers), np.nan)
    return nearness(one.answers, one.part.matrix(others), one.criterion)


def _probes(study: Study, one: Judged) -> Array:
    everywhere = np.ones(len(one.answers), dtype=bool)
    neutral = [
        np.where(found.move == 0, found.answers, np.nan)
        for found in edited(study, one.part, everywhere)
        if found.judge == one.judge
    ]
    if not neutral:
        return np.full(len(one.answers), np.nan)
    return nearness(one.answers, np.column_stack(neutral), one.criterion)
