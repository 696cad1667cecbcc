"""The words that a judge cites are deleted, and as many others; each judge is asked its own edits only."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from asked import plan, study
from loopback import Answer, Asked, Server

from judgekit import pipeline
from judgekit.probes.apply import deleted
from judgekit.probes.base import stream
from judgekit.probes.cited import cited_deleted, uncited_deleted
from judgekit.progress import Progress
from judgekit.schema import Item
from judgekit.study import Study

TEXT = "I'm so sorry, truly. Tell me more about it when you like, I have time all day."
PROBES = {"cited_deleted": cited_deleted, "uncited_deleted": uncited_deleted}


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text.lower())


def edits(reason: str, text: str = TEXT, seed: int = 0) -> tuple[str, str] | None:
    found = [
        probe(Item("i1", text), study().task, stream(seed, "deleted:bot:warmth", "i1"), reason=reason)
        for probe in PROBES.values()
    ]
    assert (found[0] is None) == (found[1] is None)
    return None if found[0] is None or found[1] is None else (found[0].item.text, found[1].item.text)


def test_the_cited_words_go_and_as_many_others() -> None:
    for seed in range(20):
        found = edits("It says “so sorry” and 'when you like'.", seed=seed)
        assert found is not None
        cited, control = found
        assert cited == "I'm, truly. Tell me more about it, I have time all day."
        assert len(words(control)) == len(words(cited)) == len(words(TEXT)) - 5
        assert "so sorry" in control
        assert "when you like" in control


def test_controls_differ_by_chance_and_by_nothing_else() -> None:
    controls = {edits("'so sorry'", seed=seed)[1] for seed in range(30)}  # type: ignore[index]
    assert len(controls) > 3
    assert edits("'so sorry'", seed=4) == edits("'so sorry'", seed=4)


@pytest.mark.parametrize(
    "reason",
    ["Nothing is quoted.", "It says 'call me'.", "'?' × 2", "", "“I'm so sorry, truly. Tell me more about it when”"],
)
def test_it_does_not_apply_where_nothing_or_too_much_is_cited(reason: str) -> None:
    assert edits(reason) is None


def test_what_is_left_is_set_as_a_text() -> None:
    found = edits("'truly'", "It is, truly, hard. Really so hard today, is it not?")
    assert found is not None
    assert found[0] == "It is, hard. Really so hard today, is it not?"
    for text in found:
        assert not re.search(r"  | [.,;:!?]|[,;:][.!?]|^[.,;]", text)


def reading(asked: Asked) -> Answer:
    """Answer by one word of the text, and say so."""
    text = asked.user.split("begins", 2)[-1]
    warm = 3 if "dear" in text else 1
    return {name: ("It says 'dear'." if warm == 3 else "It says 'reply'.") if name.endswith("reason") else warm
            for name in asked.schema["properties"]}  # fmt: skip


def written() -> Study:
    of = study(text=[f"my dear reply number {number} is a long one for you" for number in range(24)])
    return Study.build(of.task, of.items.drop(columns="context"), of.raters, of.ratings)


def test_a_second_pass_asks_each_judge_its_own_edits_and_nobody_else(loopback: Server, home: Path) -> None:
    loopback.rule = reading
    chosen = plan("llm", loopback, "probes=faithfulness", "judges=[llm,simulated]")
    before = pipeline.perturbed_by(chosen, written(), Progress(shown=False)).study
    first = pipeline.judge(chosen, before, Progress(shown=False))
    calls = loopback.calls
    again, reach = pipeline.judge_again(chosen, before, first, Progress(shown=False))
    assert loopback.calls == calls + 2 * 24  # two criteria share a reason: two edits of each, of which two are alike
    assert {one.probe: (one.items, one.applied) for one in reach} == dict.fromkeys(PROBES, (48, 48))
    variants = set(again.items["variant"]) - {"original"}
    assert variants == {f"{probe}:llm:{key}" for probe in PROBES for key in ("warmth", "depth")}
    own = again.ratings[again.ratings["variant"].isin(variants)]
    assert set(own["rater"]) == {"llm"}
    assert set(own["rep"]) == {0}
    cited = own[own["variant"] == "cited_deleted:llm:warmth"]
    control = own[own["variant"] == "uncited_deleted:llm:warmth"]
    assert set(cited.loc[cited["criterion"] == "warmth", "value"]) == {1.0}
    assert set(control.loc[control["criterion"] == "warmth", "value"]) == {3.0}
    told = again.items[again.items["variant"] == "cited_deleted:llm:warmth"].iloc[0]
    assert json.loads(told["expect"]) == {"of": "i00", "change": "deleted, cited: dear", "direction": {}}
    Study.build(again.task, again.items, again.raters, again.ratings)  # the tables keep their contract
    kept = again.ratings[again.ratings["variant"] == "original"]
    pd.testing.assert_frame_equal(
        kept.sort_values(["rater", "item", "criterion"], ignore_index=True),
        first.ratings.sort_values(["rater", "item", "criterion"], ignore_index=True),
        check_dtype=False,
    )


def test_the_second_pass_replays_from_the_ledger(loopback: Server, home: Path) -> None:
    loopback.rule = reading
    answers = []
    for mode in ("live", "replay"):
        chosen = plan("llm", loopback, "probes=faithfulness", f"ledger.mode={mode}")
        first = pipeline.judge(chosen, written(), Progress(shown=False))
        answers.append(pipeline.judge_again(chosen, written(), first, Progress(shown=False))[0].ratings)
        calls = loopback.calls
    assert calls == loopback.calls
    columns = ["rater", "item", "variant", "criterion", "value"]
    pd.testing.assert_frame_equal(answers[0][columns], answers[1][columns])


def test_without_such_probes_or_reasons_nothing_is_asked_again(loopback: Server, home: Path) -> None:
    loopback.rule = reading
    for overrides, knobs in ((["probes=[longer]"], {}), (["probes=faithfulness"], {"asking.reason": "none"})):
        chosen = plan("llm", loopback, *overrides, **knobs)
        first = pipeline.judge(chosen, written(), Progress(shown=False))
        calls = loopback.calls
        again, reach = pipeline.judge_again(chosen, written(), first, Progress(shown=False))
        assert loopback.calls == calls
        assert again.ratings.equals(first.ratings)
        assert all(one.applied == 0 for one in reach)


def test_the_budget_ends_the_second_pass_with_a_note(loopback: Server, home: Path) -> None:
    loopback.rule = reading
    priced = ["prices={openai/gpt:{input:1,output:1}}", "probes=faithfulness"]
    free = plan("llm", loopback, *priced)
    first = pipeline.judge(free, written(), Progress(shown=False))
    tight = plan("llm", loopback, *priced, "budget.usd=0.012")
    again, _ = pipeline.judge_again(tight, written(), first, Progress(shown=False))
    asked = again.ratings[again.ratings["variant"] != "original"]
    assert 0 < len(asked) < 2 * 2 * 2 * 24  # probes, criteria whose reasons call for them, criteria answered, items
    assert any("budget" in note for note in again.notes)


def test_the_share_that_is_promised_is_reached_by_the_cue_counter(home: Path) -> None:
    from judgekit import config

    for task in ("empathy", "culture", "safety"):
        chosen = config.build(config.compose([f"+experiment={task}", "probes=faithfulness", "judges=[lexical]"]))
        before = pipeline.people(chosen, Progress(shown=False))
        first = pipeline.judge(chosen, before, Progress(shown=False))
        for one in deleted(before, first, PROBES, 0).reach:
            assert one.share >= PROBES[one.probe].least
            assert np.isclose(one.share, one.applied / one.items)
