"""Probes: bundled texts with real edits, judges whom no edit moves, and judges whom each edit moves by a known size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
import pandas as pd

from judgekit import seeds
from judgekit.errors import InputError
from judgekit.probes.apply import perturb
from judgekit.registry import find
from judgekit.rehearsal.cast import SIGMA, people_of, scale_of, study_of
from judgekit.rehearsal.design import Design
from judgekit.rehearsal.integral import Floats, Scale, mean, normal, spread
from judgekit.rehearsal.question import Flag, Key, Made, Question, Role
from judgekit.rehearsal.solve import solved
from judgekit.schema import Criterion, Level, Task
from judgekit.simulate import SimulatedJudge, SimulatedRater, Slice, Traits
from judgekit.simulate.traits import SIGNS
from judgekit.tasks.load import load

#: One probe of each family whose edits are not those of others; the first plants by the text's own length.
PROBES = (
    "longer", "markdown", "levels_order", "anchor_high", "source_ai", "responder_name", "seeker_dialect",
    "attack_instruction",
)  # fmt: skip
#: The first of these that speaks of the criterion and reaches enough texts.
MUST_MOVE = ("deleted_validation", "negated_care", "deleted_caution", "negated_caution", "negated_courtesy", "contrast")
LEAST = 10
#: Effects in standard deviations of people's ratings: half the statistic's margin, and the margin.
MARGIN = 0.2
SIZES: Mapping[str, tuple[float, Role]] = {"slightly biased": (0.1, "plant"), "biased": (MARGIN, "practical")}
#: The judge that is moved by length alone, and the probe that adds it.
BY_LENGTH, LONGER = "rewards length", "longer"
INNOCENTS = (
    SimulatedJudge(name="plain"),
    SimulatedJudge(name="compressing", compression=0.5),
    SimulatedJudge(name="noisy", noise=2.0),
    SimulatedJudge(name="severe", leniency=-1.0),
)


ASSOCIATED: tuple[tuple[Role, Flag], ...] = (("innocent", "ever"), ("told", "away"))


@dataclass(frozen=True)
class Texts:
    """The texts of a task: their rows with all edits, log words (texts × variants, NaN: no edit), and the question.

    ``ways`` is what each probe asks of the criterion: lower -1, same 0, higher 1.
    """

    task: Task
    criterion: str
    rows: pd.DataFrame
    words: Floats
    variants: tuple[str, ...]
    ways: Mapping[str, float]

    @property
    def quality(self) -> Floats:
        """Each original's length in standard deviations, as quality goes with it."""
        words = self.words[:, 0]
        return np.asarray((words - words.mean()) / words.std())

    @property
    def scale(self) -> Scale:
        """The criterion's levels and thresholds."""
        return scale_of(self.task, self.criterion)


@lru_cache(maxsize=4)
def texts_of(asked: str, levels: int) -> Texts:
    """Return the texts and edits of a task (given as JSON), its first ordinal criterion on so many levels."""
    task = Task.model_validate_json(asked)
    ordinal = [criterion for criterion in task.criteria if criterion.scale == "ordinal"]
    if task.form != "rating" or not ordinal:
        raise InputError(
            "no ordinal criterion is rated here", where=f"task '{task.name}'", fix="name a task of ratings"
        )
    original = load(task)
    original = replace(original, items=original.items[original.items["variant"] == "original"].reset_index(drop=True))
    if not original.items["text"].str.strip().astype(bool).all():
        raise InputError("the items have no texts to edit", where=f"task '{task.name}'", fix="name a task with texts")
    chosen = {name: find("probes", name) for name in (*PROBES, *MUST_MOVE)}
    items = perturb(original, chosen, seed=0).study.items  # type: ignore[arg-type]
    criterion = ordinal[0]
    ways = _ways(items, criterion)
    must = next((name for name in MUST_MOVE if ways.get(name) and (items["variant"] == name).sum() >= LEAST), None)
    there = set(items["variant"])
    variants = (
        "original",
        *(name for name in PROBES if name in there and ways.get(name) == 0),
        *([must] if must else []),
    )
    told = _only(criterion, levels)
    kept = items.loc[items["variant"].isin(variants), ["item", "variant", "text", "context", "expect"]]
    names = list(original.items["item"])
    place = {name: number for number, name in enumerate(names)}
    words = np.full((len(names), len(variants)), np.nan)
    for item, variant, text in kept[["item", "variant", "text"]].itertuples(index=False):
        words[place[item], variants.index(variant)] = np.log(max(len(text.split()), 1))
    short = task.model_copy(update={"criteria": (told,), "strata": ()})
    kept = kept.assign(place=kept["item"].map(place)).reset_index(drop=True)
    return Texts(short, told.key, kept, words, variants, {name: ways.get(name, 0.0) for name in variants[1:]})


