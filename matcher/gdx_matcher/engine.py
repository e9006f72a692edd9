"""The matching engine of a shard: commands in, events out. No clock, no I/O, integers only.

The same commands with the same times give the same events and the same `state_hash`, on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from typing import Any

from gdx_matcher import commands as c
from gdx_matcher.book import MAX_PRICE_E6, Book, Order
from gdx_matcher.chain_commands import ChainCommands
from gdx_matcher.checks import Fault, is_plain, order_fault
from gdx_matcher.events import (
    CancelReason,
    CommandRejected,
    Event,
    MarketHalted,
    OrderAccepted,
    OrderCanceled,
    OrderReduced,
    OrderRejected,
    RejectReason,
)
from gdx_matcher.market import MarketConfig
from gdx_matcher.matching import Matcher, own_limit_key
from gdx_matcher.risk import Risk
from gdx_matcher.state import BookState, EngineState, RiskState
from gdx_sdk.errors import InputError
from gdx_sdk.units import Side

ANY_ACCOUNT = c.ANY_ACCOUNT
BUY = Side.BUY
GTC, GTD = c.TimeInForce.GTC, c.TimeInForce.GTD
HALTED = c.MarketStatus.HALTED
LIMIT = c.OrderKind.LIMIT
REQUESTED = CancelReason.REQUESTED


class Engine:
    """Books of several markets. Without `risk`, every account trades freely and reduce-only is refused."""

    __slots__ = ("_chain", "_expiries", "_handlers", "_matcher", "books", "is_paused", "risk", "sequence")

    def __init__(self, markets: Iterable[MarketConfig], *, risk: Risk | None = None) -> None:
        self.books: dict[int, Book] = {}
        for market in markets:
            if market.market_index in self.books:
                raise InputError("market_index", market.market_index, "is given to two markets")
            self.books[market.market_index] = Book(market)
            if risk is not None:
                risk.add_market(market.market_index)
        self.risk = risk
        self.is_paused = False
        self.sequence = 0  # orders that have rested so far
        self._matcher = Matcher(risk)
        self._chain = ChainCommands(self.books, risk)
        self._expiries: list[tuple[int, int, int]] = []  # heap: expiry, sequence, order id
        self._handlers: dict[type, Callable[[Any, list[Event]], None]] = {
            c.PlaceOrder: self._place,
            c.CancelOrder: self._cancel,
            c.ReduceOrder: self._reduce,
            c.CancelAll: self._cancel_all,
            c.Tick: self._ignore,
            c.CutBatch: self._ignore,
            c.SetBatchVersion: self._ignore,
            c.Pause: self._pause,
            c.Resume: self._resume,
            c.SetMarketStatus: self._set_status,
            c.SetMarketLimits: self._set_limits,
            c.UpdatePrices: self._update_prices,
            **self._chain.handlers,
        }

    @property
    def now_ms(self) -> int:
        """Time of the last command."""
        return self._matcher.now_ms

    @property
    def orders(self) -> dict[int, Order]:
        """Every resting order by id; read only."""
        return self._matcher.orders

    def apply(self, command: c.Command, now_ms: int) -> list[Event]:
        """Carry out one command at a time in unix ms; a time before the last command's counts as that one."""
        events: list[Event] = []
        matcher = self._matcher
        if now_ms > matcher.now_ms:
            matcher.now_ms = now_ms
        if self._expiries and self._expiries[0][0] <= matcher.now_ms:
            self._expire(events)
        self._handlers[type(command)](command, events)
        return events

    def front(self, market_index: int, side: Side) -> Order | None:
        """The displayed order that the next taker would meet first: the head of the best price's queue."""
        return self.books[market_index].sides[side].front()

    def best(self, market_index: int, side: Side) -> tuple[int, int] | None:
        """Best displayed price and the size there, or None."""
        levels = self.books[market_index].sides[side].depth(1)
        return levels[0][:2] if levels else None

    def depth(self, market_index: int, side: Side, limit: int = 10) -> list[tuple[int, int, int]]:
        """The best levels as (price_e6, size_e8, number of orders)."""
        return self.books[market_index].sides[side].depth(limit)

    def state(self, *, with_risk: bool = True) -> EngineState:
        """Everything that decides the future, in a canonical order."""
        books = [BookState.of(self.books[index]) for index in sorted(self.books)]
        risk = RiskState.of(self.risk) if with_risk and self.risk is not None else None
        return EngineState(
            self.now_ms, self.is_paused, self.sequence, books, list(self.orders.values()), risk
        )

    def state_hash(self, *, with_risk: bool = True) -> bytes:
        """sha256 over the canonical state: equal for engines that will behave equally."""
        return self.state(with_risk=with_risk).hash()

    @classmethod
    def restore(cls, markets: Iterable[MarketConfig], state: EngineState) -> Engine:
        """The engine that had this state. Takes over the state's objects."""
        risk = Risk() if state.risk is not None else None
        engine = cls(markets, risk=risk)
        if [book.limits.market_index for book in state.books] != sorted(engine.books):
            raise InputError("markets", sorted(engine.books), "must be those of the saved state")
        for saved in state.books:
            saved.put_into(engine.books[saved.limits.market_index])
        for order in state.orders:
            engine.orders[order.order_id] = order
            engine.books[order.market_index].sides[order.side].add(order)
            if order.expiry_ms:
                engine._expiries.append((order.expiry_ms, order.sequence, order.order_id))
        heapify(engine._expiries)
        if risk is not None and state.risk is not None:
            state.risk.put_into(risk)
        engine._matcher.now_ms = state.now_ms
        engine.is_paused, engine.sequence = state.is_paused, state.sequence
        return engine

    def _place(self, order: c.PlaceOrder, events: list[Event]) -> None:
        """The short way for an order without attributes, where nothing is asked but price, size and money."""
        matcher = self._matcher
        orders, book = matcher.orders, self.books.get(order.market_index)
        if book is None or self.is_paused or order.order_id in orders or not is_plain(order, book):
            self._place_any(order, events)
            return
        risk = matcher.risk
        if risk is not None:
            fault = self._money_fault(order, book)
            if fault is not None:
                events.append(OrderRejected(order.order_id, order.account, *fault))
                return
        order_id, account, price, left = order.order_id, order.account, order.price_e6, order.size_e8
        events.append(OrderAccepted(order_id, account, order.market_index, order.client_order_id))
        if order.side is BUY:
            own, opposite, limit_key = book.bids, book.asks, -price
        else:
            own, opposite, limit_key = book.asks, book.bids, price
        if (opposite.keys and opposite.keys[-1] >= limit_key) or opposite.all_or_none:
            left = matcher.take(order, left, book, events)
            if not left:
                return
        self.sequence += 1
        resting = Order(order_id, account, order.market_index, order.side, price, left, self.sequence)
        orders[order_id] = resting
        own.add_displayed(resting, -limit_key)
        if risk is not None:
            risk.grow_order(resting)

    def _place_any(self, order: c.PlaceOrder, events: list[Event]) -> None:
        matcher, size = self._matcher, order.size_e8
        fault = self._fault(order)
        if fault is not None:
            events.append(OrderRejected(order.order_id, order.account, *fault))
            return
        book = self.books[order.market_index]
        events.append(OrderAccepted(order.order_id, order.account, order.market_index, order.client_order_id))
        if order.reduce_only:
            size = self._trim(order, events)
        opposite = book.sides[1 - order.side]
        if (
            opposite.all_or_none
            or order.kind is not LIMIT
            or (order.time_in_force is not GTC and order.time_in_force is not GTD)
            or order.min_quantity_e8
            or (opposite.keys and opposite.keys[-1] >= own_limit_key(order, book))
        ):
            size = matcher.take(order, size, book, events)
            if not size:
                return
        self.sequence += 1
        matcher.rest(order, size, book, self.sequence)
        if order.expiry_ms:
            self._note_expiry(order.expiry_ms, self.sequence, order.order_id)

    def _fault(self, order: c.PlaceOrder) -> Fault | None:
        """The first rule that keeps the order out, or None."""
        book = self.books.get(order.market_index)
        if book is None:
            return RejectReason.UNKNOWN_MARKET, order.market_index, 0
        if self.is_paused:
            return RejectReason.PAUSED, 0, 0
        if order.order_id in self._matcher.orders:
            return RejectReason.DUPLICATE_ORDER_ID, order.order_id, 0
        fault = order_fault(order, book, self._matcher.now_ms)
        if fault is not None:
            return fault
        if order.post_only:
            opposite = book.sides[1 - order.side]
            if opposite.keys and opposite.keys[-1] >= own_limit_key(order, book):
                return RejectReason.POST_ONLY_WOULD_TAKE, order.price_e6, abs(opposite.keys[-1])
        if self.risk is not None or order.reduce_only:
            return self._money_fault(order, book)
        return None

    def _money_fault(self, order: c.PlaceOrder, book: Book) -> Fault | None:
        risk, key = self.risk, (order.account, order.market_index)
        if risk is None or key not in risk.holdings:
            return RejectReason.UNKNOWN_ACCOUNT, order.account, order.market_index
        if not order.reduce_only:
            return risk.admit(order, order.size_e8, book)
        holding = risk.holdings[key]
        if (-holding.size_e8 if order.side is BUY else holding.size_e8) <= 0:
            return RejectReason.WOULD_NOT_REDUCE, order.size_e8, holding.size_e8
        return None

    def _trim(self, order: c.PlaceOrder, events: list[Event]) -> int:
        """A reduce-only order is never larger than the position that it reduces."""
        assert self.risk is not None
        size = abs(self.risk.holdings[order.account, order.market_index].size_e8)
        if size >= order.size_e8:
            return order.size_e8
        by_size = order.size_e8 - size
        events.append(OrderReduced(order.order_id, order.account, order.market_index, by_size, size))
        return size

    def _resting(self, command: c.CancelOrder | c.ReduceOrder, events: list[Event]) -> Order | None:
        """The order that a command names, if it may touch it."""
        order = self._matcher.orders.get(command.order_id)
        if order is None:
            fault = RejectReason.UNKNOWN_ORDER, command.order_id, 0
        elif command.account not in (c.ANY_ACCOUNT, order.account):
            fault = RejectReason.NOT_OWNER, command.account, order.account
        else:
            return order
        events.append(OrderRejected(command.order_id, command.account, *fault))
        return None

    def _cancel(self, command: c.CancelOrder, events: list[Event]) -> None:
        matcher = self._matcher
        order = matcher.orders.get(command.order_id)
        if order is None or (command.account != ANY_ACCOUNT and command.account != order.account):
            self._resting(command, events)
            return
        book = self.books[order.market_index]
        if matcher.risk is not None:
            events.append(matcher.cancel(order, book, REQUESTED))
            return
        events.append(
            OrderCanceled(order.order_id, order.account, order.market_index, REQUESTED, order.left_e8)
        )
        del matcher.orders[order.order_id]
        (book.bids if order.side is BUY else book.asks).remove(order)

    def _reduce(self, command: c.ReduceOrder, events: list[Event]) -> None:
        order = self._resting(command, events)
        if order is None:
            return
        book = self.books[order.market_index]
        if command.by_size_e8 <= 0:
            fault = RejectReason.SIZE_NOT_POSITIVE, command.by_size_e8, 0
            events.append(OrderRejected(command.order_id, command.account, *fault))
        elif command.by_size_e8 >= order.left_e8:
            events.append(self._matcher.cancel(order, book, REQUESTED))
        else:
            events.append(self._matcher.reduce(order, book, command.by_size_e8))

    def _cancel_all(self, command: c.CancelAll, events: list[Event]) -> None:
        matcher = self._matcher
        for order in [order for order in matcher.orders.values() if order.account == command.account]:
            events.append(matcher.cancel(order, self.books[order.market_index], REQUESTED))

    def _note_expiry(self, expiry_ms: int, sequence: int, order_id: int) -> None:
        """Remember when an order ends; entries of orders that ended otherwise are swept now and then."""
        heap, orders = self._expiries, self._matcher.orders
        if len(heap) > 2 * len(orders) + 64:
            heap[:] = [
                entry for entry in heap if entry[2] in orders and orders[entry[2]].sequence == entry[1]
            ]
            heapify(heap)
        heappush(heap, (expiry_ms, sequence, order_id))

    def _expire(self, events: list[Event]) -> None:
        """Cancel every order whose time is up, earliest first."""
        matcher, heap = self._matcher, self._expiries
        while heap and heap[0][0] <= matcher.now_ms:
            _, sequence, order_id = heappop(heap)
            order = matcher.orders.get(order_id)
            if order is not None and order.sequence == sequence:
                book = self.books[order.market_index]
                events.append(matcher.cancel(order, book, CancelReason.EXPIRED))

    def _ignore(self, command: c.Command, events: list[Event]) -> None:
        """Commands that matter to the shard's batches alone."""

    def _pause(self, _: c.Pause, __: list[Event]) -> None:
        self.is_paused = True

    def _resume(self, _: c.Resume, __: list[Event]) -> None:
        self.is_paused = False

    def _book(self, market_index: int, events: list[Event]) -> Book | None:
        book = self.books.get(market_index)
        if book is None:
            events.append(CommandRejected(market_index, RejectReason.UNKNOWN_MARKET, market_index))
        return book

    def _set_status(self, command: c.SetMarketStatus, events: list[Event]) -> None:
        book = self._book(command.market_index, events)
        if book is not None:
            book.status = command.status
            book.anchor_price_e6 = 0  # the circuit breaker measures anew

    def _set_limits(self, command: c.SetMarketLimits, events: list[Event]) -> None:
        book = self._book(command.market_index, events)
        if book is not None:
            book.set_limits(command)

    def _update_prices(self, command: c.UpdatePrices, events: list[Event]) -> None:
        book = self._book(command.market_index, events)
        if book is None:
            return
        if not 0 < command.oracle_price_e6 <= MAX_PRICE_E6 or not 0 <= command.mark_price_e6 <= MAX_PRICE_E6:
            reason = RejectReason.BAD_VALUE
            events.append(CommandRejected(command.market_index, reason, command.oracle_price_e6))
            return
        tripped = book.set_prices(command.oracle_price_e6, command.mark_price_e6, self.now_ms)
        if tripped and book.status is not HALTED:
            book.status = HALTED
            events.append(MarketHalted(command.market_index, book.anchor_price_e6, book.oracle_price_e6))
