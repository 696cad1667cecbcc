"""What keeps the page safe, each piece by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from judgekit.humans.page.guard import BODY, Cookie, Limit, RefusedError, check_csrf, clean, csrf, read_form, same_site


def request(body: bytes = b"", *, address: str = "10.0.0.1", **headers: str) -> Request:
    """Return a request as a server hands it over, its body in pieces."""
    pieces: Iterator[Message] = iter(
        [
            {"type": "http.request", "body": body[:7], "more_body": True},
            {"type": "http.request", "body": body[7:], "more_body": False},
        ]
    )

    async def receive() -> Message:
        return next(pieces)

    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": sent,
        "client": (address, 1),
    }
    return Request(scope, receive)


FORM = "application/x-www-form-urlencoded"


def posted(body: bytes, kind: str = FORM) -> dict[str, str]:
    return asyncio.run(read_form(request(body, content_type=kind)))


def test_a_form_is_read_the_last_of_a_name_counts() -> None:
    assert posted(urlencode([("a", "1"), ("a", "2"), ("b", "ü\r\nx")]).encode()) == {"a": "2", "b": "ü\nx"}


@pytest.mark.parametrize(
    "body, kind, status",
    [
        (b"{}", "application/json", 415),
        (b"a=1", "multipart/form-data; boundary=x", 415),
        (b"a=1", "text/plain", 415),
        (b"a=" + b"x" * BODY, FORM, 413),
        (b"&".join(b"a=1" for _ in range(3000)), FORM, 400),
        (b"a=%ff%fe", FORM, 400),
        (b"a=\xff", FORM, 400),
    ],
)
def test_what_is_no_form_of_ours_is_refused(body: bytes, kind: str, status: int) -> None:
    with pytest.raises(RefusedError) as refused:
        posted(body, kind)
    assert refused.value.status == status


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        fields = posted(body)
    except RefusedError:
        return
    for text in fields.values():
        text.encode("utf-8")
        assert "\x00" not in text


@given(st.text())
def test_clean_text_can_be_kept_anywhere(text: str) -> None:
    kept = clean(text)
    kept.encode("utf-8")
    assert clean(kept) == kept
    assert not set(kept) & {"\x00", "\r", "\x1b", "\x7f"}


@pytest.mark.parametrize(
    "site, fine", [("same-origin", True), ("none", True), ("cross-site", False), ("same-site", False)]
)
def test_forms_of_other_sites_are_refused(site: str, fine: bool) -> None:
    if fine:
        same_site(request(sec_fetch_site=site))
    else:
        with pytest.raises(RefusedError):
            same_site(request(sec_fetch_site=site))


def test_a_form_token_belongs_to_one_session_and_purpose() -> None:
    check_csrf({"csrf": csrf("one", "rater")}, "one", "rater")
    for wrong in ({}, {"csrf": ""}, {"csrf": csrf("two", "rater")}, {"csrf": csrf("one", "researcher")}, {"csrf": "é"}):
        with pytest.raises(RefusedError):
            check_csrf(wrong, "one", "rater")


@pytest.mark.parametrize("secure", [False, True])
def test_cookies_are_out_of_reach(secure: bool) -> None:
    response = Response()
    cookie = Cookie("study", "rater", secure)
    cookie.put(response, "t" * 43)
    said = response.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=lax" in said
    assert ("secure" in said) == secure
    assert cookie.name.startswith("__Host-") == secure
    assert Cookie("other", "rater", secure).name != cookie.name


@pytest.mark.parametrize("token", ["", "short", "a" * 129, "../../etc/passwd", "t" * 20 + "\n", "' OR 1=1 --xxxxxxx"])
def test_what_cannot_be_a_token_is_none(token: str) -> None:
    cookie = Cookie("study", "rater")
    assert cookie.read(request(cookie=f'{cookie.name}="{token}"')) is None


def test_joining_is_limited_by_address_and_comes_back_with_time() -> None:
    now = [0.0]
    limit = Limit(3, 60.0, clock=lambda: now[0], remembered=2)
    for _ in range(3):
        limit(request())
    with pytest.raises(RefusedError) as refused:
        limit(request())
    assert refused.value.status == 429
    assert int(refused.value.headers["retry-after"]) == 20
    limit(request(address="10.0.0.2"))
    now[0] = 20.0
    limit(request())
    with pytest.raises(RefusedError):
        limit(request())
    for number in range(50):
        limit(request(address=f"10.1.0.{number}"))
    assert len(limit._seen) == 2
