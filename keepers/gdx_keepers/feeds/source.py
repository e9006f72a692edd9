"""The contract of a price source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gdx_keepers.core.clock import Now


@dataclass(frozen=True, slots=True)
class Quote:
    """A price with its uncertainty, both in 1e-6 USDT per whole base unit, and the time it was true."""

    price_e6: int
    confidence_e6: int
    ts: int  # unix seconds


class PriceSource(Protocol):
    """Anything that knows prices."""

    async def latest(self, symbol: str, now: Now) -> Quote | None:
        """The newest quote that is not from after `now`; None when there is none. Raises `Transient`."""
