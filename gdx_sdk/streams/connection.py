"""One WebSocket to a cluster: subscribe, unsubscribe, and be told why it ended. Nothing is retried here."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gdx_sdk.errors import InputError, RpcError, TransportError
from gdx_sdk.streams._frames import SOCKET, Answer, Notification, parse_frame
from gdx_sdk.streams._mailbox import Mailbox
from gdx_sdk.streams.options import StreamOptions
from gdx_sdk.streams.requests import SubscriptionRequest, slot_request

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

MAX_EARLY = 1_024
"""Notifications kept for a subscription whose answer has not come yet."""


class Subscription:
    """One subscription of a connection: iterate over its notifications, or `get` one at a time.

    What was received is delivered first; then the reason for the end is raised: `TransportError` (the
    connection is gone), `RpcError` (the endpoint sent nonsense), `StreamOverflow` (`max_queue`
    notifications were waiting). After `unsubscribe`, and after the one notification of a signature, the
    iteration just ends. Cancelling a `get` loses nothing.
    """

    def __init__(self, connection: Connection, request: SubscriptionRequest, max_queue: int) -> None:
        self.request = request
        self.id: int | None = None
        self._connection = connection
        self._box: Mailbox[Notification] = Mailbox(request.name, max_queue)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Notification:
        return await self._box.get()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop()

    def __len__(self) -> int:
        return len(self._box)

    async def get(self) -> Notification:
        """The next notification; `StopAsyncIteration` at the end."""
        return await self._box.get()

    async def get_all(self) -> list[Notification]:
        """Every notification that waits, at least one."""
        return await self._box.get_all()

    async def unsubscribe(self) -> None:
        """End the subscription and wait until the endpoint has said so; harmless when it is over."""
        await self._connection._unsubscribe(self)

    def drop(self) -> None:
        """End the subscription without waiting for the endpoint's answer."""
        self._connection._drop(self)


@dataclass(slots=True)
class _Pending:
    method: str
    answer: asyncio.Future[Any]
    subscription: Subscription | None = None
    is_abandoned: bool = False


