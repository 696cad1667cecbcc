"""What the label door's commands do with an open study: each returns the lines to print."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from judgekit.errors import InputError
from judgekit.humans.labels.desk import Desk
from judgekit.humans.site import address, link_lines, links_of
from judgekit.study import Study


def status_lines(desk: Desk, given: Namespace) -> list[str]:
    """Say how far the study is."""
    progress = desk.progress()
    head = ("pool", "arm", "purpose", "raters", "wanted", "done", "held", "open", "surplus")
    cells = [head, *(tuple(str(getattr(stream, name)) for name in head) for stream in progress.streams)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    stages = ", ".join(f"{n} {stage}" for stage, n in progress.stages.items()) or "none yet"
    lines += ["", f"raters: {stages}{'; the study is paused' if progress.paused else ''}"]
    told = f"{progress.labels} answers, {progress.revisions} revised, {progress.skipped} items skipped"
    lines.append(f"{told}, {progress.minutes:.1f} minutes")
    if progress.usd is not None:
        lines.append(f"cost so far: {progress.usd:.2f} usd")
    return [*lines, "the plan is met" if progress.met else "the plan is not met yet"]


def links_lines(desk: Desk, given: Namespace) -> list[str]:
    """Print all links again."""
    settings = desk.design.settings
    url = address(desk, settings.host, settings.port)
    researcher = f"researcher   {url}/s/{desk.researcher_token}"
    return [researcher, *link_lines(links_of(desk.invitations(), url))]


def invite_lines(desk: Desk, given: Namespace) -> list[str]:
    """Invite further raters, and print their links."""
    settings = desk.design.settings
    try:
        n = int(given.plain[0]) if given.plain else 1
    except ValueError:
        raise InputError(f"'{given.plain[0]}' is no number", where="invite", fix="say how many raters") from None
    made = desk.invite(n, given.pool, given.arm, names=tuple(given.name))
    return link_lines(links_of(made, address(desk, settings.host, settings.port)))


def export_lines(desk: Desk, given: Namespace) -> list[str]:
    """Write the labels in another tool's form."""
    from judgekit.humans.exchange.move import export_labels

    how = {"public": given.public, "comments": given.comments, "overwrite": given.overwrite}
    free = [name for one in desk.design.settings.survey if not one.options for name in (one.key, f"{one.key}_said")]
    made = export_labels(collected(desk), given.plain[0], given.format, free=free, **how, **_options(given))
    return [f"{made.rows} labels in {made.path}", *made.notes]


def import_lines(desk: Desk, given: Namespace) -> list[str]:
    """Take labels, or what is known of raters, from another tool's file."""
    from judgekit.humans.exchange.move import import_labels, import_raters, made

    path = given.plain[0]
    if made(given.format, {}).holds == "raters":
        told = import_raters(path, given.format, pseudonym=desk.pseudonym)
        return [f"{desk.describe(told)} of {len(told)} raters are here: their attributes are kept"]
    task, items, options = desk.design.task, desk.design.items, _options(given)
    here = set(desk.raters()["rater"])

    def named(outside: str) -> str:
        return outside if outside in here else desk.pseudonym(outside)  # an own export comes back under its names

    study = import_labels(path, given.format, task, pseudonym=named, items=items, pool=given.pool, **options)
    return [f"{desk.take(study)} new labels of {len(study.people())} raters", *study.notes]


def refer_lines(desk: Desk, given: Namespace) -> list[str]:
    """Send disagreements to the adjudicators."""
    if not desk.design.settings.adjudication.names:
        raise InputError("nobody is named", where="label.adjudication.names", fix="name adjudicators and begin anew")
    return [f"{desk.refer()} items are new with the adjudicators"]


def erase_lines(desk: Desk, given: Namespace) -> list[str]:
    """Delete all that is kept of one rater."""
    n = desk.erase(given.plain[0])
    return [f"erased: {n} answers, and everything else that was kept of {given.plain[0]}; the items are open again"]


def _options(given: Namespace) -> dict[str, Any]:
    """Return a format's options, ``KEY=VALUE`` each."""
    odd = [text for text in given.option if "=" not in text]
    if odd:
        raise InputError(f"'{odd[0]}' is no option", where="--option", fix="write KEY=VALUE")
    return dict(text.split("=", 1) for text in given.option)


def collected(desk: Desk) -> Study:
    """Return all that was answered on the study's own items as a study."""
    from judgekit.tables import check_items

    design, ratings = desk.design, desk.ratings()
    own = {extra.item for extra in design.extras() if extra.own}
    ratings = ratings[~ratings["item"].isin(list(own))].reset_index(drop=True)
    if ratings.empty:
        raise InputError("nobody has labelled anything yet", where=desk.where, fix="serve it: python -m judgekit.label")
    return Study.build(design.task, check_items(design.items, design.task), desk.raters(), ratings, where=desk.where)
