"""The venue's book as its own events tell it: which orders rest, and which new ones cross."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from gdx_sdk.units import Side


@dataclass(slots=True)
class KnownOrder:
    """An order as last seen; held back (not resting) while it crosses the book."""

    order_id: str
    side: Side
    price_e6: int
    left_e8: int
    is_resting: bool = False


class VenueBook:
    """Orders by id, the best resting price of each side, and the ids that are gone for good."""

    def __init__(self) -> None:
        self.orders: dict[str, KnownOrder] = {}
        self._deleted: dict[str, bool] = {}
        self._held: list[KnownOrder] = []
        self._unsettled: dict[str, KnownOrder] = {}
        # Heaps of (signed price, id), cleaned when a dead entry reaches the top.
        self._heaps: dict[Side, list[tuple[int, str]]] = {Side.BUY: [], Side.SELL: []}

    def was_deleted(self, order_id: str) -> bool:
        """Whether the order left before: what arrives about it now is a ghost."""
        return order_id in self._deleted

    def is_or_was_resting(self, order_id: str) -> bool:
        """Whether the order came to rest in the book, even if it is gone by now."""
        order = self.orders.get(order_id)
        return order.is_resting if order is not None else self._deleted.get(order_id, False)

    def create(self, order: KnownOrder) -> None:
        """A new order: rests when it crosses nothing, is held back otherwise."""
        order.is_resting = not self._crosses(order)
        if order.is_resting:
            self.insert(order)
        else:
            self.orders[order.order_id] = order
            self._held.append(order)

    def insert(self, order: KnownOrder) -> None:
        """A resting order."""
        self.orders[order.order_id] = order
        heapq.heappush(self._heaps[order.side], (-order.side.sign * order.price_e6, order.order_id))

    def delete(self, order_id: str, *, is_filled: bool) -> KnownOrder | None:
        """Forget an order for good; None when it was never seen.

        A filled one goes on blocking orders that cross it until its trade is printed (`settle`): a replay
        takes it out of its book only then.
        """
        order = self.orders.pop(order_id, None)
        if is_filled and order is not None and order.is_resting:
            self._unsettled[order_id] = order
        if order_id not in self._deleted:
            self._deleted[order_id] = order is not None and order.is_resting
        return order

    def settle(self, order_id: str) -> None:
        """The trade that filled an order is known, or given up on."""
        self._unsettled.pop(order_id, None)

    def resting_at(self, side: Side, price_e6: int) -> int:
        """Size of all resting orders at one price, 1e-8."""
        return sum(
            order.left_e8
            for order in self.orders.values()
            if order.is_resting and order.side is side and order.price_e6 == price_e6
        )

    def release_held(self) -> list[KnownOrder]:
        """Held-back orders that cross nothing any more; they rest from now on."""
        if not self._held:
            return []
        released = []
        alive = [order for order in self._held if self.orders.get(order.order_id) is order]
        for order in alive:
            if order.left_e8 > 0 and not self._crosses(order):
                order.is_resting = True
                self.insert(order)
                released.append(order)
        self._held = [order for order in alive if not order.is_resting]
        return released

    def _crosses(self, order: KnownOrder) -> bool:
        best = self._best(order.side.opposite)
        return best is not None and order.side.sign * (order.price_e6 - best) >= 0

    def _best(self, side: Side) -> int | None:
        heap = self._heaps[side]
        while heap:
            order = self.orders.get(heap[0][1])
            if order is not None and order.is_resting and order.left_e8 > 0:
                return order.price_e6
            if heap[0][1] in self._unsettled:
                return self._unsettled[heap[0][1]].price_e6
            heapq.heappop(heap)
        return None
