"""A clock that only moves when told to, or when somebody waits."""

from __future__ import annotations

import asyncio


class FakeClock:
    """`gdx_sdk.client.Timer` without waiting: sleeping moves the time and yields once."""

    def __init__(self, now_s: float = 0.0) -> None:
        self._now_s = now_s
        self.sleeps: list[float] = []

    def now_s(self) -> float:
        """The time so far."""
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now_s += seconds

    async def sleep_s(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self.sleeps.append(seconds)
        self._now_s += seconds
        await asyncio.sleep(0)
