"""Waiting for a transaction: growing pauses between polls, cut short by a signature subscription.

The poll of the status stays what decides, so nothing depends on the socket: without one, or when it fails,
waiting takes the poll's own pauses. asyncio and websockets are loaded when the first wait needs them.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from gdx_sdk.client.timing import Timer
from gdx_sdk.errors import GdxError

if TYPE_CHECKING:
    import asyncio

    from gdx_sdk.streams import Connection, Subscription

FIRST_POLL_S, MAX_POLL_S = 0.01, 0.5
SUBSCRIBE_FROM_S = 0.05  # a chain that is done within a few polls is not worth a socket
WATCHED_POLL_S = 1.0
SOCKET_TIMEOUT_S = 5.0


class SignatureWatch:
    """One WebSocket to `ws_url`, opened when a transaction first takes longer than a few polls."""

    def __init__(self, ws_url: str) -> None:
        self.ws_url = ws_url
        self._connection: Connection | None = None
        self._opening: asyncio.Lock | None = None

    async def subscribe(self, signature: str, commitment: str) -> Subscription | None:
        """A subscription to the signature; None when there is no socket to be had."""
        from gdx_sdk.streams import signature_request

        try:
            connection = await self._connected()
            return await connection.subscribe(signature_request(signature, commitment=commitment))
        except GdxError:
            return None

    async def aclose(self) -> None:
        """Close the socket, if one was opened."""
        if self._connection is not None:
            with contextlib.suppress(GdxError):
                await self._connection.aclose()
            self._connection = None

    async def _connected(self) -> Connection:
        import asyncio

        from gdx_sdk.streams import Connection, StreamOptions

        if self._opening is None:
            self._opening = asyncio.Lock()
        async with self._opening:
            if self._connection is not None and not self._connection.is_open:
                await self.aclose()
            if self._connection is None:
                options = StreamOptions(open_timeout_s=SOCKET_TIMEOUT_S, request_timeout_s=SOCKET_TIMEOUT_S)
                connection = Connection(self.ws_url, options=options)
                await connection.open()
                self._connection = connection
            return self._connection


class Pauses:
    """The pauses between two polls of one transaction's status."""

    def __init__(self, timer: Timer, watch: SignatureWatch | None, signature: str, commitment: str) -> None:
        self._timer, self._watch = timer, watch
        self._signature, self._commitment = signature, commitment
        self._subscription: Subscription | None = None
        self._pause_s = FIRST_POLL_S

    async def wait(self) -> None:
        """Until the next poll is due, or the cluster says that the transaction got there."""
        if self._watch is not None and self._subscription is None and self._pause_s >= SUBSCRIBE_FROM_S:
            self._subscription = await self._watch.subscribe(self._signature, self._commitment)
            if self._subscription is None:
                self._watch = None
        if self._subscription is not None:
            await self._wait_for_word(self._subscription)
            return
        await self._timer.sleep_s(self._pause_s)
        self._pause_s = min(self._pause_s * 1.5, MAX_POLL_S)

    def close(self) -> None:
        """Let go of the subscription, if there is one."""
        if self._subscription is not None:
            self._subscription.drop()

    async def _wait_for_word(self, subscription: Subscription) -> None:
        """Until it speaks, ends, or the next poll is due by the timer, which tests may have replaced."""
        import asyncio

        word = asyncio.ensure_future(subscription.get())
        pause = asyncio.ensure_future(self._timer.sleep_s(WATCHED_POLL_S))
        try:
            await asyncio.wait({word, pause}, return_when=asyncio.FIRST_COMPLETED)
            if not word.done():
                return
            with contextlib.suppress(StopAsyncIteration, GdxError):
                word.result()
        finally:
            word.cancel()
            pause.cancel()
        # It has spoken or is gone: from here on polls alone, since the endpoint that is asked may lag behind.
        self._subscription, self._watch, self._pause_s = None, None, FIRST_POLL_S
