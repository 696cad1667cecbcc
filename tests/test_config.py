"""Every option of every group composes, validates and builds; bad configuration is one clear line."""

from __future__ import annotations

import pytest

from judgekit import config, registry
from judgekit.errors import InputError

SINGLE = ("task", "humans", "editor")
SEVERAL = ("judges", "stats", "figures")
#: Studies of people alone: judges are chosen by the user.
NO_JUDGES = ("crehate", "dices")


def every(group: str) -> list[str]:
    return list(config.options(group))


@pytest.mark.parametrize("name", every("experiment"))
def test_every_experiment_builds(name: str, home: object) -> None:
    plan = config.build(config.compose([f"+experiment={name}"]))
    assert plan.settings.name == name
    assert plan.judges or plan.task.source.kind in NO_JUDGES
    assert plan.stats
    assert plan.settings.question


@pytest.mark.parametrize(("group", "name"), [(g, n) for g in SINGLE for n in every(g)])
def test_every_single_option_builds(group: str, name: str, home: object) -> None:
    plan = config.build(config.compose([f"{group}={name}"]))
    assert getattr(plan, group) is not None


@pytest.mark.parametrize(("group", "name"), [(g, n) for g in SEVERAL for n in every(g)])
def test_every_multiple_option_builds_and_holds_its_own_name(group: str, name: str, home: object) -> None:
    plan = config.build(config.compose([f"{group}=[{name}]"]))
    assert list(getattr(plan, group)) == [name]


@pytest.mark.parametrize("group", config.GROUPS)
def test_every_option_has_one_line_of_help(group: str) -> None:
    for name, line in config.options(group).items():
        assert 20 <= len(line) <= 160, f"{group}/{name}: {line!r}"
        assert "@package" not in line


@pytest.mark.parametrize("group", config.REGISTERED)
def test_knobs_of_a_function_can_be_overridden(group: str, home: object) -> None:
    for name, function in registry.discover(group).items():
        for knob, default in registry.knobs(function).items():
            if isinstance(default, bool) or not isinstance(default, int | float):
                continue
            composed = config.compose([f"{group}=[{name}]", f"{group}.{name}.{knob}={default + 1}"])
            assert composed[group][name][knob] == default + 1


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["sed=1"], "no key 'sed'"),
        (["judges=[nobody]"], "nobody"),
        (["+experiment=nothing"], "no experiment is called 'nothing'"),
        (["task.criteria.0.scale=big"], "task.criteria.0.scale"),
        (["n_boot=many"], "n_boot"),
        (["ledger.mode=dead"], "ledger.mode"),
        (["+extra=1"], "unknown config key(s) extra"),
        (["judges.lexical._target_=os.system"], "not allowed"),
        (["judges.lexical._target_=judgekit.judges.lexical.Nothing"], "judges.lexical"),
        (["seed=[1"], "--help"),
    ],
)
def test_bad_configuration_is_one_line_with_place_and_fix(overrides: list[str], says: str, home: object) -> None:
    with pytest.raises(InputError) as caught:
        config.build(config.compose(overrides))
    line = str(caught.value)
    assert says in line
    assert "\n" not in line
    assert "—" in line


def test_a_user_adds_options_in_conf_local(home, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home / "conf" / "local" / "judges"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(
        "# A judge of my own.\nmine:\n  _target_: judgekit.judges.lexical.Lexical\n  name: mine\n", encoding="utf-8"
    )
    assert config.options("judges")["mine"] == "A judge of my own."
    assert list(config.build(config.compose(["judges=[mine]"])).judges) == ["mine"]


def test_help_lists_every_option_of_every_group() -> None:
    from judgekit.run import help_page

    page = help_page()
    for group in config.GROUPS:
        for name, line in config.options(group).items():
            assert name in page
            assert line in page
