"""Trades csv: columns in any order and spelling."""

from __future__ import annotations

import pytest
from gdx_matcher.recordings.actions import TradePrinted
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats.trades_csv import TradesCsvParser

from gdx_sdk.units import Side

EXPECTED = TradePrinted(1_675_329_600_138, Side.BUY, 1_666_800_000, 2_606_200_000, "")


def parse(*lines: str) -> list[object]:
    parser = TradesCsvParser()
    return [action for line in lines for action in parser.feed(line)]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("timestamp,side,price,amount", "1675329600138,buy,1666.8,26.062"),
        (",timestamp,id,type,side,price,amount,cost", "0,1675329600138,,,buy,1666.8,26.062,43440.1416"),
        ("Price;Qty;Time;Is Buyer Maker", "1666.8;26.062;1675329600.138;False"),
        ("price\tquantity\tisBuyerMaker\ttransact_time", "1666.8\t26.062\tfalse\t1675329600138"),
        ('"side","size","price","date"', '"Bid","26.062","1666.8","2023-02-02T09:20:00.138Z"'),
        ("symbol,local_timestamp,side,px,sz", "ETHUSDT,1675329600138000,B,1666.80,26.0620"),
    ],
)
def test_columns_are_found_by_their_names(header, row) -> None:
    assert parse(header, row) == [EXPECTED]


def test_ids_are_kept() -> None:
    [trade] = parse("id,timestamp,side,price,amount", "1206419187,1675329600138,buy,1666.8,26.062")
    assert isinstance(trade, TradePrinted)
    assert trade.trade_id == "1206419187"


def test_without_a_side_the_tick_rule_decides_and_says_so() -> None:
    parser = TradesCsvParser()
    sides = []
    rows = ["time,price,size", "1675329600,10,1", "1675329601,9,1", "1675329602,9,1", "1675329603,9.5,1"]
    for row in rows:
        sides += [action.taker_side for action in parser.feed(row)]
    assert sides == [Side.BUY, Side.SELL, Side.SELL, Side.BUY]
    assert "tick rule" in parser.warnings[0]


def test_only_the_first_symbol_is_replayed() -> None:
    rows = [f"{symbol},1675329600138,buy,1666.8,26.062" for symbol in ("ETH", "BTC", "ETH")]
    assert len(parse("symbol,timestamp,side,price,amount", *rows)) == 2


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("1675329600138,hold,1666.8,1", "side"),
        ("1675329600138,buy,0,1", "price"),
        ("1675329600138,buy,1666.8,0", "amount"),
        ("1675329600138,buy,1666.8,-1", "amount"),
        ("1675329600138,buy,1666.8,0.123456789", "amount"),
        ("soon,buy,1666.8,1", "timestamp"),
        ("1675329600138,buy,1666.8", "columns"),
    ],
)
def test_the_broken_field_is_named(row, field) -> None:
    with pytest.raises(BadLine) as caught:
        parse("timestamp,side,price,amount", row)
    assert caught.value.field == field


def test_a_column_named_twice_is_refused() -> None:
    with pytest.raises(BadLine, match="twice"):
        parse("timestamp,price,price,amount")
