"""Time as keepers see it: the chain's slot and time for decisions, the machine's milliseconds for waiting."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Now:
    """One moment. Jobs decide by `slot` and `ts` (what the programs will see); waiting uses `ms`."""

    slot: int
    ts: int  # unix seconds by the chain's clock
    ms: int  # unix milliseconds by this machine's clock


class Clock(Protocol):
    """Where a runner gets its time from."""

    def now_ms(self) -> int:
        """Unix milliseconds by this machine's clock; no I/O."""

    async def now(self) -> Now:
        """The chain's slot and time with this machine's milliseconds; may read the chain."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class ChainTime(Protocol):
    """The one call a `ChainClock` needs."""

    async def chain_time(self) -> tuple[int, int]:
        """Slot and unix seconds of the chain's clock account."""


class ChainClock:
    """Chain time from the cluster, everything else from the operating system."""

    def __init__(self, chain: ChainTime) -> None:
        self._chain = chain

    def now_ms(self) -> int:
        """Unix milliseconds by this machine's clock."""
        return time.time_ns() // 1_000_000

    async def now(self) -> Now:
        """One read of the chain's clock account; raises what the sender raises when the cluster is away."""
        slot, ts = await self._chain.chain_time()
        return Now(slot, ts, self.now_ms())

    async def sleep(self, seconds: float) -> None:
        """Wait by the operating system's clock."""
        await asyncio.sleep(seconds)
