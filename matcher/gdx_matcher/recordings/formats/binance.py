"""Binance combined streams, spot, USD-M and COIN-M: levels, best quotes, trades, marks.

A depth message carries absolute sizes of the levels that changed (0: gone) and the range U…u of the updates
it sums up; a line without a stream is a REST snapshot of the book as of `lastUpdateId`. Diffs recorded
before the snapshot are applied at once (they are absolute) and those newer than it once more after it. A
file without a snapshot starts with what diffs and best quotes show. A best quote is newer than a diff that
arrives after it with a smaller u: such a diff does not touch the quoted prices or better ones. The three
streams are merged by the venue's transaction time (see `venue_time`).

`m` means the buyer was the maker: the aggressor sold. Trades whose X is not MARKET took no displayed order.
COIN-M counts contracts of 100 USD (BTC) or 10 USD (others): turned into base units at their own price,
rounded down to 1e-8. Times are the collector's local clock.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from gdx_matcher.recordings.actions import (
    Action,
    PriceKind,
    PriceSeen,
    TopOfBook,
    TradeOffBook,
    TradePrinted,
)
from gdx_matcher.recordings.decimals import observed_price_e6, price_e6, size_e8, whole_number
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats import collector
from gdx_matcher.recordings.formats.base import Format, RecordingKind
from gdx_matcher.recordings.formats.levels import LevelBook, Levels
from gdx_matcher.recordings.formats.venue_time import VenueTimeSorter
from gdx_sdk.units import PRICE_SCALE, SIZE_SCALE, Side

_SIGNS: Final = re.compile(
    r'"stream":"|"lastUpdateId":|"e":"(depthUpdate|trade|aggTrade|bookTicker|markPriceUpdate)"'
)
_COIN_MARGINED: Final = re.compile(r"USD_(PERP|\d{6})$")
WINDOW_MS: Final = 100
_REMEMBERED_DIFFS: Final = 4096


class _Envelope(msgspec.Struct, gc=False):
    """What decides how the rest of a message is read."""

    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    e: str = ""
    lastUpdateId: int = -1


class _Kind(msgspec.Struct, gc=False):
    e: str = ""
    s: str = ""
    T: int = 0
    E: int = 0


class _Depth(msgspec.Struct, gc=False):
    u: int
    b: list[tuple[str, str]]
    a: list[tuple[str, str]]
    s: str = ""
    U: int = 0
    pu: int = 0


class _Snapshot(msgspec.Struct, gc=False):
    lastUpdateId: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class _Ticker(msgspec.Struct, gc=False):
    u: int
    b: str
    B: str
    a: str
    A: str
    s: str = ""


class _Trade(msgspec.Struct, gc=False):
    p: str
    q: str
    m: bool
    s: str = ""
    t: int = 0
    X: str = "MARKET"


class _Mark(msgspec.Struct, gc=False):
    p: str
    s: str = ""
    i: str = ""


_Message = _Depth | _Ticker | _Trade
_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_KIND: Final = msgspec.json.Decoder(_Kind)
_DEPTH: Final = msgspec.json.Decoder(_Depth)
_SNAPSHOT: Final = msgspec.json.Decoder(_Snapshot)
_TICKER: Final = msgspec.json.Decoder(_Ticker)
_TRADE: Final = msgspec.json.Decoder(_Trade)
_MARK: Final = msgspec.json.Decoder(_Mark)
_DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    "depthUpdate": _DEPTH,
    "bookTicker": _TICKER,
    "trade": _TRADE,
    "aggTrade": _TRADE,
}


class BinanceParser:
    """One symbol of a combined stream; messages of other symbols and other streams are passed over."""

    def __init__(self, symbol: str | None = None) -> None:
        self.symbol = symbol.upper() if symbol else ""
        self._book = LevelBook()
        self._recent: deque[_Depth] = deque(maxlen=_REMEMBERED_DIFFS)
        self._last_update = 0
        self._has_snapshot = False
        self._gaps = 0
        self._has_other_symbols = False
        self._quote: tuple[int, int, int] | None = None  # u, bid, ask of a best quote newer than the diffs
        self._trade_event = ""
        self._sorter: VenueTimeSorter[_Message] = VenueTimeSorter(WINDOW_MS)

    @property
    def warnings(self) -> Sequence[str]:
        found = []
        if not self._has_snapshot:
            found.append("no book snapshot: the book holds only what diffs and best quotes showed")
        if self._gaps:
            found.append(f"{self._gaps} gaps in the chain of depth messages")
        if self._has_other_symbols:
            found.append(f"only {self.symbol} is replayed: the file holds other symbols too")
        return found

    def feed(self, text: str) -> Sequence[Action]:
        at_ms, message = collector.split_line(text)
        envelope = collector.decode(_ENVELOPE, message)
        if envelope.lastUpdateId >= 0:
            held = self._apply(self._sorter.pop_all())
            return [*held, *self._take_snapshot(at_ms, collector.decode(_SNAPSHOT, message))]
        data: str | msgspec.Raw = envelope.data if envelope.stream else message
        kind = collector.decode(_KIND, data)
        event = kind.e or ("bookTicker" if envelope.stream.endswith("@bookTicker") else "")
        if event != "markPriceUpdate" and event not in _DECODERS:
            return ()
        if not self._is_ours(kind.s):
            return ()
        if event == "markPriceUpdate":
            return _mark_prices(at_ms, collector.decode(_MARK, data))
        decoder = _DECODERS[event]
        if decoder is _TRADE:
            self._trade_event = self._trade_event or event
            if event != self._trade_event:
                return ()  # trade and aggTrade tell the same trades twice
        typed: _Message = collector.decode(decoder, data)
        self._sorter.push(kind.T or kind.E, at_ms, typed, is_trade=decoder is _TRADE)
        return self._apply(self._sorter.pop_due())

    def finish(self) -> Sequence[Action]:
        return self._apply(self._sorter.pop_all())

    def _apply(self, due: Iterable[tuple[int, _Message]]) -> Sequence[Action]:
        actions: list[Action] = []
        for at_ms, message in due:
            if isinstance(message, _Depth):
                actions += self._take_depth(at_ms, message)
            elif isinstance(message, _Ticker):
                actions += self._take_quote(at_ms, message)
            else:
                actions.append(self._trade(at_ms, message))
        return actions

    def _is_ours(self, symbol: str) -> bool:
        if not self.symbol:
            self.symbol = symbol
        if symbol == self.symbol:
            return True
        self._has_other_symbols = True
        return False

    def _take_depth(self, at_ms: int, diff: _Depth) -> Sequence[Action]:
        follows = diff.pu == self._last_update if diff.pu else self._last_update + 1 >= diff.U
        if self._last_update and not follows:
            self._gaps += 1
        self._last_update = diff.u
        self._recent.append(diff)
        bids, asks = self._levels(diff.b), self._levels(diff.a)
        if self._quote is not None:
            quoted_at, bid, ask = self._quote
            if diff.u < quoted_at:
                bids = [level for level in bids if level[0] < bid]
                asks = [level for level in asks if level[0] > ask]
            else:
                self._quote = None
        return self._book.apply(at_ms, bids, asks)

    def _take_snapshot(self, at_ms: int, snapshot: _Snapshot) -> Sequence[Action]:
        self._has_snapshot = True
        bids, asks = dict(self._levels(snapshot.bids)), dict(self._levels(snapshot.asks))
        for diff in self._recent:
            if diff.u > snapshot.lastUpdateId:
                for levels, changed in ((bids, diff.b), (asks, diff.a)):
                    levels.update(self._levels(changed))
        if self._quote is not None and self._quote[0] > max(snapshot.lastUpdateId, self._last_update):
            _, bid, ask = self._quote
            bids = {price: size for price, size in bids.items() if price <= bid}
            asks = {price: size for price, size in asks.items() if price >= ask}
        return self._book.replace(
            at_ms,
            {price: size for price, size in bids.items() if size},
            {price: size for price, size in asks.items() if size},
        )

    def _take_quote(self, at_ms: int, ticker: _Ticker) -> Sequence[Action]:
        if ticker.u <= self._last_update:
            return ()
        (bid, bid_size), (ask, ask_size) = self._levels([(ticker.b, ticker.B), (ticker.a, ticker.A)])
        self._quote = (ticker.u, bid, ask)
        self._book.reset(Side.BUY, bid, bid_size)
        self._book.reset(Side.SELL, ask, ask_size)
        return (TopOfBook(at_ms, bid, bid_size, ask, ask_size),)

    def _trade(self, at_ms: int, trade: _Trade) -> Action:
        [(price, size)] = self._levels([(trade.p, trade.q)])
        if size == 0:
            raise BadLine("q", trade.q, "a trade has a size above zero")
        if trade.X != "MARKET":
            return TradeOffBook(at_ms, price, size, trade.X)
        return TradePrinted(at_ms, Side.SELL if trade.m else Side.BUY, price, size, str(trade.t))

    def _levels(self, levels: Iterable[tuple[str, str]]) -> Levels:
        contract_usd = contract_usd_of(self.symbol)
        if contract_usd == 0:
            return [(price_e6(price, "price"), size_e8(size, "size")) for price, size in levels]
        return [
            (price := price_e6(text), contracts_e8(whole_number(contracts, "contracts"), contract_usd, price))
            for text, contracts in levels
        ]


def contract_usd_of(symbol: str) -> int:
    """USD per contract of an inverse (coin-margined) symbol; 0 for one counted in base units."""
    if not _COIN_MARGINED.search(symbol):
        return 0
    return 100 if symbol.startswith("BTC") else 10


def contracts_e8(contracts: int, contract_usd: int, price: int) -> int:
    """Base units (1e-8) of inverse contracts at a price (1e-6), rounded down."""
    return contracts * contract_usd * PRICE_SCALE * SIZE_SCALE // price


def _mark_prices(at_ms: int, mark: _Mark) -> Sequence[Action]:
    seen = [PriceSeen(at_ms, PriceKind.MARK, observed_price_e6(mark.p))]
    # Delivery contracts have no index in this message, or an empty one.
    if mark.i.strip("0."):
        seen.append(PriceSeen(at_ms, PriceKind.INDEX, observed_price_e6(mark.i)))
    return seen


FORMAT: Final = Format(
    name="binance",
    title="Binance combined stream",
    kind=RecordingKind.LEVELS,
    recognizes=lambda head: collector.holds(head, _SIGNS),
    parser=BinanceParser,
)