class Connection:
    """A WebSocket with JSON-RPC subscriptions; `async with Connection(url) as connection:`.

    Answers are matched with requests by id. A frame that is not JSON-RPC ends the connection, since
    nobody can know what it was.
    """

    def __init__(self, url: str, *, options: StreamOptions | None = None) -> None:
        self.url, self.options = url, options or StreamOptions()
        self.latest_slot = 0
        self._socket: ClientConnection | None = None
        self._error: BaseException | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ids = itertools.count(1)
        self._pending: dict[int, _Pending] = {}
        # Whoever asks a validator again for what the connection has already gets the same id.
        self._subscriptions: dict[int, list[Subscription]] = {}
        self._early: dict[int, list[Notification]] = defaultdict(list)
        self._over: set[int] = set()  # ids of subscriptions that ended: what still comes for them is dropped
        self._farewells: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def is_open(self) -> bool:
        """Whether notifications can still come."""
        return self._socket is not None and self._error is None

    async def open(self) -> None:
        """Connect; `TransportError` says why it cannot. A connection opens once."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        if self._reader is not None or self._error is not None:
            raise InputError("connection", self.url, "has been opened before; make a new one")
        options = self.options
        try:
            self._socket = await connect(
                self.url,
                open_timeout=options.open_timeout_s,
                close_timeout=options.close_timeout_s,
                ping_interval=options.ping_interval_s,
                ping_timeout=options.ping_timeout_s,
                max_size=options.max_frame_bytes,
                compression=None,
            )
        except (OSError, TimeoutError, EOFError, WebSocketException, ValueError) as error:
            cause = str(error) or type(error).__name__
            raise TransportError(SOCKET, f"{self.url} cannot be reached: {cause}") from error
        self._reader = asyncio.create_task(self._read(self._socket), name=f"gdx websocket {self.url}")

    async def aclose(self) -> None:
        """Close the socket and end every subscription; harmless when it is closed."""
        self._end(None)
        tasks = [*self._farewells, *([self._reader] if self._reader is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            try:
                await self._socket.close()
            except asyncio.CancelledError:
                self._socket.transport.abort()
                raise

    async def subscribe(self, request: SubscriptionRequest, *, max_queue: int | None = None) -> Subscription:
        """Subscribe and wait for the endpoint's word.

        Raises `RpcRefusal` (the endpoint refuses, with its code), `TransportError` (no answer in time, or
        the connection is gone). When the caller is cancelled meanwhile, the subscription is given back.
        """
        subscription = Subscription(self, request, max_queue or self.options.max_queue)
        await self._ask(request.method, request.params, subscription)
        return subscription

    async def hear_slots(self) -> None:
        """Follow the node's slots in `latest_slot`, by which a socket that has fallen silent is found."""
        subscription = Subscription(self, slot_request(), 1)
        subscription._box.end()  # only the slot counts, and the connection notes it
        await self._ask("slotSubscribe", (), subscription)

    def fail(self, error: BaseException) -> None:
        """Give the connection up; every subscription ends with `error`."""
        self._end(error)

    # ── requests ────────────────────────────────────────────────────────────────────────────────

    async def _ask(
        self, method: str, params: tuple[Any, ...], subscription: Subscription | None = None
    ) -> Any:
        socket = self._live_socket()
        identifier = next(self._ids)
        pending = _Pending(method, asyncio.get_running_loop().create_future(), subscription)
        self._pending[identifier] = pending
        body = {"jsonrpc": "2.0", "id": identifier, "method": method, "params": list(params)}
        try:
            async with asyncio.timeout(self.options.request_timeout_s):
                await self._send(socket, json.dumps(body))
                return await pending.answer
        except TimeoutError as error:
            self._abandon(pending)
            limit = self.options.request_timeout_s
            raise TransportError(method, f"{self.url} did not answer in {limit} s") from error
        except BaseException:
            self._abandon(pending)
            raise

    async def _send(self, socket: ClientConnection, text: str) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await socket.send(text)
        except ConnectionClosed as error:
            self._end(self._lost(error))
            raise self._lost(error) from error

    def _live_socket(self) -> ClientConnection:
        if self._error is not None:
            raise self._error
        if self._socket is None:
            raise InputError("connection", self.url, "is not open")
        return self._socket

    def _abandon(self, pending: _Pending) -> None:
        """Nobody waits for this answer any more; a subscription that it grants is given back."""
        pending.is_abandoned = True
        if pending.answer.done() and not pending.answer.cancelled():
            pending.answer.exception()  # seen: no complaint when the future goes
        if pending.subscription is not None and pending.subscription.id is not None:
            self._drop(pending.subscription)

    async def _unsubscribe(self, subscription: Subscription) -> None:
        if not self._forget(subscription):
            return
        await self._ask(f"{subscription.request.kind}Unsubscribe", (subscription.id,))

    def _drop(self, subscription: Subscription) -> None:
        if not self._forget(subscription) or not self.is_open:
            return

        async def say() -> None:
            with contextlib.suppress(RpcError):  # it is over for us, whatever the endpoint says
                await self._ask(f"{subscription.request.kind}Unsubscribe", (subscription.id,))

        self._spawn(say())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    def _forget(self, subscription: Subscription) -> bool:
        """End a subscription; whether it was the last of its id, so that the endpoint has to hear of it."""
        subscription._box.end()
        identifier, request = subscription.id, subscription.request
        sharing = self._subscriptions.get(identifier, []) if identifier is not None else []
        if identifier is None or subscription not in sharing:
            return False
        sharing.remove(subscription)
        if sharing:
            return False
        del self._subscriptions[identifier]
        self._over.add(identifier)
        asked = [pending.subscription for pending in self._pending.values()]
        return not any(other is not None and other.request == request for other in asked)

    # ── what comes in ───────────────────────────────────────────────────────────────────────────

    async def _read(self, socket: ClientConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while self._error is None:
                for message in parse_frame(await socket.recv()):
                    if isinstance(message, Answer):
                        self._take_answer(message)
                    else:
                        self._take_notification(message)
        except ConnectionClosed as error:
            self._end(self._lost(error))
        except RpcError as error:
            self._end(error)

    def _take_answer(self, answer: Answer) -> None:
        pending = self._pending.pop(answer.id, None)
        if pending is None:
            raise RpcError(SOCKET, f"{self.url} answered request {answer.id}, which nobody sent")
        if answer.error is not None:
            if not pending.answer.done():
                pending.answer.set_exception(_refusal(pending.method, answer.error))
        else:
            if pending.subscription is not None:
                self._register(pending, answer.result)
            if not pending.answer.done():
                pending.answer.set_result(answer.result)
        if not any(other.subscription is not None for other in self._pending.values()):
            self._early.clear()

    def _register(self, pending: _Pending, result: Any) -> None:
        subscription = pending.subscription
        assert subscription is not None
        if type(result) is not int:
            error = RpcError(pending.method, f"{self.url} answered {result!r} instead of a number")
            if not pending.answer.done():
                pending.answer.set_exception(error)
            raise error
        subscription.id = result
        self._subscriptions.setdefault(result, []).append(subscription)
        self._over.discard(result)
        if pending.is_abandoned:
            self._drop(subscription)
            return
        for notification in self._early.pop(result, ()):
            self._take_notification(notification)

    def _take_notification(self, notification: Notification) -> None:
        sharing = self._subscriptions.get(notification.subscription_id)
        if sharing is None:
            self._keep_early(notification)
            return
        for subscription in list(sharing):
            if notification.kind != subscription.request.kind:
                name = subscription.request.name
                said = f"a {notification.kind} notification for the subscription to {name}"
                raise RpcError(SOCKET, f"{self.url} sent {said}")
            subscription._box.put_nowait(notification)
            if notification.kind == "signature" and notification.value != "receivedSignature":
                self._forget(subscription)
        self.latest_slot = max(self.latest_slot, notification.slot)

    def _keep_early(self, notification: Notification) -> None:
        """Endpoints have been seen to notify before they answer; anything else unknown is left over."""
        is_expected = any(pending.subscription is not None for pending in self._pending.values())
        if not is_expected or notification.subscription_id in self._over:
            return
        if sum(map(len, self._early.values())) >= MAX_EARLY:
            raise RpcError(SOCKET, f"{self.url} sent {MAX_EARLY} notifications of unknown subscriptions")
        self._early[notification.subscription_id].append(notification)

    # ── the end ─────────────────────────────────────────────────────────────────────────────────

    def _lost(self, error: Exception) -> TransportError:
        return TransportError(SOCKET, f"{self.url} closed the connection: {error}")

    def _end(self, error: BaseException | None) -> None:
        if self._error is not None:
            return
        self._error = error or TransportError(SOCKET, f"the connection to {self.url} is closed")
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(self._error)
                if pending.is_abandoned:
                    pending.answer.exception()
        self._pending.clear()
        for subscription in itertools.chain.from_iterable(self._subscriptions.values()):
            subscription._box.end(error)
        self._subscriptions.clear()
        self._early.clear()


def _refusal(method: str, error: dict[str, Any]) -> RpcError:
    from gdx_sdk.client.transport import RpcRefusal

    code = error.get("code")
    reason = str(error.get("message", error))
    return RpcRefusal(method, reason, code if type(code) is int else None, error.get("data"))
