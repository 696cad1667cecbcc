"""With and without those whom declared rules exclude: what the rules of exclusion do to agreement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judgekit.errors import listed
from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.kappa import kappa_family
from judgekit.stats.pairings import Pairing, Slice, between_levels, slices
from judgekit.stats.resample import Bootstrap, Interval
from judgekit.stats.rows import row

if TYPE_CHECKING:
    from judgekit.study import Study

#: The raters' column in which a label study says whom its declared rules exclude, and why.
COLUMN = "excluded"


@register("stats")
def exclusions(study: Study, *, boot: Bootstrap) -> Iterator[Estimate]:
    """Declared exclusions: weighted kappa without the excluded raters minus with them, people and judge–people.

    Who is excluded stands in the raters' column ``excluded``, with the reasons; rules are declared before anybody
    answers. ``exclusions.with`` and ``exclusions.without`` are the two sides, on the same draws.
    """
    for part in slices(study):
        if part.subset != "all":
            continue
        for pool, people in study.pools().items():
            rated = tuple(person for person in people if part.answered([person]).any())
            reasons = _reasons(study, rated)
            kept = tuple(person for person in rated if person not in reasons)
            compared = [Pairing(pool, pool, rated, rated)]
            compared += [
                Pairing(judge, pool, (judge,), rated) for judge in study.judges() if part.answered([judge]).any()
            ]
            for pairing in compared:
                yield from _rows(study, part, pairing, kept, reasons, boot)


def _reasons(study: Study, raters: tuple[str, ...]) -> dict[str, str]:
    if COLUMN not in study.raters:
        return {}
    told = study.raters.set_index("rater")[COLUMN].reindex(list(raters))
    return {str(rater): str(why) for rater, why in told.items() if isinstance(why, str) and why.strip()}


def _rows(
    study: Study, part: Slice, pairing: Pairing, kept: tuple[str, ...], reasons: dict[str, str], boot: Bootstrap
) -> Iterator[Estimate]:
    own = pairing.left == pairing.right
    without = Pairing(pairing.a, pairing.b, kept if own else pairing.left, kept)
    whole = f"{len(reasons)} of {len(pairing.right)} raters excluded"
    lacking = ""
    if COLUMN not in study.raters:
        lacking = "not estimable: no rules of exclusion were declared"
    elif not reasons:
        lacking = "not estimable: the declared rules exclude nobody"
    elif len(kept) < (2 if own else 1):
        lacking = f"not estimable: {whole}"
    elif part.criterion.scale == "nominal" and between_levels(part.criterion, part.matrix(pairing.raters)):
        lacking = "not estimable: answers between levels"
    if lacking:
        made = row(study, "exclusions", part, pairing, Interval(np.nan), boot)
        yield replace(made, note=lacking)
        return
    sides = [pairing, without]
    difference, _ = kappa_family(part, sides, minus=((1, 0),))
    both, said = kappa_family(part, sides)
    found = boot.intervals(part.stream, part.groups, [difference, both], part.types)
    note = f"{whole}: {listed(f'{rater} ({why})' for rater, why in reasons.items())}"
    yield row(
        study, "exclusions", part, pairing, found[0], boot, f"{said[0]}; without the excluded minus with", note=note
    )
    for name, side, one, text in zip(("with", "without"), sides, found[1:], said, strict=True):
        yield row(study, f"exclusions.{name}", part, side, one, boot, text, note=note)
