"""Everything that can happen to a shard: one immutable record per kind of command.

Commands come from users (orders), from the operator (status, limits, versions) and from the chain
(deposits, releases, funding, liquidations, settled batches). All are logged before they are applied, so
replaying the log gives the same books, the same trades and the same batches.

Units follow the names: ``_e6`` price in 1e-6 USDT per base unit, ``_e8`` size in 1e-8 base units,
``_atoms`` 1e-6 USDT, ``_bps`` basis points, ``_ms`` unix milliseconds, ``_ts`` unix seconds. Every integer
is unsigned and at most 64 bits wide unless its line says "signed".

The records are ``msgspec.Struct`` with ``gc=False``: they hold no reference cycles, are built several times
faster than dataclasses, and the garbage collector never visits them.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from gdx_sdk.units import Side

__all__ = [
    "ANY_ACCOUNT",
    "BustTrade",
    "CancelAll",
    "CancelOrder",
    "ChangeCollateral",
    "Command",
    "ConfirmBatch",
    "CutBatch",
    "LiquidatePosition",
    "MarketStatus",
    "OrderKind",
    "Pause",
    "PlaceOrder",
    "ReduceOrder",
    "RegisterAccount",
    "RequestRelease",
    "Resume",
    "SelfTrade",
    "SetBatchVersion",
    "SetIndices",
    "SetLeverage",
    "SetMarketLimits",
    "SetMarketStatus",
    "SetPosition",
    "Side",
    "Tick",
    "TimeInForce",
    "UpdatePrices",
]

ANY_ACCOUNT = 2**32 - 1
"""In a cancel or reduce: do not check whose order it is (operator, replay of a recording)."""


class OrderKind(IntEnum):
    """How the price is given."""

    LIMIT = 0
    MARKET = 1  # price_e6 must be 0; what cannot trade at once is canceled


class TimeInForce(IntEnum):
    """How long the rest of an order stays in the book."""

    GTC = 0  # until canceled
    IOC = 1  # the rest is canceled at once
    FOK = 2  # all at once or nothing
    GTD = 3  # until expiry_ms


class SelfTrade(IntEnum):
    """What happens when an order would trade with another of the same account."""

    CANCEL_TAKER = 0
    CANCEL_MAKER = 1
    CANCEL_BOTH = 2
    DECREMENT = 3  # both shrink by the smaller of the two; what reaches zero is canceled


class MarketStatus(IntEnum):
    """What a market accepts."""

    ACTIVE = 0
    REDUCE_ONLY = 1  # cancels, and orders that only reduce a position
    HALTED = 2  # cancels only


class PlaceOrder(msgspec.Struct, frozen=True, gc=False):
    """A new order. ``order_id`` must not be that of an order still in the book."""

    order_id: int
    account: int  # index of the trader in this shard, < 2**32 - 1
    market_index: int  # < 2**16
    side: Side
    price_e6: int  # limit price; 0 for a market order
    size_e8: int
    kind: OrderKind = OrderKind.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False  # rejected when it would trade at once
    reduce_only: bool = False  # never takes the position through zero
    all_or_none: bool = False  # trades whole, against one or more makers at once, or waits
    min_quantity_e8: int = 0  # at least this much trades on arrival, or the order is canceled
    reference_price_e6: int = 0  # NBBO: never trades through this price; 0 = no protection
    expiry_ms: int = 0  # for GTD
    client_order_id: int = 0
    self_trade: SelfTrade = SelfTrade.CANCEL_TAKER


class CancelOrder(msgspec.Struct, frozen=True, gc=False):
    """Takes the rest of an order out of the book."""

    order_id: int
    account: int = ANY_ACCOUNT


class ReduceOrder(msgspec.Struct, frozen=True, gc=False):
    """Makes a resting order smaller; it keeps its place. Reducing by all that is left cancels it."""

    order_id: int
    by_size_e8: int
    account: int = ANY_ACCOUNT


class CancelAll(msgspec.Struct, frozen=True, gc=False):
    """Cancels every resting order of an account, oldest first."""

    account: int


class Tick(msgspec.Struct, frozen=True, gc=False):
    """Nothing but the passing of time: expires orders, cuts batches whose time is up."""


class Pause(msgspec.Struct, frozen=True, gc=False):
    """Maintenance: rejects new orders in every market until resumed; cancels still work."""


class Resume(msgspec.Struct, frozen=True, gc=False):
    """Ends a pause."""


class SetMarketStatus(msgspec.Struct, frozen=True, gc=False):
    """Opens, restricts or halts one market."""

    market_index: int
    status: MarketStatus


class SetMarketLimits(msgspec.Struct, frozen=True, gc=False):
    """Replaces the limits of a market; 0 = no limit of that kind."""

    market_index: int
    position_limit_e8: int = 0  # |size| of one position
    open_interest_limit_e8: int = 0  # sum of the longs
    price_band_bps: int = 0  # distance of a trade from the oracle price
    breaker_bps: int = 0  # an oracle move larger than this within breaker_window_ms halts the market
    breaker_window_ms: int = 0


class UpdatePrices(msgspec.Struct, frozen=True, gc=False):
    """The prices that the chain would use now."""

    market_index: int
    oracle_price_e6: int
    mark_price_e6: int = 0  # 0 = no mark price yet: the oracle price alone counts


class RegisterAccount(msgspec.Struct, frozen=True, gc=False):
    """A position was opened on chain: the account may trade in this market from now on."""

    account: int
    market_index: int
    position: bytes  # address of the UserPosition, 32 bytes
    leverage: int = 1  # whole times


class SetLeverage(msgspec.Struct, frozen=True, gc=False):
    """A registered account's position was closed on chain and opened anew, with this leverage."""

    account: int
    market_index: int
    leverage: int  # whole times


