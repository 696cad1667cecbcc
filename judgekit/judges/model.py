"""A language model at its endpoint: one question in, one reply out, through the ledger."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from judgekit.errors import InputError, listed
from judgekit.judges import wire
from judgekit.judges.clients import NO_KEY, Client, Endpoint, check_installed, connect, find_endpoint
from judgekit.judges.limits import Line
from judgekit.judges.question import Answered, Question
from judgekit.judges.repair import NOTHING, Reading, read
from judgekit.ledger import Ledger, Reply, Request

#: What belongs to judgekit or to instructor. ``context`` would render every message, item text and all, as a template;
#: headers and queries may hold a key, and all of ``extra`` is recorded.
RESERVED = ("model", "messages", "response_model", "context", "max_retries", "hooks", "strict", "stream", "n",
            "timeout", "temperature", "max_tokens", "cache", "token_budget", "tools", "tool_choice", "response_format",
            "autodetect_images", "api_key", "extra_headers", "extra_query")  # fmt: skip
SECRET = 8  # characters from which on a key is taken for one


@dataclass(frozen=True)
class Settings:
    """Which model is asked, where, and how. ``conf/model/llm.yaml`` says what each knob does."""

    model: str
    base_url: str | None = None
    endpoint: str | None = None
    api_key_env: str | None = None
    mode: str = "TOOLS"
    temperature: float | None = 0.0
    max_tokens: int | None = 1024
    max_retries: int = 0
    http_retries: int = 2
    timeout: float = 60.0
    concurrency: int = 32
    extra: Mapping[str, Any] = field(default_factory=dict)

    def open(self, name: str, ledger: Ledger | None) -> Model:
        """Return the model; InputError, before any call, if a setting, the package or the key is wrong."""
        where = f"judges.{name}"
        if ledger is None:
            raise InputError("a language model is only asked through a ledger", where=where, fix="open one")
        for knob, least in (("max_retries", 0), ("http_retries", 0), ("concurrency", 1), ("timeout", 0.001)):
            if getattr(self, knob) < least:
                raise InputError(f"{knob} is {getattr(self, knob)}", where=where, fix=f"use {least:g} or more")
        odd = sorted(set(self.extra) & set(RESERVED))
        if odd:
            raise InputError(f"extra may not hold {listed(odd)}", where=where, fix="use the judge's own knobs")
        endpoint = find_endpoint(self.model, self.base_url, self.api_key_env, self.endpoint)
        if ledger.mode == "replay":  # never calls: needs neither key nor client
            return Model(name, self, endpoint, NO_KEY, ledger)
        check_installed(endpoint, self.mode)
        return Model(name, self, endpoint, endpoint.key(), ledger)


class Model:
    """One client a run: opened at the first call, closed by ``aclose``."""

    def __init__(self, name: str, settings: Settings, endpoint: Endpoint, key: str, ledger: Ledger) -> None:
        self.name = name
        self.endpoint = endpoint
        self.concurrency = settings.concurrency
        self._settings, self._key, self._ledger = settings, key, ledger
        self._line = Line(ledger, endpoint.label, settings.concurrency, settings.http_retries)
        self._client: Client | None = None
        self._met = False  # whether the endpoint has ever been reached, in this run
        self._served = False  # whether it has ever given a completion
        chosen = {"temperature": settings.temperature, "max_tokens": settings.max_tokens, **settings.extra}
        self._sampling = {name: value for name, value in chosen.items() if value is not None}
        self._parameters = {"mode": settings.mode, "max_retries": settings.max_retries, **self._sampling}

    async def ask(self, question: Question, rep: int = 0) -> Answered:
        """Return the answer to a question: from the ledger, or by a call that is then in it."""
        request = Request(
            provider=self.endpoint.label,
            model=self.endpoint.model,
            messages=question.messages,
            schema=question.schema,
            parameters={**self._parameters, **question.parameters},
            rep=rep,
        )

        async def call() -> Reply:
            return await self._call(request, question)

        return Answered(await self._ledger.ask(request, call, about=question.about), request.key)

    async def aclose(self) -> None:
        """Close the client; the next call would open another."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _call(self, request: Request, question: Question) -> Reply:
        """Ask, and ask again after an unparsable answer as often as is declared; a refusal is final."""
        if self._client is None:
            settings = self._settings
            self._client = connect(self.endpoint, self._key, settings.mode, settings.timeout)
        client, log, best = self._client, wire.Log(), NOTHING
        started = time.perf_counter()
        try:
            asked = client.prepare(question.model, request.messages, self._options(question))
            for left in range(self._settings.max_retries, -1, -1):
                log.note(completion := await self._line.send(partial(client.send, asked), request, log))
                if log.empty or log.refused or log.truncated:
                    break
                found = self._read(client, completion, question)
                log.last["reading"] = found.how
                best = found if found.fields >= best.fields else best
                if found.error is None or not left:
                    break
                asked = client.reask(asked, completion, found.error)
        except Exception as error:
            reply = self._failed(log, error, time.perf_counter() - started)
        else:
            reply = self._judged(log, best, time.perf_counter() - started)
        self._met = self._met or log.met
        self._served = self._served or bool(log.last)
        return self._without_key(reply)

    def _options(self, question: Question) -> dict[str, Any]:
        return {"model": self.endpoint.model, **self._sampling, **question.parameters}

    def _read(self, client: Client, completion: Any, question: Question) -> Reading:
        shown = [str(message.get("content")) for message in question.messages if message.get("role") == "user"]
        texts = wire.texts(completion)
        found = read(lambda: client.parse(completion, question.model), texts, question.model, shown)
        if found.parsed is not None and question.read is not None:
            try:
                found.parsed.update(question.read(completion))
            except (LookupError, ValueError, TypeError, AttributeError) as error:
                return Reading(None, wire.complaint(error), "unparsable", error)
        return found

    def _judged(self, log: wire.Log, best: Reading, seconds: float) -> Reply:
        """Return what came: a refusal, an answer (of which a field may be missing), or nothing that can be read."""
        if log.empty:
            return log.reply("error", wire.NO_COMPLETION, None, seconds)
        if log.refused:
            return log.reply("refused", wire.short(log.last.get("refusal") or "content filter"), None, seconds)
        if best.parsed is not None:
            return log.reply("ok", best.note, best.parsed, seconds)
        if log.truncated:
            return log.reply("unparsable", log.shortage(self._settings.max_tokens), None, seconds)
        return log.reply("unparsable", best.note, None, seconds)

    def _failed(self, log: wire.Log, error: Exception, seconds: float) -> Reply:
        """Return what an exchange that brought no completion amounts to; InputError where every other will fail so."""
        if wire.blocked(error):
            return log.reply("refused", wire.short(f"content filter: {wire.message(error)}"), None, seconds)
        self._abort(error, log)
        return log.reply("error", wire.failure(error, self._settings.timeout, len(log.exchanges)), None, seconds)

    def _abort(self, error: Exception, log: wire.Log) -> None:
        """Fail the run where every further call would fail alike, and say how to mend it.

        An endpoint that was never reached and cannot be connected to is down; one that never gave a completion and
        says 401, 403 or 404 has the wrong key or no such model. Later the same is an error of one call.
        """
        status, who = wire.http_status(error), f"{self.endpoint.provider}/{self.endpoint.model}"
        where = f"judges.{self.name}"
        if isinstance(error, TypeError):
            raise InputError(
                self._hide(wire.short(f"the client refused a parameter: {error}")), where=where, fix="look at extra"
            )
        if not (self._met or log.met) and wire.unreachable(error):
            raise InputError(
                self._hide(f"endpoint {self.endpoint.where} is down ({wire.failure(error, 0, 0)})"),
                where=where,
                fix="start the server, or correct base_url",
            )
        if not (self._served or log.last) and status in (401, 403, 404):
            key = f"the key in ${self.endpoint.key_env}" if self.endpoint.key_env else "api_key_env (no key was sent)"
            raise InputError(
                self._hide(wire.short(f"{who} at {self.endpoint.where} says {status}: {wire.message(error)}")),
                where=where,
                fix="check the model's name and base_url" if status == 404 else f"check {key}",
            )

    def _hide(self, text: str) -> str:
        # a placeholder of a few letters would be found in ordinary words
        return text.replace(self._key, "[key]") if len(self._key) >= SECRET else text

    def _without_key(self, reply: Reply) -> Reply:
        """Return the reply without the API key, which a server might echo."""
        whole = (reply.note or "") + (reply.response or "") + str(reply.attempts) + str(reply.parsed)
        if len(self._key) < SECRET or self._key not in whole:
            return reply
        return replace(
            reply,
            note=None if reply.note is None else self._hide(reply.note),
            response=None if reply.response is None else self._hide(reply.response),
            attempts=[{k: self._hide(v) if isinstance(v, str) else v for k, v in a.items()} for a in reply.attempts],
            parsed=None
            if reply.parsed is None
            else {k: self._hide(v) if isinstance(v, str) else v for k, v in reply.parsed.items()},
        )
