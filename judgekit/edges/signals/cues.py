"""Cues in an item's words: negated, mixed, sarcastic, implicit. The lists are open (``cues.yaml``), and English."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from judgekit.edges.signals.base import Array, View, signal


@cache
def lists() -> dict[str, tuple[re.Pattern[str], ...]]:
    """Return the cues of each list as patterns."""
    import yaml

    read: dict[str, list[Any]] = yaml.safe_load((Path(__file__).parent / "cues.yaml").read_text(encoding="utf-8"))
    return {
        name: tuple(re.compile(rf"\b(?:{cue})\b", re.IGNORECASE) for cue in map(_word, cues))
        for name, cues in read.items()
    }


def _word(cue: Any) -> str:
    return "no" if cue is False else str(cue)  # YAML reads a bare no as false


def found(name: str, text: str) -> list[str]:
    """Return the words of a text that its list of cues names, the first of each cue."""
    return [hit.group(0) for cue in lists()[name] if (hit := cue.search(text))]


def _counted(view: View, name: str) -> Array:
    return view.study.once(
        ("cues", name), lambda: np.array([len(found(name, text)) for text in view.texts], dtype=float)
    )


@signal("text")
def negation(view: View) -> Array:
    """How many different cues of negation the text has (not, without, hardly, far from …).

    What negation turns round is easily read as it stands: Wilson, Wiebe & Hoffmann (2005), doi:10.3115/1220575.1220619.
    """
    return _counted(view, "negation")


@signal("text")
def mixed(view: View) -> Array:
    """How many different cues of a turn or of two feelings at once the text has (but, part of me, bittersweet …).

    People can feel both at once: Larsen, McGraw & Cacioppo (2001), doi:10.1037/0022-3514.81.4.684.
    """
    return _counted(view, "mixed")


@signal("text")
def sarcasm(view: View) -> Array:
    """How many different cues of irony the text has (yeah right, how convenient, thanks for nothing …).

    Joshi, Bhattacharyya & Carman (2017), doi:10.1145/3124420.
    """
    return _counted(view, "sarcasm")


@signal("text")
def implicit(view: View) -> Array:
    """How many different cues of what is hinted at and not said the text has (I guess, those people, in theory …).

    Implied abuse, which has no word to go by: ElSherief et al. (2021), doi:10.18653/v1/2021.emnlp-main.29.
    """
    return _counted(view, "implicit")
