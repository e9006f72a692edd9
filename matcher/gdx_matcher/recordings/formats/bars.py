"""Bars as csv: a price path. Also series of mark prices, such as funding histories that carry the mark.

With a header: a time and open, high, low, close in any order. Without: exchange klines (open time in ms,
open, high, low, close, …), or funding rows (symbol, time, rate, mark price). A bar becomes four prices, a
quarter of its length apart: open, then the extreme on the far side from the close, the other, close.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gdx_matcher.recordings.actions import Action, PriceKind, PriceSeen
from gdx_matcher.recordings.decimals import observed_price_e6, time_ms
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats.base import Format, RecordingKind
from gdx_matcher.recordings.formats.table import Table, header_names
from gdx_matcher.recordings.formats.trades_csv import TIMES as TRADE_TIMES

_TIMES: Final = (*TRADE_TIMES, "open_time", "start", "start_time", "funding_time", "bar_time")
_OHLC: Final = ("open", "high", "low", "close")
_MARKS: Final = ("mark_price", "mark", "mark_px", "index_price", "index", "oracle_price")
_NUMBER: Final = r"\d+(?:\.\d*)?(?:[eE]-?\d+)?"
_KLINE: Final = re.compile(rf'^"?\d{{13,16}}"?(,{_NUMBER}){{4,}},?')
_FUNDING: Final = re.compile(rf"^[A-Z0-9_/:-]*[A-Z][A-Z0-9_/:-]*,\d{{10,19}},-?{_NUMBER},{_NUMBER}$")
_DEFAULT_BAR_MS: Final = 60_000


class BarsParser:
    """Holds one bar back, because its length is the time to the next."""

    def __init__(self, symbol: str | None = None) -> None:
        self.symbol = symbol or ""
        self.warnings: list[str] = []
        self._table: Table | None = None
        self._time = self._mark = ""
        self._waiting: tuple[int, tuple[int, int, int, int]] | None = None
        self._length_ms = 0

    def feed(self, text: str) -> Sequence[Action]:
        if self._table is None:
            is_header = self._read_header(text)
            if is_header:
                return ()
        assert self._table is not None
        row = self._table.row(text)
        at_ms = time_ms(row[self._time], self._time)
        if self._mark:
            return (PriceSeen(at_ms, PriceKind.MARK, observed_price_e6(row[self._mark], self._mark)),)
        if not any(row[name].strip("0.") for name in _OHLC[1:]):
            raise BadLine("high", row["high"], "must be above zero (a series of rates, not of prices?)")
        open_, high, low, close = (observed_price_e6(row[name], name) for name in _OHLC)
        if not low <= min(open_, close) <= max(open_, close) <= high:
            raise BadLine("low", row["low"], f"open, close and high = {row['high']} must not be below it")
        return self._advance(at_ms, (open_, high, low, close))

    def finish(self) -> Sequence[Action]:
        waiting, self._waiting = self._waiting, None
        return () if waiting is None else _path(*waiting, self._length_ms or _DEFAULT_BAR_MS)

    def _read_header(self, text: str) -> bool:
        if _KLINE.match(text):
            extra = [f"column_{index}" for index in range(6, text.count(",") + 2)]
            self._table = Table(",".join(["time", *_OHLC, *extra]))
        elif _FUNDING.match(text):
            self._table = Table("symbol,time,funding_rate,mark_price")
        else:
            self._table = Table(text)
        self._time = self._table.find(_TIMES) or ""
        if not set(_OHLC) <= set(self._table.names):
            self._mark = self._table.find(_MARKS) or ""
        return not (_KLINE.match(text) or _FUNDING.match(text))

    def _advance(self, at_ms: int, bar: tuple[int, int, int, int]) -> Sequence[Action]:
        waiting, self._waiting = self._waiting, (at_ms, bar)
        if waiting is None:
            return ()
        if at_ms <= waiting[0]:
            raise BadLine(self._time, at_ms, f"must be after the bar before it at {waiting[0]}")
        # A gap in the series is no longer bar: the shortest distance seen is the length.
        self._length_ms = min(at_ms - waiting[0], self._length_ms or at_ms - waiting[0])
        return _path(*waiting, self._length_ms)


def _path(at_ms: int, bar: tuple[int, int, int, int], length_ms: int) -> Sequence[Action]:
    open_, high, low, close = bar
    middle = (low, high) if close >= open_ else (high, low)
    prices = (open_, *middle, close)
    return [
        PriceSeen(at_ms + quarter * length_ms // 4, PriceKind.BAR, price)
        for quarter, price in enumerate(prices)
    ]


def _recognizes(head: Sequence[str]) -> bool:
    if _KLINE.match(head[0]) or _FUNDING.match(head[0]):
        return True
    names = set(header_names(head[0]))
    return bool(names & set(_TIMES)) and (names >= set(_OHLC) or bool(names & set(_MARKS)))


FORMAT: Final = Format(
    name="bars",
    title="bars csv (a price path)",
    kind=RecordingKind.PRICES,
    recognizes=_recognizes,
    parser=BarsParser,
)
