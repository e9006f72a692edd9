"""Everything an engine answers: past tense, one immutable record per fact, in the order of happening.

Units follow the names, as in :mod:`gdx_matcher.commands`. Sizes named ``_left`` are the state after.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from gdx_sdk.units import Side

__all__ = [
    "BatchConfirmed",
    "BatchCut",
    "CancelReason",
    "CommandRejected",
    "Event",
    "MarketHalted",
    "OrderAccepted",
    "OrderCanceled",
    "OrderReduced",
    "OrderRejected",
    "RejectReason",
    "TradeBusted",
    "TradeExecuted",
]


class RejectReason(IntEnum):
    """Why a command changed nothing. Numbers are fixed and only grow."""

    UNKNOWN_MARKET = 1
    UNKNOWN_ACCOUNT = 2
    UNKNOWN_ORDER = 3
    DUPLICATE_ORDER_ID = 4
    NOT_OWNER = 5
    PAUSED = 6
    MARKET_HALTED = 7
    MARKET_REDUCE_ONLY = 8
    SIZE_NOT_POSITIVE = 9
    SIZE_OFF_LOT = 10
    SIZE_TOO_SMALL = 11
    ORDER_TOO_LARGE = 12
    PRICE_NOT_POSITIVE = 13
    PRICE_OFF_TICK = 14
    MARKET_ORDER_HAS_PRICE = 15
    PRICE_OUTSIDE_BAND = 16
    CONTRADICTORY_ATTRIBUTES = 17
    MIN_QUANTITY_ABOVE_SIZE = 18
    EXPIRED = 19
    POST_ONLY_WOULD_TAKE = 20
    WOULD_NOT_REDUCE = 21
    INSUFFICIENT_MARGIN = 22
    POSITION_LIMIT = 23
    OPEN_INTEREST_LIMIT = 24
    UNKNOWN_TRADE = 25
    UNKNOWN_BATCH = 26
    ALREADY_REGISTERED = 27
    BAD_VALUE = 28
    POSITION_MISMATCH = 29


SENTENCES: dict[RejectReason, str] = {
    RejectReason.UNKNOWN_MARKET: "market_index = {value}: this shard has no such market",
    RejectReason.UNKNOWN_ACCOUNT: "account = {value}: no position is registered in market {limit}",
    RejectReason.UNKNOWN_ORDER: "order_id = {value}: no such order is in the book",
    RejectReason.DUPLICATE_ORDER_ID: "order_id = {value}: an order with this id is in the book",
    RejectReason.NOT_OWNER: "account = {value}: the order belongs to account {limit}",
    RejectReason.PAUSED: "the engine is paused for maintenance: only cancels are accepted",
    RejectReason.MARKET_HALTED: "market_index = {value}: the market is halted, only cancels are accepted",
    RejectReason.MARKET_REDUCE_ONLY: "market_index = {value}: the market accepts reduce-only orders only",
    RejectReason.SIZE_NOT_POSITIVE: "size_e8 = {value}: a size is above zero",
    RejectReason.SIZE_OFF_LOT: "size_e8 = {value}: not a multiple of the lot size {limit}",
    RejectReason.SIZE_TOO_SMALL: "size_e8 = {value}: below the market's minimum {limit}",
    RejectReason.ORDER_TOO_LARGE: "price_e6 · size_e8 = {value}: the notional leaves i64 (limit {limit})",
    RejectReason.PRICE_NOT_POSITIVE: "price_e6 = {value}: a limit price is above zero",
    RejectReason.PRICE_OFF_TICK: "price_e6 = {value}: not a multiple of the tick size {limit}",
    RejectReason.MARKET_ORDER_HAS_PRICE: "price_e6 = {value}: a market order has no limit price",
    RejectReason.PRICE_OUTSIDE_BAND: "price_e6 = {value}: the band around the oracle price ends at {limit}",
    RejectReason.CONTRADICTORY_ATTRIBUTES: "the order's attributes contradict each other (see PlaceOrder)",
    RejectReason.MIN_QUANTITY_ABOVE_SIZE: "min_quantity_e8 = {value}: above the order's size {limit}",
    RejectReason.EXPIRED: "expiry_ms = {value}: not after the time of arrival {limit}",
    RejectReason.POST_ONLY_WOULD_TAKE: "price_e6 = {value}: a post-only order would trade at {limit}",
    RejectReason.WOULD_NOT_REDUCE: "size_e8 = {value}: would not reduce the position, which is {limit}",
    RejectReason.INSUFFICIENT_MARGIN: "needs {value} atoms of free margin, the position has {limit}",
    RejectReason.POSITION_LIMIT: "the position could become {value}, above the limit {limit}",
    RejectReason.OPEN_INTEREST_LIMIT: "open interest could become {value}, above the limit {limit}",
    RejectReason.UNKNOWN_TRADE: "trade_id = {value}: no such unsettled trade in market {limit}",
    RejectReason.UNKNOWN_BATCH: "sequence = {value}: the next batch to confirm is {limit}",
    RejectReason.ALREADY_REGISTERED: "account = {value}: already registered in market {limit}",
    RejectReason.BAD_VALUE: "value {value}: breaks the command's rule (limit {limit})",
    RejectReason.POSITION_MISMATCH: "value {value}: contradicts the position the engine knows ({limit})",
}


class CancelReason(IntEnum):
    """Why an order left the book, or lost its rest, without trading. Numbers are fixed and only grow."""

    REQUESTED = 1
    EXPIRED = 2
    IMMEDIATE_OR_CANCEL = 3
    FILL_OR_KILL = 4
    NO_LIQUIDITY = 5  # rest of a market order
    MIN_QUANTITY = 6
    NBBO = 7  # the next price is through the reference price
    SELF_TRADE = 8
    REDUCE_ONLY = 9  # nothing left to reduce
    OUTSIDE_BAND = 10
    MARGIN = 11  # the fill would leave the position below its initial margin
    LIMITS = 12  # position or open-interest limit


class OrderAccepted(msgspec.Struct, frozen=True, gc=False):
    """The order passed every check. What neither trades nor is canceled by the following events rests."""

    order_id: int
    account: int
    market_index: int
    client_order_id: int


class OrderRejected(msgspec.Struct, frozen=True, gc=False):
    """A command about an order (place, cancel, reduce) changed nothing."""

    order_id: int
    account: int
    reason: RejectReason
    value: int = 0
    limit: int = 0

    @property
    def sentence(self) -> str:
        """Field, value and rule."""
        return SENTENCES[self.reason].format(value=self.value, limit=self.limit)


class CommandRejected(msgspec.Struct, frozen=True, gc=False):
    """A command that is not about one order changed nothing."""

    market_index: int
    reason: RejectReason
    value: int = 0
    limit: int = 0

    @property
    def sentence(self) -> str:
        """Field, value and rule."""
        return SENTENCES[self.reason].format(value=self.value, limit=self.limit)


class TradeExecuted(msgspec.Struct, frozen=True, gc=False):
    """A taker met a maker, at the maker's price. ``trade_id`` counts 1, 2, 3… in each market."""

    trade_id: int
    market_index: int
    maker_order_id: int
    taker_order_id: int
    maker_account: int
    taker_account: int
    taker_side: Side
    price_e6: int
    size_e8: int
    maker_fee_atoms: int  # signed: < 0 is a rebate
    taker_fee_atoms: int
    maker_left_e8: int
    taker_left_e8: int
    executed_at_ms: int


