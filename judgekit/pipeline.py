"""The study as plain calls: load, people, judges, join, estimate, draw, report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from judgekit import config, paths, registry, runs
from judgekit.errors import InputError, listed
from judgekit.judges.base import Bench, Judge
from judgekit.probes.apply import Perturbed, Reach, deleted, perturb, to_check
from judgekit.progress import Progress
from judgekit.schema import Asked, Item
from judgekit.stats.battery import compute
from judgekit.stats.diagnose import diagnose
from judgekit.stats.resample import Bootstrap
from judgekit.study import Study, stack
from judgekit.tables import RATINGS, conform

if TYPE_CHECKING:
    from judgekit.judges.limits import Limits


def evaluate(experiment: str | None = None, *overrides: str, progress: bool = True) -> runs.Run:
    """Run an experiment, as ``python -m judgekit.run +experiment=NAME …`` does, and return its run.

    ``overrides`` are Hydra's (``"seed=3"``, ``"judges=[lexical]"``). Raises InputError where something does not fit.
    """
    chosen = [f"+experiment={experiment}"] if experiment else []
    plan = config.build(config.compose([*chosen, *overrides]))
    stamp = runs.now().replace(":", "-").removesuffix("+00-00")
    return execute(plan, paths.data("runs", plan.settings.name, stamp), Progress(shown=progress), overrides)


def execute(plan: config.Plan, folder: Path, progress: Progress, overrides: Sequence[str] = ()) -> runs.Run:
    """Carry out a plan in a folder of its own; the manifest there says how it ended, whatever happens."""
    settings = plan.settings
    facts = {
        "experiment": settings.name,
        "question": settings.question,
        "seed": settings.seed,
        "overrides": list(overrides),
        "config": plan.source,
    }
    with runs.opened(folder, facts) as manifest, progress:
        limits = limits_of(plan)
        perturbed = perturbed_by(plan, people(plan, progress), progress, limits)
        study = judge(plan, perturbed.study, progress, perturbed.asked, limits)
        study, reach = judge_again(plan, perturbed.study, study, progress, limits)
        manifest["probes"] = [one.as_dict() for one in (*perturbed.reach, *reach)]
        listed_for_people(folder, study)
        manifest["matched"] = study.matched()
        manifest["notes"] = [*study.notes, *mismatches(manifest["matched"]), *unedited(plan)]
        manifest["digests"] = runs.write_study(folder, study)
        with progress.phase("diagnosis", 1) as step:
            manifest["findings"] = [finding.as_dict() for finding in diagnose(study, seed=settings.seed)]
            step("diagnosed")
        boot = Bootstrap(settings.seed, settings.n_boot, settings.conf_level, settings.resampling)
        with progress.phase("estimates", len(plan.stats)) as step:
            estimates = compute(study, plan.stats, boot, step, adjust=settings.adjust, family=settings.family)
        manifest["digests"]["estimates"] = runs.write_table(folder, "estimates", estimates)
        runs.save_manifest(folder, manifest)  # the report quotes it
        if settings.atlas:  # before the report, which points to it
            from judgekit.report.atlas import atlas

            with progress.phase("atlas", 1) as step:
                atlas(runs.Run(folder))
                step("written")
        if settings.report:
            publish(runs.Run(folder), plan.figures, progress)
    return runs.Run(folder)


def mismatches(matched: Mapping[str, int]) -> list[str]:
    """Say what share of judge–person pairs are matched labels, and that those which are not may not be called so."""
    told, n, unknown = matched["matched"] + matched["mismatched"], matched["mismatched"], matched["unknown"]
    lines = []
    if told:
        share = f"{matched['matched'] / told:.1%} of {told} judge–person pairs"
        lines.append(f"{share} are matched labels: both saw the same item, criteria and levels")
    if n:
        lines.append(f"{n} of {told} judge–person pairs saw different items, criteria or levels: no matched labels")
    if unknown:
        lines.append(f"whether {unknown} judge–person pairs are matched cannot be told: what one side saw is not known")
    return lines


def unedited(plan: config.Plan) -> list[str]:
    """Say which of all probes were left out because no model is there to edit, if any were."""
    if not plan.left_out:
        return []
    return [f"left out, since no editor model is configured (editor=llm): {listed(plan.left_out, 20)}"]


def listed_for_people(folder: Path, study: Study) -> None:
    """Write what people must look at: the edits that a model made, and reasons that contradict their values."""
    from judgekit.stats.faithful import contradictions

    for name, table in (("edits_to_check", to_check(study)), ("contradictions", contradictions(study))):
        if len(table):
            runs.write_text(folder / f"{name}.csv", table.to_csv(index=False))


def people(plan: config.Plan, progress: Progress) -> Study:
    """Return the study as it is before any judge is asked: what is recorded, and people."""
    from judgekit.tasks.load import load

    with progress.phase("items and people", 1) as step:
        joined: Study = plan.humans.join(load(plan.task), plan.settings.seed)
        step("loaded")
    return joined


def limits_of(plan: config.Plan) -> Limits:
    """Return what the run may spend and how fast it may ask: one account for its editor and all its judges."""
    from judgekit.judges.limits import Limits

    settings = plan.settings
    return Limits(settings.budget, settings.pace, settings.prices, settings.seed)


def perturbed_by(plan: config.Plan, study: Study, progress: Progress, limits: Limits | None = None) -> Perturbed:
    """Return the study with its probes' variants; those that need one are edited by the plan's model, by the ledger."""
    from judgekit.ledger import Ledger

    settings = plan.settings
    wished = [probe for probe in plan.probes.values() if probe.needs == "editor"]
    if plan.editor is None or not wished:
        return perturb(study, plan.probes, settings.seed)
    with closing(Ledger.open(settings.ledger.url, mode=settings.ledger.mode)) as ledger:
        ledger.guard = limits = limits or limits_of(plan)
        total = len(wished) * int((study.items["variant"] == "original").sum())
        with progress.verdicts("editor", total, limits.said) as step:
            editor = plan.editor.open_at(ledger, lambda status: step("editor", status))
            return perturb(study, plan.probes, settings.seed, editor)


def laid_out(plan: config.Plan, study: Study) -> tuple[Study, Study]:
    """Return the study with the orders that judges want to see, and the same with persons only: whom judges join."""
    from judgekit.judges.orders import in_orders

    study = in_orders(study, list(plan.judges.values()), plan.settings.seed)
    return study, study.keep(study.raters.loc[study.raters["role"] == "person", "rater"])


def judge(
    plan: config.Plan,
    study: Study,
    progress: Progress,
    asked: Mapping[tuple[str, str], Asked] | None = None,
    limits: Limits | None = None,
) -> Study:
    """Return the study with the chosen judges in place of the recorded ones; ``asked`` as in ``Bench``."""
    from judgekit.judges.ask import ask, run_sync
    from judgekit.judges.gate import gate_of
    from judgekit.judges.votes import with_votes
    from judgekit.ledger.paid import with_usd

    study, persons = laid_out(plan, study)
    with seated(plan, study, asked, limits) as (bench, judges, reps, limits):
        if not judges:
            return persons
        items = persons.cases()
        gate = gate_of(limits, plan.judges.values(), bench, persons.task, reps)
        with progress.verdicts("judges", len(items) * sum(reps.values()), limits.said) as step:
            how: dict[str, Any] = {"concurrency": plan.settings.concurrency, "progress": step, "gate": gate}
            ratings = run_sync(ask(judges, items, persons.task, reps=reps, asked=asked, **how))
        ratings = with_usd(ratings, bench.ledger)
    ratings = with_votes(ratings, [one.name for one in judges if getattr(one, "votes", False)])
    judged = persons.join(raters_of(judges), ratings, truth=truth_of(judges))
    return replace(judged, notes=(*judged.notes, *gate.missing(len(items)))) if gate is not None else judged


def judge_again(
    plan: config.Plan, study: Study, judged: Study, progress: Progress, limits: Limits | None = None
) -> tuple[Study, tuple[Reach, ...]]:
    """Return the judged study with each judge's answers to the edits that its own reasons call for, and their reach.

    ``study`` is as it was before any judge was asked. Each judge is asked its own edits only, once (rep 0).
    """
    if all(probe.needs != "reasons" for probe in plan.probes.values()):
        return judged, ()
    found = deleted(study, judged, plan.probes, plan.settings.seed)
    mine: dict[str, list[Item]] = {}
    for item in found.study.cases():
        _, colon, whose = item.variant.partition(":")
        if colon and whose.rpartition(":")[0] in judged.judges():
            mine.setdefault(whose.rpartition(":")[0], []).append(item)
    if not mine:
        return judged, found.reach
    from judgekit.judges.ask import ask, run_sync
    from judgekit.judges.gate import gate_of

    notes: list[str] = []
    tables = [judged.ratings]
    with (
        seated(plan, laid_out(plan, found.study)[0], None, limits) as (bench, judges, _, limits),
        progress.verdicts("judges, again", sum(map(len, mine.values())), limits.said) as step,
    ):
        for one in (one for one in judges if one.name in mine):
            gate = gate_of(limits, plan.judges.values(), bench, study.task, {}, only=one.name)
            how: dict[str, Any] = {"concurrency": plan.settings.concurrency, "progress": step, "gate": gate}
            made = run_sync(ask([one], mine[one.name], study.task, **how))
            tables.append(made[made["status"] != "skipped"])  # a recorded judge cannot be asked again
            notes += [] if gate is None else gate.missing(len(mine[one.name]))
    items = stack(judged.items, found.study.items[found.study.items["variant"].str.contains(":", regex=False)])
    ratings = conform(RATINGS, stack(*tables))
    again = replace(judged, items=items, ratings=ratings, notes=(*judged.notes, *notes), _cache={})
    return again, found.reach


@contextmanager
def seated(
    plan: config.Plan, study: Study, asked: Mapping[tuple[str, str], Asked] | None, limits: Limits | None
) -> Iterator[tuple[Bench, list[Judge], dict[str, int], Limits]]:
    """Open the ledger and seat the plan's judges: yields the bench, the judges, each one's reps, and the limits."""
    from judgekit.ledger import Ledger

    settings = plan.settings
    with closing(Ledger.open(settings.ledger.url, mode=settings.ledger.mode)) as ledger:
        ledger.guard = limits = limits or limits_of(plan)
        bench = Bench(study, settings.seed, ledger, asked or {})
        found = [(one, seat.reps) for seat in plan.judges.values() for one in seat.judges(bench)]
        judges = [one for one, _ in found]
        again = [name for name in {one.name for one in judges} if sum(name == one.name for one in judges) > 1]
        if again:
            raise InputError(
                f"two judges are called {listed(again)}", where="judges", fix="give each a name of its own"
            )
        yield bench, judges, {one.name: n for one, n in found}, limits


def raters_of(judges: Sequence[Judge]) -> pd.DataFrame:
    """Return the raters table of judges: their attributes become columns."""
    return pd.DataFrame(
        [{"rater": one.name, "kind": one.kind, "role": "judge", "pool": "judges", **one.attributes} for one in judges]
    )


def truth_of(judges: Sequence[Judge]) -> pd.DataFrame | None:
    """Return what simulated judges knew, if any is simulated."""
    known = [getattr(one, "truth", None) for one in judges]
    frames = [frame for frame in known if frame is not None]
    return pd.concat(frames, ignore_index=True) if frames else None


def publish(run: runs.Run, figures: Mapping[str, Any], progress: Progress) -> None:
    """Draw the run's figures (PDF and PNG) and write its report; a figure that the run has no rows for is left out."""
    from judgekit.figures.style import save
    from judgekit.report.html import write

    drawn: dict[str, list[Path]] = {}
    with progress.phase("figures and report", len(figures) + 1) as step:
        for name, figure in figures.items():
            try:
                drawn[name] = save(figure(run), run.path / "figures", name)
            except InputError as nothing:
                progress.say(f"figure {name} left out: {nothing}")
            step(name)
        write(run, drawn)
        step("report")


