"""A WebSocket proxy that mistreats what the chain pushes: drops, delays, reorders, damages, stalls, ends."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

GENTLE = ("drop", "delay", "reorder", "duplicate")
HARSH = ("truncate", "garbage", "close", "abort", "stall")


class ChaosProxy:
    """Each frame from the chain is mistreated with `probability`, in one of `ways`, drawn from `rng`."""

    def __init__(
        self, upstream_url: str, rng: random.Random, *, ways: tuple[str, ...], probability: float
    ) -> None:
        self.upstream_url, self.rng = upstream_url, rng
        self.ways, self.probability = ways, probability
        self.is_calm, self.done = True, Counter[str]()
        self.url = ""

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[ChaosProxy]:
        """Listen on a free port while the block runs."""
        async with serve(self._serve, "127.0.0.1", 0, ping_interval=None, close_timeout=0.2) as server:
            self.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            yield self

    async def _serve(self, downstream: ServerConnection) -> None:
        async with connect(self.upstream_url, close_timeout=0.2) as upstream:
            forward = asyncio.create_task(self._forward(downstream, upstream))
            with contextlib.suppress(ConnectionClosed):
                await self._pass_down(upstream, downstream)
            forward.cancel()
            await asyncio.gather(forward, return_exceptions=True)

    async def _forward(self, downstream: ServerConnection, upstream: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await upstream.send(await downstream.recv())
        await upstream.close()

    async def _pass_down(self, upstream: ClientConnection, downstream: ServerConnection) -> None:
        held: list[str | bytes] = []
        while True:
            try:
                async with asyncio.timeout(0.05 if held else None):
                    frames = [await upstream.recv()]
            except TimeoutError:
                frames = []
            way = self._way() if frames else ""
            if way == "stall":
                await downstream.wait_closed()
                return
            if way in ("close", "abort"):
                await self._end(downstream, way)
                return
            if way == "reorder":
                held += frames
                continue
            if way == "delay":
                await asyncio.sleep(self.rng.uniform(0, 0.05))
            for frame in [*self._damaged(way, frames), *held]:
                await downstream.send(frame)
            held.clear()

    def _way(self) -> str:
        if self.is_calm or self.rng.random() >= self.probability:
            return ""
        way = self.rng.choice(self.ways)
        self.done[way] += 1
        return way

    def _damaged(self, way: str, frames: list[str | bytes]) -> list[str | bytes]:
        if way == "drop":
            return []
        if way == "duplicate":
            return frames * 2
        if way == "truncate":
            return [frame[: self.rng.randrange(len(frame))] for frame in frames]
        if way == "garbage":
            return [self.rng.choice(("<html>bad gateway</html>", '{"id":9999,"result":1}', "[]", b"\xff"))]
        return frames

    @staticmethod
    async def _end(downstream: ServerConnection, way: str) -> None:
        if way == "close":
            await downstream.close(1001, "going away")
        else:
            downstream.transport.abort()
