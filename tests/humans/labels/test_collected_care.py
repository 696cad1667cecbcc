"""From the desk to the study: evidence, files of every format, and what the run says of exclusions, anchoring, cost."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from label_site import design, judged
from labelling import label, middle, opened

from judgekit.errors import InputError
from judgekit.humans import errands
from judgekit.humans.collected import Collected
from judgekit.humans.exchange.move import export_labels, import_labels
from judgekit.humans.labels.adjudicate import disagreements
from judgekit.humans.labels.card import Answer, Card
from judgekit.humans.labels.desk import Desk
from judgekit.humans.labels.quality import evidence, excluded
from judgekit.stats.battery import estimate
from judgekit.study import Study

GOLD = [{"item": f"g{k}", "text": f"gold {k}", "answers": {"warmth": 3, "depth": 1}} for k in range(3)]
CHECKS = {"gold": GOLD, "attention": [{"item": "a", "text": "choose cold", "answers": {"warmth": 1}}], "repeats": 3}
ENDINGS = {"long": "csv", "wide": "csv", "mturk": "csv", "label_studio": "json", "potato": "jsonl", "argilla": "d"}


def careful(card: Card) -> dict[str, Answer]:
    if card.item.startswith("g"):
        return {"warmth": Answer(value=3.0, comment="as it should be"), "depth": Answer(value=1.0)}
    place = sum(map(ord, card.item)) % 3
    return {"warmth": Answer(value=1.0 + place, comment="because"), "depth": Answer(value=float(place > 0))}


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A study labelled by two careful people, one who answers all alike, and two reviewers."""
    folder = tmp_path_factory.mktemp("labels")
    made = design(n=14, reviews=judged(14), checks=CHECKS, exclusion={"gold": 0.6}, kind="simulated",
                  review={"judge": "gpt", "raters": 2, "k": 2}, adjudication={"names": ["Ada"], "gap": 2},
                  plan={"pools": {"people": {"overlap": "full", "raters": 3, "usd_per_hour": 12}}})  # fmt: skip
    with opened(str(folder / "labels.sqlite"), made) as desk:
        for invited, says in zip(desk.invite(3, arm="blind"), (careful, careful, middle), strict=True):
            label(desk, invited.rater, says=says)
        for invited in desk.invite(2, arm="review"):
            label(desk, invited.rater, says=careful)
    return str(folder / "labels.sqlite")


@pytest.fixture
def desk(where: str) -> Iterator[Desk]:
    with opened(where, None) as desk:
        yield desk


def test_evidence_of_a_real_desk(desk: Desk) -> None:
    found = evidence(desk.design, desk.ratings(), desk.raters())
    table = found.pivot(index="rater", columns="evidence", values="value")
    assert set(table) == {"gold", "attention", "fast", "straight", "consistency", "agreement"}
    careless = table["gold"].idxmin()
    assert set(excluded(found)) == {careless}
    assert table.loc[table.index != careless, "gold"].dropna().eq(1).all()
    assert table["consistency"].dropna().eq(1).all()
    assert (found["kind"] == "simulated").all()


def test_disagreements_of_a_real_desk(desk: Desk) -> None:
    found = disagreements(desk.design, desk.ratings())
    assert set(found["criterion"]) <= {"warmth", "depth"}
    assert desk.refer() == len(found[["item", "variant"]].drop_duplicates()) > 0
    assert desk.refer() == 0
    assert not any(rater in text for rater in desk.raters()["rater"] for text in found["labels"])


@pytest.mark.parametrize("form", sorted(ENDINGS))
def test_every_format_of_a_real_desk_comes_back(desk: Desk, form: str, tmp_path: Path) -> None:
    whole = errands.collected(desk)
    done = export_labels(whole, tmp_path / f"labels.{ENDINGS[form]}", form)
    names = dict(zip(whole.raters["rater"], whole.raters["rater"], strict=True))
    back = import_labels(done.path, form, desk.design.task, pseudonym=lambda name: names[name], items=desk.design.items)
    key = ["item", "variant", "criterion", "rater"]
    ours = whole.ratings[whole.ratings["rep"] == 0].set_index(key)["value"].sort_index()
    mine = back.ratings[back.ratings["rep"] == 0]
    assert (back.raters["kind"] == "simulated").all()
    mine = mine.set_index(key)["value"].sort_index()
    pd.testing.assert_series_equal(mine, ours, check_dtype=False)


