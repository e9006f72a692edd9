"""What each order attribute does, by example; the random flows of `test_naive` do the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gdx_matcher import commands as c
from gdx_matcher import events as e
from gdx_matcher.engine import Engine
from gdx_matcher.market import MarketConfig
from gdx_matcher.naive import NaiveEngine
from gdx_matcher.risk import Risk

from gdx_sdk.errors import InputError
from gdx_sdk.units import Side

BUY, SELL = Side.BUY, Side.SELL
GTD, IOC, FOK = c.TimeInForce.GTD, c.TimeInForce.IOC, c.TimeInForce.FOK
MARKET = MarketConfig(0, "BTC-PERP", tick_size_e6=5, lot_size_e8=10, min_size_e8=20)


def limit(order_id: int, side: Side, price: int, size: int, account: int = 0, **more: Any) -> c.PlaceOrder:
    return c.PlaceOrder(order_id, account, 0, side, price, size, **more)


def market(order_id: int, side: Side, size: int, account: int = 0, **more: Any) -> c.PlaceOrder:
    return c.PlaceOrder(order_id, account, 0, side, 0, size, c.OrderKind.MARKET, **more)


class Twins:
    """Sends each command to the engine and to its naive twin, and insists that they answer the same."""

    def __init__(self, *, has_positions: bool = False) -> None:
        self.engine = Engine([MARKET], risk=Risk() if has_positions else None)
        self.naive = NaiveEngine([MARKET], has_positions=has_positions)
        for account in range(4) if has_positions else ():
            self.engine.apply(c.RegisterAccount(account, 0, bytes([account + 1]) * 32), 0)
            self.engine.apply(c.ChangeCollateral(account, 0, 10**12), 0)

    def __call__(self, command: c.Command, now_ms: int = 1) -> list[e.Event]:
        ours, theirs = self.engine.apply(command, now_ms), self.naive.apply(command, now_ms)
        assert ours == theirs
        assert self.engine.state_hash(with_risk=False) == self.naive.state_hash()
        return ours

    def fills(self, command: c.Command, now_ms: int = 1) -> list[tuple[int, int, int]]:
        """(maker order, price, size) of each trade that the command made."""
        events = self(command, now_ms)
        return [
            (event.maker_order_id, event.price_e6, event.size_e8)
            for event in events
            if isinstance(event, e.TradeExecuted)
        ]


@pytest.fixture
def send() -> Twins:
    return Twins()


def reason(events: list[e.Event]) -> str:
    """Why the last event rejected or canceled."""
    last = events[-1]
    assert isinstance(last, e.OrderRejected | e.OrderCanceled | e.CommandRejected), last
    return last.reason.name


def test_better_price_first_then_earlier_arrival(send: Twins) -> None:
    for order_id, price in ((1, 105), (2, 100), (3, 100), (4, 95)):
        send(limit(order_id, SELL, price, 20, account=1))
    assert send.fills(limit(5, BUY, 100, 70)) == [(4, 95, 20), (2, 100, 20), (3, 100, 20)]
    assert send.engine.best(0, BUY) == (100, 10)
    assert send.engine.depth(0, SELL) == [(105, 20, 1)]


def test_a_reduced_order_keeps_its_place_and_a_new_one_stands_behind(send: Twins) -> None:
    send(limit(1, SELL, 100, 50, account=1))
    send(limit(2, SELL, 100, 50, account=1))
    send(c.ReduceOrder(1, 20))
    front = send.engine.front(0, SELL)
    assert front is not None
    assert (front.order_id, front.left_e8) == (1, 30)
    assert send.fills(limit(3, BUY, 100, 40)) == [(1, 100, 30), (2, 100, 10)]


def test_the_front_passes_over_canceled_orders(send: Twins) -> None:
    for order_id in range(1, 60):
        send(limit(order_id, BUY, 100, 20))
    for order_id in range(1, 58):
        send(c.CancelOrder(order_id))
    front = send.engine.front(0, BUY)
    assert front is not None
    assert front.order_id == 58
    assert send.engine.front(0, SELL) is None
    assert send.engine.best(0, SELL) is None


def test_ioc_and_market_orders_never_rest(send: Twins) -> None:
    send(limit(1, SELL, 100, 20, account=1))
    assert reason(send(limit(2, BUY, 105, 50, time_in_force=IOC))) == "IMMEDIATE_OR_CANCEL"
    assert reason(send(market(3, BUY, 50))) == "NO_LIQUIDITY"
    assert not send.engine.orders


def test_fok_fills_whole_or_leaves_no_trace(send: Twins) -> None:
    send(limit(1, SELL, 100, 20, account=1))
    send(limit(2, SELL, 105, 20, account=1))
    assert reason(send(limit(3, BUY, 100, 40, time_in_force=FOK))) == "FILL_OR_KILL"
    assert len(send.engine.orders) == 2
    assert send.fills(limit(4, BUY, 105, 40, time_in_force=FOK)) == [(1, 100, 20), (2, 105, 20)]


def test_gtd_ends_at_its_time_before_the_command_that_brings_it(send: Twins) -> None:
    send(limit(1, SELL, 100, 20, account=1, time_in_force=GTD, expiry_ms=50), 10)
    assert send.fills(limit(2, BUY, 100, 20, account=2, time_in_force=IOC), 49) == [(1, 100, 20)]
    send(limit(3, SELL, 100, 20, account=1, time_in_force=GTD, expiry_ms=60), 50)
    events = send(limit(4, BUY, 100, 20), 60)
    assert [type(event).__name__ for event in events] == ["OrderCanceled", "OrderAccepted"]
    assert reason(send(limit(5, BUY, 100, 20, time_in_force=GTD, expiry_ms=60), 60)) == "EXPIRED"


def test_time_never_runs_backward(send: Twins) -> None:
    send(limit(1, SELL, 100, 20, account=1, time_in_force=GTD, expiry_ms=100), 90)
    assert send(c.Tick(), 50) == []
    assert send.engine.now_ms == 90


def test_post_only_is_rejected_when_it_would_take(send: Twins) -> None:
    send(limit(1, SELL, 100, 20, account=1))
    rejected = send(limit(2, BUY, 100, 20, post_only=True))
    assert reason(rejected) == "POST_ONLY_WOULD_TAKE"
    assert isinstance(rejected[0], e.OrderRejected)
    assert rejected[0].sentence == "price_e6 = 100: a post-only order would trade at 100"
    assert send.fills(limit(3, BUY, 95, 20, post_only=True)) == []


def test_all_or_none_waits_and_is_passed_over_until_it_can_fill_whole(send: Twins) -> None:
    send(limit(1, SELL, 100, 100, account=1, all_or_none=True))
    send(limit(2, SELL, 105, 20, account=1))
    assert send.engine.best(0, SELL) == (105, 20)
    assert send.fills(limit(3, BUY, 105, 20)) == [(2, 105, 20)]
    assert send.fills(limit(4, BUY, 100, 110, account=2)) == [(1, 100, 100)]


def test_min_quantity_trades_enough_at_once_or_not_at_all(send: Twins) -> None:
    send(limit(1, SELL, 100, 30, account=1))
    assert reason(send(limit(2, BUY, 100, 60, min_quantity_e8=40))) == "MIN_QUANTITY"
    assert send.fills(limit(3, BUY, 100, 60, min_quantity_e8=30)) == [(1, 100, 30)]
    assert send.engine.best(0, BUY) == (100, 30)


def test_nothing_trades_through_the_reference_price(send: Twins) -> None:
    send(limit(1, SELL, 100, 20, account=1))
    send(limit(2, SELL, 110, 20, account=1))
    events = send(limit(3, BUY, 120, 50, reference_price_e6=105))
    assert [event.size_e8 for event in events if isinstance(event, e.TradeExecuted)] == [20]
    assert reason(events) == "NBBO"
    assert reason(send(market(4, BUY, 20, reference_price_e6=105))) == "NBBO"


@pytest.mark.parametrize(
    ("behavior", "left", "names"),
    [
        (c.SelfTrade.CANCEL_TAKER, {1}, ["OrderAccepted", "OrderCanceled"]),
        (c.SelfTrade.CANCEL_MAKER, {2}, ["OrderAccepted", "OrderCanceled"]),
        (c.SelfTrade.CANCEL_BOTH, set(), ["OrderAccepted", "OrderCanceled", "OrderCanceled"]),
        (c.SelfTrade.DECREMENT, {2}, ["OrderAccepted", "OrderCanceled", "OrderReduced"]),
    ],
)
def test_orders_of_one_account_never_trade(
    send: Twins, behavior: c.SelfTrade, left: set[int], names: list[str]
) -> None:
    send(limit(1, SELL, 100, 30))
    events = send(limit(2, BUY, 100, 50, self_trade=behavior))
    assert [type(event).__name__ for event in events] == names
    assert set(send.engine.orders) == left


def test_reduce_only_never_passes_zero() -> None:
    send = Twins(has_positions=True)
    assert reason(send(limit(1, SELL, 100, 50, account=1, reduce_only=True))) == "WOULD_NOT_REDUCE"
    send(limit(2, SELL, 100, 40, account=2))
    send(limit(3, BUY, 100, 40, account=1))
    send(limit(4, SELL, 105, 30, account=1, reduce_only=True))
    send(limit(5, SELL, 105, 100, account=1, reduce_only=True))
    order = send.engine.orders[5]
    assert order.left_e8 == 40, "trimmed to the position"
    events = send(limit(6, BUY, 105, 200, account=3))
    traded = [event.size_e8 for event in events if isinstance(event, e.TradeExecuted)]
    assert traded == [30, 10]
    assert send.engine.risk is not None
    assert send.engine.risk.holdings[1, 0].size_e8 == 0


def test_reduce_only_needs_positions(send: Twins) -> None:
    assert reason(send(limit(1, SELL, 100, 50, reduce_only=True))) == "UNKNOWN_ACCOUNT"


def test_the_band_bounds_limits_market_orders_and_old_makers(send: Twins) -> None:
    send(limit(1, SELL, 900, 20, account=1))
    send(limit(2, SELL, 1_050, 20, account=1))
    send(limit(3, SELL, 1_200, 20, account=1))
    send(c.SetMarketLimits(0, price_band_bps=500))
    send(c.UpdatePrices(0, 1_000))
    assert reason(send(limit(4, BUY, 1_055, 20))) == "PRICE_OUTSIDE_BAND"
    events = send(market(5, BUY, 60))
    assert [type(event).__name__ for event in events] == [
        "OrderAccepted",
        "OrderCanceled",  # the maker at 900, which the oracle has left behind
        "TradeExecuted",
        "OrderCanceled",
    ]
    assert reason(events) == "OUTSIDE_BAND"


def test_the_circuit_breaker_halts_until_the_operator_reopens(send: Twins) -> None:
    send(c.SetMarketLimits(0, breaker_bps=100, breaker_window_ms=1_000))
    assert send(c.UpdatePrices(0, 10_000), 0) == []
    assert send(c.UpdatePrices(0, 10_100), 500) == []
    [halted] = send(c.UpdatePrices(0, 10_101), 900)
    assert halted == e.MarketHalted(0, 10_000, 10_101)
    assert reason(send(limit(1, BUY, 100, 20), 900)) == "MARKET_HALTED"
    send(c.SetMarketStatus(0, c.MarketStatus.ACTIVE), 901)
    assert send.fills(limit(2, BUY, 100, 20), 901) == []
    assert send(c.UpdatePrices(0, 12_000), 2_000) == [], "measured anew after reopening"


def test_pause_rejects_orders_and_lets_cancels_through(send: Twins) -> None:
    send(limit(1, BUY, 100, 20))
    send(c.Pause())
    assert reason(send(limit(2, BUY, 100, 20))) == "PAUSED"
    assert reason(send(c.CancelOrder(1))) == "REQUESTED"
    send(c.Resume())
    assert send(limit(3, BUY, 100, 20))


def test_cancel_all_takes_the_oldest_first(send: Twins) -> None:
    for order_id, account in ((3, 0), (1, 1), (2, 0)):
        send(limit(order_id, BUY, 100, 20, account=account))
    events = send(c.CancelAll(0))
    assert [event.order_id for event in events if isinstance(event, e.OrderCanceled)] == [3, 2]


REJECTED: list[tuple[c.PlaceOrder, str]] = [
    (limit(9, BUY, 100, 0), "SIZE_NOT_POSITIVE"),
    (limit(9, BUY, 100, 25), "SIZE_OFF_LOT"),
    (limit(9, BUY, 100, 10), "SIZE_TOO_SMALL"),
    (limit(9, BUY, 0, 20), "PRICE_NOT_POSITIVE"),
    (limit(9, BUY, 101, 20), "PRICE_OFF_TICK"),
    (limit(9, BUY, 10**18, 10**12), "ORDER_TOO_LARGE"),
    (c.PlaceOrder(9, 0, 0, BUY, 5, 20, c.OrderKind.MARKET), "MARKET_ORDER_HAS_PRICE"),
    (limit(9, BUY, 100, 20, min_quantity_e8=30), "MIN_QUANTITY_ABOVE_SIZE"),
    (limit(9, BUY, 100, 20, post_only=True, time_in_force=IOC), "CONTRADICTORY_ATTRIBUTES"),
    (limit(9, BUY, 100, 20, expiry_ms=99), "CONTRADICTORY_ATTRIBUTES"),
    (market(9, BUY, 20, time_in_force=GTD, expiry_ms=99), "CONTRADICTORY_ATTRIBUTES"),
    (limit(9, BUY, 100, 20, reduce_only=True, all_or_none=True), "CONTRADICTORY_ATTRIBUTES"),
    (limit(1, BUY, 100, 20), "DUPLICATE_ORDER_ID"),
    (c.PlaceOrder(9, 0, 7, BUY, 100, 20), "UNKNOWN_MARKET"),
]


@pytest.mark.parametrize(
    ("order", "name"), REJECTED, ids=[f"{n} {name}" for n, (_, name) in enumerate(REJECTED)]
)
def test_a_rejected_order_changes_nothing(send: Twins, order: c.PlaceOrder, name: str) -> None:
    send(limit(1, BUY, 100, 20))
    before = send.engine.state_hash()
    events = send(order)
    assert reason(events) == name
    assert isinstance(events[0], e.OrderRejected)
    assert events[0].sentence
    assert send.engine.state_hash() == before


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (c.CancelOrder(5), "UNKNOWN_ORDER"),
        (c.CancelOrder(1, account=3), "NOT_OWNER"),
        (c.ReduceOrder(5, 10), "UNKNOWN_ORDER"),
        (c.ReduceOrder(1, 10, account=3), "NOT_OWNER"),
        (c.ReduceOrder(1, 0), "SIZE_NOT_POSITIVE"),
    ],
)
def test_a_rejected_cancel_or_reduce_changes_nothing(send: Twins, command: c.Command, name: str) -> None:
    send(limit(1, BUY, 100, 20))
    before = send.engine.state_hash()
    assert reason(send(command)) == name
    assert send.engine.state_hash() == before


@pytest.mark.parametrize(
    "command",
    [
        lambda: c.UpdatePrices(7, 100),
        lambda: c.SetMarketLimits(7),
        lambda: c.SetMarketStatus(7, c.MarketStatus.HALTED),
        lambda: c.UpdatePrices(0, 0),
        lambda: c.UpdatePrices(0, 2**63),
        lambda: c.RegisterAccount(1, 0, bytes(32)),
    ],
)
def test_operator_commands_are_rejected_by_event(command: Callable[[], c.Command]) -> None:
    engine = Engine([MARKET])
    before = engine.state_hash()
    [rejected] = engine.apply(command(), 0)
    assert isinstance(rejected, e.CommandRejected)
    assert rejected.sentence
    assert engine.state_hash() == before


def test_every_reason_has_a_sentence() -> None:
    assert set(e.SENTENCES) == set(e.RejectReason)
    for sentence in e.SENTENCES.values():
        assert sentence.format(value=1, limit=2)


@pytest.mark.parametrize(
    ("field", "value"),
    [("tick_size_e6", 0), ("market_index", 2**16), ("initial_margin_bps", 0), ("address", b"x")],
)
def test_a_market_that_cannot_be_is_refused(field: str, value: object) -> None:
    with pytest.raises(InputError, match=field):
        MarketConfig(**{"market_index": 0, "symbol": "X", field: value})  # type: ignore[arg-type]


def test_two_markets_with_one_index_and_a_net_rebate_are_refused() -> None:
    with pytest.raises(InputError, match="market_index"):
        Engine([MARKET, MARKET])
    with pytest.raises(InputError, match="maker \\+ taker fee"):
        MarketConfig(0, "X", maker_fee_ppm=-10, taker_fee_ppm=5)
