"""An ASGI layer around the RPC app that makes messages go wrong as the chain's `FaultPlan` says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from solders.hash import Hash

from gdx_localnet.faults.rules import Channel, FaultKind, FaultPlan, FaultRule

TRANSPORT = "gdx.transport"
"""Key of the connection's asyncio transport in an ASGI scope's `state`."""

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_EXPIRED_BLOCKS = 151


class FaultMiddleware:
    """Wraps an ASGI app. With no rule in force, HTTP passes untouched."""

    def __init__(self, app: App, plan: FaultPlan, max_body_bytes: int) -> None:
        self._app, self._plan, self._max_body_bytes = app, plan, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one socket."""
        if scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "POST" and not self._plan.is_quiet:
            await self._serve_post(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    # ── HTTP ────────────────────────────────────────────────────────────────────────────────────

    async def _serve_post(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages = await self._read(receive)
        body = b"".join(message.get("body", b"") for message in messages)
        struck = self._plan.strike(_methods_of(body), Channel.HTTP)
        await _wait_for_delays(struck)
        kinds = {rule.kind for rule in struck}
        replay = _replaying(messages, receive)
        if FaultKind.DROP in kinds:
            await _cut(scope, receive)
        elif FaultKind.DROP_ANSWER in kinds:
            await self._app(scope, replay, _swallow)
            await _cut(scope, receive)
        elif FaultKind.RATE_LIMIT in kinds:
            await _refuse(send, 429, b"Too Many Requests\n", struck[-1].retry_after_s)
        elif FaultKind.UNAVAILABLE in kinds:
            await _refuse(send, 503, b"Service Unavailable\n", None)
        elif FaultKind.STALE_BLOCKHASH in kinds:
            await self._app(scope, replay, _Rewriter(send))
        else:
            await self._app(scope, replay, send)

    async def _read(self, receive: Receive) -> list[Message]:
        """The request's messages, as far as the app would read them."""
        messages: list[Message] = []
        size = 0
        while True:
            messages.append(await receive())
            size += len(messages[-1].get("body", b""))
            if not messages[-1].get("more_body", False) or size > self._max_body_bytes:
                return messages

    # ── WebSocket ───────────────────────────────────────────────────────────────────────────────

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def faulty_receive() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive" or await self._lets_pass(scope, message):
                    return message

        async def faulty_send(message: Message) -> None:
            if message["type"] != "websocket.send" or await self._lets_pass(scope, message):
                await send(message)

        await self._app(scope, faulty_receive, faulty_send)

    async def _lets_pass(self, scope: Scope, message: Message) -> bool:
        if self._plan.is_quiet:
            return True
        text = message.get("text")
        methods = _methods_of(text if text is not None else message.get("bytes") or b"")
        struck = self._plan.strike(methods, Channel.WEBSOCKET)
        await _wait_for_delays(struck)
        if any(rule.kind is FaultKind.DISCONNECT for rule in struck):
            _transport(scope).abort()
        return all(rule.kind is FaultKind.DELAY for rule in struck)


class _Rewriter:
    """A `send` that holds an answer back until it is whole, and puts an expired blockhash into it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message = {}
        self._parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._parts.append(message.get("body", b""))
        if message.get("more_body", False):
            return
        body = _with_stale_blockhash(b"".join(self._parts))
        length = (b"content-length", str(len(body)).encode())
        headers = [pair for pair in self._start["headers"] if pair[0] != b"content-length"]
        await self._send({**self._start, "headers": [*headers, length]})
        await self._send({"type": "http.response.body", "body": body})


def _with_stale_blockhash(body: bytes) -> bytes:
    """The answer of a node that lags: a blockhash past its last block height."""
    answers = json.loads(body)
    for answer in answers if isinstance(answers, list) else [answers]:
        result = answer.get("result")
        value = result.get("value") if isinstance(result, dict) else None
        if isinstance(value, dict) and value.keys() == {"blockhash", "lastValidBlockHeight"}:
            value["blockhash"] = str(Hash.hash(b"stale" + value["blockhash"].encode()))
            value["lastValidBlockHeight"] = max(0, value["lastValidBlockHeight"] - _EXPIRED_BLOCKS)
    return json.dumps(answers, separators=(",", ":")).encode()


def _methods_of(body: bytes | str) -> list[str]:
    """The methods that a message names; empty for one that is not JSON-RPC."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return []
    members = request if isinstance(request, list) else [request]
    names = [member.get("method") for member in members if isinstance(member, dict)]
    return [name for name in names if isinstance(name, str)]


def _replaying(messages: list[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def replay() -> Message:
        message = next(waiting, None)
        return message if message is not None else await receive()

    return replay


async def _wait_for_delays(struck: list[FaultRule]) -> None:
    delay_ms = sum(rule.delay_ms for rule in struck if rule.kind is FaultKind.DELAY)
    if delay_ms:
        await asyncio.sleep(delay_ms / 1000)


async def _cut(scope: Scope, receive: Receive) -> None:
    """Cut the connection, and return when the server has noticed."""
    _transport(scope).abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["state"][TRANSPORT]
    return transport


async def _swallow(message: Message) -> None:
    del message


async def _refuse(send: Send, status: int, text: bytes, retry_after_s: int | None) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"access-control-allow-origin", b"*"),
    ]
    if retry_after_s is not None:
        headers.append((b"retry-after", str(retry_after_s).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
