"""Who serves a model: provider strings, keys from the environment, and one client a run."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from judgekit.errors import InputError, listed

Dialect = Literal["openai", "anthropic", "google"]
CONNECT_SECONDS = 10.0
NO_KEY = "none"  # what a server that asks for no key is sent

#: The HTTP exchanges of the call that runs in this context, in order; ``http`` is None where no answer came.
EXCHANGES: ContextVar[list[dict[str, Any]] | None] = ContextVar("exchanges", default=None)


@dataclass(frozen=True)
class Provider:
    """A name in front of a model's: the wire form it speaks, its address, and the variable that holds its key."""

    dialect: Dialect = "openai"
    base_url: str | None = None
    key_env: str | None = None


PROVIDERS = {
    "openai": Provider("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    "openrouter": Provider("openai", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "ollama": Provider("openai", "http://localhost:11434/v1"),
    "anthropic": Provider("anthropic", None, "ANTHROPIC_API_KEY"),
    "google": Provider("google", None, "GOOGLE_API_KEY"),
}
#: dialect -> (module, extra, instructor modes)
NEEDS: dict[Dialect, tuple[str, str, tuple[str, ...]]] = {
    "openai": ("openai", "", ("TOOLS", "JSON_SCHEMA", "JSON", "MD_JSON")),
    "anthropic": ("anthropic", "anthropic", ("TOOLS", "JSON_SCHEMA", "JSON")),
    "google": ("google.genai", "gemini", ("TOOLS", "JSON")),
}


@dataclass(frozen=True)
class Endpoint:
    """Where one model is served. ``label`` is what the ledger calls the provider; the key is in no field of this."""

    provider: str
    model: str
    dialect: Dialect
    base_url: str | None
    key_env: str | None
    label: str

    @property
    def where(self) -> str:
        """The address for an error line, without user name, password or query."""
        return public(self.base_url) if self.base_url else self.provider

    def key(self) -> str:
        """Return the API key from the environment, or say which variable is missing."""
        if self.key_env is None:
            return NO_KEY
        found = os.environ.get(self.key_env, "").strip()
        if not found:
            raise InputError(
                f"no API key for {self.provider}/{self.model}: ${self.key_env} is not set",
                where="judges",
                fix=f"export {self.key_env}=…, or set api_key_env to the variable that holds it",
            )
        return found


@dataclass(frozen=True)
class Client:
    """An instructor client and how to close it."""

    create: Callable[..., Awaitable[Any]]
    aclose: Callable[[], Awaitable[None]]


def find_endpoint(
    model: str, base_url: str | None = None, api_key_env: str | None = None, name: str | None = None
) -> Endpoint:
    """Return the endpoint of a provider string like ``openai/gpt-4o-mini``.

    With a ``base_url`` the variable that holds the key must be named: a provider's own key is never sent to another
    server by default. ``name`` stands for the address in the ledger, where the address changes from run to run.
    """
    provider, slash, rest = model.partition("/")
    if not (slash and provider and rest):
        raise InputError(f"'{model}' is no provider string", where="judges", fix="write provider/model")
    known = PROVIDERS.get(provider)
    if known is None and base_url is None:
        raise InputError(
            f"unknown provider '{provider}'",
            where="judges",
            fix=f"use one of {listed(PROVIDERS)}, or give the base_url of an OpenAI-compatible server",
        )
    known = known or Provider()
    if base_url is not None and urlsplit(base_url).scheme not in ("http", "https"):
        raise InputError(f"'{public(base_url)}' is no base_url", where="judges", fix="write http(s)://host:port/v1")
    key_env = api_key_env or (None if base_url else known.key_env)
    label = provider if base_url is None else f"{provider}@{name or public(base_url)}"
    return Endpoint(provider, rest, known.dialect, base_url or known.base_url, key_env, label)


def public(url: str) -> str:
    """Return a URL without user name, password, query and fragment: they may hold a key."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def check_installed(endpoint: Endpoint, mode: str) -> None:
    """Refuse an instructor mode that the provider lacks, and a provider whose package is not there."""
    module, extra, modes = NEEDS[endpoint.dialect]
    if mode not in modes:
        raise InputError(
            f"{endpoint.provider} knows no mode '{mode}'", where="judges", fix=f"use one of {listed(modes)}"
        )
    try:
        there = find_spec(module) is not None
    except ModuleNotFoundError:  # a parent package is absent
        there = False
    if not there:
        raise InputError(
            f"{endpoint.provider} needs the package {module.split('.')[0]}, which is not installed",
            where="judges",
            fix=f'pip install "judgekit-lab[{extra}]"',
        )


def connect(endpoint: Endpoint, key: str, mode: str, http_retries: int, timeout: float) -> Client:
    """Return a client of the endpoint; call it inside the loop that will use it, once a run."""
    import instructor

    _quiet()
    chosen = instructor.Mode[mode]
    if endpoint.dialect == "anthropic":
        anthropic: Any = import_module("anthropic")
        sdk = anthropic.AsyncAnthropic(
            api_key=key, base_url=endpoint.base_url, max_retries=http_retries, timeout=timeout
        )
        return Client(instructor.from_anthropic(sdk, mode=chosen).create, sdk.close)
    if endpoint.dialect == "google":
        return _google(endpoint, key, chosen, http_retries, timeout)
    import openai

    http = openai.DefaultAioHttpClient(event_hooks={"request": [_note_request], "response": [_note_response]})
    limit = openai.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout))
    client = openai.AsyncOpenAI(
        api_key=key, base_url=endpoint.base_url, max_retries=http_retries, timeout=limit, http_client=http
    )
    return Client(instructor.from_openai(client, mode=chosen).create, client.close)


def _google(endpoint: Endpoint, key: str, mode: Any, http_retries: int, timeout: float) -> Client:
    import instructor

    genai: Any = import_module("google.genai")
    types: Any = import_module("google.genai.types")
    options = types.HttpOptions(
        base_url=endpoint.base_url,
        timeout=int(timeout * 1000),
        retry_options=types.HttpRetryOptions(attempts=http_retries + 1),
    )
    sdk = genai.Client(api_key=key, http_options=options)
    return Client(instructor.from_genai(sdk, mode=mode, use_async=True).create, sdk.aio.aclose)


async def _note_request(_request: Any) -> None:
    exchanges = EXCHANGES.get()
    if exchanges is not None:
        exchanges.append({"http": None})


async def _note_response(response: Any) -> None:
    exchanges = EXCHANGES.get()
    if exchanges:
        exchanges[-1]["http"] = response.status_code


def _quiet() -> None:
    # Under a configured root logger (Hydra's is) these write a line a call, and whole completions where one fails. What
    # went wrong is in the ratings' status and the ledger; a level that a user has set stays.
    for name, level in (("instructor", logging.CRITICAL), ("openai", logging.WARNING), ("httpx", logging.WARNING),
                        ("httpx2", logging.WARNING), ("anthropic", logging.WARNING)):  # fmt: skip
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(level)
