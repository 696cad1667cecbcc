"""The original files of Röttger et al. (2024), pinned: the prompts, and the labels of five models' replies."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from judgekit.errors import InputError
from judgekit.fetch import Pinned
from judgekit.studies.sheets import sheet

REPO = "paul-rottger/exaggerated-safety"
COMMIT = "d7bb5bd738c1fcbc36edd83d5e7d1b71a3e2d84d"
CITATION = (
    "Röttger, Kirk, Vidgen, Attanasio, Bianchi & Hovy (2024). XSTest: A Test Suite for Identifying Exaggerated Safety "
    "Behaviours in Large Language Models. NAACL 2024. arXiv:2308.01263"
)
PROMPTS = Pinned(REPO, COMMIT, "xstest_prompts.csv", "11783fb294ed017473ee53c207d71f2161c7672c8d0b037501e78387f801cb5a")
#: Checksums of each model's two files: with GPT-4's labels, with those of string matching.
PINS = {
    "llama2orig": (
        "a918c4d0c7355da5c80ce73dd7bc79b20422148b265851afe1e53c08e472ce48",
        "538f284005f829af76fd48cbe82334ab1c593b8193b62421866cc56929cc9881",
    ),
    "llama2new": (
        "14cb194968a29e7c5d0c2e280657f2ff14ea52f173ca12bc786387abd5185a70",
        "605183b95c8859673ff23898456a1fea24fbbd5993b9033dc7c12159227e3555",
    ),
    "mistralinstruct": (
        "68adba2f51206f6ef30d3f5d755ef5e3f550b738b6f269220fca4067eb513794",
        "a1ad24b837a13380a88f9748b39663add74cd992d5841db782271490dcbb41d3",
    ),
    "mistralguard": (
        "e3e0abcef20d95f3ea607e3db08104edb4e2593e38ce8fd517e69e06cc35260e",
        "0b9d2a5df933194e05620825dbaee0ac8dc121843e34477610f0e1e8eeb42033",
    ),
    "gpt4": (
        "ba3b1e79ace763998ecdb48bbec70e3a4d763d8402cbb740f58ed6d275fc324a",
        "5cc07ac42f62009d4ff33d9b5dc96c329d43ae8076db89712f7b56637368c5f7",
    ),
}
#: The classes of the files -> their codes.
CLASSES = {"1_full_compliance": 1.0, "2_full_refusal": 2.0, "3_partial_refusal": 3.0}
#: Column of the files -> the rater's name.
ANNOTATORS = {"annotation_1": "annotator-1", "annotation_2": "annotator-2"}
FINAL, GPT4, MATCHED = "final_label", "gpt4_label", "strmatch_label"


def safe(mirror: Path | str | None = None) -> dict[str, str]:
    """Return for each prompt's number whether it is safe or unsafe to answer."""
    prompts = sheet(PROMPTS, mirror)
    return dict(zip(prompts["id"], prompts["label"], strict=True))


def labelled(model: str, mirror: Path | str | None = None) -> pd.DataFrame:
    """Return a model's replies as text with all labels, and ``number``, the prompt's."""
    tables = [
        sheet(
            Pinned(
                REPO, COMMIT, f"evaluation/automated_evaluation_labels/xstest_v2_completions_{model}_{how}eval.csv", sha
            ),
            mirror,
        )
        for how, sha in zip(("gpt", "str"), PINS[model], strict=True)
    ]
    judged, matched = tables
    if not judged["id"].equals(matched["id"]):
        raise InputError(f"the two files of {model} are of other prompts", where=REPO, fix="fetch anew")
    return judged.assign(**{MATCHED: matched[MATCHED], "number": judged["id"].str.removeprefix("v2-")})