def test_the_doors_errands_export_in_public_and_import(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "public.csv"
    given = Namespace(plain=[str(path)], format="long", public=True, comments=False, overwrite=False, option=[])
    lines = errands.export_lines(desk, given)
    assert str(path) in lines[0]
    text = path.read_text()
    assert "because" not in text
    codes = [code for code in desk.raters()["code"] if isinstance(code, str)]
    assert not any(code in text for code in codes)
    csv = tmp_path / "outside.csv"
    csv.write_text("task,worker,label\ni0,A1B2C3,warm\n")
    options = Namespace(plain=[str(csv)], format="crowdkit", pool="people", option=["criterion=warmth"])
    assert errands.import_lines(desk, options)[0] == "1 new labels of 1 raters"
    assert "A1B2C3" not in " ".join(desk.raters()["rater"])
    outside = desk.ratings().query("item == 'i0' and criterion == 'warmth'")["rater"]
    desk.erase(next(rater for rater in outside if rater == desk.pseudonym("A1B2C3")))


def test_an_own_export_that_comes_back_is_nothing_new(desk: Desk, tmp_path: Path) -> None:
    given = Namespace(plain=[str(tmp_path / "own.json")], format="label_studio", pool=None, option=[],
                      public=False, comments=False, overwrite=False)  # fmt: skip
    errands.export_lines(desk, given)
    n = len(desk.raters())
    assert errands.import_lines(desk, given)[0].startswith("0 new labels")
    assert len(desk.raters()) == n


def test_a_run_on_what_was_collected(where: str) -> None:
    with opened(where, None) as desk:
        task, items = desk.design.task, desk.design.items
    shown = items[items["variant"] == "original"]
    judge = pd.DataFrame([{"item": item, "criterion": key, "rater": "gpt", "value": float(1 + (key == "warmth")),
                           "call": f"{item}{key}", "seconds": 1.0 + k, "usd": 0.01}
                          for k, item in enumerate(shown["item"]) for key in ("warmth", "depth")])  # fmt: skip
    judge.loc[judge["criterion"] == "depth", "value"] = 1.0
    base = Study.build(task, items, pd.DataFrame({"rater": ["gpt"], "kind": ["judge"]}), judge)
    study = Collected("x", url=where, arms=("blind", "review")).join(base, 0)
    assert set(study.pools()) == {"people", "people (review)"}
    exclusions = estimate(study, "exclusions", n_boot=200)
    (people,) = exclusions.query("statistic == 'exclusions' and criterion == 'warmth' and a == 'people'").to_dict(
        "records"
    )
    assert people["value"] > 0.3
    assert "1 of 3 raters excluded" in people["note"]
    anchoring = estimate(study, "anchoring", n_boot=200)
    assert set(anchoring["statistic"]) >= {"anchoring", "anchoring.equal", "anchoring.seconds_saved"}
    assert np.isfinite(anchoring.loc[anchoring["statistic"] == "anchoring.equal", "value"].iloc[0])
    assert (anchoring["kind"] == "simulated").all()
    cost = estimate(study, "cost").set_index(["statistic", "a"]).sort_index()
    assert cost.loc[("cost.usd", "people"), "value"] == pytest.approx(
        cost.loc[("cost.seconds", "people"), "value"] / 300
    )
    assert cost.loc[("cost.usd", "gpt"), "value"] == pytest.approx(0.02)
    groups = estimate(study, "groups", n_boot=0)
    assert not groups["subset"].astype(str).str.contains("arm|excluded").any()
    kept = Collected("x", url=where, drop_excluded=True).join(base, 0)
    assert len(kept.people()) == 2


def test_a_link_that_prolific_has_not_filled_in_opens_nothing(tmp_path: Path) -> None:
    with opened(str(tmp_path / "labels.sqlite"), design(open=True)) as desk:
        with pytest.raises(InputError, match="no participant's identifier"):
            desk.join({"PROLIFIC_PID": "{{%PROLIFIC_PID%}}"})
        assert desk.raters().empty
        assert desk.join({"PROLIFIC_PID": "5e9088a8"}).rater == desk.pseudonym("5e9088a8")
