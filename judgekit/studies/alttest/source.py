"""The original files as items, raters and ratings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from judgekit.errors import InputError
from judgekit.registry import register
from judgekit.schema import Criterion, Level, Task
from judgekit.studies.alttest.files import COMMIT, PROVIDERS, REPO, SALT, Set, recorded, set_named
from judgekit.studies.pseudonyms import pseudonym
from judgekit.study import Study

KEY = "label"


@register("source", "alttest")
def alttest(task: Task, *, dataset: str = "lgbteen", mirror: Path | str | None = None) -> Study:
    """Calderon et al. (2025): nine sets of ratings by 3 to 13 people and up to six recorded LLM judges.

    ``dataset`` is one of lgbteen, mtbench, framing, wax, cebab_aspects, cebab_stars, summeval, 10k_prompts or lesion.
    Each brings its own criterion (key ``label``), levels, form and strata, so the task declares none. ``mirror`` is a
    folder with the files (else ``$JUDGEKIT_MIRROR``, the cache, the network).

    A text or picture that is asked several things is one item a thing asked, as in the study; ``group`` says which
    belong together. Raters' ids are pseudonyms; so are the item ids of lgbteen (posts of young people), framing and wax
    (texts). People's pool (expert, skilled, crowd) is the one from which the study takes its epsilon.
    """
    chosen = set_named(dataset)
    if task.criteria or task.strata:
        raise InputError(
            "the sets of alttest bring their own criterion and strata",
            where=f"task '{task.name}'",
            fix="leave criteria and strata empty",
        )
    people, judges = recorded(chosen, mirror)
    named = {pseudonym(chosen.name, SALT, rater): ratings for rater, ratings in people.items()}
    parsed = {item: chosen.parse(item) for item in sorted({item for one in people.values() for item in one})}
    task = task.model_copy(update={"criteria": (criterion_of(chosen),), "strata": chosen.strata, "form": chosen.form})
    items = pd.DataFrame(parsed.values())
    return Study.build(
        task,
        items.assign(source=f"{REPO}@{COMMIT[:7]}/{chosen.name}"),
        raters_of(named, judges, chosen),
        ratings_of({**named, **judges}, parsed, chosen),
        where=f"alttest/{dataset}",
        notes=notes_of(chosen),
    )


def criterion_of(chosen: Set) -> Criterion:
    """Return the one criterion of a set: numbers are their own codes, words are numbered from 0."""
    levels = tuple(
        Level(code=label if isinstance(label, int) else code, label=str(label))
        for code, label in enumerate(chosen.levels)
    )
    return Criterion(key=KEY, question=chosen.question, scale=chosen.scale, levels=levels)


def raters_of(people: Iterable[str], judges: Iterable[str], chosen: Set) -> pd.DataFrame:
    """Return the raters table: people under pseudonyms in the set's pool, then the judges."""
    rows = [{"rater": name, "kind": "human", "pool": chosen.pool} for name in people]
    rows += [{"rater": name, "kind": "judge", "provider": PROVIDERS[name], "model": name} for name in judges]
    return pd.DataFrame(rows)


def ratings_of(
    given: Mapping[str, Mapping[str, Any]], parsed: Mapping[str, Mapping[str, str]], chosen: Set
) -> pd.DataFrame:
    """Return the ratings; a judge's label of an item that no person rated is left out."""
    code = {label: label if isinstance(label, int) else code for code, label in enumerate(chosen.levels)}
    rows = [
        (parsed[item]["item"], rater, float(code[label]))
        for rater, labels in given.items()
        for item, label in labels.items()
        if item in parsed
    ]
    return pd.DataFrame(rows, columns=["item", "rater", "value"]).assign(criterion=KEY)


def notes_of(chosen: Set) -> tuple[str, ...]:
    """Say what the files do not hold."""
    texts = (
        "The text is the explanation that raters read; the context is the pair of words."
        if chosen.name == "wax"
        else "The files have no texts: only recorded judges can answer."
    )
    return texts, "Recorded judges: what exactly they were shown is not on record.", *_special(chosen)


def _special(chosen: Set) -> tuple[str, ...]:
    if chosen.name == "lgbteen":
        return ("'Ignore' is a label that only judges gave, 'No response' one that only people gave; both are levels.",)
    if chosen.name == "wax":
        return ("'None-of-the-above' is a label that only judges gave.",)
    return ()
