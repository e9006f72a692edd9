"""Databento market-by-order csv: groups, fills, modifications."""

from __future__ import annotations

import pytest
from gdx_matcher.recordings.actions import (
    BookCleared,
    Execution,
    OrderAdded,
    OrderCanceled,
    OrderReduced,
    TradeOffBook,
)
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats.databento import DatabentoParser

from gdx_sdk.units import Side

E8 = 10**8
HEADER = "ts_recv,ts_event,instrument_id,action,side,price,size,order_id,flags"
PRICE = 5_214_250_000
AT = 1_715_126_401_489


def parse(*rows: str, header: str = HEADER) -> list[object]:
    parser = DatabentoParser()
    actions: list[object] = [*parser.feed(header)]
    for row in rows:
        actions += parser.feed(row)
    return [*actions, *parser.finish()]


def row(action: str, side: str, size: int, order_id: str, *, last: bool = True, price: int = PRICE) -> str:
    flags = 130 if last else 0
    return f"{AT}989583000,{AT}900000000,5602,{action},{side},{price * 1_000},{size},{order_id},{flags}"


def added(order_id: str, size: int, *, side: Side = Side.SELL, price: int = PRICE) -> OrderAdded:
    return OrderAdded(AT + 1, order_id, side, price, size * E8)


@pytest.fixture(autouse=True)
def _same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of these tests happen within one millisecond."""
    monkeypatch.setattr("gdx_matcher.recordings.formats.databento.time_ms", lambda *_: AT + 1)


def test_a_fill_does_not_change_the_book_twice() -> None:
    actions = parse(
        row("A", "A", 10, "maker"),
        row("T", "B", 1, "taker", last=False),
        row("F", "A", 1, "maker", last=False),
        row("M", "A", 9, "maker"),
        row("C", "A", 9, "maker"),
    )
    assert actions == [
        added("maker", 10),
        Execution(AT + 1, "maker", Side.BUY, PRICE, E8, "taker"),
        OrderCanceled(AT + 1, "maker"),
    ]


def test_an_order_filled_whole_is_not_canceled_again() -> None:
    actions = parse(
        row("A", "A", 2, "maker"),
        row("T", "B", 2, "taker", last=False),
        row("F", "A", 2, "maker", last=False),
        row("C", "A", 2, "maker"),
    )
    assert actions[1:] == [Execution(AT + 1, "maker", Side.BUY, PRICE, 2 * E8, "taker")]


def test_a_cancel_of_an_unfilled_order_in_the_group_comes_before_the_trade() -> None:
    actions = parse(
        row("A", "A", 1, "passed over"),
        row("A", "A", 10, "maker"),
        row("T", "B", 1, "taker", last=False),
        row("F", "A", 1, "maker", last=False),
        row("C", "A", 1, "passed over", last=False),
        row("M", "A", 9, "maker"),
    )
    assert actions[2:] == [
        OrderCanceled(AT + 1, "passed over"),
        Execution(AT + 1, "maker", Side.BUY, PRICE, E8, "taker"),
    ]


def test_less_at_the_same_price_keeps_the_place_and_anything_else_loses_it() -> None:
    actions = parse(
        row("A", "B", 5, "x"),
        row("M", "B", 3, "x"),
        row("M", "B", 4, "x"),
        row("M", "B", 4, "x", price=PRICE - 250_000),
    )
    assert actions == [
        added("x", 5, side=Side.BUY),
        OrderReduced(AT + 1, "x", 2 * E8),
        OrderCanceled(AT + 1, "x"),
        added("x", 4, side=Side.BUY),
        OrderCanceled(AT + 1, "x"),
        added("x", 4, side=Side.BUY, price=PRICE - 250_000),
    ]


def test_a_partial_cancel_reduces_and_an_unknown_one_is_passed_on() -> None:
    actions = parse(row("A", "B", 5, "x"), row("C", "B", 2, "x"), row("C", "B", 1, "older"))
    assert actions[1:] == [OrderReduced(AT + 1, "x", 2 * E8), OrderCanceled(AT + 1, "older")]


def test_a_replenished_iceberg_goes_to_the_end_of_its_queue() -> None:
    actions = parse(
        row("A", "A", 2, "iceberg"),
        row("T", "B", 2, "taker", last=False),
        row("F", "A", 2, "iceberg", last=False),
        row("M", "A", 5, "iceberg"),
    )
    assert actions[1:] == [
        Execution(AT + 1, "iceberg", Side.BUY, PRICE, 2 * E8, "taker"),
        added("iceberg", 5),
    ]


def test_reset_and_snapshot_rows_act_at_once_and_are_marked() -> None:
    parser = DatabentoParser()
    parser.feed(HEADER)
    undefined = 2**63 - 1
    assert list(parser.feed(f"1,1,5602,R,N,{undefined},0,0,40")) == [BookCleared(AT + 1)]
    [snapshot] = parser.feed(f"1,1,5602,A,B,{PRICE}000,5,9,40")
    assert isinstance(snapshot, OrderAdded)
    assert snapshot.is_snapshot


def test_a_trade_without_a_fill_took_no_displayed_order() -> None:
    assert parse(row("T", "N", 3, "0")) == [TradeOffBook(AT + 1, PRICE, 3 * E8, "names no resting order")]


def test_only_the_first_instrument_is_replayed() -> None:
    parser = DatabentoParser()
    for text in (HEADER, row("A", "B", 5, "x"), row("A", "B", 5, "y").replace("5602", "77")):
        parser.feed(text)
    assert "5602" in parser.warnings[0]
    assert parser.finish() == []


def test_columns_in_another_order_with_pretty_prices_and_times() -> None:
    header = "price,size,side,action,flags,order_id,ts_event"
    [action] = parse("5214.25,5,B,A,128,17,2024-05-08T00:00:01.489989583Z", header=header)
    assert action == added("17", 5, side=Side.BUY)


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (row("X", "B", 5, "x"), "action"),
        (row("A", "Q", 5, "x"), "side"),
        (row("A", "B", 5, "x").replace(",5,x", ",5.5,x"), "size"),
        (f"1,1,5602,A,B,{2**63 - 1},5,x,128", "price"),
        ("1,2,3", "columns"),
    ],
)
def test_the_broken_field_is_named(broken, field) -> None:
    with pytest.raises(BadLine) as caught:
        parse(broken)
    assert caught.value.field == field


def test_a_header_without_a_needed_column_is_refused() -> None:
    with pytest.raises(BadLine, match="order_id"):
        parse(header="ts_event,action,side,price,size,flags")
