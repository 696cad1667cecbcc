"""A run made up for the tests of figures and report: a study drawn at random and estimates of plausible size."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from judgekit.runs import Run, now, versions, write_study, write_table
from judgekit.schema import Criterion, Estimate, Level, Source, Task
from judgekit.study import Study
from judgekit.tables import estimates_frame

METHOD = "quadratic weights; smoothed Bayesian bootstrap over clusters of items, effective df 20, B=200"
WORDS = {
    "emotional_reaction": ("none", "weak", "strong"),
    "interpretation": ("none", "weak", "strong"),
    "exploration": ("none", "weak", "strong"),
    "overall": ("not at all", "hardly", "a little", "somewhat", "quite", "very", "entirely"),
    "respectfulness": ("insulting", "cold", "neutral", "respectful", "honouring"),
    "refusal": ("answers", "refuses"),
    "tone": ("plain", "warm", "formal"),
    "clarity": ("unclear", "clear"),
}


def criteria(count: int) -> tuple[Criterion, ...]:
    made = []
    for key, labels in list(WORDS.items())[:count]:
        levels = tuple(Level(code=float(i), label=label) for i, label in enumerate(labels))
        scale = "nominal" if key == "tone" else "ordinal"
        question = f"How much {key.replace('_', ' ')} does the reply show?"
        made.append(Criterion(key=key, question=question, scale=scale, levels=levels))
    return tuple(made)


def fabricate(
    folder: Path,
    *,
    judges: Sequence[str] = ("lexical", "terse", "lenient"),
    pools: Mapping[str, int] | None = None,
    n_criteria: int = 4,
    n_items: int = 24,
    simulated: bool = True,
    strata: Mapping[str, Sequence[str]] | None = None,
    text: str = "I hear how heavy this has been. What would help you most tonight?",
    reason: str = "The reply names the feeling and asks one open question.",
    seed: int = 1,
) -> Run:
    """Write a run into ``folder`` and return it."""
    pools = {"expert": 3, "crowd": 5} if pools is None else pools
    strata = {"severity": ("mild", "moderate", "severe")} if strata is None else strata
    rng = np.random.default_rng(seed)
    task = Task(
        name="empathy", title="Empathy in support-seeking exchanges", question="How empathic is the reply?",
        context_label="Seeker", text_label="Reply", criteria=criteria(n_criteria), strata=tuple(strata),
        source=Source(kind="frame"),
    )  # fmt: skip
    people = {f"{pool}-{i + 1}": pool for pool, count in pools.items() for i in range(count)}
    items = pd.DataFrame(
        {
            "item": [f"item-{i:02d}" for i in range(n_items)],
            "text": [f"{text} ({i})" for i in range(n_items)],
            "context": [f"I have not slept since the letter came. ({i})" for i in range(n_items)],
            **{name: [levels[i % len(levels)] for i in range(n_items)] for name, levels in strata.items()},
        }
    )
    kind = "simulated" if simulated else "human"
    raters = pd.DataFrame(
        [{"rater": r, "kind": kind, "role": "person", "pool": p} for r, p in people.items()]
        + [{"rater": j, "kind": "baseline" if j == "lexical" else "judge", "pool": "judges"} for j in judges]
    )  # fmt: skip
    study = Study.build(task, items, raters, _ratings(task, items, people, judges, reason, rng))
    folder.mkdir(parents=True, exist_ok=True)
    write_study(folder, study)
    write_table(folder, "estimates", estimates_frame(_estimates(study, simulated, rng)))
    manifest: dict[str, Any] = {
        "experiment": "empathy", "seed": seed, "status": "finished", "started": now(), "finished": now(),
        "versions": versions(), "notes": [], "config": {"seed": seed, "task": {"name": "empathy"}},
        "command": f"python -m judgekit.run +experiment=empathy seed={seed}",
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return Run(folder)


def _ratings(
    task: Task,
    items: pd.DataFrame,
    people: Mapping[str, str],
    judges: Sequence[str],
    reason: str,
    rng: np.random.Generator,
) -> pd.DataFrame:
    rows = []
    for criterion in task.criteria:
        top = len(criterion.codes) - 1
        for item in items["item"]:
            trait = rng.normal()
            for rater in [*people, *judges]:
                if rng.random() < 0.1 and rater in people:
                    continue
                value = float(np.clip(np.round(top * (0.5 + 0.28 * (trait + 0.6 * rng.normal()))), 0, top))
                status = rng.choice(["ok", "refused", "unparsable"], p=[0.93, 0.04, 0.03]) if rater in judges else "ok"
                said = {"reason": reason} if rater in judges else {}
                rows.append(
                    {"item": item, "criterion": criterion.key, "rater": rater, "status": str(status),
                     "value": value if status == "ok" else None, **said}
                )  # fmt: skip
    return pd.DataFrame(rows)


def _estimates(study: Study, simulated: bool, rng: np.random.Generator) -> list[Estimate]:
    made: list[Estimate] = []
    kind = "simulated" if simulated else "human"
    pools, judges, n = study.pools(), study.judges(), len(study.items)

    def add(statistic: str, criterion: str, value: float, half: float = 0.12, **more: Any) -> None:
        facts = {"n_items": n, "n_raters": 4, "n_ratings": n * 4, "kind": kind, "method": METHOD, "conf_level": 0.95}
        low, high = max(-1.0, value - half), min(1.0, value + half * 0.8)
        made.append(Estimate(statistic, criterion, value, **{"low": low, "high": high, **facts, **more}))

    for criterion in study.task.criteria:
        key = criterion.key
        for subset, mask in study.subsets():
            few = int(mask.sum())
            half = 0.6 / np.sqrt(few)
            for statistic in ("weighted_kappa", "alpha", "spearman", "percent", "percent.adjacent"):
                for pool, names in pools.items():
                    here = {"subset": subset, "n_items": few}
                    if len(names) < 2:
                        lonely = "not estimable: one rater"
                        made.append(Estimate(statistic, key, None, a=pool, b=pool, kind=kind, note=lonely, **here))
                    else:
                        add(statistic, key, rng.uniform(0.5, 0.75), half, a=pool, b=pool, **here)
                    for judge in judges:
                        add(statistic, key, rng.uniform(0.1, 0.75), half, a=judge, b=pool, **here)
                for i, one in enumerate(judges):
                    for other in judges[i + 1 :]:
                        add(statistic, key, rng.uniform(0.3, 0.8), half, a=one, b=other, subset=subset, n_items=few)
        names = list(study.raters["rater"])
        for statistic in ("weighted_kappa", "spearman"):
            for i, one in enumerate(pools):
                for other in list(pools)[i + 1 :]:
                    add(statistic, key, rng.uniform(0.4, 0.7), a=one, b=other)
            if len(names) <= 12:
                for i, one in enumerate(names):
                    for other in names[i + 1 :]:
                        add(statistic, key, rng.uniform(-0.1, 0.85), a=one, b=other, n_raters=2)
        for j, judge in enumerate(judges):
            for pool in pools:
                verdict = ("yes", "no", "undecided")[j % 3]
                value = {"yes": 0.02, "no": -0.3, "undecided": -0.1}[verdict]
                add("ceiling.weighted_kappa", key, value, 0.1, a=judge, b=pool, margin=0.1, verdict=verdict)
            for suffix, value in (("", 0.7 - 0.1 * (j % 3)), (".tied", 0.2 + 0.1 * (j % 3)), (".against", 0.1)):
                add(f"contrast{suffix}", key, value, a=judge, b="", n_items=20)
            for status, value in (("ok", 0.93), ("refused", 0.04), ("unparsable", 0.03)):
                add(f"status.{status}", key, value, 0.03, a=judge, b="", method="Wilson")
        for pool, names in pools.items():
            for i, one in enumerate([*names, *judges]):
                facts = {"a": one, "b": pool, "verdict": ("yes", "undecided")[i % 2] if one in judges else None}
                add("severity", key, -0.8 + 0.2 * (i % 9), 0.3, **facts)
            for judge in judges if len(names) > 3 else ():
                add("severity.one_more", key, 0.1, 0.7, a=judge, b=pool, margin=0.9, verdict="no")
        for j, judge in enumerate(judges):
            for k, probe in enumerate(("length_padding", "typos", "expert_high")):
                verdict = ("yes", "no", "undecided")[(j + k) % 3]
                value = {"yes": 0.5, "no": 0.03, "undecided": 0.15}[verdict]
                add("bias", key, value, a=judge, b=probe, margin=0.2, verdict=verdict)
            add("bias.move", key, 0.6, a=judge, b="negation", margin=0.2, verdict="yes")
        for j, judge in enumerate(judges):
            place = {"a": judge, "margin": 0.1, "verdict": ("yes", "no", "undecided")[j % 3]}
            for subset, value, half in (("all", 0.55 + 0.1 * (j % 3), 0.08), ("severity=mild", 0.5, 0.2)):
                add("bradley_terry.first_slot", key, value, half, subset=subset, **place)
            add("swap.consistency", key, 0.8, a=judge)
        for k, label in enumerate(("country=x", "country=y", "age=old", "age=young", "age=young & country=x")):
            add("groups.ceiling", key, 0.5 + 0.05 * k, a=label, b=label)
            for j, judge in enumerate(judges):
                add("groups.judge", key, 0.35 + 0.05 * (j % 4), a=judge, b=label)
        for pool in pools:
            for suffix, value in (("", 0.82), (".tied", 0.13), (".against", 0.05)):
                add(f"contrast{suffix}", key, value, a=pool, b="", n_items=20)
            for j, who in enumerate([*judges, pool]):
                for subset, value, half in (
                    ("all", 0.2, 0.08),
                    ("edge", 0.3 + 0.1 * (j % 3), 0.15),
                    ("core", 0.15, 0.1),
                ):
                    n_items = n if subset == "all" else n // 2
                    add("failure", key, value, half, a=who, b=pool, subset=subset, n_items=n_items)
                add(
                    "failure.difference", key, 0.15, 0.1, a=who, b=pool, margin=0.1, verdict=("yes", "undecided")[j % 2]
                )
        pool = next(iter(pools))
        for j, judge in enumerate(judges):
            beside = {"a": judge, "b": pool}
            for k in range(1, 6):
                sure = 0.1 + 0.17 * k
                add(f"calibration.agreement.{k:02d}", key, sure - 0.05 * j, n_items=n // 5 + (k <= n % 5), **beside)
                add(f"calibration.consistent.{k:02d}", key, sure, 0.15, n_items=n // 5 + (k <= n % 5), **beside)
            for share in range(10, 101, 10):
                add(f"route.risk.{share:03d}", key, 0.02 + 0.002 * share * (j + 1), 0.05, **beside)
            add("route.accepted", key, 0.7 - 0.2 * j, margin=0.1, **beside)
            add("route.agreement", key, 0.93, margin=0.1, **beside)
            for share in range(0, 101, 10):
                add(f"frontier.usd.{share:03d}", key, 0.3 - 0.0025 * share, 0.01, **beside)
                add(f"frontier.minutes.{share:03d}", key, 1 - 0.009 * share, 0.01, **beside)
                add(f"frontier.correct.{share:03d}", key, 1 - 0.001 * (j + 1) * share, 0.02, **beside)
            add("slices.found", key, 1.0, 0.0, low=None, high=None, conf_level=None, **beside)
            add("slices.detectable", key, 0.31, 0.0, low=None, high=None, conf_level=None, **beside)
            for k, name in enumerate(
                ("severity=severe", "severity=severe & cue=negation", "country=somewhere far away")
            ):
                place = {"subset": name, "verdict": ("yes", "undecided")[k % 2], "n_items": n // 3, **beside}
                add("slices.gap", key, 0.3 - 0.1 * k, p=0.01, q=0.02 * (k + 1), **place)
                add("slices.rate", key, 0.5 - 0.1 * k, **place)
    return made
