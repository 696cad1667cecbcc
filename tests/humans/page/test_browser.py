"""The page in a real browser: by keyboard alone, by touch on a phone, without JavaScript; and what axe-core finds."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from label_site import design, judged, served

from judgekit.humans.labels.desk import Desk

BROWSER = next((path for path in map(shutil.which, ("chromium", "chromium-browser")) if path), None)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine"),
    pytest.mark.slow,
]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SURVEY = [
    {"key": "age", "label": "How old are you?", "options": ["under 30", "30 and over"]},
    {"key": "town", "label": "Where?"},
]
SHIFT = """new Promise((done) => {
  let sum = 0;
  const seen = (list) => list.getEntries().forEach((one) => { if (!one.hadRecentInput) sum += one.value; });
  new PerformanceObserver(seen).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 400);
})"""
ARABIC = "أنا آسف جداً لخسارتك."
CHINESE = "你好，我理解你的心情，希望你慢慢好起来。"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    pytest.importorskip("playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=QUIET)
        yield browser
        browser.close()


class Site:
    """A served study and a browser; whatever the browser complains of is kept in ``said``."""

    def __init__(self, desk: Desk, url: str, chromium: Any, stack: ExitStack) -> None:
        self.desk, self.url, self.chromium, self.stack = desk, url, chromium, stack
        self.said: list[str] = []

    def tab(self, path: str, **options: Any) -> Any:
        context = self.chromium.new_context(**{**DESK, **options})
        self.stack.callback(context.close)
        tab = context.new_page()
        tab.set_default_timeout(10_000)
        tab.on("console", lambda message: self.said.append(message.text))
        tab.on("pageerror", lambda error: self.said.append(str(error)))
        tab.on("request", lambda one: self.said.append(one.url) if not one.url.startswith(self.url) else None)
        tab.goto(self.url + path)
        return tab

    def rater(self, *, pool: str | None = None, arm: Any = None, **options: Any) -> Any:
        (invitation,) = self.desk.invite(1, pool, arm)
        return self.tab(f"/r/{invitation.token}", **options)


@pytest.fixture
def site(tmp_path: Path, chromium: Any) -> Iterator[Callable[..., Site]]:
    """Serve small studies: ``site(form, n, texts, **settings)``; at the end the browser must have had no complaint."""
    made: list[Site] = []
    with ExitStack() as stack:

        def make(*given: Any, **settings: Any) -> Site:
            desk = stack.enter_context(Desk.open(str(tmp_path / f"{len(made)}.sqlite"), design(*given, **settings)))
            made.append(Site(desk, stack.enter_context(served(desk)), chromium, stack))
            return made[-1]

        yield make
    assert [text for one in made for text in one.said] == []


def seen(tab: Any) -> str:
    return str(tab.inner_text("body"))


def press(tab: Any, *keys: str) -> None:
    for key in keys:
        tab.keyboard.press(key)


def choose(tab: Any, **levels: str) -> None:
    """Click a level of each named question."""
    for name, value in levels.items():
        tab.click(f'.level:has(input[name="v.{name}"][value="{value}"])')


def turned(tab: Any, *keys: str) -> None:
    """Press keys of which the last brings another page, and wait for it."""
    press(tab, *keys[:-1])
    with tab.expect_navigation():
        tab.keyboard.press(keys[-1])


def test_a_whole_session_by_keyboard_alone(site: Callable[..., Site]) -> None:
    one = site(n=3, consent={"required": True, "text": "I may stop."}, survey=SURVEY)
    tab = one.rater()
    press(tab, "Tab", "Tab")  # past "skip to the content"
    assert tab.evaluate("document.activeElement.textContent") == "I have read this and want to take part"
    turned(tab, "Enter")
    turned(tab, "3", "1", "Enter")
    assert "Item 2 of 3" in seen(tab)
    turned(tab, "u")
    assert tab.is_checked('input[name="v.warmth"][value="3.0"]')
    turned(tab, "1", "Enter")  # changes the first question, leaves the second
    assert "Item 2 of 3" in seen(tab)
    press(tab, "2", "c")
    assert tab.evaluate("document.activeElement.id") == "q-depth-why"
    tab.keyboard.type("not enough")  # a list is chosen from by typing
    press(tab, "Escape", "m")
    tab.keyboard.type("I would need to know more")
    press(tab, "Escape")
    turned(tab, "Enter")
    assert "Item 3 of 3" in seen(tab)
    press(tab, "ArrowRight", "Space", "ArrowDown", "ArrowDown")  # a radio of the first question, then the third level
    assert tab.is_checked('input[name="v.warmth"][value="3.0"]')
    press(tab, "ArrowRight", "0", "ArrowLeft", "ArrowLeft")
    assert tab.evaluate("document.activeElement.name") == "v.warmth"
    turned(tab, "p")
    assert "A break" in seen(tab)
    press(tab, "Tab", "Tab")
    turned(tab, "Enter")
    assert "Item 3 of 3" in seen(tab)
    turned(tab, "3", "0", "Enter")
    press(tab, "Tab", "Tab", "Space", "ArrowDown", "Tab")
    tab.keyboard.type("Lisboa")
    turned(tab, "Enter")
    assert "Thank you" in seen(tab)
    ratings = one.desk.ratings().set_index(["item", "criterion"])
    assert len(ratings) == 6
    assert sorted(ratings["status"]) == ["ok"] * 5 + ["skipped"]
    assert ratings["reason"].dropna().tolist() == ["not enough context"]
    assert ratings["comment"].dropna().tolist() == ["I would need to know more"]
    assert (ratings["claimed"] > 0).all()
    raters = one.desk.raters()
    assert (raters["age"].tolist(), raters["town"].tolist()) == (["30 and over"], ["Lisboa"])


def test_single_keys_can_be_turned_off(site: Callable[..., Site]) -> None:
    one = site()
    tab = one.rater()
    press(tab, "?")
    assert tab.is_visible("#keys")
    tab.click("#keys-on")
    press(tab, "Escape", "3")
    assert not tab.is_checked('input[name="v.warmth"][value="3.0"]')
    tab.reload()
    press(tab, "3")
    assert not tab.is_checked('input[name="v.warmth"][value="3.0"]')


@pytest.mark.parametrize("how", ["touch", "mouse"])
def test_a_whole_session_on_a_phone_sized_screen(site: Callable[..., Site], how: str) -> None:
    one = site(n=2, consent={"required": True, "text": "I may stop."}, survey=SURVEY, form={"confidence": True})
    tab = one.rater(**{**PHONE, "has_touch": how == "touch"})
    hit = tab.tap if how == "touch" else tab.click
    hit("text=I have read this and want to take part")
    tab.wait_for_selector("#card")
    for number in (1, 2):
        assert f"Item {number} of 2" in seen(tab)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        small = tab.evaluate(
            "[...document.querySelectorAll('button, .level, select, summary')].filter(one => one.checkVisibility())"
            ".filter(one => one.getBoundingClientRect().height < 24).map(one => one.textContent)"
        )
        assert small == [], "what is touched is large enough"
        hit('fieldset[data-slot="warmth"] .level:nth-child(2)')
        hit('fieldset[data-slot="warmth"] .sure label:nth-of-type(4)')
        hit('fieldset[data-slot="depth"] .level:nth-child(1)')
        with tab.expect_navigation():
            hit("text=Save and go on")
    hit("text=under 30")
    with tab.expect_navigation():
        hit("text=Go on")
    assert "Thank you" in seen(tab)
    ratings = one.desk.ratings()
    assert ratings.query("criterion == 'warmth'")["value"].tolist() == [2.0, 2.0]
    assert ratings.query("criterion == 'warmth'")["confidence"].tolist() == [0.75, 0.75]
    assert one.desk.raters()["age"].tolist() == ["under 30"]


@pytest.mark.parametrize("form", ["rating", "pairwise", "ranking", "trajectory"])
def test_a_whole_session_without_javascript(site: Callable[..., Site], form: str) -> None:
    one = site(form, 2, consent={"required": True, "text": "I may stop."}, survey=SURVEY)
    tab = one.rater(java_script_enabled=False)
    tab.click("text=I have read this and want to take part")
    for _ in range(2):
        for slot in tab.query_selector_all("fieldset.criterion"):
            places = slot.query_selector_all('input[type="number"]')
            for place, given in zip(places, (2, 3, 1), strict=False):
                place.fill(str(given))
            if not places:
                slot.query_selector("input[type=radio]").check()
            slot.query_selector("summary").click()
            slot.query_selector('textarea[name^="q."]').fill("glad you wrote")
        tab.click("text=Save and go on")
    tab.check("text=under 30")
    tab.click("text=Go on")
    assert "Thank you" in seen(tab)
    ratings = one.desk.ratings()
    assert set(ratings["status"]) == {"ok"}
    if form == "ranking":
        assert sorted(ratings["value"]) == [1, 1, 2, 2, 3, 3]
    if form == "trajectory":
        assert len(one.desk.extras()) == 4
    if form == "rating":
        spans = [json.loads(span)[0] for span in ratings["span"]]
        assert {span["quote"] for span in spans} == {"glad you wrote"}
        assert all(span["end"] - span["start"] == len("glad you wrote") for span in spans)


def test_a_browser_says_itself_what_is_missing(site: Callable[..., Site]) -> None:
    one = site()
    tab = one.rater()
    press(tab, "3", "Enter")
    assert tab.evaluate("document.activeElement.name") == "v.depth"
    assert len(one.desk.ratings()) == 0


def test_ranking_by_dragging_and_by_keys(site: Callable[..., Site]) -> None:
    one = site("ranking", 2, plan={"pools": {"people": {"overlap": "full", "raters": 1}}, "orders": "original"})
    tab = one.rater()
    press(tab, "Enter")
    assert "Is this order right as it stands?" in seen(tab), "an order that nobody touched is asked about"
    tab.reload()
    before = [row.split(" of ")[0] for row in tab.locator(".ranking .shown").all_inner_texts()]
    handle = tab.locator(".handle").nth(2).bounding_box()
    top = tab.locator(".ranking > li").first.bounding_box()
    tab.mouse.move(handle["x"] + 10, handle["y"] + 10)
    tab.mouse.down()
    for step in range(1, 9):
        tab.mouse.move(handle["x"] + 10, handle["y"] + 10 + (top["y"] - handle["y"] - 4) * step / 8)
    tab.mouse.up()
    after = [row.split(" of ")[0] for row in tab.locator(".ranking .shown").all_inner_texts()]
    assert after == [before[2], before[0], before[1]]
    turned(tab, "Enter")
    press(tab, "ArrowRight", "ArrowDown")  # onto the first candidate, one down
    turned(tab, "Enter")
    ratings = one.desk.ratings()
    ranks = [tuple(part["value"]) for _, part in ratings.groupby(ratings["item"].str.partition("-")[0], sort=False)]
    assert sorted(ranks) == [(2, 1, 3), (2, 3, 1)]


def test_marked_words_become_evidence(site: Callable[..., Site]) -> None:
    one = site(n=1, texts=["😀 I hear you. And again: I hear you."])
    tab = one.rater()
    press(tab, "3")
    tab.evaluate(
        """() => {
          const text = document.querySelector('[data-part="text"]').firstChild, range = document.createRange();
          const at = text.data.lastIndexOf("I hear");
          range.setStart(text, at); range.setEnd(text, at + 10);
          getSelection().removeAllRanges(); getSelection().addRange(range);
        }"""
    )
    tab.click("#pick button")
    press(tab, "Escape", "1")
    turned(tab, "Escape", "Enter")
    ratings = one.desk.ratings().set_index("criterion")
    held = [json.loads(str(span)) for span in ratings["span"].dropna() if str(span) not in ("", "[]")]
    text = "😀 I hear you. And again: I hear you."
    assert held == [
        [{"part": "text", "start": text.rindex("I hear"), "end": text.rindex("I hear") + 10, "quote": "I hear you"}]
    ]


def test_steps_come_one_by_one(site: Callable[..., Site]) -> None:
    tab = site("trajectory", 1).rater()
    assert tab.locator("[data-step]:visible").count() == 1
    press(tab, "1")
    assert tab.locator("[data-step]:visible").count() == 2
    assert "It is booked." not in seen(tab)
    press(tab, "0")
    assert "It is booked." in seen(tab)


def test_other_scripts_run_their_own_way(site: Callable[..., Site]) -> None:
    one = site(n=1, texts=[f"{ARABIC}\n{CHINESE}"])
    for options in (DESK, PHONE):
        tab = one.rater(**options)
        assert tab.evaluate("getComputedStyle(document.querySelector('[data-part=\"text\"]')).direction") == "rtl"
        assert tab.evaluate("getComputedStyle(document.body).direction") == "ltr"
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nothing_moves_while_the_page_loads(site: Callable[..., Site]) -> None:
    one = site(n=3)
    for options in (DESK, PHONE):
        tab = one.rater(**options)
        for _ in range(2):
            assert tab.evaluate(SHIFT) == 0
            choose(tab, warmth="2.0", depth="1.0")
            with tab.expect_navigation():
                tab.click("text=Save and go on")


# axe-core


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core's source, installed by npm into a folder of its own below the temporary one."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm on this machine: axe-core cannot be installed")
    folder = Path(tempfile.gettempdir()) / "judgekit-axe-core"
    source = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), "axe-core@4"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode or not source.exists():
            pytest.skip(f"npm could not install axe-core: {done.stderr.strip()[-200:]}")
    return source.read_text(encoding="utf-8")


def violations(tab: Any, axe: str) -> list[str]:
    """Return what axe-core finds against the page, one line a finding."""
    tab.evaluate(axe)  # by the debugger: the page's own policy lets no script in
    found = tab.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
    return [
        f"{one['id']}: {node['html'][:120]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def pages(one: Site, **options: Any) -> Iterator[tuple[str, Any]]:
    """Go through every page that a rater can see, and the researcher's."""
    tab = one.rater(arm="blind", **options)
    yield "consent", tab
    tab.click("text=I have read this and want to take part")
    yield "screening", tab
    tab.check('input[value="young"]')
    tab.click("text=Go on")
    yield "practice", tab
    answered(tab)
    yield "feedback", tab
    tab.click("text=Go on")
    yield "qualification", tab
    answered(tab)
    yield "warning", tab
    tab.click("text=Show it, and do not ask again")
    yield "card", tab
    if not options.get("is_mobile"):
        tab.click("#help")
        yield "keys", tab
        tab.click("text=Close")
    tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    choose(tab, depth="skip")
    yield "card, all open", tab
    tab.evaluate("document.getElementById('card').noValidate = true")
    tab.click("text=Save and go on")
    yield "card, something missing", tab
    answered(tab)
    tab.click("text=Pause")
    yield "pause", tab
    tab.click("text=Go on")
    tab.goto(one.url + "/leave")
    yield "leave", tab
    tab.goto(one.url + "/nowhere")
    yield "no such page", tab
    one.said.clear()  # the browser writes that there is no such page
    tab.goto(one.url + "/")
    while tab.query_selector("#card"):
        answered(tab)
    yield "survey", tab
    tab.click("text=Go on")
    yield "thanks", tab
    late = one.rater(arm="blind", **options)
    late.click("text=I do not want to take part")
    yield "declined", late
    review = one.rater(arm="review", **options)
    for words in ("I have read this and want to take part", "Go on"):
        if words == "Go on":
            review.check('input[value="old"]')
        review.click(f"text={words}")
    while not review.query_selector(".note.review"):
        if review.query_selector("text=Show it, and do not ask again"):
            review.click("text=Show it, and do not ask again")
        elif review.query_selector("#on"):
            review.click("#on")
        else:
            answered(review)
    yield "review", review
    yield "join", one.tab("/join?PROLIFIC_PID=abc", **options)
    boss = one.tab(f"/s/{one.desk.researcher_token}", **options)
    boss.wait_for_timeout(1500)
    boss.reload()
    yield "study", boss
    boss.click("text=The raters’ links")
    yield "links", boss


