"""The report of a run: one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from judgekit.errors import listed
from judgekit.figures import levels, style
from judgekit.figures.rows import spoken, titled
from judgekit.registry import summaries
from judgekit.report import atlas, moved, numbers, rows, verdict
from judgekit.report.differ import differ
from judgekit.runs import Run, write_text
from judgekit.stats.diagnose.finding import KINDS

#: The most notes that are written out, and the statistic of the tables by stratum.
NOTES, BY_STRATUM = 24, "weighted_kappa"
NUMBER = re.compile(r"\d+(?:\.\d+)?")
#: What the manifest holds beside plain facts, and the page shows elsewhere or not at all.
APART = ("versions", "config", "notes", "overrides", "digests", "probes", "question", "findings")


@dataclass(frozen=True)
class Picture:
    """A figure as it stands in the page: its title, its caption and the whole image as a data address."""

    name: str
    title: str
    caption: str
    source: str


def write(run: Run, figures: Mapping[str, Path | Sequence[Path]]) -> Path:
    """Write ``report.html`` into the run's folder and return its path.

    ``figures`` maps a name to the files of a figure, of which the page shows the SVG or PNG.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,  # names, texts and reasons are data, never markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        spoken=spoken, titled=titled, number=numbers.number, interval=numbers.interval, share=numbers.share,
        shares=numbers.shares, plural=numbers.plural, pvalue=numbers.pvalue,
    )  # fmt: skip
    page = environment.get_template("report.html.j2").render(**_facts(run, figures))
    write_text(run.report, page)
    return run.report


def _facts(run: Run, figures: Mapping[str, Path | Sequence[Path]]) -> dict[str, Any]:
    study, manifest = run.study, run.manifest
    found = verdict.findings(run)
    agreement, panels = rows.agreement(run), rows.panels(run)
    return {
        "title": study.task.title or spoken(study.task.name),
        "experiment": str(manifest.get("experiment", run.path.name)),
        "task": study.task,
        "question": manifest.get("question") or study.task.question,
        "simulated": run.simulated,
        "counts": _counts(run),
        "judges": study.judges(),
        "pools": {pool: len(names) for pool, names in study.pools().items()},
        "told": list(manifest.get("findings") or []),
        "kinds": KINDS,
        "findings": found,
        "counted": verdict.counted(found),
        "sentence": verdict.overall(run),
        "flagged": verdict.flagged(run),
        "headline": verdict.headline(run),
        "forms": [one for one in verdict.VERDICTS if one in set(run.estimates["statistic"])],
        "verdicts": verdict.VERDICTS,
        "conflicts": [one for one in found if one.conflict],
        "panels": panels,
        "sides": {name: told for name, told in rows.PANELS.items() if any(name in line.cells for line in panels)},
        "more": _more(run),
        "others": rows.others(run, [*rows.AGREEMENT, *rows.FURTHER, "alt_test.omega"]),
        "by_judge": {j: verdict.sentence([one for one in found if one.judge == j]) for j in study.judges()},
        "words": verdict.WORDS,
        "marks": verdict.MARKS,
        "brief": verdict.BRIEF,
        "by_subset": verdict.by_subset(run),
        "margin": next((one.margin for one in found if one.margin is not None), None),
        "figures": [_picture(run, name, files) for name, files in figures.items()],
        "agreement": agreement,
        "statistics": [s for s in rows.AGREEMENT if any(s in line.cells for line in agreement)],
        "strata": _strata(run),
        "by_stratum": BY_STRATUM,
        "contrast": rows.contrast(run),
        "outcomes": rows.CONTRAST,
        "status": rows.status(run),
        "answered": rows.answered(run),
        "levels": {key: table for key, table in levels.shares(run).items() if len(table)},
        "notes": [*map(str, manifest.get("notes") or study.notes), *_notes(run.estimates)],
        "methods": style.methods(run.estimates[run.estimates["low"].notna()]),
        "differences": differ(run),
        "probes": list(manifest.get("probes") or []),
        "lost": any(one.get("lost") for one in manifest.get("probes") or []),
        "batteries": [one for one in (moved.battery(run, moved.SAME), moved.battery(run, moved.MOVE)) if one],
        "faith": moved.faith(run),
        "faithful": moved.FAITH,
        "contradicting": moved.contradicting(run),
        "listed_most": moved.LISTED,
        "to_check": (run.path / "edits_to_check.csv").is_file(),
        "atlas": atlas.NAME if (run.path / atlas.NAME).is_file() else "",
        "manifest": _manifest(run),
    }  # fmt: skip


def _more(run: Run) -> list[tuple[str, list[str], list[rows.Line]]]:
    """Return the further tables that the run has estimates for: title, statistics, lines of people and judges."""
    made = []
    for title, statistics in rows.TABLES.items():
        lines = [line for line in rows.agreement(run, "all", statistics) if line.role in ("people", "judge")]
        if lines:
            made.append((title, [s for s in statistics if any(s in line.cells for line in lines)], lines))
    for title, statistics in rows.SINGLES.items():
        if lines := rows.single(run, statistics):
            made.append((title, list(statistics), lines))
    return made


