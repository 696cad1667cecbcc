"""The original files of Kumar et al. (2026), pinned, and the four frameworks that they hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from judgekit.errors import InputError, listed
from judgekit.fetch import Pinned, fetch
from judgekit.studies.pseudonyms import pseudonym

REPO = "aakriti1kumar/replication-data-and-code-when-LLMs-reliable-empathic-communication"
SALT = "kumar2025"
COMMIT = "713458108e28897fccf136a6337296b5199cb617"
CITATION = (
    "Kumar, Poungpeth, Yang, Farrell, Lambert & Groh (2026). When large language models are reliable for judging "
    "empathic communication. Nature Machine Intelligence. arXiv:2506.10150"
)
#: Of the files, those that are read, by folder, with their checksums at the pinned commit.
PINS = {
    "annotations/empatheticdialogues": {
        "expert1_ratings.csv": "b663a798555ea6acfb15b045099bc65786bf2dad78d663e6dd685adb0f3cd7b7",
        "expert2_ratings.csv": "d5b9a881c5114dcefb44246e611358c48b46072f2575d22d85c69ea25e880b1f",
        "expert3_ratings.csv": "71d19cf46c984d6a5e1897f6ed17219ac8885e521af26d9d987be9b9a4e014a2",
        "crowd_ratings.csv": "5ea7c6df85f58ba3a4a984a6268a3b0a15e62a7d67532350636a058fd1c9d140",
        "gpt_ratings.csv": "4af145193396c3e478558f949a3a269522332afa21630577ed499449e1857d63",
        "claude_ratings.csv": "403ed01c78099d47a404d8777cdf30572d2490222274609919b5ce1a943eb8e8",
        "gemini_ratings.csv": "f540d931d9222a0a0ce5633a01eb35843807dabd0cac589bf28f003b183ad68d",
    },
    "annotations/epitome": {
        "expert1_ratings.csv": "6c2c45535ab85049a590d3be6d3f2054c8537f8d2ce945b6479c7718ebd19d1e",
        "expert2_ratings.csv": "50b3081ac2ecf241a48f9fe073d37a28cb33eda6b0bd0089c710898dc747f76d",
        "expert3_ratings.csv": "ad8c20539b9733c160bb607c9cf2b632e0925f1ee7881d87b24af1b060e3db94",
        "crowd_ratings.csv": "bf0964979a8f0b19887726e0e915cb91e25a64707bbdd28778c1e6a533e1ad7f",
        "gpt_ratings.csv": "4b44fa5d21b73723d94b0c760f08fdb04ce71de9799ba7aded7e1a6db2aa9766",
        "claude_ratings.csv": "8f2ea70253be4aadac23037e9c5b4e5e5181c865a3afb3037b3c47820c63be68",
        "gemini_ratings.csv": "652c302c8d6f893535fc22a06c4a6b4eaff0dd30ef527851136d72f3d53c1f4c",
        "sample_ratings_crowdsourced.csv": "532b2fc529c442e4a2721b52ebbf2df5a60e7b6d03dc890df6dd92b82e238810",
    },
    "annotations/lend_an_ear": {
        "expert1_ratings.csv": "0da286141c6e72e44f17d703b958392ed826292ef05412ff6f31c266b42cb5df",
        "expert2_ratings.csv": "b42757d7ef091ba6abbc40ba7f2930f02803b7ece0c6c2307b18bf98abbec0cd",
        "expert3_ratings.csv": "720e1186ced98119d929871a27205626070009bdbf215d40ace1599e2210e477",
        "crowd_ratings.csv": "9c8a9ac8529566031519698a7a9d2a779dd4f3c6553950f5d8a71cb5de478f0f",
        "gpt_ratings.csv": "2d485df8f8c3e1877c1a5aee14500c4f27855c244eef112415c1da26212d5063",
        "claude_ratings.csv": "c55d057247b8e9db2382f15c8967861cada46dd560ef6381939e75dd541639fc",
        "gemini_ratings.csv": "dae7d13ad77650ec430519bef5222512823ecde7d4a073b108099b77752de849",
    },
    "annotations/perceived_empathy": {
        "expert1_ratings.csv": "cde7924042a198aae14d1b94683a6223f513e7c1e2b4f9673b682b381b23923c",
        "expert2_ratings.csv": "e94c5acce6ccffeb2461ddef0fd1af00f99ed3cefeb07f10c5b6a5264da9e51d",
        "expert3_ratings.csv": "e70f94b7c50b027594b2326f6e0c8c8cd405b2515ad5ff0f1b8409363a141a6d",
        "crowd_ratings.csv": "1e08aeb9f4df6a783e8a93f57092fc354b9beeed12ca9b803492a6621752bbd0",
        "gpt_ratings.csv": "c6e1d15d30597f48d015a138e03bcacd75a45921eceede0c140865b223f04037",
        "claude_ratings.csv": "35a06ef4de74627289303220d436463f9cf57fc931308aa033720d7a9b7e66c7",
        "gemini_ratings.csv": "317fd7218e4ccd848c91ca986fdae14886c185d8a025b10389c43af4bae07883",
        "sample_ratings_crowdsourced.csv": "510b53a245f41357a2d523c6cf73df7051fe67222fd680558be882e369ba2bf0",
    },
    "original_data": {
        "sample_empatheticdialogues.csv": "155e30ed8d73b9960c08f554d54e6970369a8f0cfbbd46377bac933a564b08f3",
        "sample_lend_an_ear_annotations.csv": "f64ce3bf76c9d8b07e3903d9b95869657860208f11104e1bf6616bb603527da0",
        "sample_lend_an_ear_conversations.csv": "022f644dead78e65c2672360aac9ab83d976a60c2a2695be7193a4d1042d6bf4",
    },
}
CONVERSATIONS = "original_data/sample_lend_an_ear_conversations.csv"
WORKERS = "original_data/sample_lend_an_ear_annotations.csv"
UTTERANCES = "original_data/sample_empatheticdialogues.csv"

EXPERTS = ("expert1", "expert2", "expert3")
#: Name of the judge here -> (stem of its files, provider, model as the study names it).
JUDGES = {
    "gpt-4o": ("gpt", "openai", "gpt-4o"),
    "claude-3.7-sonnet": ("claude", "anthropic", "claude-3.7-sonnet"),
    "gemini-2.5-pro": ("gemini", "google", "gemini-2.5-pro"),
}


@dataclass(frozen=True)
class Framework:
    """One of the four ways to rate empathic communication: its files, its id column, its criteria and their scale.

    ``private`` says that the item ids are ids of people (those who told their trouble).
    """

    name: str
    folder: str
    key: str
    criteria: tuple[str, ...]
    low: int
    high: int
    private: bool = False


FRAMEWORKS = {
    framework.name: framework
    for framework in (
        Framework(
            "lend_an_ear",
            "lend_an_ear",
            "conversation_id",
            ("validating_emotions", "encouraging_elaboration", "demonstrating_understanding", "advice_giving",
             "self_oriented", "dismissing_emotions"),
            1,
            5,
        ),
        Framework("empathetic_dialogues", "empatheticdialogues", "conv_id", ("empathy", "relevance", "fluency"), 1, 5),
        Framework(
            "epitome",
            "epitome",
            "sp_id",
            ("level_emotional_reactions", "level_interpretations", "level_explorations"),
            0,
            2,
        ),
        Framework(
            "perceived_empathy",
            "perceived_empathy",
            "id",
            ("m_understood", "m_validated", "m_affirmed", "m_seen", "m_accepted", "m_caredfor", "m_emotional",
             "m_practical", "m_motivation"),
            1,
            7,
            private=True,
        ),
    )
}  # fmt: skip


def framework_named(name: str) -> Framework:
    """Return a framework, or say which there are."""
    if name not in FRAMEWORKS:
        raise InputError(f"kumar2025 has no framework '{name}'", fix=f"choose one of: {listed(FRAMEWORKS)}")
    return FRAMEWORKS[name]


def pinned_table(path: str, key: str, mirror: Path | str | None = None) -> pd.DataFrame:
    """Return one of the pinned files with its ids as text (they have more digits than a number can hold)."""
    folder, name = path.rsplit("/", 1)
    return pd.read_csv(fetch(Pinned(REPO, COMMIT, path, PINS[folder][name]), mirror=mirror), dtype={key: str})


def first_rows(path: str, framework: Framework, mirror: Path | str | None = None) -> pd.DataFrame:
    """Return a file's first row of each item, by item id and sorted: files list the items in different orders."""
    table = pinned_table(path, framework.key, mirror).drop_duplicates(framework.key)
    if framework.private:
        table = table.assign(**{framework.key: [pseudonym("item", SALT, item) for item in table[framework.key]]})
    return table.set_index(framework.key).sort_index()


def wide(framework: Framework, stem: str, mirror: Path | str | None = None) -> pd.DataFrame:
    """Return a rater's file, by item id and sorted."""
    return first_rows(f"annotations/{framework.folder}/{stem}_ratings.csv", framework, mirror)
