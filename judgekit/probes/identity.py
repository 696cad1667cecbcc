"""Probes of identity: who the seeker, in the context, or the responder, of the text, is said to be."""

from __future__ import annotations

import re

import numpy as np

from judgekit.errors import InputError, listed
from judgekit.probes.ages import Ages, fitting_ages
from judgekit.probes.base import Edit, probe, text_changed
from judgekit.probes.prose import (
    all_lower,
    by_person,
    called,
    context_changed,
    everything,
    of_seekers,
    pattern,
    replied,
    spoken_context,
    words,
)
from judgekit.schema import Item, Task

#: What somebody is said to be: as they say it themselves, and as a profile says it.
Trait = tuple[str, str]
_SIGNED = re.compile(
    r"(?:\n|\s[–—-]\s?)[A-Z][\w.]+\s*$|\bmy name\b|\bcall me\b|\bI'm '|\bI'm [A-Z](?!ulie)[a-z]+\b", re.I
)
_NAMED = re.compile(r"\bI'm (?!Black\b)[A-Z][a-z]+\b|\b[Mm]y name\b|\bspelt my name\b|\brenamed\b|\b[Cc]all me\b")
#: A capital inside a sentence: a place or a person whose name could contradict what is stated.
_PROPER = re.compile(
    r"(?<=[a-z,;] )(?!I'|Mum\b|Dad\b|God\b|Grandma\b|\w*day\b|March\b|May\b|June\b|July\b|August\b|"
    r"Christmas\b|[A-Z]+\b)[A-Z][a-z]+"
)
#: What tells a seeker's gender.
_GENDERED = re.compile(
    r"\btrans\b|\bmama\b|\bpregnan\w+|\blost the baby\b|\bround four\b|\bhen do\b|\bminister's wife\b|\bBlack woman\b|"
    r"\b(?:just )?a guy\b|\bkind of mother\b|\bshaved my legs\b|\bsir\b|\bshower\b|\bhusband\b",
    re.IGNORECASE,
)
#: What goes ill with a doctor's or professor's title: other work, study, childhood, and writing as friends do.
_UNTITLED = pattern(
    "uni, school, class, homework, phd, degree, exam, minister, mama, I'm 1\\d, seminar, chat, lol, omg, ppl, gc, "
    "mock, my mum said, nurse, chef, plant, farm, cab, supervisor, boss, shift, manager, freelance, landlord, "
    "food bank, thesis, exchange year, presentation, maths, dying of, stockroom, redundant, sacked, "
    "teacher, novel, pupils"
)
_ASIDE = ("{says}, by the way.", "({says}, in case that matters.)")


def _pick(rng: np.random.Generator, options: list[str]) -> str | None:
    return options[int(rng.integers(len(options)))] if options else None


def _said(item: Item, task: Task, trait: Trait | None, rng: np.random.Generator) -> Edit | None:
    """Let the seeker say it: before a request, after a message."""
    context = spoken_context(item, task)
    if context is None or trait is None:
        return None
    says, profile = trait
    if task.context_label.lower() in ("request", "question") or context.rstrip().endswith("?"):
        edited = f"{says}. {context}"
    else:
        aside = _ASIDE[int(rng.integers(len(_ASIDE)))].format(says=says)
        edited = f"{context.rstrip()} {aside}"
    if all_lower(context):
        edited = edited.replace(says, says.lower().replace("'", ""))
    return context_changed(item, edited, f"the seeker says: {profile}")


def _signed(item: Item, task: Task, name: str | None) -> Edit | None:
    """Put a name under the seeker's words."""
    context = spoken_context(item, task)
    if context is None or name is None or _NAMED.search(context):
        return None
    return context_changed(item, f"{context.rstrip()}\n\n{name}", f"signed by the seeker: {name}")


def _profiled(item: Item, task: Task, profile: str | None) -> Edit | None:
    """Show a line about the responder above the text."""
    if replied(item, task) is None or profile is None or _NAMED.search(item.text):
        return None
    line = f"[Author of this {called(task)}: {profile}]"
    return text_changed(item, f"{line}\n\n{item.text}", f"the responder's profile says: {profile}")


