"""The original files of Calderon et al. (2025), pinned, and the nine sets of ratings that they hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgekit.errors import InputError, listed
from judgekit.fetch import Pinned, fetch
from judgekit.schema import Form, Scale
from judgekit.studies.pseudonyms import pseudonym

REPO = "nitaytech/AltTest"
COMMIT = "18428b1f4f34ac61c4978bc180263b90111e7337"
SALT = "alttest"
CITATION = (
    "Calderon, Reichart & Dror (2025). The Alternative Annotator Test for LLM-as-a-Judge: How to Statistically Justify "
    "Replacing Human Annotators with LLMs. ACL 2025, 16051-16081. arXiv:2501.10970"
)
#: Checksums of a set's two files at the pinned commit: the people's ratings, the LLMs'.
PINS = {
    "10k_prompts": (
        "9380386323d5d82fd3be6b454497fa5fbcb59b5dfb061287fb3664e1f8a814b2",
        "31fba0fdb37d50159331b4fc38eb5fa1fb0c038188cbd122ea88c533afa22ab5",
    ),
    "cebab_aspects": (
        "fe1e537aadd2c1c81dd79c2defd83e27676f4992bb19f7a015bf2a26b822bea8",
        "439f0bf0e56fc8d25cd2dabcb938c8cffade773d762a3bb658f77296106442e0",
    ),
    "cebab_stars": (
        "c8005bb4beebc0f61e30f66ae3ae225bddb691c68645c453a23363004da13dd0",
        "63b80b13cddad15f4accbc865332b38276cd4bf978ac0fec0e70cd8c6578a658",
    ),
    "framing": (
        "cc34bc9f5e2650ae18caa5863a3a44742465c19a2d07fe876bece8008bad9b14",
        "335adefcac200f620ff3495f13f6e06071bbe2093a364ff75024ee9da24c93ca",
    ),
    "lesion": (
        "a3bd4a7213d57d6ead4d103ad19fffac0962ab7b5023fa0626cd7f0ac94b1b07",
        "ac0f9d7e6483f1665a5e38a4c9c32e519dd228f1d1ae6a65c55ec222e474fb52",
    ),
    "lgbteen": (
        "e5dfb6093a4ce6940b06c253b26486bee906329ffd9a23eb739bd7c3ac96b7f7",
        "13c741f50c38d86856240a518fbb2c3c36312b381021e38cf9c5f6cccca6f8da",
    ),
    "mtbench": (
        "b4435d1878cec02169b57050bf6b40585c9d3661a95f2be1a023dafb58b45f6d",
        "6c77d271a09f3cff2dcb05dda859358434e3c38e6141316b94d6feaff843e995",
    ),
    "summeval": (
        "2e641f502678ea8c7344ed137bca58a12525bfcf69bc068e580b236ce2b17519",
        "a6200543db890e4691eca3620ad6f1627fc7a22fee5a0139bc9805e388fb1d90",
    ),
    "wax": (
        "d92dbfa23a4dcc828d2f40325bfaf3605acedb9bf7f82ef985d449f94a1bcedc",
        "b5d5dfa2e58e17ab3c6f633f4554b46fb27d9bd6c8cf8abc6bb46814af6384af",
    ),
}
#: The LLMs' names in the files, and who makes them.
PROVIDERS = {
    "gemini_flash": "google",
    "gemini_pro": "google",
    "gpt-4o": "openai",
    "gpt-4o-mini": "openai",
    "llama-31": "meta",
    "mistral-v03": "mistral",
}
#: The five frames whose questions stand in ``framing``, by the first letters of the question's code.
FRAMES = {"re": "responsibility", "hi": "human interest", "co": "conflict", "mo": "morality", "ec": "economy"}


@dataclass(frozen=True)
class Set:
    """One of the nine sets. ``levels`` are its labels in the order of their codes 0, 1, …, or the numbers themselves.

    ``parse`` takes an item's id apart: item, group (the text or picture that several items share), strata, text.
    """

    name: str
    pool: str
    scale: Scale
    levels: tuple[str, ...] | tuple[int, ...]
    question: str
    parse: Callable[[str], dict[str, str]]
    strata: tuple[str, ...] = ()
    form: Form = "rating"


def private(value: str) -> str:
    """Return a pseudonym of an id that could lead to a person or that is a text."""
    return pseudonym("item", SALT, value)


def _plain(item: str) -> dict[str, str]:
    return {"item": item, "group": item}


def _restaurant(item: str) -> dict[str, str]:
    # The last six digits number the edits of one original review.
    review, aspect = item.split("__")
    return {"item": item, "group": f"review-{review[:-6]}", "aspect": aspect}


def _article(item: str) -> dict[str, str]:
    article, question = item.rsplit("__", 1)
    return {"item": f"{private(article)}__{question}", "group": private(article), "frame": FRAMES[question[:2]]}


def _picture(item: str) -> dict[str, str]:
    picture, feature = item.rsplit("__", 1)
    return {"item": item, "group": picture, "feature": feature}


def _post(item: str) -> dict[str, str]:
    post, reply, question = item.split("__")
    source = {"highest_comment_body": "person", "BARD": "Bard"}.get(reply, "ChatGPT")
    return {"item": f"{private(post)}__{reply}__{question}", "group": private(post), "question": question,
            "replier": source}  # fmt: skip


def _dialogue(item: str) -> dict[str, str]:
    question, _, _, turn = item.split("__")
    return {"item": item, "group": f"question-{question}", "turn": turn}


def _summary(item: str) -> dict[str, str]:
    article, _, aspect = item.split("__")
    return {"item": item, "group": article, "aspect": aspect}


def _association(item: str) -> dict[str, str]:
    cue, answer, explanation = item.split("__", 2)
    return {"item": private(item), "group": private(cue), "context": f"{cue} – {answer}", "text": explanation}


RELATIONS = (
    "Action", "Antonym", "Category-Exemplar-Pairs", "Common-Phrase", "Emotion-Evaluation", "Function",
    "Has-Prerequisite", "HasProperty", "Location", "Material-MadeOf", "Members-of-the-same-Category",
    "None-of-the-above", "PartOf", "Result-In", "Synonym", "Thematic", "Time",
)  # fmt: skip
ANSWERS = ("No", "Partially", "Yes", "Irrelevant", "No response", "Ignore")
SETS: Mapping[str, Set] = {
    one.name: one
    for one in (
        Set("10k_prompts", "skilled", "interval", (1, 2, 3, 4, 5), "How good is the prompt?", _plain),
        Set("cebab_aspects", "crowd", "nominal", ("Negative", "unknown", "Positive"),
            "How does the review speak of this aspect?", _restaurant, ("aspect",)),
        Set("cebab_stars", "crowd", "interval", (1, 2, 3, 4, 5), "How many stars does the review give?", _restaurant),
        Set("framing", "skilled", "nominal", ("no", "yes", "n/a: problem is resolved"),
            "Does the article frame the matter in this way?", _article, ("frame",)),
        Set("lesion", "skilled", "interval", (0, 1, 2, 3, 4, 5, 6),
            "How far does the picture of the skin show this feature?", _picture, ("feature",)),
        Set("lgbteen", "expert", "nominal", ANSWERS,
            "Does the reply to a young LGBTQ person's post have this quality?", _post, ("question", "replier")),
        Set("mtbench", "expert", "nominal", ("tie", "model_a", "model_b"), "Which answer is better?", _dialogue,
            ("turn",), "pairwise"),
        Set("summeval", "expert", "interval", (1, 2, 3, 4, 5), "How good is the summary in this aspect?", _summary,
            ("aspect",)),
        Set("wax", "crowd", "nominal", RELATIONS, "Which relation holds the two words together?", _association),
    )
}  # fmt: skip


def set_named(name: str) -> Set:
    """Return a set, or say which there are."""
    if name not in SETS:
        raise InputError(f"alttest has no set '{name}'", fix=f"choose one of: {listed(SETS, 9)}")
    return SETS[name]


def recorded(chosen: Set, mirror: Path | str | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the people's and the LLMs' ratings of a set: rater → item → label, as in the files."""
    names = ("human_annotations.json", "llm_annotations.json")
    files = (
        fetch(Pinned(REPO, COMMIT, f"data/{chosen.name}/{name}", sha256), mirror=mirror)
        for name, sha256 in zip(names, PINS[chosen.name], strict=True)
    )
    people, judges = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    return people, judges
