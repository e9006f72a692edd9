"""Subscriptions over WebSocket, in the validator's protocol. A client that does not read is dropped."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, MutableMapping
from typing import Any, cast

from solders.signature import Signature

from gdx_localnet.events import Applied, Commitment, Reached, SlotOpened
from gdx_localnet.rpc.dispatcher import checked_request, error_answer
from gdx_localnet.rpc.faults import METHOD_NOT_FOUND, PARSE_ERROR, RpcFault, invalid_params
from gdx_localnet.rpc.params import Args, unsigned
from gdx_localnet.subscriptions import (
    ALL,
    READERS,
    UNSUBSCRIBES,
    Subscription,
    logs_value,
    notification,
)
from gdx_localnet.svm import EmbeddedChain

_log = logging.getLogger("gdx_localnet")

MAX_QUEUED_BYTES = 8 * 1024 * 1024
"""Bytes waiting for one client beyond which it counts as one that does not read."""

MAX_SUBSCRIPTIONS = 10_000
"""Subscriptions of one socket."""

_CLOSE_GOING_AWAY, _CLOSE_TOO_SLOW = 1001, 1008
_CLOSE_TIMEOUT_S = 1.0

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class _Client:
    """One socket: what it subscribed to, and what waits to be sent to it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._queued_bytes = 0
        self.subscriptions: dict[int, Subscription] = {}
        self.ended = asyncio.Event()
        self.farewell = (_CLOSE_GOING_AWAY, "")

    def end(self, code: int, reason: str) -> None:
        """Have the socket closed with a reason."""
        self.farewell = (code, reason)
        self.ended.set()

    def push(self, text: str) -> None:
        """Queue a message, or give the client up."""
        self._queued_bytes += len(text)
        if self._queued_bytes > MAX_QUEUED_BYTES:
            if not self.ended.is_set():
                _log.warning("dropped a WebSocket client: it reads too slowly")
            self.end(_CLOSE_TOO_SLOW, f"slow client: over {MAX_QUEUED_BYTES} bytes waiting")
            return
        self._queue.put_nowait(text)

    async def write(self) -> None:
        """Send what is queued, for ever."""
        while True:
            text = await self._queue.get()
            await self._send({"type": "websocket.send", "text": text})
            self._queued_bytes -= len(text)