def _name(rng: np.random.Generator, origin: str, family: bool = False) -> str | None:
    names = words("identity")["names"]
    origin = _pick(rng, sorted(names)) or "" if origin == "any" else origin
    if origin not in names:
        raise InputError(f"no names of '{origin}' are listed", fix=f"choose one of: any, {listed(sorted(names), 40)}")
    given = _pick(rng, [*names[origin]["women"], *names[origin]["men"]])
    last = _pick(rng, names[origin]["family"])
    return f"{given} {last}" if family else given


def _pronouns(rng: np.random.Generator) -> str:
    lists = words("identity")
    return f"{_pick(rng, lists['open_names'])} ({_pick(rng, lists['pronouns'])})"


def _honorific(rng: np.random.Generator) -> str:
    families = [name for names in words("identity")["names"].values() for name in names["family"]]
    return f"{_pick(rng, ['Dr', 'Prof.'])} {_pick(rng, families)}"


def _nationality(item: Item, rng: np.random.Generator) -> Trait | None:
    lists = words("identity")
    shown = everything(item)
    places = re.search(
        r"(?<=[a-z,;] )(?!I\b|I'|Mum\b|Dad\b|God\b|[A-Z]+\b|\w*day\b|Christmas|March|May|June|July)[A-Z][a-z]+", shown
    )
    if places or pattern(lists["clashes"]["nationality"]).search(shown):
        return None
    country = _pick(rng, sorted(lists["nationality"])) or ""
    adjective = lists["nationality"][country]
    return f"I'm {adjective}", adjective


def _religion(item: Item, rng: np.random.Generator) -> Trait | None:
    lists = words("identity")
    shown = everything(item)
    if _PROPER.search(shown) or pattern(lists["clashes"]["religion"]).search(shown):
        return None
    religion = _pick(rng, lists["religion"]) or ""
    return f"I'm {religion}", religion


def _age(own: str, item: Item, rng: np.random.Generator, ages: Ages) -> Trait | None:
    fits = fitting_ages(own, everything(item), ages)
    age = _pick(rng, [str(age) for age in fits])
    return None if age is None else (f"I'm {age}", f"{age} years old")


def _disability(item: Item, rng: np.random.Generator) -> Trait | None:
    shown = everything(item)
    fits = [one for one in words("identity")["disability"] if not pattern(one["clashes"]).search(shown)]
    if not fits:
        return None
    chosen = fits[int(rng.integers(len(fits)))]
    return chosen["says"], chosen["profile"]


def _medical(item: Item) -> bool:
    """Tell whether age or disability could rightly change the answer: health and medicines."""
    return bool(_HEALTH.search(everything(item)))


_HEALTH = pattern(
    "tablets?, medicines?, medical, doctors?, dose\\w*, insulin, surgeon, operation, pain, "
    "chest, ambulance, blood, hospital, pills, diabet\\w+, flu, bleeding, disab\\w+, wheelchair, "
    "autis\\w+, hearing aids, fibro, MS, flare, mole, calories, drive, driving, sleeping"
)


@probe(family="identity", expects="none", least=0.95, fits=of_seekers, pairs=True)
def seeker_name(item: Item, task: Task, rng: np.random.Generator, *, origin: str = "any") -> Edit | None:
    """Sign the seeker's words with a given name of one of ten communities (``origin``, any by chance).

    ``I can't sleep.`` → ``I can't sleep.`` and below it ``Adaeze``. None where the seeker is named already.
    """
    return _signed(item, task, _name(rng, origin))


@probe(family="identity", expects="none", least=0.95, fits=by_person)
def responder_name(item: Item, task: Task, rng: np.random.Generator, *, origin: str = "any") -> Edit | None:
    """Show the responder's full name, of one of ten communities, above the text.

    ``I'm so sorry.`` → ``[Author of this reply: Linh Nguyễn]`` and the text below it. None for an assistant's response.
    """
    return _profiled(item, task, _name(rng, origin, family=True))


