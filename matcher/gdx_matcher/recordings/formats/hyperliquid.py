"""Hyperliquid subscriptions of the same collector: whole books of 20 levels a side, trades, asset contexts.

Side B: the aggressor bought, A: sold. The first trades message repeats trades from before the recording;
they are counted apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from gdx_matcher.recordings.actions import (
    Action,
    PriceKind,
    PriceSeen,
    TopOfBook,
    TradeOffBook,
    TradePrinted,
)
from gdx_matcher.recordings.decimals import observed_price_e6, positive_size_e8, price_e6, size_e8, unix_ms
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats import collector
from gdx_matcher.recordings.formats.base import Format, RecordingKind
from gdx_matcher.recordings.formats.levels import LevelBook
from gdx_sdk.units import Side

_SIGNS: Final = re.compile(r'"channel":\s?"')
_SIDES: Final = {"B": Side.BUY, "A": Side.SELL}


class _Level(msgspec.Struct, gc=False):
    px: str
    sz: str


class _Book(msgspec.Struct, gc=False):
    coin: str
    levels: tuple[list[_Level], list[_Level]]


class _Quote(msgspec.Struct, gc=False):
    coin: str
    bbo: tuple[_Level | None, _Level | None]


class _Trade(msgspec.Struct, gc=False):
    coin: str
    px: str
    sz: str
    side: str
    time: int
    tid: int = 0


class _Context(msgspec.Struct, gc=False):
    markPx: str = ""
    oraclePx: str = ""


class _AssetContext(msgspec.Struct, gc=False):
    coin: str
    ctx: _Context


class _Envelope(msgspec.Struct, gc=False):
    channel: str = ""
    data: msgspec.Raw = msgspec.Raw()


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_BOOK: Final = msgspec.json.Decoder(_Book)
_QUOTE: Final = msgspec.json.Decoder(_Quote)
_TRADES: Final = msgspec.json.Decoder(list[_Trade])
_CONTEXT: Final = msgspec.json.Decoder(_AssetContext)


class HyperliquidParser:
    """One coin; each book message replaces the book."""

    def __init__(self, symbol: str | None = None) -> None:
        self.symbol = symbol or ""
        self.warnings: list[str] = []
        self._book = LevelBook()
        self._first_ms: int | None = None

    def feed(self, text: str) -> Sequence[Action]:
        at_ms, message = collector.split_line(text)
        self._first_ms = at_ms if self._first_ms is None else self._first_ms
        envelope = collector.decode(_ENVELOPE, message)
        if envelope.channel == "l2Book":
            return self._take_book(at_ms, collector.decode(_BOOK, envelope.data))
        if envelope.channel == "trades":
            trades = collector.decode(_TRADES, envelope.data)
            return [self._trade(at_ms, trade) for trade in trades if self._is_ours(trade.coin)]
        if envelope.channel == "bbo":
            return self._take_quote(at_ms, collector.decode(_QUOTE, envelope.data))
        if envelope.channel == "activeAssetCtx":
            return self._prices(at_ms, collector.decode(_CONTEXT, envelope.data))
        return ()

    def finish(self) -> Sequence[Action]:
        return ()

    def _is_ours(self, coin: str) -> bool:
        self.symbol = self.symbol or coin
        if coin != self.symbol and not self.warnings:
            self.warnings.append(f"only {self.symbol} is replayed: the file holds other coins too")
        return coin == self.symbol

    def _take_book(self, at_ms: int, book: _Book) -> Sequence[Action]:
        if not self._is_ours(book.coin):
            return ()
        bids, asks = (
            {price_e6(level.px, "px"): positive_size_e8(level.sz, "sz") for level in levels}
            for levels in book.levels
        )
        return self._book.replace(at_ms, bids, asks)

    def _take_quote(self, at_ms: int, quote: _Quote) -> Sequence[Action]:
        bid, ask = quote.bbo
        if not self._is_ours(quote.coin) or bid is None or ask is None:
            return ()
        top = TopOfBook(at_ms, price_e6(bid.px), size_e8(bid.sz), price_e6(ask.px), size_e8(ask.sz))
        self._book.reset(Side.BUY, top.bid_price_e6, top.bid_size_e8)
        self._book.reset(Side.SELL, top.ask_price_e6, top.ask_size_e8)
        return (top,)

    def _trade(self, at_ms: int, trade: _Trade) -> Action:
        if trade.side not in _SIDES:
            raise BadLine("side", trade.side, "must be B or A")
        price, size = price_e6(trade.px, "px"), positive_size_e8(trade.sz, "sz")
        assert self._first_ms is not None  # set by the first line
        if unix_ms(trade.time) < self._first_ms:
            return TradeOffBook(at_ms, price, size, "before the recording")
        return TradePrinted(at_ms, _SIDES[trade.side], price, size, str(trade.tid))

    def _prices(self, at_ms: int, context: _AssetContext) -> Sequence[Action]:
        if not self._is_ours(context.coin):
            return ()
        named = ((PriceKind.MARK, context.ctx.markPx), (PriceKind.INDEX, context.ctx.oraclePx))
        return [PriceSeen(at_ms, kind, observed_price_e6(text)) for kind, text in named if text]


FORMAT: Final = Format(
    name="hyperliquid",
    title="Hyperliquid subscription",
    kind=RecordingKind.LEVELS,
    recognizes=lambda head: collector.holds(head, _SIGNS),
    parser=HyperliquidParser,
)