def _counts(run: Run) -> list[tuple[str, str]]:
    """Return the study in numbers, for the head of the page."""
    study = run.study
    pools = study.pools()
    people = sum(len(names) for names in pools.values())
    within = ", ".join(f"{name} {len(names)}" for name, names in pools.items()) if len(pools) > 1 else ""
    return [
        ("Items", str(study.items["item"].nunique())),
        ("People", f"{people} ({within})" if within else str(people)),
        ("Judges", str(len(study.judges()))),
        ("Criteria", str(len(study.task.criteria))),
        ("Answers", f"{len(study.ratings):,}".replace(",", "\u202f")),
    ]


def _picture(run: Run, name: str, files: Path | Sequence[Path]) -> Picture:
    path = next(file for file in ([files] if isinstance(files, Path) else files) if file.suffix in (".svg", ".png"))
    kind = "svg+xml" if path.suffix == ".svg" else "png"
    source = f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
    title = summaries("figures").get(name, spoken(name)).rstrip(".").removeprefix("Draw ")
    title = title[:1].upper() + title[1:]
    return Picture(name, title, _told(path) or style.caption(run, title), source)


def _told(path: Path) -> str:
    """Return the caption that travels in a PNG's metadata."""
    if path.suffix != ".png":
        return ""
    from PIL import Image

    with Image.open(path) as image:
        return str(image.info.get("Description", ""))


def _strata(run: Run) -> dict[str, dict[str, list[rows.Line]]]:
    """Return for each stratum the agreement lines of each of its levels, people and judges beside people only."""
    found: dict[str, dict[str, list[rows.Line]]] = {}
    for subset in dict.fromkeys(run.estimates["subset"]):
        stratum, equals, level = str(subset).partition("=")
        if not equals:
            continue
        lines = rows.agreement(run, str(subset), [BY_STRATUM])
        lines = [line for line in lines if line.role in ("people", "judge")]
        if lines:
            found.setdefault(stratum, {})[level] = lines
    return found


def _notes(estimates: pd.DataFrame) -> list[str]:
    """Return what the estimates warn of: each kind of warning once, with how many rows have it and where."""
    kinds: dict[str, list[tuple[list[float], str, str]]] = {}
    noted = estimates[(estimates["note"].fillna("") != "") & ~estimates["statistic"].str.endswith("_needed")]
    for note, criterion, subset in noted[["note", "criterion", "subset"]].itertuples(index=False):
        for part in (text for text in str(note).split("; ") if "would decide" not in text):
            digits = [float(found) for found in NUMBER.findall(part)]
            kinds.setdefault(NUMBER.sub("#", part), []).append((digits, str(criterion), str(subset)))
    told = []
    for kind, rows_ in sorted(kinds.items(), key=lambda one: -len(one[1])):
        spans = iter(zip(*(digits for digits, _, _ in rows_), strict=True))
        text = "".join(_span(next(spans)) if piece == "#" else piece for piece in re.split("(#)", kind))
        keys = listed(list(dict.fromkeys(spoken(criterion) for _, criterion, _ in rows_)), 4)
        whole = sum(subset == "all" for _, _, subset in rows_)
        where = f"{whole} of them on all items" if whole else "all by stratum"
        told.append(f"{text} ({numbers.plural(len(rows_), 'estimate')}, {where}; {keys})")
    if len(told) > NOTES:
        told = [*told[:NOTES], f"{len(told) - NOTES} further kinds of note stand in the estimates table."]
    return told


def _span(found: Sequence[float]) -> str:
    low, high = min(found), max(found)
    return f"{low:g}" if low == high else f"{low:g}–{high:g}"


def _manifest(run: Run) -> dict[str, Any]:
    """Return what it takes to make this run again."""
    manifest = run.manifest
    overrides = [str(text) for text in manifest.get("overrides") or []]
    if manifest.get("experiment") and not any(text.startswith("+experiment=") for text in overrides):
        overrides.insert(0, f"+experiment={manifest['experiment']}")
    plain = [
        (spoken(str(key)), _plain(value))
        for key, value in manifest.items()
        if key not in APART and value not in (None, "", [], {})
    ]
    # The report is written before the run is closed: "running" would say nothing of the numbers.
    plain = [(key, value) for key, value in plain if (key, value) != ("status", "running")]
    config = manifest.get("config")
    return {
        "plain": plain,
        "versions": dict(manifest.get("versions") or {}),
        "config": config
        if isinstance(config, str)
        else json.dumps(config, indent=2, ensure_ascii=False, default=str)
        if config
        else "",
        "command": " ".join(["python -m judgekit.run", *map(shlex.quote, overrides)]) if overrides else "",
    }


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_plain(one)}" for key, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_plain(one) for one in value)
    return str(value)
