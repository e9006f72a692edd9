"""dYdX v3 websocket dumps."""

from __future__ import annotations

import json

import pytest
from gdx_matcher.recordings.actions import LevelSet, TradeOffBook, TradePrinted
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats.dydx import DydxParser

from gdx_sdk.units import Side

E6, E8 = 10**6, 10**8
AT = 1_635_444_230_859


def line(kind: str, channel: str, contents: object, market: str = "ETH-USD") -> str:
    message = {"type": kind, "channel": channel, "id": market, "contents": contents}
    return f"1635444230.8598988: {json.dumps(message)}"


def delta(offset: int, bids: object = (), asks: object = ()) -> str:
    return line("channel_data", "v3_orderbook", {"offset": str(offset), "bids": bids, "asks": asks})


def test_an_older_offset_does_not_overwrite_a_newer_one() -> None:
    parser = DydxParser()
    picture = {"bids": [{"price": "4000", "size": "2", "offset": "10"}], "asks": []}
    assert list(parser.feed(line("subscribed", "v3_orderbook", picture))) == [
        LevelSet(AT, Side.BUY, 4_000 * E6, 2 * E8)
    ]
    assert list(parser.feed(delta(9, bids=[["4000", "0"]]))) == []
    assert list(parser.feed(delta(11, bids=[["4000", "0"]]))) == [LevelSet(AT, Side.BUY, 4_000 * E6, 0)]


def test_the_answer_to_a_subscription_holds_history() -> None:
    parser = DydxParser()
    trades = {
        "trades": [{"side": "BUY", "size": "0.1", "price": "4215.6", "createdAt": "2021-10-28T18:03:50Z"}]
    }
    [old] = parser.feed(line("subscribed", "v3_trades", trades))
    assert isinstance(old, TradeOffBook)
    [new] = parser.feed(line("channel_data", "v3_trades", trades))
    assert new == TradePrinted(AT, Side.BUY, 4_215_600_000, E8 // 10)


def test_one_market_is_replayed_the_first_or_the_one_asked_for() -> None:
    for wanted, expected in ((None, 0), ("LTC-USD", 1)):
        parser = DydxParser(wanted)
        parser.feed('wss://x/v3/ws <- 1635444230.7: {"type":"subscribe"}')
        parser.feed(line("subscribed", "v3_orderbook", {"bids": [], "asks": []}))
        picture = {"bids": [{"price": "4", "size": "2", "offset": "1"}], "asks": []}
        assert len(parser.feed(line("subscribed", "v3_orderbook", picture, "LTC-USD"))) == expected
        assert parser.warnings


@pytest.mark.parametrize(
    "broken",
    [
        "1635444230.8: not json",
        line("channel_data", "v3_trades", {"trades": [{"side": "HOLD", "size": "1", "price": "1"}]}),
        line("channel_data", "v3_orderbook", {"offset": "x", "bids": [], "asks": []}),
    ],
)
def test_a_broken_message_is_refused(broken) -> None:
    with pytest.raises(BadLine):
        DydxParser().feed(broken)
