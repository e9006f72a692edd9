"""What the replay believes rests in our book, by the venue's ids, in order of priority.

It follows the engine's events, never the recording, so that it is wrong only where the engine is.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass

from gdx_sdk.units import Side


@dataclass(slots=True, eq=False)
class Resting:
    """A venue's order (or price level) and its copy in our book; `order_id` 0: it is not in our book now."""

    venue_id: str
    side: Side
    price_e6: int
    left_e8: int
    account: int
    order_id: int = 0


class Mirror:
    """Orders by the venue's id and by ours, and the queues of both sides."""

    def __init__(self) -> None:
        self.orders: dict[str, Resting] = {}
        self.by_order_id: dict[int, Resting] = {}
        self._queues: dict[Side, dict[int, dict[int, Resting]]] = {Side.BUY: {}, Side.SELL: {}}
        self._prices: dict[Side, list[int]] = {Side.BUY: [], Side.SELL: []}  # ascending

    def enter(self, resting: Resting) -> None:
        """The order rests in our book from now on, behind the others at its price."""
        self.by_order_id[resting.order_id] = resting
        queues = self._queues[resting.side]
        queue = queues.get(resting.price_e6)
        if queue is None:
            queue = queues[resting.price_e6] = {}
            insort(self._prices[resting.side], resting.price_e6)
        queue[resting.order_id] = resting

    def leave(self, resting: Resting) -> None:
        """The order is no longer in our book; the venue's id stays known until `forget`."""
        del self.by_order_id[resting.order_id]
        queue = self._queues[resting.side][resting.price_e6]
        del queue[resting.order_id]
        if not queue:
            del self._queues[resting.side][resting.price_e6]
            prices = self._prices[resting.side]
            del prices[bisect_left(prices, resting.price_e6)]
        resting.order_id = 0

    def best(self, side: Side) -> int | None:
        """Best price of a side."""
        prices = self._prices[side]
        if not prices:
            return None
        return prices[-1] if side is Side.BUY else prices[0]

    def front(self, side: Side) -> Resting | None:
        """The order that trades next on a side."""
        best = self.best(side)
        return None if best is None else next(iter(self._queues[side][best].values()))

    def queue(self, side: Side, price_e6: int) -> list[Resting]:
        """Orders at one price, first come first."""
        return list(self._queues[side].get(price_e6, {}).values())

    def better_than(self, side: Side, price_e6: int) -> list[Resting]:
        """Orders of a side at better prices than this one, best first."""
        prices = self._prices[side]
        if side is Side.BUY:
            better = reversed(prices[bisect_right(prices, price_e6) :])
        else:
            better = iter(prices[: bisect_left(prices, price_e6)])
        return [resting for price in better for resting in self._queues[side][price].values()]

    def ahead_of(self, resting: Resting) -> list[Resting]:
        """Orders that would trade before this one, in that order."""
        ahead = self.better_than(resting.side, resting.price_e6)
        for other in self._queues[resting.side].get(resting.price_e6, {}).values():
            if other is resting:
                break
            ahead.append(other)
        return ahead


class WaitingRoom:
    """Orders too far from the market to be placed, by price and in order of arrival."""

    def __init__(self) -> None:
        self._levels: dict[int, dict[str, Resting]] = {}
        self._prices: list[int] = []
        self.count = 0

    def __contains__(self, resting: Resting) -> bool:
        return resting.venue_id in self._levels.get(resting.price_e6, {})

    def enter(self, resting: Resting) -> None:
        """Wait behind the others at the same price."""
        level = self._levels.get(resting.price_e6)
        if level is None:
            level = self._levels[resting.price_e6] = {}
            insort(self._prices, resting.price_e6)
        self.count += resting.venue_id not in level
        level[resting.venue_id] = resting

    def leave(self, resting: Resting) -> None:
        """Stop waiting, because the order was canceled."""
        level = self._levels.get(resting.price_e6, {})
        if level.pop(resting.venue_id, None) is not None:
            self.count -= 1
            if not level:
                self._drop(resting.price_e6)

    def take_between(self, low_e6: int, high_e6: int) -> Iterator[Resting]:
        """Everyone waiting at these prices, and out with them."""
        start, end = bisect_left(self._prices, low_e6), bisect_right(self._prices, high_e6)
        prices = self._prices[start:end]
        del self._prices[start:end]
        for price in prices:
            level = self._levels.pop(price)
            self.count -= len(level)
            yield from level.values()

    def clear(self) -> None:
        """Forget everyone."""
        self._levels.clear()
        self._prices.clear()
        self.count = 0

    def _drop(self, price_e6: int) -> None:
        del self._levels[price_e6]
        del self._prices[bisect_left(self._prices, price_e6)]
