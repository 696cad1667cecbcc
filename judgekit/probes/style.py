"""Probes of style: the same content at another length, in another layout, tone, spelling or register."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, partial
from itertools import pairwise

import numpy as np

from judgekit.probes.base import Edit, probe, text_changed
from judgekit.probes.checks import letters, same_facts
from judgekit.probes.prose import QUOTED, all_lower, cased, outside_quotes, replied, sentences, told, words
from judgekit.schema import Item, Task

Rules = tuple[tuple[re.Pattern[str], str], ...]
#: Words of five letters and more that become another word when two letters change places.
_TWINS = frozenset({"trial", "trail", "quiet", "quite", "angel", "angle", "untied", "united", "casual", "causal"})
#: A sentence of which "I think" can be said.
_CLAIM = re.compile(r"(?:That's|It's|This is|There's|There is|You're|You are|They're|Most|Some people|The|A|An|It is) ")
#: What stands before a subject at the head of its clause.
_CLAUSE = (
    r"(?P<lead>^|[.,;:!?] |\n|\b(?:that|perhaps|maybe|because|if|and|but|when|until|since|while|though|unless|before|"
    r"after|think|know|why|whether|where|so|say|hope|afraid|glad|sure) )"
)
_EMOJI = {"person": ("🌿", "🍃", "☕"), "assistant": ("📌", "📝", "💡")}


def voice(item: Item, task: Task) -> str:
    """Return whose words a text is: a ``person``'s in reply, an ``assistant``'s, or ``told`` by a narrator."""
    if told(task):
        return "told"
    return "assistant" if replied(item, task) is None else "person"


def written(task: Task) -> bool:
    """Tell whether the text of a task's items is somebody's own words: where an act is told, manners are the matter."""
    return not told(task)


@probe(family="style", expects="none", least=0.95)
def longer(item: Item, task: Task, rng: np.random.Generator, *, share: float = 0.3) -> Edit | None:
    """Add sentences that say nothing about the matter until the text has ``share`` more words.

    ``I'm sorry.`` → ``I'm sorry. I don't post here very often.`` What was there stays word for word; nothing that is
    added holds a name, a number, a feeling, advice or a question. An assistant and a narrator have their own sentences.
    """
    filler = list(words("style")["padding"][voice(item, task)])
    text, wanted = item.text.rstrip(), (1 + share) * len(item.text.split())
    for place in rng.permutation(len(filler)):
        if len(text.split()) >= wanted:
            break
        added = filler[int(place)]
        text = _after(text, added)
    if not item.text.strip() or not text.startswith(item.text.rstrip()):
        return None
    return text_changed(item, text, f"{len(text.split()) - len(item.text.split())} words added that say nothing")


@probe(family="style", expects="none", least=0.15)
def shorter(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Say the same in fewer words: contractions and short expressions; a narrator's text as notes, without articles.

    ``I think that it is late at the moment.`` → ``I think it's late now.`` ``The host closes the tin.`` → ``Host closes
    tin.`` Quoted speech, names, numbers and negations stay, and no sentence is left out.
    """
    if voice(item, task) == "told":
        text = outside_quotes(item.text, lambda part: re.sub(words("style")["noted"], "", part, flags=re.IGNORECASE))
        parts = zip(sentences(item.text), sentences(text), strict=False)
        text = "".join(after[:1].upper() + after[1:] if before[:1].isupper() else after for before, after in parts)
    else:
        text = outside_quotes(_contracted(item.text), lambda part: replaced(part, _rules("shorter")))
        text = re.sub(r"  +", " ", text)
    cut = len(item.text.split()) - len(text.split())
    return _checked(item, text, f"{cut} words fewer") if cut > 0 else None


