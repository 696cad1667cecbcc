"""The contract that every registered figure keeps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figures.fabricate import fabricate

from judgekit.errors import InputError
from judgekit.figures import NoEstimatesError, draw, draw_each, style
from judgekit.registry import discover
from judgekit.runs import Run, write_table

NAMES = sorted(discover("figures"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return fabricate(tmp_path_factory.mktemp("run"), n_criteria=2)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return fabricate(tmp_path_factory.mktemp("real"), n_criteria=2, simulated=False)


def words(figure: object) -> str:
    """Every text that is visible in a figure."""
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_visible())  # type: ignore[attr-defined]


def test_the_first_set_is_registered() -> None:
    assert {"forest", "pairs", "levels", "contrast"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_draws_something_in_every_panel(run: Run, name: str) -> None:
    figure = draw(run, name)
    figure.draw_without_rendering()
    panels = [axis for axis in figure.axes if axis.get_label() != "<colorbar>"]
    assert len(panels) == 2, "one a criterion"
    for axis in panels:
        assert axis.get_title(loc="left"), "a panel says which criterion it is"
        assert axis.lines or axis.patches or axis.collections
        box = axis.get_tightbbox()
        assert box.width > 20
        assert box.height > 20


@pytest.mark.parametrize("name", NAMES)
def test_simulated_raters_are_named_in_figure_and_caption(run: Run, real: Run, name: str) -> None:
    figure = draw(run, name)
    assert style.SIMULATED in words(figure)
    assert style.SIMULATED in figure.get_label()
    honest = draw(real, name)
    assert "imulated" not in words(honest) + honest.get_label()


@pytest.mark.parametrize("name", NAMES)
def test_caption_counts_what_entered(run: Run, name: str) -> None:
    told = draw(run, name).get_label()
    assert ("n = 20 pairs" if name == "contrast" else "n = 24 items") in told
    assert "8 people (expert 3, crowd 5), 3 judges" in told
    if name in ("forest", "contrast"):
        assert "95 % intervals (smoothed Bayesian bootstrap over clusters of items, B=200)" in told


@pytest.mark.parametrize("width", [style.COLUMN, style.FULL])
@pytest.mark.parametrize("name", NAMES)
def test_no_word_leaves_the_page(run: Run, name: str, width: float) -> None:
    from matplotlib.text import Text

    figure = draw(run, name, width=width)
    assert figure.get_figwidth() == width
    with style.context():
        figure.draw_without_rendering()
        for text in figure.findobj(Text):
            if text.get_visible() and text.get_text().strip():
                box = text.get_window_extent()
                assert box.x0 >= -2, text.get_text()
                assert box.x1 <= figure.bbox.width + 2, text.get_text()
                assert box.y0 >= -2, text.get_text()
                assert box.y1 <= figure.bbox.height + 2, text.get_text()
                assert text.get_fontsize() >= 6, text.get_text()


@pytest.mark.parametrize("name", NAMES)
def test_same_run_gives_the_same_bytes(run: Run, name: str, tmp_path: Path) -> None:
    first = style.save(draw(run, name), tmp_path / "a", name)
    figure = draw(run, name)
    second = style.save(figure, tmp_path / "b", name)
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert style.save(figure, tmp_path / "c", name, ("pdf",))[0].read_bytes() == first[0].read_bytes()
    pdf, png = first
    assert pdf.read_bytes().startswith(b"%PDF")
    assert b"CreationDate" not in pdf.read_bytes()
    assert b"/FontFile2" in pdf.read_bytes(), "TrueType fonts are embedded"
    from PIL import Image

    with Image.open(png) as image:
        assert image.info["Description"] == figure.get_label()


def test_the_bytes_do_not_depend_on_the_process(run: Run, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from judgekit.runs import Run; from judgekit.figures import draw;"
        "from judgekit.figures.style import save;"
        "save(draw(Run(Path(sys.argv[1])), 'contrast'), Path(sys.argv[2]), 'contrast', ('pdf',))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", code, str(run.path), str(tmp_path)], check=True, env=environment)
    here = style.save(draw(run, "contrast"), tmp_path / "here", "contrast", ("pdf",))[0]
    assert (tmp_path / "contrast.pdf").read_bytes() == here.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_global_changes(run: Run, name: str, tmp_path: Path) -> None:
    import matplotlib
    import seaborn  # noqa: F401  (registers its colour maps on import; what matters is what drawing leaves behind)
    from matplotlib import pyplot

    before = dict(matplotlib.rcParams)
    style.save(draw(run, name), tmp_path, name)
    assert dict(matplotlib.rcParams) == before
    assert pyplot.get_fignums() == []


def test_importing_figures_loads_no_plotting_library() -> None:
    code = (
        "import sys; from judgekit.registry import discover; discover('figures');"
        "print([m for m in ('matplotlib', 'seaborn', 'PIL') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", NAMES)
def test_one_judge_one_person_one_criterion(tmp_path: Path, name: str) -> None:
    run = fabricate(tmp_path, judges=["lexical"], n_criteria=1, pools={"people": 1}, strata={})
    style.save(draw(run, name), tmp_path, name)


@pytest.mark.parametrize("name", NAMES)
def test_many_judges_criteria_and_people(tmp_path: Path, name: str) -> None:
    judges = [f"provider/a-model-with-a-long-name-{i}" for i in range(8)]
    run = fabricate(tmp_path, judges=judges, n_criteria=8, pools={"expert": 6, "crowd": 9}, strata={})
    figure = draw(run, name)
    assert figure.get_figheight() < 9.5, "fits on a page"
    style.save(figure, tmp_path, name)


@pytest.mark.parametrize("name", NAMES)
def test_names_are_names_not_formulas_or_patterns(tmp_path: Path, name: str) -> None:
    odd = ["$\\frac{a}$", "日本 judge", "_hidden"]
    run = fabricate(tmp_path, judges=odd, n_criteria=2)
    figure = draw(run, name)
    style.save(figure, tmp_path, name)
    assert {"$\\frac{a}$", "_hidden"} <= set(words(figure).split("\n"))


@pytest.mark.parametrize("name", ["forest", "contrast"])
def test_missing_values_are_said(tmp_path: Path, name: str) -> None:
    run = without(fabricate(tmp_path, n_criteria=1), lambda rows: rows["a"] == "terse")
    figure = draw(run, name)
    figure.draw_without_rendering()
    assert "not estimable" in words(figure)


def test_a_pair_without_a_value_is_hatched(tmp_path: Path) -> None:
    run = without(fabricate(tmp_path, n_criteria=1), lambda rows: (rows["a"] == "terse") & (rows["b"] == "lenient"))
    axis = draw(run, "pairs").axes[0]
    assert len([patch for patch in axis.patches if patch.get_hatch()]) == 1


def test_forest_says_that_one_person_has_no_ceiling(tmp_path: Path) -> None:
    run = fabricate(tmp_path, n_criteria=1, pools={"expert": 1, "crowd": 3})
    assert "expert among themselves: not estimable" in words(draw(run, "forest"))


def test_forest_band_is_the_peoples_interval(real: Run) -> None:
    rows = real.estimates
    people = rows[(rows["statistic"] == "weighted_kappa") & (rows["a"] == "expert") & (rows["b"] == "expert")]
    row = people[(people["subset"] == "all") & (people["criterion"] == "interpretation")].iloc[0]
    axis = next(axis for axis in draw(real, "forest").axes if axis.get_title(loc="left") == "interpretation")
    spans = {tuple(np.round(c.get_paths()[0].get_extents().intervalx, 9)) for c in axis.collections}
    assert tuple(np.round([row["low"], row["high"]], 9)) in spans


def test_forest_by_stratum(run: Run) -> None:
    figure = draw(run, "forest", stratum="severity")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["mild", "moderate", "severe"]
    with pytest.raises(InputError, match="the task declares severity"):
        draw(run, "forest", stratum="colour")


def test_pairs_writes_the_estimates_into_the_cells(real: Run) -> None:
    rows = real.estimates
    pair = rows[(rows["statistic"] == "weighted_kappa") & (rows["a"] == "expert-1") & (rows["b"] == "lexical")]
    value = pair[pair["criterion"] == "interpretation"]["value"].iloc[0]
    left, axis = draw(real, "pairs").axes[:2]
    assert axis.get_title(loc="left") == "interpretation"
    told = f"{value:.2f}".replace("0.", ".").replace("-", "−")
    row = [label.get_text() for label in left.get_yticklabels()].index("lexical")
    column = [label.get_text() for label in axis.get_xticklabels()].index("expert-1")
    texts = {tuple(text.get_position()): text.get_text() for text in axis.texts}
    assert texts[(column + 0.5, row + 0.5)] == told


def test_pairs_merges_people_into_pools_beyond_most_raters(run: Run) -> None:
    figure = draw(run, "pairs", most=5)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()][:2] == ["expert", "crowd"]


def test_shares_of_levels_add_up_and_count_failures(run: Run) -> None:
    from judgekit.figures.levels import NO_ANSWER, shares

    ratings = run.ratings
    for key, table in shares(run).items():
        assert np.allclose(table.sum(axis=1), 1)
        mine = ratings[(ratings["criterion"] == key) & (ratings["rater"] == "terse")]
        assert table.loc["terse", NO_ANSWER] == pytest.approx((mine["status"] != "ok").mean())
        assert table.loc["terse", "1"] == pytest.approx((mine["value"] == 1).mean())


def test_a_run_without_such_estimates_is_told_apart(tmp_path: Path, run: Run) -> None:
    bare = without_rows(fabricate(tmp_path / "bare"), lambda rows: rows["statistic"].str.startswith("contrast"))
    with pytest.raises(NoEstimatesError, match=r"no estimates of 'contrast' — it has alpha"):
        draw(bare, "contrast")
    assert "contrast" not in draw_each(bare)
    people = fabricate(tmp_path / "people", judges=[])
    with pytest.raises(NoEstimatesError, match="between a judge and people"):
        draw(people, "forest")
    with pytest.raises(InputError, match="no figures is called 'pie'"):
        draw(run, "pie")


def test_figures_show_in_a_notebook_without_pyplot(run: Run) -> None:
    assert draw(run, "levels")._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_colours_are_told_apart_without_colour() -> None:
    assert len(style.COLOURS) == len(set(style.COLOURS)) == len(style.MARKERS) == len(style.HATCHES)
    assert len(set(style.HATCHES)) == len(style.HATCHES)


def test_short_labels_stay_different() -> None:
    names = ["openai/gpt-5-2026-08-06-preview", "openai/gpt-5-2025-08-06-preview", "x/judge", "short", "gpt" * 20]
    labels = style.shorten(names, 18)
    assert list(labels) == names
    assert len(set(labels.values())) == len(names)
    assert all(len(label) <= 18 for label in labels.values())
    assert labels["short"] == "short"


def without(run: Run, chosen: object) -> Run:
    """Return the run with the values of the chosen estimates taken out."""
    estimates = run.estimates.copy()
    rows = chosen(estimates)  # type: ignore[operator]
    assert rows.any()
    estimates.loc[rows, ["value", "low", "high"]] = np.nan
    estimates.loc[rows, "note"] = "not estimable: no items in common"
    write_table(run.path, "estimates", estimates)
    return Run(run.path)


def without_rows(run: Run, chosen: object) -> Run:
    """Return the run without the chosen estimates."""
    estimates: pd.DataFrame = run.estimates[~chosen(run.estimates)]  # type: ignore[operator]
    write_table(run.path, "estimates", estimates.reset_index(drop=True))
    return Run(run.path)
