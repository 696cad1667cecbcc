"""Edge cases of published studies: where recorded judges fail the people who rated them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from judgekit import config
from judgekit.edges.mine import mine
from judgekit.edges.outcome import outcome
from judgekit.report.cards import cards
from judgekit.stats.battery import estimate
from judgekit.study import Study
from judgekit.tasks.load import load


@lru_cache
def study_of(mirror: Path, name: str) -> Study:
    task = config.build(config.compose([f"+experiment={name}", f"+task.source.mirror={mirror}"])).task
    return load(task)


def value(
    rows: pd.DataFrame, statistic: str, a: str, b: str, subset: str = "all", criterion: str | None = None
) -> float:
    chosen = rows[(rows["statistic"] == statistic) & (rows["a"] == a) & (rows["b"] == b) & (rows["subset"] == subset)]
    chosen = chosen if criterion is None else chosen[chosen["criterion"] == criterion]
    assert len(chosen) == 1, (statistic, a, b, subset)
    return float(chosen["value"].iloc[0])


def test_kumar2025_judges_see_dismissal_where_experts_do_not(mirror: Path) -> None:
    study = study_of(mirror, "lend_an_ear")
    rows = estimate(study, "failure", n_boot=300)
    mine_ = rows[rows["criterion"] == "dismissing_emotions"]
    shares = {judge: value(mine_, "failure", judge, "expert") for judge in study.judges()}
    assert shares == {"gpt-4o": 0.70, "claude-3.7-sonnet": 0.68, "gemini-2.5-pro": 0.66}
    cells = study.matrix("dismissing_emotions")
    experts = cells[study.pools()["expert"]]
    outside = (cells["gpt-4o"] > experts.max(axis=1)) | (cells["gpt-4o"] < experts.min(axis=1))
    assert outside.mean() == 0.70, "by hand: outside the range of three experts"
    for judge in study.judges():
        assert value(mine_, "failure.costly", judge, "expert") == 0, "never too low: they overrate dismissal"
        excess = mine_[(mine_["statistic"] == "failure.excess") & (mine_["a"] == judge) & (mine_["b"] == "expert")]
        assert excess.loc[excess["subset"] == "all", "verdict"].iloc[0] == "yes"
    worst = rows[(rows["statistic"] == "failure") & (rows["subset"] == "all") & (rows["b"] == "expert")]
    worst = worst[worst["a"].isin(study.judges())].groupby("criterion")["value"].mean()
    assert worst.idxmax() == "dismissing_emotions", "the criterion on which judges fail experts most"


def test_kumar2025_hardest_items_head_the_atlas(mirror: Path) -> None:
    study = study_of(mirror, "lend_an_ear")
    made = cards(study, mine(study), {}, 0)
    mine_ = [card for card in made if card.criterion.key == "dismissing_emotions"]
    cells = study.matrix("dismissing_emotions")
    by_hand: dict[str, float] = {}
    for people in study.pools().values():  # panels of ten people or fewer: their range
        low, high = cells[people].min(axis=1), cells[people].max(axis=1)
        for judge in study.judges():
            over, under = (cells[judge] - high).clip(lower=0), (low - cells[judge]).clip(lower=0)
            for item, cost in ((over + 2 * under) / 4).items():
                by_hand[str(item)] = max(by_hand.get(str(item), 0.0), float(cost))
    assert [card.severity for card in mine_] == sorted((one for one in by_hand.values() if one), reverse=True)
    assert all(card.severity == by_hand[card.item.item] for card in mine_)
    assert mine_[0].failing


def test_llmbar_adversarial_subsets_are_edge_cases(mirror: Path) -> None:
    study = study_of(mirror, "llmbar")
    rows = estimate(study, "failure", edge="subset!=Natural", n_boot=500)
    gaps = rows[(rows["statistic"] == "failure.difference") & rows["a"].isin(study.judges())]
    assert len(gaps) == 6
    assert (gaps["verdict"] == "yes").all(), "every judge fails more on the adversarial sets"
    assert value(rows, "failure", "GPT-4", "gold", "core") == 0.08
    assert value(rows, "failure", "GPT-4", "gold", "edge") == pytest.approx(92 / 319)
    cells = study.matrix("better")
    for judge in study.judges():
        wrong = (cells[judge] != cells["gold"]).mean()  # a vote that cannot be read fails as well
        assert value(rows, "failure", judge, "gold") == pytest.approx(wrong)


def test_llmbar_orders_make_unstable_items(mirror: Path) -> None:
    """Unstable is one less positional agreement: published per subset (two invalid votes aside)."""
    study = study_of(mirror, "llmbar")
    found = outcome(study, study.task.criteria[0], "GPT-4", "gold").flags["unstable"]
    subset = study.item_column("subset").to_numpy()
    published = {"Natural": 97.0, "Neighbor": 89.6, "GPTInst": 90.2, "GPTOut": 87.2, "Manual": 89.1}
    for name, agreement in published.items():
        assert 100 * (1 - np.nanmean(found[subset == name])) == pytest.approx(agreement, abs=0.06)


def test_xstest_look_alike_prompts_as_a_slice(mirror: Path) -> None:
    study = study_of(mirror, "xstest")
    rows = estimate(study, "failure", edge="prompt=safe", n_boot=300)
    assert value(rows, "failure.refused", "gpt-4", "") == pytest.approx(11 / 2250)
    assert value(rows, "failure", "gpt-4", "gold", "edge") == pytest.approx(160 / 1250)
    assert value(rows, "failure", "gpt-4", "gold", "core") == pytest.approx(292 / 1000)
    by_model = estimate(study, "failure", edge="system=mistralinstruct", n_boot=300)
    assert value(by_model, "failure", "gpt-4", "gold", "edge") == pytest.approx(117 / 450)
    assert value(by_model, "failure.refused", "gpt-4", "", "edge") == pytest.approx(11 / 450), "all refusals are there"


def test_dices_expert_and_crowd_disagree_on_the_truth(mirror: Path) -> None:
    study = study_of(mirror, "dices")
    rows = estimate(study, "failure", n_boot=300)
    assert value(rows, "failure.truth", "crowd", "expert") == pytest.approx(122 / 350)
    assert value(rows, "failure.truth", "expert", "crowd") == pytest.approx(2 / 350)
    cells = study.matrix("unsafe")
    crowd = cells[study.pools()["crowd"]]
    common = crowd.mode(axis=1)[0]
    assert int((common != cells["expert"]).sum()) == 122, "by hand: the crowd's commonest answer is not the expert's"


def test_mining_a_crowd_is_quick(mirror: Path) -> None:
    """350 items × 123 people: within a second of processor time."""
    import time

    study = study_of(mirror, "dices")
    mine(study)
    started = time.process_time()
    mine(Study.build(study.task, study.items, study.raters, study.ratings).keep(study.people()))
    assert time.process_time() - started < 5
