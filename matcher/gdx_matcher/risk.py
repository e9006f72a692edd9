"""Pre-trade risk: margin reserved from on-chain collateral, position and open-interest limits.

Two gates. On arrival an order must be covered together with every resting order on its side, at the oracle
price: resting orders reserve margin by their size. At each fill both parties are checked again, exactly as
the program will check the batch, because the oracle may have moved since: the order of a party that cannot
carry the fill is canceled instead of traded, so that the chain seldom has reason to refuse.
"""

from __future__ import annotations

from collections import deque

from gdx_matcher.book import Book, Order
from gdx_matcher.checks import Fault
from gdx_matcher.commands import PlaceOrder
from gdx_matcher.events import CancelReason, RejectReason, TradeExecuted
from gdx_matcher.positions import Holding, Holdings
from gdx_sdk.math import MarketState
from gdx_sdk.units import BPS, PPM, SIZE_SCALE, Side

BUY = Side.BUY

Verdict = tuple[bool, CancelReason]  # whether the taker is at fault, and why


def requirement_atoms(size_e8: int, price_e6: int, leverage: int, initial_margin_bps: int) -> int:
    """Initial margin of a size: ``notional · max(1 / leverage, initial ratio)``, rounded up."""
    notional = price_e6 * abs(size_e8) // SIZE_SCALE
    by_leverage = -(-notional // leverage)
    by_ratio = -(-notional * initial_margin_bps // BPS)
    return max(by_leverage, by_ratio)


class Risk:
    """Holdings of every account, their reservations, and the trades that are not settled yet."""

    def __init__(self) -> None:
        self.holdings: Holdings = {}
        self.markets: dict[int, MarketState] = {}
        self.interest_e8: dict[int, int] = {}  # live sum of the longs
        self.unsettled: dict[int, deque[TradeExecuted]] = {}
        self._planned: dict[int, tuple[int, int]] = {}  # account → size, free value, within the current plan
        self._planned_interest_e8 = 0

    def add_market(self, market_index: int) -> None:
        """Start a market with nothing in it."""
        self.markets[market_index] = MarketState()
        self.interest_e8[market_index] = 0
        self.unsettled[market_index] = deque()

    def admit(self, order: PlaceOrder, size_e8: int, book: Book) -> Fault | None:
        """The rule that an order of this size would break together with what already rests, or None."""
        index = order.market_index
        holding = self.holdings[order.account, index]
        live = holding.size_e8
        if order.side is BUY:
            worst = live + holding.open_buy_e8 + size_e8
            if live < 0 and worst <= 0:
                return None
        else:
            worst = live - holding.open_sell_e8 - size_e8
            if live > 0 and worst >= 0:
                return None
        limits = book.limits
        if limits.position_limit_e8 and abs(worst) > limits.position_limit_e8:
            return RejectReason.POSITION_LIMIT, worst, limits.position_limit_e8
        if limits.open_interest_limit_e8 and self.interest_e8[index] >= limits.open_interest_limit_e8:
            interest = self.interest_e8[index] + size_e8
            return RejectReason.OPEN_INTEREST_LIMIT, interest, limits.open_interest_limit_e8
        price = book.oracle_price_e6 or order.price_e6
        needed = requirement_atoms(worst, price, holding.leverage, book.config.initial_margin_bps)
        needed += self._entry_cost_atoms(order, size_e8, price, book.config.taker_fee_ppm)
        equity = holding.free_value_atoms(self.markets[index]) + live * price // SIZE_SCALE
        if equity < needed:
            return RejectReason.INSUFFICIENT_MARGIN, needed, equity
        return None

    def _entry_cost_atoms(self, order: PlaceOrder, size_e8: int, price_e6: int, fee_ppm: int) -> int:
        """What filling the order at its limit would cost at once: the fee, and the distance to the price."""
        limit = order.price_e6 or price_e6
        adverse = limit - price_e6 if order.side is BUY else price_e6 - limit
        fee = -(-(limit * size_e8 // SIZE_SCALE) * fee_ppm // PPM)
        return fee + max(adverse, 0) * size_e8 // SIZE_SCALE

    def begin_plan(self, market_index: int) -> None:
        """Forget the fills of the previous plan."""
        self._planned.clear()
        self._planned_interest_e8 = self.interest_e8[market_index]

    def reducible_e8(self, account: int, market_index: int, side: Side) -> int:
        """How much an order of this side can take off the account's position."""
        planned = self._planned.get(account)
        size = planned[0] if planned is not None else self.holdings[account, market_index].size_e8
        return max(-size if side is BUY else size, 0)

    def plan_trade(self, order: PlaceOrder, maker: Order, size_e8: int, book: Book) -> Verdict | None:
        """Add a fill to the plan, or say whose order cannot carry it."""
        config, sign = book.config, 1 if order.side is BUY else -1
        notional = maker.price_e6 * size_e8 // SIZE_SCALE
        after = []
        interest = self._planned_interest_e8
        for is_taker, account, direction, fee_ppm in (
            (True, order.account, sign, config.taker_fee_ppm),
            (False, maker.account, -sign, config.maker_fee_ppm),
        ):
            holding = self.holdings[account, config.market_index]
            planned = self._planned.get(account)
            size, value = planned or (
                holding.size_e8,
                holding.free_value_atoms(self.markets[config.market_index]),
            )
            new_size = size + direction * size_e8
            new_value = value - direction * notional - -(-notional * fee_ppm // PPM)
            if abs(new_size) > abs(size) or size * new_size < 0:
                reason = self._fill_fault(holding, new_size, new_value, maker.price_e6, book)
                if reason is not None:
                    return is_taker, reason
            interest += max(new_size, 0) - max(size, 0)
            after.append((account, (new_size, new_value)))
        limit = book.limits.open_interest_limit_e8
        if limit and interest > limit and interest > self._planned_interest_e8:
            return True, CancelReason.LIMITS
        self._planned.update(after)
        self._planned_interest_e8 = interest
        return None

    def _fill_fault(
        self, holding: Holding, size_e8: int, value_atoms: int, price_e6: int, book: Book
    ) -> CancelReason | None:
        """Whether a position that added risk would break its limit or its initial margin."""
        limit = book.limits.position_limit_e8
        if limit and abs(size_e8) > limit:
            return CancelReason.LIMITS
        ratio, leverage = book.config.initial_margin_bps, holding.leverage
        index_price = book.oracle_price_e6 or price_e6
        for price in (index_price, book.mark_price_e6 or index_price):
            equity = value_atoms + size_e8 * price // SIZE_SCALE
            if equity < requirement_atoms(size_e8, price, leverage, ratio):
                return CancelReason.MARGIN
        return None

    def add_trade(self, trade: TradeExecuted) -> None:
        """Count a matched trade in the live positions until its batch is confirmed."""
        self.unsettled[trade.market_index].append(trade)
        self._move_live(trade, 1)

    def bust_trade(self, market_index: int, trade_id: int) -> TradeExecuted | None:
        """Undo an unsettled trade; None when there is no such trade."""
        trades = self.unsettled[market_index]
        for place, trade in enumerate(trades):
            if trade.trade_id == trade_id:
                del trades[place]
                self._move_live(trade, -1)
                return trade
        return None

    def take_settled(self, market_index: int, last_trade_id: int) -> list[TradeExecuted]:
        """Remove and return the unsettled trades up to an id."""
        trades, taken = self.unsettled[market_index], []
        while trades and trades[0].trade_id <= last_trade_id:
            taken.append(trades.popleft())
        return taken

    def _move_live(self, trade: TradeExecuted, times: int) -> None:
        notional = trade.price_e6 * trade.size_e8 // SIZE_SCALE
        sign = times if trade.taker_side is BUY else -times
        self.move(trade.taker_account, trade, sign, notional, times * trade.taker_fee_atoms)
        self.move(trade.maker_account, trade, -sign, notional, times * trade.maker_fee_atoms)

    def move(self, account: int, trade: TradeExecuted, sign: int, notional: int, fee: int) -> None:
        """Change one live position by one side of a trade."""
        holding = self.holdings[account, trade.market_index]
        before = holding.size_e8
        holding.pending_size_e8 += sign * trade.size_e8
        holding.pending_value_atoms -= sign * notional + fee
        self.interest_e8[trade.market_index] += max(before + sign * trade.size_e8, 0) - max(before, 0)

    def grow_order(self, order: Order) -> None:
        """Reserve margin for a resting order."""
        self.shrink_order(order, -order.left_e8)

    def shrink_order(self, order: Order, by_size_e8: int) -> None:
        """Return the margin reserved for a part of a resting order."""
        if order.reduce_only:
            return
        holding = self.holdings[order.account, order.market_index]
        if order.side is BUY:
            holding.open_buy_e8 -= by_size_e8
        else:
            holding.open_sell_e8 -= by_size_e8

    def recount_interest(self, market_index: int) -> None:
        """After a change that did not come from a trade."""
        self.interest_e8[market_index] = sum(
            max(holding.size_e8, 0)
            for holding in self.holdings.values()
            if holding.market_index == market_index
        )
