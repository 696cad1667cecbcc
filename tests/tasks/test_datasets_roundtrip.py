"""A run's ratings as a dataset on disk, read back as a user's own file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from judgekit.runs import Run, opened, write_study
from judgekit.schema import Source, Task
from judgekit.study import Study
from judgekit.tasks.load import load


@pytest.fixture
def run(tmp_path: Path) -> Run:
    rng = np.random.default_rng(4)
    names = ["anna", "ben", "gpt4"]
    long = pd.DataFrame(
        [(f"i{i:02}", name, criterion, rep) for i in range(12) for name in names for criterion in ("warmth", "safe")
         for rep in ((0, 1) if name == "gpt4" else (0,))],
        columns=["item", "rater", "criterion", "rep"],
    )  # fmt: skip
    long["value"] = [str(rng.integers(1, 6)) if c == "warmth" else rng.choice(["no", "yes"]) for c in long["criterion"]]
    long["kind"] = np.where(long["rater"] == "gpt4", "judge", "human")
    long["status"] = "ok"
    refused = (long["rater"] == "gpt4") & (long["item"] == "i03")
    long.loc[refused, "value"] = None
    long.loc[refused, "status"] = "refused"
    long["reason"] = np.where(refused, "I would rather not, says “é”", None)
    long["seconds"] = rng.random(len(long))
    made = Study.from_frame(
        long,
        scale={"warmth": "ordinal", "safe": "nominal"},
        levels={"warmth": [1, 2, 3, 4, 5], "safe": ["no", "yes"]},
        name="trip",
    )
    with opened(tmp_path / "run", {"experiment": "trip"}):
        write_study(tmp_path / "run", made)
    return Run(tmp_path / "run")


@pytest.mark.parametrize("form", ["folder", "parquet", "jsonl", "csv"])
def test_ratings_saved_as_a_dataset_come_back_the_same(run: Run, tmp_path: Path, form: str) -> None:
    import datasets

    datasets.disable_progress_bars()
    dataset = run.to_dataset()
    path = tmp_path / ("ratings" if form == "folder" else f"ratings.{form}")
    if form == "folder":
        dataset.save_to_disk(str(path))
    elif form == "parquet":
        dataset.to_parquet(str(path))
    elif form == "jsonl":
        dataset.to_json(str(path), force_ascii=False)
    else:
        dataset.to_csv(str(path), index=False)
    source = Source.model_validate({"kind": "file", "path": str(path), "judges": ["gpt4"]})
    back = load(Task(name="trip", criteria=run.study.task.criteria, source=source))
    pd.testing.assert_frame_equal(back.ratings, run.ratings)
    assert back.judges() == run.study.judges()
    assert back.people() == run.study.people()
    for criterion in ("warmth", "safe"):
        pd.testing.assert_frame_equal(back.matrix(criterion), run.study.matrix(criterion))
