"""Trades as csv with a header: price, size, time, and the aggressor's side where the file has it.

Column names are found in any order and in the usual spellings. Without a side the tick rule decides: a
trade above the last different price was bought, below it sold. Rows that run backward in time are replayed
in the order of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gdx_matcher.recordings.actions import Action, TradePrinted
from gdx_matcher.recordings.decimals import positive_size_e8, price_e6, time_ms
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats.base import Format, RecordingKind
from gdx_matcher.recordings.formats.table import Table, header_names
from gdx_sdk.units import Side

TIMES: Final = (
    "timestamp", "time", "ts", "datetime", "date", "timestamp_ms", "time_ms", "local_timestamp",
    "transact_time", "trade_time", "created_at", "ts_event", "ts_recv", "local_ts", "unix", "t",
)  # fmt: skip
_PRICES: Final = ("price", "px", "trade_price", "rate", "p")
_SIZES: Final = (
    "amount", "size", "qty", "quantity", "sz", "base_qty", "base_amount", "base_size", "base_volume",
    "trade_size", "volume", "vol", "q",
)  # fmt: skip
_SIDES: Final = ("side", "taker_side", "aggressor_side", "aggressor", "direction", "trade_side")
_BUYER_MAKES: Final = ("is_buyer_maker", "buyer_maker", "is_buyer_the_maker", "m")
_SYMBOLS: Final = ("symbol", "instrument", "market", "pair", "coin", "ticker")
_BUY_WORDS: Final = {"buy", "b", "bid", "bids", "long", "1", "buyer", "1.0"}
_SELL_WORDS: Final = {"sell", "s", "a", "ask", "asks", "short", "-1", "seller", "0", "-1.0"}
_TRUE: Final = {"true", "1", "t", "yes"}
_FALSE: Final = {"false", "0", "f", "no"}


class TradesCsvParser:
    """One symbol's trades."""

    def __init__(self, symbol: str | None = None) -> None:
        self.symbol = symbol or ""
        self.warnings: list[str] = []
        self._columns: _Columns | None = None
        self._last_price = 0
        self._last_side = Side.BUY

    def feed(self, text: str) -> Sequence[Action]:
        if self._columns is None:
            self._columns = _Columns(text)
            if not self._columns.side and not self._columns.buyer_makes:
                self.warnings.append("the file names no aggressor: sides follow the tick rule")
            return ()
        columns = self._columns
        row = columns.table.row(text)
        if columns.symbol and not self._is_ours(row[columns.symbol]):
            return ()
        price = price_e6(row[columns.price])
        size = positive_size_e8(row[columns.size], columns.size)
        side = self._side(row, columns, price)
        self._last_price, self._last_side = price, side
        trade_id = row.get("id") or row.get("trade_id") or row.get("tid") or ""
        return (TradePrinted(time_ms(row[columns.time], columns.time), side, price, size, trade_id),)

    def finish(self) -> Sequence[Action]:
        return ()

    def _is_ours(self, symbol: str) -> bool:
        self.symbol = self.symbol or symbol
        if symbol != self.symbol:
            note = f"only {self.symbol} is replayed: the file holds other symbols too"
            if note not in self.warnings:
                self.warnings.append(note)
        return symbol == self.symbol

    def _side(self, row: dict[str, str], columns: _Columns, price: int) -> Side:
        if columns.side:
            word = row[columns.side].lower()
            if word in _BUY_WORDS:
                return Side.BUY
            if word in _SELL_WORDS:
                return Side.SELL
            raise BadLine(columns.side, word, "must say buy or sell")
        if columns.buyer_makes:
            word = row[columns.buyer_makes].lower()
            if word not in _TRUE | _FALSE:
                raise BadLine(columns.buyer_makes, word, "must be true or false")
            return Side.SELL if word in _TRUE else Side.BUY
        if price == self._last_price or not self._last_price:
            return self._last_side
        return Side.BUY if price > self._last_price else Side.SELL


class _Columns:
    """Which column holds what."""

    def __init__(self, header: str) -> None:
        self.table = Table(header)
        for names in (TIMES, _PRICES, _SIZES):
            self.table.require_any(*names)
        self.time = self.table.find(TIMES) or ""
        self.price = self.table.find(_PRICES) or ""
        self.size = self.table.find(_SIZES) or ""
        self.side = self.table.find(_SIDES) or ""
        self.buyer_makes = self.table.find(_BUYER_MAKES) or ""
        self.symbol = self.table.find(_SYMBOLS) or ""


def _recognizes(head: Sequence[str]) -> bool:
    names = set(header_names(head[0]))
    has_all = all(names & set(wanted) for wanted in (TIMES, _PRICES, _SIZES))
    # Bars have prices too; a Databento file's are whole 1e-9, which only its own parser knows.
    return has_all and not names & {"open", "high", "low", "close", "rtype"}


FORMAT: Final = Format(
    name="trades",
    title="trades csv with a header",
    kind=RecordingKind.TRADES,
    recognizes=_recognizes,
    parser=TradesCsvParser,
)
