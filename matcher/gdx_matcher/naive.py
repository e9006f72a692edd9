"""The slow twin of the engine: plain lists, sorted anew for every order. Kept for ever as its oracle.

It knows every order attribute, but not margin: the positions it keeps serve reduce-only orders. Property
tests drive both with the same commands and compare events and `EngineState.hash`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from copy import copy

from msgspec.structs import replace

from gdx_matcher import commands as c
from gdx_matcher import events as e
from gdx_matcher.book import Book, Order
from gdx_matcher.checks import order_fault
from gdx_matcher.events import CancelReason as Why
from gdx_matcher.events import RejectReason as Fault
from gdx_matcher.market import MarketConfig
from gdx_matcher.state import BookState, EngineState
from gdx_sdk.math import fee_atoms, notional_atoms
from gdx_sdk.units import Side


class NaiveEngine:
    """Same door as `Engine`: `apply`, `state_hash`. ``has_positions`` allows reduce-only orders."""

    def __init__(self, markets: Iterable[MarketConfig], *, has_positions: bool = False) -> None:
        self.books = {market.market_index: Book(market) for market in markets}  # for status and limits only
        self.orders: list[Order] = []  # in order of arrival
        self.sizes: Counter[tuple[int, int]] | None = Counter() if has_positions else None
        self.now_ms, self.is_paused, self.sequence = 0, False, 0

    def state_hash(self) -> bytes:
        books = [BookState.of(self.books[index]) for index in sorted(self.books)]
        return EngineState(self.now_ms, self.is_paused, self.sequence, books, self.orders, None).hash()

    def apply(self, command: c.Command, now_ms: int) -> list[e.Event]:
        self.now_ms = max(self.now_ms, now_ms)
        due = [order for order in self.orders if 0 < order.expiry_ms <= self.now_ms]
        due.sort(key=lambda order: (order.expiry_ms, order.sequence))
        events: list[e.Event] = [self.drop(order, Why.EXPIRED) for order in due]
        if isinstance(command, c.PlaceOrder):
            events += self.place(command)
        elif isinstance(command, c.CancelOrder | c.ReduceOrder):
            events += self.shrink(command)
        elif isinstance(command, c.CancelAll):
            mine = [order for order in self.orders if order.account == command.account]
            events += [self.drop(order, Why.REQUESTED) for order in mine]
        elif isinstance(command, c.Pause | c.Resume):
            self.is_paused = isinstance(command, c.Pause)
        elif isinstance(command, c.SetMarketStatus):
            self.books[command.market_index].status = command.status
            self.books[command.market_index].anchor_price_e6 = 0
        elif isinstance(command, c.SetMarketLimits):
            self.books[command.market_index].set_limits(command)
        elif isinstance(command, c.UpdatePrices):
            book = self.books[command.market_index]
            tripped = book.set_prices(command.oracle_price_e6, command.mark_price_e6, self.now_ms)
            if tripped and book.status is not c.MarketStatus.HALTED:
                book.status = c.MarketStatus.HALTED
                prices = book.anchor_price_e6, book.oracle_price_e6
                events.append(e.MarketHalted(command.market_index, *prices))
        return events

    def save(self) -> tuple[list[Order], Counter[tuple[int, int]] | None, dict[int, int]]:
        next_ids = {index: book.next_trade_id for index, book in self.books.items()}
        return [replace(order) for order in self.orders], copy(self.sizes), next_ids

    def load(self, saved: tuple[list[Order], Counter[tuple[int, int]] | None, dict[int, int]]) -> None:
        self.orders, self.sizes, next_ids = saved
        for index, next_id in next_ids.items():
            self.books[index].next_trade_id = next_id

    def drop(self, order: Order, why: Why) -> e.Event:
        self.orders.remove(order)
        return e.OrderCanceled(order.order_id, order.account, order.market_index, why, order.left_e8)

    def cut(self, order: Order, size: int) -> e.Event:
        order.left_e8 -= size
        return e.OrderReduced(order.order_id, order.account, order.market_index, size, order.left_e8)

    def shrink(self, command: c.CancelOrder | c.ReduceOrder) -> list[e.Event]:
        named = [order for order in self.orders if order.order_id == command.order_id]
        head = command.order_id, command.account
        if not named:
            return [e.OrderRejected(*head, Fault.UNKNOWN_ORDER, command.order_id)]
        order = named[0]
        if command.account not in (c.ANY_ACCOUNT, order.account):
            return [e.OrderRejected(*head, Fault.NOT_OWNER, command.account, order.account)]
        size = command.by_size_e8 if isinstance(command, c.ReduceOrder) else order.left_e8
        if size <= 0:
            return [e.OrderRejected(*head, Fault.SIZE_NOT_POSITIVE, size)]
        return [self.drop(order, Why.REQUESTED) if size >= order.left_e8 else self.cut(order, size)]

    def reducible(self, account: int, market_index: int, side: Side) -> int:
        return max(0, -side.sign * self.sizes[account, market_index]) if self.sizes is not None else 0

    def crossing(self, order: c.PlaceOrder, limit: int | None) -> list[Order]:
        """Opposite orders at `limit` or better, best first; None = any price."""
        sign = order.side.sign
        others = [o for o in self.orders if o.market_index == order.market_index and o.side != order.side]
        within = [o for o in others if limit is None or (limit - o.price_e6) * sign >= 0]
        return sorted(within, key=lambda o: (o.price_e6 * sign, o.sequence))

    def fault(self, order: c.PlaceOrder) -> tuple[Fault, int, int] | None:
        if order.market_index not in self.books:
            return Fault.UNKNOWN_MARKET, order.market_index, 0
        if self.is_paused:
            return Fault.PAUSED, 0, 0
        if any(other.order_id == order.order_id for other in self.orders):
            return Fault.DUPLICATE_ORDER_ID, order.order_id, 0
        fault = order_fault(order, self.books[order.market_index], self.now_ms)
        if fault is not None:
            return fault
        displayed = [o for o in self.crossing(order, order.price_e6 or None) if not o.all_or_none]
        if order.post_only and displayed:
            return Fault.POST_ONLY_WOULD_TAKE, order.price_e6, displayed[0].price_e6
        if order.reduce_only and self.sizes is None:
            return Fault.UNKNOWN_ACCOUNT, order.account, order.market_index
        if order.reduce_only and not self.reducible(order.account, order.market_index, order.side):
            assert self.sizes is not None
            return Fault.WOULD_NOT_REDUCE, order.size_e8, self.sizes[order.account, order.market_index]
        return None

    def place(self, order: c.PlaceOrder) -> list[e.Event]:
        fault = self.fault(order)
        if fault:
            return [e.OrderRejected(order.order_id, order.account, *fault)]
        head = order.order_id, order.account, order.market_index
        events: list[e.Event] = [e.OrderAccepted(*head, order.client_order_id)]
        size = order.size_e8
        if order.reduce_only:
            size = min(size, self.reducible(order.account, order.market_index, order.side))
            if size < order.size_e8:
                events.append(e.OrderReduced(*head, order.size_e8 - size, size))
        whole = order.all_or_none or order.time_in_force is c.TimeInForce.FOK
        market_end = order.kind is c.OrderKind.MARKET
        at_once = market_end or order.time_in_force in (c.TimeInForce.IOC, c.TimeInForce.FOK)
        saved = self.save()
        happened, left, stop = self.match(order, size)
        filled = sum(event.size_e8 for event in happened if isinstance(event, e.TradeExecuted))
        if filled < (size if whole else order.min_quantity_e8):
            self.load(saved)
            if not whole or at_once:
                why = Why.FILL_OR_KILL if whole else Why.MIN_QUANTITY
                return [*events, e.OrderCanceled(*head, why, size)]
            happened, left, stop = [], size, None
        events += happened
        displayed = [o for o in self.crossing(order, order.price_e6 or None) if not o.all_or_none]
        everywhere = [o for o in self.crossing(order, None) if not o.all_or_none]
        if left and stop is None and not (whole and left == size):
            if order.reference_price_e6 and (self.in_band(order, displayed) if market_end else displayed):
                stop = Why.NBBO
            elif market_end:
                stop = Why.OUTSIDE_BAND if everywhere else Why.NO_LIQUIDITY
            elif at_once:
                stop = Why.IMMEDIATE_OR_CANCEL
        if left and stop is not None:
            events.append(e.OrderCanceled(*head, stop, left))
        elif left:
            self.sequence += 1
            flags = order.reduce_only, order.all_or_none, order.expiry_ms
            self.orders.append(Order(*head, order.side, order.price_e6, left, self.sequence, *flags))
        return events

    def in_band(self, order: c.PlaceOrder, others: list[Order]) -> list[Order]:
        """Those on the near side of the taker's end of the band."""
        book = self.books[order.market_index]
        end = book.high_e6 if order.side is Side.BUY else book.low_e6
        return [o for o in others if (end - o.price_e6) * order.side.sign >= 0]

    def match(self, order: c.PlaceOrder, left: int) -> tuple[list[e.Event], int, Why | None]:
        book, events = self.books[order.market_index], list[e.Event]()
        for maker in self.in_band(order, self.crossing(order, order.price_e6 or None)):
            reference = order.reference_price_e6
            if not left or (reference and (reference - maker.price_e6) * order.side.sign < 0):
                break
            if maker.account == order.account:
                left, stop = self.self_trade(order, maker, left, events)
                if stop:
                    return events, left, Why.SELF_TRADE
                continue
            if not book.low_e6 <= maker.price_e6 <= book.high_e6:
                events.append(self.drop(maker, Why.OUTSIDE_BAND))
                continue
            available = maker.left_e8
            if maker.reduce_only:
                available = min(available, self.reducible(maker.account, maker.market_index, maker.side))
                if not available:
                    events.append(self.drop(maker, Why.REDUCE_ONLY))
                    continue
            size = min(available, left)
            if maker.all_or_none and size < maker.left_e8:
                continue
            if available < maker.left_e8:
                events.append(self.cut(maker, maker.left_e8 - available))
            left -= size
            events.append(self.trade(order, maker, size, left))
        return events, left, None

    def self_trade(
        self, order: c.PlaceOrder, maker: Order, left: int, events: list[e.Event]
    ) -> tuple[int, bool]:
        behavior = order.self_trade
        if behavior is c.SelfTrade.DECREMENT:
            size, head = min(left, maker.left_e8), (order.order_id, order.account, order.market_index)
            whole = size == maker.left_e8
            events.append(self.drop(maker, Why.SELF_TRADE) if whole else self.cut(maker, size))
            left -= size
            canceled = e.OrderCanceled(*head, Why.SELF_TRADE, size)
            events.append(e.OrderReduced(*head, size, left) if left else canceled)
            return left, False
        if behavior is not c.SelfTrade.CANCEL_TAKER:
            events.append(self.drop(maker, Why.SELF_TRADE))
        return left, behavior is not c.SelfTrade.CANCEL_MAKER

    def trade(self, order: c.PlaceOrder, maker: Order, size: int, left: int) -> e.Event:
        book, price, key = self.books[order.market_index], maker.price_e6, order.market_index
        notional = notional_atoms(price, size)
        maker.left_e8 -= size
        trade_id, book.next_trade_id = book.next_trade_id, book.next_trade_id + 1
        if self.sizes is not None:
            self.sizes[order.account, key] += order.side.sign * size
            self.sizes[maker.account, key] -= order.side.sign * size
        if not maker.left_e8:
            self.orders.remove(maker)
        return e.TradeExecuted(
            trade_id=trade_id,
            market_index=order.market_index,
            maker_order_id=maker.order_id,
            taker_order_id=order.order_id,
            maker_account=maker.account,
            taker_account=order.account,
            taker_side=order.side,
            price_e6=price,
            size_e8=size,
            maker_fee_atoms=fee_atoms(notional, book.config.maker_fee_ppm),
            taker_fee_atoms=fee_atoms(notional, book.config.taker_fee_ppm),
            maker_left_e8=maker.left_e8,
            taker_left_e8=left,
            executed_at_ms=self.now_ms,
        )
