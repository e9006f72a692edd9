"""What the synthetic market's own actors see: the book their orders make, matched by price and time."""

from __future__ import annotations

from gdx_matcher.recordings.actions import Action, OrderAdded, OrderCanceled, OrderTaken
from gdx_matcher.recordings.mirror import Mirror, Resting
from gdx_sdk.units import Side


class ActorsBook:
    """Turns decisions into actions and keeps the book that they lead to."""

    def __init__(self, prefix: str, tick_e6: int, lot_e8: int) -> None:
        self.mirror = Mirror()
        self.adds = self.takes = 0
        self._prefix = prefix
        self._tick_e6, self._lot_e8 = tick_e6, lot_e8
        self._next = 1

    def add(self, at_ms: int, side: Side, price_e6: int, size_e8: int) -> OrderAdded:
        """A resting order, moved to the near side of the book if it would trade, on tick and lot."""
        opposite = self.mirror.best(side.opposite)
        if opposite is not None and side.sign * (price_e6 - opposite) >= 0:
            price_e6 = opposite - side.sign * self._tick_e6
        # Bids round down and asks up: away from the market.
        ticks = price_e6 // self._tick_e6 if side is Side.BUY else -(-price_e6 // self._tick_e6)
        price_e6 = max(ticks, 1) * self._tick_e6
        resting = Resting(self._name(), side, price_e6, self._lots(size_e8), 0, self._next)
        self.mirror.orders[resting.venue_id] = resting
        self.mirror.enter(resting)
        self.adds += 1
        return OrderAdded(at_ms, resting.venue_id, side, price_e6, resting.left_e8)

    def cancel(self, at_ms: int, order_id: str) -> list[Action]:
        """Take an order back, if it still rests."""
        resting = self.mirror.orders.pop(order_id, None)
        if resting is None:
            return []
        self.mirror.leave(resting)
        return [OrderCanceled(at_ms, order_id)]

    def take(self, at_ms: int, side: Side, price_e6: int, size_e8: int) -> OrderTaken:
        """An aggressor's order, up to a limit price."""
        ticks = price_e6 // self._tick_e6 if side is Side.BUY else -(-price_e6 // self._tick_e6)
        taken = OrderTaken(at_ms, self._name(), side, max(ticks, 1) * self._tick_e6, self._lots(size_e8))
        left_e8 = taken.size_e8
        while left_e8 and (front := self.mirror.front(side.opposite)) is not None:
            if side.sign * (taken.price_e6 - front.price_e6) < 0:
                break
            filled_e8 = min(left_e8, front.left_e8)
            left_e8 -= filled_e8
            front.left_e8 -= filled_e8
            if front.left_e8 == 0:
                self.mirror.leave(front)
                del self.mirror.orders[front.venue_id]
        self.takes += 1
        return taken

    def rests(self, order_id: str) -> bool:
        """Whether the order is still in the book."""
        return order_id in self.mirror.orders

    def _name(self) -> str:
        self._next += 1
        return f"{self._prefix}-{self._next}"

    def _lots(self, size_e8: int) -> int:
        return max(size_e8 // self._lot_e8, 1) * self._lot_e8
