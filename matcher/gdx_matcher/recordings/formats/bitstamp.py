"""Bitstamp order logs: every order of the venue by id, as its public websocket sent it.

Lines are ``local_ms event {json}``; events order_created, order_changed, order_deleted, trade and order_book
(a snapshot of the best levels; only the first counts). Nothing says who traded with whom: a trade follows,
or precedes, the change or deletion of both its orders by the traded amount, and the younger order is the
aggressor. Where a log names both orders in the trade, only those are looked at. Amounts in trades are binary
doubles printed in full.

What is odd: events arrive out of order. An order created or changed after its deletion is a ghost and stays
dead. Orders that were resting before the first line are known only as the snapshot's levels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from gdx_matcher.recordings.actions import (
    Action,
    Execution,
    OrderAdded,
    OrderCanceled,
    OrderReduced,
    TradePrinted,
)
from gdx_matcher.recordings.decimals import price_e6, size_e8, unix_ms, whole_number
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats.base import Format, RecordingKind
from gdx_matcher.recordings.formats.bitstamp_book import KnownOrder, VenueBook
from gdx_matcher.recordings.formats.bitstamp_fills import Fill, FillMatcher, VenueTrade
from gdx_sdk.units import Side

_LINE: Final = re.compile(r"^(\d+) (order_created|order_changed|order_deleted|trade|order_book) (\{.*)$")
_SIDES: Final = {"0": Side.BUY, "1": Side.SELL}


class BitstampParser:
    """Rebuilds who rests and who takes: a new order that crosses the book is held back until it is filled,
    deleted, or crosses no longer and comes to rest.
    """

    def __init__(self, symbol: str | None = None) -> None:
        self.symbol = symbol or ""
        self._ghosts = 0
        self._unpaired = 0
        self._book = VenueBook()
        self._fills = FillMatcher()
        self._has_snapshot = False
        self._line = 0

    @property
    def warnings(self) -> Sequence[str]:
        found = []
        if self._ghosts:
            found.append(f"{self._ghosts} events of orders already deleted were ignored")
        if self._unpaired:
            found.append(f"{self._unpaired} trades could not be paired with the two orders they filled")
        return found

    def feed(self, text: str) -> Sequence[Action]:
        match = _LINE.match(text)
        if match is None:
            raise BadLine("line", text, "must be: local_ms event {json}")
        self._line += 1
        at_ms = unix_ms(int(match[1]))
        message = _decode(match[3])
        actions: list[Action] = []
        if match[2] == "order_book":
            self._take_snapshot(at_ms, message, actions)
        elif match[2] == "trade":
            self._fills.add_trade(_trade(message, self._line))
        else:
            getattr(self, "_" + match[2])(at_ms, _order(message), actions)
        self._settle(at_ms, actions)
        return actions

    def finish(self) -> Sequence[Action]:
        self._line += FillMatcher.PATIENCE_LINES
        actions: list[Action] = []
        self._expire(0, actions)
        return actions

    def _order_created(self, at_ms: int, seen: KnownOrder, actions: list[Action]) -> None:
        if self._book.was_deleted(seen.order_id):
            self._ghosts += 1
            return
        self._book.create(seen)
        if seen.is_resting:
            actions.append(OrderAdded(at_ms, seen.order_id, seen.side, seen.price_e6, seen.left_e8))

    def _order_changed(self, at_ms: int, seen: KnownOrder, actions: list[Action]) -> None:
        if self._book.was_deleted(seen.order_id):
            self._ghosts += 1
            return
        order = self._book.orders.get(seen.order_id)
        if order is None:
            self._fills.add_fill(Fill(seen.order_id, seen.side, seen.price_e6, None, self._line))
        elif seen.left_e8 < order.left_e8:
            filled_e8 = order.left_e8 - seen.left_e8
            order.left_e8 = seen.left_e8
            self._fills.add_fill(Fill(order.order_id, order.side, order.price_e6, filled_e8, self._line))
        elif seen.left_e8 > order.left_e8:
            order.left_e8 = seen.left_e8
            if order.is_resting:
                actions.append(OrderCanceled(at_ms, order.order_id))
                actions.append(OrderAdded(at_ms, order.order_id, order.side, order.price_e6, order.left_e8))

    def _order_deleted(self, at_ms: int, seen: KnownOrder, actions: list[Action]) -> None:
        order = self._book.delete(seen.order_id, is_filled=seen.left_e8 == 0)
        if order is None:
            if seen.left_e8 == 0:
                self._fills.add_fill(Fill(seen.order_id, seen.side, seen.price_e6, None, self._line))
            else:
                self._reduce_level(at_ms, seen.side, seen.price_e6, seen.left_e8, actions)
        elif seen.left_e8 == 0:
            fill = Fill(order.order_id, order.side, order.price_e6, order.left_e8, self._line)
            self._fills.add_fill(fill)
        elif order.is_resting:
            actions.append(OrderCanceled(at_ms, order.order_id))

    def _take_snapshot(self, at_ms: int, message: dict[str, Any], actions: list[Action]) -> None:
        """The first snapshot: what it shows beyond the orders seen so far becomes one order per level."""
        if self._has_snapshot:
            return
        self._has_snapshot = True
        for side, key in ((Side.BUY, "bids"), (Side.SELL, "asks")):
            levels = message.get(key)
            if not isinstance(levels, list):
                raise BadLine(key, levels, "an order book has a list of price and amount")
            for level in levels:
                if not (isinstance(level, list) and len(level) >= 2):
                    raise BadLine(key, level, "a level is a price and an amount")
                price = price_e6(str(level[0]))
                unknown_e8 = size_e8(str(level[1]), "amount") - self._book.resting_at(side, price)
                if unknown_e8 > 0:
                    order = KnownOrder(_level_id(side, price), side, price, unknown_e8, is_resting=True)
                    self._book.insert(order)
                    actions.append(OrderAdded(at_ms, order.order_id, side, price, unknown_e8, True))

    def _reduce_level(self, at_ms: int, side: Side, price: int, by_e8: int, actions: list[Action]) -> None:
        """An order from before the recording left: the snapshot's level at its price shrinks."""
        level_id = _level_id(side, price)
        level = self._book.orders.get(level_id)
        if level is None:
            return
        if by_e8 < level.left_e8:
            level.left_e8 -= by_e8
            actions.append(OrderReduced(at_ms, level_id, by_e8))
        else:
            self._book.delete(level_id, is_filled=False)
            actions.append(OrderCanceled(at_ms, level_id))

    def _settle(self, at_ms: int, actions: list[Action]) -> None:
        """Trades whose two orders are known now, then held-back orders that no longer cross."""
        for trade, maker, taker in self._fills.take_pairs():
            self._book.settle(maker.order_id)
            self._book.settle(taker.order_id)
            taken = Execution(
                at_ms, maker.order_id, maker.side.opposite, trade.price_e6, trade.size_e8, taker.order_id
            )
            if maker.size_e8 is None:
                # The maker is older than the recording: its amount stands in the snapshot's level.
                side = maker.side
                actions.append(
                    TradePrinted(at_ms, side.opposite, trade.price_e6, trade.size_e8, trade.trade_id)
                )
                level = self._book.orders.get(_level_id(side, trade.price_e6))
                if level is not None:
                    level.left_e8 = max(level.left_e8 - trade.size_e8, 0)
            else:
                actions.append(taken)
            if self._book.is_or_was_resting(taker.order_id):
                actions.append(OrderReduced(at_ms, taker.order_id, trade.size_e8))
        self._expire(at_ms, actions)
        for order in self._book.release_held():
            actions.append(OrderAdded(at_ms, order.order_id, order.side, order.price_e6, order.left_e8))

    def _expire(self, at_ms: int, actions: list[Action]) -> None:
        """Give up on what found no partner within `FillMatcher.PATIENCE_LINES` lines."""
        fills, trades = self._fills.take_expired(self._line)
        for fill in fills:
            self._book.settle(fill.order_id)
            if fill.size_e8 is not None and self._book.is_or_was_resting(fill.order_id):
                actions.append(OrderReduced(at_ms or 0, fill.order_id, fill.size_e8))
        self._unpaired += len(trades)
        for trade in trades:
            side = trade.taker_side if trade.taker_side is not None else Side.BUY
            actions.append(TradePrinted(at_ms, side, trade.price_e6, trade.size_e8, trade.trade_id))


