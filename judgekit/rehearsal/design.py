"""A design to be rehearsed: how many items, people, levels and reps, and how careful people are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from judgekit.errors import InputError

FEWEST_ITEMS = 20


@dataclass(frozen=True)
class Design:
    """One design of a scene: ``items`` rated by ``people`` and judges on ``levels`` levels.

    ``reps`` is how often a judge is asked; ``missing`` the share of people's answers that are missing; ``careless`` the
    share of people who do not read nine items in ten; ``length`` the correlation of quality with log words.
    """

    scene: str
    items: int
    people: int
    levels: int
    reps: int = 2
    missing: float = 0.0
    careless: float = 0.0
    length: float = 0.5

    def __post_init__(self) -> None:
        for good, problem, fix in (
            (self.items >= FEWEST_ITEMS, f"{self.items} items are too few", f"give {FEWEST_ITEMS} or more"),
            (self.people >= 2, f"{self.people} people cannot disagree", "give 2 or more"),
            (self.levels >= 3, f"{self.levels} levels are too few to tell bias from noise", "give 3 or more"),
            (self.reps >= 1, f"{self.reps} reps are no answer", "give 1 or more"),
            (0 <= self.missing < 1, f"{self.missing:g} of the answers cannot be missing", "give a share below 1"),
            (0 <= self.careless < 1, f"{self.careless:g} of people cannot be careless", "give a share below 1"),
            (-1 < self.length < 1, f"{self.length:g} is no correlation", "give a number between -1 and 1"),
        ):
            if not good:
                raise InputError(problem, where="rehearsal", fix=fix)

    @property
    def name(self) -> str:
        """The design as the name of a random stream."""
        return " ".join(str(value) for value in self.columns.values())

    @property
    def columns(self) -> dict[str, Any]:
        """The design as columns of the table."""
        return asdict(self)