def _only(criterion: Criterion, levels: int) -> Criterion:
    if levels == len(criterion.levels):
        return criterion
    return criterion.model_copy(update={"levels": tuple(Level(code=k, label=str(k)) for k in range(1, levels + 1))})


def _ways(items: pd.DataFrame, criterion: Criterion) -> dict[str, float]:
    """Return what each variant asks of the criterion, where it asks the same of all items."""
    import json

    found: dict[str, set[str]] = {}
    for variant, text in items.loc[items["variant"] != "original", ["variant", "expect"]].itertuples(index=False):
        found.setdefault(variant, set()).add(str(json.loads(text)["direction"].get(criterion.key)))
    return {name: SIGNS[next(iter(said))] for name, said in found.items() if len(said) == 1 and said <= set(SIGNS)}


@dataclass(frozen=True)
class World:
    """The texts, the people who rate them, and the length (mean, SD of log words) that judges measure texts by."""

    texts: Texts
    unit: float
    length: tuple[float, float]
    theta: Floats
    weights: Floats

    @classmethod
    def of(cls, texts: Texts, people: Sequence[SimulatedRater], design: Design, length: tuple[float, float]) -> World:
        """Lay out the traits of all texts; the unit is the standard deviation of people's ratings."""
        x, w = normal(9)
        theta = SIGMA * (design.length * texts.quality[:, None] + np.sqrt(1 - design.length**2) * x[None, :])
        weights = np.tile(w / len(theta), (len(theta), 1))
        return cls(texts, spread(people, texts.scale, theta, weights), length, theta, weights)

    def effect(self, judge: SimulatedRater, probe: str) -> float:
        """Return what a probe does to a judge's answers, in standard deviations of people's ratings."""
        edit = self.texts.words[:, self.texts.variants.index(probe)]
        there = np.isfinite(edit)
        middle, sd = self.length
        before = judge.length * (self.texts.words[there, 0] - middle) / sd
        after = judge.length * (edit[there] - middle) / sd + judge.slices.get(f"variant={probe}", Slice()).shift
        theta, weights = self.theta[there], self.weights[there] / self.weights[there].sum()
        moved = theta + self.texts.ways[probe] * SIGMA * Traits.step
        change = mean(judge, self.texts.scale, moved, after[:, None]) - mean(
            judge, self.texts.scale, theta, before[:, None]
        )
        return float(np.sum(weights * change)) / self.unit

    def planted(self, name: str, size: float) -> SimulatedRater:
        """Return a plain judge whom each probe moves by ``size``; the probe that must move, as its text asks."""
        judge = SimulatedJudge(name=name).rater()

        def moved(probe: str, x: float) -> SimulatedRater:
            return replace(judge, slices={**judge.slices, f"variant={probe}": Slice(x)})

        def effect(probe: str, x: float) -> float:
            return self.effect(moved(probe, x), probe)

        known: dict[tuple[bytes, float], float] = {}
        for probe, way in self.texts.ways.items():
            there = np.isfinite(self.texts.words[:, self.texts.variants.index(probe)]).tobytes(), way
            if there not in known:  # probes that reach the same texts need the same shift
                wanted = way * size if way else size
                known[there] = solved(partial(effect, probe), wanted)
            judge = moved(probe, known[there])
        return judge

    def unmoved(self) -> SimulatedRater:
        """Return a plain judge whom the probe that must move does not move; all others move her no more."""
        judge = self.planted("unmoved", 0.0)
        return replace(judge, slices={where: one for where, one in judge.slices.items() if abs(one.shift) > 1e-3})

    def by_length(self, size: float) -> SimulatedRater:
        """Return a judge who rewards length itself, so that the texts made longer gain ``size``."""
        judge = SimulatedJudge(name=BY_LENGTH).rater()
        x = solved(lambda x: self.effect(replace(judge, length=x), LONGER), size, low=0.0, high=4.0)
        return replace(judge, length=x)


