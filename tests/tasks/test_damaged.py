"""Hundreds of damaged files: each loads to a valid study or is refused in one line; nothing else happens."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judgekit import check
from judgekit.errors import InputError
from judgekit.schema import Source, Task
from judgekit.study import Study
from judgekit.tasks.load import load

FORMS = ("csv", "tsv", "jsonl", "json", "parquet")
SEEDS = range(2)


def table() -> pd.DataFrame:
    rows = [
        {"item": f"i{i}", "rater": rater, "kind": "judge" if rater == "gpt4" else "human", "criterion": criterion,
         "value": str((i * 3 + len(rater) * 2 + len(criterion)) % 5 + 1),
         "text": f"Text {i}, with a comma “é”\nand a line",
         "topic": "work" if i % 2 else "home", "rep": "0", "status": "ok"}
        for i in range(6) for rater in ("anna", "ben", "gpt4") for criterion in ("warmth", "clarity")
    ]  # fmt: skip
    return pd.DataFrame(rows, dtype=object)


def written(frame: pd.DataFrame, form: str) -> bytes:
    if form == "parquet":
        buffer = io.BytesIO()
        frame.astype(str).to_parquet(buffer)
        return buffer.getvalue()
    if form in ("csv", "tsv"):
        return frame.to_csv(index=False, sep="\t" if form == "tsv" else ",").encode()
    records = frame.to_dict("records")
    if form == "json":
        return json.dumps(records).encode()
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()


Damage = Callable[[pd.DataFrame, str, np.random.Generator], bytes]


def on_bytes(change: Callable[[bytearray, np.random.Generator], bytes | bytearray]) -> Damage:
    return lambda frame, form, rng: bytes(change(bytearray(written(frame, form)), rng))


def on_cell(column: str, *values: Any) -> Damage:
    def damage(frame: pd.DataFrame, form: str, rng: np.random.Generator) -> bytes:
        frame.at[rng.integers(len(frame)), column] = pick(rng, *values)
        return written(frame, form)

    return damage


def pick(rng: np.random.Generator, *choices: Any) -> Any:
    return choices[rng.integers(len(choices))]


def renamed(frame: pd.DataFrame, form: str, rng: np.random.Generator) -> bytes:
    other = frame.rename(columns={pick(rng, *frame.columns): pick(rng, "", "item", "value", " x ", "é\u2028")})
    return written(other if form in ("csv", "tsv") else other.loc[:, ~other.columns.duplicated()], form)


def repeated(frame: pd.DataFrame, form: str, rng: np.random.Generator) -> bytes:
    return written(pd.concat([frame, frame.sample(2, random_state=int(rng.integers(9)))]), form)


def recoded(raw: bytearray, rng: np.random.Generator) -> bytes:
    return bytes(raw).decode("utf-8", "replace").encode(pick(rng, "utf-16", "latin-1", "utf-8-sig"), "replace")


def flipped(raw: bytearray, rng: np.random.Generator) -> bytearray:
    for at in rng.integers(len(raw), size=rng.integers(1, 8)):
        raw[at] = rng.integers(256)
    return raw


def spliced(raw: bytearray, rng: np.random.Generator) -> bytearray:
    at = int(rng.integers(len(raw)))
    return raw[:at] + bytes(rng.integers(256, size=20, dtype=np.uint8)) + raw[at + int(rng.integers(40)) :]


DAMAGES: dict[str, Damage] = {
    "none": lambda frame, form, rng: written(frame, form),
    "bytes": on_bytes(flipped),
    "spliced": on_bytes(spliced),
    "cut short": on_bytes(lambda raw, rng: raw[: rng.integers(len(raw))]),
    "cut at the front": on_bytes(lambda raw, rng: raw[rng.integers(1, len(raw)) :]),
    "doubled": on_bytes(lambda raw, rng: raw + raw),
    "empty": on_bytes(lambda raw, rng: b" \n"[: rng.integers(3)]),
    "nul": on_bytes(lambda raw, rng: raw.replace(b"i", b"\0", 1 + int(rng.integers(3)))),
    "quotes": on_bytes(lambda raw, rng: raw.replace(b'"', b"", 1 + int(rng.integers(5)))),
    "line ends": on_bytes(lambda raw, rng: raw.replace(b"\n", pick(rng, b"\r\n", b"\r", b"\n\n", b" "))),
    "encoding": on_bytes(recoded),
    "delimiter": on_bytes(lambda raw, rng: raw.replace(b",", pick(rng, b";", b"\t", b"|", b""))),
    "column dropped": lambda frame, form, rng: written(frame.drop(columns=pick(rng, *frame.columns)), form),
    "column renamed": renamed,
    "row doubled": repeated,
    "rows shuffled": lambda frame, form, rng: written(frame.sample(frac=1, random_state=int(rng.integers(9))), form),
    "value": on_cell("value", None, "", "nan", "inf", "7", "4,5", "3.5", "1e400", "-1", "yes", "٣", "1_0", "0x1"),
    "value type": on_cell("value", True, 3, 3.0, [3], {"a": 1}, float("nan"), 10**30, "\ud83d"),
    "item": on_cell("item", None, " ", "i1", [1], 1.5),
    "rater": on_cell("rater", None, "", "Anna", {"name": "anna"}, False),
    "rep": on_cell("rep", None, "-1", "1", "one", 2.5),
    "criterion": on_cell("criterion", None, "Warmth", "漢字", "1", "warmth "),
    "kind": on_cell("kind", "robot", None, "judge", "Human"),
    "status": on_cell("status", "done", "refused", None, "OK"),
    "text": on_cell("text", None, "another", "\u2028\u0085\x1b[31m", "[red]{item}{{7*7}}"),
    "level unknown": lambda frame, form, rng: written(frame.assign(value=frame["value"].replace("3", "three")), form),
    "all one value": lambda frame, form, rng: written(frame.assign(value=pick(rng, "1", "x", "", "0.5")), form),
    "many criteria": lambda frame, form, rng: written(frame.assign(criterion=[f"c {i}" for i in frame.index]), form),
}  # fmt: skip
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"scale": "ordinal", "levels": [1, 2, 3, 4, 5]},
    {"scale": "nominal", "missing": "skipped"},
    {"scale": "interval", "missing": "drop", "strata": ["topic"]},
)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def is_whole(study: Study) -> None:
    """Check a study anew, and that it can be written."""
    again = Study.build(study.task, study.items, study.raters, study.ratings)
    assert len(again.ratings) == len(study.ratings) > 0
    assert set(study.ratings["rater"]) == set(study.raters["rater"])
    for frame in (study.items, study.raters, study.ratings):
        frame.to_parquet(io.BytesIO())
    for criterion in study.task.criteria:
        study.matrix(criterion.key)


def outcome(path: Path, options: dict[str, Any]) -> Study | str:
    source = Source.model_validate({"kind": "file", "path": str(path), **options})
    try:
        study = load(Task(name="damaged", source=source))
    except InputError as error:
        said = str(error)
        assert "\n" not in said
        assert " — " in said
        assert len(said) < 700
        return said
    is_whole(study)
    return study


def door(path: Path, options: dict[str, Any]) -> list[str]:
    words = [str(path)]
    for name, value in options.items():
        words += [f"--{name}", *(map(str, value) if isinstance(value, list) else [str(value)])]
    return words


def tried(folder: Path, name: str, raw: bytes, options: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> bool:
    path = folder / name
    path.write_bytes(raw)
    before = snapshot(folder)
    found = outcome(path, options)
    status = check.main(door(path, options))
    printed = capsys.readouterr().out
    assert status == (0 if isinstance(found, Study) else 2), printed
    assert "what is wrong with it" in printed
    assert "Traceback" not in printed
    assert "\x1b" not in printed
    assert snapshot(folder) == before
    path.unlink()
    return isinstance(found, Study)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_loads_whole_or_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, damage: str, form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUDGEKIT_HOME", str(tmp_path))
    loaded = 0
    for seed in SEEDS:
        rng = np.random.default_rng([seed, FORMS.index(form), list(DAMAGES).index(damage)])
        try:
            raw = DAMAGES[damage](table(), form, rng)
        except UnicodeEncodeError:  # half a surrogate pair can be written in JSON only
            assert form not in ("json",)
            raw = b""
        loaded += tried(tmp_path, f"my.{form}", raw, OPTIONS[(2 * seed + FORMS.index(form)) % 4], capsys)
    if damage in ("none", "rows shuffled"):
        assert loaded == len(SEEDS)
    if damage in ("empty", "cut at the front") and form != "jsonl":
        assert loaded == 0


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200), form=st.sampled_from(FORMS))
def test_any_bytes_at_all(tmp_path: Path, raw: bytes, form: str) -> None:
    path = tmp_path / f"any.{form}"
    path.write_bytes(raw)
    outcome(path, {"columns": {}})


cells = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.lists(st.integers(), max_size=2),
    st.sampled_from(["1", "2", "ok", "human", "judge", "skipped", "mean", "none", "original", '["a"]', "{}"]),
)  # fmt: skip
names = st.sampled_from(
    ["item", "rater", "value", "criterion", "kind", "rep", "status", "text", "group", "candidates", "probs",
     "confidence", "aggregate", "pool", "role", "variant", "topic", "age"]
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=st.lists(st.dictionaries(names, cells, min_size=3, max_size=10), min_size=1, max_size=8),
    scale=st.sampled_from([None, "nominal", "ordinal", "interval", "ratio"]),
    missing=st.sampled_from([None, "skipped", "drop"]),
)
def test_any_records_at_all(
    tmp_path: Path, records: list[dict[str, Any]], scale: str | None, missing: str | None
) -> None:
    filled = [{"item": f"i{at}", "rater": "x", "value": at % 3, **record} for at, record in enumerate(records)]
    path = tmp_path / "any.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in filled), encoding="utf-8")
    outcome(path, {"scale": scale, "missing": missing})
