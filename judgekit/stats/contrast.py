"""Contrast pairs: does a rater move in the direction that an edit must move it, and is it right on both sides?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from judgekit.registry import register
from judgekit.schema import Criterion, Estimate
from judgekit.stats.phenomena import phenomena as about
from judgekit.stats.resample import Array, Bootstrap, Job
from judgekit.stats.rows import number
from judgekit.stats.spread import beyond, compact

if TYPE_CHECKING:
    import pandas as pd

    from judgekit.study import Study

MOVES = {"lower": -1, "same": 0, "higher": 1}
#: Of fewer pairs a phenomenon has no row of its own; under the second number a note warns.
LEAST, FEW = 5, 10
SAID = {
    "contrast": "share of contrast pairs",
    "contrast.tied": "share of contrast pairs",
    "contrast.against": "share of contrast pairs",
    "contrast.consistent": "share of contrast pairs with both sides within the spread of people",
}


@dataclass(frozen=True)
class Share:
    """A share over pairs, one column a rater (1, 0, NaN not asked).

    With one rater its prior is Dirichlet(½, ½), that of Jeffreys' interval for a binomial share.
    """

    width: int | None

    def features(self, X: Array) -> Array:
        """Return each pair's number of answers and of hits (n × 2)."""
        return np.stack([np.isfinite(X).sum(axis=1), np.nansum(X, axis=1)], axis=1).astype(float)

    def point(self, S: Array) -> Array:
        """Return hits over answers."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(S[..., 0] > 0, S[..., 1] / S[..., 0], np.nan))

    population = point


@dataclass(frozen=True)
class Line:
    """One row to be: its statistic and subset, who beside whom, the raters, and hits (pairs × columns)."""

    statistic: str
    subset: str
    a: str
    b: str
    raters: tuple[str, ...]
    hits: Array
    sampled: tuple[str, ...]


def expected_moves(study: Study, *, probes: bool = False) -> pd.DataFrame:
    """Return one row a declared direction: item and variant (the edit), of (its original), criterion, move, about.

    Read from the items' ``expect`` column: ``{"of": item, "direction": {criterion: lower | higher | same}}``; ``move``
    is -1, 0 or 1, ``about`` a tuple of phenomena. With ``probes`` the edits of probes that must move something join.
    """
    import pandas as pd

    rows = []
    items = study.items
    originals = items[items["variant"] == "original"].set_index("item")
    for row in items[items["expect"].notna()].to_dict("records"):
        expect = json.loads(row["expect"])
        ways = expect.get("direction") or {}
        edit = row["variant"] != "original"
        if edit and (not probes or all(way == "same" for way in ways.values())):
            continue  # a probe's edit is a variant: it is no item of its own
        of = str(expect.get("of", row["item"]))
        whose = originals.loc[of].to_dict() if of in originals.index else {}
        words = about(expect, {str(name): cell for name, cell in whose.items()}, str(row["variant"]))
        rows += [(row["item"], row["variant"], of, key, MOVES[way], words) for key, way in ways.items()]
    return pd.DataFrame(rows, columns=["item", "variant", "of", "criterion", "move", "about"])


@register("stats")
def contrast(study: Study, *, boot: Bootstrap, phenomena: bool = True, probes: bool = False) -> Iterator[Estimate]:
    """Share of contrast pairs in which a rater moved as the edit demands; ties, opposite moves, both sides right.

    Pairs are items whose ``expect`` names the item that they are the edit of, and with ``probes`` the edits of probes
    that must move something. ``phenomena`` adds rows (``phenomenon=negation``) for each that has five pairs or more.
    Both sides right (``contrast.consistent``): the answers to the original and to the edit both lie within the spread
    of the people who rated them; people: each left out in turn. Gardner et al. (2020),
    doi:10.18653/v1/2020.findings-emnlp.117.
    """
    expected = expected_moves(study, probes=probes)
    for key, pairs in expected.groupby("criterion", sort=False):
        criterion = study.task.criterion(str(key))
        lines = list(_lines(study, criterion, pairs, phenomena=phenomena))
        groups = study.item_column("group").reindex(pairs["of"]).astype(str)
        numbered = np.unique(groups, return_inverse=True)[1].astype(np.int64)
        yield from _rows(study, str(key), lines, numbered, boot)


def _lines(study: Study, criterion: Criterion, pairs: pd.DataFrame, *, phenomena: bool) -> Iterator[Line]:
    """Yield the lines of one criterion: outcomes of each judge and pool on all pairs, then by phenomenon."""
    after, before = _sides(study, criterion, pairs)
    want = pairs["move"].to_numpy()[:, None]
    moved = np.sign(after - before)
    outcomes = {
        "contrast": moved == want,
        "contrast.tied": (moved == 0) & (want != 0),
        "contrast.against": (moved != want) & (moved != 0),
    }
    names = list(study.matrix(criterion.key).columns)
    column = {str(rater): place for place, rater in enumerate(names)}
    judges, pools = study.judges(), study.pools()
    made = []
    for statistic, hit in outcomes.items():
        hits = np.where(np.isfinite(moved), hit, np.nan)
        for label, members in [*((judge, [judge]) for judge in judges), *pools.items()]:
            sampled = ("",) if label in judges else (label,) * len(members)
            made.append(
                Line(statistic, "all", label, "", tuple(members), hits[:, [column[m] for m in members]], sampled)
            )
    for pool, members in pools.items():
        panels = [compact(side[:, [column[m] for m in members]]) for side in (after, before)]
        if not all(np.isfinite(panel).any() for panel in panels):
            continue
        nominal = criterion.scale == "nominal"
        for judge in judges:
            right = [
                _right(side[:, column[judge]], H, nominal) for side, H in zip((after, before), panels, strict=True)
            ]
            made.append(Line("contrast.consistent", "all", judge, pool, (judge, *members), _both(*right), ("",)))
        people = [_people_right(side[:, [column[m] for m in members]], nominal) for side in (after, before)]
        sampled = (pool,) * len(members)
        made.append(Line("contrast.consistent", "all", pool, pool, tuple(members), _both(*people), sampled))
    yield from made
    if not phenomena:
        return
    for name in dict.fromkeys(word for words in pairs["about"] for word in words):
        mine = np.array([name in words for words in pairs["about"]])
        if mine.sum() >= LEAST:
            for line in made:
                hits = np.where(mine[:, None], line.hits, np.nan)
                yield Line(line.statistic, f"phenomenon={name}", line.a, line.b, line.raters, hits, line.sampled)


def _sides(study: Study, criterion: Criterion, pairs: pd.DataFrame) -> tuple[Array, Array]:
    """Return everybody's answers to the edits and to their originals (pairs × raters)."""
    originals = study.matrix(criterion.key)
    before = originals.reindex(pairs["of"]).to_numpy()
    after = np.full(before.shape, np.nan)
    for variant in pairs["variant"].unique():
        mine = (pairs["variant"] == variant).to_numpy()
        table = originals if variant == "original" else study.matrix(criterion.key, variant=str(variant))
        after[mine] = table.reindex(pairs["item"][mine]).to_numpy()
    return after, before


