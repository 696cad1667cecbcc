"""From Hydra's config to typed objects: the only module, beside the door ``run``, that knows Hydra."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from judgekit import paths, registry
from judgekit.errors import InputError, listed
from judgekit.humans.labels.settings import Settings as Labels
from judgekit.judges.base import Seat
from judgekit.judges.budget import Caps
from judgekit.judges.pace import Pace
from judgekit.probes.base import Probe, Rule
from judgekit.schema import Estimate, Frozen, Task

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from judgekit.judges.editor import Editor

#: The groups of options, in the order of the help.
GROUPS = ("experiment", "task", "humans", "label", "probes", "editor", "judges", "stats", "figures")
#: Groups whose options are registered functions, beside YAML files.
REGISTERED = ("probes", "stats", "figures")
#: In a probe's node: whether it is left out where no editor is configured, because ``all`` chose it.
IF_EDITOR = "if_editor"
ALLOWED_TARGETS = ("judgekit.", "experiments.")


class LedgerConfig(Frozen):
    """Where model calls are recorded, and whether recorded ones are used."""

    mode: Literal["live", "replay", "refresh"] = "live"
    url: str | None = None


class Settings(Frozen):
    """The scalar settings of a run."""

    name: str
    question: str = ""
    seed: int = 0
    n_boot: int = 10_000
    conf_level: float = 0.95
    resampling: Literal["smoothed", "bayesian", "percentile", "bca", "jackknife", "de_fixed", "two_way"] = "smoothed"
    adjust: Literal["by", "bh", "holm", "none"] = "by"
    family: tuple[Literal["statistic", "criterion", "subset", "a", "b"], ...] = ("statistic",)
    concurrency: int = 64
    ledger: LedgerConfig = LedgerConfig()
    budget: Caps = Caps()
    pace: Pace = Pace()
    prices: dict[str, dict[str, float]] | None = None
    report: bool = True
    atlas: bool = False


@dataclass(frozen=True)
class Plan:
    """A run, ready to go: every option instantiated. ``source`` is the resolved config as plain data.

    ``editor`` is the model that edits texts for probes that need one; ``left_out`` names the probes of ``all`` that do,
    where there is none.
    """

    settings: Settings
    task: Task
    humans: Any
    judges: Mapping[str, Seat]
    stats: Mapping[str, Callable[..., Iterable[Estimate]]]
    figures: Mapping[str, Callable[..., Any]]
    probes: Mapping[str, Probe] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    editor: Editor | None = None
    left_out: tuple[str, ...] = ()
    label: Labels = field(default_factory=Labels)


def prepare() -> None:
    """Tell Hydra of the home folder and of every registered option; may be called again."""
    from hydra.core.config_store import ConfigStore
    from omegaconf import OmegaConf

    OmegaConf.register_new_resolver("judgekit.home", lambda: str(paths.home()), replace=True)
    store = ConfigStore.instance()
    for group in REGISTERED:
        nodes = {name: _node(function) for name, function in registry.discover(group).items()}
        chosen = {**{name: [name] for name in nodes}, **bundles(group)}
        edited = set(_edited(group))
        for name, members in chosen.items():
            node = {one: {**nodes[one], **({IF_EDITOR: name == "all"} if one in edited else {})} for one in members}
            store.store(group=group, name=name, node=node)


def _node(function: Callable[..., Any]) -> dict[str, Any]:
    return {"_target_": registry.target(function), "_partial_": True, **registry.knobs(function)}


def _edited(group: str) -> list[str]:
    """Return the probes that a model's edits make."""
    return [name for name, need in registry.families(group, "needs").items() if need == "editor"]


def bundles(group: str) -> dict[str, list[str]]:
    """Return what chooses several options at once: each family by its name, and ``all``; only probes have families."""
    found: dict[str, list[str]] = {}
    for name, family in registry.families(group).items():
        found.setdefault("all", []).append(name)
        found.setdefault(family, []).append(name)
    return found


def conf_dir() -> Path:
    """Return the folder of shipped configuration: the package's own copy first, else the checkout's."""
    return paths.shipped("conf")


def local_overrides() -> list[str]:
    """Return the override that adds ``conf/local`` under the home folder, where a user keeps options of her own."""
    local = paths.home() / "conf" / "local"
    return [f"hydra.searchpath=[file://{local}]"] if local.is_dir() else []


def compose(overrides: Sequence[str] = ()) -> DictConfig:
    """Return the composed config, as the command line would; InputError says which override is wrong."""
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir

    prepare()
    try:
        with initialize_config_dir(config_dir=str(conf_dir()), version_base="1.3", job_name="judgekit"):
            return hydra_compose("config", overrides=[*local_overrides(), *overrides])
    except Exception as error:
        raise explained(error) from error


