"""Positive and negative specific agreement: where one rater says yes (no), does another say so too?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from judgekit.registry import register
from judgekit.schema import Estimate
from judgekit.stats.pairings import between_levels, pairings, slices
from judgekit.stats.resample import Bootstrap, scarce_level
from judgekit.stats.rows import row
from judgekit.stats.twobytwo import index_job

if TYPE_CHECKING:
    from judgekit.study import Study


@register("stats")
def specific(study: Study, *, boot: Bootstrap) -> Iterator[Estimate]:
    """Positive and negative specific agreement of criteria with two levels: people, judge with people, judges."""
    for part in slices(study):
        codes = part.criterion.codes
        if len(codes) != 2:
            continue
        asked = [p for p in pairings(study, part) if not between_levels(part.criterion, part.matrix(p.raters))]
        rows = [(p, index) for p in asked for index in ("specific_positive", "specific_negative")]
        jobs = [
            index_job(
                part.matrix(p.raters), codes, index, 0 if p.left == p.right else len(p.left), part.sampled(p.raters)
            )
            for p, index in rows
        ]
        for (pairing, index), found in zip(
            rows, boot.intervals(part.stream, part.groups, jobs, part.types), strict=True
        ):
            code = codes[1] if index == "specific_positive" else codes[0]
            label, X = part.criterion.label(code), part.matrix(pairing.raters)
            few = scarce_level(len(np.unique(part.groups[np.equal(X, code).any(axis=1)])), label)
            yield row(study, f"percent.{index}", part, pairing, found, boot, f"agreement on '{label}'", note=few)
