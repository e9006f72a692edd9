"""Margin and limits, at the door and at each fill."""

from __future__ import annotations

import random
from typing import Any

import pytest
from gdx_matcher import commands as c
from gdx_matcher import events as e
from gdx_matcher.engine import Engine
from gdx_matcher.market import MarketConfig
from gdx_matcher.risk import Risk

from gdx_sdk.math import PositionState, can_add_risk
from gdx_sdk.units import Side

BUY, SELL = Side.BUY, Side.SELL
MARKET = MarketConfig(0, "BTC-PERP", taker_fee_ppm=1_000, initial_margin_bps=1_000)
BTC, USDT = 10**8, 10**6
PRICE = 100 * USDT  # with 10 % initial margin, one coin needs 10 USDT


def new_engine(*collateral_usdt: int, leverage: int = 10) -> Engine:
    engine = Engine([MARKET], risk=Risk())
    for account, amount in enumerate(collateral_usdt):
        engine.apply(c.RegisterAccount(account, 0, bytes([account + 1]) * 32, leverage), 0)
        if amount:
            engine.apply(c.ChangeCollateral(account, 0, amount * USDT), 0)
    engine.apply(c.UpdatePrices(0, PRICE), 0)
    return engine


def place(engine: Engine, order_id: int, account: int, side: Side, coins: int, **more: Any) -> list[e.Event]:
    price = more.pop("price_e6", PRICE)
    return engine.apply(c.PlaceOrder(order_id, account, 0, side, price, coins * BTC, **more), 1)


def last_reason(events: list[e.Event]) -> str:
    last = events[-1]
    assert isinstance(last, e.OrderRejected | e.OrderCanceled), events
    return last.reason.name


