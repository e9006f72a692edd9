"""Hyperliquid subscriptions."""

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
from gdx_matcher.recordings.formats.hyperliquid import HyperliquidParser

from gdx_sdk.units import Side

E6, E8 = 10**6, 10**8
START_MS = 1_737_918_843_893


def line(channel: str, data: object, after_ms: int = 0) -> str:
    return f"{(START_MS + after_ms) * E6} " + json.dumps({"channel": channel, "data": data})


def book(bids: list[tuple[str, str]], asks: list[tuple[str, str]], coin: str = "BTC") -> dict[str, object]:
    sides = [[{"n": 1, "px": px, "sz": sz} for px, sz in levels] for levels in (bids, asks)]
    return {"coin": coin, "levels": sides, "time": START_MS}


def trade(side: str, time_ms: int, coin: str = "BTC") -> dict[str, object]:
    return {"coin": coin, "px": "105056.0", "sz": "0.5", "side": side, "time": time_ms, "tid": 9}


def test_each_book_replaces_the_one_before() -> None:
    parser = HyperliquidParser()
    first = parser.feed(line("l2Book", book([("100", "1"), ("99", "2")], [("101", "3")])))
    assert len(first) == 3
    second = parser.feed(line("l2Book", book([("100", "1.5")], [("101", "3")])))
    assert LevelSet(START_MS, Side.BUY, 99 * E6, 0) in second
    assert LevelSet(START_MS, Side.BUY, 100 * E6, E8 * 3 // 2) in second
    assert parser.symbol == "BTC"


def test_trades_from_before_the_recording_are_counted_apart() -> None:
    parser = HyperliquidParser()
    trades = [trade("B", START_MS - 49_000), trade("A", START_MS + 1)]
    old, new = parser.feed(line("trades", trades, 2))
    assert isinstance(old, TradeOffBook)
    assert isinstance(new, TradeOffBook)  # the first line sets the beginning, two milliseconds later
    parser = HyperliquidParser()
    parser.feed(line("l2Book", book([], [])))
    old, new = parser.feed(line("trades", trades, 2))
    assert isinstance(old, TradeOffBook)
    assert old.reason == "before the recording"
    assert new == TradePrinted(START_MS + 2, Side.SELL, 105_056 * E6, E8 // 2, "9")


def test_quotes_and_asset_contexts() -> None:
    parser = HyperliquidParser()
    quote = {
        "coin": "BTC",
        "time": 1,
        "bbo": [{"px": "99", "sz": "1", "n": 1}, {"px": "101", "sz": "2", "n": 1}],
    }
    assert list(parser.feed(line("bbo", quote))) == [TopOfBook(START_MS, 99 * E6, E8, 101 * E6, 2 * E8)]
    quote["bbo"] = [None, {"px": "101", "sz": "2", "n": 1}]
    assert list(parser.feed(line("bbo", quote))) == []
    context = {"coin": "BTC", "ctx": {"markPx": "100.5", "oraclePx": "100.25", "funding": "0.0"}}
    assert list(parser.feed(line("activeAssetCtx", context))) == [
        PriceSeen(START_MS, PriceKind.MARK, 100_500_000),
        PriceSeen(START_MS, PriceKind.INDEX, 100_250_000),
    ]


def test_only_the_first_coin_is_replayed() -> None:
    parser = HyperliquidParser()
    parser.feed(line("l2Book", book([("1", "1")], [])))
    assert list(parser.feed(line("l2Book", book([("1", "1")], [], coin="ETH")))) == []
    assert list(parser.feed(line("subscriptionResponse", {"method": "subscribe"}))) == []
    assert "only BTC" in parser.warnings[0]


@pytest.mark.parametrize(
    "broken",
    [
        line("trades", [trade("X", START_MS)]),
        line("l2Book", {"coin": "BTC"}),
        line("l2Book", book([("100", "0")], [])),
        "soon {}",
    ],
)
def test_a_broken_message_is_refused(broken) -> None:
    with pytest.raises(BadLine):
        HyperliquidParser().feed(broken)