def _decode(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text, parse_float=str, parse_int=str)
    except ValueError as error:
        raise BadLine("json", text, f"must be JSON: {error}") from error
    if not isinstance(message, dict):
        raise BadLine("json", text, "must be an object")
    return message


def _field(message: dict[str, Any], *names: str) -> str:
    for name in names:
        value = message.get(name)
        if isinstance(value, str):
            return value
    raise BadLine(names[-1], message.get(names[-1]), "must be a text or a number")


def _order(message: dict[str, Any]) -> KnownOrder:
    kind = _field(message, "order_type")
    if kind not in _SIDES:
        raise BadLine("order_type", kind, "must be 0 (bid) or 1 (ask)")
    return KnownOrder(
        order_id=_field(message, "id_str", "id"),
        side=_SIDES[kind],
        price_e6=price_e6(_field(message, "price_str", "price")),
        left_e8=size_e8(_field(message, "amount_str", "amount"), "amount"),
    )


def _trade(message: dict[str, Any], line: int) -> VenueTrade:
    kind = message.get("type")
    return VenueTrade(
        trade_id=str(whole_number(_field(message, "id_str", "id"), "id")),
        price_e6=price_e6(_field(message, "price_str", "price")),
        size_e8=size_e8(_field(message, "amount_str", "amount"), "amount"),
        line=line,
        taker_side=_SIDES.get(kind) if isinstance(kind, str) else None,
        order_ids=tuple(str(message[key]) for key in ("buy_order_id", "sell_order_id") if key in message),
    )


def _level_id(side: Side, price: int) -> str:
    return f"level-{side.name.lower()}-{price}"


FORMAT: Final = Format(
    name="bitstamp",
    title="Bitstamp order log",
    kind=RecordingKind.ORDERS,
    recognizes=lambda head: _LINE.match(head[0]) is not None,
    parser=BitstampParser,
)
