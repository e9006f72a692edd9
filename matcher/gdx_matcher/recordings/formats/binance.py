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


class _Diff(msgspec.Struct, gc=False):
    """A depth message in whole units."""

    first: int
    last: int
    previous: int
    bids: Levels
    asks: Levels


class _Quote(msgspec.Struct, gc=False):
    """A best quote in whole units."""

    update: int
    bid_price_e6: int
    bid_size_e8: int
    ask_price_e6: int
    ask_size_e8: int


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


_Message = _Diff | _Quote | TradePrinted | TradeOffBook
_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_KIND: Final = msgspec.json.Decoder(_Kind)
_DEPTH: Final = msgspec.json.Decoder(_Depth)
_SNAPSHOT: Final = msgspec.json.Decoder(_Snapshot)
_TICKER: Final = msgspec.json.Decoder(_Ticker)
_TRADE: Final = msgspec.json.Decoder(_Trade)
_MARK: Final = msgspec.json.Decoder(_Mark)
_EVENTS: Final = {"depthUpdate", "bookTicker", "trade", "aggTrade", "markPriceUpdate"}


class BinanceParser:
    """One symbol of a combined stream; messages of other symbols and other streams are passed over."""

    def __init__(self, symbol: str | None = None) -> None:
        self.symbol = symbol.upper() if symbol else ""
        self._book = LevelBook()
        self._recent: deque[_Diff] = deque(maxlen=_REMEMBERED_DIFFS)
        self._last_update = 0
        self._has_snapshot = False
        self._gaps = 0
        self._has_other_symbols = False
        self._quote: _Quote | None = None  # a best quote newer than the diffs
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
        if event not in _EVENTS:
            return ()
        if not self._is_ours(kind.s):
            return ()
        if event == "markPriceUpdate":
            return _mark_prices(at_ms, collector.decode(_MARK, data))
        if event in {"trade", "aggTrade"}:
            self._trade_event = self._trade_event or event
            if event != self._trade_event:
                return ()  # trade and aggTrade tell the same trades twice
        self._sorter.push(
            kind.T or kind.E, at_ms, self._read(event, at_ms, data), is_trade=event in {"trade", "aggTrade"}
        )
        return self._apply(self._sorter.pop_due())

    def finish(self) -> Sequence[Action]:
        return self._apply(self._sorter.pop_all())

    def _read(self, event: str, at_ms: int, data: str | msgspec.Raw) -> _Message:
        """A message in whole units; read when it arrives, so that an error names its line."""
        if event == "depthUpdate":
            depth = collector.decode(_DEPTH, data)
            return _Diff(depth.U, depth.u, depth.pu, self._levels(depth.b), self._levels(depth.a))
        if event == "bookTicker":
            ticker = collector.decode(_TICKER, data)
            [bid, ask] = self._levels([(ticker.b, ticker.B), (ticker.a, ticker.A)])
            return _Quote(ticker.u, *bid, *ask)
        return self._trade(at_ms, collector.decode(_TRADE, data))

    def _apply(self, due: Iterable[tuple[int, _Message]]) -> Sequence[Action]:
        actions: list[Action] = []
        for at_ms, message in due:
            if isinstance(message, _Diff):
                actions += self._take_diff(at_ms, message)
            elif isinstance(message, _Quote):
                actions += self._take_quote(at_ms, message)
            else:
                actions.append(message)
        return actions

    def _is_ours(self, symbol: str) -> bool:
        if not self.symbol:
            self.symbol = symbol
        if symbol == self.symbol:
            return True
        self._has_other_symbols = True
        return False

    def _take_diff(self, at_ms: int, diff: _Diff) -> Sequence[Action]:
        last = self._last_update
        follows = diff.previous == last if diff.previous else diff.first <= last + 1
        if last and not follows:
            self._gaps += 1
        self._last_update = diff.last
        self._recent.append(diff)
        bids, asks = diff.bids, diff.asks
        if self._quote is not None and diff.last < self._quote.update:
            bids = [level for level in bids if level[0] < self._quote.bid_price_e6]
            asks = [level for level in asks if level[0] > self._quote.ask_price_e6]
        else:
            self._quote = None
        return self._book.apply(at_ms, bids, asks)

    def _take_snapshot(self, at_ms: int, snapshot: _Snapshot) -> Sequence[Action]:
        self._has_snapshot = True
        bids, asks = dict(self._levels(snapshot.bids)), dict(self._levels(snapshot.asks))
        for diff in self._recent:
            if diff.last > snapshot.lastUpdateId:
                bids.update(diff.bids)
                asks.update(diff.asks)
        quote = self._quote
        if quote is not None and quote.update > max(snapshot.lastUpdateId, self._last_update):
            bids = {price: size for price, size in bids.items() if price <= quote.bid_price_e6}
            asks = {price: size for price, size in asks.items() if price >= quote.ask_price_e6}
        return self._book.replace(
            at_ms,
            {price: size for price, size in bids.items() if size},
            {price: size for price, size in asks.items() if size},
        )

    def _take_quote(self, at_ms: int, quote: _Quote) -> Sequence[Action]:
        if quote.update <= self._last_update:
            return ()
        self._quote = quote
        bid, bid_e8, ask, ask_e8 = (
            quote.bid_price_e6, quote.bid_size_e8, quote.ask_price_e6, quote.ask_size_e8
        )  # fmt: skip
        self._book.reset(Side.BUY, bid, bid_e8)
        self._book.reset(Side.SELL, ask, ask_e8)
        return (TopOfBook(at_ms, bid, bid_e8, ask, ask_e8),)

    def _trade(self, at_ms: int, trade: _Trade) -> TradePrinted | TradeOffBook:
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