def _right(values: Array, H: Array, nominal: bool) -> Array:
    out = beyond(values, H, nominal=nominal)
    return np.where(np.isfinite(out), out == 0, np.nan)[:, None]


def _people_right(X: Array, nominal: bool) -> Array:
    """Return whether each person (column) is within the spread of the others on each side."""
    found = np.full(X.shape, np.nan)
    for place in range(X.shape[1]):
        others = compact(np.delete(X, place, axis=1))
        found[:, place] = _right(X[:, place], others, nominal)[:, 0]
    return found


def _both(after: Array, before: Array) -> Array:
    return np.where(np.isfinite(after) & np.isfinite(before), after * before, np.nan)


def _rows(
    study: Study, criterion: str, lines: Sequence[Line], groups: NDArray[np.int64], boot: Bootstrap
) -> Iterator[Estimate]:
    kept = [line for line in lines if np.isfinite(line.hits).any()]
    jobs = []
    for line in kept:
        answered = np.isfinite(line.hits).sum(axis=1)
        width = max(1, int(np.median(answered[answered > 0])))
        jobs.append(Job(Share(width), line.hits, (0.0, 1.0), people=line.sampled))
    found = boot.intervals((criterion, "contrast"), groups, jobs)
    for line, one in zip(kept, found, strict=True):
        there = np.isfinite(line.hits)
        n = int(there.any(axis=1).sum())
        few = "few contrast pairs" if n < FEW else ""
        reason = one.note if one.note.startswith("no ") and boot.n_boot else ""
        yield Estimate(
            statistic=line.statistic,
            criterion=criterion,
            subset=line.subset,
            a=line.a,
            b=line.b,
            value=number(one.value),
            low=number(one.low),
            high=number(one.high),
            conf_level=boot.conf_level if np.isfinite(one.low) else None,
            n_items=n,
            n_raters=len(line.raters),
            n_ratings=2 * int(there.sum()),
            kind="simulated" if study.simulated(line.raters) else "",
            method="; ".join(text for text in (SAID[line.statistic], one.method) if text),
            seed=boot.seed,
            note="; ".join(text for text in (reason, few) if text),
        )
