"""What happens when an arriving order crosses the book.

Two ways lead to the same result. ``_take_plain`` trades directly and stops at the first maker that needs
thought. ``_plan`` decides maker by maker what would happen, with margin, limits, self trades, reduce-only
and all-or-none makers, and ``_carry_out`` does it: so an order that must fill whole or not at all leaves no
trace.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from gdx_matcher.book import Book, BookSide, Order
from gdx_matcher.commands import OrderKind, PlaceOrder, SelfTrade, TimeInForce
from gdx_matcher.events import CancelReason, Event, OrderCanceled, OrderReduced, TradeExecuted
from gdx_matcher.risk import Risk
from gdx_sdk.units import PPM, SIZE_SCALE, Side

BUY = Side.BUY
LIMIT, MARKET = OrderKind.LIMIT, OrderKind.MARKET
GTC, GTD, IOC, FOK = TimeInForce.GTC, TimeInForce.GTD, TimeInForce.IOC, TimeInForce.FOK


class Step(IntEnum):
    """What the plan does with one maker."""

    TRADE = 0
    CANCEL = 1  # the maker; detail is the reason
    SHRINK_MAKER = 2  # a reduce-only maker larger than its position
    DECREMENT = 3  # maker and taker of one account shrink together


Action = tuple[Step, Order, int]  # with the size, or the reason


class Plan(msgspec.Struct):
    """What would happen to a taker: steps in order, the sum traded, what is left and why it stopped."""

    actions: list[Action]
    filled_e8: int
    left_e8: int
    stop: CancelReason | None


def own_limit_key(order: PlaceOrder, book: Book) -> int:
    """The order's limit as a key of the opposite side; a market order goes to the end of the band."""
    if order.side is BUY:
        return -(order.price_e6 or book.high_e6)
    return order.price_e6 or book.low_e6


def trading_limit_key(order: PlaceOrder, book: Book) -> int:
    """As `own_limit_key`, but never through the reference price."""
    key = own_limit_key(order, book)
    if not order.reference_price_e6:
        return key
    return max(key, -order.reference_price_e6 if order.side is BUY else order.reference_price_e6)


