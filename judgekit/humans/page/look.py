"""How the pages look: templates that escape everything, and the few static files, read once and served from memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from judgekit.humans.labels.design import Design
from judgekit.humans.page.forms import SURE, Kept, Slot
from judgekit.humans.page.guard import csrf

HERE = Path(__file__).parent
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Look:
    """The templates of one study."""

    design: Design

    @cached_property
    def environment(self) -> Environment:
        """The templates; names, texts and reasons are data, never markup, and an unknown name is an error."""
        settings, task = self.design.settings, self.design.task
        environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.globals.update(
            study=settings.title or task.title or task.name,
            task=task,
            form=settings.form,
            language=settings.language,
            contact=settings.contact,
            mark=self.mark,
            sure=SURE,
            question=self.question,
            # what a page may be made without
            csrf="", over=False, leaving=False, simulated=False, words="", prose="", code=None, onward=None, heading="",
            problem="", problems="",
        )  # fmt: skip
        return environment

    @cached_property
    def _macro(self) -> Callable[[Slot], Markup]:
        macro: Callable[[Slot], Markup] = self.environment.get_template("_criterion.html.j2").module.criterion  # type: ignore[attr-defined]
        return macro

    @cached_property
    def _blank(self) -> dict[tuple[str, str], Markup]:
        return {}

    def question(self, slot: Slot) -> Markup:
        """Return a question's part of the form; one in which nothing is filled in yet is made once."""
        if slot.candidates or slot.problem or slot.kept != Kept():
            return self._macro(slot)
        key = (slot.name, slot.question)
        if key not in self._blank:
            self._blank[key] = self._macro(slot)
        return self._blank[key]

    @cached_property
    def files(self) -> dict[str, tuple[bytes, str]]:
        """The static files: contents and media type by name."""
        return {
            path.name: (path.read_bytes(), KINDS[path.suffix])
            for path in sorted((HERE / "static").iterdir())
            if path.suffix in KINDS
        }

    @cached_property
    def mark(self) -> str:
        """A short digest of the static files: their address changes when they do."""
        return hashlib.sha256(b"".join(content for content, _ in self.files.values())).hexdigest()[:12]

    def page(
        self, request: Request, template: str, status: int = 200, *, secret: str = "", purpose: str = "rater",
        kind: str = "human", headers: dict[str, str] | None = None, **facts: Any,
    ) -> Response:  # fmt: skip
        """Return a page; ``secret`` is what its form token is made of."""
        text = self.environment.get_template(template).render(
            root=request.scope.get("root_path", ""),
            csrf=csrf(secret, purpose) if secret else "",
            simulated=kind == "simulated",
            **facts,
        )
        return HTMLResponse(text, status, headers)

    def static(self, request: Request) -> Response:
        """Return a static file: looked up by its name among those that there are, never opened by it."""
        found = self.files.get(request.path_params["name"])
        if found is None:
            return PlainTextResponse("There is no such file.\n", 404)
        newest = request.query_params.get("v") == self.mark
        keep = "public, max-age=31536000, immutable" if newest else "no-cache"
        return Response(found[0], media_type=found[1], headers={"cache-control": keep})
