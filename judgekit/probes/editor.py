"""Edits that a model makes for a probe: what it is asked, what came of it, and the rule that each must pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from judgekit.drafts import Draft, Editor, Wish
from judgekit.probes.base import Edit, Probe, stream
from judgekit.schema import Item, Task

#: What a rule finds wrong with an edit ``(before, after)``, in a few words; "" where nothing is.
Check = Callable[[str, str], str]
UNWISHED = "the probe does not apply"


class Ask(Protocol):
    """What a probe that needs an editor is given: returns the edited text that passed ``check``, else None."""

    def __call__(self, text: str, order: str, check: Check) -> str | None:
        """Ask for one edit of a text. A probe asks once an item."""
        ...


@dataclass(frozen=True)
class Made:
    """What became of one item: its edit (None: not applied), why not, and the draft that it was made of."""

    edit: Edit | None
    why: str = ""
    draft: Draft | None = None


def edits(
    probe: Probe, items: Sequence[Item], task: Task, seed: int, editor: Editor | None
) -> Iterator[tuple[Item, Made]]:
    """Yield what an editor makes of each item for a probe: all wishes are put to it at once.

    The probe is called twice on the same random numbers: first to hear what it wishes, then with what came of it.
    """
    wishes: list[Wish] = []
    of: dict[str, int] = {}
    for item in items:
        noted = len(wishes)

        def note(text: str, order: str, check: Check, item: Item = item) -> None:
            wishes.append(Wish(text, order, f"item {item.item} ({probe.name})"))

        probe(item, task, stream(seed, probe.name, item.item), ask=note)
        if len(wishes) > noted:
            of[item.item] = noted
    drafts = editor(wishes) if editor is not None and wishes else []
    for item in items:
        if item.item not in of:
            yield item, Made(None, UNWISHED)
        elif editor is None:
            yield item, Made(None, "no editor model is configured")
        else:
            yield item, _made(probe, item, task, seed, drafts[of[item.item]])


def _made(probe: Probe, item: Item, task: Task, seed: int, draft: Draft) -> Made:
    why = draft.why

    def answer(text: str, order: str, check: Check) -> str | None:
        nonlocal why
        if draft.text is None:
            return None
        why = check(text, draft.text)
        return None if why else draft.text

    edit = probe(item, task, stream(seed, probe.name, item.item), ask=answer)
    return Made(edit, "" if edit else why or "the edit changed nothing", draft)


def counted(made: Sequence[Made]) -> dict[str, int]:
    """Return how often each reason stood against an edit that was wished, the most frequent first.

    Of a call that brought none only the status is told: its note is in the ledger.
    """
    whys = (one.why.partition(":")[0] for one in made if one.edit is None and one.why != UNWISHED)
    return dict(Counter(whys).most_common())