def build(config: DictConfig) -> Plan:
    """Instantiate a composed config node by node; InputError names the node that does not fit."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True)
    except OmegaConfBaseException as error:
        raise explained(error) from error
    plain = {key: value for key, value in plain.items() if key not in ("hydra", "experiment")}
    check_targets(plain)
    scalars = {key: value for key, value in plain.items() if key in Settings.model_fields}
    odd = set(plain) - set(scalars) - {"task", *GROUPS}
    if odd:
        raise InputError(f"unknown config key(s) {listed(sorted(odd))}", fix="take them out, or see --help")
    editor = _instantiate(plain["editor"], "editor") if plain.get("editor") else None
    probes, left_out = _probes(plain.get("probes") or {}, editor is not None)
    return Plan(
        settings=_validated(Settings, scalars, "config"),
        task=_validated(Task, plain["task"], "task"),
        humans=_instantiate(plain["humans"], "humans"),
        judges={name: _instantiate(node, f"judges.{name}") for name, node in (plain.get("judges") or {}).items()},
        stats=_chosen("stats", plain.get("stats") or {}),
        figures=_chosen("figures", plain.get("figures") or {}),
        probes=probes,
        source={key: value for key, value in plain.items() if key != "label"},  # a label study keeps its own
        editor=editor,
        left_out=left_out,
        label=_validated(Labels, plain.get("label") or {}, "label"),
    )


def _chosen(group: str, nodes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a group that were chosen: an experiment may set knobs of others, which then do nothing."""
    idle = {name for name, node in nodes.items() if isinstance(node, Mapping) and "_target_" not in node}
    idle &= set(registry.summaries(group))
    return {name: _instantiate(node, f"{group}.{name}") for name, node in nodes.items() if name not in idle}


def _probes(nodes: Mapping[str, Any], edited: bool) -> tuple[dict[str, Probe], tuple[str, ...]]:
    """Return the chosen probes, and the names of those that ``all`` chose and nobody is there to edit for."""
    made, left_out = {}, []
    for name, node in nodes.items():
        only_if = bool(node.get(IF_EDITOR)) if isinstance(node, Mapping) else False
        if only_if and not edited:
            left_out.append(name)
            continue
        made[name] = _probe(node, f"probes.{name}")
        if made[name].needs == "editor" and not edited:
            raise InputError(
                "its edits are made by a model, and none is configured",
                where=f"probes.{name}",
                fix="choose one: editor=llm editor.model=PROVIDER/NAME",
            )
    return made, tuple(left_out)


def check_targets(node: Any, where: str = "config") -> None:
    """Refuse any ``_target_`` outside the allowed packages."""
    if isinstance(node, Mapping):
        target = node.get("_target_")
        if target is not None and not str(target).startswith(ALLOWED_TARGETS):
            raise InputError(
                f"_target_ '{target}' is not allowed", where=where, fix=f"use one under {listed(ALLOWED_TARGETS)}"
            )
        for key, value in node.items():
            check_targets(value, f"{where}.{key}")
    elif isinstance(node, list | tuple):
        for value in node:
            check_targets(value, where)


def _instantiate(node: Any, where: str) -> Any:
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    if not isinstance(node, Mapping) or "_target_" not in node:
        raise InputError("no _target_ here", where=where, fix="choose an option of the group, see --help")
    try:
        return instantiate(dict(node), _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, InputError):
            raise cause from error
        text = str(cause or error).split("\n")[0]
        raise InputError(text, where=where, fix="see the option's file for its knobs") from error


def _probe(node: Any, where: str) -> Probe:
    plain = {key: value for key, value in node.items() if key != IF_EDITOR} if isinstance(node, Mapping) else node
    made = _instantiate(plain, where)
    rule = getattr(made, "func", None)
    if not isinstance(rule, Rule):
        raise InputError("no probe", where=where, fix="make it with the decorator probe, and set _partial_: true")
    return rule.having(**made.keywords)


def _validated(model: type[Any], values: Any, where: str) -> Any:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join([where, *(str(part) for part in first["loc"])])
        raise InputError(first["msg"].removeprefix("Value error, "), where=place, fix="correct it in conf/") from error


def explained(error: BaseException) -> InputError:
    """Turn Hydra's many-line complaints into one line with the fix."""
    if isinstance(error, InputError):
        return error
    text = " ".join(line.strip() for line in str(error).splitlines() if line.strip())
    missing = re.search(r"Could not (?:find|load) '([^']+)'", text)
    if missing:
        group, _, name = missing.group(1).rpartition("/")
        if group in GROUPS:
            return InputError(f"no {group} is called '{name}'", fix=f"choose one of: {listed(options(group), 40)}")
    key = re.search(r"Could not override '([^']+)'|Key '([^']+)' is not in struct", text)
    if key:
        return InputError(f"the config has no key '{key.group(1) or key.group(2)}'", fix="see --help for the keys")
    return InputError(text[:300], fix="see --help")


def options(group: str, folders: Sequence[Path] = ()) -> dict[str, str]:
    """Return the options of a group with one line each: YAML files (theirs first comment or title) and functions."""
    found = {}
    for folder in (conf_dir(), paths.home() / "conf" / "local", *folders):
        for file in sorted((folder / group).glob("*.yaml")):
            found[file.stem] = _one_line(file)
    if group in REGISTERED:
        found.update(registry.summaries(group))
        for name, members in bundles(group).items():
            of = f" (of these {n} only with an editor)" if name == "all" and (n := len(_edited(group))) else ""
            of = of if name == "all" else " of the family"
            found[name] = f"All {len(members)} probes{of}: {listed(members, 4)}."
    return dict(sorted(found.items()))


def _one_line(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    title = re.search(r"^title: *(.+)$", text, re.MULTILINE)
    if title:
        return title.group(1).strip().strip("\"'")
    comments = re.findall(r"^# *([^@\s].*)$", text, re.MULTILINE)
    return comments[0].strip() if comments else ""