def table(run: runs.Run, statistic: str) -> pd.DataFrame:
    """Return a run's estimates of one statistic (and of its parts, ``name.part``), without columns that say nothing."""
    names = run.estimates["statistic"].astype(str)
    rows = run.estimates[(names == statistic) | names.str.startswith(f"{statistic}.")]
    if rows.empty:
        raise InputError(f"this run has no '{statistic}'", fix=f"it has: {listed(sorted(names.unique()), 40)}")
    empty = [name for name in rows if rows[name].isna().all() or (rows[name].astype(str) == "").all()]
    return rows.drop(columns=[*empty, *(name for name in ("seed", "conf_level") if name not in empty)]).reset_index(
        drop=True
    )


def draw(run: runs.Run, figure: str, **options: Any) -> Any:
    """Return a registered figure of a run as a matplotlib Figure."""
    return registry.find("figures", figure)(run, **options)


def options(group: str | None = None) -> pd.DataFrame:
    """Return what can be chosen (of one group, or of all): columns group, option, summary."""
    if group is not None and group not in config.GROUPS:
        raise InputError(f"there is no group '{group}'", fix=f"choose one of: {listed(config.GROUPS)}")
    rows = [
        (name, option, line)
        for name in ([group] if group else config.GROUPS)
        for option, line in config.options(name).items()
    ]
    return pd.DataFrame(rows, columns=["group", "option", "summary"])
