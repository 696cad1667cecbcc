"""Kumar et al. (2026): experts, crowd workers and three LLM judges rate empathic communication in four frameworks.

200 conversations (50 a framework) in which one speaker tells a trouble and the other offers support; 21 criteria.
arXiv:2506.10150; data under the MIT licence.
"""

from judgekit.studies.kumar2025.cells import reproduce
from judgekit.studies.kumar2025.source import kumar2025

__all__ = ["kumar2025", "reproduce"]
