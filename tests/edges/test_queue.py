"""The queue and the merged labels: probabilities as told, estimates unbiased, the door."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from doors import door, one_line
from hypothesis import given, settings
from hypothesis import strategies as st
from sliced import sliced

from judgekit.edges.chain import chains
from judgekit.edges.merged import labels_of, merged
from judgekit.edges.queue import hajek, merge, probabilities, queue, read
from judgekit.edges.route import Routed, Rule
from judgekit.errors import InputError
from judgekit.humans.labels.design import queued
from judgekit.route import main
from judgekit.runs import write_study, write_table
from judgekit.stats.battery import estimate
from judgekit.stats.resample import Bootstrap
from judgekit.study import Study


def routed(study: Study, alpha: float = 0.25) -> Routed:
    (chain,) = chains(study, signal="auto", cascade=None, pool=None, within=0.0, seed=0, where="test")
    return Routed.of(study, chain, Rule(alpha, 0.1), (), None)


def test_everything_unsure_is_queued_and_the_sure_with_their_probability() -> None:
    study = sliced(500, reps=5)
    found = routed(study)
    for toward in ("even", "unsure"):
        chance = probabilities(found, 0.2, toward)
        assert (chance[~found.accepted] == 1).all()
        assert chance[found.accepted].mean() == pytest.approx(0.2, abs=0.02)
        made = queue(study, found, audit=0.2, toward=toward)
        names = study.matrix("value").index
        assert set(made.loc[made["why"] == "routed", "item"]) == set(names[~found.accepted])
        assert made["probability"].tolist() == pytest.approx(chance[names.get_indexer(made["item"])].tolist())
        drawn = (made["why"] == "audit").sum()
        assert abs(drawn - chance[found.accepted].sum()) < 4 * np.sqrt(chance[found.accepted].sum())


def test_the_same_seed_draws_the_same_queue_whatever_the_order() -> None:
    study = sliced(200, reps=5)
    again = Study.build(study.task, study.items.iloc[::-1], study.raters, study.ratings.iloc[::-1])
    one, other = (queue(s, routed(s), audit=0.3, seed=4) for s in (study, again))
    pd.testing.assert_frame_equal(one, other)
    assert not one.equals(queue(study, routed(study), audit=0.3, seed=5))


def test_merged_means_are_unbiased_and_their_errors_true_against_labelling_everything() -> None:
    rng = np.random.default_rng(0)
    n, runs = 400, 3000
    h = rng.integers(1, 6, n).astype(float)
    m = np.clip(h + (rng.random(n) < 0.5), 1, 5)  # a judge that is too lenient
    chance = np.where(rng.random(n) < 0.3, 1.0, rng.uniform(0.1, 0.6, n))
    m[chance == 1] = np.nan
    off: dict[str, list[float]] = {"merged": [], "hajek": []}
    for _ in range(runs):
        drawn = np.where(rng.random(n) < chance, h, np.nan)
        off["merged"].append(merge(drawn, m, chance).value - h.mean())
        off["hajek"].append(hajek(drawn, chance).value - h.mean())
    for name, values in off.items():
        assert abs(np.mean(values)) < 3.3 * np.std(values) / np.sqrt(runs) + 0.002 * (name == "hajek"), name
    held = 0
    for _ in range(800):  # items drawn anew too: the standard error is that of a sample of items
        rows = rng.integers(0, n, 300)
        made = merge(np.where(rng.random(300) < chance[rows], h[rows], np.nan), m[rows], chance[rows])
        low, high = made.interval()
        held += low <= h.mean() <= high
    assert 0.925 <= held / 800 <= 0.97


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_labelling_everything_gives_the_plain_mean(seed: int) -> None:
    rng = np.random.default_rng(seed)
    h, m = rng.normal(size=30), rng.normal(size=30)
    assert merge(h, m, np.ones(30)).value == pytest.approx(h.mean())
    assert hajek(h, np.ones(30)).value == pytest.approx(h.mean())
    # a judge that says what people say needs no correction, whatever was drawn
    drawn = np.where(rng.random(30) < 0.5, h, np.nan)
    assert merge(drawn, h, np.full(30, 0.5)).value == pytest.approx(h.mean())


def test_labels_that_no_weight_can_stand_for_are_refused() -> None:
    with pytest.raises(InputError, match="for certain have no label"):
        merge(np.array([1.0, np.nan]), np.array([1.0, 1.0]), np.array([1.0, 1.0]))
    with pytest.raises(InputError, match="neither a judge's answer nor a person's label"):
        merge(np.array([1.0, np.nan]), np.array([1.0, np.nan]), np.array([1.0, 0.5]))
    with pytest.raises(InputError, match="above 0 and up to 1"):
        merge(np.array([1.0]), np.array([1.0]), np.array([0.0]))


def test_a_queue_is_read_back_and_its_faults_are_named(tmp_path: Path) -> None:
    study = sliced(100, reps=5)
    made = queue(study, routed(study), audit=0.3)
    made.to_csv(tmp_path / "queue.csv", index=False)
    pd.testing.assert_frame_equal(read(tmp_path / "queue.csv"), made, check_dtype=False)
    page = queued(str(tmp_path / "queue.csv"))  # as the label page does
    assert page["probability"].tolist() == pytest.approx(made["probability"].tolist())
    for change, says in (
        (made.drop(columns="purpose"), "no column purpose"),
        (made.assign(probability=0.0), "queue.csv:2: a probability"),
        (pd.concat([made, made.iloc[:1]]), f"queue.csv:{len(made) + 2}: an item stands twice"),
    ):
        change.to_csv(tmp_path / "queue.csv", index=False)
        with pytest.raises(InputError, match=says):
            read(tmp_path / "queue.csv")


def test_merged_rows_correct_the_judge_in_all_and_by_stratum() -> None:
    study = sliced(500, reps=5)
    found = routed(study)
    drawn = queue(study, found, audit=0.3, seed=1)
    (one,) = (stage for stage in found.chain.stages)
    truth = pd.Series(one.word, index=study.matrix("value").index)
    rows = pd.DataFrame([r.row() for r in merged(study, found, drawn, truth[drawn["item"]], Bootstrap())])
    mean = rows[(rows["statistic"] == "merged.mean")].set_index("subset")
    assert {"all", "topic=easy", "topic=hard"} <= set(mean.index)
    assert mean.loc["all", "low"] <= truth.mean() <= mean.loc["all", "high"]
    with pytest.raises(InputError, match="items of the queue have no label"):
        list(merged(study, found, drawn, truth[drawn["item"]].iloc[:5], Bootstrap()))


def test_labels_come_from_a_csv_of_one_or_several_people(tmp_path: Path) -> None:
    study = sliced(20)
    criterion = study.task.criteria[0]
    path = tmp_path / "labels.csv"
    path.write_text("item,rater,value\na,x,1\na,y,2\nb,x,4\n", encoding="utf-8")
    assert labels_of(path, criterion).to_dict() == {"a": 1.5, "b": 4.0}
    path.write_text("item,value\na,1\nb,9\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"labels.csv:3: a value is no level of 'value' \(0–4\)"):
        labels_of(path, criterion)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run's folder."""
    study = sliced(300, reps=5)
    folder = tmp_path / "run"
    folder.mkdir()
    write_study(folder, study)
    write_table(folder, "estimates", estimate(study, "status", n_boot=0))
    (folder / "manifest.json").write_text('{"experiment": "sliced", "status": "finished"}', encoding="utf-8")
    return folder


def test_the_door_writes_a_queue_and_merges_its_labels(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, labels = tmp_path / "q" / "queue.csv", tmp_path / "labels.csv"
    words = [str(run), "--alpha", "0.25", "--audit", "0.3", "--out", str(out)]
    assert main(words) == 0
    assert "items for people" in capsys.readouterr().out
    drawn = read(out)
    study = sliced(300, reps=5)
    word = study.matrix("value")[study.people()].mean(axis=1).round()
    pd.DataFrame({"item": drawn["item"], "value": word[drawn["item"]].to_numpy()}).to_csv(labels, index=False)
    assert main([*words, "--labels", str(labels)]) == 0
    told = capsys.readouterr().out
    assert "merged.mean" in told
    assert main([str(run), "--judge", "nobody"]) == 2


@pytest.mark.door
def test_the_door_says_in_one_line_what_is_wrong(run: Path, tmp_path: Path) -> None:
    one_line(door("route", str(run), "--criterion", "mood", home=tmp_path), "no criterion is called 'mood'")
