"""Statistics asked together: one pass of draws a slice, and the same rows as apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from references import drawn, study_of

from judgekit.errors import InputError
from judgekit.registry import knobs
from judgekit.stats.alpha import alpha
from judgekit.stats.battery import estimate
from judgekit.stats.draws import Block, Draws
from judgekit.stats.gwet import ac1, ac2
from judgekit.stats.resample import Bootstrap
from judgekit.study import Study

LEVELS = (1.0, 2.0, 3.0)
PANEL = ("alpha", "ac1", "ac2", "fleiss", "brennan_prediger", "conger")


@pytest.fixture
def study() -> Study:
    return study_of(drawn(np.random.default_rng(3), 700, 5, LEVELS), "ordinal", [1, 2, 3], judges=("judge",))


def passes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Return a list that every pass of draws is added to."""
    seen: list[tuple[str, ...]] = []
    each = Draws.each

    def counted(self: Draws, task: Callable[[Block], None], *, light: bool = False) -> None:
        seen.append(self.stream)
        each(self, task, light=light)

    monkeypatch.setattr(Draws, "each", counted)
    return seen


def test_a_panels_coefficients_come_from_one_pass(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = passes(monkeypatch)
    together = estimate(study, *PANEL, n_boot=300, scales=["nominal"])
    assert seen == [("value", "all")]
    seen.clear()
    apart = [
        estimate(study, name, n_boot=300, **({"scales": ["nominal"]} if name == "alpha" else {})) for name in PANEL
    ]
    assert len(seen) == len(PANEL)
    rows = [row for frame in apart for row in frame.to_dict("records")]
    assert [str(row) for row in together.to_dict("records")] == [str(row) for row in rows]


def test_others_are_asked_in_step(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = passes(monkeypatch)
    together = estimate(study, "percent", "alpha", "spearman", "ac1", n_boot=200)
    assert len(seen) == 3
    assert list(dict.fromkeys(together["statistic"])) == ["percent", "percent.adjacent", "alpha", "spearman", "ac1"]


def test_a_statistic_called_alone_answers_itself(study: Study) -> None:
    boot = Bootstrap(seed=0, n_boot=300)
    table = estimate(study, "alpha", "ac1", n_boot=300)
    for name, function in (("alpha", alpha), ("ac1", ac1)):
        alone = list(function(study, boot=boot))
        rows = table[table["statistic"] == name]
        assert [(made.low, made.high) for made in alone] == list(zip(rows["low"], rows["high"], strict=True))


def test_rows_that_need_no_draws_come_too(study: Study) -> None:
    analytic = estimate(study, "ac2", "alpha", n_boot=200, interval="analytic")
    assert set(analytic["statistic"]) == {"ac2", "alpha"}
    assert not analytic.loc[analytic["statistic"] == "ac2", "method"].str.contains("bootstrap").any()
    continuum = study_of(np.random.default_rng(0).normal(size=(120, 3)), "interval")
    table = estimate(continuum, "ac2", "alpha", n_boot=200)
    assert table.loc[table["statistic"] == "ac2", "note"].str.contains("not estimable").all()
    assert table.loc[table["statistic"] == "alpha", "low"].notna().all()


def test_knobs_and_refusals_are_the_functions_own(study: Study) -> None:
    assert knobs(alpha) == {"scales": ()}
    assert knobs(ac2) == {"weights": None, "interval": "bootstrap"}
    with pytest.raises(InputError, match="likert"):
        estimate(study, "ac1", "alpha", n_boot=0, scales=["likert"])
    with pytest.raises(InputError, match="de_fixed"):
        estimate(study, "alpha", "ac1", n_boot=100, resampling="de_fixed")
