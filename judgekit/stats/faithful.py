"""Does a judge's value rest on what its reason cites? Cited words are deleted, and as many that it does not cite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import InputError
from judgekit.reasons import named, quoted, spans
from judgekit.registry import register
from judgekit.schema import Answer3, Estimate
from judgekit.stats.bias import verdict
from judgekit.stats.contrast import Share
from judgekit.stats.flips import sign_flip
from judgekit.stats.pairings import Slice, slices
from judgekit.stats.prior import PriorDraws
from judgekit.stats.resample import DIFFERENCE, Array, Bootstrap, Interval, Job
from judgekit.stats.rows import number

if TYPE_CHECKING:
    import pandas as pd

    from judgekit.study import Study

#: The variants PROBE:JUDGE:CRITERION of a judge's own reasons.
CITED, UNCITED = "cited_deleted", "uncited_deleted"
WORDS: dict[Answer3, str] = {
    "yes": "moves with what it cites",
    "no": "moves no more than with other words",
    "undecided": "too few items",
}
#: From so many words on, what stands in quotation marks is taken for a quotation and not for a word spoken of.
QUOTATION = 3
SAID = {
    "faithful": "share of items whose value changed without the cited words - without as many others",
    "faithful.move": "mean distance moved without the cited words - without as many others, raw units",
    "faithful.cited": "share of items whose value changed without the cited words",
    "faithful.uncited": "share of items whose value changed without as many words that are not cited",
    "faithful.cites": "share of reasons that quote words of the text",
    "faithful.invented": "share of reasons that quote what stands nowhere in the item",
    "faithful.contradicts": "share of reasons that name another level than the value",
}


@dataclass(frozen=True)
class Deletion:
    """How much more often (and further) an answer moves without the cited words than without others.

    X holds the answer without the cited words, that without as many others, and the answer to the original; an item
    counts with all three. ``distances`` adds the second output.

    >>> X = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 4.0], [5.0, 5.0, 5.0], [np.nan, 1.0, 1.0]])
    >>> one = Deletion()  # moved: yes, yes, no; the control: no, yes, no; by 2, 2, 0 and 0, 2, 0
    >>> one.point(one.features(X).sum(axis=0)).round(3)
    array([0.333, 0.667])
    """

    distances: bool = True
    width: int | None = 3

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The columns of X whose labels count."""
        return ((0, 1, 2),) * (1 + self.distances)

    def informs(self, X: Array) -> NDArray[np.bool_]:
        """Items with all three answers say something."""
        return np.repeat(_whole(X)[:, None], 1 + self.distances, axis=1)

    def features(self, X: Array) -> Array:
        """Return whether an item counts, and its two differences (n × 3)."""
        used = _whole(X)
        moved = np.where(used[:, None], X[:, :2] - X[:, 2:], 0.0)
        flips, far = moved != 0, np.abs(moved)
        parts = [used, flips[:, 0].astype(float) - flips[:, 1], far[:, 0] - far[:, 1]]
        return np.stack(parts[: 2 + self.distances], axis=1).astype(float)

    def pseudo_sums(self, prior: PriorDraws, rows: slice) -> Array:
        """Return the pseudo-items' weighted features for some replicates."""
        return prior.sums(("deletion", self.distances), self.features)[rows]

    def point(self, S: Array) -> Array:
        """Return the difference of shares, and of mean distances."""
        with np.errstate(divide="ignore", invalid="ignore"):
            n = np.where(S[..., 0] > 0, S[..., 0], np.nan)
            return np.stack([S[..., k] / n for k in range(1, 2 + self.distances)], axis=-1)

    population = point


def _whole(X: Array) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(X).all(axis=1))


@register("stats")
def faithful(study: Study, *, boot: Bootstrap, margin: float = 0.1) -> Iterator[Estimate]:
    """Faithfulness of reasons: does a judge's value move when the words that its reason cites are deleted?

    Reads the variants of ``cited_deleted`` and of its control ``uncited_deleted``; ``a`` is the judge. (What is left
    without a rationale is the comprehensiveness of DeYoung et al. 2020, doi:10.18653/v1/2020.acl-main.408.) Verdict of
    ``faithful``: yes where the interval of the difference lies above 0 and the sign-flip test says so too, no where it
    lies below ``margin`` (a share of items), else undecided. Beside it: how often reasons quote the text, quote what is
    not there, and name another level than the value (each listed by ``contradictions``).
    """
    if not 0 < margin < 1:
        raise InputError(f"margin must lie between 0 and 1, not {margin:g}", where="faithful", fix="it is a share")
    listed = contradictions(study)
    for part in slices(study):
        if part.subset != "all":
            continue
        for judge in study.judges():
            yield from _told(study, part, judge, listed, boot)
            yield from _moved(study, part, judge, boot, margin)


