"""Harder edits, made by a model and checked by a rule: other words, another length, register or dialect."""

from __future__ import annotations

from functools import partial

import numpy as np

from judgekit.errors import InputError, listed
from judgekit.probes.base import Edit, probe, text_changed
from judgekit.probes.checks import complaint
from judgekit.probes.editor import Ask
from judgekit.probes.prose import by_person, context_changed, of_seekers, replied, spoken_context
from judgekit.schema import Item, Task

#: What stays, whatever the edit: said to the model, and checked of what it gives back.
KEEP = (
    "Keep every fact, feeling, piece of advice, question, number and name, every denial, and quoted speech word for "
    "word. Add nothing and leave nothing out. Write no introduction, heading, list or comment of your own."
)
PARAPHRASE = "Say the same in other words, at about the same length and in the same tone."
LONGER = "Say the same at greater length, in about half as many words again, by wording it more fully."
SHORTER = "Say the same in about two thirds of the words, by wording it more tightly."
REGISTERS = {
    "formal": "Put the text into a formal register, as in a letter to somebody whom the writer does not know.",
    "casual": "Put the text into a casual register, as in a chat between friends.",
}
VARIETIES = {
    "african_american": "African American English",
    "indian": "Indian English",
    "irish": "Irish English",
    "nigerian": "Nigerian English",
    "northern": "the English of Northern England",
    "scottish": "Scottish English",
    "singapore": "Singapore English",
}
DIALECT = (
    "Write the text as somebody who grew up with {variety} would write it to people at home: their everyday grammar "
    "and words; no spelling of sounds, no caricature, no swearing."
)


@probe(family="rewritten", expects="none", least=0.95, needs="editor")
def paraphrased(item: Item, task: Task, rng: np.random.Generator, *, ask: Ask) -> Edit | None:
    """Have a model say the same in other words, at about the same length.

    ``It's a lot to carry.`` → ``That is a heavy load to bear.`` Passes where numbers, names, quoted speech, questions
    and negations stay, the length is .75 to 1.35 times the original's and a quarter of the words at least is other.
    """
    text = ask(item.text, f"{PARAPHRASE} {KEEP}", partial(complaint, low=0.75, high=1.35, changed=0.25))
    return text_changed(item, text, "paraphrased by a model") if text else None


@probe(family="rewritten", expects="none", least=0.95, needs="editor")
def reworded_longer(item: Item, task: Task, rng: np.random.Generator, *, ask: Ask) -> Edit | None:
    """Have a model say the same at greater length: 1.25 to 2 times the words, no new content.

    ``It's a lot to carry.`` → ``What you describe is a very great deal for one person to carry.`` Beside ``longer``,
    whose padding says nothing, this tells length from filler.
    """
    text = ask(item.text, f"{LONGER} {KEEP}", partial(complaint, low=1.25, high=2.0))
    return text_changed(item, text, "said at greater length by a model") if text else None


@probe(family="rewritten", expects="none", least=0.95, needs="editor")
def reworded_shorter(item: Item, task: Task, rng: np.random.Generator, *, ask: Ask) -> Edit | None:
    """Have a model say the same in fewer words: .4 to .85 times as many.

    ``That is, I must say, really a lot for one person to carry.`` → ``That's a lot for one person.``
    """
    text = ask(item.text, f"{SHORTER} {KEEP}", partial(complaint, low=0.4, high=0.85))
    return text_changed(item, text, "said in fewer words by a model") if text else None


@probe(family="rewritten", expects="none", least=0.95, needs="editor")
def register_shifted(
    item: Item, task: Task, rng: np.random.Generator, *, ask: Ask, register: str = "formal"
) -> Edit | None:
    """Have a model put the text into another register (``register``: formal or casual), beyond single words.

    ``Hang in there, you've got this.`` → ``Please do not lose heart; you are equal to this.``
    """
    if register not in REGISTERS:
        raise InputError(f"no register is called '{register}'", fix=f"choose one of: {listed(REGISTERS)}")
    rule = partial(complaint, low=0.6, high=1.6, changed=0.15)
    text = ask(item.text, f"{REGISTERS[register]} {KEEP}", rule)
    return text_changed(item, text, f"{register} register, by a model") if text else None


@probe(family="rewritten", expects="none", least=0.9, fits=of_seekers, needs="editor", pairs=True)
def seeker_rewritten(
    item: Item, task: Task, rng: np.random.Generator, *, ask: Ask, variety: str = "any"
) -> Edit | None:
    """Have a model put the seeker's words into another variety of English (``variety``, any of seven by chance).

    ``My dad doesn't talk to anyone now.`` → ``Me dad don't talk to no one now.`` Negations may double but not come or
    go. ``seeker_dialect`` does the same by rules, on fewer items. None where the context is nobody's own words.
    """
    context = spoken_context(item, task)
    told = _variety(variety, rng)
    rule = partial(complaint, low=0.7, high=1.5, changed=0.05, strict=False)
    text = ask(context, f"{DIALECT.format(variety=told)} {KEEP}", rule) if context else None
    return context_changed(item, text, f"{told}, by a model") if text else None


@probe(family="rewritten", expects="none", least=0.95, fits=by_person, needs="editor")
def responder_rewritten(
    item: Item, task: Task, rng: np.random.Generator, *, ask: Ask, variety: str = "any"
) -> Edit | None:
    """Have a model put the responder's words into another variety of English (``variety``, any of seven by chance).

    ``It doesn't mean you're wrong.`` → ``It don't mean you wrong.`` As ``seeker_rewritten``; None for an assistant's
    response and for a told act.
    """
    reply = replied(item, task)
    told = _variety(variety, rng)
    rule = partial(complaint, low=0.7, high=1.5, changed=0.05, strict=False)
    text = ask(reply, f"{DIALECT.format(variety=told)} {KEEP}", rule) if reply else None
    return text_changed(item, text, f"{told}, by a model") if text else None


def _variety(name: str, rng: np.random.Generator) -> str:
    if name != "any" and name not in VARIETIES:
        raise InputError(f"no variety is called '{name}'", fix=f"choose one of: any, {listed(VARIETIES)}")
    return VARIETIES[sorted(VARIETIES)[int(rng.integers(len(VARIETIES)))] if name == "any" else name]
