"""When the demo's main loop looks up from matching: chain time, prices, settlement."""

from __future__ import annotations

from collections.abc import Mapping

from gdx_sdk.units import BPS

SOONEST_MS = 30_000
"""Nothing but a price that moved is worth a turn before this."""
USUAL_MS = 60_000
LATEST_MS = 240_000
"""A quiet market gets a turn this often, well within the time that a premium sample stands for."""
MOVED_BPS = 20
JUMPED_BPS = 150
"""A move that cannot wait: the matcher's price band is 450 wide."""
BUSY_TRADES = 20


class Pace:
    """Decides by time, price and trades since the last turn.

    `slowness` stretches the times for a chain on which a turn takes seconds.
    """

    def __init__(self, slowness: int = 1) -> None:
        self._slowness = slowness
        self._turned_ms = 0
        self._trades = 0
        self._prices_e6: dict[str, int] = {}

    def turned(self, now_ms: int, trades: int, prices_e6: Mapping[str, int]) -> None:
        """A turn was taken with so many trades in all, at these prices."""
        self._turned_ms, self._trades, self._prices_e6 = now_ms, trades, dict(prices_e6)

    def is_due(self, now_ms: int, trades: int, prices_e6: Mapping[str, int]) -> bool:
        """Whether to take a turn at `now_ms`."""
        passed_ms = (now_ms - self._turned_ms) // self._slowness
        if passed_ms >= LATEST_MS:
            return True
        if passed_ms >= USUAL_MS and trades >= self._trades + BUSY_TRADES:
            return True
        moved_bps = self._moved_bps(prices_e6)
        return moved_bps >= JUMPED_BPS or (passed_ms >= SOONEST_MS and moved_bps >= MOVED_BPS)

    def _moved_bps(self, prices_e6: Mapping[str, int]) -> int:
        return max(
            (
                abs(price_e6 - self._prices_e6[symbol]) * BPS // self._prices_e6[symbol]
                for symbol, price_e6 in prices_e6.items()
                if symbol in self._prices_e6
            ),
            default=0,
        )