def test_an_order_needs_margin_and_its_fee() -> None:
    engine = new_engine(10, 11)
    rejected = place(engine, 1, 0, BUY, 1)
    assert last_reason(rejected) == "INSUFFICIENT_MARGIN"
    assert isinstance(rejected[0], e.OrderRejected)
    assert (rejected[0].value, rejected[0].limit) == (10 * USDT + USDT // 10, 10 * USDT)
    assert "10100000 atoms" in rejected[0].sentence
    assert isinstance(place(engine, 2, 1, BUY, 1)[0], e.OrderAccepted)


def test_an_account_without_a_position_cannot_trade() -> None:
    assert last_reason(place(new_engine(10), 1, 5, BUY, 1)) == "UNKNOWN_ACCOUNT"


def test_resting_orders_reserve_margin_and_give_it_back() -> None:
    engine = new_engine(25)
    place(engine, 1, 0, BUY, 2)
    assert last_reason(place(engine, 2, 0, BUY, 1)) == "INSUFFICIENT_MARGIN"
    assert isinstance(place(engine, 3, 0, SELL, 2, price_e6=PRICE + 1)[0], e.OrderAccepted), "the other side"
    engine.apply(c.ReduceOrder(1, BTC), 1)
    assert isinstance(place(engine, 4, 0, BUY, 1)[0], e.OrderAccepted)
    engine.apply(c.CancelAll(0), 1)
    assert engine.risk is not None
    holding = engine.risk.holdings[0, 0]
    assert (holding.open_buy_e8, holding.open_sell_e8) == (0, 0)


def test_a_requested_release_is_reserved_at_once() -> None:
    engine = new_engine(30)
    engine.apply(c.RequestRelease(0, 0, 15 * USDT), 1)
    assert last_reason(place(engine, 1, 0, BUY, 2)) == "INSUFFICIENT_MARGIN"
    engine.apply(c.RequestRelease(0, 0, 0), 1)
    assert isinstance(place(engine, 2, 0, BUY, 2)[0], e.OrderAccepted)
    engine.apply(c.RequestRelease(0, 0, 5 * USDT), 1)
    engine.apply(c.ChangeCollateral(0, 0, -5 * USDT), 1)
    assert engine.risk is not None
    assert engine.risk.holdings[0, 0].release_atoms == 0


def test_reducing_needs_no_margin() -> None:
    engine = new_engine(11, 100)
    place(engine, 1, 1, SELL, 1)
    place(engine, 2, 0, BUY, 1)
    engine.apply(c.UpdatePrices(0, PRICE * 9 // 10), 1)
    assert last_reason(place(engine, 3, 0, BUY, 1, price_e6=PRICE * 9 // 10)) == "INSUFFICIENT_MARGIN"
    assert isinstance(place(engine, 4, 0, SELL, 1, price_e6=PRICE)[0], e.OrderAccepted)


def test_leverage_can_ask_for_more_than_the_market() -> None:
    engine = new_engine(30, leverage=2)
    assert last_reason(place(engine, 1, 0, BUY, 1)) == "INSUFFICIENT_MARGIN"


def test_a_maker_that_the_oracle_has_ruined_is_canceled_instead_of_traded() -> None:
    engine = new_engine(11, 1_000, 1_000)
    place(engine, 1, 0, BUY, 1)
    place(engine, 2, 1, BUY, 1)
    engine.apply(c.UpdatePrices(0, PRICE - 5 * USDT), 1)
    events = place(engine, 3, 2, SELL, 1)
    assert [type(event).__name__ for event in events] == ["OrderAccepted", "OrderCanceled", "TradeExecuted"]
    canceled, traded = events[1], events[2]
    assert isinstance(canceled, e.OrderCanceled)
    assert isinstance(traded, e.TradeExecuted)
    assert (canceled.order_id, canceled.reason) == (1, e.CancelReason.MARGIN)
    assert traded.maker_order_id == 2


def test_a_taker_that_cannot_carry_the_fill_loses_its_rest() -> None:
    engine = new_engine(11, 1_000, 1_000)
    engine.apply(c.UpdatePrices(0, PRICE, PRICE + 30 * USDT), 1)  # the mark is worse for a seller
    place(engine, 1, 1, BUY, 1)
    assert last_reason(place(engine, 2, 0, SELL, 1)) == "MARGIN"
    assert 1 in engine.orders


def test_fok_counts_what_margin_lets_through() -> None:
    engine = new_engine(11, 1_000, 1_000)
    place(engine, 1, 0, BUY, 1)
    place(engine, 2, 1, BUY, 1)
    engine.apply(c.UpdatePrices(0, PRICE - 5 * USDT), 1)
    before = engine.state_hash()
    events = place(engine, 3, 2, SELL, 2, time_in_force=c.TimeInForce.FOK)
    assert last_reason(events) == "FILL_OR_KILL"
    assert engine.state_hash() == before, "a killed order leaves no trace"


def test_position_limit_at_the_door_and_at_the_fill() -> None:
    engine = new_engine(1_000, 1_000)
    place(engine, 1, 0, BUY, 3)
    engine.apply(c.SetMarketLimits(0, position_limit_e8=2 * BTC), 1)
    assert last_reason(place(engine, 2, 1, SELL, 3)) == "POSITION_LIMIT"
    engine.apply(c.SetMarketLimits(0), 1)
    engine.apply(c.SetMarketLimits(0, position_limit_e8=2 * BTC), 1)
    events = place(engine, 3, 1, SELL, 2)
    assert [type(event).__name__ for event in events] == ["OrderAccepted", "TradeExecuted"]
    engine.apply(c.SetMarketLimits(0, position_limit_e8=BTC), 1)
    engine.apply(c.RegisterAccount(2, 0, bytes(32)), 1)
    engine.apply(c.ChangeCollateral(2, 0, 1_000 * USDT), 1)
    events = place(engine, 4, 2, SELL, 1)
    canceled = events[1]
    assert isinstance(canceled, e.OrderCanceled)
    assert (canceled.order_id, canceled.reason) == (1, e.CancelReason.LIMITS), "the maker holds too much"
    assert isinstance(place(engine, 5, 1, BUY, 1)[-1], e.TradeExecuted), "closing is always allowed"


def test_open_interest_limit() -> None:
    engine = new_engine(1_000, 1_000, 1_000, 1_000)
    engine.apply(c.SetMarketLimits(0, open_interest_limit_e8=2 * BTC), 1)
    place(engine, 1, 0, BUY, 3)
    events = place(engine, 2, 1, SELL, 3)
    assert last_reason(events) == "LIMITS"
    place(engine, 3, 1, SELL, 2)
    assert last_reason(place(engine, 4, 2, SELL, 1)) == "OPEN_INTEREST_LIMIT"
    place(engine, 5, 0, SELL, 1, price_e6=PRICE + 1)
    assert isinstance(place(engine, 6, 1, BUY, 1, price_e6=PRICE + 1)[-1], e.TradeExecuted), "both reduce"
    assert engine.risk is not None
    assert engine.risk.interest_e8[0] == BTC


@pytest.mark.parametrize("seed", range(8))
def test_no_trade_leaves_a_side_that_the_chain_would_refuse(seed: int) -> None:
    """Whoever added risk passes the program's own check: poor accounts, a wild oracle."""
    rng = random.Random(seed)
    engine = new_engine(*[rng.randint(5, 60) for _ in range(6)])
    assert engine.risk is not None
    price, checked = PRICE, 0
    for step in range(600):
        if rng.random() < 0.15:
            price = max(price + rng.randint(-3 * USDT, 3 * USDT), 50 * USDT)
            engine.apply(c.UpdatePrices(0, price, price + rng.randint(-USDT, USDT)), step)
        before = {key: holding.size_e8 for key, holding in engine.risk.holdings.items()}
        side = Side(rng.randrange(2))
        limit = price + rng.randint(-USDT, USDT)
        order = c.PlaceOrder(step, rng.randrange(6), 0, side, limit, rng.randint(1, BTC))
        for event in engine.apply(order, step):
            assert not isinstance(event, e.OrderRejected) or event.reason in ADMISSION, event
        book = engine.books[0]
        for key, holding in engine.risk.holdings.items():
            grown = abs(holding.size_e8) > abs(before[key]) or holding.size_e8 * before[key] < 0
            if not grown:
                continue
            checked += 1
            live = PositionState(holding.size_e8, -holding.value_atoms, 0)
            assert can_add_risk(
                live,
                engine.risk.markets[0],
                mark_price_e6=book.mark_price_e6 or book.oracle_price_e6,
                index_price_e6=book.oracle_price_e6,
                leverage=holding.leverage,
                initial_ratio_bps=MARKET.initial_margin_bps,
            ), f"seed {seed}, step {step}, account {key}"
    assert checked > 50


ADMISSION = {e.RejectReason.INSUFFICIENT_MARGIN}
