"""Replays actions through the matching engine and compares its trades with the venue's.

Order-by-order recordings become orders one to one. Before each recorded execution our front of queue is
compared with the recorded maker; the execution is then made by an aggressor of exactly its size and price.
Where our queue disagrees, the mismatch is listed, the orders in front are set aside, the trade is made with
the recorded maker, and they return in their order: the venue's state is the one that goes on.

Where only price levels are recorded, one maker order per level mirrors them and an aggressor makes each
recorded trade. Levels better than a trade's price are gone: the venue would have traded with them first. A
trade at a price that nothing was shown at, and every trade of a file that holds trades only, gets a maker of
its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gdx_matcher.events import TradeExecuted
from gdx_matcher.recordings import actions as recorded
from gdx_matcher.recordings.accounts import AccountSpread
from gdx_matcher.recordings.desk import MAX_SET_ASIDE, Desk, Submit
from gdx_matcher.recordings.formats.base import RecordingKind
from gdx_matcher.recordings.mirror import Resting
from gdx_matcher.recordings.stats import Mismatch, ReplayStats
from gdx_sdk.units import Side

PRICE_INTERVAL_MS: Final = 1_000
"""How often a price is observed where the recording carries none of its own."""


@dataclass(frozen=True, slots=True)
class Step:
    """One action replayed: the trades it made, and the price an oracle would see, if a new one is due."""

    at_ms: int
    trades: tuple[TradeExecuted, ...]
    price: recorded.PriceSeen | None


class Replayer:
    """Drives an engine through `submit(command, now_ms) -> events`.

    The engine must have the accounts registered and funded. `price_e6` is where the market starts; orders
    further than `band_bps` from the current price wait outside the book. Order ids count up from
    `first_order_id`. One replayer may run several sources after each other: they share book and stats.
    """

    def __init__(
        self,
        submit: Submit,
        accounts: AccountSpread,
        *,
        price_e6: int,
        market_index: int = 0,
        band_bps: int = 1_000,
        first_order_id: int = 1,
    ) -> None:
        self.stats = ReplayStats()
        self.now_ms = 0
        self._desk = Desk(
            submit,
            accounts,
            self.stats,
            price_e6=price_e6,
            market_index=market_index,
            band_bps=band_bps,
            first_order_id=first_order_id,
        )
        self._kind = RecordingKind.ORDERS
        self._last_trade_e6 = 0
        self._carries_prices = False
        self._next_price_ms = 0
        self._handlers = {
            recorded.OrderAdded: self._order_added,
            recorded.OrderReduced: self._order_reduced,
            recorded.OrderCanceled: self._order_canceled,
            recorded.Execution: self._execution,
            recorded.LevelSet: self._level_set,
            recorded.TopOfBook: self._top_of_book,
            recorded.BookCleared: self._book_cleared,
            recorded.TradePrinted: self._trade_printed,
            recorded.TradeOffBook: self._trade_off_book,
            recorded.PriceSeen: self._price_seen,
            recorded.OrderTaken: self._order_taken,
        }

    def run(
        self,
        source: Iterable[recorded.Action],
        kind: RecordingKind,
        *,
        is_synthetic: bool = False,
        offset_ms: int = 0,
        max_trades: int | None = None,
    ) -> Iterator[Step]:
        """Replay `source`, one step per action; ends early when `max_trades` of our trades were made.

        `offset_ms` is added to every recorded time (to move a recording to the chain's now). Time never runs
        backward: an action recorded earlier than its predecessor happens at the predecessor's time.
        """
        self._kind = kind
        self._carries_prices = False
        made = 0
        for action in source:
            self.now_ms = max(self.now_ms, action.at_ms + offset_ms)
            self._desk.now_ms = self.now_ms
            self._handlers[type(action)](action)  # type: ignore[operator]  # keyed by the handler's own argument
            trades = tuple(self._desk.trades)
            self._desk.trades.clear()
            made += len(trades)
            if is_synthetic:
                self.stats.trades_synthetic += len(trades)
            else:
                self.stats.trades_recorded += len(trades)
            yield Step(self.now_ms, trades, self._observed(action))
            if max_trades is not None and made >= max_trades:
                return

    # --- order by order

    def _order_added(self, action: recorded.OrderAdded) -> None:
        self._desk.add(action.order_id, action.side, action.price_e6, action.size_e8)

    def _order_reduced(self, action: recorded.OrderReduced) -> None:
        resting = self._desk.mirror.orders.get(action.order_id)
        if resting is not None:
            self._desk.reduce(resting, action.size_e8)

    def _order_canceled(self, action: recorded.OrderCanceled) -> None:
        resting = self._desk.mirror.orders.get(action.order_id)
        if resting is not None:
            self._desk.cancel(resting)

    def _execution(self, action: recorded.Execution) -> None:
        maker = self._desk.mirror.orders.get(action.maker_id)
        if maker is None:
            self.stats.unknown += 1
            return
        left_e8 = maker.left_e8 - action.size_e8
        key = action.taker_id or action.maker_id
        self._reproduce(maker, action.price_e6, action.size_e8, key)
        if self._desk.mirror.orders.get(action.maker_id) is maker and maker.left_e8 > left_e8:
            self._desk.reduce(maker, maker.left_e8 - left_e8)

    # --- price levels

    def _level_set(self, action: recorded.LevelSet) -> None:
        self._set_level(action.side, action.price_e6, action.size_e8)

    def _set_level(self, side: Side, price_e6: int, size_e8: int) -> None:
        desk = self._desk
        level = desk.mirror.orders.get(_level_id(side, price_e6))
        if size_e8 == 0:
            if level is not None:
                desk.cancel(level)
            return
        if level is not None and level.order_id and size_e8 <= level.left_e8:
            if size_e8 < level.left_e8:
                desk.reduce(level, level.left_e8 - size_e8)
            return
        self._drop_crossed(side, price_e6)
        if level is None:
            desk.add(_level_id(side, price_e6), side, price_e6, size_e8)
        else:
            desk.withdraw(level)
            level.left_e8 = size_e8
            desk.place_or_wait(level)

    def _drop_crossed(self, side: Side, price_e6: int) -> None:
        """What rests across a price that the venue shows now is out of date."""
        opposite = side.opposite
        while (front := self._desk.mirror.front(opposite)) is not None:
            if side.sign * (price_e6 - front.price_e6) < 0:
                return
            self._desk.cancel(front)

    def _top_of_book(self, action: recorded.TopOfBook) -> None:
        best = (
            (Side.BUY, action.bid_price_e6, action.bid_size_e8),
            (Side.SELL, action.ask_price_e6, action.ask_size_e8),
        )
        self._desk.set_price((action.bid_price_e6 + action.ask_price_e6) // 2)
        for side, price_e6, _ in best:
            for stale in self._desk.mirror.better_than(side, price_e6):
                self._desk.cancel(stale)
        for side, price_e6, size_e8 in best:
            self._set_level(side, price_e6, size_e8)

    def _book_cleared(self, action: recorded.BookCleared) -> None:
        self._desk.clear()

    # --- trades

    def _trade_printed(self, action: recorded.TradePrinted) -> None:
        desk = self._desk
        side, price_e6, size_e8 = action.taker_side.opposite, action.price_e6, action.size_e8
        key = action.trade_id or f"{action.at_ms}-{price_e6}-{size_e8}"
        if self._kind is RecordingKind.ORDERS:
            # Its maker is older than the recording; an order that stands for those may be in front.
            self.stats.unknown += 1
            if desk.mirror.best(side) == price_e6:
                desk.take(action.taker_side, price_e6, size_e8, key)
                self._traded_at(price_e6)
            return
        if self._kind is RecordingKind.LEVELS:
            level = desk.mirror.orders.get(_level_id(side, price_e6))
            if level is not None:
                self._reproduce(level, price_e6, size_e8, key)
                return
        self.stats.unknown += 1
        self._traded_at(price_e6)
        self._drop_crossed(side, price_e6)
        maker = desk.add(f"maker-of-{key}", side, price_e6, size_e8)
        self._make_trade(maker, price_e6, size_e8, key)
        if desk.mirror.orders.get(maker.venue_id) is maker:
            desk.cancel(maker)

    def _trade_off_book(self, action: recorded.TradeOffBook) -> None:
        self.stats.off_book[action.reason] += 1

    def _order_taken(self, action: recorded.OrderTaken) -> None:
        trades = self._desk.take(action.side, action.price_e6, action.size_e8, action.order_id)
        if trades:
            self._traded_at(trades[-1].price_e6)

    def _reproduce(self, maker: Resting, price_e6: int, size_e8: int, key: str) -> None:
        """Would we have made this trade? Then make it, whether or not."""
        self.stats.known += 1
        self._traded_at(price_e6)
        self._desk.admit(maker.price_e6, maker.price_e6)
        front = self._desk.mirror.front(maker.side)
        if maker.price_e6 != price_e6:
            reason = f"traded at another price than the order's, {maker.price_e6}"
        elif not maker.order_id:
            reason = "our engine had refused the order"
        elif front is not maker:
            reason = "another order was first in our queue"
        elif maker.left_e8 < size_e8:
            reason = f"only {maker.left_e8} of it were left"
        else:
            reason = self._make_trade(maker, price_e6, size_e8, key)
            self.stats.reproduced += not reason
            if reason:
                self._mismatch(maker, maker, price_e6, size_e8, reason)
            return
        self._mismatch(maker, front, price_e6, size_e8, reason)
        if maker.left_e8 < size_e8 or not maker.order_id:
            self._desk.withdraw(maker)
            maker.left_e8 = max(maker.left_e8, size_e8)
            self._desk.place(maker)
        self._make_trade(maker, price_e6, size_e8, key)

    def _make_trade(self, maker: Resting, price_e6: int, size_e8: int, key: str) -> str:
        """The trade with this maker, even if others are in front of it; why not, if it could not be made."""
        if not maker.order_id:
            return "our engine refused the order"
        desk = self._desk
        maker_order_id = maker.order_id
        aside = self._in_the_way(maker)
        if len(aside) > MAX_SET_ASIDE:
            return f"{len(aside)} orders were in front of it"
        is_gone = self._kind is not RecordingKind.ORDERS
        move_aside = desk.cancel if is_gone else desk.withdraw
        for other in aside:
            move_aside(other)
        trades = desk.take(maker.side.opposite, maker.price_e6, size_e8, key)
        for other in () if is_gone else aside:
            desk.place_or_wait(other)
        done = [trade for trade in trades if trade.maker_order_id == maker_order_id]
        if len(trades) == len(done) == 1 and done[0].size_e8 == size_e8 and done[0].price_e6 == price_e6:
            return ""
        return f"our engine traded {[(trade.maker_order_id, trade.size_e8) for trade in trades]}"

    def _in_the_way(self, maker: Resting) -> list[Resting]:
        """Orders in front of it and, if any are at its own price, those behind it too: the queue is built
        anew behind it, in the same order.
        """
        ahead = self._desk.mirror.ahead_of(maker)
        if any(other.price_e6 == maker.price_e6 for other in ahead):
            queue = self._desk.mirror.queue(maker.side, maker.price_e6)
            ahead += queue[queue.index(maker) + 1 :]
        return ahead

    def _mismatch(
        self, maker: Resting, front: Resting | None, price_e6: int, size_e8: int, reason: str
    ) -> None:
        our_front = front.venue_id if front is not None else ""
        self.stats.add_mismatch(Mismatch(self.now_ms, maker.venue_id, our_front, price_e6, size_e8, reason))

    # --- prices

    def _price_seen(self, action: recorded.PriceSeen) -> None:
        self._carries_prices = True
        self._desk.set_price(action.price_e6)

    def _traded_at(self, price_e6: int) -> None:
        self._last_trade_e6 = price_e6
        self._desk.set_price(price_e6)

    def _observed(self, action: recorded.Action) -> recorded.PriceSeen | None:
        """The recording's own price, or the mid (else the last trade) once per `PRICE_INTERVAL_MS`."""
        if isinstance(action, recorded.PriceSeen):
            return recorded.PriceSeen(self.now_ms, action.kind, action.price_e6)
        if self._carries_prices or self.now_ms < self._next_price_ms:
            return None
        mirror = self._desk.mirror
        bid, ask = mirror.best(Side.BUY), mirror.best(Side.SELL)
        if bid is not None and ask is not None:
            kind, price_e6 = recorded.PriceKind.MID, (bid + ask) // 2
        elif self._last_trade_e6:
            kind, price_e6 = recorded.PriceKind.LAST, self._last_trade_e6
        else:
            return None
        self._next_price_ms = self.now_ms + PRICE_INTERVAL_MS
        return recorded.PriceSeen(self.now_ms, kind, price_e6)


def _level_id(side: Side, price_e6: int) -> str:
    return f"{side.name.lower()}-{price_e6}"