class Matcher:
    """Trades arriving orders against the books; owns the index of resting orders."""

    __slots__ = ("now_ms", "orders", "risk")

    def __init__(self, risk: Risk | None) -> None:
        self.orders: dict[int, Order] = {}
        self.risk = risk
        self.now_ms = 0

    def take(self, order: PlaceOrder, size_e8: int, book: Book, events: list[Event]) -> int:
        """Trade what can trade at once; returns the size that may rest, 0 when the order is done."""
        opposite = book.asks if order.side is BUY else book.bids
        limit_key = trading_limit_key(order, book)
        whole = order.all_or_none or order.time_in_force is FOK
        needed = size_e8 if whole else order.min_quantity_e8
        left = size_e8
        if self.risk is None and not needed and not opposite.all_or_none:
            left = self._take_plain(order, size_e8, opposite, book, limit_key, events)
            if not left:
                return 0
        plan = self._plan(order, left, book, limit_key)
        if plan.filled_e8 >= needed:
            self._carry_out(plan, order, left, book, events)
            if plan.stop is not None and plan.left_e8:
                return self._cancel_rest(order, plan.left_e8, plan.stop, events)
            left = plan.left_e8
        elif whole:
            if order.time_in_force is IOC or order.time_in_force is FOK or order.kind is MARKET:
                return self._cancel_rest(order, left, CancelReason.FILL_OR_KILL, events)
            return left  # all-or-none: waits
        else:
            return self._cancel_rest(order, left, CancelReason.MIN_QUANTITY, events)
        if not left:
            return 0
        reason = self._rest_fault(order, book, opposite)
        return left if reason is None else self._cancel_rest(order, left, reason, events)

    def _rest_fault(self, order: PlaceOrder, book: Book, opposite: BookSide) -> CancelReason | None:
        """Why what is left of an order cannot stay in the book."""
        best = opposite.keys[-1] if opposite.keys else None
        if order.reference_price_e6 and best is not None and best >= own_limit_key(order, book):
            return CancelReason.NBBO
        if order.kind is MARKET:
            return CancelReason.NO_LIQUIDITY if best is None else CancelReason.OUTSIDE_BAND
        if order.time_in_force is IOC:
            return CancelReason.IMMEDIATE_OR_CANCEL
        return None

    def _cancel_rest(self, order: PlaceOrder, left: int, reason: CancelReason, events: list[Event]) -> int:
        events.append(OrderCanceled(order.order_id, order.account, order.market_index, reason, left))
        return 0

    def _take_plain(
        self,
        order: PlaceOrder,
        left: int,
        opposite: BookSide,
        book: Book,
        limit_key: int,
        events: list[Event],
    ) -> int:
        """Trade without risk until done or until a maker needs a plan; returns the size left."""
        keys, account = opposite.keys, order.account
        while left and keys and keys[-1] >= limit_key:
            maker = opposite.first(keys[-1])
            if maker.account == account or maker.reduce_only:
                return left
            if not book.low_e6 <= maker.price_e6 <= book.high_e6:
                return left
            size = maker.left_e8 if maker.left_e8 < left else left
            left -= size
            events.append(self._trade(order, maker, size, left, book))
        return left

    def _plan(self, order: PlaceOrder, left: int, book: Book, limit_key: int) -> Plan:
        """Decide, maker by maker and changing nothing, what the order would do."""
        plan = Plan([], 0, left, None)
        risk, account = self.risk, order.account
        if risk is not None:
            risk.begin_plan(order.market_index)
        for maker in (book.asks if order.side is BUY else book.bids).walk(limit_key):
            if not plan.left_e8:
                break
            if maker.account == account:
                if self._plan_self_trade(order.self_trade, maker, plan):
                    break
            elif not book.low_e6 <= maker.price_e6 <= book.high_e6:
                plan.actions.append((Step.CANCEL, maker, CancelReason.OUTSIDE_BAND))
            elif self._plan_trade(order, maker, book, plan):
                break
        return plan

    def _plan_self_trade(self, behavior: SelfTrade, maker: Order, plan: Plan) -> bool:
        """Two orders of one account never trade; True when the taker stops here."""
        if behavior is SelfTrade.DECREMENT:
            size = min(maker.left_e8, plan.left_e8)
            plan.left_e8 -= size
            plan.actions.append((Step.DECREMENT, maker, size))
            return False
        if behavior is not SelfTrade.CANCEL_TAKER:
            plan.actions.append((Step.CANCEL, maker, CancelReason.SELF_TRADE))
        if behavior is SelfTrade.CANCEL_MAKER:
            return False
        plan.stop = CancelReason.SELF_TRADE
        return True

    def _plan_trade(self, order: PlaceOrder, maker: Order, book: Book, plan: Plan) -> bool:
        """Add a trade with this maker, or what happens instead; True when the taker stops here."""
        risk, available = self.risk, maker.left_e8
        if maker.reduce_only and risk is not None:
            available = min(available, risk.reducible_e8(maker.account, maker.market_index, maker.side))
            if not available:
                plan.actions.append((Step.CANCEL, maker, CancelReason.REDUCE_ONLY))
                return False
        size = min(available, plan.left_e8)
        if maker.all_or_none and size < maker.left_e8:
            return False
        if risk is not None:
            verdict = risk.plan_trade(order, maker, size, book)
            if verdict is not None:
                is_taker, reason = verdict
                if is_taker:
                    plan.stop = reason
                else:
                    plan.actions.append((Step.CANCEL, maker, reason))
                return is_taker
        if available < maker.left_e8:
            plan.actions.append((Step.SHRINK_MAKER, maker, maker.left_e8 - available))
        plan.actions.append((Step.TRADE, maker, size))
        plan.filled_e8 += size
        plan.left_e8 -= size
        return False

    def _carry_out(self, plan: Plan, order: PlaceOrder, left: int, book: Book, events: list[Event]) -> None:
        """Do what the plan decided."""
        for step, maker, amount in plan.actions:
            if step is Step.TRADE:
                left -= amount
                events.append(self._trade(order, maker, amount, left, book))
            elif step is Step.CANCEL:
                events.append(self.cancel(maker, book, CancelReason(amount)))
            elif step is Step.SHRINK_MAKER:
                events.append(self.reduce(maker, book, amount))
            else:
                left -= amount
                events.append(self._decrement_maker(maker, book, amount))
                events.append(self._decrement_taker(order, left, amount))

    def _decrement_maker(self, maker: Order, book: Book, size_e8: int) -> Event:
        if size_e8 == maker.left_e8:
            return self.cancel(maker, book, CancelReason.SELF_TRADE)
        return self.reduce(maker, book, size_e8)

    def _decrement_taker(self, order: PlaceOrder, left: int, size_e8: int) -> Event:
        head = (order.order_id, order.account, order.market_index)
        if left:
            return OrderReduced(*head, size_e8, left)
        return OrderCanceled(*head, CancelReason.SELF_TRADE, size_e8)

    def _trade(self, order: PlaceOrder, maker: Order, size: int, left: int, book: Book) -> TradeExecuted:
        """Execute one fill at the maker's price; ``left`` is the taker's size afterwards."""
        config, price, side = book.config, maker.price_e6, order.side
        notional = price * size // SIZE_SCALE
        trade = TradeExecuted(
            book.next_trade_id,
            config.market_index,
            maker.order_id,
            order.order_id,
            maker.account,
            order.account,
            side,
            price,
            size,
            -(-notional * config.maker_fee_ppm // PPM),
            -(-notional * config.taker_fee_ppm // PPM),
            maker.left_e8 - size,
            left,
            self.now_ms,
        )
        book.next_trade_id += 1
        if self.risk is not None:
            self.risk.shrink_order(maker, size)
            self.risk.add_trade(trade)
        if trade.maker_left_e8:
            maker.left_e8 -= size
        else:
            (book.asks if side is BUY else book.bids).remove(maker)
            del self.orders[maker.order_id]
        return trade

    def rest(self, order: PlaceOrder, left: int, book: Book, sequence: int) -> Order:
        """Put what is left of an order into the book."""
        resting = Order(
            order.order_id,
            order.account,
            order.market_index,
            order.side,
            order.price_e6,
            left,
            sequence,
            order.reduce_only,
            order.all_or_none,
            order.expiry_ms,
        )
        self.orders[order.order_id] = resting
        book.sides[order.side].add(resting)
        if self.risk is not None:
            self.risk.grow_order(resting)
        return resting

    def cancel(self, order: Order, book: Book, reason: CancelReason) -> OrderCanceled:
        """Take a resting order out of the book."""
        left = order.left_e8
        if self.risk is not None:
            self.risk.shrink_order(order, left)
        (book.bids if order.side is BUY else book.asks).remove(order)
        del self.orders[order.order_id]
        return OrderCanceled(order.order_id, order.account, order.market_index, reason, left)

    def reduce(self, order: Order, book: Book, by_size_e8: int) -> OrderReduced:
        """Make a resting order smaller, by less than all of it."""
        if self.risk is not None:
            self.risk.shrink_order(order, by_size_e8)
        order.left_e8 -= by_size_e8
        return OrderReduced(order.order_id, order.account, order.market_index, by_size_e8, order.left_e8)
