"""Reading the label page as a browser without scripts does: its forms, their fields, its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "br", "img", "link", "hr", "input"}


@dataclass
class PostForm:
    """A form: where it goes, what is in it (hidden and filled fields), what may be chosen, what it is pressed by."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[dict[str, str | None]] = field(default_factory=list)


class Page(HTMLParser):
    """A page of the label study; parsing fails where a tag is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.forms: list[PostForm] = []
        self._open: list[str] = []
        self._form: PostForm | None = None
        self._area: str | None = None
        self._words: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.tags.append((tag, known))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "form":
            self._form = PostForm(str(known.get("action") or ""), str(known.get("method") or "get"))
            self.forms.append(self._form)
        form, name = self._form, known.get("name")
        if form is None:
            return
        if tag == "button":
            form.buttons.append(known)
        if tag == "input" and name:
            kind, value = known.get("type"), known.get("value") or ""
            if kind in ("radio", "checkbox"):
                form.options.setdefault(name, []).append(value)
                if "checked" in known:
                    form.fields[name] = value
            else:
                form.fields[name] = value
        if tag in ("textarea", "select") and name:
            form.fields[name] = ""
            self._area = name
        if tag == "option" and self._area:
            form.options.setdefault(self._area, []).append(str(known.get("value")) if "value" in known else "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        last = self._open.pop()
        assert last == tag, f"</{tag}> closes <{last}>"
        if tag == "form":
            self._form = None
        if tag in ("textarea", "select"):
            self._area = None

    def handle_data(self, data: str) -> None:
        self._words.append(data)
        if self._area and self._form is not None and self._open[-1] == "textarea":
            self._form.fields[self._area] = data

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self._words)).strip()

    def form(self, action: str) -> PostForm:
        """Return the form that goes to an address."""
        return next(form for form in self.forms if form.action.endswith(action))

    def has(self, action: str) -> bool:
        return any(form.action.endswith(action) for form in self.forms)


Choose = Callable[[str, list[str]], str]


def first_of(name: str, values: list[str]) -> str:
    """Choose the first level of a question."""
    return values[0]


@dataclass
class Walker:
    """A rater who goes through the study by HTTP alone; ``client`` has get and post, and follows redirects."""

    client: Any
    page: Page = field(init=False)
    status: int = field(init=False, default=0)
    seen: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        return self._read(self.client.get(path))

    def _read(self, response: Any) -> Page:
        self.status = response.status_code
        for one in (*response.history, response):
            self.seen.append(one.text)
            self.heads.append(f"{one.url}\n{list(one.headers.items())}")
        self.page = Page(response.text)
        return self.page

    def send(self, action: str, **changed: str) -> Page:
        """Post a form of the page as it stands, with some fields changed (``__`` stands for a dot)."""
        form = self.page.form(action)
        data = {**form.fields, **{name.replace("__", "."): value for name, value in changed.items()}}
        return self._read(self.client.post(form.action, data=data))

    def post(self, action: str, data: Mapping[str, str]) -> Page:
        return self._read(self.client.post(action, data=dict(data)))

    @property
    def asks(self) -> list[str]:
        """The names of the fields in which the card's levels are chosen."""
        return [name for name in self.page.form("/answer").options if name.startswith("v.")]

    def filled(self, choose: Choose = first_of) -> dict[str, str]:
        """Return the card's form with every question answered."""
        form = self.page.form("/answer")
        data = dict(form.fields)
        for name in self.asks:
            levels = [value for value in form.options[name] if value != "skip"]
            if levels:
                data[name] = choose(name.removeprefix("v."), levels)
        ranks = [name for name in data if name.startswith("r.")]
        data |= {name: str(int(name.rsplit(".", 1)[1]) + 1) for name in ranks}
        return data

    def answer(self, choose: Choose = first_of, **changed: str) -> Page:
        """Answer the card that is shown."""
        data = self.filled(choose) | {name.replace("__", "."): value for name, value in changed.items()}
        return self._read(self.client.post("/answer", data=data))

    def through(self, choose: Choose = first_of, most: int = 500) -> Page:
        """Go on from wherever one is to the end: consent, practice, items, survey."""
        for _ in range(most):
            if self.page.has("/consent"):
                self.send("/consent", agreed="yes")
            elif self.page.has("/answer"):
                self.answer(choose)
            elif self.page.has("/show"):
                self.send("/show")
            elif self.page.has("/survey"):
                self.send("/survey")
            elif any(known.get("id") == "on" for _, known in self.page.tags):
                self.open("/")
            else:
                return self.page
        raise AssertionError("the study does not end")
