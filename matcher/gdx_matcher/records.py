"""Commands as fixed-size binary records, and back.

Each record has 64 bytes, little-endian::

    0  crc32 u32 of the other 60 bytes
    4  kind u8             which command; 0 = extension of the record before
    5  parts u8            extension records that follow
    6  group_place u16     records since the group's first, which went to disk in one fsync
    8  sequence u64        number of this record in the log, from 0
    16 now_ms u64          time of the command
    24 body 40 bytes       fields of the command; what does not fit goes on in extension records

An order without rare attributes is one record; minimum quantity, reference price and expiry are in an
extension.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from struct import error as StructError
from typing import Any
from zlib import crc32

from msgspec.structs import astuple

from gdx_matcher import commands as c
from gdx_sdk.errors import CodecError, InputError
from gdx_sdk.units import Side

RECORD_BYTES = 64
BODY_BYTES = 40
BODY_OFFSET = 24
MAX_GROUP_RECORDS = 2**16 - 1

_CRC = Struct("<I")
_HEAD = Struct("<BBHQQ")
_ORDER = Struct("<BBHQQQQQIHBBQ")  # head and body of an order in one go
_ORDER_BODY = Struct("<QQQIHBBQ")
_RARE = Struct("<QQQ")

_POST_ONLY, _REDUCE_ONLY = 64, 128
_ALL_OR_NONE, _HAS_RARE = 1, 2
_ORDER_TYPES = (Side, c.OrderKind, c.TimeInForce, c.SelfTrade)
_SIDES, _KINDS = tuple(Side), tuple(c.OrderKind)
_TIMES, _SELF_TRADES = tuple(c.TimeInForce), tuple(c.SelfTrade)

ORDER_KIND = 1
# Numbers are fixed and only grow; a layout never changes once a log was written with it.
_LAYOUTS: dict[int, tuple[type, str]] = {
    2: (c.CancelOrder, "QI"),
    3: (c.ReduceOrder, "QQI"),
    4: (c.CancelAll, "I"),
    5: (c.Tick, ""),
    6: (c.Pause, ""),
    7: (c.Resume, ""),
    8: (c.SetMarketStatus, "HB"),
    9: (c.SetMarketLimits, "HQQIIQ"),
    10: (c.UpdatePrices, "HQQ"),
    11: (c.RegisterAccount, "IH32sH"),
    12: (c.ChangeCollateral, "IHqQ"),
    13: (c.RequestRelease, "IHQ"),
    14: (c.SetIndices, "HqQQ"),
    15: (c.LiquidatePosition, "IIHqQQQQ"),
    16: (c.SetPosition, "IHqqQqQqq"),
    17: (c.BustTrade, "HQI"),
    18: (c.SetBatchVersion, "HBQ"),
    19: (c.CutBatch, "H?"),
    20: (c.ConfirmBatch, "HQBQQQ"),
    21: (c.SetLeverage, "IHH"),
}
_CODECS = {kind: (made, Struct("<" + fields)) for kind, (made, fields) in _LAYOUTS.items()}
# Packing alone does not show what these commands' fields hold: bytes of any length, numbers of an enum.
_NOT_PLAIN = {c.RegisterAccount, c.SetMarketStatus, c.CutBatch}
_KIND_OF = {made: (kind, layout) for kind, (made, layout) in _CODECS.items()}


def encode(command: c.Command, now_ms: int, sequence: int, group_place: int) -> bytes:
    """One or more whole records. Raises `InputError` for a value that its field cannot hold."""
    try:
        if type(command) is c.PlaceOrder:
            return _encode_order(command, now_ms, sequence, group_place)
        kind, layout = _KIND_OF[type(command)]
        body = layout.pack(*astuple(command))
        if type(command) in _NOT_PLAIN and decode(kind, body) != command:
            raise InputError("command", command, "a field does not have its length")
        return _frame(kind, body, now_ms, sequence, group_place)
    except (StructError, TypeError, CodecError) as error:
        raise InputError("command", command, f"a value is out of its field's range ({error})") from error


def _encode_order(order: c.PlaceOrder, now_ms: int, sequence: int, group_place: int) -> bytes:
    side, kind, lasting, behavior = order.side, order.kind, order.time_in_force, order.self_trade
    if (type(side), type(kind), type(lasting), type(behavior)) != _ORDER_TYPES:
        raise TypeError("side, kind, time_in_force and self_trade must be members of their enums")
    flags = side | kind << 1 | lasting << 2 | behavior << 4
    if order.post_only:
        flags |= _POST_ONLY
    if order.reduce_only:
        flags |= _REDUCE_ONLY
    rare = order.min_quantity_e8 or order.reference_price_e6 or order.expiry_ms
    more = (_ALL_OR_NONE if order.all_or_none else 0) | (_HAS_RARE if rare else 0)
    record = _ORDER.pack(
        ORDER_KIND,
        1 if rare else 0,
        group_place,
        sequence,
        now_ms,
        order.order_id,
        order.price_e6,
        order.size_e8,
        order.account,
        order.market_index,
        flags,
        more,
        order.client_order_id,
    )
    data = _CRC.pack(crc32(record)) + record
    if not rare:
        return data
    body = _RARE.pack(order.min_quantity_e8, order.reference_price_e6, order.expiry_ms)
    return data + _record(0, 0, body, now_ms, sequence + 1, group_place + 1)


def _frame(kind: int, body: bytes, now_ms: int, sequence: int, group_place: int) -> bytes:
    """A body over as many records as it needs."""
    if len(body) <= BODY_BYTES:
        return _record(kind, 0, body, now_ms, sequence, group_place)
    pieces = [body[start : start + BODY_BYTES] for start in range(0, len(body), BODY_BYTES)]
    return b"".join(
        _record(0 if n else kind, len(pieces) - 1 - n, piece, now_ms, sequence + n, group_place + n)
        for n, piece in enumerate(pieces)
    )


def _record(kind: int, parts: int, body: bytes, now_ms: int, sequence: int, group_place: int) -> bytes:
    record = _HEAD.pack(kind, parts, group_place, sequence, now_ms) + body.ljust(BODY_BYTES, b"\0")
    return _CRC.pack(crc32(record)) + record


def normalized(command: c.Command) -> c.Command:
    """The command as replay will see it: an enum's number that came as a plain int becomes its member."""
    if type(command) not in _NOT_PLAIN:
        return command  # integers that are packed as they are, or an order, whose enums `encode` checks
    kind, layout = _KIND_OF[type(command)]
    return decode(kind, layout.pack(*astuple(command)))


