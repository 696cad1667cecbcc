"""Calibration: reference values, second routes, calibrated and miscalibrated judges told apart, cross-fitting."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss
from sliced import sliced

from judgekit.edges.binned import OUTPUTS, Binned, bin_of, starts_of
from judgekit.edges.calibrators import calibrator, crossfitted, folds_of
from judgekit.errors import InputError
from judgekit.stats.battery import estimate
from judgekit.stats.resample import SINGLE, Bootstrap, Job
from judgekit.study import Study


def outputs(p: np.ndarray, y: np.ndarray, bins: int = 10, binning: str = "width") -> dict[str, float]:
    made = Binned(starts_of(p, bins, binning))
    return dict(zip(OUTPUTS, made.point(made.features(np.column_stack([p, y])).sum(axis=0)).tolist(), strict=True))


def drawn(n: int, seed: int, bend: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and agreement; ``bend`` 1 is calibrated, above it the judge is too sure."""
    rng = np.random.default_rng(seed)
    truth = rng.beta(3, 2, n)
    p = truth**bend / (truth**bend + (1 - truth) ** bend)
    return p, (rng.random(n) < truth).astype(float)


def test_ece_and_brier_are_the_reference(reference: Path) -> None:
    told = json.loads((reference / "py_reference.json").read_text())["calibration"]
    p, y = np.array(told["p"]), np.array(told["y"], dtype=float)
    assert outputs(p, y, 10)["ece"] == pytest.approx(told["ece_10"], abs=1e-12)
    assert outputs(p, y, 15)["ece"] == pytest.approx(told["ece_15"], abs=1e-12)
    assert outputs(p, y, 10)["brier"] == pytest.approx(told["brier"], abs=1e-12)
    # the reference breaks ties by place, judgekit keeps equal confidences together: told apart, both are the same
    apart = p + 1e-9 * np.arange(len(p))
    assert outputs(apart, y, 10, "mass")["ece"] == pytest.approx(told["ece_equal_mass_10"], abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["mass", "width"]), st.booleans())
def test_the_parts_add_up_and_sklearn_agrees(seed: int, binning: str, tied: bool) -> None:
    p, y = drawn(120, seed)
    y = np.round(y * 0.5 + 0.25, 2) if tied else y
    made = outputs(p, y, 7, binning)
    assert made["brier"] == pytest.approx(float(np.mean((p - y) ** 2)), abs=1e-12)
    assert made["reliability"] - made["resolution"] + made["uncertainty"] == pytest.approx(made["brier"], abs=1e-12)
    assert made["uncertainty"] == pytest.approx(float(np.var(y, ddof=1)), abs=1e-12)
    assert made["ece_debiased"] <= made["ece"] + 1e-12
    if not tied and 0 < y.sum() < len(y):
        assert made["brier"] == pytest.approx(brier_score_loss(y, p), abs=1e-12)
        if binning == "width":
            share, mean = calibration_curve(y, p, n_bins=7)
            n = np.bincount(np.minimum((p * 7).astype(int), 6), minlength=7)
            assert made["ece"] == pytest.approx(float(np.sum(n[n > 0] * np.abs(share - mean)) / 120), abs=1e-9)


def test_equal_confidences_share_a_bin() -> None:
    p = np.repeat([0.2, 0.4, 0.6, 0.8, 1.0], [30, 1, 2, 30, 37])
    number = bin_of(p, starts_of(p, 4, "mass"))
    assert all(len(set(number[p == value])) == 1 for value in np.unique(p))
    assert (bin_of(np.array([0.0, 0.3, 1.0]), starts_of(p, 10, "width")) == [0, 3, 9]).all()


def test_debiasing_takes_the_noise_away_from_a_calibrated_judge() -> None:
    plain, debiased = np.transpose([
        (made["ece"], made["ece_debiased"]) for made in (outputs(*drawn(150, seed), 10, "mass") for seed in range(300))
    ])  # fmt: skip
    assert plain.mean() > 0.08
    assert 0 < debiased.mean() < 0.65 * plain.mean()
    truth = outputs(*drawn(200_000, 1, 2.5), 10, "mass")["ece"]
    far = [outputs(*drawn(150, seed, 2.5), 10, "mass")["ece_debiased"] for seed in range(300)]
    assert np.mean(far) == pytest.approx(truth, abs=0.012)


