"""The people whose labels were collected on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from judgekit import paths
from judgekit.errors import InputError, listed
from judgekit.study import Study, stack
from judgekit.tables import RATINGS, check_items

if TYPE_CHECKING:
    from judgekit.humans.labels.card import Progress

#: What a label study keeps of a rater for its own running: no run needs it.
INNER = ("stage", "code", "joined", "seen", "finished")
#: Columns of a rating that the run keeps beside those of every rating; comments and passages stay with the labels.
KEPT = ("purpose", "position", "probability")


def where(name: str, url: str | None) -> str:
    """Return where a label study is kept: at its URL, else ``data/labels/NAME.sqlite``."""
    return url if url is not None else str(paths.data("labels", f"{name}.sqlite"))


@dataclass(frozen=True)
class Collected:
    """The raters of a label study with what they answered so far, in place of the study's recorded people.

    ``arms`` are those to take: review raters have seen a judge's label and are no blind people. ``pools`` (null: all)
    may name ``adjudicators``, who have seen others' labels and are else left out. Review raters are
    pools of their own, ``POOL (review)``. Extra items of the page (training, gold and attention of their own) are
    not in the study. Raters whom a declared rule excludes stay in, marked in the column ``excluded``, so that estimates
    can be made with and without them; ``drop_excluded`` leaves them out. Ratings of items that were drawn have the
    column ``probability``.
    """

    name: str
    url: str | None = None
    arms: Sequence[str] = ("blind",)
    pools: Sequence[str] | None = None
    drop_excluded: bool = False

    def join(self, study: Study, seed: int) -> Study:
        """Return the study with the labels; InputError where there are none, or for an unknown pool or arm."""
        from judgekit.humans.labels.assign import known
        from judgekit.humans.labels.desk import Desk
        from judgekit.humans.labels.quality import evidence, excluded
        from judgekit.humans.labels.settings import ADJUDICATORS

        with Desk.open(where(self.name, self.url), keyless=True) as desk:
            place = desk.where
            design, raters, progress = desk.design, desk.raters(), desk.progress()
            ratings = _weighted(desk.ratings(), desk.plan())
        out = excluded(evidence(design, ratings, raters, seed=seed)) if len(ratings) else {}
        raters["excluded"] = [out.get(name) for name in raters["rater"]]
        review = raters["arm"] == "review"
        raters["reviewed"] = [design.settings.review.judge if late else None for late in review]
        raters["pool"] = raters["pool"].where(~review, raters["pool"] + " (review)")
        there = [str(pool) for pool in dict.fromkeys(raters["pool"])]
        pools = [pool for pool in there if pool != ADJUDICATORS] if self.pools is None else list(self.pools)
        known("pool", pools, there, "humans.pools")
        known("arm", self.arms, ["blind", "review"], "humans.arms")
        kept = raters["pool"].isin(pools) & raters["arm"].isin(list(self.arms))
        if self.drop_excluded:
            kept &= raters["excluded"].isna()
        raters = raters[kept].drop(columns=list(INNER))
        extras = {extra.item for extra in design.extras() if extra.own}
        mine = ratings["rater"].isin(set(raters["rater"])) & ~ratings["item"].isin(list(extras))
        ratings = ratings[mine].drop(columns=[name for name in _beside(ratings) if name not in KEPT])
        raters = raters[raters["rater"].isin(set(ratings["rater"]))]
        if raters.empty:
            raise InputError("nobody has labelled anything yet", where=place, fix="serve it: python -m judgekit.label")
        absent = sorted(set(ratings["item"]) - set(study.items["item"]))
        if absent:
            raise InputError(
                f"{len(absent)} labelled item(s) are not in the study: {listed(absent, 3)}",
                where=place,
                fix="choose the items that were labelled",
            )
        judges = study.keep(study.judges())
        told = replace(_with_variants(judges, design.items, ratings), notes=(*study.notes, _said(progress, raters)))
        return told.join(raters.reset_index(drop=True), ratings.reset_index(drop=True))


def _weighted(ratings: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Return the ratings with the probability by which their item was drawn, where the plan drew items."""
    if plan["probability"].isna().all():
        return ratings
    drawn = plan.loc[plan["purpose"] == "item", ["item", "variant", "pool", "arm", "probability"]]
    return ratings.merge(drawn, how="left", on=["item", "variant", "pool", "arm"])


def _beside(ratings: pd.DataFrame) -> list[str]:
    return [str(name) for name in ratings if name not in RATINGS.columns]


def _with_variants(study: Study, items: pd.DataFrame, ratings: pd.DataFrame) -> Study:
    """Return the study with the rows of the orders and edits that people saw, where it has not got them."""
    there = set(zip(study.items["item"], study.items["variant"], strict=True))
    seen = set(zip(ratings["item"], ratings["variant"], strict=True)) - there
    rows = items[[key in seen for key in zip(items["item"], items["variant"], strict=True)]]
    if rows.empty:
        return study
    return replace(study, items=stack(study.items, check_items(rows, study.task)), _cache={})


def _said(progress: Progress, raters: pd.DataFrame) -> str:
    wanted, done = (sum(getattr(stream, what) for stream in progress.streams) for what in ("wanted", "done"))
    met = "the plan is met" if progress.met else f"the plan is not met yet: {done} of {wanted} labelled items"
    return f"labels of {len(raters)} raters, collected on the page; {met}"
