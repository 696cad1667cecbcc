"""People who try: forged forms, odd paths, markup and code in every text, links of others, too much of everything."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from label_pages import Page
from label_site import EVIL

from judgekit.humans.page import look

Make = Callable[..., Any]
POSTS = ("/consent", "/answer", "/show", "/skip", "/undo", "/pause", "/resume", "/survey", "/leave")
STEERING = ("/study/pause", "/study/invite", "/study/refer")
INJECTED = (
    "{{ 7 * 7 }}",
    "{% raw %}",
    "${7*7}",
    "'; DROP TABLE raters; --",
    "\r\nset-cookie: a=b",
    "../../../etc/passwd",
    "%00",
    "</textarea><script>alert(1)</script>",
    '" onfocus="alert(1)',
    "javascript:alert(1)",
)
PATHS = (
    "/",
    "/leave",
    "/join",
    "/nowhere",
    "/r/wrong-token",
    "/static/label.css",
    "/static/none",
    "/study",
    "/healthz",
)
ODD = (
    "/static/../app.py",
    "/static/%2e%2e/app.py",
    "/static/..%2fapp.py",
    "/static//etc/passwd",
    "/static/label.css%00.js",
    "/study/export/..%2f..%2fetc",
    "/study/export/ratings",
    "/r/",
    "/r/%00%00%00%00%00%00%00%00",
    "/r/" + "a" * 5000,
    "/s/x",
)


def test_every_response_has_the_headers(study: Make) -> None:
    site = study()
    ann = site.rater()
    token = site.desk.researcher_token
    for path in (*PATHS, f"/s/{token}", "/answer"):
        answer = ann.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-frame-options"] == "DENY"
        assert ("static" in path) or answer.headers["cache-control"] == "no-store", path
        assert "server" not in answer.headers


def test_no_script_or_style_stands_in_a_page(study: Make) -> None:
    site = study(
        n=2, texts=[EVIL], consent={"required": True, "text": EVIL}, information=EVIL, title=EVIL, contact=EVIL
    )
    ann = site.rater()
    ann.through()
    for text in ann.seen:
        if not text.startswith("<!doctype"):
            continue
        page = Page(text)
        assert "<script>" not in text
        assert "<style" not in text
        assert "alert('item')" not in re.sub("alert\\(&#39;item&#39;\\)", "", text)
        for tag, known in page.tags:
            assert not [name for name in known if name.startswith("on") or name == "style"], (tag, known)
            for name in ("src", "href", "action"):
                assert (known.get(name) or "/").startswith(("/", "#")), known
            assert tag not in ("img", "iframe", "object", "embed", "base")


def test_links_in_texts_are_not_live(study: Make) -> None:
    site = study(n=1, texts=["see https://example.org and <a href='https://example.org'>here</a>"])
    ann = site.rater()
    assert [known["href"] for tag, known in ann.page.tags if tag == "a"] == ["#main", "/leave"]


@pytest.mark.parametrize("place", range(0, len(INJECTED), 3))
def test_texts_are_data_wherever_they_come_from(study: Make, place: int) -> None:
    text = " ".join(INJECTED[place : place + 3])
    site = study(n=2, texts=[f"x {text} y"], survey=[{"key": "town", "label": text}], thanks=text, open=True)
    ann = site.rater()
    ann.answer(t__warmth=text, q__warmth=text, w__warmth=text, seconds=text, nonce=text)
    ann.open("/")
    ann.send("/undo")
    ann.answer(t__warmth=text, h__warmth=text)
    ann.through()
    ann.post("/survey", {"a.town": text})
    boss = site.researcher()
    for path in ("/study", "/study/links", f"/study?x={quote(text)}", f"/join?PROLIFIC_PID={quote(text)}"):
        boss.open(path)
        assert boss.status == 200
    for walker in (ann, boss):
        for head in walker.heads:
            assert "('set-cookie', 'a=b')" not in head
        for page in walker.seen:
            assert "<script>alert" not in page
            if page.startswith("<!doctype"):
                assert not [name for _, known in Page(page).tags for name in known if name.startswith("on")]
            assert "x 49" not in page
    assert len(site.desk.raters()) == 1
    assert len(site.desk.ratings()) == 4


def test_a_form_without_its_token_changes_nothing(study: Make) -> None:
    site = study()
    ann, bob = site.rater(), site.rater()
    data = ann.filled()
    before = site.desk.events().to_csv() + site.desk.ratings().to_csv()
    for path in POSTS:
        for wrong in ("", "0" * 40, data["csrf"][:-1] + "x", bob.page.form("/answer").fields["csrf"]):
            assert ann.client.post(path, data={**data, "csrf": wrong}).status_code == 403
        assert ann.client.post(path, data=data, headers={"sec-fetch-site": "cross-site"}).status_code == 403
        assert ann.client.post(path, json=data).status_code == 415
        assert ann.client.get(path).status_code in (200, 405)
    assert site.desk.events().to_csv() + site.desk.ratings().to_csv() == before


def test_nobody_without_a_session_does_anything(study: Make) -> None:
    site = study()
    for path in (*POSTS, *STEERING):
        assert site.browser().post(path, data={"csrf": "x"}).status_code == 401, path
    assert site.desk.events()["what"].tolist() == ["begun"]


def test_a_rater_is_no_researcher_and_the_other_way_round(study: Make) -> None:
    site = study()
    ann, boss = site.rater(), site.researcher()
    for path in ("/study", "/study/live", "/study/links", "/study/export/ratings.csv"):
        assert ann.client.get(path).status_code == 401
    rater_cookie = next(iter(ann.client.cookies.items()))
    boss_cookie = next(iter(boss.client.cookies.items()))
    forged = site.browser()
    forged.cookies.set(boss_cookie[0], rater_cookie[1])
    assert forged.get("/study").status_code == 401
    forged.cookies.set(rater_cookie[0], boss_cookie[1])
    assert forged.get("/").status_code == 401
    for path in STEERING:
        form = {**ann.page.form("/answer").fields, "n": "3", "pool": "people", "on": "yes"}
        assert boss.client.post(path, data=form).status_code == 403


def test_one_rater_cannot_answer_the_card_of_another(study: Make) -> None:
    site = study()
    ann, bob = site.rater(), site.rater()
    stolen = ann.page.form("/answer").fields["card"]
    bob.answer(card=stolen)
    assert len(site.desk.ratings()) == 0
    assert bob.open(f"/feedback?card={stolen}").has("/answer")


def test_an_old_link_opens_nothing_after_it_was_revoked(study: Make) -> None:
    site = study()
    (invitation,) = site.desk.invite(1)
    ann = site.comes(invitation.token)
    new = site.desk.revoke(invitation.rater)
    ann.open("/")
    assert ann.status == 401
    assert site.comes(invitation.token).status == 404
    assert site.comes(new.token).status == 200


def test_odd_paths_find_nothing(study: Make) -> None:
    boss = study().researcher()
    for path in ODD:
        answer = boss.client.get(path)
        assert answer.status_code in (400, 404), path
        assert "import" not in answer.text
        assert "root:" not in answer.text


def test_wrong_links_and_joining_are_limited(study: Make) -> None:
    site = study(open=True, joins_per_minute=5)
    browser = site.browser()
    said = [browser.get(f"/r/guess-number-{k:04d}").status_code for k in range(8)]
    assert said == [404] * 5 + [429] * 3
    joined = [site.browser().post("/join", data={"begin": "yes"}).status_code for _ in range(8)]
    assert joined == [200] * 5 + [429] * 3
    assert len(site.desk.raters()) == 5
    assert "retry-after" in browser.get("/r/guess-number-9999").headers


def test_a_redirect_never_leaves_the_page(study: Make) -> None:
    site = study()
    ann = site.rater()
    for path in ("//evil.example/", "/\\evil.example", "/r//evil.example", "/feedback?card=//evil.example"):
        answer = ann.client.get(path, follow_redirects=False, headers={"host": "evil.example"})
        assert "evil" not in answer.headers.get("location", "")


def test_errors_are_plain_and_kind_and_say_nothing_of_the_machine(study: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    site = study()
    ann = site.rater()

    def breaks(token: str) -> None:
        raise RuntimeError("SELECT secret FROM /home/somebody")

    monkeypatch.setattr(site.desk, "now", breaks)
    ann.open("/")
    assert ann.status == 500
    assert "Something went wrong here" in ann.page.text
    assert "SELECT" not in ann.page.source
    assert "Traceback" not in ann.page.source
    assert ann.client.get("/nowhere").status_code == 404
    assert ann.client.delete("/").status_code == 405


FUZZED = st.dictionaries(
    st.sampled_from(["csrf", "card", "nonce", "seconds", "v.warmth", "v.depth", "t.warmth", "q.depth", "h.depth", "x"])
    | st.text(max_size=8),
    st.text(max_size=60) | st.sampled_from([*INJECTED, "skip", "3.0", "1.0", "nan"]),
    max_size=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(changed=FUZZED)
def test_any_form_is_answered_without_an_error(study: Make, changed: dict[str, str]) -> None:
    site = _kept(study)
    ann = site.fuzzed
    ann.open("/")
    if not ann.page.has("/answer"):
        site.fuzzed = ann = site.rater()
    form = ann.page.form("/answer").fields
    ann.post("/answer", {**form, **changed})
    assert ann.status in (200, 403, 422), ann.page.text
    ratings = site.desk.ratings()
    assert ratings["value"].dropna().isin([0.0, 1.0, 2.0, 3.0]).all()


KEPT: dict[int, Any] = {}


def _kept(study: Make) -> Any:
    """Return one study for all examples of a run."""
    if id(study) not in KEPT:
        site = study(n=30)
        site.fuzzed = site.rater()
        KEPT.clear()
        KEPT[id(study)] = site
    return KEPT[id(study)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(path=st.text(max_size=40), query=st.text(max_size=40))
def test_any_address_is_answered_without_an_error(study: Make, path: str, query: str) -> None:
    site = _kept(study)
    there = "/" + quote(path, safe="/") + "?" + quote(query, safe="=&")
    for answer in (site.fuzzed.client.get(there), site.fuzzed.client.get(f"/r/{quote(path, safe='')}")):
        assert answer.status_code in (200, 404, 405, 429), there


def test_templates_escape_everything() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (look.HERE / "templates").iterdir()]
    assert len(texts) > 8
    for text in texts:
        assert "|safe" not in text.replace(" ", "")
        assert "autoescape" not in text
        assert not re.search(r'(?<!xmlns)="http', text)
        assert not re.search(r"\son\w+=", text)
        assert not re.search(r"\s[a-z-]+=\{\{", text), "an attribute without quotes"