def answered(tab: Any) -> None:
    """Take the first level of every question and go on."""
    first = "slot => slot.querySelector('input[name^=\"v.\"]').click()"
    tab.evaluate(f"document.querySelectorAll('fieldset.criterion').forEach({first})")
    with tab.expect_navigation():
        tab.click("text=Save and go on")


KNOWN = {"text": "Poor you.", "answers": {"warmth": [1, 2], "depth": 0}, "feedback": "It is general."}
FULL: dict[str, Any] = {
    "consent": {"required": True, "text": "I take part of my own free will."},
    "information": "You will read two replies.\nIt takes five minutes.",
    "contact": "study@example.org",
    "training": {"items": [{**KNOWN, "item": "t0"}]},
    "qualification": {"items": [{**KNOWN, "item": "q0"}]},
    "survey": [
        {"key": "age", "label": "How old are you?", "options": ["young", "old"]},
        {"key": "town", "label": "Where?"},
    ],
    "plan": {"pools": {"people": {"overlap": "full", "raters": 4}}, "quotas": {"age": {"young": 9}}},
    "warnings": [{"text": "Some of these texts are about harm."}],
    "form": {"confidence": True},
    "review": {"judge": "model", "k": 1, "raters": 1},
    "open": True,
    "thanks": "Your payment is on its way.",
}


