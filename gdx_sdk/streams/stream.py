"""What every stream does: subscribe, read what is there, follow, and mend what breaks, telling so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from gdx_sdk.errors import InputError, RpcError, TransportError
from gdx_sdk.streams._mailbox import Mailbox
from gdx_sdk.streams.backoff import Backoff
from gdx_sdk.streams.items import Gap, Resynced

if TYPE_CHECKING:
    from gdx_sdk.client.reader import Reader
    from gdx_sdk.streams._frames import Notification
    from gdx_sdk.streams.connection import Connection, Subscription
    from gdx_sdk.streams.requests import SubscriptionRequest
    from gdx_sdk.streams.streams import Streams

Item = TypeVar("Item")

PASSING_CODES = frozenset({429, -32_004, -32_005, -32_007, -32_014, -32_016, -32_603})
"""JSON-RPC refusals that pass by themselves: too many calls, a node that is behind or restarting."""

BEHIND_WAIT_S, BEHIND_TRIES = 0.2, 50


class Stream(Generic[Item]):
    """A subscription that survives its connection.

    `async with streams.stream_…(…) as stream: async for item in stream:` yields the items of its kind, and
    `Gap` and `Resynced` around what the socket did not tell. Entering it raises when the endpoint cannot be
    reached or refuses; later the connection is made again for as long as it takes. The iteration raises
    `StreamOverflow` when the reader is too slow, `RpcRefusal` when the endpoint will not go on,
    `CodecError` for data that is not what it should be; the stream is over then. Cancelling a wait for the
    next item loses nothing.
    """

    def __init__(self, streams: Streams, request: SubscriptionRequest) -> None:
        self.name = request.name
        self.synced_slot = 0
        self._streams, self._request = streams, request
        self._options = streams.options
        self._box: Mailbox[Item | Gap | Resynced] = Mailbox(request.name, self._options.max_queue)
        self._backoff = Backoff(self._options.backoff_first_s, self._options.backoff_last_s, streams.rng)
        self._gap: Gap | None = None
        self._has_begun = False
        self._live_since_s: float | None = None
        self._is_done = False
        self._times_behind = 0
        self._ready = asyncio.Event()
        self._pump_task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._pump_task is not None:
            raise InputError("stream", self.name, "has been opened before; make a new one")
        self._pump_task = asyncio.create_task(self._pump(), name=f"gdx stream {self.name}")
        self._streams._opened.add(self)
        try:
            await self._ready.wait()
        except BaseException:
            await self.aclose()
            raise
        if not self._has_begun and self._box.error is not None:
            await self.aclose()
            raise self._box.error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item | Gap | Resynced:
        if self._pump_task is None:
            raise InputError("stream", self.name, "must be entered first: async with … as stream")
        return await self._box.get()

    def __len__(self) -> int:
        return len(self._box)

    @property
    def is_synced(self) -> bool:
        """Whether nothing is known to be missing."""
        return self._has_begun and self._gap is None and not self._box.is_ended

    async def aclose(self) -> None:
        """End the stream and its task; harmless when it is over."""
        self._streams._opened.discard(self)
        self._box.end()
        if self._pump_task is not None:
            self._pump_task.cancel()
            await asyncio.gather(self._pump_task, return_exceptions=True)

    # ── what a kind of stream adds ──────────────────────────────────────────────────────────────

    async def _read_state(self, client: Reader) -> tuple[int, list[Item]]:
        """What the chain has that has not been yielded, and the slot up to which that is all."""
        raise NotImplementedError

    async def _take(self, client: Reader, notifications: Sequence[Notification]) -> list[Item]:
        """The items that notifications make."""
        raise NotImplementedError

    async def _settle(self, client: Reader) -> list[Item] | None:
        """Items that had to wait for a read; None when nothing waits. Called until then."""
        del client
        return None

    # ── the pump ────────────────────────────────────────────────────────────────────────────────

    async def _pump(self) -> None:
        try:
            while not self._is_done:
                try:
                    await self._live()
                except RpcError as error:
                    if not self._has_begun or not _passes(error):
                        raise
                    await self._open_gap(error)
            self._box.end()
        except Exception as error:
            self._box.end(error)
        finally:
            self._ready.set()

    async def _live(self) -> None:
        """One subscription, for as long as it lasts."""
        connection = await self._streams.connect()
        try:
            subscription = await connection.subscribe(self._request)
        except TransportError as error:
            connection.fail(error)  # open and deaf: the next try must not get the same one
            raise
        async with subscription:
            slot, items = await self._read_state(self._streams.client)
            connection.latest_slot = max(connection.latest_slot, slot)
            self._has_begun, self._live_since_s = True, self._streams.timer.now_s()
            self._ready.set()
            await self._yield(slot, items)
            await self._settle_all()
            if self._gap is not None:
                gap, self._gap = self._gap, None
                await self._box.put(Resynced(gap.from_slot, max(slot, gap.from_slot)))
            while not self._is_done:
                await self._follow(connection, subscription)

    async def _follow(self, connection: Connection, subscription: Subscription) -> None:
        """Take notifications until it is time to compare with the chain, then compare."""
        loop, period_s = asyncio.get_running_loop(), self._options.reconcile_s
        until_s = loop.time() + period_s if period_s is not None else None
        while until_s is None or loop.time() < until_s:
            try:
                async with asyncio.timeout_at(until_s):
                    notifications = await _arrived(subscription)
            except TimeoutError:
                break
            items = await self._take(self._streams.client, notifications)
            await self._yield(max(one.slot for one in notifications), items)
            await self._settle_all()
            if self._is_done:
                return
        slot, items = await self._read_state(self._streams.client)
        await self._yield(slot, items)
        await self._settle_all()
        self._check_lag(connection, slot)

    async def _yield(self, slot: int, items: Sequence[Item]) -> None:
        for item in items:
            await self._box.put(item)
        self.synced_slot = max(self.synced_slot, slot)

    async def _settle_all(self) -> None:
        while (items := await self._settle(self._streams.client)) is not None:
            await self._yield(0, items)

    async def _open_gap(self, error: RpcError) -> None:
        if self._gap is None:
            self._gap = Gap(self.synced_slot, str(error))
            await self._box.put(self._gap)
        timer = self._streams.timer
        lived_s = timer.now_s() - self._live_since_s if self._live_since_s is not None else 0.0
        self._live_since_s = None
        await timer.sleep_s(self._backoff.next_s(lived_s))

    def _check_lag(self, connection: Connection, slot: int) -> None:
        """A socket that is open and silent while the chain moves on is as good as closed."""
        lag_slots = slot - connection.latest_slot
        if lag_slots > self._options.max_lag_slots:
            reason = f"{connection.url} is silent: {lag_slots} slots behind the endpoint"
            connection.fail(TransportError("websocket", reason))

    async def _is_behind(self, slot: int, known_slot: int) -> bool:
        """Whether a read is older than what was pushed, and so must be repeated; waits before it is."""
        if slot >= known_slot:
            self._times_behind = 0
            return False
        self._times_behind += 1
        if self._times_behind > BEHIND_TRIES:
            self._times_behind = 0
            raise TransportError(self.name, f"the endpoint answers for slot {slot}, but pushed {known_slot}")
        await self._streams.timer.sleep_s(BEHIND_WAIT_S)
        return True


async def _arrived(subscription: Subscription) -> list[Notification]:
    """All that waits. A subscription ends by itself only when its one notification was delivered."""
    try:
        return await subscription.get_all()
    except StopAsyncIteration as end:
        raise TransportError("websocket", f"{subscription.request.name}: the subscription ended") from end


def _passes(error: RpcError) -> bool:
    """Whether trying again may help: not when the endpoint has understood the request and refuses it."""
    from gdx_sdk.client.transport import RpcRefusal

    return not isinstance(error, RpcRefusal) or error.code in PASSING_CODES