def scene(design: Design, seed: int, asked: str) -> Made:
    """Return a data set of ``asked`` (a task as JSON): its texts drawn anew, with their edits, and seven judges."""
    texts = texts_of(asked, design.levels)
    rng = seeds.rng(seed, "texts")
    drawn = rng.integers(len(texts.words), size=design.items)
    people = people_of(design, seed)
    words = texts.words[drawn, 0]
    length = float(words.mean()), float(words.std())
    world = World.of(texts, people, design, length)
    judges = [judge.rater() for judge in INNOCENTS] + [world.planted(name, size) for name, (size, _) in SIZES.items()]
    others = [world.by_length(SIZES["biased"][0]), world.unmoved()]
    items = _items(texts, drawn)
    quality = design.length * texts.quality[drawn] + np.sqrt(1 - design.length**2) * rng.standard_normal(design.items)
    order = items.loc[items["variant"] == "original", "number"].to_numpy()
    values = {texts.criterion: SIGMA * quality[order]}
    cuts = {texts.criterion: np.asarray(texts.scale.cuts)}
    study = study_of(texts.task, items.drop(columns="number"), people, [*judges, *others], values, cuts, seed)
    return Made(
        study, {"bias": {}}, [*_about(world, judges), *_by_length(world, others[0]), *_must(world, judges, others[1])]
    )


def _items(texts: Texts, drawn: np.ndarray) -> pd.DataFrame:
    """Return the rows of the drawn texts, each under a name of its own."""
    by_place = texts.rows.groupby("place", sort=False).indices
    parts = [by_place[int(place)] for place in drawn]
    number = np.repeat(np.arange(len(drawn)), [len(part) for part in parts])
    rows = texts.rows.iloc[np.concatenate(parts)].reset_index(drop=True)
    names = np.array([f"i{one:05d}" for one in number], dtype=object)
    return rows.drop(columns="place").assign(item=names, number=number)


def _about(world: World, judges: Sequence[SimulatedRater]) -> list[Question]:
    """Return what is asked of the probes that expect no change."""
    asked = []
    for judge in judges:
        size, role = SIZES.get(judge.name, (0.0, "innocent"))
        told = f"{size:g} human SD" if size else "nothing"
        for probe in (name for name, way in world.texts.ways.items() if not way):
            true = world.effect(judge, probe) if size else 0.0
            of = probe if size else "any probe"
            asked.append(Question(Key(judge.name, told, "bias", of, role, "yes"), judge.name, probe, true))
            if role == "practical":  # an effect of exactly the margin is not equivalent to none
                key = Key(judge.name, told, "bias", "any probe", "innocent", "no")
                asked.append(Question(key, judge.name, probe, true))
        asked += _associated(judge, "any innocent" if not size else judge.name, told)
    return asked


def _by_length(world: World, judge: SimulatedRater) -> list[Question]:
    """Return what is asked of the judge who rewards length."""
    size, role = SIZES["biased"]
    told = f"length, {size:g} human SD"
    key = Key(judge.name, told, "bias", LONGER, role, "yes")
    return [Question(key, judge.name, LONGER, world.effect(judge, LONGER)), *_associated(judge, judge.name, told)]


def _associated(judge: SimulatedRater, who: str, told: str) -> list[Question]:
    """Return the questions about the association with length: it must never be a flag; how often it would look one."""
    keys = [Key(who, told, "bias.length_association", "", role, flag) for role, flag in ASSOCIATED]
    return [Question(key, judge.name, "length") for key in keys]


def _must(world: World, judges: Sequence[SimulatedRater], unmoved: SimulatedRater) -> list[Question]:
    """Return what is asked of the probe that must move: of innocents, of one at the margin, of one that does not."""
    asked = []
    for probe, way in ((probe, way) for probe, way in world.texts.ways.items() if way):
        for judge in (*judges, unmoved):
            size, role = SIZES.get(judge.name, (0.0, "innocent"))
            found: list[tuple[str, str, Role, Flag]] = []
            if judge is unmoved:
                found = [
                    (judge.name, "does not move", "practical", "no"),
                    (judge.name, "does not move", "innocent", "yes"),
                ]
            elif role == "innocent":
                found = [("any innocent", "moves as it must", "innocent", "no")]
            elif role == "practical":  # the margin itself still is as it must
                found = [(judge.name, f"moves {size:g} human SD", "innocent", "no")]
            for who, told, held, flag in found:
                key = Key(who, told, "bias.move", probe, held, flag, MARGIN if flag == "no" else 0.0)
                asked.append(Question(key, judge.name, probe, way * world.effect(judge, probe)))
    return asked
