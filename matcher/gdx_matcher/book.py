"""The resting orders of one market: sorted price levels, each a queue in order of arrival.

A side keeps its prices as *keys* that grow toward the best price (+price for bids, −price for asks), so both
sides share all code and the best level is the last of a sorted list. Canceled orders are marked dead
(``left_e8 == 0``) and leave their queue when they reach its head or when the dead outnumber the living.
All-or-none orders wait beside the levels: they are not part of the displayed book.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from heapq import merge

import msgspec

from gdx_matcher.commands import MarketStatus, SetMarketLimits
from gdx_matcher.market import MarketConfig
from gdx_sdk.units import BPS, Side

MAX_PRICE_E6 = 2**63 - 1


class Order(msgspec.Struct, array_like=True, gc=False):
    """A resting order. ``left_e8 == 0`` means that it is no longer in the book."""

    order_id: int
    account: int
    market_index: int
    side: Side
    price_e6: int
    left_e8: int
    sequence: int  # of arrival, over all markets of the engine
    reduce_only: bool = False
    all_or_none: bool = False
    expiry_ms: int = 0


class Level(msgspec.Struct, gc=False):
    """One price: ``queue[head:]`` holds ``live`` living orders, oldest first, and some dead ones."""

    queue: list[Order]
    head: int
    live: int


class BookSide:
    """The bids or the asks of a market."""

    __slots__ = ("all_or_none", "keys", "levels", "sign")

    def __init__(self, side: Side) -> None:
        self.sign = side.sign
        self.keys: list[int] = []  # ascending: the best price last
        self.levels: dict[int, Level] = {}
        self.all_or_none: dict[int, Order] = {}  # by order id, in order of arrival

    def add(self, order: Order) -> None:
        """Put an order at the end of its price's queue, or among the all-or-none orders."""
        if order.all_or_none:
            self.all_or_none[order.order_id] = order
        else:
            self.add_displayed(order, order.price_e6 * self.sign)

    def add_displayed(self, order: Order, key: int) -> None:
        """Put an order at the end of the queue of its price's key."""
        level = self.levels.get(key)
        if level is not None:
            level.queue.append(order)
            level.live += 1
            return
        self.levels[key] = Level([order], 0, 1)
        keys = self.keys
        if not keys or key > keys[-1]:
            keys.append(key)
        else:
            insort(keys, key)

    def remove(self, order: Order) -> None:
        """Take an order out, wherever it stands; afterwards it is dead."""
        order.left_e8 = 0
        if order.all_or_none:
            del self.all_or_none[order.order_id]
            return
        key = order.price_e6 * self.sign
        level = self.levels[key]
        level.live -= 1
        if not level.live:
            self.drop(key)
        elif len(level.queue) > 2 * level.live + 16:
            level.queue = [other for other in level.queue if other.left_e8]
            level.head = 0

    def drop(self, key: int) -> None:
        """Forget a level without living orders."""
        del self.levels[key]
        keys = self.keys
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect_left(keys, key)]

    def front(self) -> Order | None:
        """The displayed order that the next taker meets first."""
        return self.first(self.keys[-1]) if self.keys else None

    def first(self, key: int) -> Order:
        """The oldest living order of a level that exists."""
        level = self.levels[key]
        queue, head = level.queue, level.head
        while not queue[head].left_e8:
            head += 1
        level.head = head
        return queue[head]

    def walk(self, limit_key: int) -> Iterator[Order]:
        """Every order that a taker with this limit reaches, in priority order, all-or-none ones included."""
        if not self.all_or_none:
            return self._walk_levels(limit_key)
        waiting = [order for order in self.all_or_none.values() if order.price_e6 * self.sign >= limit_key]
        waiting.sort(key=self.priority)
        return merge(self._walk_levels(limit_key), waiting, key=self.priority)

    def priority(self, order: Order) -> tuple[int, int]:
        """Sort key: better price first, then earlier arrival."""
        return -order.price_e6 * self.sign, order.sequence

    def _walk_levels(self, limit_key: int) -> Iterator[Order]:
        for key in reversed(self.keys):
            if key < limit_key:
                return
            level = self.levels[key]
            queue = level.queue
            for place in range(level.head, len(queue)):
                if queue[place].left_e8:
                    yield queue[place]

    def depth(self, limit: int) -> list[tuple[int, int, int]]:
        """The best ``limit`` displayed levels as (price_e6, size_e8, number of orders)."""
        levels = []
        for key in self.keys[: -limit - 1 : -1]:
            level = self.levels[key]
            size = sum(order.left_e8 for order in level.queue[level.head :])
            levels.append((key * self.sign, size, level.live))
        return levels


class Book:
    """One market: both sides, its status, limits and current prices."""

    __slots__ = (
        "anchor_ms",
        "anchor_price_e6",
        "asks",
        "bids",
        "config",
        "high_e6",
        "limits",
        "low_e6",
        "mark_price_e6",
        "next_trade_id",
        "oracle_price_e6",
        "sides",
        "status",
    )

    def __init__(self, config: MarketConfig) -> None:
        self.config = config
        self.bids, self.asks = BookSide(Side.BUY), BookSide(Side.SELL)
        self.sides = (self.bids, self.asks)  # by Side
        self.next_trade_id = 1
        self.status = MarketStatus.ACTIVE
        self.limits = SetMarketLimits(config.market_index)
        self.oracle_price_e6 = self.mark_price_e6 = 0
        self.low_e6, self.high_e6 = 0, MAX_PRICE_E6  # the price band, both ends allowed
        self.anchor_price_e6 = self.anchor_ms = 0  # where the circuit breaker measures from

    def set_limits(self, limits: SetMarketLimits) -> None:
        """Replace the limits and move the band."""
        self.limits = limits
        self._move_band()

    def set_prices(self, oracle_price_e6: int, mark_price_e6: int, now_ms: int) -> bool:
        """Take over new prices; True when the circuit breaker trips."""
        self.oracle_price_e6, self.mark_price_e6 = oracle_price_e6, mark_price_e6
        self._move_band()
        limits = self.limits
        if not limits.breaker_bps or not oracle_price_e6:
            return False
        if not self.anchor_price_e6 or now_ms - self.anchor_ms > limits.breaker_window_ms:
            self.anchor_price_e6, self.anchor_ms = oracle_price_e6, now_ms
        moved = abs(oracle_price_e6 - self.anchor_price_e6) * BPS
        return moved > limits.breaker_bps * self.anchor_price_e6

    def _move_band(self) -> None:
        """Trades stay within oracle · (1 ± band), rounded inward; without a price or a band, anywhere."""
        band, oracle = self.limits.price_band_bps, self.oracle_price_e6
        if band and oracle:
            self.low_e6 = -(-oracle * (BPS - band) // BPS) if band < BPS else 0
            self.high_e6 = oracle * (BPS + band) // BPS
        else:
            self.low_e6, self.high_e6 = 0, MAX_PRICE_E6
