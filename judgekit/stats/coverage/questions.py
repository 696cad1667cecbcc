"""What is asked of each simulated data set: every interval that a statistic gives, every test under its null."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from judgekit.errors import InputError, listed
from judgekit.registry import discover, knobs
from judgekit.schema import Estimate
from judgekit.stats.clustered import paired_difference
from judgekit.stats.coverage.cell import Scene
from judgekit.stats.homogeneity import NO_INTERVAL
from judgekit.stats.resample import Bootstrap

if TYPE_CHECKING:
    from judgekit.study import Study

#: coverage of an interval; or how often a test that has nothing to find gives p <= level, or a verdict.
What = Literal["coverage", "p", "yes", "no"]
#: What a note may say without warning of anything.
TOLD = re.compile(
    r"published rule: .*|\d+ items tied|\d+ items without an answer of the judge|"
    r"the judge agrees with people more than they do"
)
#: Tests without an interval.
CHI_SQUARED = tuple(f"homogeneity.{name}" for name in ("stuart_maxwell", "bhapkar", "bowker", "mcnemar"))
#: Statistics whose pairs of items are edits, or that count failures.
OF_EDITS = ("contrast", "status")
PAIRED = "paired_difference"
#: What is simulated here by default. The others need edits, both orders, groups of people or several criteria: most of
#: them have a rehearsal of their own (``judgekit.rehearsal``).
SIMULATED = (
    "accuracy", "ac1", "ac2", "alpha", "alt_test", "bland_altman", "brennan_prediger", "ccc", "ceiling", "conger",
    "contrast", "difference", "equivalence", "fleiss", "homogeneity", "icc", "kappa", "light", PAIRED, "pearson",
    "percent", "soft", "spearman", "specific", "status", "tau_b", "weighted_kappa",
)  # fmt: skip
#: The coefficients whose differences are asked for.
SUBTRACTED = ("alpha", "weighted_kappa", "ac1", "percent", "spearman")
#: Asked on two levels only: on more, others of their family stand for them.
ON_TWO_LEVELS = ("kappa", "light", "conger", "ac1", "specific", "contrast", "status")


@dataclass(frozen=True)
class Key:
    """A row of the coverage table within a cell: which estimate, made how, of whom, and what is counted."""

    statistic: str
    variant: str
    comparison: str
    what: What

    @property
    def difference(self) -> bool:
        """Whether the estimate subtracts two quantities on the same items."""
        return self.statistic.startswith(("ceiling", "difference", "equivalence", "homogeneity.excess", PAIRED))


@dataclass(frozen=True)
class Question:
    """One call of a statistic on a scene: what is counted in its rows, of which judges (all of them: empty).

    An option written ``@name`` is set to the cell's own value of ``name``, at which the null hypothesis just holds.
    ``points``: no draws are needed; ``singly``: rows for single people are; ``row``: the only row that counts.
    """

    statistic: str
    scene: Scene
    what: tuple[What, ...] = ("coverage",)
    options: tuple[tuple[str, Any], ...] = ()
    judge: str = ""
    variant: str = ""
    points: bool = False
    singly: bool = False
    row: str = ""

    def fits(self, levels: int, missing: float) -> bool:
        """Tell whether it is asked of a design: F limits need every cell, some statistics are for two levels."""
        if levels > 2 and self.statistic in ON_TWO_LEVELS:
            return False
        return not (missing and self.variant == "interval=F")

    def ask(self, study: Study, boot: Bootstrap, planted: Mapping[str, float]) -> list[Estimate] | None:
        """Return the estimates, or None where a null hypothesis cannot be planted in this cell."""
        options = dict(self.options)
        for name, value in options.items():
            if isinstance(value, str) and value.startswith("@"):
                if not planted.get(value[1:], 0.0) > 0:
                    return None
                options[name] = planted[value[1:]]
        function = paired if self.statistic == PAIRED else discovered()[self.statistic]
        boot = Bootstrap(boot.seed, 0, boot.conf_level) if self.points else boot
        return list(function(study, boot=boot, **options))

    def rows(self, estimates: Iterable[Estimate]) -> Iterator[tuple[Key, Estimate]]:
        """Yield the rows that count, each under its key; of single people the first stands for all."""
        for made in estimates:
            if (self.judge and made.a not in self.judge.split()) or (self.row and made.statistic != self.row):
                continue
            comparison = compared(made)
            if comparison is None:
                continue
            for what in self.what:
                if counted(made, what):
                    yield Key(made.statistic, self.variant, comparison, what), made


def counted(made: Estimate, what: What) -> bool:
    """Tell whether a row has what is counted, or would have it if there were enough data."""
    chi_squared = made.statistic in CHI_SQUARED
    if what == "coverage":
        return not chi_squared
    if what == "p":
        return chi_squared or made.p is not None
    return made.verdict is not None and not made.statistic.startswith("alt_test.rho")


def compared(made: Estimate) -> str | None:
    """Say who is compared in a row, None for rows that repeat what another one stands for."""
    if made.b == made.a or (not made.b and made.a == "people"):
        return "people"
    return {"people": "judge and people", "": "judge", "h1": "judge and person", "second": "two judges"}.get(made.b)


def warned(made: Estimate) -> bool:
    """Tell whether a row's note warns of anything."""
    return any(not TOLD.fullmatch(text) for text in made.note.replace(NO_INTERVAL, "").split("; ") if text)


