"""Binance combined streams: snapshot and diffs, quotes, trades before books, inverse contracts."""

from __future__ import annotations

import json

import pytest
from gdx_matcher.recordings.actions import (
    LevelSet,
    PriceKind,
    PriceSeen,
    TopOfBook,
    TradeOffBook,
    TradePrinted,
)
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats.binance import BinanceParser, contracts_e8

from gdx_sdk.units import Side

E6, E8 = 10**6, 10**8


class Feed:
    """Writes collector lines; the venue's time advances far enough that nothing waits."""

    def __init__(self, symbol: str = "BTCUSDT") -> None:
        self.parser = BinanceParser()
        self.symbol = symbol
        self.venue_ms = 1_723_161_256_000
        self.local_ns = 1_723_161_255_030_314_667

    def line(self, message: dict[str, object]) -> list[object]:
        self.local_ns += 1_000_000
        return list(self.parser.feed(f"{self.local_ns} {json.dumps(message)}"))

    def send(self, event: str, *, advance_ms: int = 1_000, **fields: object) -> list[object]:
        self.venue_ms += advance_ms
        data = {"e": event, "E": self.venue_ms, "T": self.venue_ms, "s": self.symbol, **fields}
        return self.line({"stream": f"{self.symbol.lower()}@{event}", "data": data})

    def diff(self, first: int, last: int, bids=(), asks=(), **fields: object) -> list[object]:
        return self.send("depthUpdate", U=first, u=last, pu=first - 1, b=list(bids), a=list(asks), **fields)

    def rest(self) -> list[object]:
        return list(self.parser.finish())


@pytest.fixture
def feed() -> Feed:
    return Feed()


