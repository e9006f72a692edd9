"""Subscriptions over WebSocket, in the validator's protocol. A client that does not read is dropped."""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from solders.signature import Signature

from gdx_localnet.events import Applied, Commitment, Reached, SlotOpened
from gdx_localnet.faults.middleware import TRANSPORT
from gdx_localnet.rpc.envelope import encode, respond
from gdx_localnet.rpc.faults import INTERNAL_ERROR, METHOD_NOT_FOUND, RpcFault, invalid_params
from gdx_localnet.rpc.params import Args, read_params
from gdx_localnet.subscriptions import (
    ABSENT,
    ALL,
    READERS,
    UNSUBSCRIBES,
    Subscription,
    logs_value,
    notification,
    slots_updates,
)
from gdx_localnet.svm import EmbeddedChain

_log = logging.getLogger("gdx_localnet")

MAX_QUEUED_BYTES = 8 * 1024 * 1024
"""Bytes waiting for one client beyond which it counts as one that does not read."""

MAX_QUEUED_MESSAGES = 50_000
"""Messages waiting for one client, the same."""

MAX_QUEUED_BYTES_IN_ALL = 64 * 1024 * 1024
"""Bytes waiting for all clients together, beyond which the one with the most is dropped."""

MAX_SUBSCRIPTIONS = 10_000
"""Subscriptions of one socket."""

MAX_SUBSCRIPTIONS_IN_ALL = 1_000_000
"""Subscriptions of all sockets, as on a validator."""

_REFUSED = "Internal Error: Subscription refused. Node subscription limit reached"
_CLOSE_GOING_AWAY, _CLOSE_NOT_UTF8, _CLOSE_TOO_SLOW = 1001, 1007, 1008
_CLOSE_TIMEOUT_S = 1.0

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class _Waiting:
    """Bytes that wait for all clients together."""

    size: int = 0


class _Client:
    """One socket: what it subscribed to, and what waits to be sent to it."""

    def __init__(self, send: Send, waiting: _Waiting) -> None:
        self._send, self._waiting = send, waiting
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self.queued_bytes = 0
        self.subscriptions: dict[int, Subscription] = {}
        self.identifiers: dict[Subscription, int] = {}
        self.ended = asyncio.Event()
        self.farewell = (_CLOSE_GOING_AWAY, "")

    def end(self, code: int, reason: str) -> None:
        """Have the socket closed with a reason; what waits is dropped."""
        if not self.ended.is_set():
            self.farewell = (code, reason)
            self.ended.set()
            self.clear()

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.size -= self.queued_bytes
        self._queue, self.queued_bytes = asyncio.Queue(), 0

    def drop(self, reason: str) -> None:
        """Give up a client that reads too slowly."""
        if not self.ended.is_set():
            _log.warning("dropped a WebSocket client: it reads too slowly (%s)", reason)
            self.end(_CLOSE_TOO_SLOW, f"slow client: {reason}")

    def push(self, text: str) -> None:
        """Queue a message, or give the client up."""
        if self.ended.is_set():
            return
        self.queued_bytes += len(text)
        self._waiting.size += len(text)
        if self.queued_bytes > MAX_QUEUED_BYTES:
            self.drop(f"over {MAX_QUEUED_BYTES} bytes waiting")
        elif self._queue.qsize() >= MAX_QUEUED_MESSAGES:
            self.drop(f"over {MAX_QUEUED_MESSAGES} messages waiting")
        else:
            self._queue.put_nowait(text)

    async def write(self) -> None:
        """Send what is queued, for ever."""
        while True:
            queue = self._queue
            text = await queue.get()
            await self._send({"type": "websocket.send", "text": text})
            if queue is self._queue:
                self.queued_bytes -= len(text)
                self._waiting.size -= len(text)


