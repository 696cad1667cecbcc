"""The original files of Lee et al. (2024), pinned: each person's labels, and the final label of each country."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from judgekit.fetch import Pinned
from judgekit.studies.sheets import sheet

REPO = "nlee0212/CREHate"
COMMIT = "777ceeb3473c3e9fb5944b542560a3f3023f9d3e"
SALT = "crehate"
CITATION = (
    "Lee, Jung, Myung, Jin, Camacho-Collados, Kim & Oh (2024). Exploring Cross-Cultural Differences in English Hate "
    "Speech Annotations: From Dataset Construction to Analysis. NAACL 2024. arXiv:2308.16705"
)
RAW = Pinned(
    REPO,
    COMMIT,
    "data/CREHate_raw_annotations.csv",
    "2f5227cadc49be1895cb307738e3fb2fd0e12a5169f0e1f563697d19df9b4bbb",
)
FINAL = Pinned(
    REPO,
    COMMIT,
    "data/CREHate_final_annotations.csv",
    "2390784a30fa588dc4b85d7e3fdd2036093947361089098a5a270f4aea453b45",
)
#: A country's code -> its name in the files.
COUNTRIES = {
    "AU": "Australia",
    "GB": "United Kingdom",
    "SG": "Singapore",
    "US": "United States",
    "ZA": "South Africa",
}
#: A label of the raw file that is no grade: the person did not know.
DONT_KNOW = "2"


def raw(mirror: Path | str | None = None) -> pd.DataFrame:
    """Return every answer as text: ID, annotator_id, eight columns on the person, annotation (0, 1, or 2: not known).

    The word None, a religion here, stays a word.
    """
    return sheet(RAW, mirror)


def final(mirror: Path | str | None = None) -> pd.DataFrame:
    """Return the posts and the final label of each country (columns AU, GB, SG, US, ZA; 0 or 1)."""
    named = {f"{name.replace(' ', '_')}_Hate": code for code, name in COUNTRIES.items()}
    table = sheet(FINAL, mirror).rename(columns=named)
    return table.astype(dict.fromkeys(COUNTRIES, "float64"))