def test_axe_sees_what_is_wrong(site: Callable[..., Site], axe: str) -> None:
    tab = site().rater()
    assert violations(tab, axe) == []
    tab.evaluate("document.querySelector('legend').remove(); document.querySelector('main').append(new Image())")
    assert "image-alt" in " ".join(violations(tab, axe))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desk", "phone"])
def test_axe_finds_nothing_on_any_page(site: Callable[..., Site], axe: str, scheme: str, device: str) -> None:
    one = site(n=2, reviews=judged(2), **FULL)
    found = {}
    for name, tab in pages(one, color_scheme=scheme, **(PHONE if device == "phone" else DESK)):
        if problems := violations(tab, axe):
            found[name] = problems
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert found == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("form", ["pairwise", "ranking", "trajectory", "check", "adjudication"])
def test_axe_finds_nothing_on_any_form(site: Callable[..., Site], axe: str, scheme: str, form: str) -> None:
    one, tab = shown(site, form, color_scheme=scheme)
    assert violations(tab, axe) == []
    phone = one.rater(color_scheme=scheme, **PHONE) if form not in ("check", "adjudication") else tab
    assert violations(phone, axe) == []


def shown(site: Callable[..., Site], form: str, **options: Any) -> tuple[Site, Any]:
    """Open a card of a form."""
    if form == "adjudication":
        one = site(n=2, adjudication={"names": ["judy"], "gap": 2})
        for level in (1, 3):
            tab = one.rater()
            while tab.query_selector("#card"):
                choose(tab, warmth=f"{level}.0", depth="0.0")
                with tab.expect_navigation():
                    tab.click("text=Save and go on")
        one.desk.refer()
        (judy,) = one.desk.invite(0, names=("judy",))
        return one, one.tab(f"/r/{judy.token}", **options)
    if form == "check":
        edit = {"item": "i0", "variant": "shorter", "text": "I hear you.", "context": "Message 0: a hard week."}
        checked = {"probes": ["shorter"], "items": 1, "k": 1}
        one = site(n=1, edits=[edit], probe_check=checked)
        tab = one.rater(**options)
        while not tab.query_selector("text=After the edit"):
            answered(tab)
        return one, tab
    one = site(form, 2)
    return one, one.rater(**options)