class ChangeCollateral(msgspec.Struct, frozen=True, gc=False):
    """Collateral was added to a position on chain (+) or released from it (−)."""

    account: int
    market_index: int
    delta_atoms: int  # signed
    timestamp_ts: int = 0  # of the chain's clock


class RequestRelease(msgspec.Struct, frozen=True, gc=False):
    """A release of collateral was requested on chain: reserved from now on; 0 ends the request."""

    account: int
    market_index: int
    atoms: int


class SetIndices(msgspec.Struct, frozen=True, gc=False):
    """The market's funding and loss indices moved on chain."""

    market_index: int
    funding_index: int  # signed, 1e-4 atom per whole base unit
    long_loss_index: int = 0
    short_loss_index: int = 0


class LiquidatePosition(msgspec.Struct, frozen=True, gc=False):
    """Part or all of a position was taken over on chain by the liquidator's own position."""

    account: int
    liquidator: int  # account index
    market_index: int
    size_delta_e8: int  # signed, of the liquidated position: < 0 when a long is cut
    price_e6: int  # of the take-over
    fee_atoms: int  # from the liquidated position's collateral
    insurance_atoms: int = 0  # the part of fee_atoms that went to insurance; the liquidator got the rest
    timestamp_ts: int = 0


class SetPosition(msgspec.Struct, frozen=True, gc=False):
    """State of a position read from the chain when a shard meets one that has traded before."""

    account: int
    market_index: int
    size_e8: int  # signed
    cost_atoms: int  # signed
    collateral_atoms: int
    funding_index: int = 0  # signed
    loss_index: int = 0
    realized_pnl_atoms: int = 0  # signed
    accumulated_funding_atoms: int = 0  # signed


class BustTrade(msgspec.Struct, frozen=True, gc=False):
    """The chain refused this trade: it is undone, and the batch is rebuilt without it."""

    market_index: int
    trade_id: int
    error_code: int = 0  # of the program


class SetBatchVersion(msgspec.Struct, frozen=True, gc=False):
    """Cuts the open batch and builds the following ones in another version.

    With ``from_sequence`` > 0 the unsettled batches from that sequence on are rebuilt in the new version too.
    """

    market_index: int
    version: int
    from_sequence: int = 0


class CutBatch(msgspec.Struct, frozen=True, gc=False):
    """Closes the open batch of a market now; with no trades pending, and ``heartbeat``, an empty batch."""

    market_index: int
    heartbeat: bool = False


class ConfirmBatch(msgspec.Struct, frozen=True, gc=False):
    """A batch has landed on chain: the state that the chain now has, as far as the engine cannot know it."""

    market_index: int
    sequence: int
    version: int
    last_trade_id: int  # of the batch; 0 for a heartbeat
    reference_price_e6: int = 0  # the feed's price that the program used (V2)
    timestamp_ts: int = 0  # of the chain's clock


Command = (
    PlaceOrder
    | CancelOrder
    | ReduceOrder
    | CancelAll
    | Tick
    | Pause
    | Resume
    | SetMarketStatus
    | SetMarketLimits
    | UpdatePrices
    | RegisterAccount
    | ChangeCollateral
    | RequestRelease
    | SetIndices
    | LiquidatePosition
    | SetPosition
    | BustTrade
    | SetBatchVersion
    | CutBatch
    | ConfirmBatch
    | SetLeverage
)