@lru_cache(maxsize=1)
def discovered() -> Mapping[str, Any]:
    """Return the registered statistics."""
    return discover("stats")


def paired(study: Study, *, boot: Bootstrap) -> Iterator[Estimate]:
    """Yield the difference of two judges' shares of answers equal to the first person's (CR2 standard error)."""
    groups = np.unique(study.item_column("group"), return_inverse=True)[1]
    for criterion in study.task.criteria:
        cells = study.matrix(criterion.key)
        person = cells["h1"].to_numpy()
        hits = [np.where(np.isfinite(person), cells[judge] == person, np.nan) for judge in ("twin", "second")]
        found = paired_difference(hits[0], hits[1], groups)
        low, high = found.interval(boot.conf_level)
        known = found.se > 0
        yield Estimate(
            PAIRED, criterion.key, found.value, a="twin", b="second", low=low if known else None,
            high=high if known else None, p=found.p() if known else None, note=found.note,
        )  # fmt: skip


def questions(statistics: Sequence[str] = ()) -> list[Question]:
    """Return what is asked: of the statistics named, or of all that are registered."""
    known = [*discovered(), PAIRED]
    absent = [name for name in statistics if name not in known]
    if absent:
        raise InputError(f"no statistic is called {listed(absent)}", fix=f"choose among: {listed(known, 40)}")
    chosen = [name for name in known if name in (statistics or SIMULATED)]
    return [question for name in chosen for question in _of(name)]


def _of(name: str) -> Iterator[Question]:
    """Yield the questions about one statistic: its intervals (in each way that they can be had), then its tests."""
    if name == PAIRED:
        yield Question(PAIRED, "innocent", ("coverage", "p"))
        return
    if name == "difference":  # of a judge and the people's own, then of two judges who are drawn as people are
        yield Question(name, "work", options=(("of", SUBTRACTED),))
        yield Question(name, "innocent", ("yes",), (("of", SUBTRACTED), ("ceiling", False)), "twin second")
        return
    has = knobs(discovered()[name])
    each = (("strata", True),) if "strata" in has else ()
    yield Question(name, "edits" if name in OF_EDITS else "work", options=each)
    if "interval" in has:
        way = "F" if name == "icc" else "analytic"
        yield Question(name, "work", options=(*each, ("interval", way)), variant=f"interval={way}", points=True)
    yield from TESTS.get(name, ())


#: Each test with data about which its null hypothesis holds, or just holds.
TESTS: Mapping[str, tuple[Question, ...]] = {
    "homogeneity": (Question("homogeneity", "innocent", ("p",), judge="twin", points=True, singly=True),),
    "kappa": (
        Question("kappa", "innocent", ("p",), (("interval", "analytic"),), "blind", "interval=analytic", points=True),
    ),
    "alt_test": tuple(
        Question(
            "alt_test",
            "innocent",
            ("p", "yes"),
            (("epsilon", "@epsilon"), *more),
            "weak",
            variant,
            points=bool(more),
            singly=True,
        )
        for variant, more in (
            ("", ()),
            ("fewer=exact", (("fewer", "exact"),)),
            ("fewer=wilcoxon", (("fewer", "wilcoxon"),)),
            ("clustered=true", (("clustered", True),)),
        )
    ),
    "equivalence": tuple(
        Question(
            "equivalence",
            "innocent",
            ("yes",),
            (("margin", "@margin"), ("margin_alpha", "@margin_alpha"), ("cautious", cautious)),
            "weak",
            "" if cautious else "cautious=false",
        )
        for cautious in (True, False)
    ),
    "ceiling": (
        *(
            Question("ceiling", "innocent", ("yes",), (("margin", f"@{row}"),), "weak", row=row)
            for row in ("ceiling.weighted_kappa", "ceiling.leave_one_out", "ceiling.split_half")
        ),
        Question("ceiling", "innocent", ("no",), (), "twin"),
    ),
}
