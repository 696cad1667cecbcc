"""The compact simulator: what the population should show, it shows."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest

from judgekit.errors import InputError
from judgekit.simulate import StudyJudge, cells, study
from judgekit.simulate.compact import FIVE_SKEWED

N = 60_000


def alpha(values: np.ndarray) -> float:
    return float(krippendorff.alpha(reliability_data=values.T, level_of_measurement="nominal"))


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_agreement_is_the_theory_s(rho: float) -> None:
    equal = cells(N, 2, rho=rho, severities=(0.0, 0.0), seed=1).values
    # two normals of correlation rho fall on the same side of 0 with probability 1/2 + asin(rho)/pi
    assert abs(alpha(equal) - 2 * np.arcsin(rho) / np.pi) < 0.015
    y = cells(N, 3, levels=None, rho=rho, severities=(0.0, 0.0, 0.0), seed=2).values
    # interval alpha is one minus the variance within items over the variance of all
    assert abs(1 - y.var(axis=1, ddof=1).mean() / y.var(ddof=1) - rho) < 0.015


def test_severity_and_shares_set_the_margins() -> None:
    drawn = cells(N, 3, levels=5, shares=FIVE_SKEWED, seed=3)
    assert [rater.severity for rater in drawn.raters] == [-0.2, 0.0, 0.2]
    middle = np.bincount(drawn.values[:, 1].astype(int), minlength=5) / N
    np.testing.assert_allclose(middle, FIVE_SKEWED, atol=0.008)
    assert drawn.values[:, 0].mean() > drawn.values[:, 1].mean() + 0.1 > drawn.values[:, 2].mean() + 0.15
    rare = cells(N, 1, prevalence=0.06, seed=3).values
    assert abs(rare.mean() - 0.06) < 0.005
    assert abs(np.ptp([r.severity for r in cells(3, 5, seed=0).raters]) - 0.6) < 1e-12


def test_clusters_correlate_one_half_and_missing_spares_the_judge() -> None:
    drawn = cells(N, 2, cluster=4, missing=0.3, judges=[StudyJudge()], seed=4)
    assert abs(np.corrcoef(drawn.traits[::4], drawn.traits[1::4])[0, 1] - 0.5) < 0.03
    np.testing.assert_allclose(np.isnan(drawn.values).mean(axis=0), (0, 0.3, 0.3), atol=0.01)
    alone = cells(N, 2, seed=4)
    assert abs(np.corrcoef(alone.traits[::4], alone.traits[1::4])[0, 1]) < 0.03


def test_class_model_has_its_sensitivity_and_specificity() -> None:
    drawn = cells(N, 3, prevalence=0.3, model="class", seed=5)
    true = drawn.traits > drawn.cuts[0]
    for column, rater in enumerate(drawn.raters):
        said = drawn.values[:, column]
        assert abs(said[true].mean() - (0.85 - 0.2 * rater.severity)) < 0.012
        assert abs((1 - said[~true]).mean() - (0.975 + 0.03 * rater.severity)) < 0.004


def test_a_judge_or_rater_more_moves_nobody() -> None:
    base = cells(500, 2, levels=5, severities=(0.1, 0.2), missing=0.1, seed=6)
    more = cells(500, 3, levels=5, severities=(0.1, 0.2, 0.3), missing=0.1, judges=[StudyJudge("m")], seed=6)
    np.testing.assert_array_equal(base.values, more.values[:, 1:3])
    assert not np.array_equal(base.values, cells(500, 2, levels=5, severities=(0.1, 0.2), missing=0.1, seed=7).values)


def test_study_holds_the_same_cells_with_their_truth() -> None:
    options = {"levels": 5, "missing": 0.2, "cluster": 2, "judges": (StudyJudge("model"),), "seed": 8}
    made, drawn = study(40, 3, **options), cells(40, 3, **options)
    assert made.people() == ["h1", "h2", "h3"]
    assert made.judges() == ["model"]
    np.testing.assert_array_equal(made.matrix("value").to_numpy(), drawn.values + 1)
    assert set(made.raters["kind"]) == {"simulated"}
    assert made.items["group"].nunique() == 20
    assert made.task.criterion("value").scale == "ordinal"
    truth = made.truth
    assert truth is not None
    np.testing.assert_array_equal(truth[truth["parameter"] == "trait"]["value"], drawn.traits)
    assert (truth["parameter"].str.startswith("threshold")).sum() == 4
    binary = study(30, 2, prevalence=0.3)
    assert set(binary.ratings["value"]) <= {0.0, 1.0}
    assert binary.task.criterion("value").codes == (0.0, 1.0)
    assert study(30, 2, levels=None).task.criterion("value").codes == ()


@pytest.mark.parametrize(
    "options",
    [
        {"levels": 5, "prevalence": 0.3},
        {"levels": 3, "shares": (0.5, 0.5)},
        {"severities": (0.0,)},
        {"levels": 5, "model": "class"},
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(InputError):
        cells(10, 2, **options)  # type: ignore[arg-type]
