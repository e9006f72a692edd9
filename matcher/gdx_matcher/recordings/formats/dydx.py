"""dYdX v3 as its websocket sent it to cryptofeed: ``unix_seconds: {json}``, many markets in one file.

The first market the client subscribed to is replayed unless another is asked for. A subscription answers
with the whole book, then deltas of absolute sizes; the venue says itself that this book may cross, because
its messages are not ordered: sizes carry offsets, and an older offset does not overwrite a newer one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from gdx_matcher.recordings.actions import Action, TradeOffBook, TradePrinted
from gdx_matcher.recordings.decimals import positive_size_e8, price_e6, size_e8, time_ms, whole_number
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats import collector
from gdx_matcher.recordings.formats.base import Format, RecordingKind
from gdx_matcher.recordings.formats.levels import LevelBook, Levels
from gdx_sdk.units import Side

_SENT_OR_OPENED: Final = re.compile(r"^wss?://\S+ <-")
_LINE: Final = re.compile(r"^(\d{9,11}(?:\.\d+)?): (\{.*\})$")
_SIDES: Final = {"BUY": Side.BUY, "SELL": Side.SELL}


class _Level(msgspec.Struct, gc=False):
    price: str
    size: str
    offset: str = "0"


class _Trade(msgspec.Struct, gc=False):
    side: str
    size: str
    price: str
    createdAt: str = ""


class _Picture(msgspec.Struct, gc=False):
    bids: list[_Level]
    asks: list[_Level]


class _Delta(msgspec.Struct, gc=False):
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    offset: str = "0"


class _Trades(msgspec.Struct, gc=False):
    trades: list[_Trade]


class _Envelope(msgspec.Struct, gc=False):
    type: str = ""
    channel: str = ""
    id: str = ""
    contents: msgspec.Raw = msgspec.Raw()


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_PICTURE: Final = msgspec.json.Decoder(_Picture)
_DELTA: Final = msgspec.json.Decoder(_Delta)
_TRADES: Final = msgspec.json.Decoder(_Trades)


class DydxParser:
    """One market of the file."""

    def __init__(self, symbol: str | None = None) -> None:
        self.symbol = symbol or ""
        self.warnings: list[str] = []
        self._book = LevelBook()
        self._offsets: dict[tuple[Side, int], int] = {}

    def feed(self, text: str) -> Sequence[Action]:
        if _SENT_OR_OPENED.match(text):
            return ()
        match = _LINE.match(text)
        if match is None:
            raise BadLine("line", text, "must be: unix_seconds: {json}")
        at_ms = time_ms(match[1])
        envelope = collector.decode(_ENVELOPE, match[2])
        if envelope.type not in {"subscribed", "channel_data"} or not self._is_ours(envelope.id):
            return ()
        if envelope.channel == "v3_trades":
            trades = collector.decode(_TRADES, envelope.contents).trades
            # The answer to a subscription repeats trades from before it, newest first.
            is_history = envelope.type == "subscribed"
            return [_trade(at_ms, trade, is_history) for trade in reversed(trades)]
        if envelope.channel != "v3_orderbook":
            return ()
        if envelope.type == "subscribed":
            return self._take_picture(at_ms, collector.decode(_PICTURE, envelope.contents))
        delta = collector.decode(_DELTA, envelope.contents)
        offset = whole_number(delta.offset, "offset")
        bids = self._newer(Side.BUY, ((price, size, offset) for price, size in delta.bids))
        asks = self._newer(Side.SELL, ((price, size, offset) for price, size in delta.asks))
        return self._book.apply(at_ms, bids, asks)

    def finish(self) -> Sequence[Action]:
        return ()

    def _is_ours(self, market: str) -> bool:
        self.symbol = self.symbol or market
        if market != self.symbol and not self.warnings:
            self.warnings.append(f"only {self.symbol} is replayed: the file holds other markets too")
        return market == self.symbol

    def _take_picture(self, at_ms: int, picture: _Picture) -> Sequence[Action]:
        bids, asks = (
            self._newer(
                side, ((level.price, level.size, whole_number(level.offset, "offset")) for level in levels)
            )
            for side, levels in ((Side.BUY, picture.bids), (Side.SELL, picture.asks))
        )
        return self._book.apply(at_ms, bids, asks)

    def _newer(self, side: Side, levels: Iterable[tuple[str, str, int]]) -> Levels:
        newer = []
        for price_text, size_text, offset in levels:
            price = price_e6(price_text)
            if self._offsets.get((side, price), -1) < offset:
                self._offsets[side, price] = offset
                newer.append((price, size_e8(size_text)))
        return newer


def _trade(at_ms: int, trade: _Trade, is_history: bool) -> Action:
    if trade.side not in _SIDES:
        raise BadLine("side", trade.side, "must be BUY or SELL")
    price, size = price_e6(trade.price), positive_size_e8(trade.size)
    if is_history:
        return TradeOffBook(at_ms, price, size, "before the recording")
    return TradePrinted(at_ms, _SIDES[trade.side], price, size)


def _recognizes(head: Sequence[str]) -> bool:
    return bool(_SENT_OR_OPENED.match(head[0])) and any("v3_orderbook" in line for line in head)


FORMAT: Final = Format(
    name="dydx",
    title="dYdX v3 websocket dump",
    kind=RecordingKind.LEVELS,
    recognizes=_recognizes,
    parser=DydxParser,
)
