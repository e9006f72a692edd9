"""Rules that an order breaks by itself, before it meets the book or the account's money."""

from __future__ import annotations

from gdx_matcher.book import Book
from gdx_matcher.commands import MarketStatus, OrderKind, PlaceOrder, TimeInForce
from gdx_matcher.events import RejectReason
from gdx_sdk.units import I64_MAX, SIZE_SCALE, Side

# Looked up once: reading a member through its enum class costs more than the comparison itself.
ACTIVE, HALTED = MarketStatus.ACTIVE, MarketStatus.HALTED
BUY = Side.BUY
GTC, GTD = TimeInForce.GTC, TimeInForce.GTD
LIMIT, MARKET = OrderKind.LIMIT, OrderKind.MARKET

Fault = tuple[RejectReason, int, int]  # reason, value, limit

MAX_PRODUCT = I64_MAX * SIZE_SCALE


def is_plain(order: PlaceOrder, book: Book) -> bool:
    """Whether the order is a good-till-canceled limit order with no other attribute, and breaks no rule."""
    config, size, price = book.config, order.size_e8, order.price_e6
    return (
        order.kind is LIMIT
        and order.time_in_force is GTC
        and size >= config.min_size_e8
        and price > 0
        and not size % config.lot_size_e8
        and not price % config.tick_size_e6
        and price * size <= MAX_PRODUCT
        and (book.low_e6 <= price <= book.high_e6)
        and book.status is ACTIVE
        and not (
            order.post_only
            or order.reduce_only
            or order.all_or_none
            or order.min_quantity_e8
            or order.reference_price_e6
            or order.expiry_ms
        )
    )


def order_fault(order: PlaceOrder, book: Book, now_ms: int) -> Fault | None:
    """The first rule that the order breaks, or None."""
    config, size, price = book.config, order.size_e8, order.price_e6
    if size <= 0:
        return RejectReason.SIZE_NOT_POSITIVE, size, 0
    if size % config.lot_size_e8:
        return RejectReason.SIZE_OFF_LOT, size, config.lot_size_e8
    if size < config.min_size_e8 and not order.reduce_only:
        return RejectReason.SIZE_TOO_SMALL, size, config.min_size_e8
    if order.kind is LIMIT:
        if price <= 0:
            return RejectReason.PRICE_NOT_POSITIVE, price, 0
        if price % config.tick_size_e6:
            return RejectReason.PRICE_OFF_TICK, price, config.tick_size_e6
        if price * size > MAX_PRODUCT or price > I64_MAX:
            return RejectReason.ORDER_TOO_LARGE, price * size, MAX_PRODUCT
        if order.side is BUY:
            if price > book.high_e6:
                return RejectReason.PRICE_OUTSIDE_BAND, price, book.high_e6
        elif price < book.low_e6:
            return RejectReason.PRICE_OUTSIDE_BAND, price, book.low_e6
    elif price:
        return RejectReason.MARKET_ORDER_HAS_PRICE, price, 0
    elif size > I64_MAX:
        return RejectReason.ORDER_TOO_LARGE, size, I64_MAX
    if book.status is not ACTIVE:
        if book.status is HALTED:
            return RejectReason.MARKET_HALTED, config.market_index, 0
        if not order.reduce_only:
            return RejectReason.MARKET_REDUCE_ONLY, config.market_index, 0
    return attribute_fault(order, now_ms)


def attribute_fault(order: PlaceOrder, now_ms: int) -> Fault | None:
    """Attributes that contradict each other or the time of arrival."""
    lasting = order.time_in_force is GTC or order.time_in_force is GTD
    if order.time_in_force is GTD:
        if order.kind is MARKET:
            return RejectReason.CONTRADICTORY_ATTRIBUTES, 0, 0
        if order.expiry_ms <= now_ms:
            return RejectReason.EXPIRED, order.expiry_ms, now_ms
    elif order.expiry_ms:
        return RejectReason.CONTRADICTORY_ATTRIBUTES, order.expiry_ms, 0
    if order.min_quantity_e8 > order.size_e8 or order.min_quantity_e8 < 0:
        return RejectReason.MIN_QUANTITY_ABOVE_SIZE, order.min_quantity_e8, order.size_e8
    if order.post_only and (order.kind is MARKET or not lasting or order.min_quantity_e8):
        return RejectReason.CONTRADICTORY_ATTRIBUTES, 0, 0
    if order.reduce_only and order.all_or_none:
        return RejectReason.CONTRADICTORY_ATTRIBUTES, 0, 0
    return None
