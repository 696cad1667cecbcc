"""What edits do to judges, in the report's words: biased, equivalent to none, too few items."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from figures.fabricate import fabricate

from judgekit.report import moved
from judgekit.report.html import write
from judgekit.report.terminal import summary
from judgekit.runs import Run, save_manifest, write_table
from judgekit.schema import Estimate
from judgekit.tables import estimates_frame

NOTE = "an effect of 0.31 human SDs would be found in 80 % of such studies"
KEY = "emotional_reaction"


def effect(probe: str, value: float, verdict: str, q: float | None, judge: str = "lexical", **more: object) -> Estimate:
    facts = {"statistic": "bias", "criterion": KEY, "a": judge, "b": probe, "value": value, "low": value - 0.1,
             "high": value + 0.1, "conf_level": 0.95, "margin": 0.2, "verdict": verdict, "p": q, "q": q, "n_items": 24,
             "note": "" if verdict == "yes" else NOTE}  # fmt: skip
    return Estimate(**{**facts, **more})  # type: ignore[arg-type]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = fabricate(tmp_path / "run", n_criteria=1, judges=["lexical"], pools={"expert": 3}, simulated=False)
    kept = made.estimates[~made.estimates["statistic"].str.startswith("bias")]
    rows = [
        effect("longer", 0.5, "yes", 0.001),
        effect("typos", -0.3, "yes", 0.2),
        effect("emoji", 0.01, "no", 1.0),
        effect("formal", 0.12, "undecided", 1.0),
        effect("negated_care", 0.7, "yes", 0.001, statistic="bias.move"),
        effect("deleted_question", 0.0, "no", 1.0, statistic="bias.move"),
        effect("longer", 0.4, "", None, statistic="bias.flip"),
        effect("", 0.4, "yes", 0.01, statistic="faithful"),
        effect("", 0.9, "", None, statistic="faithful.cites"),
        effect("", 0.6, "", None, statistic="faithful.cited"),
        effect("", 0.2, "", None, statistic="faithful.uncited"),
        effect("", 0.02, "", None, statistic="faithful.invented"),
        effect("", 0.03, "", None, statistic="faithful.contradicts"),
    ]
    table = estimates_frame(rows)
    table["verdict"] = table["verdict"].replace({"": None})
    write_table(made.path, "estimates", pd.concat([kept, table], ignore_index=True))
    told = {"expects": "none", "items": 24, "applied": 24, "share": 1.0, "fits": True}
    probes = [{**told, "probe": name, "family": "style"} for name in ("longer", "typos", "emoji", "formal")]
    probes.append({**told, "probe": "nearby_place", "family": "culture", "applied": 0, "share": 0.0, "fits": False})
    lost = {"other numbers": 3, "refused": 1}
    probes.append({**told, "probe": "paraphrased", "family": "rewritten", "applied": 20, "lost": lost})
    save_manifest(made.path, {**made.manifest, "probes": probes})
    (made.path / "edits_to_check.csv").write_text("item\n", encoding="utf-8")
    (made.path / "contradictions.csv").write_text(
        "rater,criterion,item,value,kind,said,reason\n"
        f"lexical,{KEY},i1,2.0,names another level,1 (weak),<b>I give it a 1\n",
        encoding="utf-8",
    )
    return Run(made.path)


def text_of(run: Run) -> str:
    page = write(run, {}).read_text(encoding="utf-8").split("<main", 1)[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_battery_counts_verdicts_and_tells_what_does_not_outlast_adjusting(run: Run) -> None:
    battery = moved.battery(run)
    assert battery is not None
    assert battery.margin == 0.2
    assert battery.counted("lexical") == {"yes": 1, "loose": 1, "no": 1, "undecided": 1}
    said = battery.said("lexical")
    assert said == "biased: longer (emotional reaction +.50); biased before adjusting: typos (emotional reaction −.30)"
    effects = battery.of(KEY)["style"]
    assert (effects["emoji"]["lexical"].least, effects["longer"]["lexical"].least) == (0.31, None)
    assert effects["longer"]["lexical"].flip is not None
    must = moved.battery(run, moved.MOVE)
    assert must is not None
    assert must.said("lexical") == "does not move: deleted question (emotional reaction .00)"


def test_good_news_and_bad_news_do_not_look_alike(run: Run) -> None:
    same, must = moved.battery(run, moved.SAME), moved.battery(run, moved.MOVE)
    assert same is not None
    assert must is not None
    assert same.looks["no"] == must.looks["yes"]
    assert same.looks["yes"][0] == must.looks["no"][0] == "no"


def test_the_page_says_it_in_the_words_of_the_verdict(run: Run) -> None:
    text = text_of(run)
    for words in ("biased", "biased before adjusting", "equivalent to none", "too few items", "moves as it must",
                  "does not move", "detectable: .31", "moves with what it cites", "Not for this task: nearby place.",
                  "other numbers (3); refused (1)", "edits_to_check.csv"):  # fmt: skip
        assert words in text
    assert "&lt;b&gt;I give it a 1" in text
    assert "nearby place</th>" not in run.report.read_text(encoding="utf-8")


def test_a_run_without_probes_says_nothing_of_them(tmp_path: Path) -> None:
    made = fabricate(tmp_path / "run", n_criteria=1, simulated=False)
    kept = made.estimates[~made.estimates["statistic"].str.match("bias|faithful")]
    write_table(made.path, "estimates", kept)
    plain = Run(made.path)
    assert moved.battery(plain) is None
    assert moved.faith(plain) == []
    assert moved.contradicting(plain) == []
    assert "What moves the judges" not in text_of(plain)


def test_the_terminal_says_it_in_a_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    summary(run)
    assert "lexical under edits that should change nothing: biased: longer" in capsys.readouterr().out
