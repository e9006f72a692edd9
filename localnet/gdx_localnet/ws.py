"""Subscriptions over WebSocket, in the validator's protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from gdx_localnet.svm import EmbeddedChain


class SubscriptionHub:
    """Every open socket and what it subscribed to."""

    def __init__(self, chain: EmbeddedChain, loop: asyncio.AbstractEventLoop) -> None:
        self._chain, self._loop = chain, loop

    async def serve(
        self,
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """One socket, until it closes."""
        await receive()
        await send({"type": "websocket.close"})

    async def close(self) -> None:
        """Close every socket."""
