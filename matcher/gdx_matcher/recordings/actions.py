"""What a recording says happened, one typed action each, in the order it was recorded.

``at_ms`` is the recorder's clock in milliseconds since 1970 UTC (since midnight for LOBSTER files, which
carry no date). Order ids are the venue's own, as text. Sizes are 1e-8 base units; where a venue counts
shares or contracts, one share or contract is one whole base unit (the format's module says so).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gdx_sdk.units import Side


class PriceKind(StrEnum):
    """Where a price observation comes from, best first."""

    INDEX = "index"
    MARK = "mark"
    BAR = "bar"
    MID = "mid"
    LAST = "last"


class OrderAdded(msgspec.Struct, frozen=True, gc=False):
    """An order came to rest on the venue's book, at the end of its price's queue."""

    at_ms: int
    order_id: str
    side: Side
    price_e6: int
    size_e8: int
    is_snapshot: bool = False


class OrderReduced(msgspec.Struct, frozen=True, gc=False):
    """A resting order lost `size_e8` without trading and kept its place in the queue."""

    at_ms: int
    order_id: str
    size_e8: int


class OrderCanceled(msgspec.Struct, frozen=True, gc=False):
    """A resting order left the book without trading."""

    at_ms: int
    order_id: str


class Execution(msgspec.Struct, frozen=True, gc=False):
    """A resting order, named by its id, traded against an aggressor on `taker_side`."""

    at_ms: int
    maker_id: str
    taker_side: Side
    price_e6: int
    size_e8: int
    taker_id: str = ""


class LevelSet(msgspec.Struct, frozen=True, gc=False):
    """The venue now shows `size_e8` in all at a price (0: the level is gone)."""

    at_ms: int
    side: Side
    price_e6: int
    size_e8: int


class TopOfBook(msgspec.Struct, frozen=True, gc=False):
    """Best bid and ask as the venue showed them: nothing better than these rests any more."""

    at_ms: int
    bid_price_e6: int
    bid_size_e8: int
    ask_price_e6: int
    ask_size_e8: int


class BookCleared(msgspec.Struct, frozen=True, gc=False):
    """The venue started its book anew: whatever was resting is forgotten."""

    at_ms: int


class TradePrinted(msgspec.Struct, frozen=True, gc=False):
    """A trade of the venue that names no order: `taker_side` took `size_e8` at a price."""

    at_ms: int
    taker_side: Side
    price_e6: int
    size_e8: int
    trade_id: str = ""


class TradeOffBook(msgspec.Struct, frozen=True, gc=False):
    """A trade that no displayed order took part in (hidden order, insurance fund, history): counted apart."""

    at_ms: int
    price_e6: int
    size_e8: int
    reason: str


class PriceSeen(msgspec.Struct, frozen=True, gc=False):
    """A mark, index or bar price the recording itself carries."""

    at_ms: int
    kind: PriceKind
    price_e6: int


class OrderTaken(msgspec.Struct, frozen=True, gc=False):
    """An aggressive order that names no maker: up to `size_e8` at `price_e6` or better, the rest dropped.

    Only synthetic markets produce it: recordings name the maker or the exact price.
    """

    at_ms: int
    order_id: str
    side: Side
    price_e6: int
    size_e8: int


Action = (
    OrderAdded
    | OrderReduced
    | OrderCanceled
    | Execution
    | LevelSet
    | TopOfBook
    | BookCleared
    | TradePrinted
    | TradeOffBook
    | PriceSeen
    | OrderTaken
)