class SubscriptionHub:
    """Every open socket and what it subscribed to. Lives on one event loop; events come from any thread."""

    def __init__(self, chain: EmbeddedChain, loop: asyncio.AbstractEventLoop) -> None:
        self._chain, self._loop = chain, loop
        self._thread = threading.get_ident()
        self._clients: dict[_Client, asyncio.Task[None]] = {}
        self._by_key: dict[tuple[str, Hashable], dict[int, _Client]] = defaultdict(dict)
        self._ids = itertools.count()
        self._is_listening = False
        self._subscriptions = 0
        self._waiting = _Waiting()

    # ── sockets ─────────────────────────────────────────────────────────────────────────────────

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One socket, until it closes, or until its queue is full."""
        if (await receive())["type"] != "websocket.connect":
            return
        await send({"type": "websocket.accept"})
        client = _Client(send, self._waiting)
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
            scope["state"][TRANSPORT].abort()  # it does not read: the farewell would wait for ever
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
            try:
                text = message["text"] if message.get("text") is not None else message["bytes"].decode()
            except UnicodeDecodeError:
                client.end(_CLOSE_NOT_UTF8, "a message is not UTF-8")
                return
            given = respond(text, partial(self._call, client))
            if given is not None:
                self._push(client, encode(given))
            self._notify_landed(client)

    def _forget(self, client: _Client) -> None:
        self._clients.pop(client, None)
        client.clear()
        for identifier in list(client.subscriptions):
            self._drop(client, identifier)

    # ── requests ────────────────────────────────────────────────────────────────────────────────

    def _call(self, client: _Client, name: str, params: Any) -> int | bool:
        if name in UNSUBSCRIBES:
            return self._unsubscribe(client, Args(read_params(params, 1, 1), size=1))
        if name in ABSENT:
            read_params(params, *ABSENT[name])
        if name not in READERS:
            raise RpcFault(METHOD_NOT_FOUND, "Method not found")
        required, accepted, config, read = READERS[name]
        args = Args(read_params(params, required, accepted), config=config)
        is_full = len(client.subscriptions) >= MAX_SUBSCRIPTIONS
        if is_full or self._subscriptions >= MAX_SUBSCRIPTIONS_IN_ALL:
            raise RpcFault(INTERNAL_ERROR, _REFUSED)
        subscription = read(args)
        if (known := client.identifiers.get(subscription)) is not None:
            return known  # as on a validator: one socket is told of one thing once
        identifier = next(self._ids)
        client.subscriptions[identifier] = subscription
        client.identifiers[subscription] = identifier
        self._subscriptions += 1
        self._by_key[(subscription.kind, subscription.key)][identifier] = client
        if not self._is_listening:
            self._root_slot = self._chain.slot_at(Commitment.FINALIZED)
            self._confirmed_slot = self._chain.slot_at(Commitment.CONFIRMED)
            self._chain.listen(self._hear)
            self._is_listening = True
        return identifier

    def _unsubscribe(self, client: _Client, args: Args) -> bool:
        identifier = args.integer(0)
        if identifier not in client.subscriptions:
            raise invalid_params("Invalid subscription id.")
        self._drop(client, identifier)
        return True

    def _drop(self, client: _Client, identifier: int) -> None:
        subscription = client.subscriptions.pop(identifier)
        del client.identifiers[subscription]
        self._subscriptions -= 1
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
            self._tell_slot(event)
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

    def _tell_slot(self, event: SlotOpened) -> None:
        slot = {"slot": event.slot, "parent": event.parent_slot, "root": event.root_slot}
        self._broadcast("slot", slot)
        ledger = self._chain.ledger
        roots = list(ledger.slots_between(self._root_slot + 1, event.root_slot))
        confirmed = list(ledger.slots_between(self._confirmed_slot + 1, event.confirmed_slot))
        self._root_slot, self._confirmed_slot = event.root_slot, event.confirmed_slot
        for root_slot in roots:
            self._broadcast("root", root_slot)
        if ("slotsUpdates", ALL) in self._by_key:
            for update in slots_updates(ledger, event, confirmed, roots):
                self._broadcast("slotsUpdates", update)

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
        self._push(client, encode(notification(kind, identifier, slot, value)))

    def _push(self, client: _Client, text: str) -> None:
        client.push(text)
        if self._waiting.size > MAX_QUEUED_BYTES_IN_ALL:
            most = max(self._clients, key=lambda other: other.queued_bytes)
            most.drop(f"over {MAX_QUEUED_BYTES_IN_ALL} bytes waiting for all clients, most of them for it")