def levels(actions: list[object]) -> list[tuple[Side, int, int]]:
    return [(a.side, a.price_e6 // E6, a.size_e8 // E8) for a in actions if isinstance(a, LevelSet)]


def test_diffs_before_the_snapshot_are_kept_and_newer_ones_override_it(feed: Feed) -> None:
    feed.diff(1, 5, bids=[["99", "1"]])
    feed.diff(6, 9, bids=[["98", "7"]], asks=[["101", "3"]])
    actions = feed.line({"lastUpdateId": 5, "bids": [["99", "2"], ["98", "2"]], "asks": [["102", "4"]]})
    book = {(side, price): size for side, price, size in levels(actions)}
    assert book == {(Side.BUY, 99): 2, (Side.BUY, 98): 7, (Side.SELL, 101): 3, (Side.SELL, 102): 4}
    assert feed.parser.warnings == []


def test_a_level_that_the_snapshot_does_not_show_is_gone(feed: Feed) -> None:
    feed.diff(1, 5, bids=[["97", "1"]])
    feed.rest()
    actions = feed.line({"lastUpdateId": 5, "bids": [["99", "2"]], "asks": []})
    assert (Side.BUY, 97, 0) in levels(actions)


def test_without_a_snapshot_the_diffs_alone_make_the_book(feed: Feed) -> None:
    feed.diff(1, 5, bids=[["99", "1"]])
    assert levels(feed.rest()) == [(Side.BUY, 99, 1)]
    assert "no book snapshot" in feed.parser.warnings[0]


def test_a_size_that_is_repeated_is_set_again(feed: Feed) -> None:
    """A trade may have taken from the level in between."""
    feed.diff(1, 5, bids=[["99", "1"]])
    feed.diff(6, 7, bids=[["99", "1"]])
    assert levels(feed.rest()) == [(Side.BUY, 99, 1)]


def test_what_goes_is_told_before_what_comes(feed: Feed) -> None:
    feed.diff(1, 5, bids=[["99", "1"]], asks=[["100", "1"]])
    feed.diff(6, 7, bids=[["100", "2"]], asks=[["100", "0"], ["101", "1"]])
    assert levels(feed.rest()) == [(Side.SELL, 100, 0), (Side.BUY, 100, 2), (Side.SELL, 101, 1)]


def test_a_trade_is_told_before_the_book_that_it_left(feed: Feed) -> None:
    feed.send("bookTicker", u=9, b="99", B="1", a="101", A="1")
    feed.send("trade", advance_ms=0, t=1, p="99", q="1", X="MARKET", m=True)
    assert [type(action) for action in feed.rest()] == [TradePrinted, TopOfBook]


def test_the_buyer_as_maker_means_that_the_aggressor_sold(feed: Feed) -> None:
    feed.send("trade", t=5, p="99.5", q="0.002", X="MARKET", m=True)
    [trade] = feed.rest()
    assert trade == TradePrinted(feed.local_ns // E6, Side.SELL, 99_500_000, 200_000, "5")


def test_an_insurance_fund_print_is_off_the_book(feed: Feed) -> None:
    feed.send("trade", t=5, p="28722.50", q="0.001", X="INSURANCE_FUND", m=False)
    [trade] = feed.rest()
    assert isinstance(trade, TradeOffBook)
    assert trade.reason == "INSURANCE_FUND"


def test_an_older_diff_does_not_touch_a_newer_quote_or_better_prices(feed: Feed) -> None:
    feed.send("bookTicker", u=20, b="98", B="1", a="101", A="1")
    feed.diff(5, 10, bids=[["99", "5"], ["98", "5"], ["97", "5"]], asks=[["100", "5"], ["102", "5"]])
    assert levels(feed.rest()) == [(Side.BUY, 97, 5), (Side.SELL, 102, 5)]
    feed.diff(11, 25, bids=[["99", "6"]])
    assert levels(feed.rest()) == [(Side.BUY, 99, 6)]


def test_a_quote_older_than_the_diffs_is_passed_over(feed: Feed) -> None:
    feed.diff(1, 5, bids=[["99", "1"]])
    feed.send("bookTicker", u=4, b="98", B="1", a="101", A="1")
    assert not any(isinstance(action, TopOfBook) for action in feed.rest())


def test_mark_and_index_prices(feed: Feed) -> None:
    actions = feed.send("markPriceUpdate", p="28147.27373413", P="1", i="28159.75642857", r="0.0001")
    assert actions == [
        PriceSeen(feed.local_ns // E6, PriceKind.MARK, 28_147_273_734),
        PriceSeen(feed.local_ns // E6, PriceKind.INDEX, 28_159_756_429),
    ]


def test_a_gap_in_the_chain_is_counted(feed: Feed) -> None:
    feed.diff(1, 5)
    feed.diff(8, 9)
    feed.rest()
    assert any("1 gaps" in warning for warning in feed.parser.warnings)


def test_other_symbols_and_streams_are_passed_over(feed: Feed) -> None:
    feed.send("trade", t=5, p="99", q="1", m=True)
    feed.symbol = "ETHUSDT"
    feed.send("trade", t=6, p="99", q="1", m=True)
    feed.send("forceOrder", o={})
    assert feed.line({"result": None, "id": 1}) == []
    assert len(feed.rest()) == 1
    assert feed.parser.symbol == "BTCUSDT"


def test_aggregate_trades_are_not_counted_beside_trades(feed: Feed) -> None:
    feed.send("trade", t=5, p="99", q="1", m=True)
    feed.send("aggTrade", a=5, p="99", q="1", m=True)
    assert len(feed.rest()) == 1


def test_inverse_contracts_become_base_units_at_their_price() -> None:
    feed = Feed("BTCUSD_PERP")
    feed.send("trade", t=5, p="50000", q="3", m=False, ps="BTCUSD")
    [trade] = feed.rest()
    assert isinstance(trade, TradePrinted)
    assert trade.size_e8 == 600_000  # 300 USD at 50,000
    assert contracts_e8(1, 10, 3_000 * E6) == 333_333  # rounded down


def test_microseconds_and_nanoseconds_are_told_apart() -> None:
    line = '{"stream":"x@trade","data":{"e":"trade","T":1,"s":"X","t":1,"p":"1","q":"1","m":true}}'
    for stamp in ("1680652700441533", "1680652700441533000"):
        parser = BinanceParser()
        parser.feed(f"{stamp} {line}")
        [trade] = parser.finish()
        assert trade.at_ms == 1_680_652_700_441


@pytest.mark.parametrize(
    "message",
    [
        '{"stream":"x@trade","data":{"e":"trade","s":"X","p":"1","m":true}}',
        '{"stream":"x@trade","data":{"e":"trade","s":"X","p":"1","q":"0","m":true}}',
        '{"stream":"x@depth","data":{"e":"depthUpdate","s":"X","u":"five","b":[],"a":[]}}',
        '{"stream":"x@trade","data":{"e":"trade","s":"X","p":"abc","q":"1","m":true}}',
        '{"stream":"x@trade","data"',
    ],
)
def test_a_broken_message_is_refused(message) -> None:
    with pytest.raises(BadLine):
        BinanceParser().feed(f"1680652700441533 {message}")
