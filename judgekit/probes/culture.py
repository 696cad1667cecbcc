"""Probes of culture: the same act in another community, and by a newcomer from another country."""

from __future__ import annotations

import re

import numpy as np

from judgekit.probes.base import Edit, probe, text_changed
from judgekit.probes.prose import context_changed, everything, pattern, told, words
from judgekit.schema import Item, Task


def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")


@probe(family="culture", expects="none", least=0.65, fits=told, pairs=True)
def nearby_place(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Move a setting to a place of the same people, language and region, whose customs are the same.

    ``A post office in Leeds the week before Christmas.`` → ``A post office in Bradford the week before Christmas.``
    None where no place of the list is named, or where the rest of the item names it or its like again.
    """
    context = item.context or ""
    rest = everything(item).replace(context, "", 1)
    found = []
    for places in words("places")["nearby"]:
        named = [name for name in places if _whole(name).search(everything(item))]
        if len(named) == 1 and len(_whole(named[0]).findall(context)) == 1 and not _whole(named[0]).search(rest):
            found.append((named[0], [name for name in places if name not in named]))
    if len(found) != 1:
        return None
    place, others = found[0]
    other = others[int(rng.integers(len(others)))]
    return context_changed(item, _whole(place).sub(other, context), f"place: {place} becomes {other}")


@probe(family="culture", expects="none", least=0.1, fits=told, pairs=True)
def newcomer_nationality(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """State the country that a newcomer comes from, where the act or its setting has one from elsewhere.

    ``A student from abroad bends over the bundle.`` → ``A student from Ghana bends over the bundle.`` None where nobody
    is said to be from elsewhere; never the country of the setting itself.
    """
    if item.candidates:
        return None
    shown, lists = everything(item), words("places")
    homes = {country: pattern(clues) for country, clues in lists["homes"].items()}
    others = [one for one in sorted(homes) if not homes[one].search(shown)]
    country = others[int(rng.integers(len(others)))]
    for found, instead in lists["newcomers"].items():
        new = instead.replace("{country}", country)
        for part, changed in ((item.text, text_changed), (item.context or "", context_changed)):
            if re.search(found, part):
                return changed(item, re.sub(found, new, part, count=1), f"the newcomer comes from {country}")
    return None
