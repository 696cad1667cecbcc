"""A label study and its page, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from label_pages import Walker
from label_site import design
from starlette.testclient import TestClient

from judgekit.humans.labels.desk import Desk
from judgekit.humans.page.app import make_app


class Study:
    """An open study; ``rater()`` is somebody new who opens a link of their own."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.app = make_app(desk)

    def browser(self, **headers: str) -> TestClient:
        return TestClient(self.app, base_url="http://127.0.0.1:8765", headers=headers, raise_server_exceptions=False)

    def rater(self, **invited: Any) -> Walker:
        (invitation,) = self.desk.invite(1, **invited)
        return self.comes(invitation.token)

    def comes(self, token: str) -> Walker:
        walker = Walker(self.browser())
        walker.open(f"/r/{token}")
        return walker

    def researcher(self) -> Walker:
        walker = Walker(self.browser())
        walker.open(f"/s/{self.desk.researcher_token}")
        return walker


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Callable[..., Study]]:
    """Open small studies: ``study(form, n, texts, **settings)``."""
    opened: list[Desk] = []

    def make(*given: Any, **settings: Any) -> Study:
        opened.append(Desk.open(str(tmp_path / f"{len(opened)}.sqlite"), design(*given, **settings)))
        return Study(opened[-1])

    yield make
    for desk in opened:
        desk.close()
