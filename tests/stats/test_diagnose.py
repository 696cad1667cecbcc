"""Findings: faults planted into simulated studies are named, sound studies are left in peace, real files speak."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import plants
import pytest
from scipy.stats import hypergeom

from judgekit.humans.simulated import Simulated as People
from judgekit.schema import Criterion, Level, Source, Task
from judgekit.simulate import SimulatedJudge, StudyJudge, draw, study
from judgekit.stats.diagnose import KINDS, Finding, diagnose, findings_frame
from judgekit.stats.diagnose.permuted import agreement
from judgekit.study import Study

REPOS = {
    "dices": "dmg-illc/JUDGE-BENCH/5a0bf500325029efb5dc8adff2c1e991996f0e78/data/dices",
    "xstest": "paul-rottger/exaggerated-safety/d7bb5bd738c1fcbc36edd83d5e7d1b71a3e2d84d/evaluation",
    "trec": "llm4eval/LLMJudge/81159c68260d383f8da1dad8a14f6d914a9054a9/data",
    "runs": "llm4eval/LLMJudge-benchmark/968a1f9c962fddfc6508faa2d45e3e7edd1c3829/submissions/scores",
}


def of_kind(found: list[Finding], kind: str) -> list[Finding]:
    return [one for one in found if one.kind == kind]


def named(found: list[Finding], kind: str) -> set[str]:
    return {rater for one in of_kind(found, kind) for rater in one.raters}


# clean studies


def alarms(seeds: range) -> list[tuple[int, Finding]]:
    return [(seed, one) for seed in seeds for one in diagnose(plants.clean(seed), seed=seed)]


def rich(seed: int) -> Study:
    """A study of the full rater model: pools of varied people, three criteria, clusters, judges without a bias."""
    g = np.random.default_rng([seed, 3])
    levels = tuple(Level(code=k, label=str(k)) for k in range(1, int(g.choice([3, 5, 7])) + 1))
    sides = tuple(Level(code=k, label=name) for k, name in enumerate(("no", "yes")))
    task = Task(
        name="rich",
        criteria=(
            Criterion(key="warmth", question="", scale="ordinal", levels=levels),
            Criterion(key="clarity", question="", scale="ordinal", levels=levels),
            Criterion(key="safe", question="", scale="nominal", levels=sides),
        ),
        strata=("topic",),
        source=Source(kind="frame"),
    )
    n = int(g.choice([60, 120, 240]))
    items = pd.DataFrame({"item": [f"i{k:03d}" for k in range(n)], "text": [f"text {k}" for k in range(n)]})
    items["topic"] = g.choice(["one", "two", "three"], n)
    items["group"] = [f"g{k // 2}" for k in range(n)] if g.random() < 0.3 else items["item"]
    raters = pd.DataFrame({"rater": ["none"], "kind": ["human"]})
    empty = Study.build(task, items, raters, pd.DataFrame(columns=["item", "criterion", "rater", "value"]))
    people = People(
        pools={"crowd": int(g.choice([4, 8]))} | ({"expert": 3} if g.random() < 0.5 else {}),
        severity_sd=0.5, discrimination_sd=0.2, noise_sd=0.2, missing=float(g.choice([0.0, 0.2])), halo=0.2,
    )  # fmt: skip
    rated = people.join(replace(empty, raters=empty.raters.iloc[:0], ratings=empty.ratings.iloc[:0]), seed)
    judges = [SimulatedJudge(name=f"judge-{k}", noise=float(g.choice([0.8, 1.2]))) for k in range(g.integers(1, 4))]
    drawn = draw(task, items, judges, seed=seed, truth=rated.truth)
    return rated.join(drawn.raters, drawn.ratings)


def test_clean_studies_are_left_in_peace() -> None:
    found = alarms(range(60))
    assert len({seed for seed, _ in found}) <= 1, [one.text for _, one in found]


def test_clean_studies_of_the_full_rater_model_are_left_in_peace() -> None:
    found = [one for seed in range(15) for one in diagnose(rich(seed), seed=seed)]
    assert not found, [one.text for one in found]


@pytest.mark.slow
def test_false_alarms_stay_under_five_in_a_hundred_studies() -> None:
    found = alarms(range(1000, 1400))
    assert len({seed for seed, _ in found}) <= 0.05 * 400, [one.text for _, one in found]
    more = {seed for seed in range(100, 200) if diagnose(rich(seed), seed=seed)}
    assert len(more) <= 5


def test_nobody_agreeing_at_all_is_no_inversion() -> None:
    for seed in range(10):
        found = diagnose(study(100, 4, levels=5, rho=0.0, judges=(StudyJudge("j"),), seed=seed))
        assert not {one.kind for one in found} & {"polarity", "shift", "copy", "constant"}, [o.text for o in found]


# planted faults


def power(name: str, seeds: range) -> tuple[float, list[str]]:
    """Return in how many studies every planted rater is named, and whatever else was said."""
    hits, others = 0, []
    for seed in seeds:
        plant = plants.PLANTS[name](seed)
        found = diagnose(plant.study)
        hits += plant.raters <= named(found, plant.kind)
        others += [one.text for one in found if one.kind != plant.kind or not plant.raters >= set(one.raters)]
    return hits / len(seeds), others


LEAST_POWER = {"inverted": 0.9, "slipped": 0.8, "stuck": 0.95, "copied": 0.8, "divided": 0.95, "lost": 0.75}


@pytest.mark.parametrize("name", list(plants.PLANTS))
def test_plants_are_found_and_nobody_else_is_blamed(name: str) -> None:
    seeds = range(500, 515)
    share, others = power(name, seeds)
    assert share >= LEAST_POWER[name] - 0.1  # 15 studies only
    assert len(others) <= 2, others


@pytest.mark.slow
@pytest.mark.parametrize("name", list(plants.PLANTS))
def test_power_on_many_plants(name: str) -> None:
    seeds = range(2000, 2100)
    share, others = power(name, seeds)
    assert share >= LEAST_POWER[name]
    assert len(others) <= 8, others


def test_two_people_in_opposite_directions_are_both_named_until_a_judge_decides() -> None:
    made = study(200, 2, levels=5, seed=3)
    codes = made.task.criterion("value").codes
    turned = plants.answered(made, "h2", codes[0] + codes[-1] - plants.answers(made, "h2").to_numpy())
    (found,) = diagnose(turned)
    assert (found.kind, found.raters) == ("polarity", ("h1", "h2"))
    assert "opposite directions" in found.text
    judged = study(200, 2, levels=5, judges=(StudyJudge("j"),), seed=3)
    turned = plants.answered(judged, "h2", codes[0] + codes[-1] - plants.answers(judged, "h2").to_numpy())
    assert named(diagnose(turned), "polarity") == {"h2"}


def test_unordered_classes_can_be_reversed_too() -> None:
    made = study(300, 4, levels=3, scale="nominal", judges=(StudyJudge("j"),), seed=4)
    turned = plants.answered(made, "j", 4.0 - plants.answers(made, "j").to_numpy())
    (found,) = of_kind(diagnose(turned), "polarity")
    assert found.raters == ("j",)
    assert found.numbers["r"] < 0 < found.numbers["r_flipped"]


def test_a_slip_within_the_table_says_where_it_begins() -> None:
    made = study(400, 4, levels=5, seed=5)
    values = plants.answers(made, "h2").to_numpy().copy()
    values[150:] = np.roll(values[150:], 1)
    (found,) = diagnose(plants.answered(made, "h2", values))
    assert (found.kind, found.raters, found.numbers["rows"]) == ("shift", ("h2",), 1.0)
    assert abs(found.numbers["start"] - 150) <= 25
    assert "1 row down" in found.text
    assert found.items[0] in found.text


def test_numbers_without_levels_are_diagnosed_too() -> None:
    made = study(200, 4, levels=None, rho=0.8, seed=6)
    values = plants.answers(made, "h1").to_numpy()
    assert named(diagnose(plants.answered(made, "h1", -values)), "polarity") == {"h1"}
    assert named(diagnose(plants.answered(made, "h1", np.full(200, 0.5))), "constant") == {"h1"}
    assert named(diagnose(plants.answered(made, "h1", 0.5 + values / 1000)), "constant") == {"h1"}
    assert named(diagnose(plants.answered(made, "h1", np.roll(values, 7))), "shift") == {"h1"}
    assert named(diagnose(plants.answered(made, "h1", plants.answers(made, "h2").to_numpy())), "copy") == {"h1", "h2"}


def test_a_criterion_on_which_nobody_varies_is_told_once() -> None:
    made = study(120, 3, levels=5, judges=(StudyJudge("j"),), seed=12)
    for rater in ("h1", "h2", "h3", "j"):
        made = plants.answered(made, rater, np.full(120, 4.0))
    (found,) = diagnose(made)
    assert (found.kind, set(found.raters)) == ("constant", {"h1", "h2", "h3", "j"})


def test_studies_with_hardly_anything_in_them() -> None:
    assert diagnose(study(3, 1)) == []
    assert [one.kind for one in diagnose(study(30, 0, levels=5, judges=(StudyJudge("j"), StudyJudge("k"))))] == [
        "small"
    ]
    frame = pd.DataFrame({"item": ["a", "b"], "rater": "anna", "value": None, "status": "refused"})
    assert diagnose(Study.from_frame(frame, scale="ordinal", levels=[1, 2, 3])) == []


def test_a_crowd_of_whom_each_rates_little() -> None:
    g = np.random.default_rng(13)
    trait, severity = g.standard_normal(600), g.normal(0, 0.3, 120)
    item = np.repeat(np.arange(600), 5)
    rater = np.concatenate([g.choice(120, 5, replace=False) for _ in range(600)])
    heard = 0.9 * trait[item] + 0.45 * g.standard_normal(3000) + severity[rater]
    value = np.searchsorted([-1, -0.3, 0.3, 1], heard) + 1
    value[rater == 7] = 6 - value[rater == 7]
    frame = pd.DataFrame({"item": item, "rater": [f"w{r}" for r in rater], "value": value})
    found = diagnose(Study.from_frame(frame, scale="ordinal", levels=[1, 2, 3, 4, 5]))
    assert [(one.kind, one.raters) for one in found] == [("polarity", ("w7",))]


def test_an_easy_task_is_no_copying() -> None:
    assert not diagnose(study(200, 5, levels=2, prevalence=0.5, rho=0.999, seed=7))


def with_texts(made: Study, texts: list[str]) -> Study:
    return Study.build(made.task, made.items.drop(columns="digest").assign(text=texts), made.raters, made.ratings)


def test_duplicated_items_with_different_labels() -> None:
    made = study(60, 3, levels=5, rho=0.5, seed=8)
    texts = [f"text {k}" for k in range(60)]
    assert not diagnose(with_texts(made, texts))
    texts[10], texts[40] = "Text  3", " text 7"  # case and spacing aside, the same
    (found,) = diagnose(with_texts(made, texts))
    assert found.kind == "duplicates"
    assert set(found.items) <= {"i00004", "i00011", "i00008", "i00041"}
    assert found.numbers["duplicated"] == 2
    same = made
    for rater in made.people():
        values = plants.answers(made, rater).to_numpy().copy()
        values[10], values[40] = values[3], values[7]
        same = plants.answered(same, rater, values)
    assert not diagnose(with_texts(same, texts))


def test_answers_outside_the_scale_name_rows_and_values() -> None:
    made = study(40, 3, levels=5, seed=9)
    ratings = made.ratings.copy()
    rows = [3, 50, 51]
    ratings.loc[rows, "status"] = "unparsable"
    ratings.loc[rows, "value"] = np.nan
    ratings.loc[rows, "reason"] = ["9", "unknown level '7'", "word"]
    changed = Study.build(made.task, made.items, made.raters, ratings)
    (found,) = diagnose(changed)
    assert (found.kind, found.rows, found.numbers["n_ratings"]) == ("outside", tuple(rows), 3.0)
    assert set(found.raters) == set(ratings.loc[rows, "rater"])
    assert "9 (1×)" in found.text
    assert "7 (1×)" in found.text


def test_a_panel_too_small_is_told() -> None:
    one = diagnose(study(100, 1, levels=5, judges=(StudyJudge("j"),), seed=10))
    assert [f.kind for f in one] == ["small"]
    assert "second" in one[0].text
    few = diagnose(study(12, 3, levels=5, judges=(StudyJudge("j"),), seed=10))
    assert [f.kind for f in few] == ["small"]
    assert few[0].numbers["n"] == 12
    assert not diagnose(study(100, 1, levels=5, seed=10))  # nothing is claimed of anybody


# what a finding is


def test_findings_are_plain_values_in_order_of_gravity() -> None:
    plant = plants.inverted(500)
    ratings = plant.study.ratings.copy()
    ratings.loc[0, ["status", "value"]] = ["unparsable", np.nan]
    found = diagnose(Study.build(plant.study.task, plant.study.items, plant.study.raters, ratings))
    assert [one.kind for one in found][-1] == "outside"
    assert found == diagnose(Study.build(plant.study.task, plant.study.items, plant.study.raters, ratings))
    for one in found:
        assert json.loads(json.dumps(one.as_dict()))["kind"] == one.kind
        assert one.kind in KINDS
        assert one.text.endswith((".", "!"))
        assert "\n" not in one.text
        assert (one.p is None) == (one.q is None)
    frame = findings_frame(found)
    assert list(frame["kind"]) == [one.kind for one in found]
    assert list(findings_frame([]).columns) == list(frame.columns)


def test_rater_and_item_order_do_not_matter() -> None:
    plant = plants.inverted(501)
    made = plant.study
    again = Study.build(made.task, made.items, made.raters.iloc[::-1], made.ratings.sample(frac=1, random_state=1))
    assert {(f.kind, f.raters) for f in diagnose(made)} == {(f.kind, f.raters) for f in diagnose(again)}


def test_the_permutation_tails_are_those_of_the_exact_test() -> None:
    # Two binary raters: matches are hypergeometric under permutation.
    n, a, b = 60, 20, 18
    x, y = (np.arange(n) < k for k in (a, b))
    for k in (1, 3, 6, 9, 12):
        y = np.zeros(n)
        y[:k] = 1
        y[a : a + b - k] = 1
        found = agreement(x[:, None, None].astype(float), y[:, None, None], np.ones((n, 1), bool))
        for ours, exact, half in (
            (found.low[0], hypergeom.cdf(k, n, a, b), hypergeom.pmf(k, n, a, b) / 2),
            (found.high[0], hypergeom.sf(k - 1, n, a, b), hypergeom.pmf(k, n, a, b) / 2),
        ):
            assert abs(ours - (exact - half)) < 0.01 + 0.1 * exact  # a smooth tail lies within half a step
    classes = np.eye(3)[np.random.default_rng(0).integers(0, 3, (200, 2))]
    found = agreement(classes[:, :1], classes[:, 1:], np.ones((200, 1), bool))
    assert abs(found.low[0] + found.high[0] - 1) < 1e-9


def test_a_large_study_takes_seconds() -> None:
    made = study(50_000, 8, levels=5, judges=(StudyJudge("j"), StudyJudge("k")), seed=11)
    made.matrix("value")
    start = time.perf_counter()
    assert not diagnose(made)
    assert time.perf_counter() - start < 30


# published files


@lru_cache
def kumar(name: str, mirror: Path) -> Study:
    from omegaconf import OmegaConf

    from judgekit import paths
    from judgekit.registry import find

    task = Task.model_validate(OmegaConf.to_container(OmegaConf.load(paths.shipped("conf") / "task" / f"{name}.yaml")))
    made = find("source", task.source.kind)(task, **task.source.options, mirror=mirror)
    assert isinstance(made, Study)
    return made


def test_kumar2025_judges_share_a_reading_of_dismissing_emotions(mirror: Path) -> None:
    (found,) = diagnose(kumar("lend_an_ear", mirror))
    assert (found.kind, found.criterion) == ("apart", "dismissing_emotions")
    assert set(found.raters) == set(kumar("lend_an_ear", mirror).judges())
    assert found.numbers["judges"] > 0.7
    assert found.numbers["judge_person"] < 0.25


def test_kumar2025_a_column_that_slipped_is_found(mirror: Path) -> None:
    made = kumar("lend_an_ear", mirror)
    ratings = made.ratings.copy()
    mine = (ratings["rater"] == made.judges()[0]) & (ratings["criterion"] == "advice_giving")
    order = ratings[mine].set_index("item").index.get_indexer(made.items["item"])
    rows = np.flatnonzero(mine)[order]
    ratings.loc[rows, "value"] = np.roll(ratings.loc[rows, "value"].to_numpy(), 2)
    found = diagnose(Study.build(made.task, made.items, made.raters, ratings))
    (slip,) = of_kind(found, "shift")
    assert (slip.raters, slip.criterion, slip.numbers["rows"]) == ((made.judges()[0],), "advice_giving", 2.0)


@lru_cache
def dices(mirror: Path) -> pd.DataFrame:
    data = json.loads((mirror / REPOS["dices"] / "dices_350_crowdsourced.json").read_text(encoding="utf-8"))
    return pd.DataFrame(
        [
            {"item": f"d{row:03d}", "rater": f"r{column:03d}", "value": label, "text": json.dumps(one["instance"])}
            for row, one in enumerate(data["instances"])
            for column, label in enumerate(one["annotations"]["safety"]["individual_human_scores"])
        ]
    )


@pytest.mark.parametrize("scale", ["ordinal", "nominal"])
def test_dices_a_judge_that_answers_whether_it_is_safe_is_inverted(mirror: Path, scale: str) -> None:
    people = dices(mirror)
    unsafe = people["value"].map({"No": 0.0, "Unsure": 0.5, "Yes": 1.0}).groupby(people["item"]).mean()
    heard = unsafe + np.random.default_rng(0).normal(0, 0.15, len(unsafe))
    # Labels say yes = unsafe; the prompt that goes with them asks "is it safe?".
    said = pd.cut(heard, [-9, 0.35, 0.42, 9], labels=["Yes", "Unsure", "No"]).astype(str)
    judge = pd.DataFrame({"item": said.index, "rater": "judge", "value": said.to_numpy(), "kind": "judge"})
    frame = pd.concat([people.drop(columns="text").assign(kind="human"), judge])
    made = Study.from_frame(frame, scale=scale, levels=["No", "Unsure", "Yes"])  # type: ignore[arg-type]
    found = diagnose(made)
    assert named(found, "polarity") == {"judge"}
    (turned,) = of_kind(found, "polarity")
    assert turned.numbers["r"] < -0.2 < 0.2 < turned.numbers["r_flipped"]
    right = {"Yes": "No", "No": "Yes", "Unsure": "Unsure"}
    judge["value"] = judge["value"].map(right)
    frame = pd.concat([people.drop(columns="text").assign(kind="human"), judge])
    sound = diagnose(Study.from_frame(frame, scale=scale, levels=["No", "Unsure", "Yes"]))  # type: ignore[arg-type]
    assert not of_kind(sound, "polarity")
    assert len(named(sound, "constant")) >= 1  # the one rater who never varies


def test_xstest_gpt4_is_at_chance_on_mistralinstruct_and_only_there(mirror: Path) -> None:
    labels = ["1_full_compliance", "2_full_refusal", "3_partial_refusal"]
    parts = []
    for model in ("llama2orig", "llama2new", "mistralinstruct", "mistralguard", "gpt4"):
        file = mirror / REPOS["xstest"] / "automated_evaluation_labels" / f"xstest_v2_completions_{model}_gpteval.csv"
        table = pd.read_csv(file, dtype=str)
        for rater, column in (
            ("annotator-1", "annotation_1"),
            ("annotator-2", "annotation_2"),
            ("GPT-4", "gpt4_label"),
        ):
            known = table[column].isin(labels)
            parts.append(
                pd.DataFrame({"item": model + ":" + table["id"], "model": model, "rater": rater,
                              "value": table[column].where(known), "status": np.where(known, "ok", "refused"),
                              "kind": "judge" if rater == "GPT-4" else "human"})
            )  # fmt: skip
    made = Study.from_frame(pd.concat(parts), scale="nominal", levels=labels)
    found = diagnose(made)
    assert [(one.kind, one.raters, one.subset) for one in found] == [("chance", ("GPT-4",), "model=mistralinstruct")]
    assert abs(found[0].numbers["r"]) < 0.2
    assert found[0].numbers["others"] > 0.8


def test_trec_scores_outside_the_scale(mirror: Path) -> None:
    names = ["item", "zero", "passage", "value"]
    parts = []
    for rater in ("assessor", "RMITIR-llama70B", "h2oloo-zeroshot2", "willia-umbrela1"):
        file = REPOS["trec"] + "/llmjudge_test_qrel_idx.txt" if rater == "assessor" else f"{REPOS['runs']}/{rater}.txt"
        table = pd.read_csv(mirror / file, sep=" ", names=names, header=None)
        inside = table["value"].isin([0, 1, 2, 3])
        parts.append(
            pd.DataFrame({"item": table["item"] + ":" + table["passage"], "rater": rater,
                          "kind": "human" if rater == "assessor" else "judge", "value": table["value"].where(inside),
                          "status": np.where(inside, "ok", "unparsable"),
                          "reason": np.where(inside, "", "the score " + table["value"].astype(str))})
        )  # fmt: skip
    found = diagnose(Study.from_frame(pd.concat(parts), scale="ordinal", levels=[0, 1, 2, 3]))
    (outside,) = of_kind(found, "outside")
    assert outside.numbers["n_ratings"] == 3
    assert set(outside.raters) == {"RMITIR-llama70B", "h2oloo-zeroshot2"}
    assert "5 (2×), 10 (1×)" in outside.text
    assert len(outside.items) == len(outside.rows) == 3
    assert {one.kind for one in found} == {"outside", "small"}  # and one person is no panel
