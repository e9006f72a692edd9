"""liquidate: who may, when, how much changes hands, and what it costs."""

from __future__ import annotations

import pytest

from gdx_sdk.units import Side
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import pda
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.oracle_world import put_pyth
from tests.programs.harness.tokens import USDT

from .attacks import refuses_other_config
from .exchange import HALTED, PAUSE, REDUCE_ONLY, SETTLING, Exchange
from .market import ONE, V1, Market, Trader
from .oracle_faults import FAULTS

FEED_ID = bytes(range(32))


@pytest.fixture
def victim(market: Market) -> Trader:
    """A long of one unit with 5,100 under it, below maintenance at 46,000."""
    trader = market.trader(5_100 * USDT)
    market.settled(V1, market.trade(trader, market.trader(40_000 * USDT)))
    market.jump_to(46_000 * 10**6)
    return trader


@pytest.fixture
def eve(market: Market) -> Trader:
    """A liquidator with 20,000 USDT."""
    return market.trader(20_000 * USDT)


@pytest.mark.parametrize("price", [45_100, 44_950, 44_900])
@pytest.mark.parametrize("parts", [2, 5, 23])
def test_a_fee_in_parts_leaves_no_more_shortfall_than_in_one(
    market: Market, chain: Chain, price: int, parts: int
) -> None:
    """The part takes the fee, the rest takes the loss: together they may not take more than equity."""
    victim, eve = market.trader(5_100 * USDT), market.trader(20_000 * USDT)
    market.settled(V1, market.trade(victim, market.trader(40_000 * USDT)))
    market.jump_to(price * 10**6)
    left = market.position(victim)
    equity = left.collateral + price * 10**6 - left.cost_atoms
    lost, fee = 50_000 - price, price // 100
    greedy = left.collateral * ONE // ((lost + fee) * USDT)  # all of C goes into the loss and the fee of this
    earned = 0
    for size in [greedy // (parts - 1)] * (parts - 1) + [ONE]:
        event = chain.send(market.liquidate(eve, victim, size)).event("PositionLiquidated")
        earned += event.liquidator_fee_atoms + event.insurance_fee_atoms
    assert market.position(victim).size == 0
    assert earned <= max(equity, 0)
    assert market.read().long_shortfall_atoms <= max(-equity, 0) + parts  # an atom of rounding a part
    market.check_books()


def test_takes_over_just_enough(market: Market, victim: Trader, eve: Trader, chain: Chain) -> None:
    before = market.position(victim)
    event = chain.send(market.liquidate(eve, victim)).event("PositionLiquidated")
    left, taken, books = market.position(victim), market.position(eve), market.read()
    assert 0 < left.size < ONE
    assert left.size + taken.size == before.size
    assert (event.size_e8, event.price_e6) == (taken.size, 46_000 * 10**6)
    assert event.notional_atoms == taken.cost_atoms == taken.size * 46_000 * 10**6 // ONE
    fee = event.liquidator_fee_atoms + event.insurance_fee_atoms
    assert fee == -(-event.notional_atoms // 100)
    assert event.insurance_fee_atoms == -(-fee // 4) == books.insurance_fund
    assert taken.collateral == 20_000 * USDT + event.liquidator_fee_atoms
    assert event.shortfall_atoms == 0
    # What is left stands at 1.02 times the initial ratio, to the atom's rounding.
    equity = left.collateral + left.size * 46_000 * 10**6 // ONE - left.cost_atoms
    target = left.size * 46_000 * 10**6 // ONE * 510 // 10_000
    assert 0 <= equity - target < 1_000
    chain.refused(market.liquidate(eve, victim), error="PositionHealthy")
    assert event.head.sequence == books.event_sequence
    assert (event.liquidatee.position, event.liquidator.position) == (victim.position, eve.position)
    assert (event.liquidatee.size_e8, event.liquidator.size_e8) == (left.size, taken.size)
    assert (event.liquidatee.cost_atoms, event.liquidatee.collateral_atoms) == (
        left.cost_atoms,
        left.collateral,
    )
    market.check_books()


@pytest.mark.parametrize("side", list(Side))
def test_a_bankrupt_position_goes_as_a_whole(market: Market, eve: Trader, chain: Chain, side: Side) -> None:
    loser = market.trader(5_100 * USDT)
    market.settled(V1, market.trade(loser, market.trader(40_000 * USDT), side=side))
    market.jump_to((43_000 if side is Side.BUY else 57_000) * 10**6)
    chain.rewrite(market.key, mark_price_e6=0)
    event = chain.send(market.liquidate(eve, loser)).event("PositionLiquidated")
    position, books = market.position(loser), market.read()
    assert (position.size, position.collateral, position.cost_atoms) == (0, 0, 0)
    assert (event.liquidator_fee_atoms, event.insurance_fee_atoms) == (0, 0)
    shortfall = 7_000 * USDT - (5_100 - 25) * USDT
    shortfalls = (books.long_shortfall_atoms, books.short_shortfall_atoms)
    assert shortfalls == ((shortfall, 0) if side is Side.BUY else (0, shortfall))
    assert (event.shortfall_atoms, event.size_e8) == (shortfall, ONE * side.sign)
    market.check_books()


def test_takes_no_more_than_asked(market: Market, victim: Trader, eve: Trader, chain: Chain) -> None:
    event = chain.send(market.liquidate(eve, victim, 1_000)).event("PositionLiquidated")
    assert (event.size_e8, market.position(eve).size) == (1_000, 1_000)
    assert market.position(victim).size == ONE - 1_000
    market.check_books()


def test_takes_all_when_the_rest_would_be_too_small(market: Market, victim: Trader, chain: Chain) -> None:
    chain.send(market.set_market_limits(min_position_size_e8=ONE))
    eve = market.trader(20_000 * USDT)
    chain.send(market.liquidate(eve, victim))
    assert (market.position(victim).size, market.position(eve).size) == (0, ONE)


def test_a_liquidator_may_reduce_its_own_risk_without_margin(
    market: Market, victim: Trader, chain: Chain
) -> None:
    short = market.trader(10_000 * USDT)
    market.settled(V1, market.trade(short, market.trader(20_000 * USDT), side=Side.SELL))
    market.jump_to(46_000 * 10**6)
    chain.rewrite(market.key, initial_margin_ratio=10_000)
    chain.send(market.liquidate(short, victim, ONE // 2))
    assert market.position(short).size == -ONE // 2


def test_refuses_a_liquidator_without_margin(market: Market, victim: Trader, chain: Chain) -> None:
    for collateral, error in ((0, "InsufficientMargin"), (1_000 * USDT, "InsufficientMargin")):
        chain.refused(market.liquidate(market.trader(collateral), victim), error=error)


def test_refuses_a_liquidator_that_would_be_too_large(
    market: Market, victim: Trader, eve: Trader, chain: Chain
) -> None:
    chain.send(market.set_market_limits(max_position_size_e8=ONE // 1_000, min_position_size_e8=1))
    chain.refused(market.liquidate(eve, victim), error="PositionTooLarge")
    chain.send(market.liquidate(eve, victim, ONE // 1_000))


def test_refuses_healthy_and_empty_positions(market: Market, eve: Trader, chain: Chain) -> None:
    alice, bob = market.trader(), market.trader()
    chain.refused(market.liquidate(eve, alice), error="PositionHealthy")
    market.settled(V1, market.trade(alice, bob))
    for trader in (alice, bob):
        chain.refused(market.liquidate(eve, trader), error="PositionHealthy")


def test_the_edge_is_the_maintenance_requirement(market: Market, eve: Trader, chain: Chain) -> None:
    alice, bob = market.trader(5_100 * USDT), market.trader(40_000 * USDT)
    market.settled(V1, market.trade(alice, bob))
    edge = market.position(alice).liquidation_price
    market.jump_to(edge)
    chain.refused(market.liquidate(eve, alice), error="PositionHealthy")
    market.jump_to(edge - 1)
    chain.send(market.liquidate(eve, alice, 1_000))


def test_unpaid_funding_counts(market: Market, eve: Trader, chain: Chain) -> None:
    alice, bob = market.trader(5_100 * USDT), market.trader(40_000 * USDT)
    market.settled(V1, market.trade(alice, bob))
    chain.advance(1)
    chain.send(market.set_funding(3_900 * 10**4 * USDT))
    chain.send(market.liquidate(eve, alice))
    assert market.position(alice).accumulated_funding == 3_900 * USDT
    market.check_books()


def test_refuses_its_own_position(market: Market, victim: Trader, chain: Chain) -> None:
    call = market.liquidate(victim, victim)
    chain.refused(call, error="SelfLiquidation")


def test_refuses_no_size(market: Market, victim: Trader, eve: Trader, chain: Chain) -> None:
    chain.refused(market.liquidate(eve, victim, 0), error="AmountIsZero")


def test_refuses_while_paused(
    market: Market, victim: Trader, eve: Trader, exchange: Exchange, chain: Chain
) -> None:
    chain.send(exchange.set_pause_bits(PAUSE["liquidate"]))
    chain.refused(market.liquidate(eve, victim), error="LiquidationPaused")
    chain.send(exchange.set_pause_bits(sum(PAUSE.values()) - PAUSE["liquidate"]))
    chain.send(market.liquidate(eve, victim))


@pytest.mark.parametrize("status", [HALTED, SETTLING])
def test_refuses_a_market_that_stands_still(
    market: Market, victim: Trader, eve: Trader, chain: Chain, status: int
) -> None:
    chain.rewrite(market.key, status=status)
    chain.refused(market.liquidate(eve, victim), error="MarketNotActive")


def test_runs_in_a_reduce_only_market(market: Market, victim: Trader, eve: Trader, chain: Chain) -> None:
    chain.send(market.set_market_status(REDUCE_ONLY))
    chain.send(market.liquidate(eve, victim))


@pytest.mark.parametrize("fault", FAULTS)
def test_needs_a_price_without_these_faults(
    market: Market, victim: Trader, eve: Trader, chain: Chain, fault: str
) -> None:
    FAULTS[fault](market)
    if fault in ("too_uncertain", "only_stale"):
        chain.send(market.liquidate(eve, victim))
        return
    chain.refused(market.liquidate(eve, victim), error="OracleNotUsable")


def test_the_fallback_stands_in_for_silent_publishers(
    market: Market, victim: Trader, eve: Trader, chain: Chain
) -> None:
    pyth = put_pyth(chain, FEED_ID, price=45_900 * 10**8)
    chain.send(market.publishing.set_fallback(pyth, FEED_ID))
    call = market.liquidate(eve, victim)
    other = put_pyth(chain, FEED_ID, price=10**8)
    FAULTS["too_few_publishers"](market)
    chain.refused(call, error="OracleNotUsable")
    chain.refused(call.but(fallback_feed=other), error="position_mgmt:oracle.WrongFallback")
    event = chain.send(call.but(fallback_feed=pyth)).event("PositionLiquidated")
    assert event.price_e6 == 45_900 * 10**6


def test_the_fallback_is_not_looked_at_while_publishers_are_alive(
    market: Market, victim: Trader, eve: Trader, chain: Chain
) -> None:
    call = market.liquidate(eve, victim).but(fallback_feed=chain.person())
    assert chain.send(call).event("PositionLiquidated").price_e6 == 46_000 * 10**6


def test_refuses_accounts_of_others(
    market: Market, other_market: Market, victim: Trader, eve: Trader, chain: Chain
) -> None:
    call = market.liquidate(eve, victim)
    stranger = other_market.trader(0)
    chain.refused(call.but(liquidator=chain.person()), error="WrongOwner")
    chain.refused(call.but(liquidator=victim.owner), error="WrongOwner")
    chain.refused(call.but(price_feed=other_market.feed), error="WrongPriceFeed")
    chain.refused(call.but(position=stranger.position), error="WrongMarket")
    elsewhere = {"liquidator": stranger.owner, "liquidator_position": stranger.position}
    chain.refused(call.but(**elsewhere), error="WrongMarket")
    swapped = {"position": eve.position, "liquidator_position": victim.position, "liquidator": victim.owner}
    chain.refused(call.but(**swapped), error="PositionHealthy")
    chain.refused(call.but(liquidator=pda("position_mgmt", b"config")), error="WrongOwner")


def test_a_session_key_does_not_take_risk_over_for_its_parent(
    market: Market, victim: Trader, chain: Chain
) -> None:
    linked = market.linked(20_000 * USDT)
    chain.refused(market.liquidate(linked.session, victim), error="WrongOwner")
    event = chain.send(market.liquidate(linked.parent, victim)).event("PositionLiquidated")
    assert (event.liquidator.position, event.liquidator.owner) == (
        linked.parent.position,
        linked.session.owner,
    )
    market.check_books()


def test_liquidates_a_session_wallets_position(market: Market, eve: Trader, chain: Chain) -> None:
    linked = market.linked(5_100 * USDT)
    market.settled(V1, market.trade(linked.session, market.trader(40_000 * USDT)))
    market.jump_to(46_000 * 10**6)
    event = chain.send(market.liquidate(eve, linked.session)).event("PositionLiquidated")
    assert event.liquidatee.owner == linked.session.owner
    market.check_books()


def test_refusals(market: Market, victim: Trader, eve: Trader, chain: Chain) -> None:
    call = market.liquidate(eve, victim)
    refuses_other_config(chain, call)
    # Leaving the fallback out brings the program along, which events are calls to.
    refuses_wrong_accounts(chain, call, program__other=None)
