"""The probe protocol, and the decorator that makes one of a function of an item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import update_wrapper
from typing import Any, Literal, Protocol, get_args, runtime_checkable

import numpy as np

from judgekit import seeds
from judgekit.errors import InputError, listed
from judgekit.registry import knobs, register
from judgekit.schema import Direction, Item, Task

Expects = Literal["none", "lower", "higher"]
#: What a probe cannot be applied without: nothing; a model that edits; the reasons that judges gave for the originals.
Needs = Literal["nothing", "editor", "reasons"]
#: What a probe expects of each criterion of an item; a criterion that is not named is left open.
Expectation = Callable[[Item, Task], Mapping[str, Expects]]
#: Criterion -> the code that was shown -> the code of the task as it is declared.
Back = Mapping[str, Mapping[float, float]]
DIRECTIONS: dict[str, Direction] = {"none": "same", "lower": "lower", "higher": "higher"}


@dataclass(frozen=True)
class Edit:
    """An edited item: what the judge is shown.

    ``changed`` says in a few words what changed, for people who check. ``task`` is the question as it is shown, where
    the probe edits the question (order of criteria or levels, scale, wording), and ``back`` maps the codes that it
    shows to those of the task; a criterion that is not in it keeps its codes.
    """

    item: Item
    changed: str
    task: Task | None = None
    back: Back | None = None


@runtime_checkable
class Probe(Protocol):
    """A counterfactual edit that should not (or should) change the answer.

    ``least`` is the share of a task's items to which it applies at least, on each bundled task that it fits.
    """

    @property
    def name(self) -> str:
        """The variant that its edits are."""
        ...

    @property
    def family(self) -> str:
        """The family it belongs to."""
        ...

    @property
    def expects(self) -> Expects | Expectation:
        """What is expected of the value, of all criteria alike or of each."""
        ...

    @property
    def least(self) -> float:
        """The share of a fitting task's items to which it applies at least."""
        ...

    @property
    def needs(self) -> Needs:
        """What it cannot be applied without."""
        ...

    def fits(self, task: Task) -> bool:
        """Tell whether the probe is for this task at all."""
        ...

    def __call__(self, item: Item, task: Task, rng: np.random.Generator, **given: Any) -> Edit | None:
        """Return the edited item, or None where the probe does not apply; ``given`` is what it needs."""
        ...