def is_intact(record: bytes | memoryview, sequence: int) -> bool:
    """Whether 64 bytes are the record with this number, undamaged."""
    if len(record) != RECORD_BYTES or _CRC.unpack_from(record)[0] != crc32(record[4:]):
        return False
    return bool(_HEAD.unpack_from(record, 4)[3] == sequence)


def head_of(record: bytes | memoryview) -> tuple[int, int, int, int]:
    """Kind, extension records to follow, place in the group and time of an intact record."""
    kind, parts, group_place, _, now_ms = _HEAD.unpack_from(record, 4)
    return kind, parts, group_place, now_ms


def decode(kind: int, body: bytes) -> c.Command:
    """The command of a kind from its joined bodies. Raises `CodecError` for an unknown kind or content."""
    try:
        if kind == ORDER_KIND:
            return _decode_order(body)
        made, layout = _CODECS[kind]
        return _MAKERS.get(made, made)(*layout.unpack_from(body))  # type: ignore[no-any-return]
    except (KeyError, IndexError, ValueError, StructError) as error:
        raise CodecError("log record", kind, f"is not a command of this version: {error!r}") from error


def _decode_order(body: bytes) -> c.PlaceOrder:
    order_id, price, size, account, market_index, flags, more, client_id = _ORDER_BODY.unpack_from(body)
    rare = _RARE.unpack_from(body, BODY_BYTES) if more & _HAS_RARE else (0, 0, 0)
    min_quantity, reference_price, expiry_ms = rare
    return c.PlaceOrder(
        order_id,
        account,
        market_index,
        _SIDES[flags & 1],
        price,
        size,
        _KINDS[flags >> 1 & 1],
        _TIMES[flags >> 2 & 3],
        bool(flags & _POST_ONLY),
        bool(flags & _REDUCE_ONLY),
        bool(more & _ALL_OR_NONE),
        min_quantity,
        reference_price,
        expiry_ms,
        client_id,
        _SELF_TRADES[flags >> 4 & 3],
    )


def _make_status(market_index: int, status: int) -> c.SetMarketStatus:
    return c.SetMarketStatus(market_index, c.MarketStatus(status))


_MAKERS: dict[type, Callable[..., Any]] = {c.SetMarketStatus: _make_status}
