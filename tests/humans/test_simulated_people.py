"""People of a study: simulated pools join with their truth, recorded ones are kept as chosen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from judgekit.errors import InputError
from judgekit.humans.base import Humans
from judgekit.humans.recorded import Recorded
from judgekit.humans.simulated import Simulated
from judgekit.schema import Criterion, Level, Source, Task
from judgekit.study import Study
from judgekit.tables import RATERS, RATINGS, conform

LEVELS = tuple(Level(code=k, label=str(k)) for k in range(1, 6))
TASK = Task(
    name="tiny",
    criteria=(Criterion(key="warmth", question="?", scale="ordinal", levels=LEVELS),),
    strata=("topic",),
    source=Source(kind="frame"),
)


def bare(n: int = 60) -> Study:
    items = pd.DataFrame(
        {"item": [f"i{k:02d}" for k in range(n)], "text": "some words", "topic": ["a", "b"] * (n // 2)}
    )
    items["aim"] = [json.dumps({"warmth": 1 + k % 5}) for k in range(n)]
    return Study.build(TASK, items, conform(RATERS, pd.DataFrame({"rater": []})), conform(RATINGS, pd.DataFrame()))


def recorded() -> Study:
    raters = pd.DataFrame(
        {
            "rater": ["ann", "bob", "cy", "mean", "model"],
            "kind": ["human", "human", "human", "human", "judge"],
            "pool": ["expert", "expert", "crowd", "crowd", "judges"],
            "aggregate": ["none", "none", "none", "mean", "none"],
        }
    )
    ratings = pd.DataFrame(
        [
            {"item": f"i{k:02d}", "criterion": "warmth", "rater": r, "value": 3.0}
            for k in range(4)
            for r in raters["rater"]
        ]
    )
    return Study.build(TASK, bare(4).items, raters, ratings)


def knobs(root: Path, name: str) -> dict[str, Any]:
    node: dict[str, Any] = yaml.safe_load((root / "conf" / "humans" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert node.pop("_target_").startswith("judgekit.humans.")
    return node


def test_the_shipped_pools_join_and_follow_the_items(root: Path) -> None:
    humans = Simulated(**knobs(root, "simulated"))
    assert isinstance(humans, Humans)
    study = humans.join(bare(), 1)
    assert {pool: len(names) for pool, names in study.pools().items()} == {"expert": 4, "crowd": 8}
    assert set(study.raters["kind"]) == {"simulated"}
    assert study.raters["gender"].isin(["woman", "man"]).all()
    matrix = study.matrix("warmth")
    assert matrix[study.pools()["expert"]].notna().all().all()
    assert 0.1 < matrix[study.pools()["crowd"]].isna().to_numpy().mean() < 0.4
    aimed = [1 + k % 5 for k in range(60)]
    experts = matrix[study.pools()["expert"]].mean(axis=1).reset_index(drop=True)
    assert experts.corr(pd.Series(aimed), method="spearman") > 0.8
    assert study.truth is not None
    assert set(study.raters["rater"]) <= set(study.truth["rater"])
    assert study.ratings["shown"].notna().all()


def test_same_seed_same_people_and_a_further_pool_moves_nobody() -> None:
    one = Simulated(pools={"crowd": 3}).join(bare(), 5)
    two = Simulated(pools={"expert": {"n": 2, "noise": 0.5}, "crowd": 4}).join(bare(), 5)
    assert one.matrix("warmth").equals(two.matrix("warmth")[one.people()])
    assert not one.matrix("warmth").equals(Simulated(pools={"crowd": 3}).join(bare(), 6).matrix("warmth"))


def test_a_second_source_of_people_sees_the_same_traits() -> None:
    first = Simulated(pools={"crowd": 3}, sigma=3.0).join(bare(), 5)
    both = Simulated(pools={"expert": 2}, sigma=1.0).join(first, 99)
    assert both.truth is not None
    assert first.truth is not None
    assert (both.truth["parameter"] == "trait").sum() == (first.truth["parameter"] == "trait").sum() == 60


def test_a_pool_of_its_own_knobs() -> None:
    crowd, expert = Simulated(pools={"crowd": 2, "expert": {"n": 1, "noise": 0.2}}, noise=1.5).panels()
    assert (crowd.noise, expert.noise, expert.n) == (1.5, 0.2, 1)
    with pytest.raises(InputError, match=r"humans\.pools\.crowd: unknown knob\(s\) noize"):
        Simulated(pools={"crowd": {"n": 2, "noize": 1}}).panels()
    with pytest.raises(InputError, match="no number of people"):
        Simulated(pools={"crowd": {"noise": 1}}).panels()
    with pytest.raises(InputError, match="no pool of people"):
        Simulated(pools={}).panels()


def test_recorded_people_are_kept_as_chosen_and_judges_stay(root: Path) -> None:
    study = recorded()
    humans = Recorded(**knobs(root, "recorded"))
    assert isinstance(humans, Humans)
    assert humans.join(study, 0).ratings.equals(study.ratings)
    experts = Recorded(pools=["expert"], exclude=["bob"]).join(study, 0)
    assert list(experts.raters["rater"]) == ["ann", "model"]
    assert set(experts.ratings["rater"]) == {"ann", "model"}
    assert list(Recorded(pools=["crowd"]).join(study, 0).raters["rater"]) == ["cy", "mean", "model"]


def test_recorded_says_what_is_wrong() -> None:
    with pytest.raises(InputError, match="no pool is called lay — there are: expert, crowd"):
        Recorded(pools=["lay"]).join(recorded(), 0)
    with pytest.raises(InputError, match="no person is called model"):
        Recorded(exclude=["model"]).join(recorded(), 0)
    with pytest.raises(InputError, match="no person is left"):
        Recorded(pools=["expert"], exclude=["ann", "bob"]).join(recorded(), 0)
    assert Recorded().join(bare(), 0).notes == ("the study holds no ratings by people",)
