"""Time as the client uses it: waiting and measuring, replaced by a fake in tests."""

from __future__ import annotations

import time
from typing import Protocol


class Timer(Protocol):
    """A monotonic clock that can also wait."""

    def now_s(self) -> float:
        """Seconds since some fixed moment."""

    async def sleep_s(self, seconds: float) -> None:
        """Wait."""


class SystemTimer:
    """The machine's own monotonic clock."""

    def now_s(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    async def sleep_s(self, seconds: float) -> None:
        """Wait on the event loop."""
        import asyncio

        await asyncio.sleep(seconds)
