"""Faithfulness of reasons: planted judges that rest on what they cite, and judges that do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from judgekit.errors import InputError
from judgekit.schema import Criterion, Level, Source, Task
from judgekit.stats.faithful import contradictions, faithful
from judgekit.stats.resample import Bootstrap
from judgekit.study import Study

LEVELS = tuple(Level(code=code, label=label) for code, label in enumerate(("cold", "cool", "even", "warm", "hot"), 1))
TASK = Task(
    name="care",
    criteria=(Criterion(key="warmth", question="How warm?", scale="ordinal", levels=LEVELS),),
    source=Source(kind="frame"),
)
BOOT = Bootstrap(seed=1, n_boot=400)


def made(cited: list[float], control: list[float], original: list[float], reasons: list[str] | None = None) -> Study:
    """Return a study of the judge "bot", with its answers to both deletions."""
    names = [f"i{number:03d}" for number in range(len(original))]
    text = "I'm so sorry to hear it. Tell me more when you like."
    items, ratings = [], []
    for variant, values in (("original", original), ("cited_deleted:bot:warmth", cited),
                            ("uncited_deleted:bot:warmth", control)):  # fmt: skip
        for place, (item, value) in enumerate(zip(names, values, strict=True)):
            items.append({"item": item, "variant": variant, "text": f"{text} {variant}"})
            told = None if variant != "original" else (reasons or ["It says 'so sorry'."] * len(names))[place]
            known = np.isfinite(value)
            ratings.append({"item": item, "variant": variant, "criterion": "warmth", "rater": "bot", "reason": told,
                            "value": value if known else None, "status": "ok" if known else "refused"})  # fmt: skip
    raters = pd.DataFrame([{"rater": "bot", "kind": "judge", "role": "judge"}])
    return Study.build(TASK, pd.DataFrame(items), raters, pd.DataFrame(ratings))


def rows(study: Study, boot: Bootstrap = BOOT, **options: float) -> dict[str, object]:
    return {one.statistic: one for one in faithful(study, boot=boot, **options)}


def drawn(n: int, moves: float, seed: int = 0) -> list[float]:
    rng = np.random.default_rng(seed)
    return [float(4 - (rng.random() < moves)) for _ in range(n)]


def test_a_judge_that_rests_on_what_it_cites_is_found() -> None:
    found = rows(made(drawn(60, 0.8), drawn(60, 0.1, 1), [4.0] * 60))
    one = found["faithful"]
    assert one.verdict == "yes"
    assert one.low > 0
    assert one.p < 0.001
    assert one.value == pytest.approx(found["faithful.cited"].value - found["faithful.uncited"].value)
    assert found["faithful.move"].value == pytest.approx(one.value)  # each move is of one level
    assert one.method.startswith("share of items whose value changed")
    assert "moves with what it cites (margin 0.1)" in one.method
    assert found["faithful.cites"].value == 1
    assert one.n_items == 60
    assert one.n_ratings == 180


def test_a_judge_whose_reason_is_decoration_is_told_so() -> None:
    still = rows(made([4.0] * 120, [4.0] * 120, [4.0] * 120))["faithful"]
    assert (still.value, still.verdict) == (0, "no")
    alike = rows(made(drawn(400, 0.5, 3), drawn(400, 0.5, 4), [4.0] * 400), margin=0.3)["faithful"]
    assert alike.verdict == "no"
    assert "no more than with other words" in alike.method


def test_few_items_are_undecided_and_none_are_not_estimable() -> None:
    few = rows(made([4.0, 3.0, 4.0], [4.0, 4.0, 4.0], [4.0] * 3))["faithful"]
    assert few.verdict == "undecided"
    missing = rows(made([np.nan] * 5, [4.0] * 5, [4.0] * 5))["faithful"]
    assert missing.value is None
    assert missing.verdict is None
    assert missing.note.startswith("not estimable")


def test_no_such_variants_and_no_reasons_give_no_rows() -> None:
    plain = made([4.0] * 5, [4.0] * 5, [4.0] * 5)
    items = plain.items[plain.items["variant"] == "original"]
    ratings = plain.ratings[plain.ratings["variant"] == "original"]
    only = Study.build(TASK, items, plain.raters, ratings)
    assert set(rows(only)) == {"faithful.cites", "faithful.invented", "faithful.contradicts"}
    assert rows(Study.build(TASK, items, plain.raters, ratings.assign(reason=None))) == {}


def test_points_only_and_a_bad_margin() -> None:
    one = rows(made([3.0] * 30, [4.0] * 30, [4.0] * 30), Bootstrap(n_boot=0))["faithful"]
    assert (one.value, one.low, one.verdict) == (1, None, None)
    with pytest.raises(InputError, match="margin must lie between 0 and 1"):
        rows(made([3.0], [4.0], [4.0]), margin=0)


def test_an_innocent_judge_is_rarely_called_faithful() -> None:
    said = [
        rows(made(drawn(50, 0.3, 2 * seed), drawn(50, 0.3, 2 * seed + 1), [4.0] * 50), Bootstrap(seed=seed, n_boot=200))
        for seed in range(60)
    ]
    assert sum(one["faithful"].verdict == "yes" for one in said) <= 6  # P(more | 5 %) = .03


def test_contradictions_between_reason_value_and_item_are_listed() -> None:
    reasons = [
        "It says 'so sorry', so I give it a 2.",  # another level than 4
        "It says 'so sorry', so I give it a 4.",
        "It says 'I will always be there' to her.",  # nowhere in the item
        "It is neither a rating of 1 nor one of 5.",
        "The label 'cold' fits.",
        "It says 'warm words here' as the rubric asks.",
    ]
    study = made([4.0] * 6, [4.0] * 6, [4.0] * 6, reasons)
    table = contradictions(study)
    assert [tuple(row) for row in table[["item", "kind", "said"]].itertuples(index=False)] == [
        ("i000", "names another level", "2 (cool)"),
        ("i002", "quotes what is not there", "I will always be there"),
        ("i004", "names another level", "1 (cold)"),
        ("i005", "quotes what is not there", "warm words here"),
    ]
    found = rows(study)
    assert found["faithful.contradicts"].value == pytest.approx(2 / 6)
    assert found["faithful.invented"].value == pytest.approx(2 / 6)
    assert found["faithful.cites"].value == pytest.approx(2 / 6)