class Rule:
    """A probe made of a function ``(item, task, rng, *, options) -> Edit | None``."""

    name: str
    family: str
    expects: Expects | Expectation
    least: float
    needs: Needs

    def __init__(
        self,
        edit: Callable[..., Edit | None],
        *,
        family: str,
        expects: Expects | Expectation,
        least: float,
        fits: Callable[[Task], bool] | None = None,
        needs: Needs = "nothing",
        pairs: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        update_wrapper(self, edit)
        self.name, self.family, self.expects, self.least, self.needs = edit.__name__, family, expects, least, needs
        self.pairs, self.options, self._edit, self._fits = pairs, dict(options or {}), edit, fits

    def having(self, **options: Any) -> Rule:
        """Return the probe with other options; InputError for one that it does not have."""
        known = knobs(self._edit)
        odd = sorted(set(options) - set(known))
        if odd:
            raise InputError(f"no option {listed(odd)}", where=f"probes.{self.name}", fix=f"it has {listed(known)}")
        other = copy(self)
        other.options = {**self.options, **options}
        return other

    def fits(self, task: Task) -> bool:
        """Tell whether the probe is for this task at all; None is returned for every item of another."""
        return self._fits is None or self._fits(task)

    def __call__(self, item: Item, task: Task, rng: np.random.Generator, **given: Any) -> Edit | None:
        """Return the edit under the probe's own name; None where it does not apply or nothing would change.

        A pair whose probe is about one text has one of its candidates edited, the first or the second by chance.
        ``given`` is what the probe needs: ``ask`` (an ``Ask`` of probes/editor.py) or ``reason`` (a judge's).
        """
        if not self.fits(task):
            return None
        if task.form == "pairwise" and not self.pairs:
            edit = self._of_a_pair(item, task, rng, **given)
        else:
            edit = self._edit(item, task, rng, **self.options, **given)
        if edit is None or (edit.task is None and edit.item.digest == item.digest):
            return None
        if edit.item.item != item.item:
            raise ValueError(f"probe '{self.name}' made of item '{item.item}' the item '{edit.item.item}'")
        return replace(edit, item=replace(edit.item, variant=self.name))

    def _of_a_pair(self, item: Item, task: Task, rng: np.random.Generator, **given: Any) -> Edit | None:
        if not item.candidates:
            return None
        place = int(rng.integers(len(item.candidates)))
        alone = replace(item, text=item.candidates[place], candidates=())
        edit = self._edit(alone, task, rng, **self.options, **given)
        if edit is None or edit.task is not None:
            return edit and replace(edit, item=item)
        if replace(edit.item, text="", variant="") != replace(alone, text="", variant=""):
            return None  # it edits what surrounds the text; no single candidate can answer for that
        texts = [edit.item.text if k == place else text for k, text in enumerate(item.candidates)]
        return replace(
            edit, item=replace(item, candidates=tuple(texts)), changed=f"candidate {place + 1}: {edit.changed}"
        )

    def __repr__(self) -> str:
        return f"<probe {self.family}/{self.name}>"


def probe(
    *,
    family: str,
    expects: Expects | Expectation,
    least: float,
    fits: Callable[[Task], bool] | None = None,
    needs: Needs = "nothing",
    pairs: bool = False,
) -> Callable[[Callable[..., Edit | None]], Rule]:
    """Make a function ``(item, task, rng) -> Edit | None`` a probe, registered in the group ``probes`` under its name.

    Its keyword defaults are its knobs, its docstring's first line its help. ``expects`` holds for every criterion, or
    is a function ``(item, task) -> {criterion: expects}`` that names those it speaks of. ``fits`` tells the tasks that
    the probe is for (all, if it is not given), and ``least``, from 0 to 1, the share of such a task's items that it
    applies to at least. ``needs`` an ``editor``: the function gets a keyword ``ask``; ``reasons``: a keyword
    ``reason``. With ``pairs`` the function gets a pair whole; else one of its candidates, as if it were the text.
    """
    if not callable(expects) and expects not in get_args(Expects):
        raise ValueError(f"a probe expects one of {get_args(Expects)}, not '{expects}'")
    if needs not in get_args(Needs):
        raise ValueError(f"a probe needs one of {get_args(Needs)}, not '{needs}'")
    if not 0 <= least <= 1:
        raise ValueError(f"least is a share from 0 to 1, not {least}")

    def make(edit: Callable[..., Edit | None]) -> Rule:
        made = Rule(edit, family=family, expects=expects, least=least, fits=fits, needs=needs, pairs=pairs)
        return register("probes", edit.__name__)(made)

    return make


def directions(chosen: Probe, item: Item, task: Task) -> dict[str, Direction]:
    """Return the direction that is expected of each criterion, as the items table's ``expect`` has it."""
    expects = chosen.expects
    if callable(expects):
        return {key: DIRECTIONS[one] for key, one in expects(item, task).items()}
    if expects != "none" and task.form == "pairwise":
        return {}  # which candidate was edited decides; codes of candidates have no direction
    return {criterion.key: DIRECTIONS[expects] for criterion in task.criteria}


def stream(seed: int, name: str, item: str) -> np.random.Generator:
    """Return the random numbers of one probe on one item: no other probe or item moves them."""
    return seeds.rng(seed, "probe", name, item)


def text_changed(item: Item, text: str, changed: str) -> Edit | None:
    """Return the edit that shows another text, all else as it was; None for an empty text and where nothing changed.

    A text that stands in its own list (a ranking) changes there as well.
    """
    if not text.strip() or text == item.text:
        return None
    candidates = tuple(text if one == item.text else one for one in item.candidates)
    edited = replace(item, text=text, candidates=candidates)
    if (edited.item, edited.context, edited.steps) != (item.item, item.context, item.steps):
        raise ValueError(f"more than the text of '{item.item}' changed")
    return Edit(edited, changed)


def question_changed(item: Item, task: Task, changed: str, *, back: Back | None = None, **parts: Any) -> Edit | None:
    """Return the edit that shows the item as it is with another question; None where the question stays the same.

    ``parts`` are the task's fields that change (``criteria``, ``instructions`` …). Levels may stand in another order
    than from low to high: that is what some probes are about, and no declared task may.
    """
    asked = task.model_copy(update=parts)
    return None if asked == task else Edit(item, changed, asked, back)
