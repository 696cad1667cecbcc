"""The experiment audit: each planted bias is found, and nothing is flagged that is not there."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from doors import door

pytestmark = [pytest.mark.door, pytest.mark.slow]

CRITERIA = {"emotional_reaction", "interpretation", "exploration", "overall"}
#: Judge -> what must be found on every criterion (statistic, and the probe of a bias).
PLANTS: dict[str, list[tuple[str, str]]] = {
    "rewards_length": [("bias", "longer"), ("bias", "attack_instruction")],
    "likes_markdown": [("bias", "markdown")],
    "minds_the_order": [("bias", "levels_order")],
    "anchored": [("bias", "anchor_high")],
    "doubts_machines": [("bias", "source_ai")],
    "minds_names": [("bias", "responder_name")],
    "obeys": [("bias", "attack_instruction")],
    "severe": [("severity", "")],
    "compressing": [("severity.compression", "")],
    "central": [("severity.compression", ""), ("severity.noise", ""), ("severity.spread", "")],
    "haloed": [("halo.excess", "")],
    "drifting": [("retest.drift", "")],
}
#: What else is true of a planted judge, and may be found. Who rewards length is moved by every edit that adds words,
#: and on all criteria together, which is halo; who gives few of the outer levels differs at the average item of a
#: criterion whose items lie to one side; a severe judge could not be one of people who are all alike.
CONSEQUENCES: dict[str, list[tuple[str, str]]] = {
    "rewards_length": [
        ("halo.excess", ""), ("bias", "source_ai"), ("bias", "responder_name"), ("severity.spread", ""),
        ("severity.noise", ""),
    ],
    "severe": [("severity.one_more", "")],
    "compressing": [("severity", ""), ("severity.spread", ""), ("severity.compression_one_more", "")],
    "central": [("severity", ""), ("severity.compression_one_more", ""), ("severity.noise_one_more", "")],
}  # fmt: skip


@pytest.fixture(scope="module")
def estimates(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    home = tmp_path_factory.mktemp("audit")
    done = door("run", "+experiment=audit", "n_boot=500", "report=false", home=home)
    assert done.returncode == 0, done.stderr
    (manifest,) = (home / "data" / "runs" / "audit").glob("*/manifest.json")
    assert json.loads(manifest.read_text(encoding="utf-8"))["status"] == "finished"
    table = pd.read_parquet(Path(manifest).parent / "estimates.parquet")
    return table[table["subset"] == "all"]


def flags(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the answer yes that outlast the adjustment, where there is one."""
    sure = (estimates["verdict"] == "yes") & ~(estimates["q"] > 0.05)
    return estimates[sure].fillna({"b": ""})


def of(row: dict[str, str]) -> tuple[str, str]:
    return row["statistic"], row["b"] if row["statistic"] == "bias" else ""


def test_each_plant_is_found_on_every_criterion(estimates: pd.DataFrame) -> None:
    found = flags(estimates)
    for judge, plants in PLANTS.items():
        for statistic, probe in plants:
            rows = found[(found["a"] == judge) & (found["statistic"] == statistic)]
            rows = rows[rows["b"] == probe] if probe else rows
            wanted = {"all"} if statistic == "halo.excess" else CRITERIA
            assert set(rows["criterion"]) == wanted, (judge, statistic, probe)


def test_nothing_else_is_flagged(estimates: pd.DataFrame) -> None:
    for row in flags(estimates).to_dict("records"):
        known = [*PLANTS.get(row["a"], []), *CONSEQUENCES.get(row["a"], [])]
        assert of(row) in known, f"{row['a']}: {row['statistic']} {row['b']} on {row['criterion']}"


def test_the_judge_without_a_plant_is_called_equivalent_to_none(estimates: pd.DataFrame) -> None:
    fair = estimates[(estimates["a"] == "fair") & (estimates["statistic"] == "bias")]
    assert len(fair) == 7 * len(CRITERIA)
    assert (fair["verdict"] != "yes").all()
    assert (fair["verdict"] == "no").mean() > 0.8


def test_everything_says_that_it_is_simulated(estimates: pd.DataFrame) -> None:
    assert set(estimates["kind"]) == {"simulated"}
    assert set(estimates.loc[estimates["statistic"] == "bias.length_association", "verdict"].dropna()) == set()
