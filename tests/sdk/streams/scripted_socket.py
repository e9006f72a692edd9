"""An endpoint that does what a test says: a WebSocket server whose every frame is scripted."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Script = Callable[["Peer"], Awaitable[None]]


@dataclass
class Peer:
    """One client as the endpoint sees it, and what it asked for."""

    socket: ServerConnection
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def read(self) -> dict[str, Any]:
        """The client's next request."""
        self.asked.append(json.loads(await self.socket.recv()))
        return self.asked[-1]

    async def say(self, body: Any) -> None:
        """Send a frame: text as it is, anything else as JSON."""
        await self.socket.send(body if isinstance(body, str | bytes) else json.dumps(body))

    async def grant(self, subscription_id: Any) -> dict[str, Any]:
        """Read a request and answer it."""
        request = await self.read()
        await self.say({"jsonrpc": "2.0", "id": request["id"], "result": subscription_id})
        return request

    async def notify(self, subscription_id: int, slot: int, value: Any, kind: str = "account") -> None:
        """Push one notification with a context."""
        await self.say(notification(subscription_id, slot, value, kind))

    async def rest(self) -> None:
        """Grant whatever else is asked for, until the client goes."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.grant(1_000 + len(self.asked))


def notification(subscription_id: int, slot: int, value: Any, kind: str = "account") -> dict[str, Any]:
    """A notification's body."""
    result = {"context": {"slot": slot}, "value": value}
    params = {"result": result, "subscription": subscription_id}
    return {"jsonrpc": "2.0", "method": f"{kind}Notification", "params": params}


@contextlib.asynccontextmanager
async def endpoint(script: Script) -> AsyncIterator[tuple[str, list[Peer]]]:
    """The URL of an endpoint that runs `script` for each client, and the clients so far."""
    peers: list[Peer] = []

    async def handle(socket: ServerConnection) -> None:
        peers.append(Peer(socket))
        with contextlib.suppress(ConnectionClosed, asyncio.CancelledError):
            await script(peers[-1])

    async with serve(handle, "127.0.0.1", 0, ping_interval=None, close_timeout=0.2) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}", peers


async def until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so, or fail."""
    for _ in range(int(seconds / 0.005)):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come to pass")
