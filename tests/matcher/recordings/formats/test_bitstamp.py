"""Bitstamp order log: who rests, who takes, and events that arrive out of order."""

from __future__ import annotations

import json

import pytest
from gdx_matcher.recordings.actions import (
    Execution,
    OrderAdded,
    OrderCanceled,
    OrderReduced,
    TradePrinted,
)
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats.bitstamp import BitstampParser
from gdx_matcher.recordings.formats.bitstamp_fills import FillMatcher

from gdx_sdk.units import Side

E6, E8 = 10**6, 10**8
BID, ASK = 0, 1


class Log:
    """Feeds events one millisecond apart and collects the actions without their times."""

    def __init__(self) -> None:
        self.parser = BitstampParser()
        self.actions: list[object] = []
        self.at_ms = 1_430_438_404_000

    def order(self, event: str, order_id: int, side: int, price: str, amount: str) -> None:
        message = {
            "price": price,
            "amount": amount,
            "datetime": "1430438404",
            "id": order_id,
            "order_type": side,
        }
        self.feed(f"order_{event}", json.dumps(message))

    def trade(self, price: str, amount: str, trade_id: int = 1) -> None:
        self.feed("trade", f'{{"price": {price}, "amount": {amount}, "id": {trade_id}}}')

    def feed(self, event: str, text: str) -> None:
        self.at_ms += 1
        self.actions += self.parser.feed(f"{self.at_ms} {event} {text}")

    def kinds(self) -> list[str]:
        return [type(action).__name__ for action in self.actions]


@pytest.fixture
def log() -> Log:
    return Log()


