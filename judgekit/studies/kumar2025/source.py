"""The original files as items, raters and ratings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.registry import register
from judgekit.schema import Task
from judgekit.studies.kumar2025.files import (
    COMMIT,
    EXPERTS,
    JUDGES,
    REPO,
    SALT,
    UTTERANCES,
    WORKERS,
    Framework,
    first_rows,
    framework_named,
    pinned_table,
    wide,
)
from judgekit.studies.kumar2025.texts import support_words, texts
from judgekit.studies.pseudonyms import pseudonym
from judgekit.study import Study

CROWD = "mean(crowd)"


@register("source", "kumar2025")
def kumar2025(task: Task, *, framework: str = "lend_an_ear", mirror: Path | str | None = None) -> Study:
    """Kumar et al. (2026): 50 conversations with three experts, a crowd and three recorded LLM judges.

    ``framework`` is one of four: lend_an_ear, empathetic_dialogues, epitome or perceived_empathy. The task's criteria
    are columns of its files. ``mirror`` is a folder with the files (else ``$JUDGEKIT_MIRROR``, the cache, the network).

    Items carry the stratum ``length`` (short, long: words of support up to and above the median) and ``words``.
    Raters: experts (pool expert); the crowd's mean per item as an aggregate; single crowd workers where the files have
    them (pool crowd); the judges, with provider and model. Crowd workers' ids and the item ids of perceived_empathy are
    pseudonyms.
    """
    chosen = framework_named(framework)
    criteria = [criterion.key for criterion in task.criteria]
    unknown = [key for key in criteria if key not in chosen.criteria]
    if unknown:
        raise InputError(
            f"the files of {framework} do not rate {listed(unknown)}",
            where=f"task '{task.name}'",
            fix=f"its criteria are: {listed(chosen.criteria, 9)}",
        )
    tables = {name: wide(chosen, stem, mirror) for name, stem in _stems().items()}
    people = [_long(tables[name], name, criteria) for name in (*EXPERTS, CROWD)]
    workers = _workers(chosen, criteria, mirror)
    judges = [_long(tables[name], name, criteria) for name in JUDGES]
    ratings = pd.concat([*people, workers, *judges] if len(workers) else [*people, *judges], ignore_index=True)
    items = _items(chosen, tables[EXPERTS[0]].index, mirror)
    return Study.build(
        task,
        items,
        _raters(workers["rater"].unique() if len(workers) else ()),
        ratings,
        where=f"kumar2025/{framework}",
        notes=_notes(chosen),
    )


def _stems() -> dict[str, str]:
    return {**{name: name for name in EXPERTS}, CROWD: "crowd", **{name: stem for name, (stem, *_) in JUDGES.items()}}


def _long(table: pd.DataFrame, rater: str, criteria: list[str]) -> pd.DataFrame:
    """Return a table of items × criteria as ratings; an answer left out is a skipped one."""
    rows = [
        {
            "item": item,
            "criterion": criterion,
            "rater": rater,
            "value": float(value),
            "status": "skipped" if np.isnan(value) else "ok",
        }
        for criterion in criteria
        for item, value in table[criterion].items()
    ]
    return pd.DataFrame(rows, columns=["item", "criterion", "rater", "value", "status"])


def _workers(framework: Framework, criteria: list[str], mirror: Path | str | None) -> pd.DataFrame:
    """Return the ratings of single crowd workers; no rows where the files have only their mean."""
    if framework.name == "lend_an_ear":
        answers = pinned_table(WORKERS, framework.key, mirror)
        answers["rater"] = [pseudonym("crowd", SALT, worker) for worker in answers["user_id"]]
        parts = [
            _long(rows.set_index(framework.key), str(rater), criteria)
            for rater, rows in answers.groupby("rater", sort=True)
        ]
        return pd.concat(parts, ignore_index=True)
    if framework.name == "empathetic_dialogues":
        slots = first_rows(UTTERANCES, framework, mirror)
        named = {slot: slots.rename(columns={f"{key}{slot}": key for key in criteria}) for slot in (1, 2)}
        parts = [_long(table, f"crowd-{slot}", criteria) for slot, table in named.items()]
        return pd.concat(parts, ignore_index=True)
    return pd.DataFrame()


def _items(framework: Framework, ids: pd.Index, mirror: Path | str | None) -> pd.DataFrame:
    words = support_words(framework, mirror).reindex(ids)
    items = texts(framework, mirror).reindex(ids)
    items["words"] = words.astype(int)
    items["length"] = np.where(words <= words.median(), "short", "long")
    items["source"] = f"{REPO}@{COMMIT[:7]}"
    return items.rename_axis("item").reset_index()


def _raters(workers: Iterable[str]) -> pd.DataFrame:
    rows = [{"rater": name, "kind": "human", "pool": "expert"} for name in EXPERTS]
    rows.append({"rater": CROWD, "kind": "human", "pool": "crowd", "aggregate": "mean"})
    rows += [{"rater": name, "kind": "human", "pool": "crowd"} for name in workers]
    rows += [
        {"rater": name, "kind": "judge", "provider": provider, "model": model}
        for name, (_, provider, model) in JUDGES.items()
    ]
    return pd.DataFrame(rows)


def _notes(framework: Framework) -> tuple[str, ...]:
    about = {
        "lend_an_ear": "mean(crowd) is the mean of the crowd workers who are also raters here, 2 to 11 an item.",
        "empathetic_dialogues": "crowd-1 and crowd-2 are the two slots of the files, filled by different people "
        "from item to item; mean(crowd) is their mean.",
        "epitome": "The files give one crowd value an item, always a whole level, and no single workers.",
        "perceived_empathy": "The files have no texts: only recorded judges can answer. The crowd's values are "
        "means; the item ids are pseudonyms.",
    }
    return about[framework.name], "Recorded judges: what exactly they were shown is not on record."