class SubscriptionHub:
    """Every open socket and what it subscribed to. Lives on one event loop; events come from any thread."""

    def __init__(self, chain: EmbeddedChain, loop: asyncio.AbstractEventLoop) -> None:
        self._chain, self._loop = chain, loop
        self._thread = threading.get_ident()
        self._clients: dict[_Client, asyncio.Task[None]] = {}
        self._by_key: dict[tuple[str, Hashable], dict[int, _Client]] = defaultdict(dict)
        self._ids = itertools.count()
        self._is_listening = False
        self._root_slot = 0

    # ── sockets ─────────────────────────────────────────────────────────────────────────────────

    async def serve(self, receive: Receive, send: Send) -> None:
        """One socket, until it closes, or until its queue is full."""
        if (await receive())["type"] != "websocket.connect":
            return
        await send({"type": "websocket.accept"})
        client = _Client(send)
        current = asyncio.current_task()
        assert current is not None
        self._clients[client] = current
        reading = asyncio.ensure_future(self._read(client, receive))
        writing = asyncio.ensure_future(client.write())
        ending = asyncio.ensure_future(client.ended.wait())
        parts = (reading, writing, ending)
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            self._forget(client)
            writing.cancel()
            if client.ended.is_set():
                code, reason = client.farewell
                close = send({"type": "websocket.close", "code": code, "reason": reason})
                await asyncio.wait_for(close, _CLOSE_TIMEOUT_S)
        except (TimeoutError, OSError):
            pass  # it does not read: uvicorn's ping ends what is left of the connection
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            self._forget(client)

    async def close(self) -> None:
        """Close every socket."""
        tasks = list(self._clients.values())
        for client in self._clients:
            client.end(_CLOSE_GOING_AWAY, "the chain stops")
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSE_TIMEOUT_S)

    async def _read(self, client: _Client, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            body = text if text is not None else message.get("bytes") or b""
            for answer in self._answers(client, body):
                client.push(json.dumps(answer, separators=(",", ":")))
            self._notify_landed(client)

    def _forget(self, client: _Client) -> None:
        self._clients.pop(client, None)
        for identifier in list(client.subscriptions):
            self._drop(client, identifier)

    # ── requests ────────────────────────────────────────────────────────────────────────────────

    def _answers(self, client: _Client, body: str | bytes) -> list[dict[str, Any]]:
        try:
            request = json.loads(body)
        except (ValueError, RecursionError):
            return [error_answer(None, RpcFault(PARSE_ERROR, "Parse error"))]
        members = request if isinstance(request, list) else [request]
        return [self._answer(client, member) for member in members]

    def _answer(self, client: _Client, request: Any) -> dict[str, Any]:
        if not isinstance(request, dict):
            return error_answer(None, RpcFault(PARSE_ERROR, "Parse error"))
        identifier = request.get("id")
        try:
            name, params = checked_request(request)
            result = self._call(client, name, params)
        except RpcFault as fault:
            return error_answer(identifier, fault)
        return {"jsonrpc": "2.0", "result": result, "id": identifier}

    def _call(self, client: _Client, name: str, params: list[Any]) -> int | bool:
        if name in UNSUBSCRIBES:
            return self._unsubscribe(client, params)
        if name not in READERS:
            raise RpcFault(METHOD_NOT_FOUND, "Method not found")
        required, read = READERS[name]
        if len(params) < required:
            raise invalid_params(f"`params` should have at least {required} argument(s)")
        if len(client.subscriptions) >= MAX_SUBSCRIPTIONS:
            raise RpcFault(
                -32600, f"Subscription refused. Node subscription limit reached: {MAX_SUBSCRIPTIONS}"
            )
        subscription = read(Args(params))
        identifier = next(self._ids)
        client.subscriptions[identifier] = subscription
        self._by_key[(subscription.kind, subscription.key)][identifier] = client
        if not self._is_listening:
            self._chain.listen(self._hear)
            self._is_listening = True
        return identifier

    def _unsubscribe(self, client: _Client, params: list[Any]) -> bool:
        if len(params) != 1:
            text = f"invalid length {len(params)}, expected a tuple of size 1"
            raise invalid_params(f"Invalid params: {text}.")
        identifier = unsigned(params[0])
        if identifier not in client.subscriptions:
            raise invalid_params("Invalid subscription id.")
        self._drop(client, identifier)
        return True

    def _drop(self, client: _Client, identifier: int) -> None:
        subscription = client.subscriptions.pop(identifier)
        key = (subscription.kind, subscription.key)
        self._by_key[key].pop(identifier, None)
        if not self._by_key[key]:
            del self._by_key[key]
        if not self._by_key and self._is_listening:
            self._chain.stop_listening(self._hear)
            self._is_listening = False

    def _notify_landed(self, client: _Client) -> None:
        """A signature that landed before it was subscribed to is told at once."""
        for identifier, subscription in list(client.subscriptions.items()):
            if subscription.kind != "signature":
                continue
            record = self._chain.ledger.by_signature.get(cast(Signature, subscription.key))
            if record is not None and record.slot <= self._chain.slot_at(subscription.commitment):
                self._finish_signature(client, identifier, record.slot, record.err)

    # ── events ──────────────────────────────────────────────────────────────────────────────────

    def _hear(self, event: SlotOpened | Reached) -> None:
        if threading.get_ident() == self._thread:
            self._handle(event)
        else:
            self._loop.call_soon_threadsafe(self._handle, event)

    def _handle(self, event: SlotOpened | Reached) -> None:
        if isinstance(event, SlotOpened):
            slot = {"slot": event.slot, "parent": event.parent_slot, "root": event.root_slot}
            self._broadcast("slot", slot)
            if event.root_slot != self._root_slot:
                self._root_slot = event.root_slot
                self._broadcast("root", event.root_slot)
            return
        applied, commitment = event.applied, event.commitment
        if applied.record is not None:
            self._tell_signature(applied, commitment)
            self._tell_logs(applied, commitment)
        for address, account in applied.written:
            for identifier, client, subscription in self._wanting("account", address, commitment):
                value = subscription.account_value(self._chain, address, account)
                self._notify(client, "account", identifier, applied.slot, value)
            for identifier, client, subscription in self._wanting("program", account.owner, commitment):
                if all(matches(account.data) for matches in subscription.filters):
                    encoded = subscription.account_value(self._chain, address, account)
                    value = {"pubkey": str(address), "account": encoded}
                    self._notify(client, "program", identifier, applied.slot, value)

    def _broadcast(self, kind: str, value: Any) -> None:
        for identifier, client in list(self._by_key.get((kind, ALL), {}).items()):
            self._notify(client, kind, identifier, None, value)

    def _wanting(
        self, kind: str, key: Hashable, commitment: Commitment
    ) -> list[tuple[int, _Client, Subscription]]:
        subscribers = self._by_key.get((kind, key))
        if not subscribers:
            return []
        found = (
            (identifier, client, client.subscriptions[identifier])
            for identifier, client in subscribers.items()
        )
        return [entry for entry in found if entry[2].commitment is commitment]

    def _tell_signature(self, applied: Applied, commitment: Commitment) -> None:
        record = applied.record
        assert record is not None
        if commitment is Commitment.PROCESSED:
            for identifier, client in list(self._by_key.get(("signature", record.signature), {}).items()):
                if client.subscriptions[identifier].wants_received:
                    self._notify(client, "signature", identifier, applied.slot, "receivedSignature")
        for identifier, client, _ in self._wanting("signature", record.signature, commitment):
            self._finish_signature(client, identifier, applied.slot, record.err)

    def _finish_signature(self, client: _Client, identifier: int, slot: int, err: Any) -> None:
        self._notify(client, "signature", identifier, slot, {"err": err})
        self._drop(client, identifier)

    def _tell_logs(self, applied: Applied, commitment: Commitment) -> None:
        record = applied.record
        assert record is not None
        value: dict[str, Any] | None = None
        for key in (ALL, *dict.fromkeys(record.keys)):
            for identifier, client, _ in self._wanting("logs", key, commitment):
                value = value if value is not None else logs_value(record)
                self._notify(client, "logs", identifier, applied.slot, value)

    def _notify(self, client: _Client, kind: str, identifier: int, slot: int | None, value: Any) -> None:
        body = notification(kind, identifier, slot, value)
        client.push(json.dumps(body, separators=(",", ":")))
