"""Databento market-by-order csv: every order of a venue by id, with a header.

`action`: A added, C canceled (by `size`, wholly or partly), M modified (to a price and size), T trade (side
of the aggressor, `order_id` its order), F fill of a resting order, R book cleared, N nothing. Neither T nor
F changes the book: the C or M that follows does. A group ends with the flag F_LAST and happened at once.
Prices are whole 1e-9 (or decimal text, as written with pretty prices); one contract is one whole base unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gdx_matcher.recordings.actions import (
    Action,
    BookCleared,
    Execution,
    OrderAdded,
    OrderCanceled,
    OrderReduced,
    TradeOffBook,
)
from gdx_matcher.recordings.decimals import price_e6, time_ms, whole_number
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats.base import Format, RecordingKind
from gdx_matcher.recordings.formats.table import Table, header_names
from gdx_sdk.units import SIZE_SCALE, Side

F_LAST: Final = 128
F_SNAPSHOT: Final = 32
_UNDEFINED_PRICE: Final = str(2**63 - 1)
_NANO_PER_MICRO: Final = 1_000
_REQUIRED: Final = {"action", "side", "price", "size", "order_id", "flags"}
_SIDES: Final = {"B": Side.BUY, "A": Side.SELL}


@dataclass(slots=True)
class _Row:
    at_ms: int
    action: str
    side: Side | None
    price_e6: int
    size: int
    order_id: str
    flags: int


@dataclass(slots=True)
class _Resting:
    side: Side
    price_e6: int
    size: int


class DatabentoParser:
    """Collects each group, then applies its cancels of unfilled orders, its fills, and the rest in order.

    A cancel of an order that the group did not fill stands behind the trade in the file but, where the venue
    prevents a firm from trading with itself, took effect before it: its order was passed over.
    """

    def __init__(self, symbol: str | None = None) -> None:
        self.symbol = symbol or ""
        self.warnings: list[str] = []
        self._table: Table | None = None
        self._orders: dict[str, _Resting] = {}
        self._group: list[_Row] = []

    def feed(self, text: str) -> Sequence[Action]:
        if self._table is None:
            self._table = Table(text)
            self._table.require(*sorted(_REQUIRED))
            self._table.require_any("ts_recv", "ts_event")
            return ()
        row = self._parse(self._table.row(text))
        if row is None:
            return ()
        self._group.append(row)
        return self._flush() if row.flags & F_LAST or row.flags & F_SNAPSHOT else ()

    def finish(self) -> Sequence[Action]:
        return self._flush()

    def _parse(self, row: dict[str, str]) -> _Row | None:
        instrument = row.get("symbol") or row.get("instrument_id", "")
        self.symbol = self.symbol or instrument
        if instrument != self.symbol and instrument:
            if not self.warnings:
                self.warnings.append(f"only instrument {self.symbol} is replayed: the file holds others too")
            return None
        action, side = row["action"], row["side"]
        if action not in {"A", "C", "M", "T", "F", "R", "N"}:
            raise BadLine("action", action, "must be A, C, M, T, F, R or N")
        if side not in {"A", "B", "N"}:
            raise BadLine("side", side, "must be A, B or N")
        if side == "N" and action in "AF":
            raise BadLine("side", side, "must be A or B when an order is added or filled")
        return _Row(
            at_ms=time_ms(row.get("ts_recv") or row.get("ts_event", ""), "ts_recv"),
            action=action,
            side=_SIDES.get(side),
            price_e6=_price_e6(row["price"]) if action in "AMTF" else 0,
            size=whole_number(row["size"], "size"),
            order_id=row["order_id"],
            flags=whole_number(row["flags"], "flags"),
        )

    def _flush(self) -> Sequence[Action]:
        group, self._group = self._group, []
        if len(group) == 1 and group[0].action == "A":
            return self._added(group[0])
        filled: dict[str, int] = {}
        for row in group:
            if row.action == "F":
                filled[row.order_id] = filled.get(row.order_id, 0) + row.size
        appeared = {row.order_id for row in group if row.action == "A"}
        actions: list[Action] = []
        rest: list[_Row] = []
        for row in group:
            if row.action == "C" and row.order_id not in filled and row.order_id not in appeared:
                actions += self._reduced(row, row.size)
            elif row.action in "ACMR":
                rest.append(row)
        actions += self._traded(group)
        for row in rest:
            actions += self._changed(row, filled)
        return actions

    def _traded(self, group: list[_Row]) -> list[Action]:
        """Executions in the order the venue filled them; a trade without a fill named no resting order."""
        actions: list[Action] = []
        trade: _Row | None = None
        has_fill = any(row.action == "F" for row in group)
        for row in group:
            if row.action == "T":
                trade = row
                if not has_fill or row.side is None:
                    size_e8 = row.size * SIZE_SCALE
                    actions.append(TradeOffBook(row.at_ms, row.price_e6, size_e8, "names no resting order"))
            elif row.action == "F":
                actions += self._filled(row, trade)
        return actions

    def _filled(self, row: _Row, trade: _Row | None) -> list[Action]:
        assert row.side is not None  # refused where the row was read
        taker_id = trade.order_id if trade is not None and trade.order_id != "0" else ""
        size_e8 = row.size * SIZE_SCALE
        execution = Execution(
            row.at_ms, row.order_id, row.side.opposite, row.price_e6, size_e8, taker_id=taker_id
        )
        resting = self._orders.get(row.order_id)
        if resting is not None:
            resting.size -= row.size
            if resting.size <= 0:
                del self._orders[row.order_id]
        return [execution]

    def _changed(self, row: _Row, filled: dict[str, int]) -> Sequence[Action]:
        if row.action == "R":
            self._orders.clear()
            return (BookCleared(row.at_ms),)
        if row.action == "A":
            return self._added(row)
        if row.action == "M":
            filled.pop(row.order_id, None)
            return self._modified(row)
        credit = min(filled.get(row.order_id, 0), row.size)
        if credit:
            filled[row.order_id] -= credit
        return self._reduced(row, row.size - credit)

    def _added(self, row: _Row) -> Sequence[Action]:
        if row.side is None or row.size == 0:
            return ()
        actions: list[Action] = []
        if row.order_id in self._orders:
            actions.append(OrderCanceled(row.at_ms, row.order_id))
        self._orders[row.order_id] = _Resting(row.side, row.price_e6, row.size)
        size_e8 = row.size * SIZE_SCALE
        is_snapshot = bool(row.flags & F_SNAPSHOT)
        actions.append(OrderAdded(row.at_ms, row.order_id, row.side, row.price_e6, size_e8, is_snapshot))
        return actions

    def _modified(self, row: _Row) -> Sequence[Action]:
        """Less at the same price keeps the place in the queue; anything else goes to the end of one."""
        resting = self._orders.get(row.order_id)
        if resting is None:
            return self._added(row)
        if row.size == 0:
            return self._reduced(row, resting.size)
        if row.price_e6 == resting.price_e6 and row.size <= resting.size:
            return self._reduced(row, resting.size - row.size)
        return self._added(row)

    def _reduced(self, row: _Row, by: int) -> Sequence[Action]:
        resting = self._orders.get(row.order_id)
        if resting is None:
            # An order from before the recording; after a fill took all of one, nothing is left to cancel.
            return (OrderCanceled(row.at_ms, row.order_id),) if by else ()
        if by == 0:
            return ()
        if by < resting.size:
            resting.size -= by
            return (OrderReduced(row.at_ms, row.order_id, by * SIZE_SCALE),)
        del self._orders[row.order_id]
        return (OrderCanceled(row.at_ms, row.order_id),)


def _price_e6(text: str) -> int:
    if text in (_UNDEFINED_PRICE, ""):
        raise BadLine("price", text, "must be defined when an order is added, modified, filled or traded")
    if not text.isdigit():
        return price_e6(text)
    price, rest = divmod(int(text), _NANO_PER_MICRO)
    if rest or price == 0:
        raise BadLine("price", text, "must be above zero and a multiple of 1e-6")
    return price


FORMAT: Final = Format(
    name="databento",
    title="Databento market-by-order csv",
    kind=RecordingKind.ORDERS,
    recognizes=lambda head: set(header_names(head[0])) >= _REQUIRED,
    parser=DatabentoParser,
)
