"""Kumar et al. (2026): what the loader makes of the files, and each trap in the published definitions."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from judgekit import paths
from judgekit.errors import InputError
from judgekit.registry import find
from judgekit.schema import Task
from judgekit.studies.kumar2025 import cells, kumar2025
from judgekit.studies.kumar2025.files import COMMIT, EXPERTS, FRAMEWORKS, JUDGES, PINS, REPO
from judgekit.studies.pseudonyms import pseudonym
from judgekit.studies.reproduction import hits, printed
from judgekit.study import Study

COUNTS = {  # framework: criteria, single crowd workers, ratings, left out
    "lend_an_ear": (6, 116, 50 * 6 * 7 + 196 * 6, 14),
    "empathetic_dialogues": (3, 2, 50 * 3 * 9, 0),
    "epitome": (3, 0, 50 * 3 * 7, 0),
    "perceived_empathy": (9, 0, 50 * 9 * 7, 0),
}
everywhere = pytest.mark.parametrize("name", list(FRAMEWORKS))


def task_of(name: str) -> Task:
    from omegaconf import OmegaConf

    return Task.model_validate(OmegaConf.to_container(OmegaConf.load(paths.shipped("conf") / "task" / f"{name}.yaml")))


@lru_cache
def load(name: str, mirror: Path) -> Study:
    task = task_of(name)
    study = find("source", task.source.kind)(task, **task.source.options, mirror=mirror)
    assert isinstance(study, Study)
    return study


@lru_cache
def consensus(name: str, mirror: Path) -> Study:
    return cells.with_consensus(FRAMEWORKS[name], mirror)


def original(mirror: Path, path: str) -> pd.DataFrame:
    return pd.read_csv(mirror / REPO / COMMIT / path, dtype=str)


def published(mirror: Path) -> pd.DataFrame:
    return original(mirror, "annotations/all_annotator_pairs_spearman_kappa.csv")


# what the files become


@everywhere
def test_the_bundled_task_asks_what_the_files_rate(name: str) -> None:
    task, framework = task_of(name), FRAMEWORKS[name]
    assert (task.name, task.source.options) == (name, {"framework": name})
    assert {criterion.key for criterion in task.criteria} == set(framework.criteria)
    for criterion in task.criteria:
        assert criterion.codes == tuple(range(framework.low, framework.high + 1))
        assert criterion.scale == "interval"
        assert all(level.anchor for level in criterion.levels)
    first = (paths.shipped("conf") / "task" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")


def test_what_gets_in_the_way_is_costly_to_overlook() -> None:
    worse = {criterion.key: criterion.worse for criterion in task_of("lend_an_ear").criteria}
    low = {key for key, end in worse.items() if end == "too_low"}
    assert low == {"advice_giving", "self_oriented", "dismissing_emotions"}
    assert set(worse.values()) == {"too_low", "too_high"}


@everywhere
def test_counts(name: str, mirror: Path) -> None:
    study = load(name, mirror)
    criteria, workers, ratings, left_out = COUNTS[name]
    pools = study.pools()
    assert len(study.items) == 50
    assert len(study.task.criteria) == criteria
    assert pools.pop("expert") == list(EXPERTS)
    assert {pool: len(people) for pool, people in pools.items()} == ({"crowd": workers} if workers else {})
    assert study.judges() == list(JUDGES)
    assert len(study.ratings) == ratings
    assert int((study.ratings["status"] == "skipped").sum()) == left_out
    assert set(study.ratings["status"]) <= {"ok", "skipped"}
    assert not study.simulated(study.raters["rater"])


@everywhere
def test_judges_have_provider_and_model(name: str, mirror: Path) -> None:
    raters = load(name, mirror).raters.set_index("rater")
    judges = raters[raters["kind"] == "judge"]
    assert dict(zip(judges["provider"], judges["model"], strict=True)) == {
        "openai": "gpt-4o",
        "anthropic": "claude-3.7-sonnet",
        "google": "gemini-2.5-pro",
    }
    assert raters.drop(index=judges.index)["provider"].isna().all()


@everywhere
def test_half_of_the_support_is_short(name: str, mirror: Path) -> None:
    items = load(name, mirror).items
    assert items["length"].value_counts().to_dict() == {"short": 25, "long": 25}
    assert items.loc[items["length"] == "short", "words"].max() < items.loc[items["length"] == "long", "words"].min()


def test_the_crowd_column_is_a_mean_and_no_person(mirror: Path) -> None:
    for name in FRAMEWORKS:
        study = load(name, mirror)
        crowd = study.raters.set_index("rater").loc["mean(crowd)"]
        assert (crowd["aggregate"], crowd["pool"]) == ("mean", "crowd")
        assert "mean(crowd)" not in study.people()
        assert "mean(crowd)" in study.people(aggregates=True)
    for name in ("lend_an_ear", "empathetic_dialogues"):
        study = load(name, mirror)
        for criterion in study.task.criteria:
            rated = study.matrix(criterion.key)
            workers = rated[study.pools()["crowd"]].mean(axis=1)
            np.testing.assert_allclose(rated["mean(crowd)"], workers, rtol=0, atol=1e-9)


@everywhere
def test_rows_pair_by_id_not_by_place(name: str, mirror: Path) -> None:
    study, framework = load(name, mirror), FRAMEWORKS[name]
    stems = {**{expert: expert for expert in EXPERTS}, **{judge: stem for judge, (stem, *_) in JUDGES.items()}}
    orders = set()
    for rater, stem in stems.items():
        raw = original(mirror, f"annotations/{framework.folder}/{stem}_ratings.csv").set_index(framework.key)
        orders.add(tuple(raw.index))
        for item, row in raw.iterrows():
            named = pseudonym("item", "kumar2025", item) if framework.private else item
            for criterion in framework.criteria:
                assert study.matrix(criterion).at[named, rater] == float(row[criterion])
    assert len(orders) > 1, "the files list the items in different orders: the trap that this test is for"


def test_texts_that_are_there(mirror: Path) -> None:
    for name in ("lend_an_ear", "empathetic_dialogues"):
        for text in load(name, mirror).items["text"]:
            lines = text.splitlines()
            assert lines[0].startswith("Seeker: ")
            assert sum(line.startswith("Supporter: ") for line in lines) >= 1
            assert all(line == line.strip() != "" for line in lines)
            assert "_comma_" not in text
    posts = load("epitome", mirror).items
    for told in (posts["text"], posts["context"]):
        assert told.str.len().min() > 0
        assert not told.str.contains("Seeker:|Supporter:", regex=True).any()
        assert told.nunique() == 50
    assert set(load("perceived_empathy", mirror).items["text"]) == {""}


def test_epitome_texts_stand_in_the_judges_file_only(mirror: Path) -> None:
    folder = mirror / REPO / COMMIT / "annotations" / "epitome"
    texts = [path.name for path in folder.glob("*.csv") if "full_conversation" in pd.read_csv(path)]
    assert texts == ["gemini_ratings.csv"]


def test_the_judges_file_has_the_same_turns(mirror: Path) -> None:
    shown = original(mirror, "annotations/lend_an_ear/gemini_ratings.csv").set_index("conversation_id")
    items = load("lend_an_ear", mirror).items.set_index("item")["text"]
    for item, text in shown["full_conversation"].items():
        turns = [line.strip() for line in text.splitlines()]
        assert [turn for turn in turns if turn not in ("", "Seeker:", "Supporter:")] == items[item].splitlines()


# pseudonyms


def test_pseudonyms_are_the_same_everywhere_and_differ_by_salt_and_kind() -> None:
    assert pseudonym("crowd", "kumar2025", "somebody") == "crowd-d18b82811d"
    assert len({pseudonym(kind, salt, "x") for kind in ("crowd", "item") for salt in ("a", "b")}) == 4


def test_no_original_id_of_a_person_enters_a_table(mirror: Path) -> None:
    workers = set(original(mirror, "original_data/sample_lend_an_ear_annotations.csv")["user_id"])
    tellers = set(original(mirror, "annotations/perceived_empathy/expert1_ratings.csv")["id"])
    assert (len(workers), len(tellers)) == (116, 50)
    for name, people in (("lend_an_ear", workers), ("perceived_empathy", tellers)):
        study = load(name, mirror)
        for table in (study.items, study.raters, study.ratings):
            text = table.to_csv(index=False)
            assert not [person for person in people if person in text]
    crowd = load("lend_an_ear", mirror).pools()["crowd"]
    assert len(set(crowd)) == 116, "no two workers share a pseudonym"
    assert load("perceived_empathy", mirror).items["item"].str.fullmatch(r"item-[0-9a-f]{10}").all()


# bad input


def test_unknown_framework_and_criterion(mirror: Path) -> None:
    with pytest.raises(InputError, match=r"no framework 'lend_me'.*lend_an_ear, empathetic_dialogues"):
        kumar2025(task_of("lend_an_ear"), framework="lend_me", mirror=mirror)
    with pytest.raises(InputError, match=r"files of epitome do not rate validating_emotions.*level_explorations"):
        kumar2025(task_of("lend_an_ear"), framework="epitome", mirror=mirror)


def test_a_task_may_ask_fewer_criteria(mirror: Path) -> None:
    task = task_of("lend_an_ear")
    fewer = task.model_copy(update={"criteria": task.criteria[:2]})
    study = kumar2025(fewer, mirror=mirror)
    assert set(study.ratings["criterion"]) == {"validating_emotions", "encouraging_elaboration"}


def test_a_changed_file_in_the_mirror_stops_the_study(mirror: Path, tmp_path: Path, home: Path) -> None:
    for folder, files in PINS.items():
        for file in files:
            there = tmp_path / "mirror" / REPO / COMMIT / folder / file
            there.parent.mkdir(parents=True, exist_ok=True)
            body = (mirror / REPO / COMMIT / folder / file).read_bytes()
            there.write_bytes(body.replace(b"5", b"4", 1) if file == "gpt_ratings.csv" else body)
    with pytest.raises(InputError, match=r"lend_an_ear/gpt_ratings\.csv: wrong checksum"):
        kumar2025(task_of("lend_an_ear"), mirror=tmp_path / "mirror")


# the traps in the published definitions


def came_out(mirror: Path, pair: tuple[str, str], added: Callable[[str, str], pd.Series] | None = None) -> int:
    """Count the 21 published kappas of a pair that come out, with a further rater ``added`` to the matrices."""
    names = {"Lend an Ear": "lend_an_ear", "Empathetic Dialogues": "empathetic_dialogues", "EPITOME": "epitome",
             "Perceived Empathy": "perceived_empathy"}  # fmt: skip
    table = published(mirror)
    table = table[table["Annotator Pair"] == str(pair)]
    assert len(table) == 21
    found = 0
    for row in table.to_dict("records"):
        name, criterion = names[row["Dataset"]], row["Dimension"]
        rated = consensus(name, mirror).matrix(criterion)
        if added is not None:
            rated = rated.assign(other=added(name, criterion))
        found += hits(printed(row["Weighted Cohen's Kappa"], "here"), cells.recompute("kappa", rated, *pair))
    return found


def test_the_published_llm_is_gemini_alone(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert came_out(mirror, ("experts", "llm")) == 21
    monkeypatch.setitem(cells.SIDES, "llm", "other")
    for judge in ("gpt-4o", "claude-3.7-sonnet"):
        assert came_out(mirror, ("experts", "llm"), lambda n, c, j=judge: load(n, mirror).matrix(c)[j]) < 10
    assert (
        came_out(mirror, ("experts", "llm"), lambda n, c: load(n, mirror).matrix(c)[list(JUDGES)].median(axis=1)) < 10
    )


def test_the_published_experts_are_the_median_of_three(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FRAMEWORKS:
        for criterion in FRAMEWORKS[name].criteria:
            rated = consensus(name, mirror).matrix(criterion)
            np.testing.assert_array_equal(rated["median(expert)"], np.median(rated[list(EXPERTS)], axis=1))
    assert came_out(mirror, ("experts", "crowd")) == 21
    monkeypatch.setitem(cells.SIDES, "experts", "other")
    means = came_out(mirror, ("experts", "crowd"), lambda n, c: load(n, mirror).matrix(c)[list(EXPERTS)].mean(axis=1))
    assert means < 10


def test_the_published_kappa_counts_steps_between_observed_values(
    mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert came_out(mirror, ("llm", "crowd")) == 21

    def on_values(x: np.ndarray, y: np.ndarray) -> float:
        return float(1 - np.mean((x - y) ** 2) / np.mean((x[:, None] - y[None]) ** 2))

    monkeypatch.setattr(cells, "index_kappa", on_values)
    assert came_out(mirror, ("llm", "crowd")) < 10


def test_index_kappa_ignores_how_far_values_are_apart() -> None:
    x, y = np.array([1.0, 2, 5, 1, 2, 5]), np.array([1.0, 5, 5, 2, 2, 1])
    stretched = {1.0: 1.0, 2.0: 4.0, 5.0: 5.0}
    again = [np.array([stretched[v] for v in side]) for side in (x, y)]
    assert cells.index_kappa(x, y) == pytest.approx(cells.index_kappa(*again))
    even = {1.0: 0, 2.0: 1, 5.0: 2}
    a, b = (np.array([even[v] for v in side]) for side in (x, y))
    assert cells.index_kappa(x, y) == pytest.approx(1 - np.mean((a - b) ** 2) / np.mean((a[:, None] - b[None]) ** 2))


def test_index_kappa_keeps_thirds_apart() -> None:
    """A crowd's 2⅓ is a category of its own, neither 2 nor 3."""
    x, y = np.array([2, 7 / 3, 8 / 3, 3, 7 / 3]), np.array([7 / 3, 7 / 3, 3, 3, 2])
    assert cells.index_kappa(x, y) == pytest.approx(
        cells.index_kappa(np.array([0, 1, 2, 3, 1]), np.array([1, 1, 3, 3, 0]))
    )


def test_expert_alpha_is_at_interval_level(mirror: Path, reference: Path) -> None:
    table = pd.read_csv(reference / "studies" / "kumar2025_alphas.csv", dtype=str)
    assert len(table) == 21
    import krippendorff

    ordinal = 0
    for row in table.to_dict("records"):
        rated = consensus(row["framework"], mirror).matrix(row["criterion"])
        number = printed(row["expert_alpha_interval"], "here")
        assert hits(number, cells.recompute("alpha", rated, "expert", "expert"))
        experts = rated[list(EXPERTS)].to_numpy().T
        ordinal += hits(number, krippendorff.alpha(reliability_data=experts, level_of_measurement="ordinal"))
    assert ordinal < 10