def test_a_crossing_order_is_held_back_and_takes_by_the_printed_trade(log: Log) -> None:
    log.order("created", 10, ASK, "236.50", "2.00000000")
    log.order("created", 11, BID, "259.61", "0.50000000")
    log.order("deleted", 11, BID, "259.61", "0.00000000")
    log.order("changed", 10, ASK, "236.50", "1.50000000")
    log.trade("236.50000000000003", "0.50000000000000011")
    assert log.actions == [
        OrderAdded(log.at_ms - 4, "10", Side.SELL, 236_500_000, 2 * E8),
        Execution(log.at_ms, "10", Side.BUY, 236_500_000, E8 // 2, "11"),
    ]


def test_what_is_left_of_an_aggressor_comes_to_rest_after_its_trade(log: Log) -> None:
    log.order("created", 10, ASK, "236.50", "1.0")
    log.order("created", 11, BID, "236.50", "3.0")
    log.order("deleted", 10, ASK, "236.50", "0.0")
    log.order("changed", 11, BID, "236.50", "2.0")
    assert log.kinds() == ["OrderAdded"]
    log.trade("236.5", "1.0")
    assert log.kinds() == ["OrderAdded", "Execution", "OrderAdded"]
    assert log.actions[-1] == OrderAdded(log.at_ms, "11", Side.BUY, 236_500_000, 2 * E8)


def test_a_trade_printed_before_its_orders_change_waits_for_them(log: Log) -> None:
    log.order("created", 10, ASK, "236.50", "1.0")
    log.order("created", 11, BID, "236.50", "1.0")
    log.order("deleted", 10, ASK, "236.50", "0.0")
    log.trade("236.5", "1.0")
    assert log.kinds() == ["OrderAdded"]
    log.order("deleted", 11, BID, "236.50", "0.0")
    assert log.kinds() == ["OrderAdded", "Execution"]


def test_a_held_back_order_rests_once_what_it_crossed_is_canceled(log: Log) -> None:
    log.order("created", 10, ASK, "236.50", "1.0")
    log.order("created", 11, BID, "236.60", "1.0")
    log.order("deleted", 10, ASK, "236.50", "1.0")
    assert log.kinds() == ["OrderAdded", "OrderCanceled", "OrderAdded"]


def test_an_order_deleted_before_it_is_created_or_changed_is_a_ghost(log: Log) -> None:
    log.order("deleted", 12, BID, "236.00", "1.0")
    log.order("created", 12, BID, "236.00", "1.0")
    log.order("created", 13, BID, "236.00", "1.0")
    log.order("deleted", 13, BID, "236.00", "1.0")
    log.order("changed", 13, BID, "236.00", "0.5")
    assert log.kinds() == ["OrderAdded", "OrderCanceled"]
    assert "2 events" in log.parser.warnings[0]


def test_the_first_snapshot_stands_for_the_orders_from_before(log: Log) -> None:
    log.order("created", 10, BID, "236.00", "1.0")
    snapshot = '{"bids": [["236.00", "1.5"], ["235.00", "2.0"]], "asks": [["237.00", "1.0"]]}'
    log.feed("order_book", snapshot)
    log.feed("order_book", snapshot)
    assert [(action.order_id, action.size_e8) for action in log.actions[1:]] == [  # type: ignore[attr-defined]
        ("level-buy-236000000", E8 // 2),
        ("level-buy-235000000", 2 * E8),
        ("level-sell-237000000", E8),
    ]
    log.order("deleted", 3, BID, "235.00", "0.5")
    log.order("deleted", 4, BID, "235.00", "1.5")
    log.order("deleted", 5, BID, "235.00", "9.0")
    assert log.actions[4:] == [
        OrderReduced(log.at_ms - 2, "level-buy-235000000", E8 // 2),
        OrderCanceled(log.at_ms - 1, "level-buy-235000000"),
    ]


def test_a_maker_from_before_the_recording_is_not_named(log: Log) -> None:
    log.feed("order_book", '{"bids": [], "asks": [["237.00", "1.0"]]}')
    log.order("created", 50, BID, "238.00", "0.4")
    log.order("changed", 9, ASK, "237.00", "0.6")
    log.order("deleted", 50, BID, "238.00", "0.0")
    log.trade("237.0", "0.4", 77)
    assert log.actions[-1] == TradePrinted(log.at_ms, Side.BUY, 237 * E6, 40_000_000, "77")


def test_a_trade_that_names_its_orders_is_paired_with_no_others(log: Log) -> None:
    log.order("created", 10, ASK, "236.50", "1.0")
    log.order("created", 11, ASK, "236.50", "1.0")
    log.order("created", 12, BID, "236.50", "1.0")
    log.order("deleted", 10, ASK, "236.50", "0.0")
    log.order("deleted", 11, ASK, "236.50", "0.0")
    log.order("deleted", 12, BID, "236.50", "0.0")
    ids = '"buy_order_id": 12, "sell_order_id": 10, "type": 0'
    log.feed("trade", f'{{"price": 236.5, "amount": 1.0, "id": 5, {ids}}}')
    [execution] = [action for action in log.actions if isinstance(action, Execution)]
    assert (execution.maker_id, execution.taker_id) == ("10", "12")


def test_a_trade_that_finds_no_orders_is_printed_after_a_while(log: Log) -> None:
    log.trade("236.5", "1.0")
    for number in range(FillMatcher.PATIENCE_LINES):
        log.order("created", 100 + number, BID, "200.00", "1.0")
    assert "TradePrinted" in log.kinds()
    assert "1 trades could not be paired" in log.parser.warnings[0]


def test_the_end_of_the_file_gives_up_waiting(log: Log) -> None:
    log.order("created", 10, ASK, "236.50", "1.0")
    log.order("deleted", 10, ASK, "236.50", "0.0")
    assert log.parser.finish() == [OrderReduced(0, "10", E8)]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("order_created {}", "line"),
        ("1430438404518 order_eaten {}", "line"),
        ('1430438404518 order_created {"price": ', "json"),
        ('1430438404518 order_created {"price": "1", "amount": "1", "id": 1, "order_type": 7}', "order_type"),
        ('1430438404518 order_created {"price": "-1", "amount": "1", "id": 1, "order_type": 0}', "price"),
        ('1430438404518 trade {"price": 236.5, "id": 1}', "amount"),
        ('1430438404518 order_book {"bids": 7, "asks": []}', "bids"),
        ('1430438404518 order_book {"bids": [7], "asks": []}', "bids"),
    ],
)
def test_the_broken_field_is_named(line, field) -> None:
    with pytest.raises(BadLine) as caught:
        BitstampParser().feed(line)
    assert caught.value.field == field