@probe(family="style", expects="none", least=0.7)
def markdown(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Set the text in Markdown: a heading, a first sentence or clause in bold, a paragraph a sentence.

    ``That hurts. I'm sorry.`` → ``### Reply``, ``**That hurts.**``, ``I'm sorry.`` None for a text of one clause. The
    heading is what the task calls the text; no other word is added.
    """
    first, *rest = [one.strip() for one in sentences(item.text)] or [""]
    if not rest:
        lead = re.match(r"[^\"“‘',;:]{12,}?[,;:](?= )", first)
        if lead is None:
            return None
        bold = f"**{lead.group()[:-1]}**{first[lead.end() - 1 :]}"
    else:
        bold = f"**{first}**"
    body = "\n\n".join([bold, *rest])
    if letters(body) != letters(item.text):
        return None
    return text_changed(item, f"### {task.text_label}\n\n{body}", "set in Markdown")


@probe(family="style", expects="none", least=0.3)
def bullets(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Set each sentence as a bullet point.

    ``Rinse it well. Air the room.`` → ``- Rinse it well.``, ``- Air the room.`` Not a word changes. None for one
    sentence.
    """
    parts = [one.strip() for one in sentences(item.text)]
    text = "\n".join(f"- {part}" for part in parts)
    if len(parts) < 2 or letters(text) != letters(item.text):
        return None
    return text_changed(item, text, f"{len(parts)} bullet points")


@probe(family="style", expects="none", least=0.95)
def hedging(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Have the writer sound less sure, without taking anything back.

    ``It's a lot to carry.`` → ``This is only how it looks from the outside. I think it's a lot to carry.`` An assistant
    begins with ``I can only go by what you have written.``, a narrator ends with ``That, at least, is how it looked.``
    """
    who = voice(item, task)
    hedges = words("style")["hedges"][who]
    hedge = hedges[int(rng.integers(len(hedges)))]
    parts = sentences(item.text)
    if not parts:
        return None
    if who == "told":
        return text_changed(item, _after(item.text.rstrip(), hedge), "a hedge added")
    claims = [k for k, part in enumerate(parts) if _CLAIM.match(part) and part.rstrip().endswith(".")]
    if claims:
        place = claims[int(rng.integers(len(claims)))]
        parts[place] = f"I think {_lowered(parts[place])}"
    start = hedge.lower() if all_lower(item.text) else hedge
    return text_changed(item, f"{start} {''.join(parts)}", f"{1 + bool(claims)} hedge(s) added")


@probe(family="style", expects="none", least=0.95, fits=written)
def politeness(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Open and close with the courtesies of a letter.

    ``Put it in writing.`` → ``Hello, and thank you for your message. Put it in writing. Kind regards.`` None for a text
    that tells of an act: there, politeness is what is rated. What was there stays word for word.
    """
    who = voice(item, task)
    if who == "told" or not item.text.strip():
        return None
    start = "Hello, and thank you for your message." if who == "person" else "Thank you for your question."
    ends = ("Kind regards.", "With best wishes.") if who == "person" else ("Kind regards.", "Thank you for reading.")
    end = ends[int(rng.integers(len(ends)))]
    if all_lower(item.text):
        start, end = start.lower(), end.lower()
    return text_changed(item, f"{start}\n\n{item.text.strip()}\n\n{end}", "courtesies before and after")


@probe(family="style", expects="none", least=0.95)
def typos(item: Item, task: Task, rng: np.random.Generator, *, share: float = 0.05) -> Edit | None:
    """Misspell a ``share`` of the words (one at least): two letters change places, or one of a double is lost.

    ``because it matters`` → ``becuase it maters``. Names, numbers, negations and words of under five letters stay, and
    no misspelling is a word of its own.
    """
    quoted = [match.span() for match in QUOTED.finditer(item.text)]
    long = re.finditer(r"(?<![\w'’-])[a-z]{5,}(?![\w'’-])", item.text)
    found = [word for word in long if _slipped(word.group()) and not any(a < word.start() < b for a, b in quoted)]
    if not found:
        return None
    count = min(len(found), max(1, round(share * len(item.text.split()))))
    chosen = sorted(int(place) for place in rng.choice(len(found), size=count, replace=False))
    text = item.text
    for place in reversed(chosen):
        slips = _slipped(found[place].group())
        text = text[: found[place].start()] + slips[int(rng.integers(len(slips)))] + text[found[place].end() :]
    return _checked(item, text, f"{count} misspelt word(s)")


@probe(family="style", expects="none", least=0.95, fits=written)
def emoji(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Decorate the text with emoji that say nothing about the matter.

    A person's reply ends in ``🌿``, an assistant's response begins with ``📌``; none of them smiles, weeps or warns.
    None for a text that tells of an act, and where there are emoji already.
    """
    signs = _EMOJI.get(voice(item, task))
    if signs is None or not item.text.strip() or re.search(r"[\u2600-\u27bf\U0001f300-\U0001faff]", item.text):
        return None
    sign = signs[int(rng.integers(len(signs)))]
    if signs == _EMOJI["person"]:
        return text_changed(item, f"{item.text.rstrip()} {sign}", f"{sign} at the end")
    *before, last = [one.strip() for one in sentences(item.text)]
    text = f"{sign} {' '.join(before)}\n👉 {last}" if before else f"{sign} {last}"
    return text_changed(item, text, f"{sign} at the beginning")


@probe(family="style", expects="none", least=0.15)
def formal(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Put the text into a formal register: full forms for contractions, formal words for everyday ones.

    ``You're right, maybe he can't.`` → ``You are right, perhaps he cannot.`` Quoted speech, names, numbers and
    negations stay. None where nothing in the text is informal.
    """
    text = outside_quotes(item.text, lambda part: replaced(expanded(part), _rules("formal")))
    return _checked(item, text, "formal register")


@probe(family="style", expects="none", least=0.8)
def casual(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Put the text into a casual register: contractions, everyday words, and the opening or spelling of a chat.

    ``Perhaps it is because you are tired.`` → ``maybe it's cos you're tired`` where a person wrote it; an assistant
    begins with ``Hey,``, a narrator with ``So,``. Quoted speech, names, numbers and negations stay.
    """
    text = outside_quotes(_contracted(item.text), lambda part: replaced(part, _rules("casual")))
    who = voice(item, task)
    if who == "told":
        text = f"So, {_lowered(text)}" if not re.match(r"[\"“‘'(]", text) else text
    elif who == "assistant":
        text = f"Hey, {_small(text)}"
    else:
        text = "".join(_small(sentence) for sentence in sentences(text)).rstrip()
        text = text[:-1] if text.endswith(".") and not text.endswith("..") else text
    return _checked(item, text, "casual register")


def replaced(text: str, rules: Iterable[tuple[re.Pattern[str], str]]) -> str:
    """Apply substitutions in turn; a capital at the beginning of what is replaced stays one."""
    for pattern, other in rules:
        text = pattern.sub(partial(_put, other=other), text)
    return text


def _put(found: re.Match[str], other: str) -> str:
    made = found.expand(other)
    return cased(made, found.group()) if made.strip() else made


def expanded(text: str) -> str:
    """Return the full forms of contractions; where a subject follows (``don't you``) or two are possible they stay."""
    for full, short in words("style")["contracted"].items():
        before, after = r"\b", ""
        if short.endswith("n't") or short == "can't":
            after = r"(?! (?:I|you|we|they|he|she|it|that|there|everybody|everyone|people)\b)(?!\?)"
            before = r"\b" if short == "don't" else r"(?<=[a-z\d] )(?<!\bwhy )(?<!\bhow )"
        elif short.endswith("'s"):  # "it's been" is "it has been"
            after = r"(?! (?:been|got|gone|had|done|made|come|become|taken|given|\w+ed)\b)"
        text = _swapped(rf"{before}{short}\b{after}".replace("'", "['’]"), full, text)
    return text


def _contracted(text: str) -> str:
    def edit(part: str) -> str:
        for full, short in words("style")["contracted"].items():
            before, ahead = _CLAUSE, r"(?= [a-z])(?! (?:to be|and|or|but|now|here)\b)"
            if full.endswith(" have"):
                ahead = r"(?= (?:been|\w{3,}ed)\b)"
            elif full.endswith("not"):
                before, ahead = r"\b", r"(?= [a-z])(?! to\b)"
            part = _swapped(rf"{before}{full}\b{ahead}", short, part)
        return part

    return outside_quotes(text, edit)


def _swapped(pattern: str, other: str, text: str) -> str:
    def form(found: re.Match[str]) -> str:
        lead = found.groupdict().get("lead") or ""
        return lead + (other if other.startswith("I") else cased(other, found.group()[len(lead) :]))

    return re.sub(pattern, form, text, flags=re.IGNORECASE)


@cache
def _rules(name: str) -> Rules:
    return tuple((re.compile(pattern, re.IGNORECASE), str(other)) for pattern, other in words("style")[name])


def _checked(item: Item, text: str, changed: str) -> Edit | None:
    """Return the edit if numbers, names, negations and quoted speech are kept; else it does not apply."""
    return text_changed(item, text, changed) if same_facts(item.text, text) else None


def _after(text: str, sentence: str) -> str:
    # as its writer would: without capitals where there are none, on a line of its own where no stop comes before
    space = " " if re.search(r"[.!?…][\"'”’)]*$", text) else "\n"
    return f"{text}{space}{sentence.lower().rstrip('.') if all_lower(text) else sentence}"


def _lowered(sentence: str) -> str:
    first = re.match(r"[\w'’-]*", sentence)
    if first is None or not (
        first.group() in words("style")["openers"] or re.fullmatch(r"[A-Z]\w{3,}ing", first.group())
    ):
        return sentence  # it may be a name
    return sentence[:1].lower() + sentence[1:]


def _small(sentence: str) -> str:
    first = re.match(r"[\w'’-]*", sentence)
    keeps = first is None or re.fullmatch(r"I(?:['’]\w+)?|[A-Z]{2,}\w*", first.group())
    return sentence if keeps else sentence[:1].lower() + sentence[1:]


def _slipped(word: str) -> list[str]:
    """Return the misspellings of a word that a hurried hand makes."""
    if word in _TWINS:
        return []
    inner = range(1, len(word) - 2)
    turned = [word[:k] + word[k + 1] + word[k] + word[k + 2 :] for k in inner if word[k] != word[k + 1]]
    lost = [word[:k] + word[k + 1 :] for k, (a, b) in enumerate(pairwise(word)) if a == b]
    return turned + lost
