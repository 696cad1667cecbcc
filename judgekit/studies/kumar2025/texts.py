"""What the raters read, as far as the files have it, and how long the support is."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from judgekit.studies.kumar2025.files import CONVERSATIONS, UTTERANCES, Framework, first_rows, wide


def texts(framework: Framework, mirror: Path | str | None = None) -> pd.DataFrame:
    """Return text, context (and, for empathetic_dialogues, the told emotion) by item id.

    lend_an_ear and empathetic_dialogues: the whole conversation is the text. epitome: the seeker's post is the context,
    the one reply the text. perceived_empathy: the files have none.
    """
    if framework.name == "lend_an_ear":
        # The same turns stand in the judge's file too, with empty turns between them; here they are whole.
        told = first_rows(CONVERSATIONS, framework, mirror)
        return pd.DataFrame({"text": told["full_conversation"].map(_lines)})
    if framework.name == "empathetic_dialogues":
        told = first_rows(UTTERANCES, framework, mirror)
        return pd.DataFrame({"text": told["full_conversation"].map(_lines), "emotion": told["context"]})
    if framework.name == "epitome":
        posts = wide(framework, "gemini", mirror)["full_conversation"].str.partition("\nSupporter:")
        seeker = posts[0].str.removeprefix("Seeker:")
        return pd.DataFrame({"text": posts[2].str.strip(), "context": seeker.str.strip()})
    return pd.DataFrame({"text": ""}, index=wide(framework, "gemini", mirror).index)


def support_words(framework: Framework, mirror: Path | str | None = None) -> pd.Series:
    """Return how many words of support each item has, by item id, as the files count them."""
    path = {
        "lend_an_ear": CONVERSATIONS,
        "empathetic_dialogues": UTTERANCES,
    }.get(framework.name, f"annotations/{framework.folder}/sample_ratings_crowdsourced.csv")
    return first_rows(path, framework, mirror)["response_length"]


def _lines(conversation: str) -> str:
    """Return a conversation with one turn a line; commas that its corpus wrote out come back."""
    lines = (line.strip() for line in re.sub(r"_comma_\s*", ", ", conversation).splitlines())
    return "\n".join(line for line in lines if line)
