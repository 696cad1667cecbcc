"""Edited variants in a study, and judges that are asked them: offline, and a model at loopback."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from asked import plan, rows, study
from loopback import Asked, Server

import judgekit as jk
from judgekit import pipeline, registry
from judgekit.humans.simulated import Simulated
from judgekit.probes import presentation, style
from judgekit.probes.apply import perturb
from judgekit.probes.base import Edit, Expects, Rule, text_changed
from judgekit.progress import Progress
from judgekit.schema import Item, Task
from judgekit.simulate import Latent, Scene
from judgekit.study import Study


def chosen(*names: str) -> dict[str, Rule]:
    return {name: rule for name in names if isinstance(rule := registry.find("probes", name), Rule)}


def test_a_variant_is_a_row_with_its_expectation_and_nobodys_rating() -> None:
    before = study()
    made = perturb(before, chosen("longer", "bullets"), 0)
    after = made.study
    assert [(one.probe, one.applied, one.items) for one in made.reach] == [("longer", 24, 24), ("bullets", 0, 24)]
    assert made.asked == {}
    added = after.items[after.items["variant"] == "longer"]
    assert list(added["item"]) == list(before.items["item"])
    expect = json.loads(added["expect"].iloc[0])
    assert (expect["of"], expect["direction"]) == ("i00", {"warmth": "same", "depth": "same"})
    assert "words added" in expect["change"]
    assert set(added["digest"]).isdisjoint(before.items["digest"])
    assert list(added["split"]) == list(before.items["split"])
    assert after.ratings.equals(before.ratings)
    assert after.matrix("warmth").equals(before.matrix("warmth"))


def test_edits_are_the_same_whatever_other_probes_and_items_there_are() -> None:
    alone = perturb(study(), chosen("typos"), 5).study.items
    beside = perturb(study(), chosen("casual", "typos", "longer"), 5).study.items
    few = study()
    few = Study.build(few.task, few.items.iloc[3:9], few.raters, few.ratings[few.ratings["item"].between("i03", "i08")])
    third = perturb(few, chosen("typos"), 5).study.items

    def texts(items: object) -> dict[str, str]:
        found = items[items["variant"] == "typos"]  # type: ignore[index]
        return dict(zip(found["item"], found["text"], strict=True))

    assert texts(alone) == texts(beside)
    assert texts(third).items() <= texts(alone).items()


def test_a_question_is_one_object_for_all_items_that_share_it() -> None:
    made = perturb(study(), chosen("scale_reversed", "criteria_order"), 0)
    assert len(made.asked) == 48
    assert len({id(one.task) for one in made.asked.values()}) == 2


def test_a_recorded_variant_is_kept() -> None:
    once = perturb(study(), chosen("longer"), 0).study
    twice = perturb(once, {"longer": style.longer.having(share=2.0)}, 0)
    assert twice.study.items.equals(once.items)
    assert twice.reach[0].applied == 24


def test_a_model_is_shown_the_other_scale_and_its_answers_are_turned_back(loopback: Server, home: Path) -> None:
    def low(asked: Asked) -> dict[str, object]:
        return dict.fromkeys(asked.schema["properties"], 1)

    loopback.rule = low
    made = perturb(study(), {"scale_reversed": presentation.scale_reversed}, 0)
    asked = plan("llm", loopback, **{"asking.reason": "none"})
    judged = pipeline.judge(asked, made.study, Progress(shown=False), made.asked)
    assert set(rows(judged, "llm")["value"]) == {1.0}
    assert set(rows(judged, "llm", variant="scale_reversed")["value"]) == {3.0}
    systems = [one.system for one in loopback.asked]
    assert sum("1 = warm" in text for text in systems) == 24
    assert sum("1 = cold" in text for text in systems) == 24
    saw = [rows(judged, "llm", variant=name)["shown"] for name in ("original", "scale_reversed")]
    assert set(saw[0]).isdisjoint(saw[1])


def test_a_checklist_shows_no_levels_and_is_not_asked_about_their_numbers(loopback: Server, home: Path) -> None:
    made = perturb(study(), chosen("scale_reversed", "criteria_order"), 0)
    judged = pipeline.judge(plan("checklist", loopback), made.study, Progress(shown=False), made.asked)
    assert len(rows(judged, "checklist", variant="criteria_order")) == 24
    assert len(rows(judged, "checklist", variant="scale_reversed")) == 0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> jk.Run:
    home = tmp_path_factory.mktemp("probed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUDGEKIT_HOME", str(home))
        return jk.evaluate(
            "empathy", "probes=[longer,shorter,scale_reversed,expert_high]", "judges=[simulated,simulated_length]",
            "judges.simulated_length.length=3", "stats=[contrast,status]", "figures=[]", "n_boot=0", progress=False,
        )  # fmt: skip


def test_a_run_tells_what_each_probe_was_applied_to(run: jk.Run) -> None:
    told = {one["probe"]: one for one in run.manifest["probes"]}
    assert list(told) == ["longer", "shorter", "scale_reversed", "expert_high"]
    assert told["longer"] == {
        "probe": "longer", "family": "style", "expects": "none", "fits": True, "items": 111, "applied": 111,
        "share": 1.0,
    }  # fmt: skip
    assert "What the probes applied to" in run.report.read_text(encoding="utf-8")


def test_judges_are_asked_variants_and_people_are_not(run: jk.Run) -> None:
    ratings = run.study.ratings
    by = {name: set(rows["variant"]) for name, rows in ratings.groupby("rater")}
    for judge in run.study.judges():
        assert by[judge] == {"original", "longer", "shorter", "scale_reversed", "expert_high"}
    for person in run.study.people():
        assert by[person] == {"original"}


def test_contrast_pairs_are_those_of_the_items_not_of_the_probes(run: jk.Run) -> None:
    found = run.estimates[run.estimates["statistic"] == "contrast"]
    assert found["n_items"].max() <= 39


def test_a_planted_effect_of_length_shows_and_an_innocent_judge_shows_none(run: jk.Run) -> None:
    ratings = run.study.ratings
    names = {judge: judge for judge in run.study.judges()}
    cells = ratings[ratings["rater"].isin(names) & (ratings["criterion"] == "overall")]
    wide = cells.pivot_table(index=["rater", "item"], columns="variant", values="value")
    moved = (wide["longer"] - wide["original"]).groupby("rater")
    mean, error = moved.mean(), moved.std() / np.sqrt(moved.size())
    assert mean["simulated_length"] > 4 * error["simulated_length"]
    assert abs(mean["simulated"]) < 3 * error["simulated"]
    turned = (wide["scale_reversed"] - wide["original"]).groupby("rater").mean()
    assert abs(turned["simulated"]) < 0.5


def test_a_padded_text_is_longer_to_a_simulated_judge_by_the_originals_measure() -> None:
    made = perturb(study(text=["word " * (number + 1) + "." for number in range(24)]), chosen("longer"), 0).study
    scene = Scene.all(made.items)
    assert abs(scene.length[:24].mean()) < 1e-9
    assert (scene.length[24:] - scene.length[:24]).min() > 0.2


@pytest.mark.parametrize(("expects", "sign"), [("lower", -1), ("higher", 1), ("none", 0)])
def test_an_edit_that_must_move_moves_a_simulated_judge_that_reads(expects: Expects, sign: int) -> None:
    drawn = Simulated(pools={"crowd": 2}).join(study().keep([]), 0)
    marked = Rule(mark, family="marks", expects=expects, least=1.0)
    made = perturb(drawn, {"mark": marked}, 0).study
    traits = Latent.of(drawn.truth, made.task, made.items).values["warmth"]
    assert list(np.sign(traits[24:] - traits[:24])) == [sign] * 24


def mark(item: Item, task: Task, rng: np.random.Generator) -> Edit | None:
    """Add a mark."""
    return text_changed(item, f"{item.text} *", "a mark")
