"""The scenes: a data set of each, what is asked of it, and a reduced grid that holds the instrument to its word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import binom

from judgekit.errors import InputError
from judgekit.rehearsal.design import Design
from judgekit.rehearsal.question import Answered, Key, Question, Row
from judgekit.rehearsal.run import SCENES, Plan, answer, chunk, designs, measure
from judgekit.rehearsal.scenes import careless, edited, groups, severity
from judgekit.rehearsal.tally import Count, merged, needed, verdict
from judgekit.schema import Task
from judgekit.simulate import SimulatedRater, Slice

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "docs" / "rehearsal.csv"


def empathy() -> str:
    return Task(**yaml.safe_load((ROOT / "conf/task/empathy.yaml").read_text(encoding="utf-8"))).model_dump_json()


def plan(data_sets: int = 2, replicates: int = 200, seed: int = 0) -> Plan:
    return Plan(empathy(), "empathy", data_sets, replicates, seed)


def design(scene: str, items: int = 40) -> Design:
    return Design(scene, items, SCENES[scene][1], 5)


@pytest.mark.parametrize("scene", list(SCENES))
def test_every_question_of_a_scene_has_an_answer(scene: str) -> None:
    """No question is about a row that the statistics never give, and every flag is held to something."""
    made = edited.scene(design(scene), 1, empathy()) if scene == "probes" else SCENES[scene][0](design(scene), 1)
    assert {"simulated"} == set(made.study.raters["kind"])
    answered = answer(made, 200, 1)
    for question in made.questions:
        row = answered.of(question)
        assert row is not None, question
        assert not question.key.flag or row.flagged(question.key) is not None or scene == "severity", question
    roles = {question.key.role for question in made.questions}
    assert {"innocent", "practical"} <= roles
    truths = [question.truth for question in made.questions if question.key.role == "innocent"]
    known = np.array([true for true in truths if np.isfinite(true)])
    if scene in ("halo", "reps"):
        assert known == pytest.approx(np.zeros(len(known)), abs=1e-4), "an innocent with an effect"


def test_a_judge_at_the_mean_is_there_exactly_and_plants_are_not() -> None:
    here = design("severity")
    made = severity.scene(here, 3)
    truths = {(question.key.who, question.key.statistic): question.truth for question in made.questions}
    assert truths["at the mean", "severity"] == pytest.approx(0.0, abs=1e-9)
    assert truths["at the mean", "severity.compression"] == pytest.approx(1.0)
    assert truths["at the mean", "severity.noise"] == pytest.approx(1.0)
    assert truths["severe", "severity"] > 0.4
    assert truths["compressing", "severity.compression"] == pytest.approx(1 - severity.COMPRESSED)
    assert truths["noisy", "severity.noise"] == pytest.approx(severity.NOISY)
    for who in ("noisy", "compressing", "central"):
        assert truths[who, "severity"] == pytest.approx(0.0, abs=1e-9), who


def test_planted_probes_have_their_size_in_human_standard_deviations() -> None:
    made = edited.scene(design("probes"), 5, empathy())
    for question in made.questions:
        key = question.key
        if key.statistic == "bias" and key.role in ("practical", "plant"):
            size = 0.1 if key.who == "slightly biased" else 0.2
            assert question.truth == pytest.approx(size, abs=1e-3), key
    unmoved = [q.truth for q in made.questions if q.key.who == "unmoved"]
    assert unmoved == pytest.approx([0.0] * len(unmoved), abs=1e-3)


def test_a_group_beside_its_likes_is_served_as_they_are() -> None:
    made = groups.scene(design("groups"), 2)
    people = dict(made.study.raters.set_index("rater").iterrows())
    assert {"alike", "slight", "apart"} <= set(made.study.raters.columns)
    assert sum(str(name).startswith("apart-") for name in people) == SCENES["groups"][1] // 2
    gaps = [q for q in made.questions if q.key.statistic == "groups.gap"]
    assert [q.key.role for q in gaps] == ["innocent", "plant", "practical"]


def test_scenes_that_few_people_cannot_play_are_left_out_or_refused() -> None:
    assert groups.scene(Design("groups", 40, 4, 5), 1).questions == []
    played = {one.scene for one in designs([], [60], [3], [5], 2, 0.0, 0.0, 0.5)}
    assert set(SCENES) - played == {"groups", "dif"}
    with pytest.raises(InputError, match="the scene groups needs 6 people"):
        designs(["groups"], [60], [3], [5], 2, 0.0, 0.0, 0.5)


def test_the_careless_are_planted_as_such() -> None:
    made = careless.scene(design("careless", 60), 1)
    straight = made.study.matrix("value")["same"]
    assert straight.nunique() == 1
    asked = [question for question in made.questions if question.key.statistic == "diagnose"]
    assert len(asked) == SCENES["careless"][1] + 1


def test_a_rehearsal_is_the_same_in_any_portion_and_another_with_another_seed() -> None:
    here = design("position", 30)
    whole, parts = chunk(here, plan(4), range(4)), [chunk(here, plan(4), range(k, k + 1)) for k in range(4)]
    assert merged([whole]) == merged(parts)
    assert chunk(here, plan(4, seed=1), range(4)) != whole


@pytest.mark.parametrize(
    ("key", "row", "flagged"),
    [
        (("yes", 0.0), Row(verdict="yes"), True),
        (("yes", 0.0), Row(verdict="undecided"), False),
        (("yes", 0.0), Row(), None),
        (("no", 0.0), Row(verdict="no"), True),
        (("p", 0.0), Row(p=0.05), True),
        (("p", 0.0), Row(p=0.06), False),
        (("away", 0.5), Row(low=0.51, high=0.6), True),
        (("away", 0.5), Row(low=0.3, high=0.49), True),
        (("above", 0.5), Row(low=0.3, high=0.49), False),
        (("above", 0.5), Row(), None),
        (("ever", 0.0), Row(value=0.4, low=0.1, high=0.7), False),
        (("ever", 0.0), Row(p=0.9), True),
        (("found", 0.0), Row(found=True), True),
        (("", 0.0), Row(p=0.01, verdict="yes"), None),
    ],
)
def test_what_counts_as_a_flag(key: tuple[str, float], row: Row, flagged: bool | None) -> None:
    made = Key("judge", "nothing", "bias", "", "innocent", key[0], key[1])  # type: ignore[arg-type]
    assert row.flagged(made) is flagged


def counted(role: str, flags: int, told: int) -> str:
    key = Key("judge", "nothing", "bias", "", role, "yes")  # type: ignore[arg-type]
    return verdict(key, Count(asked=told, told=told, flags=flags))


def test_a_verdict_allows_for_the_error_of_the_simulation_and_no_more() -> None:
    assert counted("innocent", 5, 100) == "ok"
    assert counted("innocent", 9, 100) == "ok"  # the Monte Carlo interval still reaches .05
    assert counted("innocent", 20, 100) == "MISSED"
    assert counted("practical", 80, 100) == "ok"
    assert counted("practical", 60, 100) == "weak"
    assert counted("plant", 1, 100) == ""
    assert counted("innocent", 0, 0) == "none"


def test_errors_coverage_and_items_needed_are_counted() -> None:
    key = Key("judge", "0.2", "bias", "longer", "practical", "yes")
    count = Count()
    for value, low, high in ((0.1, 0.0, 0.2), (0.3, 0.25, 0.4), (0.2, 0.1, 0.3)):
        count.add(Question(key, "judge", "longer", 0.2), Row(value, low, high, verdict="yes", n_items=50))
    count.add(Question(key, "judge", "longer", 0.2), None)
    assert (count.asked, count.told, count.held, count.intervals) == (4, 3, 2, 3)
    assert count.error == pytest.approx(0.0)
    here = Design("probes", 100, 5, 5)
    assert needed(here, key, 0.2, 0.1) == pytest.approx(np.ceil(100 * (2.8016 / 2) ** 2))
    assert np.isnan(needed(here, Key("j", "", "bias", "", "innocent", "yes"), 0.2, 0.1))
    ratio = Key("judge", "", "severity.noise", "", "practical", "yes", 1.0, log=True)
    logs = Count()
    logs.add(Question(ratio, "judge", "people", 2.0), Row(2.0, 1.5, 3.0, verdict="yes"))
    assert (logs.value, logs.error, logs.held) == (pytest.approx(np.log(2)), pytest.approx(0.0), 1)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"items": 5}, "5 items are too few"),
        ({"people": 1}, "1 people cannot disagree"),
        ({"levels": 2}, "2 levels are too few"),
        ({"reps": 0}, "0 reps are no answer"),
        ({"careless": 1.0}, "cannot be careless"),
        ({"length": 1.0}, "is no correlation"),
    ],
)
def test_designs_that_cannot_be_rehearsed_are_named(options: dict[str, float], says: str) -> None:
    whole: dict[str, object] = {"scene": "probes", "items": 60, "people": 5, "levels": 5, **options}
    with pytest.raises(InputError, match=says):
        Design(**whole)  # type: ignore[arg-type]


def test_scenes_have_people_of_their_own_unless_told() -> None:
    found = designs(["severity", "halo"], [60], [], [5], 2, 0.0, 0.0, 0.5)
    assert [one.people for one in found] == [SCENES["severity"][1], SCENES["halo"][1]]
    assert {one.people for one in designs([], [60], [3], [5], 2, 0.0, 0.0, 0.5)} == {3}
    with pytest.raises(InputError, match="no scene is called bias"):
        designs(["bias"], [60], [], [5], 2, 0.0, 0.0, 0.5)


def test_a_task_without_an_ordinal_criterion_or_texts_is_refused() -> None:
    task = Task(**yaml.safe_load((ROOT / "conf/task/safety.yaml").read_text(encoding="utf-8")))
    nominal = tuple(criterion for criterion in task.criteria if criterion.scale == "nominal")
    with pytest.raises(InputError, match="no ordinal criterion"):
        edited.texts_of(task.model_copy(update={"criteria": nominal}).model_dump_json(), 5)
    assert edited.texts_of(task.model_dump_json(), 5).criterion == "safe"


#: Every scene but dif, with enough data sets that an instrument that cries wolf or sleeps is told from one that does
#: neither.
GRID = {"position": 40, "reps": 30, "groups": 20, "halo": 25, "careless": 10, "severity": 10, "probes": 12}


#: A row fails where so few data sets would hardly come out like this: there are some eighty rows.
HARDLY = 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("scene", list(GRID))
def test_innocents_are_left_alone_and_plants_are_found(scene: str) -> None:
    ((_, rows),) = measure([design(scene, 200)], plan(GRID[scene]))
    table = pd.DataFrame(rows)
    assert not (table["verdict"] == "none").any()
    for row in table[table["role"].isin(["innocent", "practical"])].to_dict("records"):
        flags, told = round(row["rate"] * row["told"]), int(row["told"])
        if row["role"] == "innocent":
            assert binom.sf(flags - 1, told, 0.05) > HARDLY, row
        elif not row["n_items"] < 0.8 * row["items"]:  # a probe that applies to few texts may find less
            assert binom.cdf(flags, told, 0.8) > HARDLY, row
    for row in table[table["coverage"].notna()].to_dict("records"):
        held = round(row["coverage"] * row["told"]) if row["told"] else 1
        assert not row["told"] or binom.cdf(held, int(row["told"]), 0.93) > HARDLY, row
    off = table[table["bias"].notna() & (table["bias_error"] > 0)]
    assert (off["bias"].abs() <= 5 * off["bias_error"] + 0.01).all(), off[["who", "statistic", "bias", "bias_error"]]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(2))
def test_committed_rows_come_out_again(number: int) -> None:
    """A few data sets of a committed design, drawn again, are within the table's own Monte Carlo error."""
    table = pd.read_csv(COMMITTED)
    quick = table[table["scene"].isin(["position", "reps", "halo"])]
    cells = sorted({tuple(row) for row in quick[["scene", "items", "people", "levels"]].to_numpy().tolist()})
    scene, items, people, levels = cells[np.random.default_rng(number).integers(len(cells))]
    told = quick[(quick["scene"] == scene) & (quick["items"] == items)]
    settings = told.iloc[0]
    made = Plan(empathy(), "empathy", int(settings["data_sets"]), int(settings["replicates"]), int(settings["seed"]))
    tally = chunk(Design(scene, items, people, levels), made, range(12))
    assert len(tally) == len(told)
    for key, count in tally.items():
        row = told[(told["who"] == key.who) & (told["statistic"] == key.statistic) & (told["planted"] == key.planted)]
        assert len(row) == 1
        if count.valued and np.isfinite(row["spread"].iloc[0]):
            apart = abs(count.error / count.true - row["bias"].iloc[0]) if count.true else 0.0
            assert apart <= 5 * row["spread"].iloc[0] / np.sqrt(count.valued), key
        if count.told:
            rate = row["rate"].iloc[0]
            assert abs(count.flags / count.told - rate) <= 5 * np.sqrt(max(rate * (1 - rate), 0.02) / count.told), key


def test_halo_and_drift_are_plants_of_the_rater_model() -> None:
    rater = SimulatedRater("one", halo=0.3, drift=0.2, slices={"": Slice(0.1)})
    told = rater.truth().set_index("parameter")["value"]
    assert (told["halo"], told["drift"]) == (0.3, 0.2)
    with pytest.raises(InputError, match="halo is a share"):
        SimulatedRater("one", halo=1.5)
    assert Answered().of(Question(Key("j", "", "bias", "", "told", ""), "j")) is None