class OrderCanceled(msgspec.Struct, frozen=True, gc=False):
    """What was left of the order is gone."""

    order_id: int
    account: int
    market_index: int
    reason: CancelReason
    size_left_e8: int  # that was canceled


class OrderReduced(msgspec.Struct, frozen=True, gc=False):
    """The order became smaller and keeps its place."""

    order_id: int
    account: int
    market_index: int
    by_size_e8: int
    size_left_e8: int


class TradeBusted(msgspec.Struct, frozen=True, gc=False):
    """The chain refused the trade: it never happened. Told to both sides; margin is returned."""

    trade_id: int
    market_index: int
    maker_account: int
    taker_account: int
    taker_side: Side
    price_e6: int
    size_e8: int
    error_code: int


class MarketHalted(msgspec.Struct, frozen=True, gc=False):
    """The circuit breaker stopped a market: the oracle moved too far within the window."""

    market_index: int
    from_price_e6: int
    to_price_e6: int


class BatchCut(msgspec.Struct, frozen=True, gc=False):
    """A batch was sealed and put into the outbox."""

    market_index: int
    sequence: int
    version: int
    batch_id: bytes
    trade_count: int
    position_count: int
    last_trade_id: int


class BatchConfirmed(msgspec.Struct, frozen=True, gc=False):
    """A batch is on chain; its trades are settled."""

    market_index: int
    sequence: int
    trade_count: int


Event = (
    OrderAccepted
    | OrderRejected
    | CommandRejected
    | TradeExecuted
    | OrderCanceled
    | OrderReduced
    | TradeBusted
    | MarketHalted
    | BatchCut
    | BatchConfirmed
)