def test_intervals_of_a_miscalibrated_judge_hold_the_truth() -> None:
    made = Binned(starts_of(np.empty(0), 5, "width"))
    truth = made.point(made.features(np.column_stack(drawn(200_000, 5, 2.5))).sum(axis=0))
    held = dict.fromkeys(OUTPUTS, 0)
    for seed in range(60):
        X = np.column_stack(drawn(250, seed, 2.5))
        found = Bootstrap(seed, 300).intervals(("x",), np.arange(250), [Job(made, X, (0.0, 1.0), SINGLE)])
        for name, one, value in zip(OUTPUTS, found, truth, strict=True):
            held[name] += int(one.low <= value <= one.high)
    assert all(n >= 52 for name, n in held.items() if name != "ece"), held


def test_isotonic_is_sklearns_and_venn_abers_is_two_of_them() -> None:
    p, y = drawn(80, 3, 2.0)
    new = np.array([0.1, 0.5, 0.9])
    assert calibrator("isotonic", p, y)(new) == pytest.approx(
        IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p, y).predict(new)
    )
    merged = calibrator("venn_abers", p, y)(new)
    for value, got in zip(new, merged, strict=True):
        p0, p1 = (
            IsotonicRegression().fit(np.append(p, value), np.append(y, label)).predict([value])[0] for label in (0, 1)
        )
        assert got == pytest.approx(p1 / (1 - p0 + p1))
        assert p0 <= got <= p1


@pytest.mark.parametrize("method", ["isotonic", "temperature", "venn_abers", "logistic"])
def test_every_method_mends_a_judge_that_is_too_sure(method: str) -> None:
    p, y = drawn(600, 11, 3.0)
    folds = folds_of(np.arange(600), 5, np.random.default_rng(0))
    mended = crossfitted(p, y, np.ones(600, dtype=bool), folds, method)
    assert ((mended >= 0) & (mended <= 1)).all()
    assert np.mean((mended - y) ** 2) < np.mean((p - y) ** 2) - 0.01
    assert outputs(mended, y, 10, "mass")["ece_debiased"] < 0.5 * outputs(p, y, 10, "mass")["ece_debiased"]


def test_temperature_recovers_the_bend() -> None:
    p, y = drawn(20_000, 2, 2.0)
    mended = calibrator("temperature", p, y)(np.array([0.8]))
    assert mended[0] == pytest.approx(2 / 3, abs=0.02)  # logit(.8) / 2 is log(2), a probability of 2/3


def test_no_item_rests_on_its_own_label() -> None:
    p, y = drawn(60, 4)
    folds = folds_of(np.repeat(np.arange(20), 3), 5, np.random.default_rng(1))
    assert all(len(set(folds[start : start + 3])) == 1 for start in range(0, 60, 3))
    before = crossfitted(p, y, np.ones(60, dtype=bool), folds, "isotonic")
    other = y.copy()
    other[0] = 1 - other[0]
    after = crossfitted(p, other, np.ones(60, dtype=bool), folds, "isotonic")
    assert (before[folds == folds[0]] == after[folds == folds[0]]).all()


def test_the_rows_of_a_judge_and_of_one_without_confidence() -> None:
    study = sliced(200, judges=("judge",), reps=4)
    rows = estimate(study, "calibration", n_boot=200).set_index("statistic")
    assert rows.loc["calibration.brier_fitted", "value"] < rows.loc["calibration.brier", "value"]
    assert "confidence: reps" in rows.loc["calibration.ece", "method"]
    bins = [name for name in rows.index if name.startswith("calibration.agreement.")]
    assert sum(rows.loc[name, "n_items"] for name in bins) == 200
    alone = estimate(sliced(60), "calibration", n_boot=0)
    assert alone["value"].isna().all()
    assert "no confidence" in alone["note"].iloc[0]


def test_given_confidence_and_probabilities_are_read(request: pytest.FixtureRequest) -> None:
    study = sliced(120, judges=("judge", "other"), reps=2)
    ratings = study.ratings.copy()
    mine = (ratings["rater"] == "judge") & (ratings["rep"] == 0)
    rng = np.random.default_rng(0)
    ratings.loc[mine, "confidence"] = rng.random(int(mine.sum())).round(2)
    told = Study.build(study.task, study.items, study.raters, ratings)
    for signal in ("given", "reps", "jury", "combined"):
        rows = estimate(told, "calibration", n_boot=0, signal=signal)
        rows = rows[(rows["a"] == "judge") & (rows["statistic"] == "calibration.ece")]
        assert rows["value"].notna().all(), signal
        assert f"confidence: {signal}" in rows["method"].iloc[0]
    absent = estimate(told, "calibration", n_boot=0, signal="probs")
    assert absent["value"].isna().all()


@pytest.mark.parametrize("option", [{"method": "magic"}, {"binning": "none"}, {"bins": 1}, {"signal": "mood"}])
def test_bad_options_are_refused(option: dict[str, object]) -> None:
    with pytest.raises(InputError):
        estimate(sliced(40, reps=2), "calibration", n_boot=0, **option)
