"""How the demo's time, that of the recording, meets the chain's.

The embedded chain lets its clock be moved, so there both are one time. A real validator keeps its own: there
the recording runs as fast as it is settled, and whatever it does happens at the chain's present second.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from gdx_sdk.client import Client

SLOT_MS = 400
POLL_SECONDS = 0.1


class DemoClock(Protocol):
    """Two times that never run backward."""

    is_running: bool

    @property
    def now_ms(self) -> int:
        """Where the recording is."""

    @property
    def chain_ms(self) -> int:
        """The chain's time as it was last seen."""

    async def start(self, client: Client) -> None:
        """Take the chain's present time."""

    async def move_to(self, client: Client, now_ms: int) -> None:
        """The recording has come to `now_ms`; never backward."""

    async def wait(self, client: Client, ms: int) -> None:
        """Let so much time pass on the chain before the next `move_to`, if it passes by itself."""

    def stamp(self, now_ms: int) -> int:
        """When on chain something happens that the recording does at `now_ms`."""


class MovedClock:
    """The embedded chain's: it goes where the recording is, its slots at the usual pace, up to `limit_ms`."""

    is_running = False

    def __init__(self, limit_ms: int | None = None) -> None:
        self.limit_ms = limit_ms
        self.now_ms = self._moved_ts = 0

    @property
    def chain_ms(self) -> int:
        """The same time, up to the limit."""
        return self.stamp(self.now_ms)

    async def start(self, client: Client) -> None:
        """Take the chain's present time as the demo's."""
        self._moved_ts = (await client.get_clock()).unix_ts
        self.now_ms = self._moved_ts * 1_000

    async def move_to(self, client: Client, now_ms: int) -> None:
        """Move the chain's clock to `now_ms`."""
        self.now_ms = max(self.now_ms, now_ms)
        ts = self.chain_ms // 1_000
        if ts <= self._moved_ts:
            return
        passed = max((ts - self._moved_ts) * 1_000 // SLOT_MS, 1)
        self._moved_ts = ts
        slot = await client.get_slot(commitment="processed")
        await client.rpc("gdx_setClock", [ts, slot + passed])

    async def wait(self, client: Client, ms: int) -> None:
        """Nothing: `move_to` does it."""

    def stamp(self, now_ms: int) -> int:
        """At that time."""
        return now_ms if self.limit_ms is None else min(now_ms, self.limit_ms)


class RunningClock:
    """A real validator's: it runs by itself."""

    is_running = True

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.chain_ms = 0

    async def start(self, client: Client) -> None:
        """Take the chain's present time; the recording stays where it is."""
        self.chain_ms = (await client.get_clock()).unix_ts * 1_000

    async def move_to(self, client: Client, now_ms: int) -> None:
        """Look at the chain's clock once it shows another second: publishers may speak once a second."""
        self.now_ms = max(self.now_ms, now_ms)
        await self.wait(client, 1_000)

    async def wait(self, client: Client, ms: int) -> None:
        """Until the chain's clock is so much further."""
        until_ms = self.chain_ms + ms
        while self.chain_ms < until_ms:
            await self.start(client)
            if self.chain_ms < until_ms:
                await asyncio.sleep(POLL_SECONDS)

    def stamp(self, now_ms: int) -> int:
        """At the chain's present second."""
        return self.chain_ms