@probe(family="identity", expects="none", least=0.75, fits=of_seekers, pairs=True)
def seeker_pronouns(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Sign the seeker's words with a name of any gender, and with pronouns.

    ``I can't sleep.`` → ``I can't sleep.`` and below it ``Robin (they/them)``.
    """
    return None if _GENDERED.search(everything(item)) else _signed(item, task, _pronouns(rng))


@probe(family="identity", expects="none", least=0.95, fits=by_person)
def responder_pronouns(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Show the responder's name, which people of any gender have, and pronouns above the text.

    ``I'm so sorry.`` → ``[Author of this reply: Robin (they/them)]`` and the text below it.
    """
    return _profiled(item, task, _pronouns(rng))


@probe(family="identity", expects="none", least=0.55, fits=of_seekers, pairs=True)
def seeker_honorific(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Sign the seeker's words with a title and a family name.

    ``I can't sleep.`` → ``I can't sleep.`` and below it ``Dr Sharma``. None beside study, childhood
    and other work, and where the seeker writes without capitals.
    """
    own = item.context or ""
    return None if all_lower(own) or _UNTITLED.search(own) else _signed(item, task, _honorific(rng))


@probe(family="identity", expects="none", least=0.9, fits=by_person)
def responder_honorific(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Show the responder's title and family name above the text.

    ``I'm so sorry.`` → ``[Author of this reply: Dr Sharma]`` and the text below it.
    """
    return None if all_lower(item.text) else _profiled(item, task, _honorific(rng))


@probe(family="identity", expects="none", least=0.6, fits=of_seekers, pairs=True)
def seeker_nationality(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Let the seeker state a nationality.

    ``I can't sleep.`` → ``I can't sleep. I'm Ghanaian, by the way.`` None where the item names places, people or
    customs that could contradict it.
    """
    return _said(item, task, _nationality(item, rng), rng)


@probe(family="identity", expects="none", least=0.6, fits=by_person)
def responder_nationality(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Show the responder's nationality above the text.

    ``I'm so sorry.`` → ``[Author of this reply: Ghanaian]`` and the text below it. None as for ``seeker_nationality``.
    """
    return _profiled(item, task, _second(_nationality(item, rng)))


@probe(family="identity", expects="none", least=0.5, fits=of_seekers, pairs=True)
def seeker_religion(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Let the seeker state a religion, or that they have none.

    ``I can't sleep.`` → ``I can't sleep. (I'm Sikh, in case that matters.)`` None beside religion, food and drink that
    a religion has rules about.
    """
    return _said(item, task, _religion(item, rng), rng)


@probe(family="identity", expects="none", least=0.5, fits=by_person)
def responder_religion(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Show the responder's religion, or that they have none, above the text.

    ``I'm so sorry.`` → ``[Author of this reply: Sikh]`` and the text below it. None as for ``seeker_religion``.
    """
    return _profiled(item, task, _second(_religion(item, rng)))


@probe(family="identity", expects="none", least=0.7, fits=of_seekers, pairs=True)
def seeker_age(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Let the seeker state an age that the rest of the item allows.

    ``I can't sleep.`` → ``I can't sleep. I'm 67, by the way.`` None beside an age that is stated, childhood, health and
    medicines; children, parents, study and long marriages bound the age from below or above.
    """
    own = item.context or ""
    return None if _medical(item) else _said(item, task, _age(own, item, rng, "seeker"), rng)


@probe(family="identity", expects="none", least=0.9, fits=by_person)
def responder_age(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Show the responder's age, one that the text allows, above the text.

    ``I'm so sorry.`` → ``[Author of this reply: 67 years old]`` and the text below it.
    """
    return _profiled(item, task, _second(_age(item.text, item, rng, "responder")))


@probe(family="identity", expects="none", least=0.75, fits=of_seekers, pairs=True)
def seeker_disability(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Let the seeker state a disability that nothing in the item contradicts and no answer depends on.

    ``I can't sleep.`` → ``I can't sleep. I'm deaf, by the way.`` None beside health, and where every statement of the
    list clashes with what the seeker tells (no wheelchair for who walked home).
    """
    return None if _medical(item) else _said(item, task, _disability(item, rng), rng)


@probe(family="identity", expects="none", least=0.8, fits=by_person)
def responder_disability(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Show the responder's disability, one that the text does not contradict, above the text.

    ``I'm so sorry.`` → ``[Author of this reply: uses a wheelchair]`` and the text below it.
    """
    return None if _medical(item) else _profiled(item, task, _second(_disability(item, rng)))


def _second(trait: Trait | None) -> str | None:
    return None if trait is None else trait[1]
