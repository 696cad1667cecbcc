"""The atlas of failures: what it shows is what the tables hold, no text can run, it works with and without scripts."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from axe import browser, violations
from edges.failing import failing
from figures.fabricate import fabricate

from judgekit.edges.mine import mine
from judgekit.edges.outcome import outcome
from judgekit.errors import InputError
from judgekit.report.atlas import atlas, digest
from judgekit.report.cards import cards, slices_of
from judgekit.runs import Run, now, versions, write_study, write_table
from judgekit.study import Study
from judgekit.tables import estimates_frame

EVIL = "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\"><svg onload=alert(1)>"
VOID = {"meta", "br", "img", "link", "hr", "input", "rect"}


class Page(HTMLParser):
    """The page's tags and text; a tag that is not closed fails."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source, self.tags, self.words = text, [], []  # type: ignore[var-annotated]
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [known for name, known in self.tags if name == tag]


def written(study: Study, folder: Path, estimates: pd.DataFrame | None = None) -> Run:
    folder.mkdir(parents=True, exist_ok=True)
    write_study(folder, study)
    write_table(folder, "estimates", estimates_frame([]) if estimates is None else estimates)
    facts = {
        "experiment": "x",
        "seed": 0,
        "status": "finished",
        "started": now(),
        "finished": now(),
        "versions": versions(),
    }
    (folder / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")
    return Run(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return fabricate(tmp_path_factory.mktemp("atlas"), n_criteria=2)


@pytest.fixture(scope="module")
def page(run: Run) -> Page:
    return Page(atlas(run).read_text(encoding="utf-8"))


def test_every_failure_has_a_card(run: Run, page: Page) -> None:
    shown = [json.loads(str(known["data-facts"])) for known in page.all("li") if "data-facts" in known]
    expected = set()
    for criterion in run.study.task.criteria:
        for judge in run.study.judges():
            for pool in run.study.pools():
                found = outcome(run.study, criterion, judge, pool)
                for way in ("outside", "refused", "unstable"):
                    failed = found.flags.get(way)
                    if failed is not None:
                        items = run.study.matrix(criterion.key).index[failed > 0]
                        expected |= {(item, criterion.key) for item in items}
    assert {(one["item"], one["criterion"][0]) for one in shown} == expected
    severities = [one["severity"] for one in shown]
    assert severities == sorted(severities, reverse=True), "gravest first"


def test_what_is_told_is_what_the_ratings_hold(run: Run) -> None:
    card = cards(run.study, mine(run.study), {}, 0)[0]
    cells = run.study.matrix(card.criterion.key).loc[card.item.item]
    for place, pool in enumerate(card.pools):
        names = run.study.pools()[pool]
        assert sum(level.counts[place] for level in card.levels) == int(cells[names].notna().sum())
    ratings = run.ratings[(run.ratings["item"] == card.item.item) & (run.ratings["criterion"] == card.criterion.key)]
    said = ratings.set_index("rater")
    for word in card.judges:
        if said.loc[word.judge, "status"] == "ok":
            assert word.said.startswith(f"{said.loc[word.judge, 'value']:g} (")
            assert any(word.judge in level.judges for level in card.levels)
        else:
            assert word.said == said.loc[word.judge, "status"]
        assert word.reason == said.loc[word.judge, "reason"]


def test_confirmed_slices_are_named_on_their_items(tmp_path: Path) -> None:
    study = failing({"Ana": [1, 1], "Ben": [1, 1]}, {"bot": [5, 5]}, columns={"topic": ["grief", "work"]})
    row = {
        "statistic": "slices.rate",
        "criterion": "warmth",
        "a": "bot",
        "b": "people",
        "subset": "topic=grief",
        "verdict": "yes",
    }
    other = {**row, "subset": "topic=work", "verdict": "undecided"}
    rows = pd.DataFrame([row, other]).reindex(columns=estimates_frame([]).columns)
    assert slices_of(rows) == {("warmth", "bot"): ["topic=grief"]}
    made = {card.item.item: card for card in cards(study, mine(study), slices_of(rows), 0)}
    assert made["i000"].slices == ("topic=grief",)
    assert made["i001"].slices == ()


def test_the_page_needs_nothing_and_runs_only_its_own_script(page: Page) -> None:
    policy = str(next(m for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")["content"])
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    style, script = (
        re.search(rf"<{tag}>(.*?)</{tag}>", page.source, re.DOTALL).group(1) for tag in ("style", "script")
    )  # type: ignore[union-attr]
    assert digest(style) in policy
    assert digest(script) in policy
    assert len(page.all("script")) == len(page.all("style")) == 1
    for _, known in page.tags:
        assert not {"style", "src", "onclick", "onload", "onerror"} & set(known)
        assert str(known.get("href", "#")).startswith("#")


@pytest.mark.parametrize("field", ["text", "context", "reason", "judge", "item", "stratum", "tag", "label", "title"])
def test_nothing_of_a_study_is_markup(field: str, tmp_path: Path) -> None:
    columns: dict[str, Any] = {"topic": ["a", EVIL if field == "stratum" else "b"]}
    columns |= {"context": [EVIL, EVIL]} if field == "context" else {}
    columns |= {"edge": [EVIL, None]} if field == "tag" else {}
    texts = [EVIL, EVIL] if field == "text" else None
    study = failing(
        {"Ana": [1, 1], "Ben": [1, 1]}, {EVIL if field == "judge" else "bot": [5, 5]}, texts=texts, columns=columns
    )
    ratings, items, task = study.ratings, study.items, study.task
    if field == "reason":
        ratings = ratings.assign(reason=EVIL)
    if field == "item":
        ratings = ratings.assign(item=ratings["item"].replace("i000", EVIL))
        items = items.assign(item=items["item"].replace("i000", EVIL), group=None)
    if field == "title":
        task = task.model_copy(update={"title": EVIL})
    if field == "label":
        criterion = task.criteria[0]
        levels = tuple(level.model_copy(update={"label": EVIL}) for level in criterion.levels)
        task = task.model_copy(update={"criteria": (criterion.model_copy(update={"levels": levels}),)})
    run = written(Study.build(task, items, study.raters, ratings), tmp_path)
    page = Page(atlas(run).read_text(encoding="utf-8"))
    assert len(page.all("script")) == 1
    assert not page.all("img")
    assert all("onload" not in known and "onerror" not in known for _, known in page.tags)
    assert "document.title='run'" in page.text, "it is shown, as text"


@pytest.mark.parametrize("hidden", ["{{ 7 * 7 }}", "{% raw %}", "${seed}"])
def test_an_items_text_is_no_template(hidden: str, tmp_path: Path) -> None:
    study = failing({"Ana": [1], "Ben": [1]}, {"bot": [5]}, texts=[hidden])
    assert hidden in Page(atlas(written(study, tmp_path)).read_text(encoding="utf-8")).text


def test_without_failures_it_says_so(tmp_path: Path) -> None:
    study = failing({"Ana": [1, 2], "Ben": [1, 2]}, {"bot": [1, 2]})
    page = Page(atlas(written(study, tmp_path)).read_text(encoding="utf-8"))
    assert "No judge fails anybody here" in page.text
    assert not page.all("select")


def test_only_the_gravest_where_there_are_many(run: Run, tmp_path: Path) -> None:
    page = Page(atlas(run, tmp_path / "few.html", most=3).read_text(encoding="utf-8"))
    assert "the 3 gravest are shown" in page.text
    assert sum("data-facts" in known for known in page.all("li")) == 3
    with pytest.raises(InputError, match="most must be 1"):
        atlas(run, tmp_path / "none.html", most=0)


def test_numbers_without_levels_are_summed_up(tmp_path: Path) -> None:
    values = [float(k) + 0.1 * k * k for k in range(8)]
    people = {name: [value + 0.01 * k for k, value in enumerate(values)] for name in ("Ana", "Ben")}
    study = failing(people, {"bot": [99.5] * 8}, codes=(), scale="interval")
    page = Page(atlas(written(study, tmp_path)).read_text(encoding="utf-8"))
    assert "99.5" in page.text


def test_a_simulated_run_says_so(run: Run, page: Page, tmp_path: Path) -> None:
    assert "Simulated raters" in page.text
    honest = fabricate(tmp_path, n_criteria=1, simulated=False)
    assert "imulated" not in Page(atlas(honest).read_text(encoding="utf-8")).text


@pytest.mark.parametrize("look", ["desk", "phone", "dark"])
def test_it_is_accessible_and_fits(run: Run, look: str) -> None:
    looks: dict[str, dict[str, Any]] = {
        "desk": {"viewport": {"width": 1280, "height": 900}},
        "phone": {"viewport": {"width": 375, "height": 800}, "is_mobile": True},
        "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    }
    path = atlas(run)
    with browser() as chromium:
        page = chromium.new_context(**looks[look]).new_page()
        page.goto(path.as_uri())
        page.eval_on_selector_all(
            "details", "all => all.slice(0, 3).concat(all.slice(-2)).forEach(one => { one.open = true; })"
        )
        page.locator(".pick input").first.check()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing hangs over the edge"


def test_it_filters_sorts_and_hands_on_a_queue(run: Run, tmp_path: Path) -> None:
    from judgekit.humans.labels.design import queued

    path = atlas(run)
    with browser() as chromium:
        page = chromium.new_context(accept_downloads=True).new_page()
        told: list[str] = []
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("console", lambda line: told.append(line.text))
        page.goto(path.as_uri())
        assert page.locator("#download").is_disabled()
        every = page.locator("#cards > li").count()
        page.select_option("#judge", "terse")
        some = page.locator("#cards > li:visible").count()
        assert 0 < some < every
        assert page.inner_text("#count").startswith(f"{some} of {every} failures shown")
        page.fill("#words", "(7)")
        assert page.locator("#cards > li:visible").count() < some
        page.fill("#words", "")
        page.select_option("#order", "item")
        names = page.eval_on_selector_all("#cards > li", "all => all.map(one => JSON.parse(one.dataset.facts).item)")
        assert names == sorted(names)
        page.click("#all")
        with page.expect_download() as waiting:
            page.click("#download")
        waiting.value.save_as(tmp_path / "queue.csv")
        assert told == []
    read = queued(str(tmp_path / "queue.csv"))
    mine_ = {str(name) for name in read["item"]}
    assert mine_ <= set(run.items["item"])
    assert len(mine_) == len(read) > 0
    assert (read["probability"] == 1).all()


def test_it_reads_without_scripts(run: Run) -> None:
    path = atlas(run)
    with browser() as chromium:
        page = chromium.new_context(java_script_enabled=False).new_page()
        page.goto(path.as_uri())
        assert not page.locator("#controls").is_visible(), "what cannot work is not shown"
        assert page.locator("#cards > li").first.is_visible()
        assert not page.locator(".pick").first.is_visible()


def test_an_evil_text_does_not_run_in_a_browser(tmp_path: Path) -> None:
    study = failing({"Ana": [1, 1], "Ben": [1, 1]}, {EVIL: [5, 5]}, texts=[EVIL, EVIL], columns={"topic": [EVIL, "b"]})
    path = atlas(written(study, tmp_path))
    with browser() as chromium:
        page = chromium.new_context().new_page()
        page.goto(path.as_uri())
        page.wait_for_timeout(200)
        assert page.title() != "run"
        assert page.locator("#cards > li:visible").count() == 2, "its own script did run"