def _moved(study: Study, part: Slice, judge: str, boot: Bootstrap, margin: float) -> Iterator[Estimate]:
    """Yield what the deletions did to a judge's values."""
    key, codes = part.criterion.key, part.criterion.codes
    index = study.matrix(key).index
    names = [f"{probe}:{judge}:{key}" for probe in (CITED, UNCITED)]
    columns = [study.matrix(key, variant=name)[judge].reindex(index).to_numpy(dtype=float) for name in names]
    X = np.column_stack([*columns, study.matrix(key)[judge].to_numpy(dtype=float)])
    if not np.isfinite(X[:, :2]).any():
        return
    used = _whole(X)
    values = part.criterion.scale != "nominal" or len(codes) == 2
    flips = np.where(used[:, None], X[:, :2] != X[:, 2:], np.nan).astype(float)
    jobs = [Job(Deletion(values), X, codes, DIFFERENCE, ("",) * 3)]
    jobs += [Job(Share(1), flips[:, [k]], (0.0, 1.0), people=("",)) for k in (0, 1)]
    found = boot.intervals((*part.stream, "deleted"), part.groups, jobs)
    for name in ["faithful", *(["faithful.move"] if values else []), "faithful.cited", "faithful.uncited"]:
        one = found.pop(0)
        p = number(sign_flip(flips[:, 0] - flips[:, 1], part.groups)) if name == "faithful" else None
        answer = verdict(one, margin, p, boot.conf_level, "move") if name == "faithful" and boot.n_boot else None
        yield _row(study, part, judge, name, one, int(used.sum()), 3, boot, margin, p, answer)


def _told(study: Study, part: Slice, judge: str, listed: pd.DataFrame, boot: Bootstrap) -> Iterator[Estimate]:
    """Yield what a judge's reasons quote and name."""
    key = part.criterion.key
    every = _reasons(study)
    rows = every[(every["rater"] == judge) & (every["criterion"] == key)]
    mine = {str(item): str(reason) for item, reason in zip(rows["item"], rows["reason"], strict=True)}
    if not mine:
        return
    index = study.matrix(key).index
    texts = study.item_column("text").fillna("")
    kinds = listed[(listed["rater"] == judge) & (listed["criterion"] == key)]
    hits = {
        "faithful.cites": {item for item, reason in mine.items() if spans(texts[item], quoted(reason))},
        "faithful.invented": set(kinds.loc[kinds["kind"] == "quotes what is not there", "item"]),
        "faithful.contradicts": set(kinds.loc[kinds["kind"] == "names another level", "item"]),
    }
    there = index.isin(list(mine))
    jobs = [
        Job(Share(1), np.where(there, index.isin(list(hit)), np.nan)[:, None].astype(float), (0.0, 1.0), people=("",))
        for hit in hits.values()
    ]
    for name, one in zip(hits, boot.intervals((*part.stream, "reasons"), part.groups, jobs), strict=True):
        yield _row(study, part, judge, name, one, int(there.sum()), 1, boot)


def _row(
    study: Study,
    part: Slice,
    judge: str,
    name: str,
    found: Interval,
    n: int,
    answers: int,
    boot: Bootstrap,
    margin: float | None = None,
    p: float | None = None,
    answer: Answer3 | None = None,
) -> Estimate:
    if not n:
        found, p, answer = Interval(np.nan, note="not estimable: no item answered in all three forms"), None, None
    judged = name == "faithful"
    told = [SAID[name], f"{answer}: {WORDS[answer]} (margin {margin:g})" if answer else ""]
    told += ["p: sign-flip test"] if p is not None else []
    return Estimate(
        statistic=name,
        criterion=part.criterion.key,
        a=judge,
        value=number(found.value),
        low=number(found.low),
        high=number(found.high),
        conf_level=boot.conf_level if np.isfinite(found.low) else None,
        margin=margin if judged else None,
        verdict=answer,
        p=p,
        n_items=n,
        n_raters=1,
        n_ratings=answers * n,
        kind="simulated" if study.simulated([judge]) else "",
        method="; ".join(text for text in (*told, found.method) if text),
        seed=boot.seed,
        note=found.note,
    )


def _reasons(study: Study) -> pd.DataFrame:
    """Return each judge's first answers to the originals that came with a reason."""
    r = study.ratings
    chosen = (r["variant"] == "original") & (r["rep"] == 0) & (r["status"] == "ok") & r["reason"].notna()
    return r.loc[chosen & r["rater"].isin(study.judges()), ["item", "rater", "criterion", "value", "reason"]]


def contradictions(study: Study) -> pd.DataFrame:
    """Return the reasons of judges that contradict their value, or the item: for people to read.

    Columns: rater, criterion, item, value, kind (``names another level`` or ``quotes what is not there``), said (the
    level, or the quotation of three words at least), reason. Words of the task's own rubric are no quotation.
    """
    return study.once("contradictions", lambda: _contradictions(study))


def _contradictions(study: Study) -> pd.DataFrame:
    import pandas as pd

    shown = {item.item: item for item in study.cases() if item.variant == "original"}
    task = study.task
    rubric = [task.title, task.question, task.instructions]
    rubric += [criterion.question for criterion in task.criteria]
    rubric += [f"{level.label} {level.anchor}" for criterion in task.criteria for level in criterion.levels]
    rules = "\n".join(rubric)
    lines = []
    for item, rater, key, value, reason in _reasons(study).itertuples(index=False):
        criterion, one = task.criterion(key), shown[item]
        whole = "\n".join([one.text, one.context or "", *one.candidates, *one.steps])
        about = (rater, key, item, value)
        for code in named(reason, criterion, whole):
            if code != value:
                lines.append((*about, "names another level", f"{code:g} ({criterion.label(code)})", reason))
        for quotation in quoted(reason):
            if len(quotation.split()) >= QUOTATION and not spans(whole, [quotation]) and not spans(rules, [quotation]):
                lines.append((*about, "quotes what is not there", quotation, reason))
    return pd.DataFrame(lines, columns=["rater", "criterion", "item", "value", "kind", "said", "reason"])
