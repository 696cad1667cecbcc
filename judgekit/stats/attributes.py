"""Groups of people: who shares a level of an attribute, or of two attributes at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from judgekit.errors import InputError, listed

if TYPE_CHECKING:
    import pandas as pd

    from judgekit.study import Study

#: An attribute with more levels than this is taken for a name or a number unless it is asked for.
MOST_LEVELS = 12
#: Two attributes are crossed unasked as long as there are no more attributes than this.
MOST_CROSSED = 3


@dataclass(frozen=True)
class Group:
    """The people with one level of an attribute: ``label`` is ``gender=female``, or ``gender=female & age=55+``."""

    label: str
    people: tuple[str, ...]


@dataclass(frozen=True)
class Grouping:
    """The groups of one attribute, or of two that are crossed (``gender & age``)."""

    attribute: str
    groups: tuple[Group, ...]
    crossed: bool = False


def groupings(study: Study, attributes: Sequence[str] | None, intersections: Sequence[str] | None) -> list[Grouping]:
    """Return the groups of each attribute, then those of each two that are crossed.

    ``attributes`` None takes every attribute of people with 2 to ``MOST_LEVELS`` levels; ``pool`` may be named too.
    ``intersections`` names the attributes to be crossed, each with each; None crosses all where they are
    ``MOST_CROSSED`` or fewer. Unknown names, and named attributes with fewer than two levels, raise InputError.
    """
    from judgekit.tables import PART_TAKEN, RATERS

    people = study.raters[study.raters["rater"].isin(study.people())]
    known = [name for name in study.raters.columns if name not in RATERS.columns]
    if attributes is None:
        own = [name for name in known if name not in PART_TAKEN]
        chosen = [name for name in own if 2 <= people[name].nunique() <= MOST_LEVELS]
    else:
        chosen = _named(attributes, [*known, "pool"], "attributes")
        alone = [name for name in chosen if people[name].nunique() < 2]
        if alone:
            raise InputError(
                f"people have fewer than two levels of {listed(alone)}",
                where="groups, option attributes",
                fix="name an attribute in which people differ",
            )
    if intersections is None:
        crossed = chosen if len(chosen) <= MOST_CROSSED else []
    else:
        crossed = _named(intersections, chosen, "intersections")
        if len(crossed) == 1:
            raise InputError(
                f"{crossed[0]} alone cannot be crossed", where="groups, option intersections", fix="name two or more"
            )
    found = [Grouping(name, _groups(people, [name])) for name in chosen]
    for one, other in combinations(crossed, 2):
        cells = _groups(people, [one, other])
        if len(cells) > max(people[one].nunique(), people[other].nunique()):
            found.append(Grouping(f"{one} & {other}", cells, True))
    return found


def _groups(people: pd.DataFrame, names: list[str]) -> tuple[Group, ...]:
    """Return those who share the levels of all these attributes; who lacks one is in no group."""
    told = people.dropna(subset=names)
    levels = told[names].astype(str)
    labels = ["&".join(f" {name}={level} " for name, level in zip(names, row, strict=True)).strip()
              for row in levels.itertuples(index=False)]  # fmt: skip
    members: dict[str, list[str]] = {}
    for label, rater in zip(labels, told["rater"], strict=True):
        members.setdefault(label, []).append(str(rater))
    return tuple(Group(label, tuple(members[label])) for label in sorted(members))


def _named(names: Sequence[str], known: Sequence[str], option: str) -> list[str]:
    given = [names] if isinstance(names, str) else list(dict.fromkeys(names))
    odd = [name for name in given if name not in known]
    if odd:
        raise InputError(
            f"no attribute of raters is called {listed(odd)}",
            where=f"groups, option {option}",
            fix=f"choose among: {listed(known)}",
        )
    return given
