"""LOBSTER message files: NASDAQ order by order, without a header.

Columns: seconds after midnight (nanosecond decimals), type, order id, shares, price in USD × 10,000,
direction of the resting order (1 buy, −1 sell). Types: 1 added, 2 partly canceled, 3 deleted, 4 executed,
5 hidden execution, 6 auction trade, 7 halt. Only executions of resting orders are recorded: the aggressor
is the other side. One share is one whole base unit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gdx_matcher.recordings.actions import (
    Action,
    Execution,
    OrderAdded,
    OrderCanceled,
    OrderReduced,
    TradeOffBook,
)
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats.base import Format, RecordingKind
from gdx_sdk.units import SIZE_SCALE, Side

_ROW: Final = re.compile(r"^\d{1,6}(\.\d+)?,[1-7],-?\d+,\d+,-?\d+,-?1(,\w*)?$")
_PRICE_E6_PER_UNIT: Final = 100
_ADDED, _REDUCED, _DELETED, _EXECUTED, _HIDDEN, _AUCTION, _HALT = "1234567"


class LobsterParser:
    """Each row is one action; nothing is remembered between rows."""

    def __init__(self, symbol: str | None = None) -> None:
        self.symbol = symbol or ""
        self.warnings: list[str] = []

    def feed(self, text: str) -> Sequence[Action]:
        columns = text.split(",")
        if len(columns) not in (6, 7):
            raise BadLine("columns", len(columns), "a LOBSTER message has 6 columns (or 7)")
        seconds, kind, order_id, shares, price, direction = columns[:6]
        if kind == _HALT:
            return ()
        at_ms = _milliseconds(seconds)
        side = _side(direction)
        size_e8 = _count("shares", shares) * SIZE_SCALE
        price_e6 = _count("price", price) * _PRICE_E6_PER_UNIT
        if kind == _ADDED:
            return (OrderAdded(at_ms, order_id, side, price_e6, size_e8),)
        if kind == _REDUCED:
            return (OrderReduced(at_ms, order_id, size_e8),)
        if kind == _DELETED:
            return (OrderCanceled(at_ms, order_id),)
        if kind == _EXECUTED:
            return (Execution(at_ms, order_id, side.opposite, price_e6, size_e8),)
        if kind in (_HIDDEN, _AUCTION):
            reason = "hidden order" if kind == _HIDDEN else "auction"
            return (TradeOffBook(at_ms, price_e6, size_e8, reason),)
        raise BadLine("type", kind, "must be 1 to 7")

    def finish(self) -> Sequence[Action]:
        return ()


def _milliseconds(text: str) -> int:
    whole, _, fraction = text.partition(".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()) or len(whole) > 6:
        raise BadLine("time", text, "must be seconds after midnight")
    return int(whole) * 1_000 + int(fraction[:3].ljust(3, "0"))


def _side(text: str) -> Side:
    if text == "1":
        return Side.BUY
    if text == "-1":
        return Side.SELL
    raise BadLine("direction", text, "must be 1 (buy) or -1 (sell)")


def _count(field: str, text: str) -> int:
    if not text.isdigit() or len(text) > 12 or int(text) == 0:
        raise BadLine(field, text, "must be a whole number above zero")
    return int(text)


FORMAT: Final = Format(
    name="lobster",
    title="LOBSTER messages",
    kind=RecordingKind.ORDERS,
    recognizes=lambda head: bool(_ROW.match(head[0])),
    parser=LobsterParser,
)
