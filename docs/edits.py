"""Print ten edits of each probe on each bundled task, for people to read: ``python docs/edits.py [FAMILY …]``.

Writes ``docs/edits/FAMILY.md``, every family's by default, and the tables of ``docs/probes.md``. In an edit, ``[-…-]``
is what went and ``{+…+}`` what came; long stretches that stay are cut to ``…``. Where a probe edits the question, each
question shown is printed once. Probes that need judges' reasons get those of the bundled cue counter; of those that
need an editor the order and one text are printed: no model's edits are kept here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from judgekit import config, pipeline, registry, seeds
from judgekit.probes.apply import deleted
from judgekit.probes.base import Edit, Rule, stream
from judgekit.progress import Progress
from judgekit.schema import Item, Task
from judgekit.study import Study
from judgekit.tables import cases

TASKS = ("empathy", "culture", "safety")
PRINTED, AROUND = 10, 12
FOLDER = Path(__file__).with_name("edits")
PAGE = Path(__file__).with_name("probes.md")
TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def marked(before: str, after: str) -> str:
    """Return a text with what went and what came between marks; of long runs that stay, the ends."""
    old, new = (re.findall(r"\n+|[^\s]+", text) for text in (before, after))
    parts: list[str] = []
    changes = SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    for place, (kind, a, b, c, d) in enumerate(changes):
        if kind == "equal":
            head = AROUND if place else 0
            tail = AROUND if place < len(changes) - 1 else 0
            kept = old[a:b]
            parts += kept if len(kept) <= head + tail + 4 else [*kept[:head], "…", *kept[len(kept) - tail :]]
            continue
        parts += [f"[-{' '.join(old[a:b])}-]"] if b > a else []
        parts += [f"{{+{' '.join(new[c:d])}+}}"] if d > c else []
    return re.sub(r" *(\n+) *", r"\1", " ".join(parts))


def question(task: Task) -> str:
    """Return what of a task is shown: instructions, criteria, levels with the beginnings of their anchors."""
    lines = [task.instructions]
    for criterion in task.criteria:
        lines.append(f"{criterion.key}: {criterion.question}")
        lines += [f"  {level.code:g} = {level.label}" for level in criterion.levels]
    return "\n".join(lines)


def printed(item: Item, edit: Edit, task: Task) -> str:
    """Return one edit as it is printed."""
    if edit.task is not None:
        return marked(question(task), question(edit.task))
    shown = [(a or "", b or "") for a, b in ((item.context, edit.item.context), (item.text, edit.item.text))]
    return "\n".join(marked(a, b) for a, b in shown if a != b)


@cache
def bundled(name: str) -> Study:
    """Return a bundled task's items, as they are before any judge is asked."""
    return pipeline.people(config.build(config.compose([f"+experiment={name}"])), Progress(shown=False))


@cache
def counted(name: str) -> Study:
    """Return a bundled task as the cue counter judged it: it gives its reasons in so many words."""
    plan = config.build(config.compose([f"+experiment={name}", "judges=[lexical]"]))
    return pipeline.judge(plan, bundled(name), Progress(shown=False))


def made(rule: Rule, name: str) -> tuple[list[tuple[str, str]], int]:
    """Return the edits of a probe on a task (title, text), and to how many items it could have been applied."""
    study = bundled(name)
    items = cases(study.items)
    if rule.needs == "reasons":
        found = deleted(study, counted(name), {rule.name: rule}, 0)
        of = {item.item: item for item in items}
        edited = [item for item in cases(found.study.items) if ":" in item.variant]
        titles = [f"{one.item}, {one.variant.partition(':')[2].replace(':', ', ')}" for one in edited]
        texts = [marked(of[one.item].text, one.text) for one in edited]
        return list(zip(titles, texts, strict=True)), found.reach[0].items
    if rule.needs == "editor":
        wished: list[tuple[str, str]] = []
        for item in items:
            here = stream(0, rule.name, item.item)
            rule(
                item,
                study.task,
                here,
                ask=lambda text, order, _, of=item: wished.append((of.item, f"{order}\n\n{text}")),
            )
        return wished, len(items)
    edits = [(item, rule(item, study.task, stream(0, rule.name, item.item))) for item in items]
    return [
        (f"{item.item}, {edit.changed}", printed(item, edit, study.task)) for item, edit in edits if edit is not None
    ], len(items)


def page(family: str, rules: Sequence[Rule]) -> str:
    """Return the page of a family."""
    lines = [f"# Edits of the family {family}", "", "Made by `python docs/edits.py`. `[-…-]` went, `{+…+}` came.", ""]
    if any(rule.needs == "editor" for rule in rules):
        lines = [f"# Orders of the family {family}", "", "Made by `python docs/edits.py`: what an editor is asked.", ""]
    for rule in rules:
        lines += [f"## {rule.name}", "", str(rule.__doc__).split("\n", 1)[0], ""]
        for name in TASKS:
            if rule.fits(bundled(name).task):
                lines += _section(rule, name)
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(rule: Rule, name: str) -> Iterator[str]:
    found, whole = made(rule, name)
    of = "answers with a reason" if rule.needs == "reasons" else "items"
    yield from (f"### {name}: {len(found)} of {whole} {of}", "")
    order = [int(place) for place in seeds.rng(0, "printed", rule.name, name).permutation(len(found))]
    texts: dict[str, str] = {}
    for place in order:
        title, text = found[place]
        texts.setdefault(text, title)
        if len(texts) == (1 if rule.needs == "editor" else PRINTED):
            break
    for text, title in texts.items():
        yield from (f"{title}:", "", "```text", text, "```", "")


def table(rules: Sequence[Rule]) -> str:
    """Return the table of a family: what each probe expects, the share it reaches, the least that it promises."""
    lines = [
        f"| probe | expects | {' | '.join(TASKS)} | at least | what it does |",
        f"|---|---|{'---|' * len(TASKS)}---|---|",
    ]
    for rule in rules:
        shares = []
        for name in TASKS:
            found, whole = made(rule, name) if rule.fits(bundled(name).task) else ([], 0)
            shares.append(f"{100 * len(found) / whole:.0f} %" if whole else "–")
        knobs = ", ".join(f"`{knob}`" for knob in registry.knobs(rule))
        knobs = f" ({knobs})" if knobs else ""
        told = "by criterion" if callable(rule.expects) else rule.expects
        told = {"cited_deleted": "a move", "uncited_deleted": "the control"}.get(rule.name, told)
        says = str(rule.__doc__).split("\n", 1)[0].rstrip(".").replace("``", "`")
        lines.append(f"| `{rule.name}`{knobs} | {told} | {' | '.join(shares)} | {100 * rule.least:.0f} % | {says} |")
    return "\n".join(lines) + "\n"


def families() -> dict[str, list[Rule]]:
    """Return the probes of each family, by name."""
    found: dict[str, list[Rule]] = {}
    for rule in registry.discover("probes").values():
        if isinstance(rule, Rule):
            found.setdefault(rule.family, []).append(rule)
    return dict(sorted(found.items()))


def with_tables(text: str) -> str:
    """Return the page with each table between its marks made anew."""
    return TABLE.sub(lambda match: match[1] + table(families()[match[2]]) + match[3], text)


def main(arguments: Sequence[str]) -> None:
    """Write the pages of the families named, or of all, and the tables."""
    FOLDER.mkdir(exist_ok=True)
    known = families()
    for family in arguments or known:
        (FOLDER / f"{family}.md").write_text(page(family, known[family]), encoding="utf-8")
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
