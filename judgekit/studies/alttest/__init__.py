"""Calderon, Reichart & Dror (2025): nine sets rated by people and up to six LLMs, for the alternative annotator test.

arXiv:2501.10970. The repository states no licence: its files are fetched for use, never shipped.
"""

from judgekit.studies.alttest.cells import reproduce
from judgekit.studies.alttest.source import alttest

__all__ = ["alttest", "reproduce"]
